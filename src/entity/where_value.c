/*
 * where_value.c
 *	  The values that conditions compare attributes with.
 *
 * ElectroDB sends what it is given, so that a wrong type never matches and an
 * array is never a set. Here values are checked, and written as the attribute
 * would be stored; only those for strings are turned into text, as there.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/js_string.h"
#include "entity/value.h"
#include "entity/where.h"

static void
write_text(StringInfo json, const AddbEntityAttribute *attribute,
		   const JsonbValue *value)
{
	AddbText	text = addb_entity_text(attribute, value);

	appendStringInfoString(json, "{\"S\":");
	addb_js_string_append(json, text);
	appendStringInfoCharMacro(json, '}');
}

static void
write_checked(StringInfo json, const AddbEntityAttribute *attribute,
			  const JsonbValue *value)
{
	AddbEntityWriter writer;

	addb_entity_writer_init(&writer, json);
	writer.partial = true;
	addb_entity_write(&writer, attribute, value);
	addb_entity_writer_raise(&writer);
}

static bool
is_text_type(const AddbEntityAttribute *attribute)
{
	return attribute->type == ADDB_ENTITY_STRING ||
		attribute->type == ADDB_ENTITY_ENUM;
}

/* A part of a text, or an element of a list or set. */
static void
write_contained(StringInfo json, const AddbEntityAttribute *attribute,
				const JsonbValue *value)
{
	if (attribute->type == ADDB_ENTITY_LIST ||
		attribute->type == ADDB_ENTITY_SET)
		attribute = &attribute->children[0];
	if (is_text_type(attribute))
		write_text(json, attribute, value);
	else
		write_checked(json, attribute, value);
}

/*
 * addb_entity_where_value - appends the placeholder of a value for an attribute
 *
 * For an attribute that is a key it is the whole text of the key, with all that
 * the template has, as in ElectroDB; but not for "type", nor for a part that a
 * numeric key is asked for. free: the path leads into an attribute of type any.
 * Raises 23514 for a value of a wrong type.
 */
void
addb_entity_where_value(AddbEntityCondition *condition,
						const AddbEntityAttribute *attribute, bool free,
						const char *op,
						const JsonbValue *value, const AddbEntityModel *model,
						StringInfo out)
{
	StringInfo	json =
		addb_expressions_append_value(condition->expressions, out);
	bool		contains = strcmp(op, "contains") == 0 || strcmp(op, "notContains") == 0;
	bool		compares = !contains && strcmp(op, "begins") != 0;

	if (strcmp(op, "type") == 0)
		write_text(json, attribute, value);
	else if (free || attribute->type == ADDB_ENTITY_ANY)
		addb_av_encode_value(json, value, condition->name);
	else if (attribute->as_key != NULL && attribute->parent == NULL &&
			 (compares || !attribute->as_key->is_numeric))
	{
		if (attribute->as_key->is_numeric)
			addb_entity_check(attribute, value);
		addb_entity_write_as_key(json, model, attribute, value, true);
	}
	else if (contains)
		write_contained(json, attribute, value);
	else if (is_text_type(attribute))
		write_text(json, attribute, value);
	else if (strcmp(op, "begins") == 0)
		addb_av_encode_value(json, value, condition->name);
	else
		write_checked(json, attribute, value);
}
