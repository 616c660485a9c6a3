/*
 * host_http.c
 *	  The part of the machine that lies in the network: one exchange with a
 *	  source of credentials, and the pause between two of them.
 *
 * It may be called while requests to DynamoDB are in flight, when one of them
 * needs a configuration: they make progress while this waits, and whoever waits
 * for them finds their outcome afterwards. Redirects are not followed and
 * proxies of the environment are not used, as everywhere in src/http.
 */
#include "postgres.h"

#include <time.h>

#include "aws/clock_skew.h"
#include "aws/host.h"
#include "core/guc.h"
#include "http/http.h"
#include "utils/memutils.h"

/*
 * The largest genuine reply is that of STS: a session token, which AWS warns may
 * reach 4 kB, in 2 kB of XML. This is ten times as much.
 */
#define MAX_RESPONSE (64 * 1024)

/* Milliseconds since 1970 by this machine's clock. */
static int64
wall_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
take_outcome(const AddbHttpExchange *exchange, int64 sent_ms,
			 AddbHostReply *reply)
{
	AddbHttpOutcome outcome = addb_http_outcome(exchange);
	const char *body;

	reply->sent = outcome != ADDB_HTTP_NOT_SENT;
	if (outcome == ADDB_HTTP_REPLY)
	{
		body = addb_http_body(exchange, &reply->len);
		reply->body = palloc(reply->len + 1);
		memcpy(reply->body, body, reply->len);
		reply->body[reply->len] = '\0';
		reply->status = addb_http_status(exchange);
		reply->tells_time =
			addb_clock_skew_offset(addb_http_header(exchange, "Date"),
								   addb_http_header(exchange, "Age"),
								   sent_ms, wall_clock_ms(),
								   &reply->clock_offset_ms);
	}
	else if (outcome == ADDB_HTTP_TOO_LARGE)
		reply->error = psprintf("the reply is larger than %d bytes",
								MAX_RESPONSE);
	else
		reply->error = pstrdup(addb_http_error(exchange));
}

/*
 * addb_host_http - the function http of addb_host_real
 *
 * Fills reply, palloc'd in the current context; the caller wipes the body. The
 * copies that the transport has are wiped here. One attempt, which any interrupt
 * ends; out of memory (53200) is the only other error.
 */
void
addb_host_http(void *arg, const AddbHostRequest *request, AddbHostReply *reply)
{
	AddbHttpRequest http = {
		.method = request->method,
		.url = request->url,
		.headers = request->headers,
		.nheaders = request->nheaders,
		.body = request->body,
		.body_len = request->body_len,
		.max_response = MAX_RESPONSE,
		.ca_file = request->ca_file,
		.tls_1_3_only = addb_tls_min_version == ADDB_TLS_1_3,
		.connect_timeout = request->timeout,
		.timeout = request->timeout,
		.secret = true,
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "atomic_dynamodb credentials request",
												  ALLOCSET_SMALL_SIZES);
	int64		sent_ms = wall_clock_ms();
	AddbHttpExchange *exchange = addb_http_start(&http, context);

	addb_host_questions++;
	addb_http_wait_as(ADDB_HTTP_WAIT_CREDENTIALS, &exchange, 1, -1);
	memset(reply, 0, sizeof(AddbHostReply));
	take_outcome(exchange, sent_ms, reply);
	MemoryContextDelete(context);
}

/*
 * addb_host_pause - the function pause of addb_host_real
 *
 * Raises interrupts, and nothing else.
 */
void
addb_host_pause(void *arg, int ms)
{
	addb_http_wait_as(ADDB_HTTP_WAIT_CREDENTIALS, NULL, 0,
					  addb_http_now() + (int64) ms * 1000);
}
