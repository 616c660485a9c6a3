-- transactions: items of any tables, written together or not at all
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_transact', 'pk', 'sk N'), ddb_create_table('regress_transact_2', 'größe B');
SET atomic_dynamodb."table" = 'regress_transact';
CREATE FUNCTION pg_temp.item(sk int) RETURNS jsonb LANGUAGE sql AS $$ SELECT ddb_get_item(NULL, jsonb_build_object('pk', 'a', 'sk', sk), consistent => true) $$;

-- every operation, in two tables; a row for each
SELECT canceled, r.* FROM ddb_transact_write($$[
	{"op": "put", "item": {"pk": "a", "sk": 1, "größe": {"$ss": ["x", "y"]}, "n": 12345678901234567890123456789012345678}},
	{"op": "put", "table": "regress_transact_2", "item": {"größe": {"$b": "AAEC"}, "v": [1.5, null, true]}},
	{"op": "create", "item": {"pk": "a", "sk": 2, "l": [1]}},
	{"op": "update", "key": {"pk": "a", "sk": 3}, "update": "SET a = :v, \"b c\" = :w ADD n :v", "values": {":v": 1, "w": "x"}},
	{"op": "upsert", "key": {"pk": "a", "sk": 4}, "set": {"v": {"a": null}}}]$$), unnest(data) WITH ORDINALITY AS r;
SELECT requests, items_read, items_written, write_units > 0 AS cost FROM ddb_last_response();
SELECT canceled, r.* FROM ddb_transact_write($$[
	{"op": "patch", "key": {"pk": "a", "sk": 2}, "set": {"m": {"k": [1, 2]}, "new": "x"}, "add": {"n": 5, "s": {"$ss": ["a"]}}, "append": {"l": [2, {"a": 3}], "l2": [1]}, "subtract": {"k": 2.5}},
	{"op": "patch", "key": {"pk": "a", "sk": 4}, "set": {"v.a": 1, "v.\"b.c\"": 2, "#r": 3}, "names": {"#r": "remove"}},
	{"op": "update", "key": {"pk": "a", "sk": 1}, "delete": {"größe": {"$ss": ["x"]}}, "remove": ["n"]},
	{"op": "check", "key": {"pk": "a", "sk": 3}, "where": "\"b c\" = :x AND n BETWEEN :l AND :h", "values": {"x": "x", "l": 0, "h": 1}},
	{"op": "delete", "key": {"pk": "none", "sk": 1}},
	{"op": "remove", "table": "regress_transact_2", "key": {"größe": {"$b": "AAEC"}}, "where": "attribute_exists(v) OR attribute_exists(w)"}]$$), unnest(data) AS r;
SELECT requests, items_read, items_written FROM ddb_last_response();
SELECT sk, pg_temp.item(sk) FROM generate_series(1, 5) AS sk;
SELECT count(*) FROM ddb_scan('regress_transact_2');
-- parts again: what is there is counted on, added to, and taken away
SELECT canceled FROM ddb_transact_write($$[{"op": "update", "key": {"pk": "a", "sk": 2}, "set": {"m.k[1]": 3}, "add": {"n": -1.5, "s": {"$ss": ["b"]}}, "append": {"l": [3]},
	"subtract": {"k": -1}, "remove": ["new", "m.k[0]"], "delete": {"gone": {"$ns": [1]}}, "where": "k = :v0 AND n = :v1", "values": {"v0": -2.5, "v1": 5}}]$$);
SELECT pg_temp.item(2);

-- a cancelled one is a result, and nothing of it is done
SELECT canceled, r.* FROM ddb_transact_write($$[
	{"op": "put", "item": {"pk": "new", "sk": 1}},
	{"op": "create", "item": {"pk": "a", "sk": 1}, "response": "all_old"},
	{"op": "patch", "key": {"pk": "none", "sk": 1}, "set": {"a": 1}, "response": "ALL_OLD"},
	{"op": "remove", "key": {"pk": "none", "sk": 2}, "response": "none"},
	{"op": "update", "key": {"pk": "a", "sk": 3}, "set": {"a": 2}, "where": "a = :v", "values": {":v": 2}},
	{"op": "check", "key": {"pk": "a", "sk": 4}, "where": "attribute_not_exists(pk)", "response": "all_old"},
	{"op": "delete", "key": {"pk": "a", "sk": 2}}]$$), unnest(data) WITH ORDINALITY AS r;
SELECT requests, items_read, items_written FROM ddb_last_response();
SELECT r.item FROM ddb_transact_get('[{"key": {"pk": "new", "sk": 1}}, {"key": {"pk": "a", "sk": 3}}]'), unnest(data) AS r;
-- what the user says is in parentheses, so that OR does not get around what the operation says
SELECT r.code FROM ddb_transact_write('[{"op": "create", "item": {"pk": "a", "sk": 1}, "where": "attribute_not_exists(x) OR attribute_not_exists(y)"}]'), unnest(data) AS r;
SELECT r.code FROM ddb_transact_write('[{"op": "patch", "key": {"pk": "none", "sk": 1}, "set": {"a": 1}, "where": "((attribute_not_exists(x)) OR attribute_not_exists(y))"}]'), unnest(data) AS r;
SELECT r.code FROM ddb_transact_write('[{"op": "create", "item": {"pk": "a", "sk": 5}, "where": "((attribute_not_exists(x)))"}]'), unnest(data) AS r;
-- strict raises, with the rows as JSON
SELECT code, message, detail::jsonb = to_jsonb(data) AS same, detail FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "put", "item": {"pk": "new", "sk": 1}}, {"op": "create", "item": {"pk": "a", "sk": 1}, "response": "all_old"}]', strict => true)$s$),
	ddb_transact_write('[{"op": "put", "item": {"pk": "new", "sk": 1}}, {"op": "create", "item": {"pk": "a", "sk": 1}, "response": "all_old"}]');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "create", "item": {"pk": "a", "sk": 1}}, {"op": "remove", "key": {"pk": "none", "sk": 1}}]', NULL, true)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "patch", "key": {"pk": "none", "sk": 1}, "set": {"a": 1}}]', NULL, true)$s$);
SELECT * FROM ddb_transact_write('[{"op": "delete", "key": {"pk": "none", "sk": 1}}]', NULL, true);
SELECT canceled FROM ddb_transact_write('[{"op": "patch", "key": {"pk": "none", "sk": 1}, "set": {"a": 1}}]', NULL, NULL);

-- actions may be rows; what there is none of is not sent
SELECT canceled, cardinality(data) FROM ddb_transact_write((SELECT jsonb_agg(jsonb_build_object('op', 'put', 'item', jsonb_build_object('pk', 'row', 'sk', sk))) FROM generate_series(1, 100) AS sk));
SELECT count(*) FROM ddb_query_items('regress_transact', 'pk = :pk', '{"pk": "row"}');
SELECT ddb_query_items('regress_transact', 'pk = :pk', '{"pk": "none"}');
SELECT * FROM ddb_transact_write('[]');
SELECT * FROM ddb_transact_write('[]', strict => true);
SELECT * FROM ddb_transact_get('[]');
SELECT requests, items_written FROM ddb_last_response();
SELECT * FROM ddb_transact_write(NULL);
SELECT * FROM ddb_transact_get(NULL);

-- reads
SELECT canceled, r.* FROM ddb_transact_get($$[{"key": {"pk": "a", "sk": 1}}, {"key": {"pk": "none", "sk": 1}}, {"table": "regress_transact_2", "key": {"größe": {"$b": "AAEC"}}},
	{"key": {"pk": "a", "sk": 2}, "projection": "m.k[0], #s, l", "names": {"s": "s"}}, {"key": {"pk": "a", "sk": 3.0}, "projection": "nothing"}]$$), unnest(data) WITH ORDINALITY AS r;
SELECT requests, items_read, items_written, read_units > 0 AS cost FROM ddb_last_response();

-- a token makes a transaction the same when it is repeated
\set counter '''[{"op": "update", "key": {"pk": "a", "sk": 9}, "add": {"n": 1}}]'''
SELECT canceled FROM ddb_transact_write(:counter, 'regress transact');
SELECT canceled, data FROM ddb_transact_write(:counter, token => 'regress transact');
SELECT pg_temp.item(9);
SELECT canceled FROM ddb_transact_write(:counter, repeat('ä', 40));
SELECT canceled FROM ddb_transact_write(:counter, left(encode(sha256(convert_to(repeat('ä', 40), 'UTF8')), 'hex'), 36));
SELECT pg_temp.item(9);
SELECT canceled FROM ddb_transact_write(:counter);
SELECT pg_temp.item(9);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "delete", "key": {"pk": "a", "sk": 9}}]', 'regress transact')$s$);
SELECT * FROM pg_temp.error_of(format('SELECT ddb_transact_write(%L, %L)', :counter, ''));

-- each of these is an error, and nothing is sent
CREATE FUNCTION pg_temp.errors(VARIADIC list text[]) RETURNS TABLE (actions text, code text, message text, detail text) LANGUAGE sql AS $$
	SELECT a, e.* FROM unnest(list) AS a, pg_temp.error_of(format('SELECT ddb_transact_write(%L)', a)) AS e
$$;
SELECT ddb_get_item('regress_transact', '{"pk": "a", "sk": 1}') IS NULL;
SELECT * FROM pg_temp.errors('null', '"put"', '{"op": "put"}', '[1]', '[null]', '[[]]', '[{}]', '[{"op": null}]', '[{"op": 1}]', '[{"op": "get"}]', '[{"op": "Put"}]', '[{"op": "insert"}]',
	'[{"op": "put"}]', '[{"op": "create", "item": null}]', '[{"op": "update", "set": {"a": 1}}]', '[{"op": "check", "where": "a = b"}]', '[{"op": "check", "key": {"pk": "a", "sk": 1}}]',
	'[{"op": "put", "item": 1}]', '[{"op": "put", "item": []}]', '[{"op": "delete", "key": "a"}]', '[{"op": "put", "itme": {}}]', '[{"op": "put", "item": {}, "entity": "nobody"}]',
	'[{"op": "put", "item": {}, "key": {}}]', '[{"op": "delete", "key": {}, "set": {}}]', '[{"op": "check", "key": {}, "where": "a = b", "update": "SET a = b"}]', '[{"op": "put", "item": {}, "projection": "a"}]',
	'[{"op": "put", "item": {}, "table": 1}]', '[{"op": "put", "item": {}, "table": ""}]', '[{"op": "put", "item": {}, "values": []}]', '[{"op": "put", "item": {}, "names": 1}]', '[{"op": "delete", "key": {}, "where": {}}]');
-- keys
SELECT * FROM pg_temp.errors('[{"op": "put", "item": {}}]', '[{"op": "put", "item": {"pk": "a"}}]', '[{"op": "put", "item": {"pk": 1, "sk": 1}}]', '[{"op": "delete", "key": {"pk": "", "sk": 1}}]',
	'[{"op": "delete", "key": {"pk": "a", "sk": "1"}}]', '[{"op": "delete", "key": {"pk": "a", "sk": 1, "x": 1}}]', '[{"op": "put", "item": {"$ss": ["a"]}}]', '[{"op": "put", "item": {"pk": "a", "sk": 1, "x": {"$ns": ["a"]}}}]',
	'[{"op": "put", "table": "regress_gone", "item": {"pk": "a"}}]');
SELECT code, message FROM pg_temp.errors(jsonb_build_array(jsonb_build_object('op', 'delete', 'key', jsonb_build_object('pk', repeat('x', 2049), 'sk', 1)))::text);
-- two on one item
SELECT * FROM pg_temp.errors('[{"op": "put", "item": {"pk": "a", "sk": 1}}, {"op": "delete", "key": {"pk": "b", "sk": 1}}, {"op": "check", "key": {"sk": 1.0, "pk": "a"}, "where": "a = b"}]',
	'[{"op": "delete", "key": {"pk": "a", "sk": 10}}, {"op": "delete", "table": "regress_transact", "key": {"pk": "a", "sk": 1e1}}]');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"key": {"pk": "a", "sk": 1}}, {"key": {"pk": "a", "sk": 1}}]')$s$);
-- updates
SELECT * FROM pg_temp.errors('[{"op": "update", "key": {"pk": "a", "sk": 1}}]', '[{"op": "patch", "key": {"pk": "a", "sk": 1}, "set": {}, "remove": []}]', '[{"op": "upsert", "key": {"pk": "a", "sk": 1}, "set": {"a": 1}, "update": "SET b = c"}]',
	'[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"a = b, c": 1}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"": 1}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"a-b": 1}}]',
	'[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"a": 1, "a.b": 1}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"a": 1}, "remove": ["a"]}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "remove": [1]}]',
	'[{"op": "update", "key": {"pk": "a", "sk": 1}, "remove": ["a, b"]}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "remove": ["#x"]}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "add": {"a": "x"}}]',
	'[{"op": "update", "key": {"pk": "a", "sk": 1}, "subtract": {"a": {"$ns": [1]}}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "append": {"a": 1}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "delete": {"a": ["x"]}}]',
	'[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"a": {"$b": "x"}}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "update": "a = b"}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "update": ""}]');
SELECT code, message FROM pg_temp.errors(jsonb_build_array(jsonb_build_object('op', 'update', 'key', '{"pk": "a", "sk": 1}'::jsonb, 'set', (SELECT jsonb_object_agg('a' || i, i) FROM generate_series(1, 1000) AS i)))::text);
-- conditions; values of parts are out of their reach
SELECT * FROM pg_temp.errors('[{"op": "check", "key": {"pk": "a", "sk": 1}, "where": ""}]', '[{"op": "check", "key": {"pk": "a", "sk": 1}, "where": "a == b"}]', '[{"op": "create", "item": {"pk": "a", "sk": 1}, "where": "a = b) OR (a = b"}]',
	'[{"op": "create", "item": {"pk": "a", "sk": 1}, "where": "a = ''x''"}]', '[{"op": "delete", "key": {"pk": "a", "sk": 1}, "where": "a = :v"}]', '[{"op": "delete", "key": {"pk": "a", "sk": 1}, "values": {"v": 1}}]',
	'[{"op": "delete", "key": {"pk": "a", "sk": 1}, "names": {"n": "a"}}]', '[{"op": "update", "key": {"pk": "a", "sk": 1}, "set": {"a": 1}, "where": "b = :v0"}]', '[{"op": "delete", "key": {"pk": "a", "sk": 1}, "where": "a = :v", "values": {"v": {"$b": 1}}}]',
	'[{"op": "delete", "key": {"pk": "a", "sk": 1}, "response": "all_new"}]');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"key": {"pk": "a", "sk": 1}}, {"op": "put", "key": {"pk": "b", "sk": 1}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"key": {"pk": "a", "sk": 1}}, {"key": {"pk": "b", "sk": 1}, "projection": "a,"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"key": {"pk": "a", "sk": 1}, "where": "a = b"}, {}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"key": {"pk": "a", "sk": 1}}, {}]')$s$);
SELECT requests FROM ddb_last_response();
-- limits
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write((SELECT jsonb_agg('{"op": "delete"}'::jsonb) FROM generate_series(1, 101)))$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get((SELECT jsonb_agg(jsonb_build_object('key', jsonb_build_object('pk', 'a', 'sk', i))) FROM generate_series(1, 101) AS i))$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write(jsonb_build_array('{"op": "delete", "key": {"pk": "a", "sk": 1}}'::jsonb, jsonb_build_object('op', 'put', 'item', jsonb_build_object('pk', 'a', 'sk', 2, 'x', repeat('x', 409600)))))$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write((SELECT jsonb_agg(jsonb_build_object('op', 'put', 'item', jsonb_build_object('pk', 'big', 'sk', i, 'x', repeat('x', 400000)))) FROM generate_series(1, 11) AS i))$s$);
-- no table
RESET atomic_dynamodb."table";
SELECT * FROM ddb_transact_write('[{"op": "delete", "key": {"pk": "a", "sk": 1}}]');
SELECT * FROM ddb_transact_get('[{"table": "regress_transact", "key": {"pk": "a", "sk": 1}}, {"key": {"pk": "a", "sk": 1}}]');
-- hints, and which action it is where the message does not say
SELECT ddb_transact_write('[{"op": "create", "table": "regress_transact", "item": {"pk": "a", "sk": 1}, "where": "a = 1"}]');
SELECT ddb_transact_write('[{"op": "check", "table": "regress_transact", "key": {"pk": "a", "sk": 1}, "set": {}}]');
SELECT ddb_transact_write('[{"op": "updaet"}]');

-- reads only where nothing may be written
BEGIN READ ONLY;
SELECT r.item FROM ddb_transact_get('[{"table": "regress_transact", "key": {"pk": "a", "sk": 9}}]'), unnest(data) AS r;
SELECT ddb_transact_write('[]');
ROLLBACK;
SELECT ddb_delete_table('regress_transact'), ddb_delete_table('regress_transact_2');
