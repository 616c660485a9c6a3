/*
 * path.h
 *	  Paths to attributes as ElectroDB writes them: a, a.b.c, list[0].b.
 */
#ifndef ADDB_ENTITY_PATH_H
#define ADDB_ENTITY_PATH_H

#include "dynamodb/expression.h"
#include "entity/model.h"

typedef struct AddbEntityPath
{
	bool		invalid;		/* the caller's: a path that leads to nothing is
								 * error 3001 */
	const AddbEntityAttribute *root;
	const AddbEntityAttribute *leaf;	/* what the path leads to */
	bool		free;			/* it leads into a value of type any, of which
								 * leaf is the root */
	AddbText	text;			/* for an expression, in placeholders */
} AddbEntityPath;

extern bool addb_entity_path(const AddbEntityModel *model,
							 AddbExpressions *expressions, AddbText written,
							 AddbEntityPath *path);

#endif							/* ADDB_ENTITY_PATH_H */
