/*
 * entity_key.h
 *	  The key of an entity's table.
 */
#ifndef ADDB_FUNCTIONS_ENTITY_KEY_H
#define ADDB_FUNCTIONS_ENTITY_KEY_H

#include "dynamodb/key_schema.h"
#include "entity/model.h"

extern const AddbKeySchema *addb_entity_key_schema(const AddbEntityModel *model);

#endif							/* ADDB_FUNCTIONS_ENTITY_KEY_H */
