/*
 * unit_entity.c
 *	  SQL faces, for tests only, of the entity layer: vectors of ElectroDB in,
 *	  requests and results out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

#include "entity/compile.h"
#include "entity/js_text.h"

PG_FUNCTION_INFO_V1(addb_unit_entity);
PG_FUNCTION_INFO_V1(addb_unit_js);

#define MAX_MEMBERS 10
#define MAX_PAGES 10

static AddbJsonNode *
read_argument(text *argument)
{
	AddbJsonNode *node;
	char	   *utf8 = pg_server_to_any(text_to_cstring(argument),
									   VARSIZE_ANY_EXHDR(argument), PG_UTF8);

	node = addb_json_tree(utf8, strlen(utf8));
	if (node == NULL)
		elog(ERROR, "no JSON");
	return node;
}

static char *
to_server(AddbText utf8)
{
	return pg_any_to_server(pnstrdup(utf8.data, utf8.len), utf8.len, PG_UTF8);
}

static Jsonb *
node_jsonb(const AddbJsonNode *node)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
											  CStringGetDatum(to_server(node->source))));
}

/* Parses the vector's models as one service. */
static void
make_service(const AddbJsonNode *vector, AddbEntityService *service)
{
	const AddbJsonNode *models = addb_json_member(vector, "models");
	const AddbJsonNode *table = addb_json_member(vector, "table");
	AddbEntityMember *members = palloc0(MAX_MEMBERS * sizeof(AddbEntityMember));

	service->members = members;
	service->nmembers = 0;
	for (const AddbJsonNode *node = models->first; node != NULL; node = node->next)
	{
		AddbEntityMember *member = &members[service->nmembers++];
		char	   *source = to_server(node->source);

		member->alias = node->name;
		member->model = addb_entity_model_parse(CurrentMemoryContext, source, strlen(source));
		member->table = table == NULL ? NULL : to_server(table->text);
	}
	addb_entity_service_check(service);
}

static void
append_request(StringInfo out, const AddbEntityRequest *request)
{
	AddbEntityRequest copy = *request;

	initStringInfo(&copy.body);
	appendBinaryStringInfo(&copy.body, request->body.data, request->body.len);
	addb_entity_request_close(&copy);
	appendStringInfo(out, "%s{\"action\":\"%s\",\"params\":%s}", out->len > 0 ? "," : "",
					 copy.operation->name,
					 to_server((AddbText) {copy.body.data, copy.body.len}));
}

static const char *
jsonb_text(Jsonb *value)
{
	return JsonbToCString(NULL, &value->root, VARSIZE(value));
}

/* What DynamoDB answers: the body of a success, or the result of an error. */
static const char *
take_response(const AddbEntityRequest *request, const AddbJsonNode *response, AddbText *body)
{
	int			status = atoi(addb_json_member(response, "status")->text.data);
	AddbServiceError *error;
	Jsonb	   *result;

	*body = addb_json_member(response, "body")->source;
	if (status == 200)
		return NULL;
	error = addb_error_parse(status, NULL, NULL, body->data, body->len);
	result = addb_entity_format_error(request, error);
	return result != NULL ? jsonb_text(result) :
		psprintf("{\"service_error\":\"%s\"}", error->code);
}

/* Plays the exchanges of a read that takes several. */
static const char *
play_exchanges(AddbEntityRequest *request, const AddbJsonNode *exchanges, StringInfo requests)
{
	AddbText	bodies[MAX_PAGES];
	int			n = 0;
	int			owned = 0;

	for (const AddbJsonNode *exchange = exchanges->first; exchange != NULL;
		 exchange = exchange->next)
	{
		int			more;

		append_request(requests, request);
		(void) take_response(request, addb_json_member(exchange, "response"), &bodies[n]);
		request->start = addb_entity_page_end(request, bodies[n++], &more);
		owned += more;
		if (request->start.data == NULL || !addb_entity_page_wanted(request, n, owned))
			break;
	}
	return jsonb_text(addb_entity_format(request, bodies, n));
}

static const char *
play(AddbEntityRequest *request, const AddbJsonNode *vector, StringInfo requests)
{
	const AddbJsonNode *response = addb_json_member(vector, "response");
	const AddbJsonNode *exchanges = addb_json_member(vector, "exchanges");
	AddbText	body;
	const char *result;

	if (request->operation == NULL)
		return jsonb_text(addb_entity_format(request, NULL, 0));
	if (exchanges != NULL)
		return play_exchanges(request, exchanges, requests);
	append_request(requests, request);
	if (response == NULL)
		return "null";
	result = take_response(request, response, &body);
	return result != NULL ? result : jsonb_text(addb_entity_format(request, &body, 1));
}

/* A vector as json -> {"requests": [{action, params}], "result": ...} */
Datum
addb_unit_entity(PG_FUNCTION_ARGS)
{
	AddbJsonNode *vector = read_argument(PG_GETARG_TEXT_PP(0));
	const AddbJsonNode *operation = addb_json_member(vector, "operation");
	const AddbJsonNode *method = addb_json_member(operation, "method");
	AddbEntityService service;
	AddbEntityRequest request;
	StringInfoData requests;
	const char *result = "null";

	initStringInfo(&requests);
	make_service(vector, &service);
	if (method == NULL || !addb_text_is(method->text, "define"))
	{
		addb_entity_compile(&service, &node_jsonb(operation)->root, &request);
		result = play(&request, vector, &requests);
	}
	for (int i = 0; i < service.nmembers; i++)
		addb_entity_model_free((AddbEntityModel *) service.members[i].model);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("{\"requests\":[%s],\"result\":%s}",
											  requests.data, result)));
}

static void
append_string(StringInfo out, StringInfo utf8)
{
	escape_json(out, to_server((AddbText) {utf8->data, utf8->len}));
}

static AddbText
utf8_text(const AddbJsonNode *node)
{
	return addb_model_utf8(node->text);
}

static void
append_answer(StringInfo out, const char *function, const AddbJsonNode *argument)
{
	StringInfoData text;
	char		number[ADDB_JS_NUMBER_SIZE];
	double		value;

	initStringInfo(&text);
	if (strcmp(function, "lower") == 0 || strcmp(function, "upper") == 0)
	{
		appendBinaryStringInfo(&text, utf8_text(argument).data, utf8_text(argument).len);
		addb_case_convert(&text, 0, function[0] == 'l' ? ADDB_CASING_LOWER : ADDB_CASING_UPPER);
		append_string(out, &text);
	}
	else if (strcmp(function, "numbers") == 0)
	{
		uint64		bits = strtoull(argument->text.data, NULL, 16);

		memcpy(&value, &bits, sizeof(value));
		addb_js_number(value, number);
		escape_json(out, number);
	}
	else if (strcmp(function, "parseInt") == 0)
	{
		if (!addb_js_parse_int(utf8_text(argument).data, utf8_text(argument).len, &value))
			strcpy(number, "null");
		else
			addb_js_number(value, number);
		appendStringInfoString(out, number);
	}
	else
	{
		AddbText	padded = utf8_text(addb_json_member(argument, "value"));
		AddbText	fill = utf8_text(addb_json_member(argument, "char"));

		addb_js_pad_start(&text, padded.data, padded.len,
						  atoi(addb_json_member(argument, "length")->text.data),
						  fill.data, fill.len);
		append_string(out, &text);
	}
}

/* {function: [arguments]} as json -> {function: [results]} */
Datum
addb_unit_js(PG_FUNCTION_ARGS)
{
	AddbJsonNode *object = read_argument(PG_GETARG_TEXT_PP(0));
	StringInfoData out;

	initStringInfo(&out);
	for (const AddbJsonNode *node = object->first; node != NULL; node = node->next)
	{
		char	   *name = pnstrdup(node->name.data, node->name.len);

		appendStringInfo(&out, "%c\"%s\":[", node == object->first ? '{' : ',', name);
		for (const AddbJsonNode *argument = node->first; argument != NULL;
			 argument = argument->next)
		{
			appendStringInfoString(&out, argument == node->first ? "" : ",");
			append_answer(&out, name, argument);
		}
		appendStringInfoChar(&out, ']');
	}
	appendStringInfoChar(&out, '}');
	PG_RETURN_TEXT_P(cstring_to_text(out.data));
}
