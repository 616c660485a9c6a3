/*
 * provider_profile.c
 *	  Credentials from a profile of the shared AWS files, in whichever way it
 *	  gets them: keys, a program, a web identity, or a role of another source.
 *
 * Ways that need somebody at a browser (single sign-on, login) are recognised
 * and refused: to pass over them would mean to work under another identity than
 * the one that was asked for.
 */
#include "postgres.h"

#include "aws/profile.h"
#include "aws/provider.h"

/* Keys that mark profiles which only the AWS CLI can use. */
static const struct
{
	const char *key;
	const char *kind;
}			interactive[] = {
	{"sso_session", "single sign-on"},
	{"sso_start_url", "single sign-on"},
	{"sso_account_id", "single sign-on"},
	{"sso_role_name", "single sign-on"},
	{"login_session", "login"},
};

static void
refuse_interactive(const AddbProfile *profile)
{
	for (int i = 0; i < lengthof(interactive); i++)
		if (addb_profile_get(profile, interactive[i].key) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					 errmsg("AWS profile \"%s\" needs an interactive login: %s",
							profile->name, interactive[i].kind),
					 errdetail("The profile has the key \"%s\".",
							   interactive[i].key),
					 errhint("Use a profile with: credential_process = aws configure export-credentials --profile %s --format process",
							 profile->name)));
}

/* The pair of one file, and of no other; false when it has neither half. */
static bool
take_pair(const AddbProfile *profile, const AddbProfileFile *file,
		  const char *path, AddbCredentials *credentials)
{
	const char *id = addb_profile_file_get(file, ADDB_SECTION_PROFILE,
										   profile->name, NULL,
										   "aws_access_key_id");
	const char *secret = addb_profile_file_get(file, ADDB_SECTION_PROFILE,
											   profile->name, NULL,
											   "aws_secret_access_key");

	if (!addb_credentials_check_pair(id, secret,
									 "aws_access_key_id",
									 "aws_secret_access_key",
									 psprintf("profile \"%s\" of file \"%s\"",
											  profile->name, path)))
		return false;

	credentials->access_key_id = id;
	credentials->secret_access_key = secret;
	credentials->session_token =
		addb_profile_file_get(file, ADDB_SECTION_PROFILE, profile->name, NULL,
							  "aws_session_token");
	return true;
}

/*
 * addb_profile_take_keys - fills credentials from the keys of a profile
 *
 * From one file or the other; false when neither has any. The texts belong to
 * the profile.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION for half a pair.
 */
bool
addb_profile_take_keys(const AddbProfile *profile, AddbCredentials *credentials)
{
	return take_pair(profile, profile->credentials, profile->credentials_path,
					 credentials) ||
		take_pair(profile, profile->config, profile->config_path, credentials);
}

/*
 * addb_profile_read - fills credentials from a profile
 *
 * visited holds the names of the profiles that have led to this one: it is the
 * source of a role when there are any, and keys then come before the ways to get
 * others. false when the profile says nothing of credentials. The texts belong
 * to the sources or the current memory context.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when what it says is
 * wrong or cannot be done; those of addb_role_read, addb_web_identity_read and
 * addb_process_read.
 */
bool
addb_profile_read(AddbAwsSources *sources, const AddbProfile *profile,
				  List *visited, AddbCredentials *credentials)
{
	AddbWebIdentity identity = {
		.token_file = addb_profile_get(profile, "web_identity_token_file"),
		.role_arn = addb_profile_get(profile, "role_arn"),
		.session_name = addb_profile_get(profile, "role_session_name"),
		.place = psprintf("AWS profile \"%s\"", profile->name),
		.role_name = "its role_arn",
	};

	if (visited != NIL && addb_profile_take_keys(profile, credentials))
		return true;
	if (identity.token_file != NULL)
		addb_web_identity_read(sources, &identity, credentials);
	else if (identity.role_arn != NULL)
		addb_role_read(sources, profile, visited, credentials);
	else if (addb_profile_take_keys(profile, credentials))
		return true;
	else if (addb_profile_get(profile, "credential_process") != NULL)
		addb_process_read(sources, profile, credentials);
	else
	{
		refuse_interactive(profile);
		return false;
	}
	return true;
}

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	const AddbProfile *profile = addb_profile_load(sources);

	if (addb_profile_read(sources, profile, NIL, credentials))
		return ADDB_PROVIDER_FOUND;
	if (profile->exists)
		appendStringInfo(reason, "profile \"%s\" has no credentials",
						 profile->name);
	else
		appendStringInfo(reason, "there is no profile \"%s\" in \"%s\" (%s) or \"%s\" (%s)",
						 profile->name,
						 profile->config_path,
						 profile->config_problem != NULL ?
						 profile->config_problem : "read",
						 profile->credentials_path,
						 profile->credentials_problem != NULL ?
						 profile->credentials_problem : "read");
	return ADDB_PROVIDER_NOT_CONFIGURED;
}

const AddbProvider addb_provider_profile = {
	.name = "the shared AWS files",
	.ambient = true,
	.provide = provide,
	.refreshable = true,
};
