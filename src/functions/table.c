/*
 * table.c
 *	  ddb_create_table, ddb_delete_table, ddb_describe_table, ddb_list_tables,
 *	  ddb_update_ttl.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/table.h"
#include "funcapi.h"
#include "functions/args.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

ADDB_FUNCTION(addb_fn_create_table);
ADDB_FUNCTION(addb_fn_create_any_table);
ADDB_FUNCTION(addb_fn_delete_table);
ADDB_FUNCTION(addb_fn_describe_table);
ADDB_FUNCTION(addb_fn_list_tables);
ADDB_FUNCTION(addb_fn_update_ttl);

/* A text as a string; NULL when the argument is. */
static char *
optional_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/*
 * addb_fn_create_table - ddb_create_table(table_name) returns void
 *
 * In the layout of atomic-dynamodb.
 */
Datum
addb_fn_create_table(PG_FUNCTION_ARGS)
{
	AddbTableDefinition definition = {
		.partition_key = "pk",
		.sort_key = "sk",
		.ttl = "ttl"
	};

	PreventCommandIfReadOnly("ddb_create_table()");
	addb_arg_require(fcinfo, 0, "table_name");
	definition.table = addb_arg_table(fcinfo, 0);
	addb_table_create(&definition);
	PG_RETURN_VOID();
}

/* Capacity units; 0 when the argument is NULL. */
static int64
read_units(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		return 0;
	if (PG_GETARG_INT64(n) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be at least 1", name),
				 errhint("Without units, the table is on demand.")));
	return PG_GETARG_INT64(n);
}

/*
 * addb_fn_create_any_table - ddb_create_table(table_name, partition_key,
 * sort_key, global_indexes, local_indexes, read_units, write_units, ttl)
 * returns void
 */
Datum
addb_fn_create_any_table(PG_FUNCTION_ARGS)
{
	AddbTableDefinition definition;

	PreventCommandIfReadOnly("ddb_create_table()");
	addb_arg_require(fcinfo, 0, "table_name");
	addb_arg_require(fcinfo, 1, "partition_key");
	definition.table = addb_arg_table(fcinfo, 0);
	definition.partition_key = optional_text(fcinfo, 1);
	definition.sort_key = optional_text(fcinfo, 2);
	definition.global_indexes = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	definition.local_indexes = PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4);
	definition.read_units = read_units(fcinfo, 5, "read_units");
	definition.write_units = read_units(fcinfo, 6, "write_units");
	definition.ttl = optional_text(fcinfo, 7);
	if (PG_ARGISNULL(5) != PG_ARGISNULL(6))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is missing",
						PG_ARGISNULL(5) ? "read_units" : "write_units"),
				 errhint("A table has units of both kinds, or is on demand.")));
	addb_table_create(&definition);
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

/*
 * addb_fn_describe_table - ddb_describe_table(table_name) returns jsonb
 */
Datum
addb_fn_describe_table(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(addb_table_describe(addb_arg_table(fcinfo, 0)));
}

/*
 * addb_fn_list_tables - ddb_list_tables() returns setof text, one row a call
 */
Datum
addb_fn_list_tables(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	char	   *name;

	if (SRF_IS_FIRSTCALL())
	{
		call = SRF_FIRSTCALL_INIT();
		call->user_fctx = addb_table_lister_begin(call->multi_call_memory_ctx);
	}
	call = SRF_PERCALL_SETUP();
	name = addb_table_lister_next(call->user_fctx);
	if (name == NULL)
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, CStringGetTextDatum(name));
}

/*
 * addb_fn_update_ttl - ddb_update_ttl(table_name, attribute, enabled) returns
 * void
 */
Datum
addb_fn_update_ttl(PG_FUNCTION_ARGS)
{
	char	   *attribute;

	PreventCommandIfReadOnly("ddb_update_ttl()");
	addb_arg_require(fcinfo, 0, "table_name");
	addb_arg_require(fcinfo, 1, "attribute");
	addb_arg_require(fcinfo, 2, "enabled");
	attribute = optional_text(fcinfo, 1);
	addb_table_check_ttl(attribute, "attribute");
	addb_table_update_ttl(addb_arg_table(fcinfo, 0), attribute,
						  PG_GETARG_BOOL(2), "\"table_name\", \"attribute\" and \"enabled\"");
	PG_RETURN_VOID();
}
