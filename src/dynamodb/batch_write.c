/*
 * batch_write.c
 *	  Any number of puts and deletes, in batches of 25, several in flight.
 *
 * Requests are pushed one by one and collected in a batch; a full batch is
 * sent and the next is filled while it is under way. Memory is bounded by the
 * batches in flight, whatever the number of requests.
 *
 * Batches in flight overtake each other, yet the result must be as if the
 * requests were made in order. So of two requests for one key in one batch the
 * later replaces the earlier, and a request whose key is in a batch that is
 * still under way waits until that batch is done. Whether there may be such a
 * key is told by a filter: counters by bits of the keys' hashes.
 *
 * What becomes of a batch that is sent is the matter of batch_flight.c.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/guc.h"
#include "dynamodb/batch_flight.h"
#include "dynamodb/item_size.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/*
 * A batch is sent once its body has so many bytes, however few its requests:
 * 25 items of 10 kB. DynamoDB would take 16 MB, but bodies live until they are
 * answered. With 8 connections (and the batch being filled) they take 9 times
 * that and an item of 400 kB at most, 6 MB; with 64 connections 43 MB. (The
 * worst of items, 400 kB of nulls, has 14 times that in JSON, and each then
 * has a batch to itself.)
 */
#define BATCH_BYTES (256 * 1024)

/* Counters of the filter for each key that may be in it: 3 % false alarms. */
#define FILTER_SPARSENESS 32

/*
 * addb_batch_writer_begin - starts a batch writer
 *
 * At most atomic_dynamodb.max_connections requests will be in flight. The
 * writer belongs to the context owner; table, schema, arguments and preface (see
 * AddbRequest, or NULL) stay the caller's and must live as long.
 */
AddbBatchWriter *
addb_batch_writer_begin(const char *table, const AddbKeySchema *schema,
						const char *arguments, const char *preface,
						MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner,
												  "atomic_dynamodb batch writer",
												  ALLOCSET_DEFAULT_SIZES);
	AddbBatchWriter *writer = MemoryContextAllocZero(context, sizeof(AddbBatchWriter));
	int			nbatches = addb_max_connections + 1;
	uint32		counters = pg_nextpower2_32(nbatches * ADDB_BATCH_MAX_REQUESTS *
											FILTER_SPARSENESS);

	writer->context = context;
	writer->table = table;
	writer->schema = schema;
	writer->arguments = arguments;
	writer->preface = preface;
	writer->max_under_way = addb_max_connections;
	writer->batches = MemoryContextAllocZero(context, nbatches * sizeof(AddbBatch));
	writer->filter = MemoryContextAllocZero(context, counters * sizeof(uint16));
	writer->filter_mask = counters - 1;
	writer->looked_at = addb_http_now();
	addb_progress_begin(&writer->progress, "batch write", table, "batches");
	addb_batch_flight_watch(writer);
	return writer;
}

/* An empty batch; there is one whenever fewer are under way than may be. */
static AddbBatch *
take_free_batch(AddbBatchWriter *writer)
{
	AddbBatch  *batch = writer->batches;

	while (batch->state != ADDB_BATCH_FREE)
		batch++;
	if (batch->body.text.data == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(writer->context);

		addb_batch_body_init(&batch->body, writer->table);
		MemoryContextSwitchTo(caller);
	}
	batch->state = ADDB_BATCH_FILLING;
	batch->idle_rounds = 0;
	return batch;
}

static void
wait_for_room(AddbBatchWriter *writer)
{
	while (writer->under_way >= writer->max_under_way)
		addb_batch_flight_go_on(writer, true);
}

/* Sends the batch that is being filled. */
static void
send_filled(AddbBatchWriter *writer)
{
	AddbBatch  *batch = writer->filling;

	wait_for_room(writer);
	addb_batch_body_close(&batch->body);
	addb_batch_flight_start(writer, batch);
	writer->under_way++;
	writer->filling = NULL;
	addb_batch_flight_go_on(writer, false);
}

/*
 * Sends the batch that is full. The request that was written behind its last
 * one moves to the next batch; *start and *key_start are where it lies then.
 */
static void
turn_over(AddbBatchWriter *writer, int *start, int *key_start)
{
	AddbBatchBody *full = &writer->filling->body;
	AddbBatch  *next;

	wait_for_room(writer);
	next = take_free_batch(writer);
	appendBinaryStringInfo(&next->body.text, full->text.data + *start,
						   full->text.len - *start);
	appendBinaryStringInfo(&next->body.keys, full->keys.data + *key_start,
						   full->keys.len - *key_start);
	full->text.len = *start;
	full->keys.len = *key_start;
	send_filled(writer);
	writer->filling = next;
	*start = next->body.head_len;
	*key_start = 0;
}

/* Whether a batch that is under way has this key. */
static bool
is_under_way(AddbBatchWriter *writer, const char *key, int key_len, uint32 hash)
{
	for (int i = 0; i <= writer->max_under_way; i++)
		if ((writer->batches[i].state == ADDB_BATCH_SENDING ||
			 writer->batches[i].state == ADDB_BATCH_PAUSING) &&
			addb_batch_body_find(&writer->batches[i].body, key, key_len, hash) != NULL)
			return true;
	return false;
}

/* Takes in the request that was written behind those in the batch. */
static void
take_in(AddbBatchWriter *writer, int start, int key_start)
{
	AddbBatchBody *body = &writer->filling->body;
	const char *key = body->keys.data + key_start;
	int			key_len = body->keys.len - key_start;
	uint32		hash = hash_bytes((const unsigned char *) key, key_len);
	uint16	   *counter = &writer->filter[hash & writer->filter_mask];
	AddbBatchEntry *same = NULL;

	if (*counter > 0)
	{
		same = addb_batch_body_find(body, key, key_len, hash);
		while (same == NULL && is_under_way(writer, key, key_len, hash))
			addb_batch_flight_go_on(writer, true);
	}
	if (same != NULL)
		addb_batch_body_replace(body, same, start, key_start);
	else
	{
		if (body->nentries == ADDB_BATCH_MAX_REQUESTS)
			turn_over(writer, &start, &key_start);
		addb_batch_body_add(&writer->filling->body, start, key_start, hash);
		(*counter)++;
	}
	writer->given++;
	writer->filling->last = writer->given;
	if (writer->filling->body.nentries == 1 && same == NULL)
		writer->filling->first = writer->given;
}

/* Has the caller's function write an item or key; tells of which element. */
static void
append_value(StringInfo out, AddbKeyHolder holder, AddbBatchAppend append,
			 void *value, const AddbPlace *place)
{
	int			start = out->len;
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = addb_place_context,
		.arg = unconstify(AddbPlace *, place)
	};

	if (place->element > 0)
		error_context_stack = &context;
	append(out, value);
	if (holder == ADDB_HOLDER_ITEM)
		addb_item_check_size(out->data + start, out->len - start, place);
	error_context_stack = context.previous;
}

/* Appends a request to text, with a comma, and the identity of its key to keys. */
static void
write_request(StringInfo text, StringInfo keys, const AddbKeySchema *schema,
			  AddbKeyHolder holder, AddbBatchAppend append, void *value,
			  const AddbPlace *place)
{
	int			start;

	if (holder == ADDB_HOLDER_ITEM)
		appendStringInfoString(text, "{\"PutRequest\":{\"Item\":");
	else
		appendStringInfoString(text, "{\"DeleteRequest\":{\"Key\":");
	start = text->len;
	append_value(text, holder, append, value, place);
	addb_key_check(schema, holder, text->data + start, text->len - start,
				   place, keys);
	appendStringInfoString(text, "}},");
}

/*
 * addb_batch_write_check - raises what is wrong with a request, without pushing
 *
 * The errors are those that addb_batch_writer_push raises of the request itself.
 */
void
addb_batch_write_check(const AddbKeySchema *schema, AddbKeyHolder holder,
					   AddbBatchAppend append, void *value,
					   const AddbPlace *place)
{
	StringInfoData text;
	StringInfoData keys;

	initStringInfo(&text);
	initStringInfo(&keys);
	write_request(&text, &keys, schema, holder, append, value, place);
	pfree(text.data);
	pfree(keys.data);
}

/*
 * addb_batch_writer_push - puts an item or deletes a key, sooner or later
 *
 * holder tells which; append writes it from value, which is not needed any
 * more afterwards. May wait for answers to earlier requests. Raises what
 * append raises, 22023 and 54000 for a key that the table cannot have, 54000
 * for an item of over 400 kB, and what calls raise; the context of all of
 * these tells how many requests were written. The writer is of no use then.
 */
void
addb_batch_writer_push(AddbBatchWriter *writer, AddbKeyHolder holder,
					   AddbBatchAppend append, void *value,
					   const AddbPlace *place)
{
	AddbBatchBody *body;
	int			start;
	int			key_start;

	if (writer->filling == NULL)
		writer->filling = take_free_batch(writer);
	body = &writer->filling->body;
	start = body->text.len;
	key_start = body->keys.len;
	PG_TRY();
	{
		write_request(&body->text, &body->keys, writer->schema, holder, append,
					  value, place);
	}
	PG_CATCH();
	{
		addb_batch_flight_raise_caught(writer, true);
	}
	PG_END_TRY();

	addb_batch_flight_enter(writer);
	take_in(writer, start, key_start);
	if (writer->filling->body.text.len >= BATCH_BYTES)
		send_filled(writer);
	else if (writer->under_way > 0 &&
			 addb_http_now() - writer->looked_at > ADDB_BATCH_LOOK_US)
		addb_batch_flight_go_on(writer, false);
	addb_batch_flight_leave(writer);
}

/*
 * addb_batch_writer_drain - sends the rest and waits for all
 *
 * The writer may be used on. Raises as addb_batch_writer_push.
 */
void
addb_batch_writer_drain(AddbBatchWriter *writer)
{
	addb_batch_flight_enter(writer);
	if (writer->filling != NULL && writer->filling->body.nentries > 0)
		send_filled(writer);
	while (writer->under_way > 0)
		addb_batch_flight_go_on(writer, true);
	addb_batch_flight_leave(writer);
}

/*
 * addb_batch_writer_end - as addb_batch_writer_drain, and frees the writer
 *
 * Returns the number of requests that were pushed, those replaced by a later
 * one for the same key included: all of them have been written.
 */
int64
addb_batch_writer_end(AddbBatchWriter *writer)
{
	int64		given;

	addb_batch_writer_drain(writer);
	given = writer->given;
	MemoryContextDelete(writer->context);
	return given;
}
