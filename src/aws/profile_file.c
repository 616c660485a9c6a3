/*
 * profile_file.c
 *	  Parser of the shared AWS config and credentials files.
 *
 * Spec: "Format of the shared config and credentials files" in the AWS SDKs and
 * Tools Reference Guide. Where the SDKs differ: sections of one name are merged,
 * [profile default] replaces [default], a blank and "#" or ";" start a comment,
 * profile names may be quoted in the config file, and lines that make no sense are
 * passed over. Where they agree, so does this: [ default ] is no [default].
 *
 * A section line that cannot be read begins a section that nobody asks for, so
 * that its keys never end up in the profile before it.
 */
#include "postgres.h"

#include "nodes/pg_list.h"

#include "aws/profile_file.h"

typedef struct Section
{
	AddbSectionKind kind;
	bool		prefixed;		/* [profile x] rather than [x] */
	const char *name;
} Section;

typedef struct Property
{
	const Section *section;
	const char *block;			/* the "name =" line that it is under, or NULL */
	const char *key;
	const char *value;
} Property;

struct AddbProfileFile
{
	List	   *sections;		/* of Section, in the order of the file */
	List	   *properties;		/* of Property, in the order of the file */
	bool		prefixed_default;	/* there is a [profile default] */
};

/* The parser between two lines. */
typedef struct ParseState
{
	AddbProfileFile *file;
	AddbProfileFileKind kind;
	const Section *section;		/* NULL before the first */
	const char *block;			/* open block, or NULL */
	int			block_indent;	/* of the line that opened it */
} ParseState;

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Cuts the blanks off both ends, in place. */
static char *
trim(char *text)
{
	char	   *end;

	while (is_blank(*text))
		text++;
	end = text + strlen(text);
	while (end > text && is_blank(end[-1]))
		*--end = '\0';
	return text;
}

/* Ends the line where "#" or ";" follows a blank or begins the line. */
static void
cut_comment(char *line)
{
	for (char *p = line; *p != '\0'; p++)
		if ((*p == '#' || *p == ';') && (p == line || is_blank(p[-1])))
		{
			*p = '\0';
			return;
		}
}

/*
 * Takes one pair of quotes off a name. NULL for what is more than one word, or
 * has a quote that is not closed.
 */
static char *
unquote(char *name)
{
	size_t		len = strlen(name);

	if (len >= 2 && (name[0] == '"' || name[0] == '\'') &&
		name[len - 1] == name[0])
	{
		name[len - 1] = '\0';
		return name + 1;
	}
	return strpbrk(name, " \t\r\v\f\"'") == NULL ? name : NULL;
}

/* If text is word, blanks and a name, returns the name, else NULL. */
static char *
after_word(char *text, const char *word)
{
	size_t		len = strlen(word);

	if (strncmp(text, word, len) != 0 || !is_blank(text[len]))
		return NULL;
	return unquote(trim(text + len));
}

/* Reads what stands between the brackets. */
static void
classify(Section *section, char *title, AddbProfileFileKind kind)
{
	char	   *name;

	section->kind = ADDB_SECTION_IGNORED;
	section->prefixed = false;
	section->name = title;
	if (kind == ADDB_PROFILE_FILE_CREDENTIALS)
		section->kind = ADDB_SECTION_PROFILE;
	else if (strcmp(title, "default") == 0)
		section->kind = ADDB_SECTION_PROFILE;
	else if ((name = after_word(title, "profile")) != NULL)
	{
		section->kind = ADDB_SECTION_PROFILE;
		section->prefixed = true;
		section->name = name;
	}
	else if ((name = after_word(title, "services")) != NULL)
	{
		section->kind = ADDB_SECTION_SERVICES;
		section->name = name;
	}
}

static void
parse_section(ParseState *state, char *line)
{
	Section    *section = palloc(sizeof(Section));
	char	   *end = strrchr(line, ']');

	if (end != NULL)
	{
		*end = '\0';
		classify(section, line + 1, state->kind);
	}
	else
	{
		section->kind = ADDB_SECTION_IGNORED;
		section->prefixed = false;
		section->name = "";
	}

	if (section->kind == ADDB_SECTION_PROFILE && section->prefixed &&
		strcmp(section->name, "default") == 0)
		state->file->prefixed_default = true;
	state->file->sections = lappend(state->file->sections, section);
	state->section = section;
	state->block = NULL;
}

static void
parse_property(ParseState *state, char *line, int indent)
{
	char	   *equals = strchr(line, '=');
	Property   *property;
	char	   *key;
	char	   *value;

	if (state->section == NULL || equals == NULL)
		return;
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	if (*key == '\0')
		return;

	if (state->block != NULL && indent <= state->block_indent)
		state->block = NULL;
	if (*value == '\0' && state->block == NULL)
	{
		state->block = key;
		state->block_indent = indent;
		return;
	}

	property = palloc(sizeof(Property));
	property->section = state->section;
	property->block = state->block;
	property->key = key;
	property->value = value;
	state->file->properties = lappend(state->file->properties, property);
}

static void
parse_line(ParseState *state, char *line)
{
	int			indent = 0;
	char	   *content;

	cut_comment(line);
	while (is_blank(line[indent]))
		indent++;
	content = trim(line + indent);
	if (*content == '[')
		parse_section(state, content);
	else if (*content != '\0')
		parse_property(state, content, indent);
}

/*
 * Parses len bytes at text, which end with a NUL after them. The text is cut up
 * in place and must outlive the result; wiping it wipes every value. The result
 * is palloc'd. Raises no error: a line that makes no sense is passed over.
 */
AddbProfileFile *
addb_profile_file_parse(char *text, size_t len, AddbProfileFileKind kind)
{
	static const char bom[] = "\xef\xbb\xbf";
	AddbProfileFile *file = palloc0(sizeof(AddbProfileFile));
	ParseState	state = {.file = file,.kind = kind};
	char	   *end = text + len;

	if (len >= 3 && memcmp(text, bom, 3) == 0)
		text += 3;
	while (text < end)
	{
		char	   *line_end = memchr(text, '\n', end - text);

		if (line_end == NULL)
			line_end = end;
		*line_end = '\0';
		parse_line(&state, text);
		text = line_end + 1;
	}
	return file;
}

static bool
section_is(const AddbProfileFile *file, const Section *section,
		   AddbSectionKind kind, const char *name)
{
	if (section->kind != kind || strcmp(section->name, name) != 0)
		return false;
	return section->prefixed || kind != ADDB_SECTION_PROFILE ||
		!file->prefixed_default || strcmp(name, "default") != 0;
}

/* Is there a section of this kind and name, be it empty? */
bool
addb_profile_file_has(const AddbProfileFile *file, AddbSectionKind kind,
					  const char *name)
{
	ListCell   *lc;

	foreach(lc, file->sections)
		if (section_is(file, lfirst(lc), kind, name))
			return true;
	return false;
}

/*
 * The value of a key, the last one where it is repeated, or NULL. Keys are
 * compared without case. block is the "name =" line that the key is indented
 * under, or NULL for a key of the section itself. The value lives in the text
 * that was parsed.
 */
const char *
addb_profile_file_get(const AddbProfileFile *file, AddbSectionKind kind,
					  const char *name, const char *block, const char *key)
{
	const char *value = NULL;
	ListCell   *lc;

	foreach(lc, file->properties)
	{
		const Property *property = lfirst(lc);

		if ((block == NULL) == (property->block == NULL) &&
			(block == NULL || pg_strcasecmp(block, property->block) == 0) &&
			pg_strcasecmp(key, property->key) == 0 &&
			section_is(file, property->section, kind, name) &&
			property->value[0] != '\0')
			value = property->value;
	}
	return value;
}
