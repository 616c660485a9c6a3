/*
 * idle.c
 *	  Exchanges that are over, kept for the next ones with their handles and
 *	  buffers: setting a handle up costs more than a request.
 */
#include "postgres.h"

#include "http/transport.h"

/*
 * Idle handles kept: one for each request that a session can have in flight,
 * 64, and a page being consumed.
 */
#define MAX_IDLE 65

/*
 * Body buffers kept with them: ten pages of 1 MB as DynamoDB counts them, with
 * the overhead of JSON. What does not fit in is freed.
 */
#define MAX_IDLE_BYTES (16 * 1024 * 1024)

static AddbHttpExchange *idle;
static int	nidle;
static size_t idle_bytes;

/* Frees an exchange that is in no list. */
static void
destroy(AddbHttpExchange *exchange)
{
	if (exchange->easy != NULL)
		curl_easy_cleanup(exchange->easy);
	curl_url_cleanup(exchange->target);
	free(exchange->url);
	free(exchange->ca_file);
	free(exchange->body);
	free(exchange->head);
	free(exchange);
}

/* Takes an exchange out of the list; link is what points to it there. */
static AddbHttpExchange *
unlink_idle(AddbHttpExchange **link)
{
	AddbHttpExchange *exchange = *link;

	*link = exchange->next;
	nidle--;
	idle_bytes -= exchange->body_size;
	return exchange;
}

/*
 * Destroys the one that has been idle for the longest time: those that trust
 * something else than the requests of today come to the end of the list.
 */
static void
destroy_oldest(void)
{
	AddbHttpExchange **link = &idle;

	while ((*link)->next != NULL)
		link = &(*link)->next;
	destroy(unlink_idle(link));
}

/*
 * addb_idle_put - the release function of an exchange's owner
 *
 * Stops it and keeps the handle, unless it is half set up; wipes the body if it
 * is a secret.
 */
void
addb_idle_put(void *resource)
{
	AddbHttpExchange *exchange = resource;

	addb_transport_remove(exchange);
	exchange->owned = NULL;
	if (exchange->secret && exchange->body != NULL)
		explicit_bzero(exchange->body, exchange->body_size);
	if (!exchange->prepared)
	{
		destroy(exchange);
		return;
	}
	if (nidle >= MAX_IDLE)
		destroy_oldest();
	if (idle_bytes + exchange->body_size > MAX_IDLE_BYTES)
	{
		free(exchange->body);
		exchange->body = NULL;
		exchange->body_size = 0;
	}
	idle_bytes += exchange->body_size;
	exchange->next = idle;
	idle = exchange;
	nidle++;
}

/* A new exchange that trusts what the request does. */
static CURLcode
create(const AddbHttpRequest *request, AddbHttpExchange **result)
{
	AddbHttpExchange *exchange = calloc(1, sizeof(AddbHttpExchange));
	CURLcode	code = CURLE_OUT_OF_MEMORY;

	if (exchange == NULL)
		return code;
	exchange->easy = curl_easy_init();
	exchange->target = curl_url();
	if (exchange->easy != NULL && exchange->target != NULL)
		code = addb_handle_init(exchange, request);
	if (code == CURLE_OK)
		*result = exchange;
	else
		destroy(exchange);
	return code;
}

/*
 * addb_idle_take - an exchange from the list that suits the request, or a new one
 *
 * Sets *result, unless it returns an error of libcurl.
 */
CURLcode
addb_idle_take(const AddbHttpRequest *request, AddbHttpExchange **result)
{
	for (AddbHttpExchange **link = &idle; *link != NULL; link = &(*link)->next)
	{
		if (addb_handle_suits(*link, request))
		{
			*result = unlink_idle(link);
			return CURLE_OK;
		}
	}
	return create(request, result);
}
