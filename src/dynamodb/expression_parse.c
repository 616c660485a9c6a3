/*
 * expression_parse.c
 *	  The frame of the parser of expressions: tokens, the text that is written,
 *	  and its limits.
 *
 * Keywords are recognised by their place: the rules of the grammar ask for one
 * where one can stand, and take every word for a name elsewhere.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"
#include "miscadmin.h"

/*
 * addb_expression_too_long - raises 54000: more than DynamoDB takes
 */
void
addb_expression_too_long(const char *argument)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("argument \"%s\" is too long for DynamoDB", argument),
			 errdetail("With placeholders for its names it has more than %d bytes.",
					   ADDB_EXPRESSION_MAX_BYTES)));
}

/*
 * addb_expression_advance - consumes the token at hand and reads the next
 */
void
addb_expression_advance(AddbExpressionParser *parser)
{
	parser->consumed = parser->token.text + parser->token.len;
	addb_expression_lex(&parser->lexer, &parser->token);
}

/*
 * addb_expression_expect - consumes a token of this type, or raises 42601
 */
void
addb_expression_expect(AddbExpressionParser *parser, AddbTokenType type,
					   const char *said)
{
	if (parser->token.type != type)
		addb_expression_fail(parser, said);
	addb_expression_advance(parser);
}

/*
 * addb_expression_emit - writes ASCII that JSON needs not escape
 *
 * The limit is checked here roughly, so that a text of any length costs no more
 * than one of the greatest, and exactly at the end: parentheses that turn out
 * redundant are taken out again.
 */
void
addb_expression_emit(AddbExpressionParser *parser, const char *text, int len)
{
	appendBinaryStringInfo(parser->out, text, len);
	if (parser->out->len - parser->start >
		ADDB_EXPRESSION_MAX_BYTES + ADDB_EXPRESSION_MAX_DEPTH)
		addb_expression_too_long(parser->argument);
}

/*
 * addb_expression_count_operator - counts an operator or function
 *
 * Raises 54000 at one more than DynamoDB takes in an expression.
 */
void
addb_expression_count_operator(AddbExpressionParser *parser)
{
	if (++parser->operators > ADDB_EXPRESSION_MAX_OPERATORS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"%s\" has too many operators for DynamoDB",
						parser->argument),
				 errdetail("DynamoDB takes %d operators and functions in an expression.",
						   ADDB_EXPRESSION_MAX_OPERATORS)));
}

/*
 * addb_expression_enter - goes a level deeper; parser->depth-- comes back
 */
void
addb_expression_enter(AddbExpressionParser *parser)
{
	check_stack_depth();
	if (++parser->depth > ADDB_EXPRESSION_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"%s\" is nested too deeply",
						parser->argument),
				 errdetail("At character %d, there are more than %d levels.",
						   addb_expression_character(parser, parser->token.text),
						   ADDB_EXPRESSION_MAX_DEPTH),
				 addb_expression_errposition(parser, parser->token.text)));
}

/*
 * addb_expression_parse - reads an expression and appends DynamoDB's text
 *
 * As addb_expressions_add, but for the name and quotes of the member.
 */
void
addb_expression_parse(AddbExpressions *expressions, AddbExpressionKind kind,
					  const char *argument, const char *text, int len,
					  StringInfo out)
{
	AddbExpressionParser parser = {
		.expressions = expressions,
		.kind = kind,
		.argument = argument,
		.text = text,
		.lexer = {text, text + len},
		.out = out,
		.start = out->len
	};

	addb_expression_lex(&parser.lexer, &parser.token);
	if (parser.token.type == ADDB_TOKEN_END)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", argument)));
	if (kind == ADDB_UPDATE)
		addb_expression_parse_update(&parser);
	else if (kind == ADDB_PROJECTION)
		addb_expression_parse_projection(&parser);
	else
		addb_expression_parse_condition(&parser);
	if (out->len - parser.start > ADDB_EXPRESSION_MAX_BYTES)
		addb_expression_too_long(argument);
}
