/*
 * table_query.c
 *	  Query and Scan on any table: the request, and single pages.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/expression.h"
#include "dynamodb/page.h"
#include "dynamodb/request.h"
#include "dynamodb/table_query.h"

static const AddbPaging *
paging_of(const AddbTableQuery *query)
{
	return query->key_condition.data != NULL ? &addb_paging_query
		: &addb_paging_scan;
}

/* The arguments that a refusal may be about. */
static const char *
arguments_of(const AddbTableQuery *query)
{
	return query->key_condition.data != NULL
		? "\"table_name\", \"key_condition\", \"filter\", \"projection\", \"index_name\", \"consistent\", \"start_key\" and \"vals\""
		: "\"table_name\", \"filter\", \"projection\", \"index_name\", \"consistent\", \"start_key\" and \"vals\"";
}

static void
append_expressions(StringInfo out, const AddbTableQuery *query)
{
	AddbExpressions *expressions = addb_expressions_begin(query->names, query->values);
	const struct
	{
		AddbExpressionKind kind;
		const char *argument;
		const AddbText *text;
	}			parts[] = {
		{ADDB_KEY_CONDITION, "key_condition", &query->key_condition},
		{ADDB_FILTER, "filter", &query->filter},
		{ADDB_PROJECTION, "projection", &query->projection}
	};

	for (int i = 0; i < lengthof(parts); i++)
		if (parts[i].text->data != NULL)
			addb_expressions_add(expressions, parts[i].kind, parts[i].argument,
								 parts[i].text->data, parts[i].text->len, out);
	addb_expressions_finish(expressions, out);
}

/* The members of the request, start key and segments of a stream excepted. */
static void
append_parameters(StringInfo out, const AddbTableQuery *query)
{
	appendStringInfoString(out, "\"ReturnConsumedCapacity\":\"TOTAL\",\"TableName\":");
	addb_av_append_string(out, query->table, (int) strlen(query->table));
	append_expressions(out, query);
	if (query->index_name.data != NULL)
	{
		appendStringInfoString(out, ",\"IndexName\":");
		addb_av_append_string(out, query->index_name.data, query->index_name.len);
	}
	if (query->descending)
		appendStringInfoString(out, ",\"ScanIndexForward\":false");
	if (query->consistent)
		appendStringInfoString(out, ",\"ConsistentRead\":true");
	if (query->count)
		appendStringInfoString(out, ",\"Select\":\"COUNT\"");
	if (query->page_size > 0)
		appendStringInfo(out, ",\"Limit\":%d", query->page_size);
	if (query->segments > 0)
		appendStringInfo(out, ",\"Segment\":%d,\"TotalSegments\":%d",
						 query->segment, query->segments);
}

/* JSON of the key to begin behind; NULL for none. */
static const char *
start_of(const AddbTableQuery *query)
{
	StringInfoData start;

	if (query->start_key == NULL)
		return NULL;
	initStringInfo(&start);
	addb_av_encode_map(&start, query->start_key, "start_key");
	return start.data;
}

/*
 * addb_table_query_begin - starts a stream of all pages
 *
 * segments is how many segments of a scan are read at once, 1 for none; items
 * come as they arrive then. The pager belongs to the context owner. Raises
 * 22023, 42601 and 54000 for arguments that make no request.
 */
AddbPager *
addb_table_query_begin(const AddbTableQuery *query, int segments,
					   MemoryContext owner)
{
	StringInfoData parameters;
	AddbPagedRead read = {
		.paging = paging_of(query),
		.table = query->table,
		.arguments = arguments_of(query),
		.segments = segments,
		.sized = query->page_size > 0
	};

	initStringInfo(&parameters);
	append_parameters(&parameters, query);
	read.parameters = parameters.data;
	read.start = start_of(query);
	return addb_pager_begin(&read, owner);
}

static void
decode_items(AddbCall *call, AddbPage *page, AddbQueryPage *result)
{
	int			size = (int) Min(Max(page->count, 16), 100000);

	result->items = palloc(size * sizeof(Datum));
	result->nitems = 0;
	while (page->has_items && addb_json_array_next(&page->items))
	{
		Jsonb	   *item = addb_reply_item(call, &page->items);

		if (item == NULL)
			addb_call_raise_malformed(call);
		if (result->nitems == size)
			result->items = repalloc(result->items, (size *= 2) * sizeof(Datum));
		result->items[result->nitems++] = JsonbPGetDatum(item);
	}
	if (page->items.failed)
		addb_call_raise_malformed(call);
}

/*
 * addb_table_query_page - reads one page, which need not be full
 *
 * Without a next key there are no more. Raises as addb_table_query_begin, and
 * what calls raise.
 */
void
addb_table_query_page(const AddbTableQuery *query, AddbQueryPage *result)
{
	StringInfoData body;
	AddbRequest request = {
		.operation = paging_of(query)->operation,
		.table = query->table,
		.arguments = arguments_of(query)
	};
	const char *start = start_of(query);
	AddbCall   *call;
	AddbPage	page;

	initStringInfo(&body);
	appendStringInfoChar(&body, '{');
	append_parameters(&body, query);
	if (start != NULL)
		appendStringInfo(&body, ",\"ExclusiveStartKey\":%s", start);
	appendStringInfoChar(&body, '}');
	request.body = body.data;
	request.body_len = body.len;
	call = addb_client_call(&request, CurrentMemoryContext);
	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_page_read(call, paging_of(query), &page);
	decode_items(call, &page, result);
	result->next_key = NULL;
	if (page.next.len > 0)
	{
		AddbJsonCursor cursor = addb_json_cursor(page.next.data, page.next.len);

		result->next_key = addb_reply_item(call, &cursor);
		if (result->next_key == NULL)
			addb_call_raise_malformed(call);
	}
	result->count = Max(page.count, 0);
	result->scanned = Max(page.scanned, 0);
	result->units = page.units;
	addb_call_release(call);
}
