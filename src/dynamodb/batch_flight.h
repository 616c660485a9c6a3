/*
 * batch_flight.h
 *	  The inside of a batch writer, which batch_write.c and batch_flight.c
 *	  share; nobody else includes it.
 */
#ifndef ADDB_DYNAMODB_BATCH_FLIGHT_H
#define ADDB_DYNAMODB_BATCH_FLIGHT_H

#include "dynamodb/batch_body.h"
#include "dynamodb/batch_round.h"
#include "dynamodb/batch_write.h"
#include "dynamodb/client.h"
#include "dynamodb/progress.h"

typedef struct AddbBatch
{
	AddbBatchState state;
	AddbBatchBody body;
	AddbCall   *call;
	const char *id_note;		/* of the last answer, for messages, or NULL */
	int64		first;			/* of its requests, by the order in which they */
	int64		last;			/* were given, from 1 */
	int			idle_rounds;
	int64		resume_at;		/* a moment of addb_http_now */
	int64		open_since;		/* as in AddbRequest: an attempt with what is in
								 * it may have been carried out */
} AddbBatch;

struct AddbBatchWriter
{
	MemoryContext context;
	const char *table;
	const AddbKeySchema *schema;
	const char *arguments;		/* for messages, see AddbRequest */
	const char *preface;		/* the same */
	int			max_under_way;
	int			under_way;		/* batches that are sending or pausing */
	AddbBatch  *batches;		/* max_under_way, and one to be filled */
	AddbBatch  *filling;		/* or NULL */
	uint16	   *filter;			/* keys in batches, by bits of the hash */
	uint32		filter_mask;
	int64		given;			/* requests taken in */
	int64		written;
	int64		looked_at;		/* when calls were last given a chance */
	bool		neglected;		/* and that was too long ago */
	const AddbBatch *failed;	/* the batch that an error is about, or NULL */
	bool		told;			/* an error has told what became of all */
	MemoryContextCallback abandoned;
	uint64		identity;		/* who was given the first batch */
	AddbProgress progress;
	ErrorContextCallback callback;
};

extern void addb_batch_flight_watch(AddbBatchWriter *writer);
extern void addb_batch_flight_enter(AddbBatchWriter *writer);
extern void addb_batch_flight_leave(AddbBatchWriter *writer);
extern void addb_batch_flight_start(AddbBatchWriter *writer, AddbBatch *batch);
extern void addb_batch_flight_go_on(AddbBatchWriter *writer, bool wait);
extern _Noreturn void addb_batch_flight_raise_caught(AddbBatchWriter *writer,
													 bool of_item);

#endif							/* ADDB_DYNAMODB_BATCH_FLIGHT_H */
