/*
 * batch_body.h
 *	  The body of a BatchWriteItem, as it grows and shrinks.
 *
 * Requests are written straight into the body and taken in behind each other;
 * one is found by the identity of its key, and cut out when a later one takes
 * its place or DynamoDB has done it. Buffers stay from one batch to the next.
 */
#ifndef ADDB_DYNAMODB_BATCH_BODY_H
#define ADDB_DYNAMODB_BATCH_BODY_H

#include "dynamodb/key.h"

/* Requests of one BatchWriteItem. */
#define ADDB_BATCH_MAX_REQUESTS 25

typedef struct AddbBatchEntry
{
	int			start;			/* of the request in text */
	int			key_start;		/* of the identity in keys */
	int			key_len;
	uint32		hash;			/* of the identity */
	int64		given;			/* requests it stands for: itself, and those
								 * for the same key that it replaced */
	bool		left;			/* the last answer left it unprocessed */
} AddbBatchEntry;

typedef struct AddbBatchBody
{
	StringInfoData text;
	StringInfoData keys;		/* identities */
	int			head_len;		/* of text, before the first request */
	AddbBatchEntry entries[ADDB_BATCH_MAX_REQUESTS + 1];	/* in order of start;
														 * the last is for
														 * replacing */
	int			nentries;
} AddbBatchBody;

extern void addb_batch_body_init(AddbBatchBody *body, const char *table);
extern void addb_batch_body_clear(AddbBatchBody *body, const char *table);
extern AddbBatchEntry *addb_batch_body_find(AddbBatchBody *body,
											const char *key, int key_len,
											uint32 hash);
extern void addb_batch_body_add(AddbBatchBody *body, int start, int key_start,
								uint32 hash);
extern void addb_batch_body_replace(AddbBatchBody *body,
									AddbBatchEntry *replaced, int start,
									int key_start);
extern void addb_batch_body_cut(AddbBatchBody *body, AddbBatchEntry *entry);
extern void addb_batch_body_close(AddbBatchBody *body);
extern void addb_batch_body_reopen(AddbBatchBody *body);
extern int64 addb_batch_body_given(const AddbBatchBody *body);

#endif							/* ADDB_DYNAMODB_BATCH_BODY_H */
