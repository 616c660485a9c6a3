/*
 * value_error.c
 *	  What is wrong with values, collected and raised.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/value.h"

/*
 * addb_entity_writer_init - a writer that appends to out, with nothing to complain of
 */
void
addb_entity_writer_init(AddbEntityWriter *writer, StringInfo out)
{
	writer->out = out;
	writer->defaults = false;
	writer->partial = false;
	writer->index = -1;
	writer->nerrors = 0;
}

static void
append_path(StringInfo out, const AddbEntityAttribute *attribute)
{
	if (attribute->parent != NULL)
		append_path(out, attribute->parent);
	if (attribute->name.len == 0 && attribute->parent != NULL)
		appendStringInfoString(out, "[*]");
	else
	{
		appendStringInfoString(out, attribute->parent != NULL ? "." : "");
		appendBinaryStringInfo(out, attribute->name.data, attribute->name.len);
	}
}

/*
 * addb_entity_attribute_path - an attribute's place in its model: a.b, list[*].c
 *
 * Palloc'd.
 */
char *
addb_entity_attribute_path(const AddbEntityAttribute *attribute)
{
	StringInfoData path;

	initStringInfo(&path);
	append_path(&path, attribute);
	return path.data;
}

/*
 * addb_entity_complain - notes that a value is wrong: "attribute ... reason"
 */
void
addb_entity_complain(AddbEntityWriter *writer,
					 const AddbEntityAttribute *attribute, const char *reason)
{
	char	   *path = addb_entity_attribute_path(attribute);
	char	   *text = psprintf("attribute \"%s\" %s", path, reason);

	if (writer->nerrors++ == 0)
	{
		initStringInfo(&writer->reasons);
		initStringInfo(&writer->fields);
	}
	appendStringInfo(&writer->reasons, "%s%s", writer->reasons.len > 0 ? ", " : "", text);
	addb_entity_append_field(&writer->fields, path, writer->index, text);
}

/*
 * addb_entity_type_of - what JSON calls the type of a value
 */
const char *
addb_entity_type_of(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvString:
			return "string";
		case jbvNumeric:
			return "number";
		case jbvBool:
			return "boolean";
		default:
			return JsonContainerIsArray(value->val.binary.data) ? "array" : "object";
	}
}

/*
 * addb_entity_complain_type - notes that a value is of another type
 */
void
addb_entity_complain_type(AddbEntityWriter *writer,
						  const AddbEntityAttribute *attribute,
						  const JsonbValue *value, const char *expected)
{
	addb_entity_complain(writer, attribute,
						 psprintf("has a value of type %s and must have one of type %s",
								  addb_entity_type_of(value), expected));
}

/*
 * addb_entity_complain_required - notes that a value is missing
 */
void
addb_entity_complain_required(AddbEntityWriter *writer,
							  const AddbEntityAttribute *attribute)
{
	addb_entity_complain(writer, attribute, "is required");
}

/*
 * addb_entity_refuse - raises error 3001: "attribute ... reason"
 */
void
addb_entity_refuse(const AddbEntityAttribute *attribute, const char *reason)
{
	AddbEntityWriter writer;

	addb_entity_writer_init(&writer, NULL);
	addb_entity_complain(&writer, attribute, reason);
	addb_entity_writer_raise(&writer);
	pg_unreachable();
}

/*
 * addb_entity_writer_raise - raises error 3001 if there is something to complain of
 */
void
addb_entity_writer_raise(AddbEntityWriter *writer)
{
	if (writer->nerrors > 0)
		addb_entity_raise_fields(writer->reasons.data,
								 psprintf("[%s]", writer->fields.data));
}
