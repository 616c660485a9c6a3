-- entities: models of ElectroDB, kept as they were written, for the order of
-- members matters

CREATE TABLE ddb_entity_models (
	service text NOT NULL,
	entity text NOT NULL,
	version text NOT NULL,
	table_name text,
	model json NOT NULL,
	PRIMARY KEY (service, entity, version),
	CONSTRAINT ddb_entity_models_name CHECK (
		service OPERATOR(pg_catalog.=) (model OPERATOR(pg_catalog.#>>) '{model,service}')
		AND entity OPERATOR(pg_catalog.=) (model OPERATOR(pg_catalog.#>>) '{model,entity}')
		AND version OPERATOR(pg_catalog.=) (model OPERATOR(pg_catalog.#>>) '{model,version}'))
);
COMMENT ON TABLE ddb_entity_models IS 'the registered entities; to be changed by ddb_register_entity and ddb_drop_entity';
SELECT pg_catalog.pg_extension_config_dump('@extschema@.ddb_entity_models', '');

CREATE FUNCTION ddb_internal_entity_changed()
RETURNS trigger
AS 'MODULE_PATHNAME', 'addb_fn_entity_changed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_internal_entity_changed() IS 'internal: tells all sessions that the registered entities have changed';

CREATE TRIGGER ddb_entity_models_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ddb_entity_models
FOR EACH STATEMENT EXECUTE FUNCTION ddb_internal_entity_changed();
ALTER TABLE ddb_entity_models ENABLE ALWAYS TRIGGER ddb_entity_models_changed;

CREATE VIEW ddb_entities AS
SELECT service, entity, version,
	coalesce(table_name, model OPERATOR(pg_catalog.->>) 'table') AS table_name, model
FROM @extschema@.ddb_entity_models;
COMMENT ON VIEW ddb_entities IS 'the registered entities; without a table_name it is atomic_dynamodb.table';

CREATE FUNCTION ddb_internal_entity_read(model json, OUT service text, OUT entity text, OUT version text)
RETURNS record
AS 'MODULE_PATHNAME', 'addb_fn_entity_read'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_internal_entity_read(json) IS 'internal: checks a model and returns its name';

CREATE FUNCTION ddb_internal_entity_name(reference text, OUT service text, OUT entity text, OUT version text)
RETURNS record
AS 'MODULE_PATHNAME', 'addb_fn_entity_name'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_internal_entity_name(text) IS 'internal: which registered entity a reference means';

CREATE FUNCTION ddb_internal_entity_joins(service text, entity text, version text)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_entity_joins'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_internal_entity_joins(text, text, text) IS 'internal: warns of the collections of a registered entity that cannot be queried';

CREATE FUNCTION ddb_register_entity(model json, table_name text DEFAULT NULL)
RETURNS text
AS $$
DECLARE
	name record;
BEGIN
	IF table_name = '' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'argument "table_name" must not be empty';
	END IF;
	name := @extschema@.ddb_internal_entity_read(model);
	INSERT INTO @extschema@.ddb_entity_models AS m
	VALUES (name.service, name.entity, name.version, ddb_register_entity.table_name, ddb_register_entity.model)
	ON CONFLICT ON CONSTRAINT ddb_entity_models_pkey
	DO UPDATE SET table_name = excluded.table_name, model = excluded.model;
	PERFORM @extschema@.ddb_internal_entity_joins(name.service, name.entity, name.version);
	RETURN format('%s.%s@%s', name.service, name.entity, name.version);
END
$$
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ddb_register_entity(json, text) IS 'registers an ElectroDB model, in place of one with the same service, entity and version; returns the full name';

CREATE FUNCTION ddb_drop_entity(entity text)
RETURNS void
AS $$
DECLARE
	name record;
BEGIN
	name := @extschema@.ddb_internal_entity_name(entity);
	DELETE FROM @extschema@.ddb_entity_models AS m
	WHERE m.service = name.service AND m.entity = name.entity AND m.version = name.version;
END
$$
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION ddb_drop_entity(text) IS 'forgets a registered entity; its items stay';

-- operations on one item

CREATE FUNCTION ddb_entity_get(entity text, key jsonb, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_get'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_entity_get(text, jsonb, jsonb) IS 'reads an item of an entity; NULL when there is none';

CREATE FUNCTION ddb_entity_put(entity text, attributes jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_put'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_put(text, jsonb, text, jsonb, jsonb) IS 'writes an item of an entity, whatever was there; returns it';

CREATE FUNCTION ddb_entity_create(entity text, attributes jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_create'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_create(text, jsonb, text, jsonb, jsonb) IS 'writes an item of an entity that is not there yet; returns it';

CREATE FUNCTION ddb_entity_upsert(entity text, attributes jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL, changes jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_upsert'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_upsert(text, jsonb, text, jsonb, jsonb, jsonb) IS 'writes the attributes of an item of an entity, and leaves its others as they are';

CREATE FUNCTION ddb_entity_update(entity text, key jsonb, changes jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_update'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_update(text, jsonb, jsonb, text, jsonb, jsonb) IS 'changes an item of an entity by {"set": {...}, "add": {...}, "remove": [...], "update": "SET ...", ...}, and creates it if it is not there';

CREATE FUNCTION ddb_entity_patch(entity text, key jsonb, changes jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_patch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_patch(text, jsonb, jsonb, text, jsonb, jsonb) IS 'changes an item of an entity that is there, as ddb_entity_update';

CREATE FUNCTION ddb_entity_delete(entity text, key jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_delete'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_delete(text, jsonb, text, jsonb, jsonb) IS 'deletes an item of an entity, if it is there';

CREATE FUNCTION ddb_entity_remove(entity text, key jsonb, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_remove'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_remove(text, jsonb, text, jsonb, jsonb) IS 'deletes an item of an entity that is there';

CREATE FUNCTION ddb_params(action jsonb, token text DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'addb_fn_params'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_params(jsonb, text) IS 'the request to DynamoDB that an operation on entities, or actions of ddb_transact_write or ddb_transact_get become; it is not sent';

-- reads of many items; those that stream are inlined, so that a LIMIT ends them

CREATE TYPE ddb_collection_item AS (entity text, item jsonb);
COMMENT ON TYPE ddb_collection_item IS 'an item of a collection, and the entity that it is of';

CREATE FUNCTION ddb_internal_entity_query(entity text, index text, key jsonb, sk jsonb, condition text, vals jsonb, options jsonb)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_query'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION ddb_internal_entity_query(text, text, jsonb, jsonb, text, jsonb, jsonb) IS 'internal: what ddb_entity_query is inlined to';

CREATE FUNCTION ddb_entity_query(entity text, index text, key jsonb, sk jsonb DEFAULT NULL, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_entity_query($1, $2, $3, $4, $5, $6, $7)
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_entity_query(text, text, jsonb, jsonb, text, jsonb, jsonb) IS 'streams the items of an entity by an access pattern, page by page';

CREATE FUNCTION ddb_entity_query_page(entity text, index text, key jsonb, sk jsonb DEFAULT NULL, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL, OUT data jsonb[], OUT cursor text)
AS 'MODULE_PATHNAME', 'addb_fn_entity_query_page'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_entity_query_page(text, text, jsonb, jsonb, text, jsonb, jsonb) IS 'reads one page of an entity by an access pattern, or what the options ask for; cursor is the option of the next call, NULL at the end';

CREATE FUNCTION ddb_internal_entity_scan(entity text, index text, condition text, vals jsonb, options jsonb, segments integer)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_scan'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION ddb_internal_entity_scan(text, text, text, jsonb, jsonb, integer) IS 'internal: what ddb_entity_scan is inlined to';

CREATE FUNCTION ddb_entity_scan(entity text, index text DEFAULT NULL, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL, segments integer DEFAULT 1)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_entity_scan($1, $2, $3, $4, $5, $6)
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_entity_scan(text, text, text, jsonb, jsonb, integer) IS 'streams all items of an entity, page by page, by a scan of its table or of an index';

CREATE FUNCTION ddb_entity_scan_page(entity text, index text DEFAULT NULL, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL, OUT data jsonb[], OUT cursor text)
AS 'MODULE_PATHNAME', 'addb_fn_entity_scan_page'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_entity_scan_page(text, text, text, jsonb, jsonb) IS 'reads one page of a scan for the items of an entity; cursor is the option of the next call, NULL at the end';

CREATE FUNCTION ddb_internal_collection_query(service text, collection text, key jsonb, sk jsonb, condition text, vals jsonb, options jsonb)
RETURNS SETOF ddb_collection_item
AS 'MODULE_PATHNAME', 'addb_fn_collection_query'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION ddb_internal_collection_query(text, text, jsonb, jsonb, text, jsonb, jsonb) IS 'internal: what ddb_collection_query is inlined to';

CREATE FUNCTION ddb_collection_query(service text, collection text, key jsonb, sk jsonb DEFAULT NULL, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL)
RETURNS SETOF ddb_collection_item
AS $$
	SELECT (r).entity, (r).item FROM (SELECT @extschema@.ddb_internal_collection_query($1, $2, $3, $4, $5, $6, $7) AS r) AS s
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_collection_query(text, text, jsonb, jsonb, text, jsonb, jsonb) IS 'streams the items of a collection of a service, whatever entity they are of, page by page';

CREATE FUNCTION ddb_collection_query_page(service text, collection text, key jsonb, sk jsonb DEFAULT NULL, condition text DEFAULT NULL, vals jsonb DEFAULT NULL, options jsonb DEFAULT NULL, OUT data jsonb, OUT cursor text)
AS 'MODULE_PATHNAME', 'addb_fn_collection_query_page'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_collection_query_page(text, text, jsonb, jsonb, text, jsonb, jsonb) IS 'reads one page of a collection, as {entity: [items]}; cursor is the option of the next call, NULL at the end';

-- batches

CREATE FUNCTION ddb_internal_entity_batch_get(entity text, keys jsonb, options jsonb)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_entity_batch_get'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION ddb_internal_entity_batch_get(text, jsonb, jsonb) IS 'internal: what ddb_entity_batch_get is inlined to';

CREATE FUNCTION ddb_entity_batch_get(entity text, keys jsonb, options jsonb DEFAULT NULL)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_entity_batch_get($1, $2, $3)
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_entity_batch_get(text, jsonb, jsonb) IS 'reads the items of an entity by a JSON array of keys, in the order of the keys; keys without an item are left out';

CREATE FUNCTION ddb_entity_batch_put(entity text, items jsonb, options jsonb DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_entity_batch_put'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_batch_put(text, jsonb, jsonb) IS 'puts a JSON array of items of an entity, in batches, and returns their number; not atomic';

CREATE FUNCTION ddb_entity_batch_delete(entity text, keys jsonb, options jsonb DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_entity_batch_delete'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_entity_batch_delete(text, jsonb, jsonb) IS 'deletes the items of an entity by a JSON array of keys, in batches, and returns the number of keys; not atomic';
