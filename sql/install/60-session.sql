-- what the session has cost

CREATE FUNCTION ddb_session_stats(OUT requests bigint, OUT retries bigint, OUT bytes_sent bigint, OUT bytes_received bigint)
AS 'MODULE_PATHNAME', 'addb_fn_session_stats'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_session_stats() IS 'requests that this session has sent to DynamoDB, retries among them, and bytes of request and reply bodies';
