/*
 * provider_environment.c
 *	  Credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 *	  AWS_SESSION_TOKEN and AWS_CREDENTIAL_EXPIRATION.
 *
 * Keys in the environment are used in spite of AWS_PROFILE, as botocore does, if
 * only that profile exists; but a profile that the setting names is an explicit
 * choice and beats them.
 */
#include "postgres.h"

#include "aws/profile.h"
#include "aws/provider.h"

/*
 * addb_environment_read - fills credentials from the environment
 *
 * false when it has none: like the SDKs, a secret without an ID is nothing. The
 * texts belong to the host.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION for an ID without a
 * secret, and for an AWS_CREDENTIAL_EXPIRATION that is no time.
 */
bool
addb_environment_read(const AddbHost *host, AddbCredentials *credentials)
{
	const char *id = addb_host_getenv(host, "AWS_ACCESS_KEY_ID");
	const char *secret = addb_host_getenv(host, "AWS_SECRET_ACCESS_KEY");
	const char *expiration = addb_host_getenv(host, "AWS_CREDENTIAL_EXPIRATION");

	if (id == NULL)
		return false;
	(void) addb_credentials_check_pair(id, secret, "AWS_ACCESS_KEY_ID",
									   "AWS_SECRET_ACCESS_KEY", "the environment");
	credentials->access_key_id = id;
	credentials->secret_access_key = secret;
	credentials->session_token = addb_host_getenv(host, "AWS_SESSION_TOKEN");
	if (expiration != NULL &&
		!addb_credentials_parse_time(expiration, &credentials->expires_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("malformed AWS credentials"),
				 errdetail("The environment variable AWS_CREDENTIAL_EXPIRATION is not a time such as 2036-01-01T00:00:00Z.")));
	return true;
}

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	if (sources->settings->profile[0] != '\0')
	{
		appendStringInfo(reason, "passed over because %s names a profile",
						 sources->settings->server[0] != '\0' ?
						 "the server" : "atomic_dynamodb.profile");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	if (!addb_environment_read(sources->host, credentials))
	{
		appendStringInfoString(reason, "AWS_ACCESS_KEY_ID is not set");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	(void) addb_profile_load(sources);
	return ADDB_PROVIDER_FOUND;
}

const AddbProvider addb_provider_environment = {
	.name = "the environment",
	.ambient = true,
	.provide = provide,
	.refreshable = false,
};
