/*
 * json_tree.h
 *	  A JSON text as a tree that keeps the order of members, as jsonb does not.
 */
#ifndef ADDB_ENTITY_JSON_TREE_H
#define ADDB_ENTITY_JSON_TREE_H

#include "core/text.h"
#include "core/json.h"

typedef struct AddbJsonNode AddbJsonNode;

struct AddbJsonNode
{
	AddbJsonType type;
	AddbText	name;			/* of an object's member */
	AddbText	text;			/* STRING: the string; NUMBER: as written */
	AddbText	source;			/* the value as it stands in the text, UTF-8 */
	AddbJsonNode *first;		/* child */
	AddbJsonNode *next;			/* sibling */
	int			n;				/* children */
	bool		repeated;		/* a member whose name was there before */
};

extern AddbJsonNode *addb_json_tree(const char *text, int len);
extern const AddbJsonNode *addb_json_member(const AddbJsonNode *object,
											const char *name);
extern bool addb_json_find(AddbText object, AddbText name, AddbText *value);

#endif							/* ADDB_ENTITY_JSON_TREE_H */
