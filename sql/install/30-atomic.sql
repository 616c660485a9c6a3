-- locks and atomic writes

CREATE FUNCTION ddb_get_lock(pk text, sk text, table_name text DEFAULT NULL)
RETURNS ddb_lock
AS 'MODULE_PATHNAME', 'addb_fn_get_lock'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_get_lock(text, text, text) IS 'gets a lock for atomic writes, creating it when there is none and renewing it when it is about to expire';

CREATE FUNCTION ddb_set_atomic(pk text, sk text, data jsonb, lock ddb_lock, ttl timestamptz DEFAULT NULL, table_name text DEFAULT NULL)
RETURNS ddb_lock
AS 'MODULE_PATHNAME', 'addb_fn_set_atomic'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_set_atomic(text, text, jsonb, ddb_lock, timestamptz, text) IS 'writes one item if nobody else has written with the lock since it was read, else raises RaceCondition (40001); returns the lock for the next write';

CREATE FUNCTION ddb_set_atomic(items jsonb, lock ddb_lock, table_name text DEFAULT NULL)
RETURNS ddb_lock
AS 'MODULE_PATHNAME', 'addb_fn_set_atomic_many'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_set_atomic(jsonb, ddb_lock, text) IS 'writes 1 to 99 items ({"pk", "sk", "data" [, "ttl"]}) together, if nobody else has written with the lock since it was read, else raises RaceCondition (40001); returns the lock for the next write';

CREATE FUNCTION ddb_delete_atomic(pk text, sk text, lock ddb_lock, table_name text DEFAULT NULL)
RETURNS ddb_lock
AS 'MODULE_PATHNAME', 'addb_fn_delete_atomic'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete_atomic(text, text, ddb_lock, text) IS 'deletes one item if nobody else has written with the lock since it was read, else raises RaceCondition (40001); returns the lock for the next write';

CREATE FUNCTION ddb_delete_atomic(keys jsonb, lock ddb_lock, table_name text DEFAULT NULL)
RETURNS ddb_lock
AS 'MODULE_PATHNAME', 'addb_fn_delete_atomic_many'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete_atomic(jsonb, ddb_lock, text) IS 'deletes 1 to 99 items ({"pk", "sk"}) together, if nobody else has written with the lock since it was read, else raises RaceCondition (40001); returns the lock for the next write';
