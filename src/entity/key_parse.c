/*
 * key_parse.c
 *	  Takes keys apart again into their composites.
 *
 * Nothing in a key is escaped, and its casing has changed the values: what comes
 * out is what ElectroDB makes of it, not always what went in.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/item.h"

static AddbText
cased(const AddbEntityKey *key, AddbText text)
{
	StringInfoData out;

	initStringInfo(&out);
	appendBinaryStringInfo(&out, text.data, text.len);
	addb_case_convert(&out, 0, key->casing);
	return (AddbText) {out.data, out.len};
}

static const char *
find(const char *p, const char *end, AddbText text)
{
	for (; end - p >= text.len; p++)
		if (memcmp(p, text.data, text.len) == 0)
			return p;
	return NULL;
}

/* What stands behind the last composite. */
static AddbText
ending(const AddbEntityKey *key)
{
	return cased(key, key->is_template ? key->tail : key->postfix);
}

/*
 * addb_entity_key_parse - finds the composites of a key's text
 *
 * parts has room for key->nparts texts, which point into the text. False when the
 * text is no such key.
 */
bool
addb_entity_key_parse(const AddbEntityKey *key, const char *text, int len,
					  AddbText *parts)
{
	AddbText	prefix = cased(key, key->prefix);
	AddbText	last = ending(key);
	const char *p = text;
	const char *end = text + len - last.len;

	if (key->is_numeric)
	{
		parts[0] = (AddbText) {text, len};
		return true;
	}
	if (len < prefix.len + last.len ||
		memcmp(text, prefix.data, prefix.len) != 0 ||
		memcmp(end, last.data, last.len) != 0)
		return false;
	p += prefix.len;
	for (int i = 0; i < key->nparts; i++)
	{
		AddbText	literal = cased(key, key->parts[i].literal);
		const char *next = end;

		if (end - p < literal.len || memcmp(p, literal.data, literal.len) != 0)
			return false;
		p += literal.len;
		if (i + 1 < key->nparts)
			next = find(p, end, cased(key, key->parts[i + 1].literal));
		if (next == NULL)
			return false;
		parts[i] = (AddbText) {p, (int) (next - p)};
		p = next;
	}
	return p == end;
}

/* A composite as a value of its attribute's type. */
static AddbJsonbValue
composite_value(const AddbEntityAttribute *attribute, AddbText text)
{
	StringInfoData json;
	AddbJsonCursor cursor;
	AddbJsonbValue value;

	initStringInfo(&json);
	if (attribute->type == ADDB_ENTITY_BOOLEAN)
		return addb_jsonb_bool(addb_text_is(text, "true"));
	appendStringInfoString(&json, attribute->type == ADDB_ENTITY_NUMBER ? "{\"N\":" : "{\"S\":");
	addb_av_append_utf8(&json, text.data, text.len);
	appendStringInfoChar(&json, '}');
	cursor = addb_json_cursor(json.data, json.len);
	if (addb_av_decode(&cursor, &value))
		return value;
	return addb_jsonb_string(text.data, text.len);
}

static bool
push_composites(const AddbEntityKey *key, const AddbJsonNode *object)
{
	const AddbJsonNode *value =
		addb_json_member(object, pnstrdup(key->field.data, key->field.len));
	AddbText   *parts = palloc0(Max(key->nparts, 1) * sizeof(AddbText));
	AddbText	text;

	if (value == NULL || value->first == NULL ||
		value->first->type != ADDB_JSON_STRING)
		return false;
	text = addb_model_utf8(value->first->text);
	if (!addb_entity_key_parse(key, text.data, text.len, parts))
		return false;
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;

		addb_jsonb_push_member(attribute->name.data, attribute->name.len,
							   composite_value(attribute, parts[i]));
	}
	return true;
}

/*
 * addb_entity_key_read - a table key, given as its JSON, as its composites
 *
 * False when it is none of the entity's; what was pushed is then to be closed by
 * the caller's container.
 */
bool
addb_entity_key_read(const AddbEntityModel *model, AddbText key_json,
					 AddbJsonbValue *value)
{
	const AddbJsonNode *object = addb_json_tree(key_json.data, key_json.len);
	int			mark = addb_jsonb_mark();
	bool		intact = push_composites(&model->primary->pk, object) &&
		(!model->primary->has_sk ||
		 push_composites(&model->primary->sk, object));

	*value = addb_jsonb_object(mark);
	return intact;
}
