/*
 * where_data.c
 *	  Conditions as data: see where.h for their forms.
 */
#include "postgres.h"

#include "core/closest.h"
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

/* What may stand beside "op" in conditions that have no template. */
static const struct
{
	const char *op;
	const char *members[4];
}			shapes[] = {
	{"between", {"attr", "from", "to"}},
	{"and", {"args"}},
	{"or", {"args"}},
	{"not", {"arg"}},
	{"compare", {"cmp", "left", "right"}},
	{"eqOrNotExists", {"attr", "value", "ref"}},
};

/* The same of those that have one, and of operands. */
static const char *const value_members[] = {"attr", "value", "ref", NULL};
static const char *const path_members[] = {"attr", NULL};
static const char *const operand_members[] = {"name", "size", "field", "escape", "attr", "value", NULL};

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

/* Refuses a member that is none of a list, which NULL ends. */
static void
check_member(const AddbEntityCondition *condition, AddbText name,
			 const char *const *members)
{
	AddbClosest closest = addb_closest(name.data, name.len);

	for (; *members != NULL; members++)
	{
		if (addb_text_is(name, *members))
			return;
		addb_closest_try(&closest, *members, (int) strlen(*members));
	}
	addb_entity_raise_hint(ADDB_ENTITY_BAD_WHERE, addb_closest_hint(&closest),
						   "\"%s\" has an unknown member \"%s\"",
						   condition->name, addb_entity_quote(name));
}

/* Members that nobody would look at are refused: they were meant. */
static void
check_members(const AddbEntityCondition *condition, JsonbContainer *object,
			  const char *const *members)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		AddbText	name = {key.val.string.val, key.val.string.len};

		if (token == WJB_KEY && (members == operand_members || !addb_text_is(name, "op")))
			check_member(condition, name, members);
	}
}

static void
check_condition(const AddbEntityCondition *condition, AddbText op,
				JsonbContainer *object)
{
	for (int i = 0; i < lengthof(templates); i++)
		if (addb_text_is(op, templates[i].op))
			check_members(condition, object,
						  templates[i].between == NULL ? path_members : value_members);
	for (int i = 0; i < lengthof(shapes); i++)
		if (addb_text_is(op, shapes[i].op))
			check_members(condition, object, shapes[i].members);
	if (get(object, "value") != NULL && get(object, "ref") != NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE,
						  "\"%s\" has both \"value\" and \"ref\"", condition->name);
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
append_argument(AddbEntityCondition *condition, JsonbContainer *object,
				StringInfo out)
{
	const JsonbValue *op = get(object, "op");
	bool		group = addb_entity_where_is_or(object) ||
		(op != NULL && op->type == jbvString && op->val.string.len == 3 &&
		 memcmp(op->val.string.val, "and", 3) == 0);

	appendStringInfoString(out, group ? "(" : "");
	addb_entity_where_data(condition, object, out);
	appendStringInfoString(out, group ? ")" : "");
}

static JsonbContainer *
argument_of(const AddbEntityCondition *condition, JsonbContainer *args, int i)
{
	const JsonbValue *value = getIthJsonbValueFromContainer(args, i);

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE,
						  "element %d of \"args\" in \"%s\" must be an object",
						  i + 1, condition->name);
	return value->val.binary.data;
}

static void
append_list(AddbEntityCondition *condition, JsonbContainer *object,
			const char *joint, StringInfo out)
{
	JsonbContainer *array = container_of(condition, require(condition, object, "args"), "args", false);
	int			n = JsonContainerSize(array);

	if (n == 0)
		addb_entity_raise_hint(ADDB_ENTITY_BAD_WHERE, addb_entity_empty_where_hint,
							   "\"args\" in \"%s\" is empty", condition->name);
	for (int i = 0; i < n; i++)
	{
		JsonbContainer *argument = argument_of(condition, array, i);

		appendStringInfoString(out, i > 0 ? joint : "");
		if (n == 1)
			addb_entity_where_data(condition, argument, out);
		else
			append_argument(condition, argument, out);
	}
}

/* An operand is told by one member, of which only "attr" has a value beside. */
static void
check_operand(const AddbEntityCondition *condition, JsonbContainer *object,
			  const char *name)
{
	int			n = 0;

	check_members(condition, object, operand_members);
	for (int i = 0; operand_members[i] != NULL; i++)
		n += get(object, operand_members[i]) != NULL;
	if (n > 1 && (n > 2 || get(object, "attr") == NULL || get(object, "value") == NULL))
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE,
						  "\"%s\" in \"%s\" must be one operand", name, condition->name);
}

static void
append_operand(AddbEntityCondition *condition, const JsonbValue *operand,
			   const char *name, StringInfo out)
{
	JsonbContainer *object = container_of(condition, operand, name, true);
	const JsonbValue *value;
	Subject		subject;

	check_operand(condition, object, name);
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
	check_condition(condition, op, object);
	if (append_by_template(condition, op, object, out))
		return;
	if (addb_text_is(op, "and"))
		append_list(condition, object, " AND ", out);
	else if (addb_text_is(op, "or"))
		append_list(condition, object, " OR ", out);
	else if (addb_text_is(op, "not"))
	{
		appendStringInfoString(out, "NOT ");
		append_argument(condition,
						container_of(condition, require(condition, object, "arg"), "arg", true),
						out);
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
