/*
 * case.h
 *	  JavaScript's toLowerCase and toUpperCase.
 */
#ifndef ADDB_ENTITY_CASE_H
#define ADDB_ENTITY_CASE_H

#include "lib/stringinfo.h"

typedef enum AddbCasing
{
	ADDB_CASING_DEFAULT,		/* as LOWER */
	ADDB_CASING_LOWER,
	ADDB_CASING_UPPER,
	ADDB_CASING_NONE
} AddbCasing;

extern void addb_case_convert(StringInfo text, int start, AddbCasing casing);

#endif							/* ADDB_ENTITY_CASE_H */
