/*
 * attribute_decode.c
 *	  DynamoDB's AttributeValue JSON, and plain JSON text, to jsonb.
 *
 * One pass from the text to jsonb's binary form; see attribute_value.h for the
 * mapping. The text is UTF-8 that has been verified. Malformed text is not an
 * error here but an answer of false, since only the caller knows whether a
 * reply or an argument is to blame.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/numeric.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

static bool decode_value(AddbJsonCursor *cursor, AddbJsonbValue *value);
static bool decode_plain(AddbJsonCursor *cursor, AddbJsonbValue *value);

/* A reader of the value type at hand: typed attributes or plain JSON. */
typedef bool (*ValueReader) (AddbJsonCursor *cursor, AddbJsonbValue *value);

/* UTF-8 to the server's encoding; the same pointer when they agree. */
static const char *
to_server(const char *text, size_t *len)
{
	char	   *converted;

	if (GetDatabaseEncoding() == PG_UTF8)
		return text;
	converted = pg_any_to_server(text, (int) *len, PG_UTF8);
	if (converted != text)
		*len = strlen(converted);
	return converted;
}

/* {name: value} as an object of one member. */
static AddbJsonbValue
wrap(const char *name, AddbJsonbValue value)
{
	int			mark = addb_jsonb_mark();

	addb_jsonb_push_member(name, strlen(name), value);
	return addb_jsonb_object(mark);
}

/*
 * The text of a $s form: UTF-8 with NUL bytes and half pairs (which UTF-8
 * proper does not have: ED A0 80 to ED BF BF), made printable.
 */
static AddbJsonbValue
wrap_unholdable(const char *text, size_t len)
{
	StringInfoData out;
	size_t		out_len;
	const char *data;

	initStringInfo(&out);
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c == '\0')
			appendStringInfoString(&out, "\\u0000");
		else if (c == '\\')
			appendStringInfoString(&out, "\\\\");
		else if (c == 0xED && (unsigned char) text[i + 1] >= 0xA0)
		{
			appendStringInfo(&out, "\\u%04x", 0xD000 |
							 ((text[i + 1] & 0x3F) << 6) | (text[i + 2] & 0x3F));
			i += 2;
		}
		else
			appendStringInfoChar(&out, (char) c);
	}
	out_len = out.len;
	data = to_server(out.data, &out_len);
	return wrap("$s", addb_jsonb_string(data, out_len));
}

/*
 * Decodes a string; false when an escape is malformed. *plain tells whether it
 * came out as a string rather than as a $s form.
 */
static bool
decode_text(const AddbJsonSlice *string, AddbJsonbValue *value, bool *plain)
{
	const char *text = string->data;
	size_t		len = string->len;
	int			met = 0;

	if (string->escaped)
	{
		char	   *unescaped = palloc(len + 1);

		len = addb_json_unescape(string, unescaped, &met);
		if (len == (size_t) -1)
			return false;
		text = unescaped;
	}
	*plain = met == 0;
	if (met != 0)
		*value = wrap_unholdable(text, len);
	else
	{
		text = to_server(text, &len);
		*value = addb_jsonb_string(text, len);
	}
	return true;
}

static bool
read_text(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	AddbJsonSlice string;
	bool		plain;

	return addb_json_string(cursor, &string) &&
		decode_text(&string, value, &plain);
}

/*
 * Whether text is a number as DynamoDB takes them: RFC 8259's, and a plus sign
 * and a point without digits on one side too.
 */
static bool
is_number(const char *text, size_t len)
{
	const char *p = text;
	const char *end = text + len;
	int			digits = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		digits++;
	if (p < end && *p == '.')
		for (p++; p < end && *p >= '0' && *p <= '9'; p++)
			digits++;
	if (digits == 0)
		return false;
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if (p == end)
			return false;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
	}
	return p == end;
}

/*
 * Up to 18 digits with an optional point, without numeric_in. The scale stays
 * as written, as numeric_in keeps it.
 */
static bool
decode_short_number(const char *text, size_t len, Numeric *number)
{
	bool		negative = len > 0 && text[0] == '-';
	int64		value = 0;
	int			digits = 0;
	int			scale = -1;

	for (size_t i = negative; i < len; i++)
	{
		if (text[i] >= '0' && text[i] <= '9' && digits < ADDB_NUMERIC_DIGITS)
		{
			value = value * 10 + (text[i] - '0');
			digits++;
			if (scale >= 0)
				scale++;
		}
		else if (text[i] == '.' && scale < 0)
			scale = 0;
		else
			return false;
	}
	return digits > 0 && addb_numeric_make(negative, value, Max(scale, 0), number);
}

/* False when text is no number; raises 22003 for one beyond numeric's range. */
static bool
decode_number(const char *text, size_t len, AddbJsonbValue *value)
{
	Numeric		number;

	if (!decode_short_number(text, len, &number))
	{
		char	   *copy;

		if (!is_number(text, len))
			return false;
		copy = pnstrdup(text, len);
		number = DatumGetNumeric(DirectFunctionCall3(numeric_in,
													 CStringGetDatum(copy),
													 ObjectIdGetDatum(InvalidOid),
													 Int32GetDatum(-1)));
	}
	*value = addb_jsonb_numeric(number);
	return true;
}

static bool
read_number_text(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	AddbJsonSlice string;

	return addb_json_string(cursor, &string) && !string.escaped &&
		decode_number(string.data, string.len, value);
}

/* Base64 stays text; escapes are legal in it (\/ for a slash). */
static bool
read_base64(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	AddbJsonSlice string;
	bool		plain;

	return addb_json_string(cursor, &string) &&
		decode_text(&string, value, &plain) && plain;
}

static bool
read_array(AddbJsonCursor *cursor, ValueReader reader, AddbJsonbValue *value)
{
	int			mark = addb_jsonb_mark();

	check_stack_depth();
	if (!addb_json_array_start(cursor))
		return false;
	while (addb_json_array_next(cursor))
	{
		AddbJsonbValue element;

		if (!reader(cursor, &element))
			return false;
		addb_jsonb_push(element);
	}
	if (cursor->failed)
		return false;
	*value = addb_jsonb_array(mark);
	return true;
}

/* The forms whose names a map of one member must not be mistaken for. */
static bool
is_typed_form(const char *name, size_t len)
{
	static const char *const forms[] = {"$b", "$bs", "$m", "$ns", "$s", "$ss"};

	if (len < 2 || len > 3 || name[0] != '$')
		return false;
	for (int i = 0; i < lengthof(forms); i++)
		if (strlen(forms[i]) == len && memcmp(forms[i], name, len) == 0)
			return true;
	return false;
}

/* Plain JSON text knows only the two forms that text needs. */
static bool
is_plain_form(const char *name, size_t len)
{
	return len == 2 && name[0] == '$' && (name[1] == 's' || name[1] == 'm');
}

/*
 * An object; as {"$m": [[name, value], ...]} when a name is none that text can
 * hold. Every value is decoded once.
 */
static bool
read_object(AddbJsonCursor *cursor, ValueReader reader,
			bool (*is_form) (const char *, size_t), AddbJsonbValue *value)
{
	int			mark = addb_jsonb_mark();
	AddbJsonSlice slice;
	bool		pairs = false;
	AddbJsonbValue first = {0};

	check_stack_depth();
	if (!addb_json_object_start(cursor))
		return false;
	while (addb_json_object_next(cursor, &slice))
	{
		AddbJsonbValue name;
		AddbJsonbValue member;
		bool		plain;

		if (!decode_text(&slice, &name, &plain))
			return false;
		if (!plain && !pairs)
		{
			addb_jsonb_to_pairs(mark);
			pairs = true;
		}
		if (!reader(cursor, &member))
			return false;
		if (pairs)
		{
			int			pair = addb_jsonb_mark();

			addb_jsonb_push(name);
			addb_jsonb_push(member);
			addb_jsonb_push(addb_jsonb_array(pair));
			continue;
		}
		addb_jsonb_push_member(name.data, name.len, member);
		if (first.data == NULL)
			first = name;
	}
	if (cursor->failed)
		return false;
	*value = pairs ? addb_jsonb_array(mark) : addb_jsonb_object(mark);
	if (pairs || (addb_jsonb_count(*value) == 1 && is_form(first.data, first.len)))
		*value = wrap("$m", *value);
	return true;
}

static bool
read_bool(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	AddbJsonType type = addb_json_peek(cursor);

	*value = addb_jsonb_bool(type == ADDB_JSON_TRUE);
	return (type == ADDB_JSON_TRUE || type == ADDB_JSON_FALSE) &&
		addb_json_literal(cursor);
}

static bool
read_set(AddbJsonCursor *cursor, ValueReader reader, const char *form,
		 AddbJsonbValue *value)
{
	if (!read_array(cursor, reader, value))
		return false;
	*value = wrap(form, *value);
	return true;
}

/* The value behind a type tag of one letter. */
static inline bool
decode_lettered(AddbJsonCursor *cursor, char letter, AddbJsonbValue *value)
{
	switch (letter)
	{
		case 'S':
			return read_text(cursor, value);
		case 'N':
			return read_number_text(cursor, value);
		case 'M':
			return read_object(cursor, decode_value, is_typed_form, value);
		case 'L':
			return read_array(cursor, decode_value, value);
		case 'B':
			if (!read_base64(cursor, value))
				return false;
			*value = wrap("$b", *value);
			return true;
		default:
			return false;
	}
}

/* The value behind any type tag. */
static bool
decode_tagged(AddbJsonCursor *cursor, const AddbJsonSlice *tag,
			  AddbJsonbValue *value)
{
	if (tag->len == 1)
		return decode_lettered(cursor, tag->data[0], value);
	if (addb_json_slice_is(tag, "BOOL"))
		return read_bool(cursor, value);
	if (addb_json_slice_is(tag, "NULL"))
	{
		*value = addb_jsonb_null();
		return addb_json_peek(cursor) == ADDB_JSON_TRUE &&
			addb_json_literal(cursor);
	}
	if (addb_json_slice_is(tag, "SS"))
		return read_set(cursor, read_text, "$ss", value);
	if (addb_json_slice_is(tag, "NS"))
		return read_set(cursor, read_number_text, "$ns", value);
	if (addb_json_slice_is(tag, "BS"))
		return read_set(cursor, read_base64, "$bs", value);
	return false;
}

/* One AttributeValue: an object whose only member is named after its type. */
static bool
decode_value(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	char		letter = addb_json_object_letter(cursor);
	AddbJsonSlice tag;

	if (letter != '\0')
	{
		if (!decode_lettered(cursor, letter, value))
			return false;
	}
	else if (!addb_json_object_first(cursor, &tag) ||
			 !decode_tagged(cursor, &tag, value))
		return false;
	return addb_json_object_end(cursor);
}

/*
 * addb_av_decode - reads one AttributeValue ({"S": "x"})
 *
 * Call addb_jsonb_start first and addb_jsonb_finish on the value after. False
 * when the text is no AttributeValue. The value's memory is the current
 * context's and the text's. Raises 22003 for a number beyond numeric's range,
 * 22P05 for characters that the server's encoding lacks, 54001 when the
 * nesting exhausts the stack.
 */
bool
addb_av_decode(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	return decode_value(cursor, value);
}

/*
 * addb_av_decode_map - reads an item: an object of AttributeValues
 *
 * An item maps like the value of an M. As addb_av_decode otherwise.
 */
bool
addb_av_decode_map(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	return read_object(cursor, decode_value, is_typed_form, value);
}

static bool
decode_plain(AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	AddbJsonSlice number;

	switch (addb_json_peek(cursor))
	{
		case ADDB_JSON_OBJECT:
			return read_object(cursor, decode_plain, is_plain_form, value);
		case ADDB_JSON_ARRAY:
			return read_array(cursor, decode_plain, value);
		case ADDB_JSON_STRING:
			return read_text(cursor, value);
		case ADDB_JSON_NUMBER:
			return addb_json_number(cursor, &number) &&
				decode_number(number.data, number.len, value);
		case ADDB_JSON_TRUE:
		case ADDB_JSON_FALSE:
			return read_bool(cursor, value);
		case ADDB_JSON_NULL:
			*value = addb_jsonb_null();
			return addb_json_literal(cursor);
		default:
			return false;
	}
}

/*
 * addb_av_decode_document - plain JSON text to jsonb
 *
 * Only the forms $s and $m occur in what it makes, and only where jsonb could
 * not hold the text otherwise. False when the text is not one JSON value.
 * Memory and errors as addb_av_decode.
 */
bool
addb_av_decode_document(const char *text, size_t len, AddbJsonbValue *value)
{
	AddbJsonCursor cursor = addb_json_cursor(text, len);

	return decode_plain(&cursor, value) && addb_json_at_end(&cursor);
}

/*
 * addb_av_decode_text - a string of a reply as a jsonb string or $s form
 *
 * Raises 08P01 when an escape is malformed.
 */
AddbJsonbValue
addb_av_decode_text(const AddbJsonSlice *string)
{
	AddbJsonbValue value;
	bool		plain;

	if (!decode_text(string, &value, &plain))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed string in the reply of DynamoDB")));
	return value;
}
