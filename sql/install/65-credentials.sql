-- where credentials come from

CREATE FUNCTION ddb_credentials(OUT source text, OUT chosen boolean, OUT access_key_id text, OUT role_arn text, OUT expires_at timestamptz, OUT reason text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'addb_fn_credentials'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_credentials() IS 'asks all sources of AWS credentials in their order and tells which are chosen, the end of their access key ID, and why the others are not, or why there is no endpoint to send requests to; never calls DynamoDB';
