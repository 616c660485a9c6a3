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
#include "lib/stringinfo.h"

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

/* Appends a part of an error as a sentence; NULL is none. */
static void
append_sentence(StringInfo text, const char *part)
{
	if (part == NULL || part[0] == '\0')
		return;
	if (text->len > 0)
		appendStringInfoChar(text, ' ');
	appendStringInfoString(text, part);
	if (strchr(".!?)", text->data[text->len - 1]) == NULL)
		appendStringInfoChar(text, '.');
}

/*
 * addb_catch - calls action, and tells why it failed
 *
 * Returns NULL when it did not; else the message, the detail and the hint as
 * sentences, palloc'd in the current context. Other errors than those of the
 * world outside go on to the caller.
 */
char *
addb_catch(void (*action) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	StringInfoData problem = {0};

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
		initStringInfo(&problem);
		append_sentence(&problem, error->message);
		append_sentence(&problem, error->detail);
		append_sentence(&problem, error->hint);
		FreeErrorData(error);
	}
	PG_END_TRY();
	return problem.data;
}
