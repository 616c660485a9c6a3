/*
 * js_string.h
 *	  Strings as JavaScript has them: with U+0000 and halves of surrogate pairs,
 *	  which PostgreSQL's text cannot hold.
 *
 * In jsonb such a string is {"$s": "a\\u0000b"} (see attribute_value.h). Here it
 * is UTF-8 in which U+0000 is the byte 0 and a half has the three bytes that
 * UTF-8 would have for it.
 */
#ifndef ADDB_ENTITY_JS_STRING_H
#define ADDB_ENTITY_JS_STRING_H

#include "core/json.h"
#include "core/text.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/jsonb.h"

extern const JsonbValue *addb_js_form(const JsonbValue *value,
									  const char *name, JsonbValue *buffer);
extern const JsonbValue *addb_js_set_form(const JsonbValue *value,
										  JsonbValue *buffer);
extern bool addb_js_string(const JsonbValue *value, AddbText *text);
extern AddbText addb_js_string_of_json(const AddbJsonSlice *string);
extern void addb_js_string_append(StringInfo out, AddbText text);
extern pg_wchar *addb_js_string_widen(AddbText text, int *len);

#endif							/* ADDB_ENTITY_JS_STRING_H */
