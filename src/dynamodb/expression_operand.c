/*
 * expression_operand.c
 *	  Operands: paths, :v, calls, and all of them in parentheses.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

/*
 * addb_expression_parse_value - reads a :v
 *
 * Raises 42601 when the token at hand is none, 22023 when the values lack it,
 * 54000 when it is longer than DynamoDB takes.
 */
void
addb_expression_parse_value(AddbExpressionParser *parser, AddbOperand *operand)
{
	const AddbToken *token = &parser->token;
	AddbExpressionMember *member;
	bool		first_use;

	if (token->type != ADDB_TOKEN_VALUE)
		addb_expression_fail(parser, "a value, written as :name, is expected");
	member = addb_expression_member(&parser->expressions->values, token, &first_use);
	if (member == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no value for \"%s\" in argument \"%s\"",
						addb_expression_excerpt(token->text, token->len),
						parser->expressions->values.argument),
				 errdetail("Argument \"%s\" uses it at character %d.",
						   parser->argument,
						   addb_expression_character(parser, token->text)),
				 addb_expression_errposition(parser, token->text)));
	operand->type = ADDB_OPERAND_VALUE;
	operand->token = *token;
	operand->types = addb_expression_value_type(&member->value);
	operand->subject = NULL;
	operand->value = &member->value;
	operand->member = member;
	operand->first_use = first_use;
	operand->place = parser->out->len;
	operand->grouped = false;
	operand->repeatable = true;
	addb_expression_emit(parser, token->text, token->len);
	addb_expression_advance(parser);
}

static void
parse_operand_path(AddbExpressionParser *parser, AddbOperand *operand)
{
	operand->type = ADDB_OPERAND_PATH;
	operand->token = parser->token;
	operand->types = ADDB_TYPE_ANY;
	operand->grouped = false;
	operand->repeatable = false;
	addb_expression_parse_path(parser, &operand->path);
	addb_expression_take_subject(parser, operand);
}

/* A call whose result is a value. */
static void
parse_operand_call(AddbExpressionParser *parser, AddbOperand *operand)
{
	addb_expression_parse_call(parser, operand);
	if (operand->type == ADDB_OPERAND_CONDITION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function \"%s\" in argument \"%s\" cannot be an operand",
						pnstrdup(operand->token.text, operand->token.len),
						parser->argument),
				 errdetail("The call at character %d is a condition.",
						   addb_expression_character(parser, operand->token.text)),
				 addb_expression_errposition(parser, operand->token.text)));
}

/*
 * addb_expression_parse_operand - reads one operand
 *
 * Raises 42601 when none begins at the token at hand, and what its parts raise.
 */
void
addb_expression_parse_operand(AddbExpressionParser *parser, AddbOperand *operand)
{
	switch (parser->token.type)
	{
		case ADDB_TOKEN_VALUE:
			addb_expression_parse_value(parser, operand);
			break;
		case ADDB_TOKEN_OPEN:
			addb_expression_parse_group(parser, operand,
										addb_expression_parse_operand);
			break;
		case ADDB_TOKEN_WORD:
			if (addb_expression_at_call(parser))
				parse_operand_call(parser, operand);
			else if (addb_expression_is_number(&parser->token))
				addb_expression_fail(parser, "an operand is expected");
			else
				parse_operand_path(parser, operand);
			break;
		case ADDB_TOKEN_QUOTED:
		case ADDB_TOKEN_NAME:
			parse_operand_path(parser, operand);
			break;
		default:
			addb_expression_fail(parser, "an operand is expected");
	}
}

/* Takes out the byte at this place of what was written. */
static void
remove_byte(StringInfo out, int place)
{
	memmove(out->data + place, out->data + place + 1, out->len - place);
	out->len--;
}

/*
 * addb_expression_parse_group - reads what stands in parentheses by a rule
 *
 * DynamoDB refuses parentheses directly within others, so that of such pairs
 * only the innermost is written.
 */
void
addb_expression_parse_group(AddbExpressionParser *parser, AddbOperand *operand,
							AddbExpressionRule inner)
{
	int			place = parser->out->len;

	addb_expression_enter(parser);
	addb_expression_emit_literal(parser, "(");
	addb_expression_advance(parser);
	inner(parser, operand);
	addb_expression_expect(parser, ADDB_TOKEN_CLOSE, "\")\" is expected");
	parser->depth--;
	if (operand->grouped)
	{
		remove_byte(parser->out, place);
		operand->place--;
	}
	else
		addb_expression_emit_literal(parser, ")");
	operand->grouped = true;
}
