/*
 * provider_instance.c
 *	  Credentials of the role of an EC2 instance, from its metadata service.
 *
 * Version 2 of the service wants a session token first; where it has none to
 * give, version 1 is used unless AWS_EC2_METADATA_V1_DISABLED. Nobody configures
 * this provider: any machine without other credentials asks. So a service that
 * is not there, or is none of AWS, is a reason to pass it over; but once it has
 * named a role, a failure to get its credentials is an error.
 *
 * On a machine without such a service a connection may hang rather than fail:
 * one second is lost then, and the answer is remembered for a while, so that not
 * every statement of a session loses it.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "aws/credentials.h"
#include "aws/document.h"
#include "aws/endpoint.h"
#include "aws/fetch.h"
#include "aws/profile.h"

#define DISABLED "AWS_EC2_METADATA_DISABLED"
#define V1_DISABLED "AWS_EC2_METADATA_V1_DISABLED"
#define ENDPOINT "AWS_EC2_METADATA_SERVICE_ENDPOINT"
#define MODE "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"

#define IPV4_URL "http://169.254.169.254/"
#define IPV6_URL "http://[fd00:ec2::254]/"
#define TOKEN_PATH "latest/api/token"
#define ROLE_PATH "latest/meta-data/iam/security-credentials/"

/* Six hours, the longest life of a session token. */
#define TOKEN_TTL "x-aws-ec2-metadata-token-ttl-seconds: 21600"
#define TOKEN_HEADER "x-aws-ec2-metadata-token: %s"

/* Names of IAM roles have at most 64 characters. */
#define ROLE_NAME_MAX 64

/* How long a service that did not answer is not asked again. */
#define SILENCE_REMEMBERED (10 * USECS_PER_SEC)

/* Of this machine, when the service may be asked again. */
static TimestampTz silent_until = 0;

typedef struct Instance
{
	AddbAwsSources *sources;
	StringInfo	reason;
	const char *base;			/* URL of the service, ends with a slash */
	char	   *token;			/* NULL: version 1 */
} Instance;

static bool
is_good(const AddbHostReply *reply)
{
	return reply->status == 200;
}

static bool
may_retry(const AddbHostReply *reply)
{
	return false;
}

/* As botocore: one try of one second each. */
static const AddbFetchPolicy policy = {
	.timeout = 1000,
	.tries = 1,
	.is_good = is_good,
	.may_retry = may_retry,
};

/* A setting of the environment or else of the profile; NULL when not set. */
static const char *
find_setting(AddbAwsSources *sources, const char *variable, const char *key,
			 const char **source)
{
	const char *value = addb_host_getenv(sources->host, variable);
	const AddbProfile *profile;

	*source = psprintf("environment variable %s", variable);
	if (value != NULL)
		return value;
	profile = addb_profile_load(sources);
	*source = psprintf("AWS profile \"%s\"", profile->name);
	return addb_profile_get(profile, key);
}

static const char *
find_base(AddbAwsSources *sources)
{
	const char *source;
	const char *value = find_setting(sources, ENDPOINT,
									 "ec2_metadata_service_endpoint", &source);
	AddbEndpoint endpoint;

	if (value != NULL)
	{
		addb_endpoint_parse(value, source, true, &endpoint);
		return endpoint.url;
	}
	value = find_setting(sources, MODE, "ec2_metadata_service_endpoint_mode",
						 &source);
	if (value == NULL || pg_strcasecmp(value, "IPv4") == 0)
		return IPV4_URL;
	if (pg_strcasecmp(value, "IPv6") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode of the instance metadata service in %s",
						source),
				 errhint("The mode is IPv4 or IPv6.")));
	return IPV6_URL;
}

static bool
is_v1_disabled(AddbAwsSources *sources)
{
	const char *source;
	const char *value = find_setting(sources, V1_DISABLED,
									 "ec2_metadata_v1_disabled", &source);

	return value != NULL && pg_strcasecmp(value, "true") == 0;
}

/*
 * Takes note of a reply that is none. Tests bring worlds of their own, which
 * must not have a memory in common.
 */
static void
note_silence(Instance *instance, const AddbHostReply *reply)
{
	appendStringInfo(instance->reason, "it does not answer: %s",
					 addb_fetch_quote(reply->error, instance->token));
	if (instance->sources->host == &addb_host_real)
		silent_until = instance->sources->settings->now + SILENCE_REMEMBERED;
}

static bool
is_silent(const AddbAwsSources *sources)
{
	TimestampTz now = sources->settings->now;

	return sources->host == &addb_host_real && now < silent_until &&
		now >= silent_until - SILENCE_REMEMBERED;
}

/*
 * Gets a session token, or goes on without one. false, with the reason, when
 * that is of no use.
 */
static bool
get_token(Instance *instance)
{
	static const char *const headers[] = {TOKEN_TTL};
	const AddbHost *host = instance->sources->host;
	AddbHostRequest request = {
		.method = "PUT",
		.url = psprintf("%s" TOKEN_PATH, instance->base),
		.headers = headers,
		.nheaders = lengthof(headers),
	};
	AddbHostReply reply;

	instance->token = NULL;
	addb_fetch(host, &request, &policy, &reply);
	if (reply.status == 0 && !reply.sent)
	{
		note_silence(instance, &reply);
		return false;
	}
	if (reply.status == 200 && strlen(reply.body) == reply.len &&
		addb_fetch_fits_header(reply.body))
	{
		instance->token = reply.body;
		return true;
	}
	addb_fetch_wipe(&reply);
	if (reply.status == 200)
		appendStringInfoString(instance->reason, "it gave a session token that no header can have");
	else if (reply.status == 400)
		appendStringInfoString(instance->reason, "it refused to give a session token, with HTTP status 400");
	else if (is_v1_disabled(instance->sources))
		appendStringInfoString(instance->reason, "it gave no session token, and its version 1 is disabled by " V1_DISABLED);
	else
		return true;
	return false;
}

/*
 * Gets what is below ROLE_PATH; with a new session token when it turns out that
 * the one at hand is not valid any more. false, with the reason, when there was
 * none to be had.
 */
static bool
get(Instance *instance, const char *name, AddbHostReply *reply)
{
	const AddbHost *host = instance->sources->host;
	AddbHostRequest request = {
		.method = "GET",
		.url = psprintf("%s" ROLE_PATH "%s", instance->base, name),
	};

	for (bool renewed = false;; renewed = true)
	{
		const char *header = instance->token == NULL ? NULL :
			psprintf(TOKEN_HEADER, instance->token);

		request.headers = &header;
		request.nheaders = header != NULL;
		addb_fetch(host, &request, &policy, reply);
		if (reply->status != 401 || renewed)
			return true;
		addb_fetch_wipe(reply);
		if (!get_token(instance))
			return false;
	}
}

/* Takes the first line off the list of roles; false when it is no name of one. */
static bool
take_role_name(const AddbHostReply *reply, char name[ROLE_NAME_MAX + 1])
{
	const char *start = reply->body + strspn(reply->body, " \t\r\n");
	size_t		len = strcspn(start, " \t\r\n");

	if (len < 1 || len > ROLE_NAME_MAX)
		return false;
	memcpy(name, start, len);
	name[len] = '\0';
	for (const char *p = name; *p != '\0'; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
			!(*p >= '0' && *p <= '9') && strchr("_+=,.@-", *p) == NULL)
			return false;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Finds the instance's role; false, with the reason, when it has none. */
static bool
get_role_name(Instance *instance, char name[ROLE_NAME_MAX + 1])
{
	AddbHostReply reply;
	bool		good = false;

	if (!get(instance, "", &reply))
		return false;
	if (reply.status == 0)
		note_silence(instance, &reply);
	else if (reply.status == 404)
		appendStringInfoString(instance->reason, "the instance has no role");
	else if (reply.status != 200)
		appendStringInfo(instance->reason, "it answered with HTTP status %d when asked for the role",
						 reply.status);
	else if (!take_role_name(&reply, name))
		appendStringInfoString(instance->reason, "it gave something that is no name of a role");
	else
		good = true;
	addb_fetch_wipe(&reply);
	return good;
}

/* What is wrong with the answer to the question for the role's credentials. */
static char *
take_reply(Instance *instance, AddbHostReply *reply,
		   AddbCredentials *credentials)
{
	char	   *problem;

	if (reply->status == 0)
		return psprintf("it does not answer: %s",
						addb_fetch_quote(reply->error, instance->token));
	if (reply->status != 200)
		return psprintf("it answered with HTTP status %d", reply->status);
	problem = addb_document_take(reply->body, reply->len, instance->token,
								 credentials);
	addb_fetch_wipe(reply);
	return problem;
}

static void
get_credentials(Instance *instance, const char *name,
				AddbCredentials *credentials)
{
	AddbHostReply reply;
	const char *problem;

	problem = get(instance, name, &reply) ?
		take_reply(instance, &reply, credentials) : "its session token expired";
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("could not get AWS credentials from the instance metadata service"),
				 errdetail("It was asked for those of role \"%s\", but %s.",
						   name, problem)));
}

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	Instance	instance = {.sources = sources,.reason = reason};
	const char *disabled = addb_host_getenv(sources->host, DISABLED);
	char		name[ROLE_NAME_MAX + 1];

	if (disabled != NULL && pg_strcasecmp(disabled, "true") == 0)
	{
		appendStringInfoString(reason, "not asked because " DISABLED " is true");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	instance.base = find_base(sources);
	if (is_silent(sources))
	{
		appendStringInfoString(reason, "it did not answer a few seconds ago");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	if (!get_token(&instance) || !get_role_name(&instance, name))
		return ADDB_PROVIDER_NOT_CONFIGURED;
	get_credentials(&instance, name, credentials);
	return ADDB_PROVIDER_FOUND;
}

const AddbProvider addb_provider_instance = {
	.name = "the instance metadata service",
	.ambient = true,
	.provide = provide,
	.refreshable = true,
	.tolerates_expiry = true,
};
