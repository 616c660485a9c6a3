/*
 * entity_batch.c
 *	  ddb_entity_batch_get, ddb_entity_batch_put, ddb_entity_batch_delete: any
 *	  number of items of one entity.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/batch_get.h"
#include "dynamodb/batch_write.h"
#include "entity/error.h"
#include "entity/item.h"
#include "entity/request_parts.h"
#include "funcapi.h"
#include "functions/entity_call.h"
#include "functions/entity_key.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_entity_batch_get);
ADDB_FUNCTION(addb_fn_entity_batch_put);
ADDB_FUNCTION(addb_fn_entity_batch_delete);

/* A list of keys or items of an entity. */
typedef struct Elements
{
	AddbEntityCall call;
	const AddbEntityModel *model;
	const AddbKeySchema *schema;
	const char *table;
	const char *argument;		/* that it is */
	JsonbContainer *array;
} Elements;

/* A read under way. */
typedef struct Get
{
	Elements	list;
	AddbBatchReader *reader;
	AddbEntityView view;
	MemoryContext item;			/* what reading an item takes */
} Get;

/* One of the list, as AddbBatchAppend takes it. */
typedef struct Element
{
	const Elements *list;
	JsonbContainer *object;
} Element;

/* The arguments (entity, keys or items, options). */
static void
read_list(Elements *list, FunctionCallInfo fcinfo, AddbEntityMethod method,
		  const char *argument)
{
	AddbEntityRequest *request = &list->call.request;

	addb_entity_call_begin(&list->call, fcinfo, method);
	addb_entity_call_find(&list->call, fcinfo, 0);
	list->argument = argument;
	list->array = addb_entity_arg_array(fcinfo, 1, argument);
	addb_entity_arg_options(&list->call, fcinfo, 2);
	request->member = &list->call.service.members[0];
	list->model = request->member->model;
	list->schema = addb_entity_key_schema(list->model);
	list->table = addb_entity_table(request->member, &request->action.options);
}

static JsonbContainer *
element(const Elements *list, int index)
{
	AddbPlace	place = {list->argument, index + 1};
	const JsonbValue *value = getIthJsonbValueFromContainer(list->array, index);

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not an object", addb_place_text(&place))));
	return value->val.binary.data;
}

static void
append_key(StringInfo out, const void *list, int index)
{
	const Elements *keys = list;

	addb_entity_append_key(out, keys->model,
						   addb_entity_read_values(keys->model, element(keys, index)));
}

static void
append_element(StringInfo out, void *value)
{
	const Element *one = value;
	const AddbEntityModel *model = one->list->model;

	if (one->list->call.request.action.method == ADDB_METHOD_BATCH_PUT)
		addb_entity_append_item(out, model, one->object);
	else
	{
		AddbEntityValues values = addb_entity_read_values(model, one->object);

		addb_entity_append_key(out, model, values);
		addb_entity_check_key(model, values);
	}
}

/* Starts the read, in the current context. */
static Get *
begin_get(FunctionCallInfo fcinfo)
{
	Get		   *get = palloc0(sizeof(Get));
	Elements   *list = &get->list;
	AddbEntityRequest *request = &list->call.request;
	AddbExpressions *expressions;
	AddbBatchRead read = {.append_key = append_key,.preface = ADDB_ENTITY_FAILURE};

	read_list(list, fcinfo, ADDB_METHOD_BATCH_GET, "keys");
	initStringInfo(&request->body);
	if (request->action.options.consistent)
		appendStringInfoString(&request->body, ",\"ConsistentRead\":true");
	expressions = addb_entity_expressions(request);
	addb_entity_append_projection(request, expressions);
	addb_expressions_finish(expressions, &request->body);
	read.table = list->table;
	read.schema = list->schema;
	read.argument = "keys";
	read.keys = list;
	read.nkeys = JsonContainerSize(list->array);
	read.parameters = request->body.data;
	get->view = (AddbEntityView) {list->model, &request->action.options};
	get->item = AllocSetContextCreate(CurrentMemoryContext,
									  "atomic_dynamodb entity item",
									  ALLOCSET_DEFAULT_SIZES);
	get->reader = addb_batch_reader_begin(&read, CurrentMemoryContext);
	return get;
}

/* The next item of the entity, palloc'd; NULL at the end. */
static Jsonb *
next_item(Get *get)
{
	AddbJsonCursor cursor;

	while (addb_batch_reader_next(get->reader, &cursor))
	{
		MemoryContext caller = MemoryContextSwitchTo(get->item);
		AddbJsonSlice slice;
		AddbJsonbValue value;
		bool		owned;

		MemoryContextReset(get->item);
		if (!addb_json_skip(&cursor, &slice))
			addb_batch_reader_raise_malformed(get->reader);
		addb_jsonb_start();
		owned = addb_entity_item_read(&get->view,
									  (AddbText) {slice.data, (int) slice.len}, &value);
		MemoryContextSwitchTo(caller);
		if (owned)
			return addb_jsonb_finish(value);
	}
	return NULL;
}

/*
 * addb_fn_entity_batch_get - ddb_internal_entity_batch_get(entity, keys, options)
 * returns setof jsonb, one item a call
 */
Datum
addb_fn_entity_batch_get(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Jsonb	   *item;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin_get(fcinfo);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	item = next_item(call->user_fctx);
	if (item == NULL)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(item));
}

/* Checks the whole list, so that a bad one writes nothing, or writes it. */
static void
visit(const Elements *list, AddbBatchWriter *writer)
{
	AddbKeyHolder holder = list->call.request.action.method == ADDB_METHOD_BATCH_PUT
		? ADDB_HOLDER_ITEM : ADDB_HOLDER_KEY;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "atomic_dynamodb requests",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = addb_entity_add_context,
		.arg = unconstify(AddbEntityMember *, list->call.request.member)
	};

	error_context_stack = &callback;
	for (int i = 0; i < JsonContainerSize(list->array); i++)
	{
		AddbPlace	place = {list->argument, i + 1,.preface = ADDB_ENTITY_FAILURE};
		Element		one = {list, element(list, i)};

		if (writer == NULL)
			addb_batch_write_check(list->schema, holder, append_element, &one, &place);
		else
			addb_batch_writer_push(writer, holder, append_element, &one, &place);
		MemoryContextReset(context);
	}
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

static Datum
write_list(FunctionCallInfo fcinfo, AddbEntityMethod method,
		   const char *function, const char *argument)
{
	Elements	list;
	AddbBatchWriter *writer;

	PreventCommandIfReadOnly(function);
	read_list(&list, fcinfo, method, argument);
	visit(&list, NULL);
	writer = addb_batch_writer_begin(list.table, list.schema, psprintf("\"%s\"", argument),
									 ADDB_ENTITY_FAILURE, 									 CurrentMemoryContext);
	visit(&list, writer);
	PG_RETURN_INT64(addb_batch_writer_end(writer));
}

/*
 * addb_fn_entity_batch_put - ddb_entity_batch_put(entity, items, options) returns
 * bigint
 */
Datum
addb_fn_entity_batch_put(PG_FUNCTION_ARGS)
{
	return write_list(fcinfo, ADDB_METHOD_BATCH_PUT, "ddb_entity_batch_put()", "items");
}

/*
 * addb_fn_entity_batch_delete - ddb_entity_batch_delete(entity, keys, options)
 * returns bigint
 */
Datum
addb_fn_entity_batch_delete(PG_FUNCTION_ARGS)
{
	return write_list(fcinfo, ADDB_METHOD_BATCH_DELETE, "ddb_entity_batch_delete()", "keys");
}
