/*
 * stub.h
 *	  What the parts of the canned DynamoDB share; see stub_server.c.
 */
#ifndef STUB_H
#define STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define MAXIOV 4

/* Bodies of pages that are really different; page p has body p % BODIES. */
#define BODIES 8

typedef struct Conn {
	int		fd;
	char   *in;
	size_t	inlen, incap;
	struct iovec iov[MAXIOV];		/* response being sent */
	int		niov;
	char	hdr[512], head[96], tail[512];
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

/* A text and its CRC. */
typedef struct Text {
	char   *data;
	size_t	len;
	uint32_t crc;
} Text;

typedef struct Canned {
	Page	pages[BODIES];
	Text	item_small, item_big;	/* {"Item":{...}, to be closed */
	char   *batch100;
} Canned;

typedef struct Stats {
	long	unsigned_req, conns, open, peak_open, inflight, peak_inflight;
	long	items_written, items_sent, bytes_in, bytes_out;
} Stats;

extern int	opt_pages, opt_page_bytes;
extern double opt_latency_ms;
extern Stats st;

/* in stub_items.c */
extern Canned *canned_for(const char *table);
extern void set_page_bytes(int bytes);

/* in stub_faults.c */
extern bool misbehave(Conn *c, const char *body, size_t length);

/* in stub_replies.c */
extern void reply(Conn *c, const char *status, const char *body, size_t n, uint32_t wrong);
extern const char *header(const char *h, const char *end, const char *name);
extern bool respond(Conn *c, const char *h, const char *hend, const char *b, size_t n);

#endif
