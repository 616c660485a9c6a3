/*
 * batch_write.h
 *	  Any number of puts and deletes through BatchWriteItem.
 */
#ifndef ADDB_DYNAMODB_BATCH_WRITE_H
#define ADDB_DYNAMODB_BATCH_WRITE_H

#include "dynamodb/atomic_item.h"

typedef struct AddbBatchWriter AddbBatchWriter;

extern AddbBatchWriter *addb_batch_writer_begin(const char *table,
												MemoryContext owner);
extern void addb_batch_writer_put(AddbBatchWriter *writer,
								  const AddbItem *item);
extern void addb_batch_writer_delete(AddbBatchWriter *writer,
									 const AddbKey *key);
extern int64 addb_batch_writer_end(AddbBatchWriter *writer);

#endif							/* ADDB_DYNAMODB_BATCH_WRITE_H */
