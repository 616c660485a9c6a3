-- AttributeValue JSON, both ways
SELECT ddb_marshall('{"s": "text", "n": 1.50, "t": true, "f": false, "z": null, "l": [1, "a", []], "m": {}}');
SELECT ddb_unmarshall('{"M": {"s": {"S": "text"}, "n": {"N": "1.5"}, "t": {"BOOL": true}, "z": {"NULL": true}, "l": {"L": [{"N": "1"}, {"M": {}}]}}}');

-- scalars at the root
SELECT ddb_marshall(v::jsonb) FROM unnest(ARRAY['"x"', '1', 'true', 'null', '[]', '{}']) AS v;
SELECT ddb_unmarshall(v::json) FROM unnest(ARRAY['{"S":"x"}', '{"N":"-1"}', '{"BOOL":false}', '{"NULL":true}', '{"L":[]}', '{"M":{}}']) AS v;

-- what JSON lacks
SELECT ddb_marshall('[{"$ss": ["b", "a"]}, {"$ns": [1, 2.5]}, {"$bs": ["AAEC", ""]}, {"$b": "3q2+7w=="}]');
SELECT ddb_unmarshall('{"L": [{"SS": ["b", "a"]}, {"NS": ["1", "2.5"]}, {"BS": ["AAEC", ""]}, {"B": "3q2+7w=="}]}');

-- maps that look like it
SELECT ddb_unmarshall('{"M": {"$ss": {"L": []}}}');
SELECT ddb_unmarshall('{"M": {"$m": {"N": "1"}}}');
SELECT ddb_unmarshall('{"M": {"$ss": {"L": []}, "other": {"N": "1"}}}');
SELECT ddb_unmarshall('{"M": {"$other": {"N": "1"}}}');
SELECT ddb_marshall('{"$m": {"$ss": 1}}'), ddb_marshall('{"$m": {"$m": 1}}'), ddb_marshall('{"$ss": 1, "x": 2}'), ddb_marshall('{"$other": 1}');

-- text that jsonb cannot hold
SELECT ddb_unmarshall('{"S": "a\u0000b\\c"}');
SELECT ddb_unmarshall('{"S": "half a pair: \ud834"}');
SELECT ddb_unmarshall('{"SS": ["plain", "a\u0000b"]}');
SELECT ddb_unmarshall('{"M": {"a\u0000b": {"N": "1"}, "c": {"S": "d"}}}');
SELECT ddb_marshall('{"$s": "a\\u0000b\\\\c"}');
SELECT ddb_marshall('{"$ss": ["plain", {"$s": "\\ud834"}]}');
SELECT ddb_marshall('{"$m": [["c", "d"], [{"$s": "a\\u0000b"}, 1]]}');
SELECT ddb_unmarshall('{"S": "\ud834\udd1e"}') = '"\ud834\udd1e"' AS pair_joined;

-- there and back
SELECT v, ddb_marshall(ddb_unmarshall(v::json))::text = v AS same
FROM unnest(ARRAY[
	'{"S":""}',
	'{"S":"quote \" backslash \\ tab \t bell \u0007 slash /"}',
	'{"N":"12345678901234567890123456789012345678"}',
	'{"N":"-0.000000000000000000000000000000000000001"}',
	'{"SS":["a\u0000","\udc00"]}',
	'{"M":{"$b":{"B":"AA=="}}}',
	'{"M":{"$s":{"S":"\ud800"}}}',
	'{"M":{"\u0000":{"M":{"\ud800":{"NULL":true}}}}}'
]) AS v;

-- names that text cannot hold, at every level
SELECT length(ddb_unmarshall((repeat('{"M": {"a": ', 25) || '{"NULL": true}' || repeat(', "\u0000": {"S": "y"}}}', 25))::json)::text);
SELECT ddb_unmarshall('{"M": {"$s": {"N": "1"}, "$s": {"N": "2"}}}');

-- numbers keep all their digits; duplicates: the last wins, as in jsonb
SELECT ddb_unmarshall('{"N": "9.9999999999999999999999999999999999999e125"}');
SELECT ddb_unmarshall('{"N": "+.5"}'), ddb_unmarshall('{"N": "1."}'), ddb_unmarshall('{"N": "-0"}'), ddb_unmarshall('{"N": "1E+02"}');
SELECT ddb_unmarshall('{"M": {"a": {"N": "1"}, "b": {"N": "2"}, "a": {"N": "3"}}}');

-- short numbers are the very bytes that numeric_in makes of them
WITH digits AS (
	SELECT substr(pattern, 1, len) AS d
	FROM unnest(ARRAY[repeat('9', 22), '1' || repeat('0', 21), '1020304050607080901234', '0000000000000000000010', repeat('0', 22)]) AS pattern,
		generate_series(1, 22) AS len
), numbers AS (
	SELECT sign || left(d, point) || '.' || substr(d, point + 1) AS n FROM digits, generate_series(0, length(d)) AS point, unnest(ARRAY['', '-']) AS sign
	UNION SELECT sign || d FROM digits, unnest(ARRAY['', '-']) AS sign
)
SELECT count(*), count(*) FILTER (WHERE NOT ours *= theirs) AS differ
FROM numbers, LATERAL (SELECT ddb_unmarshall(format('{"N": "%s"}', n)::json) AS v) AS ours, LATERAL (SELECT to_jsonb(n::numeric) AS v) AS theirs;

-- many members: jsonb's own order, and offsets every 32 entries
SELECT ddb_unmarshall(('{"M": {' || string_agg(format('"k%s": {"L": [{"N": "%s"}, {"S": "%s"}]}', i, i, repeat('x', i)), ', ' ORDER BY i DESC) || '}}')::json)
	= jsonb_object_agg('k' || i, jsonb_build_array(i, repeat('x', i))) AS same
FROM generate_series(1, 100) AS i;
SELECT count(*), sum((v.value -> 0)::int), sum(length(v.value ->> 1))
FROM (SELECT ddb_unmarshall(('{"M": {' || string_agg(format('"k%s": {"L": [{"N": "%s"}, {"S": "%s"}]}', i, i, repeat('x', i)), ', ') || '}}')::json) AS j
	FROM generate_series(1, 100) AS i) AS s, jsonb_each(s.j) AS v;

-- objects that look alike but for the order or the number of a name
SELECT ddb_unmarshall(format('{"M": {%s}}', members)::json)
FROM unnest(ARRAY[
	'"bb": {"N": "1"}, "a": {"N": "2"}, "ccc": {"N": "3"}',
	'"bb": {"N": "1"}, "a": {"N": "2"}, "ccc": {"N": "3"}',
	'"ccc": {"N": "1"}, "bb": {"N": "2"}, "a": {"N": "3"}',
	'"a": {"N": "1"}, "bb": {"N": "2"}, "a": {"N": "3"}',
	'"bb": {"N": "1"}, "a": {"N": "2"}, "bb": {"N": "3"}',
	'"b": {"N": "1"}, "a": {"N": "2"}, "c": {"N": "3"}'
]) AS members;

-- bad input
SELECT ddb_marshall(NULL);
SELECT ddb_unmarshall(NULL);
SELECT ddb_marshall('{"$ss": "a"}');
SELECT ddb_marshall('{"$ns": [1, "2"]}');
SELECT ddb_marshall('{"$b": "not base64!"}');
SELECT ddb_marshall('{"$b": "AAA"}');
SELECT ddb_marshall('{"$s": "a\\x"}');
SELECT ddb_marshall('{"$s": "a\\u0041"}');
SELECT ddb_marshall('{"$m": 1}');
SELECT ddb_marshall('{"$m": [["a"]]}');
\set VERBOSITY terse
SELECT ddb_unmarshall(v::json) FROM (VALUES ('1')) AS t(v);
SELECT ddb_unmarshall('{}');
SELECT ddb_unmarshall('{"S": "a", "N": "1"}');
SELECT ddb_unmarshall('{"S": 1}');
SELECT ddb_unmarshall('{"N": 1}');
SELECT ddb_unmarshall('{"N": "NaN"}');
SELECT ddb_unmarshall('{"N": " 1"}');
SELECT ddb_unmarshall('{"N": "0x1F"}');
SELECT ddb_unmarshall('{"N": "1_000"}');
SELECT ddb_unmarshall('{"N": "1e"}');
SELECT ddb_unmarshall('{"X": "a"}');
SELECT ddb_unmarshall('{"NULL": false}');
SELECT ddb_unmarshall('{"L": {}}');
SELECT ddb_unmarshall('{"L": ["a"]}');

-- numbers of any length and scale as PostgreSQL writes them
SELECT count(*), count(*) FILTER (WHERE ddb_marshall(to_jsonb(n)) ->> 'N' IS DISTINCT FROM n::text) AS differ
FROM unnest('{0,1,-1,9,10,-10,42,999,1000,9999,10000,10001,-99999999,100000000,100010000,1234567890123,12345678901234567890123456789012345678}'::numeric[]) AS m,
	generate_series(-70, 130) AS e, generate_series(0, 70, 7) AS s,
	LATERAL (SELECT round(m * power(10::numeric, e), s) AS n) AS numbers;
