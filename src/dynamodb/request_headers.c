/*
 * request_headers.c
 *	  The header lines of a request to DynamoDB, its signature among them.
 */
#include "postgres.h"

#include <time.h>

#include "aws/sigv4.h"
#include "core/guc.h"
#include "dynamodb/request_headers.h"
#include "utils/guc.h"

#define CONTENT_TYPE "application/x-amz-json-1.0"
#define TARGET_PREFIX "DynamoDB_20120810."
#define SERVICE "dynamodb"

#define APP_PREFIX " app/"
#define APP_MAX_LEN 64

/* What a token in a header may consist of, by RFC 9110. */
#define TOKEN_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"!#$%&'*+-.^_`|~"

/* x-amz-date of a moment in seconds since 1970, formatted once a second. */
static const char *
amz_date(time_t now)
{
	static char text[17];
	static time_t second = -1;
	struct tm	utc;

	if (now != second)
	{
		gmtime_r(&now, &utc);
		strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
		second = now;
	}
	return text;
}

/*
 * Who asks, for the logs of AWS: unsigned, as proxies may change it. The name of
 * the application is the client's to choose, so it is made a token, and short.
 */
static const char *
user_agent(void)
{
	static char text[192];
	const char *name = application_name != NULL ? application_name : "";
	size_t		len = snprintf(text, sizeof(text),
							   "atomic_dynamodb/" ADDB_VERSION " PostgreSQL/%.*s %s",
							   (int) strcspn(PG_VERSION, " "), PG_VERSION,
							   addb_http_library());

	if (name[0] == '\0' || len + sizeof(APP_PREFIX) + APP_MAX_LEN > sizeof(text))
		return text;
	len = strlcat(text, APP_PREFIX, sizeof(text));
	for (int i = 0; i < APP_MAX_LEN && name[i] != '\0'; i++)
		text[len++] = strchr(TOKEN_CHARS, name[i]) != NULL ? name[i] : '_';
	text[len] = '\0';
	return text;
}

static void
add_line(AddbRequestHeaders *lines, const char *name, const char *value)
{
	lines->start[lines->n++] = lines->text.len;
	appendStringInfoString(&lines->text, name);
	appendStringInfoString(&lines->text, ": ");
	appendStringInfoString(&lines->text, value);
	appendStringInfoChar(&lines->text, '\0');
}

/*
 * addb_request_headers_build - the lines of one attempt, signed
 *
 * attempt counts from 1; now is the time to sign for, in seconds since 1970.
 * The lines are palloc'd in the current context. Raises what signing raises.
 */
void
addb_request_headers_build(const AddbAwsConfig *config,
						   const AddbRequest *sent, const char *invocation_id,
						   int attempt, int64 now, AddbRequestHeaders *lines)
{
	char		target[sizeof(TARGET_PREFIX) + ADDB_OPERATION_MAX_LEN];
	char		progress[48];
	const char *date = amz_date((time_t) now);
	const char *token = config->credentials->session_token;
	const AddbSigv4Header signed_headers[] = {
		{"content-type", CONTENT_TYPE},
		{"host", config->host},
		{"x-amz-target", target}
	};
	AddbSigv4Request request = {
		.method = "POST",
		.path = config->path,
		.headers = signed_headers,
		.nheaders = lengthof(signed_headers),
		.body = sent->body,
		.body_len = sent->body_len
	};
	StringInfoData authorization;

	strlcpy(target, TARGET_PREFIX, sizeof(target));
	strlcat(target, sent->carrier ? sent->carrier->name : sent->operation->name,
			sizeof(target));
	snprintf(progress, sizeof(progress), "attempt=%d; max=%d",
			 attempt, addb_max_attempts);
	initStringInfo(&authorization);
	addb_sigv4_sign(config->credentials, config->region, SERVICE, date,
					&request, &authorization);

	initStringInfo(&lines->text);
	lines->n = 0;
	add_line(lines, "Host", config->host);
	add_line(lines, "Content-Type", CONTENT_TYPE);
	add_line(lines, "Accept-Encoding", "identity");
	add_line(lines, "X-Amz-Target", target);
	add_line(lines, "X-Amz-Date", date);
	if (token != NULL && token[0] != '\0')
		add_line(lines, "X-Amz-Security-Token", token);
	add_line(lines, "Authorization", authorization.data);
	add_line(lines, "User-Agent", user_agent());
	add_line(lines, "amz-sdk-invocation-id", invocation_id);
	add_line(lines, "amz-sdk-request", progress);
}
