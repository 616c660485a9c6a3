/*
 * entity_transact.c
 *	  Actions on entities: how they are read, and the compiler of those in
 *	  ddb_transact_write and ddb_transact_get.
 *
 * The table's key is known from the model, so that nothing is asked for. It is
 * of the same types as what actions on the table itself are told apart by.
 */
#include "postgres.h"

#include "dynamodb/transact_action.h"
#include "entity/error.h"
#include "entity/item.h"
#include "functions/entity_call.h"
#include "functions/entity_key.h"
#include "functions/entity_transact.h"

#define ADDB_OPS_KEY (ADDB_OPS_ALL & ~(ADDB_OPS_PUT | ADDB_OPS(ADDB_TRANSACT_UPSERT)))
#define ADDB_OPS_ITEM (ADDB_OPS_PUT | ADDB_OPS(ADDB_TRANSACT_UPSERT))

typedef enum Member
{
	MEMBER_OP,
	MEMBER_ENTITY,
	MEMBER_TABLE,
	MEMBER_ITEM,
	MEMBER_KEY,
	MEMBER_SET,
	MEMBER_ADD,
	MEMBER_SUBTRACT,
	MEMBER_APPEND,
	MEMBER_REMOVE,
	MEMBER_DELETE,
	MEMBER_IF_NOT_EXISTS,
	MEMBER_COMPOSITE,
	MEMBER_DATA,
	MEMBER_UPDATE,
	MEMBER_WHERE,
	MEMBER_VALUES,
	MEMBER_RESPONSE,
	MEMBER_ATTRIBUTES,
	MEMBERS
} Member;

static const AddbTransactMember members[MEMBERS] = {
	[MEMBER_OP] = {"op", jbvString, ADDB_OPS_ALL, 0},
	[MEMBER_ENTITY] = {"entity", jbvString, ADDB_OPS_ALL, ADDB_OPS_ALL},
	[MEMBER_TABLE] = {"table", jbvString, ADDB_OPS_ALL, 0},
	[MEMBER_ITEM] = {"item", jbvObject, ADDB_OPS_ITEM, ADDB_OPS_ITEM},
	[MEMBER_KEY] = {"key", jbvObject, ADDB_OPS_KEY, ADDB_OPS_KEY},
	[MEMBER_SET] = {"set", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_ADD] = {"add", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_SUBTRACT] = {"subtract", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_APPEND] = {"append", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_REMOVE] = {"remove", jbvArray, ADDB_OPS_UPDATE, 0},
	[MEMBER_DELETE] = {"delete", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_IF_NOT_EXISTS] = {"ifNotExists", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_COMPOSITE] = {"composite", jbvObject, ADDB_OPS_UPDATE, 0},
	[MEMBER_DATA] = {"data", jbvArray, ADDB_OPS_UPDATE, 0},
	[MEMBER_UPDATE] = {"update", jbvString, ADDB_OPS_UPDATE & ~ADDB_OPS(ADDB_TRANSACT_UPSERT), 0},
	[MEMBER_WHERE] = {"where", jbvBinary, ADDB_OPS_WRITE, 0},
	[MEMBER_VALUES] = {"values", jbvObject, ADDB_OPS_WRITE, 0, true},
	[MEMBER_RESPONSE] = {"response", jbvString, ADDB_OPS_WRITE, 0, true},
	[MEMBER_ATTRIBUTES] = {"attributes", jbvArray, ADDB_OPS_GET, 0, true},
};

static const AddbEntityMethod methods[] = {
	[ADDB_TRANSACT_PUT] = ADDB_METHOD_PUT,
	[ADDB_TRANSACT_CREATE] = ADDB_METHOD_CREATE,
	[ADDB_TRANSACT_UPDATE] = ADDB_METHOD_UPDATE,
	[ADDB_TRANSACT_UPSERT] = ADDB_METHOD_UPSERT,
	[ADDB_TRANSACT_PATCH] = ADDB_METHOD_PATCH,
	[ADDB_TRANSACT_DELETE] = ADDB_METHOD_DELETE,
	[ADDB_TRANSACT_REMOVE] = ADDB_METHOD_REMOVE,
	[ADDB_TRANSACT_CHECK] = ADDB_METHOD_CHECK,
	[ADDB_TRANSACT_GET] = ADDB_METHOD_GET,
};

static AddbText
text_of(const JsonbValue *value)
{
	AddbText	none = {NULL, 0};

	return value->type == jbvNull ? none :
		(AddbText) {value->val.string.val, value->val.string.len};
}

static JsonbContainer *
container_of(const JsonbValue *value)
{
	return value->type == jbvNull ? NULL : value->val.binary.data;
}

/* The members that are operators, as one object; NULL when there are none. */
static JsonbContainer *
read_chain(const JsonbValue *values)
{
	AddbJsonbValue chain;
	int			mark;
	int			n = 0;

	addb_jsonb_start();
	mark = addb_jsonb_mark();
	if (values[MEMBER_UPDATE].type != jbvNull)
	{
		addb_jsonb_push_member("update", strlen("update"),
							   addb_jsonb_string(values[MEMBER_UPDATE].val.string.val,
												 values[MEMBER_UPDATE].val.string.len));
		n++;
	}
	for (int i = MEMBER_SET; i <= MEMBER_DATA; i++)
	{
		int			len = values[i].type == jbvNull ? 0 : values[i].val.binary.len;
		char	   *chunk;

		if (len == 0)
			continue;

		/* the builder frees it, with room for a header before it */
		chunk = palloc(VARHDRSZ + len);
		memcpy(chunk + VARHDRSZ, values[i].val.binary.data, len);
		addb_jsonb_push_member(members[i].name, strlen(members[i].name),
							   (AddbJsonbValue) {JENTRY_ISCONTAINER, len, chunk + VARHDRSZ});
		n++;
	}
	chain = addb_jsonb_object(mark);
	return n == 0 ? NULL : &addb_jsonb_finish(chain)->root;
}

/* The action as an operation, which points into it. */
static void
read_action(const AddbTransactAction *action, const JsonbValue *values,
			AddbEntityOperation *operation)
{
	addb_entity_operation_init(operation);
	operation->method = methods[action->op];
	operation->entity = text_of(&values[MEMBER_ENTITY]);
	operation->attributes = container_of(&values[MEMBER_ITEM]);
	operation->key = container_of(&values[MEMBER_KEY]);
	operation->chain = read_chain(values);
	operation->chain_name = NULL;
	operation->where = values[MEMBER_WHERE];
	operation->values = values[MEMBER_VALUES];
	operation->options.table = text_of(&values[MEMBER_TABLE]);
	operation->options.response = addb_transact_returns_item(action, &values[MEMBER_RESPONSE])
		? ADDB_RESPONSE_ALL_OLD : ADDB_RESPONSE_DEFAULT;
	if (values[MEMBER_ATTRIBUTES].type != jbvNull)
		operation->options.attributes =
			addb_entity_options_attributes(container_of(&values[MEMBER_ATTRIBUTES]));
}

/* An item as its entity shows it; NULL when it is not the entity's. */
static Jsonb *
read_item(const AddbTransactAction *action, const AddbJsonSlice *item,
		  bool *intact)
{
	const AddbEntityRequest *request = action->read_arg;
	AddbEntityView view = {request->member->model, &request->action.options};
	AddbText	text = {item->data, (int) item->len};
	AddbJsonbValue value;

	addb_jsonb_start();
	if (!addb_entity_item_read(&view, text, &value))
		return NULL;
	return addb_jsonb_finish(value);
}

/* Appends {"Put": {...}}, and takes note of the item on the way. */
static void
append_request(AddbTransaction *transaction, AddbTransactAction *action,
			   const AddbEntityRequest *request)
{
	StringInfo	out = &transaction->items;
	int			item_end = request->item_start + request->item_len;
	int			start;

	appendStringInfo(out, "{\"%s\":", addb_transact_wire_name(action->op));
	start = out->len + request->item_start;
	appendBinaryStringInfo(out, request->body.data, item_end);
	addb_transact_take_key(transaction, action, request->table,
						   addb_entity_key_schema(request->member->model),
						   ADDB_OPS(action->op) & ADDB_OPS_PUT ? ADDB_HOLDER_ITEM : ADDB_HOLDER_KEY,
						   start);
	appendBinaryStringInfo(out, request->body.data + item_end,
						   request->body.len - item_end);
	appendStringInfoString(out, "}}");
}

/*
 * An AddbTransactCompile. Raises what is wrong with the action,
 * addb_registry_find, addb_entity_compile_action and addb_transact_take_key.
 */
static void
compile_action(AddbTransaction *transaction, AddbTransactAction *action,
			   const JsonbValue *values)
{
	FunctionCallInfo fcinfo = transaction->arg;
	AddbEntityRequest *request = palloc0(sizeof(AddbEntityRequest));
	AddbEntityService service = {NULL, 1};

	read_action(action, values, &request->action);
	service.members =
		addb_registry_find(addb_registry_pin(fcinfo, CurrentMemoryContext),
						   request->action.entity);
	request->in_transaction = true;
	addb_entity_compile_action(&service, request);
	action->read = read_item;
	action->read_arg = request;
	append_request(transaction, action, request);
}

static const AddbTransactCompiler entity_compiler = {
	"entity", members, MEMBERS, compile_action, ADDB_ENTITY_FAILURE
};

const AddbTransactCompiler *const addb_transact_compilers[] = {
	&entity_compiler,
	&addb_transact_table
};
