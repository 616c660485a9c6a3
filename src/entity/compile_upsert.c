/*
 * compile_upsert.c
 *	  upsert: an item as a whole, by an update.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/request_parts.h"
#include "entity/update.h"
#include "entity/value.h"

typedef struct Upsert
{
	AddbEntityUpdate update;
	AddbEntityValues values;	/* to be set */
	bool		once;
	AddbEntityAction *actions;	/* by attribute: another operator, the last of
								 * its chain; op SET: none */
} Upsert;

/* One step of the chain: a value, or what is done to the attribute instead. */
static void
take_step(void *arg, const AddbEntityAction *action)
{
	Upsert	   *upsert = arg;
	const AddbEntityAttribute *attribute =
		addb_entity_child(&upsert->update.model->root, action->path.data,
						  action->path.len);

	if (action->op == ADDB_OPERATOR_REMOVE ||
		action->op == ADDB_OPERATOR_DELETE ||
		action->op >= ADDB_OPERATOR_COMPOSITE || action->ref != NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED,
						  "operation \"upsert\" can have no operators but set, add, subtract, append and ifNotExists");
	if (attribute == NULL)
		return;
	if (action->value == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "an operator on attribute \"%s\" has no value",
						  addb_entity_quote(attribute->name));
	if (action->op != ADDB_OPERATOR_SET && attribute->in_any_key)
	{
		const char *reason = "can only be set, for it is part of a key";

		addb_entity_check(attribute, action->value);
		if (attribute->in_table_key)
			addb_entity_refuse(attribute, reason);
		addb_entity_raise(ADDB_ENTITY_INCOMPLETE, "attribute \"%s\" %s",
						  addb_entity_quote(attribute->name), reason);
	}
	upsert->once |= addb_entity_action_is_once(action);
	upsert->actions[attribute->number] = *action;
	upsert->values[attribute->number] =
		action->op == ADDB_OPERATOR_SET ? action->value : NULL;
}

/* Whether the attribute is the table's key itself, which no update can set. */
static bool
is_table_key(const AddbEntityModel *model, const AddbEntityAttribute *attribute)
{
	return addb_text_equal(attribute->field, model->primary->pk.field) ||
		(model->primary->has_sk &&
		 addb_text_equal(attribute->field, model->primary->sk.field));
}

static void
require(const AddbEntityAttribute *attribute)
{
	AddbEntityWriter writer;

	addb_entity_writer_init(&writer, NULL);
	addb_entity_complain_required(&writer, attribute);
	addb_entity_writer_raise(&writer);
}

/* Each attribute in the model's order, so that the first that is wrong is raised. */
static void
set_attributes(Upsert *upsert)
{
	const AddbEntityModel *model = upsert->update.model;

	for (int i = 0; i < model->root.nchildren; i++)
	{
		const AddbEntityAttribute *attribute = &model->root.children[i];

		if (upsert->actions[i].op != ADDB_OPERATOR_SET)
		{
			addb_entity_update_act(&upsert->update, &upsert->actions[i]);
			continue;
		}
		if (upsert->values[i] == NULL)
			upsert->values[i] = attribute->fallback;
		if (upsert->values[i] == NULL)
		{
			if (attribute->required)
				require(attribute);
		}
		else if (attribute->as_key != NULL || is_table_key(model, attribute))
			addb_entity_check(attribute, upsert->values[i]);
		else
			addb_entity_update_set(&upsert->update, attribute,
								   upsert->values[i],
								   attribute->read_only &&
								   !attribute->in_any_key, true);
	}
}

/*
 * addb_entity_compile_upsert - compiles upsert
 *
 * Raises as a put, and 22023 for operators that it does not have, or that have no
 * value.
 */
void
addb_entity_compile_upsert(AddbEntityRequest *request)
{
	const AddbEntityModel *model = request->member->model;
	AddbExpressions *expressions = addb_entity_expressions(request);
	AddbEntityCondition condition;
	Upsert		upsert;

	addb_entity_request_begin(request, &addb_update_item);
	addb_entity_update_begin(&upsert.update, model, expressions,
							 request->action.chain_name);
	upsert.values = addb_entity_read_values(model, request->action.attributes);
	upsert.actions =
		palloc0(Max(model->root.nchildren, 1) * sizeof(AddbEntityAction));
	upsert.once = false;
	addb_entity_read_chain(request->action.chain, request->action.chain_name, take_step, &upsert);
	request->once = upsert.once;
	addb_entity_update_identity(&upsert.update);
	set_attributes(&upsert);
	request->key = upsert.values;
	addb_entity_append_table_key(request, upsert.values);
	addb_entity_update_keys(&upsert.update,
							addb_entity_plan_put(model, upsert.values),
							upsert.values, true);
	addb_entity_update_finish(&upsert.update, &request->body);
	addb_entity_condition_begin(&condition, &request->member->model, 1,
								expressions, request->action.where_name);
	addb_entity_condition_where(&condition, &request->action.where);
	addb_entity_condition_finish(&condition, ADDB_CONDITION, &request->body);
	addb_entity_append_returns(request);
	addb_expressions_finish(expressions, &request->body);
}
