/*
 * scan_guard.h
 *	  The setting atomic_dynamodb.allow_scan.
 */
#ifndef ADDB_FUNCTIONS_SCAN_GUARD_H
#define ADDB_FUNCTIONS_SCAN_GUARD_H

extern void addb_scan_check(const char *function);

#endif							/* ADDB_FUNCTIONS_SCAN_GUARD_H */
