/*
 * operation.c
 *	  Reads an operation on an entity from jsonb.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/operation.h"

static const char *const methods[] = {
	[ADDB_METHOD_PUT] = "put",
	[ADDB_METHOD_CREATE] = "create",
	[ADDB_METHOD_UPSERT] = "upsert",
	[ADDB_METHOD_GET] = "get",
	[ADDB_METHOD_DELETE] = "delete",
	[ADDB_METHOD_REMOVE] = "remove",
	[ADDB_METHOD_UPDATE] = "update",
	[ADDB_METHOD_PATCH] = "patch",
	[ADDB_METHOD_CHECK] = "check",
	[ADDB_METHOD_QUERY] = "query",
	[ADDB_METHOD_COLLECTION] = "collection",
	[ADDB_METHOD_SCAN] = "scan",
	[ADDB_METHOD_BATCH_GET] = "batchGet",
	[ADDB_METHOD_BATCH_PUT] = "batchPut",
	[ADDB_METHOD_BATCH_DELETE] = "batchDelete",
	[ADDB_METHOD_TRANSACT_WRITE] = "transactWrite",
	[ADDB_METHOD_TRANSACT_GET] = "transactGet",
};

/* How a member of an operation is kept. */
typedef enum MemberType
{
	MEMBER_TEXT,
	MEMBER_OBJECT,
	MEMBER_ARRAY
} MemberType;

static const struct
{
	const char *name;
	MemberType	type;
	size_t		offset;
}			members[] = {
	{"entity", MEMBER_TEXT, offsetof(AddbEntityOperation, entity)},
	{"index", MEMBER_TEXT, offsetof(AddbEntityOperation, index)},
	{"service", MEMBER_TEXT, offsetof(AddbEntityOperation, service)},
	{"collection", MEMBER_TEXT, offsetof(AddbEntityOperation, collection)},
	{"attributes", MEMBER_OBJECT, offsetof(AddbEntityOperation, attributes)},
	{"key", MEMBER_OBJECT, offsetof(AddbEntityOperation, key)},
	{"keys", MEMBER_ARRAY, offsetof(AddbEntityOperation, keys)},
	{"items", MEMBER_ARRAY, offsetof(AddbEntityOperation, items)},
	{"chain", MEMBER_ARRAY, offsetof(AddbEntityOperation, chain)},
	{"sk", MEMBER_OBJECT, offsetof(AddbEntityOperation, sk)},
};

/*
 * addb_entity_method_name - a method as operations write it
 */
const char *
addb_entity_method_name(AddbEntityMethod method)
{
	return methods[method];
}

static bool
key_is(const JsonbValue *key, const char *name)
{
	return key->val.string.len == (int) strlen(name) &&
		memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

static char *
method_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(methods); i++)
		appendStringInfo(&names, "%s%s", i == 0 ? "" :
						 i == lengthof(methods) - 1 ? " and " : ", ", methods[i]);
	return names.data;
}

static void
read_method(const JsonbValue *value, AddbEntityOperation *operation)
{
	for (int i = 0; value->type == jbvString && i < lengthof(methods); i++)
		if (key_is(value, methods[i]))
		{
			operation->method = i;
			return;
		}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 value->type == jbvString ?
			 errmsg("unknown method \"%s\"",
					addb_entity_quote((AddbText) {value->val.string.val, value->val.string.len})) :
			 errmsg("\"method\" must be a string"),
			 errhint("The methods are %s.", method_names())));
}

/* Stores one of the plain members; false when it is none of them. */
static bool
read_plain(const JsonbValue *key, const JsonbValue *value,
		   AddbEntityOperation *operation)
{
	for (int i = 0; i < lengthof(members); i++)
	{
		char	   *place = (char *) operation + members[i].offset;
		bool		object = members[i].type == MEMBER_OBJECT;

		if (!key_is(key, members[i].name))
			continue;
		if (value->type == jbvNull)
			return true;
		if (members[i].type == MEMBER_TEXT && value->type == jbvString)
			*(AddbText *) place = (AddbText) {value->val.string.val, value->val.string.len};
		else if (members[i].type != MEMBER_TEXT && value->type == jbvBinary &&
				 (object ? JsonContainerIsObject(value->val.binary.data) :
				  JsonContainerIsArray(value->val.binary.data)))
			*(JsonbContainer **) place = value->val.binary.data;
		else
			addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "\"%s\" of the operation must be %s",
							  members[i].name,
							  members[i].type == MEMBER_TEXT ? "a string" :
							  object ? "an object" : "an array");
		return true;
	}
	return false;
}

static void
read_options(const JsonbValue *value, AddbEntityOperation *operation)
{
	if (value->type == jbvNull)
		return;
	if (value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "options of the operation must be an object");
	addb_entity_options_read(value->val.binary.data, &operation->options);
}

/*
 * addb_entity_operation_init - an operation that says nothing yet
 */
void
addb_entity_operation_init(AddbEntityOperation *operation)
{
	memset(operation, 0, sizeof(AddbEntityOperation));
	operation->values.type = jbvNull;
	operation->where.type = jbvNull;
	operation->options.pages = 1;
	operation->where_name = "where";
	operation->values_name = "values";
	operation->chain_name = "chain";
}

/*
 * addb_entity_operation_read - reads an operation; unknown members are an error
 *
 * Raises 22023 for members of wrong types, with number 1010 or 2005 for options,
 * 22004 for a condition, values or changes that are null.
 */
void
addb_entity_operation_read(JsonbContainer *object,
						   AddbEntityOperation *operation)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	bool		has_method = false;

	addb_entity_operation_init(operation);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (key_is(&key, "method"))
		{
			read_method(&value, operation);
			has_method = true;
		}
		else if (value.type == jbvNull && (key_is(&key, "where") || key_is(&key, "values") ||
										   key_is(&key, "chain")))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" of the operation must not be null",
							pnstrdup(key.val.string.val, key.val.string.len))));
		else if (key_is(&key, "where"))
			operation->where = value;
		else if (key_is(&key, "values"))
			operation->values = value;
		else if (key_is(&key, "options") || key_is(&key, "commit"))
			read_options(&value, operation);
		else if (!read_plain(&key, &value, operation))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("operation has an unknown member \"%s\"",
							pnstrdup(key.val.string.val, key.val.string.len)),
					 errhint("Besides \"method\" it may have \"entity\", \"index\", \"service\", \"collection\", \"attributes\", \"key\", \"keys\", \"items\", \"chain\", \"sk\", \"where\", \"values\", \"options\" and \"commit\".")));
	}
	if (!has_method)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operation has no known method");
}
