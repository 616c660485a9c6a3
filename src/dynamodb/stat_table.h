/*
 * stat_table.h
 *	  The numbers behind ddb_stat: one entry for each database, operation,
 *	  table and foreign server.
 */
#ifndef ADDB_DYNAMODB_STAT_TABLE_H
#define ADDB_DYNAMODB_STAT_TABLE_H

#include "datatype/timestamp.h"

/* By raw_call.c an operation has up to 64 letters. */
#define ADDB_STAT_OPERATION_SIZE 65

/*
 * The ARN of a table has up to 315: "arn:aws-us-gov:dynamodb:" (24), a region
 * (16), an account (13), "/table" and two separators (7), a name (255).
 */
#define ADDB_STAT_TABLE_SIZE 320

/* How a call ended. */
typedef enum AddbStatOutcome
{
	ADDB_STAT_SUCCEEDED,
	ADDB_STAT_THROTTLED,
	ADDB_STAT_CONFLICT,
	ADDB_STAT_CONDITION,
	ADDB_STAT_REJECTED,
	ADDB_STAT_DENIED,
	ADDB_STAT_FAULT,
	ADDB_STAT_UNKNOWN,
	ADDB_STAT_CANCELLED,
	ADDB_STAT_NOUTCOMES
} AddbStatOutcome;

/* Compared as bytes, so what is not used must be zero. */
typedef struct AddbStatKey
{
	Oid			database;
	char		operation[ADDB_STAT_OPERATION_SIZE];
	char		table[ADDB_STAT_TABLE_SIZE];	/* "": none, or several */
	char		server[NAMEDATALEN];	/* in the database's encoding; "": none */
} AddbStatKey;

/* What one call adds, and the sum of what calls have added. */
typedef struct AddbStatCounters
{
	int64		outcomes[ADDB_STAT_NOUTCOMES];	/* calls */
	int64		retries;
	int64		throttles;		/* attempts */
	int64		bytes_sent;		/* bodies */
	int64		bytes_received;
	double		read_units;
	double		write_units;
	double		total_time;		/* ms */
	double		max_time;		/* ms */
} AddbStatCounters;

/* A copy of one entry. */
typedef struct AddbStatRow
{
	AddbStatKey key;
	AddbStatCounters counters;
	TimestampTz since;
} AddbStatRow;

typedef struct AddbStatInfo
{
	bool		is_shared;		/* of the cluster, else of this session */
	int			entries;
	int			max_entries;
	int64		others;			/* calls counted without an entry of their own */
	TimestampTz since;
} AddbStatInfo;

extern void addb_stat_init(void);
extern void addb_stat_prepare(void);
extern void addb_stat_make_key(AddbStatKey *key, const char *operation,
							   const char *table, const char *server);
extern void addb_stat_add(const AddbStatKey *key,
						  const AddbStatCounters *counters);
extern AddbStatRow *addb_stat_rows(int *n);
extern void addb_stat_info(AddbStatInfo *info);
extern void addb_stat_reset(bool all_databases);

#endif							/* ADDB_DYNAMODB_STAT_TABLE_H */
