/*
 * expression_function.c
 *	  Calls of functions: which there are, where they may stand, and what their
 *	  operands can be.
 *
 * A word with a parenthesis behind it is a function: no attribute is followed
 * by one. DynamoDB tells capital letters from small ones here.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

#define FOR(kind) (1 << (kind))
#define FOR_CONDITIONS (FOR(ADDB_CONDITION) | FOR(ADDB_FILTER))
#define FOR_UPDATES FOR(ADDB_UPDATE)

#define MAX_OPERANDS 2

typedef struct Function
{
	const char *name;
	int			kinds;			/* the expressions it may stand in */
	int			result;			/* bits of its type, 0: it is a condition */
	bool		of_path;		/* the first operand is a path */
	int			noperands;
	int			types[MAX_OPERANDS];	/* of the operands */
} Function;

static const Function functions[] = {
	{"attribute_exists", FOR_CONDITIONS, 0, true, 1, {ADDB_TYPE_ANY}},
	{"attribute_not_exists", FOR_CONDITIONS, 0, true, 1, {ADDB_TYPE_ANY}},
	{"attribute_type", FOR_CONDITIONS, 0, false, 2, {ADDB_TYPE_ANY, ADDB_TYPE_S}},
	{"begins_with", FOR_CONDITIONS | FOR(ADDB_KEY_CONDITION), 0, false, 2,
	{ADDB_TYPE_S | ADDB_TYPE_B, ADDB_TYPE_S | ADDB_TYPE_B}},
	{"contains", FOR_CONDITIONS, 0, false, 2, {ADDB_TYPE_ANY, ADDB_TYPE_ANY}},
	{"size", FOR_CONDITIONS, ADDB_TYPE_N, false, 1,
	{ADDB_TYPE_ANY & ~(ADDB_TYPE_N | ADDB_TYPE_BOOL | ADDB_TYPE_NULL)}},
	{"if_not_exists", FOR_UPDATES, ADDB_TYPE_ANY, true, 2, {ADDB_TYPE_ANY, ADDB_TYPE_ANY}},
	{"list_append", FOR_UPDATES, ADDB_TYPE_L, false, 2, {ADDB_TYPE_L, ADDB_TYPE_L}},
};

/* The functions that a kind of expression has: "a, b and c". */
static char *
function_names(AddbExpressionKind kind)
{
	StringInfoData names;
	int			left = 0;

	for (int i = 0; i < lengthof(functions); i++)
		left += (functions[i].kinds & FOR(kind)) != 0;
	initStringInfo(&names);
	for (int i = 0; i < lengthof(functions); i++)
	{
		if ((functions[i].kinds & FOR(kind)) == 0)
			continue;
		appendStringInfo(&names, "%s%s", names.len == 0 ? "" : left == 1 ? " and " : ", ",
						 functions[i].name);
		left--;
	}
	return names.data;
}

static void
unknown_function(const AddbExpressionParser *parser, const char *meant)
{
	const AddbToken *token = &parser->token;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown function \"%s\" in argument \"%s\"",
					addb_expression_excerpt(token->text, token->len),
					parser->argument),
			 errdetail("At character %d, a function of this argument is expected: %s.",
					   addb_expression_character(parser, token->text),
					   function_names(parser->kind)),
			 meant != NULL ? errhint("DynamoDB writes it in small letters: %s.", meant) : 0,
			 addb_expression_errposition(parser, token->text)));
}

/* The function that the token at hand names; raises when it is none. */
static const Function *
find_function(const AddbExpressionParser *parser)
{
	const AddbToken *token = &parser->token;

	for (int i = 0; i < lengthof(functions); i++)
	{
		const Function *function = &functions[i];

		if (!addb_expression_is_word(token, function->name))
			continue;
		if (memcmp(token->text, function->name, token->len) != 0)
			unknown_function(parser, function->name);
		if ((function->kinds & FOR(parser->kind)) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("function \"%s\" cannot be used in argument \"%s\"",
							function->name, parser->argument),
					 errdetail("It stands at character %d; the functions of this argument are %s.",
							   addb_expression_character(parser, token->text),
							   function_names(parser->kind)),
					 addb_expression_errposition(parser, token->text)));
		return function;
	}
	unknown_function(parser, NULL);
	return NULL;
}

static void
wrong_number(const AddbExpressionParser *parser, const Function *function,
			 const AddbToken *call, int n)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("function \"%s\" in argument \"%s\" takes %d operand%s, not %d",
					function->name, parser->argument, function->noperands,
					function->noperands == 1 ? "" : "s", n),
			 errdetail("It is called at character %d.",
					   addb_expression_character(parser, call->text)),
			 addb_expression_errposition(parser, call->text)));
}

/* Checks what can be told without the item. */
static void
check_operands(const AddbExpressionParser *parser, const Function *function,
			   const AddbOperand *operands)
{
	if (function->of_path && operands[0].type != ADDB_OPERAND_PATH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("first operand of function \"%s\" in argument \"%s\" must be a path",
						function->name, parser->argument),
				 errdetail("Something else stands at character %d.",
						   addb_expression_character(parser, operands[0].token.text)),
				 addb_expression_errposition(parser, operands[0].token.text)));
	for (int i = 0; i < function->noperands; i++)
		addb_expression_check_type(parser, &operands[i], function->types[i],
								   function->name);
	if (strcmp(function->name, "attribute_type") == 0)
		addb_expression_check_type_name(parser, &operands[1]);
}

/*
 * Whether assigning the call's value to the target of SET again changes
 * nothing: so it is with if_not_exists(target, ...), for then it exists.
 */
static bool
is_repeatable(const AddbExpressionParser *parser, const Function *function,
			  const AddbOperand *operands)
{
	return strcmp(function->name, "if_not_exists") == 0 &&
		addb_expression_same_path(parser->expressions, &operands[0].path,
								  &parser->target) &&
		operands[1].repeatable;
}

/* Reads the operands up to the closing parenthesis; returns their number. */
static int
parse_operands(AddbExpressionParser *parser, AddbOperand *operands)
{
	int			n = 0;

	if (parser->token.type == ADDB_TOKEN_CLOSE)
		return 0;
	for (;;)
	{
		AddbOperand surplus;

		addb_expression_parse_operand(parser,
									  n < MAX_OPERANDS ? &operands[n] : &surplus);
		n++;
		if (parser->token.type != ADDB_TOKEN_COMMA)
			return n;
		addb_expression_emit_literal(parser, ", ");
		addb_expression_advance(parser);
	}
}

/*
 * addb_expression_at_call - whether the token at hand begins a call
 */
bool
addb_expression_at_call(const AddbExpressionParser *parser)
{
	AddbLexer	ahead = parser->lexer;
	AddbToken	next;

	if (parser->token.type != ADDB_TOKEN_WORD)
		return false;
	addb_expression_lex(&ahead, &next);
	return next.type == ADDB_TOKEN_OPEN;
}

/*
 * addb_expression_parse_call - reads a call of a function
 *
 * operand->type becomes CALL or CONDITION. Raises 42601, and 22023 for a
 * function that does not exist or not here and for operands that it never takes.
 */
void
addb_expression_parse_call(AddbExpressionParser *parser, AddbOperand *operand)
{
	const Function *function = find_function(parser);
	AddbToken	call = parser->token;
	AddbOperand operands[MAX_OPERANDS];
	int			n;

	addb_expression_enter(parser);
	addb_expression_count_operator(parser);
	addb_expression_emit(parser, call.text, call.len);
	addb_expression_emit_literal(parser, "(");
	addb_expression_advance(parser);
	addb_expression_advance(parser);
	n = parse_operands(parser, operands);
	if (parser->token.type != ADDB_TOKEN_CLOSE)
		addb_expression_fail(parser, "a comma or \")\" is expected");
	if (n != function->noperands)
		wrong_number(parser, function, &call, n);
	check_operands(parser, function, operands);
	if (n == 2)
		addb_expression_bind_call(parser, function->name, operands);
	addb_expression_emit_literal(parser, ")");
	addb_expression_advance(parser);
	parser->depth--;

	operand->type = function->result == 0 ? ADDB_OPERAND_CONDITION : ADDB_OPERAND_CALL;
	operand->types = function->result;
	operand->subject = strcmp(function->name, "size") == 0 &&
		operands[0].type == ADDB_OPERAND_PATH ? operands[0].subject : NULL;
	operand->token = call;
	operand->grouped = false;
	operand->repeatable = is_repeatable(parser, function, operands);
}
