/*
 * retry.h
 *	  Whether a failed attempt is made again, and after how long: the "standard"
 *	  retry mode of the AWS SDKs, rules of 2026, with DynamoDB's numbers.
 *
 * Pure functions: no clock, no I/O; the random factor is an argument.
 */
#ifndef ADDB_DYNAMODB_RETRY_H
#define ADDB_DYNAMODB_RETRY_H

typedef enum AddbRetryClass
{
	ADDB_RETRY_NONE,			/* not to be retried */
	ADDB_RETRY_TRANSIENT,		/* may be over at once: short pauses */
	ADDB_RETRY_THROTTLING		/* the service asks for less: long pauses */
} AddbRetryClass;

/* The bucket of retry tokens that all calls to one endpoint share. */
typedef struct AddbRetryBudget
{
	int			tokens;
} AddbRetryBudget;

/* How far one call has come. */
typedef struct AddbRetryState
{
	int			attempt;		/* the attempt under way, from 1 */
	int			last_cost;		/* tokens the last retry took; 0: no retry */
} AddbRetryState;

/* What became of one attempt. */
typedef struct AddbAttempt
{
	bool		no_reply;		/* not connected, reset, timed out, cut off */
	int			status;			/* HTTP status, unless no_reply */
	const char *code;			/* bare name of the error, or NULL */
	bool		bad_checksum;	/* x-amz-crc32 is not that of the body */
	bool		garbage;		/* a write's success whose body is no JSON object */
	bool		clock_skew;		/* addb_clock_skew_is_error holds */
	bool		in_doubt;		/* refused by what may pass, while an earlier attempt
								 * is open */
	bool		throttled;		/* by throttling, too */
	const char *retry_after;	/* x-amz-retry-after, or NULL */
} AddbAttempt;

extern void addb_retry_budget_init(AddbRetryBudget *budget);
extern void addb_retry_state_init(AddbRetryState *state);
extern bool addb_retry_is_throttling(const char *code);
extern AddbRetryClass addb_retry_classify(const AddbAttempt *attempt);
extern bool addb_retry_decide(AddbRetryBudget *budget, AddbRetryState *state,
							  const AddbAttempt *attempt, int max_attempts,
							  double random, int *delay_ms);
extern void addb_retry_succeeded(AddbRetryBudget *budget,
								 const AddbRetryState *state);
extern int	addb_retry_round_delay(int round, double random);
extern int	addb_retry_canceled_delay(int round, bool throttled, double random);

#endif							/* ADDB_DYNAMODB_RETRY_H */
