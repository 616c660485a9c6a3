/*
 * entity_call.c
 *	  The arguments of functions on entities, and operations on one item.
 *
 * Of a write whose answer is lost becomes what becomes of one on any table: see
 * dynamodb/outcome.c.
 */
#include "postgres.h"

#include "core/catch.h"
#include "dynamodb/item_size.h"
#include "dynamodb/request.h"
#include "dynamodb/single_transaction.h"
#include "dynamodb/stats.h"
#include "entity/error.h"
#include "entity/item.h"
#include "functions/args.h"
#include "functions/entity_call.h"
#include "functions/entity_key.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/*
 * addb_entity_call_begin - a call that says nothing but its method yet
 *
 * The registry is pinned until the current context ends.
 */
void
addb_entity_call_begin(AddbEntityCall *call, FunctionCallInfo fcinfo,
					   AddbEntityMethod method)
{
	memset(call, 0, sizeof(AddbEntityCall));
	addb_entity_operation_init(&call->request.action);
	call->request.action.method = method;
	call->registry = addb_registry_pin(fcinfo, CurrentMemoryContext);
}

/*
 * addb_entity_call_find - takes the argument "entity"
 *
 * Raises 22004, and as addb_registry_find.
 */
void
addb_entity_call_find(AddbEntityCall *call, FunctionCallInfo fcinfo, int n)
{
	AddbText	reference = addb_arg_text(fcinfo, n, "entity");

	reference.data = pnstrdup(reference.data, reference.len);
	call->service.members = addb_registry_find(call->registry, reference);
	call->service.nmembers = 1;
	call->request.action.entity = reference;
}

/* The argument's copy in the current context. */
static JsonbContainer *
container(FunctionCallInfo fcinfo, int n, const char *name, bool object)
{
	Jsonb	   *value;

	addb_arg_require(fcinfo, n, name);
	value = PG_GETARG_JSONB_P_COPY(n);
	if (object ? !JB_ROOT_IS_OBJECT(value) :
		!JB_ROOT_IS_ARRAY(value) || JB_ROOT_IS_SCALAR(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON %s", name,
						object ? "object" : "array of objects")));
	return &value->root;
}

/*
 * addb_entity_arg_object - an argument that is a JSON object
 *
 * Copied in the current context. Raises 22004 when it is NULL, 22023 when it is
 * no object.
 */
JsonbContainer *
addb_entity_arg_object(FunctionCallInfo fcinfo, int n, const char *name)
{
	return container(fcinfo, n, name, true);
}

/*
 * addb_entity_arg_optional_object - the same, NULL for NULL
 */
JsonbContainer *
addb_entity_arg_optional_object(FunctionCallInfo fcinfo, int n,
								const char *name)
{
	return PG_ARGISNULL(n) ? NULL : container(fcinfo, n, name, true);
}

/*
 * addb_entity_arg_array - an argument that is a JSON array
 *
 * As addb_entity_arg_object.
 */
JsonbContainer *
addb_entity_arg_array(FunctionCallInfo fcinfo, int n, const char *name)
{
	return container(fcinfo, n, name, false);
}

/* Whether a text begins like an object or array of JSON. */
static bool
is_json(AddbText text)
{
	int			i = 0;

	while (i < text.len && strchr(" \t\n\r", text.data[i]) != NULL)
		i++;
	return i < text.len && (text.data[i] == '{' || text.data[i] == '[');
}

/*
 * addb_entity_arg_where - takes the arguments "condition" and "vals"
 *
 * A condition that begins with a brace or bracket, as no text of DynamoDB's
 * grammar does, is JSON: see where.h. Raises 22P02 for JSON that is none.
 */
void
addb_entity_arg_where(AddbEntityCall *call, FunctionCallInfo fcinfo,
					  int condition, int values)
{
	AddbText	text = addb_arg_optional_text(fcinfo, condition);
	JsonbValue *where = &call->request.action.where;
	JsonbContainer *object = addb_entity_arg_optional_object(fcinfo, values, "vals");

	call->request.action.where_name = "condition";
	call->request.action.values_name = "vals";
	if (is_json(text))
	{
		char	   *json = pnstrdup(text.data, text.len);
		Jsonb	   *parsed = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));

		where->type = jbvBinary;
		where->val.binary.data = &parsed->root;
		where->val.binary.len = VARSIZE(parsed) - VARHDRSZ;
	}
	else if (text.data != NULL)
	{
		where->type = jbvString;
		where->val.string.val = unconstify(char *, text.data);
		where->val.string.len = text.len;
	}
	if (object != NULL)
	{
		Jsonb	   *whole = (Jsonb *) ((char *) object - offsetof(Jsonb, root));

		call->request.action.values.type = jbvBinary;
		call->request.action.values.val.binary.data = object;
		call->request.action.values.val.binary.len = VARSIZE(whole) - VARHDRSZ;
	}
}

/*
 * addb_entity_arg_options - takes the argument "options"
 *
 * Raises 22023, with number 1010 or 2005.
 */
void
addb_entity_arg_options(AddbEntityCall *call, FunctionCallInfo fcinfo, int n)
{
	JsonbContainer *object = addb_entity_arg_optional_object(fcinfo, n, "options");

	if (object != NULL)
		addb_entity_options_read(object, &call->request.action.options);
}

/*
 * addb_entity_arg_refuse_option - raises 22023 for an option that a function
 * cannot have
 */
void
addb_entity_arg_refuse_option(FunctionCallInfo fcinfo, int n,
							  const char *option, const char *hint)
{
	JsonbContainer *object = addb_entity_arg_optional_object(fcinfo, n, "options");
	JsonbValue	ignored;

	if (object != NULL &&
		getKeyJsonValueFromContainer(object, option, strlen(option), &ignored) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this function takes no option \"%s\"", option),
				 errhint("%s", hint)));
}

/* An attribute of the condition's name, among the values, counts as one. */
static AddbWriteKind
kind_of(const AddbEntityRequest *request)
{
	AddbEntityResponse response = request->action.options.response;
	const char *behind = request->body.data + request->item_start + request->item_len;

	if (request->once || response == ADDB_RESPONSE_ALL_OLD ||
		response == ADDB_RESPONSE_UPDATED_OLD)
		return ADDB_WRITE_ONCE;
	return strstr(behind, "\"ConditionExpression\":") != NULL
		? ADDB_WRITE_CONDITIONAL : ADDB_WRITE_IDEMPOTENT;
}

/* Whether the user has a condition of his own, which may be what is not met. */
static bool
has_condition(const AddbEntityOperation *operation)
{
	return operation->where.type == jbvString || operation->where.type == jbvBinary;
}

/* The member "data", or both when the caller is told of a failed condition. */
static Jsonb *
unwrap(const AddbEntityRequest *request, Jsonb *result)
{
	JsonbValue	data;

	if (request->action.method != ADDB_METHOD_GET &&
		request->action.options.on_failure != ADDB_FAILURE_RAISE)
		return result;
	if (getKeyJsonValueFromContainer(&result->root, "data", 4, &data) == NULL ||
		data.type == jbvNull)
		return NULL;
	return JsonbValueToJsonb(&data);
}

/* Of an error about the reply, such as a character that the database lacks. */
static void
add_reply_context(void *arg)
{
	AddbCall   *call = arg;

	addb_call_add_id_detail(call);
	addb_call_add_done_context(call);
}

/*
 * The result of a reply. A write whose reply makes no sense is one whose outcome
 * is unknown; formatting holds nothing that an error would have to release.
 */
static Jsonb *
format_reply(const AddbEntityRequest *request, AddbCall *call,
			 const AddbText *body)
{
	MemoryContext caller = CurrentMemoryContext;
	Jsonb	   *volatile result = NULL;

	if (!request->operation->is_write)
		return addb_entity_format(request, body, 1);
	PG_TRY();
	{
		result = addb_entity_format(request, body, 1);
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_PROTOCOL_VIOLATION)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
		error_context_stack = error_context_stack->previous;
		addb_call_raise_malformed(call);
	}
	PG_END_TRY();
	return result;
}

static Jsonb *
read_result(const AddbEntityRequest *request, AddbCall *call)
{
	size_t		len;
	const char *data = addb_call_body(call, &len);
	AddbText	body = {data, (int) len};
	AddbEntityReply reply;
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_reply_context,
		.arg = call
	};
	Jsonb	   *result;

	addb_reply_take_cost(call);
	error_context_stack = &context;
	if (request->operation->is_write)
		addb_stats.items_written++;
	else
	{
		addb_entity_reply_read(body, &reply);
		addb_stats.items_read += reply.item.data != NULL;
	}
	result = format_reply(request, call, &body);
	error_context_stack = context.previous;
	return result;
}

static void
append_composites(StringInfo out, const AddbEntityKey *key, AddbEntityValues values)
{
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;
		const JsonbValue *value = values[attribute->number];
		Jsonb	   *document;

		if (value == NULL)
			continue;
		document = JsonbValueToJsonb(unconstify(JsonbValue *, value));
		appendStringInfo(out, "%s%s = ", out->len > 0 ? ", " : " with ",
						 addb_entity_quote(attribute->name));
		(void) JsonbToCString(out, &document->root, VARSIZE(document));
	}
}

/* The item that an operation is about, as its entity has it. */
static void
add_item_context(void *arg)
{
	const AddbEntityRequest *request = arg;
	const AddbEntityModel *model = request->member->model;
	AddbEntityValues values =
		addb_entity_read_values(model, request->action.key != NULL ? request->action.key
								: request->action.attributes);
	StringInfoData item;

	initStringInfo(&item);
	append_composites(&item, &model->primary->pk, values);
	append_composites(&item, &model->primary->sk, values);
	errcontext("entity \"%s\"%s", addb_entity_quote(request->member->alias),
			   addb_entity_quote((AddbText) {item.data, item.len}));
}

static _Noreturn void
raise_failure(const AddbEntityRequest *request, const AddbCall *call)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_item_context,
		.arg = unconstify(AddbEntityRequest *, request)
	};

	error_context_stack = &context;
	addb_call_raise(call);
}

static void
add_unshown_context(void *problem)
{
	errcontext("the item cannot be returned: %s", (const char *) problem);
}

/* A refusal while it is made a result. */
typedef struct Refusal
{
	const AddbEntityRequest *request;
	const AddbCall *call;
	Jsonb	   *result;
} Refusal;

static void
format_refused(void *arg)
{
	Refusal    *refusal = arg;

	refusal->result = addb_entity_format_error(refusal->request,
											   addb_call_error(refusal->call));
}

/*
 * The result of a refusal that is one, else NULL. An item with text that the
 * server's encoding lacks must not hide that a condition was not met: then the
 * refusal is raised, with what can be shown of the item.
 */
static Jsonb *
format_refusal(const AddbEntityRequest *request, const AddbCall *call)
{
	Refusal		refusal = {request, call, NULL};
	char	   *problem = addb_catch(format_refused, &refusal);
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_unshown_context,
		.arg = problem
	};

	if (problem != NULL)
	{
		error_context_stack = &context;
		raise_failure(request, call);
	}
	return refusal.result;
}

/*
 * Raises 54000 for an item or key that is too large: the service would refuse it
 * as anything else that is invalid.
 */
static void
check_sizes(const AddbEntityRequest *request)
{
	const char *json = request->body.data + request->item_start;
	AddbPlace	place = {
		.argument = request->action.key != NULL ? "key" : "attributes",
		.preface = ADDB_ENTITY_FAILURE
	};

	if (request->item_len <= ADDB_SORT_KEY_MAX_BYTES)
		return;
	if (request->operation == &addb_put_item)
		addb_item_check_size(json, request->item_len, &place);
	addb_key_check_length(addb_entity_key_schema(request->member->model), json,
						  request->item_len, &place);
}

/*
 * addb_entity_call_run - compiles an operation on one item and carries it out
 *
 * arguments is as in AddbRequest. The result is palloc'd, NULL when it is null.
 * With the option "returnOnConditionCheckFailure" it is {"rejected", "data"}.
 * Raises what compiling raises; 54000 for an item or key that is too large; 23000,
 * or 23505 of a create without a condition of its own, when the condition is not
 * met; and what calls raise.
 */
Jsonb *
addb_entity_call_run(AddbEntityCall *call, const char *arguments)
{
	AddbEntityRequest *request = &call->request;
	AddbRequest wire = {.arguments = arguments,.preface = ADDB_ENTITY_FAILURE};
	AddbCall   *sent;
	Jsonb	   *result;

	addb_entity_compile_action(&call->service, request);
	appendStringInfoString(&request->body, ",\"ReturnConsumedCapacity\":\"TOTAL\"");
	addb_entity_request_close(request);
	check_sizes(request);
	wire.operation = request->operation;
	wire.table = request->table;
	wire.body = request->body.data;
	wire.body_len = request->body.len;
	wire.is_create = request->action.method == ADDB_METHOD_CREATE &&
		!has_condition(&request->action);
	if (request->operation->is_write)
		wire.kind = kind_of(request);
	sent = addb_single_call(&wire, CurrentMemoryContext);
	if (addb_call_succeeded(sent))
		result = read_result(request, sent);
	else
	{
		/* a lost attempt may be what has made the condition fail */
		result = addb_call_error(sent) == NULL || addb_call_raises_unknown(sent) ? NULL :
			format_refusal(request, sent);
		if (result == NULL)
			raise_failure(request, sent);
	}
	addb_call_release(sent);
	return unwrap(request, result);
}
