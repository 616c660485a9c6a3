/*
 * uuid.c
 *	  UUIDs, version 4, of RFC 9562.
 */
#include "postgres.h"

#include "dynamodb/uuid.h"

/* UUIDs for which random bytes are drawn at once. */
#define DRAW 16

/*
 * addb_uuid_format - 16 random bytes as the text of a UUID
 */
void
addb_uuid_format(const uint8 random[16], char text[ADDB_UUID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	char	   *out = text;

	for (int i = 0; i < 16; i++)
	{
		uint8		byte = random[i];

		if (i == 6)
			byte = (byte & 0x0f) | 0x40;
		else if (i == 8)
			byte = (byte & 0x3f) | 0x80;
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 15];
	}
	*out = '\0';
}

/*
 * addb_uuid_make - a UUID that nobody else has
 *
 * The random bytes are drawn for several at once: a draw costs as much as a
 * third of a request's signature does, however few bytes it is for. No two
 * backends share them, since the postmaster, of which they are copies, makes no
 * UUID. Raises XX000 when the system has no random numbers.
 */
void
addb_uuid_make(char text[ADDB_UUID_LEN + 1])
{
	static uint8 drawn[DRAW][16];
	static int	left = 0;

	if (left == 0)
	{
		if (!pg_strong_random(drawn, sizeof(drawn)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random values")));
		left = DRAW;
	}
	addb_uuid_format(drawn[--left], text);
}
