/*
 * append.h
 *	  Appends few bytes to a StringInfo without a call.
 */
#ifndef ADDB_DYNAMODB_APPEND_H
#define ADDB_DYNAMODB_APPEND_H

#include "lib/stringinfo.h"

/*
 * addb_append_room - where at least len more bytes, and a NUL, may be written
 *
 * The caller advances out->len, and puts a NUL behind what it has written.
 */
static inline char *
addb_append_room(StringInfo out, int len)
{
	if (unlikely(out->maxlen - out->len <= len))
		enlargeStringInfo(out, len);
	return out->data + out->len;
}

/*
 * addb_append_bytes - as appendBinaryStringInfo
 *
 * For lengths that the compiler knows.
 */
static inline void
addb_append_bytes(StringInfo out, const char *bytes, int len)
{
	char	   *p = addb_append_room(out, len);

	memcpy(p, bytes, len);
	p[len] = '\0';
	out->len += len;
}

#define addb_append_literal(out, literal) \
	addb_append_bytes((out), "" literal, sizeof(literal) - 1)

#endif							/* ADDB_DYNAMODB_APPEND_H */
