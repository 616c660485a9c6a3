/*
 * error.h
 *	  What DynamoDB answers instead of a result, and how that is raised.
 *
 * error.c reads an error reply, error_table.c maps DynamoDB's error types to
 * SQLSTATEs, error_raise.c raises.
 */
#ifndef ADDB_DYNAMODB_ERROR_H
#define ADDB_DYNAMODB_ERROR_H

#include "core/json.h"

/* TransactWriteItems takes 100 actions, and a reason answers each. */
#define ADDB_ERROR_MAX_REASONS 100

/*
 * Characters of remote text that are kept: DynamoDB's longest messages quote an
 * expression and stay below 2000.
 */
#define ADDB_ERROR_MAX_MESSAGE 2000

/* What kind of refusal a reason is. */
typedef enum AddbRefusal
{
	ADDB_REFUSAL_NONE,			/* the action was not refused */
	ADDB_REFUSAL_CONDITION,		/* its condition was not met */
	ADDB_REFUSAL_CONFLICT,		/* may pass another time */
	ADDB_REFUSAL_THROTTLED,		/* may pass another time */
	ADDB_REFUSAL_INVALID,		/* it can never pass */
	ADDB_REFUSAL_OTHER
} AddbRefusal;

/* Why one action of a cancelled transaction was refused. */
typedef struct AddbCancellationReason
{
	char	   *code;			/* "None": it was not; "" if not told */
	char	   *message;		/* or NULL */
	AddbJsonSlice item;			/* JSON of the item found; len 0: none told */
} AddbCancellationReason;

/*
 * An error reply. Every text is in the server's encoding, free of control
 * characters, and bounded; JSON slices are UTF-8 as received.
 */
typedef struct AddbServiceError
{
	int			status;			/* HTTP status */
	char	   *code;			/* bare type name, or NULL */
	char	   *message;		/* "" if not told; NULL: no JSON object */
	char	   *request_id;		/* or NULL */
	char	   *excerpt;		/* start of a body that is not DynamoDB's (it has
								 * no code), else NULL */
	AddbCancellationReason *reasons;	/* one an action, in order */
	int			nreasons;
	AddbJsonSlice item;			/* of a ConditionalCheckFailedException; len
								 * 0: none told */
	bool		settles;		/* it answers for the attempts before it, too:
								 * see addb_error_unwrap */
} AddbServiceError;

/* The call that failed, as far as its error depends on it. */
typedef struct AddbErrorContext
{
	const char *operation;		/* "PutItem" */
	const char *table;			/* or NULL */
	const char *arguments;		/* SQL arguments behind it, or NULL */
	const char *preface;		/* what the DETAIL begins with, or NULL */
	int			attempts;		/* made in all, from 1 */
	bool		is_write;
	bool		is_create;		/* its condition: the item does not exist; of a
								 * transaction: only such were not met */
	bool		unsettled;		/* an EARLIER attempt of this write was sent and
								 * left without an answer that settles it */
	bool		token_expired;	/* so long ago that its token does not, either */
	const char *unknown_hint;	/* HINT of 08007; NULL: to look */
	void		(*add_context) (const void *arg);	/* more lines of CONTEXT for
													 * 08007, or NULL */
	const void *context_arg;
	const char *server;			/* the foreign server that it went by, or NULL */
	const char *request_id;		/* of a failure of the transport, or NULL */
	const char *rows;			/* the DETAIL instead of what the service says, or
								 * NULL; that is in the CONTEXT then */
} AddbErrorContext;

/* How an attempt ended without a usable answer. */
typedef enum AddbTransportFailure
{
	ADDB_TRANSPORT_NOT_CONNECTED,	/* no connection or no TLS: nothing sent */
	ADDB_TRANSPORT_TIMED_OUT,
	ADDB_TRANSPORT_CUT_OFF,
	ADDB_TRANSPORT_TOO_LARGE,	/* answer above our limit */
	ADDB_TRANSPORT_GARBAGE,		/* answer is not HTTP, or 200 without JSON */
	ADDB_TRANSPORT_BAD_CHECKSUM,
	ADDB_TRANSPORT_BAD_CA_FILE, /* no TLS: nothing sent */
	ADDB_TRANSPORT_BAD_CERTIFICATE, /* the same */
	ADDB_TRANSPORT_BAD_TLS_VERSION	/* the same */
} AddbTransportFailure;

/* error.c */
extern char *addb_error_text(const char *text, size_t len, int max_chars);
extern AddbRefusal addb_error_refusal(const AddbCancellationReason *reason);
extern bool addb_error_may_pass(const AddbServiceError *error, bool *throttled);
extern AddbServiceError *addb_error_parse(int status, const char *request_id,
										  const char *error_type,
										  const char *body, size_t len);
extern void addb_error_unwrap(AddbServiceError *error);

/* error_raise.c */
extern bool addb_error_leaves_open(const AddbServiceError *error);
extern int	addb_error_sqlstate(const AddbServiceError *error,
								const AddbErrorContext *context);
extern int	addb_error_transport_sqlstate(AddbTransportFailure failure,
										  const AddbErrorContext *context);
extern _Noreturn void addb_error_raise(const AddbServiceError *error,
									   const AddbErrorContext *context);
extern _Noreturn void addb_error_raise_transport(AddbTransportFailure failure,
												 const char *text,
												 const AddbErrorContext *context);

#endif							/* ADDB_DYNAMODB_ERROR_H */
