/*
 * error.c
 *	  Reads DynamoDB's error replies.
 *
 * An error reply is a JSON object with the members __type and message (or
 * Message), but between DynamoDB and us stand load balancers and proxies that
 * answer whatever they like. So the parser takes any bytes: what it cannot read
 * is absent in the result, and only lack of memory makes it fail.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "dynamodb/error.h"

/* Characters kept of names: the longest known error type has 44. */
#define MAX_CODE 100
#define MAX_REQUEST_ID 100

/* Characters shown of a body that is not DynamoDB's. */
#define MAX_EXCERPT 200

/* The members of an error reply; data is NULL where a member is absent. */
typedef struct ErrorMembers
{
	AddbJsonSlice type;
	AddbJsonSlice code;
	AddbJsonSlice message;
	AddbJsonSlice capital_message;
	AddbJsonSlice reasons;
	AddbJsonSlice item;
} ErrorMembers;

/*
 * Appends one character, legal UTF-8, in the server's encoding; '?' where that
 * has none. pg_any_to_server would raise there.
 */
static void
append_converted(StringInfo out, Oid converter, const char *character, int len)
{
	/* pg_do_encoding_conversion_buf wants room for its worst growth factor */
	unsigned char converted[8 * MAX_CONVERSION_GROWTH];

	if (!OidIsValid(converter) ||
		pg_do_encoding_conversion_buf(converter, PG_UTF8, GetDatabaseEncoding(),
									  (unsigned char *) character, len,
									  converted, sizeof(converted), true) != len)
		appendStringInfoChar(out, '?');
	else
		appendStringInfoString(out, (char *) converted);
}

/*
 * addb_error_text
 *
 * Makes foreign bytes fit for a message: legal UTF-8 is converted to the
 * server's encoding; illegal bytes, control characters other than newline and
 * tab, and what the encoding does not have become '?'; carriage returns are
 * left out. What is longer than max_chars characters ends in "..." instead.
 * text may be NULL when len is 0.
 *
 * Returns a string that is palloc'd in the current context. Raises nothing but
 * "out of memory".
 */
char *
addb_error_text(const char *text, size_t len, int max_chars)
{
	bool		as_is = (GetDatabaseEncoding() == PG_UTF8 ||
						 GetDatabaseEncoding() == PG_SQL_ASCII);
	Oid			converter = InvalidOid;
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + len;
	StringInfoData out;

	/* the catalogs can be read inside of a transaction only */
	if (!as_is && IsTransactionState())
		converter = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());

	initStringInfo(&out);
	for (int chars = 0; p < end; chars++)
	{
		int			charlen = pg_utf_mblen(p);

		if (chars >= max_chars)
		{
			appendStringInfoString(&out, "...");
			break;
		}
		if (*p == '\r')
		{
			p++;
			continue;
		}
		if (charlen > end - p || !pg_utf8_islegal(p, charlen) ||
			(*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
		{
			appendStringInfoChar(&out, '?');
			p++;
			continue;
		}
		if (charlen == 1 || as_is)
			appendBinaryStringInfo(&out, (const char *) p, charlen);
		else
			append_converted(&out, converter, (const char *) p, charlen);
		p += charlen;
	}
	return out.data;
}

/*
 * Safe text of a JSON string; NULL when it is absent or its escapes are
 * malformed.
 */
static char *
string_text(const AddbJsonSlice *string, int max_chars)
{
	char	   *raw;
	char	   *text;
	size_t		len;
	int			met;

	if (string->data == NULL)
		return NULL;
	if (!string->escaped)
		return addb_error_text(string->data, string->len, max_chars);

	raw = palloc(string->len + 1);
	len = addb_json_unescape(string, raw, &met);
	text = (len == (size_t) -1) ? NULL : addb_error_text(raw, len, max_chars);
	pfree(raw);
	return text;
}

/*
 * The bare name in "namespace#Name:http://where": in front of any ':' or ',',
 * behind any '#'. Returns NULL when nothing is left, else the name in place.
 */
static char *
bare_code(char *type)
{
	char	   *hash;

	if (type == NULL)
		return NULL;
	while (*type == ' ')
		type++;
	type[strcspn(type, ":,")] = '\0';
	hash = strrchr(type, '#');
	if (hash != NULL)
		type = hash + 1;
	return *type != '\0' ? type : NULL;
}

/* Reads a string into *value; skips a value of another type. */
static void
read_string(AddbJsonCursor *cursor, AddbJsonSlice *value)
{
	if (addb_json_peek(cursor) == ADDB_JSON_STRING)
		addb_json_string(cursor, value);
	else
		addb_json_skip(cursor, NULL);
}

/* Takes a value of this type as raw JSON; skips one of another type. */
static void
read_raw(AddbJsonCursor *cursor, AddbJsonType type, AddbJsonSlice *value)
{
	bool		wanted = (addb_json_peek(cursor) == type);

	addb_json_skip(cursor, wanted ? value : NULL);
}

/*
 * Finds the known members of an error reply. False, with members undefined,
 * when the body is not one JSON object and nothing else.
 */
static bool
read_members(const char *body, size_t len, ErrorMembers *members)
{
	AddbJsonCursor cursor = addb_json_cursor(body, len);
	AddbJsonSlice name;

	memset(members, 0, sizeof(*members));
	if (!addb_json_object_start(&cursor))
		return false;
	while (addb_json_object_next(&cursor, &name))
	{
		if (addb_json_slice_is(&name, "__type"))
			read_string(&cursor, &members->type);
		else if (addb_json_slice_is(&name, "code") ||
				 addb_json_slice_is(&name, "Code"))
			read_string(&cursor, &members->code);
		else if (addb_json_slice_is(&name, "message"))
			read_string(&cursor, &members->message);
		else if (addb_json_slice_is(&name, "Message"))
			read_string(&cursor, &members->capital_message);
		else if (addb_json_slice_is(&name, "CancellationReasons"))
			read_raw(&cursor, ADDB_JSON_ARRAY, &members->reasons);
		else if (addb_json_slice_is(&name, "Item"))
			read_raw(&cursor, ADDB_JSON_OBJECT, &members->item);
		else
			addb_json_skip(&cursor, NULL);
	}
	return addb_json_at_end(&cursor);
}

/* A copy that does not depend on the body; of nothing, nothing. */
static AddbJsonSlice
copy_slice(const AddbJsonSlice *slice)
{
	AddbJsonSlice copy = *slice;

	if (slice->len > 0)
		copy.data = pnstrdup(slice->data, slice->len);
	return copy;
}

/* Reads one reason; whatever is not an object is a reason without a code. */
static void
read_reason(AddbJsonCursor *cursor, AddbCancellationReason *reason)
{
	AddbJsonSlice name;
	AddbJsonSlice code = {0};
	AddbJsonSlice message = {0};
	AddbJsonSlice item = {0};

	if (addb_json_peek(cursor) == ADDB_JSON_OBJECT)
	{
		addb_json_object_start(cursor);
		while (addb_json_object_next(cursor, &name))
		{
			if (addb_json_slice_is(&name, "Code"))
				read_string(cursor, &code);
			else if (addb_json_slice_is(&name, "Message"))
				read_string(cursor, &message);
			else if (addb_json_slice_is(&name, "Item"))
				read_raw(cursor, ADDB_JSON_OBJECT, &item);
			else
				addb_json_skip(cursor, NULL);
		}
	}
	else
		addb_json_skip(cursor, NULL);

	reason->code = string_text(&code, MAX_CODE);
	if (reason->code == NULL)
		reason->code = pstrdup("");
	reason->message = string_text(&message, ADDB_ERROR_MAX_MESSAGE);
	reason->item = copy_slice(&item);
}

/*
 * Reads the array of reasons. More than there can be actions are cut off; when
 * the text is malformed, there are none rather than some in the wrong place.
 */
static void
read_reasons(const AddbJsonSlice *array, AddbServiceError *error)
{
	AddbJsonCursor cursor = addb_json_cursor(array->data, array->len);

	error->reasons = palloc(sizeof(AddbCancellationReason) *
							ADDB_ERROR_MAX_REASONS);
	addb_json_array_start(&cursor);
	while (error->nreasons < ADDB_ERROR_MAX_REASONS &&
		   addb_json_array_next(&cursor))
		read_reason(&cursor, &error->reasons[error->nreasons++]);
	if (cursor.failed)
		error->nreasons = 0;
}

/*
 * addb_error_refusal
 *
 * The kind of a reason, by its code. A code that is not known, or not told, is
 * nothing that can be relied on to pass another time.
 */
AddbRefusal
addb_error_refusal(const AddbCancellationReason *reason)
{
	static const struct
	{
		const char *code;
		AddbRefusal refusal;
	}			codes[] = {
		{"None", ADDB_REFUSAL_NONE},
		{"ConditionalCheckFailed", ADDB_REFUSAL_CONDITION},
		{"TransactionConflict", ADDB_REFUSAL_CONFLICT},
		{"ProvisionedThroughputExceeded", ADDB_REFUSAL_THROTTLED},
		{"ThrottlingError", ADDB_REFUSAL_THROTTLED},
		{"ValidationError", ADDB_REFUSAL_INVALID},
	};

	for (int i = 0; i < lengthof(codes); i++)
		if (strcmp(reason->code, codes[i].code) == 0)
			return codes[i].refusal;
	return ADDB_REFUSAL_OTHER;
}

/*
 * addb_error_may_pass
 *
 * Whether the write was refused by nothing but what may be over the next time:
 * conflicts, and in a transaction throttling, too. *throttled: that was among it.
 * Throttling of another operation is for retry.c to tell.
 */
bool
addb_error_may_pass(const AddbServiceError *error, bool *throttled)
{
	bool		refused = false;

	*throttled = false;
	if (error->code == NULL)
		return false;
	if (strcmp(error->code, "TransactionConflictException") == 0)
		return true;
	if (strcmp(error->code, "TransactionCanceledException") != 0)
		return false;
	for (int i = 0; i < error->nreasons; i++)
		switch (addb_error_refusal(&error->reasons[i]))
		{
			case ADDB_REFUSAL_NONE:
				break;
			case ADDB_REFUSAL_THROTTLED:
				*throttled = true;
				refused = true;
				break;
			case ADDB_REFUSAL_CONFLICT:
				refused = true;
				break;
			default:
				return false;
		}
	return refused;
}

/*
 * addb_error_parse
 *
 * Reads the reply to a request that did not succeed, by AWS JSON 1.0: the code is
 * the bare name in the member __type, which DynamoDB sends, else in the member
 * code, else in the header x-amzn-ErrorType; message counts more than Message.
 *
 * request_id and error_type are the values of the headers x-amzn-RequestId and
 * x-amzn-ErrorType, or NULL; body may be NULL when len is 0. Any bytes will
 * do. Returns a struct that is palloc'd in the current context with all that it
 * points to: nothing in it refers to the arguments.
 */
AddbServiceError *
addb_error_parse(int status, const char *request_id, const char *error_type,
				 const char *body, size_t len)
{
	AddbServiceError *error = palloc0(sizeof(AddbServiceError));
	ErrorMembers members;

	error->status = status;
	if (request_id != NULL)
		error->request_id = addb_error_text(request_id, strlen(request_id),
											MAX_REQUEST_ID);

	if (read_members(body, len, &members))
	{
		error->code = bare_code(string_text(&members.type, MAX_CODE * 2));
		if (error->code == NULL)
			error->code = bare_code(string_text(&members.code, MAX_CODE * 2));
		error->message = string_text(&members.message, ADDB_ERROR_MAX_MESSAGE);
		if (error->message == NULL)
			error->message = string_text(&members.capital_message,
										 ADDB_ERROR_MAX_MESSAGE);
		if (error->message == NULL)
			error->message = pstrdup("");
		if (members.reasons.data != NULL)
			read_reasons(&members.reasons, error);
		error->item = copy_slice(&members.item);
	}

	if (error->code == NULL && error_type != NULL)
		error->code = bare_code(addb_error_text(error_type, strlen(error_type),
												MAX_CODE * 2));
	if (error->code == NULL && len > 0)
		error->excerpt = addb_error_text(body, len, MAX_EXCERPT);
	return error;
}

/*
 * addb_error_unwrap - the refusal of a transaction's only action, as its own
 *
 * A cancelled transaction of one action becomes the error that the action would
 * have been answered with by itself. It settles what became of the attempts
 * before, which the transaction's token has made the same, unless it is one that
 * may pass. Other errors stay as they are.
 */
void
addb_error_unwrap(AddbServiceError *error)
{
	static const struct
	{
		const char *reason;
		const char *code;
	}			codes[] = {
		{"ConditionalCheckFailed", "ConditionalCheckFailedException"},
		{"DuplicateItem", "DuplicateItemException"},
		{"ItemCollectionSizeLimitExceeded", "ItemCollectionSizeLimitExceededException"},
		{"TransactionConflict", "TransactionConflictException"},
		{"ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException"},
		{"ThrottlingError", "ThrottlingException"},
		{"ValidationError", "ValidationException"}
	};
	const AddbCancellationReason *reason = error->reasons;
	bool		throttled;

	if (error->code == NULL || error->nreasons != 1 ||
		strcmp(error->code, "TransactionCanceledException") != 0)
		return;
	for (int i = 0; i < lengthof(codes); i++)
		if (strcmp(reason->code, codes[i].reason) == 0)
		{
			error->settles = !addb_error_may_pass(error, &throttled);
			error->code = pstrdup(codes[i].code);
			if (reason->message != NULL)
				error->message = reason->message;
			error->item = reason->item;
			error->nreasons = 0;
			return;
		}
}
