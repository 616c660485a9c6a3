/*
 * request.c
 *	  What requests on a table begin with, and what replies end with.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"

/*
 * addb_request_begin - makes body begin as a request on one table
 *
 * body is initialised here; table is in the server's encoding. The capacity
 * that the request consumes is asked for. Members are to be appended with a
 * comma in front.
 */
void
addb_request_begin(StringInfo body, const char *table)
{
	initStringInfo(body);
	appendStringInfoString(body, "{\"ReturnConsumedCapacity\":\"TOTAL\",\"TableName\":");
	addb_av_append_string(body, table, (int) strlen(table));
}

/*
 * addb_request_end - closes the body's object and makes it the request's
 */
void
addb_request_end(AddbRequest *request, StringInfo body)
{
	appendStringInfoChar(body, '}');
	request->body = body->data;
	request->body_len = body->len;
}

/*
 * addb_reply_take_cost - counts the cost in a reply that says nothing else
 *
 * Raises 08P01, for a write 08007, when the reply makes no sense.
 */
void
addb_reply_take_cost(AddbCall *call)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	bool		intact = addb_json_object_start(&cursor);

	while (intact && addb_json_object_next(&cursor, &name))
		intact = addb_json_slice_is(&name, "ConsumedCapacity")
			? addb_stats_take_capacity(call, &cursor, NULL)
			: addb_json_skip(&cursor, NULL);
	if (!intact || cursor.failed)
		addb_call_raise_malformed(call);
}
