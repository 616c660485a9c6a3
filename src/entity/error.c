/*
 * error.c
 *	  Raises the refusals of the entity layer.
 *
 * DETAIL begins with "ElectroDB error N", for programs that look for the number;
 * the SQLSTATE goes by its class: 1xxx and 2xxx are wrong arguments (22023), 3001
 * is data against its model (23514).
 */
#include "postgres.h"

#include "entity/error.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"

/* Bytes of a text that a message quotes. */
#define QUOTE_MAX 200

static const struct
{
	int			code;
	const char *what;
}			titles[] = {
	{ADDB_ENTITY_BAD_TEMPLATE, "invalid key composites or template"},
	{ADDB_ENTITY_DUPLICATE_INDEX, "duplicate index"},
	{ADDB_ENTITY_COLLECTION_WITHOUT_SK, "collection without a sort key"},
	{ADDB_ENTITY_DUPLICATE_COLLECTION, "duplicate collection"},
	{ADDB_ENTITY_NO_TABLE_INDEX, "no index of the table"},
	{ADDB_ENTITY_BAD_ATTRIBUTE, "invalid attribute definition"},
	{ADDB_ENTITY_BAD_MODEL, "invalid model"},
	{ADDB_ENTITY_BAD_OPTION, "invalid option"},
	{ADDB_ENTITY_BAD_WHERE, "invalid condition"},
	{ADDB_ENTITY_BAD_JOIN, "entities cannot join one service"},
	{ADDB_ENTITY_SAME_FIELD, "one field for both keys"},
	{ADDB_ENTITY_REPEATED_COMPOSITE, "repeated composite attribute"},
	{ADDB_ENTITY_TEMPLATE_MISMATCH, "template and composite differ"},
	{ADDB_ENTITY_ATTRIBUTE_AS_KEY, "invalid use of an attribute as key"},
	{ADDB_ENTITY_KEY_IN_COLLECTION, "attribute as key in a collection"},
	{ADDB_ENTITY_CASING_MISMATCH, "casing differs"},
	{ADDB_ENTITY_SHARED_FIELD, "key field is defined in two ways"},
	{ADDB_ENTITY_BAD_INDEX, "invalid index definition"},
	{ADDB_ENTITY_INCOMPLETE, "incomplete composite attributes"},
	{ADDB_ENTITY_NO_TABLE, "no table"},
	{ADDB_ENTITY_BAD_PAGES, "invalid number of pages"},
	{ADDB_ENTITY_COMPOSITE_TWICE, "composite attribute given twice"},
	{ADDB_ENTITY_BAD_CURSOR, "invalid cursor"},
	{ADDB_ENTITY_UNKNOWN, "invalid use of an attribute as key"},
};

static const char *
title(int code)
{
	for (int i = 0; i < lengthof(titles); i++)
		if (titles[i].code == code)
			return titles[i].what;
	return "refused";
}

static _Noreturn void
raise(int code, const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg_internal("%s", message),
			 code == ADDB_ENTITY_UNNUMBERED ? 0 :
			 errdetail_internal("ElectroDB error %d: %s.", code, title(code)),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static char *message_of(const char *format, va_list args) pg_attribute_printf(1, 0);

static char *
message_of(const char *format, va_list args)
{
	StringInfoData message;

	initStringInfo(&message);
	for (;;)
	{
		va_list		copy;
		int			needed;

		va_copy(copy, args);
		needed = appendStringInfoVA(&message, format, copy);
		va_end(copy);
		if (needed == 0)
			return message.data;
		enlargeStringInfo(&message, needed);
	}
}

/*
 * addb_entity_raise - raises 22023 with ElectroDB's number, that is not 3001
 *
 * The format makes the primary message.
 */
void
addb_entity_raise(int code, const char *format,...)
{
	va_list		args;
	char	   *message;

	va_start(args, format);
	message = message_of(format, args);
	va_end(args);
	raise(code, message, NULL);
}

/*
 * addb_entity_raise_hint - the same with a HINT, unless hint is NULL
 */
void
addb_entity_raise_hint(int code, const char *hint, const char *format,...)
{
	va_list		args;
	char	   *message;

	va_start(args, format);
	message = message_of(format, args);
	va_end(args);
	raise(code, message, hint);
}

/*
 * addb_entity_append_field - appends {"field", "index", "reason"} to a list
 *
 * index is that of a list element, -1: none.
 */
void
addb_entity_append_field(StringInfo fields, const char *field, int index,
						 const char *reason)
{
	appendStringInfoString(fields, fields->len > 0 ? ", {\"field\": " : "{\"field\": ");
	escape_json(fields, field);
	if (index >= 0)
		appendStringInfo(fields, ", \"index\": %d", index);
	appendStringInfoString(fields, ", \"reason\": ");
	escape_json(fields, reason);
	appendStringInfoChar(fields, '}');
}

/*
 * addb_entity_raise_fields - raises 23514 for values against the model
 *
 * fields is the JSON text of what is wrong, [{"field", "reason", "index"}].
 */
void
addb_entity_raise_fields(const char *message, const char *fields)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg_internal("%s", message),
			 errdetail_internal("ElectroDB error %d: %s", ADDB_ENTITY_INVALID, fields)));
}

/*
 * addb_entity_raise_field - the same for one field, of which message tells
 */
void
addb_entity_raise_field(const char *field, const char *message)
{
	StringInfoData fields;

	initStringInfo(&fields);
	addb_entity_append_field(&fields, field, -1, message);
	addb_entity_raise_fields(message, psprintf("[%s]", fields.data));
}

/*
 * addb_entity_raise_unsupported - raises 0A000 for what is ElectroDB's and not ours
 */
void
addb_entity_raise_unsupported(const char *what, const char *where)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s of \"%s\" is not supported", what, where)));
}

/*
 * addb_entity_quote - a text for a message, cut if it is long; palloc'd
 */
char *
addb_entity_quote(AddbText text)
{
	if (text.len <= QUOTE_MAX)
		return pnstrdup(text.data, text.len);
	return psprintf("%.*s...", pg_mbcliplen(text.data, text.len, QUOTE_MAX), text.data);
}
