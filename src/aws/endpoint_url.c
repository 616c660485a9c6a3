/*
 * endpoint_url.c
 *	  Reads an endpoint URL that somebody set.
 *
 * What is accepted is narrower than RFC 3986, so that libcurl, the Host header
 * and the signature cannot read one URL in two ways. No message quotes the URL:
 * it may hold a password.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "aws/endpoint.h"

#define HOST_LABEL_MAX 63		/* RFC 1035, 2.3.4 */
#define HOST_NAME_MAX_LEN 253

/* The URL while it is taken apart. */
typedef struct UrlReader
{
	const char *pos;
	const char *source;
} UrlReader;

static void
refuse(const UrlReader *reader, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid endpoint URL in %s", reader->source),
			 errdetail("%s", detail),
			 errhint("An endpoint URL looks like https://host, http://localhost:8000 or https://host:port/path.")));
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
read_scheme(UrlReader *reader)
{
	if (pg_strncasecmp(reader->pos, "https://", 8) == 0)
	{
		reader->pos += 8;
		return true;
	}
	if (pg_strncasecmp(reader->pos, "http://", 7) != 0)
		refuse(reader, "The URL does not begin with https:// or http://.");
	reader->pos += 7;
	return false;
}

static bool
is_link_local_ipv4(const uint8 *bytes)
{
	return bytes[0] == 169 && bytes[1] == 254;
}

/*
 * fe80::/10, fd00:ec2::/32 of EC2, and the IPv4 addresses within IPv6: mapped,
 * compatible, and 64:ff9b::/96 of translators (RFC 6052).
 */
static bool
is_link_local_ipv6(const struct in6_addr *address)
{
	static const uint8 ec2[] = {0xfd, 0x00, 0x0e, 0xc2};
	static const uint8 translated[12] = {0x00, 0x64, 0xff, 0x9b};
	const uint8 *bytes = address->s6_addr;

	return IN6_IS_ADDR_LINKLOCAL(address) ||
		memcmp(bytes, ec2, sizeof(ec2)) == 0 ||
		((IN6_IS_ADDR_V4MAPPED(address) || IN6_IS_ADDR_V4COMPAT(address) ||
		  memcmp(bytes, translated, sizeof(translated)) == 0) &&
		 is_link_local_ipv4(bytes + 12));
}

/* "[...]" with a plain IPv6 address in it; lower case, with the brackets. */
static char *
read_ipv6(UrlReader *reader, AddbEndpoint *endpoint)
{
	const char *end = strchr(reader->pos, ']');
	struct in6_addr address;
	char	   *host;
	char	   *inner;

	if (end == NULL)
		refuse(reader, "The bracket around the IPv6 address is not closed.");
	host = pnstrdup(reader->pos, end + 1 - reader->pos);
	inner = pnstrdup(reader->pos + 1, end - reader->pos - 1);
	if (inet_pton(AF_INET6, inner, &address) != 1)
		refuse(reader, "The text in brackets is not an IPv6 address.");
	endpoint->is_loopback = IN6_IS_ADDR_LOOPBACK(&address);
	endpoint->is_link_local = is_link_local_ipv6(&address);
	for (char *p = host; *p != '\0'; p++)
		*p = pg_tolower((unsigned char) *p);
	reader->pos = end + 1;
	return host;
}

/* Each label has 1 to 63 of letters, digits, "-" and "_". */
static bool
is_host_name(const char *name)
{
	size_t		label = 0;

	if (strlen(name) > HOST_NAME_MAX_LEN)
		return false;
	for (const char *p = name; *p != '\0'; p++)
	{
		if (*p == '.')
		{
			if (label == 0)
				return false;
			label = 0;
		}
		else if (!is_alnum(*p) && *p != '-' && *p != '_')
			return false;
		else if (++label > HOST_LABEL_MAX)
			return false;
	}
	return label > 0;
}

/*
 * A host name or an IPv4 address, in lower case. A name whose last label begins
 * with a digit is an address to resolvers, which also take "127.1" and "0x7f.1";
 * only the usual four numbers are one here.
 */
static char *
read_host_name(UrlReader *reader, AddbEndpoint *endpoint)
{
	size_t		len = strcspn(reader->pos, "/:");
	char	   *host = pnstrdup(reader->pos, len);
	const char *last;
	struct in_addr address;

	for (char *p = host; *p != '\0'; p++)
		*p = pg_tolower((unsigned char) *p);
	if (!is_host_name(host))
		refuse(reader, "The host name is not valid.");

	last = strrchr(host, '.');
	last = last != NULL ? last + 1 : host;
	if (is_digit(*last))
	{
		if (inet_pton(AF_INET, host, &address) != 1)
			refuse(reader, "The host is not an IPv4 address of four numbers.");
		endpoint->is_loopback = (ntohl(address.s_addr) >> 24) == 127;
		endpoint->is_link_local = is_link_local_ipv4((const uint8 *) &address);
	}
	else
	{
		endpoint->is_loopback = strcmp(host, "localhost") == 0;
		endpoint->is_link_local = false;
	}
	reader->pos += len;
	return host;
}

/* The port after ":", or 0 when there is none. */
static int
read_port(UrlReader *reader)
{
	int			port = 0;

	if (*reader->pos != ':')
		return 0;
	for (reader->pos++; is_digit(*reader->pos) && port <= 65535; reader->pos++)
		port = port * 10 + (*reader->pos - '0');
	if (port < 1 || port > 65535 ||
		(*reader->pos != '/' && *reader->pos != '\0'))
		refuse(reader, "The port is not a number from 1 to 65535.");
	return port;
}

/* The path with one slash between segments and one at its end. */
static char *
read_path(UrlReader *reader)
{
	char	   *path = palloc(strlen(reader->pos) + 2);
	char	   *out = path;

	*out++ = '/';
	while (*reader->pos != '\0')
	{
		size_t		len = strcspn(reader->pos, "/");

		if ((len == 1 && reader->pos[0] == '.') ||
			(len == 2 && reader->pos[0] == '.' && reader->pos[1] == '.'))
			refuse(reader, "The path has a segment \".\" or \"..\".");
		for (size_t i = 0; i < len; i++)
			if (!is_alnum(reader->pos[i]) &&
				strchr("-._~!$&'()*+,;=:@%", reader->pos[i]) == NULL)
				refuse(reader, "The path has a character that needs percent-encoding.");
		memcpy(out, reader->pos, len);
		out += len;
		if (len > 0)
			*out++ = '/';
		reader->pos += len + (reader->pos[len] == '/');
	}
	*out = '\0';
	return path;
}

static void
check_characters(const UrlReader *reader)
{
	for (const char *p = reader->pos; *p != '\0'; p++)
	{
		if (*p <= ' ' || *p >= 0x7f)
			refuse(reader, "The URL has a blank, a control character or a character that is not ASCII.");
		if (*p == '?' || *p == '#' || *p == '\\')
			refuse(reader, "The URL has a query, a fragment or a backslash.");
	}
}

/*
 * Reads the endpoint URL that source (such as "atomic_dynamodb.endpoint_url")
 * holds and fills endpoint, apart from its signing_region, with palloc'd texts.
 *
 * Errors: ERRCODE_INVALID_PARAMETER_VALUE, naming source but never quoting the
 * URL, for anything but http or https, a host, a port and a path; and for http
 * to another machine unless allow_insecure_http.
 */
void
addb_endpoint_parse(const char *url, const char *source,
					bool allow_insecure_http, AddbEndpoint *endpoint)
{
	UrlReader	reader = {.pos = url,.source = source};
	bool		is_tls;
	int			port;

	check_characters(&reader);
	is_tls = read_scheme(&reader);
	if (memchr(reader.pos, '@', strcspn(reader.pos, "/")) != NULL)
		refuse(&reader, "The URL has a user name or a password.");

	endpoint->host = *reader.pos == '[' ?
		read_ipv6(&reader, endpoint) :
		read_host_name(&reader, endpoint);
	if (*reader.pos != '\0' && *reader.pos != ':' && *reader.pos != '/')
		refuse(&reader, "Something other than a port or a path follows the host.");
	port = read_port(&reader);
	if (port != 0 && port != (is_tls ? 443 : 80))
		endpoint->host = psprintf("%s:%d", endpoint->host, port);
	endpoint->path = read_path(&reader);
	endpoint->url = psprintf("%s://%s%s", is_tls ? "https" : "http",
							 endpoint->host, endpoint->path);

	if (!is_tls && !endpoint->is_loopback && !allow_insecure_http)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("plain http to another machine in %s", source),
				 errdetail("Requests would cross the network unencrypted."),
				 errhint("Use https, or let a superuser set allow_insecure_http.")));
}

/*
 * Raises ERRCODE_INVALID_PARAMETER_VALUE for an endpoint that addb_endpoint_parse
 * has read from source and that is no service but a machine's own: requests must
 * not reach the credentials of an instance or a container.
 */
void
addb_endpoint_refuse_link_local(const AddbEndpoint *endpoint,
								const char *source)
{
	if (endpoint->is_link_local)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the endpoint URL in %s is a link-local address", source),
				 errdetail("Machines find their metadata there; no AWS service is.")));
}
