/*
 * credentials.h
 *	  AWS credentials and the chain of providers that finds them.
 *
 * Providers are asked in order. One that is not configured is passed over and
 * says why; one that is configured and fails raises an error, so that a mistake
 * never turns into the use of somebody else's credentials. A new provider is a
 * file of its own and a line in credentials.c.
 */
#ifndef ADDB_AWS_CREDENTIALS_H
#define ADDB_AWS_CREDENTIALS_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "aws/host.h"

/* One snapshot: the three texts belong together and change together. */
typedef struct AddbCredentials
{
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;	/* NULL when there is none */
	TimestampTz expires_at;		/* DT_NOEND: never */
	const char *source;			/* static text, for messages */
	bool		ambient;		/* from the server's surroundings */
	const char *role_arn;		/* NULL when they are not those of a role */

	/*
	 * Asking the provider again may change them. It is done every minute when
	 * they never expire, else some minutes before they do.
	 */
	bool		refreshable;

	/*
	 * They are to be used although expires_at has passed, and although asking the
	 * provider again fails: the instance metadata service hands out what it has
	 * when it cannot renew it. Ask again after a few minutes.
	 */
	bool		tolerates_expiry;
} AddbCredentials;

typedef enum AddbProviderOutcome
{
	ADDB_PROVIDER_FOUND,
	ADDB_PROVIDER_NOT_CONFIGURED
} AddbProviderOutcome;

typedef struct AddbProvider
{
	const char *name;			/* static text, becomes AddbCredentials.source */
	bool		ambient;		/* for superusers, unless they allow others */

	/*
	 * FOUND: the texts and expires_at of credentials are set, and what else of
	 * them is not as the provider says below; the texts may belong to sources or
	 * the host. NOT_CONFIGURED: reason says why, in a clause. Raises
	 * an error when it is configured and fails.
	 */
	AddbProviderOutcome (*provide) (AddbAwsSources *sources,
									AddbCredentials *credentials,
									StringInfo reason);
	bool		refreshable;
	bool		tolerates_expiry;
} AddbProvider;

/* in provider_*.c */
extern const AddbProvider addb_provider_settings;
extern const AddbProvider addb_provider_environment;
extern const AddbProvider addb_provider_web_identity;
extern const AddbProvider addb_provider_profile;
extern const AddbProvider addb_provider_container;
extern const AddbProvider addb_provider_instance;

/* What became of one source when all were asked. */
typedef struct AddbSourceReport
{
	const char *source;
	const char *reason;			/* whole sentences; NULL: they are the chosen ones */
	AddbCredentials credentials;	/* its id is NULL when it gave none */
} AddbSourceReport;

/* Sources of a report: each provider and the role of the settings. */
#define ADDB_MAX_SOURCES 7

/* in credentials.c */
extern void addb_credentials_resolve(AddbAwsSources *sources,
									 AddbCredentials *credentials);
extern int	addb_credentials_report(AddbAwsSources *sources,
									AddbSourceReport *reports);
extern void addb_credentials_check(const AddbCredentials *credentials,
								   TimestampTz now);
extern bool addb_credentials_check_pair(const char *id, const char *secret,
										const char *id_name,
										const char *secret_name,
										const char *place);
extern void addb_credentials_refuse_ambient(const char *detail);
extern bool addb_credentials_parse_time(const char *text, TimestampTz *result);

#endif							/* ADDB_AWS_CREDENTIALS_H */
