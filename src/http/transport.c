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
 */
#include "postgres.h"

#include <signal.h>

#include "core/compat.h"
#include "http/sockets.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"

/*
 * Connections of a session, those kept alive included. As many as one statement
 * can have requests in flight with a purpose: a scan has 64 segments, a batch job
 * 64 requests. Several cursors of that kind share them; what finds none free
 * waits in libcurl until one is. All of them are kept alive, or those beyond
 * would be closed and made again with every request.
 */
#define MAX_CONNECTIONS 64L

/* Events taken from one wait; the rest come with the next. */
#define MAX_EVENTS 16

/* Longest single wait, so that a lost wake-up cannot become a hang. */
#define MAX_WAIT_US (60 * INT64CONST(1000000))

static CURLM *multi;
static int64 timer = -1;		/* when libcurl wants to be called, or -1 */

static sigset_t saved_signals;	/* the mask before libcurl resolved a name */
static bool signals_blocked;

static WaitEventSet *wait_set;
static int	wait_set_free;		/* places left in it */
static pgsocket guest = PGINVALID_SOCKET;	/* of addb_http_wait_for */

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

static int
on_timer(CURLM *handle, long timeout_ms, void *arg)
{
	timer = timeout_ms < 0 ? -1 : addb_http_now() + (int64) timeout_ms * 1000;
	return 0;
}

static CURLMcode
configure_multi(CURLM *handle)
{
	CURLMcode	code;

	code = curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, addb_socket_on_wanted);
	if (code == CURLM_OK)
		code = curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, on_timer);
	if (code == CURLM_OK)
		code = curl_multi_setopt(handle, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	if (code == CURLM_OK)
		code = curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, MAX_CONNECTIONS);
	if (code == CURLM_OK)
		code = curl_multi_setopt(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, MAX_CONNECTIONS);
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
	return true;
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
	addb_sockets_drop_closed();
}

/* Lets libcurl act on a socket, or on its timers (CURL_SOCKET_TIMEOUT). */
static void
act(curl_socket_t fd, int events)
{
	int			running;
	CURLMcode	code;

	code = curl_multi_socket_action(multi, fd, events, &running);
	restore_signals();
	addb_sockets_drop_closed();
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
			addb_socket_mark_used(exchange->easy);
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
	int			size = 3 + Max(2 * addb_nsockets, MAX_EVENTS);

	/* until the end, so that an error on the way is not built upon */
	addb_wait_set_stale = true;
	if (wait_set != NULL)
	{
		FreeWaitEventSet(wait_set);
		wait_set = NULL;
	}
	for (int i = 0; i < addb_nsockets; i++)
		addb_sockets[i].watched = 0;
	wait_set = addb_create_wait_event_set(size);
	AddWaitEventToSet(wait_set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	if (IsUnderPostmaster)
		AddWaitEventToSet(wait_set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	if (guest != PGINVALID_SOCKET)
		AddWaitEventToSet(wait_set, WL_SOCKET_READABLE, guest, NULL, NULL);
	wait_set_free = size - 3;
	addb_wait_set_stale = false;
}

/* Brings the wait event set in line with what libcurl wants watched. */
static void
update_wait_set(void)
{
	int			missing = 0;

	for (int i = 0; i < addb_nsockets; i++)
		missing += addb_sockets[i].wanted != 0 && addb_sockets[i].watched == 0;
	if (wait_set == NULL || addb_wait_set_stale || missing > wait_set_free)
		rebuild_wait_set();
	for (int i = 0; i < addb_nsockets; i++)
	{
		AddbSocket *entry = &addb_sockets[i];

		if (entry->wanted == 0 || entry->wanted == entry->watched)
			continue;
		addb_wait_set_stale = true;
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
		addb_wait_set_stale = false;
	}
}

static void
on_event(const WaitEvent *event)
{
	AddbSocket *entry;
	int			events = 0;

	if (event->events & WL_LATCH_SET)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		return;
	}
	entry = addb_socket_find(event->fd);
	if (entry == NULL)
		return;

	/* An idle connection that the server has closed: stop watching it. */
	if (entry->wanted == 0)
	{
		addb_wait_set_stale = true;
		return;
	}
	if (event->events & WL_SOCKET_READABLE)
		events |= CURL_CSELECT_IN;
	if (event->events & WL_SOCKET_WRITEABLE)
		events |= CURL_CSELECT_OUT;
	act(entry->fd, events);
}

static uint32
wait_event(AddbHttpWait wait)
{
	static const char *const names[] = {
		[ADDB_HTTP_WAIT_REQUEST] = "AtomicDynamodbRequest",
		[ADDB_HTTP_WAIT_RETRY] = "AtomicDynamodbRetry",
		[ADDB_HTTP_WAIT_PACING] = "AtomicDynamodbPacing",
		[ADDB_HTTP_WAIT_POLL] = "AtomicDynamodbPoll",
		[ADDB_HTTP_WAIT_CREDENTIALS] = "AtomicDynamodbCredentials"
	};
	static uint32 events[lengthof(names)];

	if (events[wait] == 0)
		events[wait] = addb_wait_event_new(names[wait]);
	return events[wait];
}

/* Waits for sockets, latch or the given moment, and lets libcurl act. */
static void
wait_once(AddbHttpWait wait, int64 until)
{
	WaitEvent	events[MAX_EVENTS];
	int64		timeout = until - addb_http_now();
	int			n;

	update_wait_set();
	timeout = Max(timeout, 0);
	timeout = Min(timeout, MAX_WAIT_US);
	n = WaitEventSetWait(wait_set, (long) ((timeout + 999) / 1000), events,
						 MAX_EVENTS, wait_event(wait));
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
 * addb_http_wait_as - waits until one of the exchanges is done
 *
 * wait is the name of the wait.  * deadline is a moment of addb_http_now, or -1 for
 * none: every exchange ends by its own timeout. Returns whether one is done;
 * false means that the deadline has passed. With n = 0 it is a sleep during which all requests in flight
 * make progress. Raises whatever interrupt arrives (57014, 57P01 ...); the
 * exchanges are then their owners' to release.
 */
bool
addb_http_wait_as(AddbHttpWait wait, AddbHttpExchange *const *exchanges, int n,
				  int64 deadline)
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
		wait_once(wait, until);
	}
}

/*
 * addb_http_wait_for - waits until a descriptor of the caller's can be read
 *
 * Or until the latch is set, the deadline (of addb_http_now) has passed, or an
 * exchange has moved on: the caller looks for itself what has happened, and
 * comes back. fd may be -1, for the latch alone. All requests in flight make
 * progress. Raises interrupts as addb_http_wait_as does.
 */
void
addb_http_wait_for(int fd, int64 deadline)
{
	int64		now = addb_http_now();

	CHECK_FOR_INTERRUPTS();
	act_on_timer(now);
	if (multi != NULL)
		collect_finished();
	guest = fd;
	addb_wait_set_stale = true;
	PG_TRY();
	{
		wait_once(ADDB_HTTP_WAIT_CREDENTIALS, timer >= 0 ? Min(deadline, timer) : deadline);
	}
	PG_FINALLY();
	{
		guest = PGINVALID_SOCKET;
		addb_wait_set_stale = true;
	}
	PG_END_TRY();
}

/*
 * addb_http_poll - lets all requests in flight go on, without waiting
 *
 * For whoever is busy with something else while they are under way. Raises
 * interrupts as addb_http_wait_as does.
 */
void
addb_http_poll(void)
{
	int64		now = addb_http_now();

	CHECK_FOR_INTERRUPTS();
	if (multi == NULL)
		return;
	wait_once(ADDB_HTTP_WAIT_REQUEST, now);
	act_on_timer(now);
	collect_finished();
}
