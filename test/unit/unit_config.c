/*
 * unit_config.c
 *	  SQL faces, for tests only, of the cached configuration. It reads the
 *	  backend's real environment and files, and the settings of unit_guc.c.
 */
#include "postgres.h"

#include "fmgr.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"

#include "aws/config.h"

PG_FUNCTION_INFO_V1(addb_unit_config);
PG_FUNCTION_INFO_V1(addb_unit_config_generation);
PG_FUNCTION_INFO_V1(addb_unit_config_bench);
PG_FUNCTION_INFO_V1(addb_unit_setenv);

static uint64 generation = 0;	/* of the configuration that was got last */

static const AddbAwsConfig *
get(void)
{
	const AddbAwsConfig *config = addb_aws_config_get();

	generation = config->generation;
	return config;
}

/* () -> url, host, path, region, key, secret, token and (source) in one line */
Datum
addb_unit_config(PG_FUNCTION_ARGS)
{
	const AddbAwsConfig *config = get();
	const AddbCredentials *credentials = config->credentials;
	char	   *line = psprintf("%s %s %s %s %s %s %s (%s)",
								config->url, config->host, config->path,
								config->region, credentials->access_key_id,
								credentials->secret_access_key,
								credentials->session_token != NULL ?
								credentials->session_token : "-",
								credentials->source);

	PG_RETURN_TEXT_P(cstring_to_text(line));
}

/* (forget boolean) -> the generation; forgets the configuration before if told */
Datum
addb_unit_config_generation(PG_FUNCTION_ARGS)
{
	if (PG_GETARG_BOOL(0))
		addb_aws_config_forget(generation);
	PG_RETURN_INT64((int64) get()->generation);
}

/* (times int) -> nanoseconds for each get */
Datum
addb_unit_config_bench(PG_FUNCTION_ARGS)
{
	int			times = PG_GETARG_INT32(0);
	instr_time	start;
	instr_time	elapsed;

	INSTR_TIME_SET_CURRENT(start);
	for (int i = 0; i < times; i++)
		addb_aws_config_get();
	INSTR_TIME_SET_CURRENT(elapsed);
	INSTR_TIME_SUBTRACT(elapsed, start);
	PG_RETURN_FLOAT8(INSTR_TIME_GET_DOUBLE(elapsed) * 1e9 / times);
}

/* (name text, value text): changes the environment of this backend. */
Datum
addb_unit_setenv(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (PG_ARGISNULL(1))
		unsetenv(name);
	else
		setenv(name, text_to_cstring(PG_GETARG_TEXT_PP(1)), 1);
	PG_RETURN_VOID();
}
