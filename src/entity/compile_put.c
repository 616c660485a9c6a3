/*
 * compile_put.c
 *	  put and create: an item as a whole.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/request_parts.h"
#include "entity/secondary.h"
#include "entity/value.h"

/*
 * Appends the attributes that have values. The first that is wrong is raised,
 * in the model's order.
 */
static void
append_attributes(StringInfo body, const AddbEntityModel *model,
				  AddbEntityValues values)
{
	AddbEntityWriter writer;

	addb_entity_writer_init(&writer, body);
	writer.defaults = true;
	for (int i = 0; i < model->root.nchildren; i++)
	{
		const AddbEntityAttribute *attribute = &model->root.children[i];
		int			start = body->len;

		if (values[i] == NULL)
			values[i] = attribute->fallback;
		if (values[i] == NULL)
		{
			if (attribute->required)
				addb_entity_complain_required(&writer, attribute);
		}
		else
		{
			appendBinaryStringInfo(body, attribute->field_json.data,
								   attribute->field_json.len);
			addb_entity_write(&writer, attribute, values[i]);
			appendStringInfoCharMacro(body, ',');
		}
		addb_entity_writer_raise(&writer);

		/* what is a key as well is written as that */
		if (attribute->as_key != NULL)
			body->len = start;
	}
}

static void
append_key_field(StringInfo body, const AddbEntityKey *key,
				 AddbEntityValues values)
{
	AddbEntityKeyText text = addb_entity_key(key, values, ADDB_KEY_FULL);

	if (!addb_entity_key_is_stored(key, values, &text))
		return;
	appendBinaryStringInfo(body, key->field_json.data, key->field_json.len);
	addb_entity_key_append(body, &text);
	appendStringInfoCharMacro(body, ',');
}

/*
 * addb_entity_append_item - appends an item: attributes, keys and identifiers
 *
 * Raises error 3001 for values against the model, then 2002 for missing
 * composites.
 */
void
addb_entity_append_item(StringInfo body, const AddbEntityModel *model,
						JsonbContainer *attributes)
{
	AddbEntityValues values = addb_entity_read_values(model, attributes);
	AddbEntityKeyPlan *plans;

	appendStringInfoCharMacro(body, '{');
	append_attributes(body, model, values);
	addb_entity_require_composites(model->primary, values, true);
	append_key_field(body, &model->primary->pk, values);
	if (model->primary->has_sk)
		append_key_field(body, &model->primary->sk, values);
	plans = addb_entity_plan_put(model, values);
	for (int i = 0; i < model->nkey_fields; i++)
		if (plans[i].action == ADDB_KEY_SET)
			append_key_field(body, plans[i].key, values);
	appendBinaryStringInfo(body, model->identity_json.data,
						   model->identity_json.len);
	appendStringInfoCharMacro(body, '}');
}

/*
 * addb_entity_compile_put - compiles put or create
 */
void
addb_entity_compile_put(AddbEntityRequest *request)
{
	const AddbEntityModel *model = request->member->model;
	AddbExpressions *expressions = addb_entity_expressions(request);
	AddbEntityCondition condition;

	addb_entity_request_begin(request, &addb_put_item);
	appendStringInfoString(&request->body, ",\"Item\":");
	request->item_start = request->body.len;
	addb_entity_append_item(&request->body, model, request->action.attributes);
	request->item_len = request->body.len - request->item_start;
	addb_entity_condition_begin(&condition, &request->member->model, 1,
								expressions, request->action.where_name);
	if (request->action.method == ADDB_METHOD_CREATE)
		addb_entity_condition_exists(&condition, model->primary, false);
	addb_entity_condition_where(&condition, &request->action.where);
	addb_entity_condition_finish(&condition, ADDB_CONDITION, &request->body);
	addb_entity_append_returns(request);
	addb_expressions_finish(expressions, &request->body);
}
