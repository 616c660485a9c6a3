/*
 * key_schema.c
 *	  The key attributes of tables, from DescribeTable, cached.
 *
 * A table's key never changes; but a table may be deleted and another one be
 * created by its name, so what is known is forgotten after some minutes, and at
 * once when an error or an operation of ours makes it doubtful. Who would lose
 * items by a wrong schema, or refuse what is right, asks for the current one,
 * which is as old as the statement at most.
 */
#include "postgres.h"

#include "access/xact.h"
#include "aws/config.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/client.h"
#include "dynamodb/key_schema.h"
#include "http/http.h"
#include "utils/memutils.h"

/*
 * How long a schema is believed. DescribeTable may be called some ten times a
 * second for a whole account, by all its clients.
 */
#define BELIEVED_US (INT64CONST(5) * 60 * 1000 * 1000)

/* Tables remembered: more than the 100 that a transaction may be on. */
#define MAX_ENTRIES 128

typedef struct Entry
{
	struct Entry *next;
	char	   *table;
	uint64		generation;		/* of the configuration it was read by */
	int64		read_at;		/* a moment of addb_http_now */
	TimestampTz statement;		/* the statement that has read it */
	AddbKeySchema schema;
} Entry;

/* The entry used last comes first. */
static MemoryContext cache = NULL;
static Entry *entries = NULL;
static int	nentries = 0;
static uint64 generation = 0;	/* of the configuration that counts now */

static void
drop(Entry **link)
{
	Entry	   *entry = *link;

	*link = entry->next;
	nentries--;
	pfree(entry->table);
	for (int i = 0; i < entry->schema.n; i++)
		pfree(unconstify(char *, entry->schema.attributes[i].name));
	pfree(entry);
}

/* Another endpoint, or another account, has other tables. */
static void
enter_generation(void)
{
	generation = addb_aws_config_get()->generation;
	if (cache == NULL)
		cache = AllocSetContextCreate(TopMemoryContext,
									  "atomic_dynamodb key schemas",
									  ALLOCSET_SMALL_SIZES);
}

static Entry **
find_link(const char *table)
{
	Entry	  **link = &entries;

	while (*link != NULL && ((*link)->generation != generation ||
							 strcmp((*link)->table, table) != 0))
		link = &(*link)->next;
	return link;
}

/* The entry of a table, moved to the front, or NULL. */
static Entry *
find(const char *table)
{
	Entry	  **link = find_link(table);
	Entry	   *entry = *link;

	if (entry == NULL)
		return NULL;
	if (addb_http_now() - entry->read_at > BELIEVED_US)
	{
		drop(link);
		return NULL;
	}
	*link = entry->next;
	entry->next = entries;
	entries = entry;
	return entry;
}

static void
remember(const char *table, const AddbKeySchema *schema)
{
	MemoryContext caller = MemoryContextSwitchTo(cache);
	Entry	   *entry = palloc0(sizeof(Entry));

	entry->table = pstrdup(table);
	entry->generation = generation;
	entry->read_at = addb_http_now();
	entry->statement = GetCurrentStatementStartTimestamp();
	entry->schema.n = schema->n;
	for (int i = 0; i < schema->n; i++)
	{
		entry->schema.attributes[i].name = pstrdup(schema->attributes[i].name);
		entry->schema.attributes[i].type = schema->attributes[i].type;
	}
	MemoryContextSwitchTo(caller);

	if (nentries == MAX_ENTRIES)
	{
		Entry	  **link = &entries;

		while ((*link)->next != NULL)
			link = &(*link)->next;
		drop(link);
	}
	entry->next = entries;
	entries = entry;
	nentries++;
}

/* Reads {"AttributeName": name, other: value}; false when it is not that. */
static bool
read_pair(AddbJsonCursor *cursor, const char *other, AddbJsonSlice *name,
		  AddbJsonSlice *value)
{
	AddbJsonSlice member;

	name->data = value->data = NULL;
	if (!addb_json_object_start(cursor))
		return false;
	while (addb_json_object_next(cursor, &member))
	{
		if (addb_json_slice_is(&member, "AttributeName"))
			addb_json_string(cursor, name);
		else if (addb_json_slice_is(&member, other))
			addb_json_string(cursor, value);
		else
			addb_json_skip(cursor, NULL);
	}
	return !cursor->failed && name->data != NULL && value->data != NULL;
}

/* The table's KeySchema: [{"AttributeName": ..., "KeyType": "HASH"}, ...]. */
static bool
read_names(AddbJsonCursor *cursor, AddbKeySchema *schema)
{
	AddbJsonSlice name;
	AddbJsonSlice type;

	if (!addb_json_array_start(cursor))
		return false;
	while (addb_json_array_next(cursor))
	{
		int			index;

		if (!read_pair(cursor, "KeyType", &name, &type))
			return false;
		index = addb_json_slice_is(&type, "HASH") ? 0 : 1;
		schema->attributes[index].name = addb_json_to_cstring(&name);
		if (schema->attributes[index].name == NULL)
			return false;
		schema->n = Max(schema->n, index + 1);
	}
	return !cursor->failed && schema->n > 0 &&
		schema->attributes[0].name != NULL;
}

/* Finds the types in AttributeDefinitions, which has those of indexes too. */
static bool
read_types(AddbJsonCursor *cursor, AddbKeySchema *schema)
{
	AddbJsonSlice name;
	AddbJsonSlice type;

	if (!addb_json_array_start(cursor))
		return false;
	while (addb_json_array_next(cursor))
	{
		char	   *text;

		if (!read_pair(cursor, "AttributeType", &name, &type) || type.len != 1)
			return false;
		text = addb_json_to_cstring(&name);
		for (int i = 0; text != NULL && i < schema->n; i++)
			if (strcmp(schema->attributes[i].name, text) == 0)
				schema->attributes[i].type = type.data[0];
	}
	if (cursor->failed)
		return false;
	for (int i = 0; i < schema->n; i++)
		if (schema->attributes[i].type == '\0' ||
			strchr("SNB", schema->attributes[i].type) == NULL)
			return false;
	return true;
}

/* The schema in a reply of DescribeTable; false when it is none. */
static bool
read_description(AddbCall *call, AddbKeySchema *schema)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice names = {0};
	AddbJsonSlice types = {0};
	AddbJsonCursor names_cursor;
	AddbJsonCursor types_cursor;

	if (!addb_json_object_start(&cursor) || !addb_json_object_next(&cursor, &name) ||
		!addb_json_slice_is(&name, "Table") || !addb_json_object_start(&cursor))
		return false;
	while (addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "KeySchema"))
			addb_json_skip(&cursor, &names);
		else if (addb_json_slice_is(&name, "AttributeDefinitions"))
			addb_json_skip(&cursor, &types);
		else
			addb_json_skip(&cursor, NULL);
	}
	if (cursor.failed || names.len == 0 || types.len == 0)
		return false;
	memset(schema, 0, sizeof(*schema));
	names_cursor = addb_json_cursor(names.data, names.len);
	types_cursor = addb_json_cursor(types.data, types.len);
	return read_names(&names_cursor, schema) && read_types(&types_cursor, schema);
}

/*
 * Asks the service. False, unless must_know, when it does not tell. arguments as
 * in AddbRequest.
 */
static bool
ask(const char *table, bool must_know, const char *arguments,
	AddbKeySchema *schema)
{
	StringInfoData body;
	AddbRequest request = {
		.operation = &addb_describe_table,
		.table = table,
		.arguments = arguments
	};
	AddbCall   *call;
	bool		known;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"TableName\":");
	addb_av_append_string(&body, table, (int) strlen(table));
	appendStringInfoChar(&body, '}');
	request.body = body.data;
	request.body_len = body.len;
	call = addb_client_call(&request, CurrentMemoryContext);
	if (!addb_call_succeeded(call) && must_know)
		addb_call_raise(call);
	known = addb_call_succeeded(call) && read_description(call, schema);
	if (!known && must_know)
		addb_call_raise_malformed(call);
	addb_call_release(call);
	pfree(body.data);
	return known;
}

/* A copy in the current memory context, in one chunk. */
static const AddbKeySchema *
copy_schema(const AddbKeySchema *schema)
{
	size_t		size = sizeof(AddbKeySchema);
	AddbKeySchema *copy;
	char	   *text;

	for (int i = 0; i < schema->n; i++)
		size += strlen(schema->attributes[i].name) + 1;
	copy = palloc(size);
	*copy = *schema;
	text = (char *) (copy + 1);
	for (int i = 0; i < schema->n; i++)
	{
		size_t		len = strlen(schema->attributes[i].name) + 1;

		copy->attributes[i].name = memcpy(text, schema->attributes[i].name, len);
		text += len;
	}
	return copy;
}

/* arguments is as in AddbRequest; current: asked for in this statement. */
static const AddbKeySchema *
get(const char *table, bool must_know, bool current, const char *arguments)
{
	AddbKeySchema schema;
	Entry	   *entry;

	enter_generation();
	entry = find(table);
	if (entry != NULL && current &&
		entry->statement != GetCurrentStatementStartTimestamp())
	{
		drop(find_link(table));
		entry = NULL;
	}
	if (entry != NULL)
		return copy_schema(&entry->schema);
	if (!ask(table, must_know, arguments, &schema))
		return NULL;
	enter_generation();
	remember(table, &schema);
	return copy_schema(&schema);
}

/*
 * addb_key_schema_get - the key of a table
 *
 * table is in the server's encoding. Palloc'd in the current context, as one
 * chunk. Raises what calls and their configuration raise; 42P01 when there is
 * no such table.
 */
const AddbKeySchema *
addb_key_schema_get(const char *table)
{
	return get(table, true, false, NULL);
}

/*
 * addb_key_schema_get_current - the key of a table, asked for in this statement
 *
 * For batches, which take items of one key for one; the table is their argument
 * "table_name". As addb_key_schema_get.
 */
const AddbKeySchema *
addb_key_schema_get_current(const char *table)
{
	return get(table, true, true, "\"table_name\"");
}

/*
 * addb_key_schema_renew - sees to it that the key was asked for in this statement
 *
 * True when it was asked for now: what was remembered before may be another key.
 * Raises as addb_key_schema_get.
 */
bool
addb_key_schema_renew(const char *table)
{
	Entry	   *entry;

	enter_generation();
	entry = find(table);
	if (entry != NULL && entry->statement == GetCurrentStatementStartTimestamp())
		return false;
	(void) get(table, true, true, NULL);
	return true;
}

/*
 * addb_key_schema_look - the key of a table, or NULL when it is not to be had
 *
 * To tell more about another error: what the service answers is no error here,
 * nor is that it does not answer. Raises interrupts, and what the configuration
 * raises. Palloc'd as by addb_key_schema_get.
 */
const AddbKeySchema *
addb_key_schema_look(const char *table)
{
	return get(table, false, false, NULL);
}

/* The name in an ARN of a table (arn:...:table/name), else the name itself. */
static const char *
bare_name(const char *table)
{
	const char *name = strncmp(table, "arn:", 4) == 0
		? strstr(table, ":table/") : NULL;

	return name != NULL ? name + strlen(":table/") : table;
}

/*
 * addb_key_schema_forget - the table may have another key from now on
 *
 * After it was created or deleted, or when a key was refused, by its name or
 * its ARN. Never raises.
 */
void
addb_key_schema_forget(const char *table)
{
	Entry	  **link = &entries;

	while (*link != NULL)
	{
		if (strcmp(bare_name((*link)->table), bare_name(table)) == 0)
			drop(link);
		else
			link = &(*link)->next;
	}
}
