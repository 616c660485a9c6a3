/*
 * stub_replies.c
 *	  What the canned DynamoDB answers; see stub_server.c.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <zlib.h>

#include "stub.h"

enum { GET, PUT, UPD, DEL, TWI, TGI, BWI, BGI, QRY, SCN, CRT, DSC, LST, OTHER, NOPS };
static const char *op_name[NOPS] = {"GetItem", "PutItem", "UpdateItem", "DeleteItem",
	"TransactWriteItems", "TransactGetItems", "BatchWriteItem", "BatchGetItem", "Query",
	"Scan", "CreateTable", "DescribeTable", "ListTables", "other"};
static long op_count[NOPS];
static struct { char *data; size_t len; } first[NOPS];	/* recorded requests */

/* ---------- tiny request parsing ---------- */

static const char *
find(const char *b, size_t n, const char *s)
{
	return b ? memmem(b, n, s, strlen(s)) : NULL;
}

/* first integer after the quoted name, or dflt */
static long
num_after(const char *b, size_t n, const char *name, long dflt)
{
	const char *p = find(b, n, name), *e = b + n;

	if (!p) return dflt;
	for (p += strlen(name); p < e && (*p < '0' || *p > '9'); p++)
		;
	return p < e ? strtol(p, NULL, 10) : dflt;
}

const char *
header(const char *h, const char *end, const char *name)
{
	size_t	l = strlen(name);

	while ((h = memchr(h, '\n', end - h)) && ++h < end)
		if (!strncasecmp(h, name, l) && h[l] == ':') {
			for (h += l + 1; *h == ' '; h++)
				;
			return h;
		}
	return NULL;
}

/* the string value after "TableName": (or first key after "RequestItems":{) */
static void
table_name(const char *b, size_t n, const char *key, char *out, size_t outsz)
{
	const char *p = find(b, n, key), *e = b + n, *q;

	strcpy(out, "tbl");
	if (!p)
		return;
	p += strlen(key);
	if (!(p = memchr(p, '"', e - p)) || !(q = memchr(p + 1, '"', e - p - 1)))
		return;
	if ((size_t) (q - p) > outsz)
		return;
	memcpy(out, p + 1, q - p - 1);
	out[q - p - 1] = 0;
}

/* ---------- responses ---------- */

static void
add_iov(Conn *c, const char *p, size_t n)
{
	c->iov[c->niov++] = (struct iovec) {(void *) p, n};
}

static void
finish(Conn *c, const char *status, uint32_t crc)
{
	size_t	len = 0;

	for (int i = 1; i < c->niov; i++)
		len += c->iov[i].iov_len;
	c->iov[0].iov_base = c->hdr;
	c->iov[0].iov_len = snprintf(c->hdr, sizeof c->hdr,
		"HTTP/1.1 %s\r\nServer: Server\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
		"Content-Type: application/x-amz-json-1.0\r\nContent-Length: %zu\r\nConnection: %s\r\n"
		"x-amzn-RequestId: STUB0000000000000000000000000000000000000000000AAAAA\r\n"
		"x-amz-crc32: %u\r\n\r\n", status, len, c->closing ? "close" : "keep-alive", crc);
	st.bytes_out += len + c->iov[0].iov_len;
}

/* A reply of a text that stays; wrong: what its checksum is off by. */
void
reply(Conn *c, const char *status, const char *body, size_t n, uint32_t wrong)
{
	add_iov(c, body, n);
	finish(c, status, crc32(0, (const Bytef *) body, n) ^ wrong);
}

static void
simple(Conn *c, const char *status, const char *body, size_t n)
{
	reply(c, status, body, n, 0);
}

/*
 * Ends a reply: the consumed capacity, if it was asked for, and the brace.
 * Several: in an array, as operations on several tables tell it.
 */
static char *
end_reply(char *p, bool first, const char *b, size_t n, double units, bool several)
{
	char	t[256];

	if (find(b, n, "\"ReturnConsumedCapacity\"")) {
		table_name(b, n, find(b, n, "\"TableName\"") ? "\"TableName\"" : "\"RequestItems\"", t, sizeof t);
		p += sprintf(p, "%s\"ConsumedCapacity\":%s{\"TableName\":\"%s\",\"CapacityUnits\":%.1f}%s",
					 first ? "" : ",", several ? "[" : "", t, units, several ? "]" : "");
	}
	*p++ = '}';
	return p;
}

/* Sends text and behind it what is in the tail, up to its end. */
static void
send_text(Conn *c, const Text *text, const char *end)
{
	size_t	len = end - c->tail;

	if (text->len)
		add_iov(c, text->data, text->len);
	add_iov(c, c->tail, len);
	finish(c, "200 OK", crc32(text->crc, (Bytef *) c->tail, len));
}

/* The answer of a write; members is what it holds besides the capacity. */
static void
written(Conn *c, const char *b, size_t n, const char *members, double units, bool several)
{
	static const Text none;
	char   *p = c->tail + sprintf(c->tail, "{%s", members);

	send_text(c, &none, end_reply(p, !*members, b, n, units, several));
}

static void
scan_page(Conn *c, const char *b, size_t n)
{
	long	T = num_after(b, n, "\"TotalSegments\"", 1), s = num_after(b, n, "\"Segment\"", 0);
	long	limit = num_after(b, n, "\"Limit\"", 1L << 30), pg = s, from = 0, cnt;
	const char *esk = find(b, n, "\"ExclusiveStartKey\"");
	bool	count = find(b, n, "\"COUNT\"");	/* Select=COUNT: no items */
	char	t[256], *tail = c->tail;
	Page   *pages, *p;
	uint32_t crc;
	size_t	hl;

	table_name(b, n, "\"TableName\"", t, sizeof t);
	pages = canned_for(t)->pages;
	if (esk) {
		size_t	m = b + n - esk;

		pg = num_after(esk, m, "\"pk\"", 0);
		from = num_after(esk, m, "\"sk\"", 0) + 1;
		if (pg < opt_pages && from >= pages[pg % BODIES].n)
			pg += T, from = 0;
	}
	if (pg >= opt_pages) {
		static const char e[] = "{\"Count\":0,\"Items\":[],\"ScannedCount\":0}";

		simple(c, "200 OK", e, sizeof e - 1);
		return;
	}
	p = &pages[pg % BODIES];
	cnt = p->n - from < limit ? p->n - from : limit;
	st.items_sent += cnt;
	if (count) {
		hl = sprintf(c->head, "{\"Count\":%ld", cnt);
		crc = crc32(0, (Bytef *) c->head, hl);
		add_iov(c, c->head, hl);
	} else if (cnt == p->n) {		/* whole page: CRC known */
		crc = p->crc;
		add_iov(c, p->head, p->headlen);
		add_iov(c, p->buf, p->off[cnt] - 1);
	} else {
		hl = sprintf(c->head, "{\"Count\":%ld,\"Items\":[", cnt);
		add_iov(c, c->head, hl);
		add_iov(c, p->buf + p->off[from], p->off[from + cnt] - 1 - p->off[from]);
		crc = crc32(crc32(0, (Bytef *) c->head, hl), c->iov[2].iov_base, c->iov[2].iov_len);
	}
	tail += sprintf(tail, "%s", count ? "" : "]");
	if (from + cnt < p->n || pg + T < opt_pages)
		tail += sprintf(tail, ",\"LastEvaluatedKey\":{\"pk\":{\"S\":\"P%04ld\"},\"sk\":{\"S\":\"%ld\"}}",
						pg, from + cnt - 1);
	tail += sprintf(tail, ",\"ScannedCount\":%ld", cnt);
	tail = end_reply(tail, false, b, n, opt_page_bytes / 8192.0, false);
	add_iov(c, c->tail, tail - c->tail);
	finish(c, "200 OK", crc32(crc, (Bytef *) c->tail, tail - c->tail));
}

static void
batch_get(Conn *c, const char *b, size_t n)
{
	static char cached[256], *body;
	static size_t len;
	char	t[256];

	table_name(b, n, "\"RequestItems\"", t, sizeof t);
	if (strcmp(t, cached)) {
		const char *batch100 = canned_for(t)->batch100;

		strcpy(cached, t);
		body = realloc(body, strlen(batch100) + 400);
		len = sprintf(body, "{\"Responses\":{\"%s\":[%s]},\"UnprocessedKeys\":{}}", t, batch100);
	}
	st.items_sent += 100;
	simple(c, "200 OK", body, len);
}

static void
describe(Conn *c, const char *b, size_t n, const char *wrap)
{
	static char body[1024];
	char	t[256];
	int		l;

	table_name(b, n, "\"TableName\"", t, sizeof t);
	l = sprintf(body, "{\"%s\":{\"TableName\":\"%s\",\"TableStatus\":\"ACTIVE\",\"KeySchema\":["
		"{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
		"\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
		"{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"}],\"ItemCount\":1,\"TableSizeBytes\":400,"
		"\"TableArn\":\"arn:aws:dynamodb:us-east-1:000000000000:table/%s\"}}", wrap, t, t);
	simple(c, "200 OK", body, l);
}

static void
stats(Conn *c)
{
	static char body[2048];
	struct rusage ru;
	int		l = 1;

	getrusage(RUSAGE_SELF, &ru);
	body[0] = '{';
	for (int i = 0; i < NOPS; i++)
		if (op_count[i])
			l += sprintf(body + l, "\"%s\":%ld,", op_name[i], op_count[i]);
	l += sprintf(body + l, "\"_unsigned\":%ld,\"_connections\":%ld,\"_peak_open\":%ld,\"_peak_inflight\":%ld,"
		"\"_items_written\":%ld,\"_items_sent\":%ld,\"_bytes_in\":%ld,\"_bytes_out\":%ld,\"_cpu_us\":%ld}",
		st.unsigned_req, st.conns, st.peak_open, st.peak_inflight, st.items_written, st.items_sent,
		st.bytes_in, st.bytes_out,
		(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000L + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	simple(c, "200 OK", body, l);
}

/* GET /__first/<Op> */
static void
first_request(Conn *c, const char *name)
{
	for (int op = 0; op < OTHER; op++) {
		size_t	l = strlen(op_name[op]);

		if (!strncmp(name, op_name[op], l) && name[l] == ' ' && first[op].data) {
			simple(c, "200 OK", first[op].data, first[op].len);
			return;
		}
	}
	simple(c, "404 Not Found", "", 0);
}

static void
reset(void)
{
	Stats	kept = {.open = st.open, .peak_open = st.open, .inflight = st.inflight};

	st = kept;
	memset(op_count, 0, sizeof op_count);
	for (int op = 0; op < NOPS; op++) {
		free(first[op].data);
		first[op].data = NULL;
	}
}

/* GET /__<command> */
static void
control(Conn *c, const char *command)
{
	static const char first_of[] = "first/", latency[] = "latency/", pages[] = "pages/", page_bytes[] = "page-bytes/";

	if (!strncmp(command, "stats", 5)) {
		stats(c);
		return;
	}
	if (!strncmp(command, first_of, sizeof first_of - 1)) {
		first_request(c, command + sizeof first_of - 1);
		return;
	}
	if (!strncmp(command, "reset", 5))
		reset();
	else if (!strncmp(command, latency, sizeof latency - 1))
		opt_latency_ms = atof(command + sizeof latency - 1);
	else if (!strncmp(command, pages, sizeof pages - 1))
		opt_pages = atoi(command + sizeof pages - 1);
	else if (!strncmp(command, page_bytes, sizeof page_bytes - 1))
		set_page_bytes(atoi(command + sizeof page_bytes - 1));
	else {
		simple(c, "404 Not Found", "", 0);
		return;
	}
	simple(c, "200 OK", "{}", 2);
}

/* Keeps a request if it is the first of its operation. */
static void
record(int op, const char *h, const char *hend, const char *b, size_t n)
{
	size_t	head = hend - h;

	if (first[op].data)
		return;
	first[op].data = malloc(head + 2 + n);
	first[op].len = head + 2 + n;
	memcpy(first[op].data, h, head);
	memcpy(first[op].data + head, "\r\n", 2);
	memcpy(first[op].data + head + 2, b, n);
}

/* Fill c->iov for one request; returns false for control (never delayed) requests. */
bool
respond(Conn *c, const char *h, const char *hend, const char *b, size_t n)
{
	static const char prefix[] = "DynamoDB_20120810.";
	const char *t = header(h, hend, "X-Amz-Target"), *v;
	char	table[256];
	Canned *items;
	int		op = OTHER;

	c->niov = 1;
	v = header(h, hend, "Connection");
	c->closing = v && !strncasecmp(v, "close", 5);
	if (!strncmp(h, "GET /__", 7)) {
		control(c, h + 7);
		return false;
	}
	if (t && !strncmp(t, prefix, sizeof prefix - 1)) {
		t += sizeof prefix - 1;
		for (op = 0; op < OTHER; op++) {
			size_t	l = strlen(op_name[op]);

			if (!strncmp(t, op_name[op], l) && (t[l] == '\r' || t[l] == '\n' || t[l] == ' '))
				break;
		}
	}
	op_count[op]++;
	record(op, h, hend, b, n);
	if (!(v = header(h, hend, "Authorization")) || strncmp(v, "AWS4-HMAC-SHA256 ", 17))
		st.unsigned_req++;
	if (misbehave(c, b, n))
		return true;
	switch (op) {
		case GET:
			if (find(b, n, "\"none")) {
				simple(c, "200 OK", "{}", 2);
				break;
			}
			table_name(b, n, "\"TableName\"", table, sizeof table);
			items = canned_for(table);
			send_text(c, find(b, n, "\"big") ? &items->item_big : &items->item_small,
					  end_reply(c->tail, false, b, n, 0.5, false));
			break;
		case PUT: case UPD: case DEL: written(c, b, n, "", 1, false); break;
		case TWI: written(c, b, n, "", 4, true); break;
		case TGI: {
			static char body[8192];
			const Text *item = &canned_for("tbl")->item_small;

			simple(c, "200 OK", body, sprintf(body, "{\"Responses\":[%.*s},%.*s}]}",
				(int) item->len, item->data, (int) item->len, item->data));
			break;
		}
		case BWI:
			for (const char *p = b; (p = find(p, b + n - p, "\"PutRequest\"")); p += 12)
				st.items_written++;
			written(c, b, n, "\"UnprocessedItems\":{}", 25, true);
			break;
		case BGI: batch_get(c, b, n); break;
		case QRY: case SCN: scan_page(c, b, n); break;
		case CRT: describe(c, b, n, "TableDescription"); break;
		case DSC: describe(c, b, n, "Table"); break;
		case LST: simple(c, "200 OK", "{\"TableNames\":[\"tbl\"]}", 22); break;
		default: {
			static const char e[] = "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}";

			simple(c, "400 Bad Request", e, sizeof e - 1);
		}
	}
	return true;
}
