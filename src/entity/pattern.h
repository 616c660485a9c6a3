/*
 * pattern.h
 *	  The regular expressions of "validate".
 */
#ifndef ADDB_ENTITY_PATTERN_H
#define ADDB_ENTITY_PATTERN_H

#include "entity/model.h"

extern void addb_entity_pattern_check(const AddbEntityAttribute *attribute,
									  const char *path);
extern bool addb_entity_pattern_matches(const AddbEntityAttribute *attribute,
										const JsonbValue *value);

#endif							/* ADDB_ENTITY_PATTERN_H */
