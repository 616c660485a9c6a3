/*
 * expression_error.c
 *	  What is said of an expression that is wrong, and where.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"
#include "mb/pg_wchar.h"

/* A name may have 64 kB; a message shows that much of it. */
#define EXCERPT_BYTES 60

/* Whether the token at hand is the dash in what was meant as a name: a-b. */
static bool
at_dash_of_name(const AddbExpressionParser *parser)
{
	const AddbToken *token = &parser->token;
	AddbLexer	ahead = parser->lexer;
	AddbToken	next;

	if (token->type != ADDB_TOKEN_SIGN || token->text[0] != '-' ||
		parser->consumed != token->text)
		return false;
	addb_expression_lex(&ahead, &next);
	return next.type == ADDB_TOKEN_WORD && next.text == token->text + 1;
}

/* What people write who know other languages, and how DynamoDB writes it. */
static const char *
hint_for(const AddbExpressionParser *parser)
{
	const AddbToken *token = &parser->token;
	static const struct
	{
		const char *text;
		const char *hint;
	}			hints[] = {
		{"==", "DynamoDB writes equality as \"=\"."},
		{"!=", "DynamoDB writes inequality as \"<>\"."},
		{"=<", "DynamoDB writes this as \"<=\"."},
		{"=>", "DynamoDB writes this as \">=\"."},
		{"!", "DynamoDB writes negation as NOT."},
		{"&", "DynamoDB joins conditions by AND."},
		{"|", "DynamoDB joins conditions by OR."},
		{":", "A placeholder is made of letters, digits and \"_\"."},
		{"#", "A placeholder is made of letters, digits and \"_\"."},
	};

	for (int i = 0; i < lengthof(hints); i++)
		if (token->len == strlen(hints[i].text) &&
			memcmp(token->text, hints[i].text, token->len) == 0)
			return hints[i].hint;
	if (token->len == 1 && token->text[0] == '\'')
		return psprintf("A text is given as :name and a member of argument \"%s\"; a name stands in double quotes.",
						parser->expressions->values.argument);
	if (addb_expression_is_number(token))
		return psprintf("A number is given as :name and a member of argument \"%s\"; a name of digits alone stands in double quotes.",
						parser->expressions->values.argument);
	if (token->type == ADDB_TOKEN_INVALID || at_dash_of_name(parser))
		return "A name that holds more than letters, digits, \"_\" and \"$\" stands in double quotes.";
	return NULL;
}

/*
 * addb_expression_character - which character of the text a place is, from 1
 */
int
addb_expression_character(const AddbExpressionParser *parser, const char *place)
{
	return pg_mbstrlen_with_len(parser->text, (int) (place - parser->text)) + 1;
}

/*
 * addb_expression_errposition - within ereport: shows the text and the place
 */
int
addb_expression_errposition(const AddbExpressionParser *parser,
							const char *place)
{
	internalerrposition(addb_expression_character(parser, place));
	return internalerrquery(pnstrdup(parser->text,
									 parser->lexer.end - parser->text));
}

/*
 * addb_expression_excerpt - some text, or the beginning of it, for a message
 *
 * The result is palloc'd.
 */
char *
addb_expression_excerpt(const char *text, int len)
{
	if (len <= EXCERPT_BYTES)
		return pnstrdup(text, len);
	return psprintf("%.*s...", pg_mbcliplen(text, len, EXCERPT_BYTES), text);
}

/*
 * addb_expression_fail - raises 42601 at the token at hand
 *
 * said goes on after "At character N, ".
 */
void
addb_expression_fail(const AddbExpressionParser *parser, const char *said)
{
	const AddbToken *token = &parser->token;
	const char *hint = hint_for(parser);
	int			character = addb_expression_character(parser, token->text);

	if (token->type == ADDB_TOKEN_END)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("syntax error in argument \"%s\" at end of input",
						parser->argument),
				 errdetail("At character %d, %s.", character, said),
				 addb_expression_errposition(parser, token->text)));
	if (token->type == ADDB_TOKEN_UNTERMINATED)
		said = "a name begins whose closing quote is missing";
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("syntax error in argument \"%s\" at or near \"%s\"",
					parser->argument,
					addb_expression_excerpt(token->text, token->len)),
			 errdetail("At character %d, %s.", character, said),
			 hint != NULL ? errhint("%s", hint) : 0,
			 addb_expression_errposition(parser, token->text)));
}
