/*
 * transport.h
 *	  What the files of the HTTP layer share; nobody else includes it.
 */
#ifndef ADDB_HTTP_TRANSPORT_H
#define ADDB_HTTP_TRANSPORT_H

#include <curl/curl.h>

#include "core/owned.h"
#include "http/http.h"

#if LIBCURL_VERSION_NUM < 0x074400
#error "atomic_dynamodb needs libcurl 7.68 or later"
#endif

/* From 7.80 on libcurl asks before it sends a request, or sends it again. */
#if LIBCURL_VERSION_NUM >= 0x075000
#define ADDB_HTTP_CURL_ANNOUNCES
#endif

struct AddbHttpExchange
{
	CURL	   *easy;
	AddbHttpExchange *next;		/* in the list of idle exchanges */
	AddbOwned  *owned;			/* who releases it; NULL while idle */
	char	   *url;			/* malloc'd; options as they are set, which */
	CURLU	   *target;			/* the same, parsed */
	const char *method;			/* stay from one exchange to the next */
	char	   *ca_file;		/* malloc'd; set once in a handle, as is */
	bool		tls_1_3_only;	/* this */
	int			connect_timeout;	/* ms */
	int			timeout;		/* ms */
	bool		prepared;		/* all options are set; else the handle must not
								 * be used again */
	bool		in_multi;		/* libcurl is working on it */
	AddbHttpOutcome outcome;
	AddbHttpDistrust distrust;
	int			status;
	bool		send_once;		/* as in the request */
	bool		secret;			/* the same */
	bool		begun;			/* handed to a connection at least once */
	bool		head_complete;	/* the empty line behind the head has come */
	bool		too_large;
	bool		no_descriptor;	/* the backend may open no more sockets */
	size_t		max_response;
	const char *unsent;			/* of send_once, where libcurl does not ask */
	size_t		unsent_len;
	char	   *body;			/* malloc'd, kept for the next exchange */
	size_t		body_len;
	size_t		body_size;
	char	   *head;			/* malloc'd; header lines, NUL-terminated */
	size_t		head_len;
	size_t		head_size;
	struct curl_slist headers[ADDB_HTTP_MAX_HEADERS + 3];
	char		error[CURL_ERROR_SIZE];
};

/* in transport.c */
extern bool addb_transport_ready(void);
extern bool addb_transport_add(AddbHttpExchange *exchange);
extern void addb_transport_begin(void);
extern void addb_transport_remove(AddbHttpExchange *exchange);
extern int	addb_transport_resolving(void *state, void *reserved, void *arg);

/* in sockets.c */
extern curl_socket_t addb_socket_open(void *arg, curlsocktype purpose,
									  struct curl_sockaddr *address);
extern int	addb_socket_close(void *arg, curl_socket_t fd);

/* in handle.c */
extern bool addb_handle_suits(const AddbHttpExchange *exchange,
							  const AddbHttpRequest *request);
extern CURLcode addb_handle_init(AddbHttpExchange *exchange,
								 const AddbHttpRequest *request);
extern CURLcode addb_handle_prepare(AddbHttpExchange *exchange,
									const AddbHttpRequest *request);

/* in idle.c */
extern CURLcode addb_idle_take(const AddbHttpRequest *request,
							   AddbHttpExchange **result);
extern void addb_idle_put(void *resource);

/* in exchange.c */
extern void addb_exchange_done(AddbHttpExchange *exchange, CURLcode result);

#endif							/* ADDB_HTTP_TRANSPORT_H */
