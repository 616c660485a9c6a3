/*
 * token.h
 *	  ClientRequestTokens, which make it safe to send a transaction again.
 */
#ifndef ADDB_DYNAMODB_TOKEN_H
#define ADDB_DYNAMODB_TOKEN_H

#include "lib/stringinfo.h"

/* DynamoDB takes tokens of 1 to 36 characters. */
#define ADDB_TOKEN_MAX_CHARS 36

extern void addb_token_append(StringInfo out, const char *text, int len,
							  const char *preface);

#endif							/* ADDB_DYNAMODB_TOKEN_H */
