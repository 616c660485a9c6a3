/*
 * table_ttl.c
 *	  The time to live of the items of a table.
 *
 * Switching it on where it is on is an error to DynamoDB, and so is any change
 * in the hour that the last one may take. Which of these a ValidationException
 * means is decided by asking, not by its text; so is what became of a change
 * whose answer was lost.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/table.h"
#include "mb/pg_wchar.h"

/* DynamoDB's limit of the attribute's name, in characters. */
#define TTL_MAX_CHARS 255

typedef enum TtlState
{
	TTL_OTHER,					/* not as wanted */
	TTL_CHANGING,				/* not as wanted, and just being changed */
	TTL_AS_WANTED				/* or about to be */
} TtlState;

/*
 * addb_table_check_ttl - raises if no attribute can have this name
 *
 * argument names it in messages. Raises 22023 when it is empty, 54000 when it
 * is too long.
 */
void
addb_table_check_ttl(const char *attribute, const char *argument)
{
	int			chars = pg_mbstrlen(attribute);

	if (chars == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", argument)));
	if (chars > TTL_MAX_CHARS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"%s\" is too long", argument),
				 errdetail("It has %d characters; DynamoDB takes %d.", chars, TTL_MAX_CHARS)));
}

/* Whether a string of a reply, which is NULL when absent, is this text. */
static bool
string_is(const AddbJsonSlice *string, const char *text)
{
	char	   *utf8 = string->data != NULL ? addb_json_to_cstring(string) : NULL;

	return utf8 != NULL &&
		strcmp(utf8, pg_server_to_any(text, (int) strlen(text), PG_UTF8)) == 0;
}

static TtlState
judge(const AddbJsonSlice *status, const AddbJsonSlice *name,
	  const char *attribute, bool enabled)
{
	bool		enabling = addb_json_slice_is(status, "ENABLING");
	bool		disabling = addb_json_slice_is(status, "DISABLING");

	if (enabled && (enabling || addb_json_slice_is(status, "ENABLED")) &&
		string_is(name, attribute))
		return TTL_AS_WANTED;
	if (!enabled && (disabling || addb_json_slice_is(status, "DISABLED")))
		return TTL_AS_WANTED;
	return enabling || disabling ? TTL_CHANGING : TTL_OTHER;
}

/* The state that a reply tells. */
static TtlState
read_state(const AddbCall *call, const char *attribute, bool enabled)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice status = {0};
	AddbJsonSlice attribute_name = {0};

	if (addb_json_object_start(&cursor) && addb_json_object_next(&cursor, &name) &&
		addb_json_slice_is(&name, "TimeToLiveDescription") &&
		addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (addb_json_slice_is(&name, "TimeToLiveStatus"))
				addb_json_string(&cursor, &status);
			else if (addb_json_slice_is(&name, "AttributeName"))
				addb_json_string(&cursor, &attribute_name);
			else
				addb_json_skip(&cursor, NULL);
		}
	return cursor.failed ? TTL_OTHER :
		judge(&status, &attribute_name, attribute, enabled);
}

/* A table whose state is asked for. */
typedef struct Look
{
	const char *table;
	const char *attribute;
	bool		enabled;
	TtlState	state;
} Look;

static void
look(void *arg)
{
	Look	   *wanted = arg;
	AddbCall   *call = addb_table_call(&addb_describe_time_to_live, wanted->table, "", NULL);

	if (addb_call_succeeded(call))
		wanted->state = read_state(call, wanted->attribute, wanted->enabled);
	addb_call_release(call);
}

static _Noreturn void
raise_changing(const AddbCall *call, const char *table)
{
	const AddbServiceError *error = addb_call_error(call);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("time to live of DynamoDB table \"%s\" is being changed", table),
			 errdetail("%s: %s%s%s%s", error->code, error->message,
					   error->request_id ? " (request id " : "",
					   error->request_id ? error->request_id : "",
					   error->request_id ? ")" : ""),
			 errhint("Try again in an hour: DynamoDB takes as long for the last change.")));
}

/*
 * addb_table_update_ttl - lets DynamoDB delete items some time after the moment
 * in an attribute has passed, or no longer
 *
 * That it is so already is no error. attribute is in the server's encoding;
 * arguments as in AddbRequest. Raises 22023 when another attribute is it, 55006
 * when the last change has not taken effect, 42P01 when there is no such table,
 * and what calls raise.
 */
void
addb_table_update_ttl(const char *table, const char *attribute, bool enabled,
					  const char *arguments)
{
	StringInfoData members;
	AddbCall   *call;
	bool		refused;

	initStringInfo(&members);
	appendStringInfoString(&members, ",\"TimeToLiveSpecification\":{\"AttributeName\":");
	addb_av_append_string(&members, attribute, (int) strlen(attribute));
	appendStringInfo(&members, ",\"Enabled\":%s}", enabled ? "true" : "false");
	call = addb_table_call(&addb_update_time_to_live, table, members.data, arguments);
	refused = addb_call_failed_with(call, "ValidationException");
	if (refused || addb_call_outcome_unknown(call))
	{
		Look		wanted = {table, attribute, enabled, TTL_OTHER};

		(void) addb_client_look(call, look, &wanted);
		if (wanted.state == TTL_CHANGING && refused)
			raise_changing(call, table);
		if (wanted.state != TTL_AS_WANTED)
			addb_call_raise(call);
	}
	else if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_call_release(call);
}
