/*
 * call.h
 *	  The inside of a call, which is for client.c, attempt.c, call.c and request.c.
 */
#ifndef ADDB_DYNAMODB_CALL_H
#define ADDB_DYNAMODB_CALL_H

#include "dynamodb/account.h"
#include "dynamodb/client.h"
#include "dynamodb/retry.h"
#include "dynamodb/uuid.h"
#include "http/http.h"

/* A token is good for 10 minutes; one is kept for the clocks. */
#define ADDB_TOKEN_LIFE_MS (9 * 60 * 1000)

typedef enum CallState
{
	CALL_SENDING,
	CALL_PAUSING,				/* until send_at */
	CALL_SUCCEEDED,
	CALL_FAILED
} CallState;

struct AddbCall
{
	MemoryContext context;		/* this struct and all that it points to */
	MemoryContext attempt;		/* the request headers of the attempt; for the
								 * first one that is context itself */
	AddbRequest request;
	CallState	state;
	AddbHttpExchange *exchange;
	uint64		target;			/* where it goes; these three as in AddbAwsConfig, */
	uint64		signer;			/* of the last attempt */
	uint64		generation;
	uint64		identity;		/* as in AddbAwsConfig, of all attempts */
	char	   *server;			/* the foreign server's name, or NULL */
	AddbRetryState retry;
	int64		send_at;		/* a moment of addb_http_now */
	int64		sent_ms;		/* wall clock, for clock skew */
	int64		started;		/* by addb_http_now */
	int64		first_sent;		/* when the write may have been sent first: by this
								 * call, or by one that it repeats */
	char		invocation_id[ADDB_UUID_LEN + 1];
	double		reserved;		/* capacity units, by addb_pace_reserve */
	bool		paced;			/* reserved is not settled yet */
	bool		renewing;		/* pauses to ask for other credentials */
	bool		renewed;		/* has done so */
	bool		unsettled;		/* an earlier attempt's outcome is unknown */
	AddbVerdict verdict;		/* on the last attempt, when it has failed */
	AddbServiceError *error;	/* the last attempt's, or NULL */
	AddbTransportFailure failure;	/* when failed and error is NULL */
	char	   *failure_text;
	char	   *request_id;	/* of that failure, if headers came, or NULL */
	AddbAccount account;
};

extern int64 addb_call_age_ms(const AddbCall *call);
extern int	addb_call_sqlstate(const AddbCall *call);
extern char *addb_call_header_id(const AddbHttpExchange *exchange);

#endif							/* ADDB_DYNAMODB_CALL_H */
