/*
 * raw_call.h
 *	  Any operation of DynamoDB's API with its own JSON.
 */
#ifndef ADDB_DYNAMODB_RAW_CALL_H
#define ADDB_DYNAMODB_RAW_CALL_H

#include "dynamodb/operation.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct AddbRawCall
{
	AddbOperation operation;
	StringInfoData body;		/* the request as JSON */
	char	   *table;			/* its TableName, for messages, or NULL */
	bool		may_scan;		/* it can read a whole table */
} AddbRawCall;

extern void addb_raw_call_build(AddbRawCall *raw, const char *operation,
								int len, Jsonb *request);
extern Jsonb *addb_raw_call_run(const AddbRawCall *raw);

#endif							/* ADDB_DYNAMODB_RAW_CALL_H */
