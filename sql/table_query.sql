-- queries, scans, pages and counts of any table
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_q', 'customer', 'created N',
	global_indexes => '{"by_status": {"partition_key": "status", "sort_key": "created N", "projection": ["total"]}}',
	local_indexes => '{"by_total": {"sort_key": "total N", "projection": "keys_only"}}');
SELECT ddb_put_agg('regress_q', jsonb_build_object('customer', CASE WHEN n <= 300 THEN 'ann' ELSE 'bob' END, 'created', n,
	'total', 1000 - n, 'status', CASE WHEN n % 2 = 0 THEN 'open' ELSE 'paid' END, 'pad', repeat('x', 10000)))
FROM generate_series(1, 400) AS n;

-- queries
SELECT count(*), sum((o -> 'created')::int) FROM ddb_query_items('regress_q', 'customer = :c', '{"c": "ann"}') AS o;
SELECT o - 'pad' FROM ddb_query_items('regress_q', 'customer = :c AND created BETWEEN :a AND :b', '{"c": "ann", "a": 10, "b": 12}') AS o;
SELECT o FROM ddb_query_items('regress_q', 'customer = :c AND created < :b', '{"c": "ann", "b": 5, "s": "open"}', filter => 'status = :s', projection => 'created, status', descending => true) AS o;
SELECT o FROM ddb_query_items('regress_q', 'status = :s', '{"s": "paid"}', index_name => 'by_status', page_size => 2) AS o LIMIT 3;
SELECT o FROM ddb_query_items('regress_q', 'customer = :c AND total > :t', '{"c": "ann", "t": 997}', index_name => 'by_total', consistent => true) AS o;
SELECT o ->> 'created' FROM ddb_query_items('regress_q', '#c = :c', '{"c": "ann"}', projection => 'created', start_key => '{"customer": "ann", "created": 298}', names => '{"#c": "customer"}') AS o;

-- scans
SELECT count(*), count(DISTINCT o), sum((o -> 'created')::int) FROM ddb_scan('regress_q') AS o;
SELECT count(*), count(DISTINCT o), sum((o -> 'created')::int) FROM ddb_scan('regress_q', segments => 4) AS o;
SELECT count(*) FROM ddb_scan('regress_q', 'created > :n AND status = :s', '{"n": 390, "s": "open"}', segments => 3) AS o;
SELECT count(*) FROM ddb_scan('regress_q', index_name => 'by_status', projection => 'total', page_size => 50) AS o;
SET atomic_dynamodb."table" = 'regress_q';
SELECT count(*) FROM ddb_scan() AS o;
SELECT ddb_count();
RESET atomic_dynamodb."table";

-- counts
SELECT ddb_count('regress_q'), ddb_count('regress_q', segments => 4), ddb_count('regress_q', 'customer = :c', '{"c": "bob"}'),
	ddb_count('regress_q', 'customer = :c', '{"c": "bob", "s": "open"}', 'status = :s'),
	ddb_count('regress_q', filter => 'status = :s', vals => '{"s": "paid"}'),
	ddb_count('regress_q', 'status = :s', '{"s": "paid"}', index_name => 'by_status');

-- pages
SELECT cardinality(items), next_key, count, scanned_count, consumed_capacity > 0 AS cost FROM ddb_query_page('regress_q', 'customer = :c', '{"c": "ann"}', page_size => 5);
SELECT items[1] - 'pad', next_key FROM ddb_query_page('regress_q', 'customer = :c', '{"c": "ann"}', page_size => 1, start_key => '{"customer": "ann", "created": 5}');
SELECT items, next_key, count FROM ddb_query_page('regress_q', 'customer = :c', '{"c": "nobody"}');
SELECT next_key IS NULL AS last, count, scanned_count FROM ddb_query_page('regress_q', 'customer = :c', '{"c": "bob", "s": "open"}', 'status = :s', projection => 'created');
DO $$
DECLARE
	page record;
	start_key jsonb;
	pages int := 0;
	items int := 0;
BEGIN
	FOR segment IN 0 .. 2 LOOP
		start_key := NULL;
		LOOP
			page := ddb_scan_page('regress_q', page_size => 60, start_key => start_key, segment => segment, segments => 3);
			pages := pages + 1;
			items := items + page.count;
			start_key := page.next_key;
			EXIT WHEN start_key IS NULL;
		END LOOP;
	END LOOP;
	RAISE NOTICE '% items, several pages: %', items, pages > 6;
END
$$;

-- streams: what a LIMIT costs, and what the last statement has cost
EXPLAIN (COSTS OFF) SELECT o FROM ddb_scan('regress_q') AS o LIMIT 10;
EXPLAIN (COSTS OFF) SELECT o FROM ddb_query_items('regress_q', 'customer = :c', '{"c": "ann"}') AS o LIMIT 10;
SELECT count(*) FROM (SELECT o FROM ddb_query_items('regress_q', 'customer = :c', '{"c": "ann"}') AS o LIMIT 10) AS s;
SELECT requests, retries, items_read < 150 AS one_page, read_units > 0 AS cost FROM ddb_last_response();
SELECT count(*) FROM ddb_scan('regress_q', filter => 'status = :s', vals => '{"s": "open"}') AS o;
SELECT requests > 3 AS pages, items_read, items_scanned >= 200 AS scanned FROM ddb_last_response();

-- scans can be forbidden
SET atomic_dynamodb.allow_scan = off;
SELECT count(*) FROM ddb_scan('regress_q') AS o;
SELECT count FROM ddb_scan_page('regress_q');
SELECT ddb_count('regress_q');
SELECT ddb_count('regress_q', 'customer = :c', '{"c": "bob"}');
SELECT ddb_execute('SELECT * FROM "regress_q"');
RESET atomic_dynamodb.allow_scan;

-- PartiQL
SELECT count(*) FROM ddb_execute('SELECT created FROM "regress_q" WHERE customer = ?', '["bob"]') AS o;
SELECT o FROM ddb_execute('SELECT created, total FROM "regress_q" WHERE customer = ? AND created BETWEEN ? AND ?', '["ann", 1, 3]', consistent => true, page_size => 2) AS o;
SELECT requests FROM ddb_last_response();
SELECT * FROM ddb_execute($$INSERT INTO "regress_q" VALUE {'customer': 'kim', 'created': ?, 'tags': ?}$$, '[1, {"$ss": ["a"]}]');
SELECT * FROM ddb_execute($$UPDATE "regress_q" SET total = 5 WHERE customer = 'kim' AND created = 1 RETURNING ALL NEW *$$);
SELECT * FROM pg_temp.error_of($f$SELECT ddb_execute($$INSERT INTO "regress_q" VALUE {'customer': 'kim', 'created': 1}$$)$f$);
SELECT * FROM ddb_execute($$DELETE FROM "regress_q" WHERE customer = 'kim' AND created = 1$$);
SELECT items_written, write_units > 0 AS cost FROM ddb_last_response();
BEGIN READ ONLY;
SELECT count(*) FROM ddb_execute('SELECT created FROM "regress_q" WHERE customer = ''bob''') AS o;
SELECT ddb_execute($$DELETE FROM "regress_q" WHERE customer = 'kim' AND created = 1$$);
ROLLBACK;

-- bad arguments
SELECT ddb_query_items('regress_q', NULL);
SELECT ddb_query_items('regress_q', 'customer <> :c', '{"c": "ann"}');
SELECT ddb_query_items('regress_q', 'customer = :c', '{"c": "ann"}', page_size => 0);
SELECT ddb_query_items('regress_q', 'customer = :c', '{"c": "ann"}', start_key => '1');
SELECT ddb_scan('regress_q', segments => 0);
SELECT ddb_scan('regress_q', segments => 65);
SELECT ddb_scan('regress_q', segments => 2, start_key => '{"customer": "ann", "created": 5}');
SELECT ddb_scan('regress_q', vals => '{"c": 1}');
SELECT ddb_scan_page('regress_q', segment => 1);
SELECT ddb_scan_page('regress_q', segment => 2, segments => 2);
SELECT ddb_count('regress_q', 'customer = :c', '{"c": "bob"}', segments => 2);
SELECT ddb_execute('');
SELECT ddb_execute('SELECT * FROM "regress_q" WHERE customer = ?', '{"a": 1}');
SELECT code, message FROM pg_temp.error_of($$SELECT ddb_query_items('regress_q', 'created = :c', '{"c": 1}')$$);
SELECT code, message FROM pg_temp.error_of($$SELECT ddb_query_items('regress_q', 'status = :s', '{"s": "paid"}', index_name => 'none')$$);
SELECT code, message FROM pg_temp.error_of($$SELECT ddb_query_items('regress_q', 'status = :s', '{"s": "paid"}', index_name => 'by_status', consistent => true)$$);
SELECT code, message FROM pg_temp.error_of($$SELECT * FROM ddb_scan('regress_none')$$);
SELECT code, message FROM pg_temp.error_of($$SELECT ddb_execute('SELEC * FROM x')$$);

SELECT ddb_delete_table('regress_q');
