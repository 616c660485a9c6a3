/*
 * error.h
 *	  The refusals of the entity layer, with the numbers that ElectroDB gives them.
 */
#ifndef ADDB_ENTITY_ERROR_H
#define ADDB_ENTITY_ERROR_H

#include "core/text.h"
#include "lib/stringinfo.h"

/* ElectroDB's numbers; 0 is a refusal that it has no number for. */
#define ADDB_ENTITY_UNNUMBERED 0
#define ADDB_ENTITY_BAD_TEMPLATE 1003
#define ADDB_ENTITY_DUPLICATE_INDEX 1004
#define ADDB_ENTITY_COLLECTION_WITHOUT_SK 1005
#define ADDB_ENTITY_DUPLICATE_COLLECTION 1006
#define ADDB_ENTITY_NO_TABLE_INDEX 1007
#define ADDB_ENTITY_BAD_ATTRIBUTE 1008
#define ADDB_ENTITY_BAD_MODEL 1009
#define ADDB_ENTITY_BAD_OPTION 1010
#define ADDB_ENTITY_BAD_WHERE 1012
#define ADDB_ENTITY_BAD_JOIN 1013
#define ADDB_ENTITY_SAME_FIELD 1014
#define ADDB_ENTITY_REPEATED_COMPOSITE 1015
#define ADDB_ENTITY_TEMPLATE_MISMATCH 1017
#define ADDB_ENTITY_ATTRIBUTE_AS_KEY 1018
#define ADDB_ENTITY_KEY_IN_COLLECTION 1019
#define ADDB_ENTITY_CASING_MISMATCH 1020
#define ADDB_ENTITY_SHARED_FIELD 1024
#define ADDB_ENTITY_BAD_INDEX 1026
#define ADDB_ENTITY_INCOMPLETE 2002
#define ADDB_ENTITY_NO_TABLE 2003
#define ADDB_ENTITY_BAD_PAGES 2005
#define ADDB_ENTITY_COMPOSITE_TWICE 2010
#define ADDB_ENTITY_INVALID 3001	/* by addb_entity_raise_fields alone */
#define ADDB_ENTITY_BAD_CURSOR 4001 /* and DynamoDB's failures */
#define ADDB_ENTITY_UNKNOWN 5001	/* a refusal that ElectroDB forgot to number */

/* What the DETAIL of a failure of DynamoDB begins with. */
#define ADDB_ENTITY_FAILURE "ElectroDB error 4001"

extern _Noreturn void addb_entity_raise(int code,
										const char *format,...) pg_attribute_printf(2, 3);
extern _Noreturn void addb_entity_raise_hint(int code, const char *hint,
											 const char *format,...) pg_attribute_printf(3, 4);
extern void addb_entity_append_field(StringInfo fields, const char *field,
									 int index, const char *reason);
extern _Noreturn void addb_entity_raise_fields(const char *message,
											   const char *fields);
extern _Noreturn void addb_entity_raise_field(const char *field,
											  const char *message);
extern _Noreturn void addb_entity_raise_unsupported(const char *what,
													const char *where);
extern char *addb_entity_quote(AddbText text);

#endif							/* ADDB_ENTITY_ERROR_H */
