-- single items of any table, and what is said of bad arguments
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_s', 'id');
SELECT ddb_create_table('regress_n', 'id N', 'at N');
SELECT ddb_create_table('regress_b', 'id B', 'part');

-- keys of every type, with and without sort key
SELECT ddb_put_item('regress_s', '{"id": "a", "n": 1, "tags": {"$ss": ["y", "x"]}, "l": [1, {"x": null}], "b": {"$b": "AP8="}}');
SELECT ddb_get_item('regress_s', '{"id": "a"}');
SELECT ddb_get_item('regress_s', '{"id": "none"}') IS NULL AS absent;
SELECT ddb_put_item('regress_n', '{"id": 1, "at": -1.5e2, "v": 12345678901234567890123456789012345678}');
SELECT ddb_get_item('regress_n', '{"id": 1.0, "at": -150}', consistent => true);
SELECT ddb_put_item('regress_b', '{"id": {"$b": "AQI="}, "part": "é", "v": true}');
SELECT ddb_get_item('regress_b', '{"part": "é", "id": {"$b": "AQI="}}');

-- the table of the setting
SET atomic_dynamodb."table" = 'regress_s';
SELECT ddb_get_item(NULL, '{"id": "a"}', 'n');
RESET atomic_dynamodb."table";

-- projections
SELECT ddb_get_item('regress_s', '{"id": "a"}', 'l[1].x, tags');
SELECT ddb_get_item('regress_s', '{"id": "a"}', '#a, l[0]', names => '{"#a": "n"}');
SELECT ddb_get_item('regress_s', '{"id": "a"}', 'nothing');

-- return values
SELECT ddb_put_item('regress_s', '{"id": "a", "n": 2}', return_values => 'all_old');
SELECT ddb_put_item('regress_s', '{"id": "a", "n": 3}', return_values => 'none');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET m = :m', '{"m": {"x": {"y": [1, 2]}}}');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET m.x.y[5] = :v REMOVE n', '{":v": "end"}', return_values => 'all_new');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET n = if_not_exists(n, :zero) + :one', '{"zero": 0, "one": 1}', return_values => 'UPDATED_NEW');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'ADD n :one, tags :t', '{"one": 1, "t": {"$ss": ["z"]}}', return_values => 'updated_old');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'DELETE tags :t', '{"t": {"$ss": ["z"]}}', return_values => 'all_old');
SELECT ddb_update_item('regress_s', '{"id": "new"}', 'SET n = :n', '{"n": 1}', return_values => 'all_new');
SELECT ddb_delete_item('regress_s', '{"id": "new"}', return_values => 'all_old');
SELECT ddb_delete_item('regress_s', '{"id": "new"}', return_values => 'all_old');
SELECT ddb_delete_item('regress_s', '{"id": "new"}');

-- names as they are: reserved, odd, quoted
SELECT ddb_put_item('regress_s', '{"id": "odd", "status": 1, "_x": 2, "2nd": 3, "a.b": 4, "c-d": 5, "e\"f": 6, "size": 7, "set": 8, "é": 9, "$ss": 10}');
SELECT ddb_update_item('regress_s', '{"id": "odd"}',
	'SET status = status + :o, _x = _x + :o, 2nd = 2nd + :o, "a.b" = "a.b" + :o, "c-d" = "c-d" + :o, "e""f" = "e""f" + :o, set = set + :o, é = é + :o, $ss = $ss + :o',
	'{"o": 100, "three": 3, "s": 7}', 'size(id) = :three AND size = :s AND NOT attribute_exists(not)', 'all_new');

-- conditions
SELECT ddb_put_item('regress_s', '{"id": "c", "n": 9}', 'attribute_not_exists(id)');
SELECT ddb_delete_item('regress_s', '{"id": "c"}', 'n BETWEEN :a AND :b OR n IN (:c, :d)', '{"a": 1, "b": 2, "c": 3, "d": 9}', 'all_old');
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_item('regress_s', '{"id": "odd"}', 'attribute_not_exists(id)')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_update_item('regress_n', '{"id": 1, "at": -150}', 'SET v = :v', '{"v": 1, "x": 2}', 'v = :x')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_delete_item('regress_n', '{"id": 7, "at": 7}', 'attribute_exists(id)')$$);

-- bad arguments
SELECT ddb_get_item('regress_s', NULL);
SELECT ddb_get_item(NULL, '{"id": "a"}');
SELECT ddb_get_item('regress_s', '[1]');
SELECT ddb_get_item('regress_s', '{"$b": "AP8="}');
SELECT ddb_put_item('regress_s', '"x"');
SELECT ddb_put_item('regress_s', '{"id": "a"}', return_values => 'all_new');
SELECT ddb_update_item('regress_s', '{"id": "a"}', NULL);
SELECT ddb_update_item('regress_s', '{"id": "a"}', '');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET a == :v', '{"v": 1}');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET a = :v', '{"w": 1}');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET a = :v', '{"v": 1, "w": 1}');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET #a = :v', '{"v": 1}');
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET a = :v', '{"v": 1}', names => '{"#a": "a"}');
SELECT ddb_put_item('regress_s', '{"id": "a"}', 'begin_with(id, :v)', '{"v": "a"}');
SELECT ddb_put_item('regress_s', jsonb_build_object('id', 'big', 'v', repeat('x', 409600)));
SELECT * FROM pg_temp.error_of($$SELECT ddb_get_item('regress_s', '{"id": 1}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_get_item('regress_s', '{"id": "a", "x": "b"}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_get_item('regress_n', '{"id": 1}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_item('regress_s', '{"n": 1}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_put_item('regress_s', '{"id": ""}')$$);
SELECT code, message FROM pg_temp.error_of($$SELECT ddb_put_item('regress_s', '{"id": "a", "s": {"$ss": []}}')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_get_item('regress_none', '{"id": "a"}')$$);

-- writes are writes
BEGIN READ ONLY;
SELECT ddb_get_item('regress_s', '{"id": "a"}', 'id');
SELECT ddb_put_item('regress_s', '{"id": "a"}');
ROLLBACK;
BEGIN READ ONLY;
SELECT ddb_update_item('regress_s', '{"id": "a"}', 'SET a = :v', '{"v": 1}');
ROLLBACK;
BEGIN READ ONLY;
SELECT ddb_delete_item('regress_s', '{"id": "a"}');
ROLLBACK;

-- what it has cost
SELECT ddb_put_item('regress_s', jsonb_build_object('id', 'cost', 'v', repeat('x', 3000)));
SELECT requests, retries, items_read, items_written, read_units, write_units FROM ddb_last_response();
SELECT ddb_get_item('regress_s', '{"id": "cost"}', 'id', consistent => true);
SELECT requests, retries, items_read, items_written, read_units, write_units FROM ddb_last_response();

SELECT ddb_delete_table('regress_s'), ddb_delete_table('regress_n'), ddb_delete_table('regress_b');
