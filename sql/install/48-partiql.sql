-- PartiQL

CREATE FUNCTION ddb_execute_transaction(statements jsonb, token text DEFAULT NULL)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_execute_transaction'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION ddb_execute_transaction(jsonb, text) IS 'carries out statements of PartiQL, all reads or all writes, together or not at all; a row for each statement: the item read, or NULL';
