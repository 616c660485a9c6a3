/*
 * item_owner.c
 *	  Whether an item is an entity's own.
 */
#include "postgres.h"

#include "entity/item.h"
#include "entity/js_string.h"

/* What of an item tells whose it is; UTF-8, data NULL: not there as a string. */
typedef struct Marks
{
	AddbText	entity;
	AddbText	version;
	AddbText	pk;
	AddbText	sk;
} Marks;

/* The string or number of an AttributeValue. */
static AddbText
read_scalar(AddbJsonCursor *cursor)
{
	AddbText	none = {NULL, 0};
	AddbJsonCursor ahead;
	AddbJsonSlice value;
	AddbJsonSlice name;
	AddbJsonSlice text;

	if (!addb_json_skip(cursor, &value))
		return none;
	ahead = addb_json_cursor(value.data, value.len);
	if (!addb_json_object_start(&ahead) ||
		!addb_json_object_next(&ahead, &name) ||
		(!addb_json_slice_is(&name, "S") && !addb_json_slice_is(&name, "N")) ||
		!addb_json_string(&ahead, &text))
		return none;
	return addb_js_string_of_json(&text);
}

static bool
is_field(const AddbJsonSlice *name, const AddbEntityKey *key)
{
	/* "field": without its quotes and colon */
	return (int) name->len == key->field_json.len - 3 &&
		memcmp(name->data, key->field_json.data + 1, name->len) == 0;
}

static void
read_marks(const AddbEntityView *view, AddbText item, bool keys, Marks *marks)
{
	const AddbEntityIndex *primary = view->model->primary;
	AddbJsonCursor cursor = addb_json_cursor(item.data, item.len);
	AddbJsonSlice name;

	memset(marks, 0, sizeof(Marks));
	if (!addb_json_object_start(&cursor))
		addb_entity_reply_malformed();
	while (addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "__edb_e__"))
			marks->entity = read_scalar(&cursor);
		else if (addb_json_slice_is(&name, "__edb_v__"))
			marks->version = read_scalar(&cursor);
		else if (keys && is_field(&name, &primary->pk))
			marks->pk = read_scalar(&cursor);
		else if (keys && primary->has_sk && is_field(&name, &primary->sk))
			marks->sk = read_scalar(&cursor);
		else
			(void) addb_json_skip(&cursor, NULL);
	}
	if (cursor.failed)
		addb_entity_reply_malformed();
}

static bool
fits(const AddbEntityKey *key, AddbText text)
{
	AddbText   *parts = palloc0(Max(key->nparts, 1) * sizeof(AddbText));

	return text.data != NULL &&
		addb_entity_key_parse(key, text.data, text.len, parts);
}

/*
 * addb_entity_item_is_owned - whether an item is the entity's
 *
 * Its identifiers say so, exactly; with the option "ignoreOwnership" it is enough
 * that its keys in the table could be, or that it is read in part and without them.
 */
bool
addb_entity_item_is_owned(const AddbEntityView *view, AddbText item)
{
	const AddbEntityIndex *primary = view->model->primary;
	bool		lenient = view->options->ignore_ownership;
	Marks		marks;

	if (view->options->any_owner)
		return true;
	read_marks(view, item, lenient, &marks);
	if (marks.entity.len > 0 &&
		addb_text_equal(marks.entity, addb_model_utf8(view->model->entity)) &&
		addb_text_equal(marks.version, addb_model_utf8(view->model->version)))
		return true;
	if (!lenient)
		return false;
	if (view->options->attributes != NULL &&
		(marks.pk.data == NULL || (primary->has_sk && marks.sk.data == NULL)))
		return true;
	return fits(&primary->pk, marks.pk) &&
		(!primary->has_sk || fits(&primary->sk, marks.sk));
}
