/*
 * batch_get.c
 *	  Any number of items by key, in request order, several requests in flight.
 *
 * The keys are cut into stretches of at most 100 different ones. Stretches are
 * read ahead, as many as requests may be in flight, and given out in order, so
 * that memory is bounded by what is under way. Within a stretch a key that
 * occurs twice is asked for once, which BatchGetItem demands.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "core/guc.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/batch_get.h"
#include "dynamodb/batch_round.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

/* Keys of one BatchGetItem. */
#define BATCH_MAX_KEYS 100

/* Keys of a stretch, repetitions included. */
#define STRETCH_MAX_KEYS 1000

typedef struct Wanted
{
	AddbKey		key;			/* in UTF-8, as it is sent and comes back */
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
	AddbCall   *call;
	int			nfound;
	int			idle_rounds;
	int64		resume_at;
} Stretch;

struct AddbBatchReader
{
	MemoryContext context;
	const char *table;
	const AddbKey *keys;
	int			nkeys;
	int			taken;			/* keys that are in a stretch */
	bool		consistent;
	Stretch    *stretches;		/* a ring, in the order of their keys */
	int			nstretches;
	int			first;			/* the stretch given out now */
};

/*
 * addb_batch_reader_begin - starts reading n items
 *
 * The reader belongs to the context owner; keys and table stay the caller's
 * and must live as long. Nothing is sent before the first row is asked for.
 */
AddbBatchReader *
addb_batch_reader_begin(const char *table, const AddbKey *keys, int n,
						bool consistent, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner,
												  "atomic_dynamodb batch reader",
												  ALLOCSET_DEFAULT_SIZES);
	AddbBatchReader *reader = MemoryContextAllocZero(context, sizeof(AddbBatchReader));

	reader->context = context;
	reader->table = table;
	reader->keys = keys;
	reader->nkeys = n;
	reader->consistent = consistent;
	reader->nstretches = Min(addb_max_connections,
							 (n + BATCH_MAX_KEYS - 1) / BATCH_MAX_KEYS);
	reader->stretches = MemoryContextAllocZero(context,
											   Max(reader->nstretches, 1) * sizeof(Stretch));
	for (int i = 0; i < reader->nstretches; i++)
		reader->stretches[i].context = AllocSetContextCreate(context,
															 "atomic_dynamodb batch",
															 ALLOCSET_DEFAULT_SIZES);
	return reader;
}

/*
 * Keys are compared as DynamoDB has them: in some encodings two spellings
 * become one in UTF-8 and do not come back as they were.
 */
static AddbText
to_utf8(const AddbText *text)
{
	AddbText	result;

	result.data = pg_server_to_any(text->data, text->len, PG_UTF8);
	result.len = result.data == text->data ? text->len : (int) strlen(result.data);
	return result;
}

static uint32
hash_key(const AddbKey *key)
{
	return hash_combine(hash_bytes((const unsigned char *) key->pk.data, key->pk.len),
						hash_bytes((const unsigned char *) key->sk.data, key->sk.len));
}

static int
find_wanted(const Stretch *stretch, const AddbKey *key, uint32 hash)
{
	for (int i = 0; i < stretch->nwanted; i++)
		if (stretch->wanted[i].hash == hash &&
			addb_item_same_key(&stretch->wanted[i].key, key))
			return i;
	return -1;
}

static void
start_call(AddbBatchReader *reader, Stretch *stretch)
{
	AddbRequest request = {
		.operation = &addb_batch_get_item,
		.table = reader->table,
		.body = stretch->body.data,
		.body_len = stretch->body.len
	};

	stretch->call = addb_client_start(&request, stretch->context);
	stretch->state = ADDB_BATCH_SENDING;
}

/* Takes the next keys into a free stretch and asks for them. */
static void
fill(AddbBatchReader *reader, Stretch *stretch)
{
	MemoryContext caller = MemoryContextSwitchTo(stretch->context);

	stretch->nwanted = stretch->nkeys = stretch->next = 0;
	stretch->nfound = stretch->idle_rounds = 0;
	initStringInfo(&stretch->body);
	appendStringInfoString(&stretch->body, "{\"RequestItems\":{");
	addb_av_append_string(&stretch->body, reader->table,
						  (int) strlen(reader->table));
	appendStringInfoString(&stretch->body, ":{\"Keys\":[");
	while (reader->taken < reader->nkeys && stretch->nkeys < STRETCH_MAX_KEYS)
	{
		const AddbKey *given = &reader->keys[reader->taken];
		AddbKey		key = {to_utf8(&given->pk), to_utf8(&given->sk)};
		uint32		hash = hash_key(&key);
		int			index = find_wanted(stretch, &key, hash);

		if (index < 0)
		{
			if (stretch->nwanted == BATCH_MAX_KEYS)
				break;
			index = stretch->nwanted++;
			stretch->wanted[index] = (Wanted) {key, hash, {0}};
			if (index > 0)
				appendStringInfoChar(&stretch->body, ',');
			addb_item_append_key(&stretch->body, given);
		}
		stretch->which[stretch->nkeys++] = (uint8) index;
		reader->taken++;
	}
	appendStringInfoString(&stretch->body, reader->consistent
						   ? "],\"ConsistentRead\":true}}}" : "]}}}");
	start_call(reader, stretch);
	MemoryContextSwitchTo(caller);
}

/* A string attribute as text in UTF-8; false if it is none. */
static bool
read_key_part(AddbJsonCursor *cursor, AddbText *part)
{
	AddbJsonSlice tag;
	AddbJsonSlice string;
	char	   *utf8;

	if (!addb_json_object_start(cursor) || !addb_json_object_next(cursor, &tag) ||
		!addb_json_slice_is(&tag, "S") || !addb_json_string(cursor, &string) ||
		addb_json_object_next(cursor, &tag))
		return false;
	utf8 = addb_json_to_cstring(&string);
	if (utf8 == NULL)
		return false;
	part->data = utf8;
	part->len = (int) strlen(utf8);
	return true;
}

/* Files an item of the reply under its key; false when it has no such key. */
static bool
file_item(Stretch *stretch, const AddbJsonSlice *item)
{
	AddbJsonCursor cursor = addb_json_cursor(item->data, item->len);
	AddbJsonSlice name;
	AddbKey		key = {{NULL, 0}, {NULL, 0}};
	int			index;

	if (!addb_json_object_start(&cursor))
		return false;
	while ((key.pk.data == NULL || key.sk.data == NULL) &&
		   addb_json_object_next(&cursor, &name))
	{
		bool		intact = true;

		if (addb_json_slice_is(&name, "pk"))
			intact = read_key_part(&cursor, &key.pk);
		else if (addb_json_slice_is(&name, "sk"))
			intact = read_key_part(&cursor, &key.sk);
		else
			intact = addb_json_skip(&cursor, NULL);
		if (!intact)
			return false;
	}
	if (key.pk.data == NULL || key.sk.data == NULL)
		return false;
	index = find_wanted(stretch, &key, hash_key(&key));
	if (index < 0)
		return false;
	stretch->wanted[index].item = *item;
	stretch->nfound++;
	return true;
}

/* Reads the member Responses: {table: [item, ...]}. */
static bool
read_responses(AddbJsonCursor *cursor, Stretch *stretch)
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
			if (!addb_json_skip(cursor, &item) || !file_item(stretch, &item))
				return false;
	}
	return !cursor->failed;
}

/* Takes the answer of a stretch; *unprocessed is what is to be asked again. */
static void
take_answer(Stretch *stretch, AddbJsonSlice *unprocessed)
{
	size_t		len;
	const char *body = addb_call_body(stretch->call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonCursor inside;
	AddbJsonSlice name;
	bool		intact = addb_json_object_start(&cursor);

	*unprocessed = (AddbJsonSlice) {"", 0, false};
	while (intact && addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "Responses"))
			intact = read_responses(&cursor, stretch);
		else if (addb_json_slice_is(&name, "UnprocessedKeys"))
			intact = addb_json_skip(&cursor, unprocessed);
		else
			intact = addb_json_skip(&cursor, NULL);
	}
	if (!intact || cursor.failed)
		addb_call_raise_malformed(stretch->call);

	/* an empty object: nothing is left */
	inside = addb_json_cursor(unprocessed->data, unprocessed->len);
	if (unprocessed->len > 0 && (!addb_json_object_start(&inside) ||
								 !addb_json_object_next(&inside, &name)))
		unprocessed->len = 0;
}

/* A stretch has been answered: ready, or the rest after a pause. */
static void
settle_stretch(AddbBatchReader *reader, Stretch *stretch)
{
	MemoryContext caller;
	AddbJsonSlice unprocessed;
	int			found = stretch->nfound;

	if (!addb_call_succeeded(stretch->call))
		addb_call_raise(stretch->call);
	caller = MemoryContextSwitchTo(stretch->context);
	take_answer(stretch, &unprocessed);
	if (unprocessed.len == 0)
		stretch->state = ADDB_BATCH_READY;
	else
	{
		stretch->idle_rounds = stretch->nfound > found ? 0 : stretch->idle_rounds + 1;
		if (stretch->idle_rounds >= ADDB_BATCH_MAX_IDLE_ROUNDS)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("DynamoDB left keys of a batch unprocessed"),
					 errdetail("It returned none of them in %d rounds.",
							   ADDB_BATCH_MAX_IDLE_ROUNDS),
					 errhint("Read more slowly, or raise the capacity of the table \"%s\".",
							 reader->table)));

		/* the call stays: items lie in its body */
		resetStringInfo(&stretch->body);
		appendStringInfoString(&stretch->body, "{\"RequestItems\":");
		appendBinaryStringInfo(&stretch->body, unprocessed.data,
							   (int) unprocessed.len);
		appendStringInfoChar(&stretch->body, '}');
		stretch->state = ADDB_BATCH_PAUSING;
		stretch->resume_at = addb_batch_resume_at(stretch->idle_rounds);
	}
	MemoryContextSwitchTo(caller);
}

/* Fills free stretches and waits until the first one is ready. */
static void
wait_for_first(AddbBatchReader *reader)
{
	while (reader->stretches[reader->first].state != ADDB_BATCH_READY)
	{
		AddbCall   *calls[ADDB_CLIENT_MAX_CALLS];
		int			n = 0;
		int64		due = -1;

		for (int i = 0; i < reader->nstretches; i++)
		{
			Stretch    *stretch = &reader->stretches[(reader->first + i) % reader->nstretches];

			if (stretch->state == ADDB_BATCH_FREE && reader->taken < reader->nkeys)
				fill(reader, stretch);
			if (stretch->state == ADDB_BATCH_PAUSING &&
				stretch->resume_at <= addb_http_now())
				start_call(reader, stretch);
			if (stretch->state == ADDB_BATCH_SENDING)
				calls[n++] = stretch->call;
			else if (stretch->state == ADDB_BATCH_PAUSING)
				due = due < 0 ? stretch->resume_at : Min(due, stretch->resume_at);
		}
		addb_client_wait_until(calls, n, due);
		for (int i = 0; i < reader->nstretches; i++)
			if (reader->stretches[i].state == ADDB_BATCH_SENDING &&
				addb_call_done(reader->stretches[i].call))
				settle_stretch(reader, &reader->stretches[i]);
	}
}

/*
 * addb_batch_reader_next - the next item, in the order of the keys
 *
 * Fills the columns of ddb_item, palloc'd in the current context; keys without
 * an item are passed over. False at the end. Raises what calls raise.
 */
bool
addb_batch_reader_next(AddbBatchReader *reader, Datum *values, bool *nulls)
{
	for (;;)
	{
		Stretch    *stretch;

		if (reader->nstretches == 0)
			return false;
		stretch = &reader->stretches[reader->first];
		if (stretch->state == ADDB_BATCH_FREE && reader->taken == reader->nkeys)
			return false;
		wait_for_first(reader);
		while (stretch->next < stretch->nkeys)
		{
			const AddbJsonSlice *item =
				&stretch->wanted[stretch->which[stretch->next++]].item;
			AddbJsonCursor cursor = addb_json_cursor(item->data, item->len);

			if (item->len == 0)
				continue;
			if (!addb_item_decode(&cursor, values, nulls))
				addb_call_raise_malformed(stretch->call);
			return true;
		}
		stretch->state = ADDB_BATCH_FREE;
		MemoryContextReset(stretch->context);
		reader->first = (reader->first + 1) % reader->nstretches;
	}
}
