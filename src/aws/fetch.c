/*
 * fetch.c
 *	  Requests to sources of credentials: several tries, and what may be told of
 *	  the replies.
 *
 * These are the only requests besides those to DynamoDB, and they have rules of
 * their own: each source brings its policy.
 */
#include "postgres.h"

#include "aws/fetch.h"
#include "common/pg_prng.h"

/* Characters of a foreign message that are shown. */
#define QUOTE_MAX 400

static int
pause_before(const AddbFetchPolicy *policy, int retry)
{
	if (!policy->backs_off)
		return policy->pause;
	return (int) (policy->pause * (1 << (retry - 1)) *
				  pg_prng_double(&pg_global_prng_state));
}

/*
 * Sends request until the reply is good, is one that another try will not
 * change, or the policy's tries are used up; fills reply from the last one,
 * whose body is to be wiped. request->timeout is not looked at.
 *
 * Raises interrupts, and nothing else.
 */
void
addb_fetch(const AddbHost *host, const AddbHostRequest *request,
		   const AddbFetchPolicy *policy, AddbHostReply *reply)
{
	AddbHostRequest attempt = *request;

	attempt.timeout = policy->timeout;
	for (int try = 1;; try++)
	{
		host->http(host->arg, &attempt, reply);
		if (policy->is_good(reply) || !policy->may_retry(reply) ||
			try >= policy->tries)
			return;
		addb_fetch_wipe(reply);
		host->pause(host->arg, pause_before(policy, try));
	}
}

/* Overwrites the body of a reply, which holds secrets, and forgets it. */
void
addb_fetch_wipe(AddbHostReply *reply)
{
	if (reply->body == NULL)
		return;
	explicit_bzero(reply->body, reply->len);
	pfree(reply->body);
	reply->body = NULL;
	reply->len = 0;
}

/*
 * What a source says, made fit for a message of ours: printable ASCII, at most
 * 400 characters, and nothing at all when it repeats secret, which may be NULL.
 * Palloc'd in the current context.
 */
char *
addb_fetch_quote(const char *text, const char *secret)
{
	char	   *quote;

	if (secret != NULL && secret[0] != '\0' && strstr(text, secret) != NULL)
		return pstrdup("(a text that is not shown)");
	quote = pnstrdup(text, QUOTE_MAX);
	for (char *p = quote; *p != '\0'; p++)
		if (*p < ' ' || *p >= 0x7f)
			*p = '?';
	return quote;
}

/* Can text be the value of a header? Only visible ASCII and inner blanks can. */
bool
addb_fetch_fits_header(const char *text)
{
	size_t		len = strlen(text);

	if (len == 0 || text[0] == ' ' || text[len - 1] == ' ')
		return false;
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text >= 0x7f)
			return false;
	return true;
}
