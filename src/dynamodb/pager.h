/*
 * pager.h
 *	  The pages of a Query, one item at a time.
 */
#ifndef ADDB_DYNAMODB_PAGER_H
#define ADDB_DYNAMODB_PAGER_H

#include "dynamodb/client.h"

typedef struct AddbPager AddbPager;

extern AddbPager *addb_pager_begin(const AddbOperation *operation,
								   const char *table, const char *parameters,
								   bool sized, MemoryContext owner);
extern AddbJsonCursor *addb_pager_next(AddbPager *pager);
extern _Noreturn void addb_pager_raise_malformed(const AddbPager *pager);

#endif							/* ADDB_DYNAMODB_PAGER_H */
