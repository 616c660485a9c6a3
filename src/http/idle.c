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

/*
 * addb_idle_put - the release function of an exchange's owner
 *
 * Stops it and keeps the handle; wipes the body if it is a secret.
 */
void
addb_idle_put(void *resource)
{
	AddbHttpExchange *exchange = resource;

	addb_transport_remove(exchange);
	exchange->owned = NULL;
	if (exchange->secret && exchange->body != NULL)
		explicit_bzero(exchange->body, exchange->body_size);
	if (nidle >= MAX_IDLE)
	{
		destroy(exchange);
		return;
	}
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

/*
 * addb_idle_take - an exchange from the list or a new one
 *
 * NULL when memory has run out.
 */
AddbHttpExchange *
addb_idle_take(void)
{
	AddbHttpExchange *exchange = idle;

	if (exchange != NULL)
	{
		idle = exchange->next;
		nidle--;
		idle_bytes -= exchange->body_size;
		return exchange;
	}
	exchange = calloc(1, sizeof(AddbHttpExchange));
	if (exchange == NULL)
		return NULL;
	exchange->easy = curl_easy_init();
	exchange->target = curl_url();
	if (exchange->easy == NULL || exchange->target == NULL ||
		addb_handle_init(exchange) != CURLE_OK)
	{
		destroy(exchange);
		return NULL;
	}
	return exchange;
}
