/*
 * compile.c
 *	  Operations on entities to requests of DynamoDB: which method does what.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/compile.h"
#include "entity/error.h"

/*
 * addb_entity_table - the table of an operation on an entity
 *
 * That of its options, else the entity's. Raises error 2003 when there is none.
 */
const char *
addb_entity_table(const AddbEntityMember *member,
				  const AddbEntityOptions *options)
{
	if (options->table.data != NULL)
		return pnstrdup(options->table.data, options->table.len);
	if (member->table != NULL)
		return member->table;
	if (member->model->table.data == NULL)
		addb_entity_raise_hint(ADDB_ENTITY_NO_TABLE,
							   "Set atomic_dynamodb.\"table\", or register the entity with the argument \"table_name\".",
							   "entity \"%s\" has no table", addb_entity_quote(member->alias));
	return pnstrdup(member->model->table.data, member->model->table.len);
}

/*
 * addb_entity_request_begin - begins a body with the table, if there is one
 */
void
addb_entity_request_begin(AddbEntityRequest *request,
						  const AddbOperation *operation)
{
	request->operation = operation;
	if (request->table != NULL)
	{
		appendStringInfoString(&request->body, "{\"TableName\":");
		addb_av_append_string(&request->body, request->table,
							  (int) strlen(request->table));
	}
	request->members = request->body.len;
}

/*
 * addb_entity_request_close - completes the body of a request that will be sent
 */
void
addb_entity_request_close(AddbEntityRequest *request)
{
	if (request->start.data != NULL)
	{
		appendStringInfoString(&request->body, ",\"ExclusiveStartKey\":");
		appendBinaryStringInfo(&request->body, request->start.data,
							   request->start.len);
	}
	appendStringInfoChar(&request->body, '}');
}

static void
find_member(const AddbEntityService *service, AddbEntityRequest *request)
{
	AddbText	alias = request->action.entity;

	if (alias.data == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operation \"%s\" must name an entity",
						  addb_entity_method_name(request->action.method));
	request->member = addb_entity_service_find(service, alias.data, alias.len);
	if (request->member == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "there is no entity \"%s\"",
						  addb_entity_quote(alias));
}

/*
 * addb_entity_model_of - the model of a request, of a collection that of its entity i
 */
const AddbEntityModel *
addb_entity_model_of(const AddbEntityRequest *request, int i)
{
	return request->member != NULL ? request->member->model : request->participants[i]->model;
}

/*
 * addb_entity_add_context - a line of CONTEXT that tells an entity, an
 * AddbEntityMember; for callbacks of error contexts
 */
void
addb_entity_add_context(void *arg)
{
	const AddbEntityMember *member = arg;

	errcontext("entity \"%s\"", addb_entity_quote(member->alias));
}

static void
compile_single(AddbEntityRequest *request)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = addb_entity_add_context,
		.arg = unconstify(AddbEntityMember *, request->member)
	};

	error_context_stack = &context;
	request->table =
		addb_entity_table(request->member, &request->action.options);
	switch (request->action.method)
	{
		case ADDB_METHOD_PUT:
		case ADDB_METHOD_CREATE:
			addb_entity_compile_put(request);
			break;
		case ADDB_METHOD_UPSERT:
			addb_entity_compile_upsert(request);
			break;
		case ADDB_METHOD_UPDATE:
		case ADDB_METHOD_PATCH:
			addb_entity_compile_update(request);
			break;
		case ADDB_METHOD_QUERY:
			addb_entity_compile_query(request);
			break;
		case ADDB_METHOD_SCAN:
			addb_entity_compile_scan(request);
			break;
		default:
			addb_entity_compile_item(request);
	}
	error_context_stack = context.previous;
}

/*
 * addb_entity_compile_single - compiles an operation on one item
 *
 * The same on its own and as an item of a transaction. Raises as
 * addb_entity_compile.
 */
void
addb_entity_compile_single(const AddbEntityService *service,
						   AddbEntityRequest *request)
{
	find_member(service, request);
	if (request->action.method == ADDB_METHOD_CHECK && !request->in_transaction)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED,
						  "operation \"check\" is possible in a transaction only");
	compile_single(request);
}

/*
 * addb_entity_compile_action - compiles the operation that request->action is
 *
 * The rest of the request is zero. Its operation stays NULL when there is nothing
 * to send. Raises 22023 for an operation that makes no request, with ElectroDB's
 * number where it has one, and 23514 for values against the model.
 */
void
addb_entity_compile_action(const AddbEntityService *service,
						   AddbEntityRequest *request)
{
	initStringInfo(&request->body);
	switch (request->action.method)
	{
		case ADDB_METHOD_COLLECTION:
			addb_entity_compile_collection(request, service);
			break;
		case ADDB_METHOD_TRANSACT_WRITE:
		case ADDB_METHOD_TRANSACT_GET:
			addb_entity_compile_transaction(request, service);
			break;
		case ADDB_METHOD_BATCH_GET:
		case ADDB_METHOD_BATCH_PUT:
		case ADDB_METHOD_BATCH_DELETE:
			find_member(service, request);
			addb_entity_compile_batch(request);
			break;
		default:
			addb_entity_compile_single(service, request);
	}
}

/*
 * addb_entity_compile - compiles an operation: see operation.h for its form
 *
 * request is filled. Raises as addb_entity_compile_action, and 22023 for what is
 * no operation.
 */
void
addb_entity_compile(const AddbEntityService *service, JsonbContainer *operation,
					AddbEntityRequest *request)
{
	memset(request, 0, sizeof(AddbEntityRequest));
	if (!JsonContainerIsObject(operation))
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operation must be a JSON object");
	addb_entity_operation_read(operation, &request->action);
	addb_entity_compile_action(service, request);
}
