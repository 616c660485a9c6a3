-- everything else

CREATE FUNCTION ddb_call(operation text, request jsonb DEFAULT '{}')
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_call'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_call(text, jsonb) IS 'any operation of DynamoDB with the JSON of its API, typed values included; what is not known to be a read counts as a write, which is never sent twice';
