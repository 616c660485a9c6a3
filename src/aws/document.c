/*
 * document.c
 *	  Reads the document in which containers and instances give credentials.
 */
#include "postgres.h"

#include "aws/credential_json.h"
#include "aws/document.h"
#include "aws/fetch.h"

/* The members, those that have to be there last. */
enum
{
	CODE, MESSAGE, ACCESS_KEY_ID, SECRET_ACCESS_KEY, TOKEN, EXPIRATION, NMEMBERS
};

/*
 * The reason why there are no credentials in a document, palloc'd, or NULL. It
 * has what the source itself says, unless that repeats hidden.
 */
static char *
describe(const AddbCredentialMember *members, const char *hidden)
{
	const char *code = members[CODE].value;
	const char *message = members[MESSAGE].value;
	int			missing = ACCESS_KEY_ID;

	while (missing < NMEMBERS && members[missing].value != NULL)
		missing++;
	if (missing == NMEMBERS)
		return NULL;
	if (code != NULL && strcmp(code, "Success") != 0)
		return psprintf("it says %s: %s", addb_fetch_quote(code, hidden),
						message != NULL ? addb_fetch_quote(message, hidden) :
						"(no message)");
	return psprintf("its document has no %s", members[missing].name);
}

/*
 * addb_document_take - the credentials in a document
 *
 * Takes the members AccessKeyId, SecretAccessKey, Token and Expiration, all of
 * which are needed. What Code says counts where one of them is missing, as in the
 * SDKs.
 *
 * Returns NULL, with the texts of credentials palloc'd, and wiped with the
 * current context, and expires_at set; or else a palloc'd clause that says what
 * is wrong with "it", the source. The clause never has hidden in it, which may
 * be NULL.
 */
char *
addb_document_take(const char *text, size_t len, const char *hidden,
				   AddbCredentials *credentials)
{
	AddbCredentialMember members[NMEMBERS] = {
		[CODE] = {"Code"},
		[MESSAGE] = {"Message"},
		[ACCESS_KEY_ID] = {"AccessKeyId"},
		[SECRET_ACCESS_KEY] = {"SecretAccessKey"},
		[TOKEN] = {"Token"},
		[EXPIRATION] = {"Expiration"},
	};
	char	   *problem;

	if (!addb_credential_json_read(text, len, members, NMEMBERS))
		return pstrdup("its document is not a JSON object");
	problem = describe(members, hidden);
	if (problem != NULL)
		return problem;
	if (!addb_credentials_parse_time(members[EXPIRATION].value,
									 &credentials->expires_at))
		return pstrdup("the Expiration in its document is not a time such as 2036-01-01T00:00:00Z");

	credentials->access_key_id = members[ACCESS_KEY_ID].value;
	credentials->secret_access_key = members[SECRET_ACCESS_KEY].value;
	credentials->session_token = members[TOKEN].value;
	return NULL;
}
