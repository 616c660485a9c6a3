/*
 * expression_actions.c
 *	  An update's text taken apart into its actions, for callers that have to know
 *	  what is changed, and that write the actions themselves.
 *
 * The text is first read as any other, so that what is wrong with it is told as
 * always. What remains is to recognise the forms of AddbUpdateForm. Refused are
 * all others, such as the sum of two attributes: they are right, but no caller
 * can tell their outcome or do them in parts.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

typedef struct Reader
{
	AddbExpressions *expressions;
	const char *argument;
	AddbLexer	lexer;
	AddbToken	token;			/* the one at hand */
	AddbUpdateAction action;
} Reader;

static _Noreturn void
refuse_form(const Reader *reader)
{
	const char *path = reader->action.path;

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("\"%s\" gives \"%s\" a value of a form that is not supported here",
					reader->argument, path),
			 errhint("It can be :value, another attribute, if_not_exists(%s, :value), "
					 "%s + :value, %s - :value or list_append(%s, :value), "
					 "with if_not_exists(%s, :start) in place of %s as well.",
					 path, path, path, path, path, path)));
}

static void
advance(Reader *reader)
{
	addb_expression_lex(&reader->lexer, &reader->token);
}

static bool
at(const Reader *reader, AddbTokenType type)
{
	return reader->token.type == type;
}

static void
take(Reader *reader, AddbTokenType type)
{
	if (!at(reader, type))
		refuse_form(reader);
	advance(reader);
}

/* A name without its quotes; one with what separates names cannot be written. */
static void
append_name(Reader *reader, StringInfo out)
{
	const AddbToken *token = &reader->token;
	int			start = out->len;

	if (!at(reader, ADDB_TOKEN_QUOTED))
		appendBinaryStringInfo(out, token->text, token->len);
	for (int i = 1; at(reader, ADDB_TOKEN_QUOTED) && i < token->len - 1; i++)
	{
		appendStringInfoChar(out, token->text[i]);
		i += token->text[i] == '"';
	}
	if (strpbrk(out->data + start, ".[") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("name \"%s\" in \"%s\" cannot have a dot or bracket here",
						out->data + start, reader->argument)));
	advance(reader);
}

/* A path as its names are joined; palloc'd. */
static const char *
read_path(Reader *reader)
{
	StringInfoData out;

	initStringInfo(&out);
	append_name(reader, &out);
	for (;;)
	{
		if (at(reader, ADDB_TOKEN_DOT))
		{
			advance(reader);
			appendStringInfoChar(&out, '.');
			append_name(reader, &out);
		}
		else if (at(reader, ADDB_TOKEN_OPEN_BRACKET))
		{
			advance(reader);
			appendStringInfo(&out, "[%.*s]", reader->token.len, reader->token.text);
			advance(reader);
			advance(reader);
		}
		else
			return out.data;
	}
}

static const JsonbValue *
read_value(Reader *reader)
{
	AddbExpressionMembers *values = &reader->expressions->values;
	AddbExpressionMember *member;

	if (!at(reader, ADDB_TOKEN_VALUE))
		refuse_form(reader);
	member = addb_expression_find_member(values, reader->token.text, reader->token.len);
	if (member == NULL)
		member = addb_expression_find_member(values, reader->token.text + 1,
											 reader->token.len - 1);
	member->taken = true;
	advance(reader);
	return &member->value;
}

/* Whether a function of this name is called here; it is then entered. */
static bool
enter_call(Reader *reader, const char *function)
{
	AddbLexer	ahead = reader->lexer;
	AddbToken	next;

	if (!addb_expression_is_word(&reader->token, function))
		return false;
	addb_expression_lex(&ahead, &next);
	if (next.type != ADDB_TOKEN_OPEN)
		return false;
	advance(reader);
	advance(reader);
	return true;
}

/* The attribute that is changed, or another. */
static const char *
read_operand(Reader *reader)
{
	if (!at(reader, ADDB_TOKEN_WORD) && !at(reader, ADDB_TOKEN_QUOTED))
		refuse_form(reader);
	return read_path(reader);
}

static void
require_target(const Reader *reader, const char *path)
{
	if (strcmp(path, reader->action.path) != 0)
		refuse_form(reader);
}

/* The value behind if_not_exists(p, which has been entered. */
static const JsonbValue *
read_fallback(Reader *reader)
{
	const JsonbValue *value;

	require_target(reader, read_operand(reader));
	take(reader, ADDB_TOKEN_COMMA);
	value = read_value(reader);
	take(reader, ADDB_TOKEN_CLOSE);
	return value;
}

static void
read_append(Reader *reader)
{
	AddbUpdateAction *action = &reader->action;

	action->form = ADDB_FORM_APPEND;
	if (enter_call(reader, "if_not_exists"))
		action->fallback = read_fallback(reader);
	else
		require_target(reader, read_operand(reader));
	take(reader, ADDB_TOKEN_COMMA);
	action->value = read_value(reader);
	take(reader, ADDB_TOKEN_CLOSE);
}

/* Behind what is added to, or taken from. */
static void
read_sum(Reader *reader)
{
	reader->action.form = reader->token.text[0] == '+' ? ADDB_FORM_PLUS : ADDB_FORM_MINUS;
	advance(reader);
	reader->action.value = read_value(reader);
}

static void
read_assigned(Reader *reader)
{
	AddbUpdateAction *action = &reader->action;

	if (at(reader, ADDB_TOKEN_VALUE))
	{
		action->form = ADDB_FORM_SET;
		action->value = read_value(reader);
	}
	else if (enter_call(reader, "list_append"))
		read_append(reader);
	else if (enter_call(reader, "if_not_exists"))
	{
		action->fallback = read_fallback(reader);
		if (at(reader, ADDB_TOKEN_SIGN))
		{
			read_sum(reader);
			return;
		}
		action->form = ADDB_FORM_IF_NOT_EXISTS;
		action->value = action->fallback;
		action->fallback = NULL;
	}
	else
	{
		action->form = ADDB_FORM_COPY;
		action->source = read_operand(reader);
		if (at(reader, ADDB_TOKEN_SIGN))
		{
			require_target(reader, action->source);
			action->source = NULL;
			read_sum(reader);
		}
	}
}

static void
read_action(Reader *reader, const AddbToken *clause)
{
	AddbUpdateAction *action = &reader->action;

	memset(action, 0, sizeof(*action));
	action->path = read_path(reader);
	if (addb_expression_is_word(clause, "set"))
	{
		advance(reader);
		read_assigned(reader);
	}
	else if (addb_expression_is_word(clause, "remove"))
		action->form = ADDB_FORM_REMOVE;
	else
	{
		action->form = addb_expression_is_word(clause, "add") ? ADDB_FORM_ADD
			: ADDB_FORM_DELETE;
		action->value = read_value(reader);
	}
}

/* Raises what is wrong with the text, and leaves no trace in the expressions. */
static void
check(AddbExpressions *expressions, const char *argument, const char *text,
	  int len)
{
	AddbExpressions scratch = *expressions;
	StringInfoData out;

	memset(scratch.buckets, -1, sizeof(scratch.buckets));
	scratch.values.members = palloc(Max(scratch.values.n, 1) * sizeof(AddbExpressionMember));
	if (scratch.values.n > 0)
		memcpy(scratch.values.members, expressions->values.members,
			   scratch.values.n * sizeof(AddbExpressionMember));
	scratch.resolver = NULL;
	scratch.lists_are_sets = true;
	scratch.table = NULL;
	scratch.ntable = scratch.table_size = 0;
	scratch.segments = NULL;
	scratch.nsegments = scratch.segments_size = 0;
	scratch.paths = NULL;
	scratch.npaths = scratch.paths_size = 0;
	initStringInfo(&out);
	addb_expression_parse(&scratch, ADDB_UPDATE, argument, text, len, &out);
}

/*
 * addb_expressions_read_update - calls step for each action of an update's text
 *
 * Nothing is written. The values that it names count as used, but are not sent
 * for its sake. What step gets is palloc'd, or the expressions'. Raises what
 * addb_expressions_add raises, and 0A000 for an action of no form that
 * AddbUpdateForm has.
 */
void
addb_expressions_read_update(AddbExpressions *expressions, const char *argument,
							 const char *text, int len,
							 AddbUpdateActionStep step, void *arg)
{
	Reader		reader = {expressions, argument, {text, text + len}};

	check(expressions, argument, text, len);
	advance(&reader);
	while (!at(&reader, ADDB_TOKEN_END))
	{
		AddbToken	clause = reader.token;

		do
		{
			advance(&reader);
			read_action(&reader, &clause);
			step(arg, &reader.action);
		} while (at(&reader, ADDB_TOKEN_COMMA));
		if (!at(&reader, ADDB_TOKEN_END) && !at(&reader, ADDB_TOKEN_WORD))
			refuse_form(&reader);
	}
}
