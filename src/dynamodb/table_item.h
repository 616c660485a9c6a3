/*
 * table_item.h
 *	  GetItem, PutItem, UpdateItem and DeleteItem on any table.
 */
#ifndef ADDB_DYNAMODB_TABLE_ITEM_H
#define ADDB_DYNAMODB_TABLE_ITEM_H

#include "core/text.h"
#include "dynamodb/client.h"
#include "utils/jsonb.h"

typedef enum AddbReturnValues
{
	ADDB_RETURN_NONE,
	ADDB_RETURN_ALL_OLD,
	ADDB_RETURN_UPDATED_OLD,
	ADDB_RETURN_ALL_NEW,
	ADDB_RETURN_UPDATED_NEW
} AddbReturnValues;

/* What to read. Pointers may be NULL but for table and key. */
typedef struct AddbItemRead
{
	const char *table;
	Jsonb	   *key;
	AddbText	projection;
	Jsonb	   *names;
	bool		consistent;
} AddbItemRead;

/* What to write. One of item and key is set; update with key only. */
typedef struct AddbItemWrite
{
	const AddbOperation *operation;
	const char *table;
	Jsonb	   *item;
	Jsonb	   *key;
	AddbText	update;
	AddbText	condition;
	Jsonb	   *values;
	Jsonb	   *names;
	AddbReturnValues return_values;
} AddbItemWrite;

extern Jsonb *addb_table_item_get(const AddbItemRead *read);
extern Jsonb *addb_table_item_write(const AddbItemWrite *write);

#endif							/* ADDB_DYNAMODB_TABLE_ITEM_H */
