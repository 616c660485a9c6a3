/*
 * transact.h
 *	  TransactWriteItems and TransactGetItems: up to 100 actions that are carried
 *	  out together or not at all.
 *
 * A transaction is built from a JSON array, then run. What an action becomes in
 * the request is up to a compiler, of which there is one for every kind of thing
 * that an action can be on; see AddbTransactCompiler.
 */
#ifndef ADDB_DYNAMODB_TRANSACT_H
#define ADDB_DYNAMODB_TRANSACT_H

#include "core/text.h"
#include "dynamodb/client.h"
#include "dynamodb/key.h"
#include "utils/jsonb.h"

/* DynamoDB's limit. */
#define ADDB_TRANSACT_MAX_ACTIONS 100

typedef enum AddbTransactOp
{
	ADDB_TRANSACT_PUT,
	ADDB_TRANSACT_CREATE,		/* a put of what is not there */
	ADDB_TRANSACT_UPDATE,
	ADDB_TRANSACT_UPSERT,
	ADDB_TRANSACT_PATCH,		/* an update of what is there */
	ADDB_TRANSACT_DELETE,
	ADDB_TRANSACT_REMOVE,		/* a delete of what is there */
	ADDB_TRANSACT_CHECK,		/* a condition and nothing else */
	ADDB_TRANSACT_GET			/* in transactions that read, where it is all */
} AddbTransactOp;

/* What the actions of a transaction are; there are two kinds. */
typedef struct AddbTransactKind
{
	const AddbOperation *operation;
	const char *argument;		/* of SQL, that the array is in */
	const char *noun;			/* what messages call an action */
	const char *arguments;		/* as in AddbRequest */
} AddbTransactKind;

extern const AddbTransactKind addb_transact_writing;
extern const AddbTransactKind addb_transact_reading;

typedef struct AddbTransactAction AddbTransactAction;
typedef struct AddbTransaction AddbTransaction;

/*
 * Makes jsonb of an item that DynamoDB returns for an action, palloc'd; NULL
 * when it is not to be shown. item is JSON, an object of AttributeValues.
 * *intact becomes false when it is malformed.
 */
typedef Jsonb *(*AddbTransactReader) (const AddbTransactAction *action,
									  const AddbJsonSlice *item, bool *intact);

struct AddbTransactAction
{
	const AddbTransactKind *kind;
	int			number;			/* in the array, from 1 */
	AddbTransactOp op;
	JsonbContainer *object;		/* as the user wrote it */

	/* what its compiler sets */
	const char *table;
	AddbTransactReader read;	/* NULL: items are shown as they are */
	void	   *read_arg;

	int			key_start;		/* its identity in the transaction's keys */
	int			key_len;
};

struct AddbTransaction
{
	const AddbTransactKind *kind;
	void	   *arg;			/* the caller's, for compilers */
	const char *preface;		/* as in AddbRequest, and of refusals here that
								 * would be DynamoDB's; or NULL */
	AddbTransactAction *actions;
	int			n;
	StringInfoData items;		/* JSON: the elements of TransactItems */
	StringInfoData keys;		/* the identities of what the actions are on */
	uint64		size;			/* bytes of items, the least that they can count */
	bool		again;			/* set by a compiler: what it knew of a table may
								 * have been old, and all actions are compiled
								 * once more */
};

/*
 * Appends an action to transaction->items, as {"Put": {...}}, checking all that
 * can be checked, and calls addb_transact_take_key. values are the action's
 * members, by the compiler's list of them: jbvNull where absent. What they point
 * to lies in the action. See transact_action.h.
 */
typedef void (*AddbTransactCompile) (AddbTransaction *transaction,
									 AddbTransactAction *action,
									 const JsonbValue *values);

/* Which actions a function compiles. The last of a list takes what is left. */
typedef struct AddbTransactCompiler
{
	const char *member;			/* those that have it; NULL: all */
	const struct AddbTransactMember *members;	/* that an action may have */
	int			nmembers;
	AddbTransactCompile compile;
	const char *preface;		/* of the transaction that has one, or NULL */
} AddbTransactCompiler;

/* What became of one action; the SQL type ddb_transact_item. */
typedef struct AddbTransactRow
{
	Jsonb	   *item;			/* or NULL */
	bool		rejected;
	const char *code;			/* "None": not refused; NULL: none told */
	const char *message;		/* or NULL */
} AddbTransactRow;

typedef struct AddbTransactResult
{
	bool		canceled;
	int			n;
	AddbTransactRow *rows;		/* one for each action, in order */
	AddbCall   *call;			/* that was cancelled, else NULL */
} AddbTransactResult;

/* in transact.c */
extern void addb_transact_build(AddbTransaction *transaction,
								const AddbTransactKind *kind,
								const AddbTransactCompiler *const *compilers,
								void *arg, Jsonb *actions);

extern const char *addb_transact_detail(const AddbTransaction *transaction,
										const char *text);

/* in transact_table.c */
extern const AddbTransactCompiler addb_transact_table;

/* in transact_run.c */
extern void addb_transact_run(const AddbTransaction *transaction,
							  AddbText token, AddbTransactResult *result);
extern _Noreturn void addb_transact_raise(const AddbTransaction *transaction,
										  const AddbTransactResult *result);

#endif							/* ADDB_DYNAMODB_TRANSACT_H */
