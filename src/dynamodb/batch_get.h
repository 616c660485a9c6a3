/*
 * batch_get.h
 *	  Any number of items by key through BatchGetItem.
 */
#ifndef ADDB_DYNAMODB_BATCH_GET_H
#define ADDB_DYNAMODB_BATCH_GET_H

#include "dynamodb/atomic_item.h"

typedef struct AddbBatchReader AddbBatchReader;

extern AddbBatchReader *addb_batch_reader_begin(const char *table,
												const AddbKey *keys, int n,
												bool consistent,
												MemoryContext owner);
extern bool addb_batch_reader_next(AddbBatchReader *reader, Datum *values,
								   bool *nulls);

#endif							/* ADDB_DYNAMODB_BATCH_GET_H */
