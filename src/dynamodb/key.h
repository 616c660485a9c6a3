/*
 * key.h
 *	  The keys of items: found in them, checked, and told apart.
 *
 * The identity of a key is a string of bytes that is the same for two keys of
 * a table exactly when DynamoDB takes them for the same: strings by their
 * UTF-8, numbers by value (1, 1.0 and 1e0 are one key), binary by the decoded
 * bytes.
 */
#ifndef ADDB_DYNAMODB_KEY_H
#define ADDB_DYNAMODB_KEY_H

#include "core/json.h"
#include "dynamodb/key_schema.h"
#include "lib/stringinfo.h"

/* DynamoDB's limits of key values, in bytes. */
#define ADDB_PARTITION_KEY_MAX_BYTES 2048
#define ADDB_SORT_KEY_MAX_BYTES 1024

/* Where an item or key stands among the SQL arguments, for messages. */
typedef struct AddbPlace
{
	const char *argument;		/* NULL: it goes without saying */
	int			element;		/* of the list in it, from 1; 0: it is no list */
	const char *noun;			/* what elements are; NULL: "element" */
	const char *preface;		/* of the DETAIL of what DynamoDB would refuse; or
								 * NULL */
} AddbPlace;

/* An item has a key among its attributes; a key has nothing else. */
typedef enum AddbKeyHolder
{
	ADDB_HOLDER_ITEM,
	ADDB_HOLDER_KEY
} AddbKeyHolder;

extern char *addb_place_text(const AddbPlace *place);
extern void addb_place_context(void *place);
extern const char *addb_place_detail(const AddbPlace *place, const char *text);

extern bool addb_key_name_is(const AddbJsonSlice *name, const char *attribute);
extern bool addb_key_find(const AddbKeySchema *schema, const char *json,
						  size_t len, StringInfo identity);
extern bool addb_key_fits(const AddbKeySchema *schema, AddbKeyHolder holder,
						  const char *json, size_t len, StringInfo identity);
extern void addb_key_check(const AddbKeySchema *schema, AddbKeyHolder holder,
						   const char *json, size_t len,
						   const AddbPlace *place, StringInfo identity);
extern void addb_key_check_length(const AddbKeySchema *schema, const char *json,
								  size_t len, const AddbPlace *place);

#endif							/* ADDB_DYNAMODB_KEY_H */
