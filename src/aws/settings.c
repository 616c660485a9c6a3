/*
 * settings.c
 *	  Chooses where settings come from: the parameters atomic_dynamodb.*, or the
 *	  foreign server that atomic_dynamodb.server names.
 *
 * With a server, no parameter says where requests go or who signs them: whoever
 * made the server must not receive requests signed with a superuser's
 * parameters.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "aws/server.h"
#include "aws/settings.h"
#include "core/guc.h"

static uint64 catalog_changes = 0;

/* Of databases only ours counts: who owns it is a member of a role. */
static void
on_catalog_change(Datum arg, int cacheid, uint32 hashvalue)
{
	if (cacheid == DATABASEOID && hashvalue != 0 &&
		hashvalue != DatumGetUInt32(arg))
		return;
	catalog_changes++;
}

/*
 * What a server means depends on the server, its wrapper, the mappings, and on
 * who is whose member and a superuser.
 */
static void
watch_catalogs(void)
{
	static const int caches[] = {
		AUTHMEMROLEMEM, AUTHOID, DATABASEOID, FOREIGNDATAWRAPPEROID,
		FOREIGNSERVEROID, USERMAPPINGOID
	};
	static bool watching = false;
	Datum		database;

	if (watching)
		return;
	database = UInt32GetDatum(GetSysCacheHashValue1(DATABASEOID,
													ObjectIdGetDatum(MyDatabaseId)));
	watching = true;
	for (int i = 0; i < lengthof(caches); i++)
		CacheRegisterSyscacheCallback(caches[i], on_catalog_change, database);
}

/*
 * addb_settings_generation - a number that grows whenever something changes that
 * the settings come from
 *
 * Without a server that is a parameter; with one it is a catalog. Numbers of the
 * two cases are not to be compared. Another server or current user is no such
 * change: see AddbAwsSettings, and nor is clock_skew_correction with a server.
 *
 * With a server, what other sessions have committed is taken note of, which
 * PostgreSQL does by itself only when it locks a relation: a right that was
 * revoked must not last as long as a transaction that locks none. Needs a
 * transaction then.
 */
uint64
addb_settings_generation(void)
{
	if (addb_server[0] == '\0')
		return addb_guc_generation();
	watch_catalogs();
	AcceptInvalidationMessages();
	return catalog_changes;
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static AddbSwitch
switch_of(int choice)
{
	switch ((AddbChoice) choice)
	{
		case ADDB_CHOICE_OFF:
			return ADDB_SWITCH_OFF;
		case ADDB_CHOICE_ON:
			return ADDB_SWITCH_ON;
		case ADDB_CHOICE_AUTO:
			break;
	}
	return ADDB_SWITCH_UNSET;
}

static void
take_parameters(AddbAwsSettings *settings)
{
	settings->access_key_id = addb_access_key_id;
	settings->secret_access_key = or_empty(addb_guc_secret_access_key());
	settings->session_token = or_empty(addb_guc_session_token());
	settings->profile = addb_profile;
	settings->role_arn = addb_role_arn;
	settings->external_id = addb_external_id;
	settings->role_session_name = addb_role_session_name;
	settings->region = addb_region;
	settings->endpoint_url = addb_endpoint_url;
	settings->sts_endpoint_url = addb_sts_endpoint_url;
	settings->ca_file = addb_ca_file;
	settings->use_fips_endpoint = switch_of(addb_use_fips_endpoint);
	settings->use_dualstack_endpoint = switch_of(addb_use_dualstack_endpoint);
	settings->allow_insecure_http = addb_allow_insecure_http;
	settings->allow_ambient = addb_allow_ambient_credentials || superuser();
}

/*
 * addb_settings_get - fills settings for the current user
 *
 * The texts belong to guc.c, until a parameter changes, or are palloc'd. Errors:
 * those of addb_server_read.
 */
void
addb_settings_get(AddbAwsSettings *settings)
{
	AddbAwsSettings none = {
		.server = "", .user = "", .access_key_id = "", .secret_access_key = "",
		.session_token = "", .profile = "", .role_arn = "", .external_id = "",
		.role_session_name = "", .region = "", .endpoint_url = "",
		.sts_endpoint_url = "", .ca_file = "",
	};

	*settings = none;
	if (addb_server[0] == '\0')
		take_parameters(settings);
	else
	{
		Assert(IsTransactionState());
		addb_server_read(addb_server, GetUserId(), settings);
	}
	settings->correct_clock = addb_clock_skew_correction;
	settings->now = GetCurrentTimestamp();
}
