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
 * still under way waits until that batch is done.
 *
 * What DynamoDB leaves unprocessed goes out again, after a pause that grows
 * while no progress is made. Every request counts as written only when it is
 * known to be.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/batch_round.h"
#include "dynamodb/batch_write.h"
#include "utils/memutils.h"

/* Of BatchWriteItem: 25 requests, 16 MB; the rest is room for the envelope. */
#define BATCH_MAX_REQUESTS 25
#define BATCH_MAX_BYTES (15 * 1024 * 1024)

typedef struct Entry
{
	char	   *key;			/* JSON of the key: identity */
	int			key_len;
	uint32		hash;
	char	   *request;		/* JSON of the PutRequest or DeleteRequest */
	int			request_len;
} Entry;

typedef struct Batch
{
	MemoryContext context;
	AddbBatchState state;
	Entry		entries[BATCH_MAX_REQUESTS];
	int			nentries;		/* keys that must not be overtaken */
	int			nleft;			/* requests not yet known to be written */
	size_t		bytes;
	StringInfoData body;
	AddbCall   *call;
	int			idle_rounds;
	int64		resume_at;		/* a moment of addb_http_now */
} Batch;

struct AddbBatchWriter
{
	MemoryContext context;
	const char *table;
	int			nbatches;
	Batch	   *batches;
	Batch	   *filling;
	int64		pushed;
	int64		replaced;		/* by a later request for the same key */
	int64		written;
};

/*
 * addb_batch_writer_begin - starts a batch writer
 *
 * At most atomic_dynamodb.max_connections requests will be in flight. The
 * writer belongs to the context owner. table stays the caller's.
 */
AddbBatchWriter *
addb_batch_writer_begin(const char *table, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner,
												  "atomic_dynamodb batch writer",
												  ALLOCSET_DEFAULT_SIZES);
	AddbBatchWriter *writer = MemoryContextAllocZero(context, sizeof(AddbBatchWriter));

	writer->context = context;
	writer->table = table;
	writer->nbatches = addb_max_connections;
	writer->batches = MemoryContextAllocZero(context,
											 writer->nbatches * sizeof(Batch));
	for (int i = 0; i < writer->nbatches; i++)
		writer->batches[i].context = AllocSetContextCreate(context,
														   "atomic_dynamodb batch",
														   ALLOCSET_DEFAULT_SIZES);
	return writer;
}

/* Says what became of the whole before the error itself is raised. */
static void
add_progress_context(void *arg)
{
	AddbBatchWriter *writer = arg;
	int64		distinct = writer->pushed - writer->replaced;

	if (distinct == 0)
		return;
	errcontext("batch write to DynamoDB table \"%s\": of " INT64_FORMAT " items given so far, " INT64_FORMAT " were written; the others were not, or it is not known",
			   writer->table, distinct, writer->written);
}

static void
enter_context(AddbBatchWriter *writer, ErrorContextCallback *context)
{
	context->callback = add_progress_context;
	context->arg = writer;
	context->previous = error_context_stack;
	error_context_stack = context;
}

static void
start_call(AddbBatchWriter *writer, Batch *batch)
{
	AddbRequest request = {
		.operation = &addb_batch_write_item,
		.table = writer->table,
		.body = batch->body.data,
		.body_len = batch->body.len
	};

	batch->call = addb_client_start(&request, batch->context);
	batch->state = ADDB_BATCH_SENDING;
}

static void
open_body(AddbBatchWriter *writer, Batch *batch)
{
	appendStringInfoString(&batch->body, "{\"RequestItems\":{");
	addb_av_append_string(&batch->body, writer->table,
						  (int) strlen(writer->table));
	appendStringInfoString(&batch->body, ":[");
}

/* Sends the batch that is being filled. */
static void
send_filled(AddbBatchWriter *writer)
{
	Batch	   *batch = writer->filling;
	MemoryContext caller = MemoryContextSwitchTo(batch->context);

	initStringInfo(&batch->body);
	open_body(writer, batch);
	for (int i = 0; i < batch->nentries; i++)
	{
		if (i > 0)
			appendStringInfoChar(&batch->body, ',');
		appendBinaryStringInfo(&batch->body, batch->entries[i].request,
							   batch->entries[i].request_len);
		pfree(batch->entries[i].request);
	}
	appendStringInfoString(&batch->body, "]}}");
	batch->nleft = batch->nentries;
	writer->filling = NULL;
	start_call(writer, batch);
	MemoryContextSwitchTo(caller);
}

/*
 * Rebuilds the body from the reply's UnprocessedItems, as they stand. Returns
 * how many they are; raises 08P01 (08007) for a reply that makes no sense.
 */
static int
take_unprocessed(AddbBatchWriter *writer, Batch *batch)
{
	size_t		len;
	const char *body = addb_call_body(batch->call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice request;
	int			n = 0;

	resetStringInfo(&batch->body);
	open_body(writer, batch);
	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (!addb_json_slice_is(&name, "UnprocessedItems"))
			{
				addb_json_skip(&cursor, NULL);
				continue;
			}
			/* one table: the one that was asked, by whatever name */
			if (!addb_json_object_start(&cursor))
				break;
			while (addb_json_object_next(&cursor, &name))
			{
				if (!addb_json_array_start(&cursor))
					break;
				while (addb_json_array_next(&cursor))
				{
					addb_json_skip(&cursor, &request);
					if (n++ > 0)
						appendStringInfoChar(&batch->body, ',');
					appendBinaryStringInfo(&batch->body, request.data,
										   (int) request.len);
				}
			}
		}
	if (cursor.failed || n > batch->nleft)
		addb_call_raise_malformed(batch->call);
	appendStringInfoString(&batch->body, "]}}");
	return n;
}

static void
raise_no_progress(const Batch *batch)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("DynamoDB left %d requests of a batch unprocessed", batch->nleft),
			 errdetail("It took none of them in %d rounds.", ADDB_BATCH_MAX_IDLE_ROUNDS),
			 errhint("Write more slowly, or raise the capacity of the table.")));
}

/* Counts what an answered batch has written; returns how many it has left. */
static int
take_answer(AddbBatchWriter *writer, Batch *batch)
{
	MemoryContext caller = MemoryContextSwitchTo(batch->context);
	int			left = take_unprocessed(writer, batch);

	MemoryContextSwitchTo(caller);
	addb_call_release(batch->call);
	batch->call = NULL;
	writer->written += batch->nleft - left;
	return left;
}

/*
 * Raises the failure of a batch, once the batches in flight beside it have
 * been answered: what is reported as written then is all that was.
 */
static void
raise_after_others(AddbBatchWriter *writer, Batch *failed)
{
	failed->state = ADDB_BATCH_FREE;
	for (int i = 0; i < writer->nbatches; i++)
	{
		Batch	   *batch = &writer->batches[i];

		if (batch->state != ADDB_BATCH_SENDING)
			continue;
		addb_client_wait(&batch->call, 1);
		batch->state = ADDB_BATCH_FREE;
		if (addb_call_succeeded(batch->call))
			(void) take_answer(writer, batch);
	}
	addb_call_raise(failed->call);
}

/* A batch has been answered: done, or the rest after a pause, or an error. */
static void
settle_batch(AddbBatchWriter *writer, Batch *batch)
{
	int			left;

	if (!addb_call_succeeded(batch->call))
		raise_after_others(writer, batch);
	left = take_answer(writer, batch);
	batch->idle_rounds = left < batch->nleft ? 0 : batch->idle_rounds + 1;
	batch->nleft = left;
	if (left == 0)
	{
		batch->state = ADDB_BATCH_FREE;
		MemoryContextReset(batch->context);
		return;
	}
	if (batch->idle_rounds >= ADDB_BATCH_MAX_IDLE_ROUNDS)
		raise_no_progress(batch);
	batch->state = ADDB_BATCH_PAUSING;
	batch->resume_at = addb_batch_resume_at(batch->idle_rounds);
}

/*
 * Resumes what is due, then waits until a batch is answered or the next is
 * due. False when nothing is under way.
 */
static bool
make_progress(AddbBatchWriter *writer)
{
	AddbCall   *calls[ADDB_CLIENT_MAX_CALLS];
	int			n = 0;
	int64		due = -1;
	int64		now = addb_http_now();

	for (int i = 0; i < writer->nbatches; i++)
	{
		Batch	   *batch = &writer->batches[i];

		if (batch->state == ADDB_BATCH_PAUSING && batch->resume_at <= now)
			start_call(writer, batch);
		if (batch->state == ADDB_BATCH_SENDING)
			calls[n++] = batch->call;
		else if (batch->state == ADDB_BATCH_PAUSING)
			due = due < 0 ? batch->resume_at : Min(due, batch->resume_at);
	}
	if (n == 0 && due < 0)
		return false;
	addb_client_wait_until(calls, n, due);
	for (int i = 0; i < writer->nbatches; i++)
		if (writer->batches[i].state == ADDB_BATCH_SENDING &&
			addb_call_done(writer->batches[i].call))
			settle_batch(writer, &writer->batches[i]);
	return true;
}

static Entry *
find_entry(Batch *batch, const char *key, int key_len, uint32 hash)
{
	for (int i = 0; i < batch->nentries; i++)
	{
		Entry	   *entry = &batch->entries[i];

		if (entry->hash == hash && entry->key_len == key_len &&
			memcmp(entry->key, key, key_len) == 0)
			return entry;
	}
	return NULL;
}

/* Whether a batch that is under way has this key. */
static bool
is_under_way(AddbBatchWriter *writer, const char *key, int key_len, uint32 hash)
{
	for (int i = 0; i < writer->nbatches; i++)
		if ((writer->batches[i].state == ADDB_BATCH_SENDING ||
			 writer->batches[i].state == ADDB_BATCH_PAUSING) &&
			find_entry(&writer->batches[i], key, key_len, hash) != NULL)
			return true;
	return false;
}

/* The batch to fill, which may have to be waited for. */
static Batch *
filling_batch(AddbBatchWriter *writer)
{
	while (writer->filling == NULL)
	{
		for (int i = 0; i < writer->nbatches && writer->filling == NULL; i++)
			if (writer->batches[i].state == ADDB_BATCH_FREE)
				writer->filling = &writer->batches[i];
		if (writer->filling == NULL)
			make_progress(writer);
	}
	if (writer->filling->state == ADDB_BATCH_FREE)
	{
		writer->filling->state = ADDB_BATCH_FILLING;
		writer->filling->nentries = 0;
		writer->filling->bytes = 0;
		writer->filling->idle_rounds = 0;
	}
	return writer->filling;
}

static char *
copy_bytes(MemoryContext context, const StringInfo text)
{
	char	   *copy = MemoryContextAlloc(context, text->len);

	memcpy(copy, text->data, text->len);
	return copy;
}

/* Adds a request; frees key and request. */
static void
push(AddbBatchWriter *writer, StringInfo key, StringInfo request)
{
	uint32		hash = hash_bytes((unsigned char *) key->data, key->len);
	Batch	   *batch;
	Entry	   *entry;

	while (is_under_way(writer, key->data, key->len, hash))
		make_progress(writer);
	batch = filling_batch(writer);
	entry = find_entry(batch, key->data, key->len, hash);
	if (entry == NULL && (batch->nentries == BATCH_MAX_REQUESTS ||
						  batch->bytes + request->len > BATCH_MAX_BYTES) &&
		batch->nentries > 0)
	{
		send_filled(writer);
		batch = filling_batch(writer);
	}
	writer->pushed++;
	if (entry != NULL)
	{
		writer->replaced++;
		batch->bytes -= entry->request_len;
		pfree(entry->request);
	}
	else
	{
		entry = &batch->entries[batch->nentries];
		entry->key = copy_bytes(batch->context, key);
		entry->key_len = key->len;
		entry->hash = hash;
		batch->nentries++;
	}
	entry->request = copy_bytes(batch->context, request);
	entry->request_len = request->len;
	batch->bytes += request->len;
	pfree(key->data);
	pfree(request->data);
}

/*
 * addb_batch_writer_put - writes an item, sooner or later
 *
 * Copies what it needs. May wait for answers to earlier requests. Raises what
 * calls raise, with the number of requests written so far as context.
 */
void
addb_batch_writer_put(AddbBatchWriter *writer, const AddbItem *item)
{
	ErrorContextCallback context;
	StringInfoData key;
	StringInfoData request;

	enter_context(writer, &context);
	initStringInfo(&key);
	addb_item_append_key(&key, &item->key);
	initStringInfo(&request);
	appendStringInfoString(&request, "{\"PutRequest\":{\"Item\":");
	addb_item_append_item(&request, item);
	appendStringInfoString(&request, "}}");
	push(writer, &key, &request);
	error_context_stack = context.previous;
}

/*
 * addb_batch_writer_delete - deletes an item, sooner or later
 *
 * As addb_batch_writer_put.
 */
void
addb_batch_writer_delete(AddbBatchWriter *writer, const AddbKey *item_key)
{
	ErrorContextCallback context;
	StringInfoData key;
	StringInfoData request;

	enter_context(writer, &context);
	initStringInfo(&key);
	addb_item_append_key(&key, item_key);
	initStringInfo(&request);
	appendStringInfo(&request, "{\"DeleteRequest\":{\"Key\":%s}}", key.data);
	push(writer, &key, &request);
	error_context_stack = context.previous;
}

/*
 * addb_batch_writer_end - sends the rest, waits for all, frees the writer
 *
 * Returns the number of requests that were pushed, those replaced by a later
 * one for the same key included: all of them have been written. Raises as
 * addb_batch_writer_put.
 */
int64
addb_batch_writer_end(AddbBatchWriter *writer)
{
	ErrorContextCallback context;
	int64		pushed;

	enter_context(writer, &context);
	if (writer->filling != NULL && writer->filling->nentries > 0)
		send_filled(writer);
	while (make_progress(writer))
		;
	error_context_stack = context.previous;
	pushed = writer->pushed;
	MemoryContextDelete(writer->context);
	return pushed;
}
