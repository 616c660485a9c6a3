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
	{"update", ADDB_OPERATOR_TEXT},
};

/* A chain being read. */
typedef struct Reader
{
	const char *place;			/* for messages: " in \"changes\"", or "" */
	AddbEntityChainStep step;
	void	   *arg;
} Reader;

static char *
operator_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(operators); i++)
		if (i == 0 || operators[i].op != operators[i - 1].op)
			appendStringInfo(&names, "%s%s", i == 0 ? "" :
							 i == lengthof(operators) - 1 ? " and " : ", ",
							 operators[i].name);
	return names.data;
}

static AddbEntityOperator
find_operator(const Reader *reader, AddbText name)
{
	for (int i = 0; i < lengthof(operators); i++)
		if (addb_text_is(name, operators[i].name))
			return operators[i].op;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown operator \"%s\"%s", addb_entity_quote(name), reader->place),
			 errhint("The operators are %s.", operator_names())));
}

static AddbText
text_of(const Reader *reader, const JsonbValue *value, const char *what)
{
	if (value == NULL || value->type != jbvString)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "%s%s must be a string", what,
						  reader->place);
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
container_of(const Reader *reader, const JsonbValue *value, bool object,
			 const char *what)
{
	if (value->type != jbvBinary ||
		(object ? !JsonContainerIsObject(value->val.binary.data) :
		 !JsonContainerIsArray(value->val.binary.data)))
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "%s%s must be an %s", what,
						  reader->place, object ? "object" : "array");
	return value->val.binary.data;
}

/* {path: value, ...} */
static void
read_object(const Reader *reader, AddbEntityOperator op, JsonbContainer *object)
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
		reader->step(reader->arg, &action);
	}
}

/* [path, ...] */
static void
read_removals(const Reader *reader, JsonbContainer *array)
{
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		AddbEntityAction action = {ADDB_OPERATOR_REMOVE};

		action.path = text_of(reader, getIthJsonbValueFromContainer(array, i),
							  "path of \"remove\"");
		reader->step(reader->arg, &action);
	}
}

static const JsonbValue *
get(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);
}

/* [{op, attr, value, ref, default}, ...] */
static void
read_data(const Reader *reader, JsonbContainer *array)
{
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbContainer *object =
			container_of(reader, getIthJsonbValueFromContainer(array, i), true,
						 "element of \"data\"");
		AddbEntityAction action = {0};
		AddbText	op = text_of(reader, get(object, "op"), "\"op\" of \"data\"");

		action.of_data = true;
		action.op = find_operator(reader, op);
		if (action.op >= ADDB_OPERATOR_COMPOSITE)
			addb_entity_raise(ADDB_ENTITY_UNNUMBERED,
							  "\"data\"%s cannot have the operator \"%s\"",
							  reader->place, addb_entity_quote(op));
		action.path = text_of(reader, get(object, "attr"), "\"attr\" of \"data\"");
		action.value = get(object, "value");
		action.ref = get(object, "ref");
		action.fallback = get(object, "default");
		if (action.ref != NULL)
			(void) text_of(reader, action.ref, "\"ref\" of \"data\"");
		reader->step(reader->arg, &action);
	}
}

static void
read_text(const Reader *reader, const JsonbValue *text)
{
	AddbEntityAction action = {ADDB_OPERATOR_TEXT};

	(void) text_of(reader, text, "\"update\"");
	action.value = text;
	reader->step(reader->arg, &action);
}

static void
read_link(const Reader *reader, JsonbContainer *link)
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
		op = find_operator(reader, (AddbText) {key.val.string.val, key.val.string.len});
		name = psprintf("\"%.*s\"", key.val.string.len, key.val.string.val);
		if (op == ADDB_OPERATOR_TEXT)
			read_text(reader, &value);
		else if (op == ADDB_OPERATOR_REMOVE)
			read_removals(reader, container_of(reader, &value, false, name));
		else if (op == ADDB_OPERATOR_DATA)
			read_data(reader, container_of(reader, &value, false, name));
		else
			read_object(reader, op, container_of(reader, &value, true, name));
	}
}

/*
 * addb_entity_read_chain - calls step for every action of a chain, in order
 *
 * Instead of a list there may be one object with all operators.
 *
 * Paths and values point into the chain; name is what messages call it, NULL
 * when its operators are members of something else. Raises 22023 for what is no
 * chain.
 */
void
addb_entity_read_chain(JsonbContainer *chain, const char *name,
					   AddbEntityChainStep step, void *arg)
{
	Reader		reader = {"", step, arg};

	if (chain == NULL)
		return;
	if (name != NULL)
		reader.place = psprintf(" in \"%s\"", name);
	if (JsonContainerIsObject(chain))
	{
		read_link(&reader, chain);
		return;
	}
	for (int i = 0; i < JsonContainerSize(chain); i++)
		read_link(&reader, container_of(&reader, getIthJsonbValueFromContainer(chain, i),
										true, "element"));
}
