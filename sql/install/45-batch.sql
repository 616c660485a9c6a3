-- batches on any table

CREATE FUNCTION ddb_internal_batch_get(table_name text, keys jsonb, projection text, consistent boolean, names jsonb)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_batch_get'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION ddb_internal_batch_get(text, jsonb, text, boolean, jsonb) IS 'internal: what ddb_batch_get is inlined to';

CREATE FUNCTION ddb_batch_get(table_name text, keys jsonb, projection text DEFAULT NULL, consistent boolean DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_batch_get($1, $2, $3, $4, $5)
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_batch_get(text, jsonb, text, boolean, jsonb) IS 'reads the items of a JSON array of keys, in the order of the keys; keys without an item are left out';

CREATE FUNCTION ddb_batch_write(table_name text, requests jsonb)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_batch_write'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_batch_write(text, jsonb) IS 'makes a JSON array of writes ({"put": item} or {"delete": key}) in batches, as if in order, and returns their number; not atomic';

-- Aggregates that write their rows. Their functions take the type internal, so
-- that nobody can call them from SQL.

CREATE FUNCTION ddb_internal_put_step(state internal, table_name text, item jsonb)
RETURNS internal
AS 'MODULE_PATHNAME', 'addb_fn_put_step'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_put_step(internal, text, jsonb) IS 'internal: transition function of ddb_put_agg';

CREATE FUNCTION ddb_internal_delete_step(state internal, table_name text, key jsonb)
RETURNS internal
AS 'MODULE_PATHNAME', 'addb_fn_delete_step'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_delete_step(internal, text, jsonb) IS 'internal: transition function of ddb_delete_agg';

CREATE FUNCTION ddb_internal_set_step(state internal, pk text, sk text, data jsonb)
RETURNS internal
AS 'MODULE_PATHNAME', 'addb_fn_set_step'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_set_step(internal, text, text, jsonb) IS 'internal: transition function of ddb_set_agg';

CREATE FUNCTION ddb_internal_set_step(state internal, pk text, sk text, data jsonb, ttl timestamptz, table_name text)
RETURNS internal
AS 'MODULE_PATHNAME', 'addb_fn_set_step'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_set_step(internal, text, text, jsonb, timestamptz, text) IS 'internal: transition function of ddb_set_agg';

CREATE FUNCTION ddb_internal_write_end(state internal)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_write_end'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_write_end(internal) IS 'internal: final function of the aggregates that write';

CREATE AGGREGATE ddb_put_agg(table_name text, item jsonb) (
	SFUNC = ddb_internal_put_step,
	STYPE = internal,
	SSPACE = 16,
	FINALFUNC = ddb_internal_write_end,
	PARALLEL = UNSAFE
);
COMMENT ON AGGREGATE ddb_put_agg(text, jsonb) IS 'puts every row''s item, in batches, and returns their number; not atomic';

CREATE AGGREGATE ddb_delete_agg(table_name text, key jsonb) (
	SFUNC = ddb_internal_delete_step,
	STYPE = internal,
	SSPACE = 16,
	FINALFUNC = ddb_internal_write_end,
	PARALLEL = UNSAFE
);
COMMENT ON AGGREGATE ddb_delete_agg(text, jsonb) IS 'deletes the item of every row''s key, in batches, and returns the number of keys; not atomic';

CREATE AGGREGATE ddb_set_agg(pk text, sk text, data jsonb) (
	SFUNC = ddb_internal_set_step,
	STYPE = internal,
	SSPACE = 16,
	FINALFUNC = ddb_internal_write_end,
	PARALLEL = UNSAFE
);
COMMENT ON AGGREGATE ddb_set_agg(text, text, jsonb) IS 'writes every row as an item in the layout of atomic-dynamodb, in batches, and returns their number; not atomic';

CREATE AGGREGATE ddb_set_agg(pk text, sk text, data jsonb, ttl timestamptz, table_name text) (
	SFUNC = ddb_internal_set_step,
	STYPE = internal,
	SSPACE = 16,
	FINALFUNC = ddb_internal_write_end,
	PARALLEL = UNSAFE
);
COMMENT ON AGGREGATE ddb_set_agg(text, text, jsonb, timestamptz, text) IS 'writes every row as an item in the layout of atomic-dynamodb, in batches, and returns their number; not atomic';
