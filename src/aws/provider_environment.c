/*
 * provider_environment.c
 *	  Credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 *	  AWS_SESSION_TOKEN and AWS_CREDENTIAL_EXPIRATION.
 *
 * Keys in the environment are used in spite of AWS_PROFILE, as botocore does,
 * but a profile that the setting names is an explicit choice and beats them. A
 * web identity in the environment is refused rather than passed over, for what
 * follows in the chain is another identity.
 */
#include "postgres.h"

#include "aws/credentials.h"

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	const AddbHost *host = sources->host;
	const char *id = addb_host_getenv(host, "AWS_ACCESS_KEY_ID");
	const char *secret = addb_host_getenv(host, "AWS_SECRET_ACCESS_KEY");
	const char *expiration;

	if (sources->settings->profile[0] != '\0')
	{
		appendStringInfo(reason, "passed over because %s names a profile",
						 sources->settings->server[0] != '\0' ?
						 "the server" : "atomic_dynamodb.profile");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	if (!addb_credentials_check_pair(id, secret,
									 "AWS_ACCESS_KEY_ID",
									 "AWS_SECRET_ACCESS_KEY",
									 "the environment"))
	{
		if (addb_host_getenv(host, "AWS_WEB_IDENTITY_TOKEN_FILE") != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					 errmsg("AWS web identity credentials are not supported by this version"),
					 errdetail("The environment variable AWS_WEB_IDENTITY_TOKEN_FILE is set."),
					 errhint("Set atomic_dynamodb.access_key_id and atomic_dynamodb.secret_access_key.")));
		appendStringInfoString(reason, "AWS_ACCESS_KEY_ID is not set");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}

	credentials->access_key_id = id;
	credentials->secret_access_key = secret;
	credentials->session_token = addb_host_getenv(host, "AWS_SESSION_TOKEN");
	expiration = addb_host_getenv(host, "AWS_CREDENTIAL_EXPIRATION");
	if (expiration != NULL &&
		!addb_credentials_parse_time(expiration, &credentials->expires_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("malformed AWS credentials"),
				 errdetail("The environment variable AWS_CREDENTIAL_EXPIRATION is not a time such as 2036-01-01T00:00:00Z.")));
	return ADDB_PROVIDER_FOUND;
}

const AddbProvider addb_provider_environment = {
	.name = "the environment",
	.ambient = true,
	.provide = provide,
	.refreshable = false,
};
