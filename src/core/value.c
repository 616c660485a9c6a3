/*
 * value.c
 *	  Rules for values that somebody sets: pure predicates over texts.
 */
#include "postgres.h"

#include "core/value.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Blanks and control characters would end a header or a URL early. */
static bool
is_one_word(const char *value)
{
	for (const unsigned char *p = (const unsigned char *) value; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return false;
	return true;
}

static bool
consists_of(const char *value, const char *characters, size_t min, size_t max)
{
	size_t		len = strlen(value);

	return len >= min && len <= max && strspn(value, characters) == len;
}

/* Something that goes into a header, such as an access key ID. */
const char *
addb_value_check_word(const char *value)
{
	return is_one_word(value) ? NULL :
		"The value must not hold blanks or control characters.";
}

/* A secret access key or a session token. */
const char *
addb_value_check_secret(const char *value)
{
	return is_one_word(value) && strlen(value) <= ADDB_SECRET_MAX_LEN ? NULL :
		"A secret has at most " CppAsString2(ADDB_SECRET_MAX_LEN) " characters and neither blanks nor control characters.";
}

/* A region becomes part of a host name, so it must be a host label. */
const char *
addb_value_check_region(const char *value)
{
	if (value[0] == '\0' ||
		(consists_of(value, LOWER DIGITS "-", 1, 63) &&
		 value[0] != '-' && value[strlen(value) - 1] != '-'))
		return NULL;
	return "A region consists of lower-case letters, digits and hyphens, such as \"eu-west-1\".";
}

/* The scheme only; the host is examined when the endpoint is resolved. */
const char *
addb_value_check_url(const char *value)
{
	if (!is_one_word(value))
		return "A URL must not hold blanks or control characters.";
	if (value[0] == '\0' ||
		pg_strncasecmp(value, "https://", 8) == 0 ||
		pg_strncasecmp(value, "http://", 7) == 0)
		return NULL;
	return "The URL must start with \"https://\" or \"http://\".";
}

/* The file is read by libcurl, whose errors do not say what they want. */
const char *
addb_value_check_file(const char *value)
{
	return value[0] == '\0' || is_absolute_path(value) ? NULL :
		"The path must be absolute.";
}

/* Names of tables: DynamoDB's 3 to 255 of a-zA-Z0-9_.- or an ARN. */
const char *
addb_value_check_table(const char *value)
{
	if (value[0] == '\0' ||
		(strncmp(value, "arn:", 4) == 0 && is_one_word(value)) ||
		consists_of(value, LOWER UPPER DIGITS "_.-", 3, 255))
		return NULL;
	return "A table name has 3 to 255 letters, digits, underscores, dots and hyphens.";
}

/* "arn:partition:iam::account:role/path/name", the form that IAM gives out. */
const char *
addb_value_check_role_arn(const char *value)
{
	const char *p = value;

	if (value[0] == '\0')
		return NULL;
	if (strncmp(p, "arn:", 4) == 0 && is_one_word(p) && strlen(p) <= 2048)
	{
		p += 4;
		p += strspn(p, LOWER DIGITS "-");
		if (p > value + 4 && strncmp(p, ":iam::", 6) == 0 &&
			strspn(p + 6, DIGITS) == 12 &&
			strncmp(p + 18, ":role/", 6) == 0 && p[24] != '\0')
			return NULL;
	}
	return "A role looks like \"arn:aws:iam::123456789012:role/name\".";
}

/* By the API reference of STS, AssumeRole. */
const char *
addb_value_check_external_id(const char *value)
{
	return value[0] == '\0' ||
		consists_of(value, LOWER UPPER DIGITS "_+=,.@:/-", 2, 1224) ? NULL :
		"An external ID has 2 to 1224 letters, digits and characters of \"_+=,.@:/-\".";
}

/* By the API reference of STS, AssumeRole. */
const char *
addb_value_check_session_name(const char *value)
{
	return value[0] == '\0' ||
		consists_of(value, LOWER UPPER DIGITS "_+=,.@-", 2, 64) ? NULL :
		"A session name has 2 to 64 letters, digits and characters of \"_+=,.@-\".";
}
