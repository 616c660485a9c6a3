/*
 * table_index.c
 *	  Secondary indexes in the definition of a table.
 *
 * They are objects whose members are the names of the indexes:
 *
 *	  global	{"by_status": {"partition_key": "status", "sort_key": "created N",
 *				"projection": "all" | "keys_only" | ["total", ...],
 *				"read_units": 5, "write_units": 5}}
 *	  local		{"by_total": {"sort_key": "total N", "projection": ...}}
 *
 * A member that is absent or null has its default: the projection "all", the
 * units of the table.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/table_index.h"
#include "utils/numeric.h"

/* Digits of units; more than an int64 holds is more than AWS has. */
#define UNITS_MAX_DIGITS 18

/* One index; a member that is not given is of type jbvNull. */
typedef struct TableIndex
{
	const char *argument;
	bool		is_global;
	char	   *name;
	JsonbValue	partition_key;
	JsonbValue	sort_key;
	JsonbValue	projection;
	JsonbValue	read_units;
	JsonbValue	write_units;
} TableIndex;

typedef struct Member
{
	const char *name;
	size_t		offset;			/* of its JsonbValue in TableIndex */
} Member;

/* The members of an index, those of local ones first. */
static const Member members[] = {
	{"sort_key", offsetof(TableIndex, sort_key)},
	{"projection", offsetof(TableIndex, projection)},
	{"partition_key", offsetof(TableIndex, partition_key)},
	{"read_units", offsetof(TableIndex, read_units)},
	{"write_units", offsetof(TableIndex, write_units)}
};

#define LOCAL_MEMBERS 2

/* A member of an index as a place for messages. */
static char *
member_place(const TableIndex *index, const char *member)
{
	return psprintf("\"%s\" of index \"%s\" in argument \"%s\"", member,
					index->name, index->argument);
}

/* A member that is a text, palloc'd; NULL when it is not given. */
static char *
text_member(const TableIndex *index, const JsonbValue *value, const char *member)
{
	if (value->type == jbvNull)
		return NULL;
	if (value->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a text", member_place(index, member))));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A member that is a number of units; fallback when it is not given. */
static int64
units_member(const TableIndex *index, const JsonbValue *value, const char *member,
			 int64 fallback)
{
	const char *digits;

	if (value->type == jbvNull)
		return fallback;
	if (fallback == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs units of the table", member_place(index, member)),
				 errhint("Give the arguments \"read_units\" and \"write_units\", too; without, the table and its indexes are on demand.")));
	digits = value->type == jbvNumeric ? numeric_normalize(value->val.numeric) : "";
	if (digits[0] < '1' || digits[0] > '9' || strlen(digits) > UNITS_MAX_DIGITS ||
		strspn(digits, "0123456789") != strlen(digits))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a whole number from 1", member_place(index, member))));
	return strtoi64(digits, NULL, 10);
}

static void
append_units(StringInfo out, const TableIndex *index,
			 const AddbTableDefinition *definition)
{
	int64		read_units = units_member(index, &index->read_units, "read_units",
										  definition->read_units);
	int64		write_units = units_member(index, &index->write_units, "write_units",
										   definition->write_units);

	if (read_units > 0)
		addb_table_definition_append_throughput(out, read_units, write_units);
}

static _Noreturn void
bad_projection(const TableIndex *index)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is no projection", member_place(index, "projection")),
			 errhint("A projection is \"all\", \"keys_only\", or an array of the names of attributes that stand in the index beside the keys.")));
}

static void
append_projected_names(StringInfo out, const TableIndex *index, JsonbContainer *names)
{
	JsonbIterator *iterator = JsonbIteratorInit(names);
	JsonbIteratorToken token;
	JsonbValue	name;
	bool		first = true;

	if (!JsonContainerIsArray(names) || JsonContainerSize(names) == 0)
		bad_projection(index);
	appendStringInfoString(out, "\"INCLUDE\",\"NonKeyAttributes\":[");
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (name.type != jbvString || name.val.string.len == 0)
			bad_projection(index);
		if (!first)
			appendStringInfoChar(out, ',');
		first = false;
		addb_av_append_string(out, name.val.string.val, name.val.string.len);
	}
	appendStringInfoChar(out, ']');
}

static bool
string_is(const JsonbValue *value, const char *text)
{
	return value->type == jbvString &&
		value->val.string.len == (int) strlen(text) &&
		memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

static void
append_projection(StringInfo out, const TableIndex *index)
{
	const JsonbValue *projection = &index->projection;

	appendStringInfoString(out, ",\"Projection\":{\"ProjectionType\":");
	if (projection->type == jbvNull || string_is(projection, "all"))
		appendStringInfoString(out, "\"ALL\"");
	else if (string_is(projection, "keys_only"))
		appendStringInfoString(out, "\"KEYS_ONLY\"");
	else if (projection->type == jbvBinary)
		append_projected_names(out, index, projection->val.binary.data);
	else
		bad_projection(index);
	appendStringInfoChar(out, '}');
}

static JsonbValue *
find_member(TableIndex *index, const JsonbValue *name)
{
	int			n = index->is_global ? lengthof(members) : LOCAL_MEMBERS;

	for (int i = 0; i < n; i++)
		if (string_is(name, members[i].name))
			return (JsonbValue *) ((char *) index + members[i].offset);
	return NULL;
}

static void
read_members(TableIndex *index, JsonbContainer *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	name;

	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		JsonbValue *member;

		if (token != WJB_KEY)
			continue;
		member = find_member(index, &name);
		if (member == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("index \"%s\" in argument \"%s\" has an unknown member \"%s\"",
							index->name, index->argument,
							pnstrdup(name.val.string.val, name.val.string.len)),
					 index->is_global
					 ? errhint("A global index has the members \"partition_key\", \"sort_key\", \"projection\", \"read_units\" and \"write_units\".")
					 : errhint("A local index has the members \"sort_key\" and \"projection\"; its partition key is the table's.")));
		(void) JsonbIteratorNext(&iterator, member, true);
	}
}

static TableIndex
read_index(const char *argument, bool is_global, const JsonbValue *name,
		   const JsonbValue *value)
{
	TableIndex	index = {
		.argument = argument,
		.is_global = is_global,
		.name = pnstrdup(name->val.string.val, name->val.string.len)
	};

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("index \"%s\" in argument \"%s\" must be an object",
						index.name, argument)));
	addb_table_check_name(index.name,
						  psprintf("name of an index in argument \"%s\"", argument));
	read_members(&index, value->val.binary.data);
	return index;
}

/* A key in a member of an index; NULL when it is not given. */
static AddbTableKey *
key_member(const TableIndex *index, const JsonbValue *value, const char *member)
{
	char	   *text = text_member(index, value, member);
	AddbTableKey *key;

	if (text == NULL)
		return NULL;
	key = palloc(sizeof(AddbTableKey));
	*key = addb_table_key_parse(text, member_place(index, member));
	return key;
}

static void
append_index(StringInfo out, List **keys, const TableIndex *index,
			 const AddbTableDefinition *definition,
			 const AddbTableKey *partition_key)
{
	AddbTableKey *sort_key = key_member(index, &index->sort_key, "sort_key");

	if (index->is_global)
		partition_key = key_member(index, &index->partition_key, "partition_key");
	if (partition_key == NULL || (sort_key == NULL && !index->is_global))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("index \"%s\" in argument \"%s\" has no \"%s\"",
						index->name, index->argument,
						index->is_global ? "partition_key" : "sort_key")));
	appendStringInfoString(out, "{\"IndexName\":");
	addb_av_append_string(out, index->name, (int) strlen(index->name));
	appendStringInfoChar(out, ',');
	addb_table_key_append_schema(out, keys, partition_key, sort_key);
	append_projection(out, index);
	if (index->is_global)
		append_units(out, index, definition);
	appendStringInfoChar(out, '}');
}

/* Appends an array of indexes as a member of the request, if there are any. */
static void
append_indexes(StringInfo out, List **keys, bool is_global,
			   const AddbTableDefinition *definition,
			   const AddbTableKey *partition_key)
{
	Jsonb	   *indexes = is_global ? definition->global_indexes : definition->local_indexes;
	const char *argument = is_global ? "global_indexes" : "local_indexes";
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	name;
	JsonbValue	value;
	bool		first = true;

	if (indexes == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(indexes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a JSON object of indexes", argument),
				 errhint("Its members are the names of the indexes.")));
	if (JB_ROOT_COUNT(indexes) == 0)
		return;
	appendStringInfo(out, ",\"%sSecondaryIndexes\":[", is_global ? "Global" : "Local");
	iterator = JsonbIteratorInit(&indexes->root);
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		TableIndex	index;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (!first)
			appendStringInfoChar(out, ',');
		first = false;
		index = read_index(argument, is_global, &name, &value);
		append_index(out, keys, &index, definition, partition_key);
	}
	appendStringInfoChar(out, ']');
}

/*
 * addb_table_index_append_global - appends ,"GlobalSecondaryIndexes": [...]
 *
 * Nothing when there are none. The attributes of their keys are put on the list
 * *keys. Raises 22023 and 54000, naming index and member.
 */
void
addb_table_index_append_global(StringInfo out, List **keys,
							   const AddbTableDefinition *definition)
{
	append_indexes(out, keys, true, definition, NULL);
}

/*
 * addb_table_index_append_local - appends ,"LocalSecondaryIndexes": [...]
 *
 * As addb_table_index_append_global; partition_key is the table's.
 */
void
addb_table_index_append_local(StringInfo out, List **keys,
							  const AddbTableDefinition *definition,
							  const AddbTableKey *partition_key)
{
	if (definition->sort_key == NULL && definition->local_indexes != NULL &&
		JB_ROOT_IS_OBJECT(definition->local_indexes) &&
		JB_ROOT_COUNT(definition->local_indexes) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"local_indexes\" needs argument \"sort_key\""),
				 errdetail("DynamoDB has local indexes only of tables with a sort key.")));
	append_indexes(out, keys, false, definition, partition_key);
}
