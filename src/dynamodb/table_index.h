/*
 * table_index.h
 *	  Secondary indexes in the definition of a table.
 */
#ifndef ADDB_DYNAMODB_TABLE_INDEX_H
#define ADDB_DYNAMODB_TABLE_INDEX_H

#include "dynamodb/table_definition.h"
#include "dynamodb/table_key.h"

extern void addb_table_index_append_global(StringInfo out, List **keys,
										   const AddbTableDefinition *definition);
extern void addb_table_index_append_local(StringInfo out, List **keys,
										  const AddbTableDefinition *definition,
										  const AddbTableKey *partition_key);

#endif							/* ADDB_DYNAMODB_TABLE_INDEX_H */
