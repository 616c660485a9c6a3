/*
 * config.c
 *	  The configuration of this backend, resolved once and kept.
 *
 * It is resolved again when a setting changes, when credentials expire, after
 * the service has refused them, and every minute while they come from a file,
 * which other programs rotate. What a foreign server and a user mapping say is
 * for one user only, so another current user is another configuration. Without
 * a server, who may use ambient credentials is asked at every call, for SET ROLE
 * changes nothing else.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "aws/config.h"
#include "aws/profile.h"
#include "aws/resolve.h"
#include "aws/settings.h"
#include "aws/sigv4_key.h"
#include "core/guc.h"

/* How long credentials from a file are used before the file is read again. */
#define REFRESH_INTERVAL (60 * USECS_PER_SEC)

typedef struct Cache
{
	MemoryContext context;		/* holds this struct and its texts */
	AddbAwsConfig config;
	AddbCredentials credentials;
	uint64		settings_generation;	/* when it was built */
	Oid			userid;			/* for whom it is; InvalidOid: for everybody */
	TimestampTz recheck_at;		/* DT_NOEND: never by time */
} Cache;

static Cache *cache = NULL;
static bool forgotten = false;
static uint64 config_generation = 0;

static void
wipe(const char *text)
{
	if (text != NULL)
		explicit_bzero(unconstify(char *, text), strlen(text));
}

/* Deletes a cache with its context; the secrets in it are overwritten first. */
static void
drop(Cache *old)
{
	wipe(old->credentials.secret_access_key);
	wipe(old->credentials.session_token);
	MemoryContextDelete(old->context);
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_credentials(const AddbCredentials *a, const AddbCredentials *b)
{
	return same_text(a->access_key_id, b->access_key_id) &&
		same_text(a->secret_access_key, b->secret_access_key) &&
		same_text(a->session_token, b->session_token) &&
		a->expires_at == b->expires_at &&
		strcmp(a->source, b->source) == 0;
}

static bool
same_config(const AddbAwsConfig *a, const AddbAwsConfig *b)
{
	return strcmp(a->url, b->url) == 0 &&
		strcmp(a->region, b->region) == 0 &&
		strcmp(a->ca_file, b->ca_file) == 0 &&
		a->corrects_clock == b->corrects_clock &&
		same_credentials(a->credentials, b->credentials);
}

/* Copies what lasts into a new cache in context. */
static Cache *
make_cache(MemoryContext context, AddbAwsSources *sources,
		   const AddbEndpoint *endpoint,
		   const AddbCredentials *credentials)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Cache	   *made = palloc0(sizeof(Cache));

	made->context = context;
	made->userid = sources->settings->userid;
	made->credentials = *credentials;
	made->credentials.access_key_id = pstrdup(credentials->access_key_id);
	made->credentials.secret_access_key = pstrdup(credentials->secret_access_key);
	if (credentials->session_token != NULL)
		made->credentials.session_token = pstrdup(credentials->session_token);
	made->config.url = pstrdup(endpoint->url);
	made->config.host = pstrdup(endpoint->host);
	made->config.path = pstrdup(endpoint->path);
	made->config.region = pstrdup(endpoint->signing_region);
	made->config.ca_file = pstrdup(sources->settings->ca_file);
	made->config.corrects_clock = addb_resolve_clock_correction(sources);
	made->config.credentials = &made->credentials;
	MemoryContextSwitchTo(old);
	return made;
}

/*
 * Resolves everything in contexts below the caller's, so that an error on the
 * way leaves nothing behind and the old cache as it was.
 */
static Cache *
build(void)
{
	uint64		settings_generation = addb_settings_generation();
	AddbAwsSettings settings;
	AddbAwsSources sources = {.host = &addb_host_real,.settings = &settings};
	AddbEndpoint endpoint;
	AddbCredentials credentials;
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "atomic_dynamodb configuration sources",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	Cache	   *made;

	addb_settings_get(&settings);
	addb_resolve_endpoint(&sources, &endpoint);
	addb_credentials_resolve(&sources, &credentials);
	MemoryContextSwitchTo(old);

	made = make_cache(AllocSetContextCreate(CurrentMemoryContext,
											"atomic_dynamodb configuration",
											ALLOCSET_SMALL_SIZES),
					  &sources, &endpoint, &credentials);
	made->settings_generation = settings_generation;
	made->recheck_at = credentials.expires_at;
	if (credentials.refreshable)
		made->recheck_at = Min(made->recheck_at,
							   settings.now + REFRESH_INTERVAL);
	MemoryContextDelete(work);
	return made;
}

/* Puts a new cache in place; an equal one only renews what time did to it. */
static void
rebuild(void)
{
	Cache	   *made = build();

	if (cache != NULL && same_config(&cache->config, &made->config))
	{
		cache->settings_generation = made->settings_generation;
		cache->userid = made->userid;
		cache->recheck_at = made->recheck_at;
		drop(made);
	}
	else
	{
		MemoryContextSetParent(made->context, TopMemoryContext);
		made->config.generation = ++config_generation;
		if (cache != NULL)
		{
			if (!same_credentials(&cache->credentials, &made->credentials))
				addb_sigv4_forget();
			drop(cache);
		}
		cache = made;
	}
	forgotten = false;
}

/*
 * addb_aws_config_get - the configuration for the current user and settings
 *
 * The result is valid until the next call. A call costs no system call beyond
 * the clock, and that only while credentials come from a file or expire.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when there are no
 * credentials, they are broken, or the current user may not use them;
 * ERRCODE_INVALID_PARAMETER_VALUE for a wrong or missing region or endpoint;
 * those of addb_server_read when a foreign server is chosen. The next call tries
 * again.
 */
const AddbAwsConfig *
addb_aws_config_get(void)
{
	if (unlikely(cache == NULL || forgotten ||
				 cache->settings_generation != addb_settings_generation() ||
				 (OidIsValid(cache->userid) && cache->userid != GetUserId()) ||
				 (cache->recheck_at != DT_NOEND &&
				  GetCurrentTimestamp() >= cache->recheck_at)))
		rebuild();
	else if (cache->credentials.ambient && !OidIsValid(cache->userid) &&
			 !addb_allow_ambient_credentials && !superuser())
		addb_credentials_refuse_ambient(psprintf("The credentials come from %s.",
												 cache->credentials.source));
	return &cache->config;
}

/*
 * addb_aws_config_forget - resolve everything anew at the next get
 *
 * For the moment after the service has refused the credentials. What the last
 * get returned stays valid.
 */
void
addb_aws_config_forget(void)
{
	forgotten = true;
}
