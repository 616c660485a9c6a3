/*
 * table_query.c
 *	  ddb_query_items, ddb_scan, ddb_query_page, ddb_scan_page, ddb_count.
 */
#include "postgres.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/table_query.h"
#include "functions/args.h"
#include "functions/rows.h"
#include "functions/scan_guard.h"
#include "functions/stream.h"
#include "utils/array.h"

ADDB_FUNCTION(addb_fn_query_items);
ADDB_FUNCTION(addb_fn_scan);
ADDB_FUNCTION(addb_fn_query_page);
ADDB_FUNCTION(addb_fn_scan_page);
ADDB_FUNCTION(addb_fn_count);

/* The columns of ddb_query_page and ddb_scan_page, in order. */
enum
{
	PAGE_ITEMS,
	PAGE_NEXT_KEY,
	PAGE_COUNT,
	PAGE_SCANNED_COUNT,
	PAGE_CONSUMED_CAPACITY,
	PAGE_COLUMNS
};

/*
 * The arguments (table_name, key_condition, vals, filter, projection,
 * index_name, descending, consistent, page_size, start_key, names).
 */
static AddbTableQuery
read_query(FunctionCallInfo fcinfo)
{
	AddbTableQuery query = {
		.table = addb_arg_table(fcinfo, 0),
		.key_condition = addb_arg_text(fcinfo, 1, "key_condition"),
		.values = addb_arg_optional_jsonb(fcinfo, 2),
		.filter = addb_arg_optional_text(fcinfo, 3),
		.projection = addb_arg_optional_text(fcinfo, 4),
		.index_name = addb_arg_optional_text(fcinfo, 5),
		.descending = addb_arg_bool(fcinfo, 6, false),
		.consistent = addb_arg_bool(fcinfo, 7, addb_consistent_read),
		.page_size = addb_arg_positive(fcinfo, 8, "page_size", 0, INT_MAX),
		.start_key = addb_arg_optional_jsonb(fcinfo, 9),
		.names = addb_arg_optional_jsonb(fcinfo, 10)
	};

	return query;
}

/*
 * The arguments (table_name, filter, vals, projection, index_name, consistent,
 * page_size, start_key, names).
 */
static AddbTableQuery
read_scan(FunctionCallInfo fcinfo)
{
	AddbTableQuery query = {
		.table = addb_arg_table(fcinfo, 0),
		.filter = addb_arg_optional_text(fcinfo, 1),
		.values = addb_arg_optional_jsonb(fcinfo, 2),
		.projection = addb_arg_optional_text(fcinfo, 3),
		.index_name = addb_arg_optional_text(fcinfo, 4),
		.consistent = addb_arg_bool(fcinfo, 5, addb_consistent_read),
		.page_size = addb_arg_positive(fcinfo, 6, "page_size", 0, INT_MAX),
		.start_key = addb_arg_optional_jsonb(fcinfo, 7),
		.names = addb_arg_optional_jsonb(fcinfo, 8)
	};

	return query;
}

static AddbPager *
begin_query(FunctionCallInfo fcinfo, MemoryContext owner)
{
	AddbTableQuery query = read_query(fcinfo);

	return addb_table_query_begin(&query, 1, owner);
}

static AddbPager *
begin_scan(FunctionCallInfo fcinfo, MemoryContext owner)
{
	AddbTableQuery query = read_scan(fcinfo);
	int			segments = addb_arg_positive(fcinfo, 9, "segments", 1,
											 ADDB_PAGER_MAX_SEGMENTS);

	addb_scan_check("ddb_scan()");
	if (segments > 1 && query.start_key != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"start_key\" and \"segments\" exclude each other"),
				 errdetail("Each segment has a place of its own to go on from."),
				 errhint("Use ddb_scan_page, with \"segment\", for a parallel scan that can be resumed.")));
	return addb_table_query_begin(&query, segments, owner);
}

/*
 * addb_fn_query_items - ddb_internal_query_items(arguments of read_query)
 * returns setof jsonb, one row a call
 */
Datum
addb_fn_query_items(PG_FUNCTION_ARGS)
{
	return addb_stream_items(fcinfo, begin_query);
}

/*
 * addb_fn_scan - ddb_internal_scan(arguments of read_scan, segments) returns
 * setof jsonb, one row a call
 */
Datum
addb_fn_scan(PG_FUNCTION_ARGS)
{
	return addb_stream_items(fcinfo, begin_scan);
}

static Datum
page_row(FunctionCallInfo fcinfo, const AddbTableQuery *query)
{
	AddbQueryPage page;
	Datum		values[PAGE_COLUMNS] = {0};
	bool		nulls[PAGE_COLUMNS] = {0};

	addb_table_query_page(query, &page);
	values[PAGE_ITEMS] = PointerGetDatum(construct_array(page.items, page.nitems,
														 JSONBOID, -1, false,
														 TYPALIGN_INT));
	nulls[PAGE_NEXT_KEY] = page.next_key == NULL;
	if (page.next_key != NULL)
		values[PAGE_NEXT_KEY] = JsonbPGetDatum(page.next_key);
	values[PAGE_COUNT] = Int64GetDatum(page.count);
	values[PAGE_SCANNED_COUNT] = Int64GetDatum(page.scanned);
	values[PAGE_CONSUMED_CAPACITY] = Float8GetDatum(page.units);
	return addb_row_result(fcinfo, values, nulls);
}

/*
 * addb_fn_query_page - ddb_query_page(arguments of read_query) returns
 * (items, next_key, count, scanned_count, consumed_capacity)
 */
Datum
addb_fn_query_page(PG_FUNCTION_ARGS)
{
	AddbTableQuery query = read_query(fcinfo);

	return page_row(fcinfo, &query);
}

/*
 * addb_fn_scan_page - ddb_scan_page(arguments of read_scan, segment, segments)
 * returns what ddb_query_page does
 */
Datum
addb_fn_scan_page(PG_FUNCTION_ARGS)
{
	AddbTableQuery query = read_scan(fcinfo);

	addb_scan_check("ddb_scan_page()");
	if (PG_ARGISNULL(9) != PG_ARGISNULL(10))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"segment\" and \"segments\" go together")));
	if (!PG_ARGISNULL(9))
	{
		query.segment = PG_GETARG_INT32(9);
		query.segments = addb_arg_positive(fcinfo, 10, "segments", 0, 1000000);
		if (query.segment < 0 || query.segment >= query.segments)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("argument \"segment\" must be between 0 and %d",
							query.segments - 1)));
	}
	return page_row(fcinfo, &query);
}

/*
 * addb_fn_count - ddb_count(table_name, key_condition, vals, filter,
 * index_name, consistent, segments, names) returns bigint
 */
Datum
addb_fn_count(PG_FUNCTION_ARGS)
{
	AddbTableQuery query = {
		.table = addb_arg_table(fcinfo, 0),
		.key_condition = addb_arg_optional_text(fcinfo, 1),
		.values = addb_arg_optional_jsonb(fcinfo, 2),
		.filter = addb_arg_optional_text(fcinfo, 3),
		.index_name = addb_arg_optional_text(fcinfo, 4),
		.consistent = addb_arg_bool(fcinfo, 5, addb_consistent_read),
		.count = true,
		.names = addb_arg_optional_jsonb(fcinfo, 7)
	};
	int			segments = addb_arg_positive(fcinfo, 6, "segments", 1,
											 ADDB_PAGER_MAX_SEGMENTS);
	AddbPager  *pager;

	if (query.key_condition.data == NULL)
		addb_scan_check("ddb_count() without a key condition");
	else if (segments > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("arguments \"key_condition\" and \"segments\" exclude each other"),
				 errdetail("Only a scan has segments.")));
	pager = addb_table_query_begin(&query, segments, CurrentMemoryContext);
	while (addb_pager_next(pager) != NULL)
		;
	PG_RETURN_INT64(addb_pager_count(pager));
}
