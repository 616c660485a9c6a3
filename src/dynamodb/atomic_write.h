/*
 * atomic_write.h
 *	  Items and the new version of their lock in one TransactWriteItems.
 */
#ifndef ADDB_DYNAMODB_ATOMIC_WRITE_H
#define ADDB_DYNAMODB_ATOMIC_WRITE_H

#include "dynamodb/lock.h"

/* A transaction has 100 actions, of which the lock takes one. */
#define ADDB_ATOMIC_MAX_ITEMS 99

extern void addb_atomic_put(const char *table, const AddbItem *items, int n,
							const AddbLock *lock, AddbLock *result);
extern void addb_atomic_delete(const char *table, const AddbKey *keys, int n,
							   const AddbLock *lock, AddbLock *result);

#endif							/* ADDB_DYNAMODB_ATOMIC_WRITE_H */
