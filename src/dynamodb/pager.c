/*
 * pager.c
 *	  Streams the items of a paged read.
 *
 * A read has one lane, a parallel scan one for each segment. A lane has at most
 * one request under way or answered; the items of one page, the open one, are
 * given out in the form in which they arrived. Its lane asks for its next page
 * once half of the open page has been consumed. So a long read does not wait
 * for the network, a reader that stops early has paid for one page of each lane,
 * and memory is bounded by one page more than there are lanes.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/page.h"
#include "dynamodb/pager.h"
#include "dynamodb/progress.h"
#include "dynamodb/request.h"
#include "dynamodb/single_transaction.h"
#include "dynamodb/stats.h"
#include "http/http.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/*
 * Bytes of items between two looks at the network while a page is consumed:
 * a few hundred items, so that answers to the other requests are taken while
 * the reader is slow, at the cost of one system call.
 */
#define POLL_BYTES (64 * 1024)

typedef struct Lane
{
	int			segment;
	AddbCall   *call;			/* under way, or answered and not yet open */
	bool		ahead;			/* call was started before it was needed */
	bool		has_more;		/* than the page that is open, or was last */
	StringInfoData start;		/* JSON of where its next page begins, or "" */
	StringInfoData body;		/* of the request of call */
} Lane;

struct AddbPager
{
	MemoryContext context;
	const AddbPaging *paging;
	const char *table;
	const char *arguments;
	const char *preface;
	const char *parameters;
	Lane	   *lanes;
	int			nlanes;
	int			current;		/* the lane of the open page */
	AddbCall   *open;			/* the call of the open page, or NULL */
	AddbJsonCursor cursor;		/* in it, before an item or the end of them */
	bool		in_items;
	bool		counted;		/* the reply told how many items there are */
	const char *half;			/* where the lane's next page is asked for */
	const char *poll_at;		/* where the network is looked at next */
	int64		opened;			/* when it was opened, by addb_http_now */
	bool		hold_back;		/* do not ask ahead on the first page */
	int64		count;			/* items of all pages so far */
	uint64		identity;		/* who was asked for the first page */
	AddbProgress progress;
};

static void
send_request(AddbPager *pager, Lane *lane)
{
	AddbRequest request = {
		.operation = pager->paging->operation,
		.table = pager->table,
		.arguments = pager->arguments,
		.preface = pager->preface,
		.body = lane->body.data,
		.body_len = lane->body.len,
		.identity = pager->identity,
		.kind = ADDB_WRITE_ONCE
	};

	/* there is nothing to stream of a write */
	lane->call = request.operation->is_write
		? addb_single_call(&request, pager->context)
		: addb_client_start(&request, pager->context);
}

static void
append_member(StringInfo body, const char *name, const char *json)
{
	appendStringInfo(body, "%s\"%s\":%s", body->len > 1 ? "," : "", name, json);
}

/* Asks for a lane's next page, or its first. */
static void
ask_for_next(AddbPager *pager, Lane *lane)
{
	StringInfo	body = &lane->body;
	char		number[12];

	resetStringInfo(body);
	appendStringInfoChar(body, '{');
	appendStringInfoString(body, pager->parameters);
	if (pager->nlanes > 1)
	{
		pg_ltoa(lane->segment, number);
		append_member(body, "Segment", number);
		pg_ltoa(pager->nlanes, number);
		append_member(body, "TotalSegments", number);
	}
	if (lane->start.len > 0)
		append_member(body, pager->paging->start, lane->start.data);
	appendStringInfoChar(body, '}');
	lane->has_more = false;
	lane->ahead = false;
	send_request(pager, lane);
}

static void
begin_lane(AddbPager *pager, Lane *lane, int segment, const char *start)
{
	lane->segment = segment;
	initStringInfo(&lane->start);
	if (start != NULL)
		appendStringInfoString(&lane->start, start);
	initStringInfo(&lane->body);
	ask_for_next(pager, lane);

	/* while another lane's page is read, nobody looks after this one */
	lane->ahead = pager->nlanes > 1;
}

/*
 * addb_pager_begin - starts a paged read
 *
 * The first page, of every segment, is asked for at once. With read->sized,
 * by which the user bounds what he pays, nothing is asked for ahead before he
 * is past a first page. The pager belongs to the context owner. Raises what
 * starting a call raises.
 */
AddbPager *
addb_pager_begin(const AddbPagedRead *read, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner, "atomic_dynamodb pager",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AddbPager  *pager = palloc0(sizeof(AddbPager));

	pager->context = context;
	pager->paging = read->paging;
	pager->table = read->table ? pstrdup(read->table) : NULL;
	pager->arguments = read->arguments ? pstrdup(read->arguments) : NULL;
	pager->preface = read->preface ? pstrdup(read->preface) : NULL;
	pager->parameters = pstrdup(read->parameters);
	pager->hold_back = read->sized;
	addb_progress_begin(&pager->progress, read->paging->operation->name,
						pager->table ? pager->table : "", "pages");
	pager->nlanes = Max(read->segments, 1);
	Assert(pager->nlanes <= ADDB_PAGER_MAX_SEGMENTS);
	pager->lanes = palloc0(pager->nlanes * sizeof(Lane));
	for (int i = 0; i < pager->nlanes; i++)
		begin_lane(pager, &pager->lanes[i], i, read->start);
	MemoryContextSwitchTo(caller);
	return pager;
}

/*
 * addb_pager_raise_malformed - raises that an item of the page makes no sense
 */
void
addb_pager_raise_malformed(const AddbPager *pager)
{
	addb_call_raise_malformed(pager->open);
}

/*
 * addb_pager_count - items of the pages opened so far, as DynamoDB counts them
 */
int64
addb_pager_count(const AddbPager *pager)
{
	return pager->count;
}

/* The calls of all lanes that are not done yet; returns how many. */
static int
pending_calls(const AddbPager *pager, AddbCall **calls)
{
	int			n = 0;

	for (int i = 0; i < pager->nlanes; i++)
		if (pager->lanes[i].call != NULL && !addb_call_done(pager->lanes[i].call))
			calls[n++] = pager->lanes[i].call;
	return n;
}

/* The next lane with an answer, which is waited for; NULL when there is none. */
static Lane *
await_lane(AddbPager *pager)
{
	AddbCall   *calls[ADDB_PAGER_MAX_SEGMENTS];
	int			n;

	for (;;)
	{
		for (int i = 1; i <= pager->nlanes; i++)
		{
			Lane	   *lane = &pager->lanes[(pager->current + i) % pager->nlanes];

			if (lane->call == NULL || !addb_call_done(lane->call))
				continue;
			if (!lane->ahead || !addb_call_got_no_answer(lane->call))
				return lane;

			/* its time may have passed because nobody looked */
			addb_call_release(lane->call);
			lane->ahead = false;
			send_request(pager, lane);
		}
		n = pending_calls(pager, calls);
		if (n == 0)
			return NULL;
		addb_client_wait(calls, n);
	}
}

/* Begins to consume the next page; false when there is none. */
static bool
open_page(AddbPager *pager)
{
	Lane	   *lane = await_lane(pager);
	AddbPage	page;

	if (lane == NULL)
		return false;
	if (!addb_call_succeeded(lane->call))
		addb_call_raise(lane->call);
	pager->identity = addb_call_identity(lane->call);
	addb_page_read(lane->call, pager->paging, &page);
	pager->current = lane - pager->lanes;
	pager->open = lane->call;
	lane->call = NULL;
	lane->has_more = page.next.len > 0;
	resetStringInfo(&lane->start);
	appendBinaryStringInfo(&lane->start, page.next.data, (int) page.next.len);
	pager->opened = addb_http_now();
	pager->cursor = page.items;
	pager->in_items = page.has_items;
	pager->half = page.items.pos + (page.items.end - page.items.pos) / 2;
	pager->poll_at = page.items.pos + POLL_BYTES;
	if (pager->paging->operation->is_write)
		addb_stats.items_written++;
	pager->counted = page.count >= 0;
	pager->count += Max(page.count, 0);
	pager->progress.items = pager->count;
	pager->progress.units++;
	pager->progress.bytes += page.items.end - page.items.pos;
	return true;
}

/* The items of the page are consumed. */
static void
close_page(AddbPager *pager)
{
	Lane	   *lane = &pager->lanes[pager->current];

	if (pager->cursor.failed)
		addb_call_raise_malformed(pager->open);
	if (lane->has_more)
		ask_for_next(pager, lane);
	pager->hold_back = false;
	addb_call_release(pager->open);
	pager->open = NULL;
	addb_progress_report(&pager->progress);
}

/*
 * Whether the reader takes so long that a page asked for now would run into its
 * timeout before anybody looks at it, and be read, and paid for, twice.
 */
static bool
is_slow(const AddbPager *pager)
{
	return (addb_http_now() - pager->opened) / 1000 > addb_request_timeout / 2;
}

/* Half of the page is consumed: asks for the lane's next one. */
static void
ask_ahead(AddbPager *pager)
{
	Lane	   *lane = &pager->lanes[pager->current];

	pager->half = pager->cursor.end;
	if (!lane->has_more || pager->hold_back || is_slow(pager))
		return;
	ask_for_next(pager, lane);
	lane->ahead = true;
}

static void
poll(AddbPager *pager)
{
	AddbCall   *calls[ADDB_PAGER_MAX_SEGMENTS];
	int			n = pending_calls(pager, calls);

	pager->poll_at = pager->cursor.pos + POLL_BYTES;
	if (n > 0)
		addb_client_poll(calls, n);
}

/*
 * addb_pager_next - a cursor before the next item, or NULL at the end
 *
 * The caller reads exactly one value from it before the next call, and raises
 * with addb_pager_raise_malformed if it cannot. Items stay where they are
 * until then. Raises what calls raise.
 */
AddbJsonCursor *
addb_pager_next(AddbPager *pager)
{
	for (;;)
	{
		if (pager->open == NULL && !open_page(pager))
			return NULL;
		if (pager->in_items && addb_json_array_next(&pager->cursor))
			break;
		close_page(pager);
	}
	if (pager->cursor.pos >= pager->half)
		ask_ahead(pager);
	if (pager->cursor.pos >= pager->poll_at)
		poll(pager);
	if (!pager->counted)
	{
		pager->progress.items = ++pager->count;
		addb_stats.items_read++;
	}
	return &pager->cursor;
}

/*
 * addb_pager_next_item - the next item as jsonb, palloc'd, or NULL at the end
 *
 * Raises as addb_pager_next, and what decoding raises.
 */
Jsonb *
addb_pager_next_item(AddbPager *pager)
{
	AddbJsonCursor *cursor = addb_pager_next(pager);
	Jsonb	   *item;

	if (cursor == NULL)
		return NULL;
	item = addb_reply_item(pager->open, cursor);
	if (item == NULL)
		addb_pager_raise_malformed(pager);
	return item;
}
