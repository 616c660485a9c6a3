/*
 * call.c
 *	  What became of a call: its reply, its error, and what is still open.
 */
#include "postgres.h"

#include "dynamodb/call.h"
#include "dynamodb/request.h"
#include "dynamodb/single_transaction.h"
#include "utils/memutils.h"

/* Characters kept of a request id; DynamoDB's have 52. */
#define MAX_REQUEST_ID 100

/*
 * addb_call_age_ms - milliseconds since the write may have been sent first
 *
 * By this call, or by one that it repeats.
 */
int64
addb_call_age_ms(const AddbCall *call)
{
	return (addb_http_now() - call->first_sent) / 1000;
}

/*
 * addb_call_identity - who was asked: the identity in AddbAwsConfig
 *
 * 0 before the call was sent. For requests that make sense to nobody else, such
 * as one for the next page.
 */
uint64
addb_call_identity(const AddbCall *call)
{
	return call->identity;
}

/*
 * addb_call_done - whether the call has succeeded or failed
 */
bool
addb_call_done(const AddbCall *call)
{
	return call->state == CALL_SUCCEEDED || call->state == CALL_FAILED;
}

/*
 * addb_call_succeeded - whether a reply with status 200 arrived whole
 */
bool
addb_call_succeeded(const AddbCall *call)
{
	return call->state == CALL_SUCCEEDED;
}

/*
 * addb_call_is_open - whether a write may have been applied, or may be yet
 *
 * Not so one that waits to be sent or to be connected, and one that has been
 * answered.
 */
bool
addb_call_is_open(const AddbCall *call)
{
	return (call->state == CALL_SENDING && addb_http_was_sent(call->exchange)) ||
		(!addb_call_done(call) && call->unsettled) ||
		addb_call_outcome_unknown(call);
}

/*
 * addb_call_outcome_unknown - whether a failed write may have been applied
 */
bool
addb_call_outcome_unknown(const AddbCall *call)
{
	return call->state == CALL_FAILED &&
		(call->verdict != ADDB_VERDICT_NOT_DONE || call->unsettled);
}

/*
 * addb_call_was_unsettled - whether an attempt before the last was lost
 *
 * The last attempt's answer may then speak of that attempt's own effect.
 */
bool
addb_call_was_unsettled(const AddbCall *call)
{
	return call->unsettled;
}

/*
 * addb_call_open_since - since when an attempt of a write is open
 *
 * A moment of addb_http_now, and no later than that attempt; 0 when none is open.
 * A write that a cancellation or a partial answer leaves to be repeated takes it
 * along, as AddbRequest.open_since: that attempt may yet arrive, and no later
 * answer may be told as if it had not been.
 */
int64
addb_call_open_since(const AddbCall *call)
{
	return call->unsettled || addb_call_outcome_unknown(call) ? call->first_sent : 0;
}

/*
 * addb_request_repeat - makes a request the repetition of its last call
 *
 * While an attempt of that call is open the write must be the same in every
 * attempt, and go to the same place; else nothing is taken along.
 */
void
addb_request_repeat(AddbRequest *request, const AddbCall *call)
{
	request->open_since = addb_call_open_since(call);
	request->identity = request->open_since != 0 ? call->identity : 0;
}

/*
 * addb_call_raises_unknown - whether addb_call_raise would raise 08007
 *
 * Of a call that failed.
 */
bool
addb_call_raises_unknown(const AddbCall *call)
{
	return addb_call_sqlstate(call) == ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN;
}

/*
 * addb_call_token_expired - whether DynamoDB may have forgotten the token
 *
 * The answer to a resent transaction then no longer speaks of all attempts.
 */
bool
addb_call_token_expired(const AddbCall *call)
{
	return call->unsettled && addb_call_age_ms(call) > ADDB_TOKEN_LIFE_MS;
}

/*
 * addb_call_got_no_answer - whether the last attempt ran out of time or was cut
 */
bool
addb_call_got_no_answer(const AddbCall *call)
{
	return call->state == CALL_FAILED && call->error == NULL &&
		(call->failure == ADDB_TRANSPORT_TIMED_OUT ||
		 call->failure == ADDB_TRANSPORT_CUT_OFF);
}

/*
 * addb_call_error - the service's error of a failed call
 *
 * NULL when the call succeeded or no error reply arrived. Lives as long as the
 * call.
 */
const AddbServiceError *
addb_call_error(const AddbCall *call)
{
	return call->state == CALL_FAILED ? call->error : NULL;
}

/*
 * addb_call_failed_with - whether the call failed with this error type
 */
bool
addb_call_failed_with(const AddbCall *call, const char *code)
{
	const AddbServiceError *error = addb_call_error(call);

	return error != NULL && error->code != NULL && strcmp(error->code, code) == 0;
}

/*
 * addb_call_header_id - the request id among the headers of a reply, or NULL
 *
 * Palloc'd, in the server's encoding and free of control characters.
 */
char *
addb_call_header_id(const AddbHttpExchange *exchange)
{
	const char *id = addb_http_header(exchange, "x-amzn-RequestId");

	return id != NULL && *id ? addb_error_text(id, strlen(id), MAX_REQUEST_ID) : NULL;
}

/*
 * addb_call_request_id - the request id of the last reply
 *
 * NULL when there was none. In the server's encoding and free of control
 * characters. Palloc'd, or lives as long as the call.
 */
const char *
addb_call_request_id(const AddbCall *call)
{
	if (call->state != CALL_SUCCEEDED)
		return call->error != NULL ? call->error->request_id : call->request_id;
	return addb_call_header_id(call->exchange);
}

/*
 * addb_call_id_note - " (request id ...)" for a message, "" without one
 *
 * Palloc'd or static.
 */
const char *
addb_call_id_note(const AddbCall *call)
{
	const char *id = addb_call_request_id(call);

	return id != NULL ? psprintf(" (request id %s)", id) : "";
}

/*
 * addb_call_add_id_detail - an ErrorContextCallback's: the request id of a reply
 *
 * For those who read the reply of a call that succeeded, and raise 08P01 without
 * a DETAIL where it makes no sense.
 */
void
addb_call_add_id_detail(void *call)
{
	const char *id;

	if (geterrcode() != ERRCODE_PROTOCOL_VIOLATION)
		return;
	id = addb_call_request_id(call);
	if (id != NULL)
		errdetail("The request id is %s.", id);
}

/*
 * addb_call_add_done_context - to be called by an ErrorContextCallback's function
 *
 * Tells which call it was that succeeded, and of a write that it has been carried
 * out: what is raised is about its reply.
 */
void
addb_call_add_done_context(const AddbCall *call)
{
	const AddbRequest *request = &call->request;

	errcontext("DynamoDB %s%s%s%s%s", request->operation->name,
			   request->table ? " on table \"" : "",
			   request->table ? request->table : "",
			   request->table ? "\"" : "",
			   request->operation->is_write ? ": has been carried out" : "");
}

/*
 * addb_call_body - the reply of a call that succeeded: UTF-8, as received
 *
 * Lives as long as the call.
 */
const char *
addb_call_body(const AddbCall *call, size_t *len)
{
	return addb_http_body(call->exchange, len);
}

/*
 * addb_call_add_open_context - an ErrorContextCallback's: what a write leaves open
 *
 * Of an error that ends the wait for it, or that is met while it is looked into.
 * Says nothing of a call that is not open.
 */
void
addb_call_add_open_context(void *call)
{
	const AddbCall *open = call;
	const AddbRequest *request = &open->request;

	if (!request->operation->is_write || !addb_call_is_open(open))
		return;
	addb_request_add_context(request);
	errcontext("DynamoDB %s%s%s%s: sent, and may have been carried out",
			   request->operation->name,
			   request->table ? " on table \"" : "",
			   request->table ? request->table : "",
			   request->table ? "\"" : "");
}

/* How the user can find out what became of a write. */
static AddbOutcomeHint
hint_of(const AddbCall *call)
{
	const AddbRequest *request = &call->request;

	switch (request->kind)
	{
		case ADDB_WRITE_IDEMPOTENT:
			return ADDB_HINT_REPEAT;
		case ADDB_WRITE_TOKEN:
			return request->carrier != NULL ? ADDB_HINT_COMPARE
				: addb_call_token_expired(call) ? ADDB_HINT_LOOK
				: ADDB_HINT_TOKEN;
		case ADDB_WRITE_CONDITIONAL:
		case ADDB_WRITE_ONCE:
			return addb_single_is_possible(request) ? ADDB_HINT_COMPARE_OR_SET
				: request->kind == ADDB_WRITE_CONDITIONAL ? ADDB_HINT_COMPARE
				: ADDB_HINT_LOOK;
		case ADDB_WRITE_LOOKED_UP:
			if (request->operation == &addb_create_table ||
				request->operation == &addb_delete_table)
				return ADDB_HINT_TABLE;
			if (request->operation == &addb_update_time_to_live)
				return ADDB_HINT_TTL;
			break;
	}
	return ADDB_HINT_LOOK;
}

static void
add_context(const void *call)
{
	addb_request_add_context(&((const AddbCall *) call)->request);
}

static AddbErrorContext
error_context(const AddbCall *call)
{
	AddbErrorContext context = {
		.operation = call->request.operation->name,
		.table = call->request.table,
		.arguments = call->request.arguments,
		.preface = call->request.preface,
		.attempts = call->retry.attempt,
		.is_write = call->request.operation->is_write,
		.is_create = call->request.is_create,
		.unsettled = call->unsettled,
		.server = call->server,
		.request_id = call->error == NULL ? addb_call_request_id(call) : NULL,
		.token_expired = addb_call_token_expired(call)
	};

	if (context.is_write)
	{
		context.unknown_hint = addb_outcome_hint(hint_of(call));
		context.add_context = add_context;
		context.context_arg = call;
	}
	return context;
}

/*
 * addb_call_sqlstate - the SQLSTATE with which addb_call_raise would raise
 */
int
addb_call_sqlstate(const AddbCall *call)
{
	AddbErrorContext context = error_context(call);

	return call->error != NULL ? addb_error_sqlstate(call->error, &context)
		: addb_error_transport_sqlstate(call->failure, &context);
}

/*
 * addb_call_raise - raises the error of a call that failed
 *
 * By the table in error_table.c.
 */
void
addb_call_raise(const AddbCall *call)
{
	AddbErrorContext context = error_context(call);

	if (call->error != NULL)
		addb_error_raise(call->error, &context);
	addb_error_raise_transport(call->failure, call->failure_text, &context);
}

/*
 * addb_call_raise_canceled - raises the error of a transaction, with its rows
 *
 * call failed with TransactionCanceledException. is_create: conditions that an
 * item does not exist are all that was not met. rows becomes the DETAIL.
 */
void
addb_call_raise_canceled(const AddbCall *call, bool is_create, const char *rows)
{
	AddbErrorContext context = error_context(call);

	context.is_create = is_create;
	context.rows = rows;
	addb_error_raise(call->error, &context);
}

/*
 * addb_call_raise_malformed - raises that a reply with status 200 makes no sense
 *
 * 08P01 for a read; a write's outcome is then unknown (08007).
 */
void
addb_call_raise_malformed(AddbCall *call)
{
	AddbErrorContext context = error_context(call);

	addb_account_garbled(call);
	addb_error_raise_transport(ADDB_TRANSPORT_GARBAGE,
							   "The reply is not what the operation answers.",
							   &context);
}

/*
 * addb_call_release - ends the call, done or not, and frees all it holds
 */
void
addb_call_release(AddbCall *call)
{
	MemoryContextDelete(call->context);
}
