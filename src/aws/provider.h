/*
 * provider.h
 *	  What providers of credentials ask of one another: a profile may get its
 *	  credentials from a program, by a web identity, or as a role of another
 *	  source.
 */
#ifndef ADDB_AWS_PROVIDER_H
#define ADDB_AWS_PROVIDER_H

#include "nodes/pg_list.h"

#include "aws/credentials.h"

/* A role that a token from a file stands for. */
typedef struct AddbWebIdentity
{
	const char *token_file;
	const char *role_arn;		/* NULL is an error */
	const char *session_name;	/* NULL: one is made up */
	const char *place;			/* where it is configured, for messages */
	const char *role_name;		/* what role_arn is called there */
} AddbWebIdentity;

/* in provider_environment.c */
extern bool addb_environment_read(const AddbHost *host,
								  AddbCredentials *credentials);

/* in provider_process.c */
extern void addb_process_read(const AddbAwsSources *sources,
							  const AddbProfile *profile,
							  AddbCredentials *credentials);

/* in provider_profile.c */
extern bool addb_profile_take_keys(const AddbProfile *profile,
								   AddbCredentials *credentials);
extern bool addb_profile_read(AddbAwsSources *sources,
							  const AddbProfile *profile, List *visited,
							  AddbCredentials *credentials);

/* in provider_role.c */
extern void addb_role_read(AddbAwsSources *sources, const AddbProfile *profile,
						   List *visited, AddbCredentials *credentials);
extern const char *addb_role_name(const AddbAwsSettings *settings);
extern void addb_role_of_settings(AddbAwsSources *sources,
								  AddbCredentials *credentials);

/* in provider_web_identity.c */
extern void addb_web_identity_read(AddbAwsSources *sources,
								   const AddbWebIdentity *identity,
								   AddbCredentials *credentials);

#endif							/* ADDB_AWS_PROVIDER_H */
