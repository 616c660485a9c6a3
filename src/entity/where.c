/*
 * where.c
 *	  The condition or filter of a request, clause by clause.
 *
 * Unlike ElectroDB, every clause that an OR could break open is parenthesised:
 * its patch with "a OR b" writes over what it should have protected.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/where.h"

/* An empty list may be what is left of conditions that were meant. */
const char	addb_entity_empty_where_hint[] = "A condition that is not meant is left out.";

/*
 * addb_entity_condition_begin - a condition without clauses
 *
 * models has the entity, or those of a collection, and must stay. name is what
 * messages call the user's part of it.
 */
void
addb_entity_condition_begin(AddbEntityCondition *condition,
							const AddbEntityModel *const *models, int nmodels,
							AddbExpressions *expressions, const char *name)
{
	condition->models = models;
	condition->nmodels = nmodels;
	condition->expressions = expressions;
	condition->name = name;
	initStringInfo(&condition->text);
}

/*
 * addb_entity_condition_next - where the next clause is to be appended
 */
StringInfo
addb_entity_condition_next(AddbEntityCondition *condition)
{
	if (condition->text.len > 0)
		appendStringInfoString(&condition->text, " AND ");
	return &condition->text;
}

static void
append_existence(AddbEntityCondition *condition, const AddbEntityKey *key,
				 bool exists)
{
	StringInfo	out = addb_entity_condition_next(condition);

	appendStringInfoString(out, exists ? "attribute_exists(" : "attribute_not_exists(");
	addb_expressions_append_name(condition->expressions, key->field.data,
								 key->field.len, out);
	appendStringInfoCharMacro(out, ')');
}

/*
 * addb_entity_condition_exists - adds that an item is there, or is not
 */
void
addb_entity_condition_exists(AddbEntityCondition *condition,
							 const AddbEntityIndex *index, bool exists)
{
	append_existence(condition, &index->pk, exists);
	if (index->has_sk)
		append_existence(condition, &index->sk, exists);
}

static void
append_identifier(AddbEntityCondition *condition, const char *field,
				  AddbText value, StringInfo out)
{
	StringInfo	json;

	addb_expressions_append_name(condition->expressions, field,
								 (int) strlen(field), out);
	appendStringInfoString(out, " = ");
	json = addb_expressions_append_value(condition->expressions, out);
	appendStringInfoString(json, "{\"S\":");
	addb_av_append_string(json, value.data, value.len);
	appendStringInfoCharMacro(json, '}');
}

/*
 * addb_entity_condition_identity - appends that an item is the entity's
 *
 * To the text as it is: the caller has joined it to what is before.
 */
void
addb_entity_condition_identity(AddbEntityCondition *condition,
							   const AddbEntityModel *model)
{
	append_identifier(condition, "__edb_e__", model->entity, &condition->text);
	appendStringInfoString(&condition->text, " AND ");
	append_identifier(condition, "__edb_v__", model->version, &condition->text);
}

static void
add_clause(AddbEntityCondition *condition, const JsonbValue *clause)
{
	StringInfo	out = addb_entity_condition_next(condition);
	JsonbContainer *object;
	bool		or;

	if (clause->type == jbvString)
	{
		addb_entity_where_text(condition, (AddbText) {clause->val.string.val,
							   clause->val.string.len}, out);
		return;
	}
	if (clause->type != jbvBinary ||
		!JsonContainerIsObject(clause->val.binary.data))
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" must be a text, an object or an array of them",
						  condition->name);
	object = clause->val.binary.data;
	or = addb_entity_where_is_or(object);
	appendStringInfoString(out, or ? "(" : "");
	addb_entity_where_data(condition, object, out);
	appendStringInfoString(out, or ? ")" : "");
}

/*
 * addb_entity_condition_where - adds the clauses of an operation's "where"
 *
 * Raises 22023 with number 1012 for an unknown attribute and an empty list, 42601
 * for a text that the grammar does not have, 23514 for values of wrong types.
 */
void
addb_entity_condition_where(AddbEntityCondition *condition,
							const JsonbValue *where)
{
	JsonbContainer *array;

	if (where->type == jbvNull)
		return;
	if (where->type != jbvBinary ||
		!JsonContainerIsArray(where->val.binary.data))
	{
		add_clause(condition, where);
		return;
	}
	array = where->val.binary.data;
	if (JsonContainerSize(array) == 0)
		addb_entity_raise_hint(ADDB_ENTITY_BAD_WHERE, addb_entity_empty_where_hint,
							   "\"%s\" is empty", condition->name);
	for (int i = 0; i < JsonContainerSize(array); i++)
		add_clause(condition, getIthJsonbValueFromContainer(array, i));
}

/*
 * addb_entity_condition_finish - appends the condition to a request, if it has any
 */
void
addb_entity_condition_finish(AddbEntityCondition *condition,
							 AddbExpressionKind kind, StringInfo body)
{
	if (condition->text.len == 0)
		return;
	appendStringInfoString(body, addb_expressions_member(kind));
	appendBinaryStringInfo(body, condition->text.data, condition->text.len);
	appendStringInfoCharMacro(body, '"');
}
