/*
 * table.h
 *	  Tables: created, deleted, described, listed, and their time to live.
 */
#ifndef ADDB_DYNAMODB_TABLE_H
#define ADDB_DYNAMODB_TABLE_H

#include "dynamodb/client.h"
#include "dynamodb/table_definition.h"

typedef struct AddbTableLister AddbTableLister;

/* table.c */
extern AddbCall *addb_table_call(const AddbOperation *operation,
								 const char *table, const char *members,
								 const char *arguments);
extern void addb_table_create(const AddbTableDefinition *definition);
extern void addb_table_delete(const char *table);

/* table_info.c */
extern Jsonb *addb_table_describe(const char *table);
extern AddbTableLister *addb_table_lister_begin(MemoryContext owner);
extern char *addb_table_lister_next(AddbTableLister *lister);

/* table_ttl.c */
extern void addb_table_check_ttl(const char *attribute, const char *argument);
extern void addb_table_update_ttl(const char *table, const char *attribute,
								  bool enabled, const char *arguments);

#endif							/* ADDB_DYNAMODB_TABLE_H */
