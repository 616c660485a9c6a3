-- transactions; an action is a JSON object, and what became of each is a row

CREATE TYPE ddb_transact_item AS (item jsonb, rejected boolean, code text, message text);
COMMENT ON TYPE ddb_transact_item IS 'what became of one action of a DynamoDB transaction: code is None when it was not rejected; item is the one read, or stored when a condition was not met';

CREATE FUNCTION ddb_transact_write(actions jsonb, token text DEFAULT NULL, strict boolean DEFAULT false, OUT canceled boolean, OUT data ddb_transact_item[])
RETURNS record
AS 'MODULE_PATHNAME', 'addb_fn_transact_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_transact_write(jsonb, text, boolean) IS 'carries out up to 100 puts, updates, deletes and checks together or not at all; tells, or if strict raises, what was rejected; a token makes repeated calls one';

CREATE FUNCTION ddb_transact_get(gets jsonb, OUT canceled boolean, OUT data ddb_transact_item[])
RETURNS record
AS 'MODULE_PATHNAME', 'addb_fn_transact_get'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_transact_get(jsonb) IS 'reads up to 100 items of any tables as they are at one moment';
