/*
 * stat.c
 *	  ddb_stat, ddb_stat_info, ddb_stat_reset: calls by operation and table.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "core/compat.h"
#include "dynamodb/stat_table.h"
#include "funcapi.h"
#include "functions/args.h"
#include "functions/rows.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

ADDB_FUNCTION(addb_fn_stat);
ADDB_FUNCTION(addb_fn_stat_info);
ADDB_FUNCTION(addb_fn_stat_reset);

#define STAT_COLUMNS 22

static void
put_row(ReturnSetInfo *result, const AddbStatRow *row)
{
	const AddbStatCounters *counters = &row->counters;
	Datum		values[STAT_COLUMNS];
	bool		nulls[STAT_COLUMNS] = {0};
	int			n = 0;
	int64		calls = 0;

	for (int i = 0; i < ADDB_STAT_NOUTCOMES; i++)
		calls += counters->outcomes[i];
	nulls[0] = !OidIsValid(row->key.database);
	nulls[2] = row->key.table[0] == '\0';
	nulls[3] = nulls[0];
	values[n++] = ObjectIdGetDatum(row->key.database);
	values[n++] = CStringGetTextDatum(row->key.operation);
	values[n++] = CStringGetTextDatum(row->key.table);
	values[n++] = CStringGetTextDatum(row->key.server);
	values[n++] = Int64GetDatum(calls);
	for (int i = ADDB_STAT_SUCCEEDED + 1; i < ADDB_STAT_NOUTCOMES; i++)
		values[n++] = Int64GetDatum(counters->outcomes[i]);
	values[n++] = Int64GetDatum(counters->retries);
	values[n++] = Int64GetDatum(counters->throttles);
	values[n++] = Int64GetDatum(counters->bytes_sent);
	values[n++] = Int64GetDatum(counters->bytes_received);
	values[n++] = Float8GetDatum(counters->read_units);
	values[n++] = Float8GetDatum(counters->write_units);
	values[n++] = Float8GetDatum(counters->total_time);
	values[n++] = Float8GetDatum(counters->max_time);
	values[n++] = TimestampTzGetDatum(row->since);
	Assert(n == STAT_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * addb_fn_stat - ddb_internal_stat() returns setof record, for the view
 *
 * Names of tables of other databases, and what could not be told apart, are for
 * those who may read all statistics of the server.
 */
Datum
addb_fn_stat(PG_FUNCTION_ARGS)
{
	bool		sees_all = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	AddbStatInfo info;
	AddbStatRow *rows;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	addb_stat_info(&info);
	rows = addb_stat_rows(&n);
	for (int i = 0; i < n; i++)
		if (sees_all || !info.is_shared || rows[i].key.database == MyDatabaseId)
			put_row((ReturnSetInfo *) fcinfo->resultinfo, &rows[i]);
	return (Datum) 0;
}

/*
 * addb_fn_stat_info - ddb_stat_info() returns (scope, entries, max_entries,
 * others, stats_since)
 */
Datum
addb_fn_stat_info(PG_FUNCTION_ARGS)
{
	AddbStatInfo info;
	Datum		values[5];
	bool		nulls[lengthof(values)] = {0};

	addb_stat_info(&info);
	values[0] = CStringGetTextDatum(info.is_shared ? "cluster" : "session");
	values[1] = Int32GetDatum(info.entries);
	values[2] = Int32GetDatum(info.max_entries);
	values[3] = Int64GetDatum(info.others);
	values[4] = TimestampTzGetDatum(info.since);
	PG_RETURN_DATUM(addb_row_result(fcinfo, values, nulls));
}

/*
 * addb_fn_stat_reset - ddb_stat_reset(all_databases) returns void
 */
Datum
addb_fn_stat_reset(PG_FUNCTION_ARGS)
{
	bool		all_databases = addb_arg_bool(fcinfo, 0, false);

	if (all_databases && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be superuser to reset the statistics of all databases"),
				 errhint("Leave out the argument \"all_databases\" to reset those of this one.")));
	addb_stat_reset(all_databases);
	PG_RETURN_VOID();
}
