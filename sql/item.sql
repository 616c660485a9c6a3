-- single items and lists, in both formats
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SET atomic_dynamodb."table" = 'regress_item';
SELECT ddb_create_table('regress_item');

SELECT ddb_set('user#123', 'profile', '{"name": "John", "age": 30}');
SELECT * FROM ddb_get('user#123', 'profile');
SELECT (ddb_get('user#123', 'profile')).data ->> 'name' AS name;
SELECT ddb_get('user#123', 'nothing') IS NULL AS absent;
SELECT * FROM ddb_get('user#123', 'profile', consistent => true);
SELECT ddb_set('user#123', 'profile', '{"name": "Jane"}', '2035-01-01 00:00:00.9+00');
SELECT data, extract(epoch FROM ttl) FROM ddb_get('user#123', 'profile');
SELECT ddb_delete('user#123', 'profile');
SELECT ddb_delete('user#123', 'profile');
SELECT ddb_get('user#123', 'profile') IS NULL AS deleted;

-- what JSON may be
SELECT ddb_set('json', n::text, v::jsonb)
FROM unnest(ARRAY['null', 'true', '"text"', '"42"', '42', '-1.50', '1e30', '[]', '{}', '[[1, [2]], {"a": {"b": null}}]', '"quote \" tab \t \u0001 \u2028 \ud834\udd1e"']) WITH ORDINALITY AS t(v, n);
SELECT sk, data FROM ddb_query('json') ORDER BY sk::int;
SET atomic_dynamodb.data_format = 'map';
SELECT ddb_set('map', n::text, v::jsonb)
FROM unnest(ARRAY['null', 'true', '"text"', '"42"', '42', '-1.50', '1e30', '[]', '{}', '[[1, [2]], {"a": {"b": null}}]', '{"$s": "a\\u0000b"}', '{"x": {"$s": "a\\u0000b"}}', '{"$ss": ["b", "a"]}']) WITH ORDINALITY AS t(v, n);
SELECT sk, data FROM ddb_query('map') ORDER BY sk::int;
RESET atomic_dynamodb.data_format;

-- in the format json, only text that jsonb cannot hold is special
SELECT ddb_set('odd', '1', '{"$ss": ["b", "a"]}'), ddb_set('odd', '2', '{"x": {"$s": "a\\u0000b"}}'), ddb_set('odd', '3', '{"$m": {"$s": 1}}');
SELECT sk, data FROM ddb_query('odd');
SELECT ddb_set('odd', '4', '{"$s": 1}');

-- lists
SELECT ddb_set('[
	{"pk": "list", "sk": "1", "data": {"n": 1}},
	{"pk": "list", "sk": "2", "data": {"n": 2}, "ttl": 2051222400},
	{"pk": "list", "sk": "3", "data": {"n": 3}, "ttl": "2035-01-01T00:00:00Z"},
	{"pk": "list", "sk": "1", "data": {"n": 4}}]');
SELECT sk, data, extract(epoch FROM ttl) FROM ddb_query('list');
SELECT ddb_set('{"pk": "list", "sk": "4", "data": 1}');
SELECT ddb_set('[]'), ddb_delete('[]');
SELECT ddb_set((SELECT jsonb_agg(to_jsonb(i) || '{"pk": "copy"}') FROM ddb_query('list') AS i));
SELECT sk, data, extract(epoch FROM ttl) FROM ddb_query('copy');
SELECT sk, data FROM ddb_get_many('[{"pk": "list", "sk": "3"}, {"pk": "list", "sk": "none"}, {"pk": "list", "sk": "1"}, {"pk": "list", "sk": "3"}]'::jsonb);
SELECT sk, data FROM ddb_get_many(ARRAY[('list', '4'), ('list', '2'), ('list', '4')]::ddb_key[], consistent => true);
SELECT count(*) FROM ddb_get_many('[]'::jsonb);
SELECT count(*) FROM ddb_get_many('{}'::ddb_key[]);
SELECT ddb_delete('[{"pk": "list", "sk": "3"}, {"pk": "list", "sk": "none"}, {"pk": "list", "sk": "1"}]');
SELECT sk FROM ddb_query('list');

-- a call sees what the statement before it has written; a rollback undoes nothing
BEGIN;
SELECT ddb_set('tx', '1', '1');
ROLLBACK;
SELECT data FROM ddb_get('tx', '1', consistent => true);

SELECT * FROM pg_temp.error_of($$SELECT ddb_get('a', 'b', table_name => 'regress_none')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_set('a', 'b', '1', table_name => 'regress_none')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1}]', 'regress_none')$$);
SELECT * FROM pg_temp.error_of($$SELECT * FROM ddb_get_many('[{"pk": "a", "sk": "b"}]'::jsonb, table_name => 'regress_none')$$);
SELECT ddb_delete_table('regress_item');
