-- tables are created, described, listed, changed and deleted
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
-- in the layout of atomic-dynamodb
SELECT ddb_create_table('regress_table');
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table')$$);
SELECT ddb_set('a', 'b', '{"n": 1}', table_name => 'regress_table');
SELECT * FROM ddb_get('a', 'b', table_name => 'regress_table');
SELECT ddb_call('DescribeTimeToLive', '{"TableName": "regress_table"}') -> 'TimeToLiveDescription' AS ttl;

-- with other keys, indexes and capacity
CREATE FUNCTION pg_temp.description(table_name text) RETURNS TABLE (member text, value jsonb) LANGUAGE sql AS $$
	SELECT key, CASE WHEN key LIKE '%Indexes' THEN
		(SELECT jsonb_agg(jsonb_build_object('name', i -> 'IndexName', 'keys', i -> 'KeySchema', 'projection', i -> 'Projection',
			'units', i -> 'ProvisionedThroughput') ORDER BY i ->> 'IndexName' COLLATE "C") FROM jsonb_array_elements(value) AS i)
		ELSE value END
	FROM jsonb_each(ddb_describe_table(table_name))
	WHERE key IN ('KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes', 'ItemCount', 'TableStatus')
	UNION ALL SELECT 'BillingMode', ddb_describe_table(table_name) #> '{BillingModeSummary,BillingMode}'
	UNION ALL SELECT 'units', (ddb_describe_table(table_name) -> 'ProvisionedThroughput') - '{LastDecreaseDateTime,LastIncreaseDateTime,NumberOfDecreasesToday}'::text[]
	ORDER BY 1 COLLATE "C"
$$;
SELECT ddb_create_table('regress_table_one', 'id');
SELECT * FROM pg_temp.description('regress_table_one');
SELECT ddb_create_table('regress_table_keys', 'customer', E' created\tN ', ttl => 'expires',
	global_indexes => '{
		"by_status": {"partition_key": "status", "sort_key": "created N", "projection": ["total", "odd \"name"]},
		"by_odd": {"partition_key": "\"odd \"\"name\" B", "projection": "keys_only"}}',
	local_indexes => '{"by_total": {"sort_key": "total N", "projection": "all"}}');
SELECT * FROM pg_temp.description('regress_table_keys');
SELECT ddb_call('DescribeTimeToLive', '{"TableName": "regress_table_keys"}') -> 'TimeToLiveDescription' AS ttl;
SELECT ddb_create_table('regress_table_units', 'größe N', read_units => 3, write_units => 4, global_indexes => '{
	"inherits": {"partition_key": "a"}, "has.its-own": {"partition_key": "b", "sort_key": "größe N", "read_units": 7.0, "write_units": 8, "projection": null}}');
SELECT * FROM pg_temp.description('regress_table_units');
SELECT ddb_create_table('regress_table_none', 'S S', global_indexes => '{}', local_indexes => '{}');
SELECT * FROM pg_temp.description('regress_table_none');
SELECT * FROM ddb_list_tables() AS name WHERE name LIKE 'regress\_table%';
SET atomic_dynamodb."table" = 'regress_table_one';
SELECT ddb_describe_table() ->> 'TableName' AS name, ddb_describe_table(NULL) ->> 'TableName' AS name;
RESET atomic_dynamodb."table";

-- time to live is as one wants it, however often one says so
SELECT ddb_update_ttl('regress_table_one', 'größe');
SELECT ddb_update_ttl('regress_table_one', 'größe', true);
SELECT ddb_call('DescribeTimeToLive', '{"TableName": "regress_table_one"}') -> 'TimeToLiveDescription' AS ttl;
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_one', 'other')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_one', 'other', false)$$);
SELECT ddb_update_ttl('regress_table_one', 'größe', enabled => false);
SELECT ddb_update_ttl('regress_table_one', 'größe', enabled => false);
SELECT ddb_call('DescribeTimeToLive', '{"TableName": "regress_table_one"}') -> 'TimeToLiveDescription' AS ttl;
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_gone', 'ttl')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_one', '')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_one', repeat('ö', 256))$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl(NULL, 'ttl')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_one', NULL)$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_ttl('regress_table_one', 'ttl', NULL)$$);

-- tables that do not exist
SELECT ddb_delete_table(name) FROM ddb_list_tables() AS name WHERE name LIKE 'regress\_table%';
SELECT * FROM pg_temp.error_of($$SELECT ddb_get('a', 'b', table_name => 'regress_table')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_delete_table('regress_table')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_describe_table('regress_table')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_describe_table()$$);

-- names
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('no')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('no such name', 'a')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('größe', 'a')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table(repeat('x', 256), 'a')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('', 'a')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table(NULL, 'a')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', NULL)$$);

-- keys: each of these is an error
SELECT key, e.* FROM unnest(ARRAY['', ' ', 'a b', 'a n', 'a N x', 'a "b"', '"a', '"a"b', '"a"N', '""', '"a" "N"', 'a SS', repeat('ö', 128), 'key S']) AS key,
	pg_temp.error_of(format('SELECT ddb_create_table(''regress_table'', ''key'', %L)', key)) AS e;
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a b')$$);

-- capacity
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', read_units => 1)$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', write_units => 1)$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', read_units => 0, write_units => 1)$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', read_units => 1, write_units => -1)$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', ttl => '')$$);

-- indexes: each of these is an error
SELECT indexes, e.* FROM unnest(ARRAY['[]', '"by_b"', 'null', '{"by_b": "b"}', '{"by_b": null}', '{"by_b": {}}', '{"by_b": {"partition_key": 1}}',
	'{"by_b": {"partition_key": null}}', '{"by_b": {"partition_key": "b", "sort_key": ["c"]}}', '{"by_b": {"partition_key": "b c"}}',
	'{"by_b": {"partition_key": "b", "sort_key": "b"}}', '{"by_b": {"partition_key": "a N"}}',
	'{"by_b": {"partition_key": "b"}, "by_c": {"partition_key": "c", "sort_key": "b B"}}',
	'{"by_b": {"partition_key": "b", "projection": "ALL"}}', '{"by_b": {"partition_key": "b", "projection": []}}',
	'{"by_b": {"partition_key": "b", "projection": [1]}}', '{"by_b": {"partition_key": "b", "projection": {}}}',
	'{"by_b": {"partition_key": "b", "projection": ["x", ""]}}', '{"by_b": {"partition_key": "b", "projecton": "all"}}',
	'{"by_b": {"partition_key": "b", "read_units": 1}}', '{"b": {"partition_key": "b"}}', '{"by b": {"partition_key": "b"}}']) AS indexes,
	pg_temp.error_of(format('SELECT ddb_create_table(''regress_table'', ''a'', global_indexes => %L)', indexes)) AS e;
SELECT units, e.* FROM unnest(ARRAY['0', '-1', '1.5', '"1"', 'true', '1e30', '[1]']) AS units,
	pg_temp.error_of(format('SELECT ddb_create_table(''regress_table'', ''a'', global_indexes => ''{"by_b": {"partition_key": "b", "write_units": %s}}'', read_units => 1, write_units => 1)', units)) AS e;
SELECT * FROM pg_temp.error_of(format($$SELECT ddb_create_table('regress_table', 'a', global_indexes => '{"%s": {"partition_key": "b"}}')$$, repeat('x', 256)));
SELECT indexes, e.* FROM unnest(ARRAY['1', '{"by_c": {}}', '{"by_c": {"sort_key": "c", "partition_key": "a"}}', '{"by_c": {"sort_key": "c", "read_units": 1}}',
	'{"by_c": {"sort_key": "b"}}', '{"by_c": {"sort_key": "a"}}']) AS indexes,
	pg_temp.error_of(format('SELECT ddb_create_table(''regress_table'', ''a'', ''b N'', local_indexes => %L)', indexes)) AS e;

SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', local_indexes => '{"by_c": {"sort_key": "c"}}')$$);

-- what DynamoDB itself refuses
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table', 'a', 'b', '{"same": {"partition_key": "b"}}', '{"same": {"sort_key": "c"}}')$$);
SELECT * FROM ddb_list_tables() AS name WHERE name LIKE 'regress\_table%';

-- nothing is changed in a read-only transaction
BEGIN READ ONLY;
SELECT count(*) FROM ddb_list_tables() AS name WHERE name LIKE 'regress\_table%';
\set VERBOSITY terse
SAVEPOINT s;
SELECT ddb_create_table('regress_table');
ROLLBACK TO s;
SELECT ddb_create_table('regress_table', 'a');
ROLLBACK TO s;
SELECT ddb_update_ttl('regress_table', 'a');
ROLLBACK TO s;
SELECT ddb_delete_table('regress_table');
ROLLBACK;
