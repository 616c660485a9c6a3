/*
 * compile_update.c
 *	  update and patch.
 *
 * Whatever it is asked for, an update sets the composites of the item's key and
 * what tells the entity, so that an item that was not there becomes one.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/request_parts.h"
#include "entity/update.h"
#include "entity/value.h"

typedef struct Chain
{
	AddbEntityUpdate update;
	AddbEntityValues composites;	/* given by "composite" */
	bool		once;
} Chain;

static bool
same_value(const JsonbValue *a, const JsonbValue *b,
		   const AddbEntityAttribute *attribute)
{
	AddbText	x = addb_entity_text(attribute, a);
	AddbText	y = addb_entity_text(attribute, b);

	return addb_text_equal(x, y);
}

/* Takes a value for keys; names that are in no key are passed over. */
static void
take_composite(Chain *chain, const AddbEntityAction *action)
{
	const AddbEntityAttribute *attribute =
		addb_entity_child(&chain->update.model->root, action->path.data,
						  action->path.len);
	const JsonbValue **known;

	if (attribute == NULL || !attribute->in_any_key)
		return;
	addb_entity_check(attribute, action->value);
	known = &chain->composites[attribute->number];
	if (*known != NULL && !same_value(*known, action->value, attribute))
		addb_entity_raise(ADDB_ENTITY_COMPOSITE_TWICE,
						  "composite attribute \"%s\" is given two values",
						  addb_entity_quote(attribute->name));
	*known = action->value;
}

static void
take_step(void *arg, const AddbEntityAction *action)
{
	Chain	   *chain = arg;

	if (action->op == ADDB_OPERATOR_TEXT)
	{
		addb_entity_read_update(&chain->update, action->value, take_step, chain);
		return;
	}
	if (action->op == ADDB_OPERATOR_COMPOSITE)
		take_composite(chain, action);
	else
		addb_entity_update_act(&chain->update, action);
	chain->once |= addb_entity_action_is_once(action);
}

static void
set_composites_of(AddbEntityUpdate *update, const AddbEntityKey *key,
				  AddbEntityValues values, bool *done)
{
	const AddbEntityIndex *primary = update->model->primary;

	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;
		bool		is_key = addb_text_equal(attribute->field,
											 primary->pk.field) ||
			(primary->has_sk && addb_text_equal(attribute->field,
												primary->sk.field));

		if (!is_key && !done[attribute->number])
			addb_entity_update_set(update, attribute,
								   values[attribute->number], false, false);
		done[attribute->number] = true;
	}
}

/* The composites of the key are attributes of the item. */
static void
set_composites(AddbEntityUpdate *update, AddbEntityValues values)
{
	bool	   *done =
		palloc0(Max(update->model->root.nchildren, 1) * sizeof(bool));

	set_composites_of(update, &update->model->primary->pk, values, done);
	set_composites_of(update, &update->model->primary->sk, values, done);
}

/* What attributes have afterwards, as far as the operation tells. */
static AddbEntityValues
known_values(const Chain *chain, AddbEntityValues key)
{
	const AddbEntityModel *model = chain->update.model;
	AddbEntityValues known = addb_entity_values(model);

	for (int i = 0; i < model->root.nchildren; i++)
	{
		if (model->root.children[i].in_table_key)
			known[i] = key[i];
		else if (chain->update.touched[i] == ADDB_TOUCH_SET)
			known[i] = chain->update.values[i];
		else if (chain->update.touched[i] == ADDB_UNTOUCHED)
			known[i] = chain->composites[i];
	}
	return known;
}

/* The values given by "composite" must be what is stored. */
static void
require_composites(AddbEntityCondition *condition, const Chain *chain)
{
	const AddbEntityModel *model = chain->update.model;

	for (int i = 0; i < model->root.nchildren; i++)
	{
		const AddbEntityAttribute *attribute = &model->root.children[i];
		StringInfo	out;

		if (chain->composites[i] == NULL)
			continue;
		out = addb_entity_condition_next(condition);
		addb_expressions_append_name(condition->expressions,
									 attribute->field.data,
									 attribute->field.len, out);
		appendStringInfoString(out, " = ");
		addb_entity_where_value(condition, attribute, false, "eq", chain->composites[i], model,
								out);
	}
}

/*
 * addb_entity_compile_update - compiles update or patch
 *
 * Raises error 2002 for missing composites of the key, or of a secondary key
 * that would change; 2010, 3001 and 22023 for actions that cannot be.
 */
void
addb_entity_compile_update(AddbEntityRequest *request)
{
	const AddbEntityModel *model = request->member->model;
	AddbExpressions *expressions = addb_entity_expressions(request);
	AddbEntityCondition condition;
	AddbEntityValues known;
	Chain		chain;

	addb_entity_request_begin(request, &addb_update_item);
	request->key = addb_entity_read_values(model, request->action.key);
	addb_entity_append_table_key(request, request->key);
	addb_entity_check_key(model, request->key);
	addb_entity_update_begin(&chain.update, model, expressions,
							 request->action.chain_name);
	chain.composites = addb_entity_values(model);
	chain.once = false;
	addb_entity_read_chain(request->action.chain, request->action.chain_name, take_step, &chain);
	request->once = chain.once;
	known = known_values(&chain, request->key);
	addb_entity_update_keys(&chain.update,
							addb_entity_plan_update(model, known,
													chain.update.touched),
							known, false);
	set_composites(&chain.update, request->key);
	addb_entity_update_identity(&chain.update);
	addb_entity_update_finish(&chain.update, &request->body);
	addb_entity_condition_begin(&condition, &request->member->model, 1,
								expressions, request->action.where_name);
	if (request->action.method == ADDB_METHOD_PATCH)
		addb_entity_condition_exists(&condition, model->primary, true);
	addb_entity_condition_where(&condition, &request->action.where);
	require_composites(&condition, &chain);
	addb_entity_condition_finish(&condition, ADDB_CONDITION, &request->body);
	addb_entity_append_returns(request);
	addb_expressions_finish(expressions, &request->body);
}
