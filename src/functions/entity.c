/*
 * entity.c
 *	  ddb_entity_get, _put, _create, _upsert, _update, _patch, _delete, _remove.
 */
#include "postgres.h"

#include "core/compat.h"
#include "functions/args.h"
#include "functions/entity_call.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_entity_get);
ADDB_FUNCTION(addb_fn_entity_put);
ADDB_FUNCTION(addb_fn_entity_create);
ADDB_FUNCTION(addb_fn_entity_upsert);
ADDB_FUNCTION(addb_fn_entity_update);
ADDB_FUNCTION(addb_fn_entity_patch);
ADDB_FUNCTION(addb_fn_entity_delete);
ADDB_FUNCTION(addb_fn_entity_remove);

static void
begin(AddbEntityCall *call, FunctionCallInfo fcinfo, AddbEntityMethod method)
{
	if (method != ADDB_METHOD_GET)
		PreventCommandIfReadOnly(psprintf("ddb_entity_%s()", addb_entity_method_name(method)));
	addb_entity_call_begin(call, fcinfo, method);
	addb_entity_call_find(call, fcinfo, 0);
}

static Datum
finish(AddbEntityCall *call, FunctionCallInfo fcinfo, const char *arguments)
{
	Jsonb	   *result = addb_entity_call_run(call, arguments);

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(result);
}

/* An object of operators, or a list of such objects. */
static void
changes_argument(AddbEntityCall *call, FunctionCallInfo fcinfo, int n)
{
	Jsonb	   *changes = addb_arg_jsonb(fcinfo, n, "changes");

	if (JB_ROOT_IS_SCALAR(changes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"changes\" must be a JSON object"),
				 errhint("Write it like {\"set\": {\"name\": \"x\"}, \"add\": {\"n\": 1}, \"remove\": [\"y\"]}, or {\"update\": \"SET n = n + :i\"}.")));
	call->request.action.chain = &changes->root;
	call->request.action.chain_name = "changes";
}

/* (entity, attributes, condition, vals, options [, changes]) */
static Datum
write_item(FunctionCallInfo fcinfo, AddbEntityMethod method)
{
	AddbEntityCall call;

	begin(&call, fcinfo, method);
	call.request.action.attributes = addb_entity_arg_object(fcinfo, 1, "attributes");
	addb_entity_arg_where(&call, fcinfo, 2, 3);
	addb_entity_arg_options(&call, fcinfo, 4);
	if (method == ADDB_METHOD_UPSERT && !PG_ARGISNULL(5))
		changes_argument(&call, fcinfo, 5);
	return finish(&call, fcinfo, method == ADDB_METHOD_UPSERT ?
				  "\"attributes\", \"condition\", \"vals\", \"options\" and \"changes\"" :
				  "\"attributes\", \"condition\", \"vals\" and \"options\"");
}

/* (entity, key, changes, condition, vals, options) */
static Datum
update_item(FunctionCallInfo fcinfo, AddbEntityMethod method)
{
	AddbEntityCall call;

	begin(&call, fcinfo, method);
	call.request.action.key = addb_entity_arg_object(fcinfo, 1, "key");
	changes_argument(&call, fcinfo, 2);
	addb_entity_arg_where(&call, fcinfo, 3, 4);
	addb_entity_arg_options(&call, fcinfo, 5);
	return finish(&call, fcinfo, "\"key\", \"changes\", \"condition\", \"vals\" and \"options\"");
}

/* (entity, key, condition, vals, options) */
static Datum
delete_item(FunctionCallInfo fcinfo, AddbEntityMethod method)
{
	AddbEntityCall call;

	begin(&call, fcinfo, method);
	call.request.action.key = addb_entity_arg_object(fcinfo, 1, "key");
	addb_entity_arg_where(&call, fcinfo, 2, 3);
	addb_entity_arg_options(&call, fcinfo, 4);
	return finish(&call, fcinfo, "\"key\", \"condition\", \"vals\" and \"options\"");
}

/*
 * addb_fn_entity_get - ddb_entity_get(entity, key, options) returns jsonb
 *
 * NULL when there is no such item, or it is not the entity's.
 */
Datum
addb_fn_entity_get(PG_FUNCTION_ARGS)
{
	AddbEntityCall call;

	begin(&call, fcinfo, ADDB_METHOD_GET);
	call.request.action.key = addb_entity_arg_object(fcinfo, 1, "key");
	addb_entity_arg_options(&call, fcinfo, 2);
	return finish(&call, fcinfo, "\"key\" and \"options\"");
}

/*
 * addb_fn_entity_put - ddb_entity_put(arguments of write_item) returns jsonb
 *
 * The item as it was written.
 */
Datum
addb_fn_entity_put(PG_FUNCTION_ARGS)
{
	return write_item(fcinfo, ADDB_METHOD_PUT);
}

/*
 * addb_fn_entity_create - ddb_entity_create(arguments of write_item) returns
 * jsonb, as ddb_entity_put
 */
Datum
addb_fn_entity_create(PG_FUNCTION_ARGS)
{
	return write_item(fcinfo, ADDB_METHOD_CREATE);
}

/*
 * addb_fn_entity_upsert - ddb_entity_upsert(arguments of write_item, changes)
 * returns jsonb
 *
 * An empty object, as long as no response is asked for.
 */
Datum
addb_fn_entity_upsert(PG_FUNCTION_ARGS)
{
	return write_item(fcinfo, ADDB_METHOD_UPSERT);
}

/*
 * addb_fn_entity_update - ddb_entity_update(arguments of update_item) returns
 * jsonb
 *
 * The key, as long as no response is asked for.
 */
Datum
addb_fn_entity_update(PG_FUNCTION_ARGS)
{
	return update_item(fcinfo, ADDB_METHOD_UPDATE);
}

/*
 * addb_fn_entity_patch - ddb_entity_patch(arguments of update_item) returns
 * jsonb, as ddb_entity_update
 */
Datum
addb_fn_entity_patch(PG_FUNCTION_ARGS)
{
	return update_item(fcinfo, ADDB_METHOD_PATCH);
}

/*
 * addb_fn_entity_delete - ddb_entity_delete(arguments of delete_item) returns
 * jsonb, as ddb_entity_update
 */
Datum
addb_fn_entity_delete(PG_FUNCTION_ARGS)
{
	return delete_item(fcinfo, ADDB_METHOD_DELETE);
}

/*
 * addb_fn_entity_remove - ddb_entity_remove(arguments of delete_item) returns
 * jsonb, as ddb_entity_update
 */
Datum
addb_fn_entity_remove(PG_FUNCTION_ARGS)
{
	return delete_item(fcinfo, ADDB_METHOD_REMOVE);
}
