/*
 * request_parts.c
 *	  What write requests have in common: their expressions and what they return.
 */
#include "postgres.h"

#include "entity/request_parts.h"

/*
 * addb_entity_expressions - the expressions of a request, with the operation's
 * values for texts of "where"
 */
AddbExpressions *
addb_entity_expressions(const AddbEntityRequest *request)
{
	JsonbValue	values = request->action.values;
	AddbExpressions *expressions =
		addb_expressions_begin(NULL, values.type == jbvNull ? NULL :
							   JsonbValueToJsonb(&values));

	addb_expressions_without_names(expressions);
	addb_expressions_call_values(expressions, request->action.values_name);
	return expressions;
}

/*
 * addb_entity_append_returns - appends what a write is to return
 *
 * In a transaction the option "response" says what a failed condition returns.
 */
void
addb_entity_append_returns(AddbEntityRequest *request)
{
	static const char *const names[] = {
		[ADDB_RESPONSE_NONE] = "NONE",
		[ADDB_RESPONSE_ALL_OLD] = "ALL_OLD",
		[ADDB_RESPONSE_UPDATED_OLD] = "UPDATED_OLD",
		[ADDB_RESPONSE_ALL_NEW] = "ALL_NEW",
		[ADDB_RESPONSE_UPDATED_NEW] = "UPDATED_NEW"
	};
	const AddbEntityOptions *options = &request->action.options;

	if (options->response != ADDB_RESPONSE_DEFAULT)
		appendStringInfo(&request->body, ",\"%s\":\"%s\"",
						 request->in_transaction ? "ReturnValuesOnConditionCheckFailure" :
						 "ReturnValues", names[options->response]);
	if (options->on_failure == ADDB_FAILURE_ALL_OLD && !request->in_transaction)
		appendStringInfoString(&request->body,
							   ",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"");
}
