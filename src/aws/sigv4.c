/*
 * sigv4.c
 *	  The later stages of Signature Version 4, and the whole in one call.
 *
 * Spec: "Create a signed AWS API request" in the AWS IAM User Guide.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "aws/sigv4_key.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define AMZ_DATE_LEN 16			/* "YYYYMMDDTHHMMSSZ" */

/*
 * The buffers of addb_sigv4_sign are kept, so that a request costs no
 * allocation. They grow with the headers, never with the body.
 */
static MemoryContext scratch_context = NULL;
static StringInfoData scratch_canonical;
static StringInfoData scratch_names;
static StringInfoData scratch_string;

/* The identity of the signing key; raises an error for a malformed date. */
static AddbSigv4KeyId
key_id_of(const AddbSigv4Scope *scope)
{
	static const char pattern[] = "ddddddddTddddddZ";
	AddbSigv4KeyId id;
	bool		ok = true;
	int			i;

	for (i = 0; ok && i < AMZ_DATE_LEN; i++)
		ok = pattern[i] == 'd' ?
			scope->amz_date[i] >= '0' && scope->amz_date[i] <= '9' :
			scope->amz_date[i] == pattern[i];
	if (!ok || scope->amz_date[i] != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid date to sign for"),
				 errdetail("The form is YYYYMMDDTHHMMSSZ.")));

	id.access_key_id = scope->access_key_id;
	id.secret_access_key = scope->secret_access_key;
	memcpy(id.date, scope->amz_date, ADDB_SIGV4_DATE_LEN);
	id.date[ADDB_SIGV4_DATE_LEN] = '\0';
	id.region = scope->region;
	id.service = scope->service;
	return id;
}

/* Appends "date/region/service/aws4_request". */
static void
append_scope(StringInfo out, const AddbSigv4KeyId *id)
{
	appendBinaryStringInfo(out, id->date, ADDB_SIGV4_DATE_LEN);
	appendStringInfoChar(out, '/');
	appendStringInfoString(out, id->region);
	appendStringInfoChar(out, '/');
	appendStringInfoString(out, id->service);
	appendStringInfoString(out, "/aws4_request");
}

/*
 * Stage two. Appends to string_to_sign the algorithm, the date, the scope and
 * the hash of the len bytes at canonical.
 *
 * Errors: ERRCODE_INVALID_PARAMETER_VALUE when scope->amz_date is malformed.
 */
void
addb_sigv4_string_to_sign(const AddbSigv4Scope *scope, const char *canonical,
						  size_t len, StringInfo string_to_sign)
{
	AddbSigv4KeyId id = key_id_of(scope);
	uint8		digest[ADDB_SIGV4_DIGEST_LEN];

	addb_sigv4_sha256(canonical, len, digest);
	appendStringInfoString(string_to_sign, ALGORITHM "\n");
	appendBinaryStringInfo(string_to_sign, scope->amz_date, AMZ_DATE_LEN);
	appendStringInfoChar(string_to_sign, '\n');
	append_scope(string_to_sign, &id);
	appendStringInfoChar(string_to_sign, '\n');

	enlargeStringInfo(string_to_sign, ADDB_SIGV4_HEX_LEN);
	hex_encode((const char *) digest, sizeof(digest),
			   string_to_sign->data + string_to_sign->len);
	string_to_sign->len += ADDB_SIGV4_HEX_LEN;
	string_to_sign->data[string_to_sign->len] = '\0';
}

/*
 * Stage three. Writes the hex signature of the len bytes at string_to_sign,
 * with its NUL. The derived key is cached under everything that it depends on.
 *
 * Errors: ERRCODE_INVALID_PARAMETER_VALUE when scope->amz_date is malformed.
 */
void
addb_sigv4_signature(const AddbSigv4Scope *scope, const char *string_to_sign,
					 size_t len, char signature[ADDB_SIGV4_HEX_LEN + 1])
{
	AddbSigv4KeyId id = key_id_of(scope);
	uint8		mac[ADDB_SIGV4_DIGEST_LEN];

	addb_sigv4_hmac(&id, string_to_sign, len, mac);
	hex_encode((const char *) mac, sizeof(mac), signature);
	signature[ADDB_SIGV4_HEX_LEN] = '\0';
}

/*
 * Appends to value what the Authorization header says, from the results of the
 * stages before.
 *
 * Errors: ERRCODE_INVALID_PARAMETER_VALUE when scope->amz_date is malformed.
 */
void
addb_sigv4_authorization(const AddbSigv4Scope *scope,
						 const char *signed_headers, const char *signature,
						 StringInfo value)
{
	AddbSigv4KeyId id = key_id_of(scope);

	appendStringInfoString(value, ALGORITHM " Credential=");
	appendStringInfoString(value, scope->access_key_id);
	appendStringInfoChar(value, '/');
	append_scope(value, &id);
	appendStringInfoString(value, ", SignedHeaders=");
	appendStringInfoString(value, signed_headers);
	appendStringInfoString(value, ", Signature=");
	appendStringInfoString(value, signature);
}

static void
reset_scratch(void)
{
	if (scratch_context == NULL)
	{
		MemoryContext context = AllocSetContextCreate(TopMemoryContext,
													  "atomic_dynamodb signer",
													  ALLOCSET_SMALL_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		initStringInfo(&scratch_canonical);
		initStringInfo(&scratch_names);
		initStringInfo(&scratch_string);
		MemoryContextSwitchTo(old);
		scratch_context = context;
	}
	resetStringInfo(&scratch_canonical);
	resetStringInfo(&scratch_names);
	resetStringInfo(&scratch_string);
}

/*
 * All stages in one call: appends the value of the Authorization header to
 * value, which belongs to the caller. amz_date is the text that the caller sends
 * as x-amz-date. Sign anew for each attempt.
 *
 * Errors: those of the stages.
 */
void
addb_sigv4_sign(const AddbCredentials *credentials, const char *region,
				const char *service, const char *amz_date,
				const AddbSigv4Request *request, StringInfo value)
{
	AddbSigv4Scope scope = {
		.access_key_id = credentials->access_key_id,
		.secret_access_key = credentials->secret_access_key,
		.session_token = credentials->session_token,
		.region = region,
		.service = service,
		.amz_date = amz_date,
	};
	char		signature[ADDB_SIGV4_HEX_LEN + 1];

	reset_scratch();
	addb_sigv4_canonical_request(&scope, request, &scratch_canonical,
								 &scratch_names);
	addb_sigv4_string_to_sign(&scope, scratch_canonical.data,
							  scratch_canonical.len, &scratch_string);
	addb_sigv4_signature(&scope, scratch_string.data, scratch_string.len,
						 signature);
	addb_sigv4_authorization(&scope, scratch_names.data, signature, value);
}
