/*
 * entity_query.h
 *	  The arguments of the functions that read many items of entities.
 */
#ifndef ADDB_FUNCTIONS_ENTITY_QUERY_H
#define ADDB_FUNCTIONS_ENTITY_QUERY_H

#include "functions/entity_call.h"

extern void addb_entity_query_arguments(AddbEntityCall *call,
										FunctionCallInfo fcinfo);
extern void addb_entity_scan_arguments(AddbEntityCall *call,
									   FunctionCallInfo fcinfo,
									   const char *function);
extern void addb_entity_collection_arguments(AddbEntityCall *call,
											 FunctionCallInfo fcinfo);

#endif							/* ADDB_FUNCTIONS_ENTITY_QUERY_H */
