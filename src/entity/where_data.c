/*
 * where_data.c
 *	  Conditions as data: see where.h for their forms.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/path.h"
#include "entity/where.h"
#include "miscadmin.h"

/* Conditions that come from two operands or from a function of them. */
static const struct
{
	const char *op;
	const char *before;			/* the attribute */
	const char *between;		/* attribute and value; NULL: there is no value */
	const char *after;
}			templates[] = {
	{"eq", "", " = ", ""},
	{"ne", "", " <> ", ""},
	{"gt", "", " > ", ""},
	{"gte", "", " >= ", ""},
	{"lt", "", " < ", ""},
	{"lte", "", " <= ", ""},
	{"begins", "begins_with(", ", ", ")"},
	{"contains", "contains(", ", ", ")"},
	{"notContains", "NOT contains(", ", ", ")"},
	{"type", "attribute_type(", ", ", ")"},
	{"exists", "attribute_exists(", NULL, ")"},
	{"notExists", "attribute_not_exists(", NULL, ")"},
};

static const char *const comparators[] = {"=", "<>", "<", "<=", ">", ">="};

/* What a path of a condition leads to. */
typedef struct Subject
{
	AddbEntityPath path;
	const AddbEntityModel *model;
} Subject;

static const JsonbValue *
get(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, (int) strlen(name), NULL);
}

static const JsonbValue *
require(const AddbEntityCondition *condition, JsonbContainer *object,
		const char *name)
{
	const JsonbValue *value = get(object, name);

	if (value == NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" is missing in \"%s\"",
						  name, condition->name);
	return value;
}

static AddbText
text_of(const AddbEntityCondition *condition, const JsonbValue *value,
		const char *name)
{
	if (value->type != jbvString)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" in \"%s\" must be a string",
						  name, condition->name);
	return (AddbText) {value->val.string.val, value->val.string.len};
}

static JsonbContainer *
container_of(const AddbEntityCondition *condition, const JsonbValue *value,
			 const char *name, bool object)
{
	if (value->type != jbvBinary ||
		(object ? !JsonContainerIsObject(value->val.binary.data) :
		 !JsonContainerIsArray(value->val.binary.data)))
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" in \"%s\" must be an %s",
						  name, condition->name, object ? "object" : "array");
	return value->val.binary.data;
}

/* Follows a path; of a collection's models, the first that has it counts. */
static void
find_subject(AddbEntityCondition *condition, const JsonbValue *path,
			 const char *name, Subject *subject)
{
	AddbText	written = text_of(condition, path, name);

	subject->path.invalid = false;
	for (int i = 0; i < condition->nmodels; i++)
	{
		subject->model = condition->models[i];
		if (addb_entity_path(subject->model, condition->expressions, written,
							 &subject->path))
			return;
	}
	addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" in \"%s\" is no attribute of the model",
					  addb_entity_quote(written), condition->name);
}

static void
append_path(const Subject *subject, StringInfo out)
{
	appendBinaryStringInfo(out, subject->path.text.data,
						   subject->path.text.len);
}

static void
append_value(AddbEntityCondition *condition, const Subject *subject,
			 const char *op, const JsonbValue *value, StringInfo out)
{
	addb_entity_where_value(condition, subject->path.leaf, subject->path.free,
							op, value, subject->model, out);
}

/* The second operand: "value", or the attribute that "ref" names. */
static void
append_second(AddbEntityCondition *condition, const Subject *subject,
			  const char *op, JsonbContainer *object, StringInfo out)
{
	const JsonbValue *ref = get(object, "ref");
	Subject		other;

	if (ref == NULL)
		append_value(condition, subject, op, require(condition, object, "value"), out);
	else
	{
		find_subject(condition, ref, "ref", &other);
		append_path(&other, out);
	}
}

static void
append_between(AddbEntityCondition *condition, JsonbContainer *object,
			   StringInfo out)
{
	Subject		subject;

	find_subject(condition, require(condition, object, "attr"), "attr", &subject);
	append_path(&subject, out);
	appendStringInfoString(out, " BETWEEN ");
	append_value(condition, &subject, "between", require(condition, object, "from"), out);
	appendStringInfoString(out, " AND ");
	append_value(condition, &subject, "between", require(condition, object, "to"), out);
}

static void
append_equal_or_missing(AddbEntityCondition *condition, JsonbContainer *object,
						StringInfo out)
{
	Subject		subject;

	find_subject(condition, require(condition, object, "attr"), "attr", &subject);
	append_path(&subject, out);
	appendStringInfoString(out, " = ");
	append_second(condition, &subject, "eq", object, out);
	appendStringInfoString(out, " OR attribute_not_exists(");
	append_path(&subject, out);
	appendStringInfoChar(out, ')');
}

/* An argument of and, or and not: in parentheses if an operator is outermost. */
static void
append_argument(AddbEntityCondition *condition, const JsonbValue *argument,
				StringInfo out)
{
	JsonbContainer *object = container_of(condition, argument, "args", true);
	const JsonbValue *op = get(object, "op");
	bool		group = addb_entity_where_is_or(object) ||
		(op != NULL && op->type == jbvString && op->val.string.len == 3 &&
		 memcmp(op->val.string.val, "and", 3) == 0);

	appendStringInfoString(out, group ? "(" : "");
	addb_entity_where_data(condition, object, out);
	appendStringInfoString(out, group ? ")" : "");
}

static void
append_list(AddbEntityCondition *condition, JsonbContainer *object,
			const char *joint, StringInfo out)
{
	JsonbContainer *array = container_of(condition, require(condition, object, "args"), "args", false);
	int			n = JsonContainerSize(array);

	if (n == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"args\" in \"%s\" is empty",
						  condition->name);
	if (n == 1)
		addb_entity_where_data(condition,
							   container_of(condition, getIthJsonbValueFromContainer(array, 0),
											"args", true), out);
	for (int i = 0; n > 1 && i < n; i++)
	{
		appendStringInfoString(out, i > 0 ? joint : "");
		append_argument(condition, getIthJsonbValueFromContainer(array, i),
						out);
	}
}

static void
append_operand(AddbEntityCondition *condition, const JsonbValue *operand,
			   const char *name, StringInfo out)
{
	JsonbContainer *object = container_of(condition, operand, name, true);
	const JsonbValue *value;
	Subject		subject;

	if ((value = get(object, "name")) != NULL)
	{
		find_subject(condition, value, "name", &subject);
		append_path(&subject, out);
	}
	else if ((value = get(object, "size")) != NULL)
	{
		find_subject(condition, value, "size", &subject);
		appendStringInfo(out, "size(%s)", subject.path.text.data);
	}
	else if ((value = get(object, "field")) != NULL)
	{
		AddbText	field = text_of(condition, value, "field");

		addb_expressions_append_name(condition->expressions, field.data,
									 field.len, out);
	}
	else if ((value = get(object, "escape")) != NULL)
		addb_av_encode_value(addb_expressions_append_value(condition->expressions, out),
							 value, condition->name);
	else
	{
		find_subject(condition, require(condition, object, "attr"), "attr", &subject);
		append_value(condition, &subject, "eq", require(condition, object, "value"), out);
	}
}

static void
append_comparison(AddbEntityCondition *condition, JsonbContainer *object,
				  StringInfo out)
{
	AddbText	cmp = text_of(condition, require(condition, object, "cmp"), "cmp");

	for (int i = 0; i < lengthof(comparators); i++)
		if (addb_text_is(cmp, comparators[i]))
		{
			append_operand(condition, require(condition, object, "left"), "left", out);
			appendStringInfo(out, " %s ", comparators[i]);
			append_operand(condition, require(condition, object, "right"), "right", out);
			return;
		}
	addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"cmp\" in \"%s\" cannot be \"%s\"",
					  condition->name, addb_entity_quote(cmp));
}

/* A condition by its template; false when the operation has none. */
static bool
append_by_template(AddbEntityCondition *condition, AddbText op,
				   JsonbContainer *object, StringInfo out)
{
	Subject		subject;

	for (int i = 0; i < lengthof(templates); i++)
	{
		if (!addb_text_is(op, templates[i].op))
			continue;
		find_subject(condition, require(condition, object, "attr"), "attr", &subject);
		appendStringInfoString(out, templates[i].before);
		append_path(&subject, out);
		if (templates[i].between != NULL)
		{
			appendStringInfoString(out, templates[i].between);
			append_second(condition, &subject, templates[i].op, object, out);
		}
		appendStringInfoString(out, templates[i].after);
		return true;
	}
	return false;
}

/*
 * addb_entity_where_is_or - whether a condition has OR as its outermost operator
 */
bool
addb_entity_where_is_or(JsonbContainer *object)
{
	const JsonbValue *op = get(object, "op");
	const JsonbValue *args;
	AddbText	text;

	if (op == NULL || op->type != jbvString)
		return false;
	text = (AddbText) {op->val.string.val, op->val.string.len};
	if (addb_text_is(text, "eqOrNotExists"))
		return true;
	if (!addb_text_is(text, "or") && !addb_text_is(text, "and"))
		return false;
	args = get(object, "args");
	if (args != NULL && args->type == jbvBinary &&
		JsonContainerIsArray(args->val.binary.data) &&
		JsonContainerSize(args->val.binary.data) == 1)
	{
		const JsonbValue *only =
			getIthJsonbValueFromContainer(args->val.binary.data, 0);

		return only->type == jbvBinary &&
			JsonContainerIsObject(only->val.binary.data) &&
			addb_entity_where_is_or(only->val.binary.data);
	}
	return addb_text_is(text, "or");
}

/*
 * addb_entity_where_data - appends one condition
 *
 * Raises 22023 with number 1012 for what is no condition, 54001 when the nesting
 * exhausts the stack.
 */
void
addb_entity_where_data(AddbEntityCondition *condition, JsonbContainer *object,
					   StringInfo out)
{
	AddbText	op = text_of(condition, require(condition, object, "op"), "op");

	check_stack_depth();
	if (append_by_template(condition, op, object, out))
		return;
	if (addb_text_is(op, "and"))
		append_list(condition, object, " AND ", out);
	else if (addb_text_is(op, "or"))
		append_list(condition, object, " OR ", out);
	else if (addb_text_is(op, "not"))
	{
		appendStringInfoString(out, "NOT ");
		append_argument(condition, require(condition, object, "arg"), out);
	}
	else if (addb_text_is(op, "between"))
		append_between(condition, object, out);
	else if (addb_text_is(op, "eqOrNotExists"))
		append_equal_or_missing(condition, object, out);
	else if (addb_text_is(op, "compare"))
		append_comparison(condition, object, out);
	else
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"op\" in \"%s\" cannot be \"%s\"",
						  condition->name, addb_entity_quote(op));
}
