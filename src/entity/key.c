/*
 * key.c
 *	  Key texts and numeric keys.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/js_string.h"
#include "entity/js_text.h"
#include "entity/value.h"
#include "mb/pg_wchar.h"

/*
 * addb_entity_values - no values as yet for a model's attributes; palloc'd
 */
AddbEntityValues
addb_entity_values(const AddbEntityModel *model)
{
	return palloc0(Max(model->root.nchildren, 1) * sizeof(JsonbValue *));
}

/*
 * addb_entity_text - a value as JavaScript's String() has it, as in js_string.h
 *
 * Raises error 3001 for null, arrays and objects.
 */
AddbText
addb_entity_text(const AddbEntityAttribute *attribute, const JsonbValue *value)
{
	AddbText	text;
	char	   *number;

	if (addb_js_string(value, &text))
		return text;
	switch (value->type)
	{
		case jbvNumeric:
			number = palloc(ADDB_JS_NUMBER_SIZE);
			text.len = addb_js_numeric(value->val.numeric, number);
			text.data = number;
			return text;
		case jbvBool:
			text.data = value->val.boolean ? "true" : "false";
			text.len = (int) strlen(text.data);
			return text;
		default:
			addb_entity_refuse(attribute,
							   psprintf("has a value of type %s, which cannot be part of a key or text",
										addb_entity_type_of(value)));
	}
}

static AddbEntityKeyText
numeric_key(const AddbEntityKey *key, AddbEntityValues values)
{
	const AddbEntityAttribute *attribute = key->parts[0].attribute;
	const JsonbValue *value = values[attribute->number];
	AddbEntityKeyText result = {{"", 0}, true, value != NULL};
	AddbText	text;
	double		number;
	char	   *digits;

	if (value == NULL)
		return result;
	if (value->type == jbvNumeric)
		result.text = addb_entity_text(attribute, value);
	else if (value->type == jbvBool)
		result.text = (AddbText) {value->val.boolean ? "1" : "0", 1};
	else
	{
		text = addb_entity_text(attribute, value);
		if (!addb_js_parse_int(text.data, text.len, &number))
			addb_entity_refuse(attribute, "must be a number, for it is a numeric key");
		digits = palloc(ADDB_JS_NUMBER_SIZE);
		result.text.len = addb_js_number(number, digits);
		result.text.data = digits;
	}
	return result;
}

/*
 * addb_entity_key - composes a key; flags are ADDB_KEY_...
 *
 * Composites are taken up to the first that is missing. The text is palloc'd.
 * Raises error 3001 for values that cannot be in a key.
 */
AddbEntityKeyText
addb_entity_key(const AddbEntityKey *key, AddbEntityValues values, int flags)
{
	AddbEntityKeyText result = {{NULL, 0}, false, true};
	StringInfoData out;

	if (key->is_numeric)
		return numeric_key(key, values);
	initStringInfo(&out);
	appendBinaryStringInfo(&out, key->prefix.data, key->prefix.len);
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityPart *part = &key->parts[i];
		const AddbEntityAttribute *attribute = part->attribute;
		const JsonbValue *value = values[attribute->number];
		AddbText	text;

		if (value == NULL)
		{
			result.complete = false;
			if (flags & ADDB_KEY_LABEL)
				appendBinaryStringInfo(&out, part->literal.data,
									   part->literal.len);
			break;
		}
		appendBinaryStringInfo(&out, part->literal.data, part->literal.len);
		text = addb_entity_text(attribute, value);
		addb_js_pad_start(&out, text.data, text.len, attribute->pad_length,
						  attribute->pad.data, attribute->pad.len);
	}
	if (result.complete && (flags & ADDB_KEY_TAIL))
		appendBinaryStringInfo(&out, key->tail.data, key->tail.len);
	if (result.complete && (flags & ADDB_KEY_POSTFIX))
		appendBinaryStringInfo(&out, key->postfix.data, key->postfix.len);
	addb_case_convert(&out, 0, key->casing);
	result.text.data = out.data;
	result.text.len = out.len;
	return result;
}

/*
 * addb_entity_key_supplied - how many composites of a key have values
 */
int
addb_entity_key_supplied(const AddbEntityKey *key, AddbEntityValues values)
{
	int			n = 0;

	for (int i = 0; i < key->nparts; i++)
		n += values[key->parts[i].attribute->number] != NULL;
	return n;
}

/*
 * addb_entity_key_is_stored - whether a key is written with an item
 *
 * An empty one is not, but for an attribute's own value, of which DynamoDB has to
 * say that no key may be empty.
 */
bool
addb_entity_key_is_stored(const AddbEntityKey *key, AddbEntityValues values,
						  const AddbEntityKeyText *text)
{
	return text->text.len > 0 ||
		(key->attribute != NULL && values[key->attribute->number] != NULL);
}

/*
 * addb_entity_key_append - appends a key as an AttributeValue
 */
void
addb_entity_key_append(StringInfo out, const AddbEntityKeyText *key)
{
	appendStringInfoString(out, key->is_number ? "{\"N\":" : "{\"S\":");
	addb_js_string_append(out, key->text);
	appendStringInfoCharMacro(out, '}');
}

/*
 * addb_entity_append_missing - appends the names of a key's composites without
 * values, quoted and joined by commas
 */
void
addb_entity_append_missing(StringInfo out, const AddbEntityKey *key,
						   AddbEntityValues values)
{
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;

		if (values[attribute->number] == NULL)
			appendStringInfo(out, "%s\"%s\"", out->len > 0 ? ", " : "",
							 addb_entity_quote(attribute->name));
	}
}

/*
 * addb_entity_require_composites - raises error 2002 if an index lacks composites
 *
 * Those of the partition key are reported first, and alone; those of the sort
 * key only if with_sk.
 */
void
addb_entity_require_composites(const AddbEntityIndex *index,
							   AddbEntityValues values, bool with_sk)
{
	StringInfoData missing;

	if (addb_entity_key_supplied(&index->pk, values) == index->pk.nparts &&
		(!with_sk || addb_entity_key_supplied(&index->sk,
											  values) == index->sk.nparts))
		return;
	initStringInfo(&missing);
	addb_entity_append_missing(&missing, &index->pk, values);
	if (missing.len == 0)
		addb_entity_append_missing(&missing, &index->sk, values);
	addb_entity_raise(ADDB_ENTITY_INCOMPLETE,
					  "composite attributes of access pattern \"%s\" are missing: %s",
					  addb_entity_quote(index->name), missing.data);
}
