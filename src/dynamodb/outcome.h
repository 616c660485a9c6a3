/*
 * outcome.h
 *	  What becomes of a write when its answer is lost: the one table.
 */
#ifndef ADDB_DYNAMODB_OUTCOME_H
#define ADDB_DYNAMODB_OUTCOME_H

#include "dynamodb/error.h"

/*
 * What a write does that is carried out a second time. Whoever builds a request
 * says so; what says nothing is sent once.
 */
typedef enum AddbWriteKind
{
	ADDB_WRITE_ONCE,			/* more than the first time, or it tells of its
								 * own first effect: ADD, the values before */
	ADDB_WRITE_IDEMPOTENT,		/* the same: puts, deletes, SET to values */
	ADDB_WRITE_CONDITIONAL,		/* the same, or nothing and a condition that the
								 * first may have made fail */
	ADDB_WRITE_LOOKED_UP,		/* the same as one of those, but its caller finds
								 * out by looking: locks, tables */
	ADDB_WRITE_TOKEN			/* nothing, while DynamoDB remembers its token */
} AddbWriteKind;

/* How an attempt came to nothing. */
typedef enum AddbFault
{
	ADDB_FAULT_NOT_CONNECTED,	/* nothing was sent */
	ADDB_FAULT_TIMED_OUT,
	ADDB_FAULT_CUT_OFF,
	ADDB_FAULT_SERVICE,			/* 500, 503 and their like */
	ADDB_FAULT_BAD_CHECKSUM,
	ADDB_FAULT_GARBAGE,			/* no HTTP, or no JSON */
	ADDB_FAULT_TOO_LARGE,
	ADDB_FAULT_THROTTLED,
	ADDB_FAULT_REFUSED			/* any other error that says it was not done */
} AddbFault;

/* What the client does about it. */
typedef enum AddbVerdict
{
	ADDB_VERDICT_NOT_DONE,		/* sent again if it may pass; else its error */
	ADDB_VERDICT_AGAIN,			/* open, sent again if it may pass; else 08007 */
	ADDB_VERDICT_AGAIN_BY_TOKEN,	/* the same while the token is remembered */
	ADDB_VERDICT_UNKNOWN		/* open, never sent again: 08007 */
} AddbVerdict;

/* What an answer says about the write that it answers. */
typedef enum AddbErrorEffect
{
	ADDB_NOT_APPLIED,			/* this attempt was not; of an earlier one, lost
								 * on the way, it says nothing */
	ADDB_NEVER_APPLIED,			/* no attempt of this request can have been: it
								 * is malformed, or its token says so */
	ADDB_MAYBE_APPLIED
} AddbErrorEffect;

/* How the user can find out what became of a write. */
typedef enum AddbOutcomeHint
{
	ADDB_HINT_LOOK,
	ADDB_HINT_REPEAT,
	ADDB_HINT_COMPARE,
	ADDB_HINT_COMPARE_OR_SET,	/* and idempotent_writes would have told */
	ADDB_HINT_TOKEN,
	ADDB_HINT_TABLE,
	ADDB_HINT_TTL
} AddbOutcomeHint;

extern AddbVerdict addb_outcome_verdict(AddbWriteKind kind, AddbFault fault);
extern bool addb_outcome_may_resend(AddbVerdict verdict, bool unsettled,
									bool by_token, bool token_is_old);
extern bool addb_outcome_is_unknown(AddbErrorEffect effect, bool unsettled,
									bool token_is_old);
extern const char *addb_outcome_hint(AddbOutcomeHint hint);

#endif							/* ADDB_DYNAMODB_OUTCOME_H */
