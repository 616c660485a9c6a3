/*
 * attempt.c
 *	  One attempt of a call: how it is sent, what its answer means, whether there
 *	  is another.
 *
 * What makes it more than a loop is the write that was sent and left without
 * an answer. Such a call is "unsettled" from then on: it may be resent when
 * that is safe by the table of outcome.c, and if it ends without a settling
 * answer, it is reported as 08007.
 */
#include "postgres.h"

#include <time.h>
#include <zlib.h>

#include "aws/clock_skew.h"
#include "aws/config.h"
#include "common/pg_prng.h"
#include "core/guc.h"
#include "dynamodb/attempt.h"
#include "dynamodb/request_headers.h"
#include "dynamodb/stats.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

/*
 * DynamoDB settles a transaction that hangs about 5 s after its first attempt,
 * by its service model; the last attempt waits for that.
 */
#define TRANSACTION_SETTLED_MS 5000

/* Milliseconds since the epoch by this machine's clock. */
static int64
wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * addb_attempt_time - the service's time in seconds since 1970
 *
 * This machine's clock, corrected by what the last reply of peer said.
 */
int64
addb_attempt_time(const AddbPeer *peer)
{
	return (wall_clock_ms() + peer->clock_offset_ms) / 1000;
}

/* The operation that goes over the wire. */
static const AddbOperation *
sent_operation(const AddbCall *call)
{
	return call->request.carrier ? call->request.carrier : call->request.operation;
}

/* Notes for whom and where an attempt goes. */
static void
note_config(AddbCall *call, const AddbAwsConfig *config)
{
	if (call->target == 0 && config->server[0] != '\0')
		call->server = MemoryContextStrdup(call->context, config->server);
	call->target = config->target;
	call->signer = config->signer;
	call->generation = config->generation;
	call->identity = config->identity;
}

/*
 * addb_attempt_send - sends the call's next attempt
 *
 * libcurl must not make another of it unseen: a second one may be answered by
 * what the first one did. Raises out of memory, and what signing raises.
 */
void
addb_attempt_send(AddbCall *call, const AddbAwsConfig *config)
{
	const char *headers[ADDB_MAX_REQUEST_HEADERS];
	AddbRequestHeaders lines;
	AddbHttpRequest http = {
		.method = "POST",
		.url = config->url,
		.headers = headers,
		.body = call->request.body,
		.body_len = call->request.body_len,
		.max_response = sent_operation(call)->max_response,
		.ca_file = config->ca_file,
		.tls_1_3_only = addb_tls_min_version == ADDB_TLS_1_3,
		.connect_timeout = addb_connect_timeout,
		.timeout = addb_request_timeout,
		.send_once = call->request.operation->is_write
	};
	MemoryContext caller;

	note_config(call, config);
	if (call->retry.attempt == 1)
		call->attempt = call->context;
	else if (call->attempt == call->context)
		call->attempt = AllocSetContextCreate(call->context,
											  "atomic_dynamodb attempt",
											  ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(call->attempt);
	caller = MemoryContextSwitchTo(call->attempt);
	addb_request_headers_build(config, &call->request, call->invocation_id,
							   call->retry.attempt, addb_attempt_time(addb_peer_of(config)),
							   &lines);
	for (int i = 0; i < lines.n; i++)
		headers[i] = lines.text.data + lines.start[i];
	http.nheaders = lines.n;
	call->sent_ms = wall_clock_ms();
	call->exchange = addb_http_start(&http, call->attempt);
	call->state = CALL_SENDING;
	MemoryContextSwitchTo(caller);

	addb_stats_enter_statement();
	addb_stats.requests++;
	addb_stats.retries += call->retry.attempt > 1;
	addb_stats.bytes_sent += call->request.body_len;
	call->account.attempts++;
	call->account.bytes_sent += call->request.body_len;
}

/* Whether the body is what the service sent. */
static bool
checksum_is_right(const AddbHttpExchange *exchange, const char *body, size_t len)
{
	const char *expected = addb_http_header(exchange, "x-amz-crc32");

	return expected == NULL ||
		strtoul(expected, NULL, 10) == crc32(0, (const Bytef *) body, (uInt) len);
}

/* Whether the body can be a JSON object in UTF-8; its readers check the rest. */
static bool
looks_like_json_object(const char *body, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", body[len - 1]) != NULL)
		len--;
	return len >= 2 && body[0] == '{' && body[len - 1] == '}' &&
		pg_verify_mbstr(PG_UTF8, body, (int) len, true);
}

/* Takes note of the service's clock and of what the network carried. */
static void
observe_reply(AddbCall *call, size_t len)
{
	AddbPeer   *peer = addb_peer_find(call->target);
	int64		offset;

	addb_stats.bytes_received += len;
	call->account.bytes_received += len;
	if (peer->corrects_clock &&
		addb_clock_skew_offset(addb_http_header(call->exchange, "Date"),
							   addb_http_header(call->exchange, "Age"),
							   call->sent_ms, wall_clock_ms(), &offset))
		peer->clock_offset_ms = offset;
}

static void
fail_transport(AddbCall *call, AddbTransportFailure failure, const char *text)
{
	MemoryContext caller = MemoryContextSwitchTo(call->context);

	call->error = NULL;
	call->failure = failure;
	call->failure_text = pstrdup(text);
	call->request_id = call->exchange != NULL ?
		addb_call_header_id(call->exchange) : NULL;
	MemoryContextSwitchTo(caller);
}

/*
 * Judges a whole reply. Fills attempt; returns whether it is the success that
 * was hoped for.
 */
static bool
judge_reply(AddbCall *call, AddbAttempt *attempt)
{
	size_t		len;
	const char *body = addb_http_body(call->exchange, &len);
	MemoryContext caller;

	observe_reply(call, len);
	attempt->status = addb_http_status(call->exchange);
	if (!checksum_is_right(call->exchange, body, len))
	{
		attempt->bad_checksum = true;
		fail_transport(call, ADDB_TRANSPORT_BAD_CHECKSUM,
					   "The body does not match the header x-amz-crc32.");
		return false;
	}
	if (attempt->status == 200)
	{
		if (looks_like_json_object(body, len))
			return true;
		attempt->garbage = call->request.operation->is_write;
		fail_transport(call, ADDB_TRANSPORT_GARBAGE,
					   "HTTP status 200 came with a body that is no JSON object.");
		return false;
	}
	caller = MemoryContextSwitchTo(call->context);
	call->error = addb_error_parse(attempt->status,
								   addb_http_header(call->exchange, "x-amzn-RequestId"),
								   addb_http_header(call->exchange, "x-amzn-ErrorType"),
								   body, len);
	if (call->request.carrier != NULL)
		addb_error_unwrap(call->error);
	MemoryContextSwitchTo(caller);
	attempt->code = call->error->code;
	attempt->in_doubt = call->unsettled &&
		addb_error_may_pass(call->error, &attempt->throttled);
	addb_account_refused(call);
	attempt->clock_skew =
		addb_clock_skew_is_error(attempt->code,
								 addb_peer_find(call->target)->clock_offset_ms);
	return false;
}

/* Judges an exchange that brought no whole reply. */
static void
judge_silence(AddbCall *call, AddbAttempt *attempt)
{
	static const AddbTransportFailure failures[] = {
		[ADDB_HTTP_NOT_SENT] = ADDB_TRANSPORT_NOT_CONNECTED,
		[ADDB_HTTP_TIMED_OUT] = ADDB_TRANSPORT_TIMED_OUT,
		[ADDB_HTTP_CUT_OFF] = ADDB_TRANSPORT_CUT_OFF,
		[ADDB_HTTP_GARBAGE] = ADDB_TRANSPORT_GARBAGE,
		[ADDB_HTTP_TOO_LARGE] = ADDB_TRANSPORT_TOO_LARGE
	};
	AddbHttpOutcome outcome = addb_http_outcome(call->exchange);
	AddbTransportFailure failure = failures[outcome];

	attempt->no_reply = outcome != ADDB_HTTP_TOO_LARGE;
	attempt->status = addb_http_status(call->exchange);
	if (outcome == ADDB_HTTP_NOT_SENT)
	{
		AddbHttpDistrust distrust = addb_http_distrust(call->exchange);

		if (distrust == ADDB_HTTP_BAD_CA_FILE)
			failure = ADDB_TRANSPORT_BAD_CA_FILE;
		else if (distrust == ADDB_HTTP_BAD_CERTIFICATE)
			failure = ADDB_TRANSPORT_BAD_CERTIFICATE;
		else if (distrust == ADDB_HTTP_BAD_TLS_VERSION)
			failure = ADDB_TRANSPORT_BAD_TLS_VERSION;
	}
	fail_transport(call, failure, addb_http_error(call->exchange));
}

/* How the attempt came to nothing, in the words of outcome.c. */
static AddbFault
fault_of(const AddbCall *call)
{
	static const AddbFault faults[] = {
		[ADDB_TRANSPORT_NOT_CONNECTED] = ADDB_FAULT_NOT_CONNECTED,
		[ADDB_TRANSPORT_TIMED_OUT] = ADDB_FAULT_TIMED_OUT,
		[ADDB_TRANSPORT_CUT_OFF] = ADDB_FAULT_CUT_OFF,
		[ADDB_TRANSPORT_TOO_LARGE] = ADDB_FAULT_TOO_LARGE,
		[ADDB_TRANSPORT_GARBAGE] = ADDB_FAULT_GARBAGE,
		[ADDB_TRANSPORT_BAD_CHECKSUM] = ADDB_FAULT_BAD_CHECKSUM,
		[ADDB_TRANSPORT_BAD_CA_FILE] = ADDB_FAULT_NOT_CONNECTED,
		[ADDB_TRANSPORT_BAD_CERTIFICATE] = ADDB_FAULT_NOT_CONNECTED,
		[ADDB_TRANSPORT_BAD_TLS_VERSION] = ADDB_FAULT_NOT_CONNECTED
	};

	if (call->error == NULL)
		return faults[call->failure];
	if (addb_error_leaves_open(call->error))
		return ADDB_FAULT_SERVICE;
	return addb_retry_is_throttling(call->error->code) ? ADDB_FAULT_THROTTLED
		: ADDB_FAULT_REFUSED;
}

/* Whether another attempt is safe, whatever became of those before. */
static bool
may_resend(const AddbCall *call)
{
	return addb_outcome_may_resend(call->verdict, call->unsettled,
								   call->request.operation->is_write &&
								   call->request.kind == ADDB_WRITE_TOKEN,
								   addb_call_age_ms(call) > ADDB_TOKEN_LIFE_MS);
}

/* Whether the service refused the keys themselves, which others may replace. */
static bool
keys_were_refused(const char *code)
{
	return code != NULL &&
		(strcmp(code, "ExpiredTokenException") == 0 ||
		 strcmp(code, "UnrecognizedClientException") == 0);
}

/* Credentials that were refused must not be taken from what is kept again. */
static void
forget_refused_credentials(const AddbCall *call, const char *code)
{
	if (keys_were_refused(code) ||
		(code != NULL && strcmp(code, "InvalidSignatureException") == 0))
		addb_aws_config_forget(call->generation);
}

static void
end_in_failure(AddbCall *call)
{
	call->state = CALL_FAILED;
	addb_call_consumed(call, 0);
	addb_account_settled(call);
}

static void
pause_call(AddbCall *call, int delay_ms)
{
	call->unsettled |= call->verdict != ADDB_VERDICT_NOT_DONE;
	addb_http_release(call->exchange);
	call->exchange = NULL;
	call->state = CALL_PAUSING;
	call->send_at = addb_http_now() + (int64) delay_ms * 1000;
}

/*
 * addb_attempt_settle - decides when an attempt is over
 *
 * The call has succeeded or failed then, or pauses before another attempt.
 */
void
addb_attempt_settle(AddbCall *call)
{
	AddbAttempt attempt = {0};
	bool		retry;
	int			delay_ms = 0;

	if (addb_http_outcome(call->exchange) != ADDB_HTTP_REPLY)
		judge_silence(call, &attempt);
	else if (judge_reply(call, &attempt))
	{
		addb_retry_succeeded(&addb_peer_find(call->target)->budget, &call->retry);
		call->state = CALL_SUCCEEDED;
		addb_account_settled(call);
		return;
	}
	attempt.retry_after = addb_http_header(call->exchange, "x-amz-retry-after");
	forget_refused_credentials(call, attempt.code);
	call->verdict = !call->request.operation->is_write ? ADDB_VERDICT_NOT_DONE
		: addb_outcome_verdict(call->request.kind, fault_of(call));
	retry = may_resend(call) &&
		addb_retry_decide(&addb_peer_find(call->target)->budget, &call->retry,
						  &attempt, addb_max_attempts,
						  pg_prng_double(&pg_global_prng_state), &delay_ms);
	if (!retry)
	{
		call->renewing = keys_were_refused(attempt.code) && !call->renewed &&
			may_resend(call) && call->retry.attempt < addb_max_attempts;
		if (call->renewing)
			pause_call(call, 0);
		else
			end_in_failure(call);
		return;
	}
	if (attempt.code != NULL && call->retry.attempt == addb_max_attempts &&
		strcmp(attempt.code, "TransactionInProgressException") == 0)
		delay_ms = Max(delay_ms, TRANSACTION_SETTLED_MS - addb_call_age_ms(call));
	pause_call(call, delay_ms);
}

/*
 * The configuration for another attempt; NULL, with a message, when there is none
 * any more. To an attempt that was refused, and to a write that an earlier
 * attempt left open, an error says too little to be raised: of the latter it
 * would say that it failed.
 */
static const AddbAwsConfig *
config_again(AddbCall *call, char **problem)
{
	MemoryContext caller = CurrentMemoryContext;
	const AddbAwsConfig *volatile config = NULL;
	ErrorData  *error;

	if (!call->unsettled && !call->renewing)
		return addb_aws_config_get();
	PG_TRY();
	{
		config = addb_aws_config_get();
	}
	PG_CATCH();
	{
		if (!addb_client_may_catch(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(call->context);
		error = CopyErrorData();
		FlushErrorState();
		*problem = error->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	return config;
}

/*
 * Sends another attempt, to where the first one went and to nowhere else; where
 * that cannot be done any more, the call has failed.
 */
static void
resend_as_before(AddbCall *call)
{
	char	   *problem = "The settings have changed since the request was sent first.";
	const AddbAwsConfig *config = config_again(call, &problem);

	if (config != NULL &&
		((call->target != 0 && config->target != call->target) ||
		 config->identity != call->identity))
		config = NULL;
	if (config == NULL)
	{
		fail_transport(call, ADDB_TRANSPORT_NOT_CONNECTED, problem);
		call->verdict = ADDB_VERDICT_NOT_DONE;
		end_in_failure(call);
		return;
	}
	addb_attempt_send(call, config);
}

/*
 * After the keys were refused: when the configuration, asked anew, has others,
 * another attempt is safe, since the service refused before it did anything.
 * Else the refusal stands.
 */
static void
resend_renewed(AddbCall *call)
{
	char	   *problem = NULL;
	const AddbAwsConfig *config = config_again(call, &problem);

	if (config == NULL || config->target != call->target ||
		config->identity != call->identity || config->signer == call->signer)
	{
		end_in_failure(call);
		return;
	}
	call->renewing = false;
	call->renewed = true;
	call->retry.attempt++;
	call->retry.last_cost = 0;
	addb_attempt_send(call, config);
}

/*
 * addb_attempt_again - ends the pause of a call that was sent before
 *
 * Sends another attempt, or finds that there cannot be one: the call has failed
 * then. Raises what the configuration raises, unless the call's own error says
 * more.
 */
void
addb_attempt_again(AddbCall *call)
{
	if (call->renewing)
		resend_renewed(call);
	else
		resend_as_before(call);
}
