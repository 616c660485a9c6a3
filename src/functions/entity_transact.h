/*
 * entity_transact.h
 *	  What actions of transactions can be on: entities, and tables.
 */
#ifndef ADDB_FUNCTIONS_ENTITY_TRANSACT_H
#define ADDB_FUNCTIONS_ENTITY_TRANSACT_H

#include "dynamodb/transact.h"

/* For transactions whose argument is the FunctionCallInfo. */
extern const AddbTransactCompiler *const addb_transact_compilers[];

#endif							/* ADDB_FUNCTIONS_ENTITY_TRANSACT_H */
