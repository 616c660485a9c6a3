-- AttributeValue JSON

CREATE FUNCTION ddb_marshall(value jsonb)
RETURNS json
AS 'MODULE_PATHNAME', 'addb_fn_marshall'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ddb_marshall(jsonb) IS 'the AttributeValue JSON that DynamoDB has for a JSON value';

CREATE FUNCTION ddb_unmarshall(attribute_value json)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_unmarshall'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ddb_unmarshall(json) IS 'the JSON value of an AttributeValue in DynamoDB''s JSON';
