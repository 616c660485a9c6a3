/*
 * pager.h
 *	  The items of a read that comes in pages, one at a time.
 */
#ifndef ADDB_DYNAMODB_PAGER_H
#define ADDB_DYNAMODB_PAGER_H

#include "dynamodb/client.h"
#include "utils/jsonb.h"

/* Segments of a parallel scan: each has a request in flight. */
#define ADDB_PAGER_MAX_SEGMENTS 64

/* How an operation names its pages. */
typedef struct AddbPaging
{
	const AddbOperation *operation;
	const char *items;			/* member of the reply: array of items */
	const char *next;			/* member of the reply: where the page ends */
	const char *start;			/* member of the request: where to begin */
} AddbPaging;

extern const AddbPaging addb_paging_query;
extern const AddbPaging addb_paging_scan;
extern const AddbPaging addb_paging_execute_read;
extern const AddbPaging addb_paging_execute_write;
extern const AddbPaging addb_paging_list_tables;

/* What to read. The texts are copied. */
typedef struct AddbPagedRead
{
	const AddbPaging *paging;
	const char *table;			/* or NULL */
	const char *arguments;		/* as in AddbRequest */
	const char *preface;		/* as in AddbRequest */
	const char *parameters;		/* JSON members of the request, the start and
								 * the segment excepted; "" for none */
	const char *start;			/* JSON of where to begin, or NULL */
	int			segments;		/* 0 or 1: not in parallel */
	bool		sized;			/* the user has chosen the size of the pages */
} AddbPagedRead;

typedef struct AddbPager AddbPager;

extern AddbPager *addb_pager_begin(const AddbPagedRead *read,
								   MemoryContext owner);
extern AddbJsonCursor *addb_pager_next(AddbPager *pager);
extern Jsonb *addb_pager_next_item(AddbPager *pager);
extern int64 addb_pager_count(const AddbPager *pager);
extern _Noreturn void addb_pager_raise_malformed(const AddbPager *pager);

#endif							/* ADDB_DYNAMODB_PAGER_H */
