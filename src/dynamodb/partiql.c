/*
 * partiql.c
 *	  PartiQL statements and their parameters, as parts of requests.
 *
 * Statements go to DynamoDB as they are; all that is looked at is the first
 * word, by which reads and writes are told apart. It is looked for where
 * DynamoDB's parser finds it: behind blanks, line and block comments (which do
 * not nest) and opening parentheses.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/partiql.h"
#include "mb/pg_wchar.h"

/* DynamoDB's limit of a statement, in characters. */
#define STATEMENT_MAX_CHARS 8192

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of a comment that begins at p, or p when none does. */
static const char *
skip_comment(const char *p, const char *end)
{
	if (end - p < 2)
		return p;
	if (p[0] == '-' && p[1] == '-')
	{
		while (p < end && *p != '\n' && *p != '\r')
			p++;
		return p;
	}
	if (p[0] != '/' || p[1] != '*')
		return p;
	for (p += 2; end - p >= 2; p++)
		if (p[0] == '*' && p[1] == '/')
			return p + 2;
	return end;
}

/* Whether the first word of a statement is this one, in whatever case. */
static bool
begins_with(const char *text, size_t len, const char *word)
{
	const char *p = text;
	const char *end = text + len;
	size_t		word_len = strlen(word);

	for (;;)
	{
		const char *start = p;

		while (p < end && (is_blank(*p) || *p == '('))
			p++;
		p = skip_comment(p, end);
		if (p == start)
			break;
	}
	if ((size_t) (end - p) < word_len ||
		pg_strncasecmp(p, word, word_len) != 0)
		return false;
	p += word_len;
	return p == end ||
		!(isalnum((unsigned char) *p) || *p == '_' || *p == '$' || IS_HIGHBIT_SET(*p));
}

/*
 * addb_partiql_is_select - whether a statement only reads
 *
 * len in bytes, of any encoding that has ASCII's bytes for ASCII alone.
 */
bool
addb_partiql_is_select(const char *text, size_t len)
{
	return begins_with(text, len, "SELECT");
}

/*
 * addb_partiql_is_write - whether a statement inserts, updates or deletes
 *
 * Each of these is about the one item whose key it names. What is neither this
 * nor a SELECT must be taken for both, a write and a scan.
 */
bool
addb_partiql_is_write(const char *text, size_t len)
{
	return begins_with(text, len, "INSERT") ||
		begins_with(text, len, "UPDATE") ||
		begins_with(text, len, "DELETE");
}

/*
 * addb_partiql_returns - whether a write has, or may have, a RETURNING clause
 *
 * The word is looked for anywhere but in strings and quoted names. In a comment
 * it counts, which errs on the safe side.
 */
bool
addb_partiql_returns(const char *text, size_t len)
{
	static const char word[] = "RETURNING";
	const char *end = text + len;
	char		quote = '\0';

	for (const char *p = text; p < end; p++)
	{
		if (quote != '\0')
		{
			if (*p == quote)
				quote = '\0';
		}
		else if (*p == '\'' || *p == '"' || *p == '`')
			quote = *p;
		else if ((size_t) (end - p) >= strlen(word) &&
				 pg_strncasecmp(p, word, strlen(word)) == 0)
			return true;
	}
	return quote != '\0';
}

/*
 * addb_partiql_append_statement - appends "Statement": "..." to a request
 *
 * text is in the server's encoding, len in bytes; what is the subject of
 * messages, such as: argument "statement". Raises 22023 when it is empty, 54000
 * when it has more than 8192 characters.
 */
void
addb_partiql_append_statement(StringInfo out, const char *text, int len,
							  const char *what)
{
	int			chars = pg_mbstrlen_with_len(text, len);

	if (chars == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", what)));
	if (chars > STATEMENT_MAX_CHARS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s is too long", what),
				 errdetail("It has %d characters; DynamoDB takes %d.",
						   chars, STATEMENT_MAX_CHARS),
				 errhint("Give values as parameters (?) rather than in the text.")));
	appendStringInfoString(out, "\"Statement\":");
	addb_av_append_string(out, text, len);
}

/*
 * addb_partiql_append_parameters - appends ,"Parameters": [...] to a request
 *
 * params is an array of plain JSON values, one for each ? of the statement; an
 * empty one, or NULL, appends nothing, since DynamoDB takes no empty list.
 * argument names it in messages. Raises 22023 when it is not an array, and what
 * addb_av_encode_value raises.
 */
void
addb_partiql_append_parameters(StringInfo out, Jsonb *params,
							   const char *argument)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	bool		first = true;

	if (params == NULL)
		return;
	if (!JB_ROOT_IS_ARRAY(params) || JB_ROOT_IS_SCALAR(params))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON array", argument),
				 errhint("It holds a value for each ? of the statement, in order.")));
	if (JB_ROOT_COUNT(params) == 0)
		return;
	appendStringInfoString(out, ",\"Parameters\":[");
	iterator = JsonbIteratorInit(&params->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (!first)
			appendStringInfoChar(out, ',');
		first = false;
		addb_av_encode_value(out, &value, argument);
	}
	appendStringInfoChar(out, ']');
}
