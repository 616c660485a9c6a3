/*
 * jsonb_builder.h
 *	  Writes jsonb in its binary form from the leaves up.
 */
#ifndef ADDB_DYNAMODB_JSONB_BUILDER_H
#define ADDB_DYNAMODB_JSONB_BUILDER_H

#include "utils/jsonb.h"
#include "utils/numeric.h"

/*
 * One value in the form that its parent container holds: the type bits of its
 * JEntry and its bytes. The bytes are borrowed until the parent is made.
 */
typedef struct AddbJsonbValue
{
	JEntry		type;			/* JENTRY_IS... */
	uint32		len;
	const char *data;
} AddbJsonbValue;

extern AddbJsonbValue addb_jsonb_null(void);
extern AddbJsonbValue addb_jsonb_bool(bool value);
extern AddbJsonbValue addb_jsonb_string(const char *text, size_t len);
extern AddbJsonbValue addb_jsonb_numeric(Numeric value);

extern void addb_jsonb_start(void);
extern int	addb_jsonb_mark(void);
extern void addb_jsonb_push(AddbJsonbValue value);
extern void addb_jsonb_push_member(const char *name, size_t len,
								   AddbJsonbValue value);
extern void addb_jsonb_to_pairs(int mark);
extern AddbJsonbValue addb_jsonb_array(int mark);
extern AddbJsonbValue addb_jsonb_object(int mark);
extern int	addb_jsonb_count(AddbJsonbValue container);
extern Jsonb *addb_jsonb_finish(AddbJsonbValue value);

#endif							/* ADDB_DYNAMODB_JSONB_BUILDER_H */
