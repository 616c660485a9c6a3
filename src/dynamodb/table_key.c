/*
 * table_key.c
 *	  The keys of tables and indexes as a person writes them.
 *
 * The attributes of all keys of one table are collected on the way, since
 * DynamoDB wants them told once for the table and its indexes together.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/table_key.h"
#include "mb/pg_wchar.h"

/* DynamoDB's limits: of names in characters, of key attributes in bytes. */
#define NAME_MIN_CHARS 3
#define NAME_MAX_CHARS 255
#define ATTRIBUTE_MAX_BYTES 255

#define BLANKS " \t\n\r\f\v"

/*
 * addb_table_check_name - raises if this can be no name of a table or index
 *
 * what is the subject of the message. Raises 54000 when it is too long, else
 * 22023.
 */
void
addb_table_check_name(const char *name, const char *what)
{
	size_t		len = strlen(name);

	if (len > NAME_MAX_CHARS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s is too long", what),
				 errdetail("It has %zu bytes; DynamoDB takes %d.", len, NAME_MAX_CHARS)));
	if (len < NAME_MIN_CHARS ||
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a name that DynamoDB takes", what),
				 errdetail("\"%s\" does not consist of %d to %d letters, digits, underscores, dots and hyphens.",
						   name, NAME_MIN_CHARS, NAME_MAX_CHARS)));
}

static _Noreturn void
bad_key(const char *text, const char *place)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is not an attribute with a type", place),
			 errdetail("It is: %s", text),
			 errhint("Write an attribute's name and, unless it is S, its type, such as 'created N'. A name with blanks stands in double quotes.")));
}

/* Reads a name, quoted or not, to its end. */
static const char *
parse_name(const char *p, StringInfo name)
{
	size_t		len = strcspn(p, BLANKS "\"");

	initStringInfo(name);
	if (*p != '"')
	{
		appendBinaryStringInfo(name, p, (int) len);
		return p + len;
	}
	for (p++; *p != '\0'; p++)
	{
		if (*p == '"' && *++p != '"')
			return p;
		appendStringInfoChar(name, *p);
	}
	return NULL;
}

/*
 * addb_table_key_parse - an attribute's name and, unless it is S, its type
 *
 * text is in the server's encoding; place says where it stands, as the subject
 * of messages, and must live as long as the key. The name is palloc'd. Raises
 * 22023, and 54000 for a name of over 255 bytes.
 */
AddbTableKey
addb_table_key_parse(const char *text, const char *place)
{
	AddbTableKey key = {.type = 'S',.place = place};
	StringInfoData name;
	const char *p = parse_name(text + strspn(text, BLANKS), &name);
	size_t		bytes;

	if (p == NULL || name.len == 0 || (*p != '\0' && strchr(BLANKS, *p) == NULL))
		bad_key(text, place);
	p += strspn(p, BLANKS);
	if (*p != '\0')
	{
		size_t		len = strcspn(p, BLANKS);

		if (p[len + strspn(p + len, BLANKS)] != '\0')
			bad_key(text, place);
		if (len != 1 || strchr("SNB", *p) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s has an unknown type \"%s\"", place,
							pnstrdup(p, len)),
					 errhint("The types of keys are S, N and B.")));
		key.type = *p;
	}
	bytes = strlen(pg_server_to_any(name.data, name.len, PG_UTF8));
	if (bytes > ATTRIBUTE_MAX_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has a name that is too long", place),
				 errdetail("It has %zu bytes; DynamoDB takes %d.", bytes,
						   ATTRIBUTE_MAX_BYTES)));
	key.name = name.data;
	return key;
}

/* Puts a key on the list of those of the table, each attribute once. */
static void
collect(List **keys, const AddbTableKey *key)
{
	ListCell   *cell;
	AddbTableKey *copy;

	foreach(cell, *keys)
	{
		const AddbTableKey *other = lfirst(cell);

		if (strcmp(other->name, key->name) != 0)
			continue;
		if (other->type != key->type)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("attribute \"%s\" has two types", key->name),
					 errdetail("It is of type %c in %s, and of type %c in %s.",
							   other->type, other->place, key->type, key->place),
					 errhint("A key without a type is of type S.")));
		return;
	}
	copy = palloc(sizeof(AddbTableKey));
	*copy = *key;
	*keys = lappend(*keys, copy);
}

static void
append_element(StringInfo out, const AddbTableKey *key, const char *key_type)
{
	appendStringInfoString(out, "{\"AttributeName\":");
	addb_av_append_string(out, key->name, (int) strlen(key->name));
	appendStringInfo(out, ",\"KeyType\":\"%s\"}", key_type);
}

/*
 * addb_table_key_append_schema - appends "KeySchema": [...]
 *
 * sort_key may be NULL. Both are put on the list *keys. Raises 22023 when an
 * attribute on it has another type, or is both keys.
 */
void
addb_table_key_append_schema(StringInfo out, List **keys,
							 const AddbTableKey *partition_key,
							 const AddbTableKey *sort_key)
{
	collect(keys, partition_key);
	appendStringInfoString(out, "\"KeySchema\":[");
	append_element(out, partition_key, "HASH");
	if (sort_key != NULL)
	{
		collect(keys, sort_key);
		if (strcmp(sort_key->name, partition_key->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("attribute \"%s\" is both keys", sort_key->name),
					 errdetail("It stands in %s and in %s.",
							   partition_key->place, sort_key->place)));
		appendStringInfoChar(out, ',');
		append_element(out, sort_key, "RANGE");
	}
	appendStringInfoChar(out, ']');
}

/*
 * addb_table_key_append_definitions - appends "AttributeDefinitions": [...]
 */
void
addb_table_key_append_definitions(StringInfo out, List *keys)
{
	ListCell   *cell;

	appendStringInfoString(out, "\"AttributeDefinitions\":[");
	foreach(cell, keys)
	{
		const AddbTableKey *key = lfirst(cell);

		if (cell != list_head(keys))
			appendStringInfoChar(out, ',');
		appendStringInfoString(out, "{\"AttributeName\":");
		addb_av_append_string(out, key->name, (int) strlen(key->name));
		appendStringInfo(out, ",\"AttributeType\":\"%c\"}", key->type);
	}
	appendStringInfoChar(out, ']');
}
