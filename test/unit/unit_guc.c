/*
 * unit_guc.c
 *	  Stands in for src/core/guc.c: the settings as plain variables, which a test
 *	  sets without touching those of the extension.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/guc.h"

char	   *addb_access_key_id = "";
bool		addb_allow_ambient_credentials = false;
bool		addb_allow_insecure_http = false;
char	   *addb_ca_file = "";
bool		addb_clock_skew_correction = true;
char	   *addb_endpoint_url = "";
char	   *addb_external_id = "";
char	   *addb_profile = "";
char	   *addb_region = "";
char	   *addb_role_arn = "";
char	   *addb_role_session_name = "";
char	   *addb_server = "";
char	   *addb_sts_endpoint_url = "";
int			addb_tls_min_version = ADDB_TLS_1_2;
int			addb_use_dualstack_endpoint = ADDB_CHOICE_AUTO;
int			addb_use_fips_endpoint = ADDB_CHOICE_AUTO;

static char *secret_access_key = NULL;
static char *session_token = NULL;
static uint64 generation = 1;

PG_FUNCTION_INFO_V1(addb_unit_setting);

const char *
addb_guc_secret_access_key(void)
{
	return secret_access_key;
}

const char *
addb_guc_session_token(void)
{
	return session_token;
}

uint64
addb_guc_generation(void)
{
	return generation;
}

/* (name text, value text): sets one of the settings above. */
Datum
addb_unit_setting(PG_FUNCTION_ARGS)
{
	struct
	{
		const char *name;
		char	  **text;
		bool	   *flag;
	}			settings[] = {
		{"access_key_id", &addb_access_key_id, NULL},
		{"allow_ambient_credentials", NULL, &addb_allow_ambient_credentials},
		{"allow_insecure_http", NULL, &addb_allow_insecure_http},
		{"clock_skew_correction", NULL, &addb_clock_skew_correction},
		{"ca_file", &addb_ca_file, NULL},
		{"endpoint_url", &addb_endpoint_url, NULL},
		{"profile", &addb_profile, NULL},
		{"region", &addb_region, NULL},
		{"secret_access_key", &secret_access_key, NULL},
		{"server", &addb_server, NULL},
		{"session_token", &session_token, NULL},
	};
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *value = text_to_cstring(PG_GETARG_TEXT_PP(1));

	for (size_t i = 0; i < lengthof(settings); i++)
	{
		if (strcmp(name, settings[i].name) != 0)
			continue;
		if (settings[i].flag != NULL)
			*settings[i].flag = strcmp(value, "true") == 0;
		else
			*settings[i].text = MemoryContextStrdup(TopMemoryContext, value);
		generation++;
		PG_RETURN_VOID();
	}
	elog(ERROR, "no setting is called \"%s\"", name);
}
