/*
 * scan_guard.c
 *	  The setting atomic_dynamodb.allow_scan.
 */
#include "postgres.h"

#include "core/guc.h"
#include "functions/scan_guard.h"

/*
 * addb_scan_check - raises 42501 unless requests that can read a whole table
 * are allowed
 *
 * function is what wants to send one, such as "ddb_scan()". To be called before
 * anything is sent.
 */
void
addb_scan_check(const char *function)
{
	if (addb_allow_scan)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("scans are not allowed"),
			 errdetail("This call of %s can read, and cost, a whole table.", function),
			 errhint("Query by a key, or have a superuser set atomic_dynamodb.allow_scan to on.")));
}
