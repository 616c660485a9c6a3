/*
 * host.h
 *	  What the machine and the settings say, as arguments.
 *
 * The readers of credentials, regions and endpoints take these structs instead
 * of looking around for themselves, so that tests can hand them a made-up world.
 */
#ifndef ADDB_AWS_HOST_H
#define ADDB_AWS_HOST_H

#include "datatype/timestamp.h"

/* Shared config files are a few kilobytes; more than this is no such file. */
#define ADDB_HOST_FILE_MAX (1024 * 1024)

typedef struct AddbHost
{
	void	   *arg;			/* handed to the functions below */

	/* The value of an environment variable, or NULL; empty counts as unset. */
	const char *(*getenv) (void *arg, const char *name);

	/*
	 * The text of a file, palloc'd, with a NUL at text[*len]; or NULL with errno
	 * set, EFBIG above ADDB_HOST_FILE_MAX.
	 */
	char	   *(*read_file) (void *arg, const char *path, size_t *len);
} AddbHost;

/* The settings that matter below src/aws; "" where not set, never NULL. */
typedef struct AddbAwsSettings
{
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
	const char *profile;
	const char *region;
	const char *endpoint_url;
	bool		allow_insecure_http;
	bool		allow_ambient;	/* the user may use ambient credentials */
	TimestampTz now;
} AddbAwsSettings;

typedef struct AddbProfile AddbProfile;

/* One resolution: what to read from, and what was read already. */
typedef struct AddbAwsSources
{
	const AddbHost *host;
	const AddbAwsSettings *settings;
	AddbProfile *profile;		/* NULL until addb_profile_load */
} AddbAwsSources;

extern const AddbHost addb_host_real;

extern const char *addb_host_getenv(const AddbHost *host, const char *name);

#endif							/* ADDB_AWS_HOST_H */
