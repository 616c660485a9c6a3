-- what the session has cost

CREATE FUNCTION ddb_session_stats(OUT requests bigint, OUT retries bigint, OUT bytes_sent bigint, OUT bytes_received bigint, OUT items_read bigint, OUT items_scanned bigint, OUT items_written bigint, OUT read_units double precision, OUT write_units double precision)
AS 'MODULE_PATHNAME', 'addb_fn_session_stats'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_session_stats() IS 'what this session has cost: requests sent to DynamoDB, retries among them, bytes of their bodies, items, and consumed capacity units';

CREATE FUNCTION ddb_last_response(OUT requests bigint, OUT retries bigint, OUT bytes_sent bigint, OUT bytes_received bigint, OUT items_read bigint, OUT items_scanned bigint, OUT items_written bigint, OUT read_units double precision, OUT write_units double precision)
AS 'MODULE_PATHNAME', 'addb_fn_last_response'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_last_response() IS 'what the last statement that called DynamoDB has cost, in the columns of ddb_session_stats';
