/*
 * catch.c
 *	  Catches errors without a subtransaction.
 *
 * That is right only for actions which do nothing in the database: they take no
 * lock, pin no buffer and open no relation, and what they leave behind on an
 * error belongs to memory contexts that the caller deletes.
 */
#include "postgres.h"

#include "core/catch.h"

/*
 * Is the error about something outside (a connection, a value, credentials, a
 * file)? An interrupt, a lack of memory and a bug are never to be passed over.
 */
static bool
is_external(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_CONNECTION_EXCEPTION:
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_FEATURE_NOT_SUPPORTED:
		case ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION:
		case ERRCODE_SYSTEM_ERROR:
			return true;
		default:
			return false;
	}
}

/*
 * addb_catch - calls action, and tells why it failed
 *
 * Returns NULL when it did not; else the message with the detail and the hint
 * behind it, palloc'd in the current context. Other errors than those of the world outside
 * go on to the caller.
 */
char *
addb_catch(void (*action) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *volatile problem = NULL;

	PG_TRY();
	{
		action(arg);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (!is_external(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		problem = psprintf("%s.%s%s%s%s", error->message,
						   error->detail != NULL ? " " : "",
						   error->detail != NULL ? error->detail : "",
						   error->hint != NULL ? " " : "",
						   error->hint != NULL ? error->hint : "");
		FreeErrorData(error);
	}
	PG_END_TRY();
	return problem;
}
