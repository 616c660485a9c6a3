/*
 * batch_get.c
 *	  Any number of items by key, in request order, several requests in flight.
 *
 * The keys are cut into stretches of at most 100 different ones. Stretches are
 * read ahead, as many as requests may be in flight and memory allows, and given
 * out in order. Within a stretch a key that occurs twice is asked for once,
 * which BatchGetItem demands.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/batch_get.h"
#include "dynamodb/batch_round.h"
#include "dynamodb/client.h"
#include "dynamodb/progress.h"
#include "dynamodb/stats.h"
#include "utils/memutils.h"

/* Keys of one BatchGetItem. */
#define BATCH_MAX_KEYS 100

/* Keys of a stretch, repetitions included. */
#define STRETCH_MAX_KEYS 1000

/*
 * A stretch is asked for while those before it hold no more than this, judged
 * by the size of the last ones: what a single BatchGetItem may answer. Until a
 * whole stretch has been given out, two are: they may turn out that large, and
 * the reader may want no more.
 */
#define READ_AHEAD_BYTES (16 * 1024 * 1024)
#define FIRST_STRETCHES 2

typedef struct Wanted
{
	int			key_start;		/* of the identity in the stretch's keys */
	int			key_len;
	uint32		hash;
	AddbJsonSlice item;			/* in the body of one of the calls */
} Wanted;

typedef struct Stretch
{
	MemoryContext context;
	AddbBatchState state;
	Wanted		wanted[BATCH_MAX_KEYS];
	int			nwanted;
	uint8		which[STRETCH_MAX_KEYS];	/* wanted of each key, in order */
	int			nkeys;
	int			next;			/* key to give out next */
	StringInfoData body;
	StringInfoData keys;		/* identities */
	AddbCall   *call;
	int			nfound;
	size_t		bytes;			/* of the answers */
	int			idle_rounds;
	int64		resume_at;
} Stretch;

struct AddbBatchReader
{
	MemoryContext context;
	AddbBatchRead read;
	int			taken;			/* keys that are in a stretch */
	Stretch    *stretches;		/* a ring, in the order of their keys */
	int			nstretches;
	int			first;			/* the stretch given out now */
	int			allowed;		/* stretches in memory, that one included */
	size_t		expected;		/* bytes of a stretch */
	int64		looked_at;		/* when calls were last given a chance */
	bool		neglected;		/* and that was too long ago */
	uint64		identity;		/* who was asked first */
	AddbProgress progress;
};

/* Appends a key, and its identity; returns the hash of that. */
static uint32
append_key(const AddbBatchRead *read, int index, StringInfo out, StringInfo keys)
{
	AddbPlace	place = {read->argument, index + 1,.preface = read->preface};
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = addb_place_context,
		.arg = &place
	};
	int			start = out->len;
	int			key_start = keys->len;

	error_context_stack = &context;
	read->append_key(out, read->keys, index);
	error_context_stack = context.previous;
	addb_key_check(read->schema, ADDB_HOLDER_KEY, out->data + start,
				   out->len - start, &place, keys);
	return hash_bytes((unsigned char *) keys->data + key_start,
					  keys->len - key_start);
}

/* Looks at all keys before anything is sent. */
static void
check_keys(const AddbBatchRead *read)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "atomic_dynamodb keys",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	for (int i = 0; i < read->nkeys; i++)
	{
		StringInfoData text;
		StringInfoData keys;

		initStringInfo(&text);
		initStringInfo(&keys);
		(void) append_key(read, i, &text, &keys);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * addb_batch_reader_begin - starts reading items by key
 *
 * The reader belongs to the context owner. Nothing is sent before the first
 * item is asked for. Raises what append_key raises, and 22023 and 54000 for a
 * key that the table cannot have.
 */
AddbBatchReader *
addb_batch_reader_begin(const AddbBatchRead *read, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner,
												  "atomic_dynamodb batch reader",
												  ALLOCSET_DEFAULT_SIZES);
	AddbBatchReader *reader = MemoryContextAllocZero(context, sizeof(AddbBatchReader));

	check_keys(read);
	reader->context = context;
	reader->read = *read;
	reader->nstretches = Min(addb_max_connections,
							 (read->nkeys + BATCH_MAX_KEYS - 1) / BATCH_MAX_KEYS);
	reader->stretches = MemoryContextAllocZero(context,
											   Max(reader->nstretches, 1) * sizeof(Stretch));
	for (int i = 0; i < reader->nstretches; i++)
		reader->stretches[i].context = AllocSetContextCreate(context,
															 "atomic_dynamodb batch",
															 ALLOCSET_DEFAULT_SIZES);
	reader->allowed = FIRST_STRETCHES;
	reader->looked_at = addb_http_now();
	addb_progress_begin(&reader->progress, "batch read", read->table, "batches");
	return reader;
}

static int
find_wanted(const Stretch *stretch, const char *key, int key_len, uint32 hash)
{
	for (int i = 0; i < stretch->nwanted; i++)
	{
		const Wanted *wanted = &stretch->wanted[i];

		if (wanted->hash == hash && wanted->key_len == key_len &&
			memcmp(stretch->keys.data + wanted->key_start, key, key_len) == 0)
			return i;
	}
	return -1;
}

static void
start_call(AddbBatchReader *reader, Stretch *stretch)
{
	AddbRequest request = {
		.operation = &addb_batch_get_item,
		.table = reader->read.table,
		.body = stretch->body.data,
		.body_len = stretch->body.len,
		.identity = reader->identity,
		.preface = reader->read.preface
	};

	stretch->call = addb_client_start(&request, stretch->context);
	if (reader->identity == 0)
		reader->identity = addb_call_identity(stretch->call);
	stretch->state = ADDB_BATCH_SENDING;
}

static void
open_body(Stretch *stretch)
{
	appendStringInfoString(&stretch->body,
						   "{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":");
}

/* Takes in the next key of the list; false when the stretch has no room. */
static bool
take_key(AddbBatchReader *reader, Stretch *stretch)
{
	int			start = stretch->body.len;
	int			key_start = stretch->keys.len;
	int			key_len;
	int			index;
	uint32		hash;

	if (stretch->nwanted > 0)
		appendStringInfoChar(&stretch->body, ',');
	hash = append_key(&reader->read, reader->taken, &stretch->body, &stretch->keys);
	key_len = stretch->keys.len - key_start;
	index = find_wanted(stretch, stretch->keys.data + key_start, key_len, hash);
	if (index < 0 && stretch->nwanted < BATCH_MAX_KEYS)
	{
		index = stretch->nwanted++;
		stretch->wanted[index] = (Wanted) {key_start, key_len, hash, {0}};
	}
	else
	{
		stretch->body.len = start;
		stretch->keys.len = key_start;
	}
	if (index < 0)
		return false;
	stretch->which[stretch->nkeys++] = (uint8) index;
	reader->taken++;
	return true;
}

/* Takes the next keys into a free stretch and asks for them. */
static void
fill(AddbBatchReader *reader, Stretch *stretch)
{
	MemoryContext caller = MemoryContextSwitchTo(stretch->context);

	stretch->nwanted = stretch->nkeys = stretch->next = 0;
	stretch->nfound = stretch->idle_rounds = 0;
	stretch->bytes = 0;
	initStringInfo(&stretch->keys);
	initStringInfo(&stretch->body);
	open_body(stretch);
	appendStringInfoChar(&stretch->body, '{');
	addb_av_append_string(&stretch->body, reader->read.table,
						  (int) strlen(reader->read.table));
	appendStringInfoString(&stretch->body, ":{\"Keys\":[");
	while (reader->taken < reader->read.nkeys &&
		   stretch->nkeys < STRETCH_MAX_KEYS && take_key(reader, stretch))
		;
	appendStringInfo(&stretch->body, "]%s}}}", reader->read.parameters);
	start_call(reader, stretch);
	MemoryContextSwitchTo(caller);
}

/* Files an item of the reply under its key; false when it has no such key. */
static bool
file_item(AddbBatchReader *reader, Stretch *stretch, const AddbJsonSlice *item)
{
	int			key_start = stretch->keys.len;
	const char *key;
	int			key_len;
	int			index;

	if (!addb_key_find(reader->read.schema, item->data, item->len, &stretch->keys))
		return false;
	key = stretch->keys.data + key_start;
	key_len = stretch->keys.len - key_start;
	stretch->keys.len = key_start;
	index = find_wanted(stretch, key, key_len,
						hash_bytes((const unsigned char *) key, key_len));
	if (index < 0)
		return false;
	stretch->wanted[index].item = *item;
	stretch->nfound++;
	return true;
}

/* Reads the member Responses: {table: [item, ...]}. */
static bool
read_responses(AddbBatchReader *reader, Stretch *stretch, AddbJsonCursor *cursor)
{
	AddbJsonSlice name;
	AddbJsonSlice item;

	if (!addb_json_object_start(cursor))
		return false;
	while (addb_json_object_next(cursor, &name))
	{
		if (!addb_json_array_start(cursor))
			return false;
		while (addb_json_array_next(cursor))
			if (!addb_json_skip(cursor, &item) ||
				!file_item(reader, stretch, &item))
				return false;
	}
	return !cursor->failed;
}

/* Takes the answer of a stretch; *unprocessed is what is to be asked again. */
static void
take_answer(AddbBatchReader *reader, Stretch *stretch, AddbJsonSlice *unprocessed)
{
	size_t		len;
	const char *body = addb_call_body(stretch->call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonCursor inside;
	AddbJsonSlice name;
	bool		intact = addb_json_object_start(&cursor);
	bool		told = false;

	stretch->bytes += len;
	*unprocessed = (AddbJsonSlice) {"", 0, false};
	while (intact && addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "Responses"))
			intact = read_responses(reader, stretch, &cursor);
		else if (addb_json_slice_is(&name, "UnprocessedKeys"))
			intact = addb_json_skip(&cursor, unprocessed);
		else if (addb_json_slice_is(&name, "ConsumedCapacity") && !told)
			intact = told = addb_stats_take_capacity(stretch->call, &cursor, NULL);
		else
			intact = addb_json_skip(&cursor, NULL);
	}
	if (!intact || cursor.failed)
		addb_call_raise_malformed(stretch->call);
	if (!told)
		addb_call_consumed(stretch->call, 0);

	/* an empty object: nothing is left */
	inside = addb_json_cursor(unprocessed->data, unprocessed->len);
	if (unprocessed->len > 0 && (!addb_json_object_start(&inside) ||
								 !addb_json_object_next(&inside, &name)))
		unprocessed->len = 0;
}

static _Noreturn void
raise_failure(AddbBatchReader *reader, const Stretch *stretch)
{
	if (addb_call_failed_with(stretch->call, "ValidationException") ||
		addb_call_failed_with(stretch->call, "ResourceNotFoundException"))
		addb_key_schema_forget(reader->read.table);
	addb_call_raise(stretch->call);
}

/* What is left of a stretch is asked for again after a pause. */
static void
pause_stretch(AddbBatchReader *reader, Stretch *stretch, bool progress,
			  const AddbJsonSlice *unprocessed)
{
	stretch->idle_rounds = progress ? 0 : stretch->idle_rounds + 1;
	if (stretch->idle_rounds >= ADDB_BATCH_MAX_IDLE_ROUNDS)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("DynamoDB left keys of a batch unprocessed"),
				 errdetail("It returned none of them in %d rounds%s.",
						   ADDB_BATCH_MAX_IDLE_ROUNDS,
						   addb_call_id_note(stretch->call)),
				 errhint("Read more slowly, or raise the capacity of the table \"%s\".",
						 reader->read.table)));

	/* the call stays: items lie in its body */
	resetStringInfo(&stretch->body);
	open_body(stretch);
	appendBinaryStringInfo(&stretch->body, unprocessed->data,
						   (int) unprocessed->len);
	appendStringInfoChar(&stretch->body, '}');
	stretch->state = ADDB_BATCH_PAUSING;
	stretch->resume_at = addb_batch_resume_at(stretch->idle_rounds);
}

/* A stretch has been answered: ready, or the rest after a pause. */
static void
settle_stretch(AddbBatchReader *reader, Stretch *stretch)
{
	MemoryContext caller;
	AddbJsonSlice unprocessed;
	int			found = stretch->nfound;
	size_t		bytes = stretch->bytes;

	if (reader->neglected && addb_call_got_no_answer(stretch->call))
	{
		addb_call_release(stretch->call);
		start_call(reader, stretch);
		addb_client_wait(&stretch->call, 1);
	}
	if (!addb_call_succeeded(stretch->call))
		raise_failure(reader, stretch);
	caller = MemoryContextSwitchTo(stretch->context);
	take_answer(reader, stretch, &unprocessed);
	addb_stats.items_read += stretch->nfound - found;
	if (unprocessed.len > 0)
		pause_stretch(reader, stretch, stretch->nfound > found, &unprocessed);
	else
	{
		stretch->state = ADDB_BATCH_READY;
		reader->expected = Max(stretch->bytes, (reader->expected + stretch->bytes) / 2);
	}
	MemoryContextSwitchTo(caller);
	reader->progress.items += stretch->nfound - found;
	reader->progress.units++;
	reader->progress.bytes += stretch->bytes - bytes;
	addb_progress_report(&reader->progress);
}

/*
 * Asks for what may be asked for and settles what has been answered; waits, if
 * told so, until a stretch is answered or the next is due.
 */
static void
go_on(AddbBatchReader *reader, bool wait)
{
	AddbCall   *calls[ADDB_CLIENT_MAX_CALLS];
	int			n = 0;
	int64		due = -1;

	reader->neglected = addb_batch_was_neglected(reader->looked_at);
	for (int i = 0; i < reader->nstretches; i++)
	{
		Stretch    *stretch = &reader->stretches[(reader->first + i) % reader->nstretches];

		if (stretch->state == ADDB_BATCH_FREE && i < reader->allowed &&
			reader->taken < reader->read.nkeys)
			fill(reader, stretch);
		if (stretch->state == ADDB_BATCH_PAUSING &&
			stretch->resume_at <= addb_http_now())
			start_call(reader, stretch);
		if (stretch->state == ADDB_BATCH_SENDING)
			calls[n++] = stretch->call;
		else if (stretch->state == ADDB_BATCH_PAUSING)
			due = due < 0 ? stretch->resume_at : Min(due, stretch->resume_at);
	}
	if (wait)
		addb_client_wait_until(calls, n, due);
	else
		addb_client_poll(calls, n);
	for (int i = 0; i < reader->nstretches; i++)
		if (reader->stretches[i].state == ADDB_BATCH_SENDING &&
			addb_call_done(reader->stretches[i].call))
			settle_stretch(reader, &reader->stretches[i]);
	reader->looked_at = addb_http_now();
}

/* The next item of the stretch that is given out, or NULL at its end. */
static const AddbJsonSlice *
next_of_stretch(Stretch *stretch)
{
	while (stretch->next < stretch->nkeys)
	{
		const AddbJsonSlice *item =
			&stretch->wanted[stretch->which[stretch->next++]].item;

		if (item->len > 0)
			return item;
	}
	return NULL;
}

/*
 * addb_batch_reader_next - the next item, in the order of the keys
 *
 * *item is a cursor before it, good until the next call; keys without an item
 * are passed over. False at the end. Raises what calls raise.
 */
bool
addb_batch_reader_next(AddbBatchReader *reader, AddbJsonCursor *item)
{
	while (reader->nstretches > 0)
	{
		Stretch    *stretch = &reader->stretches[reader->first];
		const AddbJsonSlice *found;

		if (stretch->state == ADDB_BATCH_FREE &&
			reader->taken == reader->read.nkeys)
			break;
		while (stretch->state != ADDB_BATCH_READY)
			go_on(reader, true);
		if (addb_http_now() - reader->looked_at > ADDB_BATCH_LOOK_US)
			go_on(reader, false);
		found = next_of_stretch(stretch);
		if (found != NULL)
		{
			*item = addb_json_cursor(found->data, found->len);
			return true;
		}
		stretch->state = ADDB_BATCH_FREE;
		MemoryContextReset(stretch->context);
		reader->first = (reader->first + 1) % reader->nstretches;
		reader->allowed = (int) Max(READ_AHEAD_BYTES / reader->expected, 1);
		go_on(reader, false);
	}
	return false;
}

/*
 * addb_batch_reader_raise_malformed - raises that an item makes no sense
 */
void
addb_batch_reader_raise_malformed(const AddbBatchReader *reader)
{
	addb_call_raise_malformed(reader->stretches[reader->first].call);
}
