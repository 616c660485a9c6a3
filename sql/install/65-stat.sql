-- what calls have cost, by operation and table

CREATE FUNCTION ddb_internal_stat(OUT dboid oid, OUT operation text, OUT table_name text, OUT server_name text, OUT calls bigint, OUT throttled bigint, OUT conflicts bigint, OUT conditions bigint, OUT rejected bigint, OUT denied bigint, OUT faults bigint, OUT unknown bigint, OUT cancelled bigint, OUT retries bigint, OUT throttles bigint, OUT bytes_sent bigint, OUT bytes_received bigint, OUT read_units double precision, OUT write_units double precision, OUT total_time double precision, OUT max_time double precision, OUT stats_since timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'addb_fn_stat'
LANGUAGE C VOLATILE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION ddb_internal_stat() IS 'internal: the rows of ddb_stat';

CREATE VIEW ddb_stat AS
SELECT d.datname, s.operation, s.table_name, s.server_name, s.calls,
	s.throttled, s.conflicts, s.conditions, s.rejected, s.denied, s.faults, s.unknown, s.cancelled,
	s.retries, s.throttles, s.bytes_sent, s.bytes_received, s.read_units, s.write_units,
	s.total_time, s.max_time, s.stats_since
FROM @extschema@.ddb_internal_stat() AS s
LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.dboid;
COMMENT ON VIEW ddb_stat IS 'calls of DynamoDB by database, operation, table and foreign server ('''', without one): how many, how they failed, bytes of bodies, capacity units, milliseconds; of other databases for pg_read_all_stats only';

CREATE FUNCTION ddb_stat_info(OUT scope text, OUT entries integer, OUT max_entries integer, OUT others bigint, OUT stats_since timestamptz)
AS 'MODULE_PATHNAME', 'addb_fn_stat_info'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ddb_stat_info() IS 'whether ddb_stat counts for the ''cluster'' or this ''session'', how many rows it has and may have, the calls for which no row was left, and when it was last reset as a whole';

CREATE FUNCTION ddb_stat_reset(all_databases boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'addb_fn_stat_reset'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ddb_stat_reset(boolean) IS 'forgets the rows of ddb_stat of this database, or, for superusers, of all databases';
