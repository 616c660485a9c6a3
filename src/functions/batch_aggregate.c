/*
 * batch_aggregate.c
 *	  ddb_put_agg, ddb_delete_agg, ddb_set_agg: the rows of a query, written.
 *
 * The place of an aggregate in a query has one batch writer, which all groups
 * share and which lives as long as the execution of the query: however many
 * groups there are, requests go over max_connections connections, and a
 * group's state is a count. The final function of a group waits until all that
 * was pushed is written, by whatever group.
 */
#include "postgres.h"

#include "core/compat.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/batch_write.h"
#include "functions/args.h"
#include "miscadmin.h"
#include "tcop/utility.h"

ADDB_FUNCTION(addb_fn_delete_step);
ADDB_FUNCTION(addb_fn_put_step);
ADDB_FUNCTION(addb_fn_set_step);
ADDB_FUNCTION(addb_fn_write_end);

/* The state of a group. */
typedef struct GroupState
{
	AddbBatchWriter *writer;
	int64		given;
} GroupState;

/* The place of an aggregate in a query: fn_extra of the transition function. */
typedef struct Site
{
	AddbBatchWriter *writer;
	const char *table;
	AddbPlace	place;
} Site;

/* What the aggregates differ in. */
typedef struct Kind
{
	const char *function;
	const char *argument;		/* that holds the item or key */
	AddbKeyHolder holder;
	AddbBatchAppend append;
	const AddbKeySchema *schema;	/* NULL: the table's */
} Kind;

/* A row, as AddbBatchAppend takes it. */
typedef struct Row
{
	FunctionCallInfo fcinfo;
	const char *table;			/* of the rows before */
	int			table_arg;		/* -1: the function has none */
} Row;

/* Raises 0A000 unless the function is called as part of an aggregate. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (AggCheckCallContext(fcinfo, &context) != AGG_CONTEXT_AGGREGATE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregates that write to DynamoDB cannot be window functions"),
				 errdetail("Rows would be written again for every frame that they are in.")));
	return context;
}

/* Starts the writer of a place, with its first row. */
static Site *
begin_site(FunctionCallInfo fcinfo, const Kind *kind, int table_arg)
{
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	Site	   *site = palloc0(sizeof(Site));
	const AddbKeySchema *schema = kind->schema;

	PreventCommandIfReadOnly(kind->function);
	site->table = addb_arg_table(fcinfo, table_arg);
	site->place.argument = kind->argument;
	if (schema == NULL)
		schema = addb_key_schema_get_current(site->table);
	site->writer = addb_batch_writer_begin(site->table, schema,
										   psprintf("\"%s\"", kind->argument), NULL,
										   CurrentMemoryContext);
	MemoryContextSwitchTo(caller);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

static void
check_table(const Row *row)
{
	if (!addb_arg_is_table(row->fcinfo, row->table_arg, row->table))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"table_name\" must not change between rows"),
				 errdetail("It was \"%s\" and is \"%s\" now.", row->table,
						   addb_arg_table(row->fcinfo, row->table_arg))));
}

/* Pushes the row and counts it in its group. */
static Datum
step(FunctionCallInfo fcinfo, const Kind *kind, int table_arg)
{
	MemoryContext context = aggregate_context(fcinfo);
	Site	   *site = fcinfo->flinfo->fn_extra;
	GroupState	   *group;
	Row			row;

	if (site == NULL)
		site = begin_site(fcinfo, kind, table_arg);
	if (PG_ARGISNULL(0))
	{
		group = MemoryContextAllocZero(context, sizeof(GroupState));
		group->writer = site->writer;
	}
	else
		group = (GroupState *) PG_GETARG_POINTER(0);
	row = (Row) {fcinfo, site->table, table_arg};
	addb_batch_writer_push(site->writer, kind->holder, kind->append, &row,
						   &site->place);
	group->given++;
	PG_RETURN_POINTER(group);
}

static void
append_item(StringInfo out, void *value)
{
	FunctionCallInfo fcinfo = ((Row *) value)->fcinfo;

	check_table(value);
	addb_arg_require(fcinfo, 2, "item");
	addb_av_encode_map(out, PG_GETARG_JSONB_P(2), "item");
}

/*
 * addb_fn_put_step - the transition function of ddb_put_agg(table_name, item)
 */
Datum
addb_fn_put_step(PG_FUNCTION_ARGS)
{
	static const Kind kind = {"ddb_put_agg()", "item", ADDB_HOLDER_ITEM,
		append_item, NULL};

	return step(fcinfo, &kind, 1);
}

static void
append_key(StringInfo out, void *value)
{
	FunctionCallInfo fcinfo = ((Row *) value)->fcinfo;

	check_table(value);
	addb_arg_require(fcinfo, 2, "key");
	addb_av_encode_map(out, PG_GETARG_JSONB_P(2), "key");
}

/*
 * addb_fn_delete_step - the transition function of ddb_delete_agg(table_name,
 * key)
 */
Datum
addb_fn_delete_step(PG_FUNCTION_ARGS)
{
	static const Kind kind = {"ddb_delete_agg()", "key", ADDB_HOLDER_KEY,
		append_key, NULL};

	return step(fcinfo, &kind, 1);
}

static void
append_atomic_item(StringInfo out, void *value)
{
	FunctionCallInfo fcinfo = ((Row *) value)->fcinfo;
	AddbItem	item;

	check_table(value);
	item.key = addb_arg_key(fcinfo, 1, 2);
	addb_arg_require(fcinfo, 3, "data");
	item.data = PG_GETARG_JSONB_P(3);
	item.has_ttl = false;
	if (PG_NARGS() > 4)
		addb_arg_ttl(fcinfo, 4, &item);
	addb_item_append_item(out, &item);
}

/*
 * addb_fn_set_step - the transition function of ddb_set_agg(pk, sk, data) and
 * ddb_set_agg(pk, sk, data, ttl, table_name)
 */
Datum
addb_fn_set_step(PG_FUNCTION_ARGS)
{
	static const Kind kind = {"ddb_set_agg()", "data", ADDB_HOLDER_ITEM,
		append_atomic_item, &addb_item_key_schema};

	return step(fcinfo, &kind, PG_NARGS() > 5 ? 5 : -1);
}

/*
 * addb_fn_write_end - the final function of all of them: bigint
 *
 * The number of rows of the group, all of which have then been written.
 */
Datum
addb_fn_write_end(PG_FUNCTION_ARGS)
{
	GroupState	   *group;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);
	group = (GroupState *) PG_GETARG_POINTER(0);
	addb_batch_writer_drain(group->writer);
	PG_RETURN_INT64(group->given);
}
