/*
 * json.h
 *	  A pull reader of JSON text (RFC 8259) that allocates nothing and never
 *	  raises an error.
 *
 * A cursor walks the text once, from left to right. Every function skips white
 * space before what it reads. Malformed text sets cursor->failed, which
 * sticks: every later call returns false, so a caller may read a whole document
 * and look at the flag once.
 */
#ifndef ADDB_DYNAMODB_JSON_H
#define ADDB_DYNAMODB_JSON_H

typedef struct AddbJsonCursor
{
	const char *pos;			/* next byte to read */
	const char *end;			/* one past the last byte */
	bool		failed;			/* malformed text was met */
} AddbJsonCursor;

/* A slice of the text: of a string, what stands between its quotes. */
typedef struct AddbJsonSlice
{
	const char *data;
	size_t		len;
	bool		escaped;		/* a string: holds backslash escapes */
} AddbJsonSlice;

typedef enum AddbJsonType
{
	ADDB_JSON_INVALID,			/* no value starts here */
	ADDB_JSON_OBJECT,
	ADDB_JSON_ARRAY,
	ADDB_JSON_STRING,
	ADDB_JSON_NUMBER,
	ADDB_JSON_TRUE,
	ADDB_JSON_FALSE,
	ADDB_JSON_NULL
} AddbJsonType;

/* What addb_json_unescape met that PostgreSQL's text cannot hold. */
#define ADDB_JSON_HAS_NUL 0x01	/* \u0000 */
#define ADDB_JSON_HAS_LONE_SURROGATE 0x02	/* \ud800 without its partner */

extern AddbJsonCursor addb_json_cursor(const char *text, size_t len);
extern AddbJsonType addb_json_peek(AddbJsonCursor *cursor);
extern bool addb_json_at_end(AddbJsonCursor *cursor);
extern bool addb_json_object_start(AddbJsonCursor *cursor);
extern bool addb_json_object_next(AddbJsonCursor *cursor, AddbJsonSlice *name);
extern bool addb_json_array_start(AddbJsonCursor *cursor);
extern bool addb_json_array_next(AddbJsonCursor *cursor);
extern bool addb_json_string(AddbJsonCursor *cursor, AddbJsonSlice *value);
extern bool addb_json_number(AddbJsonCursor *cursor, AddbJsonSlice *value);
extern bool addb_json_literal(AddbJsonCursor *cursor);
extern bool addb_json_skip(AddbJsonCursor *cursor, AddbJsonSlice *value);
extern bool addb_json_slice_is(const AddbJsonSlice *slice, const char *text);
extern size_t addb_json_unescape(const AddbJsonSlice *string, char *out,
								 int *met);
extern char *addb_json_to_cstring(const AddbJsonSlice *string);

#endif							/* ADDB_DYNAMODB_JSON_H */
