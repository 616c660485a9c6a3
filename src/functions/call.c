/*
 * call.c
 *	  ddb_call: any operation of DynamoDB with its own JSON.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/raw_call.h"
#include "functions/args.h"
#include "functions/scan_guard.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_call);

/*
 * addb_fn_call - ddb_call(operation, request) returns jsonb
 */
Datum
addb_fn_call(PG_FUNCTION_ARGS)
{
	AddbText	operation = addb_arg_text(fcinfo, 0, "operation");
	AddbRawCall raw;

	addb_arg_require(fcinfo, 1, "request");
	addb_raw_call_build(&raw, operation.data, operation.len,
						PG_GETARG_JSONB_P(1));
	if (raw.operation.is_write)
		PreventCommandIfReadOnly("ddb_call()");
	if (raw.may_scan)
		addb_scan_check("ddb_call()");
	PG_RETURN_POINTER(addb_raw_call_run(&raw));
}
