/*
 * lock.c
 *	  Getting, creating and renewing a lock.
 *
 * A lock is an item with a version and a ttl. It excludes nobody: an atomic
 * write is conditioned on the version that its writer has read, so that of two
 * writers the second fails.
 *
 * Every write here is conditional, and every failed condition brings back the
 * item that is there (ReturnValuesOnConditionCheckFailure), so a lost race
 * costs no further read, and a write whose answer was lost is recognised by
 * its own version in that item.
 */
#include "postgres.h"

#include <time.h>

#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/lock.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"
#include "dynamodb/uuid.h"
#include "mb/pg_wchar.h"

/*
 * Rounds of read and conditional write before giving up. Each lost round
 * means that somebody else won one, so a second is rare and a third is not
 * seen outside of a stampede.
 */
#define MAX_ROUNDS 10

/*
 * addb_lock_now - the present in seconds since 1970, as ttl counts
 */
int64
addb_lock_now(void)
{
	return (int64) time(NULL);
}

/*
 * addb_lock_is_expired - whether a lock counts as absent
 *
 * DynamoDB's own sweep may remove it two days later. A lock without a ttl,
 * which we never write, does not expire.
 */
bool
addb_lock_is_expired(const AddbLockState *state, int64 now)
{
	return state->has_ttl && state->ttl <= now;
}

/*
 * addb_lock_read_state - the lock in an item's JSON; len 0: there is no item
 *
 * Memory is palloc'd in the current context. Raises 08P01 when the item is
 * malformed.
 */
void
addb_lock_read_state(const AddbCall *call, const AddbJsonSlice *item,
					 AddbLockState *state)
{
	AddbJsonCursor cursor = addb_json_cursor(item->data, item->len);
	AddbJsonSlice name;
	AddbJsonSlice tag;
	AddbJsonSlice value;

	memset(state, 0, sizeof(*state));
	if (item->len == 0)
		return;
	state->exists = true;
	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			bool		version = addb_json_slice_is(&name, "version");
			bool		ttl = addb_json_slice_is(&name, "ttl");

			if (!version && !ttl)
			{
				addb_json_skip(&cursor, NULL);
				continue;
			}
			if (!addb_json_object_start(&cursor) ||
				!addb_json_object_next(&cursor, &tag))
				break;
			if (version && addb_json_slice_is(&tag, "S") &&
				addb_json_string(&cursor, &value))
				state->version = addb_json_to_cstring(&value);
			else if (ttl && addb_json_slice_is(&tag, "N") &&
					 addb_json_string(&cursor, &value))
			{
				state->has_ttl = true;
				state->ttl = strtoll(pnstrdup(value.data, value.len), NULL, 10);
			}
			else
				addb_json_skip(&cursor, NULL);
			addb_json_object_next(&cursor, &tag);
		}
	if (cursor.failed)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("could not understand the lock that DynamoDB returned"),
				 errdetail("Its item is malformed%s.", addb_call_id_note(call))));
}

/* Starts a strongly consistent read of the lock's item. */
static AddbCall *
read_call(const char *table, const AddbKey *key)
{
	StringInfoData body;
	AddbRequest request = {
		.operation = &addb_get_item,
		.table = table,
		.arguments = ADDB_ITEM_ARGUMENTS
	};

	addb_request_begin(&body, table);
	appendStringInfoString(&body, ",\"Key\":");
	addb_item_append_key(&body, key);
	appendStringInfoString(&body, ",\"ConsistentRead\":true");
	addb_request_end(&request, &body);
	return addb_client_call(&request, CurrentMemoryContext);
}

static void
state_of_reply(AddbCall *call, AddbLockState *state)
{
	AddbJsonSlice item = {0};

	if (!addb_item_find_item(call, &item))
		item.len = 0;
	addb_lock_read_state(call, &item, state);
}

/* A lock that is looked at. */
typedef struct Look
{
	const char *table;
	const AddbKey *key;
	AddbLockState *state;
	bool		seen;
} Look;

static void
look(void *arg)
{
	Look	   *wanted = arg;
	AddbCall   *call = read_call(wanted->table, wanted->key);

	if (addb_call_succeeded(call))
	{
		state_of_reply(call, wanted->state);
		wanted->seen = true;
	}
	addb_call_release(call);
}

/*
 * addb_lock_look - reads a lock to resolve a write whose outcome is unknown
 *
 * Strongly consistent. False when it could not be read: no error, since the
 * caller has a better one to raise. Raises interrupts, with what the write has
 * left open in the context.
 */
bool
addb_lock_look(AddbCall *write, const char *table, const AddbKey *key,
			   AddbLockState *state)
{
	Look		wanted = {table, key, state, false};

	return addb_client_look(write, look, &wanted) && wanted.seen;
}

/* PutItem of a new lock, if there is none that counts. */
static void
build_create(StringInfo body, const char *table, const AddbKey *key,
			 const char *version, int64 now)
{
	addb_request_begin(body, table);
	appendStringInfoString(body, ",\"Item\":");
	addb_item_append_key(body, key);
	body->data[--body->len] = '\0';
	appendStringInfo(body, ",\"version\":{\"S\":\"%s\"},\"ttl\":", version);
	addb_item_append_seconds(body, now + addb_lock_ttl);
	appendStringInfoString(body,
						   "},\"ConditionExpression\":"
						   "\"attribute_not_exists(#p) OR (attribute_exists(#v) AND #t <= :now)\","
						   "\"ExpressionAttributeNames\":{\"#p\":\"pk\",\"#v\":\"version\",\"#t\":\"ttl\"},"
						   "\"ExpressionAttributeValues\":{\":now\":");
	addb_item_append_seconds(body, now);
	appendStringInfoString(body, "},\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"");
}

/* UpdateItem of a lock's ttl, if it still has the version. */
static void
build_renew(StringInfo body, const char *table, const AddbKey *key,
			const char *version, int64 ttl)
{
	addb_request_begin(body, table);
	appendStringInfoString(body, ",\"Key\":");
	addb_item_append_key(body, key);
	appendStringInfoString(body,
						   ",\"UpdateExpression\":\"SET #t = :ttl\","
						   "\"ConditionExpression\":\"#v = :version\","
						   "\"ExpressionAttributeNames\":{\"#v\":\"version\",\"#t\":\"ttl\"},"
						   "\"ExpressionAttributeValues\":{\":version\":{\"S\":");
	addb_av_append_utf8(body, version, (int) strlen(version));
	appendStringInfoString(body, "},\":ttl\":");
	addb_item_append_seconds(body, ttl);
	appendStringInfoString(body, "},\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"");
}

/*
 * Makes a conditional write. True when it was made; false when its condition
 * failed or its outcome is unknown, with *state what is there now. In the latter
 * case *open is the call, else NULL. Raises when the call fails otherwise, or when
 * an unknown outcome cannot be looked up.
 */
static bool
write_if(const AddbOperation *operation, const char *table, const AddbKey *key,
		 StringInfo body, AddbLockState *state, AddbCall **open)
{
	AddbRequest request = {
		.operation = operation,
		.table = table,
		.kind = ADDB_WRITE_LOOKED_UP,
		.arguments = ADDB_ITEM_ARGUMENTS
	};
	AddbCall   *call;
	bool		done;

	*open = NULL;
	addb_request_end(&request, body);
	call = addb_client_call(&request, CurrentMemoryContext);
	done = addb_call_succeeded(call);
	if (done)
	{
		addb_reply_take_cost(call);
		addb_stats.items_written++;
	}
	else if (addb_call_failed_with(call, "ConditionalCheckFailedException"))
	{
		const AddbServiceError *error = addb_call_error(call);

		/* an endpoint that does not return the item is asked for it */
		if (error->item.len > 0)
			addb_lock_read_state(call, &error->item, state);
		else if (!addb_lock_look(call, table, key, state))
			addb_call_raise(call);
	}
	else if (addb_call_failed_with(call, "TransactionConflictException"))
	{
		addb_client_pause_round(call, 1, false);
		if (!addb_lock_look(call, table, key, state))
			addb_call_raise(call);
		if (addb_call_was_unsettled(call))
		{
			*open = call;
			return false;
		}
	}
	else if (addb_call_outcome_unknown(call) &&
			 addb_lock_look(call, table, key, state))
	{
		*open = call;
		return false;
	}
	else
		addb_call_raise(call);
	addb_call_release(call);
	pfree(body->data);
	return done;
}

static void
set_lock(AddbLock *lock, const AddbKey *key, const char *version,
		 bool has_ttl, int64 ttl)
{
	lock->key = *key;
	lock->version.data = pg_any_to_server(version, (int) strlen(version), PG_UTF8);
	lock->version.len = (int) strlen(lock->version.data);
	lock->has_ttl = has_ttl;
	lock->ttl = has_ttl ? addb_item_timestamp(ttl) : 0;
}

/* Creates the lock; false when it is not ours, or not there; see write_if. */
static bool
create(const char *table, const AddbKey *key, AddbLock *lock,
	   AddbLockState *state, AddbCall **open)
{
	char	   *version = palloc(ADDB_UUID_LEN + 1);
	int64		now = addb_lock_now();
	StringInfoData body;

	addb_uuid_make(version);
	build_create(&body, table, key, version, now);

	/* found with our version: it was our write, and its answer was lost */
	if (!write_if(&addb_put_item, table, key, &body, state, open) &&
		(state->version == NULL || strcmp(state->version, version) != 0))
		return false;
	set_lock(lock, key, version, true, now + addb_lock_ttl);
	return true;
}

/* Gives the lock a full life; false when it has not got that; see write_if. */
static bool
renew(const char *table, const AddbKey *key, AddbLock *lock,
	  AddbLockState *state, AddbCall **open)
{
	char	   *version = state->version;
	int64		ttl = addb_lock_now() + addb_lock_ttl;
	StringInfoData body;

	/* first, for it raises when the server's encoding lacks a character */
	set_lock(lock, key, version, true, ttl);
	build_renew(&body, table, key, version, ttl);
	return write_if(&addb_update_item, table, key, &body, state, open) ||
		(state->version != NULL && strcmp(state->version, version) == 0 &&
		 state->ttl >= ttl);
}

static void
check_is_lock(const AddbKey *key, const AddbLockState *state)
{
	if (state->exists && state->version == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("DynamoDB item with pk \"%s\", sk \"%s\" is not a lock",
						pnstrdup(key->pk.data, key->pk.len),
						pnstrdup(key->sk.data, key->sk.len)),
				 errdetail("It has no attribute \"version\"."),
				 errhint("Give the lock a key of its own, such as the item's sk with \"#lock\" appended.")));
}

/*
 * addb_lock_get - gets the lock, creating or renewing it where needed
 *
 * The version in *lock is palloc'd in the current context. Of two sessions
 * that create the lock at once both get the same. Raises what calls raise, 08007
 * when a write of the lock was lost and what it wrote is not there, 42809 when the
 * item at the key is not a lock, and 40001 when the lock kept changing.
 */
void
addb_lock_get(const char *table, const AddbKey *key, AddbLock *lock)
{
	AddbLockState state;
	AddbCall   *call = read_call(table, key);
	AddbCall   *open = NULL;

	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	state_of_reply(call, &state);
	addb_call_release(call);

	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		int64		now = addb_lock_now();
		bool		absent = !state.exists || addb_lock_is_expired(&state, now);

		check_is_lock(key, &state);
		if (!absent && !(state.has_ttl && state.ttl - now <= addb_lock_refresh &&
						 state.ttl < now + addb_lock_ttl))
		{
			set_lock(lock, key, state.version, state.has_ttl, state.ttl);
			return;
		}

		/* a write that was lost, and not found, is no race: it is not repeated */
		if (open != NULL)
			addb_call_raise(open);
		if (absent ? create(table, key, lock, &state, &open) :
			renew(table, key, lock, &state, &open))
			return;
	}
	if (open != NULL)
		addb_call_raise(open);
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("RaceCondition: the lock with pk \"%s\", sk \"%s\" kept changing",
					pnstrdup(key->pk.data, key->pk.len),
					pnstrdup(key->sk.data, key->sk.len)),
			 errhint("Try again.")));
}
