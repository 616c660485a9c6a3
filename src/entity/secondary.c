/*
 * secondary.c
 *	  Which keys of secondary indexes a write sets or removes.
 *
 * Keys in fields of the table's own key are left aside: an item's key cannot
 * change, and a put writes it anyway.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/secondary.h"

/* Composites that a write would have to know, and where they are missed. */
typedef struct Missing
{
	StringInfoData attributes;
	StringInfoData patterns;
} Missing;

static void
miss_pattern(Missing *missing, const AddbEntityIndex *index)
{
	appendStringInfo(&missing->patterns, "%s\"%s\"", missing->patterns.len > 0 ? ", " : "",
					 addb_entity_quote(index->name));
}

static void
raise_missing(const Missing *missing)
{
	if (missing->attributes.len > 0)
		addb_entity_raise(ADDB_ENTITY_INCOMPLETE,
						  "composite attributes %s are missing for access patterns %s",
						  missing->attributes.data, missing->patterns.data);
}

static AddbEntityKeyPlan *
make_plan(const AddbEntityModel *model)
{
	return palloc0(model->nkey_fields * sizeof(AddbEntityKeyPlan));
}

static bool
is_table_field(const AddbEntityModel *model, const AddbEntityKey *key)
{
	return key->field_number == model->primary->pk.field_number ||
		(model->primary->has_sk &&
		 key->field_number == model->primary->sk.field_number);
}

static void
plan(const AddbEntityModel *model, AddbEntityKeyPlan *plans,
	 const AddbEntityKey *key, AddbEntityKeyAction action)
{
	AddbEntityKeyPlan *entry = &plans[key->field_number];

	if (is_table_field(model, key) || entry->action != ADDB_KEY_LEAVE)
		return;
	entry->action = action;
	entry->key = key;
}

/*
 * addb_entity_plan_put - the secondary keys of an item that is written whole
 *
 * An index of which no composite is there is left out; one side of it without
 * any is written up to its first label. Raises error 2002 when a side has some
 * of its composites and not all. Palloc'd.
 */
AddbEntityKeyPlan *
addb_entity_plan_put(const AddbEntityModel *model, AddbEntityValues values)
{
	AddbEntityKeyPlan *plans = make_plan(model);
	Missing		missing;

	initStringInfo(&missing.attributes);
	initStringInfo(&missing.patterns);
	for (int i = 0; i < model->nindexes; i++)
	{
		const AddbEntityIndex *index = &model->indexes[i];
		int			pk = addb_entity_key_supplied(&index->pk, values);
		int			sk = addb_entity_key_supplied(&index->sk, values);
		bool		lacks_pk = pk > 0 && pk < index->pk.nparts;
		bool		lacks_sk = sk > 0 && sk < index->sk.nparts;

		if (index == model->primary || pk + sk == 0)
			continue;
		if (lacks_pk)
			addb_entity_append_missing(&missing.attributes, &index->pk, values);
		if (lacks_sk)
			addb_entity_append_missing(&missing.attributes, &index->sk, values);
		if (lacks_pk || lacks_sk)
			miss_pattern(&missing, index);
		plan(model, plans, &index->pk, ADDB_KEY_SET);
		if (index->has_sk)
			plan(model, plans, &index->sk, ADDB_KEY_SET);
	}
	raise_missing(&missing);
	return plans;
}

static bool
touches(const AddbEntityKey *key, const AddbEntityTouch *touched, bool removed)
{
	for (int i = 0; i < key->nparts; i++)
	{
		AddbEntityTouch touch = touched[key->parts[i].attribute->number];

		if (removed ? touch == ADDB_TOUCH_REMOVED :
			touch == ADDB_TOUCH_SET || touch == ADDB_TOUCH_UNKNOWN)
			return true;
	}
	return false;
}

/* The sum of what is stored and what is added cannot be put into a key. */
static void
refuse_unknown(const AddbEntityIndex *index, const AddbEntityKey *key,
			   const AddbEntityTouch *touched)
{
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;

		if (touched[attribute->number] == ADDB_TOUCH_UNKNOWN)
			addb_entity_raise(ADDB_ENTITY_INCOMPLETE,
							  "attribute \"%s\" can only be set, for its new value is part of a key of access pattern \"%s\"",
							  addb_entity_quote(attribute->name),
							  addb_entity_quote(index->name));
	}
}

/* A removed composite takes the key with it, and must not leave others behind. */
static void
check_removed(const AddbEntityKey *key, const AddbEntityTouch *touched,
			  Missing *missing)
{
	for (int i = 0; i < key->nparts; i++)
	{
		const AddbEntityAttribute *attribute = key->parts[i].attribute;

		if (touched[attribute->number] == ADDB_TOUCH_REMOVED ||
			attribute->in_table_key)
			continue;
		appendStringInfo(&missing->attributes, "%s\"%s\"",
						 missing->attributes.len > 0 ? ", " : "",
						 addb_entity_quote(attribute->name));
	}
}

static AddbEntityKeyAction
plan_side(const AddbEntityIndex *index, const AddbEntityKey *key,
		  AddbEntityValues known, const AddbEntityTouch *touched,
		  Missing *missing)
{
	int			before = missing->attributes.len;
	AddbEntityKeyAction action = ADDB_KEY_LEAVE;

	if (touches(key, touched, true))
	{
		check_removed(key, touched, missing);
		action = ADDB_KEY_REMOVE;
	}
	else if (touches(key, touched, false))
	{
		refuse_unknown(index, key, touched);
		addb_entity_append_missing(&missing->attributes, key, known);
		action = ADDB_KEY_SET;
	}
	if (missing->attributes.len > before)
		miss_pattern(missing, index);
	return action;
}

/*
 * addb_entity_plan_update - the secondary keys that an update changes
 *
 * known has the values that attributes have afterwards, as far as the operation
 * tells. Raises error 2002 when a key would change and cannot be composed.
 * Palloc'd.
 */
AddbEntityKeyPlan *
addb_entity_plan_update(const AddbEntityModel *model, AddbEntityValues known,
						const AddbEntityTouch *touched)
{
	AddbEntityKeyPlan *plans = make_plan(model);
	Missing		missing;

	initStringInfo(&missing.attributes);
	initStringInfo(&missing.patterns);
	for (int i = 0; i < model->nindexes; i++)
	{
		const AddbEntityIndex *index = &model->indexes[i];
		AddbEntityKeyAction action;

		if (index == model->primary)
			continue;
		action = plan_side(index, &index->pk, known, touched, &missing);
		plan(model, plans, &index->pk, action);
		if (!index->has_sk)
			continue;
		if (action == ADDB_KEY_SET && index->sk.nparts == 0)
			plan(model, plans, &index->sk, ADDB_KEY_SET);
		else
			plan(model, plans, &index->sk,
				 plan_side(index, &index->sk, known, touched, &missing));
	}
	raise_missing(&missing);
	return plans;
}
