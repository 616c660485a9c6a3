/*
 * input.c
 *	  What targets make of their inputs, and what they check of the outputs.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "fuzz.h"

/*
 * addb_fuzz_next_line - cuts the first line off, without its line feed
 */
AddbText
addb_fuzz_next_line(AddbText *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	AddbText	line = {rest->data, end == NULL ? rest->len : (int) (end - rest->data)};
	int			taken = end == NULL ? line.len : line.len + 1;

	rest->data += taken;
	rest->len -= taken;
	return line;
}

/*
 * addb_fuzz_is_text - whether SQL can give such a text to a function
 */
bool
addb_fuzz_is_text(AddbText text)
{
	return memchr(text.data, '\0', text.len) == NULL &&
		pg_verify_mbstr(GetDatabaseEncoding(), text.data, text.len, true);
}

/*
 * addb_fuzz_jsonb - text as jsonb, NULL of an empty one; raises what jsonb_in does
 */
Jsonb *
addb_fuzz_jsonb(AddbText text)
{
	if (text.len == 0)
		return NULL;
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
											  CStringGetDatum(pnstrdup(text.data, text.len))));
}

/*
 * addb_fuzz_read_vectors - a file of vectors as a tree, in the current context
 */
const AddbJsonNode *
addb_fuzz_read_vectors(const char *path)
{
	StringInfoData text;
	AddbJsonNode *vectors;
	FILE	   *file = fopen(path, "r");
	char		buffer[8192];
	size_t		n;

	if (file == NULL)
		elog(FATAL, "cannot open \"%s\": %m", path);
	initStringInfo(&text);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		appendBinaryStringInfo(&text, buffer, n);
	fclose(file);
	vectors = addb_json_tree(text.data, text.len);
	if (vectors == NULL)
		elog(FATAL, "\"%s\" is not JSON", path);
	return vectors;
}

/*
 * addb_fuzz_make_service - parses the models of a vector as one service
 */
void
addb_fuzz_make_service(const AddbJsonNode *vector, AddbEntityService *service)
{
	const AddbJsonNode *models = addb_json_member(vector, "models");
	AddbEntityMember *members = palloc0(Max(models->n, 1) * sizeof(AddbEntityMember));

	service->members = members;
	service->nmembers = 0;
	for (const AddbJsonNode *node = models->first; node != NULL; node = node->next)
	{
		AddbEntityMember *member = &members[service->nmembers++];

		member->alias = node->name;
		member->model = addb_entity_model_parse(CurrentMemoryContext, node->source.data,
												node->source.len);
		member->table = "t";
	}
	addb_entity_service_check(service);
}

/* Reads one value and all that is in it. */
static bool
read_value(AddbJsonCursor *cursor)
{
	AddbJsonSlice slice;

	check_stack_depth();
	switch (addb_json_peek(cursor))
	{
		case ADDB_JSON_OBJECT:
			(void) addb_json_object_start(cursor);
			while (addb_json_object_next(cursor, &slice))
				(void) read_value(cursor);
			break;
		case ADDB_JSON_ARRAY:
			(void) addb_json_array_start(cursor);
			while (addb_json_array_next(cursor))
				(void) read_value(cursor);
			break;
		case ADDB_JSON_STRING:
			return addb_json_string(cursor, &slice);
		case ADDB_JSON_NUMBER:
			return addb_json_number(cursor, &slice);
		case ADDB_JSON_INVALID:
			cursor->failed = true;
			break;
		default:
			return addb_json_literal(cursor);
	}
	return !cursor->failed;
}

/*
 * addb_fuzz_check_json - what we write has to be one JSON value in UTF-8
 */
void
addb_fuzz_check_json(const char *what, const char *text, int len)
{
	AddbJsonCursor cursor = addb_json_cursor(text, len);

	if (!read_value(&cursor) || !addb_json_at_end(&cursor) ||
		!pg_verify_mbstr(PG_UTF8, text, len, true))
		addb_fuzz_found(what, text, len);
}
