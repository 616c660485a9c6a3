/*
 * sts.c
 *	  The AWS security token service: credentials for a role.
 *
 * Spec: AWS Security Token Service API 2011-06-15, AssumeRole and
 * AssumeRoleWithWebIdentity. A form is posted and XML comes back.
 */
#include "postgres.h"

#include <time.h>

#include "utils/timestamp.h"

#include "aws/clock_skew.h"
#include "aws/fetch.h"
#include "aws/resolve.h"
#include "aws/secret.h"
#include "aws/sigv4.h"
#include "aws/sts.h"
#include "aws/sts_reply.h"

#define VERSION "2011-06-15"
#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"
#define SESSION_NAME "atomic_dynamodb-session-"

/*
 * Room in a form besides the web identity token: an ARN of 2048 characters, an
 * external ID of 1224, a session name of 64, each three bytes when encoded.
 */
#define FORM_SIZE (12 * 1024)

#define MAX_HEADERS 5

/* Codes for which the SDKs try again, whatever the status. */
static const char *const retried_codes[] = {
	"IDPCommunicationError", "RequestTimeout", "RequestTimeoutException",
	"Throttling", "ThrottlingException", "ThrottledException",
	"RequestThrottled", "RequestThrottledException", "RequestLimitExceeded",
	"TooManyRequestsException", "LimitExceededException",
	"BandwidthLimitExceeded", "SlowDown", "PriorRequestNotComplete",
	"EC2ThrottledException",
};

static bool
is_good(const AddbHostReply *reply)
{
	return reply->status == 200;
}

static bool
may_retry(const AddbHostReply *reply)
{
	AddbStsReply texts;

	if (reply->status == 0 || reply->status == 500 || reply->status == 502 ||
		reply->status == 503 || reply->status == 504)
		return true;
	if (!addb_sts_reply_read(reply->body, reply->len, &texts) ||
		texts.code == NULL)
		return false;
	for (size_t i = 0; i < lengthof(retried_codes); i++)
		if (strcmp(texts.code, retried_codes[i]) == 0)
			return true;
	return false;
}

/*
 * The standard retries of the SDKs for services other than DynamoDB: three
 * attempts, 50 ms, doubled and random. The time limit of one is ours: an answer
 * takes a fraction of a second, or a few when an identity provider is slow.
 */
static const AddbFetchPolicy policy = {
	.timeout = 10000,
	.tries = 3,
	.pause = 50,
	.backs_off = true,
	.is_good = is_good,
	.may_retry = may_retry,
};

/* One call of the service. */
typedef struct StsCall
{
	AddbAwsSources *sources;
	const AddbStsRole *role;
	const AddbCredentials *base;	/* who signs; NULL: nobody */
	const char *hidden;			/* not to be told, whoever says it; or NULL */
	StringInfoData form;
	AddbEndpoint endpoint;
	const char *headers[MAX_HEADERS];
	int			nheaders;
	int64		clock_offset_ms;	/* to add to this machine's clock */
} StsCall;

/* Appends "&name=value", encoded as RFC 3986 wants it (2.1, 2.3). */
static void
add_field(StringInfo form, const char *name, const char *value, size_t len)
{
	if (form->len > 0)
		appendStringInfoChar(form, '&');
	appendStringInfo(form, "%s=", name);
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) value[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') ||
			c == '-' || c == '.' || c == '_' || c == '~')
			appendStringInfoChar(form, c);
		else
			appendStringInfo(form, "%%%02X", c);
	}
}

static void
add_text(StringInfo form, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		add_field(form, name, value, strlen(value));
}

static time_t
unix_time(TimestampTz moment)
{
	return (time_t) (moment / USECS_PER_SEC +
					 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY);
}

/* Begins the form with what both actions have; extra is room for more. */
static void
begin_form(StsCall *call, const char *action, size_t extra)
{
	const AddbStsRole *role = call->role;
	const char *name = role->session_name;
	char		duration[16];

	if (name == NULL || name[0] == '\0')
		name = psprintf(SESSION_NAME INT64_FORMAT,
						(int64) unix_time(call->sources->settings->now));

	/* once and for all: a buffer that grows leaves copies behind */
	initStringInfo(&call->form);
	enlargeStringInfo(&call->form, (int) (FORM_SIZE + extra));
	add_text(&call->form, "Action", action);
	add_text(&call->form, "Version", VERSION);
	add_text(&call->form, "RoleArn", role->role_arn);
	add_text(&call->form, "RoleSessionName", name);
	if (role->duration_seconds > 0)
	{
		snprintf(duration, sizeof(duration), "%d", role->duration_seconds);
		add_text(&call->form, "DurationSeconds", duration);
	}
}

static void
add_header(StsCall *call, const char *name, const char *value)
{
	call->headers[call->nheaders++] = psprintf("%s: %s", name, value);
}

static void
sign(StsCall *call)
{
	const AddbSigv4Header signed_headers[] = {
		{"content-type", CONTENT_TYPE},
		{"host", call->endpoint.host},
	};
	AddbSigv4Request request = {
		.method = "POST",
		.path = call->endpoint.path,
		.headers = signed_headers,
		.nheaders = lengthof(signed_headers),
		.body = call->form.data,
		.body_len = call->form.len,
	};
	time_t		now = unix_time(call->sources->settings->now) +
		(time_t) (call->clock_offset_ms / 1000);
	struct tm	utc;
	char		date[17];
	StringInfoData authorization;

	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &utc);
	initStringInfo(&authorization);
	addb_sigv4_sign(call->base, call->endpoint.signing_region, "sts", date,
					&request, &authorization);
	add_header(call, "X-Amz-Date", date);
	if (call->base->session_token != NULL && call->base->session_token[0] != '\0')
		add_header(call, "X-Amz-Security-Token", call->base->session_token);
	add_header(call, "Authorization", authorization.data);
}

static void
fail(const StsCall *call, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("could not assume AWS role \"%s\"", call->role->role_arn),
			 errdetail("%s", detail)));
}

/* Raises the error that a reply other than a success is. */
static void
fail_with(const StsCall *call, const AddbHostReply *reply,
		  const AddbStsReply *texts)
{
	StringInfoData detail;

	initStringInfo(&detail);
	if (reply->status == 0)
		appendStringInfo(&detail, "The security token service at %s did not answer: %s.",
						 call->endpoint.host,
						 addb_fetch_quote(reply->error, call->hidden));
	else if (texts->code == NULL)
		appendStringInfo(&detail, "The security token service at %s answered with HTTP status %d and no error of its own.",
						 call->endpoint.host, reply->status);
	else
		appendStringInfo(&detail, "The security token service answered with HTTP status %d, %s: %s",
						 reply->status,
						 addb_fetch_quote(texts->code, call->hidden),
						 texts->message != NULL && texts->message[0] != '\0' ?
						 addb_fetch_quote(texts->message, call->hidden) :
						 "(no message)");
	if (texts->request_id != NULL)
		appendStringInfo(&detail, " (request ID %s)",
						 addb_fetch_quote(texts->request_id, call->hidden));
	fail(call, detail.data);
}

static bool
is_filled(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* Takes the credentials out of a success, or raises an error. */
static void
take_credentials(const StsCall *call, AddbStsReply *texts,
				 AddbCredentials *result)
{
	if (!is_filled(texts->access_key_id) ||
		!is_filled(texts->secret_access_key) ||
		!is_filled(texts->session_token) ||
		!is_filled(texts->expiration) ||
		!addb_credentials_parse_time(texts->expiration, &result->expires_at))
	{
		addb_sts_reply_wipe(texts);
		fail(call, psprintf("The security token service at %s answered with HTTP status 200, but without credentials and the time when they expire.",
							call->endpoint.host));
	}
	addb_secret_wipe_on_reset(texts->secret_access_key,
							  strlen(texts->secret_access_key));
	addb_secret_wipe_on_reset(texts->session_token,
							  strlen(texts->session_token));
	result->access_key_id = texts->access_key_id;
	result->secret_access_key = texts->secret_access_key;
	result->session_token = texts->session_token;
}

/* Sends the form, signed for now unless nobody signs; fills texts, too. */
static void
send_form(StsCall *call, AddbHostReply *reply, AddbStsReply *texts)
{
	AddbHostRequest request = {
		.method = "POST",
		.url = call->endpoint.url,
		.headers = call->headers,
		.body = call->form.data,
		.body_len = call->form.len,
		.ca_file = call->sources->settings->ca_file,
	};

	call->nheaders = 0;
	add_header(call, "Host", call->endpoint.host);
	add_header(call, "Content-Type", CONTENT_TYPE);
	if (call->base != NULL)
		sign(call);
	request.nheaders = call->nheaders;

	memset(texts, 0, sizeof(AddbStsReply));
	addb_fetch(call->sources->host, &request, &policy, reply);
	if (reply->body != NULL)
		addb_sts_reply_read(reply->body, reply->len, texts);
	addb_fetch_wipe(reply);
}

/*
 * Whether the refusal may be due to this machine's clock, which is then to be
 * corrected by what the reply says. RequestExpired is a code of this protocol
 * that DynamoDB's does not have.
 */
static bool
clock_is_wrong(const StsCall *call, const AddbHostReply *reply,
			   const AddbStsReply *texts)
{
	const char *code = texts->code;

	if (call->base == NULL || reply->status == 200 || !reply->tells_time ||
		code == NULL || !addb_resolve_clock_correction(call->sources))
		return false;
	if (strcmp(code, "RequestExpired") == 0)
		code = "RequestTimeTooSkewed";
	return addb_clock_skew_is_error(code, reply->clock_offset_ms);
}

/*
 * Sends the form and takes the answer. Refused because of the clock, it is sent
 * once more for the time of the service; the end of the credentials is then told
 * by the clock that it will be compared with.
 */
static void
post(StsCall *call, AddbCredentials *result)
{
	AddbHostReply reply;
	AddbStsReply texts;

	send_form(call, &reply, &texts);
	if (clock_is_wrong(call, &reply, &texts))
	{
		call->clock_offset_ms = reply.clock_offset_ms;
		send_form(call, &reply, &texts);
	}
	if (reply.status != 200)
		fail_with(call, &reply, &texts);
	take_credentials(call, &texts, result);
	result->expires_at -= call->clock_offset_ms * 1000;
}

/*
 * addb_sts_assume_role - credentials for a role, by AssumeRole
 *
 * The request is signed with base, for the region of sources. Sets the three
 * texts of result, palloc'd, and wiped with the current context, and its
 * expires_at; the rest is the caller's.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when the service refuses
 * or does not answer, with its code, message and request ID in the detail; those
 * of addb_resolve_sts_endpoint; interrupts.
 */
void
addb_sts_assume_role(AddbAwsSources *sources, const AddbCredentials *base,
					 const AddbStsRole *role, AddbCredentials *result)
{
	StsCall		call = {
		.sources = sources,
		.role = role,
		.base = base,
		.hidden = base->session_token,
	};

	addb_resolve_sts_endpoint(sources, &call.endpoint);
	begin_form(&call, "AssumeRole", 0);
	add_text(&call.form, "ExternalId", role->external_id);
	post(&call, result);
}

/*
 * addb_sts_assume_role_with_web_identity - credentials for a role, by a token of
 * an identity provider
 *
 * token, which ends with a NUL, is sent as it is, line feeds included; the
 * request is not signed. The external ID of role is not used. Memory and errors as addb_sts_assume_role.
 */
void
addb_sts_assume_role_with_web_identity(AddbAwsSources *sources,
									   const AddbStsRole *role,
									   const char *token, size_t token_len,
									   AddbCredentials *result)
{
	StsCall		call = {
		.sources = sources,
		.role = role,
		.hidden = pnstrdup(token, strcspn(token, "\r\n")),
	};

	addb_resolve_sts_endpoint(sources, &call.endpoint);
	addb_secret_wipe_on_reset(unconstify(char *, call.hidden),
							  strlen(call.hidden));
	begin_form(&call, "AssumeRoleWithWebIdentity", 3 * token_len);
	add_field(&call.form, "WebIdentityToken", token, token_len);
	addb_secret_wipe_on_reset(call.form.data, call.form.maxlen);
	post(&call, result);
}
