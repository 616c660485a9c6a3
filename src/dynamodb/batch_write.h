/*
 * batch_write.h
 *	  Any number of puts and deletes through BatchWriteItem.
 */
#ifndef ADDB_DYNAMODB_BATCH_WRITE_H
#define ADDB_DYNAMODB_BATCH_WRITE_H

#include "dynamodb/key.h"

typedef struct AddbBatchWriter AddbBatchWriter;

/*
 * Appends an item or a key as an object of AttributeValues. It may raise what
 * is wrong with an argument (22004, 22023, 22021, 22P05, 54000).
 */
typedef void (*AddbBatchAppend) (StringInfo out, void *value);

extern AddbBatchWriter *addb_batch_writer_begin(const char *table,
												const AddbKeySchema *schema,
												const char *arguments,
												const char *preface,
												MemoryContext owner);
extern void addb_batch_writer_push(AddbBatchWriter *writer,
								   AddbKeyHolder holder,
								   AddbBatchAppend append, void *value,
								   const AddbPlace *place);
extern void addb_batch_writer_drain(AddbBatchWriter *writer);
extern int64 addb_batch_writer_end(AddbBatchWriter *writer);
extern void addb_batch_write_check(const AddbKeySchema *schema,
								   AddbKeyHolder holder,
								   AddbBatchAppend append, void *value,
								   const AddbPlace *place);

#endif							/* ADDB_DYNAMODB_BATCH_WRITE_H */
