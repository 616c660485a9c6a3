/*
 * model_attribute.c
 *	  The attributes of a model.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/model.h"
#include "entity/pattern.h"
#include "miscadmin.h"

/* What JavaScript alone can call; JSON that has it was written by hand. */
static const char *const callbacks[] = {"get", "set", "watch"};

static void read_children(AddbEntityAttribute *parent,
						  const AddbJsonNode *properties, const char *path);
static void read_attribute(AddbEntityAttribute *attribute,
						   const AddbJsonNode *node, const char *path);

static void
read_enum(AddbEntityAttribute *attribute, const AddbJsonNode *array,
		  const char *path)
{
	AddbText   *values = palloc(Max(array->n, 1) * sizeof(AddbText));
	int			n = 0;

	for (const AddbJsonNode *node = array->first; node != NULL;
		 node = node->next)
	{
		if (node->type != ADDB_JSON_STRING)
			addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
							  "values of \"%s\" of the model must be strings", path);
		values[n++] = node->text;
	}
	attribute->type = ADDB_ENTITY_ENUM;
	attribute->values = values;
	attribute->nvalues = n;
}

static void
read_type_name(AddbEntityAttribute *attribute, AddbText name, const char *path)
{
	static const struct
	{
		const char *name;
		AddbEntityType type;
	}			types[] = {
		{"string", ADDB_ENTITY_STRING},
		{"number", ADDB_ENTITY_NUMBER},
		{"boolean", ADDB_ENTITY_BOOLEAN},
		{"map", ADDB_ENTITY_MAP},
		{"list", ADDB_ENTITY_LIST},
		{"set", ADDB_ENTITY_SET},
		{"any", ADDB_ENTITY_ANY},
		{"custom", ADDB_ENTITY_ANY},
	};

	for (int i = 0; i < lengthof(types); i++)
		if (addb_text_is(name, types[i].name))
		{
			attribute->type = types[i].type;
			return;
		}
	addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE, "\"%s\" of the model has an unknown type \"%s\"",
					  path, addb_entity_quote(name));
}

static void
read_type(AddbEntityAttribute *attribute, const AddbJsonNode *type,
		  const char *path)
{
	if (type == NULL)
		attribute->type = ADDB_ENTITY_STRING;
	else if (type->type == ADDB_JSON_ARRAY)
		read_enum(attribute, type, path);
	else if (type->type == ADDB_JSON_STRING)
		read_type_name(attribute, type->text, path);
	else
		addb_entity_raise(attribute->parent == NULL ? ADDB_ENTITY_BAD_MODEL : ADDB_ENTITY_BAD_ATTRIBUTE,
						  "\"%s.type\" of the model must be a string or an array", path);
}

/* The only child of a list or set, which stands for each of its elements. */
static AddbEntityAttribute *
add_items(AddbEntityAttribute *attribute)
{
	AddbEntityAttribute *items = palloc0(sizeof(AddbEntityAttribute));

	items->parent = attribute;
	items->name = (AddbText) {"", 0};
	items->field = items->name;
	attribute->children = items;
	attribute->nchildren = 1;
	return items;
}

static void
read_set_items(AddbEntityAttribute *attribute, const AddbJsonNode *items,
			   const char *path)
{
	AddbEntityAttribute *item = add_items(attribute);

	if (items != NULL && (items->type == ADDB_JSON_ARRAY ||
						  items->type == ADDB_JSON_STRING))
	{
		read_type(item, items, path);
		if (item->type == ADDB_ENTITY_STRING ||
			item->type == ADDB_ENTITY_NUMBER ||
			item->type == ADDB_ENTITY_BOOLEAN || item->type == ADDB_ENTITY_ENUM)
			return;
	}
	addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
					  "\"%s.items\" of the model must be \"string\", \"number\", \"boolean\" or an array of values",
					  path);
}

static void
read_inside(AddbEntityAttribute *attribute, const AddbJsonNode *node,
			const char *path)
{
	const AddbJsonNode *properties = addb_json_member(node, "properties");
	const AddbJsonNode *items = addb_json_member(node, "items");

	if (attribute->type == ADDB_ENTITY_SET)
		read_set_items(attribute, items, path);
	else if (attribute->type == ADDB_ENTITY_LIST)
	{
		if (items == NULL)
			addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
							  "\"%s\" of the model is a list and must have \"items\"", path);
		read_attribute(add_items(attribute), items, psprintf("%s[*]", path));
	}
	else if (attribute->type == ADDB_ENTITY_MAP)
	{
		if (properties == NULL || properties->type != ADDB_JSON_OBJECT)
			addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
							  "\"%s\" of the model is a map and must have an object \"properties\"",
							  path);
		read_children(attribute, properties, path);
	}
}

static void
read_padding(AddbEntityAttribute *attribute, const AddbJsonNode *node,
			 const char *path)
{
	const AddbJsonNode *padding = addb_json_member(node, "padding");
	const AddbJsonNode *length = addb_json_member(padding, "length");
	char	   *end;
	long		value;

	if (padding == NULL)
		return;
	if (length == NULL || length->type != ADDB_JSON_NUMBER)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s.padding.length\" of the model must be a number", path);
	value = strtol(pnstrdup(length->text.data, length->text.len), &end, 10);

	/* DynamoDB takes keys of 2048 bytes at most */
	if (*end != '\0' || value < 0 || value > 2048)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s.padding.length\" of the model must be an integer from 0 to 2048",
						  path);
	attribute->pad_length = (int) value;
	attribute->pad = addb_model_utf8(addb_model_required_text(padding, "char", path));
}

/* JSON.stringify makes {} of a RegExp, which would let everything pass. */
static void
read_validate(AddbEntityAttribute *attribute, const AddbJsonNode *node,
			  const char *path)
{
	const AddbJsonNode *validate = addb_json_member(node, "validate");

	if (validate == NULL)
		return;
	attribute->pattern = addb_model_text(validate, "regex", path);
	if (attribute->pattern.data == NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s.validate\" of the model must be an object with \"regex\" and \"flags\"",
						  path);
	attribute->flags = addb_model_text(validate, "flags", path);
	addb_entity_pattern_read(attribute, path);
}

/* A document as an operation would give the value. */
static JsonbValue *
fallback_value(Jsonb *document)
{
	JsonbValue *value;

	if (JB_ROOT_IS_SCALAR(document))
		return getIthJsonbValueFromContainer(&document->root, 0);
	value = palloc(sizeof(JsonbValue));
	value->type = jbvBinary;
	value->val.binary.data = &document->root;
	value->val.binary.len = VARSIZE(document) - VARHDRSZ;
	return value;
}

static void
read_default(AddbEntityAttribute *attribute, const AddbJsonNode *node)
{
	const AddbJsonNode *fallback = addb_json_member(node, "default");
	AddbJsonbValue value;
	Jsonb	   *document;

	if (fallback == NULL)
		return;
	addb_jsonb_start();
	if (!addb_av_decode_document(fallback->source.data, fallback->source.len,
								 &value))
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "model has an invalid default");
	document = addb_jsonb_finish(value);
	attribute->fallback = fallback_value(document);
}

static void
read_properties(AddbEntityAttribute *attribute, const AddbJsonNode *node,
				const char *path)
{
	AddbText	field = addb_model_text(node, "field", path);
	AddbText	label = addb_model_text(node, "label", path);

	for (int i = 0; i < lengthof(callbacks); i++)
		if (addb_json_member(node, callbacks[i]) != NULL)
			addb_entity_raise_unsupported(psprintf("callback \"%s\"", callbacks[i]), path);
	read_type(attribute, addb_json_member(node, "type"), path);
	attribute->required = addb_model_bool(node, "required", path);
	attribute->read_only = addb_model_bool(node, "readOnly", path);
	attribute->hidden = addb_model_bool(node, "hidden", path);
	attribute->field = field.len > 0 ? field : attribute->name;
	attribute->label = label.data == NULL ? label : addb_model_utf8(label);
	read_padding(attribute, node, path);
	read_validate(attribute, node, path);
	read_default(attribute, node);
	read_inside(attribute, node, path);
}

/* An attribute's definition: an object, or just its type. */
static void
read_attribute(AddbEntityAttribute *attribute, const AddbJsonNode *node,
			   const char *path)
{
	check_stack_depth();
	if (node->type == ADDB_JSON_OBJECT)
		read_properties(attribute, node, path);
	else if (node->type == ADDB_JSON_STRING || node->type == ADDB_JSON_ARRAY)
	{
		read_type(attribute, node, path);
		attribute->field = attribute->name;
		read_inside(attribute, node, path);
	}
	else
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s\" of the model must be an object, a string or an array", path);
	attribute->field_json = addb_model_json_name(attribute->field);
}

static int
compare_fields(const void *a, const void *b)
{
	AddbText	x = (*(const AddbEntityAttribute *const *) a)->field;
	AddbText	y = (*(const AddbEntityAttribute *const *) b)->field;

	return x.len != y.len ? x.len - y.len : memcmp(x.data, y.data, x.len);
}

/* Orders children by their fields, of which no two may be the same. */
static void
sort_fields(AddbEntityAttribute *parent, const char *path)
{
	int			n = parent->nchildren;

	parent->by_field = palloc(Max(n, 1) * sizeof(AddbEntityAttribute *));
	for (int i = 0; i < n; i++)
		parent->by_field[i] = &parent->children[i];
	qsort(parent->by_field, n, sizeof(AddbEntityAttribute *), compare_fields);
	for (int i = 1; i < n; i++)
		if (addb_text_equal(parent->by_field[i - 1]->field,
							parent->by_field[i]->field))
			addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
							  "two attributes in \"%s\" of the model have the field \"%s\"",
							  path,
							  addb_entity_quote(parent->by_field[i]->field));
}

static void
read_children(AddbEntityAttribute *parent, const AddbJsonNode *properties,
			  const char *path)
{
	int			n = 0;

	addb_model_refuse_repeated(properties, "attribute");
	parent->children =
		palloc0(Max(properties->n, 1) * sizeof(AddbEntityAttribute));
	for (const AddbJsonNode *node = properties->first; node != NULL;
		 node = node->next)
	{
		AddbEntityAttribute *child = &parent->children[n];

		child->name = node->name;
		child->parent = parent->name.data == NULL ? NULL : parent;
		child->number = n++;
		read_attribute(child, node, addb_model_path(path, node->name));
	}
	parent->nchildren = n;
	sort_fields(parent, path);
}

/* The type is compulsory for the attributes themselves. */
static void
check_types_given(const AddbJsonNode *attributes)
{
	for (const AddbJsonNode *node = attributes->first; node != NULL;
		 node = node->next)
		if (node->type == ADDB_JSON_OBJECT && addb_json_member(node, "type") == NULL)
			addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
							  "attribute \"%s\" of the model must have a type",
							  addb_entity_quote(node->name));
}

/*
 * addb_model_read_attributes - reads the member "attributes" of a model
 *
 * Raises 22023 with ElectroDB's numbers 1008 and 1009, 0A000 for callbacks.
 */
void
addb_model_read_attributes(AddbEntityModel *model,
						   const AddbJsonNode *attributes)
{
	model->root.type = ADDB_ENTITY_MAP;
	check_types_given(attributes);
	read_children(&model->root, attributes, "attributes");
}
