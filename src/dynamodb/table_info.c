/*
 * table_info.c
 *	  What DynamoDB tells of tables: their descriptions and their names.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/table.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

struct AddbTableLister
{
	MemoryContext context;		/* of the lister and its calls */
	AddbCall   *page;			/* the page being read, or NULL */
	AddbJsonCursor names;		/* in its TableNames */
	char	   *last;			/* its LastEvaluatedTableName as JSON, or NULL */
	StringInfoData body;		/* of its request */
	bool		started;
};

/*
 * addb_table_describe - the member Table of DescribeTable's reply, palloc'd
 *
 * Raises 42P01 when there is no such table, 08P01 when the reply has no such
 * member, and what calls raise.
 */
Jsonb *
addb_table_describe(const char *table)
{
	AddbCall   *call = addb_table_call(&addb_describe_table, table, "", "\"table_name\"");
	size_t		len;
	const char *body;
	AddbJsonCursor cursor;
	AddbJsonSlice name;
	AddbJsonSlice description = {0};
	AddbJsonbValue value;
	Jsonb	   *result;

	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	body = addb_call_body(call, &len);
	cursor = addb_json_cursor(body, len);
	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
			addb_json_skip(&cursor, addb_json_slice_is(&name, "Table") ? &description : NULL);
	addb_jsonb_start();
	if (cursor.failed || description.len == 0 ||
		!addb_av_decode_document(description.data, description.len, &value))
		addb_call_raise_malformed(call);
	result = addb_jsonb_finish(value);
	addb_call_release(call);
	return result;
}

/*
 * addb_table_lister_begin - starts a list of the names of all tables
 *
 * It belongs to the context owner. Nothing is asked for before the first name.
 */
AddbTableLister *
addb_table_lister_begin(MemoryContext owner)
{
	MemoryContext context = AllocSetContextCreate(owner, "atomic_dynamodb table list",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AddbTableLister *lister = palloc0(sizeof(AddbTableLister));

	lister->context = context;
	initStringInfo(&lister->body);
	MemoryContextSwitchTo(caller);
	return lister;
}

/* Asks for the page behind the name that the last one ended with. */
static void
ask_for_page(AddbTableLister *lister)
{
	AddbRequest request = {.operation = &addb_list_tables};

	if (lister->page != NULL)
		addb_call_release(lister->page);
	lister->page = NULL;
	lister->started = true;
	resetStringInfo(&lister->body);
	if (lister->last != NULL)
		appendStringInfo(&lister->body, "{\"ExclusiveStartTableName\":%s}", lister->last);
	else
		appendStringInfoString(&lister->body, "{}");
	request.body = lister->body.data;
	request.body_len = lister->body.len;
	lister->page = addb_client_call(&request, lister->context);
	if (!addb_call_succeeded(lister->page))
		addb_call_raise(lister->page);
}

/* Goes on to the next page; the members of a reply come in any order. */
static void
open_page(AddbTableLister *lister)
{
	size_t		len;
	const char *body;
	AddbJsonCursor cursor;
	AddbJsonSlice name;
	AddbJsonSlice names = {0};
	AddbJsonSlice last = {0};

	ask_for_page(lister);
	body = addb_call_body(lister->page, &len);
	cursor = addb_json_cursor(body, len);
	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (addb_json_slice_is(&name, "TableNames"))
				addb_json_skip(&cursor, &names);
			else if (addb_json_slice_is(&name, "LastEvaluatedTableName") &&
					 addb_json_peek(&cursor) == ADDB_JSON_STRING)
				addb_json_skip(&cursor, &last);
			else
				addb_json_skip(&cursor, NULL);
		}
	lister->names = addb_json_cursor(names.data, names.len);
	addb_json_array_start(&lister->names);
	if (cursor.failed || lister->names.failed)
		addb_call_raise_malformed(lister->page);
	if (lister->last != NULL)
		pfree(lister->last);
	lister->last = last.len == 0 ? NULL :
		MemoryContextStrdup(lister->context, pnstrdup(last.data, last.len));
}

/*
 * addb_table_lister_next - the next name, palloc'd; NULL at the end
 *
 * In the order of the service, and in the server's encoding. Raises what calls
 * raise.
 */
char *
addb_table_lister_next(AddbTableLister *lister)
{
	AddbJsonSlice name;
	char	   *text;

	while (!lister->started || !addb_json_array_next(&lister->names))
	{
		if (lister->names.failed)
			addb_call_raise_malformed(lister->page);
		if (lister->started && lister->last == NULL)
			return NULL;
		open_page(lister);
	}
	if (!addb_json_string(&lister->names, &name) ||
		(text = addb_json_to_cstring(&name)) == NULL)
		addb_call_raise_malformed(lister->page);
	return pg_any_to_server(text, (int) strlen(text), PG_UTF8);
}
