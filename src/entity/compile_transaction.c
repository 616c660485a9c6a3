/*
 * compile_transaction.c
 *	  transactWrite and transactGet: operations on single items, joined.
 */
#include "postgres.h"

#include "dynamodb/token.h"
#include "entity/error.h"
#include "entity/request_parts.h"

/* By DynamoDB's API. */
#define MAX_ITEMS 100

/* What a method is called in a transaction; NULL: it cannot be in one. */
static const char *const write_names[] = {
	[ADDB_METHOD_PUT] = "Put",
	[ADDB_METHOD_CREATE] = "Put",
	[ADDB_METHOD_UPSERT] = "Update",
	[ADDB_METHOD_GET] = NULL,
	[ADDB_METHOD_DELETE] = "Delete",
	[ADDB_METHOD_REMOVE] = "Delete",
	[ADDB_METHOD_UPDATE] = "Update",
	[ADDB_METHOD_PATCH] = "Update",
	[ADDB_METHOD_CHECK] = "ConditionCheck",
};

static void
name_item(void *arg)
{
	errcontext("item %d of the transaction", *(int *) arg);
}

static const char *
item_name(AddbEntityMethod method, bool write)
{
	const char *name =
		write && method < lengthof(write_names) ? write_names[method] :
		!write && method == ADDB_METHOD_GET ? "Get" : NULL;

	if (name == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operation \"%s\" cannot be in a transaction that %s",
						  addb_entity_method_name(method), write ? "writes" : "reads");
	return name;
}

static void
compile_item(const AddbEntityService *service, const JsonbValue *value,
			 bool write, AddbEntityRequest *item)
{
	AddbEntityOptions *options = &item->action.options;

	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "items of a transaction must be objects");
	addb_entity_operation_read(value->val.binary.data, &item->action);
	item->in_transaction = true;
	options->consistent = false;
	if (options->response > ADDB_RESPONSE_ALL_OLD)
		addb_entity_raise(ADDB_ENTITY_BAD_OPTION,
						  "option \"response\" must be none or all_old in a transaction");
	(void) item_name(item->action.method, write);
	initStringInfo(&item->body);
	addb_entity_compile_single(service, item);
}

static void
append_item(AddbEntityRequest *request, const AddbEntityRequest *item,
			bool write)
{
	appendStringInfo(&request->body, "{\"%s\":", item_name(item->action.method, write));
	appendBinaryStringInfo(&request->body, item->body.data, item->body.len);
	appendStringInfoString(&request->body, "}}");
}

/* Compiles every item, so that nothing is sent if one of them is wrong. */
static void
append_items(AddbEntityRequest *request, const AddbEntityService *service,
			 bool write)
{
	ErrorContextCallback context;
	int			ordinal = 1;

	context.callback = name_item;
	context.arg = &ordinal;
	context.previous = error_context_stack;
	error_context_stack = &context;
	appendStringInfoString(&request->body, "{\"TransactItems\":[");
	for (int i = 0; i < request->nitems; i++)
	{
		ordinal = i + 1;
		compile_item(service,
					 getIthJsonbValueFromContainer(request->action.items, i),
					 write, &request->items[i]);
		appendStringInfoString(&request->body, i > 0 ? "," : "");
		append_item(request, &request->items[i], write);
	}
	appendStringInfoChar(&request->body, ']');
	error_context_stack = context.previous;
}

/*
 * addb_entity_compile_transaction - compiles transactWrite or transactGet
 *
 * An empty list makes no request. Errors are those of the items, with their
 * ordinals in the context; 54000 for more items than a transaction takes.
 */
void
addb_entity_compile_transaction(AddbEntityRequest *request,
								const AddbEntityService *service)
{
	bool		write = request->action.method == ADDB_METHOD_TRANSACT_WRITE;
	AddbText	token = request->action.options.token;

	if (request->action.items == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operation \"%s\" must have the array \"items\"",
						  addb_entity_method_name(request->action.method));
	request->nitems = JsonContainerSize(request->action.items);
	if (request->nitems > MAX_ITEMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("transaction has too many items"),
				 errdetail("It has %d; DynamoDB takes %d.", request->nitems, MAX_ITEMS)));
	if (request->nitems == 0)
		return;
	request->items = palloc0(request->nitems * sizeof(AddbEntityRequest));
	request->operation =
		write ? &addb_transact_write_items : &addb_transact_get_items;
	append_items(request, service, write);
	if (write && token.len > 0)
	{
		appendStringInfoString(&request->body, ",\"ClientRequestToken\":");
		addb_token_append(&request->body, token.data, token.len, NULL);
	}
}
