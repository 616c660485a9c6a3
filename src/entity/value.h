/*
 * value.h
 *	  Checks values against the model and writes them as AttributeValues.
 */
#ifndef ADDB_ENTITY_VALUE_H
#define ADDB_ENTITY_VALUE_H

#include "entity/key.h"
#include "entity/model.h"

typedef struct AddbEntityWriter
{
	StringInfo	out;
	bool		defaults;		/* missing members get their defaults */
	bool		partial;		/* members that are required may be missing */
	int			index;			/* of the list element at hand, -1: none */
	StringInfoData reasons;		/* of what is wrong, joined by ", " */
	StringInfoData fields;		/* the same as JSON */
	int			nerrors;
} AddbEntityWriter;

extern void addb_entity_writer_init(AddbEntityWriter *writer, StringInfo out);
extern void addb_entity_write(AddbEntityWriter *writer,
							  const AddbEntityAttribute *attribute,
							  const JsonbValue *value);
extern void addb_entity_write_set(AddbEntityWriter *writer,
								  const AddbEntityAttribute *attribute,
								  const JsonbValue *value);
extern void addb_entity_check(const AddbEntityAttribute *attribute,
							  const JsonbValue *value);
extern void addb_entity_write_as_key(StringInfo out,
									 const AddbEntityModel *model,
									 const AddbEntityAttribute *attribute,
									 const JsonbValue *value, bool compared);
extern void addb_entity_complain(AddbEntityWriter *writer,
								 const AddbEntityAttribute *attribute,
								 const char *reason);
extern void addb_entity_complain_type(AddbEntityWriter *writer,
									  const AddbEntityAttribute *attribute,
									  const JsonbValue *value,
									  const char *expected);
extern const char *addb_entity_type_of(const JsonbValue *value);
extern void addb_entity_complain_required(AddbEntityWriter *writer,
										  const AddbEntityAttribute *attribute);
extern _Noreturn void addb_entity_refuse(const AddbEntityAttribute *attribute,
										 const char *reason);
extern void addb_entity_writer_raise(AddbEntityWriter *writer);
extern char *addb_entity_attribute_path(const AddbEntityAttribute *attribute);

#endif							/* ADDB_ENTITY_VALUE_H */
