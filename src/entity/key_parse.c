/*
 * key_parse.c
 *	  Takes keys apart again into their composites.
 *
 * Nothing in a key is escaped, and its casing has changed the values: what comes
 * out is what ElectroDB makes of it, not always what went in.
 */
#include "postgres.h"

#include <ctype.h>

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

/*
 * The last place between p and end where a text stands with a character behind
 * it, or NULL.
 */
static const char *
find_last(const char *p, const char *end, AddbText text)
{
	for (const char *at = end - text.len - 1; at >= p; at--)
		if ((at[text.len] & 0xC0) != 0x80 && memcmp(at, text.data, text.len) == 0)
			return at;
	return NULL;
}

/* Whether a text has what ends lines, which JavaScript's "." does not match. */
static bool
has_line_end(AddbText text)
{
	for (int i = 0; i < text.len; i++)
		if (text.data[i] == '\n' || text.data[i] == '\r' ||
			(text.len - i >= 3 && (memcmp(text.data + i, "\xe2\x80\xa8", 3) == 0 ||
								   memcmp(text.data + i, "\xe2\x80\xa9", 3) == 0)))
			return true;
	return false;
}

/* What stands behind the last composite. */
static AddbText
ending(const AddbEntityKey *key)
{
	return cased(key, key->is_template ? key->tail : key->postfix);
}

/*
 * Each composite is as long as can be, the first before the others, and has one
 * character at least: so the labels are looked for from the end on.
 */
static bool
split(const AddbEntityKey *key, const char *p, const char *end, AddbText *parts)
{
	for (int i = key->nparts - 1; i >= 0; i--)
	{
		AddbText	literal = cased(key, key->parts[i].literal);
		const char *at = p;

		if (i > 0)
			at = find_last(p, end, literal);
		else if (end - p <= literal.len || memcmp(p, literal.data, literal.len) != 0)
			at = NULL;
		if (at == NULL)
			return false;
		parts[i] = (AddbText) {at + literal.len, (int) (end - at - literal.len)};
		if (has_line_end(parts[i]))
			return false;
		end = at;
	}
	return key->nparts > 0 || p == end;
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
	return split(key, text + prefix.len, end, parts);
}

/* What JavaScript's parseFloat() takes of a text; len 0: nothing. */
static AddbText
parse_float(AddbText text)
{
	const char *end = text.data + text.len;
	const char *start = text.data;
	const char *p;
	int			digits = 0;

	while (start < end && strchr(" \t\n\v\f\r", *start) != NULL)
		start++;
	p = start;
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	while (p < end && isdigit((unsigned char) *p))
		p++, digits++;
	if (p < end && *p == '.')
		p++;
	while (p < end && isdigit((unsigned char) *p))
		p++, digits++;
	if (digits == 0)
		return (AddbText) {"", 0};
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		const char *exponent = p + 1;

		if (exponent < end && (*exponent == '-' || *exponent == '+'))
			exponent++;
		if (exponent < end && isdigit((unsigned char) *exponent))
			for (p = exponent; p < end && isdigit((unsigned char) *p);)
				p++;
	}
	return (AddbText) {start, (int) (p - start)};
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
	if (attribute->type == ADDB_ENTITY_NUMBER)
		text = parse_float(text);
	if (text.len == 0)
		return addb_jsonb_null();
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
 * False with *value null when it is none of the entity's.
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
	if (!intact)
		*value = addb_jsonb_null();
	return intact;
}
