/*
 * partiql.c
 *	  ddb_execute_transaction: statements of PartiQL, all or none.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/partiql_transaction.h"
#include "funcapi.h"
#include "functions/args.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_execute_transaction);

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
