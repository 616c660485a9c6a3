/*
 * table.h
 *	  Creating and deleting tables in the layout of atomic-dynamodb.
 */
#ifndef ADDB_DYNAMODB_TABLE_H
#define ADDB_DYNAMODB_TABLE_H

extern void addb_table_create(const char *table);
extern void addb_table_delete(const char *table);

#endif							/* ADDB_DYNAMODB_TABLE_H */
