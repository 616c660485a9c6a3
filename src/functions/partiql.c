/*
 * partiql.c
 *	  ddb_execute, ddb_execute_transaction: statements of PartiQL.
 */
#include "postgres.h"

#include <limits.h>

#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/partiql.h"
#include "dynamodb/partiql_transaction.h"
#include "funcapi.h"
#include "functions/args.h"
#include "functions/scan_guard.h"
#include "functions/stream.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_execute);
ADDB_FUNCTION(addb_fn_execute_transaction);

/*
 * A statement that is neither known to read nor known to write must be allowed
 * to do both.
 */
static AddbPager *
begin_execute(FunctionCallInfo fcinfo, MemoryContext owner)
{
	AddbText	statement = addb_arg_text(fcinfo, 0, "statement");
	bool		reads = addb_partiql_is_select(statement.data, statement.len);
	int			page_size = addb_arg_positive(fcinfo, 3, "page_size", 0, INT_MAX);
	StringInfoData parameters;
	AddbPagedRead read = {
		.paging = reads ? &addb_paging_execute_read : &addb_paging_execute_write,
		.arguments = "\"statement\" and \"params\"",
		.sized = page_size > 0
	};

	if (!reads)
		PreventCommandIfReadOnly("ddb_execute()");
	if (!addb_partiql_is_write(statement.data, statement.len))
		addb_scan_check("ddb_execute()");
	initStringInfo(&parameters);
	addb_partiql_append_statement(&parameters, statement.data, statement.len,
								  "argument \"statement\"");
	addb_partiql_append_parameters(&parameters, addb_arg_optional_jsonb(fcinfo, 1),
								   "params");
	if (reads && addb_arg_bool(fcinfo, 2, addb_consistent_read))
		appendStringInfoString(&parameters, ",\"ConsistentRead\":true");
	if (page_size > 0)
		appendStringInfo(&parameters, ",\"Limit\":%d", page_size);
	appendStringInfoString(&parameters, ",\"ReturnConsumedCapacity\":\"TOTAL\"");
	read.parameters = parameters.data;
	return addb_pager_begin(&read, owner);
}

/*
 * addb_fn_execute - ddb_internal_execute(statement, params, consistent,
 * page_size) returns setof jsonb, one row a call
 */
Datum
addb_fn_execute(PG_FUNCTION_ARGS)
{
	return addb_stream_items(fcinfo, begin_execute);
}

/*
 * addb_fn_execute_transaction - ddb_execute_transaction(statements, token)
 * returns setof jsonb, one row a call
 *
 * All is done in the first call, the rows are read from the reply one by one.
 */
Datum
addb_fn_execute_transaction(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Jsonb	   *item;

	if (SRF_IS_FIRSTCALL())
	{
		AddbPartiqlTransaction transaction;
		AddbText	token = {NULL, 0};
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		addb_arg_require(fcinfo, 0, "statements");
		addb_partiql_transaction_build(PG_GETARG_JSONB_P(0), &transaction);
		if (!transaction.is_read)
			PreventCommandIfReadOnly("ddb_execute_transaction()");
		if (!PG_ARGISNULL(1))
			token = addb_arg_text(fcinfo, 1, "token");
		call->user_fctx =
			addb_partiql_transaction_run(&transaction, token.data, token.len,
										 call->multi_call_memory_ctx);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	if (!addb_partiql_rows_next(call->user_fctx, &item))
		SRF_RETURN_DONE(call);
	if (item == NULL)
		SRF_RETURN_NEXT_NULL(call);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(item));
}
