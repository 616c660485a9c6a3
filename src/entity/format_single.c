/*
 * format_single.c
 *	  Results of operations on one item.
 */
#include "postgres.h"

#include "entity/item.h"
#include "entity/js_string.h"

static AddbEntityView
view_of(const AddbEntityRequest *request)
{
	return (AddbEntityView) {request->member->model, &request->action.options};
}

/* An item that the operation has written or replaced is shown whoever owns it. */
static AddbJsonbValue
read_any(const AddbEntityRequest *request, AddbText item)
{
	AddbEntityView view = view_of(request);
	AddbEntityOptions options = *view.options;
	AddbJsonbValue value;

	options.any_owner = true;
	view.options = &options;
	(void) addb_entity_item_read(&view, item, &value);
	return value;
}

/* A value of a key as it was given; a string may be a form $s. */
static AddbJsonbValue
composite_value(const JsonbValue *value)
{
	JsonbValue	buffer;
	const JsonbValue *form = addb_js_form(value, "$s", &buffer);
	int			mark;

	if (form != NULL)
	{
		mark = addb_jsonb_mark();
		addb_jsonb_push_member("$s", 2, composite_value(form));
		return addb_jsonb_object(mark);
	}
	return value->type == jbvString ?
		addb_jsonb_string(value->val.string.val, value->val.string.len) :
		value->type == jbvNumeric ? addb_jsonb_numeric(value->val.numeric) :
		addb_jsonb_bool(value->val.boolean);
}

static void
push_key(const AddbEntityKey *key, AddbEntityValues values)
{
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;
		const JsonbValue *value = values[attribute->number];

		addb_jsonb_push_member(attribute->name.data, attribute->name.len,
							   composite_value(value));
	}
}

/* The composites that the key was given with. */
static AddbJsonbValue
key_of(const AddbEntityRequest *request)
{
	const AddbEntityIndex *primary = request->member->model->primary;
	int			mark = addb_jsonb_mark();

	push_key(&primary->pk, request->key);
	push_key(&primary->sk, request->key);
	return addb_jsonb_object(mark);
}

static bool
is_empty(const AddbJsonbValue *object)
{
	return object->type == JENTRY_ISCONTAINER &&
		JsonContainerSize((JsonbContainer *) object->data) == 0;
}

static AddbJsonbValue
written_data(const AddbEntityRequest *request, AddbText body)
{
	AddbEntityReply reply;
	AddbJsonbValue shown;
	AddbText	item =
		{request->body.data + request->item_start, request->item_len};

	if (request->action.options.response == ADDB_RESPONSE_NONE)
		return addb_jsonb_null();
	if (request->action.options.response != ADDB_RESPONSE_DEFAULT)
	{
		addb_entity_reply_read(body, &reply);
		shown = read_any(request, reply.attributes);
		return is_empty(&shown) ? addb_jsonb_null() : shown;
	}
	switch (request->action.method)
	{
		case ADDB_METHOD_PUT:
		case ADDB_METHOD_CREATE:
			return read_any(request, item);
		case ADDB_METHOD_UPSERT:
			return addb_jsonb_object(addb_jsonb_mark());
		default:
			return key_of(request);
	}
}

static AddbJsonbValue
read_data(const AddbEntityRequest *request, AddbText body)
{
	AddbEntityView view = view_of(request);
	AddbEntityReply reply;
	AddbJsonbValue value;

	addb_entity_reply_read(body, &reply);
	(void) addb_entity_item_read(&view, reply.item, &value);
	return value;
}

/*
 * addb_entity_format_single - {data}, with {rejected: false} when it was asked for
 */
AddbJsonbValue
addb_entity_format_single(const AddbEntityRequest *request, AddbText body)
{
	int			mark = addb_jsonb_mark();
	bool		get = request->action.method == ADDB_METHOD_GET;

	addb_jsonb_push_member("data", 4, get ? read_data(request, body) :
						   written_data(request, body));
	if (!get && request->action.options.on_failure != ADDB_FAILURE_RAISE)
		addb_jsonb_push_member("rejected", 8, addb_jsonb_bool(false));
	return addb_jsonb_object(mark);
}
