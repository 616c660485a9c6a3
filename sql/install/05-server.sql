-- servers and user mappings

CREATE FUNCTION ddb_internal_server_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_server_validator'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_server_validator(text[], oid) IS 'internal: checks the options of servers and user mappings';

CREATE FOREIGN DATA WRAPPER atomic_dynamodb NO HANDLER VALIDATOR ddb_internal_server_validator;
COMMENT ON FOREIGN DATA WRAPPER atomic_dynamodb IS 'endpoints of DynamoDB and credentials for them, chosen by the setting atomic_dynamodb.server';
