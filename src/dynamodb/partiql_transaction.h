/*
 * partiql_transaction.h
 *	  PartiQL statements that are carried out together or not at all.
 */
#ifndef ADDB_DYNAMODB_PARTIQL_TRANSACTION_H
#define ADDB_DYNAMODB_PARTIQL_TRANSACTION_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef struct AddbPartiqlTransaction
{
	StringInfoData statements;	/* JSON: the elements of TransactStatements */
	int			n;
	int			nwrites;		/* that insert, update or delete */
	bool		is_read;		/* all are SELECTs */
} AddbPartiqlTransaction;

typedef struct AddbPartiqlRows AddbPartiqlRows;

extern void addb_partiql_transaction_build(Jsonb *statements,
										   AddbPartiqlTransaction *transaction);
extern AddbPartiqlRows *addb_partiql_transaction_run(const AddbPartiqlTransaction *transaction,
													 const char *token, int token_len,
													 MemoryContext owner);
extern bool addb_partiql_rows_next(AddbPartiqlRows *rows, Jsonb **item);

#endif							/* ADDB_DYNAMODB_PARTIQL_TRANSACTION_H */
