/*
 * unit_world.c
 *	  A made-up machine for the functions of src/aws.
 *
 * Its members are
 *	 env	  names and values
 *	 files	  paths and contents; null is a file that may not be read
 *	 server   a list of steps {on, status, body} for requests "METHOD /path" to
 *			  any host; of several with the same "on" each serves once and the
 *			  last for ever; "offset_ms" is what its clock is ahead;
 *			  "silent" is a time limit that ran out, "absent" a
 *			  connection that was not made. What no step is for is answered 404.
 *			  Without "server" there is no network at all.
 *	 network  true: the real one
 *
 * What was asked of the network since then is kept for addb_unit_world_log.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "unit_world.h"

PG_FUNCTION_INFO_V1(addb_unit_world_log);

/* Entries of a JSON array, without the brackets. */
static StringInfo journal = NULL;

static JsonbValue *
member(JsonbContainer *object, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

static char *
text_of(const JsonbValue *value)
{
	if (value == NULL)
		return NULL;
	if (value->type == jbvBinary)
		return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static const char *
world_getenv(void *arg, const char *name)
{
	JsonbValue *env = member(arg, "env");

	return env == NULL ? NULL : text_of(member(env->val.binary.data, name));
}

static char *
world_read_file(void *arg, const char *path, size_t *len)
{
	JsonbValue *files = member(arg, "files");
	JsonbValue *text = files == NULL ? NULL :
		getKeyJsonValueFromContainer(files->val.binary.data, path, strlen(path), NULL);

	if (text == NULL || text->type == jbvNull)
	{
		errno = text == NULL ? ENOENT : EACCES;
		return NULL;
	}
	*len = text->val.string.len;
	return pnstrdup(text->val.string.val, *len);
}

static void
begin_entry(void)
{
	if (journal->len > 0)
		appendStringInfoChar(journal, ',');
}

/* {"request", "url", "headers", "body", "timeout"} */
static void
note_request(const AddbHostRequest *request, const char *line)
{
	begin_entry();
	appendStringInfoString(journal, "{\"request\":");
	escape_json(journal, line);
	appendStringInfoString(journal, ",\"url\":");
	escape_json(journal, request->url);
	appendStringInfo(journal, ",\"timeout\":%d,\"headers\":{", request->timeout);
	for (int i = 0; i < request->nheaders; i++)
	{
		char	   *name = pstrdup(request->headers[i]);
		char	   *colon = strchr(name, ':');

		*colon = '\0';
		for (char *p = name; *p != '\0'; p++)
			*p = pg_tolower((unsigned char) *p);
		if (i > 0)
			appendStringInfoChar(journal, ',');
		escape_json(journal, name);
		appendStringInfoChar(journal, ':');
		escape_json(journal, colon + 2);
	}
	appendStringInfoString(journal, "},\"body\":");
	escape_json(journal, request->body != NULL ?
				pnstrdup(request->body, request->body_len) : "");
	appendStringInfoChar(journal, '}');
}

/* How often a request line has been noted, this time included. */
static int
times_noted(const char *line)
{
	StringInfoData wanted;
	int			times = 0;

	initStringInfo(&wanted);
	appendStringInfoString(&wanted, "{\"request\":");
	escape_json(&wanted, line);
	for (const char *p = journal->data; (p = strstr(p, wanted.data)) != NULL; p++)
		times++;
	return times;
}

/* The step that serves a request; NULL when there is none. */
static JsonbContainer *
find_step(JsonbContainer *steps, const char *line)
{
	JsonbContainer *found = NULL;
	int			left = times_noted(line);

	for (int i = 0; i < JsonContainerSize(steps) && left > 0; i++)
	{
		JsonbContainer *step = getIthJsonbValueFromContainer(steps, i)->val.binary.data;

		if (strcmp(text_of(member(step, "on")), line) != 0)
			continue;
		found = step;
		left--;
	}
	return found;
}

static void
play(JsonbContainer *step, AddbHostReply *reply)
{
	JsonbValue *status = step != NULL ? member(step, "status") : NULL;
	JsonbValue *offset;

	reply->sent = step == NULL || member(step, "absent") == NULL;
	if (step != NULL && (!reply->sent || member(step, "silent") != NULL))
	{
		reply->error = reply->sent ? "time ran out" : "no connection";
		return;
	}
	offset = step != NULL ? member(step, "offset_ms") : NULL;
	reply->tells_time = offset != NULL;
	if (offset != NULL)
		reply->clock_offset_ms =
			DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(offset->val.numeric)));
	reply->status = step == NULL ? 404 :
		DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(status->val.numeric)));
	reply->body = step == NULL ? NULL : text_of(member(step, "body"));
	if (reply->body == NULL)
		reply->body = pstrdup("");
	reply->len = strlen(reply->body);
}

static void
world_http(void *arg, const AddbHostRequest *request, AddbHostReply *reply)
{
	const char *authority = strstr(request->url, "://") + 3;
	char	   *line = psprintf("%s %s", request->method,
								authority + strcspn(authority, "/"));
	JsonbValue *network = member(arg, "network");
	JsonbValue *server = member(arg, "server");

	note_request(request, line);
	memset(reply, 0, sizeof(AddbHostReply));
	if (network != NULL && network->val.boolean)
		addb_host_http(NULL, request, reply);
	else if (server == NULL)
		reply->error = "there is no network";
	else
		play(find_step(server->val.binary.data, line), reply);
}

static void
world_pause(void *arg, int ms)
{
	begin_entry();
	appendStringInfo(journal, "{\"pause\":%d}", ms);
}

/* The machine that argument describes, with a new journal. */
AddbHost
unit_world(JsonbContainer *argument)
{
	AddbHost	host = {
		.arg = argument,
		.getenv = world_getenv,
		.read_file = world_read_file,
		.http = world_http,
		.run = addb_host_real.run,
		.pause = world_pause,
	};
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	if (journal == NULL)
		journal = makeStringInfo();
	resetStringInfo(journal);
	MemoryContextSwitchTo(old);
	return host;
}

/* (anything jsonb) -> [{request, url, timeout, headers, body} or {pause}, ...] */
Datum
addb_unit_world_log(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("[%s]", journal != NULL ? journal->data : "")));
}
