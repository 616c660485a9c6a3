/*
 * format_transaction.c
 *	  Results of transactions: what became of each item, in order.
 */
#include "postgres.h"

#include "entity/item.h"

static AddbJsonbValue
item_of(const AddbEntityRequest *item, AddbText json)
{
	AddbEntityView view = {item->member->model, &item->action.options};
	AddbJsonbValue value;

	(void) addb_entity_item_read(&view, json, &value);
	return value;
}

static AddbJsonbValue
finish(int mark, AddbJsonbValue data, bool canceled)
{
	addb_jsonb_push_member("canceled", 8, addb_jsonb_bool(canceled));
	addb_jsonb_push_member("data", 4, data);
	return addb_jsonb_object(mark);
}

/* {item, rejected: false} of each response, in order. */
static void
push_responses(const AddbEntityRequest *request, AddbText responses)
{
	AddbJsonCursor array = addb_json_cursor(responses.data, responses.len);
	AddbText	response;
	int			n = 0;

	if (responses.data == NULL || !addb_json_array_start(&array))
		addb_entity_reply_malformed();
	while (addb_entity_next(&array, &response))
	{
		AddbEntityReply reply;
		int			mark = addb_jsonb_mark();

		if (n == request->nitems)
			addb_entity_reply_malformed();
		addb_entity_reply_read(response, &reply);
		addb_jsonb_push_member("item", 4, item_of(&request->items[n++], reply.item));
		addb_jsonb_push_member("rejected", 8, addb_jsonb_bool(false));
		addb_jsonb_push(addb_jsonb_object(mark));
	}
	if (n < request->nitems)
		addb_entity_reply_malformed();
}

/* Written items are not told of. */
static void
push_successes(const AddbEntityRequest *request)
{
	for (int i = 0; i < request->nitems; i++)
	{
		int			mark = addb_jsonb_mark();

		addb_jsonb_push_member("item", 4, addb_jsonb_null());
		addb_jsonb_push_member("code", 4, addb_jsonb_string("None", 4));
		addb_jsonb_push_member("rejected", 8, addb_jsonb_bool(false));
		addb_jsonb_push(addb_jsonb_object(mark));
	}
}

/*
 * addb_entity_format_transaction - {canceled: false, data} of a success
 */
AddbJsonbValue
addb_entity_format_transaction(const AddbEntityRequest *request, AddbText body)
{
	int			mark = addb_jsonb_mark();
	int			data = addb_jsonb_mark();
	AddbEntityReply reply;

	if (request->nitems > 0 &&
		request->action.method == ADDB_METHOD_TRANSACT_GET)
	{
		addb_entity_reply_read(body, &reply);
		push_responses(request, reply.responses);
	}
	else
		push_successes(request);
	return finish(mark, addb_jsonb_array(data), false);
}

/*
 * addb_entity_format_canceled - {canceled: true, data} of the reasons
 */
AddbJsonbValue
addb_entity_format_canceled(const AddbEntityRequest *request,
							const AddbServiceError *error)
{
	int			mark = addb_jsonb_mark();
	int			data = addb_jsonb_mark();

	for (int i = 0; i < Min(error->nreasons, request->nitems); i++)
	{
		const AddbCancellationReason *reason = &error->reasons[i];
		const char *code = reason->code[0] == '\0' ? "None" : reason->code;
		AddbText	item = {reason->item.len == 0 ? NULL : reason->item.data,
		(int) reason->item.len};
		int			element = addb_jsonb_mark();

		addb_jsonb_push_member("item", 4, item_of(&request->items[i], item));
		addb_jsonb_push_member("code", 4, addb_jsonb_string(code, strlen(code)));
		addb_jsonb_push_member("rejected", 8, addb_jsonb_bool(strcmp(code, "None") != 0));
		if (reason->message != NULL)
			addb_jsonb_push_member("message", 7, addb_jsonb_string(reason->message,
																   strlen(reason->message)));
		addb_jsonb_push(addb_jsonb_object(element));
	}
	return finish(mark, addb_jsonb_array(data), true);
}
