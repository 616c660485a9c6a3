/*
 * batch_flight.c
 *	  Batches of a batch writer that are under way: sent, answered, sent again.
 *
 * What DynamoDB leaves unprocessed goes out again, after a pause that grows
 * while no progress is made. Every request counts as written only when it is
 * known to be.
 *
 * When something fails, the batches in flight are waited for before it is
 * raised: then the context of the error can tell what became of every request.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "dynamodb/batch_flight.h"
#include "dynamodb/stats.h"
#include "utils/memutils.h"

/* Whether what is in a batch may have been carried out, or may be yet. */
static bool
is_open(const AddbBatch *batch)
{
	if (batch->state == ADDB_BATCH_SENDING)
		return addb_call_succeeded(batch->call) || addb_call_is_open(batch->call);
	return batch->state == ADDB_BATCH_READY ||
		(batch->state == ADDB_BATCH_PAUSING && batch->open_since != 0);
}

static int64
count_open(const AddbBatchWriter *writer)
{
	int64		open = 0;

	for (int i = 0; i <= writer->max_under_way; i++)
		if (is_open(&writer->batches[i]))
			open += addb_batch_body_given(&writer->batches[i].body);
	return open;
}

/* What became of all that was given: a line for the context of an error. */
static char *
describe_outcome(const AddbBatchWriter *writer)
{
	int64		open = count_open(writer);

	return psprintf("batch write to DynamoDB table \"%s\": " INT64_FORMAT " items given so far: "
					INT64_FORMAT " written, " INT64_FORMAT " not written, "
					INT64_FORMAT " of unknown outcome",
					writer->table, writer->given, writer->written,
					writer->given - writer->written - open, open);
}

static void
add_outcome_context(void *arg)
{
	AddbBatchWriter *writer = arg;

	if (writer->given > 0)
		errcontext("%s", describe_outcome(writer));
	if (writer->failed != NULL)
		errcontext("items " INT64_FORMAT " to " INT64_FORMAT " of the batch write",
				   writer->failed->first, writer->failed->last);
	writer->told = true;
}

/*
 * Of a writer whose query has ended before it was drained, by an error that
 * another part of the query has raised, as a rule. Its calls are gone by now:
 * what was under way counts as unknown.
 */
static void
tell_of_abandoned(void *arg)
{
	const AddbBatchWriter *writer = arg;
	int64		open = 0;

	if (writer->told || writer->given == writer->written)
		return;
	for (int i = 0; i <= writer->max_under_way; i++)
		if (writer->batches[i].state == ADDB_BATCH_SENDING ||
			writer->batches[i].open_since != 0)
			open += addb_batch_body_given(&writer->batches[i].body);
	ereport(WARNING,
			(errmsg("batch write to DynamoDB table \"%s\" was broken off: " INT64_FORMAT " items given: "
					INT64_FORMAT " written, " INT64_FORMAT " not written, "
					INT64_FORMAT " of unknown outcome",
					writer->table, writer->given, writer->written,
					writer->given - writer->written - open, open)));
}

/*
 * addb_batch_flight_watch - warns when the writer goes with work undone
 *
 * To be called once, when the writer is complete.
 */
void
addb_batch_flight_watch(AddbBatchWriter *writer)
{
	writer->abandoned.func = tell_of_abandoned;
	writer->abandoned.arg = writer;
	MemoryContextRegisterResetCallback(writer->context, &writer->abandoned);
}

/*
 * addb_batch_flight_enter - errors tell from now on what became of the requests
 *
 * Until addb_batch_flight_leave, in the same function.
 */
void
addb_batch_flight_enter(AddbBatchWriter *writer)
{
	writer->callback.callback = add_outcome_context;
	writer->callback.arg = writer;
	writer->callback.previous = error_context_stack;
	error_context_stack = &writer->callback;
}

/*
 * addb_batch_flight_leave - ends what addb_batch_flight_enter began
 */
void
addb_batch_flight_leave(AddbBatchWriter *writer)
{
	error_context_stack = writer->callback.previous;
}

/* Marks the entry that a request left unprocessed is; false if there is none. */
static bool
mark_left(AddbBatchWriter *writer, AddbBatch *batch, AddbJsonCursor *cursor)
{
	AddbBatchBody *body = &batch->body;
	int			key_start = body->keys.len;
	AddbBatchEntry *entry;
	AddbJsonSlice name;
	AddbJsonSlice object;
	const char *key;
	int			key_len;

	/* {"PutRequest": {"Item": {...}}}, {"DeleteRequest": {"Key": {...}}} */
	if (!addb_json_object_start(cursor) || !addb_json_object_next(cursor, &name) ||
		!addb_json_object_start(cursor) || !addb_json_object_next(cursor, &name) ||
		!addb_json_skip(cursor, &object) || addb_json_object_next(cursor, &name) ||
		addb_json_object_next(cursor, &name) || cursor->failed ||
		!addb_key_find(writer->schema, object.data, object.len, &body->keys))
		return false;
	key = body->keys.data + key_start;
	key_len = body->keys.len - key_start;
	entry = addb_batch_body_find(body, key, key_len,
								 hash_bytes((const unsigned char *) key, key_len));
	body->keys.len = key_start;
	if (entry == NULL)
		return false;
	entry->left = true;
	return true;
}

/* Reads UnprocessedItems: {table: [request, ...]}, by whatever name of it. */
static bool
read_unprocessed(AddbBatchWriter *writer, AddbBatch *batch, AddbJsonCursor *cursor)
{
	AddbJsonSlice name;

	if (!addb_json_object_start(cursor))
		return false;
	while (addb_json_object_next(cursor, &name))
	{
		if (!addb_json_array_start(cursor))
			return false;
		while (addb_json_array_next(cursor))
			if (!mark_left(writer, batch, cursor))
				return false;
	}
	return !cursor->failed;
}

/* Reads the reply; false when it makes no sense. */
static bool
read_answer(AddbBatchWriter *writer, AddbBatch *batch)
{
	size_t		len;
	const char *text = addb_call_body(batch->call, &len);
	AddbJsonCursor cursor = addb_json_cursor(text, len);
	bool		intact = addb_json_object_start(&cursor);
	bool		told = false;
	AddbJsonSlice name;

	for (int i = 0; i < batch->body.nentries; i++)
		batch->body.entries[i].left = false;
	while (intact && addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "UnprocessedItems"))
			intact = read_unprocessed(writer, batch, &cursor);
		else if (addb_json_slice_is(&name, "ConsumedCapacity") && !told)
			intact = told = addb_stats_take_capacity(batch->call, &cursor, NULL);
		else
			intact = addb_json_skip(&cursor, NULL);
	}
	if (!told)
		addb_call_consumed(batch->call, 0);
	return intact && !cursor.failed;
}

/* A notice of how far it is, which is no error. */
static void
report_progress(AddbBatchWriter *writer)
{
	ErrorContextCallback *stack = error_context_stack;

	writer->progress.items = writer->written;
	writer->progress.units++;
	error_context_stack = writer->callback.previous;
	addb_progress_report(&writer->progress);
	error_context_stack = stack;
}

/*
 * Takes out of an answered batch what has been written, and counts it. False
 * when the answer makes no sense: the batch then stays as it is.
 */
static bool
take_answer(AddbBatchWriter *writer, AddbBatch *batch)
{
	AddbBatchBody *body = &batch->body;

	if (!read_answer(writer, batch))
	{
		batch->state = ADDB_BATCH_READY;
		return false;
	}
	batch->open_since = addb_call_open_since(batch->call);
	if (batch->idle_rounds == ADDB_BATCH_MAX_IDLE_ROUNDS - 1)
		batch->id_note = MemoryContextStrdup(writer->context, addb_call_id_note(batch->call));
	addb_call_release(batch->call);
	batch->call = NULL;
	batch->state = ADDB_BATCH_PAUSING;
	writer->progress.bytes += body->text.len;
	addb_batch_body_reopen(body);
	for (int i = body->nentries - 1; i >= 0; i--)
	{
		AddbBatchEntry *entry = &body->entries[i];

		if (entry->left)
			continue;
		writer->filter[entry->hash & writer->filter_mask]--;
		writer->written += entry->given;
		addb_stats.items_written++;
		addb_batch_body_cut(body, entry);
	}
	report_progress(writer);
	return true;
}

/*
 * Waits for what may be carried out, before an error is raised: what is known
 * of the batches then is all there is to know. What waits to be sent is not
 * sent any more.
 */
static void
settle_in_flight(AddbBatchWriter *writer)
{
	AddbCall   *calls[ADDB_CLIENT_MAX_CALLS];
	int			n;

	do
	{
		n = 0;
		for (int i = 0; i <= writer->max_under_way; i++)
		{
			AddbBatch  *batch = &writer->batches[i];

			if (batch->state != ADDB_BATCH_SENDING)
				continue;
			if (addb_call_succeeded(batch->call))
				(void) take_answer(writer, batch);
			else if (!addb_call_done(batch->call) &&
					 addb_call_is_open(batch->call))
				calls[n++] = batch->call;
		}
		if (n > 0)
			addb_client_wait(calls, n);
	} while (n > 0);
}

/* What is raised by us, of arguments or of the configuration, nothing held. */
static bool
may_catch(int sqlstate)
{
	return addb_client_may_catch(sqlstate) ||
		sqlstate == ERRCODE_NULL_VALUE_NOT_ALLOWED ||
		sqlstate == ERRCODE_CHARACTER_NOT_IN_REPERTOIRE ||
		sqlstate == ERRCODE_UNTRANSLATABLE_CHARACTER ||
		sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/*
 * addb_batch_flight_raise_caught - raises the error at hand once all is known
 *
 * To be called where it was caught, having been raised without the context of
 * addb_batch_flight_enter: that is added when the batches in flight have been
 * answered, and of which item it is, if it is of the next. Other errors than
 * those of arguments and of the configuration are passed on at once.
 */
void
addb_batch_flight_raise_caught(AddbBatchWriter *writer, bool of_item)
{
	ErrorData  *error;
	StringInfoData context;

	if (writer->given == 0 || !may_catch(geterrcode()))
		PG_RE_THROW();
	MemoryContextSwitchTo(writer->context);
	error = CopyErrorData();
	FlushErrorState();
	addb_batch_flight_enter(writer);
	settle_in_flight(writer);
	addb_batch_flight_leave(writer);
	initStringInfo(&context);
	appendStringInfoString(&context, describe_outcome(writer));
	if (of_item)
		appendStringInfo(&context, "\nitem " INT64_FORMAT " of the batch write",
						 writer->given + 1);
	if (error->context != NULL)
		appendStringInfo(&context, "\n%s", error->context);
	error->context = context.data;
	writer->told = true;
	ReThrowError(error);
}

/*
 * addb_batch_flight_start - sends a batch whose body is closed
 *
 * Raises what addb_client_start raises, when the batches in flight have been
 * answered.
 */
void
addb_batch_flight_start(AddbBatchWriter *writer, AddbBatch *batch)
{
	AddbRequest request = {
		.operation = &addb_batch_write_item,
		.table = writer->table,
		.body = batch->body.text.data,
		.body_len = batch->body.text.len,
		.identity = writer->identity,
		.open_since = batch->open_since,
		.kind = ADDB_WRITE_IDEMPOTENT,
		.arguments = writer->arguments,
		.preface = writer->preface
	};
	ErrorContextCallback *stack = error_context_stack;

	error_context_stack = writer->callback.previous;
	PG_TRY();
	{
		batch->call = addb_client_start(&request, writer->context);
		if (writer->identity == 0)
			writer->identity = addb_call_identity(batch->call);
	}
	PG_CATCH();
	{
		addb_batch_flight_raise_caught(writer, false);
	}
	PG_END_TRY();
	error_context_stack = stack;
	batch->state = ADDB_BATCH_SENDING;
}

static _Noreturn void
raise_failure(AddbBatchWriter *writer, const AddbBatch *failed)
{
	if (addb_call_failed_with(failed->call, "ValidationException") ||
		addb_call_failed_with(failed->call, "ResourceNotFoundException"))
		addb_key_schema_forget(writer->table);
	settle_in_flight(writer);
	writer->failed = failed;
	if (failed->state == ADDB_BATCH_READY)
		addb_call_raise_malformed(failed->call);
	addb_call_raise(failed->call);
}

/* What is left may have been written, where an attempt with it was lost before. */
static _Noreturn void
raise_no_progress(AddbBatchWriter *writer, const AddbBatch *batch)
{
	bool		unknown = batch->open_since != 0;

	settle_in_flight(writer);
	writer->failed = batch;
	ereport(ERROR,
			(errcode(unknown ? ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN
					 : ERRCODE_INSUFFICIENT_RESOURCES),
			 unknown ? errmsg("outcome of DynamoDB BatchWriteItem is unknown") :
			 errmsg("DynamoDB left %d requests of a batch unprocessed",
					batch->body.nentries),
			 errdetail("It took none of %d requests in %d rounds%s.",
					   batch->body.nentries, ADDB_BATCH_MAX_IDLE_ROUNDS, batch->id_note),
			 errhint("%s", unknown ? addb_outcome_hint(ADDB_HINT_REPEAT) :
					 "Write more slowly, or raise the capacity of the table.")));
}

/* A batch has been answered: done, or the rest after a pause, or an error. */
static void
settle_batch(AddbBatchWriter *writer, AddbBatch *batch)
{
	int			before = batch->body.nentries;

	if (writer->neglected && addb_call_got_no_answer(batch->call))
	{
		batch->open_since = addb_call_open_since(batch->call);
		addb_call_release(batch->call);
		batch->state = ADDB_BATCH_READY;
		addb_batch_flight_start(writer, batch);
		addb_client_wait(&batch->call, 1);
	}
	if (!addb_call_succeeded(batch->call) || !take_answer(writer, batch))
		raise_failure(writer, batch);
	if (batch->body.nentries == 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(writer->context);

		addb_batch_body_clear(&batch->body, writer->table);
		MemoryContextSwitchTo(caller);
		batch->state = ADDB_BATCH_FREE;
		batch->open_since = 0;
		writer->under_way--;
		return;
	}
	addb_batch_body_close(&batch->body);
	batch->idle_rounds = batch->body.nentries < before ? 0 : batch->idle_rounds + 1;
	if (batch->idle_rounds >= ADDB_BATCH_MAX_IDLE_ROUNDS)
		raise_no_progress(writer, batch);
	batch->resume_at = addb_batch_resume_at(batch->idle_rounds);
}

/*
 * addb_batch_flight_go_on - resumes what is due, settles what is answered
 *
 * With wait, waits until a batch is answered or the next is due; there must be
 * one under way. Raises what became of a batch that failed, and interrupts.
 */
void
addb_batch_flight_go_on(AddbBatchWriter *writer, bool wait)
{
	AddbCall   *calls[ADDB_CLIENT_MAX_CALLS];
	int			n = 0;
	int64		due = -1;
	int64		now = addb_http_now();

	writer->neglected = addb_batch_was_neglected(writer->looked_at);
	for (int i = 0; i <= writer->max_under_way; i++)
	{
		AddbBatch  *batch = &writer->batches[i];

		if (batch->state == ADDB_BATCH_PAUSING && batch->resume_at <= now)
			addb_batch_flight_start(writer, batch);
		if (batch->state == ADDB_BATCH_SENDING)
			calls[n++] = batch->call;
		else if (batch->state == ADDB_BATCH_PAUSING)
			due = due < 0 ? batch->resume_at : Min(due, batch->resume_at);
	}
	if (wait)
		addb_client_wait_until(calls, n, due);
	else
		addb_client_poll(calls, n);
	for (int i = 0; i <= writer->max_under_way; i++)
		if (writer->batches[i].state == ADDB_BATCH_SENDING &&
			addb_call_done(writer->batches[i].call))
			settle_batch(writer, &writer->batches[i]);
	writer->looked_at = addb_http_now();
}
