-- The calls of test/soak. Twenty kinds in turn; a key that begins with "!" asks
-- the canned server for a fault (test/bench/stub_faults.c).
CREATE SCHEMA IF NOT EXISTS soak;

CREATE OR REPLACE FUNCTION soak.call(n bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	lock ddb_lock;
	item ddb_item;
BEGIN
	CASE n % 20
		WHEN 0, 1, 2 THEN item := ddb_get('p', (n % 10)::text);
		WHEN 3 THEN PERFORM ddb_set('p', (n % 10)::text, to_jsonb(n));
		WHEN 4 THEN
			lock := ddb_get_lock('none', 'lock');
			lock := ddb_set_atomic('p', 'item', to_jsonb(n), lock);
		WHEN 5 THEN
			PERFORM ddb_set_atomic(jsonb_build_array(jsonb_build_object('pk', 'p', 'sk', '1', 'data', n),
													 jsonb_build_object('pk', 'p', 'sk', '2', 'data', n)),
								   ROW('p', 'lock', 'v', now() + interval '1 day')::ddb_lock);
		WHEN 6 THEN PERFORM ddb_update_item('map', '{"pk": "p", "sk": "s"}', 'SET a = :n ADD b :n', jsonb_build_object('n', n));
		WHEN 7 THEN PERFORM ddb_put_item('map', jsonb_build_object('pk', 'p', 'sk', n::text, 'a', n), 'attribute_not_exists(pk)');
		WHEN 8 THEN PERFORM * FROM ddb_query('p', page_size => 4) LIMIT 1;
		-- the next page is under way when this one is left
		WHEN 9 THEN PERFORM * FROM ddb_query_items('map', 'pk = :p', '{"p": "p"}', page_size => 4) LIMIT 3;
		WHEN 10 THEN PERFORM ddb_get_item('map', '{"pk": "p", "sk": "big"}', 'pk, "odd name"');
		WHEN 11 THEN
			PERFORM ddb_batch_write('map', jsonb_agg(jsonb_build_object('put', jsonb_build_object('pk', 'p', 'sk', i::text))))
			FROM generate_series(1, 30) AS i;
		WHEN 12 THEN PERFORM ddb_set_agg('p', i::text, to_jsonb(i)) FROM generate_series(1, 30) AS i;
		WHEN 13 THEN
			PERFORM * FROM ddb_transact_write('[{"op": "put", "table": "map", "item": {"pk": "p", "sk": "1"}},
												{"op": "update", "table": "map", "key": {"pk": "p", "sk": "2"}, "add": {"n": 1}}]');
		WHEN 14 THEN PERFORM ddb_get('p', (ARRAY['!throttle ........', '!failure .........', '!nonsense ........', '!gateway .........'])[1 + n / 20 % 4]);
		WHEN 15 THEN PERFORM ddb_set('p', (ARRAY['!close ...........', '!cut .............', '!crc .............', '!failure .........'])[1 + n / 20 % 4], '1');
		WHEN 16 THEN PERFORM ddb_put_item('map', '{"pk": "p", "sk": "!condition ......."}', 'attribute_not_exists(pk)');
		WHEN 17 THEN
			PERFORM * FROM ddb_transact_write('[{"op": "put", "table": "map", "item": {"pk": "p", "sk": "!conflict ........"}},
												{"op": "delete", "table": "map", "key": {"pk": "p", "sk": "2"}}]');
		WHEN 18 THEN PERFORM ddb_update_item('map', '{"pk": "p"}', 'SET a == :n', '{"n": 1}');
		WHEN 19 THEN PERFORM ddb_set(jsonb_build_array(jsonb_build_object('pk', 'p', 'sk', '!invalid .........', 'data', n)));
	END CASE;
END $$;

-- Calls the kinds one after the other and returns how many failed.
CREATE OR REPLACE FUNCTION soak.calls(start bigint, count bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	failed bigint := 0;
BEGIN
	FOR n IN start .. start + count - 1 LOOP
		BEGIN
			PERFORM soak.call(n);
		EXCEPTION WHEN OTHERS THEN
			failed := failed + 1;
		END;
	END LOOP;
	RETURN failed;
END $$;

-- A call that is never answered, for a statement_timeout to end. Whether it did.
CREATE OR REPLACE FUNCTION soak.cancelled(n bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	CASE n % 4
		WHEN 0 THEN PERFORM ddb_get('p', '!hang ............');
		WHEN 1 THEN PERFORM ddb_set('p', '!hang ............', '1');
		WHEN 2 THEN PERFORM ddb_set_agg('p', '!hang ............' || i, to_jsonb(i)) FROM generate_series(1, 60) AS i;
		WHEN 3 THEN PERFORM * FROM ddb_query('!hang ............', page_size => 4);
	END CASE;
	RETURN false;
EXCEPTION WHEN query_canceled THEN
	RETURN true;
END $$;
