/*
 * owned.h
 *	  Ties a resource that palloc does not manage to a memory context.
 */
#ifndef ADDB_CORE_OWNED_H
#define ADDB_CORE_OWNED_H

typedef void (*AddbRelease) (void *resource);

/* A slot that holds at most one resource and releases it with its context. */
typedef struct AddbOwned
{
	MemoryContextCallback callback;
	AddbRelease release;
	void	   *resource;		/* NULL: nothing to release */
} AddbOwned;

extern AddbOwned *addb_owned_create(MemoryContext context,
									AddbRelease release);
extern void addb_owned_release(AddbOwned *owned);

#endif							/* ADDB_CORE_OWNED_H */
