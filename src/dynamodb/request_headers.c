/*
 * request_headers.c
 *	  The header lines of a request to DynamoDB, its signature among them.
 */
#include "postgres.h"

#include <time.h>

#include "aws/sigv4.h"
#include "core/guc.h"
#include "dynamodb/request_headers.h"

#define CONTENT_TYPE "application/x-amz-json-1.0"
#define TARGET_PREFIX "DynamoDB_20120810."
#define SERVICE "dynamodb"

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
	strlcat(target, sent->operation->name, sizeof(target));
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
	add_line(lines, "User-Agent",
			 "atomic_dynamodb/" ADDB_VERSION " PostgreSQL/" PG_VERSION);
	add_line(lines, "amz-sdk-invocation-id", invocation_id);
	add_line(lines, "amz-sdk-request", progress);
}
