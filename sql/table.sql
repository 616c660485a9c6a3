-- tables are created in the layout of atomic-dynamodb, and deleted
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT ddb_create_table('regress_table');
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('regress_table')$$);
SELECT ddb_set('a', 'b', '{"n": 1}', table_name => 'regress_table');
SELECT * FROM ddb_get('a', 'b', table_name => 'regress_table');
SELECT ddb_delete_table('regress_table');
SELECT * FROM pg_temp.error_of($$SELECT ddb_get('a', 'b', table_name => 'regress_table')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_delete_table('regress_table')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('no')$$);
SELECT * FROM pg_temp.error_of($$SELECT ddb_create_table('no such name')$$);
