/*
 * owned.c
 *	  Ownership of handles that palloc does not manage.
 *
 * The slot is made before the resource, so between the resource's creation
 * and its storage in the slot nothing can raise an error, and from then on
 * every way out of the context, error or not, releases it exactly once.
 */
#include "postgres.h"

#include "core/owned.h"

static void
release_on_reset(void *arg)
{
	addb_owned_release((AddbOwned *) arg);
}

/*
 * addb_owned_create - an empty slot in context
 *
 * Store the resource in slot->resource as soon as it exists; release is called
 * with it when the context is reset or deleted. release must not raise.
 * Raises out of memory only, before there is anything to lose.
 */
AddbOwned *
addb_owned_create(MemoryContext context, AddbRelease release)
{
	AddbOwned  *owned = MemoryContextAllocZero(context, sizeof(AddbOwned));

	owned->release = release;
	owned->callback.func = release_on_reset;
	owned->callback.arg = owned;
	MemoryContextRegisterResetCallback(context, &owned->callback);
	return owned;
}

/*
 * addb_owned_release - releases the resource now; later calls do nothing
 */
void
addb_owned_release(AddbOwned *owned)
{
	void	   *resource = owned->resource;

	if (resource == NULL)
		return;
	owned->resource = NULL;
	owned->release(resource);
}
