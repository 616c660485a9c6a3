-- entities: the document "Transact Write" of ElectroDB, in SQL
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_entity', 'pk', 'sk', global_indexes => '{"gsi1pk-gsi1sk-index": {"partition_key": "gsi1pk", "sort_key": "gsi1sk"}}');

-- registration
SELECT ddb_register_entity($$ {
	"model": {"entity": "agent", "version": "1", "service": "MI6"},
	"attributes": {
		"id": {"type": "string"}, "designation": {"type": "string"},
		"email": {"type": "string", "required": true},
		"firstName": {"type": "string"}, "lastName": {"type": "string"},
		"alive": {"type": "boolean", "required": true},
		"kills": {"type": "number", "default": 0}},
	"indexes": {"operatives": {"pk": {"field": "pk", "composite": ["designation"]}, "sk": {"field": "sk", "composite": ["id"]}}}
} $$, 'regress_entity');
SELECT ddb_register_entity($$ {
	"model": {"entity": "constraint", "version": "1", "service": "MI6"}, "table": "regress_entity",
	"attributes": {
		"name": {"type": "string", "required": true},
		"value": {"type": "string", "required": true},
		"entity": {"type": "string", "required": true}},
	"indexes": {
		"value": {"pk": {"field": "pk", "composite": ["value"]}, "sk": {"field": "sk", "composite": ["name", "entity"]}},
		"name": {"index": "gsi1pk-gsi1sk-index",
			"pk": {"field": "gsi1pk", "composite": ["name", "entity"]}, "sk": {"field": "gsi1sk", "composite": ["value"]}}}
} $$);
SELECT service, entity, version, table_name, model -> 'indexes' -> 'operatives' FROM ddb_entities ORDER BY 1, 2, 3;
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1", "service": "s"}, "attributes": {"x": {"type": "decimal"}}, "indexes": {}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{"model": {"entity": "a", "version": "1", "service": "s"}, "attributes": {"x": "string"}, "indexes": {"i": {"index": "g", "pk": {"field": "pk", "composite": ["x"]}}}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity(NULL)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_register_entity('{}', '')$s$);
SELECT * FROM pg_temp.error_of($s$INSERT INTO ddb_entity_models SELECT service, 'other', version, table_name, model FROM ddb_entity_models LIMIT 1$s$);

-- single operations
SELECT ddb_entity_create('agent', '{"id": "007", "designation": "00", "email": "jb@mi6.uk", "alive": true, "unknown": 1}');
SELECT ddb_get_item('regress_entity', '{"pk": "$mi6#designation_00", "sk": "$agent_1#id_007"}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_create('agent', '{"id": "007", "designation": "00", "email": "jb@mi6.uk", "alive": true}')$s$);
SELECT ddb_entity_create('agent', '{"id": "007", "designation": "00", "email": "x", "alive": true}', options => '{"returnOnConditionCheckFailure": "all_old"}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_create('agent', '{"id": "7"}')$s$);
SELECT ddb_entity_get('agent', '{"id": "007", "designation": "00"}');
SELECT ddb_entity_get('MI6.agent', '{"id": "007", "designation": "00"}', '{"attributes": ["kills"], "consistent": true}') ->> 'kills';
SELECT ddb_entity_get('agent@1', '{"id": "008", "designation": "00"}') IS NULL AS missing;
SELECT ddb_entity_patch('MI6.agent@1', '{"id": "007", "designation": "00"}', '{"add": {"kills": 2}, "set": {"firstName": "James"}, "remove": ["lastName"]}', 'kills < :max', '{"max": 3}', '{"response": "all_new"}');
SELECT ddb_entity_patch('agent', '{"id": "007", "designation": "00"}', '[{"add": {"kills": 2}}]', '{"op": "eq", "attr": "kills", "value": 2}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('agent', '{"id": "007", "designation": "00"}', '{"add": {"kills": 2}}', '[{"op": "exists", "attr": "email"}, {"op": "lt", "attr": "kills", "value": 4}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('agent', '{"id": "none", "designation": "00"}', '{"add": {"kills": 2}}', 'attribute_exists(email) OR attribute_not_exists(email)')$s$);
SELECT ddb_entity_update('agent', '{"id": "008", "designation": "00"}', '{"set": {"alive": false}}');
SELECT ddb_entity_upsert('agent', '{"id": "009", "designation": "00", "email": "b", "alive": true}', changes => '{"add": {"kills": 1}}');
SELECT ddb_entity_put('agent', '{"id": "009", "designation": "00", "email": "c", "alive": false}', 'kills = :k', '{":k": 1}', '{"response": "all_old"}');
SELECT ddb_entity_delete('agent', '{"id": "009", "designation": "00"}', options => '{"response": "all_old"}');
SELECT ddb_entity_delete('agent', '{"id": "009", "designation": "00"}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_remove('agent', '{"id": "009", "designation": "00"}')$s$);
SELECT ddb_entity_remove('agent', '{"id": "009", "designation": "00"}', options => '{"returnOnConditionCheckFailure": true}');
SELECT ddb_entity_remove('agent', '{"id": "008", "designation": "00"}', 'alive = :no', '{"no": false}');
SELECT requests, items_written, write_units > 0 AS cost FROM ddb_last_response();
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get('agent', '{"id": "009"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get('spy', '{"id": "009"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get('agent', '[]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get('agent', NULL)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get(NULL, '{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('agent', '{"id": "007", "designation": "00"}', '1')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('agent', '{"id": "007", "designation": "00"}', '{"set": {"kills": "many"}}')$s$);
BEGIN READ ONLY;
SELECT ddb_entity_put('agent', '{}');
ROLLBACK;

-- Example - Unique Constraint
CREATE FUNCTION pg_temp.create_new_agent(new_agent jsonb, OUT canceled boolean, OUT data ddb_transact_item[])
LANGUAGE sql AS $$
	SELECT * FROM ddb_transact_write(jsonb_build_array(
		jsonb_build_object('op', 'create', 'entity', 'agent', 'item', new_agent, 'response', 'all_old'),
		jsonb_build_object('op', 'create', 'entity', 'constraint',
			'item', jsonb_build_object('name', 'email', 'value', new_agent ->> 'email', 'entity', 'agent'))))
$$;
SELECT canceled, r.* FROM pg_temp.create_new_agent('{"id": "7", "designation": "00", "email": "james@mi6.uk", "alive": true}'), unnest(data) WITH ORDINALITY AS r;
SELECT canceled, r.* FROM pg_temp.create_new_agent('{"id": "8", "designation": "00", "email": "James@MI6.uk", "alive": true}'), unnest(data) WITH ORDINALITY AS r;
SELECT canceled, data[1].rejected, data[1].item, data[2].rejected FROM pg_temp.create_new_agent('{"id": "7", "designation": "00", "email": "other@mi6.uk", "alive": true}');
SELECT ddb_query_items('regress_entity', 'pk = :pk', '{"pk": "$mi6#designation_00"}', projection => 'id, email');
SELECT ddb_get_item('regress_entity', '{"pk": "$mi6#value_james@mi6.uk", "sk": "$constraint_1#name_email#entity_agent"}');

-- Example - Idempotent writes
CREATE FUNCTION pg_temp.increment_agent_kills(id text, designation text, kills int, token text) RETURNS boolean
LANGUAGE sql AS $$
	SELECT canceled FROM ddb_transact_write(jsonb_build_array(jsonb_build_object('op', 'patch', 'entity', 'agent',
		'key', jsonb_build_object('id', id, 'designation', designation), 'add', jsonb_build_object('kills', kills))), token)
$$;
SELECT 'daily-headcount-' || gen_random_uuid() AS token \gset
SELECT pg_temp.increment_agent_kills('7', '00', 2, :'token');
SELECT pg_temp.increment_agent_kills('7', '00', 2, :'token');
SELECT ddb_entity_get('agent', '{"id": "7", "designation": "00"}') -> 'kills' AS kills;

-- every mutation, mixed with actions on tables
SELECT canceled, r.code FROM ddb_transact_write($$[
	{"op": "put", "entity": "agent", "item": {"id": "1", "designation": "a", "email": "1", "alive": true}},
	{"op": "upsert", "entity": "agent@1", "item": {"id": "2", "designation": "a", "email": "2", "alive": true}, "add": {"kills": 3}},
	{"op": "update", "entity": "MI6.agent", "key": {"id": "3", "designation": "a"}, "set": {"alive": false, "firstName": "x"}, "ifNotExists": {"kills": 5}},
	{"op": "put", "table": "regress_entity", "item": {"pk": "$mi6#designation_a", "sk": "$agent_1#id_4"}},
	{"op": "check", "entity": "agent", "key": {"id": "7", "designation": "00"}, "where": "kills = :k", "values": {"k": 2}},
	{"op": "remove", "entity": "agent", "key": {"id": "007", "designation": "00"}, "where": [{"op": "eq", "attr": "alive", "value": true}, "kills > :n"], "values": {"n": 3}},
	{"op": "delete", "entity": "agent", "key": {"id": "none", "designation": "00"}, "table": "regress_entity"}]$$), unnest(data) AS r;
SELECT r.* FROM ddb_transact_get($$[
	{"entity": "agent", "key": {"id": "1", "designation": "a"}},
	{"entity": "agent", "key": {"id": "2", "designation": "a"}, "attributes": ["kills"]},
	{"table": "regress_entity", "key": {"pk": "$mi6#designation_a", "sk": "$agent_1#id_3"}},
	{"entity": "agent", "key": {"id": "4", "designation": "a"}},
	{"entity": "agent", "key": {"id": "5", "designation": "a"}}]$$), unnest(data) AS r;
SELECT canceled, r.* FROM ddb_transact_write($$[
	{"op": "create", "entity": "agent", "item": {"id": "4", "designation": "a", "email": "1", "alive": true}, "response": "all_old"},
	{"op": "check", "entity": "agent", "key": {"id": "3", "designation": "a"}, "where": "alive = :t OR kills = :k", "values": {"t": true, "k": 6}, "response": "ALL_OLD"}]$$), unnest(data) AS r;
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "create", "entity": "agent", "item": {"id": "1", "designation": "a", "email": "1", "alive": true}}]', strict => true)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "delete", "table": "regress_entity", "key": {"pk": "$mi6#designation_a", "sk": "$agent_1#id_1"}}, {"op": "patch", "entity": "agent", "key": {"id": "1", "designation": "a"}, "set": {"alive": true}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "put", "entity": "agent", "item": {"id": "1", "designation": "a", "email": "1"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "check", "entity": "agent", "key": {"id": "1", "designation": "a"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "put", "entity": "agent", "key": {"id": "1", "designation": "a"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "patch", "entity": "agent", "key": {"id": "1", "designation": "a"}, "where": 1}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "patch", "entity": "spy", "key": {"id": "1", "designation": "a"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "patch", "entity": "agent", "key": {"id": "1", "designation": "a"}, "response": "all_new"}]')$s$);


-- reads of many
SELECT ddb_entity_query('agent', 'operatives', '{"designation": "a"}');
SELECT id, kills FROM ddb_entity_query('agent', 'operatives', '{"designation": "a"}', '{"op": "gte", "value": {"id": "2"}}', 'kills > :k', '{"k": 3}', '{"order": "desc"}') AS q, jsonb_to_record(q) AS r(id text, kills int);
SELECT ddb_entity_query('constraint', 'name', '{"name": "email", "entity": "agent"}') ->> 'value' AS value;
SELECT array_length(p.data, 1), p.data[1] ->> 'id' AS id, p.cursor IS NOT NULL AS more, r.data[1] ->> 'id' AS next, convert_from(decode(translate(p.cursor, '-_', '+/') || repeat('=', -length(p.cursor) & 3), 'base64'), 'UTF8')::jsonb AS cursor
FROM ddb_entity_query_page('agent', 'operatives', '{"designation": "a"}', options => '{"limit": 1}') AS p,
	LATERAL ddb_entity_query_page('agent', 'operatives', '{"designation": "a"}', options => jsonb_build_object('cursor', p.cursor)) AS r;
SELECT array_length(data, 1), cursor FROM ddb_entity_query_page('agent', 'operatives', '{"designation": "a"}', options => '{"limit": 1, "pages": "all"}');
SELECT * FROM ddb_entity_query_page('agent', 'operatives', '{"designation": "none"}');
SELECT ddb_entity_query('agent', 'operatives', '{"designation": "a"}', options => '{"count": 1}') ->> 'id' AS id;
SELECT count(*), count(DISTINCT s ->> 'id') FROM ddb_entity_scan('agent') AS s;
SELECT count(*) FROM ddb_entity_scan('agent', condition => 'designation = :d', vals => '{"d": "00"}', segments => 4);
SELECT count(*) FROM ddb_entity_scan('constraint', 'name');
SELECT array_length(data, 1), cursor FROM ddb_entity_scan_page('agent', options => '{"pages": "all"}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('agent', 'nothing', '{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('agent', 'operatives', '{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('agent', 'operatives', '{"designation": "a"}', options => '{"pages": 2}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_query('agent', 'operatives', '{"designation": "a"}', options => '{"cursor": "&"}')$s$);
SET atomic_dynamodb.allow_scan = off;
SELECT ddb_entity_scan('agent');
SELECT ddb_entity_scan_page('agent');
RESET atomic_dynamodb.allow_scan;

-- batches
SELECT ddb_entity_batch_put('agent', (SELECT jsonb_agg(jsonb_build_object('id', n::text, 'designation', 'b', 'email', 'e', 'alive', true)) FROM generate_series(1, 60) AS n));
SELECT ddb_entity_batch_get('agent', '[{"id": "59", "designation": "b"}, {"id": "0", "designation": "b"}, {"id": "4", "designation": "a"}, {"id": "3", "designation": "b"}, {"id": "59", "designation": "b"}]', '{"attributes": ["id"], "consistent": true}');
SELECT ddb_entity_batch_delete('agent', (SELECT jsonb_agg(q) FROM ddb_entity_query('agent', 'operatives', '{"designation": "b"}') AS q));
SELECT count(*) FROM ddb_entity_query('agent', 'operatives', '{"designation": "b"}');
SELECT ddb_entity_batch_put('agent', '[]'), ddb_entity_batch_delete('agent', '[]');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_put('agent', '[{"id": "1", "designation": "b", "email": "e", "alive": true}, {"id": "1"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_delete('agent', '[{"id": "1", "designation": "b"}, 1]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_get('agent', '{}')$s$);
SELECT count(*) FROM ddb_entity_query('agent', 'operatives', '{"designation": "b"}');

-- a collection
SELECT ddb_register_entity(format($$ {
	"model": {"entity": %s, "version": "1", "service": %s}, "table": "regress_entity",
	"attributes": {"office": "string", "id": "string", %s: "number"},
	"indexes": {"by_office": {"collection": "staff", "pk": {"field": "pk", "composite": ["office"]}, "sk": {"field": "sk", "composite": ["id"]}}}
} $$, to_json(entity), to_json(service), to_json(attribute))::json)
FROM (VALUES ('employee', 'Firm', 'pay'), ('guest', 'firm', 'days')) AS v(entity, service, attribute);
SELECT ddb_entity_put('employee', '{"office": "x", "id": "1", "pay": 2}'), ddb_entity_put('guest', '{"office": "x", "id": "1", "days": 3}');
SELECT * FROM ddb_collection_query('FIRM', 'staff', '{"office": "x"}');
SELECT * FROM ddb_collection_query_page('firm', 'staff', '{"office": "x"}', condition => 'days > :d', vals => '{"d": 0}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_collection_query('firm', 'staffs', '{"office": "x"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_collection_query('farm', 'staff', '{"office": "x"}')$s$);

-- what would be sent
SELECT ddb_params('{"method": "get", "entity": "agent", "key": {"id": "7", "designation": "00"}, "options": {"consistent": true}}');
SELECT ddb_params('[{"op": "create", "entity": "agent", "item": {"id": "7", "designation": "00", "email": "ä", "alive": true}, "response": "all_old"}, {"op": "put", "table": "regress_entity", "item": {"pk": "a", "sk": "b"}}]');
SELECT ddb_params('{"method": "patch", "entity": "agent", "key": {"id": "7", "designation": "00"}, "chain": [{"add": {"kills": 2}}], "where": "kills < :m", "values": {"m": 9}}');
SELECT ddb_params('{"method": "query", "entity": "constraint", "index": "name", "key": {"name": "n", "entity": "e"}, "options": {"limit": 3, "order": "desc"}}');
SELECT ddb_params('{"method": "collection", "service": "firm", "collection": "staff", "key": {"office": "x"}}');
SELECT ddb_params('{"method": "transactWrite", "items": [{"method": "delete", "entity": "agent", "key": {"id": "7", "designation": "00"}}, {"method": "remove", "entity": "MI6.constraint", "key": {"name": "n", "entity": "e", "value": "v"}, "commit": {"response": "all_old"}}], "options": {"token": "t"}}');
SELECT ddb_params('{"method": "batchDelete", "entity": "agent", "keys": [{"id": "7", "designation": "00"}]}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('[]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "shake", "entity": "agent"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"entity": "agent"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "get", "key": {}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "collection", "collection": "staff"}')$s$);
SELECT requests FROM ddb_last_response();

SELECT ddb_drop_entity('constraint');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_drop_entity('constraint')$s$);
SELECT entity FROM ddb_entities;
SELECT ddb_delete_table('regress_entity');
