/*
 * partiql.h
 *	  PartiQL statements and their parameters, as parts of requests.
 */
#ifndef ADDB_DYNAMODB_PARTIQL_H
#define ADDB_DYNAMODB_PARTIQL_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

extern bool addb_partiql_is_select(const char *text, size_t len);
extern bool addb_partiql_is_write(const char *text, size_t len);
extern bool addb_partiql_returns(const char *text, size_t len);
extern void addb_partiql_append_statement(StringInfo out, const char *text,
										  int len, const char *what);
extern void addb_partiql_append_parameters(StringInfo out, Jsonb *params,
										   const char *argument);

#endif							/* ADDB_DYNAMODB_PARTIQL_H */
