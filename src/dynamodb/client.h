/*
 * client.h
 *	  Calls of DynamoDB: signed, retried, checked.
 *
 * A call is one operation with all its attempts. Several may be under way at
 * once; only this layer retries. A call lives in a memory context of its own,
 * whose end, by addb_call_release or by an error, abandons it.
 */
#ifndef ADDB_DYNAMODB_CLIENT_H
#define ADDB_DYNAMODB_CLIENT_H

#include "dynamodb/operation.h"
#include "dynamodb/outcome.h"
#include "http/http.h"

/* Calls that addb_client_wait takes at once: batches, a page and its next. */
#define ADDB_CLIENT_MAX_CALLS 72

/* What to call. Pointers stay the caller's until the call is released. */
typedef struct AddbRequest
{
	const AddbOperation *operation;
	const char *table;			/* for messages, or NULL */
	const char *body;			/* JSON in UTF-8 */
	size_t		body_len;
	bool		is_create;		/* a failed condition means "exists already" */
	AddbWriteKind kind;			/* of a write */
	const AddbOperation *carrier;	/* the transaction that the operation is sent
									 * as the only action of, or NULL */
	const char *carried;		/* then: the operation's own body */
	size_t		carried_len;
	uint64		identity;		/* addb_call_identity of the call that this one
								 * goes on from, or 0 */
	int64		open_since;		/* addb_call_open_since of the call of the same
								 * write, by the same token, that this one
								 * repeats, or 0 */
	const char *arguments;		/* for messages: the SQL arguments that went
								 * into it, each in double quotes; or NULL */
	const char *preface;		/* what the DETAIL of its errors begins with, or
								 * NULL */
} AddbRequest;

typedef struct AddbCall AddbCall;

extern AddbCall *addb_client_start(const AddbRequest *request,
								   MemoryContext owner);
extern void addb_client_wait(AddbCall *const *calls, int n);
extern void addb_client_wait_until(AddbCall *const *calls, int n,
								   int64 deadline);
extern void addb_client_poll(AddbCall *const *calls, int n);
extern void addb_client_sleep(AddbHttpWait wait, int64 microseconds);
extern void addb_client_pause_round(AddbCall *call, int round, bool throttled);
extern bool addb_client_may_catch(int sqlstate);
extern bool addb_client_look(AddbCall *write, void (*look) (void *arg), void *arg);
extern int64 addb_client_time(void);

extern uint64 addb_call_identity(const AddbCall *call);
extern bool addb_call_done(const AddbCall *call);
extern bool addb_call_succeeded(const AddbCall *call);
extern bool addb_call_is_open(const AddbCall *call);
extern bool addb_call_outcome_unknown(const AddbCall *call);
extern bool addb_call_was_unsettled(const AddbCall *call);
extern int64 addb_call_open_since(const AddbCall *call);
extern void addb_request_repeat(AddbRequest *request, const AddbCall *call);
extern bool addb_call_raises_unknown(const AddbCall *call);
extern bool addb_call_token_expired(const AddbCall *call);
extern bool addb_call_got_no_answer(const AddbCall *call);
extern void addb_call_add_open_context(void *call);
extern void addb_call_add_id_detail(void *call);
extern void addb_call_add_done_context(const AddbCall *call);
extern const AddbServiceError *addb_call_error(const AddbCall *call);
extern bool addb_call_failed_with(const AddbCall *call, const char *code);
extern const char *addb_call_request_id(const AddbCall *call);
extern const char *addb_call_id_note(const AddbCall *call);
extern const char *addb_call_body(const AddbCall *call, size_t *len);
extern void addb_call_consumed(AddbCall *call, double units);
extern _Noreturn void addb_call_raise(const AddbCall *call);
extern _Noreturn void addb_call_raise_canceled(const AddbCall *call,
												bool is_create,
												const char *rows);
extern _Noreturn void addb_call_raise_malformed(AddbCall *call);
extern void addb_call_release(AddbCall *call);

extern AddbCall *addb_client_call(const AddbRequest *request,
								  MemoryContext owner);

#endif							/* ADDB_DYNAMODB_CLIENT_H */
