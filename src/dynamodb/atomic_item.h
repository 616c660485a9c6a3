/*
 * atomic_item.h
 *	  The table layout of the npm package atomic-dynamodb, and the operations
 *	  on single items in it.
 *
 * pk S and sk S are the key; data is S (compact JSON) or any native value;
 * version is S (locks only); ttl is N, in seconds since 1970.
 */
#ifndef ADDB_DYNAMODB_ATOMIC_ITEM_H
#define ADDB_DYNAMODB_ATOMIC_ITEM_H

#include "core/text.h"
#include "datatype/timestamp.h"
#include "dynamodb/client.h"
#include "dynamodb/key_schema.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct AddbKey
{
	AddbText	pk;
	AddbText	sk;
} AddbKey;

/* An item to be written. */
typedef struct AddbItem
{
	AddbKey		key;
	Jsonb	   *data;
	bool		has_ttl;
	TimestampTz ttl;
} AddbItem;

typedef struct AddbLock
{
	AddbKey		key;
	AddbText	version;
	bool		has_ttl;
	TimestampTz ttl;
} AddbLock;

/* The columns of the SQL type ddb_item, in order. */
enum
{
	ADDB_ITEM_PK,
	ADDB_ITEM_SK,
	ADDB_ITEM_DATA,
	ADDB_ITEM_VERSION,
	ADDB_ITEM_TTL,
	ADDB_ITEM_COLUMNS
};

/* What a refused request of one item may be about; see AddbRequest. */
#define ADDB_ITEM_ARGUMENTS "\"pk\", \"sk\" and \"table_name\""

extern const AddbKeySchema addb_item_key_schema;

extern void addb_item_append_key(StringInfo out, const AddbKey *key);
extern void addb_item_append_item(StringInfo out, const AddbItem *item);
extern void addb_item_append_seconds(StringInfo out, int64 seconds);
extern int64 addb_item_epoch_seconds(TimestampTz moment);
extern TimestampTz addb_item_timestamp(int64 seconds);
extern bool addb_item_same_key(const AddbKey *a, const AddbKey *b);

extern bool addb_item_decode(AddbJsonCursor *cursor, Datum *values, bool *nulls);
extern bool addb_item_find_item(AddbCall *call, AddbJsonSlice *item);

extern bool addb_item_get(const char *table, const AddbKey *key,
						  bool consistent, Datum *values, bool *nulls);
extern void addb_item_put(const char *table, const AddbItem *item);
extern void addb_item_delete(const char *table, const AddbKey *key);

#endif							/* ADDB_DYNAMODB_ATOMIC_ITEM_H */
