/*
 * item_size.h
 *	  The size of an item as DynamoDB counts it.
 */
#ifndef ADDB_DYNAMODB_ITEM_SIZE_H
#define ADDB_DYNAMODB_ITEM_SIZE_H

#include "dynamodb/key.h"

/* Bytes of names and values that an item, and a transaction, may have. */
#define ADDB_ITEM_MAX_SIZE (400 * 1024)
#define ADDB_TRANSACTION_MAX_SIZE (4 * 1024 * 1024)

extern uint64 addb_item_size(const char *json, size_t len);
extern char *addb_item_size_detail(uint64 size);
extern void addb_item_check_size(const char *json, size_t len,
								 const AddbPlace *place);

#endif							/* ADDB_DYNAMODB_ITEM_SIZE_H */
