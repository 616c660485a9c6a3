/*
 * fuzz.c
 *	  libFuzzer within a PostgreSQL backend.
 *
 * Loading this library starts the fuzzer, which never returns: the code under
 * test has the server's own memory contexts, errors, jsonb and numeric. The
 * environment tells what to do: ADDB_FUZZ_TARGET, ADDB_FUZZ_VECTORS (a file for
 * the target) and ADDB_FUZZ_ARGUMENTS (of libFuzzer, a line each).
 *
 * An input is a finding when a sanitizer says so, when a target does, or when
 * the error raised is an internal one, which no input may lead to.
 */
#include "postgres.h"

#include <signal.h>

#include "fmgr.h"
#include "utils/memutils.h"

#include "fuzz.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* of libFuzzer */
extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*run) (const uint8 *data, size_t size));

#define MAX_ARGUMENTS 32

static const AddbFuzzTarget *const targets[] = {
	&addb_fuzz_expression,
	&addb_fuzz_model,
	&addb_fuzz_response,
	&addb_fuzz_where,
};

static const AddbFuzzTarget *target;
static MemoryContext input_context;

/*
 * addb_fuzz_found - reports a wrong output and ends the process
 */
void
addb_fuzz_found(const char *what, const char *text, int len)
{
	fprintf(stderr, "FOUND: %s: %.*s\n", what, len, text);
	abort();
}

static const char *
get_environment(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		elog(FATAL, "%s is not set", name);
	return value;
}

/* Takes an error that was raised off the stack of errors. */
static void
dismiss_error(void)
{
	ErrorData  *error;

	MemoryContextSwitchTo(input_context);
	error = CopyErrorData();
	FlushErrorState();
	if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR)
		addb_fuzz_found("internal error", error->message, (int) strlen(error->message));
}

static int
run_input(const uint8 *data, size_t size)
{
	MemoryContext caller = MemoryContextSwitchTo(input_context);
	char	   *input = memcpy(palloc(size), data, size);

	PG_TRY();
	{
		target->run(input, (int) size);
	}
	PG_CATCH();
	{
		dismiss_error();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextReset(input_context);
	return 0;
}

/* libFuzzer sets handlers only where the server has none. */
static void
release_signals(void)
{
	static const int signals[] = {SIGALRM, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
	sigset_t	none;

	for (int i = 0; i < lengthof(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
split_arguments(char **argv)
{
	char	   *rest = strdup(get_environment("ADDB_FUZZ_ARGUMENTS"));
	int			argc = 0;
	char	   *argument;

	argv[argc++] = strdup("fuzz");
	while ((argument = strsep(&rest, "\n")) != NULL && argc < MAX_ARGUMENTS)
		if (*argument != '\0')
			argv[argc++] = argument;
	argv[argc] = NULL;
	return argc;
}

void
_PG_init(void)
{
	const char *name = get_environment("ADDB_FUZZ_TARGET");
	char	   *arguments[MAX_ARGUMENTS + 1];
	char	  **argv = arguments;
	int			argc = split_arguments(argv);
	MemoryContext caller;

	for (int i = 0; i < lengthof(targets); i++)
		if (strcmp(targets[i]->name, name) == 0)
			target = targets[i];
	if (target == NULL)
		elog(FATAL, "no target \"%s\"", name);
	input_context = addb_fuzz_context_create(TopMemoryContext, "input");
	caller = MemoryContextSwitchTo(addb_fuzz_context_create(TopMemoryContext, "prepared"));
	if (target->prepare != NULL)
		target->prepare(get_environment("ADDB_FUZZ_VECTORS"));
	MemoryContextSwitchTo(caller);
	release_signals();
	_exit(LLVMFuzzerRunDriver(&argc, &argv, run_input));
}
