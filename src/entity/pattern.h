/*
 * pattern.h
 *	  The regular expressions of "validate".
 */
#ifndef ADDB_ENTITY_PATTERN_H
#define ADDB_ENTITY_PATTERN_H

#include "entity/model.h"

extern void addb_entity_pattern_read(AddbEntityAttribute *attribute,
									 const char *path);
extern bool addb_entity_pattern_matches(const AddbEntityAttribute *attribute,
										const JsonbValue *value);

/* in pattern_translate.c */
extern AddbText addb_entity_pattern_translate(AddbText pattern, AddbText flags,
											  const char *path);
extern bool addb_entity_pattern_has_flag(AddbText flags, char flag);
extern _Noreturn void addb_entity_pattern_refuse(const char *path,
												 const char *reason);

#endif							/* ADDB_ENTITY_PATTERN_H */
