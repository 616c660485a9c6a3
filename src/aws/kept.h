/*
 * kept.h
 *	  The configurations that a session keeps; for config.c only.
 */
#ifndef ADDB_AWS_KEPT_H
#define ADDB_AWS_KEPT_H

#include "aws/config.h"
#include "aws/endpoint.h"
#include "aws/host.h"

typedef struct AddbKept
{
	MemoryContext context;		/* holds this struct and its texts */
	AddbAwsConfig config;
	AddbCredentials credentials;
	Oid			userid;			/* whose it is; InvalidOid: everybody's */
	uint64		settings_generation;	/* when it was built */
	bool		correct_clock;	/* the parameter then */
	bool		forgotten;		/* to be resolved anew */
	TimestampTz recheck_at;		/* DT_NOEND: never by time */
	uint64		last_used;
} AddbKept;

extern AddbKept *addb_kept_find(const char *server, Oid userid);
extern AddbKept *addb_kept_make(MemoryContext context, AddbAwsSources *sources,
								const AddbEndpoint *endpoint,
								const AddbCredentials *credentials);
extern AddbKept *addb_kept_put(AddbKept *made);
extern void addb_kept_forget(uint64 generation);
extern void addb_kept_drop_servers(const AddbKept *but);

#endif							/* ADDB_AWS_KEPT_H */
