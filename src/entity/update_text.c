/*
 * update_text.c
 *	  Updates as text, with the names of the model.
 *
 * The text becomes the operators that can do the same, so that whatever holds for
 * these holds for it: what must not be changed, types, fields, keys of secondary
 * indexes. Its values are what the operators take.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/update.h"

typedef struct Reader
{
	const AddbEntityModel *model;
	AddbEntityChainStep step;
	void	   *arg;
} Reader;

static const AddbEntityOperator operators[] = {
	[ADDB_FORM_SET] = ADDB_OPERATOR_SET,
	[ADDB_FORM_COPY] = ADDB_OPERATOR_SET,
	[ADDB_FORM_IF_NOT_EXISTS] = ADDB_OPERATOR_IF_NOT_EXISTS,
	[ADDB_FORM_PLUS] = ADDB_OPERATOR_ADD,
	[ADDB_FORM_MINUS] = ADDB_OPERATOR_SUBTRACT,
	[ADDB_FORM_APPEND] = ADDB_OPERATOR_APPEND,
	[ADDB_FORM_REMOVE] = ADDB_OPERATOR_REMOVE,
	[ADDB_FORM_ADD] = ADDB_OPERATOR_ADD,
	[ADDB_FORM_DELETE] = ADDB_OPERATOR_DELETE,
};

static AddbText
known_path(const Reader *reader, const char *path)
{
	AddbText	text = {path, (int) strlen(path)};

	if (addb_entity_child(&reader->model->root, path, (int) strcspn(path, ".[")) == NULL)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED,
						  "\"%s\" in \"update\" is no attribute of the model",
						  addb_entity_quote(text));
	return text;
}

static void
take_action(void *arg, const AddbUpdateAction *written)
{
	const Reader *reader = arg;
	AddbEntityAction action = {operators[written->form]};
	bool		with_start = written->form >= ADDB_FORM_PLUS &&
		written->form <= ADDB_FORM_APPEND;

	action.path = known_path(reader, written->path);
	action.value = written->value;
	action.fallback = written->fallback;
	action.bare = with_start && written->fallback == NULL;
	if (written->source != NULL)
	{
		AddbText	source = known_path(reader, written->source);
		JsonbValue *ref = palloc(sizeof(JsonbValue));

		ref->type = jbvString;
		ref->val.string.val = unconstify(char *, source.data);
		ref->val.string.len = source.len;
		action.ref = ref;
		action.same_type = true;
	}
	reader->step(reader->arg, &action);
}

/*
 * addb_entity_read_update - calls step for every action of an update's text
 *
 * Raises what addb_expressions_read_update raises, and 22023 for names that are
 * no attributes.
 */
void
addb_entity_read_update(AddbEntityUpdate *update, const JsonbValue *text,
						AddbEntityChainStep step, void *arg)
{
	Reader		reader = {update->model, step, arg};

	addb_expressions_read_update(update->expressions, "update",
								 pnstrdup(text->val.string.val, text->val.string.len),
								 text->val.string.len, take_action, &reader);
}
