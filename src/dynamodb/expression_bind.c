/*
 * expression_bind.c
 *	  Values of conditions and the attributes they are used on, for a caller who
 *	  knows the attributes' types.
 *
 * The place of an operand decides: :v in "a = :v", "a IN (:v)" and the like is
 * compared with a. What the caller writes takes the place of :v in the text.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

/*
 * addb_expressions_set_binder - has the values of conditions checked
 *
 * To be called with a resolver set; NULL ends it. binder must stay.
 */
void
addb_expressions_set_binder(AddbExpressions *expressions,
							const AddbExpressionBinder *binder)
{
	expressions->binder = binder;
}

/*
 * addb_expression_take_subject - notes what a path that has just been read leads to
 */
void
addb_expression_take_subject(AddbExpressionParser *parser, AddbOperand *operand)
{
	const AddbExpressions *expressions = parser->expressions;

	operand->subject = expressions->binder == NULL ? NULL :
		expressions->binder->subject(expressions->resolver_arg, operand->path.count);
}

/* Puts a text in the place of a value's placeholder. */
static void
replace(StringInfo out, const AddbOperand *value, StringInfo text)
{
	int			end = value->place + value->token.len;
	char	   *rest = pnstrdup(out->data + end, out->len - end);
	int			rest_len = out->len - end;

	out->len = value->place;
	appendBinaryStringInfo(out, text->data, text->len);
	appendBinaryStringInfo(out, rest, rest_len);
	pfree(rest);
}

static void
bind(AddbExpressionParser *parser, const void *subject, AddbExpressionUse use,
	 AddbOperand *value)
{
	AddbExpressions *expressions = parser->expressions;
	StringInfoData text;

	initStringInfo(&text);
	if (expressions->binder->bind(expressions->resolver_arg, subject, use,
								  value->value, &text))
	{
		replace(parser->out, value, &text);
		value->member->taken = true;
		value->member->used &= !value->first_use;
	}
	pfree(text.data);
	value->type = ADDB_OPERAND_SUM; /* nothing that could be bound again */
}

/*
 * addb_expression_bind - has two operands checked that are compared
 *
 * Nothing happens unless one is a value and the other an attribute or its size.
 * To be called when right has just been read. Raises what the binder raises.
 */
void
addb_expression_bind(AddbExpressionParser *parser, AddbOperand *left,
					 AddbOperand *right)
{
	AddbOperand *value = left->type == ADDB_OPERAND_VALUE ? left : right;
	AddbOperand *other = value == left ? right : left;

	if (parser->expressions->binder == NULL ||
		value->type != ADDB_OPERAND_VALUE || other->subject == NULL)
		return;
	if (other->type == ADDB_OPERAND_PATH)
		bind(parser, other->subject, ADDB_USE_COMPARED, value);
	else if (other->type == ADDB_OPERAND_CALL)
		bind(parser, other->subject, ADDB_USE_SIZE, value);
}

/*
 * addb_expression_bind_call - the same for the two operands of a function
 *
 * To be called when the second has just been read.
 */
void
addb_expression_bind_call(AddbExpressionParser *parser, const char *function,
						  AddbOperand *operands)
{
	if (parser->expressions->binder == NULL || operands[0].subject == NULL ||
		operands[0].type != ADDB_OPERAND_PATH ||
		operands[1].type != ADDB_OPERAND_VALUE)
		return;
	if (strcmp(function, "begins_with") == 0)
		bind(parser, operands[0].subject, ADDB_USE_BEGINS, &operands[1]);
	else if (strcmp(function, "contains") == 0)
		bind(parser, operands[0].subject, ADDB_USE_CONTAINED, &operands[1]);
}
