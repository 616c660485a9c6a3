/*
 * config.c
 *	  The configuration of this backend, resolved once and kept.
 *
 * It is resolved again when a setting changes, after the service has refused the
 * credentials, every minute while they are keys of a file, which other programs
 * rotate, and before they expire: from five minutes before, when a failure is
 * only logged and tried again within a minute, and at that moment, when it is an
 * error. Credentials of an instance are the exception: they are used on while
 * its metadata service cannot renew them.
 *
 * What a foreign server and a user mapping say is for one user only, so another
 * current user is another configuration. Without a server, who may use ambient
 * credentials is asked at every call, for SET ROLE changes nothing else.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "aws/config.h"
#include "aws/profile.h"
#include "aws/resolve.h"
#include "aws/secret.h"
#include "aws/settings.h"
#include "aws/sigv4_key.h"
#include "core/catch.h"
#include "core/guc.h"

/* How long keys from a file are used before the file is read again. */
#define REFRESH_INTERVAL (60 * USECS_PER_SEC)

/* How long before their end credentials are renewed, as the SDKs for JS and C do. */
#define REFRESH_EARLY (5 * 60 * USECS_PER_SEC)

/*
 * The shortest time between two attempts to renew good credentials; a random
 * part of it comes on top, so that the sessions of a server spread out. Tests
 * make it shorter.
 */
#ifndef REFRESH_PAUSE
#define REFRESH_PAUSE (30 * USECS_PER_SEC)
#endif

/* How far the end of an instance's credentials moves that it cannot renew. */
#define EXPIRY_EXTENSION (10 * 60 * USECS_PER_SEC)

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

/* Deletes a cache with its context; the secrets in it are overwritten first. */
static void
drop(Cache *old)
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
	if (credentials->role_arn != NULL)
		made->credentials.role_arn = pstrdup(credentials->role_arn);
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

/* Decides when to resolve a cache again that was resolved, or kept on, now. */
static void
schedule(Cache *made, TimestampTz now)
{
	AddbCredentials *credentials = &made->credentials;
	TimestampTz earliest;

	if (credentials->expires_at <= now && credentials->tolerates_expiry)
		credentials->expires_at = now + EXPIRY_EXTENSION;

	made->recheck_at = credentials->expires_at;
	if (!credentials->refreshable)
		return;
	if (credentials->expires_at == DT_NOEND)
	{
		made->recheck_at = now + REFRESH_INTERVAL;
		return;
	}
	earliest = now + REFRESH_PAUSE +
		(TimestampTz) (pg_prng_double(&pg_global_prng_state) * REFRESH_PAUSE);
	made->recheck_at = Min(credentials->expires_at,
						   Max(earliest, credentials->expires_at - REFRESH_EARLY));
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
	schedule(made, settings.now);
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

static void
rebuild_caught(void *arg)
{
	rebuild();
}

/*
 * Renews what time has made doubtful. While the credentials are still good, or
 * may be used on, a failure is only logged.
 */
static void
renew(TimestampTz now)
{
	const AddbCredentials *credentials = &cache->credentials;
	bool		is_good = credentials->expires_at != DT_NOEND &&
		(credentials->expires_at > now || credentials->tolerates_expiry);
	MemoryContext context;
	MemoryContext old;
	char	   *problem;

	if (!is_good)
	{
		rebuild();
		return;
	}

	context = AllocSetContextCreate(CurrentMemoryContext,
									"atomic_dynamodb configuration renewal",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	problem = addb_catch(rebuild_caught, NULL);
	MemoryContextSwitchTo(old);
	if (problem != NULL)
	{
		schedule(cache, now);
		ereport(LOG,
				(errmsg("could not renew the AWS credentials from %s",
						cache->credentials.source),
				 errdetail("%s Those at hand are used on until %s.", problem,
						   timestamptz_to_str(cache->credentials.expires_at))));
	}
	MemoryContextDelete(context);
}

/* May the current user sign with what the cache holds, which is not stale? */
static bool
may_use(void)
{
	return !cache->credentials.ambient || OidIsValid(cache->userid) ||
		addb_allow_ambient_credentials || superuser();
}

static bool
is_stale(void)
{
	return cache == NULL || forgotten ||
		cache->settings_generation != addb_settings_generation() ||
		(OidIsValid(cache->userid) && cache->userid != GetUserId());
}

/*
 * addb_aws_config_get - the configuration for the current user and settings
 *
 * The result is valid until the next call. A call costs no system call beyond
 * the clock, and that only while credentials come from a file or expire. It may
 * wait for programs and servers that give credentials, interruptibly.
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
	TimestampTz now;

	if (unlikely(is_stale()))
	{
		rebuild();
		return &cache->config;
	}
	if (!may_use())
		addb_credentials_refuse_ambient(psprintf("The credentials come from %s.",
												 cache->credentials.source));
	if (cache->recheck_at != DT_NOEND &&
		(now = GetCurrentTimestamp()) >= cache->recheck_at)
		renew(now);
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

/*
 * addb_aws_config_kept - the credentials that the next get gives without asking
 *
 * NULL when it will ask, and an error would be the caller's. Renewing them early
 * is no such asking. The result is valid until the next get.
 */
const AddbCredentials *
addb_aws_config_kept(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (is_stale() || !may_use())
		return NULL;
	if (cache->recheck_at <= now &&
		(cache->credentials.expires_at == DT_NOEND ||
		 (cache->credentials.expires_at <= now &&
		  !cache->credentials.tolerates_expiry)))
		return NULL;
	return &cache->credentials;
}

/*
 * addb_aws_config_report - asks all sources of credentials, and keeps nothing
 *
 * As addb_credentials_report, with the settings of now.
 */
int
addb_aws_config_report(AddbSourceReport *reports)
{
	AddbAwsSettings *settings = palloc(sizeof(AddbAwsSettings));
	AddbAwsSources *sources = palloc0(sizeof(AddbAwsSources));

	addb_settings_get(settings);
	sources->host = &addb_host_real;
	sources->settings = settings;
	return addb_credentials_report(sources, reports);
}
