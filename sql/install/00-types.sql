\echo Use "CREATE EXTENSION atomic_dynamodb" to load this file. \quit

-- types

CREATE TYPE ddb_key AS (pk text, sk text);
COMMENT ON TYPE ddb_key IS 'key of a DynamoDB item';

CREATE TYPE ddb_item AS (pk text, sk text, data jsonb, version text, ttl timestamptz);
COMMENT ON TYPE ddb_item IS 'DynamoDB item in the layout of atomic-dynamodb; version is set on locks only';

CREATE TYPE ddb_lock AS (pk text, sk text, version text, ttl timestamptz);
COMMENT ON TYPE ddb_lock IS 'optimistic lock: the version that an atomic write is conditioned on, and when the lock expires';
