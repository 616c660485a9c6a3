/*
 * codec.c
 *	  ddb_marshall, ddb_unmarshall: DynamoDB's AttributeValue JSON in SQL.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/attribute_value.h"
#include "functions/args.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

ADDB_FUNCTION(addb_fn_marshall);
ADDB_FUNCTION(addb_fn_unmarshall);

/*
 * addb_fn_marshall - ddb_marshall(value jsonb) returns json
 */
Datum
addb_fn_marshall(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	char	   *text;

	addb_arg_require(fcinfo, 0, "value");
	initStringInfo(&out);
	addb_av_encode(&out, PG_GETARG_JSONB_P(0), "value");
	text = pg_any_to_server(out.data, out.len, PG_UTF8);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * addb_fn_unmarshall - ddb_unmarshall(attribute_value json) returns jsonb
 */
Datum
addb_fn_unmarshall(PG_FUNCTION_ARGS)
{
	AddbText	text = addb_arg_text(fcinfo, 0, "attribute_value");
	char	   *utf8 = pg_server_to_any(text.data, text.len, PG_UTF8);
	AddbJsonCursor cursor = addb_json_cursor(utf8, utf8 == text.data
											 ? (size_t) text.len : strlen(utf8));
	AddbJsonbValue value;

	addb_jsonb_start();
	if (!addb_av_decode(&cursor, &value) || !addb_json_at_end(&cursor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"attribute_value\" is not an AttributeValue"),
				 errdetail("An AttributeValue is an object with one member, named S, N, B, BOOL, NULL, M, L, SS, NS or BS.")));
	PG_RETURN_POINTER(addb_jsonb_finish(value));
}
