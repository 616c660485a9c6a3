-- privileges

CREATE FUNCTION ddb_internal_functions(OUT function regprocedure, OUT level text)
RETURNS SETOF record
AS $$
	SELECT p.oid::regprocedure, l.level
	FROM (VALUES
		('ddb_batch_get', 'read'),
		('ddb_batch_write', 'write'),
		('ddb_call', 'admin'),
		('ddb_collection_query', 'read'),
		('ddb_collection_query_page', 'read'),
		('ddb_count', 'read'),
		('ddb_create_table', 'admin'),
		('ddb_credentials', 'admin'),
		('ddb_delete', 'write'),
		('ddb_delete_agg', 'write'),
		('ddb_delete_atomic', 'write'),
		('ddb_delete_item', 'write'),
		('ddb_delete_table', 'admin'),
		('ddb_describe_table', 'read'),
		('ddb_drop_entity', 'admin'),
		('ddb_entity_batch_delete', 'write'),
		('ddb_entity_batch_get', 'read'),
		('ddb_entity_batch_put', 'write'),
		('ddb_entity_create', 'write'),
		('ddb_entity_delete', 'write'),
		('ddb_entity_get', 'read'),
		('ddb_entity_patch', 'write'),
		('ddb_entity_put', 'write'),
		('ddb_entity_query', 'read'),
		('ddb_entity_query_page', 'read'),
		('ddb_entity_remove', 'write'),
		('ddb_entity_scan', 'read'),
		('ddb_entity_scan_page', 'read'),
		('ddb_entity_update', 'write'),
		('ddb_entity_upsert', 'write'),
		('ddb_execute', 'write'),
		('ddb_execute_transaction', 'write'),
		('ddb_get', 'read'),
		('ddb_get_item', 'read'),
		('ddb_get_lock', 'write'),
		('ddb_get_many', 'read'),
		('ddb_grant', 'owner'),
		('ddb_internal_batch_get', 'read'),
		('ddb_internal_collection_query', 'read'),
		('ddb_internal_delete_step', 'owner'),
		('ddb_internal_entity_batch_get', 'read'),
		('ddb_internal_entity_changed', 'owner'),
		('ddb_internal_entity_joins', 'owner'),
		('ddb_internal_entity_name', 'owner'),
		('ddb_internal_entity_query', 'read'),
		('ddb_internal_entity_read', 'owner'),
		('ddb_internal_entity_scan', 'read'),
		('ddb_internal_execute', 'write'),
		('ddb_internal_functions', 'owner'),
		('ddb_internal_get_many', 'read'),
		('ddb_internal_load', 'owner'),
		('ddb_internal_put_step', 'owner'),
		('ddb_internal_query', 'read'),
		('ddb_internal_query_items', 'read'),
		('ddb_internal_scan', 'read'),
		('ddb_internal_server_validator', 'owner'),
		('ddb_internal_set_step', 'owner'),
		('ddb_internal_stat', 'read'),
		('ddb_internal_write_end', 'owner'),
		('ddb_last_response', 'read'),
		('ddb_list_tables', 'read'),
		('ddb_marshall', 'read'),
		('ddb_params', 'read'),
		('ddb_put_agg', 'write'),
		('ddb_put_item', 'write'),
		('ddb_query', 'read'),
		('ddb_query_items', 'read'),
		('ddb_query_page', 'read'),
		('ddb_register_entity', 'admin'),
		('ddb_revoke', 'owner'),
		('ddb_scan', 'read'),
		('ddb_scan_page', 'read'),
		('ddb_session_stats', 'read'),
		('ddb_set', 'write'),
		('ddb_set_agg', 'write'),
		('ddb_set_atomic', 'write'),
		('ddb_stat_info', 'read'),
		('ddb_stat_reset', 'admin'),
		('ddb_transact_get', 'read'),
		('ddb_transact_write', 'write'),
		('ddb_unmarshall', 'read'),
		('ddb_update_item', 'write'),
		('ddb_update_ttl', 'admin')
	) AS l(name, level)
	JOIN pg_catalog.pg_proc AS p ON p.proname = l.name
	JOIN pg_catalog.pg_depend AS d
		ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_catalog.pg_extension AS e
		ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
	WHERE e.extname = 'atomic_dynamodb'
$$
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ddb_internal_functions() IS 'internal: the level of ddb_grant that each function belongs to; owner means none';

CREATE FUNCTION ddb_grant(role regrole, level text)
RETURNS void
AS $$
DECLARE
	levels constant text[] := '{read,write,admin}';
	f regprocedure;
BEGIN
	IF role IS NULL OR level IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE =
			format('argument "%s" must not be null', CASE WHEN role IS NULL THEN 'role' ELSE 'level' END);
	END IF;
	IF level <> ALL (levels) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('unknown level "%s" in argument "level"', level),
			HINT = 'The levels are read, write and admin.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid = role) THEN
		RAISE undefined_object USING MESSAGE = format('role with OID %s does not exist', role::oid);
	END IF;
	EXECUTE format('GRANT USAGE ON SCHEMA %s TO %s', '@extschema@', role);
	EXECUTE format('GRANT SELECT ON %s, %s, %s TO %s', '@extschema@.ddb_entities', '@extschema@.ddb_entity_models', '@extschema@.ddb_stat', role);
	FOR f IN
		SELECT i.function FROM @extschema@.ddb_internal_functions() AS i
		WHERE array_position(levels, i.level) <= array_position(levels, ddb_grant.level)
	LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', f, role);
	END LOOP;
END
$$
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ddb_grant(regrole, text) IS 'lets a role read, write (and read), or admin(ister tables, write and read)';

CREATE FUNCTION ddb_revoke(role regrole, level text DEFAULT 'read')
RETURNS void
AS $$
DECLARE
	levels constant text[] := '{read,write,admin}';
	f regprocedure;
BEGIN
	IF role IS NULL OR level IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE =
			format('argument "%s" must not be null', CASE WHEN role IS NULL THEN 'role' ELSE 'level' END);
	END IF;
	IF level <> ALL (levels) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('unknown level "%s" in argument "level"', level),
			HINT = 'The levels are read, write and admin.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid = role) THEN
		RAISE undefined_object USING MESSAGE = format('role with OID %s does not exist', role::oid);
	END IF;
	FOR f IN
		SELECT i.function FROM @extschema@.ddb_internal_functions() AS i
		WHERE array_position(levels, i.level) >= array_position(levels, ddb_revoke.level)
	LOOP
		EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM %s', f, role);
	END LOOP;
	IF level = 'read' THEN
		EXECUTE format('REVOKE SELECT ON %s, %s, %s FROM %s', '@extschema@.ddb_entities', '@extschema@.ddb_entity_models', '@extschema@.ddb_stat', role);
	END IF;
END
$$
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ddb_revoke(regrole, text) IS 'takes a level of ddb_grant, and the levels above it, from a role; the right to use the schema stays';

-- Nobody else has any right at first, whatever ALTER DEFAULT PRIVILEGES says. An
-- operator of the target schema must not be taken for one of PostgreSQL's.
DO $$
DECLARE
	command text;
BEGIN
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	FOR command IN
		SELECT format('REVOKE ALL ON %s FROM %s', o.name,
			CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
		FROM (
			SELECT tableoid AS classid, oid AS objid, format('FUNCTION %s', oid::regprocedure) AS name,
				proowner AS owner, coalesce(proacl, acldefault('f', proowner)) AS acl
			FROM pg_catalog.pg_proc
			UNION ALL
			SELECT tableoid, oid, format('TABLE %s', oid::regclass),
				relowner, coalesce(relacl, acldefault('r', relowner))
			FROM pg_catalog.pg_class
		) AS o
		JOIN pg_catalog.pg_depend AS d USING (classid, objid)
		JOIN pg_catalog.pg_extension AS e
			ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
		CROSS JOIN LATERAL aclexplode(o.acl) AS a
		WHERE d.deptype = 'e' AND e.extname = 'atomic_dynamodb' AND a.grantee <> o.owner
		GROUP BY o.name, a.grantee
	LOOP
		EXECUTE command;
	END LOOP;
END
$$;

-- pg_dump reads this table, whoever runs it: the database's owner must be able to.
GRANT SELECT ON @extschema@.ddb_entity_models TO pg_database_owner;
