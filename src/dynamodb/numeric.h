/*
 * numeric.h
 *	  Short numbers to and from numeric, without the detour over its general arithmetic.
 */
#ifndef ADDB_DYNAMODB_NUMERIC_H
#define ADDB_DYNAMODB_NUMERIC_H

#include "lib/stringinfo.h"
#include "utils/numeric.h"

/* Decimal digits that fit an int64 whatever they are. */
#define ADDB_NUMERIC_DIGITS 18

extern void addb_numeric_append(StringInfo out, Numeric number);
extern bool addb_numeric_make(bool negative, int64 value, int scale,
							  Numeric *number);

#endif							/* ADDB_DYNAMODB_NUMERIC_H */
