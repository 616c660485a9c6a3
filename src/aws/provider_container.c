/*
 * provider_container.c
 *	  Credentials of a container: ECS tasks, EKS Pod Identity, and what imitates
 *	  them.
 *
 * AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is a path at a fixed address;
 * AWS_CONTAINER_CREDENTIALS_FULL_URI is a URL, by https or else only at this
 * machine and the two addresses of the agents: over plain http any other host
 * could read the authorization token and hand out keys of its choice. The host
 * is judged as a literal; of names only "localhost" is taken, since any other
 * may resolve to anything.
 *
 * These variables are set by whoever runs the container, so when they are there
 * and lead nowhere that is an error. An instance's credentials, which come next
 * in the chain, belong to the machine and not to the container.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "aws/credential_json.h"
#include "aws/credentials.h"
#include "aws/document.h"
#include "aws/endpoint.h"
#include "aws/fetch.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

#define RELATIVE_HOST "http://169.254.170.2"

static void
fail(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("could not get AWS credentials from the container"),
			 errdetail("%s", detail)));
}

/* Is a host, as AddbEndpoint has it, one of those that agents listen at? */
static bool
is_agent(const char *host)
{
	static const char *const agents[] = {"169.254.170.2", "169.254.170.23"};
	size_t		len = strcspn(host, ":");
	struct in6_addr address;
	struct in6_addr agent;

	if (host[0] == '[')
		return inet_pton(AF_INET6, "fd00:ec2::23", &agent) == 1 &&
			inet_pton(AF_INET6, pnstrdup(host + 1, strcspn(host, "]") - 1),
					  &address) == 1 &&
			memcmp(&address, &agent, sizeof(address)) == 0;
	for (size_t i = 0; i < lengthof(agents); i++)
		if (strlen(agents[i]) == len && memcmp(host, agents[i], len) == 0)
			return true;
	return false;
}

/* The path and the query go out as they are, so they must be plain. */
static void
check_path(const char *path, const char *variable)
{
	for (const char *p = path; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '#' || *p == '\\')
			fail(psprintf("The environment variable %s has a blank, a control character, a fragment, a backslash or a character that is not ASCII.",
						  variable));
}

/*
 * The URL of AWS_CONTAINER_CREDENTIALS_FULL_URI, put together from what was
 * understood of it.
 */
static char *
check_full_uri(const char *uri)
{
	const char *scheme_end = strstr(uri, "://");
	const char *rest = scheme_end != NULL ? scheme_end + 3 : uri;
	AddbEndpoint endpoint;
	char	   *authority;

	rest += strcspn(rest, "/?#");
	authority = pnstrdup(uri, rest - uri);
	check_path(rest, FULL_URI);
	addb_endpoint_parse(authority, "environment variable " FULL_URI, true,
						&endpoint);
	if (strncmp(endpoint.url, "http://", 7) == 0 && !endpoint.is_loopback &&
		!is_agent(endpoint.host))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("the host in environment variable %s is not allowed",
						FULL_URI),
				 errdetail("Over plain http only loopback addresses, localhost, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 are."),
				 errhint("Use https, or one of these hosts.")));

	/* endpoint.url ends with a slash */
	return psprintf("%s%s", endpoint.url, *rest == '/' ? rest + 1 : rest);
}

/* Where to ask, palloc'd, or NULL when nothing is configured. */
static char *
find_url(const AddbHost *host)
{
	const char *uri = addb_host_getenv(host, RELATIVE_URI);

	if (uri != NULL)
	{
		if (uri[0] != '/')
			fail("The environment variable " RELATIVE_URI " does not begin with a slash.");
		check_path(uri, RELATIVE_URI);
		return psprintf("%s%s", RELATIVE_HOST, uri);
	}
	uri = addb_host_getenv(host, FULL_URI);
	return uri != NULL ? check_full_uri(uri) : NULL;
}

/*
 * The value of the header Authorization, palloc'd, or NULL when there is none to
 * send. The file is read each time, for the token in it is changed.
 */
static char *
read_token(const AddbHost *host)
{
	const char *path = addb_host_getenv(host, TOKEN_FILE);
	const char *variable = path != NULL ? TOKEN_FILE : TOKEN;
	char	   *token;
	size_t		len;

	if (path != NULL)
	{
		token = host->read_file(host->arg, path, &len);
		if (token == NULL)
			fail(psprintf("File \"%s\", named by the environment variable %s, could not be read: %s.",
						  path, TOKEN_FILE, strerror(errno)));
	}
	else
	{
		if (addb_host_getenv(host, TOKEN) == NULL)
			return NULL;
		token = pstrdup(addb_host_getenv(host, TOKEN));
		len = strlen(token);
	}
	if (strlen(token) != len || !addb_fetch_fits_header(token))
	{
		explicit_bzero(token, len);
		fail(psprintf("The token from the environment variable %s is empty, begins or ends with a blank, or holds a line break or another character that no header can have.",
					  variable));
	}
	return token;
}

/* Is there a document in JSON? What it says is looked at later. */
static bool
is_good(const AddbHostReply *reply)
{
	return reply->status == 200 &&
		addb_credential_json_read(reply->body, reply->len, NULL, 0);
}

static bool
may_retry(const AddbHostReply *reply)
{
	return true;
}

/* As botocore: whatever is no JSON with status 200 is asked for again. */
static const AddbFetchPolicy policy = {
	.timeout = 2000,
	.tries = 3,
	.pause = 1000,
	.is_good = is_good,
	.may_retry = may_retry,
};

/* Raises an error unless reply, to a request with token, has credentials. */
static void
take_reply(AddbHostReply *reply, const char *token,
		   AddbCredentials *credentials)
{
	char	   *problem;

	if (reply->status == 0)
		fail(psprintf("It did not answer after %d tries: %s.", policy.tries,
					  addb_fetch_quote(reply->error, token)));

	problem = addb_document_take(reply->body, reply->len, token, credentials);
	addb_fetch_wipe(reply);
	if (reply->status != 200)
		fail(psprintf("It answered with HTTP status %d; %s.", reply->status,
					  problem != NULL ? problem : "that is not a success"));
	if (problem != NULL)
		fail(psprintf("It answered, but %s.", problem));
}

static AddbProviderOutcome
provide(AddbAwsSources *sources, AddbCredentials *credentials,
		StringInfo reason)
{
	const AddbHost *host = sources->host;
	const char *headers[2] = {"Accept: application/json"};
	AddbHostRequest request = {
		.method = "GET",
		.headers = headers,
		.nheaders = 1,
		.ca_file = sources->settings->ca_file,
	};
	AddbHostReply reply;
	char	   *token;

	request.url = find_url(host);
	if (request.url == NULL)
	{
		appendStringInfoString(reason, "neither " RELATIVE_URI " nor " FULL_URI " is set");
		return ADDB_PROVIDER_NOT_CONFIGURED;
	}
	token = read_token(host);
	if (token != NULL)
		headers[request.nheaders++] = psprintf("Authorization: %s", token);

	addb_fetch(host, &request, &policy, &reply);
	take_reply(&reply, token, credentials);
	return ADDB_PROVIDER_FOUND;
}

const AddbProvider addb_provider_container = {
	.name = "the container",
	.ambient = true,
	.provide = provide,
	.refreshable = true,
};
