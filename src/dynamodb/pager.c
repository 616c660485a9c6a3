/*
 * pager.c
 *	  Streams the items of a paged read.
 *
 * At most two pages are in memory: the one being consumed, in the form in
 * which it arrived, and the next one, which is asked for once half of the
 * current page has been consumed. So a long read does not wait for the
 * network, and a reader that stops early has paid for one page.
 *
 * Where a page ends, and whether another follows, stands behind its items, and
 * is read half-way through, from the end of the reply.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/pager.h"
#include "http/http.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

/*
 * How far from the end the tail of a reply begins at most: counts, and a key of
 * up to 6 kB (2048 and 1024 bytes of the table's, the same of an index), which
 * is 36 kB if all of it is escaped.
 */
#define TAIL_MAX (64 * 1024)

struct AddbPager
{
	MemoryContext context;
	const AddbOperation *operation;
	const char *table;
	const char *parameters;		/* JSON members of the request, all pages */
	AddbCall   *page;			/* the page being consumed, or NULL */
	AddbCall   *next;			/* the page after it, asked for, or NULL */
	AddbJsonCursor cursor;		/* in page, before an item or the end of them */
	const char *half;			/* where the next page is asked for */
	bool		hold_back;		/* do not ask ahead on this page */
	bool		ahead;			/* next was asked for before it was needed */
	int64		opened;			/* when page was opened, by addb_http_now */
	bool		tail_read;		/* what stands behind the items is known */
	bool		in_items;
	AddbJsonSlice last_key;		/* LastEvaluatedKey in page; len 0: none */
	StringInfoData bodies[2];	/* of the requests for page and next, in turn */
	int			turn;
	bool		finished;
};

static void
send_request(AddbPager *pager, StringInfo body)
{
	AddbRequest request = {
		.operation = pager->operation,
		.table = pager->table,
		.body = body->data,
		.body_len = body->len
	};

	pager->next = addb_client_start(&request, pager->context);
}

/* Asks for the page that begins behind last_key, or for the first. */
static void
ask_for_next(AddbPager *pager)
{
	StringInfo	body = &pager->bodies[pager->turn];

	pager->turn = 1 - pager->turn;
	resetStringInfo(body);
	appendStringInfo(body, "{%s", pager->parameters);
	if (pager->last_key.len > 0)
	{
		appendStringInfoString(body, ",\"ExclusiveStartKey\":");
		appendBinaryStringInfo(body, pager->last_key.data,
							   (int) pager->last_key.len);
	}
	appendStringInfoChar(body, '}');
	pager->ahead = false;
	send_request(pager, body);
}

/*
 * addb_pager_begin - starts a paged read
 *
 * parameters are the members of the request's JSON object without braces, the
 * start key excepted. sized: the user has chosen the size of the pages, by which
 * he bounds what he pays, so nothing is asked for ahead before he is past the
 * first. The pager belongs to the context owner; parameters and
 * table are copied. The first page is asked for at once.
 */
AddbPager *
addb_pager_begin(const AddbOperation *operation, const char *table,
				 const char *parameters, bool sized, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner, "atomic_dynamodb pager",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AddbPager  *pager = palloc0(sizeof(AddbPager));

	pager->context = context;
	pager->operation = operation;
	pager->table = pstrdup(table);
	pager->parameters = pstrdup(parameters);
	pager->hold_back = sized;
	initStringInfo(&pager->bodies[0]);
	initStringInfo(&pager->bodies[1]);
	ask_for_next(pager);
	MemoryContextSwitchTo(caller);
	return pager;
}

/*
 * addb_pager_raise_malformed - raises that an item of the page makes no sense
 */
void
addb_pager_raise_malformed(const AddbPager *pager)
{
	addb_call_raise_malformed(pager->page);
}

/*
 * Reads members of the reply up to the items, or to the end. The order of
 * members is the service's to choose.
 */
static void
read_members(AddbPager *pager, AddbJsonCursor *cursor)
{
	AddbJsonSlice name;

	while (addb_json_object_next(cursor, &name))
	{
		if (addb_json_slice_is(&name, "LastEvaluatedKey"))
			addb_json_skip(cursor, &pager->last_key);
		else if (addb_json_slice_is(&name, "Items") && !pager->in_items)
		{
			pager->in_items = addb_json_array_start(cursor);
			return;
		}
		else
			addb_json_skip(cursor, NULL);
	}
	pager->tail_read = true;
}

/*
 * Reads what stands behind the items, looked for from the end of the reply;
 * false when it is not found so.
 *
 * The items end with a bracket, and a comma and the quote of a name follow.
 * Within items a bracket is followed by a brace, since every list is wrapped
 * in its type, so what looks alike can only lie in a string. The members then
 * do not end where the reply ends.
 */
static bool
find_tail(AddbPager *pager)
{
	const char *end = pager->cursor.end;
	const char *limit = Max(pager->cursor.pos, end - Min(TAIL_MAX, end - pager->cursor.pos));

	for (const char *p = end - 3; p > limit; p--)
	{
		AddbJsonCursor cursor = addb_json_cursor(p + 1, end - p - 1);

		if (p[0] != ']' || p[1] != ',' || p[2] != '"')
			continue;
		pager->last_key.len = 0;
		read_members(pager, &cursor);
		if (addb_json_at_end(&cursor))
			return true;
	}
	pager->last_key.len = 0;
	return false;
}

/*
 * Reads what stands behind the items, the one at the cursor and the rest of
 * them skimmed. A key that stood before them stays known.
 */
static void
read_tail(AddbPager *pager, AddbJsonCursor cursor)
{
	AddbJsonSlice early_key = pager->last_key;

	if (!find_tail(pager))
	{
		do
			addb_json_skip(&cursor, NULL);
		while (addb_json_array_next(&cursor));
		read_members(pager, &cursor);
		if (cursor.failed)
			addb_call_raise_malformed(pager->page);
	}
	if (pager->last_key.len == 0)
		pager->last_key = early_key;
}

/* Waits for the next page and begins to consume it. */
static void
open_page(AddbPager *pager)
{
	size_t		len;
	const char *body;

	addb_client_wait(&pager->next, 1);

	/* nobody has looked after a page asked for ahead: its time may be over */
	if (pager->ahead && addb_call_got_no_answer(pager->next))
	{
		addb_call_release(pager->next);
		send_request(pager, &pager->bodies[1 - pager->turn]);
		addb_client_wait(&pager->next, 1);
	}
	pager->opened = addb_http_now();
	if (!addb_call_succeeded(pager->next))
		addb_call_raise(pager->next);
	pager->page = pager->next;
	pager->next = NULL;
	body = addb_call_body(pager->page, &len);
	pager->cursor = addb_json_cursor(body, len);
	pager->half = body + len / 2;
	pager->tail_read = false;
	pager->in_items = false;
	pager->last_key.len = 0;
	if (addb_json_object_start(&pager->cursor))
		read_members(pager, &pager->cursor);
	if (pager->cursor.failed)
		addb_call_raise_malformed(pager->page);
}

/* The items of the page are consumed: goes on to the next, or ends. */
static void
close_page(AddbPager *pager)
{
	if (!pager->tail_read)
		read_members(pager, &pager->cursor);
	if (pager->cursor.failed)
		addb_call_raise_malformed(pager->page);
	if (pager->next == NULL && pager->last_key.len > 0)
		ask_for_next(pager);
	pager->hold_back = false;
	pager->finished = pager->next == NULL;
	addb_call_release(pager->page);
	pager->page = NULL;
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
	while (!pager->finished)
	{
		if (pager->page == NULL)
			open_page(pager);
		if (pager->in_items && addb_json_array_next(&pager->cursor))
		{
			if (pager->cursor.pos >= pager->half && pager->next == NULL &&
				!pager->tail_read)
			{
				read_tail(pager, pager->cursor);
				if (pager->last_key.len > 0 && !pager->hold_back &&
					!is_slow(pager))
				{
					ask_for_next(pager);
					pager->ahead = true;
				}
			}
			return &pager->cursor;
		}
		close_page(pager);
	}
	return NULL;
}
