/*
 * provider_settings.c
 *	  Credentials from the settings atomic_dynamodb.access_key_id,
 *	  .secret_access_key and .session_token, or from the options of a user
 *	  mapping when a foreign server is chosen.
 */
#include "postgres.h"

#include "aws/credentials.h"

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	const AddbAwsSettings *settings = sources->settings;
	bool		is_mapping = settings->server[0] != '\0';

	if (!addb_credentials_check_pair(settings->access_key_id,
									 settings->secret_access_key,
									 is_mapping ? "access_key_id" :
									 "atomic_dynamodb.access_key_id",
									 is_mapping ? "secret_access_key" :
									 "atomic_dynamodb.secret_access_key",
									 is_mapping ? "the user mapping" :
									 "the settings"))
	{
		if (!is_mapping)
			appendStringInfoString(reason, "atomic_dynamodb.access_key_id is not set");
		else if (settings->has_mapping)
			appendStringInfoString(reason, "it has no option access_key_id");
		else
			appendStringInfoString(reason, "there is none for the role, nor for PUBLIC");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}

	credentials->access_key_id = settings->access_key_id;
	credentials->secret_access_key = settings->secret_access_key;
	if (settings->session_token[0] != '\0')
		credentials->session_token = settings->session_token;
	return ADDB_PROVIDER_FOUND;
}

const AddbProvider addb_provider_settings = {
	.name = "the settings",
	.ambient = false,
	.provide = provide,
	.refreshable = false,
};
