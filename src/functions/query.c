/*
 * query.c
 *	  ddb_query: a partition as a stream of rows.
 */
#include "postgres.h"

#include <limits.h>

#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/pager.h"
#include "funcapi.h"
#include "functions/args.h"
#include "functions/rows.h"

ADDB_FUNCTION(addb_fn_query);

/* The members of the Query request, its start key excepted. */
static void
build_parameters(FunctionCallInfo fcinfo, StringInfo out, const char *table)
{
	AddbText	pk = addb_arg_text(fcinfo, 0, "pk");
	bool		with_prefix = !PG_ARGISNULL(1) &&
		VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(1)) > 0;
	AddbKey		key = {pk, {"-", 1}};

	addb_arg_check_key(&key, "the key");
	appendStringInfoString(out, "\"ReturnConsumedCapacity\":\"TOTAL\",\"TableName\":");
	addb_av_append_string(out, table, (int) strlen(table));
	appendStringInfo(out, ",\"KeyConditionExpression\":\"#p = :p%s\","
					 "\"ExpressionAttributeNames\":{\"#p\":\"pk\"%s},"
					 "\"ExpressionAttributeValues\":{\":p\":{\"S\":",
					 with_prefix ? " AND begins_with(#s, :s)" : "",
					 with_prefix ? ",\"#s\":\"sk\"" : "");
	addb_av_append_string(out, pk.data, pk.len);
	if (with_prefix)
	{
		AddbText	prefix = addb_arg_text(fcinfo, 1, "sk_prefix");

		appendStringInfoString(out, "},\":s\":{\"S\":");
		addb_av_append_string(out, prefix.data, prefix.len);
	}
	appendStringInfoString(out, "}}");
	if (addb_arg_bool(fcinfo, 2, false))
		appendStringInfoString(out, ",\"ScanIndexForward\":false");
	if (addb_arg_bool(fcinfo, 3, addb_consistent_read))
		appendStringInfoString(out, ",\"ConsistentRead\":true");
	if (!PG_ARGISNULL(4))
		appendStringInfo(out, ",\"Limit\":%d",
						 addb_arg_positive(fcinfo, 4, "page_size", 0, INT_MAX));
}

/*
 * addb_fn_query - ddb_internal_query(pk, sk_prefix, descending, consistent,
 * page_size, table_name) returns setof ddb_item, one row a call
 */
Datum
addb_fn_query(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	AddbJsonCursor *cursor;
	Datum		values[ADDB_ITEM_COLUMNS];
	bool		nulls[ADDB_ITEM_COLUMNS];

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		StringInfoData parameters;
		AddbPagedRead read = {
			.paging = &addb_paging_query,
			.arguments = "\"pk\", \"sk_prefix\" and \"table_name\"",
			.sized = !PG_ARGISNULL(4)
		};
		const char *table;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &call->tuple_desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		call->tuple_desc = BlessTupleDesc(CreateTupleDescCopy(call->tuple_desc));
		table = addb_arg_table(fcinfo, 5);
		initStringInfo(&parameters);
		build_parameters(fcinfo, &parameters, table);
		read.table = table;
		read.parameters = parameters.data;
		call->user_fctx = addb_pager_begin(&read, call->multi_call_memory_ctx);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	cursor = addb_pager_next(call->user_fctx);
	if (cursor == NULL)
		SRF_RETURN_DONE(call);
	if (!addb_item_decode(cursor, values, nulls))
		addb_pager_raise_malformed(call->user_fctx);
	SRF_RETURN_NEXT(call, addb_row_form(call->tuple_desc, values, nulls));
}
