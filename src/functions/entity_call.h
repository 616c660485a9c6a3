/*
 * entity_call.h
 *	  Calls of the functions on entities: their arguments, and single operations.
 */
#ifndef ADDB_FUNCTIONS_ENTITY_CALL_H
#define ADDB_FUNCTIONS_ENTITY_CALL_H

#include "entity/compile.h"
#include "fmgr.h"
#include "functions/entity_registry.h"

/* An operation in the making. */
typedef struct AddbEntityCall
{
	AddbRegistry *registry;
	AddbEntityService service;
	AddbEntityRequest request;
} AddbEntityCall;

extern void addb_entity_call_begin(AddbEntityCall *call, FunctionCallInfo fcinfo,
								   AddbEntityMethod method);
extern void addb_entity_call_find(AddbEntityCall *call, FunctionCallInfo fcinfo,
								  int n);
extern JsonbContainer *addb_entity_arg_object(FunctionCallInfo fcinfo, int n,
											  const char *name);
extern JsonbContainer *addb_entity_arg_optional_object(FunctionCallInfo fcinfo,
													   int n, const char *name);
extern JsonbContainer *addb_entity_arg_array(FunctionCallInfo fcinfo, int n,
											 const char *name);
extern void addb_entity_arg_where(AddbEntityCall *call, FunctionCallInfo fcinfo,
								  int condition, int values);
extern void addb_entity_arg_options(AddbEntityCall *call,
									FunctionCallInfo fcinfo, int n);
extern void addb_entity_arg_refuse_option(FunctionCallInfo fcinfo, int n,
										  const char *option, const char *hint);
extern Jsonb *addb_entity_call_run(AddbEntityCall *call, const char *arguments);

#endif							/* ADDB_FUNCTIONS_ENTITY_CALL_H */
