/*
 * transact_table.c
 *	  Compiles actions on items of any table.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/expression.h"
#include "dynamodb/transact_action.h"
#include "mb/pg_wchar.h"

typedef enum Member
{
	MEMBER_OP,
	MEMBER_TABLE,
	MEMBER_ITEM,
	MEMBER_KEY,
	MEMBER_UPDATE,
	MEMBER_SET,
	MEMBER_ADD,
	MEMBER_SUBTRACT,
	MEMBER_APPEND,
	MEMBER_REMOVE,
	MEMBER_DELETE,
	MEMBER_WHERE,
	MEMBER_VALUES,
	MEMBER_NAMES,
	MEMBER_RESPONSE,
	MEMBER_PROJECTION,
	MEMBERS
} Member;

static const AddbTransactMember members[MEMBERS] = {
	[MEMBER_OP] = {"op", jbvString, ADDB_OPS_ALL, 0},
	[MEMBER_TABLE] = {"table", jbvString, ADDB_OPS_ALL, 0},
	[MEMBER_ITEM] = {"item", jbvObject, ADDB_OPS_PUT, ADDB_OPS_PUT},
	[MEMBER_KEY] = {"key", jbvObject, ADDB_OPS_ALL & ~ADDB_OPS_PUT,
	ADDB_OPS_ALL & ~ADDB_OPS_PUT},
	[MEMBER_UPDATE] = {"update", jbvString, ADDB_OPS_UPDATE, 0},
	[MEMBER_SET] = {"set", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_ADD] = {"add", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_SUBTRACT] = {"subtract", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_APPEND] = {"append", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_REMOVE] = {"remove", jbvArray, ADDB_OPS_UPDATE, 0},
	[MEMBER_DELETE] = {"delete", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_WHERE] = {"where", jbvString, ADDB_OPS_WRITE, ADDB_OPS_CHECK},
	[MEMBER_VALUES] = {"values", jbvObject, ADDB_OPS_WRITE, 0, true},
	[MEMBER_NAMES] = {"names", jbvObject, ADDB_OPS_ALL, 0, true},
	[MEMBER_RESPONSE] = {"response", jbvString, ADDB_OPS_WRITE, 0, true},
	[MEMBER_PROJECTION] = {"projection", jbvString, ADDB_OPS_GET, 0, true},
};

/* The members that hold the pairs of an update. */
static const struct
{
	Member		member;
	AddbUpdatePair action;
}			pair_members[] = {
	{MEMBER_SET, ADDB_PAIR_SET},
	{MEMBER_SUBTRACT, ADDB_PAIR_SUBTRACT},
	{MEMBER_APPEND, ADDB_PAIR_APPEND},
	{MEMBER_REMOVE, ADDB_PAIR_REMOVE},
	{MEMBER_ADD, ADDB_PAIR_ADD},
	{MEMBER_DELETE, ADDB_PAIR_DELETE},
};

/* One action while it is compiled. */
typedef struct Compilation
{
	AddbTransaction *transaction;
	AddbTransactAction *action;
	StringInfo	out;
	const JsonbValue *values;	/* by Member */
	const AddbKeySchema *schema;
	AddbExpressions *expressions;
} Compilation;

static bool
has(const Compilation *compilation, Member member)
{
	return compilation->values[member].type != jbvNull;
}

/* An object among the members, or NULL. */
static Jsonb *
get_jsonb(const Compilation *compilation, Member member)
{
	JsonbValue	value = compilation->values[member];

	return value.type == jbvNull ? NULL : JsonbValueToJsonb(&value);
}

/* The table that the action names, else that of the setting; palloc'd. */
static const char *
get_table(const Compilation *compilation)
{
	const AddbTransactAction *action = compilation->action;
	const JsonbValue *value = &compilation->values[MEMBER_TABLE];

	if (value->type == jbvString && value->val.string.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"table\" of %s %d must not be empty", action->kind->noun,
						action->number)));
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (addb_table[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d names no DynamoDB table", action->kind->noun,
						action->number),
				 errhint("Give it a member \"table\", or SET atomic_dynamodb.\"table\" (TABLE is a keyword of SQL, hence the quotes).")));
	return pstrdup(addb_table);
}

static bool
is_used(const AddbTransaction *transaction, const char *table)
{
	for (int i = 0; i < transaction->n; i++)
		if (strcmp(transaction->actions[i].table, table) == 0)
			return true;
	return false;
}

/*
 * Finds out the table's key. A create relies on it: guarded by what is no key
 * any more it would overwrite an item. What earlier actions on the table were
 * compiled by may have been another key, then.
 */
static void
find_schema(Compilation *compilation, const char *table)
{
	if (compilation->action->op == ADDB_TRANSACT_CREATE &&
		addb_key_schema_renew(table) && is_used(compilation->transaction, table))
		compilation->transaction->again = true;
	compilation->schema = addb_key_schema_get(table);
}

/* Takes note of the key; what is remembered is no ground to refuse it. */
static void
take_key(Compilation *compilation, const char *table, AddbKeyHolder holder,
		 int start)
{
	AddbTransaction *transaction = compilation->transaction;

	if (!addb_transact_key_fits(transaction, table, compilation->schema, holder,
								start) &&
		addb_key_schema_renew(table))
		transaction->again = true;
	else
		addb_transact_take_key(transaction, compilation->action, table,
							   compilation->schema, holder, start);
}

/* Appends the item or key, and takes note of it. */
static void
append_subject(Compilation *compilation, const char *table)
{
	bool		is_item = has(compilation, MEMBER_ITEM);
	Member		member = is_item ? MEMBER_ITEM : MEMBER_KEY;
	StringInfo	out = compilation->out;
	int			start;

	appendStringInfoString(out, is_item ? ",\"Item\":" : ",\"Key\":");
	start = out->len;
	addb_av_encode_container(out, compilation->values[member].val.binary.data,
							 members[member].name);
	take_key(compilation, table, is_item ? ADDB_HOLDER_ITEM : ADDB_HOLDER_KEY, start);
}

static void
add_pairs(AddbUpdatePairs *pairs, AddbUpdatePair action, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	path;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &path, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		addb_update_pairs_add(pairs, action, path.val.string.val,
							  path.val.string.len, &value);
	}
}

static void
add_paths(AddbUpdatePairs *pairs, const AddbTransactAction *action,
		  JsonbContainer *array)
{
	JsonbIterator *iterator = JsonbIteratorInit(array);
	JsonbIteratorToken token;
	JsonbValue	path;

	while ((token = JsonbIteratorNext(&iterator, &path, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (path.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"remove\" of %s %d must be an array of paths",
							action->kind->noun, action->number)));
		addb_update_pairs_add(pairs, ADDB_PAIR_REMOVE, path.val.string.val,
							  path.val.string.len, NULL);
	}
}

/* The update is one text, or given in pairs. */
static void
append_update(Compilation *compilation)
{
	const AddbTransactAction *action = compilation->action;
	const JsonbValue *text = &compilation->values[MEMBER_UPDATE];
	AddbUpdatePairs pairs;

	addb_update_pairs_begin(&pairs, compilation->expressions);
	for (int i = 0; i < lengthof(pair_members); i++)
	{
		Member		member = pair_members[i].member;
		JsonbContainer *container = compilation->values[member].val.binary.data;

		if (!has(compilation, member))
			continue;
		if (text->type != jbvNull)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s %d (%s) has both \"update\" and \"%s\"",
							action->kind->noun, action->number,
							addb_transact_op_name(action->op), members[member].name),
					 errhint("An update is one text, \"update\", or is given in pairs of paths and values.")));
		if (member == MEMBER_REMOVE)
			add_paths(&pairs, action, container);
		else
			add_pairs(&pairs, pair_members[i].action, container);
	}
	if (text->type != jbvNull)
		addb_expressions_add(compilation->expressions, ADDB_UPDATE, "update",
							 text->val.string.val, text->val.string.len,
							 compilation->out);
	else if (!addb_update_pairs_are_none(&pairs))
		addb_update_pairs_finish(&pairs, compilation->out);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d (%s) changes nothing", action->kind->noun,
						action->number, addb_transact_op_name(action->op)),
				 errhint("Give it an \"update\", or \"set\", \"add\", \"subtract\", \"append\", \"remove\" or \"delete\".")));
}

/* What the operation itself demands of the item, or NULL. */
static const char *
get_guard(Compilation *compilation)
{
	AddbTransactOp op = compilation->action->op;
	const char *name = compilation->schema->attributes[0].name;
	const char *function;

	if (op == ADDB_TRANSACT_CREATE)
		function = "attribute_not_exists";
	else if (op == ADDB_TRANSACT_PATCH || op == ADDB_TRANSACT_REMOVE)
		function = "attribute_exists";
	else
		return NULL;
	name = pg_any_to_server(name, (int) strlen(name), PG_UTF8);
	return psprintf("%s(%s)", function,
					addb_expressions_placeholder(compilation->expressions, name,
												 (int) strlen(name)));
}

/* What the user says stands in parentheses beside it, whatever it is. */
static void
append_condition(Compilation *compilation)
{
	const JsonbValue *where = &compilation->values[MEMBER_WHERE];
	const char *guard = get_guard(compilation);
	StringInfo	out = compilation->out;

	if (guard == NULL && where->type != jbvNull)
		addb_expressions_add(compilation->expressions, ADDB_CONDITION, "where",
							 where->val.string.val, where->val.string.len, out);
	if (guard == NULL)
		return;
	appendStringInfo(out, "%s%s", addb_expressions_member(ADDB_CONDITION), guard);
	if (where->type != jbvNull)
	{
		appendStringInfoString(out, " AND ");
		addb_expressions_append_group(compilation->expressions, "where",
									  where->val.string.val, where->val.string.len,
									  out);
	}
	appendStringInfoChar(out, '"');
}

/* The item that made the condition fail is returned when that is wished. */
static void
append_response(Compilation *compilation)
{
	if (addb_transact_returns_item(compilation->action, &compilation->values[MEMBER_RESPONSE]))
		appendStringInfoString(compilation->out,
							   ",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"");
}

/* Appends all that stands in the action's object of the request. */
static void
append_action(Compilation *compilation, const char *table)
{
	AddbTransactOp op = compilation->action->op;
	StringInfo	out = compilation->out;
	const JsonbValue *projection = &compilation->values[MEMBER_PROJECTION];

	find_schema(compilation, table);
	if (compilation->transaction->again)
		return;
	compilation->expressions =
		addb_expressions_begin(get_jsonb(compilation, MEMBER_NAMES),
							   get_jsonb(compilation, MEMBER_VALUES));
	addb_expressions_call_values(compilation->expressions, "values");
	appendStringInfo(out, "{\"%s\":{\"TableName\":", addb_transact_wire_name(op));
	addb_av_append_string(out, table, (int) strlen(table));
	append_subject(compilation, table);
	if (compilation->transaction->again)
		return;
	if (ADDB_OPS(op) & ADDB_OPS_UPDATE)
		append_update(compilation);
	append_condition(compilation);
	if (projection->type != jbvNull)
		addb_expressions_add(compilation->expressions, ADDB_PROJECTION, "projection",
							 projection->val.string.val, projection->val.string.len,
							 out);
	addb_expressions_finish(compilation->expressions, out);
	append_response(compilation);
	appendStringInfoString(out, "}}");
}

/*
 * An AddbTransactCompile. The table is that of the action, else of the setting
 * atomic_dynamodb.table. Raises 22023, 42601 and 54000 of what is wrong with the
 * action, and what addb_key_schema_get raises.
 */
static void
compile_action(AddbTransaction *transaction, AddbTransactAction *action,
			   const JsonbValue *values)
{
	Compilation compilation = {
		.transaction = transaction,
		.action = action,
		.out = &transaction->items,
		.values = values
	};

	append_action(&compilation, get_table(&compilation));
}

/* Actions on items of any table. */
const AddbTransactCompiler addb_transact_table = {
	NULL, members, MEMBERS, compile_action, NULL
};
