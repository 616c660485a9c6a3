/*
 * compile.h
 *	  Operations on entities to requests of DynamoDB, and replies to results.
 *
 * Nothing here sends anything: it is text to text. The requests are those of
 * ElectroDB 3.9.3, but where that loses or corrupts data: clauses of where are
 * parenthesised; values in where, in paths through lists and of keys that an
 * update stores are checked; empty sets are refused; a composite can be set and
 * removed but not changed by add or subtract, whose outcome no key can have; a
 * static template and a numeric key 0 are written by updates; an attribute that
 * is a key is cased by updates as by puts; attributes of a get in a transaction
 * come with what tells the entity.
 */
#ifndef ADDB_ENTITY_COMPILE_H
#define ADDB_ENTITY_COMPILE_H

#include "dynamodb/error.h"
#include "dynamodb/expression.h"
#include "dynamodb/operation.h"
#include "entity/key.h"
#include "entity/operation.h"
#include "entity/service.h"
#include "lib/stringinfo.h"

typedef struct AddbEntityRequest AddbEntityRequest;

/*
 * A request, and what is needed to make a result of its reply. All memory is of
 * the context that it was compiled in; the service and the operation must stay.
 */
struct AddbEntityRequest
{
	const AddbOperation *operation; /* NULL: nothing is to be sent */
	StringInfoData body;		/* JSON without its last brace; see
								 * addb_entity_request_close */
	int			members;		/* in body: behind "TableName" */
	AddbText	start;			/* ExclusiveStartKey as JSON, data NULL: none */

	AddbEntityOperation action;
	const char *table;			/* NULL for batches and transactions */
	const AddbEntityMember *member; /* NULL for collections and transactions */
	const AddbEntityIndex *index;	/* of a query, scan or collection */
	AddbEntityValues key;		/* composites that the key was given with */
	const AddbEntityMember **participants;	/* of a collection */
	int			nparticipants;
	AddbEntityRequest *items;	/* of a transaction */
	int			nitems;
	bool		in_transaction; /* is an item of one */
	bool		once;			/* an update that does more when it is made twice */
	int			item_start;		/* in body: the item of a put, else the key */
	int			item_len;
};

/* in compile.c */
extern void addb_entity_compile(const AddbEntityService *service,
								JsonbContainer *operation,
								AddbEntityRequest *request);
extern void addb_entity_compile_action(const AddbEntityService *service,
									   AddbEntityRequest *request);
extern void addb_entity_request_close(AddbEntityRequest *request);
extern void addb_entity_request_begin(AddbEntityRequest *request,
									  const AddbOperation *operation);
extern void addb_entity_add_context(void *arg);
extern const AddbEntityModel *addb_entity_model_of(const AddbEntityRequest *request,
												   int i);
extern const char *addb_entity_table(const AddbEntityMember *member,
									 const AddbEntityOptions *options);

/* in format.c */
extern Jsonb *addb_entity_format(const AddbEntityRequest *request,
								 const AddbText *bodies, int nbodies);
extern Jsonb *addb_entity_format_error(const AddbEntityRequest *request,
									   const AddbServiceError *error);

/* in format_pages.c */
extern AddbText addb_entity_page_end(const AddbEntityRequest *request,
									 AddbText body, int *owned);
extern bool addb_entity_page_wanted(const AddbEntityRequest *request,
									int npages, int owned);

/* What the compilers of the methods share. */

/* in compile_key.c */
extern AddbEntityValues addb_entity_read_values(const AddbEntityModel *model,
												JsonbContainer *object);
extern void addb_entity_append_key(StringInfo body,
								   const AddbEntityModel *model,
								   AddbEntityValues values);
extern void addb_entity_check_key(const AddbEntityModel *model,
								  AddbEntityValues values);
extern void addb_entity_append_table_key(AddbEntityRequest *request,
										 AddbEntityValues values);
extern void addb_entity_append_projection(AddbEntityRequest *request,
										  AddbExpressions *expressions);

/* in compile_item.c: get, delete, remove and check */
extern void addb_entity_compile_item(AddbEntityRequest *request);

/* in compile_put.c: put and create */
extern void addb_entity_compile_put(AddbEntityRequest *request);
extern void addb_entity_append_item(StringInfo body,
									const AddbEntityModel *model,
									JsonbContainer *attributes);

/* in compile_upsert.c */
extern void addb_entity_compile_upsert(AddbEntityRequest *request);

/* in compile_update.c: update and patch */
extern void addb_entity_compile_update(AddbEntityRequest *request);

/* in compile_query.c: query, scan; in compile_collection.c */
extern void addb_entity_compile_query(AddbEntityRequest *request);
extern void addb_entity_compile_scan(AddbEntityRequest *request);
extern void addb_entity_compile_collection(AddbEntityRequest *request,
										   const AddbEntityService *service);

/* in compile_batch.c, compile_transaction.c */
extern void addb_entity_compile_batch(AddbEntityRequest *request);
extern void addb_entity_compile_single(const AddbEntityService *service,
									   AddbEntityRequest *request);
extern void addb_entity_compile_transaction(AddbEntityRequest *request,
											const AddbEntityService *service);

/* in cursor.c */
extern AddbText addb_entity_cursor_read(const AddbEntityRequest *request,
										AddbText cursor);
extern AddbText addb_entity_cursor_write(AddbText key);

#endif							/* ADDB_ENTITY_COMPILE_H */
