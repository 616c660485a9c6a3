/*
 * provider_role.c
 *	  Credentials of a role, for credentials of somebody who may assume it.
 *
 * A profile with role_arn names that somebody by source_profile or
 * credential_source; what source_profile names may be a role again. A role of
 * the settings is assumed with whatever the chain of providers has found.
 */
#include "postgres.h"

#include "aws/profile.h"
#include "aws/provider.h"
#include "aws/sts.h"

/*
 * Roles one behind the other. Each is an exchange with STS; sessions of roles
 * that roles have assumed are used for two or three of them.
 */
#define MAX_ROLES 8

/* What STS allows, in seconds. */
#define MIN_DURATION 900
#define MAX_DURATION 43200

static void
refuse(const AddbProfile *profile, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("the role of AWS profile \"%s\" cannot be assumed",
					profile->name),
			 errdetail("%s", detail),
			 hint != NULL ? errhint("%s", hint) : 0));
}

/* Reads duration_seconds; 0 when the profile does not say. */
static int
read_duration(const AddbProfile *profile)
{
	const char *text = addb_profile_get(profile, "duration_seconds");
	char	   *end;
	long		value;

	if (text == NULL)
		return 0;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' ||
		value < MIN_DURATION || value > MAX_DURATION)
		refuse(profile,
			   psprintf("Its duration_seconds is not a number from %d to %d.",
						MIN_DURATION, MAX_DURATION), NULL);
	return (int) value;
}

/* The credentials that credential_source means. */
static void
read_source(AddbAwsSources *sources, const AddbProfile *profile,
			const char *source, AddbCredentials *credentials)
{
	const AddbProvider *provider = NULL;
	StringInfoData reason;

	if (strcmp(source, "Environment") == 0)
	{
		if (!addb_environment_read(sources->host, credentials))
			refuse(profile, "Its credential_source is Environment, but AWS_ACCESS_KEY_ID is not set there.", NULL);
		credentials->source = addb_provider_environment.name;
		return;
	}

	if (strcmp(source, "EcsContainer") == 0)
		provider = &addb_provider_container;
	else if (strcmp(source, "Ec2InstanceMetadata") == 0)
		provider = &addb_provider_instance;
	else
		refuse(profile, psprintf("Its credential_source is \"%s\".", source),
			   "It can be Environment, Ec2InstanceMetadata or EcsContainer.");
	initStringInfo(&reason);
	credentials->source = provider->name;
	credentials->tolerates_expiry = provider->tolerates_expiry;
	if (provider->provide(sources, credentials, &reason) != ADDB_PROVIDER_FOUND)
		refuse(profile, psprintf("Its credential_source is %s, but %s.",
								 source, reason.data), NULL);
}

/* The credentials of the profile that source_profile names. */
static void
read_source_profile(AddbAwsSources *sources, const AddbProfile *profile,
					const char *name, List *visited,
					AddbCredentials *credentials)
{
	const AddbProfile *source;
	ListCell   *cell;

	if (strcmp(name, profile->name) == 0)
	{
		if (!addb_profile_take_keys(profile, credentials))
			refuse(profile, "It is its own source_profile but has no keys.", NULL);
		return;
	}
	foreach(cell, visited)
		if (strcmp(name, lfirst(cell)) == 0)
			refuse(profile, psprintf("Its source_profile \"%s\" leads back to it.",
									 name), NULL);

	source = addb_profile_other(profile, name);
	if (!source->exists)
		refuse(profile, psprintf("Its source_profile \"%s\" does not exist.", name),
			   NULL);
	if (!addb_profile_read(sources, source, visited, credentials))
		refuse(profile, psprintf("Its source_profile \"%s\" has no credentials.",
								 name), NULL);
}

/* The credentials that the role of the profile is to be assumed with. */
static void
read_base(AddbAwsSources *sources, const AddbProfile *profile, List *visited,
		  AddbCredentials *credentials)
{
	const char *source = addb_profile_get(profile, "credential_source");
	const char *source_profile = addb_profile_get(profile, "source_profile");

	if ((source != NULL) == (source_profile != NULL))
		refuse(profile, source != NULL ?
			   "It has both source_profile and credential_source." :
			   "It has neither source_profile nor credential_source.",
			   "One of them says whose credentials may assume the role.");
	if (list_length(visited) >= MAX_ROLES)
		refuse(profile, psprintf("It is behind %d other roles.", MAX_ROLES), NULL);

	if (source != NULL)
		read_source(sources, profile, source, credentials);
	else
		read_source_profile(sources, profile, source_profile,
							lappend(list_copy(visited),
									unconstify(char *, profile->name)),
							credentials);
}

/* Assumes a role with base, and makes credentials those of the role. */
static void
assume(AddbAwsSources *sources, const AddbStsRole *role,
	   const AddbCredentials *base, AddbCredentials *credentials)
{
	addb_credentials_check(base, sources->settings->now);
	addb_sts_assume_role(sources, base, role, credentials);
	credentials->role_arn = role->role_arn;
	credentials->refreshable = true;
	credentials->tolerates_expiry = false;
}

/*
 * addb_role_read - fills credentials with those of the role of a profile
 *
 * visited holds the names of the profiles that have led to this one. The texts
 * are palloc'd, and wiped with the current context.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when the profile does not
 * name exactly one source, its sources run in a circle, one of them has no
 * credentials, or it asks for a second factor; those of addb_sts_assume_role.
 */
void
addb_role_read(AddbAwsSources *sources, const AddbProfile *profile,
			   List *visited, AddbCredentials *credentials)
{
	AddbStsRole role = {
		.role_arn = addb_profile_get(profile, "role_arn"),
		.session_name = addb_profile_get(profile, "role_session_name"),
		.external_id = addb_profile_get(profile, "external_id"),
		.duration_seconds = read_duration(profile),
	};
	AddbCredentials base = *credentials;

	if (addb_profile_get(profile, "mfa_serial") != NULL)
		refuse(profile, "Its mfa_serial asks for a code that nobody is there to type.",
			   "Use a role without mfa_serial, or a credential_process.");
	read_base(sources, profile, visited, &base);
	assume(sources, &role, &base, credentials);
	credentials->source = "a role of the shared AWS files";
}

/* An empty text of the settings means nothing. */
static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/*
 * addb_role_name - what the role of the settings is called in messages
 *
 * Static text. With a foreign server, the role is an option of it.
 */
const char *
addb_role_name(const AddbAwsSettings *settings)
{
	return settings->server[0] != '\0' ?
		"the role of the server" : "the role of the settings";
}

/*
 * addb_role_of_settings - makes credentials those of the role of the settings
 *
 * They are what the role is assumed with, and stay as they are without a role.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when the credentials are
 * malformed or have expired; those of addb_sts_assume_role.
 */
void
addb_role_of_settings(AddbAwsSources *sources, AddbCredentials *credentials)
{
	const AddbAwsSettings *settings = sources->settings;
	AddbStsRole role = {
		.role_arn = settings->role_arn,
		.session_name = or_null(settings->role_session_name),
		.external_id = or_null(settings->external_id),
	};
	AddbCredentials base = *credentials;

	if (settings->role_arn[0] == '\0')
		return;
	assume(sources, &role, &base, credentials);
	credentials->source = addb_role_name(settings);
}
