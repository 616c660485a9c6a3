/*
 * stub_server.c
 *	  A canned DynamoDB that costs its client nothing to wait for.
 *
 * One thread, epoll, HTTP/1.1 with keep-alive, DynamoDB JSON 1.0 with right
 * x-amz-crc32. It validates nothing and stores nothing, so that what is
 * measured is the client.
 *
 *	 stub_server --port 18000 [--pages 100] [--page-bytes 1048576]
 *				 [--latency-ms 0]
 *
 * The table's name chooses the layout of all items:
 *
 *	 map	pk, sk and data as a map (data_format map)
 *	 text	pk, sk and data as JSON text (data_format json)
 *	 else	pk, sk and a dozen attributes that the seed's layout does not have
 *
 * Query and Scan answer `pages` pages of page-bytes of JSON. Page p ends with
 * the key pk="P<p>", sk=<i>; ExclusiveStartKey resumes behind it, Limit and
 * Segment/TotalSegments are honoured (segment s owns the pages s, s+T, s+2T).
 * Pages repeat a few bodies. GetItem: a key with "big" in it finds an item of
 * 40 kB, one with "none" finds none, any other one of 400 bytes.
 *
 *	 GET /__stats		counters as JSON
 *	 GET /__reset		sets them to zero and forgets recorded requests
 *	 GET /__first/<Op>	the first request of this operation since the last
 *						reset, head and body as they came
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define MAXIOV 4

/* Bodies of pages that are really different; page p has body p % BODIES. */
#define BODIES 8

typedef struct Conn {
	int		fd;
	char   *in;
	size_t	inlen, incap;
	struct iovec iov[MAXIOV];		/* response being sent */
	int		niov;
	char	hdr[512], head[96], tail[256];
	bool	waiting;				/* response sits in the latency queue */
	bool	closing, dead;
} Conn;

typedef struct Page {
	char   *buf;					/* items joined by ',' */
	uint32_t *off;					/* n+1 offsets; off[i] = start of item i */
	int		n;
	uint32_t crc;					/* of head + all items */
	char	head[96];
	size_t	headlen;
} Page;

static int	opt_port = 18000, opt_pages = 100, opt_page_bytes = 1 << 20;
static double opt_latency_ms = 0;
enum { PLAIN, MAP, TEXT, NLAYOUTS };

typedef struct Canned {
	Page	pages[BODIES];
	char   *item_small, *item_big, *batch100;
} Canned;

static Canned canned[NLAYOUTS];	/* made on first use */
static int	epfd, timer_fd = -1, listen_fd;

enum { GET, PUT, UPD, DEL, TWI, TGI, BWI, BGI, QRY, SCN, CRT, DSC, LST, OTHER, NOPS };
static const char *op_name[NOPS] = {"GetItem", "PutItem", "UpdateItem", "DeleteItem",
	"TransactWriteItems", "TransactGetItems", "BatchWriteItem", "BatchGetItem", "Query",
	"Scan", "CreateTable", "DescribeTable", "ListTables", "other"};
static struct {
	long	op[NOPS], unsigned_req, conns, open, peak_open, inflight, peak_inflight;
	long	items_written, items_sent, bytes_in, bytes_out;
} st;
static struct { char *data; size_t len; } first[NOPS];	/* recorded requests */

/* ---------- canned data ---------- */

/* Attributes as DynamoDB types them. */
static int
typed_attributes(char *b, unsigned h)
{
	return sprintf(b,
		"\"email\":{\"S\":\"user%u@example.com\"},"
		"\"name\":{\"S\":\"Zo\xc3\xab \\\"Z\\\" Example\"},\"age\":{\"N\":\"%u\"},\"balance\":{\"N\":\"%u.%02u\"},"
		"\"active\":{\"BOOL\":%s},\"deleted\":{\"NULL\":true},\"tags\":{\"SS\":[\"blue\",\"green\",\"red\"]},"
		"\"addr\":{\"M\":{\"city\":{\"S\":\"Amsterdam\"},\"zip\":{\"N\":\"%u\"}}},"
		"\"hist\":{\"L\":[{\"N\":\"%u\"},{\"S\":\"step\"}]},\"blob\":{\"B\":\"3q2+7/ABAgM=\"},"
		"\"note\":{\"S\":\"line %u of text\\nsecond line\"}",
		h % 1000000, h % 90 + 10, h % 100000, h % 100, h & 1 ? "true" : "false",
		h % 90000 + 10000, h % 1000, h % 977);
}

/* The same as plain JSON, as it stands inside a JSON string. */
static int
plain_attributes(char *b, unsigned h)
{
	char	text[1024];
	char   *out = b;

	sprintf(text,
		"\"email\":\"user%u@example.com\",\"name\":\"Zo\xc3\xab \\\"Z\\\" Example\",\"age\":%u,"
		"\"balance\":%u.%02u,\"active\":%s,\"deleted\":null,\"tags\":[\"blue\",\"green\",\"red\"],"
		"\"addr\":{\"city\":\"Amsterdam\",\"zip\":%u},\"hist\":[%u,\"step\"],\"blob\":\"3q2+7/ABAgM=\","
		"\"note\":\"line %u of text\\nsecond line\"",
		h % 1000000, h % 90 + 10, h % 100000, h % 100, h & 1 ? "true" : "false",
		h % 90000 + 10000, h % 1000, h % 977);
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			*out++ = '\\';
		*out++ = *p;
	}
	*out = 0;
	return out - b;
}

static int
make_item(char *b, int layout, const char *pk, int page, int i)
{
	unsigned h = (unsigned) page * 2654435761u + (unsigned) i * 40503u;
	char   *p = b + sprintf(b, "{\"pk\":{\"S\":\"%s\"},\"sk\":{\"S\":\"%d\"},", pk, i);

	if (layout == MAP) {
		p += sprintf(p, "\"data\":{\"M\":{");
		p += typed_attributes(p, h);
		p += sprintf(p, "}}}");
	} else if (layout == TEXT) {
		p += sprintf(p, "\"data\":{\"S\":\"{");
		p += plain_attributes(p, h);
		p += sprintf(p, "}\"}}");
	} else {
		p += typed_attributes(p, h);
		p += sprintf(p, "}");
	}
	return p - b;
}

static void
build_page(Page *pg, int layout, int g)
{
	char	tmp[1024], pk[16];
	uint32_t len = 0;
	int		cap = opt_page_bytes / 300 + 2;

	pg->buf = malloc(opt_page_bytes + 2048);
	pg->off = malloc(sizeof(uint32_t) * (cap + 1));
	snprintf(pk, sizeof pk, "P%04d", g);
	while (pg->n < cap) {
		int		l = make_item(tmp, layout, pk, g, pg->n);

		if (pg->n && len + l + 160 > (uint32_t) opt_page_bytes)
			break;
		if (pg->n) pg->buf[len++] = ',';
		pg->off[pg->n++] = len;
		memcpy(pg->buf + len, tmp, l);
		len += l;
	}
	pg->off[pg->n] = len + 1;	/* as if another ',' followed */
	pg->headlen = sprintf(pg->head, "{\"Count\":%d,\"Items\":[", pg->n);
	pg->crc = crc32(crc32(0, (Bytef *) pg->head, pg->headlen), (Bytef *) pg->buf, len);
}

static void
build_canned(Canned *c, int layout)
{
	char   *p;

	c->item_small = malloc(2048);
	p = c->item_small + sprintf(c->item_small, "{\"Item\":");
	p += make_item(p, layout, "user#42", 0, 42);
	strcpy(p, "}");

	c->item_big = malloc(65536);
	p = c->item_big + sprintf(c->item_big, "{\"Item\":{\"pk\":{\"S\":\"big#1\"},\"sk\":{\"S\":\"1\"},\"data\":{\"L\":[");
	for (int i = 0; i < 100; i++) {
		p += sprintf(p, "%s{\"M\":", i ? "," : "");
		p += make_item(p, PLAIN, "line", 1, i);
		*p++ = '}';
	}
	strcpy(p, "]}}}");

	c->batch100 = malloc(131072);
	p = c->batch100;
	for (int i = 0; i < 100; i++) {
		if (i) *p++ = ',';
		p += make_item(p, layout, "P0000", 0, i);
	}
	*p = 0;

	for (int g = 0; g < BODIES; g++)
		build_page(&c->pages[g], layout, g);
}

/* What is answered to requests for this table. */
static Canned *
canned_for(const char *table)
{
	int		layout = !strcmp(table, "map") ? MAP : !strcmp(table, "text") ? TEXT : PLAIN;

	if (!canned[layout].item_small)
		build_canned(&canned[layout], layout);
	return &canned[layout];
}

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

static const char *
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

static void close_conn(Conn *c);

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

static void
simple(Conn *c, const char *status, const char *body, size_t n)
{
	add_iov(c, body, n);
	finish(c, status, crc32(0, (const Bytef *) body, n));
}

static void
scan_page(Conn *c, const char *b, size_t n)
{
	long	T = num_after(b, n, "\"TotalSegments\"", 1), s = num_after(b, n, "\"Segment\"", 0);
	long	limit = num_after(b, n, "\"Limit\"", 1L << 30), pg = s, from = 0, cnt;
	const char *esk = find(b, n, "\"ExclusiveStartKey\"");
	char	t[256];
	Page   *pages, *p;
	uint32_t crc;
	size_t	hl, tl;

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
	if (find(b, n, "\"COUNT\"")) {	/* Select=COUNT: no items */
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
	tl = sprintf(c->tail, "%s", find(b, n, "\"COUNT\"") ? "" : "]");
	if (from + cnt < p->n || pg + T < opt_pages)
		tl += sprintf(c->tail + tl, ",\"LastEvaluatedKey\":{\"pk\":{\"S\":\"P%04ld\"},\"sk\":{\"S\":\"%ld\"}}",
					  pg, from + cnt - 1);
	tl += sprintf(c->tail + tl, ",\"ScannedCount\":%ld}", cnt);
	add_iov(c, c->tail, tl);
	finish(c, "200 OK", crc32(crc, (Bytef *) c->tail, tl));
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
		if (st.op[i])
			l += sprintf(body + l, "\"%s\":%ld,", op_name[i], st.op[i]);
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
static bool
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
	if (!strncmp(h, "GET /__stats", 12)) { stats(c); return false; }
	if (!strncmp(h, "GET /__first/", 13)) { first_request(c, h + 13); return false; }
	if (!strncmp(h, "GET /__reset", 12)) {
		long	open = st.open, infl = st.inflight;

		memset(&st, 0, sizeof st);
		for (op = 0; op < NOPS; op++) {
			free(first[op].data);
			first[op].data = NULL;
		}
		st.open = st.peak_open = open;
		st.inflight = infl;
		simple(c, "200 OK", "{}", 2);
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
	st.op[op]++;
	record(op, h, hend, b, n);
	if (!(v = header(h, hend, "Authorization")) || strncmp(v, "AWS4-HMAC-SHA256 ", 17))
		st.unsigned_req++;
	switch (op) {
		case GET:
			if (find(b, n, "\"none")) {
				simple(c, "200 OK", "{}", 2);
				break;
			}
			table_name(b, n, "\"TableName\"", table, sizeof table);
			items = canned_for(table);
			v = find(b, n, "\"big") ? items->item_big : items->item_small;
			simple(c, "200 OK", v, strlen(v));
			break;
		case PUT: case UPD: case DEL: case TWI:
			simple(c, "200 OK", "{}", 2);
			break;
		case TGI: {
			static char body[8192];
			const char *item = canned_for("tbl")->item_small;

			simple(c, "200 OK", body, sprintf(body, "{\"Responses\":[%s,%s]}", item, item));
			break;
		}
		case BWI:
			for (const char *p = b; (p = find(p, b + n - p, "\"PutRequest\"")); p += 12)
				st.items_written++;
			simple(c, "200 OK", "{\"UnprocessedItems\":{}}", 23);
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

/* ---------- latency queue (constant delay, so FIFO order = due order) ---------- */

static struct { Conn *c; int64_t due; } *lq;
static unsigned lq_cap = 1024, lq_head, lq_tail;

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
arm_timer(void)
{
	struct itimerspec it = {0};

	if (lq_head != lq_tail) {
		int64_t d = lq[lq_head % lq_cap].due;

		it.it_value.tv_sec = d / 1000000000LL;
		it.it_value.tv_nsec = d % 1000000000LL;
	}
	timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &it, NULL);
}

static void
enqueue(Conn *c)
{
	if (!lq || lq_tail - lq_head == lq_cap) {
		unsigned n = lq_tail - lq_head, cap = lq ? lq_cap * 2 : lq_cap;
		void   *q = calloc(cap, sizeof *lq);

		for (unsigned i = 0; i < n; i++)
			memcpy((char *) q + i * sizeof *lq, &lq[(lq_head + i) % lq_cap], sizeof *lq);
		free(lq);
		lq = q, lq_cap = cap, lq_head = 0, lq_tail = n;
	}
	c->waiting = true;
	lq[lq_tail % lq_cap].c = c;
	lq[lq_tail++ % lq_cap].due = now_ns() + (int64_t) (opt_latency_ms * 1e6);
	if (lq_tail - lq_head == 1)
		arm_timer();
}

/* ---------- connection handling ---------- */

static void process(Conn *c);

static void
close_conn(Conn *c)
{
	if (c->fd >= 0) {
		close(c->fd);
		c->fd = -1;
		st.open--;
	}
	c->dead = true;
	if (!c->waiting) {
		free(c->in);
		free(c);
	}
}

/* returns false if the connection went away */
static bool
send_some(Conn *c)
{
	while (c->niov > 0) {
		struct msghdr m = {.msg_iov = c->iov, .msg_iovlen = c->niov};
		ssize_t w = sendmsg(c->fd, &m, MSG_NOSIGNAL);

		if (w < 0) {
			if (errno == EAGAIN) {
				struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};

				epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev);
				return true;
			}
			close_conn(c);
			return false;
		}
		while (c->niov && (size_t) w >= c->iov[0].iov_len) {
			w -= c->iov[0].iov_len;
			memmove(c->iov, c->iov + 1, --c->niov * sizeof c->iov[0]);
		}
		if (c->niov) {
			c->iov[0].iov_base = (char *) c->iov[0].iov_base + w;
			c->iov[0].iov_len -= w;
		}
	}
	if (c->closing) {
		close_conn(c);
		return false;
	}
	return true;
}

static void
process(Conn *c)
{
	while (!c->waiting && c->niov == 0) {
		char   *e = memmem(c->in, c->inlen, "\r\n\r\n", 4), *body;
		const char *v;
		size_t	n, used;
		bool	delay;

		if (!e) return;
		*(e + 2) = 0;				/* bounds header values; body starts 2 further on */
		body = e + 4;
		v = header(c->in, e + 2, "Content-Length");
		n = v ? strtoul(v, NULL, 10) : 0;
		used = body - c->in + n;
		if (c->inlen < used) {
			if ((v = header(c->in, e + 2, "Expect")) && c->inlen == (size_t) (body - c->in))
				send(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL);
			*(e + 2) = '\r';
			return;
		}
		st.bytes_in += used;
		if (++st.inflight > st.peak_inflight) st.peak_inflight = st.inflight;
		delay = respond(c, c->in, e + 2, body, n) && opt_latency_ms > 0;
		memmove(c->in, c->in + used, c->inlen -= used);
		if (delay)
			enqueue(c);
		else {
			st.inflight--;
			if (!send_some(c)) return;
		}
	}
}

static void
fire_timer(void)
{
	uint64_t junk;
	int64_t now = now_ns();

	(void) !read(timer_fd, &junk, sizeof junk);
	while (lq_head != lq_tail && lq[lq_head % lq_cap].due <= now) {
		Conn   *c = lq[lq_head++ % lq_cap].c;

		c->waiting = false;
		st.inflight--;
		if (c->dead) { free(c->in); free(c); }
		else if (send_some(c)) process(c);
	}
	arm_timer();
}

static void
on_readable(Conn *c)
{
	for (;;) {
		ssize_t r;

		if (c->incap - c->inlen < 16384)
			c->in = realloc(c->in, c->incap = c->incap * 2 + 32768);
		r = recv(c->fd, c->in + c->inlen, c->incap - c->inlen, 0);
		if (r == 0 || (r < 0 && errno != EAGAIN)) { close_conn(c); return; }
		if (r < 0) break;
		c->inlen += r;
		if ((size_t) r < 16384) break;
	}
	process(c);
}

static void
on_accept(void)
{
	int		fd, one = 1;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		Conn   *c = calloc(1, sizeof *c);
		struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};

		c->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
		st.conns++;
		if (++st.open > st.peak_open) st.peak_open = st.open;
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event ev = {.events = EPOLLIN}, evs[256];
	int		one = 1;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--port")) opt_port = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--pages")) opt_pages = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--page-bytes")) opt_page_bytes = atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--latency-ms")) opt_latency_ms = atof(argv[i + 1]);
		else { fprintf(stderr, "unknown option %s\n", argv[i]); return 2; }
	}
	signal(SIGPIPE, SIG_IGN);
	listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	a.sin_port = htons(opt_port);
	if (bind(listen_fd, (struct sockaddr *) &a, sizeof a) || listen(listen_fd, 512)) { perror("bind"); return 1; }
	epfd = epoll_create1(0);
	ev.data.ptr = &listen_fd;
	epoll_ctl(epfd, EPOLL_CTL_ADD, listen_fd, &ev);
	timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	ev.data.ptr = &timer_fd;
	epoll_ctl(epfd, EPOLL_CTL_ADD, timer_fd, &ev);
	fprintf(stderr, "stub_server on 127.0.0.1:%d, %d pages of %d bytes, latency %g ms\n", opt_port,
			opt_pages, opt_page_bytes, opt_latency_ms);
	for (;;) {
		int		n = epoll_wait(epfd, evs, 256, -1);
		bool	timer = false;

		for (int i = 0; i < n; i++) {
			Conn   *c = evs[i].data.ptr;

			if ((void *) c == &listen_fd) on_accept();
			else if ((void *) c == &timer_fd) timer = true;
			else if (evs[i].events & EPOLLOUT) {
				if (!send_some(c)) continue;
				if (c->niov == 0) {
					struct epoll_event e2 = {.events = EPOLLIN, .data.ptr = c};

					epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &e2);
					process(c);
				}
			} else on_readable(c);
		}
		if (timer) fire_timer();	/* last: it may free connections */
	}
}
