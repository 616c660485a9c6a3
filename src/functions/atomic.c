/*
 * atomic.c
 *	  ddb_get_lock, ddb_set_atomic, ddb_delete_atomic.
 *
 * Whatever can be seen to be wrong without DynamoDB is refused before anything
 * is sent.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/atomic_write.h"
#include "functions/args.h"
#include "functions/rows.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_get_lock);
ADDB_FUNCTION(addb_fn_set_atomic);
ADDB_FUNCTION(addb_fn_set_atomic_many);
ADDB_FUNCTION(addb_fn_delete_atomic);
ADDB_FUNCTION(addb_fn_delete_atomic_many);

/*
 * addb_fn_get_lock - ddb_get_lock(pk, sk, table_name) returns ddb_lock
 */
Datum
addb_fn_get_lock(PG_FUNCTION_ARGS)
{
	AddbKey		key;
	AddbLock	lock;

	PreventCommandIfReadOnly("ddb_get_lock()");
	key = addb_arg_key(fcinfo, 0, 1);
	addb_lock_get(addb_arg_table(fcinfo, 2), &key, &lock);
	PG_RETURN_DATUM(addb_row_lock(fcinfo, &lock));
}

static void
check_not_the_lock(const AddbKey *key, const AddbLock *lock)
{
	if (addb_item_same_key(key, &lock->key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"lock\" has the key of an item that it is to protect"),
				 errdetail("Both have pk \"%s\", sk \"%s\".",
						   pnstrdup(key->pk.data, key->pk.len),
						   pnstrdup(key->sk.data, key->sk.len)),
				 errhint("Give the lock a key of its own, such as the item's sk with \"#lock\" appended.")));
}

/* A transaction takes an item once, and the lock is an item of it. */
static void
check_list(const AddbItemList *list, const char *argument, const AddbLock *lock)
{
	if (list->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", argument)));
	if (list->n > ADDB_ATOMIC_MAX_ITEMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"%s\" has %d elements, but an atomic write takes at most %d",
						argument, list->n, ADDB_ATOMIC_MAX_ITEMS),
				 errdetail("A DynamoDB transaction has at most 100 actions, and the lock takes one.")));
	for (int i = 0; i < list->n; i++)
	{
		check_not_the_lock(&list->items[i].key, lock);
		for (int j = 0; j < i; j++)
			if (addb_item_same_key(&list->items[i].key, &list->items[j].key))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("elements %d and %d of argument \"%s\" have the same key",
								j + 1, i + 1, argument),
						 errdetail("A DynamoDB transaction can write an item once.")));
	}
}

/*
 * addb_fn_set_atomic - ddb_set_atomic(pk, sk, data, lock, ttl, table_name)
 * returns ddb_lock
 */
Datum
addb_fn_set_atomic(PG_FUNCTION_ARGS)
{
	AddbItem	item;
	AddbLock	lock;
	AddbLock	result;

	PreventCommandIfReadOnly("ddb_set_atomic()");
	item.key = addb_arg_key(fcinfo, 0, 1);
	addb_arg_require(fcinfo, 2, "data");
	item.data = PG_GETARG_JSONB_P(2);
	lock = addb_arg_lock(fcinfo, 3);
	addb_arg_ttl(fcinfo, 4, &item);
	check_not_the_lock(&item.key, &lock);
	addb_atomic_put(addb_arg_table(fcinfo, 5), &item, 1, &lock, &result);
	PG_RETURN_DATUM(addb_row_lock(fcinfo, &result));
}

/*
 * addb_fn_set_atomic_many - ddb_set_atomic(items, lock, table_name) returns
 * ddb_lock
 */
Datum
addb_fn_set_atomic_many(PG_FUNCTION_ARGS)
{
	AddbItemList list;
	AddbLock	lock;
	AddbLock	result;

	PreventCommandIfReadOnly("ddb_set_atomic()");
	list = addb_arg_items(fcinfo, 0);
	lock = addb_arg_lock(fcinfo, 1);
	check_list(&list, "items", &lock);
	addb_atomic_put(addb_arg_table(fcinfo, 2), list.items, list.n, &lock, &result);
	PG_RETURN_DATUM(addb_row_lock(fcinfo, &result));
}

/*
 * addb_fn_delete_atomic - ddb_delete_atomic(pk, sk, lock, table_name) returns
 * ddb_lock
 */
Datum
addb_fn_delete_atomic(PG_FUNCTION_ARGS)
{
	AddbKey		key;
	AddbLock	lock;
	AddbLock	result;

	PreventCommandIfReadOnly("ddb_delete_atomic()");
	key = addb_arg_key(fcinfo, 0, 1);
	lock = addb_arg_lock(fcinfo, 2);
	check_not_the_lock(&key, &lock);
	addb_atomic_delete(addb_arg_table(fcinfo, 3), &key, 1, &lock, &result);
	PG_RETURN_DATUM(addb_row_lock(fcinfo, &result));
}

/*
 * addb_fn_delete_atomic_many - ddb_delete_atomic(keys, lock, table_name)
 * returns ddb_lock
 */
Datum
addb_fn_delete_atomic_many(PG_FUNCTION_ARGS)
{
	AddbItemList list;
	AddbKey		keys[ADDB_ATOMIC_MAX_ITEMS];
	AddbLock	lock;
	AddbLock	result;

	PreventCommandIfReadOnly("ddb_delete_atomic()");
	list = addb_arg_keys(fcinfo, 0);
	lock = addb_arg_lock(fcinfo, 1);
	check_list(&list, "keys", &lock);
	for (int i = 0; i < list.n; i++)
		keys[i] = list.items[i].key;
	addb_atomic_delete(addb_arg_table(fcinfo, 2), keys, list.n, &lock, &result);
	PG_RETURN_DATUM(addb_row_lock(fcinfo, &result));
}
