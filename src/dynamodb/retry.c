/*
 * retry.c
 *	  The retry decision of DynamoDB calls.
 *
 * Follows "standard" mode as the AWS SDKs and Tools Reference Guide has it
 * since 2026 (Retry behavior), with the numbers that hold for DynamoDB. Two
 * things limit retries: the attempts of one call, and a bucket of tokens that
 * all calls to an endpoint share. While the service works, the bucket is full
 * and nobody notices it; when everything fails, it runs dry after a few dozen
 * calls, and from then on the client stops adding to the load.
 *
 * Whether a retry is safe is not decided here: a write whose answer was lost
 * is sent again as the SDKs do, and the caller settles what that means.
 */
#include "postgres.h"

#include <math.h>

#include "dynamodb/retry.h"

/*
 * 35 retries of what never succeeds, or 100 of what is throttled: what a
 * statement adds to its calls at most, however many these are. There is no
 * budget of time beside it. A call takes max_attempts times request_timeout at
 * most, and a statement's time is for statement_timeout to bound, which ends
 * every wait.
 */
#define BUDGET_CAPACITY 500
#define COST_TRANSIENT 14
#define COST_THROTTLING 5
#define GAIN_WITHOUT_RETRY 1

#define BASE_TRANSIENT_MS 25
#define BASE_THROTTLING_MS 1000
#define DELAY_LIMIT_MS 20000

/* The service may ask for this much more than our own delay, not for hours. */
#define RETRY_AFTER_EXTRA_MS 5000

/*
 * Pauses between the rounds of a batch that came back with UnprocessedItems or
 * UnprocessedKeys. Not the throttling base: a batch of which nothing at all
 * could be done is answered by a throttling error and pauses for its second
 * there. A partial answer means that the table is at work; of a BatchGetItem,
 * often no more than that its 16 MB were full. So the rounds start short, and
 * the doubling finds the pace of a table that is at its limit.
 */
#define BASE_ROUND_MS BASE_TRANSIENT_MS

/* Beyond this exponent every base is over the limit. */
#define EXPONENT_LIMIT 16

/* Throttling by name, whatever the status. */
static const char *const throttling_codes[] = {
	"BandwidthLimitExceeded",
	"EC2ThrottledException",
	"LimitExceededException",
	"PriorRequestNotComplete",
	"ProvisionedThroughputExceededException",
	"RequestLimitExceeded",
	"RequestThrottled",
	"RequestThrottledException",
	"SlowDown",
	"ThrottledException",
	"Throttling",
	"ThrottlingException",
	"TooManyRequestsException",
	"TransactionInProgressException",
};

/*
 * Transient by name, whatever the status. The last one is declared retryable by
 * the service model.
 */
static const char *const transient_codes[] = {
	"RequestTimeout",
	"RequestTimeoutException",
	"ReplicatedWriteConflictException",
};

static bool
is_listed(const char *code, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(code, list[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Exponential backoff with full jitter: random * min(base * 2^(n-1), limit),
 * in ms, n counted from 1. The limit comes before the jitter, so that clients
 * that have reached it still spread out.
 */
static int
backoff(int base_ms, int n, double random)
{
	int			exponent = Min(Max(n, 1) - 1, EXPONENT_LIMIT);
	double		delay = Min(ldexp(base_ms, exponent), DELAY_LIMIT_MS);

	return (int) (random * delay);
}

/*
 * Reads a count of milliseconds: digits, blanks around them allowed. Returns -1
 * for anything else. What is beyond every limit is cut, not refused.
 */
static int
parse_retry_after(const char *text)
{
	int			value = 0;
	bool		any = false;

	while (*text == ' ' || *text == '\t')
		text++;
	for (; *text >= '0' && *text <= '9'; text++)
	{
		any = true;
		value = Min(value * 10 + (*text - '0'),
					DELAY_LIMIT_MS + RETRY_AFTER_EXTRA_MS);
	}
	while (*text == ' ' || *text == '\t')
		text++;
	return (any && *text == '\0') ? value : -1;
}

/*
 * addb_retry_budget_init
 *
 * Fills the bucket: 500 tokens. One bucket belongs to one endpoint and is
 * shared by all calls to it.
 */
void
addb_retry_budget_init(AddbRetryBudget *budget)
{
	budget->tokens = BUDGET_CAPACITY;
}

/*
 * addb_retry_state_init
 *
 * Makes a call begin: attempt 1, nothing retried yet.
 */
void
addb_retry_state_init(AddbRetryState *state)
{
	state->attempt = 1;
	state->last_cost = 0;
}

/*
 * addb_retry_is_throttling
 *
 * Is this bare error name (or NULL) one by which the service asks for fewer
 * requests?
 */
bool
addb_retry_is_throttling(const char *code)
{
	return code != NULL &&
		is_listed(code, throttling_codes, lengthof(throttling_codes));
}

/*
 * addb_retry_classify
 *
 * The class of an attempt that failed. A name on the throttling list counts
 * more than the status it came with. The statuses 500, 502, 503 and 504 are
 * transient, whatever the body says; no other status is, 429 and 501 among
 * them. A success that cannot be read is final, as in the SDKs, but for a write:
 * one that is safe to send again can be settled so. For the same end a conflict
 * is got over that a client without an open attempt would report.
 */
AddbRetryClass
addb_retry_classify(const AddbAttempt *attempt)
{
	if (attempt->no_reply || attempt->bad_checksum || attempt->garbage)
		return ADDB_RETRY_TRANSIENT;
	if (addb_retry_is_throttling(attempt->code))
		return ADDB_RETRY_THROTTLING;
	if (attempt->in_doubt)
		return attempt->throttled ? ADDB_RETRY_THROTTLING : ADDB_RETRY_TRANSIENT;
	if (attempt->clock_skew)
		return ADDB_RETRY_TRANSIENT;
	if (attempt->code != NULL &&
		is_listed(attempt->code, transient_codes, lengthof(transient_codes)))
		return ADDB_RETRY_TRANSIENT;

	switch (attempt->status)
	{
		case 500:
		case 502:
		case 503:
		case 504:
			return ADDB_RETRY_TRANSIENT;
		default:
			return ADDB_RETRY_NONE;
	}
}

/*
 * addb_retry_decide
 *
 * Says whether a failed attempt is made again. attempt tells what became of
 * attempt number state->attempt; max_attempts counts the first one; random is
 * in [0, 1).
 *
 * True: *delay_ms is the pause before the next attempt, the tokens have left
 * the budget, and state is that of the next attempt. False: the failure is
 * final (its class, the attempts, or the budget say so), and nothing has
 * changed; a final failure gives no tokens back.
 */
bool
addb_retry_decide(AddbRetryBudget *budget, AddbRetryState *state,
				  const AddbAttempt *attempt, int max_attempts,
				  double random, int *delay_ms)
{
	AddbRetryClass class = addb_retry_classify(attempt);
	bool		throttled = (class == ADDB_RETRY_THROTTLING);
	int			cost = throttled ? COST_THROTTLING : COST_TRANSIENT;
	int			delay;

	if (class == ADDB_RETRY_NONE ||
		state->attempt >= max_attempts ||
		budget->tokens < cost)
		return false;

	delay = backoff(throttled ? BASE_THROTTLING_MS : BASE_TRANSIENT_MS,
					state->attempt, random);
	if (!attempt->no_reply && attempt->retry_after != NULL)
	{
		int			asked = parse_retry_after(attempt->retry_after);

		delay = Max(delay, Min(asked, delay + RETRY_AFTER_EXTRA_MS));
	}

	budget->tokens -= cost;
	state->last_cost = cost;
	state->attempt++;
	*delay_ms = delay;
	return true;
}

/*
 * addb_retry_succeeded
 *
 * To be called once when a call has succeeded: a success gives back what its
 * last retry cost, or one token when it needed none.
 */
void
addb_retry_succeeded(AddbRetryBudget *budget, const AddbRetryState *state)
{
	int			gain = state->last_cost > 0 ? state->last_cost : GAIN_WITHOUT_RETRY;

	budget->tokens = Min(budget->tokens + gain, BUDGET_CAPACITY);
}

/*
 * addb_retry_round_delay
 *
 * The pause in ms before what a batch left unprocessed is sent again: at most
 * 25 ms before round 1, doubling up to 20 s. round counts, from 1, the resends
 * of one batch; random is in [0, 1). Takes no tokens: nothing has failed.
 */
int
addb_retry_round_delay(int round, double random)
{
	return backoff(BASE_ROUND_MS, round, random);
}

/*
 * addb_retry_canceled_delay
 *
 * The pause in ms before a cancelled transaction is tried again: doubling up to
 * 20 s from at most 25 ms, which a transaction in the way rarely takes, or from
 * a second when the cancellation speaks of throttling. round counts, from 1, the
 * repetitions; random is in [0, 1). Takes no tokens: the service is at work.
 */
int
addb_retry_canceled_delay(int round, bool throttled, double random)
{
	return backoff(throttled ? BASE_THROTTLING_MS : BASE_TRANSIENT_MS, round,
				   random);
}
