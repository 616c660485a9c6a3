/*
 * transact.c
 *	  Builds a transaction from a JSON array of actions.
 *
 * Whatever can be seen to be wrong without DynamoDB is refused here, with the
 * number of the action: of a hundred, DynamoDB often does not say which it was.
 */
#include "postgres.h"

#include "dynamodb/item_size.h"
#include "dynamodb/transact_action.h"

const AddbTransactKind addb_transact_writing = {
	&addb_transact_write_items, "actions", "action", "\"actions\" and \"token\""
};
const AddbTransactKind addb_transact_reading = {
	&addb_transact_get_items, "gets", "get", "\"gets\""
};

/* The operation of an action that writes. */
static AddbTransactOp
read_op(const AddbTransactAction *action)
{
	JsonbValue	name;
	AddbTransactOp op;

	if (getKeyJsonValueFromContainer(action->object, "op", strlen("op"), &name) == NULL ||
		name.type == jbvNull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d has no \"op\"", action->kind->noun, action->number),
				 errhint("The operations are %s.", addb_transact_op_names())));
	if (!addb_transact_find_op(&name, &op))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 name.type == jbvString ?
				 errmsg("%s %d has an unknown \"op\": \"%s\"", action->kind->noun,
						action->number,
						pnstrdup(name.val.string.val, name.val.string.len)) :
				 errmsg("\"op\" of %s %d must be a text", action->kind->noun,
						action->number),
				 errhint("The operations are %s.", addb_transact_op_names())));
	return op;
}

/* One that reads may say so. */
static void
check_get(const AddbTransactAction *action)
{
	JsonbValue	name;

	if (getKeyJsonValueFromContainer(action->object, "op", strlen("op"), &name) == NULL ||
		name.type != jbvString ||
		(name.val.string.len == 3 && memcmp(name.val.string.val, "get", 3) == 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"op\" of %s %d cannot be \"%s\"", action->kind->noun,
					action->number,
					pnstrdup(name.val.string.val, name.val.string.len)),
			 errhint("What ddb_transact_get does is \"get\"; ddb_transact_write does the others.")));
}

static void
begin_action(AddbTransactAction *action, const AddbTransaction *transaction,
			 JsonbValue *element)
{
	memset(action, 0, sizeof(*action));
	action->kind = transaction->kind;
	action->number = transaction->n + 1;
	if (element->type != jbvBinary ||
		!JsonContainerIsObject(element->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not an object", action->kind->noun, action->number)));
	action->object = element->val.binary.data;
	if (transaction->kind->operation->is_write)
		action->op = read_op(action);
	else
	{
		action->op = ADDB_TRANSACT_GET;
		check_get(action);
	}
}

static const AddbTransactCompiler *
find_compiler(const AddbTransactCompiler *const *compilers,
			  JsonbContainer *object)
{
	JsonbValue	ignored;

	while ((*compilers)->member != NULL &&
		   getKeyJsonValueFromContainer(object, (*compilers)->member,
										strlen((*compilers)->member),
										&ignored) == NULL)
		compilers++;
	return *compilers;
}

/* Errors of the members' values have the action in their context. */
static void
compile(AddbTransaction *transaction, AddbTransactAction *action,
		const AddbTransactCompiler *compiler)
{
	JsonbValue *values = palloc(compiler->nmembers * sizeof(JsonbValue));
	AddbPlace	place = {
		.argument = action->kind->argument,
		.element = action->number,
		.noun = action->kind->noun
	};
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = addb_place_context,
		.arg = &place
	};

	addb_transact_read_members(action, compiler->members, compiler->nmembers,
							   values);
	error_context_stack = &context;
	compiler->compile(transaction, action, values);
	error_context_stack = context.previous;
}

static void
check_size(const AddbTransaction *transaction)
{
	if (transaction->size > ADDB_TRANSACTION_MAX_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("items in argument \"%s\" are too large for one transaction",
						transaction->kind->argument),
				 errdetail("Up to %s %d they take at least " UINT64_FORMAT " bytes together; a DynamoDB transaction takes %d (4 MB).",
						   transaction->kind->noun, transaction->n,
						   transaction->size, ADDB_TRANSACTION_MAX_SIZE)));
}

/* The elements of an array; an object is the only one. Palloc'd. */
static JsonbValue *
read_elements(const AddbTransactKind *kind, Jsonb *actions, int *n)
{
	JsonbValue *elements;

	if (JB_ROOT_IS_SCALAR(actions))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON array of objects",
						kind->argument)));
	*n = JB_ROOT_IS_ARRAY(actions) ? JB_ROOT_COUNT(actions) : 1;
	elements = palloc(Max(*n, 1) * sizeof(JsonbValue));
	if (JB_ROOT_IS_OBJECT(actions))
	{
		elements[0].type = jbvBinary;
		elements[0].val.binary.data = &actions->root;
		elements[0].val.binary.len = VARSIZE(actions) - VARHDRSZ;
	}
	else
	{
		JsonbIterator *iterator = JsonbIteratorInit(&actions->root);
		JsonbIteratorToken token;
		JsonbValue	element;
		int			i = 0;

		while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
			if (token == WJB_ELEM)
				elements[i++] = element;
	}
	return elements;
}

/* The first that any of the actions gives it. */
static const char *
find_preface(const AddbTransactCompiler *const *compilers,
			 const JsonbValue *elements, int n)
{
	const char *preface = NULL;

	for (int i = 0; i < n && preface == NULL; i++)
		if (elements[i].type == jbvBinary &&
			JsonContainerIsObject(elements[i].val.binary.data))
			preface = find_compiler(compilers, elements[i].val.binary.data)->preface;
	return preface;
}

/*
 * addb_transact_detail - the DETAIL of what DynamoDB would refuse, with the
 * transaction's preface
 */
const char *
addb_transact_detail(const AddbTransaction *transaction, const char *text)
{
	return transaction->preface == NULL ? text :
		psprintf("%s: %s", transaction->preface, text);
}

static void
check_number(const AddbTransaction *transaction, int n)
{
	if (n > ADDB_TRANSACT_MAX_ACTIONS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"%s\" has %d elements",
						transaction->kind->argument, n),
				 errdetail_internal("%s",
									addb_transact_detail(transaction,
														 psprintf(_("A DynamoDB transaction takes %d."),
																  ADDB_TRANSACT_MAX_ACTIONS)))));
}

/*
 * Has all actions compiled once more. A table asks for that once in a statement,
 * unless the configuration changes meanwhile.
 */
static void
begin_again(AddbTransaction *transaction)
{
	transaction->again = false;
	transaction->n = 0;
	transaction->size = 0;
	resetStringInfo(&transaction->items);
	resetStringInfo(&transaction->keys);
}

/*
 * addb_transact_build - reads the actions and compiles them
 *
 * actions is an array, or one object. compilers is a list whose last one takes
 * all actions; arg is for them. actions must stay as long as the transaction,
 * whose memory is palloc'd. Raises 22023, 22004, 42601 and 54000 naming the
 * action, and what its compiler raises.
 */
void
addb_transact_build(AddbTransaction *transaction, const AddbTransactKind *kind,
					const AddbTransactCompiler *const *compilers, void *arg,
					Jsonb *actions)
{
	int			n;
	JsonbValue *elements = read_elements(kind, actions, &n);

	memset(transaction, 0, sizeof(*transaction));
	transaction->kind = kind;
	transaction->arg = arg;
	transaction->preface = find_preface(compilers, elements, n);
	check_number(transaction, n);
	transaction->actions = palloc(Max(n, 1) * sizeof(AddbTransactAction));
	initStringInfo(&transaction->items);
	initStringInfo(&transaction->keys);
	while (transaction->n < n)
	{
		AddbTransactAction *action = &transaction->actions[transaction->n];

		begin_action(action, transaction, &elements[transaction->n]);
		if (transaction->n > 0)
			appendStringInfoChar(&transaction->items, ',');
		compile(transaction, action, find_compiler(compilers, action->object));
		if (transaction->again)
		{
			begin_again(transaction);
			continue;
		}
		transaction->n++;
		check_size(transaction);
	}
}

static void
check_item_size(const AddbTransaction *transaction,
				const AddbTransactAction *action, uint64 size)
{
	if (size > ADDB_ITEM_MAX_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"item\" of %s %d is too large for DynamoDB",
						action->kind->noun, action->number),
				 errdetail_internal("%s",
									addb_transact_detail(transaction,
														 addb_item_size_detail(size)))));
}

/* The action whose item's identity is what transaction->keys has from start on. */
static const AddbTransactAction *
find_taker(const AddbTransaction *transaction, int start)
{
	int			len = transaction->keys.len - start;

	for (int i = 0; i < transaction->n; i++)
	{
		const AddbTransactAction *other = &transaction->actions[i];

		if (other->key_len == len &&
			memcmp(transaction->keys.data + other->key_start,
				   transaction->keys.data + start, len) == 0)
			return other;
	}
	return NULL;
}

/* DynamoDB takes an item once in a transaction. */
static void
check_not_taken(const AddbTransaction *transaction,
				const AddbTransactAction *action)
{
	const AddbTransactAction *other = find_taker(transaction, action->key_start);

	if (other != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%ss %d and %d are on the same item",
						action->kind->noun, other->number, action->number),
				 errdetail_internal("%s",
									addb_transact_detail(transaction,
														 _("A DynamoDB transaction takes an item once.")))));
}

/*
 * addb_transact_key_fits - whether addb_transact_take_key would take the key
 *
 * For those that know the schema from before. Of the same arguments; nothing is
 * taken note of.
 */
bool
addb_transact_key_fits(AddbTransaction *transaction, const char *table,
					   const AddbKeySchema *schema, AddbKeyHolder holder,
					   int start)
{
	StringInfo	keys = &transaction->keys;
	int			key_start = keys->len;
	bool		fits;

	appendBinaryStringInfo(keys, table, (int) strlen(table) + 1);
	fits = addb_key_fits(schema, holder, transaction->items.data + start,
						 transaction->items.len - start, keys) &&
		find_taker(transaction, key_start) == NULL;
	keys->len = key_start;
	return fits;
}

/*
 * addb_transact_take_key - takes note of the item that an action is on
 *
 * To be called by compilers, once, as soon as the item or key has been written:
 * it is what transaction->items holds from start to its end. Raises 22023 and
 * 54000 when its key is not one of the schema, when the item is too large, and
 * when another action is on it.
 */
void
addb_transact_take_key(AddbTransaction *transaction, AddbTransactAction *action,
					   const char *table, const AddbKeySchema *schema,
					   AddbKeyHolder holder, int start)
{
	const char *json = transaction->items.data + start;
	size_t		len = transaction->items.len - start;
	uint64		size = addb_item_size(json, len);
	AddbPlace	place = {
		.element = action->number,
		.noun = psprintf("\"%s\" of %s", holder == ADDB_HOLDER_ITEM ? "item" : "key",
						 action->kind->noun),
		.preface = transaction->preface
	};

	if (holder == ADDB_HOLDER_ITEM)
		check_item_size(transaction, action, size);
	action->table = table;
	action->key_start = transaction->keys.len;
	appendBinaryStringInfo(&transaction->keys, table, (int) strlen(table) + 1);
	addb_key_check(schema, holder, json, len, &place, &transaction->keys);
	action->key_len = transaction->keys.len - action->key_start;
	check_not_taken(transaction, action);
	transaction->size += size;
}
