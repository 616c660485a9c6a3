/*
 * js_string.c
 *	  Strings that may hold what PostgreSQL's text cannot: see js_string.h.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/js_string.h"
#include "entity/model.h"

/*
 * addb_js_form - what stands behind the only member of an object, if that is its
 * name
 *
 * In *buffer; NULL for any other value.
 */
const JsonbValue *
addb_js_form(const JsonbValue *value, const char *name, JsonbValue *buffer)
{
	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) != 1)
		return NULL;
	return getKeyJsonValueFromContainer(value->val.binary.data, name,
										(int) strlen(name), buffer);
}

/*
 * addb_js_set_form - the same for {"$ss": [...]} and {"$ns": [...]}
 */
const JsonbValue *
addb_js_set_form(const JsonbValue *value, JsonbValue *buffer)
{
	const JsonbValue *elements = addb_js_form(value, "$ss", buffer);

	return elements != NULL ? elements : addb_js_form(value, "$ns", buffer);
}

/* Whether each backslash begins an escape that a $s form may have. */
static bool
has_only_forms_escapes(AddbText text)
{
	const char *end = text.data + text.len;

	for (const char *p = text.data; p < end; p++)
	{
		if (*p != '\\')
			continue;
		if (end - p >= 2 && p[1] == '\\')
			p++;
		else if (addb_av_is_unholdable_escape(p, end))
			p += 5;
		else
			return false;
	}
	return true;
}

/*
 * addb_js_string - the string that a value of jsonb is, a form $s too; palloc'd
 * unless it lies in the value
 *
 * False for values that are no string, and for a form that is malformed.
 */
bool
addb_js_string(const JsonbValue *value, AddbText *text)
{
	JsonbValue	buffer;
	const JsonbValue *inner;
	AddbJsonSlice slice;

	if (value->type == jbvString)
	{
		*text = addb_model_utf8((AddbText) {value->val.string.val,
								value->val.string.len});
		return true;
	}
	inner = addb_js_form(value, "$s", &buffer);
	if (inner == NULL || inner->type != jbvString)
		return false;
	*text = addb_model_utf8((AddbText) {inner->val.string.val,
							inner->val.string.len});
	if (!has_only_forms_escapes(*text))
		return false;
	slice = (AddbJsonSlice) {text->data, text->len, true};
	*text = addb_js_string_of_json(&slice);
	return text->data != NULL;
}

/*
 * addb_js_string_of_json - a string of some JSON; palloc'd
 *
 * data NULL when an escape is malformed.
 */
AddbText
addb_js_string_of_json(const AddbJsonSlice *string)
{
	char	   *out = palloc(string->len + 1);
	int			met;
	size_t		len = addb_json_unescape(string, out, &met);

	if (len == (size_t) -1)
		return (AddbText) {NULL, 0};
	out[len] = '\0';
	return (AddbText) {out, (int) len};
}

/* Whether half of a surrogate pair stands at p. */
static bool
is_half(const char *p, const char *end)
{
	return end - p >= 3 && (unsigned char) p[0] == 0xed && (unsigned char) p[1] >= 0xa0;
}

/* The end of what is UTF-8 by the rules. */
static const char *
plain_end(const char *p, const char *end)
{
	while (p < end && *p != '\0' && !is_half(p, end))
		p++;
	return p;
}

/* Appends what is UTF-8 by the rules, and U+0000, as JSON without quotes. */
static void
append_run(StringInfo out, const char *text, int len)
{
	StringInfoData quoted;

	initStringInfo(&quoted);
	addb_av_append_utf8(&quoted, text, len);
	appendBinaryStringInfo(out, quoted.data + 1, quoted.len - 2);
	pfree(quoted.data);
}

/*
 * addb_js_string_append - appends a string as JSON, with quotes
 */
void
addb_js_string_append(StringInfo out, AddbText text)
{
	const char *run = text.data;
	const char *end = text.data + text.len;
	const char *p = run;

	while (p < end && !is_half(p, end))
		p++;
	if (p == end)
	{
		addb_av_append_utf8(out, text.data, text.len);
		return;
	}
	appendStringInfoCharMacro(out, '"');
	for (; p < end; p++)
	{
		if (!is_half(p, end))
			continue;
		append_run(out, run, (int) (p - run));
		appendStringInfo(out, "\\u%04x", utf8_to_unicode((const unsigned char *) p));
		run = p + 3;
		p += 2;
	}
	append_run(out, run, (int) (end - run));
	appendStringInfoCharMacro(out, '"');
}

/*
 * addb_js_string_widen - a string as the server's wide characters; palloc'd
 *
 * Raises 22P05 for characters that the server's encoding lacks.
 */
pg_wchar *
addb_js_string_widen(AddbText text, int *len)
{
	pg_wchar   *wide = palloc((text.len + 1) * sizeof(pg_wchar));
	const char *end = text.data + text.len;
	const char *p = text.data;

	*len = 0;
	while (p < end)
	{
		const char *stop = plain_end(p, end);

		if (stop > p)
		{
			char	   *server = pg_any_to_server(pnstrdup(p, stop - p),
											  (int) (stop - p), PG_UTF8);

			*len += pg_mb2wchar_with_len(server, wide + *len, (int) strlen(server));
			p = stop;
		}
		else if (*p == '\0')
		{
			wide[(*len)++] = 0;
			p++;
		}
		else
		{
			wide[(*len)++] = utf8_to_unicode((const unsigned char *) p);
			p += 3;
		}
	}
	return wide;
}
