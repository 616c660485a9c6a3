/*
 * atomic_dynamodb.c
 *	  The module: DynamoDB from SQL.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/guc.h"

ADDB_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/*
 * _PG_init - called when the library is loaded
 *
 * Opens nothing and starts nothing: the transport is made at the first request
 * of a backend, so the library may be preloaded by the postmaster.
 */
void
_PG_init(void)
{
	addb_guc_init();
}
