/*
 * profile.c
 *	  Finds the shared AWS files and chooses the profile in them.
 *
 * The setting atomic_dynamodb.profile, or the foreign server that is chosen,
 * names the profile, else AWS_PROFILE, else it is "default". A missing file is no
 * error; a file that somebody named and that cannot be read is one. A file in the
 * default place that may not be opened counts as missing, because HOME is often
 * another user's directory.
 */
#include "postgres.h"

#include "aws/profile.h"
#include "aws/secret.h"

typedef struct FileRead
{
	AddbProfileFile *file;
	const char *path;
	const char *problem;
} FileRead;

/* "~" and "~/..." with HOME in place of "~"; NULL when HOME is not set. */
static const char *
expand_home(const AddbHost *host, const char *path)
{
	const char *home;

	if (path[0] != '~' || (path[1] != '\0' && path[1] != '/'))
		return path;
	home = addb_host_getenv(host, "HOME");
	return home != NULL ? psprintf("%s%s", home, path + 1) : NULL;
}

/* Reads the file that variable names, else the one at default_path. */
static FileRead
read_shared_file(const AddbHost *host, const char *variable,
				 const char *default_path, AddbProfileFileKind kind)
{
	const char *named = addb_host_getenv(host, variable);
	const char *path = expand_home(host, named != NULL ? named : default_path);
	FileRead	result = {.path = path != NULL ? path : default_path};
	char	   *text = NULL;
	size_t		len = 0;

	if (path == NULL)
		result.problem = "HOME is not set";
	else
		text = host->read_file(host->arg, path, &len);

	if (text != NULL)
	{
		addb_secret_wipe_on_reset(text, len);
		result.file = addb_profile_file_parse(text, len, kind);
		return result;
	}

	if (path != NULL && errno != ENOENT && errno != ENOTDIR &&
		(named != NULL || (errno != EACCES && errno != EPERM)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("could not read file \"%s\": %m", path),
				 named != NULL ?
				 errdetail("The environment variable %s names this file.",
						   variable) : 0));
	if (path != NULL)
		result.problem = pstrdup(strerror(errno));
	result.file = addb_profile_file_parse(pstrdup(""), 0, kind);
	return result;
}

/* Does either file have the profile? */
static bool
is_there(const AddbProfile *profile)
{
	return addb_profile_file_has(profile->config, ADDB_SECTION_PROFILE,
								 profile->name) ||
		addb_profile_file_has(profile->credentials, ADDB_SECTION_PROFILE,
							  profile->name);
}

static void
choose_name(AddbProfile *profile, const AddbAwsSources *sources)
{
	const char *variable = addb_host_getenv(sources->host, "AWS_PROFILE");

	if (sources->settings->profile[0] != '\0')
	{
		profile->name = sources->settings->profile;
		profile->chosen_by = sources->settings->server[0] == '\0' ?
			"setting atomic_dynamodb.profile" :
			psprintf("option \"profile\" of server \"%s\"",
					 sources->settings->server);
	}
	else if (variable != NULL)
	{
		profile->name = variable;
		profile->chosen_by = "environment variable AWS_PROFILE";
	}
	else
		profile->name = "default";
}

/*
 * The profile of these sources, read at the first call. Everything is palloc'd
 * in the memory context of the first call; the texts of the files are wiped when
 * that context is reset.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when a named profile does
 * not exist or a named file cannot be read.
 */
const AddbProfile *
addb_profile_load(AddbAwsSources *sources)
{
	AddbProfile *profile;
	FileRead	config;
	FileRead	credentials;

	if (sources->profile != NULL)
		return sources->profile;

	profile = palloc0(sizeof(AddbProfile));
	choose_name(profile, sources);
	config = read_shared_file(sources->host, "AWS_CONFIG_FILE",
							  "~/.aws/config", ADDB_PROFILE_FILE_CONFIG);
	credentials = read_shared_file(sources->host, "AWS_SHARED_CREDENTIALS_FILE",
								   "~/.aws/credentials",
								   ADDB_PROFILE_FILE_CREDENTIALS);
	profile->config = config.file;
	profile->config_path = config.path;
	profile->config_problem = config.problem;
	profile->credentials = credentials.file;
	profile->credentials_path = credentials.path;
	profile->credentials_problem = credentials.problem;
	profile->exists = is_there(profile);

	if (!profile->exists && profile->chosen_by != NULL &&
		strcmp(profile->name, "default") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("AWS profile \"%s\" does not exist", profile->name),
				 errdetail("The %s names it; the files are \"%s\" and \"%s\".",
						   profile->chosen_by, profile->config_path,
						   profile->credentials_path),
				 errhint("A profile is a section [profile %s] of the config file or [%s] of the credentials file.",
						 profile->name, profile->name)));

	sources->profile = profile;
	return profile;
}

/*
 * addb_profile_other - another profile of the same files, palloc'd
 *
 * Whether it is there is for the caller to see. name must last as long.
 */
const AddbProfile *
addb_profile_other(const AddbProfile *profile, const char *name)
{
	AddbProfile *other = palloc(sizeof(AddbProfile));

	*other = *profile;
	other->name = name;
	other->exists = is_there(other);
	return other;
}

/*
 * A setting of the profile that is no half of a pair, from the credentials file
 * or else from the config file, as in the SDKs; NULL when it is in neither.
 */
const char *
addb_profile_get(const AddbProfile *profile, const char *key)
{
	const char *value = addb_profile_file_get(profile->credentials,
											  ADDB_SECTION_PROFILE,
											  profile->name, NULL, key);

	if (value == NULL)
		value = addb_profile_file_get(profile->config,
									  ADDB_SECTION_PROFILE,
									  profile->name, NULL, key);
	return value;
}

/*
 * The endpoint_url of a service, such as "dynamodb", in the services section that
 * the profile chooses, or NULL.
 */
const char *
addb_profile_service_endpoint(const AddbProfile *profile, const char *service)
{
	const char *services = addb_profile_get(profile, "services");

	if (services == NULL)
		return NULL;
	return addb_profile_file_get(profile->config, ADDB_SECTION_SERVICES,
								 services, service, "endpoint_url");
}
