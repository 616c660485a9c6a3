\echo Use "CREATE EXTENSION atomic_dynamodb" to load this file. \quit

-- types

CREATE TYPE ddb_key AS (pk text, sk text);
COMMENT ON TYPE ddb_key IS 'key of a DynamoDB item';

CREATE TYPE ddb_item AS (pk text, sk text, data jsonb, version text, ttl timestamptz);
COMMENT ON TYPE ddb_item IS 'DynamoDB item in the layout of atomic-dynamodb; version is set on locks only';

CREATE TYPE ddb_lock AS (pk text, sk text, version text, ttl timestamptz);
COMMENT ON TYPE ddb_lock IS 'optimistic lock: the version that an atomic write is conditioned on, and when the lock expires';

-- The planner asks it about the functions below that are written in SQL: so the
-- library is loaded before a query runs that has them, not while it does.

CREATE FUNCTION ddb_internal_load(internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'addb_fn_load'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ddb_internal_load(internal) IS 'internal: planner support function, which loads the library';
