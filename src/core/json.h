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
#ifndef ADDB_CORE_JSON_H
#define ADDB_CORE_JSON_H

#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"

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
extern bool addb_json_object_first(AddbJsonCursor *cursor, AddbJsonSlice *name);
extern bool addb_json_object_end(AddbJsonCursor *cursor);
extern bool addb_json_array_start(AddbJsonCursor *cursor);
extern bool addb_json_array_next(AddbJsonCursor *cursor);
extern bool addb_json_string(AddbJsonCursor *cursor, AddbJsonSlice *value);
extern bool addb_json_number(AddbJsonCursor *cursor, AddbJsonSlice *value);
extern bool addb_json_literal(AddbJsonCursor *cursor);
extern bool addb_json_skip(AddbJsonCursor *cursor, AddbJsonSlice *value);
extern size_t addb_json_unescape(const AddbJsonSlice *string, char *out,
								 int *met);
extern char *addb_json_to_cstring(const AddbJsonSlice *string);

/*
 * addb_json_slice_is - whether a slice without escapes is exactly this text
 *
 * Member names of DynamoDB's replies are ASCII and never escaped.
 */
static inline bool
addb_json_slice_is(const AddbJsonSlice *slice, const char *text)
{
	size_t		len = strlen(text);

	return !slice->escaped && slice->len == len &&
		memcmp(slice->data, text, len) == 0;
}

/*
 * addb_json_object_letter - enters an object that begins like {"S":
 *
 * Returns the letter, with the cursor behind the colon. '\0', with the cursor
 * where it was, when anything else is next: a longer name, or white space.
 */
static inline char
addb_json_object_letter(AddbJsonCursor *cursor)
{
	const char *p = cursor->pos;

	if (cursor->end - p < 5 || p[0] != '{' || p[1] != '"' ||
		p[2] < 'A' || p[2] > 'Z' || p[3] != '"' || p[4] != ':')
		return '\0';
	cursor->pos = p + 5;
	return p[2];
}

/* The same byte in all eight places of a word. */
#define ADDB_JSON_BYTES(byte) (UINT64CONST(0x0101010101010101) * (byte))

/*
 * addb_json_run_end - the end of the run of plain bytes that begins at p
 *
 * That is the first quote, backslash or control character, or end: what ends a
 * string or stands in it for something else, and what must not stand in one.
 *
 * Looks at eight bytes at once. Subtracting n from a byte sets its high bit if
 * the byte is smaller than n or had that bit already; the borrow can make a
 * higher byte look so too, but only the lowest one counts.
 */
static inline const char *
addb_json_run_end(const char *p, const char *end)
{
	for (; end - p >= (ptrdiff_t) sizeof(uint64); p += sizeof(uint64))
	{
		uint64		word;
		uint64		quote;
		uint64		backslash;
		uint64		special;

		memcpy(&word, p, sizeof(word));
#ifdef WORDS_BIGENDIAN
		word = pg_bswap64(word);
#endif
		quote = word ^ ADDB_JSON_BYTES('"');
		backslash = word ^ ADDB_JSON_BYTES('\\');
		special = ((word - ADDB_JSON_BYTES(' ')) & ~word) |
			((quote - ADDB_JSON_BYTES(1)) & ~quote) |
			((backslash - ADDB_JSON_BYTES(1)) & ~backslash);
		special &= ADDB_JSON_BYTES(0x80);
		if (special != 0)
			return p + pg_rightmost_one_pos64(special) / BITS_PER_BYTE;
	}
	while (p < end && (unsigned char) *p >= ' ' && *p != '"' && *p != '\\')
		p++;
	return p;
}

#endif							/* ADDB_CORE_JSON_H */
