/*
 * value_set.c
 *	  Sets: arrays whose elements are of one type, each once, in their order.
 */
#include "postgres.h"

#include "entity/js_string.h"
#include "entity/js_text.h"
#include "entity/value.h"
#include "utils/fmgrprotos.h"

typedef struct Element
{
	JsonbValue	value;
	AddbText	text;			/* of a string; data NULL: it is none */
	int			place;
} Element;

static bool
is_element(const Element *element)
{
	return element->value.type == jbvNumeric || element->text.data != NULL;
}

static int
compare_values(const Element *a, const Element *b)
{
	if (a->value.type == jbvNumeric)
		return DatumGetInt32(DirectFunctionCall2(numeric_cmp,
												 NumericGetDatum(a->value.val.numeric),
												 NumericGetDatum(b->value.val.numeric)));
	if (a->text.len != b->text.len)
		return a->text.len - b->text.len;
	return memcmp(a->text.data, b->text.data, a->text.len);
}

static int
compare_elements(const void *a, const void *b)
{
	const Element *x = a;
	const Element *y = b;
	int			order = compare_values(x, y);

	return order != 0 ? order : x->place - y->place;
}

static int
compare_places(const void *a, const void *b)
{
	return ((const Element *) a)->place - ((const Element *) b)->place;
}

/* Leaves the first of equal elements, in the order of their places. */
static int
remove_duplicates(Element *elements, int n)
{
	int			kept = 0;

	qsort(elements, n, sizeof(Element), compare_elements);
	for (int i = 0; i < n; i++)
		if (kept == 0 || compare_values(&elements[kept - 1], &elements[i]) != 0)
			elements[kept++] = elements[i];
	qsort(elements, kept, sizeof(Element), compare_places);
	return kept;
}

static Element
read_element(const JsonbValue *value, int place)
{
	Element		element = {*value, {NULL, 0}, place};

	if (value->type != jbvNumeric && !addb_js_string(value, &element.text))
		element.text.data = NULL;
	return element;
}

/* Whether elements are all of one type, and of the one that a form $ss or $ns has. */
static bool
are_uniform(const JsonbValue *value, const Element *elements, int n)
{
	JsonbValue	buffer;
	bool		numbers = elements[0].value.type == jbvNumeric;

	if (addb_js_form(value, numbers ? "$ss" : "$ns", &buffer) != NULL)
		return false;
	for (int i = 0; i < n; i++)
		if (!is_element(&elements[i]) ||
			(elements[i].value.type == jbvNumeric) != numbers)
			return false;
	return true;
}

/*
 * The elements of an array, or of the item layer's forms of sets, or a scalar as
 * the only one; NULL for other values.
 */
static Element *
read_elements(const JsonbValue *value, int *n)
{
	JsonbValue	buffer;
	const JsonbValue *form = addb_js_set_form(value, &buffer);
	Element    *elements;
	JsonbContainer *array;

	if (form != NULL)
		value = form;
	*n = 1;
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
	{
		elements = palloc(sizeof(Element));
		elements[0] = read_element(value, 0);
		return form == NULL && is_element(&elements[0]) ? elements : NULL;
	}
	array = value->val.binary.data;
	*n = JsonContainerSize(array);
	elements = palloc(Max(*n, 1) * sizeof(Element));
	for (int i = 0; i < *n; i++)
		elements[i] = read_element(getIthJsonbValueFromContainer(array, i), i);
	return elements;
}

/* Checks elements as values of their own; what this writes is thrown away. */
static void
check_elements(AddbEntityWriter *writer, const AddbEntityAttribute *item,
			   const Element *elements, int n)
{
	int			len = writer->out->len;

	for (int i = 0; i < n; i++)
		addb_entity_write(writer, item, &elements[i].value);
	writer->out->len = len;
	writer->out->data[len] = '\0';
}

static void
write_elements(AddbEntityWriter *writer, const Element *elements, int n)
{
	StringInfo	out = writer->out;
	bool		numbers = elements[0].value.type == jbvNumeric;

	appendStringInfoString(out, numbers ? "{\"NS\":[" : "{\"SS\":[");
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoCharMacro(out, ',');
		if (!numbers)
			addb_js_string_append(out, elements[i].text);
		else
		{
			appendStringInfoCharMacro(out, '"');
			appendStringInfoString(out, addb_numeric_text(elements[i].value.val.numeric));
			appendStringInfoCharMacro(out, '"');
		}
	}
	appendStringInfoString(out, "]}");
}

/*
 * addb_entity_write_set - appends a set from an array, a form $ss or $ns, or a
 * single element
 *
 * attribute is a set, or of type any, whose elements decide. DynamoDB has no
 * empty sets and none of booleans: these are complained of.
 */
void
addb_entity_write_set(AddbEntityWriter *writer,
					  const AddbEntityAttribute *attribute,
					  const JsonbValue *value)
{
	int			n;
	int			errors = writer->nerrors;
	Element    *elements = read_elements(value, &n);

	if (elements == NULL)
	{
		addb_entity_complain_type(writer, attribute, value, "array");
		return;
	}
	if (n == 0)
	{
		addb_entity_complain(writer, attribute, "is an empty set, which DynamoDB does not have");
		return;
	}
	if (attribute->type == ADDB_ENTITY_SET)
		check_elements(writer, &attribute->children[0], elements, n);
	if (writer->nerrors == errors && !are_uniform(value, elements, n))
		addb_entity_complain(writer, attribute, "must be a set of strings or of numbers");
	if (writer->nerrors == errors)
		write_elements(writer, elements, remove_duplicates(elements, n));
}
