/*
 * compile_item.c
 *	  get, delete, remove and check: requests that are a key and little more.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/compile.h"
#include "entity/error.h"
#include "entity/request_parts.h"

static void
compile_get(AddbEntityRequest *request, AddbExpressions *expressions)
{
	if (request->action.where.type != jbvNull)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "operation \"get\" cannot have \"where\"");
	if (request->action.options.consistent)
		appendStringInfoString(&request->body, ",\"ConsistentRead\":true");
	addb_entity_append_projection(request, expressions);
}

static void
compile_write(AddbEntityRequest *request, AddbExpressions *expressions)
{
	const AddbEntityModel *model = request->member->model;
	AddbEntityCondition condition;

	addb_entity_condition_begin(&condition, &request->member->model, 1,
								expressions, request->action.where_name);
	if (request->action.method == ADDB_METHOD_REMOVE)
		addb_entity_condition_exists(&condition, model->primary, true);
	addb_entity_condition_where(&condition, &request->action.where);
	if (request->action.method == ADDB_METHOD_CHECK && condition.text.len == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_WHERE, "operation \"check\" must have \"where\"");
	addb_entity_condition_finish(&condition, ADDB_CONDITION, &request->body);
	addb_entity_append_returns(request);
}

/*
 * addb_entity_compile_item - compiles get, delete, remove or check
 *
 * Raises error 2002 for missing composites, 3001 for those of a write that are
 * of wrong types.
 */
void
addb_entity_compile_item(AddbEntityRequest *request)
{
	const AddbEntityModel *model = request->member->model;
	AddbExpressions *expressions = addb_entity_expressions(request);
	bool		get = request->action.method == ADDB_METHOD_GET;

	addb_entity_request_begin(request, get ? &addb_get_item :
							  &addb_delete_item);
	request->key = addb_entity_read_values(model, request->action.key);
	addb_entity_append_table_key(request, request->key);
	if (!get)
		addb_entity_check_key(model, request->key);
	if (get)
		compile_get(request, expressions);
	else
		compile_write(request, expressions);
	addb_expressions_finish(expressions, &request->body);
}
