/*
 * http.h
 *	  HTTP exchanges that any interrupt can end.
 *
 * An exchange is one request and its reply. Several may be in flight at once;
 * all of them make progress whenever the backend waits in addb_http_wait_as, the
 * only wait loop of the extension. Connections are kept alive across
 * exchanges, statements and errors.
 *
 * This layer knows nothing of AWS and decides nothing: it tells what happened.
 */
#ifndef ADDB_HTTP_HTTP_H
#define ADDB_HTTP_HTTP_H

/* Header lines of a request; DynamoDB takes 10, STS and IMDS fewer. */
#define ADDB_HTTP_MAX_HEADERS 16

/*
 * What to send. Everything pointed to stays the caller's and must not change
 * or go away before the exchange is done or released.
 */
typedef struct AddbHttpRequest
{
	const char *method;			/* "GET", "POST" or "PUT", a constant */
	const char *url;
	const char *const *headers; /* complete lines, "Name: value" */
	int			nheaders;
	const char *body;			/* may be NULL when body_len is 0 */
	size_t		body_len;
	size_t		max_response;	/* bytes of body that are taken */
	const char *ca_file;		/* PEM; NULL or "": the system's */
	bool		tls_1_3_only;	/* no older version; else 1.2 will do */
	int			connect_timeout;	/* ms */
	int			timeout;		/* ms, connecting included */
	bool		send_once;		/* never resend it on another connection, not
								 * even when a kept-alive one proves dead */
	bool		secret;			/* overwrite the reply's body on release */
} AddbHttpRequest;

typedef enum AddbHttpOutcome
{
	ADDB_HTTP_PENDING,
	ADDB_HTTP_REPLY,			/* a whole reply, whatever its status */
	ADDB_HTTP_NOT_SENT,			/* no connection: the server saw nothing */
	ADDB_HTTP_TIMED_OUT,		/* sent; no whole reply in time */
	ADDB_HTTP_CUT_OFF,			/* sent; the connection broke */
	ADDB_HTTP_GARBAGE,			/* sent; the reply is not HTTP */
	ADDB_HTTP_TOO_LARGE			/* sent; the reply exceeds max_response */
} AddbHttpOutcome;

/* Why TLS came to nothing, of an exchange that was not sent. */
typedef enum AddbHttpDistrust
{
	ADDB_HTTP_NO_DISTRUST,		/* there is another reason */
	ADDB_HTTP_BAD_CA_FILE,		/* ca_file cannot be read, or holds none */
	ADDB_HTTP_BAD_CERTIFICATE,	/* it holds none that vouches for the peer, or
								 * the peer is somebody else */
	ADDB_HTTP_BAD_TLS_VERSION	/* the peer speaks none that is allowed */
} AddbHttpDistrust;

/* What a wait is called in pg_stat_activity, from PostgreSQL 17 on. */
typedef enum AddbHttpWait
{
	ADDB_HTTP_WAIT_REQUEST,		/* for a reply: AtomicDynamodbRequest */
	ADDB_HTTP_WAIT_RETRY,		/* before another attempt: AtomicDynamodbRetry */
	ADDB_HTTP_WAIT_PACING,		/* for capacity: AtomicDynamodbPacing */
	ADDB_HTTP_WAIT_POLL,		/* before another look: AtomicDynamodbPoll */
	ADDB_HTTP_WAIT_CREDENTIALS	/* for a provider: AtomicDynamodbCredentials */
} AddbHttpWait;

typedef struct AddbHttpExchange AddbHttpExchange;

extern AddbHttpExchange *addb_http_start(const AddbHttpRequest *request,
										 MemoryContext owner);
extern bool addb_http_wait_as(AddbHttpWait wait,
							  AddbHttpExchange *const *exchanges, int n,
							  int64 deadline);
extern void addb_http_wait_for(int fd, int64 deadline);
extern void addb_http_poll(void);
extern AddbHttpOutcome addb_http_outcome(const AddbHttpExchange *exchange);
extern AddbHttpDistrust addb_http_distrust(const AddbHttpExchange *exchange);
extern bool addb_http_was_sent(const AddbHttpExchange *exchange);
extern int	addb_http_status(const AddbHttpExchange *exchange);
extern const char *addb_http_header(const AddbHttpExchange *exchange,
									const char *name);
extern const char *addb_http_body(const AddbHttpExchange *exchange,
								  size_t *len);
extern const char *addb_http_error(const AddbHttpExchange *exchange);
extern void addb_http_release(AddbHttpExchange *exchange);
extern int64 addb_http_now(void);
extern const char *addb_http_library(void);

#endif							/* ADDB_HTTP_HTTP_H */
