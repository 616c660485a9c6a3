/*
 * operation.h
 *	  An operation on an entity as jsonb gives it.
 *
 *	{entity, method: put|create|upsert, attributes, chain, where, options}
 *	{entity, method: get|delete|remove|update|patch|check, key, chain, where, options}
 *	{entity, method: query, index, key, sk, where, options}
 *	{method: collection, service, collection, key, sk, where, options}
 *	{entity, method: scan, index, where, options}
 *	{entity, method: batchGet|batchDelete, keys}, {entity, method: batchPut, items}
 *	{method: transactWrite|transactGet, items: [operation + commit], options: {token}}
 *
 * chain is a list of {set|add|subtract|append|delete|ifNotExists: {path: value}},
 * {remove: [path]}, {composite: {attribute: value}}, {data: [{op, attr, value,
 * ref, default}]} and {update: text}; sk is {op, value} or {op: between, from, to}. where is a
 * condition or a list of them, each an object (see where.h) or a text, whose
 * :values come from the member "values".
 */
#ifndef ADDB_ENTITY_OPERATION_H
#define ADDB_ENTITY_OPERATION_H

#include "core/text.h"
#include "utils/jsonb.h"

typedef enum AddbEntityMethod
{
	ADDB_METHOD_PUT,
	ADDB_METHOD_CREATE,
	ADDB_METHOD_UPSERT,
	ADDB_METHOD_GET,
	ADDB_METHOD_DELETE,
	ADDB_METHOD_REMOVE,
	ADDB_METHOD_UPDATE,
	ADDB_METHOD_PATCH,
	ADDB_METHOD_CHECK,
	ADDB_METHOD_QUERY,
	ADDB_METHOD_COLLECTION,
	ADDB_METHOD_SCAN,
	ADDB_METHOD_BATCH_GET,
	ADDB_METHOD_BATCH_PUT,
	ADDB_METHOD_BATCH_DELETE,
	ADDB_METHOD_TRANSACT_WRITE,
	ADDB_METHOD_TRANSACT_GET
} AddbEntityMethod;

/* ReturnValues that an operation may ask for. */
typedef enum AddbEntityResponse
{
	ADDB_RESPONSE_DEFAULT,
	ADDB_RESPONSE_NONE,
	ADDB_RESPONSE_ALL_OLD,
	ADDB_RESPONSE_UPDATED_OLD,
	ADDB_RESPONSE_ALL_NEW,
	ADDB_RESPONSE_UPDATED_NEW
} AddbEntityResponse;

typedef enum AddbEntityOnFailure
{
	ADDB_FAILURE_RAISE,
	ADDB_FAILURE_TELL,			/* {rejected: true} */
	ADDB_FAILURE_ALL_OLD		/* and the item that was found */
} AddbEntityOnFailure;

#define ADDB_PAGES_ALL (-1)

typedef struct AddbEntityOptions
{
	AddbEntityResponse response;
	AddbEntityOnFailure on_failure;
	AddbText	table;			/* data NULL: the entity's */
	JsonbContainer *attributes; /* array of names, or NULL: all */
	bool		consistent;
	bool		ignore_ownership;
	bool		any_owner;		/* ours: items are shown whoever owns them */
	bool		include_keys;
	bool		descending;
	const JsonbValue *limit;	/* or NULL */
	AddbText	cursor;			/* data NULL: from the start */
	int			pages;			/* ADDB_PAGES_ALL: to the end */
	int			count;			/* items wanted; 0: by pages */
	AddbText	token;			/* of a transaction */
} AddbEntityOptions;

/* Its values point into the jsonb; containers are NULL when they are absent. */
typedef struct AddbEntityOperation
{
	AddbEntityMethod method;
	AddbText	entity;
	AddbText	index;
	AddbText	service;		/* of a collection: for whoever finds the entities */
	AddbText	collection;
	JsonbContainer *attributes;
	JsonbContainer *key;
	JsonbContainer *keys;
	JsonbContainer *items;
	JsonbContainer *chain;
	JsonbContainer *sk;
	JsonbValue	values;			/* for texts of where; jbvNull: none */
	JsonbValue	where;			/* jbvNull: none */
	AddbEntityOptions options;

	/* what messages call where, values and chain: members, or arguments of SQL */
	const char *where_name;
	const char *values_name;
	const char *chain_name;		/* NULL: its operators are members themselves */
} AddbEntityOperation;

extern void addb_entity_operation_init(AddbEntityOperation *operation);
extern void addb_entity_operation_read(JsonbContainer *object,
									   AddbEntityOperation *operation);
extern const char *addb_entity_method_name(AddbEntityMethod method);

/* in options.c */
extern void addb_entity_options_read(JsonbContainer *object,
									 AddbEntityOptions *options);
extern JsonbContainer *addb_entity_options_attributes(JsonbContainer *names);

#endif							/* ADDB_ENTITY_OPERATION_H */
