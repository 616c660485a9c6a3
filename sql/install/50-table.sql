-- tables

CREATE FUNCTION ddb_create_table(table_name text)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_create_table'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_create_table(text) IS 'creates a DynamoDB table in the layout of atomic-dynamodb and waits until it can be used';

CREATE FUNCTION ddb_delete_table(table_name text)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_delete_table'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete_table(text) IS 'deletes a DynamoDB table with all its items and waits until it is gone';
