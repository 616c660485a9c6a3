/*
 * unit_expression.c
 *	  SQL faces, for tests only, of the expression compiler.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "dynamodb/expression.h"

PG_FUNCTION_INFO_V1(addb_unit_expression);
PG_FUNCTION_INFO_V1(addb_unit_expression_bench);

/* The names of the arguments, which say what is in them. */
static const char *const arguments[] = {
	[ADDB_CONDITION] = "condition",
	[ADDB_FILTER] = "filter",
	[ADDB_KEY_CONDITION] = "key_condition",
	[ADDB_UPDATE] = "update",
	[ADDB_PROJECTION] = "projection",
};

/* A member of an object, or NULL when it is absent or null. */
static JsonbValue *
get_member(JsonbContainer *object, const char *key, int len)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, len, NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

static Jsonb *
get_jsonb(JsonbContainer *object, const char *key)
{
	JsonbValue *value = get_member(object, key, strlen(key));

	return value == NULL ? NULL : JsonbValueToJsonb(value);
}

/* Looks a name up in the object "resolve". */
static const char *
resolve(void *arg, int level, const char *name, int *len)
{
	JsonbValue *value = get_member(arg, name, *len);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("no attribute \"%.*s\" at level %d", *len, name, level)));
	*len = value->val.string.len;
	return value->val.string.val;
}

/* Compiles the expressions of the argument, in the order of the enum. */
static AddbExpressions *
compile(JsonbContainer *argument, StringInfo out)
{
	AddbExpressions *expressions =
		addb_expressions_begin(get_jsonb(argument, "names"),
							   get_jsonb(argument, "values"));
	JsonbValue *names = get_member(argument, "resolve", strlen("resolve"));

	if (names != NULL)
		addb_expressions_set_resolver(expressions, resolve, names->val.binary.data);
	for (int kind = 0; kind < lengthof(arguments); kind++)
	{
		JsonbValue *text = get_member(argument, arguments[kind],
									  strlen(arguments[kind]));

		if (text != NULL)
			addb_expressions_add(expressions, kind, arguments[kind],
								 text->val.string.val, text->val.string.len, out);
	}
	return expressions;
}

/* Appends what an array of names gives, one by one. */
static void
append_answers(StringInfo json, JsonbContainer *argument, const char *key,
			   AddbExpressions *expressions, bool placeholders)
{
	JsonbValue *list = get_member(argument, key, strlen(key));
	int			n = list == NULL ? 0 : JsonContainerSize(list->val.binary.data);

	appendStringInfo(json, ",\"%s\":[", key);
	for (int i = 0; i < n; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(list->val.binary.data, i);

		appendStringInfoString(json, i > 0 ? "," : "");
		if (placeholders)
			escape_json(json, addb_expressions_placeholder(expressions,
														   name->val.string.val,
														   name->val.string.len));
		else
			appendStringInfoString(json, addb_expressions_projects(expressions,
																   name->val.string.val,
																   name->val.string.len)
								   ? "true" : "false");
	}
	appendStringInfoChar(json, ']');
}

/*
 * {names, values, condition, filter, key_condition, update, projection,
 * projects: [name], placeholders: [name], resolve: {name: name}}
 * -> {request, idempotent, projects, placeholders}
 */
Datum
addb_unit_expression(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbExpressions *expressions;
	StringInfoData request;
	StringInfoData json;
	char	   *members;

	initStringInfo(&request);
	initStringInfo(&json);
	expressions = compile(argument, &request);
	append_answers(&json, argument, "projects", expressions, false);
	append_answers(&json, argument, "placeholders", expressions, true);
	addb_expressions_finish(expressions, &request);
	members = pg_any_to_server(request.data, request.len, PG_UTF8);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("{\"request\":{%s},\"idempotent\":%s%s}",
											  members[0] == ',' ? members + 1 : members,
											  addb_expressions_update_is_idempotent(expressions)
											  ? "true" : "false", json.data)));
}

/* (the same, times int) -> nanoseconds for each compilation */
Datum
addb_unit_expression_bench(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	Jsonb	   *names = get_jsonb(argument, "names");
	Jsonb	   *values = get_jsonb(argument, "values");
	JsonbValue *update = get_member(argument, "update", strlen("update"));
	int			times = PG_GETARG_INT32(1);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "bench",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	StringInfoData out;
	instr_time	start;
	instr_time	elapsed;

	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < times; i++)
	{
		AddbExpressions *expressions = addb_expressions_begin(names, values);

		initStringInfo(&out);
		addb_expressions_add(expressions, ADDB_UPDATE, "update",
							 update->val.string.val, update->val.string.len, &out);
		addb_expressions_finish(expressions, &out);
		MemoryContextReset(context);
	}
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	MemoryContextSwitchTo(caller);
	PG_RETURN_FLOAT8(INSTR_TIME_GET_DOUBLE(elapsed) * 1e9 / times);
}
