/*
 * operation.c
 *	  The operations that the extension calls, and how much they may answer.
 *
 * DynamoDB bounds what it reads in bytes of names and values, of which the
 * typed JSON makes more. The worst case is a list of nulls: {"NULL":true} and
 * a comma are 14 bytes for one that is counted (two with the overhead of an
 * element); control characters, as \u0001, make 6 of 1. Hence 14 times
 *
 *	  400 kB, an item		6 MB, rounded up to 8
 *	  1 MB, a page			14 MB, rounded up to 16
 *	  16 MB, a batch		224 MB, rounded up to 256
 *
 * A page of PartiQL is one of a query. A transaction that reads returns 4 MB,
 * one that writes at most the items of its failed conditions, 100 items of
 * 400 kB: 40 MB, of which 256 MB is six times; a table description has about
 * 1 kB for each of 25 indexes.
 */
#include "postgres.h"

#include "dynamodb/operation.h"

#define MB ((size_t) 1024 * 1024)

const AddbOperation addb_batch_get_item = {"BatchGetItem", false, 256 * MB};
const AddbOperation addb_batch_write_item = {"BatchWriteItem", true, 256 * MB};
const AddbOperation addb_create_table = {"CreateTable", true, 1 * MB};
const AddbOperation addb_delete_item = {"DeleteItem", true, 8 * MB};
const AddbOperation addb_delete_table = {"DeleteTable", true, 1 * MB};
const AddbOperation addb_describe_table = {"DescribeTable", false, 1 * MB};
const AddbOperation addb_describe_time_to_live = {"DescribeTimeToLive", false, 1 * MB};
const AddbOperation addb_execute_read = {"ExecuteStatement", false, 16 * MB};
const AddbOperation addb_execute_write = {"ExecuteStatement", true, 16 * MB};
const AddbOperation addb_execute_transaction_read = {"ExecuteTransaction", false, 256 * MB};
const AddbOperation addb_execute_transaction_write = {"ExecuteTransaction", true, 256 * MB};
const AddbOperation addb_get_item = {"GetItem", false, 8 * MB};
const AddbOperation addb_list_tables = {"ListTables", false, 1 * MB};
const AddbOperation addb_put_item = {"PutItem", true, 8 * MB};
const AddbOperation addb_query = {"Query", false, 16 * MB};
const AddbOperation addb_scan = {"Scan", false, 16 * MB};
const AddbOperation addb_transact_get_items = {"TransactGetItems", false, 256 * MB};
const AddbOperation addb_transact_write_items = {"TransactWriteItems", true, 256 * MB};
const AddbOperation addb_update_item = {"UpdateItem", true, 8 * MB};
const AddbOperation addb_update_time_to_live = {"UpdateTimeToLive", true, 1 * MB};
