/*
 * update_chain.c
 *	  Reads the "chain" of an operation, action by action.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/update.h"

static const struct
{
	const char *name;
	AddbEntityOperator op;
}			operators[] = {
	{"set", ADDB_OPERATOR_SET},
	{"remove", ADDB_OPERATOR_REMOVE},
	{"add", ADDB_OPERATOR_ADD},
	{"subtract", ADDB_OPERATOR_SUBTRACT},
	{"append", ADDB_OPERATOR_APPEND},
	{"delete", ADDB_OPERATOR_DELETE},
	{"del", ADDB_OPERATOR_DELETE},
	{"ifNotExists", ADDB_OPERATOR_IF_NOT_EXISTS},
	{"composite", ADDB_OPERATOR_COMPOSITE},
	{"data", ADDB_OPERATOR_DATA},
};

static AddbEntityOperator
find_operator(AddbText name)
{
	for (int i = 0; i < lengthof(operators); i++)
		if (addb_text_is(name, operators[i].name))
			return operators[i].op;
	addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "\"chain\" has an unknown operator \"%s\"",
					  addb_entity_quote(name));
}

static AddbText
text_of(const JsonbValue *value, const char *what)
{
	if (value == NULL || value->type != jbvString)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "%s in \"chain\" must be a string", what);
	return (AddbText) {value->val.string.val, value->val.string.len};
}

/* A copy that outlives the iterator's buffer. */
static const JsonbValue *
keep(const JsonbValue *value)
{
	JsonbValue *copy = palloc(sizeof(JsonbValue));

	*copy = *value;
	return copy;
}

static JsonbContainer *
container_of(const JsonbValue *value, bool object, const char *what)
{
	if (value->type != jbvBinary ||
		(object ? !JsonContainerIsObject(value->val.binary.data) :
		 !JsonContainerIsArray(value->val.binary.data)))
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "%s in \"chain\" must be an %s", what,
						  object ? "object" : "array");
	return value->val.binary.data;
}

/* {path: value, ...} */
static void
read_object(AddbEntityOperator op, JsonbContainer *object,
			AddbEntityChainStep step, void *arg)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		AddbEntityAction action = {op};

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		action.path = (AddbText) {key.val.string.val, key.val.string.len};
		action.value = keep(&value);
		step(arg, &action);
	}
}

/* [path, ...] */
static void
read_removals(JsonbContainer *array, AddbEntityChainStep step, void *arg)
{
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		AddbEntityAction action = {ADDB_OPERATOR_REMOVE};

		action.path = text_of(getIthJsonbValueFromContainer(array, i), "path of \"remove\"");
		step(arg, &action);
	}
}

static const JsonbValue *
get(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);
}

/* [{op, attr, value, ref, default}, ...] */
static void
read_data(JsonbContainer *array, AddbEntityChainStep step, void *arg)
{
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbContainer *object =
			container_of(getIthJsonbValueFromContainer(array, i), true,
											  "element of \"data\"");
		AddbEntityAction action = {0};

		action.op = find_operator(text_of(get(object, "op"), "\"op\""));
		if (action.op >= ADDB_OPERATOR_COMPOSITE)
			addb_entity_raise(ADDB_ENTITY_UNNUMBERED,
							  "\"data\" in \"chain\" has an operator that it cannot have");
		action.path = text_of(get(object, "attr"), "\"attr\"");
		action.value = get(object, "value");
		action.ref = get(object, "ref");
		action.fallback = get(object, "default");
		if (action.ref != NULL)
			(void) text_of(action.ref, "\"ref\"");
		step(arg, &action);
	}
}

static void
read_link(JsonbContainer *link, AddbEntityChainStep step, void *arg)
{
	JsonbIterator *iterator = JsonbIteratorInit(link);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		AddbEntityOperator op;
		const char *name;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		op = find_operator((AddbText) {key.val.string.val, key.val.string.len});
		name = psprintf("\"%.*s\"", key.val.string.len, key.val.string.val);
		if (op == ADDB_OPERATOR_REMOVE)
			read_removals(container_of(&value, false, name), step, arg);
		else if (op == ADDB_OPERATOR_DATA)
			read_data(container_of(&value, false, name), step, arg);
		else
			read_object(op, container_of(&value, true, name), step, arg);
	}
}

/*
 * addb_entity_read_chain - calls step for every action of a chain, in order
 *
 * Instead of a list there may be one object with all operators.
 *
 * Paths and values point into the chain. Raises 22023 for what is no chain.
 */
void
addb_entity_read_chain(JsonbContainer *chain, AddbEntityChainStep step,
					   void *arg)
{
	if (chain == NULL)
		return;
	if (JsonContainerIsObject(chain))
	{
		read_link(chain, step, arg);
		return;
	}
	for (int i = 0; i < JsonContainerSize(chain); i++)
		read_link(container_of(getIthJsonbValueFromContainer(chain, i), true, "element"),
				  step, arg);
}
