/*
 * transact_action.c
 *	  The members of actions: which there are, of what type, and which an
 *	  operation must have.
 */
#include "postgres.h"

#include "dynamodb/transact_action.h"

/* As users write them, by AddbTransactOp. */
static const char *const op_names[] = {
	[ADDB_TRANSACT_PUT] = "put",
	[ADDB_TRANSACT_CREATE] = "create",
	[ADDB_TRANSACT_UPDATE] = "update",
	[ADDB_TRANSACT_UPSERT] = "upsert",
	[ADDB_TRANSACT_PATCH] = "patch",
	[ADDB_TRANSACT_DELETE] = "delete",
	[ADDB_TRANSACT_REMOVE] = "remove",
	[ADDB_TRANSACT_CHECK] = "check",
	[ADDB_TRANSACT_GET] = "get",
};

/* What the element of TransactItems is called, by operation. */
static const char *const wire_names[] = {
	[ADDB_TRANSACT_PUT] = "Put",
	[ADDB_TRANSACT_CREATE] = "Put",
	[ADDB_TRANSACT_UPDATE] = "Update",
	[ADDB_TRANSACT_UPSERT] = "Update",
	[ADDB_TRANSACT_PATCH] = "Update",
	[ADDB_TRANSACT_DELETE] = "Delete",
	[ADDB_TRANSACT_REMOVE] = "Delete",
	[ADDB_TRANSACT_CHECK] = "ConditionCheck",
	[ADDB_TRANSACT_GET] = "Get",
};

static bool
name_is(const JsonbValue *name, const char *text)
{
	return name->val.string.len == (int) strlen(text) &&
		memcmp(name->val.string.val, text, name->val.string.len) == 0;
}

/*
 * addb_transact_op_name - an operation as users write it
 */
const char *
addb_transact_op_name(AddbTransactOp op)
{
	return op_names[op];
}

/*
 * addb_transact_wire_name - what its element of TransactItems is called: "Put", ...
 */
const char *
addb_transact_wire_name(AddbTransactOp op)
{
	return wire_names[op];
}

/*
 * addb_transact_find_op - the operation that writes of this name; false: none
 */
bool
addb_transact_find_op(const JsonbValue *name, AddbTransactOp *op)
{
	for (int i = 0; i < lengthof(op_names); i++)
		if (name->type == jbvString && i != ADDB_TRANSACT_GET &&
			name_is(name, op_names[i]))
		{
			*op = i;
			return true;
		}
	return false;
}

/* "a, b and c" of what stands in the list, each as the format has it. */
static char *
enumerate(const char *const *names, int n, const char *format)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoString(&text, i == n - 1 ? " and " : ", ");
		appendStringInfo(&text, format, names[i]);
	}
	return text.data;
}

/*
 * addb_transact_op_names - the operations that write: "put, create, ..."
 */
char *
addb_transact_op_names(void)
{
	return enumerate(op_names, ADDB_TRANSACT_GET, "%s");
}

/* The members that the action's operation may have. */
static char *
member_names(const AddbTransactAction *action,
			 const AddbTransactMember *members, int n)
{
	const char **names = palloc(n * sizeof(char *));
	int			used = 0;

	for (int i = 0; i < n; i++)
		if (members[i].ops & ADDB_OPS(action->op))
			names[used++] = members[i].name;
	return enumerate(names, used, "\"%s\"");
}

static void
check_type(const AddbTransactAction *action, const AddbTransactMember *member,
		   const JsonbValue *value)
{
	bool		fits;

	if (value->type == jbvString)
		fits = member->type == jbvString || member->type == jbvBinary;
	else if (value->type != jbvBinary || member->type == jbvString)
		fits = false;
	else
		fits = member->type == jbvBinary ||
			(member->type == jbvObject ? JsonContainerIsObject(value->val.binary.data)
			 : JsonContainerIsArray(value->val.binary.data));
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of %s %d must be %s", member->name,
						action->kind->noun, action->number,
						member->type == jbvString ? "a text" :
						member->type == jbvBinary ? "a text, an object or an array" :
						member->type == jbvObject ? "an object" : "an array")));
}

/* A condition that is NULL by mistake must not count as none, nor a table as another. */
static void
refuse_null(const AddbTransactAction *action, const AddbTransactMember *member)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("\"%s\" of %s %d must not be null", member->name,
					action->kind->noun, action->number),
			 errhint("A member that is not meant is left out; jsonb_strip_nulls leaves out those that are null.")));
}

/* The index of a member by its name; raises 22023 when there can be none. */
static int
find_member(const AddbTransactAction *action, const AddbTransactMember *members,
			int n, const JsonbValue *name)
{
	for (int i = 0; i < n; i++)
	{
		if (!name_is(name, members[i].name))
			continue;
		if ((members[i].ops & ADDB_OPS(action->op)) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s %d (%s) takes no \"%s\"", action->kind->noun,
							action->number, op_names[action->op], members[i].name),
					 errhint("Its members may be %s.",
							 member_names(action, members, n))));
		return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s %d has an unknown member \"%s\"", action->kind->noun,
					action->number,
					pnstrdup(name->val.string.val, name->val.string.len)),
			 errhint("Its members may be %s.", member_names(action, members, n))));
	return -1;
}

/*
 * addb_transact_read_members - reads an action's members into values
 *
 * members are the n that there can be, and values has as many elements; what is
 * absent, or null where that is the same, becomes jbvNull. What the values point
 * to lies in the action. Raises 22023 for a member that is unknown, not for this
 * operation, of another type, or missing, 22004 for one that is null and may have
 * been meant.
 */
void
addb_transact_read_members(const AddbTransactAction *action,
						   const AddbTransactMember *members, int n,
						   JsonbValue *values)
{
	JsonbIterator *iterator = JsonbIteratorInit(action->object);
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	value;

	for (int i = 0; i < n; i++)
		values[i].type = jbvNull;
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		int			i;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		i = find_member(action, members, n, &name);
		if (value.type != jbvNull)
			check_type(action, &members[i], &value);
		else if (!members[i].nullable)
			refuse_null(action, &members[i]);
		values[i] = value;
	}
	for (int i = 0; i < n; i++)
		if (values[i].type == jbvNull &&
			(members[i].required & ADDB_OPS(action->op)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s %d (%s) has no \"%s\"", action->kind->noun,
							action->number, op_names[action->op], members[i].name)));
}

/*
 * addb_transact_returns_item - whether an action's member "response" asks for the
 * item that its condition is not met by
 *
 * response is a string, or jbvNull when there is none. Raises 22023 for any but
 * all_old and none.
 */
bool
addb_transact_returns_item(const AddbTransactAction *action,
						   const JsonbValue *response)
{
	char	   *word;

	if (response->type == jbvNull)
		return false;
	word = pnstrdup(response->val.string.val, response->val.string.len);
	if (pg_strcasecmp(word, "all_old") == 0)
		return true;
	if (pg_strcasecmp(word, "none") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid \"response\" of %s %d: \"%s\"", action->kind->noun,
						action->number, word),
				 errhint("It is all_old, for the stored item if the condition is not met, or none.")));
	return false;
}
