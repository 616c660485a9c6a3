/*
 * batch.c
 *	  ddb_batch_get, ddb_batch_write: lists of keys and requests on any table.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/batch_get.h"
#include "dynamodb/batch_write.h"
#include "dynamodb/expression.h"
#include "funcapi.h"
#include "functions/args.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_batch_get);
ADDB_FUNCTION(addb_fn_batch_write);

/* A read under way. */
typedef struct Get
{
	AddbBatchReader *reader;
	const AddbKeySchema *schema;
	bool		hidden[2];		/* the key attributes that were not asked for */
} Get;

/* The argument of this name: an array of objects, or one object. */
static Jsonb *
list_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	Jsonb	   *list;

	addb_arg_require(fcinfo, n, name);
	list = PG_GETARG_JSONB_P_COPY(n);
	if (JB_ROOT_IS_SCALAR(list))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON array of objects", name)));
	return list;
}

static int
count_elements(const Jsonb *list)
{
	return JB_ROOT_IS_OBJECT(list) ? 1 : (int) JB_ROOT_COUNT(list);
}

/* An element of such a list, index from 0. Raises 22023 when it is no object. */
static JsonbContainer *
list_element(Jsonb *list, int index, const char *argument)
{
	AddbPlace	place = {argument, index + 1};
	JsonbContainer *element;
	JsonbValue *value;

	if (JB_ROOT_IS_OBJECT(list))
		return &list->root;
	value = getIthJsonbValueFromContainer(&list->root, index);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not an object", addb_place_text(&place))));
	element = value->val.binary.data;
	pfree(value);
	return element;
}

static void
append_key(StringInfo out, const void *keys, int index)
{
	addb_av_encode_container(out, list_element(unconstify(void *, keys), index, "keys"),
							 "keys");
}

/*
 * The projection, and the key attributes that it lacks: by them the items are
 * told apart. The names it refers to may be those of the argument "names".
 */
static void
append_projection(StringInfo out, Get *get, const AddbText *projection, Jsonb *names)
{
	AddbExpressions *expressions = addb_expressions_begin(names, NULL);

	if (projection->data != NULL)
		addb_expressions_add(expressions, ADDB_PROJECTION, "projection",
							 projection->data, projection->len, out);
	for (int i = 0; projection->data != NULL && i < get->schema->n; i++)
	{
		const char *utf8 = get->schema->attributes[i].name;
		const char *name = pg_any_to_server(utf8, (int) strlen(utf8), PG_UTF8);
		int			len = (int) strlen(name);

		get->hidden[i] = !addb_expressions_projects(expressions, name, len);
		if (!get->hidden[i])
			continue;
		out->len--;				/* the quote behind the expression */
		appendStringInfo(out, ",%s\"",
						 addb_expressions_placeholder(expressions, name, len));
	}
	addb_expressions_finish(expressions, out);
}

/* Starts the read, in the current context. */
static Get *
begin_get(FunctionCallInfo fcinfo)
{
	Get		   *get = palloc0(sizeof(Get));
	Jsonb	   *keys = list_argument(fcinfo, 1, "keys");
	const char *table = addb_arg_table(fcinfo, 0);
	AddbText	projection = addb_arg_optional_text(fcinfo, 2);
	StringInfoData parameters;
	AddbBatchRead read = {
		.table = table,
		.schema = addb_key_schema_get_current(table),
		.argument = "keys",
		.keys = keys,
		.nkeys = count_elements(keys),
		.append_key = append_key
	};

	get->schema = read.schema;
	initStringInfo(&parameters);
	append_projection(&parameters, get, &projection,
					  addb_arg_optional_jsonb(fcinfo, 4));
	if (addb_arg_bool(fcinfo, 3, addb_consistent_read))
		appendStringInfoString(&parameters, ",\"ConsistentRead\":true");
	read.parameters = parameters.data;
	get->reader = addb_batch_reader_begin(&read, CurrentMemoryContext);
	return get;
}

/* An item as jsonb, without the hidden attributes; false when malformed. */
static bool
decode_item(const Get *get, AddbJsonCursor *item, AddbJsonbValue *value)
{
	StringInfoData kept;
	AddbJsonCursor cursor;
	AddbJsonSlice name;
	AddbJsonSlice member;

	addb_jsonb_start();
	if (!get->hidden[0] && !get->hidden[1])
		return addb_av_decode_map(item, value);
	initStringInfo(&kept);
	if (!addb_json_object_start(item))
		return false;
	while (addb_json_object_next(item, &name))
	{
		if (!addb_json_skip(item, &member))
			return false;
		if ((get->hidden[0] && addb_key_name_is(&name, get->schema->attributes[0].name)) ||
			(get->hidden[1] && addb_key_name_is(&name, get->schema->attributes[1].name)))
			continue;
		appendStringInfoString(&kept, kept.len == 0 ? "{\"" : ",\"");
		appendBinaryStringInfo(&kept, name.data, (int) name.len);
		appendStringInfoString(&kept, "\":");
		appendBinaryStringInfo(&kept, member.data, (int) member.len);
	}
	appendStringInfoString(&kept, kept.len == 0 ? "{}" : "}");
	cursor = addb_json_cursor(kept.data, kept.len);
	return !item->failed && addb_av_decode_map(&cursor, value);
}

/*
 * addb_fn_batch_get - ddb_internal_batch_get(table_name, keys, projection,
 * consistent, names) returns setof jsonb, one item a call
 */
Datum
addb_fn_batch_get(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	AddbJsonCursor item;
	AddbJsonbValue value;
	Get		   *get;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin_get(fcinfo);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	get = call->user_fctx;
	if (!addb_batch_reader_next(get->reader, &item))
		SRF_RETURN_DONE(call);
	if (!decode_item(get, &item, &value))
		addb_batch_reader_raise_malformed(get->reader);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(addb_jsonb_finish(value)));
}

/* An element of the argument "requests". */
typedef struct Request
{
	AddbKeyHolder holder;
	JsonbContainer *object;		/* the item or the key */
} Request;

static _Noreturn void
raise_no_request(const AddbPlace *place)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be {\"put\": item} or {\"delete\": key}",
					addb_place_text(place))));
}

static Request
read_request(JsonbContainer *element, const AddbPlace *place)
{
	JsonbIterator *iterator = JsonbIteratorInit(element);
	JsonbValue	name;
	JsonbValue	value;
	Request		request;

	if (JsonContainerSize(element) != 1)
		raise_no_request(place);
	(void) JsonbIteratorNext(&iterator, &name, false);
	(void) JsonbIteratorNext(&iterator, &name, false);
	(void) JsonbIteratorNext(&iterator, &value, true);
	if (name.val.string.len == 3 && memcmp(name.val.string.val, "put", 3) == 0)
		request.holder = ADDB_HOLDER_ITEM;
	else if (name.val.string.len == 6 && memcmp(name.val.string.val, "delete", 6) == 0)
		request.holder = ADDB_HOLDER_KEY;
	else
		raise_no_request(place);
	if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
		raise_no_request(place);
	request.object = value.val.binary.data;
	return request;
}

static void
append_request(StringInfo out, void *object)
{
	addb_av_encode_container(out, object, "requests");
}

/* Reads and checks the whole list, so that a bad one writes nothing. */
static Request *
read_requests(Jsonb *list, const AddbKeySchema *schema)
{
	int			n = count_elements(list);
	Request    *requests = palloc(Max(n, 1) * sizeof(Request));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "atomic_dynamodb requests",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	for (int i = 0; i < n; i++)
	{
		AddbPlace	place = {"requests", i + 1};

		requests[i] = read_request(list_element(list, i, "requests"), &place);
		addb_batch_write_check(schema, requests[i].holder, append_request,
							   requests[i].object, &place);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return requests;
}

/*
 * addb_fn_batch_write - ddb_batch_write(table_name, requests) returns bigint
 */
Datum
addb_fn_batch_write(PG_FUNCTION_ARGS)
{
	Jsonb	   *list;
	const char *table;
	const AddbKeySchema *schema;
	Request    *requests;
	AddbBatchWriter *writer;

	PreventCommandIfReadOnly("ddb_batch_write()");
	list = list_argument(fcinfo, 1, "requests");
	table = addb_arg_table(fcinfo, 0);
	schema = addb_key_schema_get_current(table);
	requests = read_requests(list, schema);
	writer = addb_batch_writer_begin(table, schema, "\"requests\"", NULL,
									 CurrentMemoryContext);
	for (int i = 0; i < count_elements(list); i++)
	{
		AddbPlace	place = {"requests", i + 1};

		addb_batch_writer_push(writer, requests[i].holder, append_request,
							   requests[i].object, &place);
	}
	PG_RETURN_INT64(addb_batch_writer_end(writer));
}
