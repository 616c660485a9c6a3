/*
 * config.h
 *	  Where requests go and who signs them: what the client asks before each
 *	  request.
 */
#ifndef ADDB_AWS_CONFIG_H
#define ADDB_AWS_CONFIG_H

#include "aws/credentials.h"

/* Rows of a report: each source, and the endpoint when there is none. */
#define ADDB_MAX_REPORTS (ADDB_MAX_SOURCES + 1)

typedef struct AddbAwsConfig
{
	const char *server;			/* the foreign server's name, "" without one */
	const char *url;			/* of every request; ends with a slash */
	const char *host;			/* the Host header, exactly as it is signed */
	const char *path;			/* of url, to be signed */
	const char *region;			/* to sign for */
	const char *ca_file;		/* of the certificates to trust; "": the system's */
	bool		corrects_clock; /* signs with the service's time, not its own */
	const AddbCredentials *credentials;

	/*
	 * Numbers that are given out once: two configurations with one of them in
	 * common are for one server and user, and have that in common.
	 */
	uint64		target;			/* where it goes, by which clock */
	uint64		signer;			/* the keys */
	uint64		generation;		/* both */

	/*
	 * Who is asked for what, as far as it can be told: endpoint, region, server,
	 * user, source of the keys, role. Keys that are renewed leave it as it is.
	 * Equal for equal configurations, whenever they were made; never 0.
	 */
	uint64		identity;
} AddbAwsConfig;

extern const AddbAwsConfig *addb_aws_config_get(void);
extern void addb_aws_config_forget(uint64 generation);
extern const AddbCredentials *addb_aws_config_kept(void);
extern int	addb_aws_config_report(AddbSourceReport *reports);

#endif							/* ADDB_AWS_CONFIG_H */
