/*
 * pace.h
 *	  Keeps a session below a ceiling of capacity units per second.
 *
 * Pure functions: the clock is an argument. A request reserves what the one
 * before it has cost and may start once everything reserved before it is paid
 * for; its answer tells the true cost, which is settled against the
 * reservation. So the first request of a job goes out at once, and many in
 * flight share the ceiling.
 */
#ifndef ADDB_DYNAMODB_PACE_H
#define ADDB_DYNAMODB_PACE_H

typedef struct AddbPace
{
	int64		free_at;		/* microseconds: all reserved before is paid */
	double		expected;		/* units of the next request */
} AddbPace;

extern int64 addb_pace_reserve(AddbPace *pace, double ceiling, int64 now,
							   double *reserved);
extern void addb_pace_settle(AddbPace *pace, double ceiling, double reserved,
							 double consumed);

#endif							/* ADDB_DYNAMODB_PACE_H */
