/*
 * uuid.c
 *	  UUIDs, version 4, of RFC 9562.
 */
#include "postgres.h"

#include "dynamodb/uuid.h"

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
 * Raises XX000 when the system has no random numbers.
 */
void
addb_uuid_make(char text[ADDB_UUID_LEN + 1])
{
	uint8		bytes[16];

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	addb_uuid_format(bytes, text);
}
