-- entities: the mistakes of users, and the numbers that ElectroDB 3.9.3 gives them
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_entity_error', 'pk', 'sk', global_indexes => '{"g-index": {"partition_key": "gpk", "sort_key": "gsk"}}') IS NOT NULL AS created;
SELECT ddb_register_entity($$ {
	"model": {"entity": "thing", "version": "1", "service": "shop"},
	"attributes": {
		"shelf": "string", "id": "string", "owner": {"type": "string", "readOnly": true}, "title": {"type": "string", "required": true, "field": "t"},
		"n": {"type": "number", "field": "nn"}, "tags": {"type": "set", "items": "string"}, "log": {"type": "list", "items": "string"},
		"size": {"type": "map", "properties": {"w": {"type": "number", "field": "width"}, "serial": {"type": "string", "readOnly": true}, "unit": {"type": "string", "required": true}}},
		"free": "any", "colour": "string", "shade": "string", "rank": "number"},
	"indexes": {
		"shelves": {"collection": "all", "pk": {"field": "pk", "composite": ["shelf"]}, "sk": {"field": "sk", "composite": ["id"]}},
		"colours": {"index": "g-index", "pk": {"field": "gpk", "composite": ["colour"]}, "sk": {"field": "gsk", "composite": ["shade", "rank"]}}}
} $$, 'regress_entity_error');

-- what an update must not touch: 3001 with the list of fields
CREATE FUNCTION pg_temp.refused(changes jsonb) RETURNS TABLE (code text, message text, detail text) LANGUAGE sql AS $$
	SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_update(''thing'', ''{"shelf": "a", "id": "1"}'', %L)', changes))
$$;
SELECT * FROM pg_temp.refused('{"set": {"id": "x"}}');
SELECT * FROM pg_temp.refused('{"set": {"owner": "x"}}');
SELECT * FROM pg_temp.refused('{"set": {"size.serial": "x"}}');
SELECT * FROM pg_temp.refused('{"add": {"id": 1}}');
SELECT * FROM pg_temp.refused('{"subtract": {"owner": 1}}');
SELECT * FROM pg_temp.refused('{"append": {"owner": ["x"]}}');
SELECT * FROM pg_temp.refused('{"delete": {"owner": ["x"]}}');
SELECT * FROM pg_temp.refused('{"ifNotExists": {"shelf": "x"}}');
SELECT * FROM pg_temp.refused('{"data": [{"op": "set", "attr": "id", "value": "x"}]}');
SELECT * FROM pg_temp.refused('{"remove": ["id"]}');
SELECT * FROM pg_temp.refused('{"remove": ["title"]}');
SELECT * FROM pg_temp.refused('{"remove": ["size.unit"]}');
SELECT * FROM pg_temp.refused('{"remove": ["nothing"]}');
SELECT * FROM pg_temp.refused('{"remove": ["size.nothing"]}');
SELECT * FROM pg_temp.refused('{"remove": ["log["]}');
SELECT * FROM pg_temp.refused('{"set": {"n": "many"}}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('thing', '{"shelf": "a", "id": "1"}', '{"set": {"id": "x"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_upsert('thing', '{"shelf": "a", "id": "1", "title": "x"}', changes => '{"add": {"id": "1"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_upsert('thing', '{"shelf": "a", "id": "1"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "update", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "set": {"owner": "x"}}]')$s$);

-- what ElectroDB throws without a number (a TypeError or a plain Error), or does
-- not see at all, has none here: an access pattern, a collection, an operator
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('thing', 'nothing', '{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_collection_query('shop', 'nothing', '{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('thing', 'shelves', '{"shelf": "a"}', '{"op": "near", "value": {"id": "1"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('thing', 'shelves', '{"shelf": "a"}', '{"op": "gt"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('thing', 'shelves', '{"shelf": "a"}', '{"gt": {"id": "1"}}')$s$);
SELECT * FROM pg_temp.refused('{"frob": {"n": 1}}');
SELECT * FROM pg_temp.refused('[1]');
SELECT * FROM pg_temp.refused('{"remove": "n"}');
SELECT * FROM pg_temp.refused('{"remove": [1]}');
SELECT * FROM pg_temp.refused('{"set": ["n"]}');
SELECT * FROM pg_temp.refused('{"data": [{"op": "set", "value": 1}]}');
SELECT * FROM pg_temp.refused('{"data": [{"op": "frob", "attr": "n"}]}');
SELECT * FROM pg_temp.refused('{"data": [{"op": "composite", "attr": "n"}]}');
SELECT * FROM pg_temp.refused('{"append": {"n": 1}}');
SELECT * FROM pg_temp.refused('{"set": {"size.nothing": 1}}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_upsert('thing', '{"shelf": "a", "id": "1", "title": "x"}', changes => '{"remove": ["n"]}')$s$);
-- a callback: JavaScript has them, so that there is no number
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1", "service": "s"}, "attributes": {"x": {"type": "string", "set": "() => 1"}}, "indexes": {"i": {"pk": {"field": "pk", "composite": ["x"]}}}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1", "service": "s"}, "attributes": {"x": "string"}, "indexes": {"i": {"condition": "() => true", "pk": {"field": "pk", "composite": ["x"]}}}}')$s$);

-- options: 1010 and 2005; which number a limit may be is left to DynamoDB
CREATE FUNCTION pg_temp.option(options jsonb) RETURNS TABLE (code text, message text, detail text) LANGUAGE sql AS $$
	SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_query_page(''thing'', ''shelves'', ''{"shelf": "a"}'', options => %L)', options))
$$;
SELECT o, e.* FROM unnest('{"{\"limit\": \"1\"}", "{\"count\": 0}", "{\"pages\": 0}", "{\"order\": \"up\"}", "{\"data\": \"raw\"}", "{\"consistent\": \"yes\"}", "{\"table\": 1}",
	"{\"attributes\": \"n\"}", "{\"attributes\": [1]}", "{\"cursor\": 1}", "{\"cursor\": \"&\"}", "{\"response\": \"all\"}", "{\"returnOnConditionCheckFailure\": \"x\"}", "{\"compare\": \"v2\"}", "{\"hydrate\": true}"}'::jsonb[]) AS o, pg_temp.option(o) AS e;
SELECT ddb_entity_query_page('thing', 'shelves', '{"shelf": "a"}', options => '{"limit": 1.0, "pages": "2"}');

-- what DynamoDB refuses is 4001, in front of its own words
SELECT ddb_entity_create('thing', '{"shelf": "a", "id": "1", "title": "x", "n": 1, "size": {"w": 1, "unit": "m"}}') ->> 'title' AS title;
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_create('thing', '{"shelf": "a", "id": "1", "title": "x"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('thing', '{"shelf": "a", "id": "9"}', '{"set": {"n": 1}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_remove('thing', '{"shelf": "a", "id": "9"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_update('thing', '{"shelf": "a", "id": "1"}', '{"set": {"n": 1}}', 'n > :n', '{"n": 5}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get('thing', '{"shelf": "a", "id": "1"}', '{"table": "regress_no_table"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('thing', 'colours', '{"colour": "red"}', options => '{"consistent": true}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query_page('thing', 'colours', '{"colour": "red"}', options => '{"consistent": true}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_scan('thing', options => '{"table": "regress_no_table"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_collection_query('shop', 'all', '{"shelf": "a"}', options => '{"table": "regress_no_table"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_get('thing', '[{"shelf": "a", "id": "1"}]', '{"table": "regress_no_table"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_put('thing', '[{"shelf": "a", "id": "1", "title": "x"}]', '{"table": "regress_no_table"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_delete('thing', '[{"shelf": "a", "id": "1"}]', '{"table": "regress_no_table"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "table": "regress_no_table"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"entity": "thing", "key": {"shelf": "a", "id": "1"}, "table": "regress_no_table"}]')$s$);
-- a cancelled transaction is none of ElectroDB's errors, and an item of a table is none of its items
SELECT code, message, detail::jsonb -> 0 ->> 'code' AS reason FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "create", "entity": "thing", "item": {"shelf": "a", "id": "1", "title": "x"}}]', strict => true)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_get_item('regress_no_table', '{"pk": "a", "sk": "b"}')$s$);

-- messages name the arguments of SQL, and in actions their members
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', 'nothing = :n', '{"n": 1}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', 'size.nothing = :n', '{"n": 1}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', 'n = ')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', 'n = :n')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', 'n = :n', '{"n": 1, "m": 2}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', '{"op": "eq", "attr": "nothing", "value": 1}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', '{"op": "eq", "attr": "n"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', '{"op": "like", "attr": "n"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('thing', '{"shelf": "a", "id": "1"}', '[1]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('thing', 'shelves', '{"shelf": "a"}', condition => 'nothing = :n', vals => '{"n": 1}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_scan('thing', condition => 'n = :n')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "where": "nothing = :n", "values": {"n": 1}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "where": "n = :n"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "update", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "remove": [1]}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "update", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "data": [{"op": "frob", "attr": "n"}]}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"attributes": {}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": "a"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1", "service": "s"}, "table": 1, "attributes": {}, "indexes": {}}')$s$);

-- an ambiguous name: the hint must not propose what was tried
SELECT ddb_register_entity((SELECT jsonb_set(model::jsonb, '{model,version}', '"2"') FROM ddb_entities WHERE entity = 'thing')::json, 'regress_entity_error');
SELECT ddb_entity_get('shop.thing', '{}');
SELECT ddb_entity_get('thing', '{}');
SELECT ddb_drop_entity('thing@2');

-- updates as text become operators: fields, sets, keys of indexes and all
CREATE FUNCTION pg_temp.request(action jsonb) RETURNS TABLE (member text, value jsonb) LANGUAGE sql AS $$
	SELECT e.* FROM jsonb_each(ddb_params('{"method": "update", "entity": "thing", "key": {"shelf": "a", "id": "1"}}' || action) -> 'request') AS e
	WHERE e.key <> 'Key' ORDER BY e.key
$$;
SELECT * FROM pg_temp.request('{"chain": [{"update": "SET n = :n, size = :s REMOVE free.x, log[2] ADD tags :t"}], "values": {"n": 1, "s": {"w": 2, "unit": "m"}, "t": {"$ss": ["x"]}}}');
SELECT * FROM pg_temp.request('{"chain": [{"update": "set n = n + :n, log = list_append(if_not_exists(log, :e), :l), free = if_not_exists(free, :n), title = shade"}], "values": {"n": 1, "e": [], "l": ["x"]}}');
SELECT * FROM pg_temp.request('{"chain": [{"update": "SET colour = :c, shade = :s, rank = :r"}], "where": "colour <> :c", "values": {":c": "red", "s": "dark", "r": 3}}');
SELECT (ddb_params('{"method": "update", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "chain": [{"update": "SET n = if_not_exists(n, :z) - :n"}], "values": {"z": 5, "n": 2}}') -> 'request') =
	(ddb_params('{"method": "update", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "chain": [{"data": [{"op": "subtract", "attr": "n", "value": 2, "default": 5}]}]}') -> 'request') AS same;
SELECT ddb_entity_patch('thing', '{"shelf": "a", "id": "1"}', '{"update": "SET n = n + :i, size.w = :w, colour = :c, shade = :s, rank = :i, \"log\" = :l, tags = :t", "remove": ["free"]}', 'n = :n', '{"i": 4, "w": 7, "c": "red", "s": "dark", "n": 1, "l": ["a"], "t": {"$ss": ["p", "q"]}}', '{"response": "all_new"}');
SELECT ddb_entity_update('thing', '{"shelf": "a", "id": "1"}', '[{"update": "SET rank = :r"}, {"composite": {"shade": "dark"}}]', vals => '{"r": 6}');
SELECT ddb_get_item('regress_entity_error', '{"pk": "$shop#shelf_a", "sk": "$all#thing_1#id_1"}');
SELECT canceled FROM ddb_transact_write('[{"op": "patch", "entity": "thing", "key": {"shelf": "a", "id": "1"}, "update": "SET log = list_append(log, :l), n = n - :i DELETE tags :t", "values": {"l": ["b"], "i": 1, "t": {"$ss": ["p"]}, "old": 5}, "where": "n = :old"}]');
SELECT ddb_entity_get('thing', '{"shelf": "a", "id": "1"}');
CREATE FUNCTION pg_temp.text(update text, vals jsonb) RETURNS TABLE (code text, message text, detail text) LANGUAGE sql AS $$
	SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_update(''thing'', ''{"shelf": "a", "id": "1"}'', %L, vals => %L)', jsonb_build_object('update', update), vals))
$$;
SELECT * FROM pg_temp.text('SET owner = :v', '{"v": "x"}');
SELECT * FROM pg_temp.text('SET id = :v', '{"v": "x"}');
SELECT * FROM pg_temp.text('REMOVE title', NULL);
SELECT * FROM pg_temp.text('SET size.serial = :v', '{"v": "x"}');
SELECT * FROM pg_temp.text('SET n = :v', '{"v": "x"}');
SELECT * FROM pg_temp.text('SET size = :v', '{"v": {"w": 1}}');
SELECT * FROM pg_temp.text('SET nothing = :v', '{"v": "x"}');
SELECT * FROM pg_temp.text('SET n = nothing', NULL);
SELECT * FROM pg_temp.text('SET size.nothing = :v', '{"v": "x"}');
SELECT * FROM pg_temp.text('SET colour = :v', '{"v": "red"}');
SELECT * FROM pg_temp.text('SET shade = :v', '{"v": "red"}');
SELECT * FROM pg_temp.text('SET rank = rank + :v', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = rank + :v', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = :v + n', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = n + rank', NULL);
SELECT * FROM pg_temp.text('SET n = (:v)', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = if_not_exists(rank, :v)', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = if_not_exists(n, rank)', NULL);
SELECT * FROM pg_temp.text('SET log = list_append(:v, log)', '{"v": ["x"]}');
SELECT * FROM pg_temp.text('ADD title :v', '{"v": 1}');
SELECT * FROM pg_temp.text('ADD tags :v', '{"v": ["x"]}');
SELECT * FROM pg_temp.text('SET free."a.b" = :v', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = :v', NULL);
SELECT * FROM pg_temp.text('SET n = :v', '{"v": 1, "w": 2}');
SELECT * FROM pg_temp.text('SET n :v', '{"v": 1}');
SELECT * FROM pg_temp.text('SET n = :v SET rank = :v', '{"v": 1}');
SELECT * FROM pg_temp.text('SET size = :v, size.w = :w', '{"v": {"unit": "m"}, "w": 1}');
SELECT * FROM pg_temp.text('', NULL);
SELECT * FROM pg_temp.refused('{"update": 1}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_upsert('thing', '{"shelf": "a", "id": "1", "title": "x"}', vals => '{"v": 1}', changes => '{"update": "SET n = :v"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "upsert", "entity": "thing", "item": {"shelf": "a", "id": "1", "title": "x"}, "update": "SET n = :v", "values": {"v": 1}}]')$s$);

-- ddb_params takes what the transaction functions take, and what ElectroDB's methods do
SELECT ddb_params('{"op": "put", "table": "regress_entity_error", "item": {"pk": "a", "sk": "b"}}');
SELECT ddb_params('{"op": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}}');
SELECT ddb_params('[{"op": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]') = ddb_params('[{"method": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]') AS same;
SELECT ddb_params('[{"entity": "thing", "key": {"shelf": "a", "id": "1"}}, {"op": "get", "table": "regress_entity_error", "key": {"pk": "a", "sk": "b"}, "projection": "n"}]');
SELECT ddb_params('[{"op": "get", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]') = ddb_params('[{"method": "get", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]') AS same;
SELECT ddb_params('{"entity": "thing", "key": {"shelf": "a", "id": "1"}}') ->> 'operation' AS operation;
SELECT data[1].item ->> 'n' AS n FROM ddb_transact_get('[{"op": "get", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_get('[{"op": "put", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "get", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('[]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('[1]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('1')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "transactWrite", "items": []}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "batchGet", "entity": "thing", "keys": []}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "put", "op": "put", "entity": "thing"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": 1}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "put", "entity": "thing", "item": {}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"op": "put", "entity": "thing", "attributes": {}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('[{"op": "put", "entity": "thing", "item": {}}, {"method": "put", "entity": "thing"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('[{"op": "get", "entity": "thing", "key": {}}, {"op": "put", "entity": "thing"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('[{"method": "get", "entity": "thing", "key": {"shelf": "a", "id": "1"}}, {"method": "delete", "entity": "thing", "key": {"shelf": "a", "id": "1"}}]')$s$);

SELECT ddb_drop_entity('thing');
SELECT ddb_delete_table('regress_entity_error') IS NOT NULL AS deleted;
