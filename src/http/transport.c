/*
 * transport.c
 *	  The backend's one libcurl multi handle and the only wait loop.
 *
 * libcurl tells through two callbacks which sockets it wants watched and when
 * its next timer is due (the "socket action" interface). The wait loop watches
 * those sockets together with the latch and postmaster death in a
 * WaitEventSet, so cancel, terminate, timeouts and barriers (DROP DATABASE in
 * another session waits for them) end or interrupt any wait at once.
 *
 * The wait event set lives as long as the backend and is built anew only when
 * a watched socket was closed: a request on a kept-alive connection then costs
 * no system call for it.
 *
 * libcurl may start a thread to resolve a name. A signal handler of PostgreSQL
 * must not run on it, so all signals are blocked from the moment when libcurl
 * says that it is about to resolve until it returns; the thread inherits that
 * mask.
 *
 * libcurl 7.88, which is Debian 12's, closes a socket that is not connected yet
 * without calling CURLOPT_CLOSESOCKETFUNCTION. So whenever it has lost interest
 * in a socket that has not carried a reply yet, a look at the inode tells
 * whether that is still there.
 */
#include "postgres.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/compat.h"
#include "core/guc.h"
#include "http/transport.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"

/* Events taken from one wait; the rest come with the next. */
#define MAX_EVENTS 16

/* Longest single wait, so that a lost wake-up cannot become a hang. */
#define MAX_WAIT_US (60 * INT64CONST(1000000))

typedef struct Watched
{
	curl_socket_t fd;
	int			wanted;			/* CURL_POLL_IN | CURL_POLL_OUT, 0: idle */
	int			watched;		/* what the wait event set has, 0: not there */
	int			position;		/* in the wait event set */
	bool		ours;			/* opened by addb_transport_open_socket */
	bool		fresh;			/* ours, and no reply has come over it yet */
	bool		doubtful;		/* may have been closed without a word */
	ino_t		inode;			/* of a socket of ours */
} Watched;

static CURLM *multi;
static Watched *sockets;
static int	nsockets;
static int	sockets_size;
static int	nfresh;
static bool any_doubtful;
static int64 timer = -1;		/* when libcurl wants to be called, or -1 */

static sigset_t saved_signals;	/* the mask before libcurl resolved a name */
static bool signals_blocked;

static WaitEventSet *wait_set;
static int	wait_set_free;		/* places left in it */
static bool wait_set_stale;		/* holds a socket that is closed or idle */

static void
restore_signals(void)
{
	if (signals_blocked)
		sigprocmask(SIG_SETMASK, &saved_signals, NULL);
	signals_blocked = false;
}

/*
 * addb_transport_resolving - CURLOPT_RESOLVER_START_FUNCTION
 *
 * Called before libcurl resolves a name that it has not cached, be it by a
 * thread or not.
 */
int
addb_transport_resolving(void *state, void *reserved, void *arg)
{
	sigset_t	all;

	if (!signals_blocked)
	{
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &saved_signals);
		signals_blocked = true;
	}
	return 0;
}

static Watched *
find_socket(curl_socket_t fd)
{
	for (int i = 0; i < nsockets; i++)
		if (sockets[i].fd == fd)
			return &sockets[i];
	return NULL;
}

/* A new entry, not yet wanted; NULL when memory has run out. */
static Watched *
add_socket(curl_socket_t fd, bool ours)
{
	Watched    *entry;

	if (nsockets == sockets_size)
	{
		int			size = sockets_size ? sockets_size * 2 : 16;
		Watched    *grown = realloc(sockets, size * sizeof(Watched));

		if (grown == NULL)
			return NULL;
		sockets = grown;
		sockets_size = size;
	}
	entry = &sockets[nsockets++];
	entry->fd = fd;
	entry->wanted = 0;
	entry->watched = 0;
	entry->ours = ours;
	entry->fresh = ours;
	nfresh += ours;
	entry->doubtful = false;
	return entry;
}

/*
 * Forgets a socket that is, or is about to be, closed. The kernel may give the
 * number to another file at once, so a wait event set that holds it must not
 * be used again.
 */
static void
forget_socket(Watched *entry)
{
	if (entry->watched != 0)
		wait_set_stale = true;
	nfresh -= entry->fresh;
	*entry = sockets[--nsockets];
}

/* Forgets a socket of ours that was closed without a word, and its count. */
static void
drop_socket(Watched *entry)
{
	forget_socket(entry);
	ReleaseExternalFD();
}

static bool
get_inode(curl_socket_t fd, ino_t *inode)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
		return false;
	*inode = status.st_ino;
	return true;
}

/* Finds out which of the doubtful sockets are closed. */
static void
drop_closed_sockets(void)
{
	if (!any_doubtful)
		return;
	any_doubtful = false;
	for (int i = nsockets - 1; i >= 0; i--)
	{
		Watched    *entry = &sockets[i];
		ino_t		inode;

		if (!entry->doubtful)
			continue;
		entry->doubtful = false;
		if (!get_inode(entry->fd, &inode) || inode != entry->inode)
			drop_socket(entry);
	}
}

/* A socket that has carried a reply is closed by the callback, always. */
static void
mark_used(CURL *easy)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	Watched    *entry;

	if (nfresh == 0 ||
		curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK)
		return;
	entry = find_socket(fd);
	if (entry != NULL)
	{
		nfresh -= entry->fresh;
		entry->fresh = false;
	}
}

/*
 * libcurl's word that it wants a socket watched; -1 makes it give up. The pair
 * of sockets by which a resolver thread reports is libcurl's own, closed
 * without a word right after it is no longer wanted.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	Watched    *entry = find_socket(fd);

	if (what == CURL_POLL_REMOVE)
	{
		if (entry != NULL && entry->ours)
		{
			entry->wanted = 0;
			if (entry->fresh)
				entry->doubtful = any_doubtful = true;
		}
		else if (entry != NULL)
			forget_socket(entry);
		return 0;
	}
	if (entry != NULL && entry->doubtful)
	{
		drop_closed_sockets();
		entry = find_socket(fd);
	}
	if (entry == NULL)
		entry = add_socket(fd, false);
	if (entry == NULL)
		return -1;
	entry->wanted = what;
	return 0;
}

static int
on_timer(CURLM *handle, long timeout_ms, void *arg)
{
	timer = timeout_ms < 0 ? -1 : addb_http_now() + (int64) timeout_ms * 1000;
	return 0;
}

/*
 * Enters a new socket; false when that is not possible. Its number may be that
 * of one which was closed without a word. What libcurl wants of it is then what
 * it wanted of the other, for it believes to have told us.
 */
static bool
take_socket(curl_socket_t fd)
{
	Watched    *entry = find_socket(fd);
	int			wanted = 0;
	ino_t		inode;

	if (entry != NULL)
	{
		wanted = entry->wanted;
		if (entry->ours)
			drop_socket(entry);
		else
			forget_socket(entry);
	}
	if (!get_inode(fd, &inode))
		return false;
	entry = add_socket(fd, true);
	if (entry == NULL)
		return false;
	entry->wanted = wanted;
	entry->inode = inode;
	entry->doubtful = any_doubtful = true;
	return true;
}

/*
 * addb_transport_open_socket - CURLOPT_OPENSOCKETFUNCTION
 *
 * Counts the descriptor against max_files_per_process. AcquireExternalFD
 * closes cached files to make room but never raises.
 */
curl_socket_t
addb_transport_open_socket(void *arg, curlsocktype purpose,
						   struct curl_sockaddr *address)
{
	AddbHttpExchange *exchange = arg;
	curl_socket_t fd;

	drop_closed_sockets();
	if (!AcquireExternalFD())
	{
		exchange->no_descriptor = true;
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
				address->protocol);
	if (fd == CURL_SOCKET_BAD || !take_socket(fd))
	{
		if (fd != CURL_SOCKET_BAD)
			close(fd);
		ReleaseExternalFD();
		return CURL_SOCKET_BAD;
	}
	return fd;
}

/*
 * addb_transport_close_socket - CURLOPT_CLOSESOCKETFUNCTION
 */
int
addb_transport_close_socket(void *arg, curl_socket_t fd)
{
	Watched    *entry = find_socket(fd);

	if (entry != NULL)
		forget_socket(entry);
	ReleaseExternalFD();
	return close(fd);
}

static CURLMcode
configure_multi(CURLM *handle)
{
	CURLMcode	code;

	code = curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, on_socket);
	if (code == CURLM_OK)
		code = curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, on_timer);
	if (code == CURLM_OK)
		code = curl_multi_setopt(handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	return code;
}

/*
 * addb_transport_ready - makes the multi handle on first use
 *
 * Returns false when memory has run out.
 */
bool
addb_transport_ready(void)
{
	static bool initialised = false;
	CURLM	   *handle;

	if (multi == NULL)
	{
		if (!initialised)
			initialised = curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK;
		handle = initialised ? curl_multi_init() : NULL;
		if (handle != NULL && configure_multi(handle) != CURLM_OK)
		{
			curl_multi_cleanup(handle);
			handle = NULL;
		}
		if (handle == NULL)
			return false;
		multi = handle;

		/* The multi handle's own pair of descriptors (its wake-up socket). */
		ReserveExternalFD();
		ReserveExternalFD();
	}
	return curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
							 (long) addb_max_connections) == CURLM_OK;
}

/*
 * addb_transport_add - hands an exchange to libcurl; false when it refuses
 */
bool
addb_transport_add(AddbHttpExchange *exchange)
{
	if (curl_multi_add_handle(multi, exchange->easy) != CURLM_OK)
		return false;
	exchange->in_multi = true;
	return true;
}

/*
 * addb_transport_remove - takes an exchange back, closing what is in flight
 *
 * Never waits and never raises: it runs while a memory context is reset.
 */
void
addb_transport_remove(AddbHttpExchange *exchange)
{
	if (!exchange->in_multi)
		return;
	exchange->in_multi = false;
	curl_multi_remove_handle(multi, exchange->easy);
	drop_closed_sockets();
}

/* Lets libcurl act on a socket, or on its timers (CURL_SOCKET_TIMEOUT). */
static void
act(curl_socket_t fd, int events)
{
	int			running;
	CURLMcode	code;

	code = curl_multi_socket_action(multi, fd, events, &running);
	restore_signals();
	drop_closed_sockets();
	if (code != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not drive HTTP requests: %s",
						curl_multi_strerror(code))));
}

/* Lets libcurl act on its timers if one is due. */
static void
act_on_timer(int64 now)
{
	if (timer < 0 || timer > now)
		return;
	timer = -1;
	act(CURL_SOCKET_TIMEOUT, 0);
}

/*
 * addb_transport_begin - sends what addb_transport_add has handed over
 *
 * As far as that goes without waiting: to the end on a connection that is kept
 * alive, unless the request is larger than its buffer.
 */
void
addb_transport_begin(void)
{
	act_on_timer(addb_http_now());
}

/* Gives finished exchanges their outcome. */
static void
collect_finished(void)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
	{
		CURLcode	result = message->data.result;
		AddbHttpExchange *exchange = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
						  (char **) &exchange);
		if (result == CURLE_OK)
			mark_used(exchange->easy);
		addb_exchange_done(exchange, result);
		addb_transport_remove(exchange);
	}
}

static uint32
to_wait_events(int curl_events)
{
	return ((curl_events & CURL_POLL_IN) ? WL_SOCKET_READABLE : 0) |
		((curl_events & CURL_POLL_OUT) ? WL_SOCKET_WRITEABLE : 0);
}

static void
rebuild_wait_set(void)
{
	int			size = 2 + Max(2 * nsockets, MAX_EVENTS);

	/* until the end, so that an error on the way is not built upon */
	wait_set_stale = true;
	if (wait_set != NULL)
	{
		FreeWaitEventSet(wait_set);
		wait_set = NULL;
	}
	for (int i = 0; i < nsockets; i++)
		sockets[i].watched = 0;
	wait_set = addb_create_wait_event_set(size);
	AddWaitEventToSet(wait_set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(wait_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	wait_set_free = size - 2;
	wait_set_stale = false;
}

/* Brings the wait event set in line with what libcurl wants watched. */
static void
update_wait_set(void)
{
	int			missing = 0;

	for (int i = 0; i < nsockets; i++)
		missing += sockets[i].wanted != 0 && sockets[i].watched == 0;
	if (wait_set == NULL || wait_set_stale || missing > wait_set_free)
		rebuild_wait_set();
	for (int i = 0; i < nsockets; i++)
	{
		Watched    *entry = &sockets[i];

		if (entry->wanted == 0 || entry->wanted == entry->watched)
			continue;
		wait_set_stale = true;
		if (entry->watched != 0)
			ModifyWaitEvent(wait_set, entry->position,
							to_wait_events(entry->wanted), NULL);
		else
		{
			entry->position = AddWaitEventToSet(wait_set,
												to_wait_events(entry->wanted),
												entry->fd, NULL, NULL);
			wait_set_free--;
		}
		entry->watched = entry->wanted;
		wait_set_stale = false;
	}
}

static void
on_event(const WaitEvent *event)
{
	Watched    *entry;
	int			events = 0;

	if (event->events & WL_LATCH_SET)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		return;
	}
	entry = find_socket(event->fd);
	if (entry == NULL)
		return;

	/* An idle connection that the server has closed: stop watching it. */
	if (entry->wanted == 0)
	{
		wait_set_stale = true;
		return;
	}
	if (event->events & WL_SOCKET_READABLE)
		events |= CURL_CSELECT_IN;
	if (event->events & WL_SOCKET_WRITEABLE)
		events |= CURL_CSELECT_OUT;
	act(entry->fd, events);
}

/* Waits for sockets, latch or the given moment, and lets libcurl act. */
static void
wait_once(int64 until)
{
	static uint32 wait_event = 0;
	WaitEvent	events[MAX_EVENTS];
	int64		timeout = until - addb_http_now();
	int			n;

	if (wait_event == 0)
		wait_event = addb_wait_event_new("AtomicDynamodbRequest");
	update_wait_set();
	timeout = Max(timeout, 0);
	timeout = Min(timeout, MAX_WAIT_US);
	n = WaitEventSetWait(wait_set, (long) ((timeout + 999) / 1000), events,
						 MAX_EVENTS, wait_event);
	for (int i = 0; i < n; i++)
		on_event(&events[i]);
}

static bool
any_done(AddbHttpExchange *const *exchanges, int n)
{
	for (int i = 0; i < n; i++)
		if (exchanges[i]->outcome != ADDB_HTTP_PENDING)
			return true;
	return false;
}

/*
 * addb_http_wait - waits until one of the exchanges is done
 *
 * deadline is a moment of addb_http_now, or -1 for none: every exchange ends by
 * its own timeout. Returns whether one is done; false means that the deadline
 * has passed. With n = 0 it is a sleep during which all requests in flight
 * make progress. Raises whatever interrupt arrives (57014, 57P01 ...); the
 * exchanges are then their owners' to release.
 */
bool
addb_http_wait(AddbHttpExchange *const *exchanges, int n, int64 deadline)
{
	Assert(n > 0 || deadline >= 0);

	CHECK_FOR_INTERRUPTS();
	if (!addb_transport_ready())
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	for (;;)
	{
		int64		now = addb_http_now();
		int64		until = deadline < 0 ? now + MAX_WAIT_US : deadline;

		act_on_timer(now);
		collect_finished();
		if (any_done(exchanges, n))
			return true;
		if (deadline >= 0 && now >= deadline)
			return false;
		if (timer >= 0)
			until = Min(until, timer);
		wait_once(until);
	}
}
