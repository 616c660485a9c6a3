/*
 * profile.h
 *	  The chosen profile of the shared AWS config and credentials files.
 */
#ifndef ADDB_AWS_PROFILE_H
#define ADDB_AWS_PROFILE_H

#include "aws/host.h"
#include "aws/profile_file.h"

struct AddbProfile
{
	const char *name;
	const char *chosen_by;		/* what named it, or NULL for "default" */
	bool		exists;			/* in one file or the other */

	/* The two files; never NULL, empty when the file is missing. */
	AddbProfileFile *config;
	AddbProfileFile *credentials;

	/* For messages: where the files were looked for, and with what result. */
	const char *config_path;
	const char *credentials_path;
	const char *config_problem; /* NULL when it was read */
	const char *credentials_problem;
};

extern const AddbProfile *addb_profile_load(AddbAwsSources *sources);
extern const AddbProfile *addb_profile_other(const AddbProfile *profile,
											 const char *name);
extern const char *addb_profile_get(const AddbProfile *profile, const char *key);
extern const char *addb_profile_service_endpoint(const AddbProfile *profile,
												 const char *service);

#endif							/* ADDB_AWS_PROFILE_H */
