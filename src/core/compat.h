/*
 * compat.h
 *	  Every difference between the PostgreSQL versions that the extension
 *	  compiles against (15 to 18) is here and nowhere else.
 */
#ifndef ADDB_CORE_COMPAT_H
#define ADDB_CORE_COMPAT_H

#include "fmgr.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#if PG_VERSION_NUM < 150000
#error "atomic_dynamodb needs PostgreSQL 15 or later"
#endif

#define PG16_GE (PG_VERSION_NUM >= 160000)
#define PG17_GE (PG_VERSION_NUM >= 170000)
#define PG18_GE (PG_VERSION_NUM >= 180000)

/* The macros of varlena are in a header of their own from 16 on (d952373a98). */
#if PG16_GE
#include "varatt.h"
#endif

#if PG18_GE
#include "storage/waiteventset.h"
#endif

/*
 * The "extra" value of a GUC check hook belongs to guc.c, which frees it with
 * free() up to 15 and with guc_free() from 16 on (commit 407b50f2d4).
 */
#if PG16_GE
#define addb_guc_malloc(size) guc_malloc(LOG, (size))
#define addb_guc_free(ptr) guc_free(ptr)
#else
#define addb_guc_malloc(size) malloc(size)
#define addb_guc_free(ptr) free(ptr)
#endif

/* A setting's record by name, or NULL: find_option is guc.c's own up to 15. */
#if PG16_GE
#define addb_guc_find(name) find_option((name), false, true, 0)
#else
static inline struct config_generic *
addb_guc_find(const char *name)
{
	struct config_generic **variables = get_guc_variables();

	for (int i = GetNumConfigOptions() - 1; i >= 0; i--)
		if (strcmp(variables[i]->name, name) == 0)
			return variables[i];
	return NULL;
}
#endif

/*
 * A wait event set that lives as long as the backend: a long-lived context up
 * to 16, no resource owner from 17 on (commit 50c67c2019).
 */
#if PG17_GE
#define addb_create_wait_event_set(nevents) \
	CreateWaitEventSet(NULL, (nevents))
#else
#define addb_create_wait_event_set(nevents) \
	CreateWaitEventSet(TopMemoryContext, (nevents))
#endif

/* Extensions may name their wait events from 17 on (commit c9af054653). */
#if PG17_GE
#define addb_wait_event_new(name) WaitEventExtensionNew(name)
#else
#define addb_wait_event_new(name) PG_WAIT_EXTENSION
#endif

/*
 * Declares a function that SQL calls. PG_FUNCTION_INFO_V1 exports the function
 * itself, not only its description, from 16 on (commit 089480c077).
 */
#define ADDB_FUNCTION(name) \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* Rights on any object are asked for by one function from 16 on (c727f511bd). */
#if PG16_GE
#define addb_server_aclcheck(serverid, userid) \
	object_aclcheck(ForeignServerRelationId, (serverid), (userid), ACL_USAGE)
#else
#define addb_server_aclcheck(serverid, userid) \
	pg_foreign_server_aclcheck((serverid), (userid), ACL_USAGE)
#endif

/* The module carries its name and version from 18 on (commit 9324c8c580). */
#if PG18_GE
#define ADDB_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "atomic_dynamodb", .version = ADDB_VERSION)
#else
#define ADDB_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif							/* ADDB_CORE_COMPAT_H */
