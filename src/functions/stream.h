/*
 * stream.h
 *	  Set-returning functions over a pager, one row a call.
 */
#ifndef ADDB_FUNCTIONS_STREAM_H
#define ADDB_FUNCTIONS_STREAM_H

#include "dynamodb/pager.h"
#include "fmgr.h"

/* Starts the pager that the arguments ask for; it belongs to owner. */
typedef AddbPager *(*AddbStreamBegin) (FunctionCallInfo fcinfo,
									   MemoryContext owner);

extern Datum addb_stream_items(FunctionCallInfo fcinfo, AddbStreamBegin begin);

#endif							/* ADDB_FUNCTIONS_STREAM_H */
