/*
 * rows.h
 *	  Rows of the composite types ddb_item and ddb_lock.
 */
#ifndef ADDB_FUNCTIONS_ROWS_H
#define ADDB_FUNCTIONS_ROWS_H

#include "access/tupdesc.h"
#include "dynamodb/atomic_item.h"
#include "fmgr.h"

extern Datum addb_row_form(TupleDesc type, Datum *values, bool *nulls);
extern Datum addb_row_result(FunctionCallInfo fcinfo, Datum *values,
							 bool *nulls);
extern Datum addb_row_lock(FunctionCallInfo fcinfo, const AddbLock *lock);
extern AddbLock addb_arg_lock(FunctionCallInfo fcinfo, int n);

#endif							/* ADDB_FUNCTIONS_ROWS_H */
