/*
 * options.c
 *	  The options of an operation: ElectroDB's execution options.
 *
 * Those that only JavaScript can use are passed over, as far as the result does
 * not depend on them.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/js_text.h"
#include "entity/model.h"
#include "entity/operation.h"
#include "utils/fmgrprotos.h"

static const char *const responses[] = {
	[ADDB_RESPONSE_DEFAULT] = "default",
	[ADDB_RESPONSE_NONE] = "none",
	[ADDB_RESPONSE_ALL_OLD] = "all_old",
	[ADDB_RESPONSE_UPDATED_OLD] = "updated_old",
	[ADDB_RESPONSE_ALL_NEW] = "all_new",
	[ADDB_RESPONSE_UPDATED_NEW] = "updated_new",
};

/* Options that would change the result, and that are not offered. */
static const char *const unsupported[] = {"compare", "hydrate"};

static AddbText
text_of(const JsonbValue *value)
{
	AddbText	none = {NULL, 0};

	return value->type != jbvString ? none :
		(AddbText) {value->val.string.val, value->val.string.len};
}

static _Noreturn void
bad_option(const char *name, const char *expected)
{
	addb_entity_raise(ADDB_ENTITY_BAD_OPTION, "option \"%s\" must be %s", name, expected);
}

static AddbText
read_text(const JsonbValue *value, const char *name)
{
	AddbText	text = text_of(value);

	if (text.data == NULL && value->type != jbvNull)
		bad_option(name, "a string");
	return text;
}

static bool
read_bool(const JsonbValue *value, const char *name)
{
	if (value->type == jbvNull)
		return false;
	if (value->type != jbvBool)
		bad_option(name, "a boolean");
	return value->val.boolean;
}

static AddbEntityResponse
read_response(const JsonbValue *value)
{
	for (int i = 0; i < lengthof(responses); i++)
		if (addb_text_is(text_of(value), responses[i]))
			return i;
	bad_option("response", "default, none, all_old, updated_old, all_new or updated_new");
}

static AddbEntityOnFailure
read_on_failure(const JsonbValue *value)
{
	if (value->type == jbvBool)
		return value->val.boolean ? ADDB_FAILURE_TELL : ADDB_FAILURE_RAISE;
	if (!addb_text_is(text_of(value), "all_old"))
		bad_option("returnOnConditionCheckFailure", "a boolean or all_old");
	return ADDB_FAILURE_ALL_OLD;
}

/* The whole part of a number from 1 on, 0 of anything else. */
static int
positive(const JsonbValue *value)
{
	int			number;

	if (value->type != jbvNumeric ||
		!DatumGetBool(DirectFunctionCall2(numeric_ge,
										  NumericGetDatum(value->val.numeric),
										  NumericGetDatum(int64_to_numeric(1)))) ||
		!DatumGetBool(DirectFunctionCall2(numeric_le,
										  NumericGetDatum(value->val.numeric),
										  NumericGetDatum(int64_to_numeric(PG_INT32_MAX)))))
		return 0;
	number = DatumGetInt32(DirectFunctionCall1(numeric_int4,
											   DirectFunctionCall1(numeric_floor,
																   NumericGetDatum(value->val.numeric))));
	return number;
}

/* What parseInt() makes of a text, 0 of less than 1. */
static int
leading_number(AddbText text)
{
	double		number;

	text = addb_model_utf8(text);
	if (!addb_js_parse_int(text.data, text.len, &number) || number < 1)
		return 0;
	return (int) Min(number, PG_INT32_MAX);
}

static int
read_pages(const JsonbValue *value)
{
	int			pages = value->type == jbvString ? leading_number(text_of(value)) : positive(value);

	if (addb_text_is(text_of(value), "all"))
		return ADDB_PAGES_ALL;
	if (pages == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_PAGES,
						  "option \"pages\" must be a number greater than zero or \"all\"");
	return pages;
}

static int
read_count(const JsonbValue *value)
{
	int			count = positive(value);

	if (count == 0)
		bad_option("count", "a number greater than zero");
	return count;
}

static bool
read_order(const JsonbValue *value)
{
	if (!addb_text_is(text_of(value), "asc") && !addb_text_is(text_of(value), "desc"))
		bad_option("order", "asc or desc");
	return addb_text_is(text_of(value), "desc");
}

static AddbText
read_cursor(const JsonbValue *value)
{
	AddbText	cursor = text_of(value);

	if (cursor.data == NULL && value->type != jbvNull)
		addb_entity_raise(ADDB_ENTITY_BAD_CURSOR, "option \"cursor\" must be a string");
	return cursor.len > 0 ? cursor : (AddbText) {NULL, 0};
}

static bool
read_data(const JsonbValue *value)
{
	if (!addb_text_is(text_of(value), "attributes") &&
		!addb_text_is(text_of(value), "includeKeys"))
		bad_option("data", "attributes or includeKeys");
	return addb_text_is(text_of(value), "includeKeys");
}

/*
 * addb_entity_options_attributes - the names of an option "attributes"; NULL: all,
 * as an empty list has it in ElectroDB
 *
 * Raises error 1010 for an element that is no string.
 */
JsonbContainer *
addb_entity_options_attributes(JsonbContainer *names)
{
	for (int i = 0; i < JsonContainerSize(names); i++)
		if (getIthJsonbValueFromContainer(names, i)->type != jbvString)
			bad_option("attributes", "an array of names");
	return JsonContainerSize(names) > 0 ? names : NULL;
}

static JsonbContainer *
read_attributes(const JsonbValue *value)
{
	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		bad_option("attributes", "an array of names");
	return addb_entity_options_attributes(value->val.binary.data);
}

/* Which numbers there may be is DynamoDB's to say. */
static const JsonbValue *
read_limit(const JsonbValue *value)
{
	JsonbValue *copy;

	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvNumeric)
		bad_option("limit", "a number");
	copy = palloc(sizeof(JsonbValue));
	*copy = *value;
	return copy;
}

static void
read_option(AddbText name, const JsonbValue *value, AddbEntityOptions *options)
{
	if (addb_text_is(name, "response"))
		options->response = read_response(value);
	else if (addb_text_is(name, "returnOnConditionCheckFailure"))
		options->on_failure = read_on_failure(value);
	else if (addb_text_is(name, "table"))
		options->table = read_text(value, "table");
	else if (addb_text_is(name, "attributes"))
		options->attributes = read_attributes(value);
	else if (addb_text_is(name, "consistent"))
		options->consistent = read_bool(value, "consistent");
	else if (addb_text_is(name, "ignoreOwnership"))
		options->ignore_ownership = read_bool(value, "ignoreOwnership");
	else if (addb_text_is(name, "data"))
		options->include_keys = read_data(value);
	else if (addb_text_is(name, "order"))
		options->descending = read_order(value);
	else if (addb_text_is(name, "limit"))
		options->limit = read_limit(value);
	else if (addb_text_is(name, "cursor"))
		options->cursor = read_cursor(value);
	else if (addb_text_is(name, "pages"))
		options->pages = read_pages(value);
	else if (addb_text_is(name, "count"))
		options->count = read_count(value);
	else if (addb_text_is(name, "token"))
		options->token = read_text(value, "token");
}

/*
 * addb_entity_options_read - reads the object of options
 *
 * Raises 22023 with number 1010, or 2005 for pages; 0A000 for what is not
 * offered.
 */
void
addb_entity_options_read(JsonbContainer *object, AddbEntityOptions *options)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		for (int i = 0; i < lengthof(unsupported); i++)
			if (addb_text_is((AddbText) {key.val.string.val,
										 key.val.string.len}, unsupported[i]))
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("option \"%s\" is not supported", unsupported[i])));
		read_option((AddbText) {key.val.string.val, key.val.string.len},
					&value, options);
	}
}
