/*
 * raw_call.c
 *	  Any operation of DynamoDB's API with its own JSON.
 *
 * What is not known to be a read counts as a write, so that an operation which
 * DynamoDB has invented since is treated with care: it is not allowed in a
 * read-only transaction, and never sent again while its outcome is unknown.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/client.h"
#include "dynamodb/key_schema.h"
#include "dynamodb/partiql.h"
#include "dynamodb/raw_call.h"
#include "dynamodb/stats.h"

/* The largest class of operation.c: 16 MB of a batch as typed JSON. */
#define MAX_RESPONSE ((size_t) 256 * 1024 * 1024)

/* By the service model; a TableName may be an ARN. */
#define TABLE_MAX_CHARS 1024

/*
 * All operations of the API of 2012-08-10 that change nothing. Statements of
 * PartiQL may read or write, so their operations are not here.
 */
static const char *const reads[] = {
	"BatchGetItem",
	"DescribeBackup",
	"DescribeContinuousBackups",
	"DescribeContributorInsights",
	"DescribeEndpoints",
	"DescribeExport",
	"DescribeGlobalTable",
	"DescribeGlobalTableSettings",
	"DescribeImport",
	"DescribeKinesisStreamingDestination",
	"DescribeLimits",
	"DescribeTable",
	"DescribeTableReplicaAutoScaling",
	"DescribeTimeToLive",
	"GetItem",
	"GetResourcePolicy",
	"ListBackups",
	"ListContributorInsights",
	"ListExports",
	"ListGlobalTables",
	"ListImports",
	"ListTables",
	"ListTagsOfResource",
	"Query",
	"Scan",
	"TransactGetItems"
};

static bool
is_read(const char *operation)
{
	for (int i = 0; i < lengthof(reads); i++)
		if (strcmp(reads[i], operation) == 0)
			return true;
	return false;
}

static void
check_operation(const char *operation, int len)
{
	int			i = 0;

	while (i < len && ((operation[i] >= 'A' && operation[i] <= 'Z') ||
					   (operation[i] >= 'a' && operation[i] <= 'z')))
		i++;
	if (i < len || len < 1 || len > ADDB_OPERATION_MAX_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"operation\" is not the name of an operation"),
				 errdetail("A name has 1 to %d letters, such as \"UpdateTable\".",
						   ADDB_OPERATION_MAX_LEN)));
}

/* Whether a statement of PartiQL can read more than one item. */
static bool
statement_may_scan(const AddbJsonSlice *statement)
{
	char	   *text = addb_json_to_cstring(statement);

	return text == NULL || !addb_partiql_is_write(text, strlen(text));
}

/*
 * What must be known of the request. It is looked for in the JSON that is sent,
 * in which a name may stand twice: of the table, the last is taken; of the
 * statements, every one counts.
 */
static void
look_into_request(AddbRawCall *raw)
{
	AddbJsonCursor cursor = addb_json_cursor(raw->body.data, raw->body.len);
	AddbJsonSlice name;
	AddbJsonSlice text;
	bool		has_statement =
		pg_strcasecmp(raw->operation.name, "ExecuteStatement") == 0;

	raw->table = NULL;
	raw->may_scan = pg_strcasecmp(raw->operation.name, "Scan") == 0;
	addb_json_object_start(&cursor);
	while (addb_json_object_next(&cursor, &name))
	{
		if (addb_json_peek(&cursor) != ADDB_JSON_STRING)
		{
			addb_json_skip(&cursor, NULL);
			continue;
		}
		addb_json_string(&cursor, &text);
		if (addb_json_slice_is(&name, "TableName"))
			raw->table = addb_error_text(text.data, text.len, TABLE_MAX_CHARS);
		else if (has_statement && addb_json_slice_is(&name, "Statement"))
			raw->may_scan |= statement_may_scan(&text);
	}
	Assert(!cursor.failed);
}

/*
 * addb_raw_call_build - makes a request of the arguments "operation", "request"
 *
 * len is the length of operation. The members of request are the API's, with
 * its typed values. All that is built is palloc'd. Raises 22023 when operation
 * cannot be a name or request is no object.
 */
void
addb_raw_call_build(AddbRawCall *raw, const char *operation, int len,
					Jsonb *request)
{
	check_operation(operation, len);
	raw->operation.name = pnstrdup(operation, len);
	raw->operation.is_write = !is_read(raw->operation.name);
	raw->operation.max_response = MAX_RESPONSE;
	initStringInfo(&raw->body);
	addb_av_encode_document(&raw->body, request, "request");
	if (raw->body.data[0] != '{')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"request\" must be a JSON object"),
				 errhint("Its members are those of DynamoDB's API, such as {\"TableName\": \"orders\"}.")));
	look_into_request(raw);
}

/* Counts what the reply says of its cost, if it does in the form known. */
static void
take_capacity(AddbCall *call)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	bool		counted = false;

	if (addb_json_object_start(&cursor))
		while (!counted && addb_json_object_next(&cursor, &name))
		{
			AddbJsonCursor value = cursor;

			if (addb_json_slice_is(&name, "ConsumedCapacity"))
				counted = addb_stats_take_capacity(call, &value, NULL);
			addb_json_skip(&cursor, NULL);
		}
	if (!counted)
		addb_call_consumed(call, 0);
}

/* Of a write whose reply cannot be returned. */
static void
add_done_context(void *arg)
{
	const AddbRawCall *raw = arg;

	if (raw->operation.is_write)
		errcontext("DynamoDB %s: has been carried out", raw->operation.name);
}

/* The reply as jsonb, palloc'd. */
static Jsonb *
decode_reply(const AddbRawCall *raw, AddbCall *call)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonbValue value;
	Jsonb	   *reply;
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_done_context,
		.arg = (void *) raw
	};

	error_context_stack = &context;
	addb_jsonb_start();
	if (!addb_av_decode_document(body, len, &value))
	{
		error_context_stack = context.previous;
		addb_call_raise_malformed(call);
	}
	reply = addb_jsonb_finish(value);
	error_context_stack = context.previous;
	return reply;
}

/*
 * addb_raw_call_run - sends the request and returns the reply, palloc'd
 *
 * The caller has made sure that it may write or scan. What DynamoDB leaves
 * undone without an error (UnprocessedItems, the Error of a statement) is in the
 * reply. Raises what calls raise, and what addb_av_decode_document raises: of a
 * write with a context that says that it has been carried out.
 */
Jsonb *
addb_raw_call_run(const AddbRawCall *raw)
{
	AddbRequest request = {
		.operation = &raw->operation,
		.table = raw->table,
		.body = raw->body.data,
		.body_len = raw->body.len,
		.kind = ADDB_WRITE_ONCE,
		.arguments = "\"operation\" and \"request\""
	};
	AddbCall   *call = addb_client_call(&request, CurrentMemoryContext);
	Jsonb	   *reply;

	/* it may have made or dropped the table */
	if (raw->operation.is_write && raw->table != NULL)
		addb_key_schema_forget(raw->table);
	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	take_capacity(call);
	reply = decode_reply(raw, call);
	addb_call_release(call);
	return reply;
}
