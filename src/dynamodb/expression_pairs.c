/*
 * expression_pairs.c
 *	  Updates that are given as pairs of a path and a plain value.
 *
 * A path is read by the parser, so that it is written as in any expression and
 * brings nothing else along; its value becomes one of ours, in no argument.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/expression_internal.h"

/* What messages call the whole of the pairs. */
#define ARGUMENT "update"

/* In the order of their texts. */
typedef enum Clause
{
	CLAUSE_SET,
	CLAUSE_REMOVE,
	CLAUSE_ADD,
	CLAUSE_DELETE
} Clause;

static const char *const keywords[ADDB_UPDATE_CLAUSES] = {
	"SET ", "REMOVE ", "ADD ", "DELETE "
};

typedef struct Kind
{
	const char *name;			/* of the argument that the pairs are in */
	Clause		clause;
	int			types;			/* bits of what the value may be */
	const char *expected;		/* these in words */
} Kind;

static const Kind kinds[] = {
	[ADDB_PAIR_SET] = {"set", CLAUSE_SET, ADDB_TYPE_ANY, NULL},
	[ADDB_PAIR_SUBTRACT] = {"subtract", CLAUSE_SET, ADDB_TYPE_N, "a number"},
	[ADDB_PAIR_APPEND] = {"append", CLAUSE_SET, ADDB_TYPE_L, "an array"},
	[ADDB_PAIR_REMOVE] = {"remove", CLAUSE_REMOVE, 0, NULL},
	[ADDB_PAIR_ADD] = {"add", CLAUSE_ADD, ADDB_TYPE_N | ADDB_TYPE_SETS,
	"a number or a set, such as {\"$ss\": [\"a\"]}"},
	[ADDB_PAIR_DELETE] = {"delete", CLAUSE_DELETE, ADDB_TYPE_SETS,
	"a set, such as {\"$ss\": [\"a\"]}"},
};

/*
 * addb_update_pairs_begin - an update without pairs
 *
 * It will be one of the request that expressions belongs to.
 */
void
addb_update_pairs_begin(AddbUpdatePairs *pairs, AddbExpressions *expressions)
{
	memset(pairs, 0, sizeof(*pairs));
	pairs->expressions = expressions;
	pairs->npaths = expressions->npaths;
	pairs->nsegments = expressions->nsegments;
	for (int i = 0; i < ADDB_UPDATE_CLAUSES; i++)
		initStringInfo(&pairs->clauses[i]);
}

/* Appends a path in DynamoDB's notation. */
static void
append_path(AddbUpdatePairs *pairs, const Kind *kind, const char *text, int len,
			StringInfo out)
{
	AddbExpressionParser parser = {
		.expressions = pairs->expressions,
		.kind = ADDB_UPDATE,
		.argument = kind->name,
		.text = text,
		.lexer = {text, text + len},
		.out = out,
		.start = out->len
	};
	AddbDocumentPath path;

	addb_expression_lex(&parser.lexer, &parser.token);
	addb_expression_parse_path(&parser, &path);
	if (parser.token.type != ADDB_TOKEN_END)
		addb_expression_fail(&parser, "the end of the path is expected");
	addb_expression_keep_path(&parser, &path);
}

static void
check_type(const Kind *kind, const char *path, int len, const JsonbValue *value)
{
	if ((addb_expression_value_type(value) & kind->types) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" in argument \"%s\" must be %s",
						addb_expression_excerpt(path, len), kind->name,
						kind->expected)));
}

/*
 * Appends if_not_exists(path, :v): what the path holds, else a value that is
 * the same for all pairs, whose placeholder is made when the first one needs it.
 */
static void
append_current(AddbUpdatePairs *pairs, const char *path, char *placeholder,
			   const char *fallback, StringInfo out)
{
	StringInfoData made;

	if (placeholder[0] == '\0')
	{
		initStringInfo(&made);
		appendStringInfoString(addb_expressions_append_value(pairs->expressions, &made),
							   fallback);
		strlcpy(placeholder, made.data, sizeof(pairs->zero));
	}
	appendStringInfo(out, "if_not_exists(%s, %s)", path, placeholder);
}

/*
 * addb_update_pairs_add - takes in one pair
 *
 * path has len bytes in the server's encoding and must stay until
 * addb_expressions_finish; value is NULL of ADDB_PAIR_REMOVE only. Raises 22023
 * for a value that such an action does not take, 54000 over DynamoDB's limit of
 * length, and what addb_expressions_add raises of a path.
 */
void
addb_update_pairs_add(AddbUpdatePairs *pairs, AddbUpdatePair action,
					  const char *path, int len, const JsonbValue *value)
{
	const Kind *kind = &kinds[action];
	StringInfo	out = &pairs->clauses[kind->clause];
	int			start;
	char	   *place;

	appendStringInfoString(out, out->len == 0 ? keywords[kind->clause] : ", ");
	start = out->len;
	append_path(pairs, kind, path, len, out);
	if (out->len > ADDB_EXPRESSION_MAX_BYTES)
		addb_expression_too_long(ARGUMENT);
	if (action == ADDB_PAIR_REMOVE)
		return;
	check_type(kind, path, len, value);
	place = pnstrdup(out->data + start, out->len - start);
	appendStringInfoString(out, kind->clause == CLAUSE_SET ? " = " : " ");
	if (action == ADDB_PAIR_SUBTRACT)
	{
		append_current(pairs, place, pairs->zero, "{\"N\":\"0\"}", out);
		appendStringInfoString(out, " - ");
	}
	else if (action == ADDB_PAIR_APPEND)
	{
		appendStringInfoString(out, "list_append(");
		append_current(pairs, place, pairs->empty_list, "{\"L\":[]}", out);
		appendStringInfoString(out, ", ");
	}
	addb_av_encode_value(addb_expressions_append_value(pairs->expressions, out),
						 value, kind->name);
	if (action == ADDB_PAIR_APPEND)
		appendStringInfoChar(out, ')');
	pfree(place);
}

/*
 * addb_update_pairs_are_none - whether there has been no pair
 */
bool
addb_update_pairs_are_none(const AddbUpdatePairs *pairs)
{
	for (int i = 0; i < ADDB_UPDATE_CLAUSES; i++)
		if (pairs->clauses[i].len > 0)
			return false;
	return true;
}

/*
 * addb_update_pairs_finish - appends ,"UpdateExpression":"..."
 *
 * There must have been a pair, and no other expression since the first. Raises
 * 22023 when two paths overlap, 54000 over DynamoDB's limit of length.
 */
void
addb_update_pairs_finish(AddbUpdatePairs *pairs, StringInfo out)
{
	AddbExpressionParser parser = {
		.expressions = pairs->expressions,
		.argument = ARGUMENT
	};
	int			start;

	addb_expression_check_paths(&parser, pairs->npaths);
	pairs->expressions->npaths = pairs->npaths;
	pairs->expressions->nsegments = pairs->nsegments;
	appendStringInfoString(out, addb_expressions_member(ADDB_UPDATE));
	start = out->len;
	for (int i = 0; i < ADDB_UPDATE_CLAUSES; i++)
		if (pairs->clauses[i].len > 0)
			appendStringInfo(out, "%s%s", out->len > start ? " " : "",
							 pairs->clauses[i].data);
	if (out->len - start > ADDB_EXPRESSION_MAX_BYTES)
		addb_expression_too_long(ARGUMENT);
	appendStringInfoChar(out, '"');
}
