/*
 * js_text.h
 *	  How JavaScript writes and reads numbers, and pads text.
 */
#ifndef ADDB_ENTITY_JS_TEXT_H
#define ADDB_ENTITY_JS_TEXT_H

#include "lib/stringinfo.h"
#include "utils/numeric.h"

/* Bytes of the longest number text, "-1.2345678901234567e-308", and a NUL. */
#define ADDB_JS_NUMBER_SIZE 32

/* JavaScript's Number.MAX_SAFE_INTEGER. */
#define ADDB_JS_MAX_SAFE 9007199254740991.0

extern int	addb_js_number(double number, char *out);
extern int	addb_js_numeric(Numeric number, char *out);
extern char *addb_numeric_text(Numeric number);
extern bool addb_js_is_safe(Numeric number);
extern bool addb_js_parse_int(const char *text, int len, double *number);
extern void addb_js_pad_start(StringInfo out, const char *text, int len,
							  int length, const char *fill, int fill_len);

#endif							/* ADDB_ENTITY_JS_TEXT_H */
