/*
 * stream.c
 *	  Set-returning functions over a pager, one row a call.
 */
#include "postgres.h"

#include "funcapi.h"
#include "functions/stream.h"

/*
 * addb_stream_items - the body of a function that returns setof jsonb
 *
 * Each row is an item of any table. begin is called once, with the arguments
 * at hand, in the context of the whole set.
 */
Datum
addb_stream_items(FunctionCallInfo fcinfo, AddbStreamBegin begin)
{
	FuncCallContext *call;
	Jsonb	   *item;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin(fcinfo, call->multi_call_memory_ctx);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	item = addb_pager_next_item(call->user_fctx);
	if (item == NULL)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, JsonbPGetDatum(item));
}
