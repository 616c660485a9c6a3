/*
 * raw_limit.c
 *	  The physical limit: libcurl with keep-alive and nothing else.
 *
 *	 raw_limit URL REQUEST COUNT [CONNECTIONS [unsigned]]
 *
 * REQUEST is a file with a request as stub_server recorded it (head, empty
 * line, body): exactly what the extension sent. It is sent COUNT times, each
 * time signed anew with a cached key, unless "unsigned", which sends the
 * recorded signature. The replies are thrown away. With one connection it is a
 * loop of curl_easy_perform, with more it is curl_multi.
 *
 * Prints one line of JSON: ops, secs, cpu (s), bytes received.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <curl/curl.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MAX_CONNECTIONS 64
#define MAX_LINES 32

/* The recorded request. */
static char *body;
static size_t body_len;
static char *line[MAX_LINES];	/* "Name: value" */
static int	nlines;
static char authorization[2048];	/* the line, its signature rewritten */
static char *signature;			/* in it */
static char canonical[4096];	/* up to the hash of the body */
static size_t canonical_len;
static char to_sign[512];		/* up to the hash of the canonical request */
static size_t to_sign_len;

static SHA256_CTX hmac_inner, hmac_outer;	/* after the blocks of the key */
static long bytes;
static bool resign = true;

static void
die(const char *what)
{
	fprintf(stderr, "raw_limit: %s\n", what);
	exit(1);
}

static size_t
discard(char *data, size_t size, size_t count, void *arg)
{
	(void) data, (void) arg;
	bytes += size * count;
	return size * count;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---------- SigV4 with a cached key ---------- */

static void
hex(const unsigned char *digest, char *out)
{
	for (int i = 0; i < 32; i++) {
		*out++ = "0123456789abcdef"[digest[i] >> 4];
		*out++ = "0123456789abcdef"[digest[i] & 15];
	}
}

static void
sha_hex(const void *data, size_t len, char *out)
{
	unsigned char digest[32];

	SHA256(data, len, digest);
	hex(digest, out);
}

/* scope is date/region/service/aws4_request */
static void
derive_key(const char *scope, size_t len)
{
	unsigned char key[32], pad[64];
	char	part[256], secret[] = "AWS4local", *save;
	unsigned key_len = strlen(secret);
	const void *from = secret;

	snprintf(part, sizeof part, "%.*s", (int) len, scope);
	for (char *p = strtok_r(part, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
		HMAC(EVP_sha256(), from, key_len, (unsigned char *) p, strlen(p), key, &key_len);
		from = key;
	}
	for (int i = 0; i < 64; i++) pad[i] = (i < 32 ? key[i] : 0) ^ 0x36;
	SHA256_Init(&hmac_inner), SHA256_Update(&hmac_inner, pad, 64);
	for (int i = 0; i < 64; i++) pad[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&hmac_outer), SHA256_Update(&hmac_outer, pad, 64);
}

/* Writes the signature of the request into its Authorization line. */
static void
sign(void)
{
	unsigned char digest[32];
	SHA256_CTX c;

	sha_hex(body, body_len, canonical + canonical_len);
	sha_hex(canonical, canonical_len + 64, to_sign + to_sign_len);
	c = hmac_inner, SHA256_Update(&c, to_sign, to_sign_len + 64), SHA256_Final(digest, &c);
	c = hmac_outer, SHA256_Update(&c, digest, 32), SHA256_Final(digest, &c);
	hex(digest, signature);
}

/* ---------- the recorded request ---------- */

static const char *
value_of(const char *name)
{
	size_t	len = strlen(name);

	for (int i = 0; i < nlines; i++)
		if (!strncasecmp(line[i], name, len) && line[i][len] == ':')
			return line[i] + len + 1 + strspn(line[i] + len + 1, " ");
	die("the recorded request lacks a header");
	return NULL;
}

static char *
read_all(const char *path, size_t *len)
{
	FILE   *file = fopen(path, "rb");
	char   *text;

	if (!file) die("cannot open the recorded request");
	fseek(file, 0, SEEK_END);
	*len = ftell(file);
	rewind(file);
	text = malloc(*len + 1);
	if (fread(text, 1, *len, file) != *len) die("cannot read the recorded request");
	text[*len] = 0;
	fclose(file);
	return text;
}

static void
load(const char *path)
{
	size_t	len;
	char   *text = read_all(path, &len), *end = strstr(text, "\r\n\r\n"), *save;
	const char *credential, *scope;

	if (!end) die("the recorded request has no end of head");
	body = end + 4;
	body_len = len - (body - text);
	*end = 0;
	strtok_r(text, "\r\n", &save);	/* the request line */
	for (char *p; (p = strtok_r(NULL, "\r\n", &save)) != NULL;) {
		if (nlines == MAX_LINES) die("too many header lines");
		if (strncasecmp(p, "Content-Length:", 15) != 0)
			line[nlines++] = p;
	}

	snprintf(authorization, sizeof authorization, "Authorization: %s", value_of("Authorization"));
	for (int i = 0; i < nlines; i++)
		if (!strncasecmp(line[i], "Authorization:", 14))
			line[i] = authorization;
	signature = strstr(authorization, "Signature=");
	credential = strstr(authorization, "Credential=");
	scope = credential ? strchr(credential, '/') : NULL;
	if (!signature || !scope) die("the recorded request is not signed");
	signature += strlen("Signature=");
	scope++;
	derive_key(scope, strcspn(scope, ","));
	canonical_len = sprintf(canonical, "POST\n/\n\ncontent-type:%s\nhost:%s\nx-amz-date:%s\nx-amz-target:%s\n\n"
		"content-type;host;x-amz-date;x-amz-target\n", value_of("Content-Type"), value_of("Host"),
		value_of("X-Amz-Date"), value_of("X-Amz-Target"));
	to_sign_len = sprintf(to_sign, "AWS4-HMAC-SHA256\n%s\n%.*s\n", value_of("X-Amz-Date"),
		(int) strcspn(scope, ","), scope);
}

/* Lines that stay where they are: a signature changes in place. */
static struct curl_slist *
headers(void)
{
	static struct curl_slist list[MAX_LINES + 2];
	int		n = 0;

	for (int i = 0; i < nlines; i++)
		list[n++].data = line[i];
	list[n++].data = (char *) "Expect:";
	list[n++].data = (char *) "Accept:";
	for (int i = 0; i + 1 < n; i++)
		list[i].next = &list[i + 1];
	list[n - 1].next = NULL;
	return list;
}

/* ---------- loops ---------- */

static CURL *
handle(const char *url)
{
	CURL   *c = curl_easy_init();

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 512L * 1024);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long) body_len);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers());
	return c;
}

static void
run_easy(const char *url, int count)
{
	static CURL *c;				/* kept from the warm-up */

	if (!c) c = handle(url);
	for (int i = 0; i < count; i++) {
		if (resign) sign();
		if (curl_easy_perform(c)) die("a request failed");
	}
}

static void
run_multi(const char *url, int count, int connections)
{
	static CURLM *m;
	static CURL *c[MAX_CONNECTIONS];
	int		left = count, active = 0, running;

	if (!m) m = curl_multi_init();
	for (int k = 0; k < connections && left > 0; k++, left--, active++) {
		if (!c[k]) c[k] = handle(url);
		if (resign) sign();
		curl_multi_add_handle(m, c[k]);
	}
	while (active) {
		CURLMsg *message;
		int		queued;

		curl_multi_perform(m, &running);
		while ((message = curl_multi_info_read(m, &queued))) {
			CURL   *e = message->easy_handle;

			if (message->data.result) die("a request failed");
			curl_multi_remove_handle(m, e);
			if (left > 0) {
				if (resign) sign();
				curl_multi_add_handle(m, e);
				left--;
			} else
				active--;
		}
		if (active) curl_multi_poll(m, NULL, 0, 1000, NULL);
	}
}

int
main(int argc, char **argv)
{
	int		count, connections;
	double	secs = 0, cpu = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: raw_limit URL REQUEST COUNT [CONNECTIONS [unsigned]]\n");
		return 2;
	}
	count = atoi(argv[3]);
	connections = argc > 4 ? atoi(argv[4]) : 1;
	resign = argc < 6;
	if (connections < 1 || connections > MAX_CONNECTIONS) die("1 to 64 connections");
	curl_global_init(CURL_GLOBAL_ALL);
	load(argv[2]);
	for (int pass = 0; pass < 2; pass++) {	/* pass 0 warms up: connections, caches */
		int		n = pass ? count : count / 50 + connections;

		bytes = 0, secs = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
		if (connections == 1) run_easy(argv[1], n);
		else run_multi(argv[1], n, connections);
		secs = seconds(CLOCK_MONOTONIC) - secs, cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	}
	printf("{\"ops\":%d,\"secs\":%.6f,\"cpu\":%.6f,\"bytes\":%ld}\n", count, secs, cpu, bytes);
	return 0;
}
