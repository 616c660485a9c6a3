/*
 * value.c
 *	  Values of attributes: checked and written in one pass.
 *
 * What is wrong is collected, so that all faults of one attribute are reported
 * at once; what has been written is of no use then.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/js_string.h"
#include "entity/js_text.h"
#include "entity/pattern.h"
#include "entity/value.h"
#include "miscadmin.h"

/* Values of an enum that an error lists. */
#define MAX_LISTED_VALUES 10

static void
write_text(AddbEntityWriter *writer, AddbText text)
{
	appendStringInfoString(writer->out, "{\"S\":");
	addb_js_string_append(writer->out, text);
	appendStringInfoCharMacro(writer->out, '}');
}

static void
write_number(AddbEntityWriter *writer, const AddbEntityAttribute *attribute,
			 const JsonbValue *value)
{
	if (!addb_js_is_safe(value->val.numeric))
		addb_entity_complain(writer, attribute,
							 "is a number beyond 2^53 - 1, which JavaScript cannot hold");
	appendStringInfoString(writer->out, "{\"N\":\"");
	appendStringInfoString(writer->out, addb_numeric_text(value->val.numeric));
	appendStringInfoString(writer->out, "\"}");
}

/* Complains of a value that an enum does not have. */
static void
complain_enum(AddbEntityWriter *writer, const AddbEntityAttribute *attribute,
			  const JsonbValue *value)
{
	StringInfoData reason;

	initStringInfo(&reason);
	if (value->type == jbvString)
		appendStringInfo(&reason, "has the value \"%s\" and",
						 addb_entity_quote((AddbText) {value->val.string.val,
										   value->val.string.len}));
	appendStringInfoString(&reason, reason.len > 0 ? " must have one of" : "must have one of");
	for (int i = 0; i < Min(attribute->nvalues, MAX_LISTED_VALUES); i++)
		appendStringInfo(&reason, "%s \"%s\"", i > 0 ? "," : "",
						 addb_entity_quote(attribute->values[i]));
	if (attribute->nvalues > MAX_LISTED_VALUES)
		appendStringInfo(&reason, " and %d more",
						 attribute->nvalues - MAX_LISTED_VALUES);
	addb_entity_complain(writer, attribute, reason.data);
}

static void
write_enum(AddbEntityWriter *writer, const AddbEntityAttribute *attribute,
		   AddbText text, const JsonbValue *value)
{
	for (int i = 0; i < attribute->nvalues; i++)
		if (addb_text_equal(addb_model_utf8(attribute->values[i]), text))
		{
			write_text(writer, text);
			return;
		}
	complain_enum(writer, attribute, value);
}

/* The members of a map that the model knows, in its order. */
static void
write_map(AddbEntityWriter *writer, const AddbEntityAttribute *attribute,
		  const JsonbValue *value)
{
	bool		first = true;

	appendStringInfoString(writer->out, "{\"M\":{");
	for (int i = 0; i < attribute->nchildren; i++)
	{
		const AddbEntityAttribute *child = &attribute->children[i];
		JsonbValue	buffer;
		const JsonbValue *member =
			getKeyJsonValueFromContainer(value->val.binary.data,
										 child->name.data,
										 child->name.len, &buffer);

		if (member == NULL && writer->defaults)
			member = child->fallback;
		if (member == NULL)
		{
			if (child->required && !writer->partial)
				addb_entity_complain_required(writer, child);
			continue;
		}
		if (!first)
			appendStringInfoCharMacro(writer->out, ',');
		first = false;
		appendBinaryStringInfo(writer->out, child->field_json.data,
							   child->field_json.len);
		addb_entity_write(writer, child, member);
	}
	appendStringInfoString(writer->out, "}}");
}

static void
write_list(AddbEntityWriter *writer, const AddbEntityAttribute *attribute,
		   const JsonbValue *value)
{
	JsonbIterator *iterator = JsonbIteratorInit(value->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue	element;
	int			outer = writer->index;
	int			n = 0;

	appendStringInfoString(writer->out, "{\"L\":[");
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (n > 0)
			appendStringInfoCharMacro(writer->out, ',');
		writer->index = n++;
		addb_entity_write(writer, &attribute->children[0], &element);
	}
	writer->index = outer;
	appendStringInfoString(writer->out, "]}");
}

static bool
is_container(const JsonbValue *value, bool object)
{
	return value->type == jbvBinary && (object ?
										JsonContainerIsObject(value->val.binary.data) :
										JsonContainerIsArray(value->val.binary.data));
}

static void
write_typed(AddbEntityWriter *writer, const AddbEntityAttribute *attribute,
			const JsonbValue *value)
{
	AddbText	text;

	switch (attribute->type)
	{
		case ADDB_ENTITY_STRING:
			if (!addb_js_string(value, &text))
				addb_entity_complain_type(writer, attribute, value, "string");
			else
				write_text(writer, text);
			break;
		case ADDB_ENTITY_ENUM:
			if (!addb_js_string(value, &text))
				addb_entity_complain_type(writer, attribute, value, "string");
			else
				write_enum(writer, attribute, text, value);
			break;
		case ADDB_ENTITY_NUMBER:
			if (value->type != jbvNumeric)
				addb_entity_complain_type(writer, attribute, value, "number");
			else
				write_number(writer, attribute, value);
			break;
		case ADDB_ENTITY_BOOLEAN:
			if (value->type != jbvBool)
				addb_entity_complain_type(writer, attribute, value, "boolean");
			else
				appendStringInfoString(writer->out, value->val.boolean ?
									   "{\"BOOL\":true}" : "{\"BOOL\":false}");
			break;
		case ADDB_ENTITY_MAP:
			if (!is_container(value, true))
				addb_entity_complain_type(writer, attribute, value, "object");
			else
				write_map(writer, attribute, value);
			break;
		case ADDB_ENTITY_LIST:
			if (!is_container(value, false))
				addb_entity_complain_type(writer, attribute, value, "array");
			else
				write_list(writer, attribute, value);
			break;
		case ADDB_ENTITY_SET:
			addb_entity_write_set(writer, attribute, value);
			break;
		case ADDB_ENTITY_ANY:
			addb_av_encode_value(writer->out, value, "attributes");
			break;
	}
}

/*
 * addb_entity_write - appends a value as the AttributeValue that is stored
 *
 * Values against the model are complained of, which is not raised here. Raises
 * 22023 for a $ form in an attribute of type any that is malformed, 54001 when
 * the nesting exhausts the stack.
 */
void
addb_entity_write(AddbEntityWriter *writer,
				  const AddbEntityAttribute *attribute, const JsonbValue *value)
{
	int			errors = writer->nerrors;

	check_stack_depth();
	write_typed(writer, attribute, value);
	if (attribute->pattern.data != NULL && writer->nerrors == errors &&
		!addb_entity_pattern_matches(attribute, value))
		addb_entity_complain(writer, attribute, "does not match the model's \"validate\"");
}

/*
 * addb_entity_check - raises error 3001 for a value against the model
 */
void
addb_entity_check(const AddbEntityAttribute *attribute, const JsonbValue *value)
{
	AddbEntityWriter writer;
	StringInfoData ignored;

	initStringInfo(&ignored);
	addb_entity_writer_init(&writer, &ignored);
	addb_entity_write(&writer, attribute, value);
	addb_entity_writer_raise(&writer);
	pfree(ignored.data);
}

/*
 * addb_entity_write_as_key - appends the value of an attribute that is a key
 *
 * That is the text of the key, with its casing and what its template adds. A
 * value to be compared with is cased only where the model names a casing, as by
 * ElectroDB, whose updates store what they are given otherwise.
 */
void
addb_entity_write_as_key(StringInfo out, const AddbEntityModel *model,
						 const AddbEntityAttribute *attribute,
						 const JsonbValue *value, bool compared)
{
	AddbEntityValues values = addb_entity_values(model);
	AddbEntityKey key = *attribute->as_key;
	AddbEntityKeyText text;

	if (compared && key.casing == ADDB_CASING_DEFAULT)
		key.casing = ADDB_CASING_NONE;
	values[attribute->number] = value;
	text = addb_entity_key(&key, values, ADDB_KEY_FULL);
	addb_entity_key_append(out, &text);
}
