/*
 * sts_reply.c
 *	  Reads what the security token service answers.
 *
 * A reader for XML as that service writes it: elements, attributes (which are
 * passed over), text, the predefined and numeric entities, CDATA, comments and
 * processing instructions. A document type is refused, and with it entities of
 * one's own. Tags must match, and none of the texts that are looked for may come
 * twice or have elements in it: what is read two ways by two readers is no reply.
 *
 * It raises no errors and quotes nothing: a reply holds secrets.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "aws/secret.h"
#include "aws/sts_reply.h"

/* Elements within one another; real replies have four. */
#define MAX_DEPTH 16

typedef struct XmlName
{
	const char *start;
	size_t		len;
} XmlName;

typedef struct XmlReader
{
	const char *pos;
	const char *end;
	XmlName		open[MAX_DEPTH];	/* the elements around pos */
	int			depth;
	char	  **wanted;			/* where the text around pos goes, or NULL */
	int			wanted_depth;	/* of its element */
	bool		has_root;
	StringInfoData text;
	AddbStsReply *reply;
} XmlReader;

/* A text is known by its element and the one around it. */
typedef struct Wanted
{
	const char *parent;
	const char *name;
	size_t		offset;			/* in AddbStsReply */
} Wanted;

static const Wanted wanted[] = {
	{"Credentials", "AccessKeyId", offsetof(AddbStsReply, access_key_id)},
	{"Credentials", "SecretAccessKey", offsetof(AddbStsReply, secret_access_key)},
	{"Credentials", "SessionToken", offsetof(AddbStsReply, session_token)},
	{"Credentials", "Expiration", offsetof(AddbStsReply, expiration)},
	{"Error", "Code", offsetof(AddbStsReply, code)},
	{"Error", "Message", offsetof(AddbStsReply, message)},
	{"ErrorResponse", "RequestId", offsetof(AddbStsReply, request_id)},
	{"ResponseMetadata", "RequestId", offsetof(AddbStsReply, request_id)},
};

static bool
name_is(const XmlName *name, const char *text)
{
	return strlen(text) == name->len && memcmp(name->start, text, name->len) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':';
}

/* Is text next? Then goes past it. */
static bool
skip(XmlReader *reader, const char *text)
{
	size_t		len = strlen(text);

	if (reader->end - reader->pos < (ptrdiff_t) len ||
		memcmp(reader->pos, text, len) != 0)
		return false;
	reader->pos += len;
	return true;
}

static void
skip_blanks(XmlReader *reader)
{
	while (reader->pos < reader->end && is_blank(*reader->pos))
		reader->pos++;
}

/* Goes past the next text; false when there is none. */
static bool
skip_to(XmlReader *reader, const char *text)
{
	while (reader->pos < reader->end)
	{
		if (skip(reader, text))
			return true;
		reader->pos++;
	}
	return false;
}

static bool
read_name(XmlReader *reader, XmlName *name)
{
	name->start = reader->pos;
	while (reader->pos < reader->end && is_name_char(*reader->pos))
		reader->pos++;
	name->len = reader->pos - name->start;
	return name->len > 0 && !(name->start[0] >= '0' && name->start[0] <= '9') &&
		name->start[0] != '-' && name->start[0] != '.';
}

/* name = "value" or 'value'; what it says does not matter. */
static bool
skip_attribute(XmlReader *reader)
{
	XmlName		name;
	char		quote;

	if (!read_name(reader, &name))
		return false;
	skip_blanks(reader);
	if (!skip(reader, "="))
		return false;
	skip_blanks(reader);
	if (reader->pos >= reader->end)
		return false;
	quote = *reader->pos++;
	if (quote != '"' && quote != '\'')
		return false;
	while (reader->pos < reader->end && *reader->pos != quote)
		if (*reader->pos++ == '<')
			return false;
	return skip(reader, quote == '"' ? "\"" : "'");
}

/* Is the innermost open element one whose text is looked for? */
static bool
enter_wanted(XmlReader *reader)
{
	const XmlName *name = &reader->open[reader->depth - 1];
	const XmlName *parent;

	if (reader->depth < 2)
		return true;
	parent = name - 1;
	for (size_t i = 0; i < lengthof(wanted); i++)
	{
		char	  **target;

		if (!name_is(name, wanted[i].name) || !name_is(parent, wanted[i].parent))
			continue;
		target = (char **) ((char *) reader->reply + wanted[i].offset);
		if (*target != NULL)
			return false;
		reader->wanted = target;
		reader->wanted_depth = reader->depth;
		resetStringInfo(&reader->text);
	}
	return true;
}

/* Ends the innermost open element. */
static void
leave(XmlReader *reader)
{
	if (reader->wanted != NULL && reader->depth == reader->wanted_depth)
	{
		*reader->wanted = pstrdup(reader->text.data);
		reader->wanted = NULL;
	}
	reader->depth--;
}

/* Behind "<": a start tag, or a whole element without content. */
static bool
read_start_tag(XmlReader *reader)
{
	if (reader->depth >= MAX_DEPTH || reader->wanted != NULL ||
		(reader->depth == 0 && reader->has_root) ||
		!read_name(reader, &reader->open[reader->depth]))
		return false;
	reader->has_root = true;
	reader->depth++;
	if (!enter_wanted(reader))
		return false;
	for (;;)
	{
		bool		blank = reader->pos < reader->end && is_blank(*reader->pos);

		skip_blanks(reader);
		if (skip(reader, ">"))
			return true;
		if (skip(reader, "/>"))
		{
			leave(reader);
			return true;
		}
		if (!blank || !skip_attribute(reader))
			return false;
	}
}

/* Behind "</". */
static bool
read_end_tag(XmlReader *reader)
{
	XmlName		name;
	XmlName    *open;

	if (reader->depth == 0 || !read_name(reader, &name))
		return false;
	open = &reader->open[reader->depth - 1];
	if (open->len != name.len || memcmp(open->start, name.start, name.len) != 0)
		return false;
	skip_blanks(reader);
	if (!skip(reader, ">"))
		return false;
	leave(reader);
	return true;
}

static void
append_text(XmlReader *reader, const char *text, size_t len)
{
	if (reader->wanted != NULL)
		appendBinaryStringInfo(&reader->text, text, (int) len);
}

/* Behind "&#": the number of a character and ";". */
static bool
read_character(XmlReader *reader)
{
	int			base = skip(reader, "x") ? 16 : 10;
	pg_wchar	code = 0;
	unsigned char utf8[8];
	int			digits;

	for (digits = 0; reader->pos < reader->end && *reader->pos != ';'; digits++)
	{
		char		c = *reader->pos++;
		int			digit = c >= '0' && c <= '9' ? c - '0' :
			c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;

		if (digit >= base)
			return false;
		code = code * base + digit;
		if (code > 0x10ffff)
			return false;
	}
	if (digits == 0 || code == 0 || (code >= 0xd800 && code <= 0xdfff))
		return false;
	unicode_to_utf8(code, utf8);
	append_text(reader, (char *) utf8, pg_utf_mblen(utf8));
	return skip(reader, ";");
}

/* Behind "&". */
static bool
read_entity(XmlReader *reader)
{
	static const char *const entities[][2] = {
		{"amp;", "&"}, {"lt;", "<"}, {"gt;", ">"}, {"quot;", "\""}, {"apos;", "'"}
	};

	if (skip(reader, "#"))
		return read_character(reader);
	for (size_t i = 0; i < lengthof(entities); i++)
		if (skip(reader, entities[i][0]))
		{
			append_text(reader, entities[i][1], 1);
			return true;
		}
	return false;
}

/* Text up to the next "<" or "&"; outside of the root only blanks. */
static bool
read_text(XmlReader *reader)
{
	const char *start = reader->pos;

	while (reader->pos < reader->end && *reader->pos != '<' &&
		   *reader->pos != '&')
		if (reader->depth == 0 && !is_blank(*reader->pos))
			return false;
		else
			reader->pos++;
	append_text(reader, start, reader->pos - start);
	return true;
}

/* Behind "<": everything that begins so. */
static bool
read_markup(XmlReader *reader)
{
	const char *start;

	if (skip(reader, "/"))
		return read_end_tag(reader);
	if (skip(reader, "?"))
		return skip_to(reader, "?>");
	if (skip(reader, "!--"))
		return skip_to(reader, "-->");
	if (!skip(reader, "![CDATA["))
		return read_start_tag(reader);
	start = reader->pos;
	if (reader->depth == 0 || !skip_to(reader, "]]>"))
		return false;
	append_text(reader, start, reader->pos - 3 - start);
	return true;
}

static bool
read_all(XmlReader *reader)
{
	skip(reader, "\xef\xbb\xbf");
	while (reader->pos < reader->end)
	{
		bool		good;

		if (skip(reader, "<"))
			good = read_markup(reader);
		else if (reader->depth > 0 && skip(reader, "&"))
			good = read_entity(reader);
		else
			good = *reader->pos != '&' && read_text(reader);
		if (!good)
			return false;
	}
	return reader->depth == 0 && reader->has_root;
}

/*
 * addb_sts_reply_read - the texts of a reply
 *
 * false, with no texts, when xml is not what the service writes. Its texts are
 * in UTF-8, palloc'd in the current context and may be secrets:
 * addb_sts_reply_wipe.
 */
bool
addb_sts_reply_read(const char *xml, size_t len, AddbStsReply *reply)
{
	XmlReader	reader = {.pos = xml,.end = xml + len,.reply = reply};
	bool		good;

	memset(reply, 0, sizeof(AddbStsReply));
	if (memchr(xml, '\0', len) != NULL)
		return false;

	/* once and for all: a buffer that grows leaves copies behind */
	initStringInfo(&reader.text);
	enlargeStringInfo(&reader.text, (int) len);
	good = read_all(&reader);
	explicit_bzero(reader.text.data, reader.text.maxlen);
	pfree(reader.text.data);
	if (!good)
		addb_sts_reply_wipe(reply);
	return good;
}

/* Overwrites the texts that are secrets, and forgets all of them. */
void
addb_sts_reply_wipe(AddbStsReply *reply)
{
	addb_secret_wipe(reply->secret_access_key);
	addb_secret_wipe(reply->session_token);
	memset(reply, 0, sizeof(AddbStsReply));
}
