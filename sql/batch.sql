-- lists of keys and requests on any table, and aggregates that write rows
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SET atomic_dynamodb."table" = 'regress_batch';
SELECT ddb_create_table('regress_batch');

-- puts and deletes, as if in order
SELECT ddb_batch_write('regress_batch', '[
	{"put": {"pk": "a", "sk": "1", "n": 1, "tags": {"$ss": ["x", "y"]}, "blob": {"$b": "3q2+7w=="}}},
	{"put": {"pk": "a", "sk": "2", "n": 2.50, "none": null, "list": [1, {"deep": true}]}},
	{"put": {"pk": "a", "sk": "3"}},
	{"delete": {"sk": "3", "pk": "a"}},
	{"delete": {"pk": "a", "sk": "none"}},
	{"put": {"pk": "a", "sk": "2", "n": 3}}]');
SELECT * FROM ddb_batch_get('regress_batch', '[{"pk": "a", "sk": "2"}, {"pk": "a", "sk": "3"}, {"sk": "1", "pk": "a"}, {"pk": "a", "sk": "2"}]');
SELECT ddb_batch_write(NULL, '{"put": {"pk": "a", "sk": "one object"}}');
SELECT ddb_batch_get(NULL, '{"pk": "a", "sk": "one object"}', consistent => true);
SELECT ddb_batch_write('regress_batch', '[]'), (SELECT count(*) FROM ddb_batch_get('regress_batch', '[]'));

-- a projection: the key is needed to tell items apart, but only shown when asked for
SELECT ddb_batch_get('regress_batch', k, 'n, tags'), ddb_batch_get('regress_batch', k, 'sk, list[1].deep, "none"'), ddb_batch_get('regress_batch', k, '#x', names => '{"#x": "pk"}'), ddb_batch_get('regress_batch', k, 'missing')
FROM jsonb_build_array('{"pk": "a", "sk": "2"}'::jsonb, '{"pk": "a", "sk": "1"}'::jsonb, '{"pk": "a", "sk": "2"}'::jsonb) AS k;
SELECT e.* FROM unnest('{"","n,","n, n",":x","#y"}'::text[]) AS p, pg_temp.error_of(format('SELECT ddb_batch_get(%L, %L, %L)', 'regress_batch', '{"pk": "a", "sk": "1"}', p)) AS e;
SELECT * FROM pg_temp.error_of($$SELECT ddb_batch_get('regress_batch', '[]', names => '{"#x": "n"}')$$);

-- a root of one member whose name looks like a form, and names that text cannot hold
SELECT ddb_batch_write('regress_batch', '{"put": {"$m": [["pk", "m"], ["sk", {"$s": "a\\u0000b"}], [{"$s": "x\\u0000"}, 1]]}}');
SELECT ddb_batch_get('regress_batch', '{"pk": "m", "sk": {"$s": "a\\u0000b"}}');
SELECT ddb_batch_write('regress_batch', '{"delete": {"pk": "m", "sk": {"$s": "a\\u0000b"}}}');
SELECT count(*) FROM ddb_batch_get('regress_batch', '{"pk": "m", "sk": {"$s": "a\\u0000b"}}');

-- nothing is written when one of the list is wrong
SELECT r, e.* FROM unnest('{"1", "[[]]", "[{}]", "[{\"put\": {\"pk\": \"a\", \"sk\": \"b\"}, \"delete\": {}}]", "[{\"upsert\": {}}]", "[{\"put\": 1}]", "[{\"put\": [1]}]",
	"[{\"put\": {\"sk\": \"b\"}}]", "[{\"put\": {\"pk\": \"a\"}}]", "[{\"put\": {\"pk\": 1, \"sk\": \"b\"}}]", "[{\"put\": {\"pk\": {\"$b\": \"AAAA\"}, \"sk\": \"b\"}}]",
	"[{\"put\": {\"pk\": null, \"sk\": \"b\"}}]", "[{\"put\": {\"pk\": \"\", \"sk\": \"b\"}}]", "[{\"put\": {\"pk\": \"a\", \"sk\": \"\"}}]",
	"[{\"put\": {\"pk\": \"a\", \"sk\": \"b\", \"x\": {\"$ns\": [\"a\"]}}}]", "[{\"put\": {\"$ss\": [\"a\"]}}]",
	"[{\"delete\": {\"pk\": \"a\"}}]", "[{\"delete\": {\"pk\": \"a\", \"sk\": \"b\", \"x\": 1}}]", "[{\"delete\": {}}]"}'::jsonb[]) AS r,
	pg_temp.error_of(format('SELECT ddb_batch_write(%L, %L)', 'regress_batch', jsonb '[{"put": {"pk": "b", "sk": "1"}}]' || r)) AS e;
SELECT code, message, detail FROM pg_temp.error_of($$SELECT ddb_batch_write('regress_batch', jsonb_build_array(jsonb_build_object('put', jsonb_build_object('pk', repeat('x', 2049), 'sk', 'b'))))$$);
SELECT code, message, detail FROM pg_temp.error_of($$SELECT ddb_batch_write('regress_batch', jsonb_build_array(jsonb_build_object('delete', jsonb_build_object('pk', 'a', 'sk', repeat('ä', 513)))))$$);
SELECT code, message, detail FROM pg_temp.error_of($$SELECT ddb_batch_write('regress_batch', jsonb_build_array(jsonb_build_object('put', jsonb_build_object('pk', 'a', 'sk', 'b', 'x', repeat('x', 409600)))))$$);
SELECT count(*) FROM ddb_query('b');
SELECT * FROM pg_temp.error_of($$SELECT ddb_batch_write('regress_batch', NULL)$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_batch_write('regress_none', '[]')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_batch_write('', '[]')$$);
SELECT k, e.* FROM unnest('{"1", "[1]", "[{\"pk\": \"a\", \"sk\": \"b\"}, {\"pk\": \"a\"}]", "[{\"pk\": \"a\", \"sk\": 1}]", "[{\"pk\": \"a\", \"sk\": \"b\", \"n\": 1}]", "[{\"pk\": \"a\", \"sk\": {\"$b\": \"?\"}}]"}'::jsonb[]) AS k,
	pg_temp.error_of(format('SELECT ddb_batch_get(%L, %L)', 'regress_batch', k)) AS e;
SELECT * FROM pg_temp.error_of($$SELECT ddb_batch_get('regress_batch', NULL)$$);

-- aggregates
CREATE TEMP TABLE orders AS SELECT n, 'c' || n % 3 AS pk, to_char(n, 'FM000') AS sk, n % 2 = 0 AS even FROM generate_series(1, 60) AS n;
SELECT ddb_put_agg('regress_batch', to_jsonb(o)) FROM orders AS o;
SELECT count(*), sum((i ->> 'n')::int) FROM orders AS o, LATERAL ddb_batch_get('regress_batch', jsonb_build_object('pk', o.pk, 'sk', o.sk)) AS i;
SELECT i FROM ddb_batch_get('regress_batch', (SELECT jsonb_agg(jsonb_build_object('pk', pk, 'sk', sk) ORDER BY n) FROM orders WHERE n <= 3)) AS i;
SELECT pk, ddb_delete_agg(NULL, jsonb_build_object('pk', pk, 'sk', sk)) FROM orders GROUP BY pk ORDER BY pk;
SELECT count(*) FROM ddb_batch_get('regress_batch', (SELECT jsonb_agg(jsonb_build_object('pk', pk, 'sk', sk)) FROM orders));
SELECT ddb_set_agg(pk, sk, to_jsonb(n)) FILTER (WHERE even), ddb_set_agg(pk, 'odd' || sk, to_jsonb(n)) FILTER (WHERE NOT even AND n > 50) FROM orders;
SELECT q.pk, count(*), sum(q.data::int) FROM unnest('{c0,c1,c2}'::text[]) AS p, LATERAL ddb_query(p) AS q GROUP BY q.pk ORDER BY q.pk;
SELECT ddb_set_agg('d', 'same', to_jsonb(n) ORDER BY n DESC) FROM orders;
SELECT data FROM ddb_get('d', 'same');
SELECT ddb_set_agg(DISTINCT 'd', 'distinct', to_jsonb(n % 3)) FROM orders;
SELECT data FROM ddb_get('d', 'distinct');
SELECT ddb_set_agg('d', 'ttl' || n, 'true', timestamptz '2035-01-01 00:00:00+00' + n * interval '1 s', 'regress_batch') FROM generate_series(1, 2) AS n;
SELECT sk, data, extract(epoch FROM ttl) FROM ddb_query('d', 'ttl');
SELECT n, ddb_put_agg('regress_batch', jsonb_build_object('pk', 'sets', 'sk', n::text)) FROM generate_series(1, 2) AS n GROUP BY ROLLUP (n) ORDER BY n;

-- no rows
SELECT ddb_put_agg('regress_batch', NULL), ddb_delete_agg(NULL, NULL), ddb_set_agg(NULL, NULL, NULL) FROM orders WHERE false;
SELECT ddb_put_agg('regress_batch', '{}') FILTER (WHERE n > 100) FROM orders;

-- errors
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg('regress_batch', CASE WHEN n < 5 THEN to_jsonb(o) END) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg('regress_batch', to_jsonb(o) - 'sk') FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg('regress_batch', '[]') FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_delete_agg('regress_batch', to_jsonb(o)) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_delete_agg('regress_batch', NULL) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_agg(NULL, sk, '1') FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_agg(pk, sk, NULL) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_agg(pk, sk, '1', 'infinity', NULL) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg('regress_none', to_jsonb(o)) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg(CASE WHEN n < 5 THEN 'regress_batch' ELSE 'regress_none' END, to_jsonb(o)) FROM orders AS o$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg(CASE WHEN n < 5 THEN NULL ELSE 'regress_none' END, to_jsonb(o)) FROM orders AS o$$);
SELECT ddb_put_agg(CASE WHEN n < 5 THEN NULL ELSE 'regress_batch' END, to_jsonb(o)) FROM orders AS o;
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_agg('regress_batch', to_jsonb(o)) OVER (ORDER BY n) FROM orders AS o$$);
SELECT code IN ('42883', '0A000') AS refused FROM pg_temp.error_of($$SELECT ddb_internal_put_step(NULL, 'regress_batch', '{}')$$);
BEGIN READ ONLY;
SELECT ddb_put_agg('regress_batch', to_jsonb(o)) FROM orders AS o;
ROLLBACK;
BEGIN READ ONLY;
SELECT ddb_batch_write('regress_batch', '[]');
ROLLBACK;
-- a granted role may call the aggregates, whose functions it may not
CREATE ROLE regress_addb_batch;
SELECT ddb_grant('regress_addb_batch', 'write');
GRANT SELECT ON orders TO regress_addb_batch;
SET ROLE regress_addb_batch;
SELECT ddb_put_agg('regress_batch', to_jsonb(o)), ddb_delete_agg('regress_batch', '{"pk": "a", "sk": "1"}'), ddb_set_agg('a', 'b', '1') FROM orders AS o;
RESET ROLE;
SELECT ddb_revoke('regress_addb_batch');
SET ROLE regress_addb_batch;
SELECT ddb_put_agg('regress_batch', '{}');
RESET ROLE;
DROP OWNED BY regress_addb_batch;
DROP ROLE regress_addb_batch;
-- the context accounts for all
\set VERBOSITY terse
DO $$
DECLARE
	context text;
BEGIN
	PERFORM ddb_put_agg('regress_batch', CASE WHEN n = 40 THEN '{"pk": "e"}' ELSE jsonb_build_object('pk', 'e', 'sk', n::text) END) FROM orders;
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RAISE NOTICE '%: %', SQLERRM, split_part(context, E'\n', 1);
END
$$;
SELECT count(*) FROM ddb_query('e');
SELECT ddb_delete_table('regress_batch');
