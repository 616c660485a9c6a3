/*
 * pattern_translate.c
 *	  JavaScript's regular expressions as PostgreSQL writes them.
 *
 * Most of an expression is the same in both. Translated are \b, \B, \s, \S, \xHH,
 * \uHHHH, escapes that mean the character itself, ".", brackets with "[", and the
 * flag "y". Refused is what JavaScript does not have but PostgreSQL gives a
 * meaning (*** in front, (?i), [[:alpha:]]), what means something else here (a
 * back reference beside a group within a lookaround, which PostgreSQL does not
 * count), and what has no counterpart here.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/namespace.h"
#include "entity/error.h"
#include "entity/pattern.h"
#include "mb/pg_wchar.h"

/* JavaScript's white space beyond ASCII, and what ends lines for its ".". */
#define MORE_SPACE "\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
#define LINE_ENDS "\\n\\r\\u2028\\u2029"

typedef struct Translator
{
	const char *p;				/* next to read */
	const char *end;
	StringInfo	out;
	bool		unicode;		/* flag u or v: no escapes but those that are known */
	bool		nested;			/* flag v: brackets have operators */
	bool		dot_all;		/* flag s */
	bool		in_bracket;
	int			depth;			/* of parentheses */
	int			lookaround;		/* depth of the outermost one at hand, 0: none */
	bool		hidden_group;	/* has a group within a lookaround */
	bool		refers;			/* has a back reference */
	const char *path;			/* of the attribute, for messages */
} Translator;

/*
 * addb_entity_pattern_has_flag - whether an expression has a flag
 */
bool
addb_entity_pattern_has_flag(AddbText flags, char flag)
{
	return flags.len > 0 && memchr(flags.data, flag, flags.len) != NULL;
}

/*
 * addb_entity_pattern_refuse - raises 0A000 for an attribute's expression
 */
void
addb_entity_pattern_refuse(const char *path, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("regular expression of \"%s\" is not supported", path),
			 errdetail_internal("%s", reason),
			 errhint("Named groups, \\p{...}, and a reference beside a group within a lookahead or lookbehind are JavaScript's alone.")));
}

static int
peek(const Translator *translator, int ahead)
{
	return translator->end - translator->p > ahead ?
		(unsigned char) translator->p[ahead] : -1;
}

/* The value of n hexadecimal digits from an offset on; -1 when they are none. */
static int
hex(const Translator *translator, int offset, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
	{
		int			c = peek(translator, offset + i);

		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

/*
 * A character in the server's encoding. PostgreSQL's own \uHHHH is its wide
 * character, which only in UTF8 has the number that Unicode gives it.
 */
static void
append_server_character(Translator *translator, int code)
{
	int			encoding = GetDatabaseEncoding();
	Oid			conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	unsigned char utf8[8] = {0};
	unsigned char server[MAX_CONVERSION_GROWTH * lengthof(utf8) + 1] = {0};
	int			len;

	if (code <= 0x10ffff)
		unicode_to_utf8(code, utf8);
	len = pg_utf_mblen(utf8);
	if (code > 0x10ffff || !OidIsValid(conversion) ||
		pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding, utf8, len,
									  server, sizeof(server), true) != len)
		addb_entity_pattern_refuse(translator->path,
								   psprintf("The encoding %s has no character U+%04X.",
											GetDatabaseEncodingName(), code));
	appendStringInfoString(translator->out, (char *) server);
}

static void
append_code(Translator *translator, int code, int consumed)
{
	if (code >= 0x80 && GetDatabaseEncoding() != PG_UTF8)
		append_server_character(translator, code);
	else
		appendStringInfo(translator->out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
	translator->p += consumed;
}

/* A letter behind a backslash that means itself, which "u" does not allow. */
static void
append_itself(Translator *translator, int c)
{
	if (translator->unicode)
		addb_entity_pattern_refuse(translator->path,
								   psprintf("JavaScript has no escape \\%c with the flag \"u\" or \"v\".", c));
	appendStringInfoChar(translator->out, (char) c);
	translator->p += 2;
}

/* \u, at p; a pair of surrogates is the character that it stands for. */
static void
translate_unicode(Translator *translator)
{
	int			code = hex(translator, 2, 4);
	int			low;

	if (code < 0 && translator->unicode && peek(translator, 2) == '{')
	{
		int			n = 0;

		while (hex(translator, 3 + n, 1) >= 0 && n < 6)
			n++;
		if (n == 0 || peek(translator, 3 + n) != '}')
			addb_entity_pattern_refuse(translator->path, "A \\u{...} is malformed.");
		append_code(translator, hex(translator, 3, n), 4 + n);
		return;
	}
	if (code < 0)
	{
		append_itself(translator, 'u');
		return;
	}
	if (code < 0xd800 || code > 0xdfff)
	{
		append_code(translator, code, 6);
		return;
	}
	low = code < 0xdc00 && peek(translator, 6) == '\\' && peek(translator, 7) == 'u' &&
		(translator->unicode || !translator->in_bracket) ? hex(translator, 8, 4) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		addb_entity_pattern_refuse(translator->path,
								   "Half of a surrogate pair is no character here.");
	append_code(translator, 0x10000 + ((code - 0xd800) << 10) + low - 0xdc00, 12);
}

/* \s and \S: with the spaces beyond ASCII, which the C collation does not know. */
static void
translate_space(Translator *translator, bool negated)
{
	const char *more = GetDatabaseEncoding() == PG_UTF8 ? MORE_SPACE :
		GetDatabaseEncoding() == PG_LATIN1 ? "\\u00a0" : "";

	if (translator->in_bracket)
		appendStringInfo(translator->out, "%s%s", negated ? "\\S" : "\\s",
						 negated ? "" : more);
	else
		appendStringInfo(translator->out, "[%s\\s%s]", negated ? "^" : "", more);
	translator->p += 2;
}

static void
copy(Translator *translator, int n)
{
	appendBinaryStringInfo(translator->out, translator->p, n);
	translator->p += n;
}

/* Any other letter or digit behind a backslash. */
static void
translate_letter(Translator *translator, int c)
{
	if (c == 'x' && hex(translator, 2, 2) >= 0)
		append_code(translator, hex(translator, 2, 2), 4);
	else if (c == 'c' && (peek(translator, 2) | 0x20) >= 'a' && (peek(translator, 2) | 0x20) <= 'z')
		copy(translator, 3);
	else if (c == 'c' || c == 'k' || c == 'p' || c == 'P')
		addb_entity_pattern_refuse(translator->path,
								   psprintf("It has the escape \\%c.", c));
	else if (strchr("dDwWfnrtv0123456789", c) != NULL)
	{
		translator->refers |= c >= '1' && c <= '9' && !translator->in_bracket;
		copy(translator, 2);
	}
	else
		append_itself(translator, c);
}

/* A backslash and what is behind it. */
static void
translate_escape(Translator *translator)
{
	int			c = peek(translator, 1);

	if (c < 0)
		copy(translator, 1);
	else if (c == 'b' || (c == 'B' && !translator->in_bracket))
	{
		appendStringInfoString(translator->out, c == 'B' ? "\\Y" :
							   translator->in_bracket ? "\\u0008" : "\\y");
		translator->p += 2;
	}
	else if (c == 's' || c == 'S')
		translate_space(translator, c == 'S');
	else if (c == 'u')
		translate_unicode(translator);
	else if (c >= 0x80)
		translator->p++;		/* the character itself is next */
	else if (isalnum(c))
		translate_letter(translator, c);
	else if (c == '_' || isspace(c))
		append_itself(translator, c);
	else
		copy(translator, 2);
}

/* What stands first in brackets, which are at p. */
static bool
enter_bracket(Translator *translator)
{
	bool		negated = peek(translator, 1) == '^';
	int			first = peek(translator, negated ? 2 : 1);

	if (first == ']')
	{
		/* [] never matches, [^] always */
		appendStringInfoString(translator->out, negated ? "." : "(?!)");
		translator->p += negated ? 3 : 2;
		return false;
	}
	copy(translator, negated ? 2 : 1);
	return true;
}

/* "[" has no meaning within brackets, nor has "-" behind a class. */
static void
translate_bracket(Translator *translator)
{
	bool		behind_class = false;

	if (!enter_bracket(translator))
		return;
	translator->in_bracket = true;
	while (translator->p < translator->end && *translator->p != ']')
	{
		int			c = peek(translator, 0);
		int			next = peek(translator, 1);

		if (c == '[' && (next == ':' || next == '.' || next == '='))
			addb_entity_pattern_refuse(translator->path,
									   psprintf("JavaScript does not have [[%c...%c]].", next, next));
		if (translator->nested && (c == '[' || (c == next && (c == '-' || c == '&'))))
			addb_entity_pattern_refuse(translator->path,
									   "It has brackets within brackets, or their operators, by the flag \"v\".");
		if (c == '\\')
			translate_escape(translator);
		else if (c == '[' || (c == '-' && behind_class))
		{
			appendStringInfo(translator->out, "\\%c", c);
			translator->p++;
		}
		else
			copy(translator, 1);
		behind_class = c == '\\' && next > 0 && strchr("dDsSwW", next) != NULL;
	}
	translator->in_bracket = false;
	if (translator->p < translator->end)
		copy(translator, 1);
}

/* A parenthesis; JavaScript and PostgreSQL have (?:, (?=, (?!, (?<= and (?<!. */
static void
translate_group(Translator *translator)
{
	int			kind = peek(translator, 2);
	int			behind = peek(translator, 3);

	translator->depth++;
	if (peek(translator, 1) != '?')
		translator->hidden_group |= translator->lookaround > 0;
	else if (kind != ':' && translator->lookaround == 0)
		translator->lookaround = translator->depth;
	if (peek(translator, 1) == '?')
	{
		if (kind == '<' && behind != '=' && behind != '!')
			addb_entity_pattern_refuse(translator->path, "It has a named group.");
		if (kind < 0 || strchr(":=!<", kind) == NULL)
			addb_entity_pattern_refuse(translator->path,
									   "JavaScript has no options such as (?i) within an expression, but the member \"flags\".");
		copy(translator, 2);
	}
	copy(translator, 1);
}

static void
translate_group_end(Translator *translator)
{
	if (translator->depth == translator->lookaround)
		translator->lookaround = 0;
	translator->depth--;
	copy(translator, 1);
}

static void
translate_one(Translator *translator)
{
	const char *line_ends = GetDatabaseEncoding() == PG_UTF8 ? LINE_ENDS : "\\n\\r";

	if (*translator->p == '\\')
		translate_escape(translator);
	else if (*translator->p == '[')
		translate_bracket(translator);
	else if (*translator->p == '(')
		translate_group(translator);
	else if (*translator->p == ')')
		translate_group_end(translator);
	else if (*translator->p == '.' && !translator->dot_all)
	{
		appendStringInfo(translator->out, "[^%s]", line_ends);
		translator->p++;
	}
	else
		copy(translator, 1);
}

/*
 * addb_entity_pattern_translate - an expression of JavaScript as PostgreSQL's
 *
 * In the server's encoding; palloc'd. Raises 0A000 for what cannot be.
 */
AddbText
addb_entity_pattern_translate(AddbText pattern, AddbText flags, const char *path)
{
	StringInfoData out;
	Translator	translator = {pattern.data, pattern.data + pattern.len, &out};
	bool		sticky = addb_entity_pattern_has_flag(flags, 'y');

	translator.nested = addb_entity_pattern_has_flag(flags, 'v');
	translator.unicode = translator.nested || addb_entity_pattern_has_flag(flags, 'u');
	translator.dot_all = addb_entity_pattern_has_flag(flags, 's');
	translator.path = path;
	if (pattern.len >= 3 && memcmp(pattern.data, "***", 3) == 0)
		addb_entity_pattern_refuse(path, "JavaScript has no expression that begins with ***.");
	initStringInfo(&out);
	appendStringInfoString(&out, sticky ? "\\A(?:" : "");
	while (translator.p < translator.end)
		translate_one(&translator);
	if (translator.hidden_group && translator.refers)
		addb_entity_pattern_refuse(path, "It has a group within a lookahead or lookbehind, and refers to a group.");
	appendStringInfoString(&out, sticky ? ")" : "");
	return (AddbText) {out.data, out.len};
}
