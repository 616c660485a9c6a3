/*
 * item.h
 *	  Items of replies as an entity shows them.
 */
#ifndef ADDB_ENTITY_ITEM_H
#define ADDB_ENTITY_ITEM_H

#include "dynamodb/jsonb_builder.h"
#include "entity/compile.h"

/* How to read items. */
typedef struct AddbEntityView
{
	const AddbEntityModel *model;
	const AddbEntityOptions *options;
} AddbEntityView;

/* in item.c */
extern bool addb_entity_item_read(const AddbEntityView *view, AddbText item,
								  AddbJsonbValue *value);

/* in item_owner.c */
extern bool addb_entity_item_is_owned(const AddbEntityView *view,
									  AddbText item);

/* in key_parse.c */
extern bool addb_entity_key_parse(const AddbEntityKey *key, const char *text,
								  int len, AddbText *parts);
extern bool addb_entity_key_read(const AddbEntityModel *model,
								 AddbText key_json, AddbJsonbValue *value);

/* in reply.c: the members of a reply */
typedef struct AddbEntityReply
{
	AddbText	item;			/* "Item"; data NULL: not there */
	AddbText	attributes;		/* "Attributes" */
	AddbText	items;			/* "Items": array */
	AddbText	responses;		/* "Responses": array or object */
	AddbText	last_key;		/* "LastEvaluatedKey" */
	AddbText	unprocessed;	/* "UnprocessedKeys" or "UnprocessedItems" */
} AddbEntityReply;

extern void addb_entity_reply_read(AddbText body, AddbEntityReply *reply);
extern _Noreturn void addb_entity_reply_malformed(void);
extern bool addb_entity_next(AddbJsonCursor *array, AddbText *element);

/* in format_single.c, format_pages.c, format_batch.c, format_transaction.c */
extern AddbJsonbValue addb_entity_format_single(const AddbEntityRequest *request, AddbText body);
extern AddbJsonbValue addb_entity_format_pages(const AddbEntityRequest *request,
											   const AddbText *bodies,
											   int nbodies);
extern AddbJsonbValue addb_entity_format_batch(const AddbEntityRequest *request,
											   AddbText body);
extern AddbJsonbValue addb_entity_format_transaction(const AddbEntityRequest *request, AddbText body);
extern AddbJsonbValue addb_entity_format_canceled(const AddbEntityRequest *request, const AddbServiceError *error);

#endif							/* ADDB_ENTITY_ITEM_H */
