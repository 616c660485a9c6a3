/*
 * item.c
 *	  ddb_get, ddb_get_many, ddb_set, ddb_delete.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/batch_get.h"
#include "dynamodb/batch_write.h"
#include "funcapi.h"
#include "functions/args.h"
#include "functions/rows.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

ADDB_FUNCTION(addb_fn_get);
ADDB_FUNCTION(addb_fn_get_many);
ADDB_FUNCTION(addb_fn_get_many_json);
ADDB_FUNCTION(addb_fn_set);
ADDB_FUNCTION(addb_fn_set_many);
ADDB_FUNCTION(addb_fn_delete);
ADDB_FUNCTION(addb_fn_delete_many);

/*
 * addb_fn_get - ddb_get(pk, sk, consistent, table_name) returns ddb_item
 *
 * NULL when there is no such item.
 */
Datum
addb_fn_get(PG_FUNCTION_ARGS)
{
	AddbKey		key = addb_arg_key(fcinfo, 0, 1);
	bool		consistent = addb_arg_bool(fcinfo, 2, addb_consistent_read);
	const char *table = addb_arg_table(fcinfo, 3);
	Datum		values[ADDB_ITEM_COLUMNS];
	bool		nulls[ADDB_ITEM_COLUMNS];

	if (!addb_item_get(table, &key, consistent, values, nulls))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(addb_row_result(fcinfo, values, nulls));
}

/*
 * addb_fn_set - ddb_set(pk, sk, data, ttl, table_name) returns void
 */
Datum
addb_fn_set(PG_FUNCTION_ARGS)
{
	AddbItem	item;
	const char *table;

	PreventCommandIfReadOnly("ddb_set()");
	item.key = addb_arg_key(fcinfo, 0, 1);
	addb_arg_require(fcinfo, 2, "data");
	item.data = PG_GETARG_JSONB_P(2);
	addb_arg_ttl(fcinfo, 3, &item);
	table = addb_arg_table(fcinfo, 4);
	addb_item_put(table, &item);
	PG_RETURN_VOID();
}

static void
append_item(StringInfo out, void *item)
{
	addb_item_append_item(out, item);
}

static void
append_key(StringInfo out, void *key)
{
	addb_item_append_key(out, key);
}

static void
append_key_of_list(StringInfo out, const void *keys, int index)
{
	addb_item_append_key(out, &((const AddbKey *) keys)[index]);
}

/*
 * addb_fn_set_many - ddb_set(items, table_name) returns bigint
 */
Datum
addb_fn_set_many(PG_FUNCTION_ARGS)
{
	AddbItemList list;
	AddbBatchWriter *writer;

	PreventCommandIfReadOnly("ddb_set()");
	list = addb_arg_items(fcinfo, 0);
	writer = addb_batch_writer_begin(addb_arg_table(fcinfo, 1),
									 &addb_item_key_schema, "\"items\"", NULL,
									 CurrentMemoryContext);
	for (int i = 0; i < list.n; i++)
	{
		AddbPlace	place = {"items", i + 1};

		addb_batch_writer_push(writer, ADDB_HOLDER_ITEM, append_item,
							   &list.items[i], &place);
	}
	PG_RETURN_INT64(addb_batch_writer_end(writer));
}

/*
 * Of two untyped literals PostgreSQL takes the first for a pk, not for a list
 * of keys; without this, nothing would be deleted without a word.
 */
static void
refuse_list_as_key(const AddbText *pk)
{
	char	   *text = pnstrdup(pk->data, pk->len);

	if ((text[0] == '[' || text[0] == '{') && strstr(text, "\"pk\"") != NULL &&
		strstr(text, "\"sk\"") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"pk\" looks like a list of keys"),
				 errhint("Write ddb_delete('[...]'::jsonb, ...), or name the argument: table_name => '...'.")));
}

/*
 * addb_fn_delete - ddb_delete(pk, sk, table_name) returns void
 */
Datum
addb_fn_delete(PG_FUNCTION_ARGS)
{
	AddbKey		key;

	PreventCommandIfReadOnly("ddb_delete()");
	key = addb_arg_key(fcinfo, 0, 1);
	refuse_list_as_key(&key.pk);
	addb_item_delete(addb_arg_table(fcinfo, 2), &key);
	PG_RETURN_VOID();
}

/*
 * addb_fn_delete_many - ddb_delete(keys, table_name) returns bigint
 */
Datum
addb_fn_delete_many(PG_FUNCTION_ARGS)
{
	AddbItemList list;
	AddbBatchWriter *writer;

	PreventCommandIfReadOnly("ddb_delete()");
	list = addb_arg_keys(fcinfo, 0);
	writer = addb_batch_writer_begin(addb_arg_table(fcinfo, 1),
									 &addb_item_key_schema, "\"keys\"", NULL,
									 CurrentMemoryContext);
	for (int i = 0; i < list.n; i++)
	{
		AddbPlace	place = {"keys", i + 1};

		addb_batch_writer_push(writer, ADDB_HOLDER_KEY, append_key,
							   &list.items[i].key, &place);
	}
	PG_RETURN_INT64(addb_batch_writer_end(writer));
}

/* One element of a ddb_key[]; its texts are palloc'd or the array's. */
static AddbKey
key_of_row(Datum row, int number)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(row);
	char		what[64];
	AddbKey		key;
	AddbText   *parts[] = {&key.pk, &key.sk};

	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		value = GetAttributeByNum(header, i + 1, &isnull);
		text	   *detoasted;

		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" in element %d of argument \"keys\" must not be null",
							i == 0 ? "pk" : "sk", number)));
		detoasted = DatumGetTextPP(value);
		parts[i]->data = VARDATA_ANY(detoasted);
		parts[i]->len = (int) VARSIZE_ANY_EXHDR(detoasted);
	}
	snprintf(what, sizeof(what), "element %d of argument \"keys\"", number);
	addb_arg_check_key(&key, what);
	return key;
}

/* The argument keys of type ddb_key[]. */
static AddbKey *
keys_of_array(FunctionCallInfo fcinfo, int *n)
{
	ArrayType  *array;
	Datum	   *rows;
	bool	   *nulls;
	AddbKey    *keys;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	addb_arg_require(fcinfo, 0, "keys");
	array = PG_GETARG_ARRAYTYPE_P_COPY(0);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
					  &rows, &nulls, n);
	keys = palloc(Max(*n, 1) * sizeof(AddbKey));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("element %d of argument \"keys\" must not be null", i + 1)));
		keys[i] = key_of_row(rows[i], i + 1);
	}
	return keys;
}

/* The argument keys of type jsonb, copied, for it must outlive the call. */
static AddbKey *
keys_of_json(FunctionCallInfo fcinfo, int *n)
{
	AddbItemList list;
	AddbKey    *keys;

	addb_arg_require(fcinfo, 0, "keys");
	list = addb_read_keys(PG_GETARG_JSONB_P_COPY(0));
	keys = palloc(Max(list.n, 1) * sizeof(AddbKey));
	for (int i = 0; i < list.n; i++)
		keys[i] = list.items[i].key;
	*n = list.n;
	return keys;
}

/* A reader in the current context, which the keys must outlive. */
static AddbBatchReader *
begin_reader(FunctionCallInfo fcinfo, const AddbKey *keys, int n)
{
	bool		consistent = addb_arg_bool(fcinfo, 1, addb_consistent_read);
	AddbBatchRead read = {
		.table = addb_arg_table(fcinfo, 2),
		.schema = &addb_item_key_schema,
		.argument = "keys",
		.keys = keys,
		.nkeys = n,
		.append_key = append_key_of_list,
		.parameters = consistent ? ",\"ConsistentRead\":true" : ""
	};

	return addb_batch_reader_begin(&read, CurrentMemoryContext);
}

/* A reader of items by key, one row a call. */
static Datum
get_many(FunctionCallInfo fcinfo, AddbKey *(*read_keys) (FunctionCallInfo, int *))
{
	FuncCallContext *call;
	AddbJsonCursor item;
	Datum		values[ADDB_ITEM_COLUMNS];
	bool		nulls[ADDB_ITEM_COLUMNS];

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		AddbKey    *keys;
		int			n;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &call->tuple_desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		call->tuple_desc = BlessTupleDesc(CreateTupleDescCopy(call->tuple_desc));
		keys = read_keys(fcinfo, &n);
		call->user_fctx = begin_reader(fcinfo, keys, n);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	if (!addb_batch_reader_next(call->user_fctx, &item))
		SRF_RETURN_DONE(call);
	if (!addb_item_decode(&item, values, nulls))
		addb_batch_reader_raise_malformed(call->user_fctx);
	SRF_RETURN_NEXT(call, addb_row_form(call->tuple_desc, values, nulls));
}

/*
 * addb_fn_get_many - ddb_internal_get_many(keys ddb_key[], consistent,
 * table_name) returns setof ddb_item, one row a call
 */
Datum
addb_fn_get_many(PG_FUNCTION_ARGS)
{
	return get_many(fcinfo, keys_of_array);
}

/*
 * addb_fn_get_many_json - the same with keys as a jsonb array
 */
Datum
addb_fn_get_many_json(PG_FUNCTION_ARGS)
{
	return get_many(fcinfo, keys_of_json);
}
