/*
 * session.c
 *	  ddb_session_stats: what this session has sent and received.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/client.h"
#include "functions/rows.h"

ADDB_FUNCTION(addb_fn_session_stats);

/*
 * addb_fn_session_stats - ddb_session_stats() returns (requests, retries,
 * bytes_sent, bytes_received)
 */
Datum
addb_fn_session_stats(PG_FUNCTION_ARGS)
{
	const AddbSessionStats *stats = addb_client_stats();
	Datum		values[] = {
		Int64GetDatum(stats->requests),
		Int64GetDatum(stats->retries),
		Int64GetDatum(stats->bytes_sent),
		Int64GetDatum(stats->bytes_received)
	};
	bool		nulls[lengthof(values)] = {0};

	PG_RETURN_DATUM(addb_row_result(fcinfo, values, nulls));
}
