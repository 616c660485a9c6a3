/*
 * exchange.c
 *	  One HTTP request and its reply: its start, its outcome, its end.
 */
#include "postgres.h"

#include <time.h>

#include "http/transport.h"

/* Raises that libcurl refuses to take a request on. */
static _Noreturn void
raise_refusal(CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed to prepare an HTTP request.")));
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not prepare an HTTP request: %s",
					curl_easy_strerror(code))));
}

/*
 * addb_http_start - sends a request without waiting for its reply
 *
 * The exchange belongs to the memory context owner, whose reset or deletion
 * abandons it; addb_http_release does the same earlier. Its timeouts run from
 * now on. Raises out of memory (53200), or XX000 for an option that libcurl
 * does not take; a connection that cannot be made is the exchange's outcome,
 * not an error.
 */
AddbHttpExchange *
addb_http_start(const AddbHttpRequest *request, MemoryContext owner)
{
	AddbOwned  *owned = addb_owned_create(owner, addb_idle_put);
	AddbHttpExchange *exchange;
	CURLcode	code = CURLE_OUT_OF_MEMORY;

	Assert(request->nheaders <= ADDB_HTTP_MAX_HEADERS);
	if (addb_transport_ready())
		code = addb_idle_take(request, &exchange);
	if (code != CURLE_OK)
		raise_refusal(code);
	owned->resource = exchange;
	exchange->prepared = false;
	exchange->owned = owned;
	exchange->outcome = ADDB_HTTP_PENDING;
	exchange->distrust = ADDB_HTTP_NO_DISTRUST;
	exchange->status = 0;
	exchange->send_once = request->send_once;
	exchange->secret = request->secret;
	exchange->begun = false;
	exchange->head_complete = false;
	exchange->too_large = false;
	exchange->no_descriptor = false;
	exchange->max_response = request->max_response;
	exchange->body_len = 0;
	exchange->head_len = 0;
	exchange->error[0] = '\0';
	code = addb_handle_prepare(exchange, request);
	if (code == CURLE_OK && !addb_transport_add(exchange))
		code = CURLE_OUT_OF_MEMORY;
	if (code != CURLE_OK)
		raise_refusal(code);
	exchange->prepared = true;
	addb_transport_begin();
	return exchange;
}

/*
 * addb_http_was_sent - whether the server may have seen anything of the request
 *
 * At any time; false while it is still being connected.
 */
bool
addb_http_was_sent(const AddbHttpExchange *exchange)
{
#ifdef ADDB_HTTP_CURL_ANNOUNCES
	return exchange->begun;
#else
	long		sent = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &sent);
	return sent > 0;
#endif
}

/*
 * Whether TLS failed because there is no version that both speak, by the words of
 * OpenSSL and GnuTLS: libcurl's code is the same for all that fails in a handshake.
 */
static bool
is_about_version(CURLcode result, const char *text)
{
	return result == CURLE_SSL_CONNECT_ERROR &&
		(strstr(text, "alert protocol version") != NULL ||
		 strstr(text, "unsupported protocol") != NULL ||
		 strstr(text, "unsupported version") != NULL);
}

/* Why an exchange whose TLS failed was not sent. */
static AddbHttpDistrust
distrust_of(CURLcode result, const char *text)
{
	if (result == CURLE_SSL_CACERT_BADFILE)
		return ADDB_HTTP_BAD_CA_FILE;
	if (result == CURLE_PEER_FAILED_VERIFICATION)
		return ADDB_HTTP_BAD_CERTIFICATE;
	return is_about_version(result, text) ? ADDB_HTTP_BAD_TLS_VERSION :
		ADDB_HTTP_NO_DISTRUST;
}

/*
 * Puts host and port in front of an error that has none: libcurl names them when
 * there is no connection, but not when TLS fails. The path may be secret.
 */
static void
name_peer(AddbHttpExchange *exchange)
{
	char		text[CURL_ERROR_SIZE];
	char	   *host = NULL;
	char	   *port = NULL;

	if (strstr(exchange->error, " port ") == NULL &&
		curl_url_get(exchange->target, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		curl_url_get(exchange->target, CURLUPART_PORT, &port,
					 CURLU_DEFAULT_PORT) == CURLUE_OK)
	{
		strlcpy(text, exchange->error, sizeof(text));
		snprintf(exchange->error, sizeof(exchange->error), "%s port %s: %s",
				 host, port, text);
	}
	curl_free(host);
	curl_free(port);
}

/* The words for an outcome other than a reply, ours where libcurl's mislead. */
static void
word_error(AddbHttpExchange *exchange, CURLcode result)
{
	const char *text = NULL;

	if (exchange->no_descriptor)
		text = "the session has too many files open";
	else if (result == CURLE_ABORTED_BY_CALLBACK)
		text = "the connection was closed without a reply";
	else if (exchange->error[0] == '\0')
		text = curl_easy_strerror(result);
	if (text != NULL)
		strlcpy(exchange->error, text, sizeof(exchange->error));
	if (exchange->outcome == ADDB_HTTP_TOO_LARGE)
		snprintf(exchange->error, sizeof(exchange->error),
				 "The answer has more than %zu bytes, the limit for this kind of request",
				 exchange->max_response);
	else if (exchange->outcome == ADDB_HTTP_NOT_SENT && !exchange->no_descriptor &&
			 result != CURLE_COULDNT_RESOLVE_HOST &&
			 result != CURLE_SSL_CACERT_BADFILE)
		name_peer(exchange);
}

/*
 * addb_exchange_done - takes libcurl's result; called by the transport
 *
 * To libcurl a head that breaks off is a reply without a body, and its status
 * would be believed.
 */
void
addb_exchange_done(AddbHttpExchange *exchange, CURLcode result)
{
	long		status = 0;

	if (result == CURLE_OK && !exchange->head_complete)
	{
		result = CURLE_PARTIAL_FILE;
		strlcpy(exchange->error, "the reply ended within its head",
				sizeof(exchange->error));
	}
	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	exchange->status = (int) status;
	if (result == CURLE_OK)
		exchange->outcome = ADDB_HTTP_REPLY;
	else if (exchange->too_large)
		exchange->outcome = ADDB_HTTP_TOO_LARGE;
	else if (!addb_http_was_sent(exchange))
		exchange->outcome = ADDB_HTTP_NOT_SENT;
	else if (result == CURLE_OPERATION_TIMEDOUT)
		exchange->outcome = ADDB_HTTP_TIMED_OUT;
	else if (result == CURLE_UNSUPPORTED_PROTOCOL ||
			 result == CURLE_WEIRD_SERVER_REPLY)
		exchange->outcome = ADDB_HTTP_GARBAGE;
	else
		exchange->outcome = ADDB_HTTP_CUT_OFF;
	exchange->distrust = distrust_of(result, exchange->error);
	if (result != CURLE_OK)
		word_error(exchange, result);
}

/*
 * addb_http_outcome - what became of the exchange so far
 */
AddbHttpOutcome
addb_http_outcome(const AddbHttpExchange *exchange)
{
	return exchange->outcome;
}

/*
 * addb_http_distrust - what of TLS is why it was not sent
 */
AddbHttpDistrust
addb_http_distrust(const AddbHttpExchange *exchange)
{
	return exchange->distrust;
}

/*
 * addb_http_status - the HTTP status, 0 when none arrived
 */
int
addb_http_status(const AddbHttpExchange *exchange)
{
	return exchange->status;
}

/*
 * addb_http_header - the value of the reply's first header of that name
 *
 * NULL when there is none. Names are compared without regard to case. The
 * memory is the exchange's.
 */
const char *
addb_http_header(const AddbHttpExchange *exchange, const char *name)
{
	size_t		len = strlen(name);
	const char *line = exchange->head;
	const char *end = exchange->head + exchange->head_len;

	while (line < end)
	{
		size_t		line_len = strlen(line);

		if (line_len > len && line[len] == ':' &&
			pg_strncasecmp(line, name, len) == 0)
		{
			line += len + 1;
			return line + strspn(line, " \t");
		}
		line += line_len + 1;
	}
	return NULL;
}

/*
 * addb_http_body - the reply's body and its length in bytes
 *
 * Not NUL-terminated, never NULL. The memory is the exchange's.
 */
const char *
addb_http_body(const AddbHttpExchange *exchange, size_t *len)
{
	*len = exchange->body_len;
	return exchange->body ? exchange->body : "";
}

/*
 * addb_http_error - words for an outcome other than a reply
 *
 * The memory is the exchange's. Never holds a header or a body.
 */
const char *
addb_http_error(const AddbHttpExchange *exchange)
{
	return exchange->error;
}

/*
 * addb_http_release - ends the exchange, in flight or not
 *
 * What it returned before is gone. A connection whose request was still in
 * flight is closed, any other is kept.
 */
void
addb_http_release(AddbHttpExchange *exchange)
{
	addb_owned_release(exchange->owned);
}

/*
 * addb_http_now - a monotonic clock in microseconds, for deadlines
 */
int64
addb_http_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * addb_http_library - what carries requests, as in "libcurl/8.5.0"
 *
 * The library that is loaded, not the one built with. The memory is static.
 */
const char *
addb_http_library(void)
{
	static char name[32];

	if (name[0] == '\0')
		snprintf(name, sizeof(name), "libcurl/%s",
				 curl_version_info(CURLVERSION_NOW)->version);
	return name;
}
