/*
 * partiql_transaction.c
 *	  PartiQL statements that are carried out together or not at all.
 *
 * DynamoDB takes reads or writes in one transaction, not both. Every one is
 * sent with a ClientRequestToken, so that a lost answer is asked for again
 * without the statements being carried out again.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/client.h"
#include "dynamodb/partiql.h"
#include "dynamodb/partiql_transaction.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"
#include "dynamodb/token.h"

/* DynamoDB's limit. */
#define MAX_STATEMENTS 100

struct AddbPartiqlRows
{
	AddbCall   *call;
	AddbJsonCursor cursor;		/* in the array Responses */
	bool		in_array;		/* it is there, and not at its end */
	bool		is_read;
	int			left;			/* rows still to be returned */
};

/* One element of the argument "statements". */
typedef struct Element
{
	int			number;			/* from 1 */
	JsonbValue	statement;		/* jbvString */
	Jsonb	   *params;			/* or NULL */
} Element;

static void
bad_element(const Element *element, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("element %d of argument \"statements\" %s", element->number,
					problem),
			 errhint("A statement is a text, or an object with the members \"statement\" and, for its parameters, \"params\".")));
}

static bool
name_is(const JsonbValue *name, const char *text)
{
	return name->val.string.len == (int) strlen(text) &&
		memcmp(name->val.string.val, text, name->val.string.len) == 0;
}

static void
read_object(Element *element, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (name_is(&name, "statement"))
			element->statement = value;
		else if (!name_is(&name, "params"))
			bad_element(element, psprintf("has an unknown member \"%s\"",
										  pnstrdup(name.val.string.val,
												   name.val.string.len)));
		else if (value.type == jbvBinary && JsonContainerIsArray(value.val.binary.data))
			element->params = JsonbValueToJsonb(&value);
		else if (value.type != jbvNull)
			bad_element(element, "has a member \"params\" that is not an array");
	}
}

/* Of a value that cannot be sent: which statement it belongs to. */
static void
add_element_context(void *arg)
{
	errcontext("element %d of argument \"statements\"", ((Element *) arg)->number);
}

static void
append_element(AddbPartiqlTransaction *transaction, Element *element)
{
	StringInfo	out = &transaction->statements;
	const char *text = element->statement.val.string.val;
	int			len = element->statement.val.string.len;
	char		what[64];
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = add_element_context,
		.arg = element
	};

	snprintf(what, sizeof(what), "element %d of argument \"statements\"",
			 element->number);
	appendStringInfoString(out, out->len > 0 ? ",{" : "{");
	addb_partiql_append_statement(out, text, len, what);
	error_context_stack = &context;
	addb_partiql_append_parameters(out, element->params, "statements");
	error_context_stack = context.previous;
	appendStringInfoChar(out, '}');
	transaction->is_read &= addb_partiql_is_select(text, len);
	transaction->nwrites += addb_partiql_is_write(text, len);
}

/*
 * addb_partiql_transaction_build - reads the argument "statements"
 *
 * An array of texts and of {"statement": text, "params": [...]}. What is built
 * is palloc'd. Raises 22023, and 54000 for none or more than 100 and for a
 * statement that is too long, naming the element.
 */
void
addb_partiql_transaction_build(Jsonb *statements,
							   AddbPartiqlTransaction *transaction)
{
	Element		element = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_ARRAY(statements) || JB_ROOT_IS_SCALAR(statements))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"statements\" must be a JSON array of statements")));
	transaction->n = JB_ROOT_COUNT(statements);
	if (transaction->n < 1 || transaction->n > MAX_STATEMENTS)
		ereport(ERROR,
				(errcode(transaction->n < 1 ? ERRCODE_INVALID_PARAMETER_VALUE
						 : ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("argument \"statements\" has %d elements", transaction->n),
				 errdetail("A DynamoDB transaction takes 1 to %d.", MAX_STATEMENTS)));
	initStringInfo(&transaction->statements);
	transaction->is_read = true;
	transaction->nwrites = 0;
	iterator = JsonbIteratorInit(&statements->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		element.number++;
		element.params = NULL;
		element.statement.type = jbvNull;
		if (value.type == jbvString)
			element.statement = value;
		else if (value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data))
			read_object(&element, value.val.binary.data);
		else
			bad_element(&element, "is neither a text nor an object");
		if (element.statement.type != jbvString)
			bad_element(&element, "has no member \"statement\" that is a text");
		append_element(transaction, &element);
	}
}

/*
 * Finds the answers and counts the cost. DynamoDB may leave the answers to
 * writes out, since there is nothing in them.
 */
static void
open_reply(AddbPartiqlRows *rows)
{
	size_t		len;
	const char *body = addb_call_body(rows->call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	AddbJsonSlice responses = {0};
	bool		counted = false;

	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (addb_json_slice_is(&name, "Responses"))
				addb_json_skip(&cursor, &responses);
			else if (addb_json_slice_is(&name, "ConsumedCapacity") && !counted)
				counted = addb_stats_take_capacity(rows->call, &cursor, NULL);
			else
				addb_json_skip(&cursor, NULL);
		}
	if (!counted)
		addb_call_consumed(rows->call, 0);
	rows->cursor = addb_json_cursor(responses.data, responses.len);
	rows->in_array = responses.len > 0 && addb_json_array_start(&rows->cursor);
	if (cursor.failed || rows->cursor.failed)
		addb_call_raise_malformed(rows->call);
}

/*
 * addb_partiql_transaction_run - carries a transaction out
 *
 * token is the user's, in the server's encoding, or NULL. The rows belong to
 * the context owner. The caller has made sure that a transaction which is no
 * read may write. Raises what addb_token_append and calls raise.
 */
AddbPartiqlRows *
addb_partiql_transaction_run(const AddbPartiqlTransaction *transaction,
							 const char *token, int token_len,
							 MemoryContext owner)
{
	MemoryContext caller = MemoryContextSwitchTo(owner);
	AddbPartiqlRows *rows = palloc0(sizeof(AddbPartiqlRows));
	AddbRequest request = {
		.operation = transaction->is_read ? &addb_execute_transaction_read
		: &addb_execute_transaction_write,
		.kind = ADDB_WRITE_TOKEN,
		.arguments = "\"statements\" and \"token\""
	};
	StringInfoData body;

	initStringInfo(&body);
	appendStringInfoString(&body, "{\"ClientRequestToken\":");
	addb_token_append(&body, token, token_len, NULL);
	appendStringInfoString(&body, ",\"ReturnConsumedCapacity\":\"TOTAL\",\"TransactStatements\":[");
	appendBinaryStringInfo(&body, transaction->statements.data,
						   transaction->statements.len);
	appendStringInfoString(&body, "]}");
	request.body = body.data;
	request.body_len = body.len;
	rows->call = addb_client_call(&request, owner);
	if (!addb_call_succeeded(rows->call))
		addb_call_raise(rows->call);
	rows->is_read = transaction->is_read;
	rows->left = transaction->n;
	open_reply(rows);
	addb_stats.items_written += transaction->nwrites;
	MemoryContextSwitchTo(caller);
	return rows;
}

/* Reads {"Item": {...}}, or {} for an item that is not there. */
static Jsonb *
read_item(AddbPartiqlRows *rows)
{
	AddbJsonSlice name;
	Jsonb	   *item = NULL;
	bool		intact = addb_json_object_start(&rows->cursor);

	while (intact && addb_json_object_next(&rows->cursor, &name))
	{
		if (!addb_json_slice_is(&name, "Item"))
		{
			intact = addb_json_skip(&rows->cursor, NULL);
			continue;
		}
		item = addb_reply_item(rows->call, &rows->cursor);
		intact = item != NULL;
	}
	if (!intact || rows->cursor.failed)
		addb_call_raise_malformed(rows->call);
	addb_stats.items_read += item != NULL;
	return item;
}

/*
 * addb_partiql_rows_next - the answer to the next statement
 *
 * False when all have been told. *item is the item, palloc'd, or NULL when
 * there is none. Raises 08P01 when the reply is not what the operation answers
 * (08007 of a write), and what addb_av_decode_map raises.
 */
bool
addb_partiql_rows_next(AddbPartiqlRows *rows, Jsonb **item)
{
	rows->in_array = rows->in_array && addb_json_array_next(&rows->cursor);
	if (rows->cursor.failed || (rows->is_read && rows->in_array != (rows->left > 0)))
		addb_call_raise_malformed(rows->call);
	if (rows->left == 0)
	{
		addb_call_release(rows->call);
		return false;
	}
	rows->left--;
	*item = rows->in_array ? read_item(rows) : NULL;
	return true;
}
