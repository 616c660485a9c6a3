/*
 * table_key.h
 *	  The keys of tables and indexes as a person writes them.
 */
#ifndef ADDB_DYNAMODB_TABLE_KEY_H
#define ADDB_DYNAMODB_TABLE_KEY_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

typedef struct AddbTableKey
{
	char	   *name;			/* of the attribute, in the server's encoding */
	char		type;			/* 'S', 'N' or 'B' */
	const char *place;			/* where it stands, for messages */
} AddbTableKey;

extern void addb_table_check_name(const char *name, const char *what);
extern AddbTableKey addb_table_key_parse(const char *text, const char *place);
extern void addb_table_key_append_schema(StringInfo out, List **keys,
										 const AddbTableKey *partition_key,
										 const AddbTableKey *sort_key);
extern void addb_table_key_append_definitions(StringInfo out, List *keys);

#endif							/* ADDB_DYNAMODB_TABLE_KEY_H */
