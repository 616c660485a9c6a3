/*
 * where_text.c
 *	  Conditions as text, with the names of the model.
 *
 * The item layer's parser reads them and asks here for each name of a path. The
 * values behind :name are checked and written as those of conditions as data.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/value.h"
#include "entity/where.h"

typedef struct Resolver
{
	AddbEntityCondition *condition;
	const AddbEntityModel *model;	/* that has the path's root */
	const AddbEntityAttribute *at;	/* what the path has led to; NULL: anything */
	int			level;			/* of that */
} Resolver;

/* What a path has led to, for the values that are used on it. */
typedef struct Subject
{
	const AddbEntityModel *model;
	const AddbEntityAttribute *attribute;
} Subject;

static const AddbEntityAttribute *
find_root(Resolver *resolver, const char *name, int len)
{
	const AddbEntityCondition *condition = resolver->condition;

	for (int i = 0; i < condition->nmodels; i++)
	{
		const AddbEntityAttribute *attribute =
			addb_entity_child(&condition->models[i]->root, name, len);

		resolver->model = condition->models[i];
		if (attribute != NULL)
			return attribute;
	}
	addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" in \"%s\" is no attribute of the model",
					  addb_entity_quote((AddbText) {name, len}), condition->name);
}

/* Passes the list indexes that stand before a name at a level. */
static void
pass_elements(Resolver *resolver, int level)
{
	for (int i = resolver->level + 1; i < level && resolver->at != NULL; i++)
	{
		if (resolver->at->type == ADDB_ENTITY_LIST)
			resolver->at = &resolver->at->children[0];
		else if (resolver->at->type == ADDB_ENTITY_ANY)
			resolver->at = NULL;
		else
			addb_entity_raise(ADDB_ENTITY_BAD_WHERE,
							  "attribute \"%s\" in \"%s\" is no list",
							  addb_entity_quote(resolver->at->name),
							  resolver->condition->name);
	}
	resolver->level = level;
}

static const char *
resolve(void *arg, int level, const char *name, int *len)
{
	Resolver   *resolver = arg;
	const AddbEntityAttribute *child;

	if (level == 0)
	{
		resolver->at = find_root(resolver, name, *len);
		resolver->level = 0;
		*len = resolver->at->field.len;
		return resolver->at->field.data;
	}
	pass_elements(resolver, level);
	if (resolver->at == NULL || resolver->at->type == ADDB_ENTITY_ANY)
	{
		resolver->at = NULL;
		return name;
	}
	child = resolver->at->type != ADDB_ENTITY_MAP ? NULL :
		addb_entity_child(resolver->at, name, *len);
	if (child == NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "\"%s\" in \"%s\" is no property of \"%s\"",
						  addb_entity_quote((AddbText) {name, *len}),
						  resolver->condition->name,
						  addb_entity_quote(resolver->at->name));
	resolver->at = child;
	*len = child->field.len;
	return child->field.data;
}

static const void *
subject_of(void *arg, int levels)
{
	Resolver   *resolver = arg;
	Subject    *subject;

	pass_elements(resolver, levels);
	if (resolver->at == NULL || resolver->at->type == ADDB_ENTITY_ANY)
		return NULL;
	subject = palloc(sizeof(Subject));
	subject->model = resolver->model;
	subject->attribute = resolver->at;
	return subject;
}

static bool
bind(void *arg, const void *on, AddbExpressionUse use, const JsonbValue *value,
	 StringInfo out)
{
	static const char *const ops[] = {
		[ADDB_USE_COMPARED] = "eq",
		[ADDB_USE_BEGINS] = "begins",
		[ADDB_USE_CONTAINED] = "contains"
	};
	Resolver   *resolver = arg;
	const Subject *subject = on;

	if (use == ADDB_USE_SIZE)
	{
		if (value->type != jbvNumeric)
			addb_entity_refuse(subject->attribute, "has a size, which is compared with a number");
		return false;
	}
	addb_entity_where_value(resolver->condition, subject->attribute, false, ops[use],
							value, subject->model, out);
	return true;
}

/*
 * addb_entity_where_text - appends a condition given as text, in parentheses
 *
 * Raises 22023 with number 1012 for unknown attributes, 23514 for
 * values of wrong types, and what addb_expressions_add raises.
 */
void
addb_entity_where_text(AddbEntityCondition *condition, AddbText text,
					   StringInfo out)
{
	static const AddbExpressionBinder binder = {subject_of, bind};
	Resolver	resolver = {condition, NULL, NULL, 0};

	addb_expressions_set_resolver(condition->expressions, resolve, &resolver);
	addb_expressions_set_binder(condition->expressions, &binder);
	addb_expressions_append_group(condition->expressions, condition->name,
								  pnstrdup(text.data, text.len), text.len, out);
	addb_expressions_set_binder(condition->expressions, NULL);
	addb_expressions_set_resolver(condition->expressions, NULL, NULL);
}
