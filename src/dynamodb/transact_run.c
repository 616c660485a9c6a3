/*
 * transact_run.c
 *	  Sends a transaction and tells what became of its actions.
 *
 * One that DynamoDB cancels is a result, not an error: a row for each action
 * says whether it was refused and why. A cancellation that speaks of nothing but
 * conflicts and throttling may not come a second time, so the transaction is
 * tried again, as often as atomic_dynamodb.transact_retries allows. That is not
 * what the client does with a lost answer: there the same request is sent again,
 * token and all, because it may have been carried out.
 */
#include "postgres.h"

#include "core/catch.h"
#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"
#include "dynamodb/token.h"
#include "dynamodb/transact.h"
#include "utils/json.h"

/* The table of all actions, or NULL when there are several. */
static const char *
common_table(const AddbTransaction *transaction)
{
	const char *table = transaction->actions[0].table;

	for (int i = 1; i < transaction->n; i++)
		if (strcmp(transaction->actions[i].table, table) != 0)
			return NULL;
	return table;
}

/* What was found invalid may be a key: tables may have been made anew. */
static void
forget_schemas(const AddbTransaction *transaction, const AddbCall *call)
{
	const AddbServiceError *error = addb_call_error(call);
	bool		doubtful = addb_call_failed_with(call, "ValidationException") ||
		addb_call_failed_with(call, "ResourceNotFoundException");

	for (int i = 0; error != NULL && i < error->nreasons; i++)
		doubtful |= addb_error_refusal(&error->reasons[i]) == ADDB_REFUSAL_INVALID;
	for (int i = 0; doubtful && i < transaction->n; i++)
		addb_key_schema_forget(transaction->actions[i].table);
}

/* The item of a reply as its action shows it. */
static Jsonb *
read_item(const AddbTransactAction *action, const AddbJsonSlice *item,
		  bool *intact)
{
	AddbJsonCursor cursor = addb_json_cursor(item->data, item->len);
	AddbJsonbValue value;

	if (action->read != NULL)
		return action->read(action, item, intact);
	addb_jsonb_start();
	*intact = addb_av_decode_map(&cursor, &value);
	return *intact ? addb_jsonb_finish(value) : NULL;
}

/* The call was cancelled, and says so of every action. */
static bool
is_canceled(const AddbTransaction *transaction, const AddbCall *call)
{
	return addb_call_failed_with(call, "TransactionCanceledException") &&
		addb_call_error(call)->nreasons == transaction->n &&
		!addb_call_token_expired(call);
}

/*
 * Calls until there is an answer that stands. A new try of ours gets a token of
 * its own, unless an attempt of any try before was lost: that might yet arrive,
 * and must then be the same transaction. A cancelled call does not use a token
 * up. Raises what is no answer; so is a cancellation that does not settle an open
 * attempt.
 */
static AddbCall *
call_until_settled(const AddbTransaction *transaction, AddbText token,
				   AddbRequest *request, StringInfo body)
{
	bool		writes = request->operation->is_write;
	int			head = body->len;

	for (int round = 1;; round++)
	{
		AddbCall   *call;
		bool		throttled;

		if (body->len == head && writes)
		{
			appendStringInfoString(body, ",\"ClientRequestToken\":");
			addb_token_append(body, token.data, token.len, transaction->preface);
		}
		addb_request_end(request, body);
		call = addb_client_call(request, CurrentMemoryContext);
		if (addb_call_succeeded(call))
			return call;
		forget_schemas(transaction, call);
		if (!is_canceled(transaction, call))
			addb_call_raise(call);
		if (!addb_error_may_pass(addb_call_error(call), &throttled) ||
			round > addb_transact_retries)
		{
			if (addb_call_raises_unknown(call))
				addb_call_raise(call);
			return call;
		}
		addb_client_pause_round(call, round, throttled);
		addb_request_repeat(request, call);
		addb_call_release(call);
		body->len = token.data != NULL || request->open_since != 0 ? body->len - 1 : head;
	}
}

/* The stored item of a cancelled action, while it is read. */
typedef struct StoredItem
{
	const AddbTransactAction *action;
	const AddbJsonSlice *json;
	Jsonb	   *item;
	bool		intact;
} StoredItem;

static void
read_stored_item(void *arg)
{
	StoredItem *stored = arg;

	stored->item = read_item(stored->action, stored->json, &stored->intact);
}

/*
 * Tells why an action was refused. An item that cannot be shown, such as one with
 * text that the server's encoding lacks, must not hide that nothing was written:
 * then there is none, and the message says why.
 */
static void
read_reason(const AddbTransactResult *result, const AddbTransactAction *action,
			const AddbCancellationReason *reason, AddbTransactRow *row)
{
	StoredItem	stored = {action, &reason->item, NULL, true};
	char	   *problem = NULL;

	row->code = *reason->code ? reason->code : "None";
	row->rejected = strcmp(row->code, "None") != 0;
	row->message = reason->message;
	if (reason->item.len > 0)
		problem = addb_catch(read_stored_item, &stored);
	if (!stored.intact)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("could not understand the item that DynamoDB returned for %s %d",
						action->kind->noun, action->number),
				 errdetail("DynamoDB: %s%s.", addb_call_error(result->call)->code,
						   addb_call_id_note(result->call))));
	row->item = stored.item;
	if (problem != NULL)
		row->message = psprintf("%s%sthe item cannot be shown: %s",
								row->message != NULL ? row->message : "",
								row->message != NULL ? "; " : "", problem);
}

static void
read_cancellation(const AddbTransaction *transaction, AddbTransactResult *result)
{
	const AddbServiceError *error = addb_call_error(result->call);

	for (int i = 0; i < transaction->n; i++)
		read_reason(result, &transaction->actions[i], &error->reasons[i], &result->rows[i]);
}

static void
read_written(const AddbTransaction *transaction, AddbTransactResult *result,
			 AddbCall *call)
{
	addb_reply_take_cost(call);
	for (int i = 0; i < transaction->n; i++)
	{
		result->rows[i].code = "None";
		addb_stats.items_written += transaction->actions[i].op != ADDB_TRANSACT_CHECK;
	}
}

/* Reads {"Item": {...}}, or {} for an item that is not there. */
static bool
read_response(const AddbTransactAction *action, AddbJsonCursor *cursor,
			  AddbTransactRow *row)
{
	AddbJsonSlice name;
	AddbJsonSlice item;
	bool		intact = addb_json_object_start(cursor);

	while (intact && addb_json_object_next(cursor, &name))
	{
		if (!addb_json_slice_is(&name, "Item"))
			intact = addb_json_skip(cursor, NULL);
		else if (addb_json_skip(cursor, &item))
		{
			row->item = read_item(action, &item, &intact);
			addb_stats.items_read++;
		}
	}
	return intact && !cursor->failed;
}

/* Reads as many responses as there are actions. */
static bool
read_responses(const AddbTransaction *transaction, AddbTransactResult *result,
			   AddbJsonCursor *cursor)
{
	int			n = 0;

	if (!addb_json_array_start(cursor))
		return false;
	while (addb_json_array_next(cursor))
	{
		if (n == transaction->n ||
			!read_response(&transaction->actions[n], cursor, &result->rows[n]))
			return false;
		n++;
	}
	return n == transaction->n && !cursor->failed;
}

static void
read_gotten(const AddbTransaction *transaction, AddbTransactResult *result,
			AddbCall *call)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	bool		intact = addb_json_object_start(&cursor);
	bool		found = false;

	while (intact && addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "Responses") && !found)
			intact = found = read_responses(transaction, result, &cursor);
		else if (addb_json_slice_is(&name, "ConsumedCapacity"))
			intact = addb_stats_take_capacity(call, &cursor, NULL);
		else
			intact = addb_json_skip(&cursor, NULL);
	}
	if (!intact || !found || cursor.failed)
		addb_call_raise_malformed(call);
}

/*
 * addb_transact_run - carries a transaction out, and tells what became of it
 *
 * token is the user's, or without data; it is of no use to a transaction that
 * reads. The result is palloc'd. A transaction without actions is not sent.
 * Raises what addb_token_append and calls raise; of a write 08007 when it is
 * unknown whether it was carried out; 08P01 when the reply makes no sense.
 */
void
addb_transact_run(const AddbTransaction *transaction, AddbText token,
				  AddbTransactResult *result)
{
	StringInfoData body;
	AddbRequest request = {
		.operation = transaction->kind->operation,
		.kind = ADDB_WRITE_TOKEN,
		.arguments = transaction->kind->arguments,
		.preface = transaction->preface
	};
	AddbCall   *call;

	memset(result, 0, sizeof(*result));
	if (transaction->n == 0)
		return;
	request.table = common_table(transaction);
	initStringInfo(&body);
	appendStringInfoString(&body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"TransactItems\":[");
	appendBinaryStringInfo(&body, transaction->items.data, transaction->items.len);
	appendStringInfoChar(&body, ']');
	call = call_until_settled(transaction, token, &request, &body);
	result->n = transaction->n;
	result->rows = palloc0(transaction->n * sizeof(AddbTransactRow));
	if (!addb_call_succeeded(call))
	{
		result->canceled = true;
		result->call = call;
		read_cancellation(transaction, result);
		return;
	}
	if (request.operation->is_write)
		read_written(transaction, result, call);
	else
		read_gotten(transaction, result, call);
	addb_call_release(call);
	pfree(body.data);
}

/* The rows as JSON, in the server's encoding. */
static char *
rows_json(const AddbTransactResult *result)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < result->n; i++)
	{
		const AddbTransactRow *row = &result->rows[i];

		appendStringInfoString(&json, i == 0 ? "[{\"item\": " : ", {\"item\": ");
		if (row->item != NULL)
			JsonbToCString(&json, &row->item->root, VARSIZE(row->item));
		else
			appendStringInfoString(&json, "null");
		appendStringInfo(&json, ", \"rejected\": %s, \"code\": ",
						 row->rejected ? "true" : "false");
		escape_json(&json, row->code);
		appendStringInfoString(&json, ", \"message\": ");
		if (row->message != NULL)
			escape_json(&json, row->message);
		else
			appendStringInfoString(&json, "null");
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/*
 * Whether a create was refused because the item is there: with a condition of
 * its own, that is known only when the item has come back.
 */
static bool
is_there(const AddbTransactAction *action, const AddbCancellationReason *reason)
{
	JsonbValue	ignored;

	return action->op == ADDB_TRANSACT_CREATE &&
		strcmp(reason->code, "ConditionalCheckFailed") == 0 &&
		(reason->item.len > 0 ||
		 getKeyJsonValueFromContainer(action->object, "where", strlen("where"),
									  &ignored) == NULL);
}

/* Whether all that was refused is a create of what is there already. */
static bool
only_creates_failed(const AddbTransaction *transaction,
					const AddbTransactResult *result)
{
	const AddbCancellationReason *reasons = addb_call_error(result->call)->reasons;

	for (int i = 0; i < result->n; i++)
		if (result->rows[i].rejected &&
			!is_there(&transaction->actions[i], &reasons[i]))
			return false;
	return true;
}

/*
 * addb_transact_raise - raises the error that a cancelled transaction can be
 *
 * The DETAIL is the rows as a JSON array. 23505 when nothing but creates was
 * refused, their items being known to be there; 40001 when all that was refused may
 * pass another time, 53000 when it was all throttled, 22023 when an action can
 * never pass; else 23000.
 */
void
addb_transact_raise(const AddbTransaction *transaction,
					const AddbTransactResult *result)
{
	addb_call_raise_canceled(result->call, only_creates_failed(transaction, result),
							 rows_json(result));
}
