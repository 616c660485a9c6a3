/*
 * outcome.c
 *	  What becomes of a write when its answer is lost: the one table.
 *
 * Every call of the client is decided by it. The README's chapter "What happens
 * when" is the same table for users, and test/t/044_outcomes.pl drives each of
 * its cells.
 *
 * Why a lost conditional write is 08007 even where its condition then fails and
 * DynamoDB tells the stored item: no such item proves anything.
 *
 *	- It differs from what was put: ours may have been written, and replaced by
 *	  somebody else before the second attempt. Or the condition had failed the
 *	  first time.
 *	- It is what was put, or has all that an update sets: somebody else may have
 *	  written the same, and ours have failed. Of two who create one item exactly
 *	  one may be told that he did.
 *	- There is none: ours may have deleted it, or somebody else.
 *
 * What would prove it is something in the item that nobody else writes. A lock
 * has that, its version, and is looked at; items belong to the user. So the
 * error is 08007, with the stored item in its DETAIL and the key in its
 * CONTEXT, for him to compare. Proof that costs no attribute is the token of a
 * transaction: see single_transaction.c.
 */
#include "postgres.h"

#include "dynamodb/outcome.h"

#define KINDS (ADDB_WRITE_TOKEN + 1)
#define FAULTS (ADDB_FAULT_REFUSED + 1)

/*
 * What such faults mean for a kind of write: open is the verdict where the write
 * may have been applied. A reply too large is not asked for again, since it would
 * be the same.
 */
#define VERDICTS(open) { \
	[ADDB_FAULT_NOT_CONNECTED] = ADDB_VERDICT_NOT_DONE, \
	[ADDB_FAULT_TIMED_OUT] = (open), \
	[ADDB_FAULT_CUT_OFF] = (open), \
	[ADDB_FAULT_SERVICE] = (open), \
	[ADDB_FAULT_BAD_CHECKSUM] = (open), \
	[ADDB_FAULT_GARBAGE] = (open), \
	[ADDB_FAULT_TOO_LARGE] = ADDB_VERDICT_UNKNOWN, \
	[ADDB_FAULT_THROTTLED] = ADDB_VERDICT_NOT_DONE, \
	[ADDB_FAULT_REFUSED] = ADDB_VERDICT_NOT_DONE \
}

/*
 * The table. That a fault may pass is for retry.c to say, which has it from the
 * AWS SDKs: 501, 505 and a reply that is too large do not pass.
 */
static const AddbVerdict verdicts[KINDS][FAULTS] = {
	[ADDB_WRITE_ONCE] = VERDICTS(ADDB_VERDICT_UNKNOWN),
	[ADDB_WRITE_IDEMPOTENT] = VERDICTS(ADDB_VERDICT_AGAIN),
	[ADDB_WRITE_CONDITIONAL] = VERDICTS(ADDB_VERDICT_AGAIN),
	[ADDB_WRITE_LOOKED_UP] = VERDICTS(ADDB_VERDICT_AGAIN),
	[ADDB_WRITE_TOKEN] = VERDICTS(ADDB_VERDICT_AGAIN_BY_TOKEN)
};

static const char *const hints[] = {
	[ADDB_HINT_LOOK] =
	"The write may or may not have been applied: look at what is stored before you "
	"repeat it.",
	[ADDB_HINT_REPEAT] =
	"The write may or may not have been applied: repeat it, or look at what is "
	"stored. Made twice it leads to the same end, unless somebody else has written "
	"meanwhile.",
	[ADDB_HINT_COMPARE] =
	"The write may or may not have been applied: read the item, and compare it with "
	"what it was before, before you repeat the write.",
	[ADDB_HINT_COMPARE_OR_SET] =
	"The write may or may not have been applied: read the item, and compare it with "
	"what it was before, before you repeat the write. With "
	"atomic_dynamodb.idempotent_writes such a write is sent so that its outcome "
	"can be found out.",
	[ADDB_HINT_TOKEN] =
	"The transaction may or may not have been carried out: repeat it within 10 "
	"minutes with the token that the context tells. DynamoDB then carries it out at "
	"most once, and tells what became of it.",
	[ADDB_HINT_TABLE] =
	"Look with ddb_describe_table whether the table is there, and what it is like, "
	"before you repeat this.",
	[ADDB_HINT_TTL] =
	"Look with ddb_call('DescribeTimeToLive', ...) at what the table has, or repeat "
	"this: that it is so already is no error."
};

/*
 * addb_outcome_verdict - what to do about a fault of such a write
 *
 * Of a read the verdict is always ADDB_VERDICT_NOT_DONE, without asking here.
 */
AddbVerdict
addb_outcome_verdict(AddbWriteKind kind, AddbFault fault)
{
	return verdicts[kind][fault];
}

/*
 * addb_outcome_may_resend - whether another attempt is safe
 *
 * unsettled: an earlier attempt was left open. by_token: the call is an
 * ADDB_WRITE_TOKEN; token_is_old: DynamoDB may have forgotten it. Whether
 * another attempt is of use is for retry.c to say.
 */
bool
addb_outcome_may_resend(AddbVerdict verdict, bool unsettled, bool by_token,
						bool token_is_old)
{
	switch (verdict)
	{
		case ADDB_VERDICT_NOT_DONE:
			return !(unsettled && by_token && token_is_old);
		case ADDB_VERDICT_AGAIN:
			return true;
		case ADDB_VERDICT_AGAIN_BY_TOKEN:
			return !token_is_old;
		case ADDB_VERDICT_UNKNOWN:
			break;
	}
	return false;
}

/*
 * addb_outcome_is_unknown - whether a write ends as 08007
 *
 * effect is what its last answer, or the lack of one, says; unsettled: an
 * earlier attempt was left open.
 */
bool
addb_outcome_is_unknown(AddbErrorEffect effect, bool unsettled,
						bool token_is_old)
{
	return effect == ADDB_MAYBE_APPLIED ||
		(unsettled && (effect != ADDB_NEVER_APPLIED || token_is_old));
}

/*
 * addb_outcome_hint - the HINT of 08007
 */
const char *
addb_outcome_hint(AddbOutcomeHint hint)
{
	return hints[hint];
}
