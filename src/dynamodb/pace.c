/*
 * pace.c
 *	  The arithmetic of pacing: see pace.h.
 */
#include "postgres.h"

#include "dynamodb/pace.h"

#define SECOND 1000000.0		/* microseconds */

/*
 * addb_pace_reserve - when a request may start
 *
 * ceiling is in units per second and above 0; now is in microseconds. Returns
 * a moment from now on. *reserved is to be given to addb_pace_settle when the
 * answer has come, or an answer is no longer expected.
 */
int64
addb_pace_reserve(AddbPace *pace, double ceiling, int64 now, double *reserved)
{
	int64		start = Max(pace->free_at, now);

	*reserved = pace->expected;
	pace->free_at = start + (int64) (pace->expected / ceiling * SECOND);
	return start;
}

/*
 * addb_pace_settle - corrects a reservation by what was consumed
 *
 * A request that came to nothing has consumed 0.
 */
void
addb_pace_settle(AddbPace *pace, double ceiling, double reserved,
				 double consumed)
{
	pace->free_at += (int64) ((consumed - reserved) / ceiling * SECOND);
	if (consumed > 0)
		pace->expected = consumed;
}
