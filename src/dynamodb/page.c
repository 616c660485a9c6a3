/*
 * page.c
 *	  Reads what stands around the items of a page, without reading the items.
 *
 * Counts, the consumed capacity and the key to go on from stand before or
 * behind the items: the order of members is the service's to choose. What
 * stands behind is looked for from the end of the reply, so that a page is
 * known as a whole when its first item is read.
 */
#include "postgres.h"

#include "dynamodb/page.h"
#include "dynamodb/stats.h"

/*
 * How far from the end the tail of a reply begins at most: counts, capacities,
 * and a key of up to 6 kB (2048 and 1024 bytes of the table's, the same of an
 * index), which is 36 kB if all of it is escaped. A token of PartiQL is longer:
 * then the items are skimmed.
 */
#define TAIL_MAX (64 * 1024)

const AddbPaging addb_paging_query = {
	&addb_query, "Items", "LastEvaluatedKey", "ExclusiveStartKey"
};
const AddbPaging addb_paging_scan = {
	&addb_scan, "Items", "LastEvaluatedKey", "ExclusiveStartKey"
};
const AddbPaging addb_paging_execute_read = {
	&addb_execute_read, "Items", "NextToken", "NextToken"
};
const AddbPaging addb_paging_execute_write = {
	&addb_execute_write, "Items", "NextToken", "NextToken"
};
const AddbPaging addb_paging_list_tables = {
	&addb_list_tables, "TableNames", "LastEvaluatedTableName",
	"ExclusiveStartTableName"
};

/* What a stretch of the reply says. */
typedef struct Members
{
	AddbJsonSlice next;
	AddbJsonSlice count;
	AddbJsonSlice scanned;
	AddbJsonSlice capacity;
} Members;

/*
 * Reads members up to the items, or to the end of the reply. True when the
 * cursor stands before the array of items.
 */
static bool
read_members(AddbJsonCursor *cursor, const AddbPaging *paging, Members *members)
{
	AddbJsonSlice name;

	while (addb_json_object_next(cursor, &name))
	{
		AddbJsonSlice *value = NULL;

		if (addb_json_slice_is(&name, paging->items))
			return true;
		if (addb_json_slice_is(&name, paging->next))
			value = &members->next;
		else if (addb_json_slice_is(&name, "Count"))
			value = &members->count;
		else if (addb_json_slice_is(&name, "ScannedCount"))
			value = &members->scanned;
		else if (addb_json_slice_is(&name, "ConsumedCapacity"))
			value = &members->capacity;
		addb_json_skip(cursor, value);
	}
	return false;
}

/*
 * Finds what stands behind the items, from the end of the reply; false when it
 * is not found so.
 *
 * The items end with a bracket, and a comma and the quote of a name follow.
 * Within items a bracket is followed by a brace, since every list is wrapped
 * in its type, so what looks alike can only lie in a string. The members then
 * do not end where the reply ends.
 */
static bool
find_tail(const AddbJsonCursor *items, const AddbPaging *paging,
		  Members *members)
{
	const char *end = items->end;
	const char *limit = Max(items->pos, end - Min(TAIL_MAX, end - items->pos));

	for (const char *p = end - 3; p >= limit; p--)
	{
		AddbJsonCursor cursor;
		Members		found = *members;

		if (p[0] != ']' || p[1] != ',' || p[2] != '"')
			continue;

		/* as if behind an opening brace: the comma is not the first member's */
		cursor = addb_json_cursor(p + 1, end - p - 1);
		if (read_members(&cursor, paging, &found) || !addb_json_at_end(&cursor))
			continue;
		*members = found;
		return true;
	}
	return false;
}

/* Finds what stands behind the items by passing over them. */
static void
skim(AddbJsonCursor cursor, const AddbPaging *paging, Members *members,
	 AddbCall *call)
{
	if (!addb_json_skip(&cursor, NULL) ||
		read_members(&cursor, paging, members) || !addb_json_at_end(&cursor))
		addb_call_raise_malformed(call);
}

static int64
number_of(const AddbJsonSlice *slice)
{
	int64		value = 0;

	if (slice->len == 0 || slice->len > 18)
		return -1;
	for (size_t i = 0; i < slice->len; i++)
	{
		if (slice->data[i] < '0' || slice->data[i] > '9')
			return -1;
		value = value * 10 + (slice->data[i] - '0');
	}
	return value;
}

/* A null in the place of a key or token says that there is none. */
static AddbJsonSlice
key_of(const AddbJsonSlice *slice)
{
	AddbJsonSlice none = {0};

	return addb_json_slice_is(slice, "null") ? none : *slice;
}

/*
 * addb_page_read - opens the page that a call has brought
 *
 * The call has succeeded. Its cost is counted. Raises 08P01 (08007 for a
 * write) when the reply makes no sense; its items are not looked at.
 */
void
addb_page_read(AddbCall *call, const AddbPaging *paging, AddbPage *page)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	Members		members = {0};

	page->has_items = addb_json_object_start(&cursor) &&
		read_members(&cursor, paging, &members);
	if (page->has_items)
	{
		if (!find_tail(&cursor, paging, &members))
			skim(cursor, paging, &members, call);
		(void) addb_json_array_start(&cursor);
	}
	page->units = 0;
	if (members.capacity.len > 0)
	{
		AddbJsonCursor capacity = addb_json_cursor(members.capacity.data,
												   members.capacity.len);

		if (!addb_stats_take_capacity(call, &capacity, &page->units))
			addb_call_raise_malformed(call);
	}
	if (cursor.failed)
		addb_call_raise_malformed(call);
	page->items = cursor;
	page->next = key_of(&members.next);
	page->count = number_of(&members.count);
	page->scanned = number_of(&members.scanned);
	addb_stats.items_read += Max(page->count, 0);
	addb_stats.items_scanned += Max(page->scanned, 0);
}
