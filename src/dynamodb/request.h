/*
 * request.h
 *	  What requests on a table begin with, and what replies end with.
 */
#ifndef ADDB_DYNAMODB_REQUEST_H
#define ADDB_DYNAMODB_REQUEST_H

#include "dynamodb/client.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

extern void addb_request_begin(StringInfo body, const char *table);
extern void addb_request_end(AddbRequest *request, StringInfo body);
extern void addb_request_add_context(const AddbRequest *request);
extern void addb_reply_take_cost(AddbCall *call);
extern Jsonb *addb_reply_item(const AddbCall *call, AddbJsonCursor *cursor);

#endif							/* ADDB_DYNAMODB_REQUEST_H */
