-- single items and lists of items

CREATE FUNCTION ddb_get(pk text, sk text, consistent boolean DEFAULT NULL, table_name text DEFAULT NULL)
RETURNS ddb_item
AS 'MODULE_PATHNAME', 'addb_fn_get'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_get(text, text, boolean, text) IS 'reads one item; NULL when there is none';

CREATE FUNCTION ddb_internal_get_many(keys ddb_key[], consistent boolean, table_name text)
RETURNS SETOF ddb_item
AS 'MODULE_PATHNAME', 'addb_fn_get_many'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION ddb_internal_get_many(ddb_key[], boolean, text) IS 'internal: what ddb_get_many is inlined to';

CREATE FUNCTION ddb_internal_get_many(keys jsonb, consistent boolean, table_name text)
RETURNS SETOF ddb_item
AS 'MODULE_PATHNAME', 'addb_fn_get_many_json'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION ddb_internal_get_many(jsonb, boolean, text) IS 'internal: what ddb_get_many is inlined to';

-- The planner inlines a set-returning function in FROM when it is SQL, STABLE,
-- not STRICT, not SECURITY DEFINER and without SET. Only then does a LIMIT stop
-- it: a C function in FROM is run to its end first. Hence the qualified names.

CREATE FUNCTION ddb_get_many(keys ddb_key[], consistent boolean DEFAULT NULL, table_name text DEFAULT NULL)
RETURNS SETOF ddb_item
AS $$
	SELECT (r).pk, (r).sk, (r).data, (r).version, (r).ttl
	FROM (SELECT @extschema@.ddb_internal_get_many($1, $2, $3) AS r) AS s
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_get_many(ddb_key[], boolean, text) IS 'reads the items of any number of keys, in the order of the keys; keys without an item are left out';

CREATE FUNCTION ddb_get_many(keys jsonb, consistent boolean DEFAULT NULL, table_name text DEFAULT NULL)
RETURNS SETOF ddb_item
AS $$
	SELECT (r).pk, (r).sk, (r).data, (r).version, (r).ttl
	FROM (SELECT @extschema@.ddb_internal_get_many($1, $2, $3) AS r) AS s
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_get_many(jsonb, boolean, text) IS 'reads the items of a JSON array of keys ({"pk", "sk"}), in the order of the keys; keys without an item are left out';

CREATE FUNCTION ddb_set(pk text, sk text, data jsonb, ttl timestamptz DEFAULT NULL, table_name text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_set'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_set(text, text, jsonb, timestamptz, text) IS 'writes one item, replacing what is there';

CREATE FUNCTION ddb_set(items jsonb, table_name text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_set_many'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_set(jsonb, text) IS 'writes a JSON array of items ({"pk", "sk", "data" [, "ttl"]}) in batches and returns their number; not atomic';

CREATE FUNCTION ddb_delete(pk text, sk text, table_name text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_delete'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete(text, text, text) IS 'deletes one item, if it is there';

CREATE FUNCTION ddb_delete(keys jsonb, table_name text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_delete_many'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_delete(jsonb, text) IS 'deletes the items of a JSON array of keys ({"pk", "sk"}) in batches and returns the number of keys; not atomic';
