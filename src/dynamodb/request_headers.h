/*
 * request_headers.h
 *	  The header lines of a request to DynamoDB.
 */
#ifndef ADDB_DYNAMODB_REQUEST_HEADERS_H
#define ADDB_DYNAMODB_REQUEST_HEADERS_H

#include "aws/config.h"
#include "dynamodb/client.h"
#include "lib/stringinfo.h"

/* Nine, and the session token's. */
#define ADDB_MAX_REQUEST_HEADERS 10

/* Lines written one after the other, each NUL-terminated. */
typedef struct AddbRequestHeaders
{
	StringInfoData text;
	int			start[ADDB_MAX_REQUEST_HEADERS];	/* of a line, in text */
	int			n;
} AddbRequestHeaders;

extern void addb_request_headers_build(const AddbAwsConfig *config,
									   const AddbRequest *sent,
									   const char *invocation_id, int attempt,
									   int64 now, AddbRequestHeaders *lines);

#endif							/* ADDB_DYNAMODB_REQUEST_HEADERS_H */
