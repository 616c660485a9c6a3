/*
 * stub_items.c
 *	  The items of the canned DynamoDB; see stub_server.c for their layouts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "stub.h"

enum { PLAIN, MAP, TEXT, NLAYOUTS };

static Canned canned[NLAYOUTS];	/* made on first use */

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
end_text(Text *text, const char *end)
{
	text->len = end - text->data;
	text->crc = crc32(0, (Bytef *) text->data, text->len);
}

static void
build_pages(Canned *c, int layout)
{
	for (int g = 0; g < BODIES; g++) {
		free(c->pages[g].buf);
		free(c->pages[g].off);
		memset(&c->pages[g], 0, sizeof c->pages[g]);
		build_page(&c->pages[g], layout, g);
	}
}

static void
build_canned(Canned *c, int layout)
{
	char   *p;

	p = c->item_small.data = malloc(2048);
	p += sprintf(p, "{\"Item\":");
	p += make_item(p, layout, "user#42", 0, 42);
	end_text(&c->item_small, p);

	p = c->item_big.data = malloc(65536);
	p += sprintf(p, "{\"Item\":{\"pk\":{\"S\":\"big#1\"},\"sk\":{\"S\":\"1\"},\"data\":{\"L\":[");
	for (int i = 0; i < 100; i++) {
		p += sprintf(p, "%s{\"M\":", i ? "," : "");
		p += make_item(p, PLAIN, "line", 1, i);
		*p++ = '}';
	}
	p += sprintf(p, "]}}");
	end_text(&c->item_big, p);

	c->batch100 = malloc(131072);
	p = c->batch100;
	for (int i = 0; i < 100; i++) {
		if (i) *p++ = ',';
		p += make_item(p, layout, "P0000", 0, i);
	}
	*p = 0;
	build_pages(c, layout);
}

/* What is answered to requests for this table. */
Canned *
canned_for(const char *table)
{
	int		layout = !strcmp(table, "map") ? MAP : !strcmp(table, "text") ? TEXT : PLAIN;

	if (!canned[layout].item_small.data)
		build_canned(&canned[layout], layout);
	return &canned[layout];
}

void
set_page_bytes(int bytes)
{
	if (bytes == opt_page_bytes)
		return;
	opt_page_bytes = bytes;
	for (int layout = 0; layout < NLAYOUTS; layout++)
		if (canned[layout].item_small.data)
			build_pages(&canned[layout], layout);
}
