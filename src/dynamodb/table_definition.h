/*
 * table_definition.h
 *	  What a table is created with.
 */
#ifndef ADDB_DYNAMODB_TABLE_DEFINITION_H
#define ADDB_DYNAMODB_TABLE_DEFINITION_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/*
 * The arguments of ddb_create_table, texts in the server's encoding. A key is
 * an attribute's name and, unless it is S, its type: "created N"; a name with
 * blanks stands in double quotes, a quote in it twice.
 */
typedef struct AddbTableDefinition
{
	const char *table;
	const char *partition_key;
	const char *sort_key;		/* or NULL */
	Jsonb	   *global_indexes; /* or NULL */
	Jsonb	   *local_indexes;	/* or NULL */
	int64		read_units;		/* with write_units; both 0: on demand */
	int64		write_units;
	const char *ttl;			/* attribute, or NULL */
} AddbTableDefinition;

extern void addb_table_definition_append_throughput(StringInfo out,
													int64 read_units,
													int64 write_units);
extern char *addb_table_definition_members(const AddbTableDefinition *definition);

#endif							/* ADDB_DYNAMODB_TABLE_DEFINITION_H */
