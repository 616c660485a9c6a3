/*
 * update_action.c
 *	  The operators of update and patch.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/path.h"
#include "entity/update.h"
#include "entity/value.h"

/* Of each operator: its name in messages and the types it works on, as bits. */
#define TYPE_BIT(type) (1 << (type))
#define ANY_TYPE (~0)

static const struct
{
	const char *name;
	int			types;
}			operators[] = {
	[ADDB_OPERATOR_SET] = {"set", ANY_TYPE},
	[ADDB_OPERATOR_REMOVE] = {"remove", ANY_TYPE},
	[ADDB_OPERATOR_ADD] = {"add", TYPE_BIT(ADDB_ENTITY_NUMBER) | TYPE_BIT(ADDB_ENTITY_SET) |
	TYPE_BIT(ADDB_ENTITY_ANY)},
	[ADDB_OPERATOR_SUBTRACT] = {"subtract", TYPE_BIT(ADDB_ENTITY_NUMBER) | TYPE_BIT(ADDB_ENTITY_ANY)},
	[ADDB_OPERATOR_APPEND] = {"append", TYPE_BIT(ADDB_ENTITY_LIST) | TYPE_BIT(ADDB_ENTITY_ANY)},
	[ADDB_OPERATOR_DELETE] = {"delete", TYPE_BIT(ADDB_ENTITY_SET) | TYPE_BIT(ADDB_ENTITY_ANY)},
	[ADDB_OPERATOR_IF_NOT_EXISTS] = {"ifNotExists", ANY_TYPE},
};

/*
 * addb_entity_action_is_once - whether an action made twice may do more than once
 *
 * A list's elements move when one is removed, and one is added for an index
 * behind the end; an attribute that is copied may have been changed beside.
 */
bool
addb_entity_action_is_once(const AddbEntityAction *action)
{
	return action->op == ADDB_OPERATOR_ADD ||
		action->op == ADDB_OPERATOR_SUBTRACT ||
		action->op == ADDB_OPERATOR_APPEND || action->ref != NULL ||
		(action->op < ADDB_OPERATOR_COMPOSITE &&
		 memchr(action->path.data, '[', action->path.len) != NULL);
}

static void
check_writable(const AddbEntityAction *action, const AddbEntityPath *path)
{
	const char *done = action->op == ADDB_OPERATOR_REMOVE ? "removed" : "updated";

	for (const AddbEntityAttribute *at = path->leaf; at != NULL;
		 at = at->parent)
		if (at->read_only)
			addb_entity_refuse(at, psprintf("is read-only and cannot be %s", done));
	if (action->op == ADDB_OPERATOR_REMOVE && path->leaf->required &&
		!path->free)
		addb_entity_refuse(path->leaf, "is required and cannot be removed");
}

/* A value that the attribute cannot have is told before an operator that it has not. */
static void
check_type(const AddbEntityAction *action, const AddbEntityPath *path)
{
	AddbEntityType type = path->free ? ADDB_ENTITY_ANY : path->leaf->type;
	bool		fits = (operators[action->op].types & TYPE_BIT(type)) != 0;

	if (!fits && action->value != NULL)
		addb_entity_check(path->leaf, action->value);
	if (!fits)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operator \"%s\" cannot be used on attribute \"%s\"",
						  operators[action->op].name,
						  addb_entity_attribute_path(path->leaf));
	if (action->op != ADDB_OPERATOR_REMOVE && action->value == NULL &&
		action->ref == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operator \"%s\" on attribute \"%s\" has no value",
						  operators[action->op].name,
						  addb_entity_attribute_path(path->leaf));
}

static void
write_value(AddbEntityUpdate *update, const AddbEntityPath *path,
			const JsonbValue *value, bool as_set, StringInfo out)
{
	StringInfo	json = addb_expressions_append_value(update->expressions, out);
	int			start = json->len;
	AddbEntityWriter writer;

	addb_entity_writer_init(&writer, json);
	if (as_set)
		addb_entity_write_set(&writer, path->leaf, value);
	else if (path->free)
		addb_av_encode_value(json, value, update->name == NULL ? "set" : update->name);
	else
		addb_entity_write(&writer, path->leaf, value);
	addb_entity_writer_raise(&writer);
	if (path->leaf->as_key == NULL || path->free)
		return;
	json->len = start;
	addb_entity_write_as_key(json, update->model, path->leaf, value, false);
}

/* Whether values of one can be the other's, as far as the model tells. */
static bool
is_same_type(const AddbEntityAttribute *a, const AddbEntityAttribute *b)
{
	AddbEntityType x = a->type == ADDB_ENTITY_ENUM ? ADDB_ENTITY_STRING : a->type;
	AddbEntityType y = b->type == ADDB_ENTITY_ENUM ? ADDB_ENTITY_STRING : b->type;

	if (x == ADDB_ENTITY_ANY || y == ADDB_ENTITY_ANY)
		return true;
	return x == y && ((x != ADDB_ENTITY_LIST && x != ADDB_ENTITY_SET) ||
					  is_same_type(&a->children[0], &b->children[0]));
}

static void
check_copied(const AddbEntityPath *path, const AddbEntityPath *other,
			 AddbText written)
{
	if (!path->free && !other->free && !is_same_type(path->leaf, other->leaf))
		addb_entity_refuse(path->leaf,
						   psprintf("has another type than \"%s\", whose value it is to have",
									addb_entity_quote(written)));
}

static void
append_operand(AddbEntityUpdate *update, const AddbEntityAction *action,
			   const AddbEntityPath *path, StringInfo out)
{
	AddbEntityPath other = {.invalid = false};
	AddbText	written;

	if (action->ref == NULL)
	{
		write_value(update, path, action->value, false, out);
		return;
	}
	written =
		(AddbText) {action->ref->val.string.val, action->ref->val.string.len};
	if (!addb_entity_path(update->model, update->expressions, written, &other))
		addb_entity_raise(action->of_data ? ADDB_ENTITY_BAD_WHERE : ADDB_ENTITY_UNNUMBERED,
						  "\"%s\" is no attribute of the model", addb_entity_quote(written));
	if (action->same_type)
		check_copied(path, &other, written);
	appendBinaryStringInfo(out, other.text.data, other.text.len);
}

/* path = if_not_exists(path, what is taken for a missing one) */
static void
append_start(AddbEntityUpdate *update, const AddbEntityAction *action,
			 const AddbEntityPath *path, const char *missing, StringInfo out)
{
	if (action->bare)
	{
		appendBinaryStringInfo(out, path->text.data, path->text.len);
		return;
	}
	appendStringInfo(out, "if_not_exists(%s, ", path->text.data);
	if (action->fallback != NULL)
		write_value(update, path, action->fallback, false, out);
	else
		appendStringInfoString(addb_expressions_append_value(update->expressions, out), missing);
	appendStringInfoChar(out, ')');
}

static void
act_set(AddbEntityUpdate *update, const AddbEntityAction *action,
		const AddbEntityPath *path)
{
	StringInfo	out = addb_entity_update_next(&update->set);

	appendStringInfo(out, "%s = ", path->text.data);
	switch (action->op)
	{
		case ADDB_OPERATOR_SET:
			append_operand(update, action, path, out);
			break;
		case ADDB_OPERATOR_IF_NOT_EXISTS:
			appendStringInfo(out, "if_not_exists(%s, ", path->text.data);
			append_operand(update, action, path, out);
			appendStringInfoChar(out, ')');
			break;
		case ADDB_OPERATOR_APPEND:
			appendStringInfoString(out, "list_append(");
			append_start(update, action, path, "{\"L\":[]}", out);
			appendStringInfoString(out, ", ");
			append_operand(update, action, path, out);
			appendStringInfoChar(out, ')');
			break;
		default:
			append_start(update, action, path, "{\"N\":\"0\"}", out);
			appendStringInfoString(out, action->op == ADDB_OPERATOR_ADD ? " + " : " - ");
			append_operand(update, action, path, out);
	}
}

static void
require_value(const AddbEntityAction *action)
{
	if (action->value == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "operator \"%s\" cannot have \"ref\"",
						  operators[action->op].name);
}

/* ADD and DELETE take sets; ADD of a number adds. */
static void
act_in_place(AddbEntityUpdate *update, const AddbEntityAction *action,
			 const AddbEntityPath *path, StringInfo clause)
{
	StringInfo	out = addb_entity_update_next(clause);
	bool		is_set;

	require_value(action);
	is_set = path->leaf->type == ADDB_ENTITY_SET ||
		(path->leaf->type == ADDB_ENTITY_ANY &&
		 (action->op == ADDB_OPERATOR_DELETE ||
		  action->value->type != jbvNumeric));
	appendStringInfo(out, "%s ", path->text.data);
	write_value(update, path, action->value, is_set, out);
}

/*
 * Notes what becomes of an attribute, for the keys that it is part of. A value for
 * a missing attribute counts as set, as in ElectroDB: of an item that has another
 * one the key changes nevertheless.
 */
static void
touch(AddbEntityUpdate *update, const AddbEntityAction *action,
	  const AddbEntityPath *path)
{
	int			number = path->root->number;
	bool		sets = action->op == ADDB_OPERATOR_SET ||
		action->op == ADDB_OPERATOR_IF_NOT_EXISTS;

	if (path->leaf != path->root || path->free)
		return;
	if (action->op == ADDB_OPERATOR_REMOVE)
		update->touched[number] = ADDB_TOUCH_REMOVED;
	else if (sets && action->ref == NULL &&
			 update->touched[number] != ADDB_TOUCH_UNKNOWN)
	{
		update->touched[number] = ADDB_TOUCH_SET;
		update->values[number] = action->value;
	}
	else
		update->touched[number] = ADDB_TOUCH_UNKNOWN;
}

/* Of an unknown attribute itself, the operators that take objects know nothing. */
static void
refuse_unknown(const AddbEntityAction *action)
{
	AddbText	path = action->path;

	if (action->of_data || memchr(path.data, '.', path.len) != NULL ||
		memchr(path.data, '[', path.len) != NULL)
		addb_entity_raise(action->of_data ? ADDB_ENTITY_BAD_WHERE : ADDB_ENTITY_UNNUMBERED,
						  "path \"%s\" leads to no attribute of the model", addb_entity_quote(path));
}

/*
 * addb_entity_update_act - adds an action to an update
 *
 * An unknown attribute is passed over, but for REMOVE and in "data", error 1012; a
 * path into one is not. Raises error 3001 for what must not be changed and for
 * values against the model; 22023 for an operator that the attribute's type does
 * not have.
 */
void
addb_entity_update_act(AddbEntityUpdate *update, const AddbEntityAction *action)
{
	AddbEntityPath path;

	path.invalid = action->op == ADDB_OPERATOR_REMOVE && !action->of_data;
	if (!addb_entity_path(update->model, update->expressions, action->path,
						  &path))
	{
		refuse_unknown(action);
		return;
	}
	check_writable(action, &path);
	check_type(action, &path);
	if (action->op == ADDB_OPERATOR_REMOVE)
		addb_entity_update_remove(update, path.text.data);
	else if (action->op == ADDB_OPERATOR_DELETE)
		act_in_place(update, action, &path, &update->delete);
	else if (action->op == ADDB_OPERATOR_ADD && action->fallback == NULL &&
			 action->ref == NULL && !action->bare)
		act_in_place(update, action, &path, &update->add);
	else
		act_set(update, action, &path);
	touch(update, action, &path);
}
