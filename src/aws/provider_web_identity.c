/*
 * provider_web_identity.c
 *	  Credentials of a role for a token that somebody keeps fresh in a file, as
 *	  Kubernetes does for service accounts (EKS).
 *
 * The file is read again whenever the credentials are: the token in it lives
 * shorter than the server. What the environment says comes before the shared
 * files, unless the settings name a profile; a profile may say the same.
 */
#include "postgres.h"

#include "aws/provider.h"
#include "aws/secret.h"
#include "aws/sts.h"

/* The text of the file as it is; wiped with the current context. */
static const char *
read_token(const AddbHost *host, const AddbWebIdentity *identity, size_t *len)
{
	char	   *token = host->read_file(host->arg, identity->token_file, len);

	if (token == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("could not read web identity token file \"%s\": %m",
						identity->token_file),
				 errdetail("It is named by %s.", identity->place)));
	addb_secret_wipe_on_reset(token, *len);
	if (*len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("web identity token file \"%s\" holds no token",
						identity->token_file),
				 errdetail("It is named by %s.", identity->place)));
	return token;
}

/*
 * addb_web_identity_read - fills credentials with those of the role
 *
 * The texts are palloc'd, and wiped with the current context.
 *
 * Errors: ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION when there is no role or
 * no token; those of addb_sts_assume_role_with_web_identity.
 */
void
addb_web_identity_read(AddbAwsSources *sources, const AddbWebIdentity *identity,
					   AddbCredentials *credentials)
{
	AddbStsRole role = {
		.role_arn = identity->role_arn,
		.session_name = identity->session_name,
	};
	const char *token;
	size_t		len;

	if (identity->role_arn == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("a web identity needs a role"),
				 errdetail("A token file is named by %s, but %s is not set.",
						   identity->place, identity->role_name)));
	token = read_token(sources->host, identity, &len);
	addb_sts_assume_role_with_web_identity(sources, &role, token, len,
										   credentials);
	credentials->source = "a web identity";
	credentials->role_arn = identity->role_arn;
	credentials->refreshable = true;
}

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	const AddbHost *host = sources->host;
	AddbWebIdentity identity = {
		.token_file = addb_host_getenv(host, "AWS_WEB_IDENTITY_TOKEN_FILE"),
		.role_arn = addb_host_getenv(host, "AWS_ROLE_ARN"),
		.session_name = addb_host_getenv(host, "AWS_ROLE_SESSION_NAME"),
		.place = "the environment variable AWS_WEB_IDENTITY_TOKEN_FILE",
		.role_name = "AWS_ROLE_ARN",
	};

	if (sources->settings->profile[0] != '\0')
	{
		appendStringInfo(reason, "passed over because %s names a profile",
						 sources->settings->server[0] != '\0' ?
						 "the server" : "atomic_dynamodb.profile");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	if (identity.token_file == NULL)
	{
		appendStringInfoString(reason, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	addb_web_identity_read(sources, &identity, credentials);
	return ADDB_PROVIDER_FOUND;
}

const AddbProvider addb_provider_web_identity = {
	.name = "a web identity",
	.ambient = true,
	.provide = provide,
	.refreshable = true,
};
