/*
 * case.c
 *	  JavaScript's toLowerCase and toUpperCase on UTF-8.
 *
 * They are Unicode's default full conversions: no locale has a say, a character
 * may become several, and the only context is that of the final sigma. Keys are
 * put through them as a whole, so one differing byte is another item.
 */
#include "postgres.h"

#include "entity/case.h"
#include "entity/case_table.h"
#include "mb/pg_wchar.h"

#define CAPITAL_SIGMA 0x3a3
#define SMALL_SIGMA 0x3c3
#define FINAL_SIGMA 0x3c2

typedef struct CaseTables
{
	const AddbCaseRun *runs;
	int			nruns;
	const AddbCaseSpecial *specials;
	int			nspecials;
} CaseTables;

static bool
in_ranges(uint32 code, const AddbCodeRange *ranges, int n)
{
	int			low = 0;
	int			high = n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else if (code < ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

static bool
is_cased(uint32 code)
{
	return in_ranges(code, addb_case_cased, addb_case_cased_len);
}

static bool
is_ignorable(uint32 code)
{
	return in_ranges(code, addb_case_ignorable, addb_case_ignorable_len);
}

static uint32
map_by_run(uint32 code, const CaseTables *tables)
{
	int			low = 0;
	int			high = tables->nruns;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const AddbCaseRun *run = &tables->runs[middle];

		if (code > run->last)
			low = middle + 1;
		else if (code < run->first)
			high = middle;
		else
			return (code - run->first) % run->stride == 0 ? code + run->delta :
			code;
	}
	return code;
}

static const AddbCaseSpecial *
find_special(uint32 code, const CaseTables *tables)
{
	int			low = 0;
	int			high = tables->nspecials;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (code > tables->specials[middle].code)
			low = middle + 1;
		else if (code < tables->specials[middle].code)
			high = middle;
		else
			return &tables->specials[middle];
	}
	return NULL;
}

static void
append_code(StringInfo out, uint32 code)
{
	unsigned char utf8[MAX_MULTIBYTE_CHAR_LEN];

	unicode_to_utf8(code, utf8);
	appendBinaryStringInfo(out, (char *) utf8, pg_utf_mblen(utf8));
}

/* Whether a letter comes before p, characters without case between left aside. */
static bool
letter_before(const char *text, const char *p)
{
	while (p > text)
	{
		uint32		code;

		do
			p--;
		while (p > text && ((unsigned char) *p & 0xc0) == 0x80);
		code = utf8_to_unicode((const unsigned char *) p);
		if (!is_ignorable(code))
			return is_cased(code);
	}
	return false;
}

/* The same behind p. */
static bool
letter_behind(const char *p, const char *end)
{
	for (; p < end; p += pg_utf_mblen((const unsigned char *) p))
	{
		uint32		code = utf8_to_unicode((const unsigned char *) p);

		if (!is_ignorable(code))
			return is_cased(code);
	}
	return false;
}

static void
convert_slowly(StringInfo out, const char *text, int len, bool upper)
{
	const CaseTables lower_tables = {addb_case_lower, addb_case_lower_len,
	addb_case_lower_special, addb_case_lower_special_len};
	const CaseTables upper_tables = {addb_case_upper, addb_case_upper_len,
	addb_case_upper_special, addb_case_upper_special_len};
	const CaseTables *tables = upper ? &upper_tables : &lower_tables;
	const char *end = text + len;
	int			mblen;

	for (const char *p = text; p < end; p += mblen)
	{
		uint32		code = utf8_to_unicode((const unsigned char *) p);
		const AddbCaseSpecial *special;

		mblen = pg_utf_mblen((const unsigned char *) p);
		if (code < 0x80)
			appendStringInfoCharMacro(out, upper ? pg_ascii_toupper(code)
									  : pg_ascii_tolower(code));
		else if (!upper && code == CAPITAL_SIGMA)
			append_code(out, letter_before(text, p) &&
						!letter_behind(p + mblen, end) ? FINAL_SIGMA :
						SMALL_SIGMA);
		else if ((special = find_special(code, tables)) != NULL)
		{
			for (int i = 0; i < lengthof(special->to) && special->to[i] != 0;
				 i++)
				append_code(out, special->to[i]);
		}
		else
			append_code(out, map_by_run(code, tables));
	}
}

/*
 * addb_case_convert - changes the case of what stands in a buffer from start on
 *
 * The text is as in js_string.h.
 */
void
addb_case_convert(StringInfo text, int start, AddbCasing casing)
{
	bool		upper = casing == ADDB_CASING_UPPER;
	char	   *copy;
	int			len;

	if (casing == ADDB_CASING_NONE)
		return;
	for (int i = start; i < text->len; i++)
	{
		unsigned char c = text->data[i];

		if (c >= 0x80)
		{
			len = text->len - start;
			copy = palloc(len + 1);	/* U+0000 may be in it */
			memcpy(copy, text->data + start, len + 1);
			text->len = start;
			text->data[start] = '\0';
			convert_slowly(text, copy, len, upper);
			pfree(copy);
			return;
		}
		if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
			text->data[i] ^= 0x20;
	}
}
