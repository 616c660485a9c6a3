/*
 * batch_body.c
 *	  The body of a BatchWriteItem: see batch_body.h.
 *
 * While it is open, every request in text has a comma behind it, the last one
 * too, so that a request is cut out by moving what follows; closing puts the
 * brackets in the last comma's place.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/batch_body.h"

#define TAIL "]}}"

/*
 * A larger buffer is freed rather than kept: it has carried a batch with an
 * item of hundreds of kilobytes, which the next one may not have.
 */
#define KEEP_BYTES (512 * 1024)

static void
write_head(AddbBatchBody *body, const char *table)
{
	appendStringInfoString(&body->text,
						   "{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":{");
	addb_av_append_string(&body->text, table, (int) strlen(table));
	appendStringInfoString(&body->text, ":[");
	body->head_len = body->text.len;
}

/*
 * addb_batch_body_init - an open body without requests
 *
 * Its buffers are palloc'd in the current context and grow in it.
 */
void
addb_batch_body_init(AddbBatchBody *body, const char *table)
{
	initStringInfo(&body->text);
	initStringInfo(&body->keys);
	body->nentries = 0;
	write_head(body, table);
}

/*
 * addb_batch_body_clear - makes it one without requests again
 *
 * A buffer that has grown large is made anew in the current context.
 */
void
addb_batch_body_clear(AddbBatchBody *body, const char *table)
{
	if (body->text.maxlen > KEEP_BYTES)
	{
		pfree(body->text.data);
		initStringInfo(&body->text);
		write_head(body, table);
	}
	body->text.len = body->head_len;
	body->keys.len = 0;
	body->nentries = 0;
}

/*
 * addb_batch_body_find - the request for a key, or NULL
 */
AddbBatchEntry *
addb_batch_body_find(AddbBatchBody *body, const char *key, int key_len,
					 uint32 hash)
{
	for (int i = 0; i < body->nentries; i++)
	{
		AddbBatchEntry *entry = &body->entries[i];

		if (entry->hash == hash && entry->key_len == key_len &&
			memcmp(body->keys.data + entry->key_start, key, key_len) == 0)
			return entry;
	}
	return NULL;
}

/*
 * addb_batch_body_add - takes in the request that was written last
 *
 * It lies in text from start to the end, with its comma; the identity of its
 * key in keys, from key_start to the end. There must be room for it.
 */
void
addb_batch_body_add(AddbBatchBody *body, int start, int key_start, uint32 hash)
{
	Assert(body->nentries < ADDB_BATCH_MAX_REQUESTS);
	body->entries[body->nentries++] = (AddbBatchEntry) {
		.start = start,
		.key_start = key_start,
		.key_len = body->keys.len - key_start,
		.hash = hash,
		.given = 1
	};
}

/*
 * addb_batch_body_cut - takes a request out
 *
 * Entries behind it move.
 */
void
addb_batch_body_cut(AddbBatchBody *body, AddbBatchEntry *entry)
{
	AddbBatchEntry *end = body->entries + body->nentries;
	int			next = entry + 1 < end ? entry[1].start : body->text.len;
	int			len = next - entry->start;

	memmove(body->text.data + entry->start, body->text.data + next,
			body->text.len - next);
	body->text.len -= len;
	memmove(entry, entry + 1, (end - entry - 1) * sizeof(AddbBatchEntry));
	body->nentries--;
	for (end--; entry < end; entry++)
		entry->start -= len;
}

/*
 * addb_batch_body_replace - as addb_batch_body_add, in place of another request
 *
 * The other one is for the same key, and is cut out.
 */
void
addb_batch_body_replace(AddbBatchBody *body, AddbBatchEntry *replaced,
						int start, int key_start)
{
	AddbBatchEntry entry = *replaced;

	body->keys.len = key_start;
	entry.start = start;
	entry.given++;
	body->entries[body->nentries++] = entry;
	addb_batch_body_cut(body, replaced);
}

/*
 * addb_batch_body_close - completes the text, which may then be sent
 *
 * There must be a request in it.
 */
void
addb_batch_body_close(AddbBatchBody *body)
{
	body->text.len--;
	appendStringInfoString(&body->text, TAIL);
}

/*
 * addb_batch_body_reopen - undoes addb_batch_body_close
 */
void
addb_batch_body_reopen(AddbBatchBody *body)
{
	body->text.len -= strlen(TAIL);
	appendStringInfoCharMacro(&body->text, ',');
}

/*
 * addb_batch_body_given - the requests that those in the body stand for
 */
int64
addb_batch_body_given(const AddbBatchBody *body)
{
	int64		given = 0;

	for (int i = 0; i < body->nentries; i++)
		given += body->entries[i].given;
	return given;
}
