/*
 * format_pages.c
 *	  Results of query, scan and collection, which come in pages.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/item.h"

static AddbEntityView
view_of(const AddbEntityRequest *request, int participant)
{
	return (AddbEntityView) {addb_entity_model_of(request, participant),
		&request->action.options};
}

static AddbJsonCursor
enter_items(const AddbEntityReply *reply)
{
	AddbJsonCursor items =
		addb_json_cursor(reply->items.data, reply->items.len);

	if (reply->items.data == NULL || !addb_json_array_start(&items))
		addb_entity_reply_malformed();
	return items;
}

/*
 * addb_entity_page_end - the JSON of the key that a page ended with
 *
 * data NULL when the read is complete. *owned counts the page's items that belong
 * to the entity, those of a collection not at all.
 */
AddbText
addb_entity_page_end(const AddbEntityRequest *request, AddbText body,
					 int *owned)
{
	AddbEntityReply reply;
	AddbJsonCursor items;
	AddbText	item;
	AddbEntityView view = view_of(request, 0);

	addb_entity_reply_read(body, &reply);
	items = enter_items(&reply);
	*owned = 0;
	while (request->member != NULL && request->action.options.count > 0 &&
		   addb_entity_next(&items, &item))
		*owned += addb_entity_item_is_owned(&view, item);
	return reply.last_key;
}

/*
 * addb_entity_page_wanted - whether another page is to be asked for
 *
 * After npages of them with so many owned items, if the last had an end. Items of
 * a collection are not counted: with "count" it is read to its end.
 */
bool
addb_entity_page_wanted(const AddbEntityRequest *request, int npages, int owned)
{
	const AddbEntityOptions *options = &request->action.options;

	if (options->count > 0)
		return request->member == NULL || owned < options->count;
	return options->pages == ADDB_PAGES_ALL || npages < options->pages;
}

/* A key in the making, for a cursor. */
typedef struct CursorKey
{
	StringInfoData json;
	bool	   *done;			/* by field_number: the json has it */
} CursorKey;

static void
append_field(CursorKey *cursor, const AddbEntityKey *key)
{
	appendStringInfoChar(&cursor->json, cursor->json.len == 0 ? '{' : ',');
	appendBinaryStringInfo(&cursor->json, key->field_json.data, key->field_json.len);
	cursor->done[key->field_number] = true;
}

/* The key of an item, as far as the item has its fields. */
static void
append_key_fields(CursorKey *cursor, const AddbEntityIndex *index, AddbText item)
{
	const AddbEntityKey *keys[] =
		{&index->pk, index->has_sk ? &index->sk : NULL};

	for (int i = 0; i < lengthof(keys) && keys[i] != NULL; i++)
	{
		AddbText	value;

		(void) addb_json_find(item, addb_model_utf8(keys[i]->field), &value);
		if (value.data == NULL || cursor->done[keys[i]->field_number])
			continue;
		append_field(cursor, keys[i]);
		appendBinaryStringInfo(&cursor->json, value.data, value.len);
	}
}

/* The same composed of an item's attributes. */
static void
compose_key_fields(CursorKey *cursor, const AddbEntityIndex *index,
				   AddbEntityValues values)
{
	const AddbEntityKey *keys[] =
		{&index->pk, index->has_sk ? &index->sk : NULL};

	for (int i = 0; i < lengthof(keys) && keys[i] != NULL; i++)
	{
		AddbEntityKeyText text =
			addb_entity_key(keys[i], values, ADDB_KEY_FULL);

		if ((text.is_number && !text.complete) ||
			cursor->done[keys[i]->field_number])
			continue;
		append_field(cursor, keys[i]);
		addb_entity_key_append(&cursor->json, &text);
	}
}

/* A cursor that goes on behind an item that is shown. */
static AddbText
cursor_behind(const AddbEntityRequest *request, AddbText item,
			  const AddbJsonbValue *shown)
{
	const AddbEntityModel *model = request->member->model;
	AddbJsonbValue copy = *shown;
	CursorKey	key;
	AddbEntityValues values;

	initStringInfo(&key.json);
	key.done = palloc0(model->nkey_fields * sizeof(bool));
	append_key_fields(&key, model->primary, item);
	append_key_fields(&key, request->index, item);
	values = addb_entity_read_values(model, (JsonbContainer *) copy.data);
	compose_key_fields(&key, model->primary, values);
	compose_key_fields(&key, request->index, values);
	appendStringInfoChar(&key.json, '}');
	return addb_entity_cursor_write((AddbText) {key.json.data, key.json.len});
}

static void
push_cursor(AddbText cursor)
{
	addb_jsonb_push_member("cursor", 6, cursor.data == NULL ? addb_jsonb_null() :
						   addb_jsonb_string(cursor.data, cursor.len));
}

/* The items of one entity on all pages; *cursor is set if "count" has been reached. */
static AddbJsonbValue
entity_items(const AddbEntityRequest *request, int participant,
			 const AddbText *bodies, int nbodies, AddbText *cursor)
{
	AddbEntityView view = view_of(request, participant);
	int			count =
		request->member != NULL ? request->action.options.count : 0;
	int			mark = addb_jsonb_mark();
	int			n = 0;

	for (int i = 0; i < nbodies; i++)
	{
		AddbEntityReply reply;
		AddbJsonCursor items;
		AddbJsonbValue value;
		AddbText	item;

		addb_entity_reply_read(bodies[i], &reply);
		items = enter_items(&reply);
		while (addb_entity_next(&items, &item))
		{
			if (count > 0 && n == count)
				return addb_jsonb_array(mark);
			if (!addb_entity_item_read(&view, item, &value))
				continue;
			addb_jsonb_push(value);
			n++;
			if (n == count)
				*cursor = cursor_behind(request, item, &value);
		}
	}
	return addb_jsonb_array(mark);
}

/*
 * addb_entity_format_pages - {data, cursor} of the pages that were read
 *
 * Of a collection, data is {alias: [items]}.
 */
AddbJsonbValue
addb_entity_format_pages(const AddbEntityRequest *request,
						 const AddbText *bodies, int nbodies)
{
	int			mark = addb_jsonb_mark();
	AddbText	cursor = {NULL, 0};
	AddbEntityReply last;
	int			data;

	if (request->member != NULL)
		addb_jsonb_push_member("data", 4, entity_items(request, 0, bodies, nbodies, &cursor));
	else
	{
		data = addb_jsonb_mark();
		for (int i = 0; i < request->nparticipants; i++)
		{
			AddbText	alias = request->participants[i]->alias;

			addb_jsonb_push_member(alias.data, alias.len,
								   entity_items(request, i, bodies, nbodies,
												&cursor));
		}
		addb_jsonb_push_member("data", 4, addb_jsonb_object(data));
	}
	addb_entity_reply_read(bodies[nbodies - 1], &last);
	if (cursor.data == NULL && last.last_key.data != NULL)
		cursor = addb_entity_cursor_write(last.last_key);
	push_cursor(cursor);
	return addb_jsonb_object(mark);
}
