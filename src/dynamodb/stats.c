/*
 * stats.c
 *	  Counts what requests cost, for the session and for its last statement.
 *
 * There is one set of counters; what a statement has cost is their growth
 * since its first request. A statement is one that the client sent: what the
 * functions that it calls execute belongs to it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "dynamodb/client.h"
#include "dynamodb/stats.h"

AddbStats	addb_stats;

static AddbStats before;		/* the counters when the statement began */
static TimestampTz statement = DT_NOBEGIN;	/* when it did */

/*
 * addb_stats_enter_statement - to be called before a request is counted
 *
 * The first call in a statement makes it the one that
 * addb_stats_of_statement tells of.
 */
void
addb_stats_enter_statement(void)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	if (now == statement)
		return;
	statement = now;
	before = addb_stats;
}

/*
 * addb_stats_of_statement - what the last statement that made requests cost
 */
AddbStats
addb_stats_of_statement(void)
{
	AddbStats	cost = {
		.requests = addb_stats.requests - before.requests,
		.retries = addb_stats.retries - before.retries,
		.bytes_sent = addb_stats.bytes_sent - before.bytes_sent,
		.bytes_received = addb_stats.bytes_received - before.bytes_received,
		.items_read = addb_stats.items_read - before.items_read,
		.items_scanned = addb_stats.items_scanned - before.items_scanned,
		.items_written = addb_stats.items_written - before.items_written,
		.read_units = addb_stats.read_units - before.read_units,
		.write_units = addb_stats.write_units - before.write_units
	};

	return cost;
}

/* Adds the member CapacityUnits of one table's ConsumedCapacity. */
static bool
read_units(AddbJsonCursor *cursor, double *units)
{
	AddbJsonSlice name;
	AddbJsonSlice number;

	if (!addb_json_object_start(cursor))
		return false;
	while (addb_json_object_next(cursor, &name))
	{
		char		text[64];

		if (!addb_json_slice_is(&name, "CapacityUnits"))
		{
			addb_json_skip(cursor, NULL);
			continue;
		}
		if (!addb_json_number(cursor, &number) || number.len >= sizeof(text))
			return false;
		memcpy(text, number.data, number.len);
		text[number.len] = '\0';
		*units += strtod(text, NULL);
	}
	return !cursor->failed;
}

/*
 * addb_stats_take_capacity - reads the value of a reply's ConsumedCapacity
 *
 * An object, or an array with one for each table. The units count as read or
 * written as the call is a read or a write. *units, unless units is NULL, is
 * their sum. False when the text is malformed.
 */
bool
addb_stats_take_capacity(AddbCall *call, AddbJsonCursor *cursor, double *units)
{
	double		sum = 0;

	if (addb_json_peek(cursor) == ADDB_JSON_ARRAY)
	{
		addb_json_array_start(cursor);
		while (addb_json_array_next(cursor))
			if (!read_units(cursor, &sum))
				return false;
		if (cursor->failed)
			return false;
	}
	else if (!read_units(cursor, &sum))
		return false;
	addb_call_consumed(call, sum);
	if (units != NULL)
		*units = sum;
	return true;
}
