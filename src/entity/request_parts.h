/*
 * request_parts.h
 *	  What write requests have in common.
 */
#ifndef ADDB_ENTITY_REQUEST_PARTS_H
#define ADDB_ENTITY_REQUEST_PARTS_H

#include "entity/compile.h"
#include "entity/where.h"

extern AddbExpressions *addb_entity_expressions(const AddbEntityRequest *request);
extern void addb_entity_append_returns(AddbEntityRequest *request);

#endif							/* ADDB_ENTITY_REQUEST_PARTS_H */
