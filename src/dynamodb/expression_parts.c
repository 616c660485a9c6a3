/*
 * expression_parts.c
 *	  Expressions that a caller writes in part or as a whole: names, values and
 *	  parsed conditions among its own text.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"
#include "utils/builtins.h"

/*
 * addb_expressions_placeholder - the placeholder of a name, made if need be
 *
 * For callers who write parts of expressions of their own, before
 * addb_expressions_finish. name must stay until then. The result is palloc'd.
 */
const char *
addb_expressions_placeholder(AddbExpressions *expressions, const char *name,
							 int len)
{
	int			index = addb_expression_intern(expressions, name, len, NULL);
	const AddbExpressionName *entry = &expressions->table[index];

	if (entry->given != NULL)
		return pnstrdup(entry->given, entry->given_len);
	return psprintf("#n%d", entry->number);
}

/*
 * addb_expressions_append - compiles an expression as a part of a larger one
 *
 * As addb_expressions_add, without the name of the request's member and the
 * quotes: for callers who write the rest of the expression themselves.
 */
void
addb_expressions_append(AddbExpressions *expressions, AddbExpressionKind kind,
						const char *argument, const char *text, int len,
						StringInfo out)
{
	addb_expression_parse(expressions, kind, argument, text, len, out);
}

/* Whether a condition for DynamoDB is in one pair of parentheses as a whole. */
static bool
is_group(const char *text, int len)
{
	int			depth = 0;

	for (int i = 0; i < len; i++)
	{
		depth += (text[i] == '(') - (text[i] == ')');
		if (depth == 0)
			return i == len - 1 && text[0] == '(';
	}
	return false;
}

/*
 * addb_expressions_append_group - compiles a condition, in parentheses
 *
 * So that AND may stand beside it, whatever it is. As addb_expressions_append;
 * DynamoDB refuses parentheses directly within others, so there is one pair.
 */
void
addb_expressions_append_group(AddbExpressions *expressions, const char *argument,
							  const char *text, int len, StringInfo out)
{
	StringInfoData condition;

	initStringInfo(&condition);
	addb_expressions_append(expressions, ADDB_CONDITION, argument, text, len,
							&condition);
	if (is_group(condition.data, condition.len))
		appendBinaryStringInfo(out, condition.data, condition.len);
	else
		appendStringInfo(out, "(%s)", condition.data);
	pfree(condition.data);
}

/*
 * addb_expressions_append_name - appends the placeholder of a name
 *
 * As addb_expressions_placeholder.
 */
void
addb_expressions_append_name(AddbExpressions *expressions, const char *name, int len,
							 StringInfo out)
{
	int			index = addb_expression_intern(expressions, name, len, NULL);
	const AddbExpressionName *entry = &expressions->table[index];
	char		text[16] = "#n";

	if (entry->given != NULL)
		appendBinaryStringInfo(out, entry->given, entry->given_len);
	else
		appendBinaryStringInfo(out, text, 2 + pg_ltoa(entry->number, text + 2));
}

/*
 * addb_expressions_project_names - appends a ProjectionExpression of every name
 * that there is so far, each as a field of the item's top level
 */
void
addb_expressions_project_names(AddbExpressions *expressions, StringInfo out)
{
	appendStringInfoString(out, addb_expressions_member(ADDB_PROJECTION));
	for (int i = 0; i < expressions->ntable; i++)
	{
		const AddbExpressionName *entry = &expressions->table[i];

		appendStringInfoString(out, i > 0 ? ", " : "");
		addb_expressions_append_name(expressions, entry->name, entry->len, out);
	}
	appendStringInfoChar(out, '"');
}

/*
 * addb_expressions_append_value - appends a placeholder for a value of the caller's
 *
 * It is one that the user's values do not have. The AttributeValue itself is to
 * be appended to the buffer returned, at once and as a whole.
 */
StringInfo
addb_expressions_append_value(AddbExpressions *expressions, StringInfo out)
{
	char		text[16] = ":v";
	int			len;

	do
		len = 2 + pg_ltoa(expressions->next_value++, text + 2);
	while (addb_expression_find_member(&expressions->values, text, len) != NULL ||
		   addb_expression_find_member(&expressions->values, text + 1, len - 1) != NULL);
	appendBinaryStringInfo(out, text, len);
	if (expressions->own_values.data == NULL)
		initStringInfo(&expressions->own_values);
	appendStringInfoString(&expressions->own_values, ",\"");
	appendBinaryStringInfo(&expressions->own_values, text, len);
	appendStringInfoString(&expressions->own_values, "\":");
	return &expressions->own_values;
}
