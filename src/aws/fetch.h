/*
 * fetch.h
 *	  Requests to sources of credentials: several tries, and what may be told of
 *	  the replies.
 */
#ifndef ADDB_AWS_FETCH_H
#define ADDB_AWS_FETCH_H

#include "aws/host.h"

typedef struct AddbFetchPolicy
{
	int			timeout;		/* ms, of one try */
	int			tries;
	int			pause;			/* ms before the second try */
	bool		backs_off;		/* doubled each time, and a random part of it */
	bool		(*is_good) (const AddbHostReply *reply);
	bool		(*may_retry) (const AddbHostReply *reply);
} AddbFetchPolicy;

extern void addb_fetch(const AddbHost *host, const AddbHostRequest *request,
					   const AddbFetchPolicy *policy, AddbHostReply *reply);
extern void addb_fetch_wipe(AddbHostReply *reply);
extern char *addb_fetch_quote(const char *text, const char *secret);
extern bool addb_fetch_fits_header(const char *text);

#endif							/* ADDB_AWS_FETCH_H */
