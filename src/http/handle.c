/*
 * handle.c
 *	  libcurl's handle of an exchange: its callbacks and options.
 *
 * libcurl's callbacks must not raise errors, since a longjmp through its
 * frames would leave it in pieces. They therefore use malloc, record what went
 * wrong in the exchange and make libcurl stop; whoever waits raises afterwards.
 */
#include "postgres.h"

#include "http/transport.h"

/* All header lines of a reply. DynamoDB sends 400 bytes, proxies add some. */
#define MAX_HEAD (64 * 1024)

/* Bytes libcurl reads at once: a page of 1 MB then takes a few reads. */
#define RECEIVE_BUFFER (64L * 1024)

/* Makes room for len bytes and a NUL; false when memory has run out. */
static bool
reserve(char **buffer, size_t *size, size_t len)
{
	size_t		want = *size ? *size : 4096;
	char	   *grown;

	if (len < *size)
		return true;
	while (want <= len)
		want *= 2;
	grown = realloc(*buffer, want);
	if (grown == NULL)
		return false;
	*buffer = grown;
	*size = want;
	return true;
}

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	AddbHttpExchange *exchange = arg;
	size_t		len = size * count;

	if (exchange->body_len + len > exchange->max_response)
	{
		exchange->too_large = true;
		return 0;
	}
	if (exchange->secret)
	{
		/* all at once: a buffer that grows leaves copies behind */
		if (!reserve(&exchange->body, &exchange->body_size,
					 exchange->max_response))
			return 0;
	}
	else if (exchange->body_len == 0)
	{
		curl_off_t	expected = -1;

		curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
						  &expected);
		if (expected > 0 && (uint64) expected <= exchange->max_response &&
			!reserve(&exchange->body, &exchange->body_size, (size_t) expected))
			return 0;
	}
	if (!reserve(&exchange->body, &exchange->body_size,
				 exchange->body_len + len))
		return 0;
	memcpy(exchange->body + exchange->body_len, data, len);
	exchange->body_len += len;
	return len;
}

/* Called once for each header line, the status line and the empty one too. */
static size_t
on_header(char *data, size_t size, size_t count, void *arg)
{
	AddbHttpExchange *exchange = arg;
	size_t		len = size * count;
	size_t		text = len;

	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		exchange->head_len = 0;
	if (exchange->head_len + len > MAX_HEAD ||
		!reserve(&exchange->head, &exchange->head_size,
				 exchange->head_len + len))
		return 0;
	while (text > 0 && (data[text - 1] == '\n' || data[text - 1] == '\r'))
		text--;
	if (exchange->head_len == 0)
		exchange->head_complete = false;
	if (text == 0)
		exchange->head_complete = true;
	memcpy(exchange->head + exchange->head_len, data, text);
	exchange->head_len += text;
	exchange->head[exchange->head_len++] = '\0';
	return len;
}

#ifdef ADDB_HTTP_CURL_ANNOUNCES

/*
 * Called whenever the request is about to go out over a connection, a new one
 * or one that was kept alive. The second time it is libcurl that retries.
 */
static int
on_request(void *arg, char *remote_ip, char *local_ip, int remote_port,
		   int local_port)
{
	AddbHttpExchange *exchange = arg;

	if (exchange->send_once && exchange->begun)
		return CURL_PREREQFUNC_ABORT;
	exchange->begun = true;
	return CURL_PREREQFUNC_OK;
}

#else

/* Feeds the body of a send_once request; libcurl cannot rewind it. */
static size_t
on_read(char *buffer, size_t size, size_t count, void *arg)
{
	AddbHttpExchange *exchange = arg;
	size_t		len = Min(size * count, exchange->unsent_len);

	memcpy(buffer, exchange->unsent, len);
	exchange->unsent += len;
	exchange->unsent_len -= len;
	return len;
}

#endif

#define SET(option, value) \
	do { \
		CURLcode	code_ = curl_easy_setopt(easy, (option), (value)); \
		if (code_ != CURLE_OK) \
			return code_; \
	} while (0)

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* A copy of a text, or NULL for none; false when memory has run out. */
static bool
keep_text(char **kept, const char *text)
{
	free(*kept);
	*kept = text != NULL && text[0] != '\0' ? strdup(text) : NULL;
	return *kept != NULL || text == NULL || text[0] == '\0';
}

/*
 * Sets how a peer must prove who it is. libcurl has its default file of
 * certificates only in a handle that was never given one.
 */
static CURLcode
set_trust(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	CURL	   *easy = exchange->easy;

	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long) (request->tls_1_3_only ?
									CURL_SSLVERSION_TLSv1_3 :
									CURL_SSLVERSION_TLSv1_2));
	exchange->tls_1_3_only = request->tls_1_3_only;
	if (request->ca_file != NULL && request->ca_file[0] != '\0')
		SET(CURLOPT_CAINFO, request->ca_file);
	return keep_text(&exchange->ca_file, request->ca_file) ? CURLE_OK :
		CURLE_OUT_OF_MEMORY;
}

/*
 * addb_handle_suits - whether a handle trusts what the request trusts
 *
 * That is set once in a handle, as all of addb_handle_init.
 */
bool
addb_handle_suits(const AddbHttpExchange *exchange,
				  const AddbHttpRequest *request)
{
	return exchange->tls_1_3_only == request->tls_1_3_only &&
		same_text(exchange->ca_file, request->ca_file);
}

/*
 * addb_handle_init - sets what stays with a handle for all its exchanges
 *
 * Only in a new one: libcurl refuses some of these options to a handle that was
 * used. Of the request, what addb_handle_suits compares. A handle of which an
 * option failed must not be used.
 */
CURLcode
addb_handle_init(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	CURL	   *easy = exchange->easy;

	SET(CURLOPT_PRIVATE, exchange);
	SET(CURLOPT_ERRORBUFFER, exchange->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, exchange);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, exchange);
#ifdef ADDB_HTTP_CURL_ANNOUNCES
	SET(CURLOPT_PREREQFUNCTION, on_request);
	SET(CURLOPT_PREREQDATA, exchange);
#endif
	SET(CURLOPT_OPENSOCKETFUNCTION, addb_socket_open);
	SET(CURLOPT_OPENSOCKETDATA, exchange);
	SET(CURLOPT_CLOSESOCKETFUNCTION, addb_socket_close);
	SET(CURLOPT_RESOLVER_START_FUNCTION, addb_transport_resolving);
	SET(CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);

	/* SIGALRM is PostgreSQL's: no signals from the resolver. */
	SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Removing a handle must not wait for its resolver thread. */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	return set_trust(exchange, request);
}

/* Links the caller's lines, and what libcurl must not add, without copying. */
static void
link_headers(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	static const char *const own[] = {"Expect:", "Accept:", "Content-Type:"};
	int			n = 0;
	bool		typed = false;

	for (int i = 0; i < request->nheaders; i++)
	{
		exchange->headers[n++].data = unconstify(char *, request->headers[i]);
		typed |= pg_strncasecmp(request->headers[i], own[2], strlen(own[2])) == 0;
	}
	for (int i = 0; i < lengthof(own) - (typed ? 1 : 0); i++)
		exchange->headers[n++].data = unconstify(char *, own[i]);
	for (int i = 0; i < n; i++)
		exchange->headers[i].next = i + 1 < n ? &exchange->headers[i + 1] : NULL;
}

/*
 * Sets where it goes. Besides the text, libcurl gets the parsed form, which
 * spares it from parsing the text for each request; it needs the text when it
 * retries one, and when it is to say what is wrong with it.
 */
static CURLcode
set_url(AddbHttpExchange *exchange, const char *url)
{
	CURL	   *easy = exchange->easy;
	bool		parsed = curl_url_set(exchange->target, CURLUPART_URL, url, 0) == CURLUE_OK;

	SET(CURLOPT_URL, url);
	SET(CURLOPT_CURLU, parsed ? exchange->target : NULL);
	return keep_text(&exchange->url, url) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* Sets where it goes and for how long, as far as that differs from before. */
static CURLcode
set_target(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	CURL	   *easy = exchange->easy;
	CURLcode	code;

	if (!same_text(exchange->url, request->url))
	{
		code = set_url(exchange, request->url);
		if (code != CURLE_OK)
			return code;
	}
	if (exchange->connect_timeout != request->connect_timeout)
	{
		SET(CURLOPT_CONNECTTIMEOUT_MS, (long) request->connect_timeout);
		exchange->connect_timeout = request->connect_timeout;
	}
	if (exchange->timeout != request->timeout)
	{
		SET(CURLOPT_TIMEOUT_MS, (long) request->timeout);
		exchange->timeout = request->timeout;
	}
	return CURLE_OK;
}

static CURLcode
set_method(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	CURL	   *easy = exchange->easy;
	bool		get = strcmp(request->method, "GET") == 0;

	if (exchange->method == request->method)
		return CURLE_OK;
	exchange->method = NULL;
	if (get)
	{
		SET(CURLOPT_POSTFIELDS, NULL);
		SET(CURLOPT_HTTPGET, 1L);
	}
	else
		SET(CURLOPT_POST, 1L);
	SET(CURLOPT_CUSTOMREQUEST,
		get || strcmp(request->method, "POST") == 0 ? NULL : request->method);
	exchange->method = request->method;
	return CURLE_OK;
}

/*
 * When a kept-alive connection turns out dead, libcurl sends the request again
 * by itself. on_request forbids that to a request that is to be sent once. An
 * older libcurl does not ask; there, the body is fed to it piece by piece, so
 * that it cannot be rewound, at the price of a second system call.
 */
static CURLcode
set_body(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	CURL	   *easy = exchange->easy;

	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_len);
#ifndef ADDB_HTTP_CURL_ANNOUNCES
	if (request->send_once)
	{
		exchange->unsent = request->body;
		exchange->unsent_len = request->body_len;
		SET(CURLOPT_POSTFIELDS, NULL);
		SET(CURLOPT_READFUNCTION, on_read);
		SET(CURLOPT_READDATA, exchange);
		return CURLE_OK;
	}
#endif
	SET(CURLOPT_POSTFIELDS, request->body_len ? request->body : "");
	return CURLE_OK;
}

/*
 * addb_handle_prepare - sets what a request needs, as far as it differs from the
 * one before
 *
 * The lines and the body of request stay the caller's until the exchange ends.
 * A handle of which an option failed must not be used again.
 */
CURLcode
addb_handle_prepare(AddbHttpExchange *exchange, const AddbHttpRequest *request)
{
	CURL	   *easy = exchange->easy;
	CURLcode	code;

	code = set_target(exchange, request);
	if (code != CURLE_OK)
		return code;
	link_headers(exchange, request);
	SET(CURLOPT_HTTPHEADER, exchange->headers);
	code = set_method(exchange, request);
	if (code == CURLE_OK && strcmp(request->method, "GET") != 0)
		code = set_body(exchange, request);
	return code;
}
