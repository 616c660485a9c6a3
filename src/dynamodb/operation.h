/*
 * operation.h
 *	  What the client must know of an operation of DynamoDB's API.
 */
#ifndef ADDB_DYNAMODB_OPERATION_H
#define ADDB_DYNAMODB_OPERATION_H

/* Bytes of a name, which goes into a header; the longest known one has 35. */
#define ADDB_OPERATION_MAX_LEN 64

typedef struct AddbOperation
{
	const char *name;			/* as in X-Amz-Target */
	bool		is_write;
	size_t		max_response;	/* bytes */
} AddbOperation;

extern const AddbOperation addb_batch_get_item;
extern const AddbOperation addb_batch_write_item;
extern const AddbOperation addb_create_table;
extern const AddbOperation addb_delete_item;
extern const AddbOperation addb_delete_table;
extern const AddbOperation addb_describe_table;
extern const AddbOperation addb_describe_time_to_live;
extern const AddbOperation addb_execute_read;
extern const AddbOperation addb_execute_write;
extern const AddbOperation addb_execute_transaction_read;
extern const AddbOperation addb_execute_transaction_write;
extern const AddbOperation addb_get_item;
extern const AddbOperation addb_list_tables;
extern const AddbOperation addb_put_item;
extern const AddbOperation addb_query;
extern const AddbOperation addb_scan;
extern const AddbOperation addb_transact_get_items;
extern const AddbOperation addb_transact_write_items;
extern const AddbOperation addb_update_item;
extern const AddbOperation addb_update_time_to_live;

#endif							/* ADDB_DYNAMODB_OPERATION_H */
