/*
 * expression_condition.c
 *	  Conditions, filters and key conditions.
 *
 *		expression: term { (AND | OR) term }
 *		term:		NOT term
 *				  | primary [ comparison | BETWEEN ... | IN ... ]
 *		primary:	"(" expression ")" | call | path | :v
 *
 * What stands in parentheses may be a condition or an operand: "(a = :v)" and
 * "(a) = :v" tell themselves apart only behind it. So a rule says what it has
 * read, and who needs a condition asks. Precedence is left to DynamoDB, for the
 * order of the text is kept.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

static void parse_expression(AddbExpressionParser *parser, AddbOperand *result);

static bool
next_is_word(AddbLexer *lexer, AddbToken *token, const char *word)
{
	addb_expression_lex(lexer, token);
	return addb_expression_is_word(token, word);
}

/*
 * Whether an attribute called between is what comes behind a NOT, its token
 * just read from the lexer; else the NOT is itself an attribute: as in
 * NOT between = :v, and in not BETWEEN :a AND :b.
 */
static bool
between_is_attribute(AddbLexer *lexer)
{
	AddbToken	token;

	if (next_is_word(lexer, &token, "between"))
	{
		/* NOT between BETWEEN x ..., or not BETWEEN between AND x */
		return !next_is_word(lexer, &token, "and") &&
			token.type != ADDB_TOKEN_DOT && token.type != ADDB_TOKEN_OPEN_BRACKET;
	}
	if (addb_expression_is_word(&token, "in"))
	{
		/* NOT between IN (...), or not BETWEEN in AND x */
		addb_expression_lex(lexer, &token);
		return token.type == ADDB_TOKEN_OPEN;
	}
	return token.type == ADDB_TOKEN_COMPARISON || token.type == ADDB_TOKEN_DOT ||
		token.type == ADDB_TOKEN_OPEN_BRACKET;
}

/*
 * Whether the token at hand is the keyword NOT. An attribute may have that
 * name: it is one when what follows can only belong to an operand.
 */
static bool
at_not(const AddbExpressionParser *parser)
{
	AddbLexer	ahead = parser->lexer;
	AddbToken	token;

	if (!addb_expression_is_word(&parser->token, "not"))
		return false;
	if (next_is_word(&ahead, &token, "between"))
		return between_is_attribute(&ahead);
	if (addb_expression_is_word(&token, "in"))
	{
		addb_expression_lex(&ahead, &token);
		return token.type != ADDB_TOKEN_OPEN;
	}
	return token.type == ADDB_TOKEN_WORD || token.type == ADDB_TOKEN_QUOTED ||
		token.type == ADDB_TOKEN_NAME || token.type == ADDB_TOKEN_VALUE ||
		token.type == ADDB_TOKEN_OPEN;
}

/* Raises at the token at hand if it is more than a key condition can have. */
static void
refuse_in_key_condition(const AddbExpressionParser *parser)
{
	if (parser->kind == ADDB_KEY_CONDITION)
		addb_expression_fail(parser, "something stands that key conditions cannot have: they are comparisons other than <>, BETWEEN and begins_with, joined by AND");
}

static void
require_condition(const AddbExpressionParser *parser, const AddbOperand *operand)
{
	if (operand->type != ADDB_OPERAND_CONDITION)
		addb_expression_fail(parser, "a comparison, BETWEEN or IN is expected");
}

/* Makes the result a condition of which no parentheses are left. */
static void
set_condition(AddbOperand *result)
{
	result->type = ADDB_OPERAND_CONDITION;
	result->grouped = false;
}

static void
parse_comparison(AddbExpressionParser *parser, AddbOperand *left)
{
	const AddbToken *token = &parser->token;
	AddbOperand right;

	if (token->len == 2 && token->text[1] == '>')
		refuse_in_key_condition(parser);
	addb_expression_count_operator(parser);
	addb_expression_emit_literal(parser, " ");
	addb_expression_emit(parser, token->text, token->len);
	addb_expression_emit_literal(parser, " ");
	addb_expression_advance(parser);
	addb_expression_parse_operand(parser, &right);
	addb_expression_bind(parser, left, &right);
}

static void
parse_between(AddbExpressionParser *parser, AddbOperand *left)
{
	AddbOperand bound;

	addb_expression_count_operator(parser);
	addb_expression_emit_literal(parser, " BETWEEN ");
	addb_expression_advance(parser);
	addb_expression_parse_operand(parser, &bound);
	addb_expression_bind(parser, left, &bound);
	if (!addb_expression_is_word(&parser->token, "and"))
		addb_expression_fail(parser, "AND and the upper bound of BETWEEN are expected");
	addb_expression_emit_literal(parser, " AND ");
	addb_expression_advance(parser);
	addb_expression_parse_operand(parser, &bound);
	addb_expression_bind(parser, left, &bound);
}

static void
wrong_in(const AddbExpressionParser *parser, const AddbToken *in, int sqlstate,
		 const char *what)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("IN in argument \"%s\" has %s", parser->argument, what),
			 errdetail("It stands at character %d; DynamoDB takes 1 to %d operands.",
					   addb_expression_character(parser, in->text),
					   ADDB_EXPRESSION_MAX_IN),
			 addb_expression_errposition(parser, in->text)));
}

static void
parse_in(AddbExpressionParser *parser, AddbOperand *left)
{
	AddbToken	in = parser->token;
	AddbOperand operand;

	refuse_in_key_condition(parser);
	addb_expression_count_operator(parser);
	addb_expression_emit_literal(parser, " IN (");
	addb_expression_advance(parser);
	addb_expression_expect(parser, ADDB_TOKEN_OPEN,
						   "the operands of IN in parentheses are expected");
	if (parser->token.type == ADDB_TOKEN_CLOSE)
		wrong_in(parser, &in, ERRCODE_INVALID_PARAMETER_VALUE, "no operands");
	for (int n = 1;; n++)
	{
		if (n > ADDB_EXPRESSION_MAX_IN)
			wrong_in(parser, &in, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					 "too many operands");
		addb_expression_parse_operand(parser, &operand);
		addb_expression_bind(parser, left, &operand);
		if (parser->token.type != ADDB_TOKEN_COMMA)
			break;
		addb_expression_emit_literal(parser, ", ");
		addb_expression_advance(parser);
	}
	addb_expression_expect(parser, ADDB_TOKEN_CLOSE, "a comma or \")\" is expected");
	addb_expression_emit_literal(parser, ")");
}

static void
parse_primary(AddbExpressionParser *parser, AddbOperand *result)
{
	if (parser->token.type == ADDB_TOKEN_OPEN)
		addb_expression_parse_group(parser, result, parse_expression);
	else if (addb_expression_at_call(parser))
		addb_expression_parse_call(parser, result);
	else
		addb_expression_parse_operand(parser, result);
}

static void
parse_term(AddbExpressionParser *parser, AddbOperand *result)
{
	if (at_not(parser))
	{
		refuse_in_key_condition(parser);
		addb_expression_enter(parser);
		addb_expression_count_operator(parser);
		addb_expression_emit_literal(parser, "NOT ");
		addb_expression_advance(parser);
		parse_term(parser, result);
		require_condition(parser, result);
		set_condition(result);
		parser->depth--;
		return;
	}
	parse_primary(parser, result);
	if (result->type == ADDB_OPERAND_CONDITION)
		return;
	if (parser->token.type == ADDB_TOKEN_COMPARISON)
		parse_comparison(parser, result);
	else if (addb_expression_is_word(&parser->token, "between"))
		parse_between(parser, result);
	else if (addb_expression_is_word(&parser->token, "in"))
		parse_in(parser, result);
	else
		return;
	set_condition(result);
}

/* Consumes an AND or OR between two conditions, if one comes next. */
static bool
accept_connective(AddbExpressionParser *parser)
{
	if (addb_expression_is_word(&parser->token, "and"))
		addb_expression_emit_literal(parser, " AND ");
	else if (addb_expression_is_word(&parser->token, "or"))
	{
		refuse_in_key_condition(parser);
		addb_expression_emit_literal(parser, " OR ");
	}
	else
		return false;
	addb_expression_count_operator(parser);
	addb_expression_advance(parser);
	return true;
}

/* Reads conditions joined by AND and OR, or a single operand. */
static void
parse_expression(AddbExpressionParser *parser, AddbOperand *result)
{
	parse_term(parser, result);
	for (;;)
	{
		if (result->type != ADDB_OPERAND_CONDITION || !accept_connective(parser))
			return;
		parse_term(parser, result);
		require_condition(parser, result);
		set_condition(result);
	}
}

/*
 * addb_expression_parse_condition - reads a condition, filter or key condition
 *
 * Raises 42601, 22023 and 54000, as addb_expressions_add.
 */
void
addb_expression_parse_condition(AddbExpressionParser *parser)
{
	AddbExpressions *expressions = parser->expressions;
	int			nsegments = expressions->nsegments;
	AddbOperand result;

	parse_expression(parser, &result);
	require_condition(parser, &result);
	if (parser->token.type != ADDB_TOKEN_END)
		addb_expression_fail(parser, "AND, OR or the end is expected");
	expressions->nsegments = nsegments;
}
