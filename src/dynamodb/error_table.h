/*
 * error_table.h
 *	  The rows behind addb_error_raise; for error_raise.c only.
 */
#ifndef ADDB_DYNAMODB_ERROR_TABLE_H
#define ADDB_DYNAMODB_ERROR_TABLE_H

#include "dynamodb/outcome.h"

typedef struct AddbErrorRow
{
	const char *codes[9];		/* names it is found by; NULL at the end */
	int			sqlstate;
	AddbErrorEffect effect;
	const char *primary;
	const char *hint;			/* or NULL */
	const char *server_hint;	/* the same where a foreign server says where
								 * requests go; %s: its name. NULL: hint */
} AddbErrorRow;

extern const AddbErrorRow *addb_error_find_row(const AddbServiceError *error,
											   bool is_create);
extern const AddbErrorRow *
			addb_error_transport_row(AddbTransportFailure failure,
									 const char *operation);

#endif							/* ADDB_DYNAMODB_ERROR_TABLE_H */
