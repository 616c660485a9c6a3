/*
 * table_look.c
 *	  Looks at a table that is made or deleted.
 *
 * What DescribeTable says is late: a table whose creation was accepted can be
 * absent for a moment, and one whose deletion was accepted can be ACTIVE. After
 * a lost answer it is therefore looked at again and again for a while.
 */
#include "postgres.h"

#include "core/json.h"
#include "dynamodb/table.h"
#include "dynamodb/table_look.h"

/* Pauses between looks after a lost answer: 2.5 s in all. */
#define LOOK_FIRST_US (20 * 1000)
#define LOOK_MAX_US (1280 * 1000)

/* Whether all of an array of indexes are ACTIVE; those without a status are. */
static bool
read_indexes(AddbJsonCursor *cursor)
{
	bool		active = true;
	AddbJsonSlice name;
	AddbJsonSlice status;

	if (!addb_json_array_start(cursor))
		return false;
	while (addb_json_array_next(cursor))
	{
		if (!addb_json_object_start(cursor))
			return false;
		while (addb_json_object_next(cursor, &name))
		{
			if (!addb_json_slice_is(&name, "IndexStatus"))
				addb_json_skip(cursor, NULL);
			else if (addb_json_string(cursor, &status))
				active &= addb_json_slice_is(&status, "ACTIVE");
		}
	}
	return active;
}

/* The member Table of the reply; one of no bytes when there is none. */
static AddbJsonSlice
table_of(AddbCall *call)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice table = {0};

	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
			addb_json_skip(&cursor, addb_json_slice_is(&name, "Table") ? &table : NULL);
	if (cursor.failed)
		table.len = 0;
	return table;
}

/* The description in a reply; raises 08P01 when there is none. */
static AddbTableDescription
read_description(AddbCall *call)
{
	AddbTableDescription description = {ADDB_TABLE_CHANGING, 0, NULL};
	AddbJsonSlice table = table_of(call);
	AddbJsonCursor cursor = addb_json_cursor(table.data, table.len);
	AddbJsonSlice created = {0};
	AddbJsonSlice name;
	AddbJsonSlice status = {0};
	bool		active = true;

	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (addb_json_slice_is(&name, "TableStatus"))
				addb_json_string(&cursor, &status);
			else if (addb_json_slice_is(&name, "GlobalSecondaryIndexes"))
				active &= read_indexes(&cursor);
			else if (addb_json_slice_is(&name, "CreationDateTime"))
				addb_json_skip(&cursor, &created);
			else
				addb_json_skip(&cursor, NULL);
		}
	if (cursor.failed || status.data == NULL)
		addb_call_raise_malformed(call);
	if (addb_json_slice_is(&status, "DELETING"))
		description.status = ADDB_TABLE_DELETING;
	else if (active && addb_json_slice_is(&status, "ACTIVE"))
		description.status = ADDB_TABLE_ACTIVE;
	if (created.len > 0)
		description.created = strtod(pnstrdup(created.data, created.len), NULL);
	description.shape = addb_table_shape(table.data, table.len);
	return description;
}

/*
 * addb_table_look - asks for the description of a table
 *
 * The shape is palloc'd. False when that was refused: the call is then the
 * caller's to raise. Raises 08P01 for a reply that is no description, and what
 * calls raise.
 */
bool
addb_table_look(const char *table, AddbCall **call, AddbTableDescription *description)
{
	*call = addb_table_call(&addb_describe_table, table, "", "\"table_name\"");
	if (addb_call_failed_with(*call, "ResourceNotFoundException"))
		*description = (AddbTableDescription) {ADDB_TABLE_ABSENT, 0, NULL};
	else if (!addb_call_succeeded(*call))
		return false;
	else
		*description = read_description(*call);
	addb_call_release(*call);
	return true;
}

/* A table that is looked at. */
typedef struct Look
{
	const char *table;
	AddbTableTells tells;
	AddbTableDescription *description;
	bool		seen;
} Look;

static void
look_until_told(void *arg)
{
	Look	   *wanted = arg;
	AddbCall   *call;

	for (int64 pause = LOOK_FIRST_US;; pause *= 2)
	{
		wanted->seen = addb_table_look(wanted->table, &call, wanted->description);
		if (!wanted->seen)
			addb_call_release(call);
		if (!wanted->seen || wanted->tells(wanted->description) || pause > LOOK_MAX_US)
			return;
		addb_client_sleep(ADDB_HTTP_WAIT_POLL, pause);
	}
}

/*
 * addb_table_look_after - looks what became of a request whose answer was lost
 *
 * Until the description tells, and for no longer than it may be late. False when
 * it cannot be had: that is no error, since the caller has a better one to raise.
 * Raises interrupts, with what the lost request leaves open in their CONTEXT.
 */
bool
addb_table_look_after(AddbCall *lost, const char *table, AddbTableTells tells,
					  AddbTableDescription *description)
{
	Look		wanted = {table, tells, description, false};

	return addb_client_look(lost, look_until_told, &wanted) && wanted.seen;
}
