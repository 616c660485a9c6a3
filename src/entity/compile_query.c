/*
 * compile_query.c
 *	  query and scan of one entity.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/read.h"

static char *
pattern_names(const AddbEntityModel *model)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < model->nindexes; i++)
		appendStringInfo(&names, "%s\"%s\"", i == 0 ? "" :
						 i == model->nindexes - 1 ? " and " : ", ",
						 addb_entity_quote(model->indexes[i].name));
	return names.data;
}

static void
find_index(AddbEntityRequest *request)
{
	AddbText	name = request->action.index;

	if (name.data == NULL)
		addb_entity_raise_hint(ADDB_ENTITY_UNNUMBERED,
							   psprintf("It has %s.", pattern_names(request->member->model)),
							   "a query of entity \"%s\" must name its access pattern, as \"index\"",
							   addb_entity_quote(request->member->alias));
	request->index =
		addb_entity_find_index(request->member->model, name.data, name.len);
	if (request->index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entity \"%s\" has no access pattern \"%s\"",
						addb_entity_quote(request->member->alias),
						addb_entity_quote(name)),
				 errhint("It has %s.", pattern_names(request->member->model))));
}

/* In a clustered index the entities lie among one another until the key ends. */
static void
append_filter(AddbEntityRequest *request, AddbExpressions *expressions,
			  bool identity)
{
	AddbEntityCondition condition;

	addb_entity_condition_begin(&condition, &request->member->model, 1,
								expressions, request->action.where_name);
	addb_entity_condition_where(&condition, &request->action.where);
	if (identity)
	{
		(void) addb_entity_condition_next(&condition);
		addb_entity_condition_identity(&condition, request->member->model);
	}
	addb_entity_condition_finish(&condition, ADDB_FILTER, &request->body);
}

/*
 * addb_entity_compile_query - compiles a query by an access pattern
 *
 * Raises error 2002 for missing composites of the partition key, and 22023 for
 * an access pattern or operator that there is not.
 */
void
addb_entity_compile_query(AddbEntityRequest *request)
{
	AddbExpressions *expressions = addb_entity_expressions(request);
	const AddbEntityIndex *index;
	bool		complete;

	find_index(request);
	index = request->index;
	addb_entity_request_begin(request, &addb_query);
	addb_entity_append_range(request, index);
	request->key =
		addb_entity_read_values(request->member->model, request->action.key);
	addb_entity_append_keys(request, expressions, request->key,
							index->has_sk ? &index->sk : NULL, ADDB_KEY_FULL,
							ADDB_KEY_POSTFIX);
	complete =
		addb_entity_key_supplied(&index->sk, request->key) == index->sk.nparts;
	append_filter(request, expressions, index->clustered && !complete &&
				  !request->action.options.ignore_ownership);
	addb_entity_append_projection(request, expressions);
	addb_expressions_finish(expressions, &request->body);
}

static void
append_beginning(AddbEntityCondition *condition, const AddbEntityKey *key,
				 AddbEntityValues nothing)
{
	AddbEntityKeyText text = addb_entity_key(key, nothing, ADDB_KEY_FULL);
	StringInfo	out;

	if (text.text.len == 0)
		return;
	out = addb_entity_condition_next(condition);
	appendStringInfoString(out, "begins_with(");
	addb_expressions_append_name(condition->expressions, key->field.data,
								 key->field.len, out);
	appendStringInfoString(out, ", ");
	addb_entity_key_append(addb_expressions_append_value(condition->expressions, out), &text);
	appendStringInfoChar(out, ')');
}

/*
 * addb_entity_compile_scan - compiles a scan of the table or of an index
 *
 * The filter leaves what is the entity's and what its keys begin with; with the
 * option "ignoreOwnership" the latter only.
 */
void
addb_entity_compile_scan(AddbEntityRequest *request)
{
	const AddbEntityModel *model = request->member->model;
	AddbExpressions *expressions = addb_entity_expressions(request);
	AddbEntityCondition condition;
	AddbEntityValues nothing = addb_entity_values(model);

	if (request->action.index.data != NULL)
		find_index(request);
	else
		request->index = model->primary;
	addb_entity_request_begin(request, &addb_scan);
	addb_entity_append_range(request, request->index);
	addb_entity_condition_begin(&condition, &request->member->model, 1,
								expressions, request->action.where_name);
	append_beginning(&condition, &request->index->pk, nothing);
	if (request->index->has_sk)
		append_beginning(&condition, &request->index->sk, nothing);
	addb_entity_condition_where(&condition, &request->action.where);
	if (!request->action.options.ignore_ownership)
	{
		(void) addb_entity_condition_next(&condition);
		addb_entity_condition_identity(&condition, model);
	}
	addb_entity_condition_finish(&condition, ADDB_FILTER, &request->body);
	addb_entity_append_projection(request, expressions);
	addb_expressions_finish(expressions, &request->body);
}
