/*
 * item.c
 *	  Decodes an item: fields become attributes, what the model does not know or
 *	  hides is left out, sets are arrays.
 *
 * Types are not checked. Inside of attributes of type any, values are those of
 * the item layer, a set being {"$ss": [...]}, so that they can be written back.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/item.h"
#include "entity/js_string.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

static AddbJsonbValue decode(const AddbEntityAttribute *attribute,
							 AddbJsonCursor *cursor);

/* A name of the reply in the server's encoding; data NULL when it has none. */
static AddbText
name_of(const AddbJsonSlice *slice)
{
	AddbText	name = {slice->data, (int) slice->len};

	if (slice->escaped)
	{
		name.data = addb_json_to_cstring(slice);
		if (name.data == NULL ||
			!pg_verify_mbstr(PG_UTF8, name.data, (int) strlen(name.data), true))
			return (AddbText) {NULL, 0};
		name.len = (int) strlen(name.data);
	}
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		name.data =
			pg_any_to_server(pnstrdup(name.data, name.len), name.len, PG_UTF8);
		name.len = (int) strlen(name.data);
	}
	return name;
}

/* An AttributeValue as the item layer has it. */
static AddbJsonbValue
decode_plain(AddbJsonCursor *cursor)
{
	AddbJsonbValue value;

	if (!addb_av_decode(cursor, &value))
		addb_entity_reply_malformed();
	return value;
}

static AddbJsonbValue
decode_map(const AddbEntityAttribute *map, AddbJsonCursor *cursor)
{
	int			mark = addb_jsonb_mark();
	AddbJsonSlice slice;

	if (!addb_json_object_start(cursor))
		addb_entity_reply_malformed();
	while (addb_json_object_next(cursor, &slice))
	{
		AddbText	name = name_of(&slice);
		const AddbEntityAttribute *child = name.data == NULL ? NULL :
			addb_entity_child_by_field(map, name.data, name.len);

		if (child == NULL || child->hidden)
			(void) addb_json_skip(cursor, NULL);
		else
			addb_jsonb_push_member(child->name.data, child->name.len,
								   decode(child, cursor));
	}
	return addb_jsonb_object(mark);
}

static AddbJsonbValue
decode_list(const AddbEntityAttribute *element, AddbJsonCursor *cursor)
{
	int			mark = addb_jsonb_mark();

	if (!addb_json_array_start(cursor))
		addb_entity_reply_malformed();
	while (addb_json_array_next(cursor))
		if (element->hidden)
			(void) addb_json_skip(cursor, NULL);
		else
			addb_jsonb_push(decode(element, cursor));
	return addb_jsonb_array(mark);
}

/* SS, NS or BS: each element is written as a value of its own and decoded. */
static AddbJsonbValue
decode_set(char type, AddbJsonCursor *cursor)
{
	int			mark = addb_jsonb_mark();
	AddbJsonSlice element;

	if (!addb_json_array_start(cursor))
		addb_entity_reply_malformed();
	while (addb_json_array_next(cursor))
	{
		char	   *text;
		AddbJsonCursor inner;

		if (!addb_json_string(cursor, &element))
			break;
		text = psprintf("{\"%c\":\"%.*s\"}", type, (int) element.len, element.data);
		inner = addb_json_cursor(text, strlen(text));
		addb_jsonb_push(decode_plain(&inner));
	}
	return addb_jsonb_array(mark);
}

/* A text without what the template of a key puts around an attribute. */
static AddbText
without_template(const AddbEntityKey *key, AddbText text)
{
	StringInfoData around;
	int			before = key->parts[0].literal.len;

	initStringInfo(&around);
	appendBinaryStringInfo(&around, key->parts[0].literal.data, before);
	addb_case_convert(&around, 0, key->casing);
	before = around.len;
	appendBinaryStringInfo(&around, key->tail.data, key->tail.len);
	addb_case_convert(&around, before, key->casing);
	if (text.len >= around.len &&
		memcmp(text.data, around.data, before) == 0 &&
		memcmp(text.data + text.len - (around.len - before),
			   around.data + before, around.len - before) == 0)
	{
		text.data += before;
		text.len -= around.len;
	}
	pfree(around.data);
	return text;
}

/* The string of an attribute that is a key. */
static AddbJsonbValue
decode_key(const AddbEntityKey *key, AddbJsonCursor *cursor)
{
	StringInfoData json;
	AddbJsonSlice string;
	AddbText	text;

	if (!addb_json_string(cursor, &string) ||
		(text = addb_js_string_of_json(&string)).data == NULL)
		addb_entity_reply_malformed();
	initStringInfo(&json);
	addb_js_string_append(&json, without_template(key, text));
	string = (AddbJsonSlice) {json.data + 1, json.len - 2, true};
	return addb_av_decode_text(&string);
}

/* One AttributeValue of an attribute. */
static AddbJsonbValue
decode(const AddbEntityAttribute *attribute, AddbJsonCursor *cursor)
{
	AddbJsonCursor ahead = *cursor;
	AddbJsonSlice tag;
	AddbJsonbValue value;

	check_stack_depth();
	if (!addb_json_object_start(&ahead) || !addb_json_object_next(&ahead, &tag))
		addb_entity_reply_malformed();
	if (attribute->type == ADDB_ENTITY_MAP && addb_json_slice_is(&tag, "M"))
		value = decode_map(attribute, &ahead);
	else if (attribute->type == ADDB_ENTITY_LIST && addb_json_slice_is(&tag, "L"))
		value = decode_list(&attribute->children[0], &ahead);
	else if (attribute->type != ADDB_ENTITY_ANY && tag.len == 2 && tag.data[1] == 'S')
		value = decode_set(tag.data[0], &ahead);
	else if (attribute->as_key != NULL && !attribute->as_key->is_numeric &&
			 addb_json_slice_is(&tag, "S"))
		value = decode_key(attribute->as_key, &ahead);
	else
		return decode_plain(cursor);
	if (addb_json_object_next(&ahead, &tag) || ahead.failed)
		addb_entity_reply_malformed();
	*cursor = ahead;
	return value;
}

/* Whether the option "attributes" leaves an attribute, or a field that is none. */
static bool
is_wanted(const AddbEntityView *view, AddbText name)
{
	JsonbContainer *names = view->options->attributes;

	for (int i = 0; names != NULL && i < JsonContainerSize(names); i++)
	{
		const JsonbValue *wanted = getIthJsonbValueFromContainer(names, i);

		if (addb_text_equal(name,
							(AddbText) {wanted->val.string.val,
										wanted->val.string.len}))
			return true;
	}
	return names == NULL;
}

/*
 * addb_entity_item_read - decodes the JSON of an item
 *
 * Call addb_jsonb_start first. *value's memory is the current context's. False
 * with *value null when the item is not the entity's. Raises 08P01 for an item
 * that is malformed, 22003, 22P05 and 54001 as addb_av_decode.
 */
bool
addb_entity_item_read(const AddbEntityView *view, AddbText item,
					  AddbJsonbValue *value)
{
	AddbJsonCursor cursor = addb_json_cursor(item.data, item.len);
	AddbJsonSlice slice;
	int			mark = addb_jsonb_mark();

	*value = addb_jsonb_null();
	if (item.data == NULL || !addb_entity_item_is_owned(view, item))
		return false;
	if (!addb_json_object_start(&cursor))
		addb_entity_reply_malformed();
	while (addb_json_object_next(&cursor, &slice))
	{
		AddbText	name = name_of(&slice);
		const AddbEntityAttribute *attribute = name.data == NULL ? NULL :
			addb_entity_child_by_field(&view->model->root, name.data, name.len);

		if (attribute != NULL && !attribute->hidden &&
			is_wanted(view, attribute->name))
			addb_jsonb_push_member(attribute->name.data, attribute->name.len,
								   decode(attribute, &cursor));
		else if (attribute == NULL && name.data != NULL &&
				 view->options->include_keys && is_wanted(view, name))
			addb_jsonb_push_member(name.data, name.len, decode_plain(&cursor));
		else
			(void) addb_json_skip(&cursor, NULL);
	}
	if (cursor.failed)
		addb_entity_reply_malformed();
	*value = addb_jsonb_object(mark);
	return true;
}
