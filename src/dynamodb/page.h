/*
 * page.h
 *	  One page of a paged read: its items, and what stands around them.
 */
#ifndef ADDB_DYNAMODB_PAGE_H
#define ADDB_DYNAMODB_PAGE_H

#include "dynamodb/client.h"
#include "dynamodb/pager.h"

/* The members of a page's reply. Slices lie in the reply. */
typedef struct AddbPage
{
	bool		has_items;
	AddbJsonCursor items;		/* before the first item, or the end of them */
	AddbJsonSlice next;			/* where the page ends; len 0: the last page */
	int64		count;			/* of items; -1 if not told */
	int64		scanned;		/* looked at before the filter; -1 if not told */
	double		units;			/* capacity consumed; 0 if not told */
} AddbPage;

extern void addb_page_read(AddbCall *call, const AddbPaging *paging,
						   AddbPage *page);

#endif							/* ADDB_DYNAMODB_PAGE_H */
