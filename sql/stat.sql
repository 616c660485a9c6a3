-- ddb_stat: calls by operation and table, of the cluster or, where the library
-- is not preloaded, of the session
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_stat', 'pk');
SELECT ddb_stat_reset();
SELECT count(*) FROM ddb_stat WHERE datname = current_database();
SELECT scope IN ('session', 'cluster') AS scope, entries >= 0 AS entries, max_entries, others, stats_since <= now() AS since FROM ddb_stat_info();

-- what succeeds
SELECT ddb_put_item('regress_stat', '{"pk": "a", "n": 1}');
SELECT ddb_get_item('regress_stat', '{"pk": "a"}') FROM generate_series(1, 3);
SELECT ddb_batch_write('regress_stat', '[{"put": {"pk": "b"}}, {"delete": {"pk": "c"}}]');
SELECT operation, table_name, calls, retries, throttles, bytes_sent > 0 AS sent, bytes_received > 0 AS received,
	read_units > 0 AS read, write_units > 0 AS written, max_time > 0 AND total_time >= max_time AS times, stats_since <= clock_timestamp() AS since
FROM ddb_stat WHERE datname = current_database() ORDER BY operation COLLATE "C";
-- as the session's own counters have it
SELECT sum(s.write_units) = (SELECT write_units FROM ddb_session_stats()) AS units FROM ddb_stat AS s WHERE datname = current_database();

-- and what fails
SELECT ddb_stat_reset();
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_item('regress_stat', '{"pk": "a"}', 'attribute_not_exists(pk)')$$);
SELECT code FROM pg_temp.error_of($$SELECT ddb_update_item('regress_stat', '{"pk": "a"}', 'SET n = n + :x', '{":x": "text"}')$$);
SELECT code FROM pg_temp.error_of($$SELECT ddb_call('GetItem', '{"TableName": "regress_gone", "Key": {"pk": {"S": "a"}}}')$$);
SELECT code FROM pg_temp.error_of($$SELECT ddb_call('Größe')$$);
SELECT canceled FROM ddb_transact_write('[{"op": "check", "table": "regress_stat", "key": {"pk": "a"}, "where": "n = :two", "values": {":two": 2}}]');
SELECT code FROM pg_temp.error_of($$SELECT ddb_call('PutItem', '{"TableName": "regress_stät", "Item": {"pk": {"S": "a"}}}')$$);
SELECT operation, table_name, calls, throttled, conflicts, conditions, rejected, denied, faults, unknown, cancelled
FROM ddb_stat WHERE datname = current_database() AND operation <> 'DescribeTable' ORDER BY operation COLLATE "C", table_name COLLATE "C";
BEGIN;
SET LOCAL atomic_dynamodb.endpoint_url = 'http://127.0.0.1:1';
SET LOCAL atomic_dynamodb.max_attempts = 1;
SELECT code FROM pg_temp.error_of($$SELECT ddb_get_item('regress_stat', '{"pk": "a"}')$$);
SELECT calls, faults, unknown FROM ddb_stat WHERE datname = current_database() AND operation = 'GetItem' AND table_name = 'regress_stat';
COMMIT;

-- who may see and reset
CREATE ROLE regress_addb_stat;
SET ROLE regress_addb_stat;
SELECT count(*) FROM ddb_stat;
SELECT scope FROM ddb_stat_info();
RESET ROLE;
SELECT ddb_grant('regress_addb_stat', 'read');
SET ROLE regress_addb_stat;
SELECT count(*) > 0 AS own FROM ddb_stat WHERE datname = current_database();
SELECT count(*) FROM ddb_stat_info();
SELECT ddb_stat_reset();
RESET ROLE;
SELECT ddb_grant('regress_addb_stat', 'admin');
SET ROLE regress_addb_stat;
SELECT ddb_stat_reset(all_databases => true);
SELECT ddb_stat_reset(NULL);
SELECT count(*) FROM ddb_stat WHERE datname = current_database();
RESET ROLE;
SELECT ddb_revoke('regress_addb_stat');
SET ROLE regress_addb_stat;
SELECT count(*) FROM ddb_stat;
RESET ROLE;
DROP OWNED BY regress_addb_stat;
DROP ROLE regress_addb_stat;

SELECT code FROM pg_temp.error_of('SET atomic_dynamodb.stat_max = 200');
SELECT code FROM pg_temp.error_of('SET atomic_dynamodb.log_min_duration = -2');
SELECT ddb_stat_reset(all_databases => true);
SELECT entries, others FROM ddb_stat_info();
SELECT ddb_delete_table('regress_stat');
