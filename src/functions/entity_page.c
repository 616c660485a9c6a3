/*
 * entity_page.c
 *	  ddb_entity_query_page, ddb_entity_scan_page, ddb_collection_query_page: some
 *	  items, and the cursor to go on from.
 *
 * What ElectroDB reads for one call is read for one: a page, or as many as the
 * options "pages" and "count" ask for. They are in memory together.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "dynamodb/page.h"
#include "dynamodb/request.h"
#include "entity/error.h"
#include "functions/entity_query.h"
#include "functions/rows.h"
#include "utils/array.h"
#include "utils/builtins.h"

ADDB_FUNCTION(addb_fn_entity_query_page);
ADDB_FUNCTION(addb_fn_entity_scan_page);
ADDB_FUNCTION(addb_fn_collection_query_page);

/* The reply to one request, which goes on from where; the cost is counted. */
static AddbText
read_page(const AddbEntityRequest *request, AddbText start)
{
	const AddbPaging *paging = request->action.method == ADDB_METHOD_SCAN ? &addb_paging_scan
		: &addb_paging_query;
	AddbRequest wire = {
		.operation = request->operation,
		.table = request->table,
		.arguments = "\"key\", \"sk\", \"condition\", \"vals\" and \"options\"",
		.preface = ADDB_ENTITY_FAILURE
	};
	StringInfoData body;
	AddbCall   *call;
	AddbPage	page;
	size_t		len;
	const char *reply;
	AddbText	copy;

	initStringInfo(&body);
	appendBinaryStringInfo(&body, request->body.data, request->body.len);
	appendStringInfoString(&body, ",\"ReturnConsumedCapacity\":\"TOTAL\"");
	if (start.data != NULL)
		appendStringInfo(&body, ",\"ExclusiveStartKey\":%.*s", start.len, start.data);
	addb_request_end(&wire, &body);
	call = addb_client_call(&wire, CurrentMemoryContext);
	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_page_read(call, paging, &page);
	reply = addb_call_body(call, &len);
	copy.data = pnstrdup(reply, len);
	copy.len = (int) len;
	addb_call_release(call);
	pfree(body.data);
	return copy;
}

/* {data, cursor} of as many pages as the options ask for. */
static Jsonb *
read_pages(AddbEntityCall *call)
{
	AddbEntityRequest *request = &call->request;
	int			room = 4;
	AddbText   *bodies = palloc(room * sizeof(AddbText));
	AddbText	start;
	int			n = 0;
	int			owned = 0;
	int			on_page;

	addb_entity_compile_action(&call->service, request);
	start = request->start;
	do
	{
		if (n == room)
			bodies = repalloc(bodies, (room *= 2) * sizeof(AddbText));
		bodies[n] = read_page(request, start);
		start = addb_entity_page_end(request, bodies[n], &on_page);
		owned += on_page;
		n++;
	} while (start.data != NULL && addb_entity_page_wanted(request, n, owned));
	return addb_entity_format(request, bodies, n);
}

static Datum
items_of(const JsonbValue *data)
{
	JsonbContainer *array = data->val.binary.data;
	int			n = JsonContainerSize(array);
	Datum	   *items = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		items[i] = JsonbPGetDatum(JsonbValueToJsonb(getIthJsonbValueFromContainer(array, i)));
	return PointerGetDatum(construct_array(items, n, JSONBOID, -1, false, TYPALIGN_INT));
}

/* (data jsonb[], cursor text), of a collection (data jsonb, cursor text) */
static Datum
page_row(FunctionCallInfo fcinfo, AddbEntityCall *call)
{
	Jsonb	   *result = read_pages(call);
	JsonbValue	data;
	JsonbValue	cursor;
	Datum		values[2] = {0};
	bool		nulls[2] = {0};

	(void) getKeyJsonValueFromContainer(&result->root, "data", 4, &data);
	(void) getKeyJsonValueFromContainer(&result->root, "cursor", 6, &cursor);
	values[0] = call->request.member != NULL ? items_of(&data)
		: JsonbPGetDatum(JsonbValueToJsonb(&data));
	nulls[1] = cursor.type == jbvNull;
	if (!nulls[1])
		values[1] = PointerGetDatum(cstring_to_text_with_len(cursor.val.string.val,
															 cursor.val.string.len));
	return addb_row_result(fcinfo, values, nulls);
}

/*
 * addb_fn_entity_query_page - ddb_entity_query_page(arguments of
 * addb_entity_query_arguments) returns (data, cursor)
 */
Datum
addb_fn_entity_query_page(PG_FUNCTION_ARGS)
{
	AddbEntityCall call;

	addb_entity_query_arguments(&call, fcinfo);
	return page_row(fcinfo, &call);
}

/*
 * addb_fn_entity_scan_page - ddb_entity_scan_page(arguments of
 * addb_entity_scan_arguments) returns (data, cursor)
 */
Datum
addb_fn_entity_scan_page(PG_FUNCTION_ARGS)
{
	AddbEntityCall call;

	addb_entity_scan_arguments(&call, fcinfo, "ddb_entity_scan_page()");
	return page_row(fcinfo, &call);
}

/*
 * addb_fn_collection_query_page - ddb_collection_query_page(arguments of
 * addb_entity_collection_arguments) returns (data, cursor)
 */
Datum
addb_fn_collection_query_page(PG_FUNCTION_ARGS)
{
	AddbEntityCall call;

	addb_entity_collection_arguments(&call, fcinfo);
	return page_row(fcinfo, &call);
}
