/*
 * sigv4_key.c
 *	  SHA-256, key derivation and keyed HMAC for Signature Version 4.
 *
 * The algorithms are fetched once per backend, because a fetch by name costs
 * more than the hash of a typical request. A derived key lives inside an
 * EVP_MAC_CTX that is rewound for each request: that costs two compressions
 * less than keying it anew, and leaves no second copy of the key in memory.
 */
#include "postgres.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "aws/sigv4_key.h"

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "atomic_dynamodb needs OpenSSL 3.0 or later"
#endif

/*
 * One for each configuration that kept.c keeps. The old key and the new one live
 * side by side around midnight; deriving one that had to go takes four hashes.
 */
#define CACHED_KEYS 8

/*
 * Access key (20) + secret (40) + date (8) + region (<= 63) + service leave
 * room for secrets several times their usual length. A longer identity works,
 * but its key is derived for each request.
 */
#define KEY_ID_MAX 512

typedef struct CachedKey
{
	EVP_MAC_CTX *mac;			/* holds the derived key, or NULL */
	uint64		last_used;
	size_t		id_len;			/* 0: not to be found again */
	char		id[KEY_ID_MAX]; /* the parts of AddbSigv4KeyId, each with NUL */
} CachedKey;

static EVP_MD *sha256 = NULL;
static EVP_MD_CTX *sha256_ctx = NULL;
static EVP_MAC *hmac = NULL;
static CachedKey cached_keys[CACHED_KEYS];
static uint64 use_counter = 0;

/*
 * Raises the newest error of OpenSSL's queue, where older ones may be another
 * library's, and empties the queue.
 */
static void
raise_openssl_error(const char *operation)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	ereport(ERROR,
			(errcode(ERRCODE_INTERNAL_ERROR),
			 errmsg("could not %s: %s", operation,
					reason != NULL ? reason : "no reason given by OpenSSL")));
}

/*
 * Writes the SHA-256 value of len bytes at data into digest, which has room for
 * ADDB_SIGV4_DIGEST_LEN bytes.
 */
void
addb_sigv4_sha256(const void *data, size_t len, uint8 *digest)
{
	if (sha256_ctx == NULL)
	{
		if (sha256 == NULL)
			sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		if (sha256 != NULL)
			sha256_ctx = EVP_MD_CTX_new();
		if (sha256_ctx == NULL)
			raise_openssl_error("set up SHA-256");
	}

	if (EVP_DigestInit_ex2(sha256_ctx, sha256, NULL) != 1 ||
		EVP_DigestUpdate(sha256_ctx, data, len) != 1 ||
		EVP_DigestFinal_ex(sha256_ctx, digest, NULL) != 1)
		raise_openssl_error("compute SHA-256");
}

/* Gives mac the key; false, with OpenSSL's queue filled, when that fails. */
static bool
set_mac_key(EVP_MAC_CTX *mac, const uint8 *key, size_t key_len)
{
	char		digest_name[] = "SHA256";
	OSSL_PARAM	params[2];

	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
												 digest_name, 0);
	params[1] = OSSL_PARAM_construct_end();
	return EVP_MAC_init(mac, key, key_len, params) == 1;
}

/* Adds data to a keyed mac and writes the result. */
static bool
finish_mac(EVP_MAC_CTX *mac, const void *data, size_t len, uint8 *result)
{
	size_t		result_len;

	return EVP_MAC_update(mac, data, len) == 1 &&
		EVP_MAC_final(mac, result, &result_len, ADDB_SIGV4_DIGEST_LEN) == 1 &&
		result_len == ADDB_SIGV4_DIGEST_LEN;
}

static EVP_MAC_CTX *
make_mac(void)
{
	EVP_MAC_CTX *mac;

	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	mac = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	if (mac == NULL)
		raise_openssl_error("set up HMAC");
	return mac;
}

/* The chain with a given mac; wipes every copy of the secret that it makes. */
static bool
derive_with(EVP_MAC_CTX *mac, const AddbSigv4KeyId *id,
			uint8 chain[ADDB_SIGV4_KEY_STEPS][ADDB_SIGV4_DIGEST_LEN])
{
	const char *inputs[ADDB_SIGV4_KEY_STEPS];
	size_t		secret_len = strlen(id->secret_access_key);
	size_t		seed_len = secret_len + 4;
	char	   *seed = palloc(seed_len);
	bool		ok = true;

	inputs[ADDB_SIGV4_KEY_DATE] = id->date;
	inputs[ADDB_SIGV4_KEY_REGION] = id->region;
	inputs[ADDB_SIGV4_KEY_SERVICE] = id->service;
	inputs[ADDB_SIGV4_KEY_SIGNING] = "aws4_request";

	memcpy(seed, "AWS4", 4);
	memcpy(seed + 4, id->secret_access_key, secret_len);
	for (int step = 0; ok && step < ADDB_SIGV4_KEY_STEPS; step++)
		ok = (step == 0 ?
			  set_mac_key(mac, (uint8 *) seed, seed_len) :
			  set_mac_key(mac, chain[step - 1], ADDB_SIGV4_DIGEST_LEN)) &&
			finish_mac(mac, inputs[step], strlen(inputs[step]), chain[step]);

	OPENSSL_cleanse(seed, seed_len);
	pfree(seed);
	return ok;
}

/*
 * Derives the keys of the Signature Version 4 chain into chain, all four of
 * them; the caller wipes them. The secret is used as the bytes that it has, of
 * any length.
 */
void
addb_sigv4_derive(const AddbSigv4KeyId *id,
				  uint8 chain[ADDB_SIGV4_KEY_STEPS][ADDB_SIGV4_DIGEST_LEN])
{
	EVP_MAC_CTX *mac = make_mac();
	bool		ok = derive_with(mac, id, chain);

	EVP_MAC_CTX_free(mac);
	if (!ok)
		raise_openssl_error("derive a signing key");
}

/* Appends part and its NUL to the id of key; false when there is no room. */
static bool
add_to_id(CachedKey *key, const char *part)
{
	size_t		size = strlen(part) + 1;

	if (size > KEY_ID_MAX - key->id_len)
		return false;
	memcpy(key->id + key->id_len, part, size);
	key->id_len += size;
	return true;
}

/* Is the part at *pos of the cached id the given string? Moves past it. */
static bool
matches_part(const CachedKey *key, size_t *pos, const char *part)
{
	size_t		size = strlen(part) + 1;

	if (size > key->id_len - *pos || memcmp(key->id + *pos, part, size) != 0)
		return false;
	*pos += size;
	return true;
}

static CachedKey *
find_key(const AddbSigv4KeyId *id)
{
	for (int i = 0; i < CACHED_KEYS; i++)
	{
		CachedKey  *key = &cached_keys[i];
		size_t		pos = 0;

		if (key->id_len > 0 &&
			matches_part(key, &pos, id->access_key_id) &&
			matches_part(key, &pos, id->secret_access_key) &&
			matches_part(key, &pos, id->date) &&
			matches_part(key, &pos, id->region) &&
			matches_part(key, &pos, id->service))
			return key;
	}
	return NULL;
}

/* Freeing the context wipes the key inside it, which is OpenSSL's promise. */
static void
wipe_key(CachedKey *key)
{
	EVP_MAC_CTX_free(key->mac);
	OPENSSL_cleanse(key, sizeof(CachedKey));
	key->mac = NULL;
	key->id_len = 0;
	key->last_used = 0;
}

/* Puts a new key in the place of the one that was used longest ago. */
static CachedKey *
make_key(const AddbSigv4KeyId *id)
{
	CachedKey  *key = &cached_keys[0];
	uint8		chain[ADDB_SIGV4_KEY_STEPS][ADDB_SIGV4_DIGEST_LEN];
	bool		ok;

	for (int i = 1; i < CACHED_KEYS; i++)
		if (cached_keys[i].last_used < key->last_used)
			key = &cached_keys[i];

	wipe_key(key);
	key->mac = make_mac();
	ok = derive_with(key->mac, id, chain) &&
		set_mac_key(key->mac, chain[ADDB_SIGV4_KEY_SIGNING],
					ADDB_SIGV4_DIGEST_LEN);
	OPENSSL_cleanse(chain, sizeof(chain));
	if (!ok)
	{
		wipe_key(key);
		raise_openssl_error("derive a signing key");
	}

	if (!add_to_id(key, id->access_key_id) ||
		!add_to_id(key, id->secret_access_key) ||
		!add_to_id(key, id->date) ||
		!add_to_id(key, id->region) ||
		!add_to_id(key, id->service))
	{
		OPENSSL_cleanse(key->id, sizeof(key->id));
		key->id_len = 0;
	}
	return key;
}

/*
 * Writes HMAC-SHA256 of len bytes at data, with the signing key of id, into mac,
 * which has room for ADDB_SIGV4_DIGEST_LEN bytes. The derived key is kept for
 * later calls with an equal id.
 */
void
addb_sigv4_hmac(const AddbSigv4KeyId *id, const void *data, size_t len,
				uint8 *mac)
{
	CachedKey  *key = find_key(id);

	if (key == NULL)
		key = make_key(id);
	key->last_used = ++use_counter;

	if (EVP_MAC_init(key->mac, NULL, 0, NULL) != 1 ||
		!finish_mac(key->mac, data, len, mac))
	{
		wipe_key(key);
		raise_openssl_error("compute HMAC-SHA256");
	}
}

/* Wipes every derived key: for the moment when credentials change. */
void
addb_sigv4_forget(void)
{
	for (int i = 0; i < CACHED_KEYS; i++)
		wipe_key(&cached_keys[i]);
}
