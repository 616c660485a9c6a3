-- a partition as a stream
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SET atomic_dynamodb."table" = 'regress_query';
SELECT ddb_create_table('regress_query');
SELECT ddb_set((SELECT jsonb_agg(jsonb_build_object('pk', 'p', 'sk', 'item#' || to_char(i, 'fm0000'), 'data', jsonb_build_object('n', i, 'pad', repeat('x', 1000)))) FROM generate_series(1, 3000) AS i));
SELECT ddb_set('[{"pk": "p", "sk": "other", "data": 1}, {"pk": "q", "sk": "é", "data": 2}]');

SELECT count(*), sum((data ->> 'n')::int), min(sk), max(sk) FROM ddb_query('p');
SELECT count(*) FROM ddb_query('p', 'item#00');
SELECT sk FROM ddb_query('p', descending => true) LIMIT 3;
SELECT sk FROM ddb_query('p', 'item#', consistent => true, page_size => 2) LIMIT 3;
SELECT sk, data FROM ddb_query('q');
SELECT count(*) FROM ddb_query('none');
SELECT count(*) FROM ddb_query('p', page_size => 100);
SELECT * FROM pg_temp.error_of($$SELECT * FROM ddb_query('p', table_name => 'regress_none')$$);

-- it is inlined, so that a LIMIT costs one request
EXPLAIN (COSTS OFF) SELECT sk FROM ddb_query('p') LIMIT 10;
EXPLAIN (COSTS OFF) SELECT sk FROM ddb_get_many('[]'::jsonb);
SELECT requests FROM ddb_session_stats() \gset
SELECT count(*) FROM (SELECT sk FROM ddb_query('p') LIMIT 10) AS s;
SELECT requests - :requests AS requests FROM ddb_session_stats();

-- cursors and loops stream too
SELECT requests FROM ddb_session_stats() \gset
BEGIN;
DECLARE c CURSOR FOR SELECT sk FROM ddb_query('p');
FETCH 2 FROM c;
CLOSE c;
COMMIT;
DO $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT sk FROM ddb_query('p') LOOP
		EXIT WHEN r.sk = 'item#0003';
	END LOOP;
	RAISE NOTICE '%', r.sk;
END
$$;
SELECT requests - :requests AS requests FROM ddb_session_stats();

-- one stream within another
SELECT a.sk, (SELECT count(*) FROM (SELECT 1 FROM ddb_query(a.pk) LIMIT 5) AS s)
FROM ddb_query('p', descending => true) AS a LIMIT 2;
SELECT k.pk, q.sk FROM (VALUES ('p'), ('q'), ('none')) AS k(pk), LATERAL (SELECT sk FROM ddb_query(k.pk) LIMIT 1) AS q;

SELECT ddb_delete_table('regress_query');
