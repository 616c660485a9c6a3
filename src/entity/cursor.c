/*
 * cursor.c
 *	  Cursors: the key that a page ended with, as ElectroDB writes it.
 *
 * base64url without padding of the JSON of the key, its values plain: those of
 * JavaScript can be continued here, and the reverse.
 */
#include "postgres.h"

#include "entity/compile.h"
#include "entity/error.h"
#include "entity/js_string.h"

static const char digits[] =
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static AddbText
encode(const char *data, int len)
{
	StringInfoData out;
	uint32		bits = 0;
	int			nbits = 0;

	initStringInfo(&out);
	for (int i = 0; i < len; i++)
	{
		bits = (bits << 8) | (unsigned char) data[i];
		for (nbits += 8; nbits >= 6; nbits -= 6)
			appendStringInfoCharMacro(&out, digits[(bits >> (nbits - 6)) & 63]);
	}
	if (nbits > 0)
		appendStringInfoCharMacro(&out, digits[(bits << (6 - nbits)) & 63]);
	return (AddbText) {out.data, out.len};
}

/* Data NULL when the text is no base64; both alphabets are read. */
static AddbText
decode(AddbText text)
{
	StringInfoData out;
	uint32		bits = 0;
	int			nbits = 0;

	initStringInfo(&out);
	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	for (int i = 0; i < text.len; i++)
	{
		char		c = text.data[i];
		const char *digit = strchr(digits, c == '+' ? '-' : c == '/' ? '_' : c);

		if (digit == NULL || c == '\0')
			return (AddbText) {NULL, 0};
		bits = (bits << 6) | (uint32) (digit - digits);
		nbits += 6;
		if (nbits >= 8)
		{
			nbits -= 8;
			appendStringInfoCharMacro(&out, (char) ((bits >> nbits) & 255));
		}
	}
	return (AddbText) {out.data, out.len};
}

static _Noreturn void
bad_cursor(void)
{
	addb_entity_raise(ADDB_ENTITY_BAD_CURSOR, "option \"cursor\" is no cursor");
}

/* Appends a string of the cursor, which goes out as it stands there. */
static void
append_string(StringInfo out, const AddbJsonSlice *string)
{
	AddbText	text = addb_js_string_of_json(string);

	if (text.data == NULL)
		bad_cursor();
	appendStringInfoString(out, "{\"S\":");
	addb_js_string_append(out, text);
	appendStringInfoChar(out, '}');
}

/* Appends the value that the cursor has for a key field, each field once. */
static void
append_field(StringInfo out, AddbText object,
			 const AddbEntityKey *key, const AddbEntityKey *const *before,
			 int nbefore)
{
	AddbText	value;
	AddbJsonCursor cursor;
	AddbJsonSlice slice;

	for (int i = 0; i < nbefore; i++)
		if (before[i]->field_number == key->field_number)
			return;
	if (!addb_json_find(object, addb_model_utf8(key->field), &value))
		bad_cursor();
	if (value.data == NULL)
		return;
	appendStringInfoString(out, out->len > 1 ? "," : "");
	appendBinaryStringInfo(out, key->field_json.data, key->field_json.len);
	cursor = addb_json_cursor(value.data, value.len);
	if (addb_json_peek(&cursor) == ADDB_JSON_STRING && addb_json_string(&cursor, &slice))
		append_string(out, &slice);
	else if (addb_json_peek(&cursor) == ADDB_JSON_NUMBER)
		appendStringInfo(out, "{\"N\":\"%.*s\"}", value.len, value.data);
	else
		bad_cursor();
}

/*
 * addb_entity_cursor_read - a cursor as the JSON of an ExclusiveStartKey
 *
 * Its members are the key fields of the table and of the index that is read. The
 * cursor of null is that of the start: data NULL.
 * Raises error 4001 for a text that is no cursor.
 */
AddbText
addb_entity_cursor_read(const AddbEntityRequest *request, AddbText cursor)
{
	const AddbEntityModel *model = addb_entity_model_of(request, 0);
	const AddbEntityIndex *indexes[] = {model->primary, request->index};
	const AddbEntityKey *keys[4];
	int			nkeys = 0;
	AddbText	text = decode(cursor);
	StringInfoData out;

	if (text.data == NULL ||
		!pg_verify_mbstr(PG_UTF8, text.data, text.len, true))
		bad_cursor();
	if (addb_text_is(text, "null"))
		return (AddbText) {NULL, 0};
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	for (int i = 0; i < lengthof(indexes); i++)
	{
		append_field(&out, text, &indexes[i]->pk, keys, nkeys);
		keys[nkeys++] = &indexes[i]->pk;
		if (!indexes[i]->has_sk)
			continue;
		append_field(&out, text, &indexes[i]->sk, keys, nkeys);
		keys[nkeys++] = &indexes[i]->sk;
	}
	appendStringInfoChar(&out, '}');
	return (AddbText) {out.data, out.len};
}

/*
 * addb_entity_cursor_write - the cursor for a LastEvaluatedKey, given as its JSON
 *
 * Palloc'd. data NULL when the JSON is no key.
 */
AddbText
addb_entity_cursor_write(AddbText key)
{
	AddbJsonCursor cursor = addb_json_cursor(key.data, key.len);
	AddbJsonSlice name;
	AddbJsonSlice tag;
	AddbJsonSlice value;
	AddbJsonSlice none;
	StringInfoData out;
	bool		intact = addb_json_object_start(&cursor);

	initStringInfo(&out);
	while (intact && addb_json_object_next(&cursor, &name))
	{
		intact = addb_json_object_start(&cursor) &&
			addb_json_object_next(&cursor, &tag) &&
			addb_json_string(&cursor, &value) &&
			!addb_json_object_next(&cursor, &none);
		appendStringInfo(&out, "%c\"%.*s\":", out.len == 0 ? '{' : ',', (int) name.len,
						 name.data);
		if (intact && addb_json_slice_is(&tag, "N"))
			appendBinaryStringInfo(&out, value.data, (int) value.len);
		else if (intact)
			appendStringInfo(&out, "\"%.*s\"", (int) value.len, value.data);
	}
	if (!intact || cursor.failed)
		return (AddbText) {NULL, 0};
	appendStringInfoString(&out, out.len == 0 ? "{}" : "}");
	return encode(out.data, out.len);
}
