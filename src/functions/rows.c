/*
 * rows.c
 *	  Makes and reads rows of the composite types.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "functions/args.h"
#include "functions/rows.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

/* The columns of the SQL type ddb_lock, in order. */
enum
{
	LOCK_PK,
	LOCK_SK,
	LOCK_VERSION,
	LOCK_TTL,
	LOCK_COLUMNS
};

/*
 * addb_row_form - a row as a Datum, palloc'd
 */
Datum
addb_row_form(TupleDesc type, Datum *values, bool *nulls)
{
	return HeapTupleGetDatum(heap_form_tuple(type, values, nulls));
}

/*
 * addb_row_result - a row as the function's result, palloc'd
 *
 * The type cache knows the row type of a named composite type; looking at the
 * function's declaration takes longer than forming the row.
 */
Datum
addb_row_result(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	Oid			typid = get_fn_expr_rettype(fcinfo->flinfo);
	TupleDesc	type;

	/* not pinned: nothing is looked up while the row is formed */
	if (OidIsValid(typid) && typid != RECORDOID)
	{
		type = lookup_type_cache(typid, TYPECACHE_TUPDESC)->tupDesc;
		if (type != NULL)
			return addb_row_form(type, values, nulls);
	}
	if (get_call_result_type(fcinfo, NULL, &type) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return addb_row_form(BlessTupleDesc(type), values, nulls);
}

/*
 * addb_row_lock - a lock as the function's result, palloc'd
 */
Datum
addb_row_lock(FunctionCallInfo fcinfo, const AddbLock *lock)
{
	Datum		values[LOCK_COLUMNS] = {0};
	bool		nulls[LOCK_COLUMNS] = {0};

	values[LOCK_PK] = PointerGetDatum(cstring_to_text_with_len(lock->key.pk.data,
															   lock->key.pk.len));
	values[LOCK_SK] = PointerGetDatum(cstring_to_text_with_len(lock->key.sk.data,
															   lock->key.sk.len));
	values[LOCK_VERSION] = PointerGetDatum(cstring_to_text_with_len(lock->version.data,
																	lock->version.len));
	values[LOCK_TTL] = TimestampTzGetDatum(lock->ttl);
	nulls[LOCK_TTL] = !lock->has_ttl;
	return addb_row_result(fcinfo, values, nulls);
}

static AddbText
lock_text(Datum value, bool isnull, const char *column)
{
	text	   *detoasted;
	AddbText	result;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" of argument \"lock\" must not be null", column),
				 errhint("Pass the row that ddb_get_lock or the last atomic write returned.")));
	detoasted = DatumGetTextPP(value);
	result.data = VARDATA_ANY(detoasted);
	result.len = (int) VARSIZE_ANY_EXHDR(detoasted);
	return result;
}

/*
 * addb_arg_lock - the argument "lock" of type ddb_lock
 *
 * Its ttl may be NULL. Raises 22004 when it, its key or its version is NULL,
 * 22023 and 54000 for a key that DynamoDB cannot take. The memory is palloc'd
 * or the argument's.
 */
AddbLock
addb_arg_lock(FunctionCallInfo fcinfo, int n)
{
	HeapTupleHeader header;
	HeapTupleData tuple;
	TupleDesc	type;
	Datum		values[LOCK_COLUMNS];
	bool		nulls[LOCK_COLUMNS];
	AddbLock	lock;

	addb_arg_require(fcinfo, n, "lock");
	header = PG_GETARG_HEAPTUPLEHEADER(n);
	type = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
								  HeapTupleHeaderGetTypMod(header));
	if (type->natts != LOCK_COLUMNS)
		elog(ERROR, "argument \"lock\" has %d columns instead of %d",
			 type->natts, LOCK_COLUMNS);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, type, values, nulls);
	ReleaseTupleDesc(type);

	lock.key.pk = lock_text(values[LOCK_PK], nulls[LOCK_PK], "pk");
	lock.key.sk = lock_text(values[LOCK_SK], nulls[LOCK_SK], "sk");
	lock.version = lock_text(values[LOCK_VERSION], nulls[LOCK_VERSION], "version");
	lock.has_ttl = !nulls[LOCK_TTL];
	lock.ttl = lock.has_ttl ? DatumGetTimestampTz(values[LOCK_TTL]) : 0;
	addb_arg_check_key(&lock.key, "argument \"lock\"");
	return lock;
}
