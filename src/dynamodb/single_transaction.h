/*
 * single_transaction.h
 *	  Writes of one item that are sent as transactions of one action.
 */
#ifndef ADDB_DYNAMODB_SINGLE_TRANSACTION_H
#define ADDB_DYNAMODB_SINGLE_TRANSACTION_H

#include "dynamodb/client.h"

extern bool addb_single_is_possible(const AddbRequest *request);
extern AddbCall *addb_single_call(const AddbRequest *request,
								  MemoryContext owner);

#endif							/* ADDB_DYNAMODB_SINGLE_TRANSACTION_H */
