/*
 * entity_params.c
 *	  ddb_params: the request that an operation on entities becomes.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/token.h"
#include "functions/args.h"
#include "functions/entity_call.h"
#include "functions/entity_transact.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

ADDB_FUNCTION(addb_fn_params);

/* {"operation": ..., "request": ...}; a string that text cannot hold is a form $s */
static Datum
show(const char *operation, const char *request, int len)
{
	StringInfoData text;
	AddbJsonbValue value;

	initStringInfo(&text);
	appendStringInfo(&text, "{\"operation\":\"%s\",\"request\":", operation);
	appendBinaryStringInfo(&text, request, len);
	appendStringInfoChar(&text, '}');
	addb_jsonb_start();
	if (!addb_av_decode_document(text.data, text.len, &value))
		elog(ERROR, "request is no JSON");
	return JsonbPGetDatum(addb_jsonb_finish(value));
}

/* As in transact.c, but for the name of the argument. */
static const AddbTransactKind writing = {
	&addb_transact_write_items, "action", "action", NULL
};
static const AddbTransactKind reading = {
	&addb_transact_get_items, "action", "get", NULL
};

static bool
has_member(JsonbContainer *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), value) != NULL;
}

/* How an action is written. */
typedef enum Language
{
	LANGUAGE_METHOD,			/* as operation.h has it */
	LANGUAGE_WRITE,				/* as ddb_transact_write takes it */
	LANGUAGE_GET				/* as ddb_transact_get takes it */
} Language;

/* That of one object; name is what messages call it. */
static Language
language_of(JsonbContainer *object, const char *name)
{
	JsonbValue	op;
	JsonbValue	ignored;
	bool		has_op = has_member(object, "op", &op);
	bool		has_method = has_member(object, "method", &ignored);

	if (has_op && has_method)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has both \"op\" and \"method\"", name),
				 errhint("A transaction's actions have \"op\", ElectroDB's operations have \"method\".")));
	if (has_method)
		return LANGUAGE_METHOD;
	if (has_op)
		return op.type == jbvString && op.val.string.len == 3 &&
			memcmp(op.val.string.val, "get", 3) == 0 ? LANGUAGE_GET : LANGUAGE_WRITE;
	if (!has_member(object, "key", &ignored))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no \"method\" and no \"op\"", name),
				 errhint("Give it one of ElectroDB's methods, or the \"op\" of a transaction's action; without both it is a get, by its \"key\".")));
	return LANGUAGE_GET;
}

/* That of a list, whose elements must have the same. */
static Language
language_of_list(Jsonb *list)
{
	Language	language = LANGUAGE_METHOD;

	if (JB_ROOT_COUNT(list) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"action\" is an empty array"),
				 errdetail("A transaction without actions sends nothing.")));
	for (int i = 0; i < JB_ROOT_COUNT(list); i++)
	{
		const JsonbValue *element = getIthJsonbValueFromContainer(&list->root, i);
		Language	own;

		if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of argument \"action\" is not an object", i + 1)));
		own = language_of(element->val.binary.data, psprintf("element %d", i + 1));
		if (i > 0 && own != language)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("elements 1 and %d of argument \"action\" cannot be in one transaction", i + 1),
					 own == LANGUAGE_METHOD || language == LANGUAGE_METHOD ?
					 errdetail("One has \"method\" and the other has not.") :
					 errdetail("One reads and the other writes.")));
		language = own;
	}
	return language;
}

static void
refuse_token(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s takes no token", what),
			 errdetail("Argument \"token\" is for transactions that write.")));
}

/* Actions as ddb_transact_write or ddb_transact_get take them. */
static Datum
show_actions(FunctionCallInfo fcinfo, const AddbTransactKind *kind, Jsonb *actions,
			 AddbText token)
{
	AddbTransaction transaction;
	StringInfoData body;

	addb_transact_build(&transaction, kind, addb_transact_compilers, fcinfo, actions);
	if (token.data != NULL && !kind->operation->is_write)
		refuse_token("a transaction that reads");
	initStringInfo(&body);
	appendStringInfoString(&body, "{\"TransactItems\":[");
	appendBinaryStringInfo(&body, transaction.items.data, transaction.items.len);
	appendStringInfoChar(&body, ']');
	if (token.data != NULL)
	{
		appendStringInfoString(&body, ",\"ClientRequestToken\":");
		addb_token_append(&body, token.data, token.len, transaction.preface);
	}
	appendStringInfoChar(&body, '}');
	PG_RETURN_DATUM(show(transaction.kind->operation->name, body.data, body.len));
}

/* A list of operations as one, transactGet if its first one reads. */
static void
join_operations(Jsonb *list, AddbEntityOperation *operation)
{
	JsonbValue	method;

	addb_entity_operation_init(operation);
	(void) has_member(getIthJsonbValueFromContainer(&list->root, 0)->val.binary.data,
					  "method", &method);
	operation->method = method.type == jbvString && method.val.string.len == 3 &&
		memcmp(method.val.string.val, "get", 3) == 0 ? ADDB_METHOD_TRANSACT_GET
		: ADDB_METHOD_TRANSACT_WRITE;
	operation->items = &list->root;
}

/* The entities that the items of a transaction name; each by its reference. */
static AddbEntityService
find_all(AddbRegistry *registry, JsonbContainer *items)
{
	int			n = items == NULL ? 0 : JsonContainerSize(items);
	AddbEntityMember *members = palloc((n + 1) * sizeof(AddbEntityMember));
	AddbEntityService service = {members, 0};

	for (int i = 0; i < n; i++)
	{
		const JsonbValue *item = getIthJsonbValueFromContainer(items, i);
		JsonbValue	name;

		if (item->type != jbvBinary || !JsonContainerIsObject(item->val.binary.data) ||
			getKeyJsonValueFromContainer(item->val.binary.data, "entity", 6, &name) == NULL ||
			name.type != jbvString)
			continue;
		members[service.nmembers++] =
			*addb_registry_find(registry, (AddbText) {name.val.string.val, name.val.string.len});
	}
	return service;
}

static AddbEntityService
find_service(AddbRegistry *registry, const AddbEntityOperation *operation)
{
	AddbEntityService service = {NULL, 0};

	if (operation->method == ADDB_METHOD_COLLECTION)
	{
		if (operation->service.data == NULL || operation->collection.data == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a collection must be named by \"service\" and \"collection\"")));
		return addb_registry_collection(registry, operation->service,
										operation->collection);
	}
	if (operation->method >= ADDB_METHOD_TRANSACT_WRITE)
		return find_all(registry, operation->items);
	if (operation->entity.data != NULL)
	{
		service.members = addb_registry_find(registry, operation->entity);
		service.nmembers = 1;
	}
	return service;
}

/*
 * addb_fn_params - ddb_params(action, token) returns jsonb
 *
 * action is an operation as operation.h has it, or an action as
 * ddb_transact_write or ddb_transact_get takes it, shown as the only one of a
 * transaction; or an array of either. token is that of a transaction that writes;
 * without one, the random one that would be sent is not shown. Raises 22023 when
 * nothing would be sent.
 */
Datum
addb_fn_params(PG_FUNCTION_ARGS)
{
	Jsonb	   *action = addb_arg_jsonb(fcinfo, 0, "action");
	AddbText	token = addb_arg_optional_text(fcinfo, 1);
	AddbEntityRequest request = {0};
	AddbEntityService service;
	Language	language;

	if (JB_ROOT_IS_SCALAR(action))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"action\" must be a JSON object, or an array of them")));
	language = JB_ROOT_IS_ARRAY(action) ? language_of_list(action)
		: language_of(&action->root, "argument \"action\"");
	if (language != LANGUAGE_METHOD)
		return show_actions(fcinfo, language == LANGUAGE_GET ? &reading : &writing,
							action, token);
	if (JB_ROOT_IS_ARRAY(action))
		join_operations(action, &request.action);
	else
		addb_entity_operation_read(&action->root, &request.action);
	if (token.data != NULL && request.action.method != ADDB_METHOD_TRANSACT_WRITE)
		refuse_token(psprintf("operation \"%s\"",
							  addb_entity_method_name(request.action.method)));
	if (token.data != NULL)
		request.action.options.token = token;
	service = find_service(addb_registry_pin(fcinfo, CurrentMemoryContext),
						   &request.action);
	addb_entity_compile_action(&service, &request);
	if (request.operation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("operation \"%s\" has an empty list",
						addb_entity_method_name(request.action.method)),
				 errdetail("It sends nothing.")));
	addb_entity_request_close(&request);
	PG_RETURN_DATUM(show(request.operation->name, request.body.data, request.body.len));
}
