/*
 * table.c
 *	  Creating and deleting tables, and waiting until that is done.
 *
 * The service takes seconds to minutes; the waits are interruptible. After an
 * interrupt the table goes on being created or deleted.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/client.h"
#include "dynamodb/table.h"

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

static AddbCall *
call_with(const AddbOperation *operation, const char *table, StringInfo body)
{
	AddbRequest request = {
		.operation = operation,
		.table = table,
		.body = body->data,
		.body_len = body->len
	};

	return addb_client_call(&request, CurrentMemoryContext);
}

static void
start_body(StringInfo body, const char *table)
{
	initStringInfo(body);
	appendStringInfoString(body, "{\"TableName\":");
	addb_av_append_string(body, table, (int) strlen(table));
}

/* What DescribeTable says of a table. */
typedef struct TableDescription
{
	bool		active;
	double		created;		/* seconds since 1970, 0 if not told */
} TableDescription;

static TableDescription
read_description(const AddbCall *call)
{
	TableDescription description = {false, 0};
	AddbJsonSlice created = {0};
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice status = {0};

	if (addb_json_object_start(&cursor) && addb_json_object_next(&cursor, &name) &&
		addb_json_slice_is(&name, "Table") && addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (addb_json_slice_is(&name, "TableStatus"))
				addb_json_string(&cursor, &status);
			else if (addb_json_slice_is(&name, "CreationDateTime"))
				addb_json_skip(&cursor, &created);
			else
				addb_json_skip(&cursor, NULL);
		}
	if (cursor.failed || status.data == NULL)
		addb_call_raise_malformed(call);
	description.active = addb_json_slice_is(&status, "ACTIVE");
	if (created.len > 0)
		description.created = strtod(pnstrdup(created.data, created.len), NULL);
	return description;
}

/* *created, if not NULL, is when the table was created. */
static TableStatus
describe(const char *table, double *created)
{
	TableDescription description;
	StringInfoData body;
	AddbCall   *call;
	TableStatus status;

	start_body(&body, table);
	appendStringInfoChar(&body, '}');
	call = call_with(&addb_describe_table, table, &body);
	if (addb_call_failed_with(call, "ResourceNotFoundException"))
		status = TABLE_ABSENT;
	else if (!addb_call_succeeded(call))
		addb_call_raise(call);
	else
	{
		description = read_description(call);
		status = description.active ? TABLE_ACTIVE : TABLE_CHANGING;
		if (created != NULL)
			*created = description.created;
	}
	addb_call_release(call);
	pfree(body.data);
	return status;
}

static void
wait_until(const char *table, TableStatus wanted)
{
	int64		pause = POLL_FIRST_US;
	int64		waited = 0;

	while (describe(table, NULL) != wanted)
	{
		if (waited >= WAIT_MAX_US)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("DynamoDB table \"%s\" did not become %s in time", table,
							wanted == TABLE_ACTIVE ? "ACTIVE" : "absent"),
					 errdetail("It was watched for 15 minutes, and the change may still be under way.")));
		addb_client_sleep(pause);
		waited += pause;
		pause = Min(pause * 2, POLL_MAX_US);
	}
}

/* Lets DynamoDB delete items some time after their ttl has passed. */
static void
enable_ttl(const char *table)
{
	StringInfoData body;
	AddbCall   *call;

	start_body(&body, table);
	appendStringInfoString(&body,
						   ",\"TimeToLiveSpecification\":{\"AttributeName\":\"ttl\",\"Enabled\":true}}");
	call = call_with(&addb_update_time_to_live, table, &body);

	/* resent after a lost answer, it is refused as being on already */
	if (!addb_call_succeeded(call) &&
		!(addb_call_was_unsettled(call) &&
		  addb_call_failed_with(call, "ValidationException")))
		addb_call_raise(call);
	addb_call_release(call);
	pfree(body.data);
}

/*
 * Whether the table in the way is the one that an attempt of ours has made,
 * whose answer was lost: it is no older than the call.
 */
static bool
is_our_table(const AddbCall *call, const char *table, int64 started)
{
	double		created = 0;

	return addb_call_was_unsettled(call) &&
		describe(table, &created) != TABLE_ABSENT &&
		created >= started - CLOCK_TOLERANCE_S;
}

/*
 * addb_table_create - creates a table in the layout of atomic-dynamodb
 *
 * On-demand capacity, key pk and sk of type S, time to live by the attribute
 * ttl. Returns when it is ACTIVE. Raises 42P07 when it exists already, 55000
 * when it is not ACTIVE after 15 minutes, and what calls raise.
 */
void
addb_table_create(const char *table)
{
	StringInfoData body;
	AddbCall   *call;
	int64		started = addb_client_time();

	start_body(&body, table);
	appendStringInfoString(&body,
						   ",\"AttributeDefinitions\":["
						   "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
						   "{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],"
						   "\"KeySchema\":["
						   "{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
						   "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
						   "\"BillingMode\":\"PAY_PER_REQUEST\"}");
	call = call_with(&addb_create_table, table, &body);

	if (addb_call_failed_with(call, "ResourceInUseException") &&
		!is_our_table(call, table, started))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("DynamoDB table \"%s\" already exists", table),
				 errdetail("DynamoDB: ResourceInUseException%s%s.",
						   addb_call_error(call)->request_id ? ", request id " : "",
						   addb_call_error(call)->request_id ? addb_call_error(call)->request_id : "")));
	if (!addb_call_succeeded(call) &&
		!addb_call_failed_with(call, "ResourceInUseException"))
		addb_call_raise(call);
	addb_call_release(call);
	pfree(body.data);
	wait_until(table, TABLE_ACTIVE);
	enable_ttl(table);
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
	StringInfoData body;
	AddbCall   *call;

	start_body(&body, table);
	appendStringInfoChar(&body, '}');
	call = call_with(&addb_delete_table, table, &body);

	/* resent after a lost answer, it meets what it has done */
	if (!addb_call_succeeded(call) &&
		!(addb_call_was_unsettled(call) &&
		  (addb_call_failed_with(call, "ResourceNotFoundException") ||
		   addb_call_failed_with(call, "ResourceInUseException"))))
		addb_call_raise(call);
	addb_call_release(call);
	pfree(body.data);
	wait_until(table, TABLE_ABSENT);
}
