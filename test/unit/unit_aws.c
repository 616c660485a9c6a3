/*
 * unit_aws.c
 *	  SQL faces, for tests only, of the pure functions of src/aws. Each takes one
 *	  JSON object and returns another; the world that credentials are looked for
 *	  in is part of the argument.
 */
#include "postgres.h"

#include "fmgr.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "aws/resolve.h"
#include "aws/sigv4.h"
#include "aws/sigv4_key.h"
#include "core/guc.h"
#include "aws/sts.h"
#include "aws/sts_reply.h"

#include "unit_world.h"

PG_FUNCTION_INFO_V1(addb_unit_sigv4);
PG_FUNCTION_INFO_V1(addb_unit_sigv4_key);
PG_FUNCTION_INFO_V1(addb_unit_sigv4_bench);
PG_FUNCTION_INFO_V1(addb_unit_endpoint);
PG_FUNCTION_INFO_V1(addb_unit_credentials);
PG_FUNCTION_INFO_V1(addb_unit_resolve);
PG_FUNCTION_INFO_V1(addb_unit_sts);
PG_FUNCTION_INFO_V1(addb_unit_sts_reply);

/* A member of an object, or NULL when it is absent or null. */
static JsonbValue *
get_member(JsonbContainer *object, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

static char *
get_text(JsonbContainer *object, const char *key)
{
	JsonbValue *value = get_member(object, key);

	if (value == NULL)
		return NULL;
	if (value->type != jbvString)
		elog(ERROR, "\"%s\" is no string", key);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static char *
get_text_or(JsonbContainer *object, const char *key, char *otherwise)
{
	char	   *value = get_text(object, key);

	return value != NULL ? value : otherwise;
}

static bool
get_flag(JsonbContainer *object, const char *key)
{
	JsonbValue *value = get_member(object, key);

	return value != NULL && value->type == jbvBool && value->val.boolean;
}

/* An object or array within an object; an error when it is absent. */
static JsonbContainer *
get_container(JsonbContainer *object, const char *key)
{
	JsonbValue *value = get_member(object, key);

	if (value == NULL || value->type != jbvBinary)
		elog(ERROR, "\"%s\" is no object or array", key);
	return value->val.binary.data;
}

static void
add_member(StringInfo json, const char *key, const char *value)
{
	appendStringInfo(json, "%s\"%s\":", json->len > 0 ? "," : "{", key);
	if (value != NULL)
		escape_json(json, value);
	else
		appendStringInfoString(json, "null");
}

static Datum
finish_object(StringInfo json)
{
	appendStringInfoString(json, json->len > 0 ? "}" : "{}");
	return PointerGetDatum(cstring_to_text_with_len(json->data, json->len));
}

static void
add_endpoint(StringInfo json, const AddbEndpoint *endpoint)
{
	add_member(json, "url", endpoint->url);
	add_member(json, "host", endpoint->host);
	add_member(json, "path", endpoint->path);
	add_member(json, "signing_region", endpoint->signing_region);
	add_member(json, "is_loopback", endpoint->is_loopback ? "true" : "false");
}

/* [[name, value], ...], and the host of an endpoint where there is one. */
static AddbSigv4Header *
get_headers(JsonbContainer *request, const char *host, int *count)
{
	JsonbContainer *list = get_container(request, "headers");
	int			length = JsonContainerSize(list);
	AddbSigv4Header *headers = palloc((length + 1) * sizeof(AddbSigv4Header));

	*count = 0;
	for (int i = 0; i < length; i++)
	{
		JsonbContainer *pair = getIthJsonbValueFromContainer(list, i)->val.binary.data;
		JsonbValue *name = getIthJsonbValueFromContainer(pair, 0);
		JsonbValue *value = getIthJsonbValueFromContainer(pair, 1);

		headers[*count].name = pnstrdup(name->val.string.val, name->val.string.len);
		headers[*count].value = pnstrdup(value->val.string.val, value->val.string.len);
		(*count)++;
	}
	if (host != NULL)
	{
		headers[*count].name = "Host";
		headers[*count].value = host;
		(*count)++;
	}
	return headers;
}

static AddbSigv4Request
get_request(JsonbContainer *argument)
{
	JsonbContainer *source = get_container(argument, "request");
	AddbSigv4Request request = {0};
	AddbEndpoint endpoint = {0};
	char	   *url = get_text(argument, "endpoint");
	char	   *hex = get_text_or(source, "body_hex", "");
	char	   *body = palloc(strlen(hex) / 2 + 1);

	if (url != NULL)
		addb_endpoint_parse(url, "the vector", true, &endpoint);
	request.method = get_text(source, "method");
	request.path = url != NULL ? endpoint.path : get_text(source, "path");
	request.query = get_text(source, "query");
	request.headers = get_headers(source, endpoint.host, &request.nheaders);
	request.body_len = hex_decode(hex, strlen(hex), body);
	request.body = body;
	request.raw_path = get_flag(argument, "raw_path");
	request.sign_body_hash = get_flag(argument, "sign_body_hash");
	return request;
}

static AddbSigv4Scope
get_scope(JsonbContainer *context)
{
	AddbSigv4Scope scope = {
		.access_key_id = get_text(context, "access_key_id"),
		.secret_access_key = get_text(context, "secret_access_key"),
		.session_token = get_text(context, "session_token"),
		.region = get_text(context, "region"),
		.service = get_text(context, "service"),
		.amz_date = get_text(context, "amz_date"),
	};

	return scope;
}

/* All stages of one signature, and the whole in one call. */
Datum
addb_unit_sigv4(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbSigv4Scope scope = get_scope(get_container(argument, "context"));
	AddbSigv4Request request = get_request(argument);
	AddbCredentials credentials = {
		.access_key_id = scope.access_key_id,
		.secret_access_key = scope.secret_access_key,
		.session_token = scope.session_token,
	};
	StringInfoData canonical;
	StringInfoData names;
	StringInfoData string_to_sign;
	StringInfoData authorization;
	StringInfoData at_once;
	StringInfoData json;
	char		signature[ADDB_SIGV4_HEX_LEN + 1];

	initStringInfo(&canonical);
	initStringInfo(&names);
	initStringInfo(&string_to_sign);
	initStringInfo(&authorization);
	initStringInfo(&at_once);
	initStringInfo(&json);

	addb_sigv4_canonical_request(&scope, &request, &canonical, &names);
	addb_sigv4_string_to_sign(&scope, canonical.data, canonical.len, &string_to_sign);
	addb_sigv4_signature(&scope, string_to_sign.data, string_to_sign.len, signature);
	addb_sigv4_authorization(&scope, names.data, signature, &authorization);
	addb_sigv4_sign(&credentials, scope.region, scope.service, scope.amz_date,
					&request, &at_once);

	add_member(&json, "canonical_request", canonical.data);
	add_member(&json, "payload_sha256", canonical.data + canonical.len - ADDB_SIGV4_HEX_LEN);
	add_member(&json, "signed_headers", names.data);
	add_member(&json, "string_to_sign", string_to_sign.data);
	add_member(&json, "signature", signature);
	add_member(&json, "authorization", authorization.data);
	add_member(&json, "at_once", at_once.data);
	return finish_object(&json);
}

/* The chain of derived keys. */
Datum
addb_unit_sigv4_key(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"kDate", "kRegion", "kService", "kSigning"};
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	uint8		chain[ADDB_SIGV4_KEY_STEPS][ADDB_SIGV4_DIGEST_LEN];
	AddbSigv4KeyId id;
	StringInfoData json;

	id.access_key_id = "";
	id.secret_access_key = get_text(argument, "secret_access_key");
	strlcpy(id.date, get_text(argument, "date"), sizeof(id.date));
	id.region = get_text(argument, "region");
	id.service = get_text(argument, "service");
	addb_sigv4_derive(&id, chain);

	initStringInfo(&json);
	for (int i = 0; i < ADDB_SIGV4_KEY_STEPS; i++)
	{
		char		hex[ADDB_SIGV4_HEX_LEN + 1];

		hex_encode((const char *) chain[i], ADDB_SIGV4_DIGEST_LEN, hex);
		hex[ADDB_SIGV4_HEX_LEN] = '\0';
		add_member(&json, names[i], hex);
	}
	return finish_object(&json);
}

/* (request jsonb, times int) -> nanoseconds for each signature */
Datum
addb_unit_sigv4_bench(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbSigv4Scope scope = get_scope(get_container(argument, "context"));
	AddbSigv4Request request = get_request(argument);
	AddbCredentials credentials = {
		.access_key_id = scope.access_key_id,
		.secret_access_key = scope.secret_access_key,
		.session_token = scope.session_token,
	};
	int			times = PG_GETARG_INT32(1);
	StringInfoData value;
	instr_time	start;
	instr_time	elapsed;

	initStringInfo(&value);
	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < times; i++)
	{
		resetStringInfo(&value);
		addb_sigv4_sign(&credentials, scope.region, scope.service,
						scope.amz_date, &request, &value);
	}
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	PG_RETURN_FLOAT8(INSTR_TIME_GET_DOUBLE(elapsed) * 1e9 / times);
}

/* addb_endpoint_resolve on its own. */
Datum
addb_unit_endpoint(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbEndpointInput input = {
		.region = get_text(argument, "region"),
		.custom_url = get_text(argument, "endpoint"),
		.custom_source = "atomic_dynamodb.endpoint_url",
		.fips = get_flag(argument, "fips"),
		.dualstack = get_flag(argument, "dualstack"),
		.account_id_required =
		strcmp(get_text_or(argument, "account_id_mode", ""), "required") == 0,
		.allow_insecure_http = get_flag(argument, "allow_insecure_http"),
	};
	AddbEndpoint endpoint;
	StringInfoData json;

	initStringInfo(&json);
	addb_endpoint_resolve(&input, &endpoint);
	add_endpoint(&json, &endpoint);
	return finish_object(&json);
}

/* true, false, or left out */
static AddbSwitch
get_switch(JsonbContainer *object, const char *key)
{
	if (get_member(object, key) == NULL)
		return ADDB_SWITCH_UNSET;
	return get_flag(object, key) ? ADDB_SWITCH_ON : ADDB_SWITCH_OFF;
}

static AddbAwsSettings
get_settings(JsonbContainer *source)
{
	AddbAwsSettings settings = {
		.server = get_text_or(source, "server", ""),
		.user = get_text_or(source, "user", ""),
		.has_mapping = get_flag(source, "has_mapping"),
		.access_key_id = get_text_or(source, "access_key_id", ""),
		.secret_access_key = get_text_or(source, "secret_access_key", ""),
		.session_token = get_text_or(source, "session_token", ""),
		.profile = get_text_or(source, "profile", ""),
		.role_arn = get_text_or(source, "role_arn", ""),
		.external_id = get_text_or(source, "external_id", ""),
		.role_session_name = get_text_or(source, "role_session_name", ""),
		.sts_endpoint_url = get_text_or(source, "sts_endpoint_url", ""),
		.region = get_text_or(source, "region", ""),
		.endpoint_url = get_text_or(source, "endpoint_url", ""),
		.ca_file = addb_ca_file,
		.use_fips_endpoint = get_switch(source, "use_fips_endpoint"),
		.use_dualstack_endpoint = get_switch(source, "use_dualstack_endpoint"),
		.allow_insecure_http = get_flag(source, "allow_insecure_http"),
		.allow_ambient = !get_flag(source, "refuse_ambient"),
		.correct_clock = !get_flag(source, "trust_clock"),
	};

	if (!addb_credentials_parse_time(get_text_or(source, "now", "2026-11-22T08:15:00Z"),
									 &settings.now))
		elog(ERROR, "\"now\" is no time");
	return settings;
}

static void
add_credentials(StringInfo json, const AddbCredentials *credentials)
{
	add_member(json, "access_key", credentials->access_key_id);
	add_member(json, "secret_key", credentials->secret_access_key);
	add_member(json, "token", credentials->session_token);
	add_member(json, "source", credentials->source);
	add_member(json, "expires_at", credentials->expires_at == DT_NOEND ? NULL :
			   timestamptz_to_str(credentials->expires_at));
}

/* {settings, and a world} -> the credentials of the chain */
Datum
addb_unit_credentials(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbHost	host = unit_world(argument);
	AddbAwsSettings settings = get_settings(get_container(argument, "settings"));
	AddbAwsSources sources = {.host = &host,.settings = &settings};
	AddbCredentials credentials;
	StringInfoData json;

	addb_credentials_resolve(&sources, &credentials);
	initStringInfo(&json);
	add_credentials(&json, &credentials);
	add_member(&json, "tolerates_expiry", credentials.tolerates_expiry ? "true" : "false");
	return finish_object(&json);
}

/*
 * {settings, a world, role: {arn, session_name, external_id, duration}, and base:
 * {access_key, secret_key, token} or web_identity} -> the credentials of the role
 */
Datum
addb_unit_sts(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbHost	host = unit_world(argument);
	AddbAwsSettings settings = get_settings(get_container(argument, "settings"));
	AddbAwsSources sources = {.host = &host,.settings = &settings};
	JsonbContainer *source = get_container(argument, "role");
	char	   *token = get_text(argument, "web_identity");
	AddbStsRole role = {
		.role_arn = get_text(source, "arn"),
		.session_name = get_text(source, "session_name"),
		.external_id = get_text(source, "external_id"),
		.duration_seconds = atoi(get_text_or(source, "duration", "0")),
	};
	AddbCredentials result = {.source = "a role"};
	StringInfoData json;

	if (token != NULL)
		addb_sts_assume_role_with_web_identity(&sources, &role, token, strlen(token), &result);
	else
	{
		JsonbContainer *base = get_container(argument, "base");
		AddbCredentials credentials = {
			.access_key_id = get_text(base, "access_key"),
			.secret_access_key = get_text(base, "secret_key"),
			.session_token = get_text(base, "token"),
		};

		addb_sts_assume_role(&sources, &credentials, &role, &result);
	}
	initStringInfo(&json);
	add_credentials(&json, &result);
	return finish_object(&json);
}

/* {xml} -> its texts; {} when it is malformed */
Datum
addb_unit_sts_reply(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	char	   *xml = get_text(argument, "xml");
	AddbStsReply reply;
	StringInfoData json;

	initStringInfo(&json);
	if (addb_sts_reply_read(xml, strlen(xml), &reply))
	{
		add_member(&json, "access_key", reply.access_key_id);
		add_member(&json, "secret_key", reply.secret_access_key);
		add_member(&json, "token", reply.session_token);
		add_member(&json, "expiration", reply.expiration);
		add_member(&json, "code", reply.code);
		add_member(&json, "message", reply.message);
		add_member(&json, "request_id", reply.request_id);
	}
	return finish_object(&json);
}

/* {settings, a world, and sts: true for the endpoint of that} -> the endpoint */
Datum
addb_unit_resolve(PG_FUNCTION_ARGS)
{
	JsonbContainer *argument = &PG_GETARG_JSONB_P(0)->root;
	AddbHost	host = unit_world(argument);
	AddbAwsSettings settings = get_settings(get_container(argument, "settings"));
	AddbAwsSources sources = {.host = &host,.settings = &settings};
	AddbEndpoint endpoint;
	StringInfoData json;

	if (get_flag(argument, "sts"))
		addb_resolve_sts_endpoint(&sources, &endpoint);
	else
		addb_resolve_endpoint(&sources, &endpoint);
	initStringInfo(&json);
	add_endpoint(&json, &endpoint);
	return finish_object(&json);
}
