/*
 * args.c
 *	  Reads and checks the arguments that several SQL functions share.
 *
 * No function is STRICT: a NULL where none is allowed is an error that names
 * the argument, not a silent NULL in return.
 */
#include "postgres.h"

#include "core/guc.h"
#include "functions/args.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* DynamoDB's limits of key values, in bytes of UTF-8. */
#define PK_MAX_BYTES 2048
#define SK_MAX_BYTES 1024

/*
 * addb_arg_require - raises 22004 naming the argument if it is NULL
 */
void
addb_arg_require(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
}

/*
 * addb_arg_text - an argument of type text; raises 22004 if it is NULL
 *
 * The memory is the argument's, detoasted where needed.
 */
AddbText
addb_arg_text(FunctionCallInfo fcinfo, int n, const char *name)
{
	text	   *value;
	AddbText	result;

	addb_arg_require(fcinfo, n, name);
	value = PG_GETARG_TEXT_PP(n);
	result.data = VARDATA_ANY(value);
	result.len = (int) VARSIZE_ANY_EXHDR(value);
	return result;
}

/*
 * addb_arg_optional_text - an argument of type text; data is NULL if it is
 *
 * The memory is as addb_arg_text's.
 */
AddbText
addb_arg_optional_text(FunctionCallInfo fcinfo, int n)
{
	AddbText	none = {NULL, 0};

	return PG_ARGISNULL(n) ? none : addb_arg_text(fcinfo, n, "");
}

/*
 * addb_arg_jsonb - an argument of type jsonb; raises 22004 if it is NULL
 */
Jsonb *
addb_arg_jsonb(FunctionCallInfo fcinfo, int n, const char *name)
{
	addb_arg_require(fcinfo, n, name);
	return PG_GETARG_JSONB_P(n);
}

/*
 * addb_arg_optional_jsonb - an argument of type jsonb, or NULL
 */
Jsonb *
addb_arg_optional_jsonb(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_JSONB_P(n);
}

/*
 * addb_arg_positive - an argument of type integer; fallback when it is NULL
 *
 * Raises 22023 when it is not in 1 to max.
 */
int
addb_arg_positive(FunctionCallInfo fcinfo, int n, const char *name,
				  int fallback, int max)
{
	int32		value;

	if (PG_ARGISNULL(n))
		return fallback;
	value = PG_GETARG_INT32(n);
	if (value < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be at least 1", name)));
	if (value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be at most %d", name, max)));
	return value;
}

static void
check_key_part(const AddbText *part, const char *name, int max, const char *what)
{
	if (part->len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not have an empty \"%s\"", what, name),
				 errdetail("DynamoDB has no empty keys.")));
	if (part->len > max && GetDatabaseEncoding() == PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"%s\" of %s is too long", name, what),
				 errdetail("It has %d bytes; DynamoDB takes %d.", part->len, max)));
}

/*
 * addb_arg_check_key - raises if DynamoDB could not take the key
 *
 * what says whose key it is, as the subject of the message. Raises 22023 for
 * an empty part, 54000 for one that is too long.
 */
void
addb_arg_check_key(const AddbKey *key, const char *what)
{
	check_key_part(&key->pk, "pk", PK_MAX_BYTES, what);
	check_key_part(&key->sk, "sk", SK_MAX_BYTES, what);
}

/*
 * addb_arg_key - the key in two arguments of type text
 *
 * Raises 22004, 22023 and 54000, naming pk or sk.
 */
AddbKey
addb_arg_key(FunctionCallInfo fcinfo, int pk, int sk)
{
	AddbKey		key;

	key.pk = addb_arg_text(fcinfo, pk, "pk");
	key.sk = addb_arg_text(fcinfo, sk, "sk");
	addb_arg_check_key(&key, "the key");
	return key;
}

static void
set_ttl(AddbItem *item, TimestampTz ttl, const char *what)
{
	if (TIMESTAMP_NOT_FINITE(ttl))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite point in time", what),
				 errhint("An item without a \"ttl\" does not expire.")));
	item->has_ttl = true;
	item->ttl = ttl;
}

/*
 * addb_arg_ttl - the argument "ttl" of type timestamptz; NULL is none
 */
void
addb_arg_ttl(FunctionCallInfo fcinfo, int n, AddbItem *item)
{
	item->has_ttl = false;
	if (!PG_ARGISNULL(n))
		set_ttl(item, PG_GETARG_TIMESTAMPTZ(n), "argument \"ttl\"");
}

/*
 * addb_arg_bool - an argument of type boolean; fallback when it is NULL
 */
bool
addb_arg_bool(FunctionCallInfo fcinfo, int n, bool fallback)
{
	return PG_ARGISNULL(n) ? fallback : PG_GETARG_BOOL(n);
}

/*
 * addb_arg_table - the argument "table_name", else atomic_dynamodb.table
 *
 * With n = -1 the function has no such argument. Palloc'd. Raises 22023 when
 * neither names a table.
 */
const char *
addb_arg_table(FunctionCallInfo fcinfo, int n)
{
	bool		by_setting = n < 0 || PG_ARGISNULL(n);
	char	   *name;

	if (by_setting)
		name = pstrdup(addb_table);
	else
		name = text_to_cstring(PG_GETARG_TEXT_PP(n));
	if (name[0] == '\0' && by_setting)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no DynamoDB table is named"),
				 errhint("Give the argument \"table_name\", or SET atomic_dynamodb.\"table\" (TABLE is a keyword of SQL, hence the quotes).")));
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"table_name\" must not be empty")));
	return name;
}

/*
 * addb_arg_is_table - whether addb_arg_table would give this name
 */
bool
addb_arg_is_table(FunctionCallInfo fcinfo, int n, const char *table)
{
	text	   *name;

	if (n < 0 || PG_ARGISNULL(n))
		return strcmp(addb_table, table) == 0;
	name = PG_GETARG_TEXT_PP(n);
	return VARSIZE_ANY_EXHDR(name) == strlen(table) &&
		memcmp(VARDATA_ANY(name), table, strlen(table)) == 0;
}

/* The last second of the year 9999: a later ttl is one in milliseconds. */
#define TTL_MAX_SECONDS INT64CONST(253402300799)

/* The element of a list that is being read, for messages. */
typedef struct Element
{
	const char *argument;		/* "items" or "keys" */
	int			number;			/* from 1 */
} Element;

static void
bad_element(const Element *element, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("element %d of argument \"%s\" %s", element->number,
					element->argument, problem)));
}

static void
read_ttl_member(const Element *element, const JsonbValue *value, AddbItem *item)
{
	char		what[64];

	snprintf(what, sizeof(what), "\"ttl\" in element %d of argument \"%s\"",
			 element->number, element->argument);
	if (value->type == jbvNull)
		return;
	if (value->type == jbvNumeric)
	{
		Datum		floor = DirectFunctionCall1(numeric_floor,
												NumericGetDatum(value->val.numeric));
		int64		seconds = DatumGetInt64(DirectFunctionCall1(numeric_int8, floor));

		if (seconds > TTL_MAX_SECONDS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s is after the year 9999", what),
					 errhint("A ttl is in seconds since 1970, not in milliseconds.")));
		set_ttl(item, addb_item_timestamp(seconds), what);
	}
	else if (value->type == jbvString)
		set_ttl(item, DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
															  CStringGetDatum(pnstrdup(value->val.string.val, value->val.string.len)),
															  ObjectIdGetDatum(InvalidOid),
															  Int32GetDatum(-1))),
				what);
	else
		bad_element(element, "has a \"ttl\" that is neither a number of seconds nor a timestamp");
}

/* Reads one member of an element; true when its name is known. */
static bool
read_member(const Element *element, const JsonbValue *name, JsonbValue *value,
			bool keys_only, AddbItem *item)
{
	const char *text = name->val.string.val;
	int			len = name->val.string.len;

	if (len == 2 && (memcmp(text, "pk", 2) == 0 || memcmp(text, "sk", 2) == 0))
	{
		AddbText   *part = text[0] == 'p' ? &item->key.pk : &item->key.sk;

		if (value->type != jbvString)
			bad_element(element, "has a \"pk\" or \"sk\" that is not a string");
		part->data = value->val.string.val;
		part->len = value->val.string.len;
		return true;
	}
	if (keys_only)
		return false;
	if (len == 4 && memcmp(text, "data", 4) == 0)
	{
		item->data = JsonbValueToJsonb(value);
		return true;
	}

	/* so that rows of ddb_item can be written as they are; locks cannot */
	if (len == 7 && memcmp(text, "version", 7) == 0 && value->type == jbvNull)
		return true;
	if (len == 3 && memcmp(text, "ttl", 3) == 0)
	{
		read_ttl_member(element, value, item);
		return true;
	}
	return false;
}

static void
read_element(const Element *element, JsonbValue *object, bool keys_only,
			 AddbItem *item)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	value;
	char		what[64];

	memset(item, 0, sizeof(*item));
	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		bad_element(element, "is not an object");
	iterator = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (!read_member(element, &name, &value, keys_only, item))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of argument \"%s\" has an unknown member \"%s\"",
							element->number, element->argument,
							pnstrdup(name.val.string.val, name.val.string.len)),
					 keys_only ? errhint("A key has the members \"pk\" and \"sk\".")
					 : errhint("An item has the members \"pk\", \"sk\", \"data\" and, if it expires, \"ttl\".")));
	}
	if (item->key.pk.data == NULL || item->key.sk.data == NULL)
		bad_element(element, item->key.pk.data == NULL ? "has no \"pk\"" : "has no \"sk\"");
	if (!keys_only && item->data == NULL)
		bad_element(element, "has no \"data\"");
	snprintf(what, sizeof(what), "element %d of argument \"%s\"",
			 element->number, element->argument);
	addb_arg_check_key(&item->key, what);
}

/* A jsonb array of objects, or one object. */
static AddbItemList
read_list(Jsonb *jsonb, const char *argument, bool keys_only)
{
	Element		element = {argument, 0};
	AddbItemList list = {NULL, 0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (JB_ROOT_IS_SCALAR(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON array of objects", argument)));
	list.items = palloc(Max(JB_ROOT_COUNT(jsonb), 1) * sizeof(AddbItem));
	if (JB_ROOT_IS_OBJECT(jsonb))
	{
		value.type = jbvBinary;
		value.val.binary.data = &jsonb->root;
		value.val.binary.len = (int) VARSIZE_ANY_EXHDR(jsonb);
		element.number = 1;
		read_element(&element, &value, keys_only, &list.items[list.n++]);
		return list;
	}
	iterator = JsonbIteratorInit(&jsonb->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		element.number++;
		read_element(&element, &value, keys_only, &list.items[list.n++]);
	}
	return list;
}

/*
 * addb_arg_items - the argument "items": [{"pk", "sk", "data" [, "ttl"]}, ...]
 *
 * One object stands for a list of one. Texts lie in the argument, the rest is
 * palloc'd. Raises 22004, 22023 and 54000, naming element and member.
 */
AddbItemList
addb_arg_items(FunctionCallInfo fcinfo, int n)
{
	addb_arg_require(fcinfo, n, "items");
	return read_list(PG_GETARG_JSONB_P(n), "items", false);
}

/*
 * addb_arg_keys - the argument "keys": [{"pk", "sk"}, ...]
 *
 * As addb_arg_items.
 */
AddbItemList
addb_arg_keys(FunctionCallInfo fcinfo, int n)
{
	addb_arg_require(fcinfo, n, "keys");
	return read_list(PG_GETARG_JSONB_P(n), "keys", true);
}

/*
 * addb_read_keys - the keys in a list of them, of which the texts lie in it
 *
 * For a list that must outlive the argument. Errors as addb_arg_keys.
 */
AddbItemList
addb_read_keys(Jsonb *keys)
{
	return read_list(keys, "keys", true);
}
