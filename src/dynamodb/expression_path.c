/*
 * expression_path.c
 *	  Document paths: their names, and which of them get into each other's way.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"
#include "utils/builtins.h"

static void
push_segment(AddbExpressions *expressions, int segment)
{
	if (expressions->nsegments == expressions->segments_size)
		expressions->segments = addb_expression_grow(expressions->segments,
													 expressions->nsegments,
													 &expressions->segments_size,
													 sizeof(int));
	expressions->segments[expressions->nsegments++] = segment;
}

/* A quoted name with two quotes as one; palloc'd. */
static const char *
undouble(const char *text, int *len)
{
	char	   *name = palloc(*len);
	int			n = 0;

	for (int i = 0; i < *len; i++)
	{
		name[n++] = text[i];
		if (text[i] == '"')
			i++;
	}
	*len = n;
	return name;
}

static void
check_name_length(AddbExpressionParser *parser, int len)
{
	const char *place = parser->token.text;

	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("empty attribute name in argument \"%s\"",
						parser->argument),
				 errdetail("It stands at character %d.",
						   addb_expression_character(parser, place)),
				 addb_expression_errposition(parser, place)));
	if (len > ADDB_EXPRESSION_MAX_NAME)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("attribute name in argument \"%s\" is too long",
						parser->argument),
				 errdetail("The one at character %d has %d bytes; DynamoDB takes %d.",
						   addb_expression_character(parser, place), len,
						   ADDB_EXPRESSION_MAX_NAME)));
}

/* The name behind the user's #n. */
static const char *
given_name(AddbExpressionParser *parser, int *len)
{
	const AddbToken *token = &parser->token;
	AddbExpressionMember *member;
	bool		ignored;

	if (parser->expressions->names.argument == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" in argument \"%s\" is no attribute",
						addb_expression_excerpt(token->text, token->len), parser->argument),
				 errdetail("It is used at character %d.",
						   addb_expression_character(parser, token->text)),
				 errhint("Write the attribute's own name: none needs a placeholder."),
				 addb_expression_errposition(parser, token->text)));
	member = addb_expression_member(&parser->expressions->names, token, &ignored);
	if (member == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no name for \"%s\" in argument \"names\"",
						addb_expression_excerpt(token->text, token->len)),
				 errdetail("Argument \"%s\" uses it at character %d.",
						   parser->argument,
						   addb_expression_character(parser, token->text)),
				 addb_expression_errposition(parser, token->text)));
	*len = member->value.val.string.len;
	return member->value.val.string.val;
}

/* The name that the token at hand gives, as it is stored in DynamoDB. */
static const char *
attribute_name(AddbExpressionParser *parser, int level, int *len)
{
	const AddbToken *token = &parser->token;
	AddbExpressions *expressions = parser->expressions;
	const char *name = token->text;

	*len = token->len;
	if (token->type == ADDB_TOKEN_NAME)
		return given_name(parser, len);
	if (token->type == ADDB_TOKEN_QUOTED)
	{
		name++;
		*len -= 2;
		if (token->doubled)
			name = undouble(name, len);
	}
	check_name_length(parser, *len);
	if (expressions->resolver != NULL)
		name = expressions->resolver(expressions->resolver_arg, level, name, len);
	return name;
}

static void
emit_placeholder(AddbExpressionParser *parser, const AddbExpressionName *entry)
{
	char		text[16] = "#n";

	if (entry->given != NULL)
		addb_expression_emit(parser, entry->given, entry->given_len);
	else
		addb_expression_emit(parser, text, 2 + pg_ltoa(entry->number, text + 2));
}

/* Reads one name of a path. level is its place in it, from 0. */
static void
parse_name(AddbExpressionParser *parser, int level)
{
	AddbExpressions *expressions = parser->expressions;
	const AddbToken *token = &parser->token;
	const char *name;
	int			len;
	int			index;

	if ((token->type != ADDB_TOKEN_WORD && token->type != ADDB_TOKEN_QUOTED &&
		 token->type != ADDB_TOKEN_NAME) ||
		(level == 0 && addb_expression_is_number(token)))
		addb_expression_fail(parser, "the name of an attribute is expected");
	name = attribute_name(parser, level, &len);
	index = addb_expression_intern(expressions, name, len,
								   token->type == ADDB_TOKEN_NAME ? token : NULL);
	push_segment(expressions, index);
	emit_placeholder(parser, &expressions->table[index]);
	addb_expression_advance(parser);
}

/* Reads a list index behind its opening bracket. */
static void
parse_index(AddbExpressionParser *parser)
{
	const AddbToken *token = &parser->token;
	char		text[16] = "[";
	int64		index = 0;
	int			len;

	if (!addb_expression_is_number(token))
		addb_expression_fail(parser, "the index of a list element is expected");
	for (int i = 0; i < token->len && index < PG_INT32_MAX; i++)
		index = index * 10 + token->text[i] - '0';
	if (index >= PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("list index in argument \"%s\" is too large",
						parser->argument),
				 errdetail("It is %s, at character %d.",
						   addb_expression_excerpt(token->text, token->len),
						   addb_expression_character(parser, token->text)),
				 addb_expression_errposition(parser, token->text)));
	push_segment(parser->expressions, -1 - (int) index);
	len = 1 + pg_ltoa((int32) index, text + 1);
	text[len++] = ']';
	addb_expression_emit(parser, text, len);
	addb_expression_advance(parser);
	addb_expression_expect(parser, ADDB_TOKEN_CLOSE_BRACKET, "\"]\" is expected");
}

/*
 * addb_expression_parse_path - reads a document path
 *
 * Its segments stay in the expressions until the expression has been read.
 * Raises 42601, 22023 for a #n that "names" lacks and for an empty name, 54000
 * over DynamoDB's limits.
 */
void
addb_expression_parse_path(AddbExpressionParser *parser, AddbDocumentPath *path)
{
	AddbExpressions *expressions = parser->expressions;

	path->first = expressions->nsegments;
	path->text = parser->token.text;
	parse_name(parser, 0);
	for (path->count = 1;; path->count++)
	{
		if (path->count > ADDB_EXPRESSION_MAX_LEVELS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("path in argument \"%s\" is too deep",
							parser->argument),
					 errdetail("The one at character %d has more than the %d levels that DynamoDB takes.",
							   addb_expression_character(parser, path->text),
							   ADDB_EXPRESSION_MAX_LEVELS),
					 addb_expression_errposition(parser, path->text)));
		if (parser->token.type == ADDB_TOKEN_DOT)
		{
			addb_expression_emit_literal(parser, ".");
			addb_expression_advance(parser);
			parse_name(parser, path->count);
		}
		else if (parser->token.type == ADDB_TOKEN_OPEN_BRACKET)
		{
			addb_expression_advance(parser);
			parse_index(parser);
		}
		else
			break;
	}
	path->len = (int) (parser->consumed - path->text);
}

/*
 * addb_expression_same_path - whether two paths lead to the same place
 */
bool
addb_expression_same_path(const AddbExpressions *expressions,
						  const AddbDocumentPath *a, const AddbDocumentPath *b)
{
	return a->count == b->count &&
		memcmp(expressions->segments + a->first, expressions->segments + b->first,
			   a->count * sizeof(int)) == 0;
}

/*
 * addb_expression_keep_path - remembers a path for addb_expression_check_paths
 */
void
addb_expression_keep_path(AddbExpressionParser *parser,
						  const AddbDocumentPath *path)
{
	AddbExpressions *expressions = parser->expressions;

	if (expressions->npaths == expressions->paths_size)
		expressions->paths = addb_expression_grow(expressions->paths,
												  expressions->npaths,
												  &expressions->paths_size,
												  sizeof(AddbDocumentPath));
	expressions->paths[expressions->npaths++] = *path;
}

/*
 * How many segments two paths share from their beginnings.
 */
static int
common_segments(const int *segments, const AddbDocumentPath *a,
				const AddbDocumentPath *b)
{
	int			most = Min(a->count, b->count);
	int			i = 0;

	while (i < most && segments[a->first + i] == segments[b->first + i])
		i++;
	return i;
}

/*
 * Orders paths by their segments, a path before those that begin with it, and
 * equal ones as they were written.
 */
static int
compare_paths(const void *left, const void *right, void *arg)
{
	const AddbDocumentPath *a = left;
	const AddbDocumentPath *b = right;
	const int  *segments = arg;
	int			common = common_segments(segments, a, b);

	if (common < a->count && common < b->count)
		return segments[a->first + common] < segments[b->first + common] ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	return a->first < b->first ? -1 : 1;
}

static void
paths_collide(const AddbExpressionParser *parser, const AddbDocumentPath *a,
			  const AddbDocumentPath *b, const char *how, const char *why)
{
	const AddbDocumentPath *one = a->first < b->first ? a : b;
	const AddbDocumentPath *two = one == a ? b : a;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("paths %s and %s in argument \"%s\" %s",
					addb_expression_excerpt(one->text, one->len),
					addb_expression_excerpt(two->text, two->len),
					parser->argument, how),
			 parser->text == NULL ? errdetail("%s", why) :
			 errdetail("%s The second stands at character %d.", why,
					   addb_expression_character(parser, two->text)),
			 parser->text == NULL ? 0 :
			 addb_expression_errposition(parser, two->text)));
}

/*
 * addb_expression_check_paths - whether the paths kept since first go together
 *
 * Raises 22023 when one is, or is a part of, another one, and when the same
 * place is a map to one and a list to another. Changes the order of the paths:
 * sorted, those that collide come to stand side by side.
 */
void
addb_expression_check_paths(AddbExpressionParser *parser, int first)
{
	AddbExpressions *expressions = parser->expressions;
	int		   *segments = expressions->segments;
	AddbDocumentPath *paths = expressions->paths + first;
	int			n = expressions->npaths - first;

	if (n < 2)
		return;
	qsort_arg(paths, n, sizeof(AddbDocumentPath), compare_paths, segments);
	for (int i = 1; i < n; i++)
	{
		const AddbDocumentPath *a = &paths[i - 1];
		const AddbDocumentPath *b = &paths[i];
		int			common = common_segments(segments, a, b);

		if (common == a->count)
			paths_collide(parser, a, b, "overlap",
						  "DynamoDB takes a place in the item only once.");
		if (common > 0 && (segments[a->first + common] < 0) !=
			(segments[b->first + common] < 0))
			paths_collide(parser, a, b, "conflict",
						  "To one of them the same place is a map, to the other a list.");
	}
}
