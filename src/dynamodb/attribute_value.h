/*
 * attribute_value.h
 *	  The codec between DynamoDB's AttributeValue JSON and jsonb.
 *
 * string <-> S, number <-> N, boolean <-> BOOL, null <-> NULL, array <-> L,
 * object <-> M. What JSON lacks is an object with one member:
 *
 *	{"$ss": ["a", "b"]}		SS		{"$b": "base64"}	B
 *	{"$ns": [1, 2.5]}		NS		{"$bs": ["base64"]}	BS
 *	{"$s": "a\\u0000b"}		S that holds U+0000 or half a surrogate pair,
 *							which PostgreSQL's text cannot: written as
 *							\u0000 and \udXXX, a backslash as two
 *	{"$m": {"$ss": 1}}		M whose only name is one of these forms
 *	{"$m": [["name", 1]]}	M with names that text cannot hold
 *
 * Decoding then encoding gives back the same AttributeValue, whatever
 * DynamoDB holds. No number passes through a double.
 */
#ifndef ADDB_DYNAMODB_ATTRIBUTE_VALUE_H
#define ADDB_DYNAMODB_ATTRIBUTE_VALUE_H

#include "core/json.h"
#include "dynamodb/jsonb_builder.h"
#include "lib/stringinfo.h"

/* in attribute_decode.c: UTF-8 JSON text -> jsonb */
extern bool addb_av_decode(AddbJsonCursor *cursor, AddbJsonbValue *value);
extern bool addb_av_decode_map(AddbJsonCursor *cursor, AddbJsonbValue *value);
extern bool addb_av_decode_document(const char *text, size_t len,
									AddbJsonbValue *value);
extern AddbJsonbValue addb_av_decode_text(const AddbJsonSlice *string);

/* in attribute_encode.c: jsonb -> UTF-8 JSON text */
extern void addb_av_encode(StringInfo out, Jsonb *value, const char *argument);
extern void addb_av_encode_value(StringInfo out, const JsonbValue *value,
								 const char *argument);
extern void addb_av_encode_map(StringInfo out, Jsonb *value,
							   const char *argument);
extern void addb_av_encode_container(StringInfo out, JsonbContainer *root,
									 const char *argument);
extern void addb_av_encode_document(StringInfo out, Jsonb *value,
									const char *argument);
extern void addb_av_append_string(StringInfo out, const char *text, int len);
extern void addb_av_append_utf8(StringInfo out, const char *text, int len);
extern bool addb_av_is_unholdable_escape(const char *p, const char *end);

#endif							/* ADDB_DYNAMODB_ATTRIBUTE_VALUE_H */
