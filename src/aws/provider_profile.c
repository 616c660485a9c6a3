/*
 * provider_profile.c
 *	  Static credentials from a profile of the shared AWS files.
 *
 * A profile that gets its credentials in another way (a role, a web identity, a
 * process, single sign-on) is recognised and refused: to pass over it would mean
 * to work under another identity than the one that was asked for.
 */
#include "postgres.h"

#include "aws/credentials.h"
#include "aws/profile.h"

typedef struct OtherKind
{
	const char *key;			/* a key that marks the kind */
	const char *kind;
} OtherKind;

/* Kinds that come before static keys of the same profile, and after them. */
static const OtherKind before_keys[] = {
	{"web_identity_token_file", "web identity"},
	{"role_arn", "role"},
};

static const OtherKind after_keys[] = {
	{"credential_process", "process"},
	{"sso_session", "single sign-on"},
	{"sso_start_url", "single sign-on"},
	{"sso_account_id", "single sign-on"},
	{"sso_role_name", "single sign-on"},
	{"login_session", "login"},
};

static void
refuse_kinds(const AddbProfile *profile, const OtherKind *kinds, int count)
{
	for (int i = 0; i < count; i++)
		if (addb_profile_get(profile, kinds[i].key) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					 errmsg("AWS profile \"%s\" is of a kind that this version does not support: %s",
							profile->name, kinds[i].kind),
					 errdetail("The profile has the key \"%s\".", kinds[i].key),
					 errhint("Choose a profile with aws_access_key_id and aws_secret_access_key, or set atomic_dynamodb.access_key_id and atomic_dynamodb.secret_access_key.")));
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

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	const AddbProfile *profile = addb_profile_load(sources);

	refuse_kinds(profile, before_keys, lengthof(before_keys));
	if (take_pair(profile, profile->credentials, profile->credentials_path,
				  credentials) ||
		take_pair(profile, profile->config, profile->config_path, credentials))
		return ADDB_PROVIDER_FOUND;
	refuse_kinds(profile, after_keys, lengthof(after_keys));

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
