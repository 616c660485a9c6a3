/*
 * path.c
 *	  Follows a path through a model and writes it for an expression.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/path.h"

static _Noreturn void
bad_path(const AddbEntityPath *path, AddbText written)
{
	if (path->invalid)
		addb_entity_raise_field(pnstrdup(written.data, written.len),
								psprintf("\"%s\" is no attribute of the model",
										 addb_entity_quote(written)));
	addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "path \"%s\" leads to no attribute of the model",
					  addb_entity_quote(written));
}

static bool
is_number(const char *text, int len)
{
	for (int i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return len > 0;
}

/* Takes the step to a list element. */
static void
enter_element(AddbEntityPath *path, AddbText written, const char *index,
			  int len, StringInfo out)
{
	if (!is_number(index, len))
		bad_path(path, written);
	if (!path->free)
	{
		if (path->leaf->type == ADDB_ENTITY_LIST)
			path->leaf = &path->leaf->children[0];
		else if (path->leaf->type == ADDB_ENTITY_ANY)
			path->free = true;
		else
			bad_path(path, written);
	}
	appendStringInfo(out, "[%.*s]", len, index);
}

/* Takes the step to a member of a map. */
static void
enter_member(AddbEntityPath *path, AddbExpressions *expressions,
			 AddbText written, const char *name, int len, StringInfo out)
{
	const AddbEntityAttribute *child;

	if (len == 0)
		bad_path(path, written);
	if (!path->free && path->leaf->type == ADDB_ENTITY_LIST)
	{
		enter_element(path, written, name, len, out);
		return;
	}
	appendStringInfoCharMacro(out, '.');
	if (path->free || path->leaf->type == ADDB_ENTITY_ANY)
	{
		path->free = true;
		addb_expressions_append_name(expressions, pnstrdup(name, len), len,
									 out);
		return;
	}
	child = path->leaf->type != ADDB_ENTITY_MAP ? NULL :
		addb_entity_child(path->leaf, name, len);
	if (child == NULL)
		bad_path(path, written);
	path->leaf = child;
	addb_expressions_append_name(expressions, child->field.data,
								 child->field.len, out);
}

/*
 * addb_entity_path - follows a path and writes it with its fields' placeholders
 *
 * False when its first name is no attribute. Raises 22023 when it leads from an
 * attribute to nothing. path->invalid is set before: then both are error 3001.
 */
bool
addb_entity_path(const AddbEntityModel *model, AddbExpressions *expressions,
				 AddbText written, AddbEntityPath *path)
{
	const char *end = written.data + written.len;
	const char *p = written.data;
	const char *start;
	StringInfoData out;

	while (p < end && *p != '.' && *p != '[')
		p++;
	path->root =
		addb_entity_child(&model->root, written.data, (int) (p - written.data));
	path->leaf = path->root;
	path->free = false;
	if (path->root == NULL && path->invalid)
		bad_path(path, written);
	if (path->root == NULL)
		return false;
	initStringInfo(&out);
	addb_expressions_append_name(expressions, path->root->field.data,
								 path->root->field.len, &out);
	while (p < end)
	{
		bool		element = *p == '[';

		start = ++p;
		while (p < end && (element ? *p != ']' : *p != '.' && *p != '['))
			p++;
		if (element && p == end)
			bad_path(path, written);
		if (element)
			enter_element(path, written, start, (int) (p++ - start), &out);
		else
			enter_member(path, expressions, written, start, (int) (p - start),
						 &out);
		if (element && p < end && *p != '.' && *p != '[')
			bad_path(path, written);
	}
	path->text = (AddbText) {out.data, out.len};
	return true;
}
