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
 * 40 kB, one with "none" finds none, any other one of 400 bytes. A reply tells
 * the consumed capacity when the request asks for it. A key that begins with "!"
 * asks for a fault: see stub_faults.c.
 *
 *	 GET /__stats		counters as JSON
 *	 GET /__reset		sets them to zero and forgets recorded requests
 *	 GET /__first/<Op>	the first request of this operation since the last
 *						reset, head and body as they came
 *	 GET /__latency/<ms>	sets the options of these names; not while requests
 *	 GET /__pages/<n>		are under way
 *	 GET /__page-bytes/<n>
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "stub.h"

int			opt_pages = 100, opt_page_bytes = 1 << 20;
double		opt_latency_ms = 0;
Stats		st;

static int	opt_port = 18000;
static int	epfd, timer_fd = -1, listen_fd;

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
