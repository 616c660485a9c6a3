/*
 * target_response.c
 *	  The readers of replies: items as jsonb, errors, results of operations.
 *
 * An input is a line that tells what was asked, and the body of the reply, of
 * which the client makes sure that it is UTF-8. "item" and "document" decode
 * values, a number from 300 on is the HTTP status of an error, smaller ones are
 * places of vectors, whose operations the body answers. What is decoded from an
 * item is encoded again, and must decode to the same.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/error_table.h"
#include "entity/compile.h"

#include "fuzz.h"

#define FIRST_ERROR 300

static AddbEntityRequest *requests;
static int	nrequests;

static void
prepare(const char *vectors)
{
	const AddbJsonNode *array = addb_fuzz_read_vectors(vectors);

	requests = palloc0(array->n * sizeof(AddbEntityRequest));
	for (const AddbJsonNode *vector = array->first; vector != NULL; vector = vector->next)
	{
		AddbEntityService *service = palloc0(sizeof(AddbEntityService));
		Jsonb	   *operation = addb_fuzz_jsonb(addb_json_member(vector, "operation")->source);

		addb_fuzz_make_service(vector, service);
		addb_entity_compile(service, &operation->root, &requests[nrequests++]);
	}
}

static Jsonb *
decode_item(const char *text, int len)
{
	AddbJsonCursor cursor = addb_json_cursor(text, len);
	AddbJsonbValue value;

	addb_jsonb_start();
	if (!addb_av_decode_map(&cursor, &value) || !addb_json_at_end(&cursor))
		return NULL;
	return addb_jsonb_finish(value);
}

static bool
jsonb_is_equal(Jsonb *a, Jsonb *b)
{
	return DatumGetBool(DirectFunctionCall2(jsonb_eq, JsonbPGetDatum(a), JsonbPGetDatum(b)));
}

static void
read_item(AddbText body)
{
	Jsonb	   *item = decode_item(body.data, body.len);
	Jsonb	   *again;
	StringInfoData encoded;

	if (item == NULL)
		return;
	(void) JsonbToCString(NULL, &item->root, VARSIZE(item));
	initStringInfo(&encoded);
	addb_av_encode_map(&encoded, item, "item");
	addb_fuzz_check_json("item", encoded.data, encoded.len);
	again = decode_item(encoded.data, encoded.len);
	if (again == NULL || !jsonb_is_equal(item, again))
		addb_fuzz_found("item changed by a round trip", encoded.data, encoded.len);
}

static void
read_document(AddbText body)
{
	AddbJsonbValue value;
	Jsonb	   *document;
	StringInfoData encoded;

	addb_jsonb_start();
	if (!addb_av_decode_document(body.data, body.len, &value))
		return;
	document = addb_jsonb_finish(value);
	initStringInfo(&encoded);
	addb_av_encode_document(&encoded, document, "document");
	addb_fuzz_check_json("document", encoded.data, encoded.len);
}

static void
read_error(int status, AddbText body)
{
	AddbErrorContext context = {.operation = "TransactWriteItems",.table = "t",.attempts = 1};
	AddbServiceError *error = addb_error_parse(status, "id", NULL, body.data, body.len);

	(void) addb_error_sqlstate(error, &context);
	for (int i = 0; i < nrequests; i++)
		if (requests[i].operation != NULL)
			(void) addb_entity_format_error(&requests[i], error);
	addb_error_raise(error, &context);
}

static void
read_result(const AddbEntityRequest *request, AddbText body)
{
	Jsonb	   *result;
	int			owned;

	if (request->action.method == ADDB_METHOD_QUERY || request->action.method == ADDB_METHOD_SCAN ||
		request->action.method == ADDB_METHOD_COLLECTION)
		(void) addb_entity_page_end(request, body, &owned);
	result = addb_entity_format(request, &body, 1);
	(void) JsonbToCString(NULL, &result->root, VARSIZE(result));
}

static void
run(const char *data, int len)
{
	AddbText	body = {data, len};
	AddbText	line = addb_fuzz_next_line(&body);
	char	   *asked;
	int			number;

	if (body.len == 0 || !pg_verify_mbstr(PG_UTF8, body.data, body.len, true))
		return;
	asked = pnstrdup(line.data, line.len);
	number = atoi(asked);
	if (strcmp(asked, "item") == 0)
		read_item(body);
	else if (strcmp(asked, "document") == 0)
		read_document(body);
	else if (number >= FIRST_ERROR && number < 600)
		read_error(number, body);
	else if (number >= 0 && number < nrequests && requests[number].operation != NULL)
		read_result(&requests[number], body);
}

const AddbFuzzTarget addb_fuzz_response = {
	.name = "response",
	.prepare = prepare,
	.run = run,
};
