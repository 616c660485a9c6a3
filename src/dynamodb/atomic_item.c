/*
 * atomic_item.c
 *	  Items in the layout of atomic-dynamodb: to and from JSON, and the
 *	  operations on one of them.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/atomic_item.h"
#include "dynamodb/attribute_value.h"
#include "dynamodb/item_size.h"
#include "dynamodb/request.h"
#include "dynamodb/stats.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define EPOCH_DIFFERENCE \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* Seconds since 1970 of the ends of what a timestamp can hold. */
#define SECONDS_MIN (MIN_TIMESTAMP / USECS_PER_SEC + EPOCH_DIFFERENCE)
#define SECONDS_MAX ((END_TIMESTAMP - 1) / USECS_PER_SEC + EPOCH_DIFFERENCE)

/* The key of a table in this layout. */
const AddbKeySchema addb_item_key_schema = {2, {{"pk", 'S'}, {"sk", 'S'}}};

/*
 * addb_item_epoch_seconds - a finite moment in seconds since 1970, rounded down
 */
int64
addb_item_epoch_seconds(TimestampTz moment)
{
	int64		seconds = moment / USECS_PER_SEC;

	if (moment % USECS_PER_SEC < 0)
		seconds--;
	return seconds + EPOCH_DIFFERENCE;
}

/*
 * addb_item_timestamp - seconds since 1970 as a moment
 *
 * What lies outside of a timestamp's range (a ttl in milliseconds, say) is
 * infinity on that side.
 */
TimestampTz
addb_item_timestamp(int64 seconds)
{
	if (seconds < SECONDS_MIN)
		return DT_NOBEGIN;
	if (seconds > SECONDS_MAX)
		return DT_NOEND;
	return (seconds - EPOCH_DIFFERENCE) * USECS_PER_SEC;
}

/*
 * addb_item_same_key - whether two keys are the same bytes
 */
bool
addb_item_same_key(const AddbKey *a, const AddbKey *b)
{
	return a->pk.len == b->pk.len && a->sk.len == b->sk.len &&
		memcmp(a->pk.data, b->pk.data, a->pk.len) == 0 &&
		memcmp(a->sk.data, b->sk.data, a->sk.len) == 0;
}

static void
append_key_members(StringInfo out, const AddbKey *key)
{
	appendStringInfoString(out, "{\"pk\":{\"S\":");
	addb_av_append_string(out, key->pk.data, key->pk.len);
	appendStringInfoString(out, "},\"sk\":{\"S\":");
	addb_av_append_string(out, key->sk.data, key->sk.len);
	appendStringInfoChar(out, '}');
}

/*
 * addb_item_append_key - appends {"pk": ..., "sk": ...}
 */
void
addb_item_append_key(StringInfo out, const AddbKey *key)
{
	append_key_members(out, key);
	appendStringInfoChar(out, '}');
}

/*
 * addb_item_append_seconds - appends {"N": "seconds"}
 */
void
addb_item_append_seconds(StringInfo out, int64 seconds)
{
	appendStringInfo(out, "{\"N\":\"" INT64_FORMAT "\"}", seconds);
}

/*
 * The attribute data, in the format that atomic_dynamodb.data_format chooses.
 * A string that stands alone is JSON text in both formats: data of type S
 * always means JSON text, or readers could not tell "42" from 42.
 */
static void
append_data(StringInfo out, Jsonb *data)
{
	StringInfoData text;
	JsonbValue	scalar;
	bool		is_string = JB_ROOT_IS_SCALAR(data) &&
		JsonbExtractScalar(&data->root, &scalar) && scalar.type == jbvString;

	initStringInfo(&text);
	if (addb_data_format == ADDB_DATA_MAP && !is_string)
	{
		addb_av_encode(&text, data, "data");
		if (strncmp(text.data, "{\"S\":", 5) != 0)
		{
			appendBinaryStringInfo(out, text.data, text.len);
			pfree(text.data);
			return;
		}
		resetStringInfo(&text);
	}
	addb_av_encode_document(&text, data, "data");
	appendStringInfoString(out, "{\"S\":");
	addb_av_append_utf8(out, text.data, text.len);
	appendStringInfoChar(out, '}');
	pfree(text.data);
}

/*
 * addb_item_append_item - appends an item's attributes as an object
 *
 * Raises 22023 for data that cannot be encoded, 54000 for an item of over
 * 400 kB.
 */
void
addb_item_append_item(StringInfo out, const AddbItem *item)
{
	AddbPlace	place = {"data"};
	int			start = out->len;

	append_key_members(out, &item->key);
	appendStringInfoString(out, ",\"data\":");
	append_data(out, item->data);
	if (item->has_ttl)
	{
		appendStringInfoString(out, ",\"ttl\":");
		addb_item_append_seconds(out, addb_item_epoch_seconds(item->ttl));
	}
	appendStringInfoChar(out, '}');
	addb_item_check_size(out->data + start, out->len - start, &place);
}

/*
 * Reads an attribute if it has this type ("S" or "N"), else skips it. False
 * when the text is malformed; *found tells which it was.
 */
static bool
read_attribute(AddbJsonCursor *cursor, const char *type, AddbJsonSlice *value,
			   bool *found)
{
	AddbJsonSlice tag;

	*found = false;
	if (!addb_json_object_start(cursor) || !addb_json_object_next(cursor, &tag))
		return false;
	if (addb_json_slice_is(&tag, type))
	{
		if (!addb_json_string(cursor, value))
			return false;
		*found = true;
	}
	else if (!addb_json_skip(cursor, NULL))
		return false;
	return !addb_json_object_next(cursor, &tag) && !cursor->failed;
}

/* A string of a reply as text; 22P05 when text cannot hold it. */
static Datum
text_datum(const AddbJsonSlice *string, const char *attribute)
{
	AddbJsonbValue value = addb_av_decode_text(string);

	if (value.type != JENTRY_ISSTRING)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("attribute \"%s\" of a DynamoDB item cannot be held as text",
						attribute),
				 errdetail("It holds U+0000 or half of a surrogate pair.")));
	return PointerGetDatum(cstring_to_text_with_len(value.data, value.len));
}

static bool
read_text_column(AddbJsonCursor *cursor, int column, const char *attribute,
				 Datum *values, bool *nulls)
{
	AddbJsonSlice value;
	bool		found;

	if (!read_attribute(cursor, "S", &value, &found))
		return false;
	if (found)
	{
		values[column] = text_datum(&value, attribute);
		nulls[column] = false;
	}
	return true;
}

/* The attribute ttl; anything but a number is no ttl, as for DynamoDB. */
static bool
read_ttl_column(AddbJsonCursor *cursor, Datum *values, bool *nulls)
{
	AddbJsonSlice value;
	bool		found;
	int64		seconds = 0;
	size_t		i;

	if (!read_attribute(cursor, "N", &value, &found))
		return false;
	if (!found)
		return true;
	/* whole seconds; 15 digits are past every timestamp's end */
	for (i = value.len > 0 && value.data[0] == '-'; i < value.len && i < 16; i++)
	{
		if (value.data[i] < '0' || value.data[i] > '9')
			break;
		seconds = seconds * 10 + (value.data[i] - '0');
	}
	if (value.len > 0 && value.data[0] == '-')
		seconds = -seconds;
	values[ADDB_ITEM_TTL] = TimestampTzGetDatum(addb_item_timestamp(seconds));
	nulls[ADDB_ITEM_TTL] = false;
	return true;
}

/* The attribute data: a string is JSON text, anything else a native value. */
static bool
read_data_column(AddbJsonCursor *cursor, Datum *values, bool *nulls)
{
	AddbJsonCursor tag_cursor = *cursor;
	AddbJsonSlice tag;
	AddbJsonSlice string;
	AddbJsonbValue value;
	bool		is_text;

	if (!addb_json_object_start(&tag_cursor) ||
		!addb_json_object_next(&tag_cursor, &tag))
		return false;
	addb_jsonb_start();
	if (addb_json_slice_is(&tag, "S"))
	{
		const char *text;
		size_t		len;
		int			met = 0;

		if (!read_attribute(cursor, "S", &string, &is_text))
			return false;
		text = string.data;
		len = string.len;
		if (string.escaped)
		{
			char	   *unescaped = palloc(len + 1);

			len = addb_json_unescape(&string, unescaped, &met);
			if (len == (size_t) -1)
				return false;
			text = unescaped;
		}
		if (met != 0 || !addb_av_decode_document(text, len, &value))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_JSON_TEXT),
					 errmsg("attribute \"data\" of a DynamoDB item is not valid JSON"),
					 errdetail("The value begins with \"%s\".",
							   addb_error_text(text, len, 60)),
					 errhint("Another program wrote it: in this layout, a \"data\" of type S is JSON text.")));
	}
	else if (!addb_av_decode(cursor, &value))
		return false;
	values[ADDB_ITEM_DATA] = JsonbPGetDatum(addb_jsonb_finish(value));
	nulls[ADDB_ITEM_DATA] = false;
	return true;
}

/* Which item a column of it could not be read of. */
static void
add_key_context(void *arg)
{
	const AddbJsonSlice *item = arg;
	AddbJsonCursor cursor = addb_json_cursor(item->data, item->len);
	AddbJsonSlice name;
	AddbJsonSlice pk = {0};
	AddbJsonSlice sk = {0};
	bool		found;

	if (!addb_json_object_start(&cursor))
		return;
	while (addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "pk"))
			(void) read_attribute(&cursor, "S", &pk, &found);
		else if (addb_json_slice_is(&name, "sk"))
			(void) read_attribute(&cursor, "S", &sk, &found);
		else
			addb_json_skip(&cursor, NULL);
	}
	errcontext("DynamoDB item with pk \"%s\", sk \"%s\"",
			   addb_error_text(pk.data, pk.len, 200),
			   addb_error_text(sk.data, sk.len, 200));
}

static bool
decode_members(AddbJsonCursor *cursor, Datum *values, bool *nulls)
{
	AddbJsonSlice name;
	bool		intact = addb_json_object_start(cursor);

	while (intact && addb_json_object_next(cursor, &name))
	{
		if (addb_json_slice_is(&name, "pk"))
			intact = read_text_column(cursor, ADDB_ITEM_PK, "pk", values, nulls);
		else if (addb_json_slice_is(&name, "sk"))
			intact = read_text_column(cursor, ADDB_ITEM_SK, "sk", values, nulls);
		else if (addb_json_slice_is(&name, "data"))
			intact = read_data_column(cursor, values, nulls);
		else if (addb_json_slice_is(&name, "version"))
			intact = read_text_column(cursor, ADDB_ITEM_VERSION, "version",
									  values, nulls);
		else if (addb_json_slice_is(&name, "ttl"))
			intact = read_ttl_column(cursor, values, nulls);
		else
			intact = addb_json_skip(cursor, NULL);
	}
	return intact && !cursor->failed;
}

/*
 * addb_item_decode - reads an item into the columns of ddb_item
 *
 * values and nulls have ADDB_ITEM_COLUMNS entries; the values are palloc'd.
 * Attributes that the layout does not have are passed over. False when the
 * text is malformed. Raises 22032 when data is a string that is not JSON,
 * 22P05 when text cannot hold a key, with the item's key as context.
 */
bool
addb_item_decode(AddbJsonCursor *cursor, Datum *values, bool *nulls)
{
	AddbJsonSlice item = {cursor->pos, cursor->end - cursor->pos, false};
	ErrorContextCallback context;
	bool		intact;

	memset(nulls, true, ADDB_ITEM_COLUMNS * sizeof(bool));
	context.callback = add_key_context;
	context.arg = &item;
	context.previous = error_context_stack;
	error_context_stack = &context;
	intact = decode_members(cursor, values, nulls);
	error_context_stack = context.previous;
	return intact;
}

/*
 * addb_item_find_item - the member Item of a GetItem reply
 *
 * False when the reply has none: there is no such item. Raises 08P01 for a
 * reply that is no object.
 */
bool
addb_item_find_item(AddbCall *call, AddbJsonSlice *item)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	bool		found = false;

	if (addb_json_object_start(&cursor))
		while (addb_json_object_next(&cursor, &name))
		{
			if (addb_json_slice_is(&name, "Item"))
				found = addb_json_skip(&cursor, item);
			else if (!addb_json_slice_is(&name, "ConsumedCapacity"))
				addb_json_skip(&cursor, NULL);
			else if (!addb_stats_take_capacity(call, &cursor, NULL))
				break;
		}
	if (!addb_json_at_end(&cursor))
		addb_call_raise_malformed(call);
	return found;
}

/* Decodes the member Item of a GetItem reply; false when there is none. */
static bool
decode_reply(AddbCall *call, Datum *values, bool *nulls)
{
	size_t		len;
	const char *body = addb_call_body(call, &len);
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;
	bool		intact = addb_json_object_start(&cursor);
	bool		found = false;

	while (intact && addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "Item"))
		{
			found = true;
			intact = addb_item_decode(&cursor, values, nulls);
		}
		else if (addb_json_slice_is(&name, "ConsumedCapacity"))
			intact = addb_stats_take_capacity(call, &cursor, NULL);
		else
			intact = addb_json_skip(&cursor, NULL);
	}
	if (!intact || cursor.failed)
		addb_call_raise_malformed(call);
	return found;
}

/*
 * addb_item_get - reads one item into the columns of ddb_item
 *
 * False when there is none. Raises what calls raise.
 */
bool
addb_item_get(const char *table, const AddbKey *key, bool consistent,
			  Datum *values, bool *nulls)
{
	StringInfoData body;
	AddbRequest request = {
		.operation = &addb_get_item,
		.table = table,
		.arguments = ADDB_ITEM_ARGUMENTS
	};
	AddbCall   *call;
	bool		found;

	addb_request_begin(&body, table);
	appendStringInfoString(&body, ",\"Key\":");
	addb_item_append_key(&body, key);
	if (consistent)
		appendStringInfoString(&body, ",\"ConsistentRead\":true");
	addb_request_end(&request, &body);
	call = addb_client_call(&request, CurrentMemoryContext);
	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	found = decode_reply(call, values, nulls);
	addb_stats.items_read += found;
	addb_call_release(call);
	pfree(body.data);
	return found;
}

/* Sends a write whose answer tells its cost and nothing else. */
static void
write_one(const AddbOperation *operation, const char *table, StringInfo body)
{
	AddbRequest request = {
		.operation = operation,
		.table = table,
		.kind = ADDB_WRITE_IDEMPOTENT,
		.arguments = operation == &addb_put_item ?
		"\"pk\", \"sk\", \"data\", \"ttl\" and \"table_name\"" : ADDB_ITEM_ARGUMENTS
	};
	AddbCall   *call;

	addb_request_end(&request, body);
	call = addb_client_call(&request, CurrentMemoryContext);
	if (!addb_call_succeeded(call))
		addb_call_raise(call);
	addb_reply_take_cost(call);
	addb_stats.items_written++;
	addb_call_release(call);
	pfree(body->data);
}

/*
 * addb_item_put - writes one item, replacing what is there
 *
 * Unconditional, so it is resent when an answer is lost. Raises what calls
 * raise.
 */
void
addb_item_put(const char *table, const AddbItem *item)
{
	StringInfoData body;

	addb_request_begin(&body, table);
	appendStringInfoString(&body, ",\"Item\":");
	addb_item_append_item(&body, item);
	write_one(&addb_put_item, table, &body);
}

/*
 * addb_item_delete - deletes one item, if it is there
 *
 * Unconditional, so it is resent when an answer is lost. Raises what calls
 * raise.
 */
void
addb_item_delete(const char *table, const AddbKey *key)
{
	StringInfoData body;

	addb_request_begin(&body, table);
	appendStringInfoString(&body, ",\"Key\":");
	addb_item_append_key(&body, key);
	write_one(&addb_delete_item, table, &body);
}
