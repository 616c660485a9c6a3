/*
 * clock_skew.c
 *	  How far this machine's clock is from the service's.
 *
 * A signature is good for five minutes of clock difference, so a client whose
 * clock is off is refused for good unless it learns the service's time. Every
 * reply tells it in its Date header. This file turns that header into an
 * offset, and says which refusals are worth another attempt with the offset
 * applied. It reads no clock and keeps no state.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/datetime.h"

#include "aws/clock_skew.h"

/*
 * The service allows 5 minutes; a refusal at 4 and more may be about time, one
 * below is about the signature itself.
 */
#define SKEW_LIMIT_MS INT64CONST(240000)

/* A slower exchange says too little about the moment its Date was written. */
#define ROUND_TRIP_LIMIT_MS INT64CONST(900000)

#define IMF_FIXDATE_LENGTH 29	/* Sun, 06 Nov 1994 08:49:37 GMT */

static const char *const skew_codes[] = {
	"AccessDeniedException",
	"AuthFailure",
	"InvalidSignatureException",
	"RequestTimeTooSkewed",
	"SignatureDoesNotMatch",
};

static const char *const month_names[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
};

/*
 * Reads "digits" decimal digits at text; -1 when there is anything else.
 */
static int
fixed_number(const char *text, int digits)
{
	int			value = 0;

	for (int i = 0; i < digits; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/*
 * Number of the month (1 to 12) whose English short name stands at text, or 0.
 */
static int
month_number(const char *text)
{
	for (size_t i = 0; i < lengthof(month_names); i++)
	{
		if (strncmp(text, month_names[i], 3) == 0)
			return i + 1;
	}
	return 0;
}

/*
 * addb_clock_skew_parse_date
 *
 * Reads an HTTP date in the one form that a server may write today, the
 * IMF-fixdate of RFC 9110 section 5.6.7; blanks around it are allowed. The two
 * obsolete forms are not read: no DynamoDB endpoint has ever sent them.
 *
 * text may be NULL. Returns false, with *epoch_ms untouched, when it is not
 * such a date; else true and the milliseconds since 1970-01-01 UTC. The name of
 * the weekday is not held against the date.
 */
bool
addb_clock_skew_parse_date(const char *text, int64 *epoch_ms)
{
	size_t		len;
	int			day;
	int			month;
	int			year;
	int			hour;
	int			minute;
	int			second;

	if (text == NULL)
		return false;
	while (*text == ' ' || *text == '\t')
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char) text[len - 1]))
		len--;
	if (len != IMF_FIXDATE_LENGTH ||
		text[3] != ',' || text[4] != ' ' || text[7] != ' ' ||
		text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
		text[22] != ':' || strncmp(text + 25, " GMT", 4) != 0)
		return false;

	day = fixed_number(text + 5, 2);
	month = month_number(text + 8);
	year = fixed_number(text + 12, 4);
	hour = fixed_number(text + 17, 2);
	minute = fixed_number(text + 20, 2);
	second = fixed_number(text + 23, 2);
	if (month == 0 || year < 1970 || day < 1 ||
		day > day_tab[isleap(year)][month - 1] ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 60)	/* 60: a leap second */
		return false;

	*epoch_ms = ((int64) (date2j(year, month, day) - UNIX_EPOCH_JDATE) *
				 SECS_PER_DAY +
				 hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second) *
		1000;
	return true;
}

/*
 * addb_clock_skew_offset
 *
 * What to add to this machine's clock to get the service's: the Date of a reply
 * minus the middle of the times at which the request was sent and the reply
 * received. To be called for every reply, also for a success.
 *
 * date and age are the values of these headers, or NULL; the times are
 * milliseconds since 1970-01-01 UTC by this machine's clock, without any
 * offset. Returns false, with *offset_ms untouched, when the reply says nothing
 * about the time: there is no readable Date, there is an Age (the reply comes
 * from a cache), the exchange took longer than 15 minutes, or the clock was set
 * back meanwhile.
 */
bool
addb_clock_skew_offset(const char *date, const char *age,
					   int64 sent_ms, int64 received_ms, int64 *offset_ms)
{
	int64		server_ms;

	if (age != NULL ||
		received_ms < sent_ms ||
		received_ms - sent_ms > ROUND_TRIP_LIMIT_MS ||
		!addb_clock_skew_parse_date(date, &server_ms))
		return false;

	*offset_ms = server_ms - (sent_ms + (received_ms - sent_ms) / 2);
	return true;
}

/*
 * addb_clock_skew_is_error
 *
 * Is a refusal worth another attempt, signed with the corrected time? True when
 * its code is one that a wrong clock can cause and the clocks are more than
 * four minutes apart.
 *
 * code is the bare name of the error, or NULL; offset_ms is the caller's offset
 * after addb_clock_skew_offset has seen this very reply.
 */
bool
addb_clock_skew_is_error(const char *code, int64 offset_ms)
{
	if (code == NULL ||
		(offset_ms >= -SKEW_LIMIT_MS && offset_ms <= SKEW_LIMIT_MS))
		return false;

	for (size_t i = 0; i < lengthof(skew_codes); i++)
	{
		if (strcmp(code, skew_codes[i]) == 0)
			return true;
	}
	return false;
}
