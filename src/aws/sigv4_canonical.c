/*
 * sigv4_canonical.c
 *	  The first stage of Signature Version 4: the canonical request.
 *
 * Spec: "Create a signed AWS API request" in the AWS IAM User Guide, with the
 * header rules that the AWS SDKs share. A header value that could end the
 * header line is refused here, before anything is signed.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "aws/sigv4.h"
#include "aws/sigv4_key.h"

/* Proxies and libcurl may change or add these after signing. */
static const char *const never_signed[] = {
	"connection", "expect", "keep-alive", "proxy-authenticate",
	"proxy-authorization", "sec-websocket-key", "sec-websocket-protocol",
	"sec-websocket-version", "te", "trailer", "transfer-encoding", "upgrade",
	"user-agent", "x-amzn-trace-id"
};

static const char *const set_by_signer[] = {
	"authorization", "x-amz-content-sha256", "x-amz-date",
	"x-amz-security-token"
};

typedef struct QueryParameter
{
	char	   *name;			/* percent-encoded */
	char	   *value;			/* percent-encoded, "" without "=" */
} QueryParameter;

static inline unsigned char
to_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Compares header names by byte after lower-casing, as the spec sorts them. */
static int
compare_names(const char *a, const char *b)
{
	while (*a != '\0' && to_lower(*a) == to_lower(*b))
	{
		a++;
		b++;
	}
	return (int) to_lower(*a) - (int) to_lower(*b);
}

static bool
is_listed(const char *name, const char *const *list, int length)
{
	for (int i = 0; i < length; i++)
		if (to_lower(*name) == *list[i] && compare_names(name, list[i]) == 0)
			return true;
	return false;
}

static inline bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9');
}

/* RFC 9110, token: what a header name may be made of. */
static bool
is_header_name(const char *name)
{
	if (*name == '\0')
		return false;
	for (; *name != '\0'; name++)
		if (!is_alnum(*name) && *name != '-' &&
			strchr("!#$%&'*+.^_`|~", *name) == NULL)
			return false;
	return true;
}

static void
append_encoded(StringInfo out, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
		appendStringInfoCharMacro(out, c);
	else
	{
		appendStringInfoCharMacro(out, '%');
		appendStringInfoCharMacro(out, hex[c >> 4]);
		appendStringInfoCharMacro(out, hex[c & 15]);
	}
}

/*
 * Appends the canonical path: each byte of the path as sent, encoded once more.
 * Unless raw, empty and "." segments go and ".." takes the segment before it.
 */
static void
append_path(StringInfo out, const char *path, bool raw)
{
	int			start = out->len;
	const char *p = path;

	while (*p != '\0')
	{
		size_t		len;

		if (*p == '/')
		{
			if (raw)
				appendStringInfoChar(out, '/');
			p++;
			continue;
		}
		len = strcspn(p, "/");
		if (!raw && len == 1 && p[0] == '.')
			 /* stays here */ ;
		else if (!raw && len == 2 && p[0] == '.' && p[1] == '.')
		{
			while (out->len > start && out->data[--out->len] != '/')
				;
			out->data[out->len] = '\0';
		}
		else
		{
			if (!raw)
				appendStringInfoChar(out, '/');
			for (size_t i = 0; i < len; i++)
				append_encoded(out, p[i]);
		}
		p += len;
	}
	if (out->len == start || (!raw && p > path && p[-1] == '/'))
		appendStringInfoChar(out, '/');
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The text decoded where it is percent-encoded, and encoded again; palloc'd. */
static char *
recode(const char *text, size_t len)
{
	StringInfoData out;

	initStringInfo(&out);
	for (size_t i = 0; i < len; i++)
	{
		int			high = i + 2 < len && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
		int			low = high >= 0 ? hex_digit(text[i + 2]) : -1;

		if (low >= 0)
		{
			append_encoded(&out, (high << 4) | low);
			i += 2;
		}
		else
			append_encoded(&out, text[i]);
	}
	return out.data;
}

static int
compare_parameters(const void *a, const void *b)
{
	const QueryParameter *left = a;
	const QueryParameter *right = b;
	int			order = strcmp(left->name, right->name);

	return order != 0 ? order : strcmp(left->value, right->value);
}

/* Appends the parameters sorted by encoded name, then by encoded value. */
static void
append_query(StringInfo out, const char *query)
{
	QueryParameter *parameters;
	int			count = 0;
	int			room = 1;

	for (const char *p = query; *p != '\0'; p++)
		room += *p == '&';
	parameters = palloc(room * sizeof(QueryParameter));

	for (const char *p = query; *p != '\0';)
	{
		size_t		len = strcspn(p, "&");
		size_t		name_len = Min(strcspn(p, "="), len);
		size_t		value_start = Min(name_len + 1, len);

		if (len > 0)
		{
			parameters[count].name = recode(p, name_len);
			parameters[count].value = recode(p + value_start, len - value_start);
			count++;
		}
		p += len + (p[len] == '&');
	}

	qsort(parameters, count, sizeof(QueryParameter), compare_parameters);
	for (int i = 0; i < count; i++)
		appendStringInfo(out, "%s%s=%s", i > 0 ? "&" : "",
						 parameters[i].name, parameters[i].value);
}

/*
 * Appends a header value without the blanks at its ends, with each inner run of
 * blanks made one space. A line break is a blank only where it folds the line.
 */
static void
append_value(StringInfo out, const AddbSigv4Header *header)
{
	const char *p = header->value;
	bool		pending = false;
	char	   *start;
	char	   *end;

	enlargeStringInfo(out, strlen(p));
	start = end = out->data + out->len;
	for (; *p != '\0'; p++)
	{
		if ((*p == '\r' && p[1] != '\n') ||
			(*p == '\n' && p[1] != ' ' && p[1] != '\t') ||
			((unsigned char) *p < ' ' && !is_blank(*p)) || *p == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("header \"%s\" has a control character in its value",
							header->name)));
		if (is_blank(*p))
			pending = end > start;
		else
		{
			if (pending)
				*end++ = ' ';
			pending = false;
			*end++ = *p;
		}
	}
	*end = '\0';
	out->len += end - start;
}

/* Puts a header behind those that sort before it or equal to it. */
static void
insert_header(AddbSigv4Header *sorted, int *count, const char *name,
			  const char *value)
{
	int			i = (*count)++;

	for (; i > 0 && compare_names(sorted[i - 1].name, name) > 0; i--)
		sorted[i] = sorted[i - 1];
	sorted[i].name = name;
	sorted[i].value = value;
}

/* Collects into sorted what will be signed; returns how many. */
static int
collect_headers(const AddbSigv4Scope *scope, const AddbSigv4Request *request,
				const char *body_hash, AddbSigv4Header *sorted)
{
	int			count = 0;

	if (request->nheaders > ADDB_SIGV4_MAX_HEADERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot sign more than %d headers",
						ADDB_SIGV4_MAX_HEADERS)));

	for (int i = 0; i < request->nheaders; i++)
	{
		const char *name = request->headers[i].name;

		if (!is_header_name(name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid name of a header to sign")));
		if (is_listed(name, set_by_signer, lengthof(set_by_signer)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("header \"%s\" is set by the signer", name)));
		if (!is_listed(name, never_signed, lengthof(never_signed)))
			insert_header(sorted, &count, name, request->headers[i].value);
	}

	insert_header(sorted, &count, "x-amz-date", scope->amz_date);
	if (scope->session_token != NULL && scope->session_token[0] != '\0')
		insert_header(sorted, &count, "x-amz-security-token",
					  scope->session_token);
	if (request->sign_body_hash)
		insert_header(sorted, &count, "x-amz-content-sha256", body_hash);
	return count;
}

/* Appends the lines of the headers, and their names to signed_headers. */
static void
append_headers(StringInfo out, StringInfo signed_headers,
			   const AddbSigv4Header *sorted, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (i > 0 && compare_names(sorted[i - 1].name, sorted[i].name) == 0)
			appendStringInfoChar(out, ',');
		else
		{
			if (i > 0)
			{
				appendStringInfoChar(out, '\n');
				appendStringInfoChar(signed_headers, ';');
			}
			for (const char *p = sorted[i].name; *p != '\0'; p++)
			{
				appendStringInfoCharMacro(out, to_lower(*p));
				appendStringInfoCharMacro(signed_headers, to_lower(*p));
			}
			appendStringInfoChar(out, ':');
		}
		append_value(out, &sorted[i]);
	}
	appendStringInfoChar(out, '\n');
}

/*
 * Stage one. Appends the canonical request to canonical and the names of the
 * signed headers, joined by ";", to signed_headers. The last
 * ADDB_SIGV4_HEX_LEN characters of the canonical request are the hash of the
 * body.
 *
 * Errors: ERRCODE_INVALID_PARAMETER_VALUE for a header that the signer sets
 * itself, a name that is no header name, or a value with a control character;
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED for more than ADDB_SIGV4_MAX_HEADERS.
 */
void
addb_sigv4_canonical_request(const AddbSigv4Scope *scope,
							 const AddbSigv4Request *request,
							 StringInfo canonical, StringInfo signed_headers)
{
	AddbSigv4Header sorted[ADDB_SIGV4_MAX_HEADERS + lengthof(set_by_signer)];
	uint8		digest[ADDB_SIGV4_DIGEST_LEN];
	char		body_hash[ADDB_SIGV4_HEX_LEN + 1];
	int			count;

	addb_sigv4_sha256(request->body != NULL ? request->body : "",
					  request->body_len, digest);
	hex_encode((const char *) digest, sizeof(digest), body_hash);
	body_hash[ADDB_SIGV4_HEX_LEN] = '\0';

	count = collect_headers(scope, request, body_hash, sorted);

	appendStringInfoString(canonical, request->method);
	appendStringInfoChar(canonical, '\n');
	append_path(canonical, request->path, request->raw_path);
	appendStringInfoChar(canonical, '\n');
	if (request->query != NULL && request->query[0] != '\0')
		append_query(canonical, request->query);
	appendStringInfoChar(canonical, '\n');
	append_headers(canonical, signed_headers, sorted, count);
	appendStringInfoChar(canonical, '\n');
	appendBinaryStringInfo(canonical, signed_headers->data, signed_headers->len);
	appendStringInfoChar(canonical, '\n');
	appendBinaryStringInfo(canonical, body_hash, ADDB_SIGV4_HEX_LEN);
}
