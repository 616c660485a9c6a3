/*
 * case_table.h
 *	  The tables of case.c, generated from Unicode's data.
 *
 * All of them are in ascending order of their (first) character and hold
 * nothing of ASCII but where a range of properties begins there.
 */
#ifndef ADDB_ENTITY_CASE_TABLE_H
#define ADDB_ENTITY_CASE_TABLE_H

/* Characters first, first + stride, ... last, each delta away from its mapping. */
typedef struct AddbCaseRun
{
	uint32		first;
	uint32		last;
	int32		stride;			/* 1 or 2 */
	int32		delta;
} AddbCaseRun;

/* A character whose mapping has two or three; unused ones are 0. */
typedef struct AddbCaseSpecial
{
	uint32		code;
	uint32		to[3];
} AddbCaseSpecial;

typedef struct AddbCodeRange
{
	uint32		first;
	uint32		last;
} AddbCodeRange;

extern const AddbCaseRun addb_case_lower[];
extern const int addb_case_lower_len;
extern const AddbCaseSpecial addb_case_lower_special[];
extern const int addb_case_lower_special_len;
extern const AddbCaseRun addb_case_upper[];
extern const int addb_case_upper_len;
extern const AddbCaseSpecial addb_case_upper_special[];
extern const int addb_case_upper_special_len;
extern const AddbCodeRange addb_case_cased[];
extern const int addb_case_cased_len;
extern const AddbCodeRange addb_case_ignorable[];
extern const int addb_case_ignorable_len;

#endif							/* ADDB_ENTITY_CASE_TABLE_H */
