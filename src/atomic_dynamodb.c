/*
 * atomic_dynamodb.c
 *	  The module: DynamoDB from SQL.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/stat_table.h"

ADDB_MODULE_MAGIC;

ADDB_FUNCTION(addb_fn_load);

extern PGDLLEXPORT void _PG_init(void);

/*
 * _PG_init - called when the library is loaded
 *
 * Opens nothing and starts nothing: the transport is made at the first request
 * of a backend, so the library may be preloaded by the postmaster, of which it
 * then asks shared memory for ddb_stat.
 *
 * Settings cannot be taken over from the configuration while a parallel query
 * runs: PostgreSQL would warn and leave them at their defaults. Raises 55000
 * then; addb_fn_load makes that rare. Raises 42501 as addb_guc_refuse_options.
 */
void
_PG_init(void)
{
	if (IsInParallelMode() && !InitializingParallelWorker)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("atomic_dynamodb cannot be loaded while a parallel query is running"),
				 errhint("LOAD 'atomic_dynamodb' before the query, or add it to session_preload_libraries.")));
	addb_guc_refuse_options();
	addb_guc_init();
	addb_stat_init();
}

/*
 * addb_fn_load - ddb_internal_load(internal) returns internal
 *
 * The planner support function of the functions in SQL. It answers no request;
 * being asked, it has loaded the library before the query runs.
 */
Datum
addb_fn_load(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(NULL);
}
