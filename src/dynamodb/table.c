/*
 * table.c
 *	  Creating and deleting tables, and waiting until that is done.
 *
 * The service takes seconds to minutes; the waits are interruptible. After an
 * interrupt the table goes on being created or deleted, and the error's context
 * says so.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/client.h"
#include "dynamodb/key_schema.h"
#include "dynamodb/table.h"
#include "utils/memutils.h"

/* Pauses between looks: short at first, for emulators; then the SDKs' pace. */
#define POLL_FIRST_US (20 * 1000)
#define POLL_MAX_US (5 * 1000 * 1000)

/* DynamoDB promises nothing; the SDKs' waiters give up after 8 to 10 minutes. */
#define WAIT_MAX_US (INT64CONST(15) * 60 * 1000 * 1000)

/* How far the corrected clock may be off: Date headers are in whole seconds. */
#define CLOCK_TOLERANCE_S 5

typedef enum TableStatus
{
	TABLE_ABSENT,
	TABLE_ACTIVE,
	TABLE_CHANGING
} TableStatus;

/*
 * addb_table_call - a call about a table, done
 *
 * members are those of the request behind TableName, each with a comma in
 * front. arguments as in AddbRequest. What is palloc'd for the request must
 * live as long as the call, which belongs to the current context.
 */
AddbCall *
addb_table_call(const AddbOperation *operation, const char *table,
				const char *members, const char *arguments)
{
	AddbRequest request = {
		.operation = operation,
		.table = table,
		.kind = ADDB_WRITE_LOOKED_UP,
		.arguments = arguments
	};
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"TableName\":");
	addb_av_append_string(&body, table, (int) strlen(table));
	appendStringInfo(&body, "%s}", members);
	request.body = body.data;
	request.body_len = body.len;
	return addb_client_call(&request, CurrentMemoryContext);
}

/* What DescribeTable says of a table. */
typedef struct TableDescription
{
	TableStatus status;			/* of it and all its indexes */
	double		created;		/* seconds since 1970, 0 if not told */
} TableDescription;

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

/* The description in a reply; raises 08P01 when there is none. */
static TableDescription
read_description(AddbCall *call)
{
	TableDescription description = {TABLE_ABSENT, 0};
	AddbJsonSlice created = {0};
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice status = {0};
	bool		active = true;

	if (addb_json_object_start(&cursor) && addb_json_object_next(&cursor, &name) &&
		addb_json_slice_is(&name, "Table") && addb_json_object_start(&cursor))
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
	active &= addb_json_slice_is(&status, "ACTIVE");
	description.status = active ? TABLE_ACTIVE : TABLE_CHANGING;
	if (created.len > 0)
		description.created = strtod(pnstrdup(created.data, created.len), NULL);
	return description;
}

/* Asks for the description; false, with the call, when that is refused. */
static bool
describe(const char *table, AddbCall **call, TableDescription *description)
{
	*call = addb_table_call(&addb_describe_table, table, "", "\"table_name\"");
	if (addb_call_failed_with(*call, "ResourceNotFoundException"))
		*description = (TableDescription) {TABLE_ABSENT, 0};
	else if (!addb_call_succeeded(*call))
		return false;
	else
		*description = read_description(*call);
	addb_call_release(*call);
	return true;
}

/* Of an error in a wait: that does not end what is waited for. */
static void
add_create_context(void *arg)
{
	errcontext("DynamoDB table \"%s\": goes on being created", (const char *) arg);
}

static void
add_delete_context(void *arg)
{
	errcontext("DynamoDB table \"%s\": goes on being deleted", (const char *) arg);
}

static void
add_ttl_context(void *arg)
{
	errcontext("DynamoDB table \"%s\": has been created", (const char *) arg);
}

/* Looks at the table again and again. */
static void
watch(const char *table, TableStatus wanted)
{
	MemoryContext look = AllocSetContextCreate(CurrentMemoryContext,
											   "atomic_dynamodb table watch",
											   ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(look);
	int64		pause = POLL_FIRST_US;
	int64		waited = 0;

	for (;;)
	{
		TableDescription description;
		AddbCall   *call;

		if (!describe(table, &call, &description))
			addb_call_raise(call);
		if (description.status == wanted)
			break;
		if (waited >= WAIT_MAX_US)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("DynamoDB table \"%s\" did not become %s in time", table,
							wanted == TABLE_ACTIVE ? "ACTIVE" : "absent"),
					 errdetail("It was watched for 15 minutes, and the change may still be under way.")));
		addb_client_sleep(ADDB_HTTP_WAIT_POLL, pause);
		waited += pause;
		pause = Min(pause * 2, POLL_MAX_US);
		MemoryContextReset(look);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(look);
}

static void
wait_until(const char *table, TableStatus wanted)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = wanted == TABLE_ACTIVE ? add_create_context : add_delete_context,
		.arg = (void *) table
	};

	error_context_stack = &context;
	watch(table, wanted);
	error_context_stack = context.previous;
}

static void
enable_ttl(const AddbTableDefinition *definition)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_ttl_context,
		.arg = (void *) definition->table
	};

	error_context_stack = &context;
	addb_table_update_ttl(definition->table, definition->ttl, true, NULL);
	error_context_stack = context.previous;
}

static _Noreturn void
raise_exists(const AddbCall *call, const char *table)
{
	const char *request_id = addb_call_error(call)->request_id;

	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("DynamoDB table \"%s\" already exists", table),
			 errdetail("DynamoDB: ResourceInUseException%s%s.",
					   request_id ? ", request id " : "",
					   request_id ? request_id : "")));
}

/*
 * Raises that the table exists, unless it is the one that an attempt of ours
 * has made, whose answer was lost: then it is no older than the call. When that
 * cannot be seen, the outcome is unknown (08007).
 */
static void
accept_ours(const AddbCall *call, const char *table, int64 started)
{
	MemoryContext caller = CurrentMemoryContext;
	TableDescription description = {TABLE_ABSENT, 0};
	volatile bool seen = false;
	AddbCall   *look;

	if (!addb_call_was_unsettled(call))
		raise_exists(call, table);
	PG_TRY();
	{
		seen = describe(table, &look, &description);
	}
	PG_CATCH();
	{
		if (!addb_client_may_catch(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	if (!seen)
		addb_call_raise(call);
	if (description.status == TABLE_ABSENT ||
		description.created < started - CLOCK_TOLERANCE_S)
		raise_exists(call, table);
}

/*
 * addb_table_create - creates a table
 *
 * Returns when it and its indexes are ACTIVE and its time to live, if it has
 * one, is switched on. Raises 42P07 when it exists already, 55000 when it is
 * not ACTIVE after 15 minutes, and what addb_table_definition_members,
 * addb_table_check_ttl and calls raise.
 */
void
addb_table_create(const AddbTableDefinition *definition)
{
	const char *table = definition->table;
	char	   *members = addb_table_definition_members(definition);
	int64		started = addb_client_time();
	AddbCall   *call;

	if (definition->ttl != NULL)
		addb_table_check_ttl(definition->ttl, "ttl");
	call = addb_table_call(&addb_create_table, table, members,
						   "\"table_name\", \"partition_key\", \"sort_key\", \"global_indexes\", \"local_indexes\", \"read_units\" and \"write_units\"");
	if (addb_call_failed_with(call, "ResourceInUseException"))
		accept_ours(call, table, started);
	else if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_call_release(call);
	addb_key_schema_forget(table);
	wait_until(table, TABLE_ACTIVE);
	if (definition->ttl != NULL)
		enable_ttl(definition);
}

/*
 * addb_table_delete - deletes a table with all its items
 *
 * Returns when it is gone. Raises 42P01 when there is no such table, 55006
 * when it is being created or changed, 55000 when it is still there after 15
 * minutes, and what calls raise.
 */
void
addb_table_delete(const char *table)
{
	AddbCall   *call = addb_table_call(&addb_delete_table, table, "", "\"table_name\"");

	/* resent after a lost answer, it meets what it has done */
	if (!addb_call_succeeded(call) &&
		!(addb_call_was_unsettled(call) &&
		  (addb_call_failed_with(call, "ResourceNotFoundException") ||
		   addb_call_failed_with(call, "ResourceInUseException"))))
		addb_call_raise(call);
	addb_call_release(call);
	addb_key_schema_forget(table);
	wait_until(table, TABLE_ABSENT);
}
