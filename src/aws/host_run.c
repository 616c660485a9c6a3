/*
 * host_run.c
 *	  Runs a program of this machine and takes its standard output.
 *
 * Why not OpenPipeStream: popen() asks a shell, and neither fread() nor pclose()
 * can be interrupted. Here the wait is that of the transport, so cancel,
 * terminate, timeouts and the postmaster's death end it, and with it the program
 * and whatever that has started: it leads a session, and a process group, of its
 * own. On Linux the kernel ends it even when the backend is killed. Requests to
 * DynamoDB that are in flight go on meanwhile.
 *
 * The program gets no input and none of the server's descriptors. What it writes
 * to its standard error is thrown away, for it may hold a secret and would end
 * up in messages or in the server's log.
 */
#include "postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "aws/host.h"
#include "http/http.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"

/* A reply with credentials is below 2 kB, so that this rarely has to grow. */
#define FIRST_SIZE 8192

typedef struct Program
{
	pid_t		pid;			/* 0: there is none, or it has been reaped */
	int			status;			/* of waitpid, once it has been reaped */
	int			output;			/* read end of the pipe; -1 once at its end */
	bool		counted;		/* output is known to AcquireExternalFD */
	bool		good;			/* text is its whole output */
	struct sigaction on_child;	/* the handler of SIGCHLD to put back */
	char	   *text;			/* palloc'd; wiped unless it is handed on */
	size_t		len;
	size_t		size;
} Program;

static void
on_child_ended(SIGNAL_ARGS)
{
	int			saved_errno = errno;

	SetLatch(MyLatch);
	errno = saved_errno;
}

static void
close_output(Program *program)
{
	if (program->output >= 0)
		close(program->output);
	program->output = -1;
	if (program->counted)
		ReleaseExternalFD();
	program->counted = false;
}

/* Waits for a program that has ended or is about to. */
static void
reap(Program *program)
{
	while (waitpid(program->pid, &program->status, 0) < 0 && errno == EINTR)
		;
	program->pid = 0;
}

/*
 * Leaves nothing behind: no program, no zombie, no descriptor, no secret. Also
 * the callback for the exit of the backend, hence its arguments.
 */
static void
clean_up(int code, Datum arg)
{
	Program    *program = (Program *) DatumGetPointer(arg);

	if (program->pid != 0)
	{
		/* The group may not exist yet, so the process itself as well. */
		kill(-program->pid, SIGKILL);
		kill(program->pid, SIGKILL);
		reap(program);
	}
	close_output(program);
	sigaction(SIGCHLD, &program->on_child, NULL);
	if (program->text != NULL)
		explicit_bzero(program->text, program->len);
}

/* Closes all but the three standard descriptors. */
static void
close_descriptors(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3, ~0U, 0) == 0)
		return;
#endif
	for (long fd = sysconf(_SC_OPEN_MAX); fd >= 3; fd--)
		close((int) fd);
}

/*
 * What the new process does: nothing but calls that are safe after a fork. It
 * never returns; the exit codes are those of a shell.
 */
static void
become(const char *const *argv, pid_t parent, int input, int output)
{
	struct sigaction by_default;
	sigset_t	none;

	setsid();
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
#endif
	memset(&by_default, 0, sizeof(by_default));
	by_default.sa_handler = SIG_DFL;
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &by_default, NULL);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
		dup2(input, STDERR_FILENO) < 0)
		_exit(126);
	close_descriptors();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], unconstify(char *const *, argv));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Starts the program; false with a problem when that is not possible. */
static bool
start(Program *program, const char *const *argv, const char **problem)
{
	int			ends[2];
	int			input = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t		parent = getpid();
	sigset_t	all;
	sigset_t	before;

	if (input < 0 || pipe(ends) < 0)
	{
		*problem = psprintf("it could not be given a pipe: %m");
		if (input >= 0)
			close(input);
		return false;
	}
	program->output = ends[0];

	/* No handler of the server may run in the new process. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	program->pid = fork();
	if (program->pid == 0)
		become(argv, parent, input, ends[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);

	if (program->pid < 0)
	{
		program->pid = 0;
		*problem = psprintf("no process could be made for it: %m");
	}
	close(input);
	close(ends[1]);
	fcntl(program->output, F_SETFD, FD_CLOEXEC);
	fcntl(program->output, F_SETFL, O_NONBLOCK);
	return program->pid != 0;
}

/* Doubles the room for text; the old room is not left with a secret. */
static void
enlarge(Program *program)
{
	size_t		size = Max(program->size * 2, FIRST_SIZE);
	char	   *text = palloc(size);

	if (program->text != NULL)
	{
		memcpy(text, program->text, program->len);
		explicit_bzero(program->text, program->len);
		pfree(program->text);
	}
	program->text = text;
	program->size = size;
}

/* Takes what is there without waiting; false when it is too much. */
static bool
take_output(Program *program)
{
	while (program->output >= 0)
	{
		ssize_t		got;

		if (program->size - program->len < 2)
			enlarge(program);
		got = read(program->output, program->text + program->len,
				   program->size - program->len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (got <= 0)
		{
			close_output(program);
			return true;
		}
		program->len += got;
		if (program->len > ADDB_HOST_FILE_MAX)
			return false;
	}
	return true;
}

/* Has the program ended? It is reaped then. */
static bool
has_ended(Program *program)
{
	if (waitpid(program->pid, &program->status, WNOHANG) != program->pid)
		return false;
	program->pid = 0;
	return true;
}

/*
 * Waits for the end of the program, which is not that of its output: what it has
 * left in the background may hold the pipe open. false with a problem when it
 * did not end well.
 */
static bool
wait_for(Program *program, int timeout, const char **problem)
{
	int64		deadline = addb_http_now() + (int64) timeout * 1000;

	for (;;)
	{
		bool		ended = has_ended(program);

		if (!take_output(program))
			*problem = psprintf("it wrote more than %d bytes", ADDB_HOST_FILE_MAX);
		else if (ended && program->status != 0)
			*problem = wait_result_to_str(program->status);
		else if (!ended && addb_http_now() >= deadline)
			*problem = psprintf("it did not end within %d ms", timeout);
		if (ended || *problem != NULL)
			return *problem == NULL;

		addb_http_wait_for(program->output, deadline);
	}
}

/*
 * addb_host_run - the standard output of a program, as AddbHost.run says
 *
 * argv[0] is looked for in PATH when it has no slash. What the program has left
 * in the background goes on; a program that is cut short is killed with all that
 * it has started.
 */
char *
addb_host_run(void *arg, const char *const *argv, int timeout,
			  size_t *len, const char **problem)
{
	Program		program = {.output = -1};
	struct sigaction on_child;
	char	   *text;

	*problem = NULL;
	addb_host_questions++;
	if (!AcquireExternalFD())
	{
		*problem = pstrdup("the server has no file descriptor left for it");
		return NULL;
	}
	program.counted = true;
	memset(&on_child, 0, sizeof(on_child));
	on_child.sa_handler = on_child_ended;
	on_child.sa_flags = SA_RESTART;
	sigaction(SIGCHLD, &on_child, &program.on_child);

	PG_ENSURE_ERROR_CLEANUP(clean_up, PointerGetDatum(&program));
	{
		enlarge(&program);
		program.good = start(&program, argv, problem) &&
			wait_for(&program, timeout, problem);
	}
	PG_END_ENSURE_ERROR_CLEANUP(clean_up, PointerGetDatum(&program));

	text = program.good ? program.text : NULL;
	if (text != NULL)
	{
		*len = program.len;
		text[program.len] = '\0';
		program.text = NULL;
	}
	clean_up(0, PointerGetDatum(&program));
	return text;
}
