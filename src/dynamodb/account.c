/*
 * account.c
 *	  The account of a call: how it ended, what it has cost, how long it took.
 *
 * It is closed when the memory of the call goes, be it by addb_call_release or
 * by an error or interrupt that leaves the call behind in flight. By then the
 * reply has been read, so that all numbers go into ddb_stat at once.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/account.h"
#include "dynamodb/call.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

static double
duration_ms(const AddbCall *call, int64 until)
{
	return (until - call->started) / 1000.0;
}

/*
 * The reset callback of the call's context. Raises nothing, and leaves alone
 * what the request points to, which may be gone.
 */
static void
close_account(void *arg)
{
	const AddbCall *call = arg;
	const AddbAccount *account = &call->account;
	AddbStatCounters counters = {
		.retries = account->attempts - 1,
		.throttles = account->throttles,
		.bytes_sent = account->bytes_sent,
		.bytes_received = account->bytes_received
	};

	if (account->attempts == 0)
		return;
	counters.outcomes[account->outcome] = 1;
	if (account->is_write)
		counters.write_units = account->units;
	else
		counters.read_units = account->units;
	counters.total_time = duration_ms(call, account->finished != 0 ?
									  account->finished : addb_http_now());
	counters.max_time = counters.total_time;
	addb_stat_add(&account->key, &counters);
}

/*
 * addb_account_open - opens the account of a call that is about to start
 *
 * Raises out of memory.
 */
void
addb_account_open(AddbCall *call)
{
	AddbAccount *account = &call->account;

	addb_stat_prepare();
	addb_stat_make_key(&account->key, call->request.operation->name,
					   call->request.table, addb_server);
	account->outcome = ADDB_STAT_CANCELLED;
	account->is_write = call->request.operation->is_write;
	account->at_end.func = close_account;
	account->at_end.arg = call;
	MemoryContextRegisterResetCallback(call->context, &account->at_end);
}

/*
 * addb_account_refused - notes that an attempt was answered by an error
 */
void
addb_account_refused(AddbCall *call)
{
	if (addb_error_sqlstate(call->error, NULL) == ERRCODE_INSUFFICIENT_RESOURCES)
		call->account.throttles++;
}

/* The columns of ddb_stat by the SQLSTATEs of the errors. */
static AddbStatOutcome
outcome_of(int sqlstate)
{
	switch (sqlstate)
	{
		case ERRCODE_INSUFFICIENT_RESOURCES:
			return ADDB_STAT_THROTTLED;
		case ERRCODE_T_R_SERIALIZATION_FAILURE:
			return ADDB_STAT_CONFLICT;
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_UNIQUE_VIOLATION:
			return ADDB_STAT_CONDITION;
		case ERRCODE_INSUFFICIENT_PRIVILEGE:
		case ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION:
			return ADDB_STAT_DENIED;
		case ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN:
			return ADDB_STAT_UNKNOWN;
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION:
		case ERRCODE_CONNECTION_FAILURE:
		case ERRCODE_PROTOCOL_VIOLATION:
			return ADDB_STAT_FAULT;
		default:
			return ADDB_STAT_REJECTED;
	}
}

/* How the last attempt was answered, in a few words. */
static void
append_answer(StringInfo line, const AddbCall *call)
{
	static const char *const failures[] = {
		[ADDB_TRANSPORT_NOT_CONNECTED] = "no connection",
		[ADDB_TRANSPORT_TIMED_OUT] = "no answer in time",
		[ADDB_TRANSPORT_CUT_OFF] = "connection cut off",
		[ADDB_TRANSPORT_TOO_LARGE] = "answer too large",
		[ADDB_TRANSPORT_GARBAGE] = "answer not understood",
		[ADDB_TRANSPORT_BAD_CHECKSUM] = "answer damaged",
		[ADDB_TRANSPORT_BAD_CA_FILE] = "no file of certificates",
		[ADDB_TRANSPORT_BAD_CERTIFICATE] = "certificate not trusted",
		[ADDB_TRANSPORT_BAD_TLS_VERSION] = "no common TLS version"
	};

	if (addb_call_succeeded(call))
		appendStringInfoString(line, "HTTP 200");
	else if (call->error == NULL)
		appendStringInfoString(line, failures[call->failure]);
	else
		appendStringInfo(line, "HTTP %d%s%s", call->error->status,
						 call->error->code != NULL ? " " : "",
						 call->error->code != NULL ? call->error->code : "");
}

/*
 * Tells the server's log, and only that, of a slow call. The statement and the
 * context may quote items, so they stay away.
 */
static void
log_slow(const AddbCall *call)
{
	const AddbAccount *account = &call->account;
	const char *id = addb_call_request_id(call);
	StringInfoData line;

	initStringInfo(&line);
	appendStringInfo(&line, "DynamoDB %s", account->key.operation);
	if (account->key.table[0] != '\0')
		appendStringInfo(&line, " on table \"%s\"", account->key.table);
	appendStringInfo(&line, ": %.3f ms, %d attempt%s, ",
					 duration_ms(call, account->finished), account->attempts,
					 account->attempts == 1 ? "" : "s");
	append_answer(&line, call);
	if (id != NULL)
		appendStringInfo(&line, ", request id %s", id);
	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("%s", line.data),
			 errhidestmt(true),
			 errhidecontext(true)));
	pfree(line.data);
}

/*
 * addb_account_settled - notes that the call has succeeded or failed
 */
void
addb_account_settled(AddbCall *call)
{
	AddbAccount *account = &call->account;

	account->finished = addb_http_now();
	account->outcome = addb_call_succeeded(call) ? ADDB_STAT_SUCCEEDED
		: outcome_of(addb_call_sqlstate(call));
	if (addb_log_min_duration >= 0 &&
		duration_ms(call, account->finished) >= addb_log_min_duration)
		log_slow(call);
}

/*
 * addb_account_garbled - notes that the reply to a call makes no sense
 */
void
addb_account_garbled(AddbCall *call)
{
	call->account.outcome = call->account.is_write ?
		ADDB_STAT_UNKNOWN : ADDB_STAT_FAULT;
}
