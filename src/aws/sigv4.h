/*
 * sigv4.h
 *	  AWS Signature Version 4 in the Authorization header.
 *
 * Signing has three stages, each a function of its arguments alone: canonical
 * request, string to sign, signature. The clock is an argument.
 */
#ifndef ADDB_AWS_SIGV4_H
#define ADDB_AWS_SIGV4_H

#include "lib/stringinfo.h"

struct AddbCredentials;

#define ADDB_SIGV4_HEX_LEN 64	/* characters of a SHA-256 value in hex */
#define ADDB_SIGV4_MAX_HEADERS 64	/* given by the caller of one request */

typedef struct AddbSigv4Header
{
	const char *name;			/* in any case */
	const char *value;			/* as it is sent; may be folded */
} AddbSigv4Header;

/* Who signs, for what, and when. All strings belong to the caller. */
typedef struct AddbSigv4Scope
{
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;	/* NULL or "": there is none */
	const char *region;
	const char *service;
	const char *amz_date;		/* "YYYYMMDDTHHMMSSZ" in UTC, as in x-amz-date */
} AddbSigv4Scope;

/*
 * What is signed. The headers must hold "host". The caller sends x-amz-date,
 * x-amz-security-token (with a session token), x-amz-content-sha256 (with
 * sign_body_hash) and Authorization, but does not list them: the signer adds
 * the first three to what it signs.
 */
typedef struct AddbSigv4Request
{
	const char *method;
	const char *path;			/* as it is sent, from the first slash on */
	const char *query;			/* as it is sent, without "?"; NULL or "" */
	const AddbSigv4Header *headers; /* in any order, names may repeat */
	int			nheaders;
	const void *body;			/* may be NULL when body_len is 0 */
	size_t		body_len;
	bool		raw_path;		/* keep "//", "." and ".." in the path */
	bool		sign_body_hash; /* sign x-amz-content-sha256 too */
} AddbSigv4Request;

extern void addb_sigv4_canonical_request(const AddbSigv4Scope *scope,
										 const AddbSigv4Request *request,
										 StringInfo canonical,
										 StringInfo signed_headers);
extern void addb_sigv4_string_to_sign(const AddbSigv4Scope *scope,
									  const char *canonical, size_t len,
									  StringInfo string_to_sign);
extern void addb_sigv4_signature(const AddbSigv4Scope *scope,
								 const char *string_to_sign, size_t len,
								 char signature[ADDB_SIGV4_HEX_LEN + 1]);
extern void addb_sigv4_authorization(const AddbSigv4Scope *scope,
									 const char *signed_headers,
									 const char *signature, StringInfo value);
extern void addb_sigv4_sign(const struct AddbCredentials *credentials,
							const char *region, const char *service,
							const char *amz_date,
							const AddbSigv4Request *request, StringInfo value);

#endif							/* ADDB_AWS_SIGV4_H */
