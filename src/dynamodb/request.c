/*
 * request.c
 *	  What requests on a table begin with, and what replies end with.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/call.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"

/* Characters of an item that a context shows: as a rule its key is among them. */
#define ITEM_EXCERPT 200

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
 * addb_request_add_context - a line of CONTEXT that tells what a write is about
 *
 * For within ereport and callbacks of error contexts, of writes that are left
 * open: the key or item that is to be looked at, the statement, or the token
 * that a transaction can be repeated with. Of a batch there is no line.
 */
void
addb_request_add_context(const AddbRequest *request)
{
	bool		carried = request->carrier != NULL;
	AddbJsonCursor cursor = carried
		? addb_json_cursor(request->carried, request->carried_len)
		: addb_json_cursor(request->body, request->body_len);
	AddbJsonSlice name;
	AddbJsonSlice value;

	if (!addb_json_object_start(&cursor))
		return;
	while (addb_json_object_next(&cursor, &name) && addb_json_skip(&cursor, &value))
	{
		if (addb_json_slice_is(&name, "Key"))
			errcontext("key %s", addb_error_text(value.data, value.len, ITEM_EXCERPT));
		else if (addb_json_slice_is(&name, "Item"))
			errcontext("item %s", addb_error_text(value.data, value.len, ITEM_EXCERPT));
		else if (addb_json_slice_is(&name, "Statement"))
			errcontext("statement %s", addb_error_text(value.data, value.len, ITEM_EXCERPT));
		else if (request->kind == ADDB_WRITE_TOKEN &&
				 addb_json_slice_is(&name, "ClientRequestToken"))
			errcontext("token %s, with which it may be repeated for 10 minutes",
					   addb_error_text(value.data, value.len, ITEM_EXCERPT));
	}
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

typedef struct ShownItem
{
	const AddbCall *call;
	const char *json;
	size_t		len;
} ShownItem;

static void
add_item_context(void *arg)
{
	const ShownItem *shown = arg;
	AddbJsonCursor cursor = addb_json_cursor(shown->json, shown->len);
	AddbJsonSlice item;

	if (addb_json_skip(&cursor, &item))
		errcontext("item %s", addb_error_text(item.data, item.len, ITEM_EXCERPT));
	addb_call_add_done_context(shown->call);
}

/*
 * addb_reply_item - an item of a reply as jsonb, NULL when it is malformed
 *
 * Palloc'd. Raises what addb_av_decode_map raises, with the item, and that a
 * write has been carried out, as context.
 */
Jsonb *
addb_reply_item(const AddbCall *call, AddbJsonCursor *cursor)
{
	ShownItem	shown = {call, cursor->pos, cursor->end - cursor->pos};
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_item_context,
		.arg = &shown
	};
	AddbJsonbValue value;
	Jsonb	   *item = NULL;

	error_context_stack = &context;
	addb_jsonb_start();
	if (addb_av_decode_map(cursor, &value))
		item = addb_jsonb_finish(value);
	error_context_stack = context.previous;
	return item;
}
