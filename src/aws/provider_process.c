/*
 * provider_process.c
 *	  Credentials from the program that credential_process of a profile names.
 *
 * The line is split into words as botocore does, which is how a POSIX shell
 * treats quotes and backslashes, and no shell sees it: there are no variables,
 * no "~" and no pipes. Neither the words behind the first one nor what the
 * program writes is ever shown, for both may hold secrets.
 */
#include "postgres.h"

#include "aws/credential_json.h"
#include "aws/profile.h"
#include "aws/provider.h"
#include "aws/secret.h"

/*
 * ms for the program. The AWS CLI takes a second or two to start, and an exchange
 * with an identity provider about as long; nobody is there to answer a question.
 * Tests make it shorter.
 */
#ifndef PROCESS_TIMEOUT
#define PROCESS_TIMEOUT 60000
#endif

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * Reads one word from *p, which is at its first character, and moves *p behind
 * it. NULL when a quote is not closed or nothing follows a backslash.
 */
static char *
read_word(const char **p)
{
	StringInfoData word;
	char		quote = '\0';

	initStringInfo(&word);
	for (; **p != '\0' && (quote != '\0' || !is_blank(**p)); (*p)++)
	{
		char		c = **p;

		if (quote == '\0' && (c == '\'' || c == '"'))
			quote = c;
		else if (c == quote && quote != '\0')
			quote = '\0';
		else if (c == '\\' && quote != '\'')
		{
			char		next = *++(*p);

			if (next == '\0')
				return NULL;
			/* Between double quotes it stands for itself before most others. */
			if (quote == '"' && next != '"' && next != '\\')
				appendStringInfoChar(&word, c);
			appendStringInfoChar(&word, next);
		}
		else
			appendStringInfoChar(&word, c);
	}
	return quote == '\0' ? word.data : NULL;
}

/* The words of a line, behind them a NULL; NULL when it makes no sense. */
static const char **
split_words(const char *line)
{
	/* A word takes at least one character, and a blank behind it. */
	const char **words = palloc((strlen(line) / 2 + 2) * sizeof(char *));
	int			count = 0;

	for (;;)
	{
		while (is_blank(*line))
			line++;
		if (*line == '\0')
			break;
		words[count] = read_word(&line);
		if (words[count++] == NULL)
			return NULL;
	}
	words[count] = NULL;
	return count > 0 ? words : NULL;
}

static void
fail(const AddbProfile *profile, const char *program, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("the credential_process of AWS profile \"%s\" gave no credentials",
					profile->name),
			 program != NULL ?
			 errdetail("The program is \"%s\": %s.", program, problem) :
			 errdetail("The line cannot be run: %s.", problem),
			 program != NULL ?
			 errhint("Run it as the operating system user of the server to see what it says.") : 0));
}

/* Fills credentials from the document; why that cannot be done, or NULL. */
static const char *
read_document(const char *text, size_t len, AddbCredentials *credentials)
{
	enum
	{
		VERSION, ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, EXPIRATION
	};
	AddbCredentialMember members[] = {
		[VERSION] = {"Version"},
		[ACCESS_KEY_ID] = {"AccessKeyId"},
		[SECRET_ACCESS_KEY] = {"SecretAccessKey"},
		[SESSION_TOKEN] = {"SessionToken"},
		[EXPIRATION] = {"Expiration"},
	};
	const AddbCredentialMember *version = &members[VERSION];
	const char *expiration;

	if (!addb_credential_json_read(text, len, members, lengthof(members)))
		return "what it wrote is not a JSON object";
	expiration = members[EXPIRATION].value;
	if (version->value == NULL || !version->is_number ||
		strtod(version->value, NULL) != 1)
		return "what it wrote does not have \"Version\": 1";
	if (members[ACCESS_KEY_ID].value == NULL ||
		members[SECRET_ACCESS_KEY].value == NULL)
		return "what it wrote has no text for AccessKeyId or SecretAccessKey";
	if (expiration != NULL &&
		!addb_credentials_parse_time(expiration, &credentials->expires_at))
		return "the Expiration that it wrote is not a time such as 2036-01-01T00:00:00Z";
	credentials->access_key_id = members[ACCESS_KEY_ID].value;
	credentials->secret_access_key = members[SECRET_ACCESS_KEY].value;
	credentials->session_token = members[SESSION_TOKEN].value;
	return NULL;
}

/*
 * addb_process_read - fills credentials from the credential_process of a profile
 *
 * The texts are palloc'd, and wiped with the current context. Without an
 * Expiration they count as good until the service refuses them.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when the line cannot be
 * split, the program fails, writes too much or takes too long, or its output is
 * not the document that the AWS CLI describes for this.
 */
void
addb_process_read(const AddbAwsSources *sources, const AddbProfile *profile,
				  AddbCredentials *credentials)
{
	const AddbHost *host = sources->host;
	const char **words = split_words(addb_profile_get(profile, "credential_process"));
	const char *problem = NULL;
	char	   *text;
	size_t		len;

	if (words == NULL)
		fail(profile, NULL, "it is empty, a quote is not closed, or a backslash ends it");
	text = host->run(host->arg, words, PROCESS_TIMEOUT, &len, &problem);
	if (text == NULL)
		fail(profile, words[0], problem);
	addb_secret_wipe_on_reset(text, len);
	problem = read_document(text, len, credentials);
	if (problem != NULL)
		fail(profile, words[0], problem);
	credentials->source = "the credential_process of a profile";
	credentials->refreshable = credentials->expires_at != DT_NOEND;
}
