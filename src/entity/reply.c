/*
 * reply.c
 *	  The members of DynamoDB's replies that results are made of.
 */
#include "postgres.h"

#include "entity/item.h"

static const struct
{
	const char *name;
	size_t		offset;
}			members[] = {
	{"Item", offsetof(AddbEntityReply, item)},
	{"Attributes", offsetof(AddbEntityReply, attributes)},
	{"Items", offsetof(AddbEntityReply, items)},
	{"Responses", offsetof(AddbEntityReply, responses)},
	{"LastEvaluatedKey", offsetof(AddbEntityReply, last_key)},
	{"UnprocessedKeys", offsetof(AddbEntityReply, unprocessed)},
	{"UnprocessedItems", offsetof(AddbEntityReply, unprocessed)},
};

/*
 * addb_entity_reply_malformed - raises 08P01
 */
void
addb_entity_reply_malformed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("malformed reply of DynamoDB")));
}

/*
 * addb_entity_reply_read - finds the members of a reply, which point into it
 */
void
addb_entity_reply_read(AddbText body, AddbEntityReply *reply)
{
	AddbJsonCursor cursor = addb_json_cursor(body.data, body.len);
	AddbJsonSlice name;
	AddbJsonSlice value;

	memset(reply, 0, sizeof(AddbEntityReply));
	if (body.data == NULL || !addb_json_object_start(&cursor))
		addb_entity_reply_malformed();
	while (addb_json_object_next(&cursor, &name))
	{
		if (!addb_json_skip(&cursor, &value))
			break;
		for (int i = 0; i < lengthof(members); i++)
			if (addb_json_slice_is(&name, members[i].name))
				*(AddbText *) ((char *) reply + members[i].offset) =
					(AddbText) {value.data, (int) value.len};
	}
	if (cursor.failed)
		addb_entity_reply_malformed();
}

/*
 * addb_entity_next - the next element of an array that has been entered
 */
bool
addb_entity_next(AddbJsonCursor *array, AddbText *element)
{
	AddbJsonSlice slice;

	if (!addb_json_array_next(array))
	{
		if (array->failed)
			addb_entity_reply_malformed();
		return false;
	}
	if (!addb_json_skip(array, &slice))
		addb_entity_reply_malformed();
	*element = (AddbText) {slice.data, (int) slice.len};
	return true;
}
