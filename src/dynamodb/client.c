/*
 * client.c
 *	  Starts calls of DynamoDB and waits for them.
 *
 * A call is a small state machine: sending, pausing before the next attempt,
 * succeeded, failed. Nothing here blocks but addb_client_wait, which drives
 * all calls it is given; attempt.c is what moves them.
 */
#include "postgres.h"

#include "aws/config.h"
#include "common/pg_prng.h"
#include "core/guc.h"
#include "dynamodb/attempt.h"
#include "dynamodb/pace.h"
#include "dynamodb/stats.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* What this session may still consume, by addb_max_..._units. */
static AddbPace read_pace;
static AddbPace write_pace;

/* The ceiling for such a call in units per second, 0 for none, and its pace. */
static double
ceiling_of(const AddbCall *call, AddbPace **pace)
{
	bool		is_write = call->request.operation->is_write;

	*pace = is_write ? &write_pace : &read_pace;
	return is_write ? addb_max_write_units : addb_max_read_units;
}

/*
 * addb_call_consumed - counts the capacity units that a call has consumed
 *
 * To be called once, by whoever reads the reply; a call that fails has been
 * counted.
 */
void
addb_call_consumed(AddbCall *call, double units)
{
	AddbPace   *pace;
	double		ceiling = ceiling_of(call, &pace);

	if (call->request.operation->is_write)
		addb_stats.write_units += units;
	else
		addb_stats.read_units += units;
	call->account.units += units;
	if (call->paced && ceiling > 0)
		addb_pace_settle(pace, ceiling, call->reserved, units);
	call->paced = false;
}

/* When the call may be sent by its ceiling. */
static int64
reserve(AddbCall *call)
{
	AddbPace   *pace;
	double		ceiling = ceiling_of(call, &pace);

	if (ceiling <= 0)
		return call->started;
	call->paced = true;
	return addb_pace_reserve(pace, ceiling, call->started, &call->reserved);
}

/*
 * Sends the first attempt. To a write of which an earlier call has left an attempt
 * open it is another one: that it cannot be sent is no news of the write.
 */
static void
begin(AddbCall *call)
{
	const AddbAwsConfig *config;

	if (call->unsettled)
	{
		addb_attempt_again(call);
		return;
	}
	config = addb_aws_config_get();
	if (call->request.identity != 0 && call->request.identity != config->identity)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("DynamoDB %s cannot go on at another endpoint or with other credentials",
						call->request.operation->name),
				 errdetail("The settings or the foreign server have changed since it began.")));
	addb_attempt_send(call, config);
}

/*
 * addb_client_start - sends a request without waiting for its reply
 *
 * Under a ceiling of capacity it may be sent later, while somebody waits. The
 * call belongs to the memory context owner. Raises what the configuration
 * raises (28000, 22023; of a foreign server 42501, 42704, 42809), 55000 when
 * that is not request->identity, and out of memory; nothing was sent then. With
 * request->open_since such a call fails instead, its outcome unknown.
 */
AddbCall *
addb_client_start(const AddbRequest *request, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner, "atomic_dynamodb call",
												  ALLOCSET_DEFAULT_SIZES);
	AddbCall   *call = MemoryContextAllocZero(context, sizeof(AddbCall));
	uint64		random[2];

	call->context = context;
	call->request = *request;
	call->started = addb_http_now();
	call->first_sent = request->open_since != 0 ? request->open_since : call->started;
	call->unsettled = request->open_since != 0;
	addb_account_open(call);
	addb_retry_state_init(&call->retry);
	for (int i = 0; i < lengthof(random); i++)
		random[i] = pg_prng_uint64(&pg_global_prng_state);
	addb_uuid_format((const uint8 *) random, call->invocation_id);
	call->identity = request->identity;
	call->state = CALL_PAUSING;
	call->send_at = reserve(call);
	if (call->send_at <= call->started)
	{
		ErrorContextCallback context = {
			.previous = error_context_stack,
			.callback = addb_call_add_open_context,
			.arg = call
		};

		error_context_stack = &context;
		begin(call);
		error_context_stack = context.previous;
	}
	return call;
}

/* The calls that are waited for. */
typedef struct WaitedFor
{
	AddbCall   *const *calls;
	int			n;
} WaitedFor;

/* Of an interrupt: a write that it leaves behind may have been carried out. */
static void
add_in_flight_context(void *arg)
{
	const WaitedFor *waited = arg;

	for (int i = 0; i < waited->n; i++)
	{
		const AddbCall *call = waited->calls[i];

		if (call->request.operation->is_write && addb_call_is_open(call))
		{
			addb_call_add_open_context((void *) call);
			return;
		}
	}
}

/*
 * addb_client_may_catch - whether an error may be caught and life go on
 *
 * Those of the configuration and of replies are raised by us, with nothing
 * held that only the end of a transaction releases.
 */
bool
addb_client_may_catch(int sqlstate)
{
	return sqlstate == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
		sqlstate == ERRCODE_INVALID_PARAMETER_VALUE ||
		sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE ||
		sqlstate == ERRCODE_UNDEFINED_OBJECT ||
		sqlstate == ERRCODE_WRONG_OBJECT_TYPE ||
		sqlstate == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE ||
		sqlstate == ERRCODE_PROTOCOL_VIOLATION;
}

/*
 * addb_client_look - looks at what is stored after a write, where that is no error
 *
 * Calls look with arg. False when it has raised what is no news of the write, for
 * its caller has a better error to raise. Raises interrupts and what else must not
 * be passed over, with what the write has left open in the context.
 */
bool
addb_client_look(AddbCall *write, void (*look) (void *arg), void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorContextCallback *stack = error_context_stack;
	ErrorContextCallback context = {
		.previous = stack,
		.callback = addb_call_add_open_context,
		.arg = write
	};
	volatile bool done = true;

	error_context_stack = &context;
	PG_TRY();
	{
		look(arg);
	}
	PG_CATCH();
	{
		if (!addb_client_may_catch(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
		done = false;
	}
	PG_END_TRY();
	error_context_stack = stack;
	return done;
}

/* Lets a call do what it can without waiting. */
static void
advance(AddbCall *call)
{
	if (call->state == CALL_PAUSING && call->send_at <= addb_http_now())
	{
		if (call->account.attempts == 0)
			begin(call);
		else
			addb_attempt_again(call);
	}
	if (call->state == CALL_SENDING &&
		addb_http_outcome(call->exchange) != ADDB_HTTP_PENDING)
		addb_attempt_settle(call);
}

/* What a wait for these calls is called; for none, a pause between rounds. */
static AddbHttpWait
wait_of(AddbCall *const *calls, int n)
{
	AddbHttpWait wait = n > 0 ? ADDB_HTTP_WAIT_PACING : ADDB_HTTP_WAIT_RETRY;

	for (int i = 0; i < n; i++)
	{
		if (calls[i]->state == CALL_SENDING)
			return ADDB_HTTP_WAIT_REQUEST;
		if (calls[i]->account.attempts > 0)
			wait = ADDB_HTTP_WAIT_RETRY;
	}
	return wait;
}

/*
 * addb_client_wait_until - waits until a call is done or the deadline passes
 *
 * Drives all calls: sends what is due and settles what was answered. At most
 * ADDB_CLIENT_MAX_CALLS, which may be none. deadline is a moment of
 * addb_http_now, or -1 for none. Raises interrupts (57014, 57P01 ...) and what
 * the configuration raises; the calls are then their owners' to release.
 */
void
addb_client_wait_until(AddbCall *const *calls, int n, int64 deadline)
{
	AddbHttpExchange *exchanges[ADDB_CLIENT_MAX_CALLS];
	WaitedFor	waited = {calls, n};
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_in_flight_context,
		.arg = &waited
	};

	Assert(n <= ADDB_CLIENT_MAX_CALLS);
	error_context_stack = &context;
	for (;;)
	{
		int			pending = 0;
		int64		until = deadline;
		bool		done = false;

		for (int i = 0; i < n; i++)
		{
			AddbCall   *call = calls[i];

			advance(call);
			if (call->state == CALL_SENDING)
				exchanges[pending++] = call->exchange;
			else if (call->state == CALL_PAUSING)
				until = until < 0 ? call->send_at : Min(until, call->send_at);
			else
				done = true;
		}
		if (done || (deadline >= 0 && addb_http_now() >= deadline))
			break;
		addb_http_wait_as(wait_of(calls, n), exchanges, pending, until);
	}
	error_context_stack = context.previous;
}

/*
 * addb_client_wait - waits until at least one of the calls is done
 *
 * As addb_client_wait_until.
 */
void
addb_client_wait(AddbCall *const *calls, int n)
{
	addb_client_wait_until(calls, n, -1);
}

/*
 * addb_client_poll - lets calls go on as far as that goes without waiting
 *
 * For whoever has something else to do meanwhile, such as filling the next
 * batch: what has arrived is taken, what is due is sent. Any number of calls.
 * Raises as addb_client_wait_until.
 */
void
addb_client_poll(AddbCall *const *calls, int n)
{
	addb_http_poll();
	for (int i = 0; i < n; i++)
		advance(calls[i]);
}

/*
 * addb_client_sleep - waits, while calls under way make progress
 *
 * For the pauses between polls and rounds; wait is what it is called. Raises
 * interrupts.
 */
void
addb_client_sleep(AddbHttpWait wait, int64 microseconds)
{
	addb_http_wait_as(wait, NULL, 0, addb_http_now() + microseconds);
}

/*
 * addb_client_pause_round - waits before a cancelled transaction is tried again
 *
 * call was cancelled, in the round of this number, from 1; throttled: by
 * throttling, too. Raises interrupts, which tell what the call has left open.
 */
void
addb_client_pause_round(AddbCall *call, int round, bool throttled)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = addb_call_add_open_context,
		.arg = call
	};

	error_context_stack = &context;
	addb_client_sleep(ADDB_HTTP_WAIT_RETRY, (int64) 1000 *
					  addb_retry_canceled_delay(round, throttled,
												pg_prng_double(&pg_global_prng_state)));
	error_context_stack = context.previous;
}

/*
 * addb_client_call - starts a call and waits until it is done
 *
 * The caller looks whether it succeeded. Memory and errors as
 * addb_client_start and addb_client_wait.
 */
AddbCall *
addb_client_call(const AddbRequest *request, MemoryContext owner)
{
	AddbCall   *call = addb_client_start(request, owner);

	addb_client_wait(&call, 1);
	return call;
}

/*
 * addb_client_time - the service's time in seconds since 1970
 *
 * This machine's clock, corrected by what the last reply of the endpoint that
 * requests go to now said. Raises what the configuration raises.
 */
int64
addb_client_time(void)
{
	return addb_attempt_time(addb_peer_of(addb_aws_config_get()));
}
