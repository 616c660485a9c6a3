/*
 * compile_batch.c
 *	  Batches of one entity: get, put and delete, as one request each.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/request_parts.h"

/* By DynamoDB's API. */
#define MAX_GETS 100
#define MAX_WRITES 25

static JsonbContainer *
element(JsonbContainer *array, int i, const char *name)
{
	const JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "element %d of \"%s\" must be an object", i + 1,
						  name);
	return value->val.binary.data;
}

static void
append_keys(AddbEntityRequest *request, JsonbContainer *keys,
			const char *before, const char *after)
{
	const AddbEntityModel *model = request->member->model;

	for (int i = 0; i < JsonContainerSize(keys); i++)
	{
		AddbEntityValues values =
			addb_entity_read_values(model, element(keys, i, "keys"));

		appendStringInfo(&request->body, "%s%s", i > 0 ? "," : "", before);
		addb_entity_append_key(&request->body, model, values);
		if (request->action.method == ADDB_METHOD_BATCH_DELETE)
			addb_entity_check_key(model, values);
		appendStringInfoString(&request->body, after);
	}
}

static void
append_gets(AddbEntityRequest *request, JsonbContainer *keys)
{
	AddbExpressions *expressions = addb_entity_expressions(request);

	appendStringInfoString(&request->body, "{\"Keys\":[");
	append_keys(request, keys, "", "");
	appendStringInfoChar(&request->body, ']');
	if (request->action.options.consistent)
		appendStringInfoString(&request->body, ",\"ConsistentRead\":true");
	addb_entity_append_projection(request, expressions);
	addb_expressions_finish(expressions, &request->body);
	appendStringInfoChar(&request->body, '}');
}

static void
append_puts(AddbEntityRequest *request, JsonbContainer *items)
{
	appendStringInfoChar(&request->body, '[');
	for (int i = 0; i < JsonContainerSize(items); i++)
	{
		appendStringInfo(&request->body, "%s{\"PutRequest\":{\"Item\":", i > 0 ? "," : "");
		addb_entity_append_item(&request->body, request->member->model,
								element(items, i, "items"));
		appendStringInfoString(&request->body, "}}");
	}
	appendStringInfoChar(&request->body, ']');
}

/*
 * addb_entity_compile_batch - compiles batchGet, batchPut or batchDelete
 *
 * An empty list makes no request. Raises 54000 for more keys or items than a
 * request takes, and what keys and items raise.
 */
void
addb_entity_compile_batch(AddbEntityRequest *request)
{
	AddbEntityMethod method = request->action.method;
	bool		get = method == ADDB_METHOD_BATCH_GET;
	bool		put = method == ADDB_METHOD_BATCH_PUT;
	JsonbContainer *list = put ? request->action.items : request->action.keys;
	const char *table =
		addb_entity_table(request->member, &request->action.options);
	int			max = get ? MAX_GETS : MAX_WRITES;

	if (list == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operation \"%s\" must have the array \"%s\"",
						  addb_entity_method_name(method), put ? "items" : "keys");
	if (JsonContainerSize(list) > max)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("operation \"%s\" has too many elements", addb_entity_method_name(method)),
				 errdetail("It has %u; DynamoDB takes %d in a request.",
						   JsonContainerSize(list), max)));
	if (JsonContainerSize(list) == 0)
		return;
	request->operation = get ? &addb_batch_get_item : &addb_batch_write_item;
	appendStringInfoString(&request->body, "{\"RequestItems\":{");
	addb_av_append_string(&request->body, table, (int) strlen(table));
	appendStringInfoChar(&request->body, ':');
	if (get)
		append_gets(request, list);
	else if (put)
		append_puts(request, list);
	else
	{
		appendStringInfoChar(&request->body, '[');
		append_keys(request, list, "{\"DeleteRequest\":{\"Key\":", "}}");
		appendStringInfoChar(&request->body, ']');
	}
	appendStringInfoChar(&request->body, '}');
}
