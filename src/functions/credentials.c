/*
 * credentials.c
 *	  ddb_credentials: where credentials come from, and where not, and why no
 *	  request can be sent.
 *
 * Secrets and session tokens never leave src/aws; of an access key ID only its
 * end is told, which is enough to compare it.
 */
#include "postgres.h"

#include "aws/config.h"
#include "core/compat.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

ADDB_FUNCTION(addb_fn_credentials);

/* Characters of an access key ID that are told, of twenty. */
#define TOLD 4

/* The columns of ddb_credentials, in order. */
enum
{
	SOURCE,
	CHOSEN,
	ACCESS_KEY_ID,
	ROLE_ARN,
	EXPIRES_AT,
	REASON,
	COLUMNS
};

static char *
end_of_id(const char *id)
{
	size_t		len = strlen(id);

	return psprintf("...%s", id + (len > TOLD ? len - TOLD : 0));
}

/* Adds one row; credentials without an access key ID are none. */
static void
add_row(FunctionCallInfo fcinfo, const char *source, bool chosen,
		const AddbCredentials *credentials, const char *reason)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {0};

	values[SOURCE] = CStringGetTextDatum(source);
	values[CHOSEN] = BoolGetDatum(chosen);
	values[REASON] = CStringGetTextDatum(reason);
	nulls[ACCESS_KEY_ID] = credentials->access_key_id == NULL;
	nulls[ROLE_ARN] = nulls[ACCESS_KEY_ID] || credentials->role_arn == NULL;
	nulls[EXPIRES_AT] = nulls[ACCESS_KEY_ID] || credentials->expires_at == DT_NOEND;
	if (!nulls[ACCESS_KEY_ID])
		values[ACCESS_KEY_ID] =
			CStringGetTextDatum(end_of_id(credentials->access_key_id));
	if (!nulls[ROLE_ARN])
		values[ROLE_ARN] = CStringGetTextDatum(credentials->role_arn);
	if (!nulls[EXPIRES_AT])
		values[EXPIRES_AT] = TimestampTzGetDatum(credentials->expires_at);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The report of the credentials that the chain gives, or NULL. */
static const AddbSourceReport *
find_chosen(const AddbSourceReport *reports, int count)
{
	for (int i = 0; i < count; i++)
		if (reports[i].credentials.access_key_id != NULL &&
			reports[i].reason == NULL)
			return &reports[i];
	return NULL;
}

/*
 * addb_fn_credentials - ddb_credentials() returns setof (source, chosen,
 * access_key_id, role_arn, expires_at, reason)
 *
 * The one row that is chosen tells what signs the session's next request. When
 * that was found earlier and is not what the chain gives now, it has a row of
 * its own in front of those of the chain. When there is no endpoint, a row says
 * why, and none of the chain is chosen.
 */
Datum
addb_fn_credentials(PG_FUNCTION_ARGS)
{
	AddbSourceReport reports[ADDB_MAX_REPORTS];
	const AddbSourceReport *chosen;
	const AddbCredentials *kept;
	MemoryContext context;
	MemoryContext old;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext,
									"atomic_dynamodb credentials report",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);

	count = addb_aws_config_report(reports);
	chosen = find_chosen(reports, count);
	kept = addb_aws_config_kept();
	if (kept != NULL && chosen != NULL &&
		strcmp(kept->access_key_id, chosen->credentials.access_key_id) == 0)
		kept = NULL;
	if (kept != NULL)
		add_row(fcinfo, psprintf("this session, earlier from %s", kept->source),
				true, kept, "Kept until they are renewed.");
	for (int i = 0; i < count; i++)
	{
		const AddbSourceReport *report = &reports[i];

		if (report != chosen)
			add_row(fcinfo, report->source, false, &report->credentials,
					report->reason);
		else
			add_row(fcinfo, report->credentials.source, kept == NULL,
					&report->credentials, kept == NULL ?
					"The first source that has any." :
					"For when the session renews those it keeps.");
	}

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
