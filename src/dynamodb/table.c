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
#include "dynamodb/table_look.h"
#include "utils/memutils.h"

/* Pauses between looks: short at first, for emulators; then the SDKs' pace. */
#define POLL_FIRST_US (20 * 1000)
#define POLL_MAX_US (5 * 1000 * 1000)

/* DynamoDB promises nothing; the SDKs' waiters give up after 8 to 10 minutes. */
#define WAIT_MAX_US (INT64CONST(15) * 60 * 1000 * 1000)

/* How far the corrected clock may be off: Date headers are in whole seconds. */
#define CLOCK_TOLERANCE_S 5

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
watch(const char *table, AddbTableStatus wanted)
{
	MemoryContext look = AllocSetContextCreate(CurrentMemoryContext,
											   "atomic_dynamodb table watch",
											   ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(look);
	int64		pause = POLL_FIRST_US;
	int64		waited = 0;

	for (;;)
	{
		AddbTableDescription description;
		AddbCall   *call;

		if (!addb_table_look(table, &call, &description))
			addb_call_raise(call);
		if (description.status == wanted)
			break;
		if (waited >= WAIT_MAX_US)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("DynamoDB table \"%s\" did not become %s in time", table,
							wanted == ADDB_TABLE_ACTIVE ? "ACTIVE" : "absent"),
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
wait_until(const char *table, AddbTableStatus wanted)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = wanted == ADDB_TABLE_ACTIVE ? add_create_context : add_delete_context,
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

/* Raises that there is a table of this name, which is not of our making. */
static _Noreturn void
raise_exists(const AddbCall *call, const char *table, const char *detail)
{
	const char *request_id = addb_call_error(call) != NULL ?
		addb_call_error(call)->request_id : NULL;

	if (detail == NULL)
		detail = psprintf("DynamoDB: ResourceInUseException%s%s.",
						  request_id ? ", request id " : "",
						  request_id ? request_id : "");
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("DynamoDB table \"%s\" already exists", table),
			 errdetail_internal("%s", detail)));
}

static bool
tells_creation(const AddbTableDescription *description)
{
	return description->status != ADDB_TABLE_ABSENT;
}

/*
 * Finds out whether the table that is there is the one that an attempt of ours
 * has made, whose answer was lost: then it is as was asked for, and no older than
 * the call, which began at the moment began of addb_http_now. Raises 42P07 when it
 * is another, and 08007 when that cannot be told.
 */
static void
accept_ours(AddbCall *call, const AddbTableDefinition *definition,
			const char *members, int64 began)
{
	const char *table = definition->table;
	AddbTableDescription found;
	char	   *shape = addb_table_shape(members, strlen(members));
	double		started;

	if (!addb_table_look_after(call, table, tells_creation, &found) ||
		found.status == ADDB_TABLE_ABSENT)
		addb_call_raise(call);

	/* only now, for the first answer may be the one that told the time */
	started = addb_client_time() - (addb_http_now() - began) / 1e6;
	if (found.created > 0 && found.created < started - CLOCK_TOLERANCE_S)
		raise_exists(call, table, "It is older than the request whose answer was lost.");
	if (found.shape != NULL && strcmp(found.shape, shape) != 0)
		raise_exists(call, table, "Somebody else has created it meanwhile: its keys, indexes or billing are not those that were asked for.");
	if (found.shape == NULL || found.created <= 0)
		addb_call_raise(call);
}

/*
 * addb_table_create - creates a table
 *
 * Returns when it and its indexes are ACTIVE and its time to live, if it has
 * one, is switched on. Raises 42P07 when there is another of this name, 08007
 * when answers were lost and looking does not tell whether it was created, 55000
 * when it is not ACTIVE after 15 minutes, and what addb_table_definition_members,
 * addb_table_check_ttl and calls raise.
 */
void
addb_table_create(const AddbTableDefinition *definition)
{
	const char *table = definition->table;
	char	   *members = addb_table_definition_members(definition);
	int64		began = addb_http_now();
	AddbCall   *call;

	if (definition->ttl != NULL)
		addb_table_check_ttl(definition->ttl, "ttl");
	call = addb_table_call(&addb_create_table, table, members,
						   "\"table_name\", \"partition_key\", \"sort_key\", \"global_indexes\", \"local_indexes\", \"read_units\" and \"write_units\"");
	addb_key_schema_forget(table);
	if (addb_call_outcome_unknown(call))
		accept_ours(call, definition, psprintf("{%s}", members + 1), began);
	else if (addb_call_failed_with(call, "ResourceInUseException"))
		raise_exists(call, table, NULL);
	else if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_call_release(call);
	wait_until(table, ADDB_TABLE_ACTIVE);
	if (definition->ttl != NULL)
		enable_ttl(definition);
}

/* Raises 42P01 when there is no such table, and what calls raise. */
static void
check_exists(const char *table)
{
	AddbCall   *call = addb_table_call(&addb_describe_table, table, "", "\"table_name\"");

	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_call_release(call);
}

static bool
tells_deletion(const AddbTableDescription *description)
{
	return description->status == ADDB_TABLE_ABSENT ||
		description->status == ADDB_TABLE_DELETING;
}

/*
 * addb_table_delete - deletes a table with all its items
 *
 * It is looked at before, for a table that is gone after a lost answer may never
 * have been there. Returns when it is gone, whoever else may have deleted it
 * meanwhile. Raises 42P01 when there is no such table, 55006 when it is being
 * created or changed, 08007 when answers were lost and it is seen to be there
 * still, 55000 when it is there after 15 minutes, and what calls raise.
 */
void
addb_table_delete(const char *table)
{
	AddbTableDescription found;
	AddbCall   *call;

	check_exists(table);
	call = addb_table_call(&addb_delete_table, table, "", "\"table_name\"");
	addb_key_schema_forget(table);
	if (!addb_call_succeeded(call) &&
		!(addb_call_outcome_unknown(call) &&
		  addb_table_look_after(call, table, tells_deletion, &found) &&
		  tells_deletion(&found)))
		addb_call_raise(call);
	addb_call_release(call);
	wait_until(table, ADDB_TABLE_ABSENT);
}
