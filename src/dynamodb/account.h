/*
 * account.h
 *	  What a call leaves behind when it is over: numbers, and a line in the
 *	  server's log when it was slow. For client.c and call.c.
 */
#ifndef ADDB_DYNAMODB_ACCOUNT_H
#define ADDB_DYNAMODB_ACCOUNT_H

#include "dynamodb/stat_table.h"
#include "utils/palloc.h"

struct AddbCall;

typedef struct AddbAccount
{
	AddbStatKey key;
	AddbStatOutcome outcome;	/* CANCELLED as long as the call is under way */
	int			attempts;		/* sent */
	int			throttles;		/* attempts that were throttled */
	int64		bytes_sent;
	int64		bytes_received;
	double		units;			/* of capacity */
	bool		is_write;
	int64		finished;		/* a moment of addb_http_now */
	MemoryContextCallback at_end;
} AddbAccount;

extern void addb_account_open(struct AddbCall *call);
extern void addb_account_refused(struct AddbCall *call);
extern void addb_account_settled(struct AddbCall *call);
extern void addb_account_garbled(struct AddbCall *call);

#endif							/* ADDB_DYNAMODB_ACCOUNT_H */
