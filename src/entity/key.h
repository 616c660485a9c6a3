/*
 * key.h
 *	  Composes the keys of an entity from the values of its attributes.
 */
#ifndef ADDB_ENTITY_KEY_H
#define ADDB_ENTITY_KEY_H

#include "entity/model.h"

/*
 * The values that an operation gives for the attributes of a model, by their
 * numbers; NULL where it gives none.
 */
typedef const JsonbValue **AddbEntityValues;

/* How far a key goes that lacks composites, and what a complete one ends with. */
#define ADDB_KEY_LABEL 0x01		/* ends with the label of the first missing one */
#define ADDB_KEY_TAIL 0x02		/* complete: a template's trailing text */
#define ADDB_KEY_POSTFIX 0x04	/* complete: the entity, of a clustered key */
#define ADDB_KEY_FULL (ADDB_KEY_LABEL | ADDB_KEY_TAIL | ADDB_KEY_POSTFIX)

typedef struct AddbEntityKeyText
{
	AddbText	text;			/* as in js_string.h; len 0: there is no key */
	bool		is_number;
	bool		complete;		/* every composite was there */
} AddbEntityKeyText;

extern AddbEntityValues addb_entity_values(const AddbEntityModel *model);
extern AddbEntityKeyText addb_entity_key(const AddbEntityKey *key,
										 AddbEntityValues values, int flags);
extern int	addb_entity_key_supplied(const AddbEntityKey *key,
									 AddbEntityValues values);
extern bool addb_entity_key_is_stored(const AddbEntityKey *key,
									  AddbEntityValues values,
									  const AddbEntityKeyText *text);
extern void addb_entity_key_append(StringInfo out,
								   const AddbEntityKeyText *key);
extern AddbText addb_entity_text(const AddbEntityAttribute *attribute,
								 const JsonbValue *value);
extern void addb_entity_append_missing(StringInfo out, const AddbEntityKey *key,
									   AddbEntityValues values);
extern void addb_entity_require_composites(const AddbEntityIndex *index,
										   AddbEntityValues values,
										   bool with_sk);

#endif							/* ADDB_ENTITY_KEY_H */
