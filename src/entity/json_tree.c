/*
 * json_tree.c
 *	  Reads a JSON text into a tree in the order of its members.
 *
 * A name that occurs twice keeps its first place and gets its last value, as
 * JSON.parse has it.
 */
#include "postgres.h"

#include "entity/json_tree.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

static AddbJsonNode *read_node(AddbJsonCursor *cursor);

/* A string in the server's encoding; data NULL when text cannot hold it. */
static AddbText
read_text(const AddbJsonSlice *slice)
{
	AddbText	text = {addb_json_to_cstring(slice), 0};

	if (text.data != NULL && slice->escaped &&
		!pg_verify_mbstr(PG_UTF8, text.data, (int) strlen(text.data), true))
		text.data = NULL;
	if (text.data != NULL)
	{
		text.data =
			pg_any_to_server(text.data, (int) strlen(text.data), PG_UTF8);
		text.len = (int) strlen(text.data);
	}
	return text;
}

static AddbJsonNode *
find(const AddbJsonNode *object, const char *name, int len)
{
	for (AddbJsonNode *node = object->first; node != NULL; node = node->next)
		if (node->name.len == len && memcmp(node->name.data, name, len) == 0)
			return node;
	return NULL;
}

/* Puts a child behind the last, or a member into the place of its namesake. */
static void
add_child(AddbJsonNode *parent, AddbJsonNode **last, AddbJsonNode *child)
{
	AddbJsonNode *old = parent->type != ADDB_JSON_OBJECT ? NULL :
		find(parent, child->name.data, child->name.len);

	if (old != NULL)
	{
		child->next = old->next;
		child->repeated = true;
		*old = *child;
		return;
	}
	if (*last == NULL)
		parent->first = child;
	else
		(*last)->next = child;
	*last = child;
	parent->n++;
}

static bool
read_children(AddbJsonCursor *cursor, AddbJsonNode *parent)
{
	bool		object = parent->type == ADDB_JSON_OBJECT;
	AddbJsonNode *last = NULL;
	AddbJsonNode *child;
	AddbJsonSlice name;

	check_stack_depth();
	if (!(object ? addb_json_object_start(cursor) :
		  addb_json_array_start(cursor)))
		return false;
	while (object ? addb_json_object_next(cursor, &name) :
		   addb_json_array_next(cursor))
	{
		AddbText	text = {NULL, 0};

		if (object && (text = read_text(&name)).data == NULL)
			return false;
		child = read_node(cursor);
		if (child == NULL)
			return false;
		child->name = text;
		add_child(parent, &last, child);
	}
	return !cursor->failed;
}

static bool
read_value(AddbJsonCursor *cursor, AddbJsonNode *node)
{
	AddbJsonSlice slice;

	switch (node->type)
	{
		case ADDB_JSON_OBJECT:
		case ADDB_JSON_ARRAY:
			return read_children(cursor, node);
		case ADDB_JSON_STRING:
			if (!addb_json_string(cursor, &slice))
				return false;
			node->text = read_text(&slice);
			return node->text.data != NULL;
		case ADDB_JSON_NUMBER:
			if (!addb_json_number(cursor, &slice))
				return false;
			node->text = (AddbText) {slice.data, (int) slice.len};
			return true;
		case ADDB_JSON_INVALID:
			return false;
		default:
			return addb_json_literal(cursor);
	}
}

static AddbJsonNode *
read_node(AddbJsonCursor *cursor)
{
	AddbJsonNode *node = palloc0(sizeof(AddbJsonNode));

	node->type = addb_json_peek(cursor);
	node->source.data = cursor->pos;
	if (!read_value(cursor, node))
		return NULL;
	node->source.len = (int) (cursor->pos - node->source.data);
	return node;
}

/*
 * addb_json_tree - reads len bytes of UTF-8 as one JSON value
 *
 * NULL when they are none, or hold a string that PostgreSQL's text cannot. The
 * tree is palloc'd and points into the text. Raises 22P05 for characters that
 * the server's encoding lacks, 54001 when the nesting exhausts the stack.
 */
AddbJsonNode *
addb_json_tree(const char *text, int len)
{
	AddbJsonCursor cursor = addb_json_cursor(text, len);
	AddbJsonNode *node = read_node(&cursor);

	return node != NULL && addb_json_at_end(&cursor) ? node : NULL;
}

/*
 * addb_json_member - a member of an object by its name, NULL when it has none
 *
 * Also NULL for a node that is no object, and for NULL.
 */
const AddbJsonNode *
addb_json_member(const AddbJsonNode *object, const char *name)
{
	if (object == NULL || object->type != ADDB_JSON_OBJECT)
		return NULL;
	return find(object, name, (int) strlen(name));
}

static bool
name_is(const AddbJsonSlice *slice, AddbText name)
{
	char	   *unescaped;

	if (!slice->escaped)
		return slice->len == name.len && memcmp(slice->data, name.data, name.len) == 0;
	unescaped = addb_json_to_cstring(slice);
	return unescaped != NULL && strlen(unescaped) == name.len &&
		memcmp(unescaped, name.data, name.len) == 0;
}

/*
 * addb_json_find - a member of an object that is JSON text, as it stands there
 *
 * name is UTF-8. Of members of one name the last counts. *value.data is NULL when
 * there is none. The text may hold what PostgreSQL's cannot. False when it is no
 * object.
 */
bool
addb_json_find(AddbText object, AddbText name, AddbText *value)
{
	AddbJsonCursor cursor = addb_json_cursor(object.data, object.len);
	AddbJsonSlice slice;
	AddbJsonSlice source;

	value->data = NULL;
	value->len = 0;
	if (!addb_json_object_start(&cursor))
		return false;
	while (addb_json_object_next(&cursor, &slice))
	{
		if (!addb_json_skip(&cursor, &source))
			return false;
		if (name_is(&slice, name))
			*value = (AddbText) {source.data, (int) source.len};
	}
	return !cursor.failed && addb_json_at_end(&cursor);
}
