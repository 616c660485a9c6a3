/*
 * update.h
 *	  An UpdateExpression in the making.
 */
#ifndef ADDB_ENTITY_UPDATE_H
#define ADDB_ENTITY_UPDATE_H

#include "entity/secondary.h"
#include "entity/where.h"

typedef enum AddbEntityOperator
{
	ADDB_OPERATOR_SET,
	ADDB_OPERATOR_REMOVE,
	ADDB_OPERATOR_ADD,
	ADDB_OPERATOR_SUBTRACT,
	ADDB_OPERATOR_APPEND,
	ADDB_OPERATOR_DELETE,
	ADDB_OPERATOR_IF_NOT_EXISTS,
	ADDB_OPERATOR_COMPOSITE,
	ADDB_OPERATOR_DATA,
	ADDB_OPERATOR_TEXT			/* value has several, as DynamoDB writes them */
} AddbEntityOperator;

typedef struct AddbEntityUpdate
{
	const AddbEntityModel *model;
	AddbExpressions *expressions;
	const char *name;			/* what messages call its actions, or NULL */
	StringInfoData set;			/* actions of each clause, joined by commas */
	StringInfoData remove;
	StringInfoData add;
	StringInfoData delete;
	AddbEntityTouch *touched;	/* by attribute */
	AddbEntityValues values;	/* that attributes are set to */
} AddbEntityUpdate;

/* One action: an operator on a path. */
typedef struct AddbEntityAction
{
	AddbEntityOperator op;
	AddbText	path;
	const JsonbValue *value;	/* or NULL */
	const JsonbValue *ref;		/* path of the attribute to copy, or NULL */
	const JsonbValue *fallback; /* where the attribute is missing, or NULL */
	bool		of_data;		/* of the operator "data" */
	bool		same_type;		/* ref must have the type of the attribute */
	bool		bare;			/* nothing is taken for a missing attribute: then
								 * DynamoDB refuses */
} AddbEntityAction;

/* in update.c */
extern void addb_entity_update_begin(AddbEntityUpdate *update,
									 const AddbEntityModel *model,
									 AddbExpressions *expressions,
									 const char *name);
extern void addb_entity_update_set(AddbEntityUpdate *update,
								   const AddbEntityAttribute *attribute,
								   const JsonbValue *value,
								   bool only_if_missing,
								   bool defaults);
extern void addb_entity_update_identity(AddbEntityUpdate *update);
extern void addb_entity_update_keys(AddbEntityUpdate *update,
									const AddbEntityKeyPlan *plans,
									AddbEntityValues known, bool of_attributes);
extern void addb_entity_update_finish(AddbEntityUpdate *update,
									  StringInfo body);
extern void addb_entity_update_remove(AddbEntityUpdate *update, const char *path);
extern StringInfo addb_entity_update_next(StringInfo clause);

/* in update_action.c */
extern bool addb_entity_action_is_once(const AddbEntityAction *action);
extern void addb_entity_update_act(AddbEntityUpdate *update,
								   const AddbEntityAction *action);

/* in update_chain.c */
typedef void (*AddbEntityChainStep) (void *arg, const AddbEntityAction *action);
extern void addb_entity_read_chain(JsonbContainer *chain, const char *name,
								   AddbEntityChainStep step, void *arg);

/* in update_text.c */
extern void addb_entity_read_update(AddbEntityUpdate *update,
									const JsonbValue *text,
									AddbEntityChainStep step, void *arg);

#endif							/* ADDB_ENTITY_UPDATE_H */
