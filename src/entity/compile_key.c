/*
 * compile_key.c
 *	  The values that an operation gives, its key, and what it wants returned.
 */
#include "postgres.h"

#include "core/closest.h"
#include "entity/compile.h"
#include "entity/error.h"
#include "entity/value.h"

/*
 * addb_entity_read_values - the members of an object that are attributes
 *
 * Of an object that is NULL there are none. Palloc'd.
 */
AddbEntityValues
addb_entity_read_values(const AddbEntityModel *model, JsonbContainer *object)
{
	int			n = model->root.nchildren;
	AddbEntityValues values = addb_entity_values(model);
	JsonbValue *store = palloc(Max(n, 1) * sizeof(JsonbValue));

	if (object == NULL)
		return values;
	for (int i = 0; i < n; i++)
	{
		AddbText	name = model->root.children[i].name;

		values[i] = getKeyJsonValueFromContainer(object, name.data, name.len,
												 &store[i]);
	}
	return values;
}

/*
 * addb_entity_check_key - raises error 3001 for values of a key against the model
 *
 * For writes; ElectroDB checks no keys, and makes "7" of 7.
 */
void
addb_entity_check_key(const AddbEntityModel *model, AddbEntityValues values)
{
	for (int i = 0; i < model->root.nchildren; i++)
		if (values[i] != NULL && model->root.children[i].in_table_key)
			addb_entity_check(&model->root.children[i], values[i]);
}

static void
append_key_field(StringInfo body, const AddbEntityKey *key,
				 AddbEntityValues values)
{
	AddbEntityKeyText text = addb_entity_key(key, values, ADDB_KEY_FULL);

	appendBinaryStringInfo(body, key->field_json.data, key->field_json.len);
	addb_entity_key_append(body, &text);
}

/*
 * addb_entity_append_key - appends the object of a table key
 *
 * Raises error 2002 for missing composites, 3001 for values that no key can have.
 */
void
addb_entity_append_key(StringInfo body, const AddbEntityModel *model,
					   AddbEntityValues values)
{
	addb_entity_require_composites(model->primary, values, true);
	appendStringInfoCharMacro(body, '{');
	append_key_field(body, &model->primary->pk, values);
	if (model->primary->has_sk)
	{
		appendStringInfoCharMacro(body, ',');
		append_key_field(body, &model->primary->sk, values);
	}
	appendStringInfoCharMacro(body, '}');
}

/*
 * addb_entity_append_table_key - appends the member "Key", and takes note of it
 *
 * Raises as addb_entity_append_key.
 */
void
addb_entity_append_table_key(AddbEntityRequest *request, AddbEntityValues values)
{
	appendStringInfoString(&request->body, ",\"Key\":");
	request->item_start = request->body.len;
	addb_entity_append_key(&request->body, request->member->model, values);
	request->item_len = request->body.len - request->item_start;
}

static const AddbEntityAttribute *
find_attribute(const AddbEntityRequest *request, const char *name, int len)
{
	const AddbEntityAttribute *attribute = NULL;

	if (request->member != NULL)
		return addb_entity_child(&request->member->model->root, name, len);
	for (int i = 0; i < request->nparticipants && attribute == NULL; i++)
		attribute = addb_entity_child(&request->participants[i]->model->root,
									  name, len);
	return attribute;
}

static void
add_field(AddbExpressions *expressions, AddbText field)
{
	(void) addb_expressions_placeholder(expressions, field.data, field.len);
}

static void
add_key_fields(AddbExpressions *expressions, const AddbEntityIndex *index)
{
	add_field(expressions, index->pk.field);
	if (index->has_sk)
		add_field(expressions, index->sk.field);
}

/* Tells of a name that is no attribute. ElectroDB takes it for a field. */
static void
notice_name(const AddbEntityRequest *request, AddbText name)
{
	AddbClosest closest = addb_closest(name.data, name.len);
	const char *hint;

	for (int i = 0; i < (request->member != NULL ? 1 : request->nparticipants); i++)
	{
		const AddbEntityModel *model = addb_entity_model_of(request, i);

		for (int j = 0; j < model->root.nchildren; j++)
			addb_closest_try(&closest, model->root.children[j].name.data,
							 model->root.children[j].name.len);
	}
	hint = addb_closest_hint(&closest);
	ereport(NOTICE,
			(errmsg("\"%s\" in option \"attributes\" is no attribute of the model",
					addb_entity_quote(name)),
			 hint != NULL ? errhint("%s", hint) : 0));
}

/* A name that is no attribute is a field. */
static void
add_attributes(AddbEntityRequest *request, AddbExpressions *expressions)
{
	JsonbContainer *names = request->action.options.attributes;

	for (int i = 0; i < JsonContainerSize(names); i++)
	{
		const JsonbValue *name = getIthJsonbValueFromContainer(names, i);
		const AddbEntityAttribute *attribute;
		AddbText	field;

		field = (AddbText) {name->val.string.val, name->val.string.len};
		attribute = find_attribute(request, field.data, field.len);
		if (attribute != NULL)
			field = attribute->field;
		else
			notice_name(request, field);
		add_field(expressions, field);
	}
}

/*
 * addb_entity_append_projection - appends what the option "attributes" asks for
 *
 * With the table's key, what tells the entity unless that is not asked for, and
 * all names of the request's other expressions, as ElectroDB has it: so this has
 * to come last.
 */
void
addb_entity_append_projection(AddbEntityRequest *request,
							  AddbExpressions *expressions)
{
	const AddbEntityOptions *options = &request->action.options;
	const AddbEntityModel *model = addb_entity_model_of(request, 0);

	if (options->attributes == NULL)
		return;
	add_key_fields(expressions, model->primary);
	add_attributes(request, expressions);

	/* a cursor in the midst of a page is made of the index's key, too */
	if (options->count > 0 && request->index != NULL)
		add_key_fields(expressions, request->index);
	if (!options->ignore_ownership)
	{
		add_field(expressions, (AddbText) {"__edb_e__", 9});
		add_field(expressions, (AddbText) {"__edb_v__", 9});
	}
	addb_expressions_project_names(expressions, &request->body);
}
