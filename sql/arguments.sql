-- What is wrong with an argument is found, and named, before anything is sent.
SET atomic_dynamodb."table" = 'mytable';

SELECT ddb_get(NULL, 'b');
SELECT ddb_get('a', NULL);
SELECT ddb_get('', 'b');
SELECT ddb_get('a', '');
SELECT ddb_get(repeat('a', 2049), 'b');
SELECT ddb_get('a', repeat('b', 1025));
SELECT ddb_get('a', 'b', table_name => '');
SELECT ddb_get_many(NULL::ddb_key[]);
SELECT ddb_get_many(NULL::jsonb);
SELECT ddb_get_many(ARRAY[NULL::ddb_key]);
SELECT ddb_get_many(ARRAY[('a', 'b'), ('a', NULL)]::ddb_key[]);
SELECT ddb_get_many(ARRAY[('a', '')]::ddb_key[]);
SELECT ddb_get_many('"a"'::jsonb);
SELECT ddb_get_many('["a"]'::jsonb);
SELECT ddb_get_many('[{"pk": "a"}]'::jsonb);
SELECT ddb_get_many('[{"pk": "a", "sk": 1}]'::jsonb);
SELECT ddb_get_many('[{"pk": "a", "sk": "b", "data": 1}]'::jsonb);

SELECT ddb_set(NULL, 'b', '1');
SELECT ddb_set('a', NULL, '1');
SELECT ddb_set('a', 'b', NULL);
SELECT ddb_set('a', 'b', '1', 'infinity');
SELECT ddb_set('a', 'b', to_jsonb(repeat('x', 409600)));
SELECT ddb_set(NULL);
SELECT ddb_set('1');
SELECT ddb_set('[1]');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1}, {"pk": "a", "data": 1}]');
SELECT ddb_set('[{"sk": "a", "data": 1}]');
SELECT ddb_set('[{"pk": "a", "sk": "b"}]');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1, "version": "x"}]');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1, "ttl": true}]');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1, "ttl": "soon"}]');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1, "ttl": 1767225600000}]');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1, "ttl": "infinity"}]');
SELECT ddb_delete(NULL, 'b');
SELECT ddb_delete('a', NULL);
SELECT ddb_delete(NULL::jsonb);
SELECT ddb_delete('[{"pk": "", "sk": "b"}]'::jsonb);
SELECT ddb_delete('[{"pk": "a", "sk": "b"}]', 'mytable');

SELECT ddb_get_lock(NULL, 'b');
SELECT ddb_get_lock('a', NULL);
SELECT ddb_set_atomic('a', 'b', '1', NULL);
SELECT ddb_set_atomic('a', 'b', '1', ROW('a', 'b#lock', NULL, NULL)::ddb_lock);
SELECT ddb_set_atomic('a', 'b', '1', ROW(NULL, 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic('a', 'b', '1', ROW('a', '', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic('a', 'b', NULL, ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic('a', 'b', '1', ROW('a', 'b', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic('[]', ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic(NULL::jsonb, ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic('[{"pk": "a", "sk": "b", "data": 1}]', NULL::ddb_lock);
SELECT ddb_set_atomic('[{"pk": "a", "sk": "b", "data": 1}, {"pk": "a", "sk": "b", "data": 2}]', ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic('[{"pk": "a", "sk": "b#lock", "data": 1}]', ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic((SELECT jsonb_agg(jsonb_build_object('pk', 'a', 'sk', i::text, 'data', i)) FROM generate_series(1, 100) AS i),
	ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_set_atomic((SELECT jsonb_agg(jsonb_build_object('pk', 'a', 'sk', i::text, 'data', repeat('x', 400000))) FROM generate_series(1, 11) AS i),
	ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_delete_atomic('a', 'b', NULL::ddb_lock);
SELECT ddb_delete_atomic('a', 'b', ROW('a', 'b', 'v', NULL)::ddb_lock);
SELECT ddb_delete_atomic('[]', ROW('a', 'b#lock', 'v', NULL)::ddb_lock);
SELECT ddb_delete_atomic('[{"pk": "a", "sk": "b"}, {"pk": "a", "sk": "b"}]', ROW('a', 'b#lock', 'v', NULL)::ddb_lock);

SELECT * FROM ddb_query(NULL);
SELECT * FROM ddb_query('');
SELECT * FROM ddb_query('a', page_size => 0);
SELECT ddb_create_table(NULL);
SELECT ddb_create_table('');
SELECT ddb_delete_table(NULL);

RESET atomic_dynamodb."table";
SELECT ddb_get('a', 'b');

-- writes are refused where Postgres may not write
BEGIN READ ONLY;
\set ON_ERROR_ROLLBACK on
SELECT ddb_set('a', 'b', '1', table_name => 'mytable');
SELECT ddb_set('[{"pk": "a", "sk": "b", "data": 1}]', 'mytable');
SELECT ddb_delete('a', 'b', 'mytable');
SELECT ddb_delete('[{"pk": "a", "sk": "b"}]'::jsonb, 'mytable');
SELECT ddb_get_lock('a', 'b', 'mytable');
SELECT ddb_set_atomic('a', 'b', '1', ROW('a', 'c', 'v', NULL)::ddb_lock, table_name => 'mytable');
SELECT ddb_delete_atomic('a', 'b', ROW('a', 'c', 'v', NULL)::ddb_lock, 'mytable');
SELECT ddb_create_table('mytable');
SELECT ddb_delete_table('mytable');
\set ON_ERROR_ROLLBACK off
ROLLBACK;

SELECT requests FROM ddb_session_stats();
