/*
 * error_raise.c
 *	  Raises what a call to DynamoDB failed with.
 *
 * What makes this more than a table is the write that was sent and left without
 * an answer that settles it. Such a call is reported as 08007, "transaction
 * resolution unknown", whatever its last attempt said: a retry loop that runs
 * on 40001 or 53000 must be able to rely on nothing having been written.
 */
#include "postgres.h"

#include <limits.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/error_table.h"
#include "dynamodb/retry.h"

/* Refused actions that the DETAIL of a cancelled transaction lists. */
#define MAX_LISTED_REASONS 10

#define MAX_TRANSPORT_TEXT 500

/*
 * Whether it is open what became of the write; never of a read. error is NULL
 * where there was no answer.
 */
static bool
outcome_unknown(const AddbServiceError *error, const AddbErrorRow *row,
				const AddbErrorContext *context)
{
	AddbErrorEffect effect = error != NULL && error->settles ?
		ADDB_NEVER_APPLIED : row->effect;

	return context != NULL && context->is_write &&
		addb_outcome_is_unknown(effect, context->unsettled,
								context->token_expired);
}

/*
 * addb_error_leaves_open
 *
 * Does this reply to a write leave open whether it was applied? The caller
 * remembers that, as AddbErrorContext.unsettled, when it makes another attempt.
 */
bool
addb_error_leaves_open(const AddbServiceError *error)
{
	return addb_error_find_row(error, false)->effect == ADDB_MAYBE_APPLIED;
}

/*
 * addb_error_sqlstate
 *
 * The SQLSTATE with which addb_error_raise reports this reply (an ERRCODE_ as
 * errcode() takes it). context may be NULL: then it is that of a read.
 */
int
addb_error_sqlstate(const AddbServiceError *error,
					const AddbErrorContext *context)
{
	bool		is_create = context != NULL && context->is_create;
	const AddbErrorRow *row = addb_error_find_row(error, is_create);

	return outcome_unknown(error, row, context) ?
		ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN : row->sqlstate;
}

/*
 * addb_error_transport_sqlstate
 *
 * The SQLSTATE with which addb_error_raise_transport reports this failure.
 */
int
addb_error_transport_sqlstate(AddbTransportFailure failure,
							  const AddbErrorContext *context)
{
	const AddbErrorRow *row = addb_error_transport_row(failure, NULL);

	return outcome_unknown(NULL, row, context) ?
		ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN : row->sqlstate;
}

/* Whether such a reply makes the client try again. */
static bool
is_retried(const AddbServiceError *error)
{
	AddbAttempt attempt = {.status = error->status,.code = error->code};

	return addb_retry_classify(&attempt) != ADDB_RETRY_NONE;
}

/* Lists the refused actions of a cancelled transaction, numbered from 1. */
static void
append_reasons(StringInfo detail, const AddbServiceError *error)
{
	int			listed = 0;
	int			more = 0;

	for (int i = 0; i < error->nreasons; i++)
	{
		const AddbCancellationReason *reason = &error->reasons[i];

		if (strcmp(reason->code, "None") == 0)
			continue;
		if (listed++ >= MAX_LISTED_REASONS)
		{
			more++;
			continue;
		}
		appendStringInfo(detail, "\nAction %d: %s", i + 1,
						 *reason->code ? reason->code : "no code");
		if (reason->message != NULL && *reason->message)
			appendStringInfo(detail, ": %s", reason->message);
	}
	if (more > 0)
		appendStringInfo(detail, "\n%d more actions were refused.", more);
}

/* Whether every encoding of a server has all characters of a JSON text. */
static bool
is_plain_ascii(const AddbJsonSlice *json)
{
	for (size_t i = 0; i < json->len; i++)
		if (IS_HIGHBIT_SET(json->data[i]) ||
			(json->data[i] == '\\' && i + 1 < json->len && json->data[i + 1] == 'u'))
			return false;
	return true;
}

/*
 * Appends the item that a condition was not met by. Where the server's encoding
 * may lack one of its characters it is shown as it came, typed, with what is
 * lacking replaced: an error on the way would hide the one raised here.
 */
static void
append_stored_item(StringInfo detail, const AddbServiceError *error)
{
	AddbJsonCursor cursor = addb_json_cursor(error->item.data, error->item.len);
	AddbJsonbValue item;

	if (error->item.len == 0)
		return;
	appendStringInfoString(detail, "\nStored item: ");
	addb_jsonb_start();
	if ((GetDatabaseEncoding() == PG_UTF8 || is_plain_ascii(&error->item)) &&
		addb_av_decode_map(&cursor, &item))
		JsonbToCString(detail, &addb_jsonb_finish(item)->root, -1);
	else
		appendStringInfoString(detail,
							   addb_error_text(error->item.data, error->item.len,
											   INT_MAX));
}

/*
 * The DETAIL: what the other side said, in its words. Of a refused signature
 * the first line only: the rest quotes the signed headers, and the session
 * token is one of them. With parts: the reasons and the item that it came with.
 */
static char *
service_detail(const AddbServiceError *error, const AddbErrorRow *row,
			   int attempts, bool with_parts)
{
	StringInfoData detail;
	const char *text = error->code != NULL ? error->message : error->excerpt;
	bool		about_attempt = attempts > 1 && !is_retried(error);

	initStringInfo(&detail);
	if (error->code != NULL)
		appendStringInfoString(&detail, error->code);
	else
		appendStringInfo(&detail, "HTTP status %d", error->status);
	if (text != NULL && *text)
	{
		int			len = strlen(text);

		if (row->sqlstate == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION)
			len = strcspn(text, "\n");
		appendStringInfo(&detail, ": %.*s", len, text);
	}
	if (error->request_id != NULL)
		appendStringInfo(&detail, " (request id %s%s)", error->request_id,
						 about_attempt ? psprintf(", attempt %d", attempts) : "");
	else if (about_attempt)
		appendStringInfo(&detail, " (attempt %d)", attempts);
	if (with_parts)
	{
		append_reasons(&detail, error);
		append_stored_item(&detail, error);
	}
	return detail.data;
}

/*
 * Adds the line of CONTEXT; for use within ereport. answer, or NULL, is what
 * the DETAIL has no room for.
 */
static int
call_context(const AddbErrorContext *context, const char *answer)
{
	const char *colon = answer != NULL ? ": " : "";

	if (answer == NULL)
		answer = "";
	if (context->table != NULL)
		return errcontext("DynamoDB %s on table \"%s\"%s%s",
						  context->operation, context->table, colon, answer);
	return errcontext("DynamoDB %s%s%s", context->operation, colon, answer);
}

/*
 * The HINT. A request that the service refuses as invalid is a matter of its
 * arguments, whose names in SQL the service does not know.
 */
static const char *
hint_of(const AddbErrorRow *row, const AddbErrorContext *context)
{
	if (row->hint == NULL && context->arguments != NULL &&
		row->sqlstate == ERRCODE_INVALID_PARAMETER_VALUE)
		return psprintf(strchr(context->arguments, ' ') != NULL ?
						"Check the arguments %s." : "Check the argument %s.",
						context->arguments);
	if (row->server_hint != NULL && context->server != NULL)
		return psprintf(row->server_hint, context->server);
	return row->hint;
}

/* The lines of CONTEXT of a write whose outcome is unknown. */
static int
unknown_context(const AddbErrorContext *context, const char *answer)
{
	if (context->add_context != NULL)
		context->add_context(context->context_arg);
	return call_context(context, answer);
}

/*
 * Raises by a row; with unknown, that the outcome is. detail may be NULL.
 * attempts is what the primary message tells: the number of attempts, or 1 where
 * it is no part of the matter.
 */
static _Noreturn void
raise_row(const AddbErrorRow *row, bool unknown, const char *detail,
		  int attempts, const AddbErrorContext *context)
{
	const char *suffix = attempts > 1 ?
		psprintf(" after %d attempts", attempts) : "";
	const char *answer = NULL;

	if (context->rows != NULL)
	{
		answer = detail;
		detail = context->rows;
	}
	else if (context->preface != NULL)
		detail = detail == NULL ? context->preface :
			psprintf("%s: %s", context->preface, detail);

	if (unknown)
		ereport(ERROR,
				(errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
				 errmsg("outcome of DynamoDB %s is unknown%s",
						context->operation, suffix),
				 detail != NULL ? errdetail_internal("%s", detail) : 0,
				 errhint("%s", context->unknown_hint != NULL ?
						 context->unknown_hint : addb_outcome_hint(ADDB_HINT_LOOK)),
				 unknown_context(context, answer)));

	ereport(ERROR,
			(errcode(row->sqlstate),
			 row->sqlstate == ERRCODE_UNDEFINED_TABLE && context->table != NULL ?
			 errmsg("DynamoDB table \"%s\", or its index, does not exist",
					context->table) :
			 errmsg("%s%s", row->primary, suffix),
			 detail != NULL ? errdetail_internal("%s", detail) : 0,
			 hint_of(row, context) != NULL ?
			 errhint("%s", hint_of(row, context)) : 0,
			 call_context(context, answer)));
}

/*
 * addb_error_raise
 *
 * Raises an error reply that is final. The primary message is ours, the
 * service's words are in the DETAIL with the type and the request id.
 *
 * A write is reported as 08007 when the reply leaves open whether it was
 * applied (a fault of the service), and when context->unsettled says that of
 * an earlier attempt, unless this reply rules it out: the request is malformed,
 * or is a transaction, which its token makes the same in all attempts, and which
 * was not cancelled by what may pass. outcome.c tells more.
 *
 * The number of attempts is in the primary message of an error that is retried,
 * else in the DETAIL. context must not be NULL.
 */
void
addb_error_raise(const AddbServiceError *error, const AddbErrorContext *context)
{
	const AddbErrorRow *row = addb_error_find_row(error, context->is_create);
	bool		unknown = outcome_unknown(error, row, context);

	raise_row(row, unknown, service_detail(error, row, context->attempts,
										   context->rows == NULL),
			  is_retried(error) || unknown ? context->attempts : 1,
			  context);
}

/*
 * addb_error_raise_transport
 *
 * Raises the failure of a last attempt that got no usable answer. text is what
 * the transport says about it, in any encoding, or NULL; it becomes the DETAIL,
 * with the request id of context where headers came.
 *
 * Reads: 08001 when there was no connection, 08006 when the answer did not
 * come or was cut off, 54000 when it is too large, 08P01 when it is garbage or
 * damaged. Writes: 08007, but for an attempt that was not sent when no earlier
 * one is unsettled. An unreadable answer to a write is as good as none: the
 * write may well stand behind it.
 */
void
addb_error_raise_transport(AddbTransportFailure failure, const char *text,
						   const AddbErrorContext *context)
{
	const AddbErrorRow *row = addb_error_transport_row(failure, context->operation);
	const char *detail = NULL;

	if (text != NULL && *text)
		detail = addb_error_text(text, strlen(text), MAX_TRANSPORT_TEXT);
	if (context->request_id != NULL)
		detail = psprintf("%s%s(request id %s)", detail ? detail : "",
						  detail ? " " : "", context->request_id);
	raise_row(row, outcome_unknown(NULL, row, context), detail,
			  context->attempts, context);
}
