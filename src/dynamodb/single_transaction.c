/*
 * single_transaction.c
 *	  Writes of one item that are sent as transactions of one action.
 *
 * With atomic_dynamodb.idempotent_writes a write that must not be made twice, or
 * whose condition its own lost attempt could make fail, travels in a transaction
 * with a ClientRequestToken. A lost answer is then asked for again, and DynamoDB
 * answers as it did the first time. That costs twice the capacity.
 *
 * The request is wrapped as text: an action has the members of the operation,
 * but for those about its reply. The caller sees the operation that he asked
 * for: its name in messages, and its errors, into which addb_error_unwrap turns
 * the transaction's.
 *
 * Not so a write that is to return attributes, for which a transaction has no
 * room. It is sent by itself.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/partiql.h"
#include "dynamodb/single_transaction.h"
#include "dynamodb/uuid.h"
#include "lib/stringinfo.h"

/* What makes a transaction of an operation. */
static const struct
{
	const AddbOperation *operation;
	const AddbOperation *carrier;
	const char *opening;		/* behind the token, up to the action's members */
	const char *closing;
}			wraps[] = {
	{&addb_put_item, &addb_transact_write_items, "\"TransactItems\":[{\"Put\":{", "}}]}"},
	{&addb_update_item, &addb_transact_write_items, "\"TransactItems\":[{\"Update\":{", "}}]}"},
	{&addb_delete_item, &addb_transact_write_items, "\"TransactItems\":[{\"Delete\":{", "}}]}"},
	{&addb_execute_write, &addb_execute_transaction_write, "\"TransactStatements\":[{", "}]}"}
};

/* Members of the operations that an action does not have. */
static const char *const dropped[] = {
	"Limit", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "ReturnValues"
};

/* Which of the wraps is the operation's; -1 for none. */
static int
find_wrap(const AddbOperation *operation)
{
	for (int i = 0; i < lengthof(wraps); i++)
		if (wraps[i].operation == operation)
			return i;
	return -1;
}

static bool
is_dropped(const AddbJsonSlice *name)
{
	for (int i = 0; i < lengthof(dropped); i++)
		if (addb_json_slice_is(name, dropped[i]))
			return true;
	return false;
}

/* Whether an action can do what a member of the request asks for. */
static bool
can_carry(const AddbJsonSlice *name, const AddbJsonSlice *value)
{
	if (addb_json_slice_is(name, "ReturnValues"))
		return addb_json_slice_is(value, "\"NONE\"");
	if (addb_json_slice_is(name, "Statement"))
	{
		AddbJsonCursor cursor = addb_json_cursor(value->data, value->len);
		AddbJsonSlice string;
		char	   *text;
		size_t		len;

		if (!addb_json_string(&cursor, &string) ||
			(text = addb_json_to_cstring(&string)) == NULL)
			return false;
		len = strlen(text);
		return addb_partiql_is_write(text, len) && !addb_partiql_returns(text, len);
	}
	return true;
}

/*
 * addb_single_is_possible - whether a write can be sent as a transaction
 *
 * Not whether it should be. Of other requests, and of one that is sent so
 * already, false.
 */
bool
addb_single_is_possible(const AddbRequest *request)
{
	AddbJsonCursor cursor = addb_json_cursor(request->body, request->body_len);
	AddbJsonSlice name;
	AddbJsonSlice value;

	if (request->carrier != NULL || find_wrap(request->operation) < 0 ||
		!addb_json_object_start(&cursor))
		return false;
	while (addb_json_object_next(&cursor, &name))
		if (!addb_json_skip(&cursor, &value) || !can_carry(&name, &value))
			return false;
	return !cursor.failed;
}

/*
 * Makes *single the transaction that carries the request; returns where its
 * token stands. Its body is palloc'd.
 */
static char *
wrap(const AddbRequest *request, AddbRequest *single)
{
	int			number = find_wrap(request->operation);
	AddbJsonCursor cursor = addb_json_cursor(request->body, request->body_len);
	AddbJsonSlice name;
	AddbJsonSlice value;
	StringInfoData body;
	char		token[ADDB_UUID_LEN + 1];
	int			token_at;
	bool		first = true;

	addb_uuid_make(token);
	initStringInfo(&body);
	enlargeStringInfo(&body, (int) request->body_len + 256);
	appendStringInfoString(&body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"ClientRequestToken\":\"");
	token_at = body.len;
	appendStringInfo(&body, "%s\",%s", token, wraps[number].opening);
	addb_json_object_start(&cursor);
	while (addb_json_object_next(&cursor, &name))
	{
		addb_json_skip(&cursor, &value);
		if (is_dropped(&name))
			continue;
		if (!first)
			appendStringInfoChar(&body, ',');
		first = false;
		appendStringInfo(&body, "\"%.*s\":", (int) name.len, name.data);
		appendBinaryStringInfo(&body, value.data, (int) value.len);
	}
	appendStringInfoString(&body, wraps[number].closing);
	*single = *request;
	single->body = body.data;
	single->body_len = body.len;
	single->kind = ADDB_WRITE_TOKEN;
	single->carrier = wraps[number].carrier;
	single->carried = request->body;
	single->carried_len = request->body_len;
	return body.data + token_at;
}

/*
 * As a transaction, again while another one is in the way. As in transact_run.c,
 * the token is replaced as long as no attempt by it is open.
 */
static AddbCall *
call_carried(const AddbRequest *request, MemoryContext owner)
{
	MemoryContext caller = MemoryContextSwitchTo(owner);
	AddbRequest single;
	char	   *token = wrap(request, &single);

	MemoryContextSwitchTo(caller);
	for (int round = 1;; round++)
	{
		AddbCall   *call = addb_client_call(&single, owner);
		char		fresh[ADDB_UUID_LEN + 1];

		if (!addb_call_failed_with(call, "TransactionConflictException") ||
			round > addb_transact_retries)
			return call;
		addb_client_pause_round(call, round, false);
		addb_request_repeat(&single, call);
		if (single.open_since == 0)
		{
			addb_uuid_make(fresh);
			memcpy(token, fresh, ADDB_UUID_LEN);
		}
		addb_call_release(call);
	}
}

/*
 * addb_single_call - as addb_client_call, for an operation on one item
 *
 * With atomic_dynamodb.idempotent_writes, a write that is made safe by that is
 * sent as a transaction.
 */
AddbCall *
addb_single_call(const AddbRequest *request, MemoryContext owner)
{
	bool		unsafe = request->operation->is_write &&
		(request->kind == ADDB_WRITE_ONCE || request->kind == ADDB_WRITE_CONDITIONAL);

	if (addb_idempotent_writes && unsafe && addb_single_is_possible(request))
		return call_carried(request, owner);
	return addb_client_call(request, owner);
}
