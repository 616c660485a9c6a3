/*
 * js_text.c
 *	  Number.prototype.toString, parseInt and padStart.
 *
 * All text is UTF-8, with halves of surrogate pairs as js_string.h has them;
 * lengths that JavaScript counts are in UTF-16 units.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "entity/js_text.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"

/* Integers of up to so many digits are doubles without loss. */
#define EXACT_DIGITS 15

/* JavaScript writes plain decimals up to 1e21 and down to 1e-6. */
#define MAX_PLAIN_EXPONENT 21
#define MIN_PLAIN_EXPONENT (-6)

/*
 * The shortest text that reads back as a positive double
 *
 * PostgreSQL's has more digits where the shortest one lies just between two
 * doubles and is read as the even one. Those are integers beyond the safe ones.
 */
static int
shortest_text(double number, char *text)
{
	int			len = double_to_shortest_decimal_bufn(number, text);
	char		shorter[DOUBLE_SHORTEST_DECIMAL_LEN];

	for (int digits = 1; number > ADDB_JS_MAX_SAFE && digits < len && digits < DBL_DIG + 2; digits++)
	{
		int			shorter_len = snprintf(shorter, sizeof(shorter), "%.*e", digits - 1, number);

		if (strtod(shorter, NULL) != number)
			continue;
		memcpy(text, shorter, shorter_len);
		return shorter_len;
	}
	return len;
}

/*
 * The digits of a positive double that read back as it, without a point, and
 * the place of the point: number = 0.DIGITS * 10 ^ point.
 */
static int
shortest_digits(double number, char *digits, int *point)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN + 1];
	int			len = shortest_text(number, text);
	int			n = 0;
	int			exponent = 0;
	bool		behind_point = false;

	*point = 0;
	for (int i = 0; i < len; i++)
	{
		if (text[i] == '.')
			behind_point = true;
		else if (text[i] == 'e')
		{
			text[len] = '\0';
			exponent = atoi(text + i + 1);
			break;
		}
		else if (text[i] == '0' && n == 0)
			*point -= behind_point;
		else
		{
			digits[n++] = text[i];
			*point += !behind_point;
		}
	}
	*point += exponent;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

/* Appends n digits and zeros up to width. */
static char *
put_digits(char *p, const char *digits, int n, int width)
{
	memcpy(p, digits, n);
	p += n;
	for (; n < width; n++)
		*p++ = '0';
	return p;
}

/*
 * addb_js_number - writes a finite number as JavaScript does
 *
 * out has ADDB_JS_NUMBER_SIZE bytes. Returns the length without the NUL.
 */
int
addb_js_number(double number, char *out)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];
	char	   *p = out;
	int			point;
	int			n;

	if (number == 0)
	{
		strcpy(out, "0");
		return 1;
	}
	if (number < 0)
		*p++ = '-';
	n = shortest_digits(fabs(number), digits, &point);
	if (n <= point && point <= MAX_PLAIN_EXPONENT)
		p = put_digits(p, digits, n, point);
	else if (point > 0 && point <= MAX_PLAIN_EXPONENT)
	{
		p = put_digits(p, digits, point, point);
		*p++ = '.';
		p = put_digits(p, digits + point, n - point, 0);
	}
	else if (point > MIN_PLAIN_EXPONENT && point <= 0)
	{
		*p++ = '0';
		*p++ = '.';
		p = put_digits(p, "", 0, -point);
		p = put_digits(p, digits, n, 0);
	}
	else
	{
		*p++ = digits[0];
		if (n > 1)
		{
			*p++ = '.';
			p = put_digits(p, digits + 1, n - 1, 0);
		}
		p += sprintf(p, "e%+d", point - 1);
	}
	*p = '\0';
	return (int) (p - out);
}

/*
 * addb_numeric_text - a numeric in plain decimals, as it is sent; palloc'd
 */
char *
addb_numeric_text(Numeric number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out,
											   NumericGetDatum(number)));
}

/* The nearest double; infinite beyond them. */
static double
to_double(Numeric number)
{
	return strtod(addb_numeric_text(number), NULL);
}

/*
 * addb_js_numeric - writes a numeric as JavaScript writes the nearest double
 *
 * As addb_js_number. A numeric beyond the doubles comes out as Infinity.
 */
int
addb_js_numeric(Numeric number, char *out)
{
	const char *text = addb_numeric_text(number);
	const char *digits = text[0] == '-' ? text + 1 : text;
	size_t		n = strspn(digits, "0123456789");
	double		value;

	if (digits[n] == '\0' && n <= EXACT_DIGITS)
	{
		strcpy(out, text);
		return (int) strlen(text);
	}
	value = to_double(number);
	if (isnan(value) || isinf(value))
		return sprintf(out, "%s", isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
	return addb_js_number(value, out);
}

/*
 * addb_js_is_safe - whether the AWS SDK takes the number: |n| <= 2^53 - 1
 */
bool
addb_js_is_safe(Numeric number)
{
	return fabs(to_double(number)) <= ADDB_JS_MAX_SAFE;
}

/* White space of ECMAScript: its own list and what Unicode calls Zs. */
static bool
is_space(uint32 code)
{
	return (code >= 0x09 && code <= 0x0d) || code == ' ' || code == 0xa0 ||
		code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
		code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
		code == 0x3000 || code == 0xfeff;
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/*
 * addb_js_parse_int - parseInt: the integer that a text begins with
 *
 * False where JavaScript gives NaN.
 */
bool
addb_js_parse_int(const char *text, int len, double *number)
{
	const char *p = text;
	const char *end = text + len;
	const char *digits;
	bool		negative = false;
	int			radix = 10;

	while (p < end && is_space(utf8_to_unicode((const unsigned char *) p)))
		p += pg_utf_mblen((const unsigned char *) p);
	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if (end - p >= 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
	{
		radix = 16;
		p += 2;
	}
	digits = p;
	while (p < end && digit_value(*p) < radix)
		p++;
	if (p == digits)
		return false;
	*number = strtod(psprintf("%s%.*s", radix == 16 ? "0x" : "", (int) (p - digits), digits),
					 NULL);
	if (negative)
		*number = -*number;
	return true;
}

/* UTF-16 units of a text, which a character beyond U+FFFF has two of. */
static int
utf16_length(const char *text, int len)
{
	int			units = 0;

	for (int i = 0; i < len; i++)
	{
		unsigned char c = text[i];

		units += (c & 0xc0) != 0x80;
		units += c >= 0xf0;
	}
	return units;
}

/* Appends the first half of the surrogate pair that a character is. */
static void
append_first_half(StringInfo out, const char *character)
{
	pg_wchar	code = utf8_to_unicode((const unsigned char *) character);
	unsigned char half[4];

	unicode_to_utf8(0xd800 + ((code - 0x10000) >> 10), half);
	appendBinaryStringInfo(out, (char *) half, pg_utf_mblen(half));
}

/*
 * addb_js_pad_start - appends text, padded on the left to length UTF-16 units
 *
 * fill is repeated and cut; of a surrogate pair at the cut the first half is left,
 * in the form of js_string.h.
 */
void
addb_js_pad_start(StringInfo out, const char *text, int len, int length,
				  const char *fill, int fill_len)
{
	int			missing = fill_len == 0 ? 0 : length - utf16_length(text, len);
	const char *p = fill;

	while (missing > 0)
	{
		int			mblen = pg_utf_mblen((const unsigned char *) p);
		int			units = mblen == 4 ? 2 : 1;

		if (units > missing)
			append_first_half(out, p);
		else
			appendBinaryStringInfo(out, p, mblen);
		missing -= units;
		p += mblen;
		if (p >= fill + fill_len)
			p = fill;
	}
	appendBinaryStringInfo(out, text, len);
}
