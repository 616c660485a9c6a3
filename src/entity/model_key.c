/*
 * model_key.c
 *	  The keys of a model's indexes: what stands in them, and around it.
 *
 * A key made from "composite" has a prefix and labels of ElectroDB's; one made
 * from "template" is all the user's. Where a key field is an attribute's as
 * well, the attribute is the key, and the key is a template of it alone.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/model.h"

static const char *const casings[] = {"default", "lower", "upper", "none"};

static const char *const casts[] = {"", "number", "string"};

static const AddbEntityAttribute *
composite(AddbEntityModel *model, AddbText name, const char *path)
{
	const AddbEntityAttribute *attribute =
		addb_entity_child(&model->root, name.data, name.len);

	if (attribute == NULL || name.len == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_TEMPLATE,
						  "\"%s\" of the model names \"%s\", which is no attribute",
						  path, addb_entity_quote(name));
	if (attribute->type > ADDB_ENTITY_ENUM)
		addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
						  "attribute \"%s\" of the model cannot be in the key \"%s\": it is no string, number, boolean or enum",
						  addb_entity_quote(name), path);
	return attribute;
}

static AddbText
literal(const char *data, const char *end)
{
	AddbText	text = {data, (int) (end - data)};

	return addb_model_utf8(text);
}

/* Takes a template apart. */
static void
read_template(AddbEntityModel *model, AddbEntityKey *key, AddbText template,
			  const char *path)
{
	const char *end = template.data + template.len;
	const char *run = template.data;

	key->is_template = true;
	key->parts = palloc((template.len / 3 + 1) * sizeof(AddbEntityPart));
	for (const char *p = template.data; p + 1 < end; p++)
	{
		const char *close;
		AddbText	name;

		if (p[0] != '$' || p[1] != '{' ||
			(close = memchr(p, '}', end - p)) == NULL)
			continue;
		name = (AddbText) {p + 2, (int) (close - p - 2)};
		key->parts[key->nparts].attribute = composite(model, name, path);
		key->parts[key->nparts++].literal = literal(run, p);
		run = close + 1;
		p = close;
	}
	key->tail = literal(run, end);
}

/* The literal before a composite, #label_, comes with addb_model_finish_key. */
static void
read_composite(AddbEntityModel *model, AddbEntityKey *key,
			   const AddbJsonNode *array, const char *path)
{
	key->parts = palloc0((array->n + 1) * sizeof(AddbEntityPart));
	for (const AddbJsonNode *node = array->first; node != NULL;
		 node = node->next)
	{
		if (node->type != ADDB_JSON_STRING)
			addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
							  "\"%s.composite\" of the model must be an array of strings", path);
		key->parts[key->nparts++].attribute =
			composite(model, node->text, path);
	}
	key->tail = (AddbText) {"", 0};
}

/* With both, the template decides, and the composites have to agree. */
static void
check_same_composites(AddbEntityModel *model, const AddbEntityKey *key,
					  const AddbJsonNode *array, const char *path)
{
	AddbEntityKey other = {0};
	bool		same;

	read_composite(model, &other, array, path);
	same = other.nparts == key->nparts;
	for (int i = 0; same && i < key->nparts; i++)
		same = other.parts[i].attribute == key->parts[i].attribute;
	if (!same)
		addb_entity_raise(ADDB_ENTITY_TEMPLATE_MISMATCH,
						  "\"%s\" of the model has a template and composites that differ", path);
}

/*
 * addb_model_read_key - reads the member "pk" or "sk" of an index
 *
 * Raises errors 1003, 1008, 1009, 1017 and 1026.
 */
void
addb_model_read_key(AddbEntityModel *model, AddbEntityIndex *index,
					AddbEntityKey *key, const AddbJsonNode *node,
					const char *path)
{
	const AddbJsonNode *array = addb_json_member(node, "composite");
	AddbText	template = addb_model_text(node, "template", path);

	if (node->type != ADDB_JSON_OBJECT)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"%s\" of the model must be an object", path);
	key->field = addb_model_text(node, "field", path);
	if (key->field.len == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_INDEX, "\"%s\" of the model must have a field", path);
	key->field_json = addb_model_json_name(key->field);
	key->casing = addb_model_choice(node, "casing", path, casings, lengthof(casings));
	key->cast = addb_model_choice(node, "cast", path, casts, lengthof(casts));
	if (array != NULL && array->type != ADDB_JSON_ARRAY)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s.composite\" of the model must be an array", path);
	if (array == NULL && template.data == NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s\" of the model must have composites or a template", path);
	if (template.data == NULL)
		read_composite(model, key, array, path);
	else
	{
		read_template(model, key, template, path);
		if (array != NULL)
			check_same_composites(model, key, array, path);
	}
	if (key->cast == ADDB_CAST_NUMBER && key->nparts > 1)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s\" of the model can be cast to a number only when it has one composite",
						  path);
}

/* Makes the key of an attribute that has its field: see the head of the file. */
static void
bind_attribute(AddbEntityModel *model, AddbEntityIndex *index,
			   AddbEntityKey *key)
{
	AddbEntityAttribute *attribute =
		(AddbEntityAttribute *) addb_entity_child_by_field(&model->root,
														   key->field.data,
														   key->field.len);
	const char *field = addb_entity_quote(key->field);

	if (attribute == NULL)
		return;
	if (key->nparts <= 1 && !key->is_template &&
		(key->nparts == 0 || !addb_text_equal(key->parts[0].attribute->name, key->field)))
		addb_entity_raise(ADDB_ENTITY_UNKNOWN,
						  "key field \"%s\" of the model is that of an attribute and needs a template of it",
						  field);
	if (key->nparts != 1 || key->parts[0].attribute != attribute)
		addb_entity_raise(ADDB_ENTITY_ATTRIBUTE_AS_KEY,
						  "key field \"%s\" of the model is an attribute and must be made of it alone",
						  field);
	if (index->ncollections > 0)
		addb_entity_raise(ADDB_ENTITY_KEY_IN_COLLECTION,
						  "key field \"%s\" of the model is an attribute and cannot be in a collection",
						  field);
	if (attribute->type != ADDB_ENTITY_STRING && attribute->type != ADDB_ENTITY_ENUM &&
		(key->parts[0].literal.len > 0 || key->tail.len > 0))
		addb_entity_raise(ADDB_ENTITY_ATTRIBUTE_AS_KEY,
						  "key field \"%s\" of the model is an attribute that is no text and cannot have text around it",
						  field);
	if (attribute->pad.data != NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_ATTRIBUTE,
						  "attribute \"%s\" of the model is a key and cannot be padded", field);
	key->is_template = true;
	key->attribute = attribute;
	if (attribute->as_key == NULL)
		attribute->as_key = key;
}

/* Where an earlier index has the field, it decides what stands around it. */
static const AddbEntityKey *
earlier_key(const AddbEntityModel *model, const AddbEntityKey *key)
{
	for (int i = 0; i < model->nindexes; i++)
	{
		const AddbEntityIndex *index = &model->indexes[i];

		if (&index->pk == key)
			return NULL;
		if (addb_text_equal(index->pk.field, key->field))
			return &index->pk;
		if (&index->sk == key)
			return NULL;
		if (index->has_sk && addb_text_equal(index->sk.field, key->field))
			return &index->sk;
	}
	return NULL;
}

static void
append_collections(StringInfo out, const AddbEntityIndex *index)
{
	for (int i = 0; i < index->ncollections; i++)
		appendStringInfo(out, "%c%.*s", i == 0 ? '$' : '#', index->collections[i].len,
						 index->collections[i].data);
}

/* $entity_version, behind the collections. */
static void
append_entity(StringInfo out, const AddbEntityModel *model,
			  const AddbEntityIndex *index)
{
	append_collections(out, index);
	appendStringInfo(out, "%c%.*s_%.*s", index->ncollections == 0 ? '$' : '#',
					 model->entity.len, model->entity.data,
					 model->version.len, model->version.data);
}

static AddbText
finish(StringInfo out)
{
	AddbText	text = {out->data, out->len};

	return addb_model_utf8(text);
}

static AddbText
make_prefix(const AddbEntityModel *model, const AddbEntityIndex *index,
			const AddbEntityKey *key)
{
	StringInfoData out;

	initStringInfo(&out);
	if (key == &index->pk)
	{
		appendStringInfo(&out, "$%.*s", model->service.len, model->service.data);
		if (!index->has_sk)
			append_entity(&out, model, index);
		if (index->scope.data != NULL)
			appendStringInfo(&out, "_%.*s", index->scope.len, index->scope.data);
	}
	else if (index->clustered)
		append_collections(&out, index);
	else
		append_entity(&out, model, index);
	return finish(&out);
}

static AddbText
make_postfix(const AddbEntityModel *model, const AddbEntityIndex *index)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "%c%.*s_%.*s", index->ncollections == 0 ? '$' : '#',
					 model->entity.len, model->entity.data,
					 model->version.len, model->version.data);
	return finish(&out);
}

/* #label_ before each composite; partition keys have no empty labels. */
static void
make_labels(AddbEntityKey *key, bool may_be_empty)
{
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;
		AddbText	label = attribute->label;

		if (label.data == NULL || (label.len == 0 && !may_be_empty))
			label = addb_model_utf8(attribute->name);
		key->parts[i].literal.data = psprintf("#%.*s_", label.len, label.data);
		key->parts[i].literal.len = label.len + 2;
	}
}

static bool
is_numeric(const AddbEntityKey *key)
{
	if (key->cast != ADDB_CAST_NONE)
		return key->cast == ADDB_CAST_NUMBER && key->nparts == 1 &&
			key->parts[0].attribute->type != ADDB_ENTITY_ENUM;
	return key->is_template && key->nparts == 1 &&
		key->parts[0].literal.len == 0 && key->tail.len == 0 &&
		key->parts[0].attribute->type == ADDB_ENTITY_NUMBER;
}

/*
 * addb_model_finish_key - completes a key once all indexes have been read
 *
 * Raises errors 1008, 1018 and 1019 for a key whose field is an attribute's.
 */
void
addb_model_finish_key(AddbEntityModel *model, AddbEntityIndex *index,
					  AddbEntityKey *key)
{
	const AddbEntityKey *earlier = earlier_key(model, key);

	key->prefix = (AddbText) {"", 0};
	key->postfix = key->prefix;
	bind_attribute(model, index, key);
	if (!key->is_template)
	{
		key->prefix = make_prefix(model, index, key);
		if (index->clustered && key == &index->sk)
			key->postfix = make_postfix(model, index);
		make_labels(key, key == &index->sk);
	}
	else if (key->nparts > 0 && key->parts[0].literal.data == NULL)
		key->parts[0].literal = (AddbText) {"", 0};
	key->field_number = model->nkey_fields;
	if (earlier == NULL)
		model->nkey_fields++;
	else
	{
		key->field_number = earlier->field_number;
		key->prefix = earlier->prefix;
		key->postfix = earlier->postfix;
		key->cast = earlier->cast;
	}
	key->is_numeric = is_numeric(key);
}
