/*
 * table_shape.c
 *	  What a table is by its definition, in one text.
 *
 * A table that was found is held against one that was asked for: the request of
 * CreateTable and the description of DescribeTable are brought into the same
 * form, with the members that both have, in order. What a description leaves out
 * or puts in other words is evened out:
 *
 *	- the billing mode is in BillingModeSummary, and not told when provisioned;
 *	- units of 0 are none;
 *	- arrays are in any order, and an empty one is none.
 *
 * It refuses what is nested deeper than either can be.
 */
#include "postgres.h"

#include "core/json.h"
#include "dynamodb/table_look.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/json.h"

/* Table, indexes, index, projection, attributes, with some to spare. */
#define MAX_DEPTH 8

static const char *const compared[] = {
	"AttributeDefinitions", "AttributeName", "AttributeType", "BillingMode",
	"GlobalSecondaryIndexes", "IndexName", "KeySchema", "KeyType",
	"LocalSecondaryIndexes", "NonKeyAttributes", "Projection", "ProjectionType",
	"ProvisionedThroughput", "ReadCapacityUnits", "WriteCapacityUnits"
};

static char *read_value(AddbJsonCursor *cursor, int depth);

static bool
is_compared(const AddbJsonSlice *name)
{
	for (int i = 0; i < lengthof(compared); i++)
		if (addb_json_slice_is(name, compared[i]))
			return true;
	return false;
}

static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* The parts in order between brackets; NULL when there are none. */
static char *
join(List *parts, char open, char close)
{
	StringInfoData text;
	ListCell   *cell;

	if (parts == NIL)
		return NULL;
	list_sort(parts, compare_texts);
	initStringInfo(&text);
	foreach(cell, parts)
		appendStringInfo(&text, "%c%s", cell == list_head(parts) ? open : ',',
						 (char *) lfirst(cell));
	appendStringInfoChar(&text, close);
	return text.data;
}

/* Puts the members of an object that count on a list, as name=value. */
static List *
read_members(AddbJsonCursor *cursor, int depth, List *members)
{
	AddbJsonSlice name;

	if (depth > MAX_DEPTH)
		cursor->failed = true;
	if (!addb_json_object_start(cursor))
		return members;
	while (addb_json_object_next(cursor, &name))
	{
		char	   *value;

		if (addb_json_slice_is(&name, "BillingModeSummary") &&
			addb_json_peek(cursor) == ADDB_JSON_OBJECT)
			members = read_members(cursor, depth + 1, members);
		else if (!is_compared(&name))
			addb_json_skip(cursor, NULL);
		else if ((value = read_value(cursor, depth + 1)) != NULL &&
				 !(addb_json_slice_is(&name, "BillingMode") &&
				   strcmp(value, "\"PROVISIONED\"") == 0))
			members = lappend(members, psprintf("%.*s=%s", (int) name.len, name.data, value));
	}
	return members;
}

static List *
read_elements(AddbJsonCursor *cursor, int depth)
{
	List	   *elements = NIL;

	if (depth > MAX_DEPTH)
		cursor->failed = true;
	if (!addb_json_array_start(cursor))
		return NIL;
	while (addb_json_array_next(cursor))
	{
		char	   *value = read_value(cursor, depth + 1);

		if (value != NULL)
			elements = lappend(elements, value);
	}
	return elements;
}

/* A string in quotes, in whatever way it was escaped before. */
static char *
read_string(AddbJsonCursor *cursor)
{
	StringInfoData quoted;
	AddbJsonSlice string;
	char	   *text = NULL;

	if (addb_json_string(cursor, &string))
		text = addb_json_to_cstring(&string);
	if (text == NULL)
	{
		cursor->failed = true;
		return NULL;
	}
	initStringInfo(&quoted);
	escape_json(&quoted, text);
	return quoted.data;
}

/* A value in its one form, palloc'd; NULL when it counts as absent. */
static char *
read_value(AddbJsonCursor *cursor, int depth)
{
	AddbJsonSlice scalar;
	char	   *text;

	switch (addb_json_peek(cursor))
	{
		case ADDB_JSON_OBJECT:
			return join(read_members(cursor, depth, NIL), '{', '}');
		case ADDB_JSON_ARRAY:
			return join(read_elements(cursor, depth), '[', ']');
		case ADDB_JSON_STRING:
			return read_string(cursor);
		case ADDB_JSON_NULL:
			addb_json_skip(cursor, NULL);
			return NULL;
		default:
			break;
	}
	if (!addb_json_skip(cursor, &scalar))
		return NULL;
	text = pnstrdup(scalar.data, scalar.len);
	return strtod(text, NULL) == 0 ? NULL : text;
}

/*
 * addb_table_shape - the definition of a table in one form, to be compared
 *
 * json is a request of CreateTable or the member Table of a description, in
 * UTF-8. Palloc'd; NULL when it does not tell keys and their types, or is
 * malformed.
 */
char *
addb_table_shape(const char *json, size_t len)
{
	AddbJsonCursor cursor = addb_json_cursor(json, len);
	List	   *members = read_members(&cursor, 0, NIL);
	ListCell   *cell;
	int			told = 0;

	foreach(cell, members)
		told += strncmp(lfirst(cell), "KeySchema=", 10) == 0 ||
			strncmp(lfirst(cell), "AttributeDefinitions=", 21) == 0;
	return cursor.failed || told != 2 ? NULL : join(members, '{', '}');
}
