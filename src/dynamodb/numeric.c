/*
 * numeric.c
 *	  Writes and reads numeric's binary form for numbers of few digits.
 *
 * Most numbers in items are short, and to make a numeric of one, or text of
 * that, by PostgreSQL's functions takes longer than all else that is done to
 * it. So it is written and read here as it is stored, like jsonb by the
 * builder. The form is told in PostgreSQL's numeric.c; it has been the same
 * since 9.1 and has to stay so, or pg_upgrade would not work: a header word
 * (NumericShort), then digits of base 10000, aligned at the decimal point, of
 * which neither the first nor the last is zero.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/append.h"
#include "dynamodb/numeric.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define BASE 10000
#define BASE_DIGITS 4			/* decimal digits in one */
#define MAX_DIGITS 5			/* those that 18 decimal ones fill */

#define FORM_MASK 0xC000
#define SHORT_FORM 0x8000
#define SHORT_NEGATIVE 0x2000
#define SHORT_SCALE_SHIFT 7
#define SHORT_SCALE_MASK 0x3F
#define SHORT_WEIGHT_MASK 0x007F	/* two's complement */
#define SHORT_WEIGHT_NEGATIVE 0x0040

/*
 * Characters of a number in that form: 64 digits of base 10000 before the point
 * and 63 decimals behind it at most, and a sign.
 */
#define SHORT_MAX_CHARS (64 * BASE_DIGITS + 63 + 2)

typedef struct ShortNumeric
{
	int32		varlena_header;
	uint16		header;
	int16		digits[FLEXIBLE_ARRAY_MEMBER];
} ShortNumeric;

/*
 * addb_numeric_make - value times 10 to the power of -scale, palloc'd
 *
 * value is not negative; it and scale have up to ADDB_NUMERIC_DIGITS digits.
 * The result equals byte by byte what numeric_in makes of the same text. False
 * when there are too many digits once they are aligned at the decimal point.
 */
bool
addb_numeric_make(bool negative, int64 value, int scale, Numeric *number)
{
	static const int alignment[BASE_DIGITS] = {1, 1000, 100, 10};
	int			factor = alignment[scale % BASE_DIGITS];
	int16		digits[MAX_DIGITS];
	int			first = MAX_DIGITS;
	int			n;
	int			weight;
	uint16		header = SHORT_FORM | scale << SHORT_SCALE_SHIFT;
	Size		size;
	ShortNumeric *result;

	if (value >= INT64CONST(1000000000000000000) / factor)
		return false;
	for (value *= factor; value > 0; value /= BASE)
		digits[--first] = (int16) (value % BASE);
	n = MAX_DIGITS - first;
	weight = n - 1 - (scale + BASE_DIGITS - 1) / BASE_DIGITS;
	while (n > 0 && digits[first + n - 1] == 0)
		n--;
	if (n > 0)
		header |= (negative ? SHORT_NEGATIVE : 0) | (weight & SHORT_WEIGHT_MASK);
	size = offsetof(ShortNumeric, digits) + n * sizeof(int16);
	result = palloc(size);
	SET_VARSIZE(result, size);
	result->header = header;
	memcpy(result->digits, digits + first, n * sizeof(int16));
	*number = (Numeric) result;
	return true;
}

/* Writes the decimals of one digit of base 10000, the first few or all. */
static char *
write_decimals(char *p, int digit, int count)
{
	int			divisor = BASE / 10;

	for (; count > 0; count--, divisor /= 10)
		*p++ = (char) ('0' + digit / divisor % 10);
	return p;
}

/*
 * addb_numeric_append - appends a number in decimal notation, as numeric_out
 */
void
addb_numeric_append(StringInfo out, Numeric number)
{
	const ShortNumeric *value = (const ShortNumeric *) number;
	int			n;
	int			weight;
	int			scale;
	char	   *p;

	if (VARATT_IS_1B(number) || (value->header & FORM_MASK) != SHORT_FORM)
	{
		appendStringInfoString(out,
							   DatumGetCString(DirectFunctionCall1(numeric_out,
																   NumericGetDatum(number))));
		return;
	}
	n = (int) ((VARSIZE(number) - offsetof(ShortNumeric, digits)) / sizeof(int16));
	weight = value->header & SHORT_WEIGHT_MASK;
	if (weight & SHORT_WEIGHT_NEGATIVE)
		weight |= ~SHORT_WEIGHT_MASK;
	scale = value->header >> SHORT_SCALE_SHIFT & SHORT_SCALE_MASK;
	p = addb_append_room(out, SHORT_MAX_CHARS);
	if (value->header & SHORT_NEGATIVE)
		*p++ = '-';
	if (weight < 0)
		*p++ = '0';
	else
		p += pg_ultoa_n(n > 0 ? value->digits[0] : 0, p);
	for (int i = 1; i <= weight; i++)
		p = write_decimals(p, i < n ? value->digits[i] : 0, BASE_DIGITS);
	if (scale > 0)
		*p++ = '.';
	for (int i = weight + 1; scale > 0; i++, scale -= BASE_DIGITS)
		p = write_decimals(p, i >= 0 && i < n ? value->digits[i] : 0,
						   Min(scale, BASE_DIGITS));
	*p = '\0';
	out->len = (int) (p - out->data);
}
