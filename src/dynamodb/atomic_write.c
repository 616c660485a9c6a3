/*
 * atomic_write.c
 *	  The atomic write: items and the lock's next version, all or nothing.
 *
 * The last action of the transaction moves the lock from the version that the
 * caller has read to a new one. DynamoDB cancels the whole when the lock has
 * moved on. The ClientRequestToken makes resending safe: a transaction that
 * was applied is not applied again but answered with success.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/atomic_write.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/item_size.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"
#include "dynamodb/uuid.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Appends the action that advances the lock, as the transaction's last. */
static void
append_lock_action(StringInfo body, const char *table, const AddbLock *lock,
				   const char *version, int64 ttl)
{
	appendStringInfoString(body, "{\"Update\":{\"TableName\":");
	addb_av_append_string(body, table, (int) strlen(table));
	appendStringInfoString(body, ",\"Key\":");
	addb_item_append_key(body, &lock->key);
	appendStringInfoString(body,
						   ",\"UpdateExpression\":\"SET #v = :new, #t = :ttl\","
						   "\"ConditionExpression\":\"#v = :old\","
						   "\"ExpressionAttributeNames\":{\"#v\":\"version\",\"#t\":\"ttl\"},"
						   "\"ExpressionAttributeValues\":{\":old\":{\"S\":");
	addb_av_append_string(body, lock->version.data, lock->version.len);
	appendStringInfoString(body, "},\":new\":{\"S\":\"");
	appendStringInfoString(body, version);
	appendStringInfoString(body, "\"},\":ttl\":");
	addb_item_append_seconds(body, ttl);
	appendStringInfoString(body, "},\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"}}");
}

static void
append_table(StringInfo body, const char *action, const char *table)
{
	appendStringInfo(body, "{\"%s\":{\"TableName\":", action);
	addb_av_append_string(body, table, (int) strlen(table));
}

/* Text for messages of a key part. */
static char *
shown(const AddbText *text)
{
	return pnstrdup(text->data, text->len);
}

/*
 * What became of the lock, in a sentence: deleted, stale, or expired and
 * replaced. A lock that had run out before it was replaced was replaced
 * because of that; one that is gone may have been deleted or swept.
 */
static char *
describe_race(const char *table, const AddbLock *lock, const AddbLockState *now)
{
	bool		expired = lock->has_ttl && lock->ttl <= GetCurrentTimestamp();

	if (!now->exists)
		return expired
			? pstrdup("The lock expired and is gone: it was not used within its ttl.")
			: psprintf("The lock was deleted after it was read, or is not one of table \"%s\".",
					   table);
	if (now->version == NULL)
		return pstrdup("The lock was replaced by an item that is not a lock.");
	if (expired)
		return psprintf("The lock expired at %s and was replaced: its version is now %s, not %s.",
						timestamptz_to_str(lock->ttl),
						addb_error_text(now->version, strlen(now->version), 100),
						shown(&lock->version));
	return psprintf("The lock is stale: its version is now %s, not %s. Somebody else has written with it, or replaced it.",
					addb_error_text(now->version, strlen(now->version), 100),
					shown(&lock->version));
}

static _Noreturn void
raise_unknown(const AddbLock *lock, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
			 errmsg("outcome of the atomic write with the lock pk \"%s\", sk \"%s\" is unknown",
					shown(&lock->key.pk), shown(&lock->key.sk)),
			 errdetail("%s", detail),
			 errhint("The write may or may not have been applied: look at what is stored before you repeat it.")));
}

/*
 * Raises RaceCondition if it was the lock's condition that failed. Returns true
 * if what made it fail is our own write: an attempt was applied, its answer was
 * lost, and DynamoDB has since forgotten the token.
 */
static bool
raise_if_race(AddbCall *call, const char *table, const AddbLock *lock,
			  int lock_action, const char *version)
{
	const AddbServiceError *error = addb_call_error(call);
	const AddbCancellationReason *reason;
	AddbLockState now;

	if (!addb_call_failed_with(call, "TransactionCanceledException") ||
		error->nreasons <= lock_action)
		return false;
	reason = &error->reasons[lock_action];
	if (strcmp(reason->code, "ConditionalCheckFailed") != 0)
		return false;
	if (reason->item.len > 0)
		addb_lock_read_state(call, &reason->item, &now);
	else if (!addb_lock_look(call, table, &lock->key, &now))
	{
		if (addb_call_was_unsettled(call))
			raise_unknown(lock, "An answer was lost, and the lock cannot be read.");
		memset(&now, 0, sizeof(now));
	}
	if (now.version != NULL && strcmp(now.version, version) == 0)
		return true;
	if (addb_call_token_expired(call))
		raise_unknown(lock, "An answer was lost so long ago that DynamoDB may have forgotten the transaction, and the lock has changed since.");
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("RaceCondition: the lock with pk \"%s\", sk \"%s\" is no longer valid",
					shown(&lock->key.pk), shown(&lock->key.sk)),
			 errdetail("%s Nothing was written. DynamoDB: %s%s%s%s.",
					   describe_race(table, lock, &now), error->code,
					   error->request_id ? " (request id " : "",
					   error->request_id ? error->request_id : "",
					   error->request_id ? ")" : ""),
			 errhint("Get the lock and read the items again, then repeat the write.")));
}

typedef struct SentWrite
{
	const AddbCall *call;
	const AddbKey *key;			/* of the lock */
	const char *version;		/* that it gives the lock */
} SentWrite;

/* Of an error that leaves the write open: how to find out. */
static void
add_version_context(void *arg)
{
	const SentWrite *sent = arg;

	if (addb_call_is_open(sent->call))
		errcontext("atomic write: if it has been carried out, the version of the lock pk \"%s\", sk \"%s\" is \"%s\"",
				   shown(&sent->key->pk), shown(&sent->key->sk), sent->version);
}

/*
 * Sends the transaction. When its outcome stays unknown, the lock's version
 * tells whether it was applied; if it does not, 08007 is raised.
 */
static void
send_transaction(const char *table, StringInfo body, const AddbLock *lock,
				 int lock_action, const char *version)
{
	AddbRequest request = {
		.operation = &addb_transact_write_items,
		.table = table,
		.kind = ADDB_WRITE_LOOKED_UP,
		.body = body->data,
		.body_len = body->len
	};
	AddbCall   *call = addb_client_start(&request, CurrentMemoryContext);
	SentWrite	sent = {call, &lock->key, version};
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_version_context,
		.arg = &sent
	};
	AddbLockState now;

	error_context_stack = &context;
	addb_client_wait(&call, 1);
	error_context_stack = context.previous;
	if (!addb_call_succeeded(call) &&
		!raise_if_race(call, table, lock, lock_action, version) &&
		(!addb_call_outcome_unknown(call) ||
		 !addb_lock_look(call, table, &lock->key, &now) ||
		 now.version == NULL || strcmp(now.version, version) != 0))
	{
		error_context_stack = &context;
		addb_call_raise(call);
	}
	if (addb_call_succeeded(call))
		addb_reply_take_cost(call);
	addb_stats.items_written += lock_action + 1;
	addb_call_release(call);
}

static void
start_body(StringInfo body)
{
	char		token[ADDB_UUID_LEN + 1];

	addb_uuid_make(token);
	initStringInfo(body);
	appendStringInfo(body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"ClientRequestToken\":\"%s\",\"TransactItems\":[",
					 token);
}

/* Completes the transaction, sends it and describes the lock's new state. */
static void
finish(const char *table, StringInfo body, const AddbLock *lock, int n,
	   AddbLock *result)
{
	char	   *version = palloc(ADDB_UUID_LEN + 1);
	int64		ttl = addb_lock_now() + addb_lock_ttl;

	addb_uuid_make(version);
	append_lock_action(body, table, lock, version, ttl);
	appendStringInfoString(body, "]}");
	send_transaction(table, body, lock, n, version);
	pfree(body->data);
	result->key = lock->key;
	result->version.data = version;
	result->version.len = ADDB_UUID_LEN;
	result->has_ttl = true;
	result->ttl = addb_item_timestamp(ttl);
}

/*
 * Raises 54000 when the items, which lie in the body at these places, exceed
 * what a transaction takes. A size never exceeds the length of the JSON.
 */
static void
check_size(const StringInfoData *body, const int *start, const int *len, int n)
{
	uint64		size = 0;

	if (body->len <= ADDB_TRANSACTION_MAX_SIZE)
		return;
	for (int i = 0; i < n; i++)
		size += addb_item_size(body->data + start[i], len[i]);
	if (size > ADDB_TRANSACTION_MAX_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("items are too large for one atomic write"),
				 errdetail("They take at least " UINT64_FORMAT " bytes together; a DynamoDB transaction takes %d (4 MB).",
						   size, ADDB_TRANSACTION_MAX_SIZE)));
}

/*
 * addb_atomic_put - writes 1 to 99 items and advances the lock, all or nothing
 *
 * The caller has made sure that no two keys, the lock's included, are the
 * same. *result is the lock to write with next; its version is palloc'd, its
 * key points where the argument's does. Raises 40001 (RaceCondition) when the
 * lock is stale, deleted, or expired and replaced, 54000 for an item of over
 * 400 kB and for more than 4 MB of items, and what calls raise.
 */
void
addb_atomic_put(const char *table, const AddbItem *items, int n,
				const AddbLock *lock, AddbLock *result)
{
	StringInfoData body;
	int			start[ADDB_ATOMIC_MAX_ITEMS];
	int			len[ADDB_ATOMIC_MAX_ITEMS];

	Assert(n <= ADDB_ATOMIC_MAX_ITEMS);
	start_body(&body);
	for (int i = 0; i < n; i++)
	{
		append_table(&body, "Put", table);
		appendStringInfoString(&body, ",\"Item\":");
		start[i] = body.len;
		addb_item_append_item(&body, &items[i]);
		len[i] = body.len - start[i];
		appendStringInfoString(&body, "}},");
	}
	check_size(&body, start, len, n);
	finish(table, &body, lock, n, result);
}

/*
 * addb_atomic_delete - deletes 1 to 99 items and advances the lock
 *
 * As addb_atomic_put. An item that is not there counts as deleted.
 */
void
addb_atomic_delete(const char *table, const AddbKey *keys, int n,
				   const AddbLock *lock, AddbLock *result)
{
	StringInfoData body;

	start_body(&body);
	for (int i = 0; i < n; i++)
	{
		append_table(&body, "Delete", table);
		appendStringInfoString(&body, ",\"Key\":");
		addb_item_append_key(&body, &keys[i]);
		appendStringInfoString(&body, "}},");
	}
	finish(table, &body, lock, n, result);
}
