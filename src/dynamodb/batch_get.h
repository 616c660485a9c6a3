/*
 * batch_get.h
 *	  Any number of items by key through BatchGetItem.
 */
#ifndef ADDB_DYNAMODB_BATCH_GET_H
#define ADDB_DYNAMODB_BATCH_GET_H

#include "dynamodb/key.h"

/*
 * What to read. Pointers stay the caller's and must live as long as the
 * reader.
 */
typedef struct AddbBatchRead
{
	const char *table;
	const AddbKeySchema *schema;
	const char *argument;		/* that holds the keys, for messages */
	const void *keys;
	int			nkeys;
	/* appends the key of this index, from 0, as typed JSON */
	void		(*append_key) (StringInfo out, const void *keys, int index);
	const char *parameters;		/* members of the request beside Keys, each
								 * with a comma before it */
	const char *preface;		/* as in AddbRequest */
} AddbBatchRead;

typedef struct AddbBatchReader AddbBatchReader;

extern AddbBatchReader *addb_batch_reader_begin(const AddbBatchRead *read,
												MemoryContext owner);
extern bool addb_batch_reader_next(AddbBatchReader *reader,
								   AddbJsonCursor *item);
extern _Noreturn void addb_batch_reader_raise_malformed(const AddbBatchReader *reader);

#endif							/* ADDB_DYNAMODB_BATCH_GET_H */
