/*
 * sigv4_key.h
 *	  The arithmetic under Signature Version 4: SHA-256, the key derivation, and
 *	  HMAC with a derived key that is kept between requests.
 *
 * Every function here raises ERRCODE_INTERNAL_ERROR when OpenSSL fails.
 */
#ifndef ADDB_AWS_SIGV4_KEY_H
#define ADDB_AWS_SIGV4_KEY_H

#define ADDB_SIGV4_DIGEST_LEN 32	/* bytes of a SHA-256 value */
#define ADDB_SIGV4_DATE_LEN 8	/* "YYYYMMDD" */

/* The four keys of the chain; the last one signs. */
typedef enum AddbSigv4KeyStep
{
	ADDB_SIGV4_KEY_DATE,
	ADDB_SIGV4_KEY_REGION,
	ADDB_SIGV4_KEY_SERVICE,
	ADDB_SIGV4_KEY_SIGNING,
	ADDB_SIGV4_KEY_STEPS
} AddbSigv4KeyStep;

/* What a derived key depends on; the strings belong to the caller. */
typedef struct AddbSigv4KeyId
{
	const char *access_key_id;
	const char *secret_access_key;
	char		date[ADDB_SIGV4_DATE_LEN + 1];
	const char *region;
	const char *service;
} AddbSigv4KeyId;

extern void addb_sigv4_sha256(const void *data, size_t len, uint8 *digest);
extern void addb_sigv4_derive(const AddbSigv4KeyId *id,
							  uint8 chain[ADDB_SIGV4_KEY_STEPS][ADDB_SIGV4_DIGEST_LEN]);
extern void addb_sigv4_hmac(const AddbSigv4KeyId *id, const void *data,
							size_t len, uint8 *mac);
extern void addb_sigv4_forget(void);

#endif							/* ADDB_AWS_SIGV4_KEY_H */
