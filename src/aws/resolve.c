/*
 * resolve.c
 *	  Gathers what decides the endpoint: settings, environment, profile.
 *
 * Order, as in the AWS SDKs: the settings of the extension, environment
 * variables, the profile. Region and endpoint are the administrator's choice and
 * no secret, so they are read from the server's surroundings for every user, and
 * also when a foreign server is chosen that says nothing of them.
 *
 * The profile is always looked at, for nothing else may say whether FIPS
 * endpoints are switched on in it. So one that is named and is not there is an
 * error also where keys, region and endpoint are in the settings: to go on would
 * be to send requests to another endpoint than the profile is meant to choose.
 */
#include "postgres.h"

#include "aws/profile.h"
#include "aws/resolve.h"
#include "utils/builtins.h"

/*
 * Only "true" and "false" count, in any case; the environment goes first, and
 * what the settings say before it.
 */
static bool
read_switch(AddbAwsSources *sources, AddbSwitch setting, const char *variable,
			const char *key)
{
	const char *value;

	if (setting != ADDB_SWITCH_UNSET)
		return setting == ADDB_SWITCH_ON;
	value = addb_host_getenv(sources->host, variable);
	if (value != NULL && pg_strcasecmp(value, "true") == 0)
		return true;
	if (value != NULL && pg_strcasecmp(value, "false") == 0)
		return false;
	value = addb_profile_get(addb_profile_load(sources), key);
	return value != NULL && pg_strcasecmp(value, "true") == 0;
}

static const char *
find_region(AddbAwsSources *sources)
{
	const char *region;

	if (sources->settings->region[0] != '\0')
		return sources->settings->region;
	region = addb_host_getenv(sources->host, "AWS_REGION");
	if (region == NULL)
		region = addb_host_getenv(sources->host, "AWS_DEFAULT_REGION");
	if (region == NULL)
		region = addb_profile_get(addb_profile_load(sources), "region");
	if (region == NULL && sources->settings->server[0] != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no AWS region is set for server \"%s\"",
						sources->settings->server),
				 errhint("Add it: ALTER SERVER %s OPTIONS (ADD region 'us-east-1').",
						 quote_identifier(sources->settings->server))));
	return region;
}

/*
 * Sets the custom URL of input, if there is one anywhere: setting, the value of
 * setting_name; variables of the environment; the profile.
 */
static void
find_custom_url(AddbAwsSources *sources, const char *setting,
				const char *setting_name, AddbEndpointInput *input)
{
	const char *const variables[] = {
		input->is_sts ? "AWS_ENDPOINT_URL_STS" : "AWS_ENDPOINT_URL_DYNAMODB",
		"AWS_ENDPOINT_URL"
	};
	const AddbProfile *profile;

	if (setting[0] != '\0')
	{
		input->custom_url = setting;
		input->custom_source = sources->settings->server[0] == '\0' ?
			psprintf("atomic_dynamodb.%s", setting_name) :
			psprintf("option \"%s\" of server \"%s\"", setting_name,
					 sources->settings->server);
		return;
	}
	if (read_switch(sources, ADDB_SWITCH_UNSET, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
					"ignore_configured_endpoint_urls"))
		return;

	for (size_t i = 0; i < lengthof(variables); i++)
	{
		input->custom_url = addb_host_getenv(sources->host, variables[i]);
		if (input->custom_url != NULL)
		{
			input->custom_source = psprintf("environment variable %s",
											variables[i]);
			return;
		}
	}

	profile = addb_profile_load(sources);
	input->custom_url = addb_profile_service_endpoint(profile,
													  input->is_sts ? "sts" : "dynamodb");
	if (input->custom_url == NULL)
		input->custom_url = addb_profile_get(profile, "endpoint_url");
	input->custom_source = psprintf("AWS profile \"%s\"", profile->name);
}

static bool
is_account_id_required(AddbAwsSources *sources)
{
	const char *mode = addb_host_getenv(sources->host,
										"AWS_ACCOUNT_ID_ENDPOINT_MODE");

	if (mode == NULL)
		mode = addb_profile_get(addb_profile_load(sources),
								"account_id_endpoint_mode");
	return mode != NULL && pg_strcasecmp(mode, "required") == 0;
}

/*
 * Sets region and switches. The old names "fips-us-east-1" and "us-east-1-fips"
 * stand for the FIPS endpoint of a region, as in the SDKs.
 */
static void
find_region_and_switches(AddbAwsSources *sources, AddbEndpointInput *input)
{
	static const char prefix[] = "fips-";
	static const char suffix[] = "-fips";
	const char *region = find_region(sources);
	size_t		len = region != NULL ? strlen(region) : 0;
	size_t		affix = sizeof(prefix) - 1;

	input->region = region;
	input->fips = read_switch(sources, sources->settings->use_fips_endpoint,
							  "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	if (len > affix && strncmp(region, prefix, affix) == 0)
	{
		input->region = region + affix;
		input->fips = true;
	}
	else if (len > affix && strcmp(region + len - affix, suffix) == 0)
	{
		input->region = pnstrdup(region, len - affix);
		input->fips = true;
	}
	input->dualstack = read_switch(sources,
								   sources->settings->use_dualstack_endpoint,
								   "AWS_USE_DUALSTACK_ENDPOINT",
								   "use_dualstack_endpoint");
}

/*
 * Fills endpoint, with palloc'd texts, from the sources: that of DynamoDB.
 *
 * Errors: those of addb_endpoint_resolve and of addb_profile_load.
 */
void
addb_resolve_endpoint(AddbAwsSources *sources, AddbEndpoint *endpoint)
{
	AddbEndpointInput input = {
		.allow_insecure_http = sources->settings->allow_insecure_http,
	};

	find_custom_url(sources, sources->settings->endpoint_url,
					"endpoint_url", &input);
	find_region_and_switches(sources, &input);
	input.account_id_required = is_account_id_required(sources);
	addb_endpoint_resolve(&input, endpoint);
}

/*
 * The same for the security token service, which has the region in common with
 * DynamoDB, and custom URLs of its own: the setting sts_endpoint_url,
 * AWS_ENDPOINT_URL_STS, and what is set for all services.
 */
void
addb_resolve_sts_endpoint(AddbAwsSources *sources, AddbEndpoint *endpoint)
{
	AddbEndpointInput input = {
		.is_sts = true,
		.allow_insecure_http = sources->settings->allow_insecure_http,
	};

	find_custom_url(sources, sources->settings->sts_endpoint_url,
					"sts_endpoint_url", &input);
	find_region_and_switches(sources, &input);
	addb_endpoint_resolve(&input, endpoint);
}

/*
 * Whether requests are signed with the service's time when this machine's clock
 * is off: the setting, unless AWS_DISABLE_CLOCK_SKEW_CORRECTION is "true".
 */
bool
addb_resolve_clock_correction(AddbAwsSources *sources)
{
	const char *disabled = addb_host_getenv(sources->host,
											"AWS_DISABLE_CLOCK_SKEW_CORRECTION");

	return sources->settings->correct_clock &&
		(disabled == NULL || pg_strcasecmp(disabled, "true") != 0);
}
