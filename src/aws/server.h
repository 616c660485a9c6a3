/*
 * server.h
 *	  Foreign servers and user mappings of the wrapper atomic_dynamodb.
 */
#ifndef ADDB_AWS_SERVER_H
#define ADDB_AWS_SERVER_H

#include "aws/host.h"
#include "nodes/pg_list.h"

typedef enum AddbOptionPlace
{
	ADDB_OPTION_SERVER,
	ADDB_OPTION_MAPPING
} AddbOptionPlace;

typedef enum AddbOptionKind
{
	ADDB_OPTION_TEXT,
	ADDB_OPTION_URL,			/* a text, too */
	ADDB_OPTION_BOOLEAN,
	ADDB_OPTION_CHOICE			/* a boolean, or "auto" */
} AddbOptionKind;

typedef struct AddbOption
{
	const char *name;
	AddbOptionPlace place;
	AddbOptionKind kind;
	size_t		offset;			/* of its member of AddbAwsSettings */

	/* NULL for a good value, else a sentence; as in core/value.h */
	const char *(*check) (const char *value);

	/* Only superusers may set it, and change a server that has it. */
	bool		for_superusers;
} AddbOption;

extern const AddbOption *addb_server_options(int *count);
extern const AddbOption *addb_server_find_option(const char *name);
extern void addb_server_take_options(List *options, AddbOptionPlace place,
									 AddbAwsSettings *settings);
extern void addb_server_read(const char *name, Oid userid,
							 AddbAwsSettings *settings);

#endif							/* ADDB_AWS_SERVER_H */
