/*
 * update.c
 *	  The clauses of an UpdateExpression.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/update.h"
#include "entity/value.h"

/*
 * addb_entity_update_begin - an update without actions
 */
void
addb_entity_update_begin(AddbEntityUpdate *update, const AddbEntityModel *model,
						 AddbExpressions *expressions, const char *name)
{
	update->model = model;
	update->name = name;
	update->expressions = expressions;
	initStringInfo(&update->set);
	initStringInfo(&update->remove);
	initStringInfo(&update->add);
	initStringInfo(&update->delete);
	update->touched =
		palloc0(Max(model->root.nchildren, 1) * sizeof(AddbEntityTouch));
	update->values = addb_entity_values(model);
}

/*
 * addb_entity_update_next - where the next action of a clause is to be appended
 */
StringInfo
addb_entity_update_next(StringInfo clause)
{
	if (clause->len > 0)
		appendStringInfoString(clause, ", ");
	return clause;
}

/*
 * addb_entity_update_remove - removes what a path, already written, leads to
 *
 * Once, however often it is asked for.
 */
void
addb_entity_update_remove(AddbEntityUpdate *update, const char *path)
{
	int			len = (int) strlen(path);

	for (const char *p = update->remove.len > 0 ? update->remove.data : NULL; p != NULL;
		 p = strstr(p, ", "))
	{
		p += *p == ',' ? 2 : 0;
		if (strncmp(p, path, len) == 0 && (p[len] == '\0' || p[len] == ','))
			return;
	}
	appendStringInfoString(addb_entity_update_next(&update->remove), path);
}

/* field = , and the buffer for the AttributeValue whose placeholder follows. */
static StringInfo
set_field(AddbEntityUpdate *update, AddbText field, bool only_if_missing)
{
	StringInfo	out = addb_entity_update_next(&update->set);
	StringInfo	json;

	addb_expressions_append_name(update->expressions, field.data, field.len,
								 out);
	appendStringInfoString(out, " = ");
	if (only_if_missing)
	{
		appendStringInfoString(out, "if_not_exists(");
		addb_expressions_append_name(update->expressions, field.data,
									 field.len, out);
		appendStringInfoString(out, ", ");
	}
	json = addb_expressions_append_value(update->expressions, out);
	appendStringInfoString(out, only_if_missing ? ")" : "");
	return json;
}

/*
 * addb_entity_update_set - sets a root attribute to a value
 *
 * only_if_missing leaves what is stored. Raises error 3001 for a value against
 * the model.
 */
void
addb_entity_update_set(AddbEntityUpdate *update,
					   const AddbEntityAttribute *attribute,
					   const JsonbValue *value, bool only_if_missing,
					   bool defaults)
{
	StringInfo	json = set_field(update, attribute->field, only_if_missing);
	int			start = json->len;
	AddbEntityWriter writer;

	addb_entity_writer_init(&writer, json);
	writer.defaults = defaults;
	addb_entity_write(&writer, attribute, value);
	addb_entity_writer_raise(&writer);
	if (attribute->as_key == NULL)
		return;
	json->len = start;
	addb_entity_write_as_key(json, update->model, attribute, value, false);
}

static void
set_text(AddbEntityUpdate *update, const char *field, AddbText text)
{
	StringInfo	json =
		set_field(update, (AddbText) {field, (int) strlen(field)}, false);

	appendStringInfoString(json, "{\"S\":");
	addb_av_append_string(json, text.data, text.len);
	appendStringInfoCharMacro(json, '}');
}

/*
 * addb_entity_update_identity - sets the fields that tell the entity
 */
void
addb_entity_update_identity(AddbEntityUpdate *update)
{
	set_text(update, "__edb_e__", update->model->entity);
	set_text(update, "__edb_v__", update->model->version);
}

/*
 * addb_entity_update_keys - sets and removes keys of secondary indexes
 *
 * Keys that are attributes as well only if of_attributes: else the actions on
 * these have seen to them.
 */
void
addb_entity_update_keys(AddbEntityUpdate *update,
						const AddbEntityKeyPlan *plans, AddbEntityValues known,
						bool of_attributes)
{
	for (int i = 0; i < update->model->nkey_fields; i++)
	{
		const AddbEntityKey *key = plans[i].key;
		AddbEntityKeyText text;

		if (plans[i].action == ADDB_KEY_LEAVE ||
			(key->attribute != NULL && !of_attributes))
			continue;
		if (plans[i].action == ADDB_KEY_REMOVE)
		{
			addb_entity_update_remove(update,
									  addb_expressions_placeholder(update->expressions,
																   key->field.data,
																   key->field.len));
			continue;
		}
		text = addb_entity_key(key, known, ADDB_KEY_FULL);
		if (addb_entity_key_is_stored(key, known, &text))
			addb_entity_key_append(set_field(update, key->field, false), &text);
	}
}

static void
append_clause(StringInfo body, const char *keyword,
			  const StringInfoData *clause, bool *first)
{
	if (clause->len == 0)
		return;
	appendStringInfo(body, "%s%s ", *first ? "" : " ", keyword);
	appendBinaryStringInfo(body, clause->data, clause->len);
	*first = false;
}

/*
 * addb_entity_update_finish - appends the UpdateExpression to a request
 */
void
addb_entity_update_finish(AddbEntityUpdate *update, StringInfo body)
{
	bool		first = true;

	appendStringInfoString(body, addb_expressions_member(ADDB_UPDATE));
	append_clause(body, "SET", &update->set, &first);
	append_clause(body, "REMOVE", &update->remove, &first);
	append_clause(body, "ADD", &update->add, &first);
	append_clause(body, "DELETE", &update->delete, &first);
	appendStringInfoCharMacro(body, '"');
}
