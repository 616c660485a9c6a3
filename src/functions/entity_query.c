/*
 * entity_query.c
 *	  ddb_entity_query, ddb_entity_scan, ddb_collection_query: all pages, item by
 *	  item.
 *
 * Items of others are passed over. What the caller takes no more of is not asked
 * for, as with queries on any table.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/pager.h"
#include "entity/error.h"
#include "entity/item.h"
#include "funcapi.h"
#include "functions/args.h"
#include "functions/entity_query.h"
#include "functions/rows.h"
#include "functions/scan_guard.h"
#include "utils/builtins.h"

ADDB_FUNCTION(addb_fn_entity_query);
ADDB_FUNCTION(addb_fn_entity_scan);
ADDB_FUNCTION(addb_fn_collection_query);

/* A read under way. */
typedef struct Stream
{
	AddbEntityCall call;
	AddbPager  *pager;
	AddbEntityView *views;		/* of the entities that items may be of */
	int			nviews;
	int			left;			/* items wanted; -1: all */
	MemoryContext item;			/* what reading an item takes */
} Stream;

/*
 * addb_entity_query_arguments - reads (entity, index, key, sk, condition, vals,
 * options)
 */
void
addb_entity_query_arguments(AddbEntityCall *call, FunctionCallInfo fcinfo)
{
	addb_entity_call_begin(call, fcinfo, ADDB_METHOD_QUERY);
	addb_entity_call_find(call, fcinfo, 0);
	call->request.action.index = addb_arg_text(fcinfo, 1, "index");
	call->request.action.key = addb_entity_arg_object(fcinfo, 2, "key");
	call->request.action.sk = addb_entity_arg_optional_object(fcinfo, 3, "sk");
	addb_entity_arg_where(call, fcinfo, 4, 5);
	addb_entity_arg_options(call, fcinfo, 6);
}

/*
 * addb_entity_scan_arguments - reads (entity, index, condition, vals, options)
 *
 * Raises 42501 when scans are not allowed; function is for that message.
 */
void
addb_entity_scan_arguments(AddbEntityCall *call, FunctionCallInfo fcinfo,
						   const char *function)
{
	addb_scan_check(function);
	addb_entity_call_begin(call, fcinfo, ADDB_METHOD_SCAN);
	addb_entity_call_find(call, fcinfo, 0);
	call->request.action.index = addb_arg_optional_text(fcinfo, 1);
	addb_entity_arg_where(call, fcinfo, 2, 3);
	addb_entity_arg_options(call, fcinfo, 4);
}

/*
 * addb_entity_collection_arguments - reads (service, collection, key, sk,
 * condition, vals, options)
 */
void
addb_entity_collection_arguments(AddbEntityCall *call, FunctionCallInfo fcinfo)
{
	AddbEntityOperation *action = &call->request.action;
	AddbText	service = addb_arg_text(fcinfo, 0, "service");
	AddbText	collection = addb_arg_text(fcinfo, 1, "collection");

	addb_entity_call_begin(call, fcinfo, ADDB_METHOD_COLLECTION);
	action->collection.data = pnstrdup(collection.data, collection.len);
	action->collection.len = collection.len;
	call->service = addb_registry_collection(call->registry, service,
											 action->collection);
	action->key = addb_entity_arg_object(fcinfo, 2, "key");
	action->sk = addb_entity_arg_optional_object(fcinfo, 3, "sk");
	addb_entity_arg_where(call, fcinfo, 4, 5);
	addb_entity_arg_options(call, fcinfo, 6);
}

static void
begin_views(Stream *stream)
{
	AddbEntityRequest *request = &stream->call.request;

	stream->nviews = request->member != NULL ? 1 : request->nparticipants;
	stream->views = palloc(stream->nviews * sizeof(AddbEntityView));
	for (int i = 0; i < stream->nviews; i++)
	{
		AddbEntityView *view = &stream->views[i];

		view->model = addb_entity_model_of(request, i);
		view->options = &request->action.options;
	}
}

/* Compiles the call and asks for its first page. */
static void
begin_stream(Stream *stream, int segments)
{
	AddbEntityRequest *request = &stream->call.request;
	AddbPagedRead read = {
		.table = NULL,
		.arguments = "\"key\", \"sk\", \"condition\", \"vals\" and \"options\"",
		.preface = ADDB_ENTITY_FAILURE,
		.segments = segments
	};

	addb_entity_compile_action(&stream->call.service, request);
	appendStringInfoString(&request->body, ",\"ReturnConsumedCapacity\":\"TOTAL\"");
	read.paging = request->action.method == ADDB_METHOD_SCAN ? &addb_paging_scan
		: &addb_paging_query;
	read.table = request->table;
	read.parameters = request->body.data + 1;
	read.start = request->start.data == NULL ? NULL
		: pnstrdup(request->start.data, request->start.len);
	read.sized = request->action.options.limit != NULL ||
		request->action.options.count > 0;
	stream->left = request->action.options.count > 0 ? request->action.options.count : -1;
	stream->item = AllocSetContextCreate(CurrentMemoryContext,
										 "atomic_dynamodb entity item",
										 ALLOCSET_DEFAULT_SIZES);
	begin_views(stream);
	stream->pager = addb_pager_begin(&read, CurrentMemoryContext);
}

/* Reads one item; the number of the entity that it is of, or -1. */
static int
read_item(Stream *stream, AddbJsonCursor *cursor, AddbJsonbValue *value)
{
	AddbJsonSlice slice;

	if (!addb_json_skip(cursor, &slice))
		addb_pager_raise_malformed(stream->pager);
	addb_jsonb_start();
	for (int i = 0; i < stream->nviews; i++)
		if (addb_entity_item_read(&stream->views[i],
								  (AddbText) {slice.data, (int) slice.len}, value))
			return i;
	return -1;
}

/* The next item, palloc'd, and the number of its entity; NULL at the end. */
static Jsonb *
next_item(Stream *stream, int *entity)
{
	AddbJsonCursor *cursor;

	while (stream->left != 0 && (cursor = addb_pager_next(stream->pager)) != NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(stream->item);
		AddbJsonbValue value;

		MemoryContextReset(stream->item);
		*entity = read_item(stream, cursor, &value);
		MemoryContextSwitchTo(caller);
		if (*entity < 0)
			continue;
		stream->left -= stream->left > 0;
		return addb_jsonb_finish(value);
	}
	return NULL;
}

static const char pages_hint[] = "All pages are read as they are needed; see the function whose name ends with _page.";

/*
 * addb_fn_entity_query - ddb_internal_entity_query(arguments of
 * addb_entity_query_arguments) returns setof jsonb, one item a call
 */
Datum
addb_fn_entity_query(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Jsonb	   *item;
	int			entity;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		Stream	   *stream;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = stream = palloc0(sizeof(Stream));
		addb_entity_arg_refuse_option(fcinfo, 6, "pages", pages_hint);
		addb_entity_query_arguments(&stream->call, fcinfo);
		begin_stream(stream, 1);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	item = next_item(call->user_fctx, &entity);
	if (item == NULL)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(item));
}

/*
 * addb_fn_entity_scan - ddb_internal_entity_scan(arguments of
 * addb_entity_scan_arguments, segments) returns setof jsonb, one item a call
 */
Datum
addb_fn_entity_scan(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Jsonb	   *item;
	int			entity;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		Stream	   *stream;
		int			segments = addb_arg_positive(fcinfo, 5, "segments", 1,
												 ADDB_PAGER_MAX_SEGMENTS);

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = stream = palloc0(sizeof(Stream));
		addb_entity_arg_refuse_option(fcinfo, 4, "pages", pages_hint);
		if (segments > 1)
			addb_entity_arg_refuse_option(fcinfo, 4, "cursor",
										  "Each segment has a place of its own to go on from.");
		addb_entity_scan_arguments(&stream->call, fcinfo, "ddb_entity_scan()");
		begin_stream(stream, segments);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	item = next_item(call->user_fctx, &entity);
	if (item == NULL)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(item));
}

/*
 * addb_fn_collection_query - ddb_internal_collection_query(arguments of
 * addb_entity_collection_arguments) returns setof ddb_collection_item, one item a
 * call
 */
Datum
addb_fn_collection_query(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Stream	   *stream;
	Jsonb	   *item;
	int			entity;
	Datum		values[2];
	bool		nulls[2] = {0};
	AddbText	alias;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = stream = palloc0(sizeof(Stream));
		addb_entity_arg_refuse_option(fcinfo, 6, "pages", pages_hint);
		addb_entity_collection_arguments(&stream->call, fcinfo);
		begin_stream(stream, 1);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	stream = call->user_fctx;
	item = next_item(stream, &entity);
	if (item == NULL)
		SRF_RETURN_DONE(call);
	alias = stream->call.request.participants[entity]->alias;
	values[0] = PointerGetDatum(cstring_to_text_with_len(alias.data, alias.len));
	values[1] = JsonbPGetDatum(item);
	SRF_RETURN_NEXT(call, addb_row_result(fcinfo, values, nulls));
}
