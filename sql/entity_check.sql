-- entities: what is checked here, before anything is sent
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_entity_check', 'pk', 'sk') IS NOT NULL AS created;
SELECT ddb_register_entity($$ {
	"model": {"entity": "agent", "version": "1", "service": "MI6"}, "table": "regress_entity_check",
	"attributes": {
		"id": "string", "designation": "string", "kills": {"type": "number", "field": "k"}, "email": "string",
		"tags": {"type": "set", "items": "string"}, "ranks": {"type": "set", "items": "number"}, "log": {"type": "list", "items": {"type": "map", "properties": {"n": {"type": "number", "field": "nn"}}}},
		"alive": "boolean", "free": "any", "level": ["low", "high"]},
	"indexes": {"operatives": {"pk": {"field": "pk", "composite": ["designation"]}, "sk": {"field": "sk", "composite": ["id"]}}}
} $$);
SELECT ddb_entity_put('agent', '{"id": "1", "designation": "00", "kills": 3, "email": "a@b", "tags": ["x"], "log": [{"n": 1}]}') IS NOT NULL AS put;

-- a create with a condition of its own: that the item is there must be known; an empty list is refused
\set absent '{"id": "none", "designation": "00"}'
\set there '{"id": "1", "designation": "00"}'
SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_create(%L, %L, %L, %L)', 'agent', :'absent', 'kills = :k', '{"k": 5}'));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_create(%L, %L, %L)', 'agent', :'there', '[]'));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_create(%L, %L)', 'agent', :'there'));
SELECT (e).code, (e).message FROM pg_temp.error_of(format('SELECT ddb_transact_write(jsonb_build_object(%L, %L, %L, %L, %L, %L::jsonb, %L, %L, %L, %L::jsonb), strict => true)',
	'op', 'create', 'entity', 'agent', 'item', :'absent', 'where', 'kills = :k', 'values', '{"k": 5}')) AS e;
SELECT (e).code, (e).message FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "create", "table": "regress_entity_check", "item": {"pk": "none", "sk": "none"}, "where": "k = :k", "values": {"k": 5}}', strict => true)$s$) AS e;
SELECT (e).code, (e).message FROM pg_temp.error_of(format('SELECT ddb_transact_write(jsonb_build_object(%L, %L, %L, %L, %L, %L::jsonb, %L, %L, %L, %L::jsonb, %L, %L), strict => true)',
	'op', 'create', 'entity', 'agent', 'item', :'there', 'where', 'kills = :k', 'values', '{"k": 5}', 'response', 'all_old')) AS e;

-- the values of a condition as text are checked and converted as those of one as data
CREATE FUNCTION pg_temp.condition(condition text, vals jsonb) RETURNS TABLE (code text, message text, expression text, vals_sent jsonb) LANGUAGE plpgsql AS $$
BEGIN
	SELECT request ->> 'ConditionExpression', request -> 'ExpressionAttributeValues' INTO expression, vals_sent
	FROM (SELECT ddb_params(jsonb_build_object('method', 'delete', 'entity', 'agent', 'key', '{"id": "1", "designation": "00"}'::jsonb,
		'where', condition, 'values', vals)) -> 'request' AS request) AS r;
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
	RETURN NEXT;
END
$$;
SELECT c.*, t.* FROM (VALUES
	('kills = :k', '{"k": 3}'::jsonb), ('kills = :k', '{"k": "3"}'), (':k < kills', '{"k": "3"}'), ('(:k) < (kills)', '{"k": 3}'), ('((kills)) = ((:k))', '{"k": true}'),
	('kills BETWEEN :a AND :b', '{"a": 1, "b": "2"}'), ('kills BETWEEN :a AND :b', '{"a": 1, "b": 2}'), (':a BETWEEN kills AND :b', '{"a": "1", "b": 2}'),
	('kills IN (:a, :b)', '{"a": 1, "b": "2"}'), ('kills IN (:a, :b, :a)', '{"a": 1, "b": 2}'), (':a IN (kills, email)', '{"a": "x"}'), (':a IN (email, kills)', '{"a": "x"}'),
	('tags = :t', '{"t": ["x", "y", "x"]}'), ('tags = :t', '{"t": [1]}'), ('tags = :t', '{"t": {"$ss": ["x"]}}'), ('tags = :t', '{"t": {"$ns": [1]}}'), ('tags = :t', '{"t": []}'),
	('contains(tags, :t)', '{"t": "x"}'), ('contains(tags, :t)', '{"t": ["x"]}'), ('contains(ranks, :t)', '{"t": "1"}'), ('contains(ranks, :t)', '{"t": 1}'), ('contains(email, :t)', '{"t": "@"}'), ('contains(log, :t)', '{"t": {"n": 1}}'),
	('begins_with(email, :e)', '{"e": "a"}'), ('email = :e', '{"e": 5}'), ('email = :e', '{"e": null}'), ('email = :e', '{"e": {"$s": "a"}}'),
	('size(tags) > :n', '{"n": 1}'), ('size(tags) > :n', '{"n": "1"}'), (':n < size(tags)', '{"n": "1"}'),
	('log[0].n = :n', '{"n": 1}'), ('log[0].n = :n', '{"n": "1"}'), ('log[0] = :n', '{"n": {"n": 1}}'), ('log[0] = :n', '{"n": 1}'), ('alive = :n', '{"n": 1}'), ('level = :n', '{"n": "low"}'),
	('free = :n', '{"n": [1]}'), ('free.a[1] = :n', '{"n": "x"}'),
	('kills = :k OR size(email) = :k OR free = :k', '{"k": 1}'), ('kills = :k AND email = :k', '{"k": "1"}'), ('kills = :k', '{"k": 1, "unused": 2}'), ('attribute_type(kills, :k)', '{"k": "N"}')
) AS t (condition, vals), pg_temp.condition(t.condition, t.vals) AS c;
SELECT ddb_entity_patch('agent', :'there', '{"update": "SET kills = kills + :n"}', 'kills = :k AND tags = :t', '{"n": 1, "k": 3, "t": ["x"]}', '{"response": "all_new"}') -> 'kills' AS kills;
SELECT * FROM pg_temp.error_of(format('SELECT ddb_entity_patch(%L, %L, %L, %L, %L)', 'agent', :'there', '{"set": {"kills": 1}}', 'kills = :k', '{"k": "3"}'));
SELECT count(*) FROM ddb_entity_query('agent', 'operatives', '{"designation": "00"}', condition => 'tags = :t', vals => '{"t": ["x"]}');

-- keys of writes are checked, those of reads are not
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('agent', '{"id": 7, "designation": "00"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_remove('agent', '{"id": true, "designation": "00"}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_update('agent', '{"id": 7, "designation": "00"}', '{}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_batch_delete('agent', '[{"id": 7, "designation": "00"}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "batchDelete", "entity": "agent", "keys": [{"id": 7, "designation": "00"}]}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "check", "entity": "agent", "key": {"id": 7, "designation": "00"}, "where": "kills = :k", "values": {"k": 1}}')$s$);
SELECT ddb_entity_get('agent', '{"id": 1, "designation": "00"}') ->> 'id' AS id;

-- what DynamoDB would refuse of a transaction with an entity has ElectroDB's number
\set check_ '{"op": "check", "entity": "agent", "key": {"id": "1", "designation": "00"}, "where": "kills = :k", "values": {"k": 1}}'
SELECT * FROM pg_temp.error_of(format('SELECT ddb_transact_write(%L)', (SELECT jsonb_agg(:'check_'::jsonb) FROM generate_series(1, 101))));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_transact_write(%L)', (SELECT jsonb_agg(:'check_'::jsonb) FROM generate_series(1, 2))));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_transact_write(%L, %L)', :'check_', ''));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_transact_write(%L)', :'check_'::jsonb - 'where' - 'values'));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_transact_write(%L)', :'check_'::jsonb - 'values' || '{"where": []}'));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_params(%L)', :'check_'::jsonb - 'where' - 'values'));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_params(%L)', :'check_'::jsonb - 'values' - 'op' || '{"where": [], "method": "check"}'));
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('[{"op": "delete", "table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}}, {"op": "delete", "table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}}]')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "delete", "table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}}', '')$s$);

-- one object is an array of one
SELECT canceled, data[1].code, cardinality(data) FROM ddb_transact_write('{"op": "put", "table": "regress_entity_check", "item": {"pk": "a", "sk": "b"}}');
SELECT canceled, data[1].item FROM ddb_transact_get('{"table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}}');
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('1')$s$);

-- a member that is null may have been meant
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "delete", "table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}, "where": null}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "update", "table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}, "set": {"x": null}, "add": null}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "delete", "entity": "agent", "key": {"id": "1", "designation": "00"}, "where": null}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_transact_write('{"op": "patch", "entity": "agent", "key": {"id": "1", "designation": "00"}, "set": null}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "delete", "entity": "agent", "key": {"id": "1", "designation": "00"}, "where": null}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_patch('agent', '{"id": "1", "designation": "00"}', '{"set": null}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_delete('agent', '{"id": "1", "designation": "00"}', '[null]')$s$);
SELECT data[1].code FROM ddb_transact_write('{"op": "update", "table": "regress_entity_check", "key": {"pk": "a", "sk": "b"}, "set": {"x": null}}');
SELECT ddb_get_item('regress_entity_check', '{"pk": "a", "sk": "b"}');

-- ddb_params shows the token that is sent
SELECT ddb_params(:'check_', 'short') -> 'request' -> 'ClientRequestToken' AS token, ddb_params(:'check_') -> 'request' ? 'ClientRequestToken' AS random;
SELECT ddb_params(jsonb_build_array(:'check_'::jsonb), repeat('x', 37)) -> 'request' ->> 'ClientRequestToken' = left(encode(sha256(repeat('x', 37)::bytea), 'hex'), 36) AS hashed;
SELECT ddb_params(jsonb_build_object('method', 'transactWrite', 'items', jsonb_build_array(:'check_'::jsonb - 'op' || '{"method": "check"}'), 'options', jsonb_build_object('token', repeat('x', 37))))
	-> 'request' ->> 'ClientRequestToken' = left(encode(sha256(repeat('x', 37)::bytea), 'hex'), 36) AS hashed;
SELECT ddb_params(jsonb_build_array(:'check_'::jsonb - 'op' || '{"method": "check"}'), 'mine') -> 'request' ->> 'ClientRequestToken' AS token;
SELECT * FROM pg_temp.error_of(format('SELECT ddb_params(%L, %L)', :'check_', ''));
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"entity": "agent", "key": {"id": "1", "designation": "00"}}', 'x')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_params('{"method": "get", "entity": "agent", "key": {"id": "1", "designation": "00"}}', 'x')$s$);

-- models
CREATE FUNCTION pg_temp.refused(head text, attributes text, more text DEFAULT '') RETURNS TABLE (code text, message text, detail text) LANGUAGE sql AS $$
	SELECT * FROM pg_temp.error_of(format('SELECT ddb_register_entity(%L::json)', format('{"model": {%s}, "attributes": {"id": "string"%s}, "indexes": {"i": {"pk": {"field": "pk", "composite": ["id"]}}}%s}', head, attributes, more)))
$$;
\set name '"entity": "e", "version": "1", "service": "s"'
SELECT * FROM pg_temp.refused(:'name', '', ', "filters": {"f": {}}');
SELECT * FROM pg_temp.refused(:'name', '', ', "filters": null');
SELECT * FROM pg_temp.refused('"entity": "", "version": "1", "service": "s"', '');
SELECT * FROM pg_temp.refused('"entity": "e", "version": "", "service": "s"', '');
SELECT * FROM pg_temp.refused('"entity": "e", "version": "1", "service": ""', '');
SELECT * FROM pg_temp.refused(:'name', ', "id": "number"');
SELECT * FROM pg_temp.refused(:'name', ', "m": {"type": "map", "properties": {"a": "string", "a": "number"}}');
SELECT * FROM pg_temp.refused(:'name', '', ', "indexes": {"i": {"pk": {"field": "pk", "composite": ["id"]}}, "i": {"pk": {"field": "pk", "composite": ["id"]}}}');
SELECT * FROM pg_temp.refused(:'name', ', "x": {"type": "string", "validate": {"regex": "(?<year>[0-9]+)", "flags": ""}}');
SELECT * FROM pg_temp.refused(:'name', ', "x": {"type": "string", "validate": {"regex": "a", "flags": "ix"}}');
SELECT * FROM pg_temp.refused(:'name', ', "x": {"type": "string", "validate": {"regex": "a", "flags": "ii"}}');
SELECT * FROM pg_temp.refused(:'name', ', "x": {"type": "string", "validate": {"regex": "^a$", "flags": "giu"}}', ', "filters": {}');
SELECT ddb_drop_entity('MI6.agent'), ddb_drop_entity('s.e');
SELECT ddb_delete_table('regress_entity_check') IS NOT NULL AS deleted;
