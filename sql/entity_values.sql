-- entities: values that text cannot hold, sets in both notations, keys that are
-- attributes, expressions of "validate", and messages
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
\set ECHO none
-- What a statement raises, with its HINT and CONTEXT.
CREATE FUNCTION pg_temp.told(statement text, OUT code text, OUT message text, OUT hint text, OUT context text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	message := 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	context := regexp_replace(context, '\n?(SQL statement|SQL function|PL/pgSQL function).*', '');
END
$$;
\set ECHO all
SELECT ddb_create_table('regress_entity_values', 'pk', 'sk', global_indexes => '{"g-index": {"partition_key": "gpk"}}') IS NOT NULL AS created;
SELECT ddb_register_entity($$ {
	"model": {"entity": "note", "version": "1", "service": "desk"},
	"attributes": {
		"pile": "string", "id": "string", "title": {"type": "string", "field": "t"}, "mood": ["calm", "angry"], "colour": ["red", "blue"],
		"n": "number", "m": "number", "flag": "boolean", "tags": {"type": "set", "items": "string"}, "sizes": {"type": "set", "items": "number"},
		"log": {"type": "list", "items": "string"}, "nums": {"type": "list", "items": "number"}, "size": {"type": "map", "properties": {"w": "number"}},
		"code": {"type": "string", "validate": {"regex": "^[^x]{3}$", "flags": ""}}, "words": {"type": "set", "items": "string", "validate": {"regex": "^a,b$", "flags": ""}},
		"free": "any", "gpk": "string"},
	"indexes": {
		"piles": {"pk": {"field": "pk", "composite": ["pile"]}, "sk": {"field": "sk", "composite": ["id"]}},
		"groups": {"index": "g-index", "pk": {"field": "gpk", "template": "pre#${gpk}!", "casing": "none"}}}}
$$, 'regress_entity_values');

-- strings with U+0000 or half a surrogate pair are written as they are read
\set odd '{"pile": {"$s": "P\\\\u0000"}, "id": {"$s": "B\\\\ud800x"}, "title": {"$s": "a\\\\u0000\\\\\\\\\\"b"}, "tags": ["x", {"$s": "y\\\\u0000"}, {"$s": "y\\\\u0000"}, {"$s": "x"}], "log": [{"$s": "\\\\udc00"}], "code": {"$s": "\\\\u0000\\\\ud800é"}, "gpk": {"$s": "G\\\\u0000"}, "mood": {"$s": "calm"}}'
\set key '{"pile": {"$s": "P\\\\u0000"}, "id": {"$s": "B\\\\ud800x"}}'
SELECT ddb_entity_create('note', :'odd');
SELECT ddb_entity_get('note', :'key') = ddb_entity_put('note', ddb_entity_get('note', :'key')) AS same;
SELECT ddb_entity_get('note', :'key');
SELECT ddb_params(jsonb_build_object('method', 'put', 'entity', 'note', 'attributes', :'odd'::jsonb)) -> 'request' -> 'Item';
SELECT ddb_get_item('regress_entity_values', '{"pk": {"$s": "$desk#pile_p\\u0000"}, "sk": {"$s": "$note_1#id_b\\ud800x"}}', 'pk, sk, gpk');
SELECT ddb_entity_patch('note', :'key', '{"set": {"title": {"$s": "c\\u0000"}}, "add": {"tags": {"$s": "z\\u0000"}}}', '{"op": "begins", "attr": "title", "value": {"$s": "a\\u0000"}}');
SELECT ddb_entity_patch('note', :'key', '{"update": "SET title = :t, log = list_append(log, :l) DELETE tags :g"}', 'title = :o AND contains(tags, :z) AND id = :i',
	'{"t": {"$s": "d\\u0000"}, "l": [{"$s": "\\u0000"}], "g": {"$ss": [{"$s": "z\\u0000"}]}, "o": {"$s": "c\\u0000"}, "z": {"$s": "z\\u0000"}, "i": {"$s": "B\\ud800x"}}', '{"response": "all_new"}');
SELECT ddb_entity_upsert('note', :'key'::jsonb || '{"title": {"$s": "e\\u0000"}}', options => '{"response": "updated_new"}') -> 'title' AS title;
SELECT q ->> 'title' AS title FROM ddb_entity_query('note', 'piles', '{"pile": {"$s": "P\\u0000"}}', '{"op": "begins", "value": {"id": {"$s": "B\\ud800"}}}') AS q;
SELECT q ->> 'title' AS title FROM ddb_entity_query('note', 'groups', '{"gpk": {"$s": "G\\u0000"}}') AS q;
SELECT canceled, data[1].code FROM ddb_transact_write(jsonb_build_object('op', 'patch', 'entity', 'note', 'key', :'key'::jsonb, 'set', '{"title": {"$s": "f\\u0000"}}'::jsonb, 'where', 'title = :t', 'values', '{"t": {"$s": "e\\u0000"}}'::jsonb));
SELECT data[1].item -> 'title' AS title FROM ddb_transact_get(jsonb_build_object('entity', 'note', 'key', :'key'::jsonb));
SELECT ddb_entity_batch_put('note', jsonb_build_array(:'key'::jsonb, '{"pile": {"$s": "P\\u0000"}, "id": "c"}'::jsonb, '{"pile": {"$s": "P\\u0000"}, "id": {"$s": "d\\u0000"}}'::jsonb));
SELECT b -> 'id' AS id FROM ddb_entity_batch_get('note', jsonb_build_array(:'key'::jsonb, '{"pile": {"$s": "P\\u0000"}, "id": "c"}'::jsonb)) AS b;
SELECT ddb_entity_get('note', '{"pile": {"$s": "P\\ud83d\\ude00"}, "id": "x"}') IS NULL AS "a pair is one character";
SELECT ddb_params('{"method": "get", "entity": "note", "key": {"pile": {"$s": "Ä\\u0000ÖX\\ud800ÜX"}, "id": "ÄX"}}') -> 'request' -> 'Key' AS "cased as by JavaScript";
-- cursors behind such keys
SELECT q.data[1] -> 'id' AS id, convert_from(decode(translate(rpad(q.cursor, (length(q.cursor) + 3) / 4 * 4, '='), '-_', '+/'), 'base64'), 'UTF8') AS cursor, r.data[1] -> 'id' AS next, s.data[1] -> 'id' AS last, s.cursor AS "end"
FROM ddb_entity_query_page('note', 'piles', '{"pile": {"$s": "P\\u0000"}}', options => '{"limit": 1}') AS q,
	ddb_entity_query_page('note', 'piles', '{"pile": {"$s": "P\\u0000"}}', options => jsonb_build_object('limit', 1, 'cursor', q.cursor)) AS r,
	ddb_entity_query_page('note', 'piles', '{"pile": {"$s": "P\\u0000"}}', options => jsonb_build_object('count', 2, 'cursor', r.cursor)) AS s;
SELECT r.data[1] -> 'id' AS next FROM ddb_entity_query_page('note', 'piles', '{"pile": {"$s": "P\\u0000"}}', options => '{"count": 1}') AS q,
	ddb_entity_query_page('note', 'piles', '{"pile": {"$s": "P\\u0000"}}', options => jsonb_build_object('count', 1, 'cursor', q.cursor)) AS r;
SELECT sum(cardinality(data)) AS items FROM ddb_entity_scan_page('note', options => '{"pages": "all"}');
SELECT ddb_entity_batch_delete('note', jsonb_build_array(:'key'::jsonb, '{"pile": {"$s": "P\\u0000"}, "id": "c"}'::jsonb, '{"pile": {"$s": "P\\u0000"}, "id": {"$s": "d\\u0000"}}'::jsonb));
-- and none that is malformed, or where there is no string
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "title": {"$s": "\\x"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "title": {"$s": 1}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "n": {"$s": "1"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "code": {"$s": "\\u0000x"}}')$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_get('note', '{"pile": "a", "id": {"$s": "\\x"}}')$s$);

-- sets: an array or the item layer's form, wherever a set's value is given
SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "tags": {"$ss": ["x", "y", "x"]}, "sizes": {"$ns": [1, 2.0, 2]}, "words": {"$ss": ["a", "b"]}, "n": 1, "m": 2, "title": "q", "gpk": "T", "log": ["l"], "nums": [1], "flag": true}') AS put;
\set one '{"pile": "a", "id": "1"}'
SELECT ddb_entity_update('note', :'one', '{"update": "ADD tags :v"}', 'tags = :t', '{"v": ["z"], "t": ["y", "x"]}', '{"response": "all_new"}') -> 'tags' AS tags;
SELECT ddb_entity_update('note', :'one', '{"update": "DELETE tags :v"}', 'tags = :t', '{"v": ["z", "z"], "t": {"$ss": ["y", "x", "z"]}}', '{"response": "all_new"}') -> 'tags' AS tags;
SELECT ddb_entity_update('note', :'one', '{"update": "ADD sizes :v"}', '{"op": "eq", "attr": "tags", "value": {"$ss": ["y", "x"]}}', '{"v": [3]}', '{"response": "all_new"}') -> 'sizes' AS sizes;
SELECT ddb_entity_update('note', :'one', '{"add": {"tags": {"$ss": ["w"]}}, "delete": {"sizes": {"$ns": [3]}}}', options => '{"response": "updated_new"}');
SELECT ddb_entity_update('note', :'one', '{"set": {"tags": {"$ss": ["w"]}}}', '{"op": "contains", "attr": "tags", "value": "w"}', options => '{"response": "updated_new"}');
SELECT ddb_entity_update('note', :'one', '{"update": "SET tags = :v"}', vals => '{"v": ["v"]}', options => '{"response": "updated_new"}');
SELECT ddb_entity_update('note', :'one', '{"update": "SET free = :v"}', vals => '{"v": {"$ss": ["v"]}}', options => '{"response": "updated_new"}') -> 'free' AS free;
SELECT ddb_entity_update('note', :'one', '{"data": [{"op": "add", "attr": "free", "value": {"$ss": ["u"]}}]}', options => '{"response": "updated_new"}') -> 'free' AS free;
SELECT canceled FROM ddb_transact_write('{"op": "update", "entity": "note", "key": {"pile": "a", "id": "1"}, "update": "ADD tags :v", "values": {"v": ["s"]}}');
SELECT s, e.* FROM unnest('{"{\"$ss\": []}", "[]", "{\"$ns\": [1]}", "{\"$ss\": [\"a\", 1]}", "{\"$ss\": \"a\"}", "{\"$bs\": [\"AAEC\"]}"}'::jsonb[]) AS s,
	pg_temp.error_of(format('SELECT ddb_entity_update(''note'', ''{"pile": "a", "id": "1"}'', ''{"update": "ADD tags :v"}'', vals => %L)', jsonb_build_object('v', s))) AS e;
SELECT * FROM pg_temp.error_of($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "words": {"$ss": ["b", "a"]}}')$s$);

-- an attribute that is a key by a template: values are compared as ElectroDB sends them
SELECT where_, ddb_params(jsonb_build_object('method', 'scan', 'entity', 'note', 'where', where_, 'values', CASE WHEN jsonb_typeof(where_) = 'string' THEN '{"x": "T"}'::jsonb ELSE '{}' END)) -> 'request' -> 'ExpressionAttributeValues' @> '{":v2": {"S": "pre#T!"}}' AS whole
FROM unnest(ARRAY['"begins_with(gpk, :x)"', '"contains(gpk, :x)"', '"gpk = :x"', '"gpk > :x"', '{"op": "begins", "attr": "gpk", "value": "T"}', '{"op": "contains", "attr": "gpk", "value": "T"}', '{"op": "notContains", "attr": "gpk", "value": "T"}']::jsonb[]) AS where_;
SELECT ddb_params('{"method": "scan", "entity": "note", "where": {"op": "type", "attr": "gpk", "value": "S"}}') -> 'request' -> 'ExpressionAttributeValues' AS type;
SELECT count(*) FROM ddb_entity_scan('note', condition => 'begins_with(gpk, :x)', vals => '{"x": "T"}');

-- an empty list of conditions is none that was meant
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_patch('note', '{"pile": "a", "id": "1"}', '{"set": {"n": 5}}', '[]')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_scan('note', condition => '{"op": "and", "args": []}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_transact_write('[{"op": "patch", "entity": "note", "key": {"pile": "a", "id": "1"}, "set": {"n": 5}, "where": []}]')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_params('{"method": "delete", "entity": "note", "key": {"pile": "a", "id": "1"}, "where": []}')$s$);
-- white space before JSON
SELECT count(*) FROM ddb_entity_scan('note', condition => E'\n\t {"op": "eq", "attr": "n", "value": 1}');
SELECT count(*) FROM ddb_entity_scan('note', condition => E'\r\n ["n = :n", {"op": "exists", "attr": "m"}]', vals => '{"n": 1}');

-- no names of attributes are all
SELECT ddb_entity_get('note', :'one', '{"attributes": []}') = ddb_entity_get('note', :'one') AS same;
SELECT q = ddb_entity_get('note', :'one') AS same FROM ddb_entity_query('note', 'piles', '{"pile": "a"}', options => '{"attributes": []}') AS q;
SELECT data[1].item = ddb_entity_get('note', :'one') AS same FROM ddb_transact_get('{"entity": "note", "key": {"pile": "a", "id": "1"}, "attributes": []}');

-- a text gives an attribute the value of another one of its type only
SELECT u, e.* FROM unnest('{SET n = title,SET flag = n,SET mood = n,SET tags = sizes,SET log = nums,SET nums[0] = title,SET size.w = flag,SET size = tags,SET n = m,SET title = mood,SET mood = colour,SET nums[0] = n,SET log[0] = log[1],SET free = n,SET n = free,SET n = free.x}'::text[]) AS u,
	pg_temp.error_of(format('SELECT ddb_params(%L)', jsonb_build_object('method', 'update', 'entity', 'note', 'key', :'one'::jsonb, 'chain', jsonb_build_array(jsonb_build_object('update', u))))) AS e;
SELECT ddb_params('{"method": "update", "entity": "note", "key": {"pile": "a", "id": "1"}, "chain": [{"data": [{"op": "set", "attr": "n", "ref": "title"}]}]}') -> 'operation' AS "data goes as in ElectroDB";

-- expressions as JavaScript reads them: "matches" is node's answer
CREATE FUNCTION pg_temp.passes(regex text, flags text, subject text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM ddb_register_entity(json_build_object('model', '{"entity": "r", "version": "1", "service": "s"}'::json,
		'attributes', json_build_object('x', json_build_object('type', 'string', 'validate', json_build_object('regex', regex, 'flags', flags))),
		'indexes', '{"i": {"pk": {"field": "pk", "composite": ["x"]}}}'::json), 'regress_entity_values');
	PERFORM ddb_params(jsonb_build_object('method', 'put', 'entity', 'r', 'attributes', jsonb_build_object('x', subject)));
	RETURN true;
EXCEPTION WHEN check_violation THEN
	RETURN false;
WHEN feature_not_supported THEN
	RETURN SQLERRM;
END $$;
SELECT regex, flags, matches, pg_temp.passes(regex, flags, subject) = matches::text AS right FROM (VALUES
	('\bfoo\b', '', 'a foo b', true), ('\bfoo\b', '', 'afoo', false), ('\Bfoo', '', 'afoo', true), ('\Bfoo', '', 'foo', false), ('^[\b]$', '', E'\b', true), ('^[\B]$', '', 'B', true),
	('^\s$', '', U&'\00a0', true), ('^[\s,]$', '', U&'\feff', true), ('^\S$', '', U&'\00a0', false), ('^[^\s]$', '', U&'\2003', false),
	('^a.b$', '', E'a\nb', false), ('^a.b$', '', E'a\rb', false), ('^a.b$', 's', E'a\nb', true), ('^a[^b]$', '', E'a\n', true), ('^\D$', '', E'\n', true),
	('^\x41B$', '', 'AB', true), ('^\u0041$', '', 'A', true), ('^\ud83d\ude00$', '', U&'\+01f600', true), ('^\u{1f600}$', 'u', U&'\+01f600', true), ('^u{2}$', '', 'uu', true), ('^\u{2}$', '', 'uu', true),
	('^\A\y\m\Z\e\a$', '', 'AymZea', true), ('^\-\/\_\.$', '', '-/_.', true), ('^[[]$', '', '[', true), ('^[a[b]$', '', '[', true), ('^[\w-x]$', '', '-', true), ('^a[^]b$', '', E'a\nb', true), ('^a[]b$', '', 'ab', false),
	('a', 'y', 'ba', false), ('a', 'y', 'ab', true), ('^(a|b)\1$', '', 'aa', true), ('^é$', '', 'é', true), ('^\é$', '', 'é', true), ('(?:a)(?=b)(?!c)(?<=a)(?<!x)b', '', 'ab', true), ('^a$', 'm', E'b\na', true), ('A', 'i', 'a', true),
	('^(?<=(^))(a)$', '', 'a', true), ('^(a)(?=b)b\1$', '', 'aba', true), ('^(?=(a))[(\1]$', '', '(', false), ('^(?=(?:a))(a)\1$', '', 'aa', true), ('^(?:(?=a)(a))\1$', '', 'aa', true)
) AS c (regex, flags, subject, matches);
SELECT regex, flags, e.* FROM (VALUES ('***=a', ''), ('(?i)a', ''), ('a(?#b)', ''), ('[[:alpha:]]', ''), ('[[.a.]]', ''), ('[a[=b=]]', ''), ('(?<n>a)', ''), ('\k<n>', ''), ('\p{L}', 'u'), ('\ud800', ''), ('[\ud83d\ude00]', ''), ('\y', 'u'), ('[a--b]', 'v'), ('a**', ''),
	('^(?=(a))ab\1$', ''), ('(a)(?<!(?:(b)))c\1', ''), ('\1(?!(?=x)(a))', '')) AS c (regex, flags),
	pg_temp.error_of(format('SELECT ddb_register_entity(%L)', json_build_object('model', '{"entity": "r", "version": "1", "service": "s"}'::json,
		'attributes', json_build_object('x', json_build_object('type', 'string', 'validate', json_build_object('regex', regex, 'flags', flags))), 'indexes', '{"i": {"pk": {"field": "pk", "composite": ["x"]}}}'::json))) AS e;

-- a time-out ends the matching, and is told as one
SELECT pg_temp.passes('^(a*)(a*)(a*)(a*)x\1\2\3\4y$', '', 'xy');
SET statement_timeout = '100ms';
SELECT ddb_params(jsonb_build_object('method', 'put', 'entity', 'r', 'attributes', jsonb_build_object('x', repeat('a', 300) || 'x' || repeat('a', 301) || 'y')));
RESET statement_timeout;

-- half a surrogate pair that padding leaves, as electrodb sends it
SELECT ddb_register_entity('{"model": {"entity": "r", "version": "1", "service": "s"}, "attributes": {"x": {"type": "string", "padding": {"length": 4, "char": "😀"}}},
	"indexes": {"i": {"pk": {"field": "pk", "composite": ["x"]}}}}', 'regress_entity_values');
SELECT x, ddb_params(jsonb_build_object('method', 'get', 'entity', 'r', 'key', jsonb_build_object('x', x))) -> 'request' -> 'Key' AS key FROM unnest('{x,xy,xyz}'::text[]) AS x;

-- messages
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_scan('note', condition => '#s = :a', vals => '{"a": "open"}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_update('note', '{"pile": "a", "id": "1"}', '{"update": "SET #s = :a"}', vals => '{"a": "open"}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_get('note', '{"pile": "a", "id": "1"}', '{"attributes": ["titl"]}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_get('note', '{"pile": "a", "id": "1"}', '{"attributes": ["nothing-like-it"]}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1"}', options => '{"response": "all_new"}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_put('note', '{"pile": "a", "id": "1", "mood": "merry"}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_scan('note', condition => '{"op": "and", "args": [{"op": "exists", "attr": "n"}, "n > :k"]}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_scan('note', condition => '{"op": "not", "arg": "n > :k"}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_get('note', '{"pile": "a", "id": null}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_scan('note', condition => 'title = :t', vals => '{"t": null}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_params('{"method": "query", "entity": "note", "key": {"pile": "a"}}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_patch('note', '{"pile": "a", "id": "1"}', '{"set": {"n": 2}}', 'n = :n', '{"n": 7}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_create('note', '{"pile": "a", "id": "1"}')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_transact_write('[{"op": "put", "entity": "note", "item": {"pile": "a", "id": "1", "n": "x"}}]')$s$);
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_batch_put('note', '[{"pile": "a", "id": "1"}, {"pile": "a", "id": "2", "n": "x"}]')$s$);

-- members of conditions that nobody would look at
SELECT c, t.code, t.message, t.hint FROM unnest('{"{\"op\": \"eq\", \"attr\": \"n\", \"valu\": 3}", "{\"op\": \"eq\", \"attr\": \"n\", \"value\": 3, \"ref\": \"m\"}", "{\"op\": \"exists\", \"attr\": \"n\", \"value\": 3}", "{\"op\": \"between\", \"attr\": \"n\", \"form\": 1, \"to\": 2}",
	"{\"op\": \"not\", \"args\": [{\"op\": \"exists\", \"attr\": \"n\"}]}", "{\"op\": \"like\", \"attr\": \"n\", \"pattern\": 1}", "{\"op\": \"compare\", \"cmp\": \"=\", \"left\": {\"name\": \"n\", \"of\": 1}, \"right\": {\"escape\": 1}}"}'::jsonb[]) AS c,
	pg_temp.told(format('SELECT ddb_entity_scan(''note'', condition => %L)', c)) AS t;
-- no table
SELECT ddb_register_entity('{"model": {"entity": "homeless", "version": "1", "service": "desk"}, "attributes": {"x": "string"}, "indexes": {"i": {"pk": {"field": "pk", "composite": ["x"]}}}}');
SET atomic_dynamodb."table" = '';
SELECT * FROM pg_temp.told($s$SELECT ddb_entity_get('homeless', '{"x": "a"}')$s$);

SELECT ddb_drop_entity('desk.note'), ddb_drop_entity('desk.homeless'), ddb_drop_entity('s.r');
SELECT ddb_delete_table('regress_entity_values') IS NOT NULL AS deleted;
