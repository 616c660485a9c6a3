/*
 * table.c
 *	  ddb_create_table, ddb_delete_table.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/table.h"
#include "functions/args.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_create_table);
ADDB_FUNCTION(addb_fn_delete_table);

/*
 * addb_fn_create_table - ddb_create_table(table_name) returns void
 */
Datum
addb_fn_create_table(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("ddb_create_table()");
	addb_arg_require(fcinfo, 0, "table_name");
	addb_table_create(addb_arg_table(fcinfo, 0));
	PG_RETURN_VOID();
}

/*
 * addb_fn_delete_table - ddb_delete_table(table_name) returns void
 */
Datum
addb_fn_delete_table(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("ddb_delete_table()");
	addb_arg_require(fcinfo, 0, "table_name");
	addb_table_delete(addb_arg_table(fcinfo, 0));
	PG_RETURN_VOID();
}
