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

/* The names of a projection so far; each is to be there once. */
typedef struct Projection
{
	AddbExpressions *expressions;
	StringInfoData text;
	AddbText   *fields;
	int			nfields;
} Projection;

static void
project(Projection *projection, AddbText field)
{
	for (int i = 0; i < projection->nfields; i++)
		if (addb_text_equal(projection->fields[i], field))
			return;
	projection->fields[projection->nfields++] = field;
	appendStringInfoString(&projection->text, projection->text.len > 0 ? ", " : "");
	addb_expressions_append_name(projection->expressions, field.data, field.len,
								 &projection->text);
}

/* A cursor in the midst of a page is made of the table's key, too. */
static void
project_keys(Projection *projection, const AddbEntityRequest *request)
{
	const AddbEntityModel *model = request->member != NULL ?
		request->member->model : request->participants[0]->model;

	project(projection, model->primary->pk.field);
	if (model->primary->has_sk)
		project(projection, model->primary->sk.field);
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

/* Of an attribute to be read that there is not. */
static _Noreturn void
refuse_name(const AddbEntityRequest *request, AddbText name)
{
	AddbClosest closest = addb_closest(name.data, name.len);
	const AddbEntityModel *model;

	for (int i = 0; i < (request->member != NULL ? 1 : request->nparticipants); i++)
	{
		model = request->member != NULL ? request->member->model :
			request->participants[i]->model;
		for (int j = 0; j < model->root.nchildren; j++)
			addb_closest_try(&closest, model->root.children[j].name.data,
							 model->root.children[j].name.len);
	}
	addb_entity_raise_hint(ADDB_ENTITY_BAD_OPTION, addb_closest_hint(&closest),
						   "\"%s\" in option \"attributes\" is no attribute of the model",
						   addb_entity_quote(name));
}

/*
 * addb_entity_append_projection - appends what the option "attributes" asks for
 *
 * With the keys of the index and what tells the entity. Raises error 1010 for a
 * name that is no attribute.
 */
void
addb_entity_append_projection(AddbEntityRequest *request,
							  AddbExpressions *expressions,
							  const AddbEntityIndex *index)
{
	JsonbContainer *names = request->action.options.attributes;
	Projection	projection = {expressions};
	int			n;

	if (names == NULL)
		return;
	n = JsonContainerSize(names);
	initStringInfo(&projection.text);
	projection.fields = palloc((n + 6) * sizeof(AddbText));
	project(&projection, index->pk.field);
	if (index->has_sk)
		project(&projection, index->sk.field);
	for (int i = 0; i < n; i++)
	{
		const JsonbValue *name = getIthJsonbValueFromContainer(names, i);
		const AddbEntityAttribute *attribute = name->type != jbvString ? NULL :
			find_attribute(request, name->val.string.val, name->val.string.len);

		if (name->type != jbvString)
			addb_entity_raise(ADDB_ENTITY_BAD_OPTION,
							  "option \"attributes\" must be an array of names");
		if (attribute == NULL)
			refuse_name(request, (AddbText) {name->val.string.val, name->val.string.len});
		project(&projection, attribute->field);
	}
	if (request->action.options.count > 0)
		project_keys(&projection, request);
	project(&projection, (AddbText) {"__edb_e__", 9});
	project(&projection, (AddbText) {"__edb_v__", 9});
	appendStringInfo(&request->body, "%s%s\"", addb_expressions_member(ADDB_PROJECTION),
					 projection.text.data);
}
