/*
 * secondary.h
 *	  The keys of secondary indexes that a write has to set or remove.
 */
#ifndef ADDB_ENTITY_SECONDARY_H
#define ADDB_ENTITY_SECONDARY_H

#include "entity/key.h"

/* What an update does to an attribute. */
typedef enum AddbEntityTouch
{
	ADDB_UNTOUCHED,
	ADDB_TOUCH_SET,				/* its new value is known */
	ADDB_TOUCH_UNKNOWN,			/* it is not */
	ADDB_TOUCH_REMOVED
} AddbEntityTouch;

typedef enum AddbEntityKeyAction
{
	ADDB_KEY_LEAVE,
	ADDB_KEY_SET,
	ADDB_KEY_REMOVE
} AddbEntityKeyAction;

/* By the number of the key field: what to do, and with which key. */
typedef struct AddbEntityKeyPlan
{
	AddbEntityKeyAction action;
	const AddbEntityKey *key;
} AddbEntityKeyPlan;

extern AddbEntityKeyPlan *addb_entity_plan_put(const AddbEntityModel *model,
											   AddbEntityValues values);
extern AddbEntityKeyPlan *addb_entity_plan_update(const AddbEntityModel *model,
												  AddbEntityValues known,
												  const AddbEntityTouch *touched);

#endif							/* ADDB_ENTITY_SECONDARY_H */
