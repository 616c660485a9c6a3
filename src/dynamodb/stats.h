/*
 * stats.h
 *	  What this session, and its last statement, have cost.
 */
#ifndef ADDB_DYNAMODB_STATS_H
#define ADDB_DYNAMODB_STATS_H

#include "core/json.h"

struct AddbCall;

typedef struct AddbStats
{
	int64		requests;		/* attempts included */
	int64		retries;
	int64		bytes_sent;		/* bodies */
	int64		bytes_received;
	int64		items_read;		/* returned by DynamoDB */
	int64		items_scanned;	/* looked at by queries and scans */
	int64		items_written;	/* put, updated or deleted */
	double		read_units;		/* capacity consumed, as DynamoDB reports it */
	double		write_units;
} AddbStats;

extern AddbStats addb_stats;	/* of the session */

extern void addb_stats_enter_statement(void);
extern AddbStats addb_stats_of_statement(void);
extern bool addb_stats_take_capacity(struct AddbCall *call,
									 AddbJsonCursor *cursor, double *units);

#endif							/* ADDB_DYNAMODB_STATS_H */
