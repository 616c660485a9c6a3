/*
 * jsonb_walk.h
 *	  Walks the members of a jsonb container without allocating anything.
 *
 * A JsonbIterator allocates for each container that it enters, and takes a few
 * calls for each member. The form is that of utils/jsonb.h: the keys of an
 * object, in order, then its values in the order of the keys.
 */
#ifndef ADDB_DYNAMODB_JSONB_WALK_H
#define ADDB_DYNAMODB_JSONB_WALK_H

#include "utils/jsonb.h"

typedef struct AddbJsonbWalk
{
	const JsonbContainer *container;
	const char *base;			/* of the offsets */
	int			n;				/* members or elements */
	int			next;			/* of them, from 0 */
	bool		is_object;
	uint32		key_offset;		/* of the next key, of an object */
	uint32		offset;			/* of the next value */
} AddbJsonbWalk;

/*
 * addb_jsonb_walk - a walk before the first member
 *
 * The container must live as long as what addb_jsonb_walk_next returns.
 */
static inline AddbJsonbWalk
addb_jsonb_walk(const JsonbContainer *container)
{
	AddbJsonbWalk walk = {
		.container = container,
		.n = JsonContainerSize(container),
		.is_object = JsonContainerIsObject(container)
	};

	walk.base = (const char *) &container->children[walk.is_object ? walk.n * 2 : walk.n];
	if (walk.is_object)
		walk.offset = getJsonbOffset(container, walk.n);
	return walk;
}

static inline void
addb_jsonb_walk_fill(JsonbValue *value, const AddbJsonbWalk *walk,
					 JEntry entry, uint32 offset, uint32 end)
{
	if (JBE_ISSTRING(entry))
	{
		value->type = jbvString;
		value->val.string.val = unconstify(char *, walk->base + offset);
		value->val.string.len = end - offset;
	}
	else if (JBE_ISNUMERIC(entry))
	{
		value->type = jbvNumeric;
		value->val.numeric = (Numeric) unconstify(char *, walk->base + INTALIGN(offset));
	}
	else if (JBE_ISBOOL(entry))
	{
		value->type = jbvBool;
		value->val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	else if (JBE_ISNULL(entry))
		value->type = jbvNull;
	else
	{
		value->type = jbvBinary;
		value->val.binary.data = (JsonbContainer *) unconstify(char *, walk->base + INTALIGN(offset));
		value->val.binary.len = end - INTALIGN(offset);
	}
}

/*
 * addb_jsonb_walk_next - the next member: its key, of an object, and its value
 *
 * False at the end. The bytes are the container's. The key of an element is
 * jbvNull.
 */
static inline bool
addb_jsonb_walk_next(AddbJsonbWalk *walk, JsonbValue *key, JsonbValue *value)
{
	const JEntry *children = walk->container->children;
	JEntry		entry;
	uint32		start = walk->offset;

	if (walk->next == walk->n)
		return false;
	if (walk->is_object)
	{
		uint32		key_start = walk->key_offset;

		JBE_ADVANCE_OFFSET(walk->key_offset, children[walk->next]);
		key->type = jbvString;
		key->val.string.val = unconstify(char *, walk->base + key_start);
		key->val.string.len = walk->key_offset - key_start;
	}
	else
		key->type = jbvNull;
	entry = children[walk->is_object ? walk->n + walk->next : walk->next];
	JBE_ADVANCE_OFFSET(walk->offset, entry);
	addb_jsonb_walk_fill(value, walk, entry, start, walk->offset);
	walk->next++;
	return true;
}

#endif							/* ADDB_DYNAMODB_JSONB_WALK_H */
