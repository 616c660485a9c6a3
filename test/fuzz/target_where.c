/*
 * target_where.c
 *	  The compiler of where, as data and as text.
 *
 * An input is an object of members of an operation: "where" and "values", and
 * whatever else is to differ from a scan. The model is that of the first vector;
 * requests have to be JSON.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

#include "entity/compile.h"

#include "fuzz.h"

static AddbEntityService service;
static Jsonb *scan;

static void
prepare(const char *vectors)
{
	const AddbJsonNode *vector = addb_fuzz_read_vectors(vectors)->first;
	const char *alias;

	addb_fuzz_make_service(vector, &service);
	alias = psprintf("{\"entity\":\"%.*s\",\"method\":\"scan\"}",
					 service.members[0].alias.len, service.members[0].alias.data);
	scan = addb_fuzz_jsonb((AddbText) {alias, (int) strlen(alias)});
}

static void
run(const char *data, int len)
{
	AddbEntityRequest request;
	Jsonb	   *members;
	Jsonb	   *operation;

	if (len == 0 || !addb_fuzz_is_text((AddbText) {data, len}))
		return;
	members = addb_fuzz_jsonb((AddbText) {data, len});
	if (!JB_ROOT_IS_OBJECT(members))
		return;
	operation = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(scan),
												   JsonbPGetDatum(members)));
	addb_entity_compile(&service, &operation->root, &request);
	if (request.operation == NULL)
		return;
	addb_entity_request_close(&request);
	addb_fuzz_check_json("request", request.body.data, request.body.len);
}

const AddbFuzzTarget addb_fuzz_where = {
	.name = "where",
	.prepare = prepare,
	.run = run,
};
