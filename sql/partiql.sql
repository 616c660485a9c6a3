-- statements of PartiQL that are carried out together or not at all
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_partiql', 'pk', 'sk N');
-- a row for each statement; a write answers nothing
SELECT * FROM ddb_execute_transaction($$["INSERT INTO regress_partiql VALUE {'pk': 'a', 'sk': 1, 'größe': 'ß'}",
	{"statement": "INSERT INTO \"regress_partiql\" VALUE {'pk': ?, 'sk': ?, 'v': ?}",
		"params": ["a", 2, {"map": [1.50, null, true, {"$b": "AAEC"}, {"$ss": ["x", "y"]}, "größe", 12345678901234567890123456789012345678]}]},
	{"statement": "INSERT INTO regress_partiql VALUE {'pk': 'b', 'sk': 1}", "params": null}]$$) WITH ORDINALITY;
SELECT requests, items_read, items_written FROM ddb_last_response();
SELECT * FROM ddb_execute_transaction($$["SELECT * FROM regress_partiql WHERE pk = 'a' AND sk = 2", "SELECT * FROM regress_partiql WHERE pk = 'none' AND sk = 1",
	{"statement": "/* c */ (select sk, pk FROM regress_partiql WHERE pk = ? AND sk = ?)", "params": ["b", 1]},
	{"statement": "SELECT \"größe\" FROM regress_partiql WHERE pk = 'a' AND sk = 1", "params": []}]$$) WITH ORDINALITY;
SELECT requests, items_read, items_written FROM ddb_last_response();
SELECT * FROM ddb_execute_transaction($$["UPDATE regress_partiql SET x = 1 WHERE pk = 'b' AND sk = 1", "EXISTS(SELECT * FROM regress_partiql WHERE pk = 'a' AND sk = 1 AND \"größe\" = 'ß')"]$$) WITH ORDINALITY;
SELECT requests, items_read, items_written FROM ddb_last_response();
SELECT (ddb_execute_transaction($$["SELECT * FROM regress_partiql WHERE pk = 'b' AND sk = 1"]$$)) -> 'x' AS x;

-- what fails changes nothing
SELECT * FROM pg_temp.error_of($s$SELECT ddb_execute_transaction($$["DELETE FROM regress_partiql WHERE pk = 'a' AND sk = 1", "EXISTS(SELECT * FROM regress_partiql WHERE pk = 'b' AND sk = 1 AND x = 2)"]$$)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_execute_transaction($$["INSERT INTO regress_partiql VALUE {'pk': 'a', 'sk': 1}", "UPDATE regress_partiql SET a = 1 WHERE pk = 'none' AND sk = 1"]$$)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_execute_transaction($$["SELECT * FROM regress_partiql WHERE pk = 'a' AND sk = 1", "DELETE FROM regress_partiql WHERE pk = 'a' AND sk = 2"]$$)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_execute_transaction($$["SELEC * FROM regress_partiql"]$$)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_execute_transaction($$["SELECT * FROM regress_gone WHERE pk = 'a' AND sk = 1"]$$)$s$);
SELECT * FROM pg_temp.error_of($s$SELECT ddb_execute_transaction($$["SELECT * FROM regress_partiql WHERE pk = ? AND sk = 1"]$$)$s$);
SELECT count(*) FROM ddb_execute_transaction($$["SELECT * FROM regress_partiql WHERE pk = 'a' AND sk = 1", "SELECT * FROM regress_partiql WHERE pk = 'a' AND sk = 2"]$$) AS item WHERE item IS NOT NULL;

-- a token makes a transaction the same when it is repeated
SELECT left(gen_random_uuid()::text, 20) AS token, 'ö' || gen_random_uuid() AS long \gset
\set insert '''["INSERT INTO regress_partiql VALUE {''''pk'''': ''''t'''', ''''sk'''': 1}"]'''
SELECT ddb_execute_transaction(:insert, :'token');
SELECT ddb_execute_transaction(:insert, token => :'token');
SELECT * FROM pg_temp.error_of(format('SELECT ddb_execute_transaction(%L)', :insert));
SELECT * FROM pg_temp.error_of(format('SELECT ddb_execute_transaction(%L, %L)', :insert, 'another ' || :'token'));
SELECT * FROM pg_temp.error_of(format($s$SELECT ddb_execute_transaction($$["DELETE FROM regress_partiql WHERE pk = 't' AND sk = 1"]$$, %L)$s$, :'token'));
-- one of more than 36 characters is a hash of it
\set update '''["UPDATE regress_partiql SET n = n + 1 WHERE pk = ''''t'''' AND sk = 2"]'''
SELECT ddb_execute_transaction('["INSERT INTO regress_partiql VALUE {''pk'': ''t'', ''sk'': 2, ''n'': 0}"]');
SELECT ddb_execute_transaction(:update, :'long');
SELECT ddb_execute_transaction(:update, :'long');
SELECT ddb_execute_transaction(:update, left(encode(sha256(convert_to(:'long', 'UTF8')), 'hex'), 36));
SELECT ddb_execute_transaction('["SELECT n FROM regress_partiql WHERE pk = ''t'' AND sk = 2"]');
SELECT ddb_execute_transaction(:update, :'long' || 'ö');
SELECT ddb_execute_transaction('["SELECT n FROM regress_partiql WHERE pk = ''t'' AND sk = 2"]', :'long' || 'öö');
SELECT * FROM pg_temp.error_of(format('SELECT ddb_execute_transaction(%L, %L)', :insert, ''));

-- each of these is an error
SELECT statements, e.* FROM unnest(ARRAY[NULL, 'null', '"SELECT"', '{"statement": "SELECT"}', '[]', '[1]', '[null]', '[["SELECT"]]', '[{}]', '[{"statement": 1}]', '[{"statement": null}]', '["SELECT", ""]',
	'[{"statement": ""}]', '[{"statement": "SELECT", "params": {}}]', '[{"statement": "SELECT", "params": "x"}]', '[{"statement": "SELECT", "parameters": []}]',
	'[{"statement": "SELECT"}, {"statement": "SELECT", "params": [1, {"$ns": ["x"]}]}]', '[{"params": []}]']) AS statements,
	pg_temp.error_of(format('SELECT ddb_execute_transaction(%L)', statements)) AS e;
SELECT * FROM pg_temp.error_of($$SELECT ddb_execute_transaction(to_jsonb(array_fill('SELECT'::text, ARRAY[101])))$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_execute_transaction(jsonb_build_array('SELECT', 'SELECT' || repeat(' ', 8187)))$$);
SELECT code FROM pg_temp.error_of($$SELECT ddb_execute_transaction(jsonb_build_array('SELECT' || repeat(' ', 8185) || 'ß'))$$);
-- which statement a value belongs to is in the context
\set SHOW_CONTEXT always
SELECT ddb_execute_transaction('["SELECT", {"statement": "SELECT", "params": [1, {"$b": "x"}]}]');
\set SHOW_CONTEXT errors

-- reads only where nothing may be written
BEGIN READ ONLY;
SELECT ddb_execute_transaction('["SELECT sk FROM regress_partiql WHERE pk = ''a'' AND sk = 1"]');
SELECT statements, e.* FROM unnest(ARRAY['["DELETE FROM regress_partiql WHERE pk = ''a'' AND sk = 1"]', '["SELECT * FROM regress_partiql WHERE pk = ''a'' AND sk = 1", "DELETE FROM regress_partiql WHERE pk = ''a'' AND sk = 2"]',
	'["EXISTS(SELECT * FROM regress_partiql WHERE pk = ''a'' AND sk = 1)"]', E'["-- SELECT\\nDELETE FROM regress_partiql WHERE pk = ''a'' AND sk = 1"]', '["SELECTED"]']) AS statements,
	pg_temp.error_of(format('SELECT ddb_execute_transaction(%L)', statements)) AS e;
ROLLBACK;
SELECT ddb_delete_table('regress_partiql');
