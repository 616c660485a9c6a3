/*
 * attribute_encode.c
 *	  jsonb to DynamoDB's AttributeValue JSON, and to compact JSON text.
 *
 * See attribute_value.h for the mapping. The text is UTF-8 whatever the
 * server's encoding is.
 */
#include "postgres.h"

#include "dynamodb/append.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/jsonb_walk.h"
#include "dynamodb/numeric.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

typedef struct Encoder
{
	StringInfo	out;
	const char *argument;		/* for messages: which argument is encoded */
	bool		typed;			/* AttributeValues, not plain JSON */
} Encoder;

static void encode_value(Encoder *encoder, const JsonbValue *value);
static void encode_container(Encoder *encoder, JsonbContainer *container);

/* Appends UTF-8 text, escaping what JSON.stringify escapes. */
static void
append_escaped(StringInfo out, const char *text, int len)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[] = {
		['"'] = '"',['\\'] = '\\',['\b'] = 'b',['\f'] = 'f',['\n'] = 'n',
		['\r'] = 'r',['\t'] = 't',
	};
	const char *end = text + len;
	const char *run = text;

	for (;;)
	{
		const char *special = addb_json_run_end(run, end);
		unsigned char c;

		appendBinaryStringInfo(out, run, (int) (special - run));
		if (special >= end)
			break;
		c = (unsigned char) *special;
		appendStringInfoCharMacro(out, '\\');
		if (letters[c] != '\0')
			appendStringInfoCharMacro(out, letters[c]);
		else
		{
			appendStringInfoString(out, "u00");
			appendStringInfoCharMacro(out, hex[c >> 4]);
			appendStringInfoCharMacro(out, hex[c & 15]);
		}
		run = special + 1;
	}
}

/*
 * addb_av_append_utf8 - appends UTF-8 text as a JSON string, with quotes
 */
void
addb_av_append_utf8(StringInfo out, const char *text, int len)
{
	const char *special = addb_json_run_end(text, text + len);
	char	   *p = addb_append_room(out, len + 2);

	p[0] = '"';
	if (special == text + len)
	{
		memcpy(p + 1, text, len);
		p[len + 1] = '"';
		p[len + 2] = '\0';
		out->len += len + 2;
		return;
	}
	out->len++;
	append_escaped(out, text, len);
	appendStringInfoCharMacro(out, '"');
}

/*
 * addb_av_append_string - appends text as a JSON string in UTF-8, with quotes
 *
 * text is in the server's encoding, len in bytes. Raises 22P05 or 22021 when
 * it is no valid text.
 */
void
addb_av_append_string(StringInfo out, const char *text, int len)
{
	const char *utf8 = text;

	if (GetDatabaseEncoding() != PG_UTF8)
	{
		utf8 = pg_server_to_any(text, len, PG_UTF8);
		if (utf8 != text)
			len = (int) strlen(utf8);
	}
	addb_av_append_utf8(out, utf8, len);
}

static void
bad_form(const Encoder *encoder, const char *form, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid \"%s\" in argument \"%s\"", form,
					encoder->argument),
			 errdetail("An object with the only member \"%s\" stands for a DynamoDB value and must hold %s.",
					   form, expected),
			 errhint("Write an ordinary map with such a name as {\"$m\": {\"%s\": ...}}.",
					 form)));
}

/*
 * addb_av_is_unholdable_escape - whether at p, before end, an escape begins that a
 * $s form may hold: \u0000 or half a surrogate pair
 *
 * p points at its backslash.
 */
bool
addb_av_is_unholdable_escape(const char *p, const char *end)
{
	if (end - p < 6 || p[1] != 'u')
		return false;
	for (int i = 2; i < 6; i++)
		if (strchr("0123456789abcdefABCDEF", p[i]) == NULL || p[i] == '\0')
			return false;
	return memcmp(p + 2, "0000", 4) == 0 ||
		((p[2] == 'd' || p[2] == 'D') && strchr("89abcdefABCDEF", p[3]) != NULL);
}

/* The string of a $s form: its escapes are JSON's own and go out as they are. */
static void
encode_unholdable(Encoder *encoder, const JsonbValue *value)
{
	const char *run;
	const char *end;
	const char *text;
	int			len;

	if (value->type != jbvString)
		bad_form(encoder, "$s", "a string");
	text = value->val.string.val;
	len = value->val.string.len;
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		text = pg_server_to_any(text, len, PG_UTF8);
		if (text != value->val.string.val)
			len = (int) strlen(text);
	}
	end = text + len;
	appendStringInfoCharMacro(encoder->out, '"');
	run = text;
	for (const char *p = text; p < end; p++)
	{
		int			escape;

		if (*p != '\\')
			continue;
		if (p + 1 < end && p[1] == '\\')
			escape = 2;
		else if (addb_av_is_unholdable_escape(p, end))
			escape = 6;
		else
			bad_form(encoder, "$s", "text in which \\\\ is a backslash and \\u0000 and \\ud800 to \\udfff are what text cannot hold");
		append_escaped(encoder->out, run, (int) (p - run));
		appendBinaryStringInfo(encoder->out, p, escape);
		run = p + escape;
		p = run - 1;
	}
	append_escaped(encoder->out, run, (int) (end - run));
	appendStringInfoCharMacro(encoder->out, '"');
}

/* The only member of an object with one member. */
static bool
single_member(JsonbContainer *container, JsonbValue *name, JsonbValue *value)
{
	AddbJsonbWalk walk;

	if (!JsonContainerIsObject(container) || JsonContainerSize(container) != 1)
		return false;
	walk = addb_jsonb_walk(container);
	return addb_jsonb_walk_next(&walk, name, value);
}

static bool
name_is(const JsonbValue *name, const char *text)
{
	return name->val.string.len == (int) strlen(text) &&
		memcmp(name->val.string.val, text, name->val.string.len) == 0;
}

static bool
is_form(const JsonbValue *name)
{
	static const char *const forms[] = {"$b", "$bs", "$m", "$ns", "$s", "$ss"};

	for (int i = 0; i < lengthof(forms); i++)
		if (name_is(name, forms[i]))
			return true;
	return false;
}

/* A string where a form may stand for it: an element of $ss, a name of $m. */
static bool
encode_text(Encoder *encoder, const JsonbValue *value)
{
	JsonbValue	name;
	JsonbValue	inner;

	if (value->type == jbvString)
	{
		addb_av_append_string(encoder->out, value->val.string.val,
							  value->val.string.len);
		return true;
	}
	if (value->type != jbvBinary ||
		!single_member(value->val.binary.data, &name, &inner) ||
		!name_is(&name, "$s"))
		return false;
	encode_unholdable(encoder, &inner);
	return true;
}

static bool
encode_number_text(Encoder *encoder, const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		return false;
	appendStringInfoCharMacro(encoder->out, '"');
	addb_numeric_append(encoder->out, value->val.numeric);
	appendStringInfoCharMacro(encoder->out, '"');
	return true;
}

/*
 * Base64 by RFC 4648 with padding and no line breaks. DynamoDB Local answers
 * anything else with a fault that looks worth retrying, so it is caught here.
 */
static bool
encode_base64(Encoder *encoder, const JsonbValue *value)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *text;
	int			len;
	int			data;

	if (value->type != jbvString)
		return false;
	text = value->val.string.val;
	len = value->val.string.len;
	for (data = 0; data < len; data++)
		if (text[data] == '\0' || strchr(alphabet, text[data]) == NULL)
			break;
	if (len % 4 != 0 || len - data > 2)
		return false;
	for (int i = data; i < len; i++)
		if (text[i] != '=')
			return false;
	appendStringInfoCharMacro(encoder->out, '"');
	appendBinaryStringInfo(encoder->out, text, len);
	appendStringInfoCharMacro(encoder->out, '"');
	return true;
}

static void
encode_set(Encoder *encoder, const char *form, const char *type,
		   const JsonbValue *value, bool (*element) (Encoder *, const JsonbValue *),
		   const char *expected)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	v;
	bool		first = true;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		bad_form(encoder, form, expected);
	appendStringInfo(encoder->out, "{\"%s\":[", type);
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &v, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (!first)
			appendStringInfoCharMacro(encoder->out, ',');
		first = false;
		if (!element(encoder, &v))
			bad_form(encoder, form, expected);
	}
	appendStringInfoString(encoder->out, "]}");
}

/* A pair of a $m form that lists its members: [name, value]. */
static void
encode_pair(Encoder *encoder, const JsonbValue *pair)
{
	static const char expected[] = "an object, or an array of [name, value] pairs";
	JsonbValue *name;
	JsonbValue *value;

	if (pair->type != jbvBinary || !JsonContainerIsArray(pair->val.binary.data) ||
		JsonContainerSize(pair->val.binary.data) != 2)
		bad_form(encoder, "$m", expected);
	name = getIthJsonbValueFromContainer(pair->val.binary.data, 0);
	value = getIthJsonbValueFromContainer(pair->val.binary.data, 1);
	if (!encode_text(encoder, name))
		bad_form(encoder, "$m", expected);
	appendStringInfoCharMacro(encoder->out, ':');
	encode_value(encoder, value);
}

/* Object or array members, in brackets; of an object as they stand. */
static void
encode_members(Encoder *encoder, JsonbContainer *container, bool pairs)
{
	StringInfo	out = encoder->out;
	AddbJsonbWalk walk = addb_jsonb_walk(container);
	bool		object = pairs || walk.is_object;
	JsonbValue	key;
	JsonbValue	value;

	appendStringInfoCharMacro(out, object ? '{' : '[');
	while (addb_jsonb_walk_next(&walk, &key, &value))
	{
		if (walk.next > 1)
			appendStringInfoCharMacro(out, ',');
		if (walk.is_object)
		{
			addb_av_append_string(out, key.val.string.val, key.val.string.len);
			appendStringInfoCharMacro(out, ':');
		}
		if (pairs)
			encode_pair(encoder, &value);
		else
			encode_value(encoder, &value);
	}
	appendStringInfoCharMacro(out, object ? '}' : ']');
}

/* The map inside of a $m form, which is taken literally. */
static void
encode_wrapped_map(Encoder *encoder, const JsonbValue *value)
{
	if (value->type != jbvBinary)
		bad_form(encoder, "$m", "an object, or an array of [name, value] pairs");
	encode_members(encoder, value->val.binary.data,
				   JsonContainerIsArray(value->val.binary.data));
}

/* Encodes a container that is one of the $ forms; false when it is none. */
static bool
encode_form(Encoder *encoder, JsonbContainer *container)
{
	JsonbValue	name;
	JsonbValue	value;

	if (!single_member(container, &name, &value) ||
		name.val.string.len < 2 || name.val.string.val[0] != '$')
		return false;
	if (name_is(&name, "$s"))
	{
		appendStringInfoString(encoder->out, encoder->typed ? "{\"S\":" : "");
		encode_unholdable(encoder, &value);
		appendStringInfoString(encoder->out, encoder->typed ? "}" : "");
		return true;
	}
	if (name_is(&name, "$m"))
	{
		appendStringInfoString(encoder->out, encoder->typed ? "{\"M\":" : "");
		encode_wrapped_map(encoder, &value);
		appendStringInfoString(encoder->out, encoder->typed ? "}" : "");
		return true;
	}
	if (!encoder->typed)
		return false;
	if (name_is(&name, "$ss"))
		encode_set(encoder, "$ss", "SS", &value, encode_text,
				   "an array of strings");
	else if (name_is(&name, "$ns"))
		encode_set(encoder, "$ns", "NS", &value, encode_number_text,
				   "an array of numbers");
	else if (name_is(&name, "$bs"))
		encode_set(encoder, "$bs", "BS", &value, encode_base64,
				   "an array of base64 strings");
	else if (name_is(&name, "$b"))
	{
		appendStringInfoString(encoder->out, "{\"B\":");
		if (!encode_base64(encoder, &value))
			bad_form(encoder, "$b", "a base64 string");
		appendStringInfoCharMacro(encoder->out, '}');
	}
	else
		return false;
	return true;
}

static void
encode_container(Encoder *encoder, JsonbContainer *container)
{
	check_stack_depth();
	if (encode_form(encoder, container))
		return;
	if (encoder->typed && JsonContainerIsObject(container))
		addb_append_literal(encoder->out, "{\"M\":");
	else if (encoder->typed)
		addb_append_literal(encoder->out, "{\"L\":");
	encode_members(encoder, container, false);
	if (encoder->typed)
		appendStringInfoCharMacro(encoder->out, '}');
}

static void
encode_plain_scalar(StringInfo out, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			addb_append_literal(out, "null");
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			break;
		case jbvNumeric:
			addb_numeric_append(out, value->val.numeric);
			break;
		case jbvString:
			addb_av_append_string(out, value->val.string.val,
								  value->val.string.len);
			break;
		default:
			elog(ERROR, "unexpected jsonb value type %d", value->type);
	}
}

static void
encode_typed_scalar(StringInfo out, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			addb_append_literal(out, "{\"NULL\":true}");
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ?
								   "{\"BOOL\":true}" : "{\"BOOL\":false}");
			break;
		case jbvNumeric:
			addb_append_literal(out, "{\"N\":\"");
			addb_numeric_append(out, value->val.numeric);
			addb_append_literal(out, "\"}");
			break;
		case jbvString:
			addb_append_literal(out, "{\"S\":");
			addb_av_append_string(out, value->val.string.val,
								  value->val.string.len);
			appendStringInfoCharMacro(out, '}');
			break;
		default:
			elog(ERROR, "unexpected jsonb value type %d", value->type);
	}
}

static void
encode_scalar(Encoder *encoder, const JsonbValue *value)
{
	if (encoder->typed)
		encode_typed_scalar(encoder->out, value);
	else
		encode_plain_scalar(encoder->out, value);
}

static void
encode_value(Encoder *encoder, const JsonbValue *value)
{
	if (value->type == jbvBinary)
		encode_container(encoder, value->val.binary.data);
	else
		encode_scalar(encoder, value);
}

static void
encode_root(Encoder *encoder, Jsonb *value)
{
	JsonbContainer *root = &value->root;

	if (JsonContainerIsScalar(root))
		encode_scalar(encoder, getIthJsonbValueFromContainer(root, 0));
	else
		encode_container(encoder, root);
}

/*
 * addb_av_encode - appends jsonb as an AttributeValue
 *
 * argument names the argument in messages. Raises 22023 when a $ form does not
 * hold what its name promises, 54001 when the nesting exhausts the stack.
 */
void
addb_av_encode(StringInfo out, Jsonb *value, const char *argument)
{
	Encoder		encoder = {out, argument, true};

	encode_root(&encoder, value);
}

/*
 * addb_av_encode_value - appends a member of some jsonb as an AttributeValue
 *
 * As addb_av_encode.
 */
void
addb_av_encode_value(StringInfo out, const JsonbValue *value,
					 const char *argument)
{
	Encoder		encoder = {out, argument, true};

	encode_value(&encoder, value);
}

/*
 * addb_av_encode_map - appends an item or a key: an object of AttributeValues
 *
 * As addb_av_encode_container.
 */
void
addb_av_encode_map(StringInfo out, Jsonb *value, const char *argument)
{
	addb_av_encode_container(out, &value->root, argument);
}

/*
 * addb_av_encode_container - the same of an object that lies in some jsonb
 *
 * The reverse of addb_av_decode_map: a form $m at the root is undone. Raises
 * 22023 when it is not an object or is another $ form, else as addb_av_encode.
 */
void
addb_av_encode_container(StringInfo out, JsonbContainer *root,
						 const char *argument)
{
	Encoder		encoder = {out, argument, true};
	JsonbValue	name;
	JsonbValue	inner;

	if (!JsonContainerIsObject(root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON object of attributes",
						argument)));
	if (single_member(root, &name, &inner) && is_form(&name))
	{
		if (!name_is(&name, "$m"))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"%s\" must be a JSON object of attributes",
							argument),
					 errdetail("An object with the only member \"%s\" stands for a single value.",
							   pnstrdup(name.val.string.val, name.val.string.len)),
					 errhint("Write an ordinary map with such a name as {\"$m\": {...}}.")));
		encode_wrapped_map(&encoder, &inner);
	}
	else
		encode_members(&encoder, root, false);
}

/*
 * addb_av_encode_document - appends jsonb as compact JSON text
 *
 * As JSON.stringify writes it, the order of members and the notation of
 * numbers excepted. Undoes the forms $s and $m; all others are ordinary
 * objects here. Errors as addb_av_encode.
 */
void
addb_av_encode_document(StringInfo out, Jsonb *value, const char *argument)
{
	Encoder		encoder = {out, argument, false};

	encode_root(&encoder, value);
}
