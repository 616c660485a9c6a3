/*
 * expression_update.c
 *	  Update expressions and projections.
 *
 *		update:	{ SET path "=" value { "," ... } | REMOVE path { "," ... }
 *				| ADD path :v { "," ... } | DELETE path :v { "," ... } }
 *		value:	operand [ ("+" | "-") operand ] | "(" value ")"
 *
 * Each clause comes at most once. Behind an action stands a comma or the word
 * of a clause, before one only a name, so that both may be called the same.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

typedef struct Clause
{
	const char *word;			/* in small letters, to recognise it */
	const char *keyword;		/* as DynamoDB writes it, and a blank */
	void		(*action) (AddbExpressionParser *parser);
} Clause;

static void parse_set(AddbExpressionParser *parser);
static void parse_remove(AddbExpressionParser *parser);
static void parse_add(AddbExpressionParser *parser);
static void parse_delete(AddbExpressionParser *parser);

static const Clause clauses[] = {
	{"set", "SET ", parse_set},
	{"remove", "REMOVE ", parse_remove},
	{"add", "ADD ", parse_add},
	{"delete", "DELETE ", parse_delete},
};

/*
 * Reads the path that an action changes. When that is a list element, a second
 * application meets another one, or appends once more.
 */
static void
parse_target(AddbExpressionParser *parser, AddbDocumentPath *path)
{
	AddbExpressions *expressions = parser->expressions;

	addb_expression_parse_path(parser, path);
	addb_expression_keep_path(parser, path);
	if (expressions->segments[path->first + path->count - 1] < 0)
		expressions->idempotent = false;
}

/* Reads a value of SET, which is more than an operand: a sum, too. */
static void
parse_assigned(AddbExpressionParser *parser, AddbOperand *operand)
{
	AddbOperand right;
	char		sign[] = "+";

	if (parser->token.type == ADDB_TOKEN_OPEN)
		addb_expression_parse_group(parser, operand, parse_assigned);
	else
		addb_expression_parse_operand(parser, operand);
	if (parser->token.type != ADDB_TOKEN_SIGN)
		return;
	sign[0] = parser->token.text[0];
	if (operand->type == ADDB_OPERAND_SUM)
		addb_expression_fail(parser, "a second + or - follows, but DynamoDB takes one in a value");
	addb_expression_check_type(parser, operand, ADDB_TYPE_N, sign);
	addb_expression_count_operator(parser);
	addb_expression_emit_literal(parser, " ");
	addb_expression_emit(parser, sign, 1);
	addb_expression_emit_literal(parser, " ");
	addb_expression_advance(parser);
	addb_expression_parse_operand(parser, &right);
	addb_expression_check_type(parser, &right, ADDB_TYPE_N, sign);
	if (parser->token.type == ADDB_TOKEN_SIGN)
		addb_expression_fail(parser, "a second + or - follows, but DynamoDB takes one in a value");
	operand->type = ADDB_OPERAND_SUM;
	operand->types = ADDB_TYPE_N;
	operand->grouped = false;
	operand->repeatable = false;
}

static void
parse_set(AddbExpressionParser *parser)
{
	AddbOperand value;

	parse_target(parser, &parser->target);
	if (parser->token.len != 1 || parser->token.text[0] != '=')
		addb_expression_fail(parser, "\"=\" is expected");
	addb_expression_emit_literal(parser, " = ");
	addb_expression_advance(parser);
	parse_assigned(parser, &value);
	if (!value.repeatable)
		parser->expressions->idempotent = false;
}

static void
parse_remove(AddbExpressionParser *parser)
{
	AddbDocumentPath path;

	parse_target(parser, &path);
}

/* Reads what ADD and DELETE have: a path and a value of certain types. */
static void
parse_path_and_value(AddbExpressionParser *parser, int types, const char *clause)
{
	AddbDocumentPath path;
	AddbOperand value;

	parse_target(parser, &path);
	addb_expression_emit_literal(parser, " ");
	addb_expression_parse_value(parser, &value);
	if (!parser->expressions->lists_are_sets || value.types != ADDB_TYPE_L)
		addb_expression_check_type(parser, &value, types, clause);
}

/*
 * To add to a set twice leaves it as adding once does. It counts as not
 * repeatable all the same: whether a statement is sent again should not hang on
 * the type of a value that it is run with.
 */
static void
parse_add(AddbExpressionParser *parser)
{
	parse_path_and_value(parser, ADDB_TYPE_N | ADDB_TYPE_SETS, "ADD");
	parser->expressions->idempotent = false;
}

static void
parse_delete(AddbExpressionParser *parser)
{
	parse_path_and_value(parser, ADDB_TYPE_SETS, "DELETE");
}

/* The clause that begins at the token at hand; raises when none does. */
static const Clause *
find_clause(AddbExpressionParser *parser, int seen)
{
	const char *place = parser->token.text;

	for (int i = 0; i < lengthof(clauses); i++)
	{
		if (!addb_expression_is_word(&parser->token, clauses[i].word))
			continue;
		if (seen & (1 << i))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"%s\" has two clauses %.*s",
							parser->argument, parser->token.len,
							clauses[i].keyword),
					 errdetail("The second begins at character %d; its actions belong into the first, separated by commas.",
							   addb_expression_character(parser, place)),
					 addb_expression_errposition(parser, place)));
		return &clauses[i];
	}
	addb_expression_fail(parser, seen == 0 ? "SET, REMOVE, ADD or DELETE is expected" :
						 "a comma, another clause or the end is expected");
	return NULL;
}

/*
 * addb_expression_parse_update - reads an update expression
 *
 * Raises 42601, 22023 and 54000, as addb_expressions_add.
 */
void
addb_expression_parse_update(AddbExpressionParser *parser)
{
	AddbExpressions *expressions = parser->expressions;
	int			nsegments = expressions->nsegments;
	int			npaths = expressions->npaths;
	int			seen = 0;

	while (parser->token.type != ADDB_TOKEN_END)
	{
		const Clause *clause = find_clause(parser, seen);

		if (seen != 0)
			addb_expression_emit_literal(parser, " ");
		seen |= 1 << (clause - clauses);
		addb_expression_emit(parser, clause->keyword, (int) strlen(clause->keyword));
		addb_expression_advance(parser);
		clause->action(parser);
		while (parser->token.type == ADDB_TOKEN_COMMA)
		{
			addb_expression_emit_literal(parser, ", ");
			addb_expression_advance(parser);
			clause->action(parser);
		}
	}
	addb_expression_check_paths(parser, npaths);
	expressions->npaths = npaths;
	expressions->nsegments = nsegments;
}

/*
 * addb_expression_parse_projection - reads a projection
 *
 * Its paths stay in the expressions. Raises 42601, 22023 and 54000, as
 * addb_expressions_add.
 */
void
addb_expression_parse_projection(AddbExpressionParser *parser)
{
	int			npaths = parser->expressions->npaths;
	AddbDocumentPath path;

	for (;;)
	{
		addb_expression_parse_path(parser, &path);
		addb_expression_keep_path(parser, &path);
		if (parser->token.type == ADDB_TOKEN_END)
			break;
		addb_expression_expect(parser, ADDB_TOKEN_COMMA,
							   "a comma or the end is expected");
		addb_expression_emit_literal(parser, ", ");
	}
	addb_expression_check_paths(parser, npaths);
}
