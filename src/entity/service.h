/*
 * service.h
 *	  Entities that belong together: they share a table, collections and
 *	  transactions.
 */
#ifndef ADDB_ENTITY_SERVICE_H
#define ADDB_ENTITY_SERVICE_H

#include "entity/model.h"

typedef struct AddbEntityMember
{
	AddbText	alias;			/* the entity's name in operations and results */
	const AddbEntityModel *model;
	const char *table;			/* server's encoding, or NULL */
} AddbEntityMember;

/* The texts, models and the array stay the caller's. */
typedef struct AddbEntityService
{
	const AddbEntityMember *members;
	int			nmembers;
} AddbEntityService;

extern bool addb_entity_same_service(AddbText a, AddbText b);
extern void addb_entity_service_check(const AddbEntityService *service);
extern const AddbEntityMember *addb_entity_service_find(const AddbEntityService *service, const char *alias, int len);
extern const AddbEntityIndex *addb_entity_find_collection(const AddbEntityModel *model, AddbText collection, int *depth);

#endif							/* ADDB_ENTITY_SERVICE_H */
