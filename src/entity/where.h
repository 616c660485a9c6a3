/*
 * where.h
 *	  Conditions on attributes, as data or as text.
 *
 *	{op: eq|ne|gt|gte|lt|lte|begins|contains|notContains|type|eqOrNotExists, attr, value}
 *	{op: eq|..., attr, ref}		{op: between, attr, from, to}
 *	{op: exists|notExists, attr}
 *	{op: and|or, args: [...]}	{op: not, arg}
 *	{op: compare, cmp: "="|"<>"|"<"|"<="|">"|">=", left, right} of operands
 *	{name: path} | {attr: path, value} | {escape: value} | {field: name} | {size: path}
 *
 * A text is DynamoDB's grammar with the names of the model.
 */
#ifndef ADDB_ENTITY_WHERE_H
#define ADDB_ENTITY_WHERE_H

#include "dynamodb/expression.h"
#include "entity/model.h"

/* A condition in the making; its clauses are joined by AND. */
typedef struct AddbEntityCondition
{
	const AddbEntityModel *const *models;	/* the first that has an attribute
											 * gives it */
	int			nmodels;
	AddbExpressions *expressions;
	const char *name;			/* what messages call it */
	StringInfoData text;
} AddbEntityCondition;

extern const char addb_entity_empty_where_hint[];
extern void addb_entity_condition_begin(AddbEntityCondition *condition,
										const AddbEntityModel *const *models,
										int nmodels,
										AddbExpressions *expressions,
										const char *name);
extern StringInfo addb_entity_condition_next(AddbEntityCondition *condition);
extern void addb_entity_condition_exists(AddbEntityCondition *condition,
										 const AddbEntityIndex *index,
										 bool exists);
extern void addb_entity_condition_identity(AddbEntityCondition *condition,
										   const AddbEntityModel *model);
extern void addb_entity_condition_where(AddbEntityCondition *condition,
										const JsonbValue *where);
extern void addb_entity_condition_finish(AddbEntityCondition *condition,
										 AddbExpressionKind kind,
										 StringInfo body);

/* in where_data.c, where_text.c */
extern void addb_entity_where_data(AddbEntityCondition *condition,
								   JsonbContainer *object, StringInfo out);
extern bool addb_entity_where_is_or(JsonbContainer *object);
extern void addb_entity_where_text(AddbEntityCondition *condition,
								   AddbText text, StringInfo out);

/* in where_value.c */
extern void addb_entity_where_value(AddbEntityCondition *condition,
									const AddbEntityAttribute *attribute,
									bool free,
									const char *op, const JsonbValue *value,
									const AddbEntityModel *model,
									StringInfo out);

#endif							/* ADDB_ENTITY_WHERE_H */
