/*
 * entity_registry.h
 *	  The entities that are registered in the database, as services of the
 *	  entity layer.
 */
#ifndef ADDB_FUNCTIONS_ENTITY_REGISTRY_H
#define ADDB_FUNCTIONS_ENTITY_REGISTRY_H

#include "entity/service.h"
#include "fmgr.h"

typedef struct AddbRegistry AddbRegistry;

/* What names one row of the registry. */
typedef struct AddbRegistryName
{
	AddbText	service;
	AddbText	entity;
	AddbText	version;
} AddbRegistryName;

extern AddbRegistry *addb_registry_pin(FunctionCallInfo fcinfo,
									   MemoryContext owner);
extern AddbRegistryName addb_registry_resolve(AddbRegistry *registry,
											  AddbText reference);
extern AddbEntityMember *addb_registry_find(AddbRegistry *registry,
											AddbText reference);
extern AddbEntityService addb_registry_collection(AddbRegistry *registry,
												  AddbText service,
												  AddbText collection);

#endif							/* ADDB_FUNCTIONS_ENTITY_REGISTRY_H */
