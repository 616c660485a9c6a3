/*
 * table_query.h
 *	  Query and Scan on any table: the request, and single pages.
 */
#ifndef ADDB_DYNAMODB_TABLE_QUERY_H
#define ADDB_DYNAMODB_TABLE_QUERY_H

#include "core/text.h"
#include "dynamodb/pager.h"
#include "utils/jsonb.h"

/* What to read. Texts and jsonb may be absent but for table. */
typedef struct AddbTableQuery
{
	const char *table;
	AddbText	key_condition;	/* absent: a scan */
	AddbText	filter;
	AddbText	projection;
	AddbText	index_name;
	Jsonb	   *values;
	Jsonb	   *names;
	Jsonb	   *start_key;
	bool		descending;
	bool		consistent;
	bool		count;			/* numbers of items, not the items */
	int			page_size;		/* items, 0: as many as are in 1 MB */
	int			segment;		/* from 0, of a scan of one segment */
	int			segments;		/* 0: the segment is not chosen */
} AddbTableQuery;

/* One page. All is palloc'd. */
typedef struct AddbQueryPage
{
	Datum	   *items;			/* jsonb */
	int			nitems;
	Jsonb	   *next_key;		/* NULL: it is the last page */
	int64		count;
	int64		scanned;
	double		units;
} AddbQueryPage;

extern AddbPager *addb_table_query_begin(const AddbTableQuery *query,
										 int segments, MemoryContext owner);
extern void addb_table_query_page(const AddbTableQuery *query,
								  AddbQueryPage *page);

#endif							/* ADDB_DYNAMODB_TABLE_QUERY_H */
