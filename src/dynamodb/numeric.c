/*
 * numeric.c
 *	  Writes numeric's binary form for numbers of few digits.
 *
 * Most numbers in items are short, and to make a numeric of one by PostgreSQL's
 * functions takes longer than all else that is done to it. So it is written
 * here as it is stored, like jsonb by the builder. The form is told in
 * PostgreSQL's numeric.c; it has been the same since 9.1 and has to stay so,
 * or pg_upgrade would not work: a header word (NumericShort), then digits of
 * base 10000, aligned at the decimal point, of which neither the first nor the
 * last is zero.
 */
#include "postgres.h"

#include "dynamodb/numeric.h"

#define BASE 10000
#define BASE_DIGITS 4			/* decimal digits in one */
#define MAX_DIGITS 5			/* those that 18 decimal ones fill */

#define SHORT_FORM 0x8000
#define SHORT_NEGATIVE 0x2000
#define SHORT_SCALE_SHIFT 7
#define SHORT_WEIGHT_MASK 0x007F	/* two's complement */

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
