/*
 * config.c
 *	  The configuration for the current server and user, resolved once and kept.
 *
 * It is resolved again when a setting changes, after the service has refused the
 * credentials, every minute while they are keys of a file, which other programs
 * rotate, and before they expire: from five minutes before, when a failure is
 * only logged and tried again within a minute, and at that moment, when it is an
 * error. Credentials of an instance are the exception: they are used on while
 * its metadata service cannot renew them.
 *
 * What a foreign server and a user mapping say is for one user only, so another
 * current user is another configuration. Any change of a catalog that servers,
 * mappings and rights are in makes all of those stale, so that a right that was
 * revoked is missed at once. Without a server, who may use ambient
 * credentials is asked at every call, for SET ROLE changes nothing else.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "aws/config.h"
#include "aws/kept.h"
#include "aws/profile.h"
#include "aws/resolve.h"
#include "aws/setback.h"
#include "aws/settings.h"
#include "core/catch.h"
#include "core/guc.h"
#include "http/http.h"

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

static uint64 servers_generation = 0;	/* when those of servers were looked at */

/* Decides when to resolve one again that was resolved, or kept on, now. */
static void
schedule(AddbKept *made, TimestampTz now)
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
 * way leaves nothing behind and what is kept as it was.
 */
static AddbKept *
build(AddbAwsSources *sources)
{
	uint64		settings_generation = addb_settings_generation();
	AddbAwsSettings settings;
	AddbEndpoint endpoint;
	AddbCredentials credentials;
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "atomic_dynamodb configuration sources",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	AddbKept   *made;

	sources->host = &addb_host_real;
	sources->settings = &settings;
	addb_settings_get(&settings);
	addb_resolve_endpoint(sources, &endpoint);
	addb_credentials_resolve(sources, &credentials);
	MemoryContextSwitchTo(old);

	made = addb_kept_make(AllocSetContextCreate(CurrentMemoryContext,
												"atomic_dynamodb configuration",
												ALLOCSET_SMALL_SIZES),
						  sources, &endpoint, &credentials);
	made->settings_generation = settings_generation;
	schedule(made, settings.now);
	MemoryContextDelete(work);
	return made;
}

/* What is kept for the current server and user, stale or not, or NULL. */
static AddbKept *
find(void)
{
	bool		on_server = addb_server[0] != '\0';
	AddbKept   *found = addb_kept_find(addb_server,
									   on_server ? GetUserId() : InvalidOid);
	uint64		generation;

	if (on_server &&
		unlikely((generation = addb_settings_generation()) != servers_generation))
	{
		addb_kept_drop_servers(found);
		servers_generation = generation;
	}
	return found;
}

/*
 * Resolves and keeps. A failure of a program or a service is told again for some
 * seconds instead of asking it again; that there are no credentials anywhere is
 * not, for a file that brings them is to count at once.
 */
static AddbKept *
rebuild(void)
{
	uint64		generation = addb_settings_generation();
	uint64		questions = addb_host_questions;
	int64		began = addb_http_now();
	AddbAwsSources sources = {0};
	AddbKept   *volatile result = NULL;

	addb_setback_raise(addb_server, generation);
	PG_TRY();
	{
		result = addb_kept_put(build(&sources));
	}
	PG_CATCH();
	{
		if (addb_host_questions != questions && !sources.none_found &&
			geterrcode() == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION)
			addb_setback_keep(addb_server, generation, addb_http_now() - began);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return result;
}

/* A function of addb_catch, which logs a failure and has its own pauses. */
static void
renew_caught(void *arg)
{
	AddbAwsSources sources = {0};
	AddbKept  **result = arg;

	*result = addb_kept_put(build(&sources));
}

/*
 * Renews what time has made doubtful. While the credentials are still good, or
 * may be used on, a failure is only logged.
 */
static AddbKept *
renew(AddbKept *old_one, TimestampTz now)
{
	const AddbCredentials *credentials = &old_one->credentials;
	bool		is_good = credentials->expires_at != DT_NOEND &&
		(credentials->expires_at > now || credentials->tolerates_expiry);
	AddbKept   *result = old_one;
	MemoryContext context;
	MemoryContext old;
	char	   *problem;

	if (!is_good)
		return rebuild();

	context = AllocSetContextCreate(CurrentMemoryContext,
									"atomic_dynamodb configuration renewal",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	problem = addb_catch(renew_caught, &result);
	MemoryContextSwitchTo(old);
	if (problem != NULL)
	{
		schedule(old_one, now);
		ereport(LOG,
				(errmsg("could not renew the AWS credentials from %s",
						credentials->source),
				 errdetail("%s Those at hand are used on until %s.", problem,
						   timestamptz_to_str(credentials->expires_at))));
	}
	MemoryContextDelete(context);
	return result;
}

/* May the current user sign with what is kept, which is not stale? */
static bool
may_use(const AddbKept *one)
{
	return !one->credentials.ambient || OidIsValid(one->userid) ||
		addb_allow_ambient_credentials || superuser();
}

static bool
is_stale(const AddbKept *one)
{
	return one == NULL || one->forgotten ||
		one->settings_generation != addb_settings_generation() ||
		one->correct_clock != addb_clock_skew_correction;
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
 * again, but see setback.c.
 */
const AddbAwsConfig *
addb_aws_config_get(void)
{
	AddbKept   *found = find();
	TimestampTz now;

	if (unlikely(is_stale(found)))
		return &rebuild()->config;
	if (!may_use(found))
		addb_credentials_refuse_ambient(psprintf("The credentials come from %s.",
												 found->credentials.source));
	if (found->recheck_at != DT_NOEND &&
		(now = GetCurrentTimestamp()) >= found->recheck_at)
		found = renew(found, now);
	return &found->config;
}

/*
 * addb_aws_config_forget - resolve a configuration anew at its next get
 *
 * For the moment after the service has refused the credentials of this
 * generation. What the last get returned stays valid.
 */
void
addb_aws_config_forget(uint64 generation)
{
	addb_kept_forget(generation);
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
	AddbKept   *found = find();

	if (is_stale(found) || !may_use(found))
		return NULL;
	if (found->recheck_at <= now &&
		(found->credentials.expires_at == DT_NOEND ||
		 (found->credentials.expires_at <= now &&
		  !found->credentials.tolerates_expiry)))
		return NULL;
	return &found->credentials;
}

/* A function of addb_catch: where requests go does not matter to the report. */
static void
try_endpoint(void *arg)
{
	AddbEndpoint endpoint;

	addb_resolve_endpoint(arg, &endpoint);
}

/*
 * addb_aws_config_report - asks for the endpoint and all sources of credentials,
 * and keeps nothing
 *
 * Fills reports, of ADDB_MAX_REPORTS elements, with the settings of now, and
 * returns how many there are. They are those of addb_credentials_report; when no
 * endpoint can be found, its error goes in front, and no credentials are chosen,
 * for nothing can be sent that they could sign.
 */
int
addb_aws_config_report(AddbSourceReport *reports)
{
	AddbAwsSettings *settings = palloc(sizeof(AddbAwsSettings));
	AddbAwsSources *sources = palloc0(sizeof(AddbAwsSources));
	char	   *problem;
	int			count = 0;

	addb_settings_get(settings);
	sources->host = &addb_host_real;
	sources->settings = settings;
	problem = addb_catch(try_endpoint, sources);
	if (problem != NULL)
	{
		memset(&reports[0], 0, sizeof(AddbSourceReport));
		reports[0].source = "the endpoint";
		reports[0].reason = problem;
		count++;
	}
	count += addb_credentials_report(sources, reports + count);
	for (int i = 1; problem != NULL && i < count; i++)
		if (reports[i].reason == NULL)
			reports[i].reason = "It has credentials, but there is nowhere to send requests: see the endpoint.";
	return count;
}
