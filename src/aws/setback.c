/*
 * setback.c
 *	  The last failure to get credentials, told again for some seconds.
 *
 * A job that catches the errors of its statements would otherwise run a broken
 * program, or ask a service that is down, once for each of them. The time is
 * short enough not to be in the way of whoever mends the cause and tries again.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "aws/setback.h"
#include "http/http.h"

/*
 * Microseconds: at least what it takes to mend a file and repeat a statement;
 * as long as the failure took, for a source that hangs is worth more patience;
 * at most what a user waits without wondering.
 */
#define SHORTEST (INT64CONST(2) * 1000000)
#define LONGEST (INT64CONST(10) * 1000000)

typedef struct Setback
{
	MemoryContext context;		/* holds this struct and its texts */
	char	   *server;			/* as atomic_dynamodb.server */
	Oid			userid;
	uint64		generation;		/* of the settings */
	int64		until;			/* a moment of addb_http_now */
	int64		length;			/* microseconds */
	ErrorData  *error;
} Setback;

static Setback *last = NULL;

/*
 * addb_setback_keep - keeps the error that is being handled
 *
 * To be called in a PG_CATCH block, which raises it again. took: microseconds
 * from the first question to the error. No error of a provider holds a secret.
 */
void
addb_setback_keep(const char *server, uint64 generation, int64 took)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "atomic_dynamodb setback",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Setback    *made = palloc(sizeof(Setback));

	if (last != NULL)
		MemoryContextDelete(last->context);
	last = NULL;
	made->context = context;
	made->server = pstrdup(server);
	made->userid = GetUserId();
	made->generation = generation;
	made->length = Min(Max(took, SHORTEST), LONGEST);
	made->until = addb_http_now() + made->length;
	made->error = CopyErrorData();
	last = made;
	MemoryContextSwitchTo(caller);
}

/*
 * addb_setback_raise - raises the kept error if it still stands
 *
 * It does for the same server, user and settings, until its time is over.
 */
void
addb_setback_raise(const char *server, uint64 generation)
{
	const ErrorData *error;

	if (last == NULL)
		return;
	if (last->generation != generation || last->userid != GetUserId() ||
		strcmp(last->server, server) != 0)
		return;
	if (addb_http_now() >= last->until)
	{
		MemoryContextDelete(last->context);
		last = NULL;
		return;
	}
	error = last->error;
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg_internal("%s", error->message),
			 error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
			 error->hint != NULL ? errhint("%s", error->hint) : 0,
			 errcontext("AWS credentials, which are not asked for again within %d s of a failure",
						(int) (last->length / 1000000))));
}
