/*
 * guc_guard.c
 *	  Refuses settings of the connection's options that the role may not make.
 *
 * Until the library is loaded, a setting of ours is a mere text that any role may
 * give with its connection's options (PGOPTIONS). PostgreSQL refuses such a text
 * when the setting is defined, but by then it has replaced what the configuration
 * file says, so that the setting falls back to its default: a role could undo the
 * administrator's endpoint_url or allow_scan. Hence the library refuses to load in
 * such a session, in session_preload_libraries even to let it begin.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/guc.h"
#include "utils/acl.h"

/* All settings that are not PGC_USERSET. */
static const char *const guarded[] = {
	"atomic_dynamodb.access_key_id",
	"atomic_dynamodb.allow_ambient_credentials",
	"atomic_dynamodb.allow_insecure_http",
	"atomic_dynamodb.allow_scan",
	"atomic_dynamodb.ca_file",
	"atomic_dynamodb.clock_skew_correction",
	"atomic_dynamodb.endpoint_url",
	"atomic_dynamodb.external_id",
	"atomic_dynamodb.log_min_duration",
	"atomic_dynamodb.profile",
	"atomic_dynamodb.region",
	"atomic_dynamodb.role_arn",
	"atomic_dynamodb.role_session_name",
	"atomic_dynamodb.secret_access_key",
	"atomic_dynamodb.session_token",
	"atomic_dynamodb.stat_max",
	"atomic_dynamodb.sts_endpoint_url",
	"atomic_dynamodb.tls_min_version",
	"atomic_dynamodb.use_dualstack_endpoint",
	"atomic_dynamodb.use_fips_endpoint"
};

/*
 * addb_guc_refuse_options - to be called before any setting is defined
 *
 * Raises 42501 when the connection's options hold a setting that the role which
 * connected may not make.
 */
void
addb_guc_refuse_options(void)
{
	for (int i = 0; i < lengthof(guarded); i++)
	{
		const struct config_generic *setting = addb_guc_find(guarded[i]);

		if (setting == NULL || setting->reset_source != PGC_S_CLIENT ||
			pg_parameter_aclcheck(guarded[i], setting->reset_srole, ACL_SET) == ACLCHECK_OK)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to set parameter \"%s\"", guarded[i]),
				 errdetail("The options of the connection set it, in place of what is configured."),
				 errhint("Connect without it.")));
	}
}
