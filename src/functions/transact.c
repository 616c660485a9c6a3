/*
 * transact.c
 *	  ddb_transact_write, ddb_transact_get.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "core/compat.h"
#include "dynamodb/transact.h"
#include "funcapi.h"
#include "functions/args.h"
#include "functions/entity_transact.h"
#include "functions/rows.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

ADDB_FUNCTION(addb_fn_transact_write);
ADDB_FUNCTION(addb_fn_transact_get);

/* The columns of the SQL type ddb_transact_item, in order. */
enum
{
	ITEM_ITEM,
	ITEM_REJECTED,
	ITEM_CODE,
	ITEM_MESSAGE,
	ITEM_COLUMNS
};

static Datum
form_item(TupleDesc type, const AddbTransactRow *row)
{
	Datum		values[ITEM_COLUMNS] = {0};
	bool		nulls[ITEM_COLUMNS] = {0};

	nulls[ITEM_ITEM] = row->item == NULL;
	values[ITEM_ITEM] = JsonbPGetDatum(row->item);
	values[ITEM_REJECTED] = BoolGetDatum(row->rejected);
	nulls[ITEM_CODE] = row->code == NULL;
	if (row->code != NULL)
		values[ITEM_CODE] = CStringGetTextDatum(row->code);
	nulls[ITEM_MESSAGE] = row->message == NULL;
	if (row->message != NULL)
		values[ITEM_MESSAGE] = CStringGetTextDatum(row->message);
	return addb_row_form(type, values, nulls);
}

/* (canceled boolean, data ddb_transact_item[]) as the function's result. */
static Datum
form_result(FunctionCallInfo fcinfo, const AddbTransactResult *result)
{
	Datum	   *items = palloc(Max(result->n, 1) * sizeof(Datum));
	Datum		values[2];
	bool		nulls[2] = {0};
	TupleDesc	type;
	TupleDesc	item_type;
	Oid			item_typid;

	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	item_typid = get_element_type(TupleDescAttr(type, 1)->atttypid);
	item_type = lookup_rowtype_tupdesc(item_typid, -1);
	for (int i = 0; i < result->n; i++)
		items[i] = form_item(item_type, &result->rows[i]);
	ReleaseTupleDesc(item_type);
	values[0] = BoolGetDatum(result->canceled);
	values[1] = PointerGetDatum(construct_array(items, result->n, item_typid, -1,
												false, TYPALIGN_DOUBLE));
	return addb_row_form(BlessTupleDesc(type), values, nulls);
}

/*
 * addb_fn_transact_write - ddb_transact_write(actions, token, strict) returns
 * (canceled, data)
 */
Datum
addb_fn_transact_write(PG_FUNCTION_ARGS)
{
	AddbTransaction transaction;
	AddbTransactResult result;
	Jsonb	   *actions;

	PreventCommandIfReadOnly("ddb_transact_write()");
	actions = addb_arg_jsonb(fcinfo, 0, "actions");
	addb_arg_require(fcinfo, 2, "strict");
	addb_transact_build(&transaction, &addb_transact_writing, addb_transact_compilers,
						fcinfo, actions);
	addb_transact_run(&transaction, addb_arg_optional_text(fcinfo, 1), &result);
	if (result.canceled && addb_arg_bool(fcinfo, 2, false))
		addb_transact_raise(&transaction, &result);
	PG_RETURN_DATUM(form_result(fcinfo, &result));
}

/*
 * addb_fn_transact_get - ddb_transact_get(gets) returns (canceled, data)
 */
Datum
addb_fn_transact_get(PG_FUNCTION_ARGS)
{
	AddbTransaction transaction;
	AddbTransactResult result;
	AddbText	no_token = {NULL, 0};

	addb_transact_build(&transaction, &addb_transact_reading, addb_transact_compilers,
						fcinfo, addb_arg_jsonb(fcinfo, 0, "gets"));
	addb_transact_run(&transaction, no_token, &result);
	PG_RETURN_DATUM(form_result(fcinfo, &result));
}
