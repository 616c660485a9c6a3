-- queries

CREATE FUNCTION ddb_internal_query(pk text, sk_prefix text, descending boolean, consistent boolean, page_size integer, table_name text)
RETURNS SETOF ddb_item
AS 'MODULE_PATHNAME', 'addb_fn_query'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION ddb_internal_query(text, text, boolean, boolean, integer, text) IS 'internal: what ddb_query is inlined to';

CREATE FUNCTION ddb_query(pk text, sk_prefix text DEFAULT NULL, descending boolean DEFAULT false, consistent boolean DEFAULT NULL, page_size integer DEFAULT NULL, table_name text DEFAULT NULL)
RETURNS SETOF ddb_item
AS $$
	SELECT (r).pk, (r).sk, (r).data, (r).version, (r).ttl
	FROM (SELECT @extschema@.ddb_internal_query($1, $2, $3, $4, $5, $6) AS r) AS s
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_query(text, text, boolean, boolean, integer, text) IS 'streams the items of a partition, in the order of their sort keys, page by page';
