/*
 * item_size.c
 *	  The size of an item as DynamoDB counts it, from its JSON.
 *
 * DynamoDB refuses an item that is too large with the same ValidationException
 * as anything else that is wrong with a request, so it is measured here to be
 * reported as what it is. The rules are those of the Developer Guide ("DynamoDB
 * item sizes and formats"): names and strings in bytes of UTF-8, binary in
 * bytes, null and boolean 1, a list or map 3 and 1 for each element. How many
 * bytes a number takes is told there only roughly; it counts here as 2, the
 * least that there is. So the size is a lower bound, and what passes here may
 * still be refused by the service.
 */
#include "postgres.h"

#include "dynamodb/item_size.h"
#include "core/json.h"
#include "miscadmin.h"

#define CONTAINER_SIZE 3
#define ELEMENT_SIZE 1
#define NUMBER_SIZE 2

static uint64 value_size(AddbJsonCursor *cursor);

/* Bytes of a string once its escapes are resolved. */
static uint64
string_size(const AddbJsonSlice *string)
{
	uint64		size = string->len;

	if (!string->escaped)
		return size;
	for (size_t i = 0; i + 1 < string->len; i++)
	{
		if (string->data[i] != '\\')
			continue;
		/* \u0000 to \u001f is one byte; so is any other escape */
		size -= string->data[i + 1] == 'u' ? 5 : 1;
		i++;
	}
	return size;
}

static uint64
map_size(AddbJsonCursor *cursor, uint64 element)
{
	AddbJsonSlice name;
	uint64		size = 0;

	if (addb_json_object_start(cursor))
		while (addb_json_object_next(cursor, &name))
			size += element + string_size(&name) + value_size(cursor);
	return size;
}

static uint64
list_size(AddbJsonCursor *cursor, uint64 element, uint64 (*member) (AddbJsonCursor *))
{
	uint64		size = 0;

	if (addb_json_array_start(cursor))
		while (addb_json_array_next(cursor))
			size += element + member(cursor);
	return size;
}

static uint64
text_size(AddbJsonCursor *cursor)
{
	AddbJsonSlice string;

	return addb_json_string(cursor, &string) ? string_size(&string) : 0;
}

static uint64
binary_size(AddbJsonCursor *cursor)
{
	AddbJsonSlice string;

	return addb_json_string(cursor, &string) ? string.len / 4 * 3 - Min(string.len / 4 * 3, 2) : 0;
}

static uint64
number_size(AddbJsonCursor *cursor)
{
	return addb_json_skip(cursor, NULL) ? NUMBER_SIZE : 0;
}

/* The size of one AttributeValue. */
static uint64
value_size(AddbJsonCursor *cursor)
{
	AddbJsonSlice tag;
	uint64		size = 1;

	check_stack_depth();
	if (!addb_json_object_start(cursor) || !addb_json_object_next(cursor, &tag))
		return 0;
	if (addb_json_slice_is(&tag, "S"))
		size = text_size(cursor);
	else if (addb_json_slice_is(&tag, "N"))
		size = number_size(cursor);
	else if (addb_json_slice_is(&tag, "B"))
		size = binary_size(cursor);
	else if (addb_json_slice_is(&tag, "M"))
		size = CONTAINER_SIZE + map_size(cursor, ELEMENT_SIZE);
	else if (addb_json_slice_is(&tag, "L"))
		size = CONTAINER_SIZE + list_size(cursor, ELEMENT_SIZE, value_size);
	else if (addb_json_slice_is(&tag, "SS"))
		size = list_size(cursor, 0, text_size);
	else if (addb_json_slice_is(&tag, "NS"))
		size = list_size(cursor, 0, number_size);
	else if (addb_json_slice_is(&tag, "BS"))
		size = list_size(cursor, 0, binary_size);
	else
		addb_json_skip(cursor, NULL);
	addb_json_object_next(cursor, &tag);
	return size;
}

/*
 * addb_item_size - the least that an item's JSON can count, in bytes
 *
 * json is an object of AttributeValues as we write them: UTF-8, well-formed.
 */
uint64
addb_item_size(const char *json, size_t len)
{
	AddbJsonCursor cursor = addb_json_cursor(json, len);

	return map_size(&cursor, 0);
}

/*
 * addb_item_size_detail - how large an item is that is too large; palloc'd
 */
char *
addb_item_size_detail(uint64 size)
{
	return psprintf(_("Its names and values take at least " UINT64_FORMAT " bytes; DynamoDB takes %d (400 kB)."),
					size, ADDB_ITEM_MAX_SIZE);
}

/*
 * addb_item_check_size - raises 54000 for an item that DynamoDB cannot take
 *
 * place is the argument that the item came in. The size never exceeds the
 * length of the JSON, so that most items need no look.
 */
void
addb_item_check_size(const char *json, size_t len, const AddbPlace *place)
{
	uint64		size;

	if (len <= ADDB_ITEM_MAX_SIZE)
		return;
	size = addb_item_size(json, len);
	if (size > ADDB_ITEM_MAX_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("item in argument \"%s\" is too large for DynamoDB",
						place->argument),
				 errdetail_internal("%s",
									addb_place_detail(place, addb_item_size_detail(size)))));
}
