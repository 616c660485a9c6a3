/*
 * resolve.h
 *	  Settings and surroundings to one configuration.
 */
#ifndef ADDB_AWS_RESOLVE_H
#define ADDB_AWS_RESOLVE_H

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/host.h"

extern bool addb_resolve_clock_correction(AddbAwsSources *sources);
extern void addb_resolve_sts_endpoint(AddbAwsSources *sources,
									  AddbEndpoint *endpoint);
extern void addb_resolve_endpoint(AddbAwsSources *sources,
								  AddbEndpoint *endpoint);

#endif							/* ADDB_AWS_RESOLVE_H */
