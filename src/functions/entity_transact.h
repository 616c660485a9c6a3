/*
 * entity_transact.h
 *	  Actions on entities in transactions, and on their own.
 */
#ifndef ADDB_FUNCTIONS_ENTITY_TRANSACT_H
#define ADDB_FUNCTIONS_ENTITY_TRANSACT_H

#include "dynamodb/transact.h"
#include "entity/operation.h"

extern void addb_entity_read_action(const AddbTransactAction *action,
									AddbEntityOperation *operation);
extern void addb_entity_compile_transact(AddbTransaction *transaction,
										 AddbTransactAction *action);

#endif							/* ADDB_FUNCTIONS_ENTITY_TRANSACT_H */
