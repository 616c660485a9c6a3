/*
 * entity_params.c
 *	  ddb_params: the request that an operation on entities becomes.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/transact_action.h"
#include "functions/args.h"
#include "functions/entity_call.h"
#include "functions/entity_transact.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

ADDB_FUNCTION(addb_fn_params);

static bool
has_member(JsonbContainer *object, const char *name)
{
	JsonbValue	ignored;

	return getKeyJsonValueFromContainer(object, name, strlen(name), &ignored) != NULL;
}

/* Reads {"op": ...}, an action as a transaction has it, on its own. */
static void
read_action(JsonbContainer *object, AddbEntityOperation *operation)
{
	AddbTransactAction action = {
		.kind = &addb_transact_writing,
		.number = 1,
		.object = object
	};
	JsonbValue	name;

	if (getKeyJsonValueFromContainer(object, "op", 2, &name) == NULL ||
		!addb_transact_find_op(&name, &action.op))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"action\" has an unknown \"op\""),
				 errhint("The operations are %s.", addb_transact_op_names())));
	addb_entity_read_action(&action, operation);
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

/* {"operation": ..., "request": ...} */
static Datum
show(const AddbEntityRequest *request)
{
	StringInfoData text;
	char	   *json;

	initStringInfo(&text);
	appendStringInfo(&text, "{\"operation\":\"%s\",\"request\":", request->operation->name);
	appendBinaryStringInfo(&text, request->body.data, request->body.len);
	appendStringInfoChar(&text, '}');
	json = pg_any_to_server(text.data, text.len, PG_UTF8);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

/*
 * addb_fn_params - ddb_params(action) returns jsonb
 *
 * action is an operation as operation.h has it, or an action on an entity as
 * ddb_transact_write takes it. NULL when nothing would be sent.
 */
Datum
addb_fn_params(PG_FUNCTION_ARGS)
{
	JsonbContainer *object = addb_entity_arg_object(fcinfo, 0, "action");
	AddbEntityRequest request = {0};
	AddbEntityService service;

	if (has_member(object, "method"))
		addb_entity_operation_read(object, &request.action);
	else
		read_action(object, &request.action);
	service = find_service(addb_registry_pin(fcinfo, CurrentMemoryContext),
						   &request.action);
	addb_entity_compile_action(&service, &request);
	if (request.operation == NULL)
		PG_RETURN_NULL();
	addb_entity_request_close(&request);
	PG_RETURN_DATUM(show(&request));
}
