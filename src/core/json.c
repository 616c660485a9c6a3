/*
 * json.c
 *	  The pull reader of JSON text: see json.h for its contract.
 *
 * It is strict where a wrong reading could change a value (RFC 8259 grammar of
 * strings, numbers and literals, commas and colons in their places), and knows
 * no depth: nothing here recurses, so a reader that descends bounds itself.
 */
#include "postgres.h"

#include "core/json.h"
#include "mb/pg_wchar.h"

/* What matters of the text between the strings of a skipped container. */
static const bool is_structural[256] = {
	['"'] = true,['{'] = true,['['] = true,['}'] = true,[']'] = true,
};

/* The character behind a backslash to the one it stands for, 0: none. */
static const char escapes[256] = {
	['"'] = '"',['\\'] = '\\',['/'] = '/',['b'] = '\b',['f'] = '\f',
	['n'] = '\n',['r'] = '\r',['t'] = '\t',
};

static bool
fail(AddbJsonCursor *cursor)
{
	cursor->failed = true;
	cursor->pos = cursor->end;
	return false;
}

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void
skip_space(AddbJsonCursor *cursor)
{
	while (cursor->pos < cursor->end &&
		   unlikely((unsigned char) *cursor->pos <= ' ') &&
		   is_space(*cursor->pos))
		cursor->pos++;
}

/* Consumes one byte of punctuation if it comes next. */
static inline bool
accept_byte(AddbJsonCursor *cursor, char byte)
{
	skip_space(cursor);
	if (cursor->pos >= cursor->end || *cursor->pos != byte)
		return false;
	cursor->pos++;
	return true;
}

/*
 * Whether the cursor stands right behind the bracket that opened a container.
 * No value ends with an opening bracket, so the byte before the cursor tells,
 * and the reader needs no stack.
 */
static inline bool
is_first_member(const AddbJsonCursor *cursor, char open)
{
	const char *p = cursor->pos - 1;

	while (unlikely((unsigned char) *p <= ' ') && is_space(*p))
		p--;
	return *p == open;
}

/*
 * addb_json_cursor - a cursor at the start of len bytes of text
 *
 * The text stays the caller's and must outlive the cursor and its slices. NULL
 * is a text of no bytes, such as a member that a reply does not have.
 */
AddbJsonCursor
addb_json_cursor(const char *text, size_t len)
{
	AddbJsonCursor cursor = {text, text == NULL ? NULL : text + len, false};

	return cursor;
}

/*
 * addb_json_peek - the type of the value that comes next, without reading it
 *
 * ADDB_JSON_INVALID at the end of the text, at punctuation and at bytes that
 * start no value; the cursor is not marked as failed.
 */
AddbJsonType
addb_json_peek(AddbJsonCursor *cursor)
{
	skip_space(cursor);
	if (cursor->pos >= cursor->end)
		return ADDB_JSON_INVALID;
	switch (*cursor->pos)
	{
		case '{':
			return ADDB_JSON_OBJECT;
		case '[':
			return ADDB_JSON_ARRAY;
		case '"':
			return ADDB_JSON_STRING;
		case 't':
			return ADDB_JSON_TRUE;
		case 'f':
			return ADDB_JSON_FALSE;
		case 'n':
			return ADDB_JSON_NULL;
		case '-':
		case '0':
		case '1':
		case '2':
		case '3':
		case '4':
		case '5':
		case '6':
		case '7':
		case '8':
		case '9':
			return ADDB_JSON_NUMBER;
		default:
			return ADDB_JSON_INVALID;
	}
}

/*
 * addb_json_at_end - whether nothing but white space is left
 *
 * False as well when the cursor has failed.
 */
bool
addb_json_at_end(AddbJsonCursor *cursor)
{
	skip_space(cursor);
	return !cursor->failed && cursor->pos >= cursor->end;
}

/*
 * addb_json_object_start - enters an object; false and failed if none is next
 */
bool
addb_json_object_start(AddbJsonCursor *cursor)
{
	return accept_byte(cursor, '{') || fail(cursor);
}

/* A name and its colon with nothing in between, as the service writes them. */
static inline bool
accept_compact_name(AddbJsonCursor *cursor, const char *quote, AddbJsonSlice *name)
{
	const char *end = cursor->end;
	const char *p;

	if (quote >= end || *quote != '"')
		return false;
	p = addb_json_run_end(quote + 1, end);
	if (end - p < 2 || p[0] != '"' || p[1] != ':')
		return false;
	name->data = quote + 1;
	name->len = p - name->data;
	name->escaped = false;
	cursor->pos = p + 2;
	return true;
}

/*
 * addb_json_object_next - reads the name of the next member
 *
 * True with *name set (escapes not resolved) and the cursor before the
 * member's value, which the caller must read or skip; false when the object
 * was closed, and when the text is malformed (cursor->failed).
 */
bool
addb_json_object_next(AddbJsonCursor *cursor, AddbJsonSlice *name)
{
	const char *p = cursor->pos;

	if (p < cursor->end && *p == ',' && (p[-1] == '}' || p[-1] == '"') &&
		accept_compact_name(cursor, p + 1, name))
		return true;
	if (cursor->failed)
		return false;
	if (accept_byte(cursor, '}'))
		return false;
	if (!is_first_member(cursor, '{') && !accept_byte(cursor, ','))
		return fail(cursor);
	return addb_json_string(cursor, name) &&
		(accept_byte(cursor, ':') || fail(cursor));
}

/*
 * addb_json_object_first - enters an object and reads its first member's name
 *
 * As addb_json_object_start and addb_json_object_next.
 */
bool
addb_json_object_first(AddbJsonCursor *cursor, AddbJsonSlice *name)
{
	if (!accept_byte(cursor, '{'))
		return fail(cursor);
	if (accept_byte(cursor, '}'))
		return false;
	return addb_json_string(cursor, name) &&
		(accept_byte(cursor, ':') || fail(cursor));
}

/*
 * addb_json_object_end - leaves an object; false and failed if more is in it
 */
bool
addb_json_object_end(AddbJsonCursor *cursor)
{
	return accept_byte(cursor, '}') || fail(cursor);
}

/*
 * addb_json_array_start - enters an array; false and failed if none is next
 */
bool
addb_json_array_start(AddbJsonCursor *cursor)
{
	return accept_byte(cursor, '[') || fail(cursor);
}

/*
 * addb_json_array_next - whether another element follows
 *
 * True with the cursor before the element, which the caller must read or
 * skip; false when the array was closed, and when the text is malformed.
 */
bool
addb_json_array_next(AddbJsonCursor *cursor)
{
	if (cursor->failed)
		return false;
	if (accept_byte(cursor, ']'))
		return false;
	if (!is_first_member(cursor, '[') && !accept_byte(cursor, ','))
		return fail(cursor);
	return addb_json_peek(cursor) != ADDB_JSON_INVALID || fail(cursor);
}

/*
 * addb_json_string - reads a string
 *
 * *value is the text between the quotes, escapes not resolved and not
 * checked (addb_json_unescape does); raw control characters are refused.
 */
bool
addb_json_string(AddbJsonCursor *cursor, AddbJsonSlice *value)
{
	const char *p;
	const char *end = cursor->end;

	if (!accept_byte(cursor, '"'))
		return fail(cursor);
	p = cursor->pos;
	value->data = p;
	value->escaped = false;
	for (;;)
	{
		p = addb_json_run_end(p, end);
		if (p >= end || (unsigned char) *p < ' ')
			return fail(cursor);
		if (*p == '"')
			break;
		value->escaped = true;
		p += 2;
	}
	value->len = p - value->data;
	cursor->pos = p + 1;
	return true;
}

static inline const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/*
 * addb_json_number - reads a number as text, by the grammar of RFC 8259
 */
bool
addb_json_number(AddbJsonCursor *cursor, AddbJsonSlice *value)
{
	const char *end = cursor->end;
	const char *p;
	const char *digits;

	skip_space(cursor);
	p = cursor->pos;
	if (p < end && *p == '-')
		p++;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return fail(cursor);
	if (p < end && *p == '.')
	{
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits)
			return fail(cursor);
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		p = skip_digits(p, end);
		if (p == digits)
			return fail(cursor);
	}
	value->data = cursor->pos;
	value->len = p - cursor->pos;
	value->escaped = false;
	cursor->pos = p;
	return true;
}

/*
 * addb_json_literal - reads true, false or null; addb_json_peek told which
 */
bool
addb_json_literal(AddbJsonCursor *cursor)
{
	static const char *const words[] = {"true", "false", "null"};

	skip_space(cursor);
	for (int i = 0; i < lengthof(words); i++)
	{
		size_t		len = strlen(words[i]);

		if ((size_t) (cursor->end - cursor->pos) >= len &&
			memcmp(cursor->pos, words[i], len) == 0)
		{
			cursor->pos += len;
			return true;
		}
	}
	return fail(cursor);
}

/* The byte behind the string that begins at p, its opening quote read. */
static inline const char *
skip_string(const char *p, const char *end)
{
	while (p < end)
	{
		p = addb_json_run_end(p, end);
		if (p < end && *p == '"')
			return p + 1;
		p += p < end && *p == '\\' ? 2 : 1;
	}
	return end;
}

/* Skips an object or array by counting brackets outside of strings. */
static bool
skip_container(AddbJsonCursor *cursor)
{
	const char *p = cursor->pos;
	const char *end = cursor->end;
	size_t		depth = 0;

	while (p < end)
	{
		char		c = *p++;

		if (!is_structural[(unsigned char) c])
			continue;
		if (c == '"')
			p = skip_string(p, end);
		else if (c == '{' || c == '[')
			depth++;
		else if (--depth == 0)
		{
			cursor->pos = p;
			return true;
		}
	}
	return fail(cursor);
}

/*
 * addb_json_skip - passes over one value of any type
 *
 * *value, if not NULL, is the value's text as it stands (of a string with its
 * quotes). What is inside a skipped container is not checked beyond the
 * balance of its brackets.
 */
bool
addb_json_skip(AddbJsonCursor *cursor, AddbJsonSlice *value)
{
	AddbJsonSlice ignored;
	const char *start;
	bool		done;

	skip_space(cursor);
	start = cursor->pos;
	switch (addb_json_peek(cursor))
	{
		case ADDB_JSON_OBJECT:
		case ADDB_JSON_ARRAY:
			done = skip_container(cursor);
			break;
		case ADDB_JSON_STRING:
			done = addb_json_string(cursor, &ignored);
			break;
		case ADDB_JSON_NUMBER:
			done = addb_json_number(cursor, &ignored);
			break;
		case ADDB_JSON_TRUE:
		case ADDB_JSON_FALSE:
		case ADDB_JSON_NULL:
			done = addb_json_literal(cursor);
			break;
		default:
			done = fail(cursor);
	}
	if (done && value != NULL)
	{
		value->data = start;
		value->len = cursor->pos - start;
		value->escaped = false;
	}
	return done;
}

/* The value of four hexadecimal digits, or -1. */
static int
hex4(const char *p, const char *end)
{
	int			value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char		c = p[i];

		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= c - '0';
		else if (c >= 'a' && c <= 'f')
			value |= c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			value |= c - 'A' + 10;
		else
			return -1;
	}
	return value;
}

/*
 * Resolves \uXXXX at *p (which points at the first digit), a surrogate pair
 * as one character. Returns the code point, or -1 if the digits are no digits.
 */
static int
unescape_unicode(const char **p, const char *end)
{
	int			high = hex4(*p, end);
	int			low;

	if (high < 0)
		return -1;
	*p += 4;
	if (high < 0xD800 || high > 0xDBFF ||
		end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return high;
	low = hex4(*p + 2, end);
	if (low < 0xDC00 || low > 0xDFFF)
		return high;
	*p += 6;
	return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/*
 * addb_json_unescape - resolves the escapes of a string, as UTF-8
 *
 * out has room for string->len bytes, which always suffices. Returns the
 * number of bytes written, (size_t) -1 when an escape is malformed. *met
 * collects ADDB_JSON_HAS_NUL and ADDB_JSON_HAS_LONE_SURROGATE; a NUL is
 * written as the byte 0, a lone surrogate in the three bytes that UTF-8
 * would have for it, so that out is then not text for PostgreSQL.
 */
size_t
addb_json_unescape(const AddbJsonSlice *string, char *out, int *met)
{
	const char *p = string->data;
	const char *end = p + string->len;
	char	   *o = out;

	*met = 0;
	while (p < end)
	{
		int			code;

		/* escapes are close together where there are any: no memchr */
		while (p < end && *p != '\\')
			*o++ = *p++;
		if (p >= end)
			break;
		if (++p >= end)
			return (size_t) -1;
		if (*p != 'u')
		{
			if (escapes[(unsigned char) *p] == '\0')
				return (size_t) -1;
			*o++ = escapes[(unsigned char) *p++];
			continue;
		}
		p++;
		code = unescape_unicode(&p, end);
		if (code < 0)
			return (size_t) -1;
		if (code == 0)
			*met |= ADDB_JSON_HAS_NUL;
		else if (code >= 0xD800 && code <= 0xDFFF)
			*met |= ADDB_JSON_HAS_LONE_SURROGATE;
		unicode_to_utf8(code, (unsigned char *) o);
		o += pg_utf_mblen((unsigned char *) o);
	}
	return o - out;
}

/*
 * addb_json_to_cstring - a string with its escapes resolved, palloc'd
 *
 * UTF-8, not converted to the server's encoding. NULL when the string holds
 * NUL or an escape is malformed.
 */
char *
addb_json_to_cstring(const AddbJsonSlice *string)
{
	char	   *out = palloc(string->len + 1);
	size_t		len = string->len;
	int			met = 0;

	if (string->escaped)
		len = addb_json_unescape(string, out, &met);
	else
		memcpy(out, string->data, len);
	if (len == (size_t) -1 || (met & ADDB_JSON_HAS_NUL))
	{
		pfree(out);
		return NULL;
	}
	out[len] = '\0';
	return out;
}
