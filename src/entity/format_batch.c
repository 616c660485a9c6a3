/*
 * format_batch.c
 *	  Results of batches.
 */
#include "postgres.h"

#include "entity/item.h"

static AddbEntityView
view_of(const AddbEntityRequest *request)
{
	return (AddbEntityView) {request->member->model, &request->action.options};
}

/*
 * Pushes one that was not processed: an item to put as it is, of others the key
 * as attributes. Of UnprocessedKeys the element is the key itself.
 */
static void
push_unprocessed(const AddbEntityRequest *request, const AddbJsonNode *element)
{
	const AddbJsonNode *put = addb_json_member(addb_json_member(element, "PutRequest"), "Item");
	const AddbJsonNode *delete = addb_json_member(addb_json_member(element, "DeleteRequest"),
												  "Key");
	AddbEntityView view = view_of(request);
	AddbJsonbValue value;

	if (put != NULL)
		(void) addb_entity_item_read(&view, put->source, &value);
	else
		(void) addb_entity_key_read(request->member->model,
									delete != NULL ? delete->source : element->source, &value);
	addb_jsonb_push(value);
}

static AddbJsonbValue
unprocessed(const AddbEntityRequest *request, AddbText member)
{
	const AddbJsonNode *tables = member.data == NULL ? NULL :
		addb_json_tree(member.data, member.len);
	int			mark = addb_jsonb_mark();

	for (const AddbJsonNode *table = tables == NULL ? NULL : tables->first;
		 table != NULL; table = table->next)
	{
		const AddbJsonNode *list = table->type == ADDB_JSON_ARRAY ? table :
			addb_json_member(table, "Keys");

		for (const AddbJsonNode *node = list == NULL ? NULL : list->first;
			 node != NULL; node = node->next)
			push_unprocessed(request, node);
	}
	return addb_jsonb_array(mark);
}

/* In the place of an item that is not the entity's there is null. */
static AddbJsonbValue
items(const AddbEntityRequest *request, AddbText responses)
{
	AddbEntityView view = view_of(request);
	AddbJsonCursor tables = addb_json_cursor(responses.data, responses.len);
	int			mark = addb_jsonb_mark();
	AddbJsonSlice table;
	AddbJsonbValue value;
	AddbText	item;

	if (responses.data == NULL)
		return addb_jsonb_array(mark);
	if (!addb_json_object_start(&tables))
		addb_entity_reply_malformed();
	while (addb_json_object_next(&tables, &table))
	{
		if (!addb_json_array_start(&tables))
			addb_entity_reply_malformed();
		while (addb_entity_next(&tables, &item))
		{
			(void) addb_entity_item_read(&view, item, &value);
			addb_jsonb_push(value);
		}
	}
	return addb_jsonb_array(mark);
}

/*
 * addb_entity_format_batch - {unprocessed}, and of a batchGet {data}
 */
AddbJsonbValue
addb_entity_format_batch(const AddbEntityRequest *request, AddbText body)
{
	int			mark = addb_jsonb_mark();
	AddbEntityReply reply = {0};

	if (request->operation != NULL)
		addb_entity_reply_read(body, &reply);
	if (request->action.method == ADDB_METHOD_BATCH_GET)
		addb_jsonb_push_member("data", 4, items(request, reply.responses));
	addb_jsonb_push_member("unprocessed", 11, unprocessed(request, reply.unprocessed));
	return addb_jsonb_object(mark);
}
