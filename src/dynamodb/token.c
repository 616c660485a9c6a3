/*
 * token.c
 *	  ClientRequestTokens: the user's own, or random ones.
 *
 * DynamoDB remembers a token for ten minutes and answers a transaction that
 * comes with it again as it did the first time, without carrying it out. A user
 * who gives one extends that to statements of his that he repeats. His may be
 * longer than DynamoDB takes: then its hash stands for it, in every session the
 * same.
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/token.h"
#include "dynamodb/uuid.h"
#include "mb/pg_wchar.h"

/* The digits hold 144 bits of the hash, so two tokens do not meet. */
#define HASH_BYTES (ADDB_TOKEN_MAX_CHARS / 2)

static void
check(pg_cryptohash_ctx *context, int result)
{
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not hash argument \"token\": %s",
						pg_cryptohash_error(context))));
}

/* SHA-256 of the text in UTF-8, its first 36 hexadecimal digits. */
static void
append_hash(StringInfo out, const char *text, int len)
{
	char	   *utf8 = pg_server_to_any(text, len, PG_UTF8);
	size_t		utf8_len = utf8 == text ? (size_t) len : strlen(utf8);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	check(context, pg_cryptohash_init(context));
	check(context, pg_cryptohash_update(context, (const uint8 *) utf8, utf8_len));
	check(context, pg_cryptohash_final(context, digest, sizeof(digest)));
	pg_cryptohash_free(context);
	for (int i = 0; i < HASH_BYTES; i++)
		appendStringInfo(out, "%02x", digest[i]);
}

/*
 * addb_token_append - appends a ClientRequestToken as a JSON string
 *
 * text is the argument "token", len bytes in the server's encoding; NULL makes
 * a token that nobody else has. One of more than 36 characters is replaced by
 * the first 36 hexadecimal digits of the SHA-256 of its UTF-8, in SQL
 * left(encode(sha256(convert_to(token, 'UTF8')), 'hex'), 36). Raises 22023
 * when it is empty, with the preface, if any, as DETAIL.
 */
void
addb_token_append(StringInfo out, const char *text, int len,
				  const char *preface)
{
	char		uuid[ADDB_UUID_LEN + 1];

	if (text == NULL)
	{
		addb_uuid_make(uuid);
		appendStringInfo(out, "\"%s\"", uuid);
		return;
	}
	if (len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"token\" must not be empty"),
				 preface == NULL ? 0 : errdetail_internal("%s.", preface),
				 errhint("Without one, every call is a transaction of its own.")));
	if (pg_mbstrlen_with_len(text, len) <= ADDB_TOKEN_MAX_CHARS)
	{
		addb_av_append_string(out, text, len);
		return;
	}
	appendStringInfoChar(out, '"');
	append_hash(out, text, len);
	appendStringInfoChar(out, '"');
}
