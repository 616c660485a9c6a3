/*
 * model.c
 *	  Reads an ElectroDB model from its JSON text.
 *
 * The order of members counts, so the text is read, not jsonb. What a model may
 * say is what ElectroDB accepts, with its numbers for what it does not; a sign
 * of JavaScript callbacks is refused, for SQL would store something else.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "entity/error.h"
#include "entity/model.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

/* The fields that ElectroDB tells its entities by. */
#define ENTITY_FIELD "__edb_e__"
#define VERSION_FIELD "__edb_v__"

/*
 * addb_text_equal - whether two texts are the same bytes; absent equals absent
 */
bool
addb_text_equal(AddbText a, AddbText b)
{
	return a.len == b.len && (a.data == NULL) == (b.data == NULL) &&
		(a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/*
 * addb_text_is - whether a text is this word
 */
bool
addb_text_is(AddbText text, const char *word)
{
	return text.data != NULL && text.len == (int) strlen(word) &&
		memcmp(text.data, word, text.len) == 0;
}

/*
 * addb_model_path - the name of a member within the model, for messages; palloc'd
 */
char *
addb_model_path(const char *path, AddbText name)
{
	return psprintf("%s.%s", path, addb_entity_quote(name));
}

/* path is NULL for members of the whole */
static _Noreturn void
wrong_type(const char *path, const char *name, const char *expected)
{
	addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"%s%s%s\" of the model must be %s",
					  path == NULL ? "" : path, path == NULL ? "" : ".", name, expected);
}

static _Noreturn void
missing(const char *path, const char *name, const char *expected)
{
	addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "the model lacks \"%s%s%s\", which must be %s",
					  path == NULL ? "" : path, path == NULL ? "" : ".", name, expected);
}

/*
 * addb_model_text - a string member of an object, data NULL when it is absent
 *
 * Raises error 1009 for a member of another type.
 */
AddbText
addb_model_text(const AddbJsonNode *object, const char *name, const char *path)
{
	const AddbJsonNode *node = addb_json_member(object, name);

	if (node == NULL)
		return (AddbText) {NULL, 0};
	if (node->type != ADDB_JSON_STRING)
		wrong_type(path, name, "a string");
	return node->text;
}

/*
 * addb_model_required_text - a string member of an object, which has to be there
 */
AddbText
addb_model_required_text(const AddbJsonNode *object, const char *name,
						 const char *path)
{
	AddbText	text = addb_model_text(object, name, path);

	if (text.data == NULL)
		missing(path, name, "a string");
	return text;
}

/*
 * addb_model_bool - a boolean member of an object, false when it is absent
 */
bool
addb_model_bool(const AddbJsonNode *object, const char *name, const char *path)
{
	const AddbJsonNode *node = addb_json_member(object, name);

	if (node == NULL)
		return false;
	if (node->type != ADDB_JSON_TRUE && node->type != ADDB_JSON_FALSE)
		wrong_type(path, name, "a boolean");
	return node->type == ADDB_JSON_TRUE;
}

/*
 * addb_model_choice - which of n words a member is, 0 when it is absent
 */
int
addb_model_choice(const AddbJsonNode *object, const char *name,
				  const char *path, const char *const *choices, int n)
{
	AddbText	text = addb_model_text(object, name, path);

	if (text.data == NULL)
		return 0;
	for (int i = 0; i < n; i++)
		if (text.len > 0 && addb_text_is(text, choices[i]))
			return i;
	addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"%s.%s\" of the model cannot be \"%s\"",
					  path, name, addb_entity_quote(text));
}

/*
 * addb_model_utf8 - a text of the model in UTF-8
 */
AddbText
addb_model_utf8(AddbText text)
{
	char	   *utf8 = pg_server_to_any(text.data, text.len, PG_UTF8);

	return (AddbText) {utf8, utf8 == text.data ? text.len : (int) strlen(utf8)};
}

/*
 * addb_model_json_name - "name": as it stands in a request
 */
AddbText
addb_model_json_name(AddbText name)
{
	StringInfoData out;

	initStringInfo(&out);
	addb_av_append_string(&out, name.data, name.len);
	appendStringInfoChar(&out, ':');
	return (AddbText) {out.data, out.len};
}

static AddbText
identity_json(const AddbEntityModel *model)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "\"" ENTITY_FIELD "\":{\"S\":");
	addb_av_append_string(&out, model->entity.data, model->entity.len);
	appendStringInfoString(&out, "},\"" VERSION_FIELD "\":{\"S\":");
	addb_av_append_string(&out, model->version.data, model->version.len);
	appendStringInfoChar(&out, '}');
	return (AddbText) {out.data, out.len};
}

static const AddbJsonNode *
required_object(const AddbJsonNode *root, const char *name)
{
	const AddbJsonNode *node = addb_json_member(root, name);

	if (node == NULL)
		missing(NULL, name, "an object");
	if (node->type != ADDB_JSON_OBJECT)
		wrong_type(NULL, name, "an object");
	return node;
}

/* Items are told by their entity's name, which cannot be without letters. */
static AddbText
read_name(const AddbJsonNode *head, const char *name)
{
	AddbText	text = addb_model_required_text(head, name, "model");

	if (text.len == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"model.%s\" of the model must not be empty", name);
	return text;
}

/* Filters are functions; ElectroDB refuses any that JSON can hold. */
static void
refuse_filters(const AddbJsonNode *root)
{
	const AddbJsonNode *filters = addb_json_member(root, "filters");

	if (filters == NULL || (filters->type == ADDB_JSON_OBJECT && filters->n == 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("callbacks \"filters\" of the model are not supported"),
			 errdetail("ElectroDB error %d: a filter is a function of JavaScript.",
					   ADDB_ENTITY_BAD_MODEL)));
}

/*
 * addb_model_refuse_repeated - raises 22023 for two members of one name
 *
 * JSON.parse takes the last of them, which is hardly what was meant.
 */
void
addb_model_refuse_repeated(const AddbJsonNode *object, const char *what)
{
	for (const AddbJsonNode *node = object->first; node != NULL; node = node->next)
		if (node->repeated)
			addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "%s \"%s\" of the model is defined twice",
							  what, addb_entity_quote(node->name));
}

static void
read_model(AddbEntityModel *model, const char *text, int len)
{
	char	   *utf8 = pg_server_to_any(text, len, PG_UTF8);
	const AddbJsonNode *root;
	const AddbJsonNode *head;
	const AddbJsonNode *indexes;

	utf8 = utf8 == text ? pnstrdup(text, len) : utf8;
	root = addb_json_tree(utf8, (int) strlen(utf8));
	if (root == NULL || root->type != ADDB_JSON_OBJECT)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "model must be a JSON object");
	head = required_object(root, "model");
	model->entity = read_name(head, "entity");
	model->version = read_name(head, "version");
	model->service = read_name(head, "service");
	model->table = addb_model_text(root, "table", NULL);
	model->identity_json = identity_json(model);
	refuse_filters(root);
	addb_model_read_attributes(model, required_object(root, "attributes"));
	indexes = required_object(root, "indexes");
	addb_model_refuse_repeated(indexes, "access pattern");
	addb_model_read_indexes(model, indexes);
}

/*
 * addb_entity_model_parse - reads a model from its text
 *
 * text is JSON in the server's encoding. The model has a memory context of its
 * own below parent, which addb_entity_model_free ends; an error ends it too.
 * Raises 22023 with ElectroDB's number for a model that it would refuse, 0A000
 * for what is not supported: conditional indexes, multi-attribute indexes and
 * callbacks.
 */
AddbEntityModel *
addb_entity_model_parse(MemoryContext parent, const char *text, int len)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "atomic_dynamodb entity model",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AddbEntityModel *model = palloc0(sizeof(AddbEntityModel));

	model->context = context;
	read_model(model, text, len);
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(context, parent);
	return model;
}

/*
 * addb_entity_model_free - frees a model and all that belongs to it
 */
void
addb_entity_model_free(AddbEntityModel *model)
{
	MemoryContextDelete(model->context);
}

/*
 * addb_entity_child - the property of a map, or attribute of a model, by name
 *
 * NULL when there is none.
 */
const AddbEntityAttribute *
addb_entity_child(const AddbEntityAttribute *map, const char *name, int len)
{
	for (int i = 0; i < map->nchildren; i++)
		if (map->children[i].name.len == len &&
			memcmp(map->children[i].name.data, name, len) == 0)
			return &map->children[i];
	return NULL;
}

/*
 * addb_entity_child_by_field - the same by the stored name
 */
const AddbEntityAttribute *
addb_entity_child_by_field(const AddbEntityAttribute *map, const char *field,
						   int len)
{
	int			low = 0;
	int			high = map->nchildren;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const AddbEntityAttribute *child = map->by_field[middle];
		int			order = child->field.len != len ? child->field.len - len :
			memcmp(child->field.data, field, len);

		if (order == 0)
			return child;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * addb_entity_find_index - an index by the name of its access pattern, or NULL
 */
const AddbEntityIndex *
addb_entity_find_index(const AddbEntityModel *model, const char *name, int len)
{
	AddbText	text = {name, len};

	for (int i = 0; i < model->nindexes; i++)
		if (addb_text_equal(model->indexes[i].name, text))
			return &model->indexes[i];
	return NULL;
}
