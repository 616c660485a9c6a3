/*
 * table_item.c
 *	  GetItem, PutItem, UpdateItem and DeleteItem on any table.
 *
 * What becomes of a write whose answer is lost goes by its kind: see outcome.c.
 * Whatever does more when it is made twice, such as ADD, or tells of its own
 * first effect, as the values before the write do, is of the kind that is sent
 * once, or as a transaction.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/expression.h"
#include "dynamodb/item_size.h"
#include "dynamodb/key.h"
#include "dynamodb/request.h"
#include "dynamodb/single_transaction.h"
#include "dynamodb/stats.h"
#include "dynamodb/table_item.h"

static const char *const return_value_names[] = {
	[ADDB_RETURN_NONE] = "NONE",
	[ADDB_RETURN_ALL_OLD] = "ALL_OLD",
	[ADDB_RETURN_UPDATED_OLD] = "UPDATED_OLD",
	[ADDB_RETURN_ALL_NEW] = "ALL_NEW",
	[ADDB_RETURN_UPDATED_NEW] = "UPDATED_NEW"
};

/*
 * The member of this name of a reply as jsonb, NULL when it is absent; counts
 * what the call has consumed.
 */
static Jsonb *
read_reply(AddbCall *call, const char *member)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	Jsonb	   *result = NULL;
	bool		intact = addb_json_object_start(&cursor);

	while (intact && addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, member))
		{
			result = addb_reply_item(call, &cursor);
			intact = result != NULL;
		}
		else if (addb_json_slice_is(&name, "ConsumedCapacity"))
			intact = addb_stats_take_capacity(call, &cursor, NULL);
		else
			intact = addb_json_skip(&cursor, NULL);
	}
	if (!intact || cursor.failed)
		addb_call_raise_malformed(call);
	return result;
}

/* The item or key in a request's body, which the service may find wrong. */
typedef struct Subject
{
	const char *argument;
	AddbKeyHolder holder;
	int			start;			/* in the body */
	int			len;
} Subject;

/*
 * Raises 22023 or 54000 when it is the key that the service has refused: it does
 * not say so, but its schema does.
 */
static void
explain_refusal(const AddbCall *call, const char *table, StringInfo body,
				const Subject *subject)
{
	AddbPlace	place = {subject->argument, 0};
	const AddbKeySchema *schema;
	StringInfoData identity;

	if (!addb_call_failed_with(call, "ValidationException") ||
		addb_call_was_unsettled(call))
		return;
	schema = addb_key_schema_look(table);
	if (schema == NULL)
		return;
	initStringInfo(&identity);
	addb_key_check(schema, subject->holder, body->data + subject->start,
				   subject->len, &place, &identity);
	pfree(identity.data);
}

static void
append_key(StringInfo body, Jsonb *key, Subject *subject)
{
	appendStringInfoString(body, ",\"Key\":");
	subject->argument = "key";
	subject->holder = ADDB_HOLDER_KEY;
	subject->start = body->len;
	addb_av_encode_map(body, key, "key");
	subject->len = body->len - subject->start;
}

/* An item that is too large is refused here. */
static void
append_item(StringInfo body, Jsonb *item, Subject *subject)
{
	AddbPlace	place = {"item"};

	appendStringInfoString(body, ",\"Item\":");
	subject->argument = "item";
	subject->holder = ADDB_HOLDER_ITEM;
	subject->start = body->len;
	addb_av_encode_map(body, item, "item");
	subject->len = body->len - subject->start;
	addb_item_check_size(body->data + subject->start, subject->len, &place);
}

/*
 * addb_table_item_get - reads one item; NULL when there is none
 *
 * Palloc'd. Raises 22023, 42601 and 54000 for arguments that make no request,
 * and what calls raise.
 */
Jsonb *
addb_table_item_get(const AddbItemRead *read)
{
	StringInfoData body;
	AddbExpressions *expressions = addb_expressions_begin(read->names, NULL);
	AddbRequest request = {
		.operation = &addb_get_item,
		.table = read->table,
		.arguments = "\"table_name\", \"key\" and \"projection\""
	};
	Subject		subject;
	AddbCall   *call;
	Jsonb	   *item;

	addb_request_begin(&body, read->table);
	append_key(&body, read->key, &subject);
	if (read->projection.data != NULL)
		addb_expressions_add(expressions, ADDB_PROJECTION, "projection",
							 read->projection.data, read->projection.len, &body);
	addb_expressions_finish(expressions, &body);
	if (read->consistent)
		appendStringInfoString(&body, ",\"ConsistentRead\":true");
	addb_request_end(&request, &body);
	call = addb_client_call(&request, CurrentMemoryContext);
	if (!addb_call_succeeded(call))
	{
		explain_refusal(call, read->table, &body, &subject);
		addb_call_raise(call);
	}
	item = read_reply(call, "Item");
	addb_stats.items_read += item != NULL;
	addb_call_release(call);
	pfree(body.data);
	return item;
}

static AddbWriteKind
kind_of(const AddbItemWrite *write, const AddbExpressions *expressions)
{
	if (write->return_values == ADDB_RETURN_ALL_OLD ||
		write->return_values == ADDB_RETURN_UPDATED_OLD ||
		(write->update.data != NULL &&
		 !addb_expressions_update_is_idempotent(expressions)))
		return ADDB_WRITE_ONCE;
	return write->condition.data != NULL ? ADDB_WRITE_CONDITIONAL
		: ADDB_WRITE_IDEMPOTENT;
}

/*
 * addb_table_item_write - puts, updates or deletes one item
 *
 * Returns the attributes that write->return_values asks for, palloc'd, or NULL.
 * Raises 23000 when the condition is not met, with the item that is stored in
 * the DETAIL; 22023, 42601 and 54000 for arguments that make no request; and
 * what calls raise.
 */
Jsonb *
addb_table_item_write(const AddbItemWrite *write)
{
	StringInfoData body;
	AddbExpressions *expressions = addb_expressions_begin(write->names, write->values);
	AddbRequest request = {.operation = write->operation, .table = write->table};
	Subject		subject;
	AddbCall   *call;
	Jsonb	   *attributes;

	addb_request_begin(&body, write->table);
	if (write->item != NULL)
		append_item(&body, write->item, &subject);
	else
		append_key(&body, write->key, &subject);
	if (write->update.data != NULL)
		addb_expressions_add(expressions, ADDB_UPDATE, "update",
							 write->update.data, write->update.len, &body);
	if (write->condition.data != NULL)
	{
		addb_expressions_add(expressions, ADDB_CONDITION, "condition",
							 write->condition.data, write->condition.len, &body);
		appendStringInfoString(&body, ",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"");
	}
	addb_expressions_finish(expressions, &body);
	if (write->return_values != ADDB_RETURN_NONE)
		appendStringInfo(&body, ",\"ReturnValues\":\"%s\"",
						 return_value_names[write->return_values]);
	addb_request_end(&request, &body);
	request.kind = kind_of(write, expressions);
	request.arguments = write->item != NULL ? "\"table_name\", \"item\", \"condition\" and \"vals\""
		: write->update.data != NULL ? "\"table_name\", \"key\", \"update\", \"condition\" and \"vals\""
		: "\"table_name\", \"key\", \"condition\" and \"vals\"";
	call = addb_single_call(&request, CurrentMemoryContext);
	if (!addb_call_succeeded(call))
	{
		explain_refusal(call, write->table, &body, &subject);
		addb_call_raise(call);
	}
	attributes = read_reply(call, "Attributes");
	addb_stats.items_written++;
	addb_call_release(call);
	pfree(body.data);
	return attributes;
}
