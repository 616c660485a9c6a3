-- queries and scans of any table; an item or key is a JSON object of attributes
-- ddb_query_items and ddb_scan are inlined like ddb_query

CREATE FUNCTION ddb_internal_query_items(table_name text, key_condition text, vals jsonb, filter text, projection text, index_name text, descending boolean, consistent boolean, page_size integer, start_key jsonb, names jsonb)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_query_items'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION ddb_internal_query_items(text, text, jsonb, text, text, text, boolean, boolean, integer, jsonb, jsonb) IS 'internal: what ddb_query_items is inlined to';

CREATE FUNCTION ddb_query_items(table_name text, key_condition text, vals jsonb DEFAULT NULL, filter text DEFAULT NULL, projection text DEFAULT NULL, index_name text DEFAULT NULL, descending boolean DEFAULT false, consistent boolean DEFAULT NULL, page_size integer DEFAULT NULL, start_key jsonb DEFAULT NULL, names jsonb DEFAULT NULL)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_query_items($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_query_items(text, text, jsonb, text, text, text, boolean, boolean, integer, jsonb, jsonb) IS 'streams the items of any table or index that meet a key condition, page by page';

CREATE FUNCTION ddb_internal_scan(table_name text, filter text, vals jsonb, projection text, index_name text, consistent boolean, page_size integer, start_key jsonb, names jsonb, segments integer)
RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'addb_fn_scan'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION ddb_internal_scan(text, text, jsonb, text, text, boolean, integer, jsonb, jsonb, integer) IS 'internal: what ddb_scan is inlined to';

CREATE FUNCTION ddb_scan(table_name text DEFAULT NULL, filter text DEFAULT NULL, vals jsonb DEFAULT NULL, projection text DEFAULT NULL, index_name text DEFAULT NULL, consistent boolean DEFAULT NULL, page_size integer DEFAULT NULL, start_key jsonb DEFAULT NULL, names jsonb DEFAULT NULL, segments integer DEFAULT 1)
RETURNS SETOF jsonb
AS $$
	SELECT @extschema@.ddb_internal_scan($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
$$
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000 SUPPORT ddb_internal_load;
COMMENT ON FUNCTION ddb_scan(text, text, jsonb, text, text, boolean, integer, jsonb, jsonb, integer) IS 'streams all items of a table or index, page by page, with segments in parallel';

CREATE FUNCTION ddb_query_page(table_name text, key_condition text, vals jsonb DEFAULT NULL, filter text DEFAULT NULL, projection text DEFAULT NULL, index_name text DEFAULT NULL, descending boolean DEFAULT false, consistent boolean DEFAULT NULL, page_size integer DEFAULT NULL, start_key jsonb DEFAULT NULL, names jsonb DEFAULT NULL, OUT items jsonb[], OUT next_key jsonb, OUT count bigint, OUT scanned_count bigint, OUT consumed_capacity double precision)
AS 'MODULE_PATHNAME', 'addb_fn_query_page'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_query_page(text, text, jsonb, text, text, text, boolean, boolean, integer, jsonb, jsonb) IS 'reads one page of a query; next_key is the start_key of the next page, NULL at the end';

CREATE FUNCTION ddb_scan_page(table_name text DEFAULT NULL, filter text DEFAULT NULL, vals jsonb DEFAULT NULL, projection text DEFAULT NULL, index_name text DEFAULT NULL, consistent boolean DEFAULT NULL, page_size integer DEFAULT NULL, start_key jsonb DEFAULT NULL, names jsonb DEFAULT NULL, segment integer DEFAULT NULL, segments integer DEFAULT NULL, OUT items jsonb[], OUT next_key jsonb, OUT count bigint, OUT scanned_count bigint, OUT consumed_capacity double precision)
AS 'MODULE_PATHNAME', 'addb_fn_scan_page'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_scan_page(text, text, jsonb, text, text, boolean, integer, jsonb, jsonb, integer, integer) IS 'reads one page of a scan, or of one segment of it; next_key is the start_key of the next page, NULL at the end';

CREATE FUNCTION ddb_count(table_name text DEFAULT NULL, key_condition text DEFAULT NULL, vals jsonb DEFAULT NULL, filter text DEFAULT NULL, index_name text DEFAULT NULL, consistent boolean DEFAULT NULL, segments integer DEFAULT 1, names jsonb DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'addb_fn_count'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_count(text, text, jsonb, text, text, boolean, integer, jsonb) IS 'counts the items of a table or index that meet the conditions; reads them all, but does not transfer them';
