/*
 * entity_params.c
 *	  ddb_params: the request that an operation on entities becomes.
 */
#include "postgres.h"

#include "core/compat.h"
#include "functions/args.h"
#include "functions/entity_call.h"
#include "functions/entity_transact.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

ADDB_FUNCTION(addb_fn_params);

/* {"operation": ..., "request": ...} */
static Datum
show(const char *operation, const char *request, int len)
{
	StringInfoData text;
	char	   *json;

	initStringInfo(&text);
	appendStringInfo(&text, "{\"operation\":\"%s\",\"request\":", operation);
	appendBinaryStringInfo(&text, request, len);
	appendStringInfoChar(&text, '}');
	json = pg_any_to_server(text.data, text.len, PG_UTF8);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

/* Actions as ddb_transact_write takes them. */
static Datum
show_actions(FunctionCallInfo fcinfo, Jsonb *actions)
{
	AddbTransaction transaction;
	StringInfoData body;

	addb_transact_build(&transaction, &addb_transact_writing, addb_transact_compilers,
						fcinfo, actions);
	if (transaction.n == 0)
		PG_RETURN_NULL();
	initStringInfo(&body);
	appendStringInfoString(&body, "{\"TransactItems\":[");
	appendBinaryStringInfo(&body, transaction.items.data, transaction.items.len);
	appendStringInfoString(&body, "]}");
	PG_RETURN_DATUM(show(transaction.kind->operation->name, body.data, body.len));
}

/* The entities that the items of a transaction name; each by its reference. */
static AddbEntityService
find_all(AddbRegistry *registry, JsonbContainer *items)
{
	int			n = items == NULL ? 0 : JsonContainerSize(items);
	AddbEntityMember *members = palloc((n + 1) * sizeof(AddbEntityMember));
	AddbEntityService service = {members, 0};

	for (int i = 0; i < n; i++)
	{
		const JsonbValue *item = getIthJsonbValueFromContainer(items, i);
		JsonbValue	name;

		if (item->type != jbvBinary || !JsonContainerIsObject(item->val.binary.data) ||
			getKeyJsonValueFromContainer(item->val.binary.data, "entity", 6, &name) == NULL ||
			name.type != jbvString)
			continue;
		members[service.nmembers++] =
			*addb_registry_find(registry, (AddbText) {name.val.string.val, name.val.string.len});
	}
	return service;
}

static AddbEntityService
find_service(AddbRegistry *registry, const AddbEntityOperation *operation)
{
	AddbEntityService service = {NULL, 0};

	if (operation->method == ADDB_METHOD_COLLECTION)
	{
		if (operation->service.data == NULL || operation->collection.data == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a collection must be named by \"service\" and \"collection\"")));
		return addb_registry_collection(registry, operation->service,
										operation->collection);
	}
	if (operation->method >= ADDB_METHOD_TRANSACT_WRITE)
		return find_all(registry, operation->items);
	if (operation->entity.data != NULL)
	{
		service.members = addb_registry_find(registry, operation->entity);
		service.nmembers = 1;
	}
	return service;
}

/*
 * addb_fn_params - ddb_params(action) returns jsonb
 *
 * action is an operation as operation.h has it, or an array of actions as
 * ddb_transact_write takes it. NULL when nothing would be sent.
 */
Datum
addb_fn_params(PG_FUNCTION_ARGS)
{
	Jsonb	   *action = addb_arg_jsonb(fcinfo, 0, "action");
	AddbEntityRequest request = {0};
	AddbEntityService service;

	if (JB_ROOT_IS_SCALAR(action))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"action\" must be a JSON object, or an array of them")));
	if (JB_ROOT_IS_ARRAY(action))
		return show_actions(fcinfo, action);
	addb_entity_operation_read(&action->root, &request.action);
	service = find_service(addb_registry_pin(fcinfo, CurrentMemoryContext),
						   &request.action);
	addb_entity_compile_action(&service, &request);
	if (request.operation == NULL)
		PG_RETURN_NULL();
	addb_entity_request_close(&request);
	PG_RETURN_DATUM(show(request.operation->name, request.body.data, request.body.len));
}
