-- PartiQL
-- ddb_execute is inlined like ddb_query; what it is inlined to may write

CREATE FUNCTION ddb_internal_execute(statement text, params jsonb, consistent boolean, page_size integer)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_execute'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1000;
COMMENT ON FUNCTION ddb_internal_execute(text, jsonb, boolean, integer) IS 'internal: what ddb_execute is inlined to';

CREATE FUNCTION ddb_execute(statement text, params jsonb DEFAULT NULL, consistent boolean DEFAULT NULL, page_size integer DEFAULT NULL)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_execute($1, $2, $3, $4)
$$
LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_execute(text, jsonb, boolean, integer) IS 'carries out a statement of PartiQL and streams what it returns, page by page; params are the values of its question marks';

CREATE FUNCTION ddb_execute_transaction(statements jsonb, token text DEFAULT NULL)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_execute_transaction'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION ddb_execute_transaction(jsonb, text) IS 'carries out statements of PartiQL, all reads or all writes, together or not at all; a row for each statement: the item read, or NULL';
