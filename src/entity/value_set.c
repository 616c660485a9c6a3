/*
 * value_set.c
 *	  Sets: arrays whose elements are of one type, each once, in their order.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/js_text.h"
#include "entity/value.h"
#include "utils/fmgrprotos.h"

typedef struct Element
{
	JsonbValue	value;
	int			place;
} Element;

static int
compare_values(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type == jbvNumeric)
		return DatumGetInt32(DirectFunctionCall2(numeric_cmp,
												 NumericGetDatum(a->val.numeric),
												 NumericGetDatum(b->val.numeric)));
	if (a->val.string.len != b->val.string.len)
		return a->val.string.len - b->val.string.len;
	return memcmp(a->val.string.val, b->val.string.val, a->val.string.len);
}

static int
compare_elements(const void *a, const void *b)
{
	const Element *x = a;
	const Element *y = b;
	int			order = compare_values(&x->value, &y->value);

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
		if (kept == 0 || compare_values(&elements[kept - 1].value,
										&elements[i].value) != 0)
			elements[kept++] = elements[i];
	qsort(elements, kept, sizeof(Element), compare_places);
	return kept;
}

/* The elements of an array, or a scalar as the only one; NULL for other values. */
static Element *
read_elements(const JsonbValue *value, int *n)
{
	Element    *elements;
	JsonbContainer *array;

	*n = 1;
	if (value->type == jbvString || value->type == jbvNumeric)
	{
		elements = palloc(sizeof(Element));
		elements->value = *value;
		elements->place = 0;
		return elements;
	}
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		return NULL;
	array = value->val.binary.data;
	*n = JsonContainerSize(array);
	elements = palloc(Max(*n, 1) * sizeof(Element));
	for (int i = 0; i < *n; i++)
	{
		elements[i].value = *getIthJsonbValueFromContainer(array, i);
		elements[i].place = i;
	}
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
		const JsonbValue *value = &elements[i].value;

		if (i > 0)
			appendStringInfoCharMacro(out, ',');
		if (!numbers)
			addb_av_append_string(out, value->val.string.val,
								  value->val.string.len);
		else
		{
			appendStringInfoCharMacro(out, '"');
			appendStringInfoString(out, addb_numeric_text(value->val.numeric));
			appendStringInfoCharMacro(out, '"');
		}
	}
	appendStringInfoString(out, "]}");
}

/*
 * addb_entity_write_set - appends a set from an array or a single element
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
	for (int i = 0; i < n && writer->nerrors == errors; i++)
		if ((elements[i].value.type != jbvString &&
			 elements[i].value.type != jbvNumeric) ||
			elements[i].value.type != elements[0].value.type)
			addb_entity_complain(writer, attribute, "must be a set of strings or of numbers");
	if (writer->nerrors == errors)
		write_elements(writer, elements, remove_duplicates(elements, n));
}
