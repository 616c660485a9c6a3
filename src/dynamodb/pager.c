/*
 * pager.c
 *	  Streams the items of a paged read.
 *
 * At most two pages are in memory: the one being consumed, in the form in
 * which it arrived, and the next one, which is asked for once half of the
 * current page has been consumed. So a long read does not wait for the
 * network, and a reader that stops early has paid for one page.
 *
 * Where a page ends, and whether another follows, stands behind its items.
 * Half-way through, the rest of the page is skimmed for it, without decoding.
 */
#include "postgres.h"

#include "dynamodb/pager.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"

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
	bool		tail_read;		/* what stands behind the items is known */
	bool		in_items;
	AddbJsonSlice last_key;		/* LastEvaluatedKey in page; len 0: none */
	StringInfoData bodies[2];	/* of the requests for page and next, in turn */
	int			turn;
	bool		finished;
};

/* Asks for the page that begins behind last_key, or for the first. */
static void
ask_for_next(AddbPager *pager)
{
	StringInfo	body = &pager->bodies[pager->turn];
	AddbRequest request = {
		.operation = pager->operation,
		.table = pager->table
	};

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
	request.body = body->data;
	request.body_len = body->len;
	pager->next = addb_client_start(&request, pager->context);
}

/*
 * addb_pager_begin - starts a paged read
 *
 * parameters are the members of the request's JSON object without braces, the
 * start key excepted. The pager belongs to the context owner; parameters and
 * table are copied. The first page is asked for at once.
 */
AddbPager *
addb_pager_begin(const AddbOperation *operation, const char *table,
				 const char *parameters, MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner, "atomic_dynamodb pager",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AddbPager  *pager = palloc0(sizeof(AddbPager));

	pager->context = context;
	pager->operation = operation;
	pager->table = pstrdup(table);
	pager->parameters = pstrdup(parameters);
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

/* Skims the item at the cursor and the rest for what stands behind them. */
static void
read_tail(AddbPager *pager, AddbJsonCursor cursor)
{
	do
		addb_json_skip(&cursor, NULL);
	while (addb_json_array_next(&cursor));
	read_members(pager, &cursor);
	if (cursor.failed)
		addb_call_raise_malformed(pager->page);
}

/* Waits for the next page and begins to consume it. */
static void
open_page(AddbPager *pager)
{
	size_t		len;
	const char *body;

	addb_client_wait(&pager->next, 1);
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
	pager->finished = pager->next == NULL;
	addb_call_release(pager->page);
	pager->page = NULL;
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
				if (pager->last_key.len > 0)
					ask_for_next(pager);
			}
			return &pager->cursor;
		}
		close_page(pager);
	}
	return NULL;
}
