/*
 * session.c
 *	  ddb_session_stats, ddb_last_response: what requests have cost.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/stats.h"
#include "functions/rows.h"

ADDB_FUNCTION(addb_fn_last_response);
ADDB_FUNCTION(addb_fn_session_stats);

static Datum
stats_row(FunctionCallInfo fcinfo, AddbStats stats)
{
	Datum		values[] = {
		Int64GetDatum(stats.requests),
		Int64GetDatum(stats.retries),
		Int64GetDatum(stats.bytes_sent),
		Int64GetDatum(stats.bytes_received),
		Int64GetDatum(stats.items_read),
		Int64GetDatum(stats.items_scanned),
		Int64GetDatum(stats.items_written),
		Float8GetDatum(stats.read_units),
		Float8GetDatum(stats.write_units)
	};
	bool		nulls[lengthof(values)] = {0};

	PG_RETURN_DATUM(addb_row_result(fcinfo, values, nulls));
}

/*
 * addb_fn_session_stats - ddb_session_stats() returns (requests, retries,
 * bytes_sent, bytes_received, items_read, items_scanned, items_written,
 * read_units, write_units)
 */
Datum
addb_fn_session_stats(PG_FUNCTION_ARGS)
{
	return stats_row(fcinfo, addb_stats);
}

/*
 * addb_fn_last_response - ddb_last_response(), the same of the last statement
 */
Datum
addb_fn_last_response(PG_FUNCTION_ARGS)
{
	return stats_row(fcinfo, addb_stats_of_statement());
}
