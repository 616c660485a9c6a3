/*
 * key_schema.h
 *	  The key attributes of tables, asked for once in a while.
 */
#ifndef ADDB_DYNAMODB_KEY_SCHEMA_H
#define ADDB_DYNAMODB_KEY_SCHEMA_H

typedef struct AddbKeyAttribute
{
	const char *name;			/* in UTF-8, NUL-terminated */
	char		type;			/* 'S', 'N' or 'B' */
} AddbKeyAttribute;

typedef struct AddbKeySchema
{
	int			n;				/* 1, or 2 with a sort key */
	AddbKeyAttribute attributes[2]; /* partition key, sort key */
} AddbKeySchema;

extern const AddbKeySchema *addb_key_schema_get(const char *table);
extern const AddbKeySchema *addb_key_schema_get_current(const char *table);
extern bool addb_key_schema_renew(const char *table);
extern const AddbKeySchema *addb_key_schema_look(const char *table);
extern void addb_key_schema_forget(const char *table);

#endif							/* ADDB_DYNAMODB_KEY_SCHEMA_H */
