/*
 * credentials.c
 *	  The provider chain.
 *
 * No message here or in a provider ever holds a secret or a session token.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "aws/provider.h"
#include "core/catch.h"

/*
 * Explicit settings before the surroundings of the server, in the order of the
 * AWS SDKs.
 */
static const AddbProvider *const chain[] = {
	&addb_provider_settings,
	&addb_provider_environment,
	&addb_provider_web_identity,
	&addb_provider_profile,
	&addb_provider_container,
	&addb_provider_instance,
};

/*
 * Is there a pair of keys? false when both halves are missing (NULL or empty).
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when one half is missing,
 * naming the two by id_name and secret_name, in a place such as "the settings".
 */
bool
addb_credentials_check_pair(const char *id, const char *secret,
							const char *id_name, const char *secret_name,
							const char *place)
{
	bool		has_id = id != NULL && id[0] != '\0';
	bool		has_secret = secret != NULL && secret[0] != '\0';

	if (has_id != has_secret)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("incomplete AWS credentials"),
				 errdetail("In %s, %s is set but %s is not.", place,
						   has_id ? id_name : secret_name,
						   has_id ? secret_name : id_name),
				 errhint("Set both or neither.")));
	return has_id;
}

/* Reads count digits at *p and moves past them; -1 when they are not there. */
static int
read_digits(const char **p, int count)
{
	int			value = 0;

	while (count-- > 0)
	{
		if (**p < '0' || **p > '9')
			return -1;
		value = value * 10 + (*(*p)++ - '0');
	}
	return value;
}

/* Reads "Z", "+hh:mm" or "+hhmm" up to the end of text; the offset in minutes. */
static bool
read_offset(const char *p, int *minutes)
{
	int			sign = *p == '-' ? -1 : 1;
	int			hour;
	int			minute;

	*minutes = 0;
	if (*p == 'Z' || *p == 'z')
		return p[1] == '\0';
	if (*p != '+' && *p != '-')
		return false;
	p++;
	hour = read_digits(&p, 2);
	if (hour < 0 || hour > 23)
		return false;
	if (*p == ':')
		p++;
	minute = read_digits(&p, 2);
	if (minute < 0 || minute > 59 || *p != '\0')
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

/*
 * Reads a time of RFC 3339, such as "2036-01-01T00:00:00Z", into *result;
 * fractions of a second are passed over. As in the SDKs, a blank may stand for the
 * "T", and the offset needs no colon. false when text is no such time.
 */
bool
addb_credentials_parse_time(const char *text, TimestampTz *result)
{
	static const char separators[] = "--T::";
	const char *p = text;
	int			parts[6];
	int			minutes;
	int64		days;

	for (int i = 0; i < 6; i++)
	{
		parts[i] = read_digits(&p, i == 0 ? 4 : 2);
		if (parts[i] < 0)
			return false;
		if (i == 2 && *p == ' ')
			p++;
		else if (i < 5 && pg_toupper((unsigned char) *p++) != separators[i])
			return false;
	}
	if (*p == '.')
	{
		p++;
		if (read_digits(&p, 1) < 0)
			return false;
		while (*p >= '0' && *p <= '9')
			p++;
	}
	if (!read_offset(p, &minutes) ||
		parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 ||
		parts[3] > 23 || parts[4] > 59 || parts[5] > 60)
		return false;

	days = date2j(parts[0], parts[1], parts[2]) - POSTGRES_EPOCH_JDATE;
	*result = (((days * 24 + parts[3]) * 60 + parts[4] - minutes) * 60 +
			   parts[5]) * USECS_PER_SEC;
	return true;
}

/* Could this text end or split the HTTP header that carries it? */
static bool
fits_header(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text >= 0x7f)
			return false;
	return true;
}

/*
 * addb_credentials_check - can these sign a request now?
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when a text would break a
 * header, or when they have expired and do not tolerate that.
 */
void
addb_credentials_check(const AddbCredentials *credentials, TimestampTz now)
{
	if (!fits_header(credentials->access_key_id) ||
		(credentials->session_token != NULL &&
		 !fits_header(credentials->session_token)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("malformed AWS credentials"),
				 errdetail("The %s from %s holds a blank, a control character or a character that is not ASCII.",
						   fits_header(credentials->access_key_id) ?
						   "session token" : "access key ID",
						   credentials->source)));

	if (credentials->expires_at <= now && !credentials->tolerates_expiry)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("the AWS credentials have expired"),
				 errdetail("Those from %s were good until %s.",
						   credentials->source,
						   timestamptz_to_str(credentials->expires_at))));
}

/*
 * Raises ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION: the current user may not
 * use ambient credentials. detail is a whole sentence or several.
 */
void
addb_credentials_refuse_ambient(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("only superusers may use the server's own AWS credentials"),
			 errdetail("%s", detail),
			 errhint("A superuser can set atomic_dynamodb.access_key_id and atomic_dynamodb.secret_access_key, or open ambient credentials to others with atomic_dynamodb.allow_ambient_credentials.")));
}

/* What a provider is called in messages; a foreign server has no settings. */
static const char *
name_of(const AddbProvider *provider, const AddbAwsSettings *settings)
{
	return provider == &addb_provider_settings && settings->server[0] != '\0' ?
		"the user mapping" : provider->name;
}

/* There are none for the user of a server; refused if ambient ones were not tried. */
static void
refuse_on_server(const AddbAwsSettings *settings, bool refused,
				 const char *reasons)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("no AWS credentials for role \"%s\" on server \"%s\"",
					settings->user, settings->server),
			 errdetail("%s%s", reasons, refused ?
					   " The machine's own credentials are used only by superusers on a superuser's server, and where a superuser has set the option allow_ambient_credentials." : ""),
			 settings->has_mapping ?
			 errhint("Set access_key_id and secret_access_key with ALTER USER MAPPING.") :
			 errhint("Create one: CREATE USER MAPPING FOR %s SERVER %s OPTIONS (access_key_id '...', secret_access_key '...').",
					 quote_identifier(settings->user),
					 quote_identifier(settings->server))));
}

/* Asks one provider; false, with a clause in reason, when it has none. */
static bool
ask(AddbAwsSources *sources, const AddbProvider *provider,
	AddbCredentials *credentials, StringInfo reason)
{
	memset(credentials, 0, sizeof(AddbCredentials));
	credentials->expires_at = DT_NOEND;
	credentials->source = name_of(provider, sources->settings);
	credentials->ambient = provider->ambient;
	credentials->refreshable = provider->refreshable;
	credentials->tolerates_expiry = provider->tolerates_expiry;
	if (provider->provide(sources, credentials, reason) != ADDB_PROVIDER_FOUND)
		return false;
	addb_credentials_check(credentials, sources->settings->now);
	return true;
}

/*
 * Asks the providers in turn, fills credentials from the first that has any, and
 * assumes the role of the settings with them if there is one. The texts belong
 * to the sources, the host or the current memory context: copy what must last.
 *
 * Errors, all ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION: a configured provider
 * fails; the credentials are malformed, or have expired and do not tolerate it;
 * there are none, and the detail says why each provider was passed over; or
 * those that remain are ambient and settings->allow_ambient is false. Those of
 * addb_role_of_settings.
 */
void
addb_credentials_resolve(AddbAwsSources *sources, AddbCredentials *credentials)
{
	StringInfoData reasons;
	bool		refused = false;

	initStringInfo(&reasons);
	for (size_t i = 0; i < lengthof(chain); i++)
	{
		if (chain[i]->ambient && !sources->settings->allow_ambient)
		{
			refused = true;
			continue;
		}
		if (reasons.len > 0)
			appendStringInfoChar(&reasons, ' ');
		appendStringInfo(&reasons, "From %s: ", name_of(chain[i], sources->settings));
		if (ask(sources, chain[i], credentials, &reasons))
		{
			addb_role_of_settings(sources, credentials);
			return;
		}
		appendStringInfoChar(&reasons, '.');
	}

	sources->none_found = true;
	if (sources->settings->server[0] != '\0')
		refuse_on_server(sources->settings, refused, reasons.data);
	if (refused)
		addb_credentials_refuse_ambient(reasons.data);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("no AWS credentials found"),
			 errdetail("%s", reasons.data),
			 errhint("Set atomic_dynamodb.access_key_id and atomic_dynamodb.secret_access_key, or give the server AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in its shared AWS files, or run it where a container or an instance has a role.")));
}

/* One step of a report, as addb_catch takes it. */
typedef struct Step
{
	AddbAwsSources *sources;
	const AddbProvider *provider;	/* NULL: the role of the settings */
	AddbCredentials *credentials;
	StringInfoData reason;
	bool		found;
} Step;

static void
take_step(void *arg)
{
	Step	   *step = arg;

	if (step->provider == NULL)
	{
		addb_role_of_settings(step->sources, step->credentials);
		step->found = true;
	}
	else
		step->found = ask(step->sources, step->provider, step->credentials,
						  &step->reason);
}

/*
 * Fills report from one step that begins with credentials; true when it gave
 * some. What it failed of is in failed then.
 */
static bool
report_step(AddbAwsSources *sources, const AddbProvider *provider,
			AddbSourceReport *report, bool *failed)
{
	Step		step = {
		.sources = sources,
		.provider = provider,
		.credentials = &report->credentials,
	};
	char	   *problem;

	initStringInfo(&step.reason);
	problem = addb_catch(take_step, &step);
	if (step.found)
		return true;
	report->credentials.access_key_id = NULL;
	report->reason = problem != NULL ? problem :
		psprintf("%s.", step.reason.data);
	*failed = problem != NULL;
	return false;
}

/*
 * addb_credentials_report - what addb_credentials_resolve would do, and why
 *
 * Fills reports, of ADDB_MAX_SOURCES elements, and returns how many there are:
 * one for each provider in order, and one for the role of the settings if there
 * is one. An error of a source is a reason of its report, and ends the search as
 * it does there; interrupts are raised. Texts are palloc'd in the current
 * context, which the caller deletes, or belong to the sources.
 */
int
addb_credentials_report(AddbAwsSources *sources, AddbSourceReport *reports)
{
	const AddbAwsSettings *settings = sources->settings;
	AddbSourceReport *found = NULL;
	bool		failed = false;
	int			count = 0;

	StaticAssertStmt(lengthof(chain) < ADDB_MAX_SOURCES, "too many providers");
	memset(reports, 0, ADDB_MAX_SOURCES * sizeof(AddbSourceReport));
	for (; count < lengthof(chain); count++)
	{
		AddbSourceReport *report = &reports[count];

		report->source = name_of(chain[count], settings);
		if (found != NULL)
			report->reason = "Not asked, because an earlier source has credentials.";
		else if (failed)
			report->reason = "Not asked, because an earlier source failed.";
		else if (chain[count]->ambient && !settings->allow_ambient)
			report->reason = settings->server[0] != '\0' ?
				"Not asked, because the server's option allow_ambient_credentials is not set, and the user or the server's owner is no superuser." :
				"Not asked, because only superusers may use it unless atomic_dynamodb.allow_ambient_credentials is on.";
		else if (report_step(sources, chain[count], report, &failed))
			found = report;
	}

	if (settings->role_arn[0] != '\0')
	{
		AddbSourceReport *report = &reports[count++];

		report->source = addb_role_name(settings);
		if (found == NULL)
			report->reason = "There are no credentials to assume it with.";
		else
		{
			found->reason = psprintf("They assume %s.", addb_role_name(settings));
			report->credentials = found->credentials;
			report_step(sources, NULL, report, &failed);
		}
	}
	return count;
}
