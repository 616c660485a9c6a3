/*
 * unit.c
 *	  A library for tests only: it offers leaves of src/ to SQL, so that vectors
 *	  can be fed to them without a server of AWS.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
