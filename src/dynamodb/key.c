/*
 * key.c
 *	  The keys of items: found in typed JSON, checked, and told apart.
 *
 * Everything here reads AttributeValue JSON, be it a reply's or a request's
 * that has just been written: so what two sides call the same key is decided
 * in one place, whatever jsonb looked like. The identity of an attribute is
 * its length in four bytes, so that no two pairs of values run into one
 * another, and
 *
 *	  S		its UTF-8; half of a surrogate pair in the three bytes that UTF-8
 *			would have for it
 *	  N		"0", or the sign, the power of ten of the first digit in four
 *			bytes, and the digits between the zeros on both sides
 *	  B		the decoded bytes
 */
#include "postgres.h"

#include "dynamodb/error.h"
#include "dynamodb/key.h"
#include "lib/stringinfo.h"

/* Characters of a name that a message quotes: those of a key's have 255. */
#define NAME_MAX_CHARS 255

/* What is wrong with a key value. */
typedef enum Fault
{
	FAULT_NONE,
	FAULT_TYPE,
	FAULT_EMPTY,
	FAULT_LONG,
	FAULT_MALFORMED				/* no AttributeValue at all */
} Fault;

/*
 * addb_place_text - "argument "item"", or "element 3 of argument "requests""
 *
 * Palloc'd.
 */
char *
addb_place_text(const AddbPlace *place)
{
	const char *noun = place->noun != NULL ? place->noun : "element";

	if (place->element == 0)
		return psprintf("argument \"%s\"", place->argument);
	if (place->argument == NULL)
		return psprintf("%s %d", noun, place->element);
	return psprintf("%s %d of argument \"%s\"", noun, place->element,
					place->argument);
}

/*
 * addb_place_context - an ErrorContextCallback's function that tells the place
 */
void
addb_place_context(void *place)
{
	errcontext("%s", addb_place_text(place));
}

/*
 * addb_place_detail - the DETAIL of what DynamoDB would refuse; palloc'd
 */
const char *
addb_place_detail(const AddbPlace *place, const char *text)
{
	return place->preface == NULL ? pstrdup(text) :
		psprintf("%s: %s", place->preface, text);
}

/* Appends a string with its escapes resolved; false when one is malformed. */
static bool
append_string(StringInfo out, const AddbJsonSlice *string)
{
	size_t		len;
	int			met;

	if (!string->escaped)
	{
		appendBinaryStringInfo(out, string->data, (int) string->len);
		return true;
	}
	enlargeStringInfo(out, (int) string->len);
	len = addb_json_unescape(string, out->data + out->len, &met);
	if (len == (size_t) -1)
		return false;
	out->len += (int) len;
	return true;
}

/* The exponent behind an e, kept within bounds that no number of DynamoDB has. */
static int32
read_exponent(const char *p, const char *end)
{
	bool		negative = p < end && *p == '-';
	int32		exponent = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && exponent < 100000; p++)
		exponent = exponent * 10 + (*p - '0');
	return negative ? -exponent : exponent;
}

/*
 * Appends the identity of a number in decimal notation. Trusts its grammar:
 * it was checked when it was written, by us or by DynamoDB.
 */
static void
append_number(StringInfo out, const AddbJsonSlice *number)
{
	const char *p = number->data;
	const char *end = p + number->len;
	const char *mantissa_end;
	bool		negative = p < end && *p == '-';
	int			start;
	int32		power = -1;		/* of the first digit that is not zero */
	bool		point = false;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (mantissa_end = p; mantissa_end < end; mantissa_end++)
		if (*mantissa_end == 'e' || *mantissa_end == 'E')
			break;

	/* zeros before the first digit that counts */
	for (; p < mantissa_end && (*p == '0' || *p == '.'); p++)
	{
		if (*p == '.')
			point = true;
		else if (point)
			power--;
	}
	if (p == mantissa_end)
	{
		appendStringInfoCharMacro(out, '0');
		return;
	}
	appendStringInfoCharMacro(out, negative ? '-' : '+');
	start = out->len;
	appendBinaryStringInfo(out, (char *) &power, sizeof(power));
	for (; p < mantissa_end; p++)
	{
		if (*p == '.')
			point = true;
		else
		{
			appendStringInfoCharMacro(out, *p);
			power += !point;
		}
	}
	while (out->data[out->len - 1] == '0')
		out->len--;
	if (mantissa_end < end)
		power += read_exponent(mantissa_end + 1, end);
	memcpy(out->data + start, &power, sizeof(power));
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Appends decoded base64; a slash may be escaped. False when it is none. */
static bool
append_binary(StringInfo out, const AddbJsonSlice *base64)
{
	int			start = out->len;
	int			text_end;
	uint32		bits = 0;
	int			nbits = 0;
	int			len = 0;

	if (!append_string(out, base64))
		return false;
	text_end = out->len;
	while (text_end > start && out->data[text_end - 1] == '=')
		text_end--;

	/* three bytes take the place of four characters */
	for (int i = start; i < text_end; i++)
	{
		int			digit = base64_digit(out->data[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | digit;
		nbits += 6;
		if (nbits >= 8)
		{
			nbits -= 8;
			out->data[start + len++] = (char) (bits >> nbits);
		}
	}
	out->len = start + len;
	return true;
}

/* Appends the identity of the value of a key attribute. */
static Fault
append_value(StringInfo out, AddbJsonCursor cursor, char type, int max)
{
	int			start = out->len;
	int32		len = 0;
	AddbJsonSlice tag;
	AddbJsonSlice value;

	if (!addb_json_object_start(&cursor) || !addb_json_object_next(&cursor, &tag))
		return FAULT_MALFORMED;
	if (tag.len != 1 || tag.data[0] != type)
		return FAULT_TYPE;
	if (!addb_json_string(&cursor, &value))
		return FAULT_MALFORMED;
	appendBinaryStringInfo(out, (char *) &len, sizeof(len));
	if (type == 'N')
		append_number(out, &value);
	else if (type == 'S' ? !append_string(out, &value) : !append_binary(out, &value))
		return FAULT_MALFORMED;
	len = out->len - start - (int) sizeof(len);
	memcpy(out->data + start, &len, sizeof(len));
	if (len == 0)
		return FAULT_EMPTY;
	return type != 'N' && len > max ? FAULT_LONG : FAULT_NONE;
}

/*
 * addb_key_name_is - whether a member's name is that of an attribute, in UTF-8
 *
 * Unlike addb_json_slice_is it resolves escapes.
 */
bool
addb_key_name_is(const AddbJsonSlice *name, const char *attribute)
{
	char	   *text;
	bool		same;

	if (!name->escaped)
		return addb_json_slice_is(name, attribute);
	text = addb_json_to_cstring(name);
	same = text != NULL && strcmp(text, attribute) == 0;
	if (text != NULL)
		pfree(text);
	return same;
}

/* The attributes of a key in an item. */
typedef struct Found
{
	bool		found[2];
	AddbJsonCursor values[2];	/* each before its value */
	AddbJsonSlice stranger;		/* a name that is no key attribute's; data
								 * NULL: none was met */
} Found;

/*
 * Looks for the attributes of the key and stops behind the last of them, unless
 * it is to go on to whatever else there is. False when json is malformed.
 */
static bool
find_values(const AddbKeySchema *schema, const char *json, size_t len,
			bool to_the_end, Found *result)
{
	AddbJsonCursor cursor = addb_json_cursor(json, len);
	int			missing = schema->n;
	AddbJsonSlice name;

	memset(result, 0, sizeof(*result));
	if (!addb_json_object_start(&cursor))
		return false;
	while ((missing > 0 || to_the_end) && addb_json_object_next(&cursor, &name))
	{
		int			index = 0;

		while (index < schema->n &&
			   !addb_key_name_is(&name, schema->attributes[index].name))
			index++;
		if (index == schema->n)
			result->stranger = name;
		else
		{
			missing -= !result->found[index];
			result->found[index] = true;
			result->values[index] = cursor;
		}
		addb_json_skip(&cursor, NULL);
	}
	return !cursor.failed;
}

static Fault
append_found(StringInfo identity, const AddbKeySchema *schema,
			 const Found *result, int index)
{
	return append_value(identity, result->values[index],
						schema->attributes[index].type,
						index == 0 ? ADDB_PARTITION_KEY_MAX_BYTES : ADDB_SORT_KEY_MAX_BYTES);
}

/*
 * addb_key_find - appends the identity of the key in an item of a reply
 *
 * json is an object of AttributeValues. False when it has no key of that
 * schema; what identity then holds beyond its old length is void.
 */
bool
addb_key_find(const AddbKeySchema *schema, const char *json, size_t len,
			  StringInfo identity)
{
	return addb_key_fits(schema, ADDB_HOLDER_ITEM, json, len, identity);
}

/* A name of UTF-8 for a message. */
static char *
quotable(const char *name)
{
	return addb_error_text(name, strlen(name), NAME_MAX_CHARS);
}

/* "The key of the table is "id" (number) and "at" (string)." */
static char *
describe_key(const AddbKeySchema *schema)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "The key of the table is ");
	for (int i = 0; i < schema->n; i++)
	{
		char		type = schema->attributes[i].type;

		appendStringInfo(&text, "%s\"%s\" (%s)", i > 0 ? " and " : "",
						 quotable(schema->attributes[i].name),
						 type == 'S' ? "string" : type == 'N' ? "number" : "binary");
	}
	appendStringInfoChar(&text, '.');
	return text.data;
}

static _Noreturn void
raise_fault(const AddbKeySchema *schema, int index, Fault fault, int len,
			const AddbPlace *place)
{
	const char *name = quotable(schema->attributes[index].name);
	const char *where = addb_place_text(place);
	char		type = schema->attributes[index].type;

	if (fault == FAULT_EMPTY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not have an empty \"%s\"", where, name),
				 errdetail("DynamoDB has no empty keys.")));
	if (fault == FAULT_LONG)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"%s\" of %s is too long", name, where),
				 errdetail_internal("%s",
									addb_place_detail(place, psprintf(_("It has %d bytes; DynamoDB takes %d."), len,
																	  index == 0 ? ADDB_PARTITION_KEY_MAX_BYTES : ADDB_SORT_KEY_MAX_BYTES)))));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" of %s must be %s", name, where,
					type == 'S' ? "a string" : type == 'N' ? "a number" :
					"binary, {\"$b\": \"base64\"}"),
			 errdetail_internal("%s", describe_key(schema))));
}

/*
 * addb_key_fits - whether addb_key_check would take the key in a request
 *
 * Appends its identity as that does; what identity then holds beyond its old
 * length is void when it would not.
 */
bool
addb_key_fits(const AddbKeySchema *schema, AddbKeyHolder holder,
			  const char *json, size_t len, StringInfo identity)
{
	Found		result;

	if (!find_values(schema, json, len, holder == ADDB_HOLDER_KEY, &result))
		return false;
	for (int i = 0; i < schema->n; i++)
		if (!result.found[i] ||
			append_found(identity, schema, &result, i) != FAULT_NONE)
			return false;
	return holder == ADDB_HOLDER_ITEM || result.stranger.data == NULL;
}

/*
 * addb_key_check - appends the identity of the key in a request
 *
 * json is an item or a key as it has just been written: an object of
 * AttributeValues. Raises 22023 naming the place when it lacks an attribute of
 * the key, has one of another type or an empty one, or, being a key, has others;
 * 54000 when a value is too long.
 */
void
addb_key_check(const AddbKeySchema *schema, AddbKeyHolder holder,
			   const char *json, size_t len, const AddbPlace *place,
			   StringInfo identity)
{
	Found		result;

	if (!find_values(schema, json, len, holder == ADDB_HOLDER_KEY, &result))
		elog(ERROR, "malformed AttributeValue in a request");
	for (int i = 0; i < schema->n; i++)
	{
		int			start = identity->len;
		Fault		fault;

		if (!result.found[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s has no \"%s\"", addb_place_text(place),
							quotable(schema->attributes[i].name)),
					 errdetail_internal("%s", describe_key(schema))));
		fault = append_found(identity, schema, &result, i);
		if (fault != FAULT_NONE)
			raise_fault(schema, i, fault,
						identity->len - start - (int) sizeof(int32), place);
	}
	if (holder == ADDB_HOLDER_KEY && result.stranger.data != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has a member \"%s\", which is not part of the key",
						addb_place_text(place),
						addb_error_text(result.stranger.data,
										result.stranger.len, NAME_MAX_CHARS)),
				 errdetail_internal("%s", describe_key(schema))));
}

/*
 * addb_key_check_length - raises 54000 for a value of the key that is too long
 *
 * As addb_key_check; whatever else is wrong with the key is DynamoDB's to refuse.
 */
void
addb_key_check_length(const AddbKeySchema *schema, const char *json, size_t len,
					  const AddbPlace *place)
{
	Found		result;
	StringInfoData identity;

	if (!find_values(schema, json, len, false, &result))
		return;
	initStringInfo(&identity);
	for (int i = 0; i < schema->n; i++)
	{
		resetStringInfo(&identity);
		if (result.found[i] &&
			append_found(&identity, schema, &result, i) == FAULT_LONG)
			raise_fault(schema, i, FAULT_LONG,
						identity.len - (int) sizeof(int32), place);
	}
	pfree(identity.data);
}
