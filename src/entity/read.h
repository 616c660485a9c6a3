/*
 * read.h
 *	  What query, scan and collection have in common.
 */
#ifndef ADDB_ENTITY_READ_H
#define ADDB_ENTITY_READ_H

#include "entity/request_parts.h"

extern void addb_entity_append_keys(AddbEntityRequest *request,
									AddbExpressions *expressions,
									AddbEntityValues values,
									const AddbEntityKey *sk,
									int plain_flags, int operator_flags);
extern void addb_entity_append_range(AddbEntityRequest *request,
									 const AddbEntityIndex *index);

#endif							/* ADDB_ENTITY_READ_H */
