-- tables

CREATE FUNCTION ddb_create_table(table_name text)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_create_table'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_create_table(text) IS 'creates a DynamoDB table in the layout of atomic-dynamodb and waits until it can be used';

CREATE FUNCTION ddb_create_table(table_name text, partition_key text, sort_key text DEFAULT NULL, global_indexes jsonb DEFAULT NULL, local_indexes jsonb DEFAULT NULL, read_units bigint DEFAULT NULL, write_units bigint DEFAULT NULL, ttl text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_create_any_table'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_create_table(text, text, text, jsonb, jsonb, bigint, bigint, text) IS 'creates a DynamoDB table with keys (''name'', or ''name N'' with a type), indexes, units and time to live, and waits until it can be used';

CREATE FUNCTION ddb_delete_table(table_name text)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_delete_table'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete_table(text) IS 'deletes a DynamoDB table with all its items and waits until it is gone';

CREATE FUNCTION ddb_describe_table(table_name text DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_describe_table'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_describe_table(text) IS 'what DynamoDB tells of a table: keys, indexes, status, number and size of items';

CREATE FUNCTION ddb_list_tables()
RETURNS SETOF text
AS 'MODULE_PATHNAME', 'addb_fn_list_tables'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_list_tables() IS 'the names of all DynamoDB tables of the account in the region, in the order of DynamoDB';

CREATE FUNCTION ddb_update_ttl(table_name text, attribute text, enabled boolean DEFAULT true)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_update_ttl'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_update_ttl(text, text, boolean) IS 'lets DynamoDB delete items of a table some time after the epoch seconds in an attribute, or no longer';
