/*
 * table_item.c
 *	  ddb_get_item, ddb_put_item, ddb_update_item, ddb_delete_item.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/table_item.h"
#include "functions/args.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

ADDB_FUNCTION(addb_fn_get_item);
ADDB_FUNCTION(addb_fn_put_item);
ADDB_FUNCTION(addb_fn_update_item);
ADDB_FUNCTION(addb_fn_delete_item);

/* The values of the argument "return_values", by AddbReturnValues. */
static const char *const return_values[] = {
	"none", "all_old", "updated_old", "all_new", "updated_new"
};

/*
 * The argument "return_values"; NULL is none. Of the others, only an update has
 * all: a put or a delete has no new values.
 */
static AddbReturnValues
read_return_values(FunctionCallInfo fcinfo, int n, bool is_update)
{
	int			last = is_update ? ADDB_RETURN_UPDATED_NEW : ADDB_RETURN_ALL_OLD;
	char	   *word;

	if (PG_ARGISNULL(n))
		return ADDB_RETURN_NONE;
	word = text_to_cstring(PG_GETARG_TEXT_PP(n));
	for (int i = 0; i <= last; i++)
		if (pg_strcasecmp(word, return_values[i]) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"return_values\": \"%s\"", word),
			 is_update ?
			 errhint("An update returns none, all_old, updated_old, all_new or updated_new.") :
			 errhint("A put or a delete returns none or all_old.")));
}

static Datum
item_or_null(FunctionCallInfo fcinfo, Jsonb *item)
{
	if (item == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(item);
}

/*
 * addb_fn_get_item - ddb_get_item(table_name, key, projection, consistent,
 * names) returns jsonb
 *
 * NULL when there is no such item.
 */
Datum
addb_fn_get_item(PG_FUNCTION_ARGS)
{
	AddbItemRead read = {
		.table = addb_arg_table(fcinfo, 0),
		.key = addb_arg_jsonb(fcinfo, 1, "key"),
		.projection = addb_arg_optional_text(fcinfo, 2),
		.consistent = addb_arg_bool(fcinfo, 3, addb_consistent_read),
		.names = addb_arg_optional_jsonb(fcinfo, 4)
	};

	return item_or_null(fcinfo, addb_table_item_get(&read));
}

/*
 * addb_fn_put_item - ddb_put_item(table_name, item, condition, vals,
 * return_values, names) returns jsonb
 *
 * The item that was replaced, if return_values is all_old, else NULL.
 */
Datum
addb_fn_put_item(PG_FUNCTION_ARGS)
{
	AddbItemWrite write = {.operation = &addb_put_item};

	PreventCommandIfReadOnly("ddb_put_item()");
	write.table = addb_arg_table(fcinfo, 0);
	write.item = addb_arg_jsonb(fcinfo, 1, "item");
	write.condition = addb_arg_optional_text(fcinfo, 2);
	write.values = addb_arg_optional_jsonb(fcinfo, 3);
	write.return_values = read_return_values(fcinfo, 4, false);
	write.names = addb_arg_optional_jsonb(fcinfo, 5);
	return item_or_null(fcinfo, addb_table_item_write(&write));
}

/*
 * addb_fn_update_item - ddb_update_item(table_name, key, update, vals,
 * condition, return_values, names) returns jsonb
 *
 * The attributes that return_values names, else NULL.
 */
Datum
addb_fn_update_item(PG_FUNCTION_ARGS)
{
	AddbItemWrite write = {.operation = &addb_update_item};

	PreventCommandIfReadOnly("ddb_update_item()");
	write.table = addb_arg_table(fcinfo, 0);
	write.key = addb_arg_jsonb(fcinfo, 1, "key");
	addb_arg_require(fcinfo, 2, "update");
	write.update = addb_arg_optional_text(fcinfo, 2);
	write.values = addb_arg_optional_jsonb(fcinfo, 3);
	write.condition = addb_arg_optional_text(fcinfo, 4);
	write.return_values = read_return_values(fcinfo, 5, true);
	write.names = addb_arg_optional_jsonb(fcinfo, 6);
	return item_or_null(fcinfo, addb_table_item_write(&write));
}

/*
 * addb_fn_delete_item - ddb_delete_item(table_name, key, condition, vals,
 * return_values, names) returns jsonb
 *
 * The item that was deleted, if return_values is all_old, else NULL.
 */
Datum
addb_fn_delete_item(PG_FUNCTION_ARGS)
{
	AddbItemWrite write = {.operation = &addb_delete_item};

	PreventCommandIfReadOnly("ddb_delete_item()");
	write.table = addb_arg_table(fcinfo, 0);
	write.key = addb_arg_jsonb(fcinfo, 1, "key");
	write.condition = addb_arg_optional_text(fcinfo, 2);
	write.values = addb_arg_optional_jsonb(fcinfo, 3);
	write.return_values = read_return_values(fcinfo, 4, false);
	write.names = addb_arg_optional_jsonb(fcinfo, 5);
	return item_or_null(fcinfo, addb_table_item_write(&write));
}
