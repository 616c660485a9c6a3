/*
 * read.c
 *	  Key conditions and options of reads.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/js_text.h"
#include "entity/read.h"

/* What a condition on the sort key is made of. */
typedef struct Range
{
	const char *op;				/* NULL: equal, or begins if composites lack */
	AddbEntityValues from;
	AddbEntityValues to;		/* of between, else NULL */
} Range;

static const struct
{
	const char *op;
	const char *before;
	const char *between;
	const char *after;
}			forms[] = {
	{"eq", "", " = ", ""},
	{"begins", "begins_with(", ", ", ")"},
	{"gt", "", " > ", ""},
	{"gte", "", " >= ", ""},
	{"lt", "", " < ", ""},
	{"lte", "", " <= ", ""},
	{"between", "", " BETWEEN ", ""},
};

static void
append_value(AddbExpressions *expressions, const AddbEntityKeyText *key,
			 StringInfo out)
{
	addb_entity_key_append(addb_expressions_append_value(expressions, out),
						   key);
}

static int
find_form(const char *op)
{
	for (int i = 0; i < lengthof(forms); i++)
		if (strcmp(forms[i].op, op) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"sk\" has an unknown operator \"%s\"", op),
			 errhint("The operators are eq, begins, gt, gte, lt, lte and between.")));
}

static _Noreturn void
refuse_sk(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg_internal("%s", message),
			 errhint("Write it like {\"op\": \"begins\", \"value\": {\"name\": \"x\"}}, or {\"op\": \"between\", \"from\": {...}, \"to\": {...}}.")));
}

/* The values of an object, over those that the operation's key gives. */
static AddbEntityValues
merge(const AddbEntityModel *model, AddbEntityValues values, JsonbContainer *sk,
	  const char *name)
{
	JsonbValue *object =
		getKeyJsonValueFromContainer(sk, name, (int) strlen(name), NULL);
	AddbEntityValues merged;

	if (object == NULL || object->type != jbvBinary ||
		!JsonContainerIsObject(object->val.binary.data))
		refuse_sk(psprintf("\"sk\" lacks the object \"%s\"", name));
	merged = addb_entity_read_values(model, object->val.binary.data);
	for (int i = 0; i < model->root.nchildren; i++)
		if (merged[i] == NULL)
			merged[i] = values[i];
	return merged;
}

static void
read_range(const AddbEntityModel *model, AddbEntityValues values,
		   JsonbContainer *sk, Range *range)
{
	JsonbValue *op;

	range->op = NULL;
	range->from = values;
	range->to = NULL;
	if (sk == NULL)
		return;
	op = getKeyJsonValueFromContainer(sk, "op", 2, NULL);
	if (op == NULL || op->type != jbvString)
		refuse_sk("\"sk\" lacks the text \"op\"");
	range->op = pnstrdup(op->val.string.val, op->val.string.len);
	if (strcmp(range->op, "between") == 0)
	{
		range->from = merge(model, values, sk, "from");
		range->to = merge(model, values, sk, "to");
	}
	else
		range->from = merge(model, values, sk, "value");
}

/*
 * Appends AND and the condition on the sort key, if there is any. One that
 * compares with an empty text is DynamoDB's to refuse: without it, more would be
 * found than was asked for.
 */
static void
append_sort(AddbExpressions *expressions, const AddbEntityKey *key,
			const Range *range, int plain_flags, int operator_flags,
			StringInfo out)
{
	int			flags = range->op == NULL ? plain_flags : operator_flags;
	AddbEntityKeyText from = addb_entity_key(key, range->from, flags);
	const char *op = range->op != NULL ? range->op :
		from.complete && (plain_flags & ADDB_KEY_TAIL) ? "eq" : "begins";
	int			form = find_form(op);

	if (from.text.len == 0 && (key->is_numeric || strcmp(op, "begins") == 0))
		return;
	appendStringInfo(out, " AND %s", forms[form].before);
	addb_expressions_append_name(expressions, key->field.data, key->field.len,
								 out);
	appendStringInfoString(out, forms[form].between);
	append_value(expressions, &from, out);
	if (range->to != NULL)
	{
		AddbEntityKeyText to = addb_entity_key(key, range->to, flags);

		appendStringInfoString(out, " AND ");
		append_value(expressions, &to, out);
	}
	appendStringInfoString(out, forms[form].after);
}

/*
 * addb_entity_append_keys - appends the KeyConditionExpression of a query
 *
 * sk is the sort key to compose, NULL when the index has none; the flags are
 * those of addb_entity_key without and with an operator of the operation's "sk".
 * Without ADDB_KEY_TAIL a complete key is a beginning, too. Raises error 2002 for
 * missing composites of the partition key.
 */
void
addb_entity_append_keys(AddbEntityRequest *request,
						AddbExpressions *expressions, AddbEntityValues values,
						const AddbEntityKey *sk, int plain_flags,
						int operator_flags)
{
	const AddbEntityModel *model = addb_entity_model_of(request, 0);
	const AddbEntityKey *pk = &request->index->pk;
	AddbEntityKeyText text;
	StringInfoData out;
	Range		range;

	addb_entity_require_composites(request->index, values, false);
	initStringInfo(&out);
	text = addb_entity_key(pk, values, ADDB_KEY_FULL);
	addb_expressions_append_name(expressions, pk->field.data, pk->field.len,
								 &out);
	appendStringInfoString(&out, " = ");
	append_value(expressions, &text, &out);
	read_range(model, values, request->action.sk, &range);
	if (sk != NULL)
		append_sort(expressions, sk, &range, plain_flags, operator_flags, &out);
	appendStringInfo(&request->body, "%s%s\"", addb_expressions_member(ADDB_KEY_CONDITION),
					 out.data);
}

/*
 * addb_entity_append_range - appends which index to read and how
 *
 * Order (which a scan has not), limit, consistency and the place to start at.
 * Raises error 4001 for a cursor that is none.
 */
void
addb_entity_append_range(AddbEntityRequest *request, const AddbEntityIndex *index)
{
	const AddbEntityOptions *options = &request->action.options;
	StringInfo	body = &request->body;

	if (index->index.data != NULL)
	{
		appendStringInfoString(body, ",\"IndexName\":");
		addb_av_append_string(body, index->index.data, index->index.len);
	}
	if (options->descending && request->operation != &addb_scan)
		appendStringInfoString(body, ",\"ScanIndexForward\":false");
	if (options->limit != NULL)
		appendStringInfo(body, ",\"Limit\":%s", addb_numeric_text(options->limit->val.numeric));
	if (options->consistent)
		appendStringInfoString(body, ",\"ConsistentRead\":true");
	if (options->cursor.data != NULL)
		request->start = addb_entity_cursor_read(request, options->cursor);
}
