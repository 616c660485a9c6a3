/*
 * transact_action.h
 *	  What the compilers of actions share: reading an action's members, and the
 *	  key that it is about.
 */
#ifndef ADDB_DYNAMODB_TRANSACT_ACTION_H
#define ADDB_DYNAMODB_TRANSACT_ACTION_H

#include "dynamodb/transact.h"

/* Sets of operations. */
#define ADDB_OPS(op) (1 << (op))
#define ADDB_OPS_PUT (ADDB_OPS(ADDB_TRANSACT_PUT) | ADDB_OPS(ADDB_TRANSACT_CREATE))
#define ADDB_OPS_UPDATE (ADDB_OPS(ADDB_TRANSACT_UPDATE) | \
	ADDB_OPS(ADDB_TRANSACT_UPSERT) | ADDB_OPS(ADDB_TRANSACT_PATCH))
#define ADDB_OPS_DELETE (ADDB_OPS(ADDB_TRANSACT_DELETE) | ADDB_OPS(ADDB_TRANSACT_REMOVE))
#define ADDB_OPS_CHECK ADDB_OPS(ADDB_TRANSACT_CHECK)
#define ADDB_OPS_GET ADDB_OPS(ADDB_TRANSACT_GET)
#define ADDB_OPS_WRITE (ADDB_OPS_PUT | ADDB_OPS_UPDATE | ADDB_OPS_DELETE | ADDB_OPS_CHECK)
#define ADDB_OPS_ALL (ADDB_OPS_WRITE | ADDB_OPS_GET)

/* A member that an action may have. */
typedef struct AddbTransactMember
{
	const char *name;
	enum jbvType type;			/* jbvString, jbvObject or jbvArray; jbvBinary:
								 * any of them */
	int			ops;			/* that may have it */
	int			required;		/* that must */
	bool		nullable;		/* null is absence: nothing would be written or
								 * left unasked that was not to be */
} AddbTransactMember;

extern void addb_transact_read_members(const AddbTransactAction *action,
									   const AddbTransactMember *members,
									   int n, JsonbValue *values);
extern bool addb_transact_key_fits(AddbTransaction *transaction,
								   const char *table,
								   const AddbKeySchema *schema,
								   AddbKeyHolder holder, int start);
extern void addb_transact_take_key(AddbTransaction *transaction,
								   AddbTransactAction *action,
								   const char *table,
								   const AddbKeySchema *schema,
								   AddbKeyHolder holder, int start);
extern const char *addb_transact_op_name(AddbTransactOp op);
extern const char *addb_transact_wire_name(AddbTransactOp op);
extern bool addb_transact_returns_item(const AddbTransactAction *action,
									   const JsonbValue *response);
extern bool addb_transact_find_op(const JsonbValue *name, AddbTransactOp *op);
extern char *addb_transact_op_names(void);

#endif							/* ADDB_DYNAMODB_TRANSACT_ACTION_H */
