/*
 * kept.c
 *	  The configurations that a session keeps: one without a server, and one for
 *	  each server and current user that it has lately used.
 *
 * A configuration is found by both, so that what a mapping gives to one role is
 * out of reach for another. The numbers in AddbAwsConfig tell those that use it
 * what of it is new: they are given out once and never again.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "aws/kept.h"
#include "aws/resolve.h"
#include "aws/secret.h"
#include "aws/sigv4_key.h"

/*
 * Two servers for each of four roles are more than a connection of a pool
 * changes between. One takes 2 kB, and 6 kB with the longest session token; the
 * cost of one that had to go is another AssumeRole.
 */
#define MAX_KEPT 8

static AddbKept *kept[MAX_KEPT];
static AddbKept *latest = NULL; /* of them, the one found last */
static uint64 uses = 0;

/* The numbers given out last. */
static uint64 targets = 0;
static uint64 signers = 0;
static uint64 generations = 0;

/* Deletes one with its context; the secrets in it are overwritten first. */
static void
destroy(AddbKept *old)
{
	addb_secret_wipe(old->credentials.secret_access_key);
	addb_secret_wipe(old->credentials.session_token);
	MemoryContextDelete(old->context);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_keys(const AddbCredentials *a, const AddbCredentials *b)
{
	return same_text(a->access_key_id, b->access_key_id) &&
		same_text(a->secret_access_key, b->secret_access_key) &&
		same_text(a->session_token, b->session_token);
}

static bool
same_target(const AddbAwsConfig *a, const AddbAwsConfig *b)
{
	return strcmp(a->url, b->url) == 0 &&
		strcmp(a->region, b->region) == 0 &&
		strcmp(a->ca_file, b->ca_file) == 0 &&
		a->corrects_clock == b->corrects_clock;
}

static bool
is_of(const AddbKept *one, const char *server, Oid userid)
{
	return one != NULL && one->userid == userid &&
		strcmp(one->config.server, server) == 0;
}

/*
 * addb_kept_find - the configuration for this server and user, or NULL
 *
 * server "" and InvalidOid mean the one without a server.
 */
AddbKept *
addb_kept_find(const char *server, Oid userid)
{
	if (!is_of(latest, server, userid))
	{
		latest = NULL;
		for (int i = 0; i < MAX_KEPT && latest == NULL; i++)
			if (is_of(kept[i], server, userid))
				latest = kept[i];
	}
	if (latest != NULL)
		latest->last_used = ++uses;
	return latest;
}

static uint64
hash_text(uint64 seed, const char *text)
{
	return hash_combine64(seed, text == NULL ? 0 :
						  hash_bytes_extended((const unsigned char *) text,
											  (int) strlen(text), seed));
}

/*
 * The identity of a configuration. A role tells the account; without one, keys
 * that do not change by themselves do.
 */
static uint64
identity_of(const AddbKept *made, const AddbAwsSettings *settings)
{
	const AddbCredentials *credentials = &made->credentials;
	uint64		identity = hash_text(made->userid, made->config.url);

	identity = hash_text(identity, made->config.region);
	identity = hash_text(identity, made->config.server);
	identity = hash_text(identity, settings->profile);
	identity = hash_text(identity, credentials->source);
	identity = hash_text(identity, credentials->role_arn);
	if (credentials->role_arn == NULL && !credentials->refreshable)
		identity = hash_text(identity, credentials->access_key_id);
	return Max(identity, 1);
}

/*
 * addb_kept_make - copies what lasts into a new configuration in context
 *
 * It is not kept yet; context must not hold anything else.
 */
AddbKept *
addb_kept_make(MemoryContext context, AddbAwsSources *sources,
			   const AddbEndpoint *endpoint, const AddbCredentials *credentials)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	AddbKept   *made = palloc0(sizeof(AddbKept));

	made->context = context;
	made->userid = sources->settings->userid;
	made->correct_clock = sources->settings->correct_clock;
	made->credentials = *credentials;
	made->credentials.access_key_id = pstrdup(credentials->access_key_id);
	made->credentials.secret_access_key = pstrdup(credentials->secret_access_key);
	if (credentials->session_token != NULL)
		made->credentials.session_token = pstrdup(credentials->session_token);
	if (credentials->role_arn != NULL)
		made->credentials.role_arn = pstrdup(credentials->role_arn);
	made->config.server = pstrdup(sources->settings->server);
	made->config.url = pstrdup(endpoint->url);
	made->config.host = pstrdup(endpoint->host);
	made->config.path = pstrdup(endpoint->path);
	made->config.region = pstrdup(endpoint->signing_region);
	made->config.ca_file = pstrdup(sources->settings->ca_file);
	made->config.corrects_clock = addb_resolve_clock_correction(sources);
	made->config.credentials = &made->credentials;
	made->config.identity = identity_of(made, sources->settings);
	MemoryContextSwitchTo(old);
	return made;
}

/* The place for one of this server and user: its own, else the least used. */
static AddbKept **
find_place(const AddbKept *made)
{
	AddbKept  **place = &kept[0];

	for (int i = 0; i < MAX_KEPT; i++)
	{
		if (is_of(kept[i], made->config.server, made->userid))
			return &kept[i];
		if (*place != NULL &&
			(kept[i] == NULL || kept[i]->last_used < (*place)->last_used))
			place = &kept[i];
	}
	return place;
}

/* Gives a configuration its numbers: old ones for what is as in before. */
static void
number(AddbKept *made, const AddbKept *before)
{
	bool		target = before != NULL &&
		same_target(&before->config, &made->config);
	bool		signer = before != NULL &&
		same_keys(&before->credentials, &made->credentials);

	made->config.target = target ? before->config.target : ++targets;
	made->config.signer = signer ? before->config.signer : ++signers;
	made->config.generation = target && signer ? before->config.generation :
		++generations;
}

/*
 * addb_kept_put - keeps a configuration, in place of the one it is newer than
 *
 * That one is gone then. Else the one that was used least recently makes room
 * if there is none.
 */
AddbKept *
addb_kept_put(AddbKept *made)
{
	AddbKept  **place = find_place(made);
	AddbKept   *before = *place;
	bool		newer = is_of(before, made->config.server, made->userid);

	number(made, newer ? before : NULL);
	made->last_used = ++uses;
	MemoryContextSetParent(made->context, TopMemoryContext);
	if (before != NULL)
	{
		if (!newer || before->config.signer != made->config.signer)
			addb_sigv4_forget();
		destroy(before);
	}
	*place = latest = made;
	return made;
}

/*
 * addb_kept_forget - has the configuration of this generation resolved anew
 *
 * Nothing happens when it has been, and differs, or is gone.
 */
void
addb_kept_forget(uint64 generation)
{
	for (int i = 0; i < MAX_KEPT; i++)
		if (kept[i] != NULL && kept[i]->config.generation == generation)
			kept[i]->forgotten = true;
}

/*
 * addb_kept_drop_servers - drops all that came from servers, but one
 *
 * but may be NULL.
 */
void
addb_kept_drop_servers(const AddbKept *but)
{
	bool		dropped = false;

	for (int i = 0; i < MAX_KEPT; i++)
	{
		if (kept[i] == NULL || kept[i] == but || kept[i]->config.server[0] == '\0')
			continue;
		if (latest == kept[i])
			latest = NULL;
		destroy(kept[i]);
		kept[i] = NULL;
		dropped = true;
	}
	if (dropped)
		addb_sigv4_forget();
}
