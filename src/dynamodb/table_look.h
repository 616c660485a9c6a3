/*
 * table_look.h
 *	  What DescribeTable says of a table that is made or deleted.
 */
#ifndef ADDB_DYNAMODB_TABLE_LOOK_H
#define ADDB_DYNAMODB_TABLE_LOOK_H

#include "dynamodb/client.h"

typedef enum AddbTableStatus
{
	ADDB_TABLE_ABSENT,
	ADDB_TABLE_ACTIVE,			/* with all its indexes */
	ADDB_TABLE_DELETING,
	ADDB_TABLE_CHANGING			/* anything else */
} AddbTableStatus;

typedef struct AddbTableDescription
{
	AddbTableStatus status;
	double		created;		/* seconds since 1970, 0 if not told */
	char	   *shape;			/* of addb_table_shape, or NULL */
} AddbTableDescription;

/* Whether a description tells what became of a lost request. */
typedef bool (*AddbTableTells) (const AddbTableDescription *description);

/* table_look.c */
extern bool addb_table_look(const char *table, AddbCall **call,
							AddbTableDescription *description);
extern bool addb_table_look_after(AddbCall *lost, const char *table,
								  AddbTableTells tells,
								  AddbTableDescription *description);

/* table_shape.c */
extern char *addb_table_shape(const char *json, size_t len);

#endif							/* ADDB_DYNAMODB_TABLE_LOOK_H */
