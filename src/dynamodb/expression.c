/*
 * expression.c
 *	  The expressions of a request: their names and values, and the members of
 *	  the request that they become.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/expression_internal.h"
#include "utils/builtins.h"

/* How many elements the arrays start with: most requests need no more. */
#define INITIAL_SIZE 16

static const char *const request_members[] = {
	[ADDB_CONDITION] = ",\"ConditionExpression\":\"",
	[ADDB_FILTER] = ",\"FilterExpression\":\"",
	[ADDB_KEY_CONDITION] = ",\"KeyConditionExpression\":\"",
	[ADDB_UPDATE] = ",\"UpdateExpression\":\"",
	[ADDB_PROJECTION] = ",\"ProjectionExpression\":\"",
};

/*
 * addb_expression_grow - a larger copy of an array, or its first one
 *
 * *size, the number of elements there is room for, is doubled.
 */
void *
addb_expression_grow(void *array, int used, int *size, size_t element)
{
	*size = used == 0 ? INITIAL_SIZE : used * 2;
	return array == NULL ? palloc(*size * element) :
		repalloc(array, *size * element);
}

/* Reads the members of an object, so that each can be marked as used. */
static void
read_members(AddbExpressionMembers *members, const char *argument, Jsonb *object)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	v;

	members->argument = argument;
	members->members = NULL;
	members->n = 0;
	if (object == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON object", argument)));
	members->members = palloc(JB_ROOT_COUNT(object) * sizeof(AddbExpressionMember));
	iterator = JsonbIteratorInit(&object->root);
	while ((token = JsonbIteratorNext(&iterator, &v, true)) != WJB_DONE)
	{
		AddbExpressionMember *member = &members->members[members->n];

		if (token == WJB_KEY)
		{
			member->key = v.val.string.val;
			member->len = v.val.string.len;
			member->used = false;
			member->taken = false;
		}
		else if (token == WJB_VALUE)
		{
			member->value = v;
			members->n++;
		}
	}
}

static void
check_names(const AddbExpressionMembers *names)
{
	for (int i = 0; i < names->n; i++)
	{
		const AddbExpressionMember *member = &names->members[i];
		const char *key;

		if (member->value.type == jbvString && member->value.val.string.len > 0 &&
			member->value.val.string.len <= ADDB_EXPRESSION_MAX_NAME)
			continue;
		key = addb_expression_excerpt(member->key, member->len);
		if (member->value.type != jbvString || member->value.val.string.len == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" in argument \"%s\" must be the name of an attribute",
							key, names->argument),
					 errdetail("Its value must be a string that is not empty.")));
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"%s\" in argument \"%s\" is too long for an attribute name",
						key, names->argument),
				 errdetail("It has %d bytes; DynamoDB takes %d.",
						   member->value.val.string.len, ADDB_EXPRESSION_MAX_NAME)));
	}
}

/*
 * addb_expressions_begin - the expressions of a request, none as yet
 *
 * names gives the #n that the texts use, values the :v; both may be NULL and
 * must stay until addb_expressions_finish, as must all texts. The result is
 * palloc'd. Raises 22023 when one of them is no object or when a member of
 * names is not the name of an attribute, 54000 when such a name is too long.
 */
AddbExpressions *
addb_expressions_begin(Jsonb *names, Jsonb *values)
{
	AddbExpressions *expressions = palloc0(sizeof(AddbExpressions));

	read_members(&expressions->names, "names", names);
	read_members(&expressions->values, "vals", values);
	check_names(&expressions->names);
	memset(expressions->buckets, -1, sizeof(expressions->buckets));
	expressions->idempotent = true;
	return expressions;
}

/*
 * addb_expressions_without_names - the caller has no names for #n
 *
 * For messages; names was NULL.
 */
void
addb_expressions_without_names(AddbExpressions *expressions)
{
	expressions->names.argument = NULL;
}

/*
 * addb_expressions_call_values - what messages call the values: "vals" if not
 *
 * To be called before the first expression is added. argument must stay.
 */
void
addb_expressions_call_values(AddbExpressions *expressions, const char *argument)
{
	expressions->values.argument = argument;
}

/*
 * addb_expressions_set_resolver - has the names of the texts translated
 *
 * To be called before the first expression is added; arg is handed to resolver.
 */
void
addb_expressions_set_resolver(AddbExpressions *expressions,
							  AddbExpressionResolver resolver, void *arg)
{
	expressions->resolver = resolver;
	expressions->resolver_arg = arg;
}

/*
 * addb_expression_find_member - a member by its exact key, or NULL
 *
 * jsonb orders the keys of an object by their lengths first.
 */
AddbExpressionMember *
addb_expression_find_member(const AddbExpressionMembers *members, const char *key,
							int len)
{
	int			low = 0;
	int			high = members->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		AddbExpressionMember *member = &members->members[middle];
		int			order = member->len != len ? member->len - len :
			memcmp(member->key, key, len);

		if (order == 0)
			return member;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * addb_expression_member - the member that #n or :v means, marked as used
 *
 * Its first character may be left out of the key. *first_use: it was not used
 * before. Returns NULL when there is none. Raises 22023 when there are both, 54000
 * when DynamoDB has no placeholders of that length.
 */
AddbExpressionMember *
addb_expression_member(AddbExpressionMembers *members, const AddbToken *token,
					   bool *first_use)
{
	AddbExpressionMember *member =
		addb_expression_find_member(members, token->text, token->len);
	AddbExpressionMember *bare =
		addb_expression_find_member(members, token->text + 1, token->len - 1);

	if (member != NULL && bare != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" has both \"%.*s\" and \"%.*s\"",
						members->argument, member->len, member->key,
						bare->len, bare->key)));
	if (member == NULL)
		member = bare;
	if (member == NULL)
		return NULL;
	if (token->len > ADDB_EXPRESSION_MAX_PLACEHOLDER)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("placeholder \"%s\" is too long",
						addb_expression_excerpt(token->text, token->len)),
				 errdetail("It has %d bytes; DynamoDB takes %d.", token->len,
						   ADDB_EXPRESSION_MAX_PLACEHOLDER)));
	*first_use = !member->used;
	member->used = true;
	return member;
}

/* The next number whose placeholder the user has not taken. */
static int
new_number(AddbExpressions *expressions)
{
	char		text[16] = "#n";

	for (;;)
	{
		int			number = expressions->next_number++;
		int			len;

		if (expressions->names.n == 0)
			return number;
		len = 2 + pg_ltoa(number, text + 2);
		if (addb_expression_find_member(&expressions->names, text, len) == NULL &&
			addb_expression_find_member(&expressions->names, text + 1, len - 1) == NULL)
			return number;
	}
}

/*
 * addb_expression_intern - the index of a name in the table, new or old
 *
 * name must stay. A new one gets the placeholder of the token given, or one of
 * its own when that is NULL.
 */
int
addb_expression_intern(AddbExpressions *expressions, const char *name, int len,
					   const AddbToken *given)
{
	uint32		hash = hash_bytes((const unsigned char *) name, len);
	int		   *bucket = &expressions->buckets[hash % ADDB_EXPRESSION_BUCKETS];
	AddbExpressionName *entry;

	for (int i = *bucket; i >= 0; i = entry->next)
	{
		entry = &expressions->table[i];
		if (entry->hash == hash && entry->len == len &&
			memcmp(entry->name, name, len) == 0)
			return i;
	}
	if (expressions->ntable == expressions->table_size)
		expressions->table = addb_expression_grow(expressions->table,
												  expressions->ntable,
												  &expressions->table_size,
												  sizeof(AddbExpressionName));
	entry = &expressions->table[expressions->ntable];
	entry->name = name;
	entry->len = len;
	entry->hash = hash;
	entry->next = *bucket;
	entry->given = given != NULL ? given->text : NULL;
	entry->given_len = given != NULL ? given->len : 0;
	entry->number = given != NULL ? 0 : new_number(expressions);
	*bucket = expressions->ntable;
	return expressions->ntable++;
}

/*
 * addb_expressions_add - compiles an expression into a member of the request
 *
 * Appends ,"ConditionExpression":"..." or the like. text has len bytes in the
 * server's encoding; argument is what messages call it. Raises 42601 for what
 * the grammar does not have, with the position; 22023 for what it has and
 * DynamoDB would not take: a #n or :v that is not defined, an unknown function,
 * a wrong number or type of operands, two clauses of one kind, paths that
 * overlap; 54000 over a limit of DynamoDB.
 */
void
addb_expressions_add(AddbExpressions *expressions, AddbExpressionKind kind,
					 const char *argument, const char *text, int len,
					 StringInfo out)
{
	appendStringInfoString(out, request_members[kind]);
	addb_expression_parse(expressions, kind, argument, text, len, out);
	appendStringInfoCharMacro(out, '"');
}

/* The user's members must all be used, or DynamoDB refuses the request. */
static void
check_used(const AddbExpressionMembers *members, char sigil)
{
	for (int i = 0; i < members->n; i++)
	{
		const AddbExpressionMember *member = &members->members[i];
		bool		bare = member->len == 0 || member->key[0] != sigil;

		if (!member->used && !member->taken)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%.*s%s\" in argument \"%s\" is used by no expression",
							bare ? 1 : 0, &sigil,
							addb_expression_excerpt(member->key, member->len),
							members->argument)));
	}
}

static void
append_names(const AddbExpressions *expressions, StringInfo out)
{
	for (int i = 0; i < expressions->ntable; i++)
	{
		const AddbExpressionName *entry = &expressions->table[i];
		char		number[16];

		appendStringInfoString(out, i == 0 ? ",\"ExpressionAttributeNames\":{\"" : ",\"");
		if (entry->given != NULL)
			appendBinaryStringInfo(out, entry->given, entry->given_len);
		else
		{
			appendStringInfoString(out, "#n");
			appendBinaryStringInfo(out, number, pg_ltoa(entry->number, number));
		}
		appendStringInfoString(out, "\":");
		addb_av_append_string(out, entry->name, entry->len);
	}
	if (expressions->ntable > 0)
		appendStringInfoCharMacro(out, '}');
}

static void
append_values(const AddbExpressions *expressions, StringInfo out)
{
	const AddbExpressionMembers *values = &expressions->values;
	int			n = 0;

	for (int i = 0; i < values->n; i++)
	{
		const AddbExpressionMember *member = &values->members[i];

		if (!member->used)
			continue;
		appendStringInfoString(out, n++ == 0 ? ",\"ExpressionAttributeValues\":{\"" : ",\"");
		if (member->key[0] != ':')
			appendStringInfoCharMacro(out, ':');
		appendBinaryStringInfo(out, member->key, member->len);
		appendStringInfoString(out, "\":");
		addb_av_encode_value(out, &member->value, values->argument);
	}
	if (expressions->own_values.len > 0)
	{
		if (n == 0)
			appendStringInfoString(out, ",\"ExpressionAttributeValues\":{");
		appendBinaryStringInfo(out, expressions->own_values.data + (n == 0),
							   expressions->own_values.len - (n == 0));
	}
	if (n > 0 || expressions->own_values.len > 0)
		appendStringInfoCharMacro(out, '}');
}

/*
 * addb_expressions_finish - appends the names and values of the expressions
 *
 * ,"ExpressionAttributeNames":{...} and ,"ExpressionAttributeValues":{...},
 * each only when there are any. To be called once, after all expressions.
 * Raises 22023 for a member of values or names that no expression has used, and
 * what addb_av_encode_value raises.
 */
void
addb_expressions_finish(AddbExpressions *expressions, StringInfo out)
{
	check_used(&expressions->values, ':');
	check_used(&expressions->names, '#');
	append_names(expressions, out);
	append_values(expressions, out);
}

/*
 * addb_expressions_update_is_idempotent - whether the update may be made twice
 *
 * True when every action of it, applied again, leaves the item as it is: SET of
 * a :v, or of if_not_exists(path, :v) to that path; REMOVE; DELETE. Not when a
 * list element is changed, for it may be another one the next time, and not for
 * what reads another attribute. Also true when there has been no update.
 */
bool
addb_expressions_update_is_idempotent(const AddbExpressions *expressions)
{
	return expressions->idempotent;
}

/*
 * addb_expressions_projects - whether a projection has all of an attribute
 *
 * name is of the item's top level, in the server's encoding.
 */
bool
addb_expressions_projects(const AddbExpressions *expressions, const char *name,
						  int len)
{
	for (int i = 0; i < expressions->npaths; i++)
	{
		const AddbDocumentPath *path = &expressions->paths[i];
		const AddbExpressionName *entry;

		if (path->count != 1)
			continue;
		entry = &expressions->table[expressions->segments[path->first]];
		if (entry->len == len && memcmp(entry->name, name, len) == 0)
			return true;
	}
	return false;
}

/*
 * addb_expressions_member - ,"ConditionExpression":" or the like
 *
 * What a request's member begins with, for callers who write its text.
 */
const char *
addb_expressions_member(AddbExpressionKind kind)
{
	return request_members[kind];
}
