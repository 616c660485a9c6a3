/*
 * lock.h
 *	  Optimistic locks of the atomic layer: versions that detect a race.
 */
#ifndef ADDB_DYNAMODB_LOCK_H
#define ADDB_DYNAMODB_LOCK_H

#include "dynamodb/atomic_item.h"

/* A lock as it is in the table. */
typedef struct AddbLockState
{
	bool		exists;			/* an item has this key */
	char	   *version;		/* NUL-terminated; NULL: the item is no lock */
	bool		has_ttl;
	int64		ttl;			/* seconds since 1970 */
} AddbLockState;

extern int64 addb_lock_now(void);
extern bool addb_lock_is_expired(const AddbLockState *state, int64 now);
extern void addb_lock_read_state(const AddbCall *call,
								 const AddbJsonSlice *item,
								 AddbLockState *state);
extern bool addb_lock_look(AddbCall *write, const char *table,
						   const AddbKey *key, AddbLockState *state);
extern void addb_lock_get(const char *table, const AddbKey *key,
						  AddbLock *lock);

#endif							/* ADDB_DYNAMODB_LOCK_H */
