/*
 * model_index.c
 *	  The indexes of a model.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/model.h"

static const char *const index_types[] = {"isolated", "clustered", "composite"};

#define TYPE_CLUSTERED 1
#define TYPE_COMPOSITE 2

static void
read_collections(AddbEntityIndex *index, const AddbJsonNode *node,
				 const char *path)
{
	AddbText   *collections;
	int			n = 0;

	if (node == NULL)
		return;
	collections = palloc((node->n + 1) * sizeof(AddbText));
	if (node->type == ADDB_JSON_STRING)
		collections[n++] = node->text;
	else if (node->type == ADDB_JSON_ARRAY)
		for (const AddbJsonNode *child = node->first; child != NULL;
			 child = child->next)
		{
			if (child->type != ADDB_JSON_STRING)
				addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
								  "collections of \"%s\" of the model must be strings", path);
			collections[n++] = child->text;
		}
	else
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
						  "\"%s.collection\" of the model must be a string or an array", path);
	index->collections = collections;
	index->ncollections = n;
}

static void
read_index(AddbEntityModel *model, AddbEntityIndex *index,
		   const AddbJsonNode *node)
{
	char	   *path = addb_model_path("indexes", node->name);
	const AddbJsonNode *pk = addb_json_member(node, "pk");
	const AddbJsonNode *sk = addb_json_member(node, "sk");
	int			type;

	if (node->type != ADDB_JSON_OBJECT)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"%s\" of the model must be an object", path);
	index->name = node->name;
	index->index = addb_model_text(node, "index", path);
	if (index->index.len == 0)
		index->index.data = NULL;
	index->scope = addb_model_text(node, "scope", path);
	if (index->scope.len == 0)
		index->scope.data = NULL;
	type = addb_model_choice(node, "type", path, index_types, lengthof(index_types));
	if (type == TYPE_COMPOSITE)
		addb_entity_raise_unsupported("index type \"composite\"", path);
	if (addb_json_member(node, "condition") != NULL)
		addb_entity_raise_unsupported("a condition on the writing", path);
	index->clustered = type == TYPE_CLUSTERED;
	read_collections(index, addb_json_member(node, "collection"), path);
	if (pk == NULL)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"%s\" of the model must have a pk", path);
	addb_model_read_key(model, index, &index->pk, pk, psprintf("%s.pk", path));
	index->has_sk = sk != NULL;
	if (index->has_sk)
		addb_model_read_key(model, index, &index->sk, sk, psprintf("%s.sk", path));
}

static void
find_primary(AddbEntityModel *model)
{
	for (int i = 0; i < model->nindexes; i++)
	{
		AddbEntityIndex *index = &model->indexes[i];

		for (int j = 0; j < i; j++)
			if (addb_text_equal(model->indexes[j].index, index->index))
				addb_entity_raise(ADDB_ENTITY_DUPLICATE_INDEX,
								  "access patterns \"%s\" and \"%s\" of the model are of the same index",
								  addb_entity_quote(model->indexes[j].name),
								  addb_entity_quote(index->name));
		if (index->index.data == NULL)
			model->primary = index;
	}
	if (model->primary == NULL)
		addb_entity_raise(ADDB_ENTITY_NO_TABLE_INDEX,
						  "model has no index of the table itself, that is, one without \"index\"");
}

/* Composites of the table's keys can never be changed. */
static void
mark_composites(const AddbEntityKey *key, bool of_table)
{
	for (int i = 0; i < key->nparts; i++)
	{
		AddbEntityAttribute *attribute =
			(AddbEntityAttribute *) key->parts[i].attribute;

		attribute->in_any_key = true;
		if (of_table)
		{
			attribute->in_table_key = true;
			attribute->read_only = true;
		}
	}
}

/*
 * addb_model_read_indexes - reads the member "indexes" of a model
 *
 * Its attributes have been read. Raises ElectroDB's errors of indexes and keys,
 * 0A000 for what is not supported.
 */
void
addb_model_read_indexes(AddbEntityModel *model, const AddbJsonNode *indexes)
{
	int			n = 0;

	if (indexes->n == 0)
		addb_entity_raise(ADDB_ENTITY_BAD_MODEL, "\"indexes\" of the model must not be empty");
	model->indexes = palloc0(Max(indexes->n, 1) * sizeof(AddbEntityIndex));
	for (const AddbJsonNode *node = indexes->first; node != NULL;
		 node = node->next)
		read_index(model, &model->indexes[n++], node);
	model->nindexes = n;
	for (int i = 0; i < n; i++)
		addb_model_check_index(model, &model->indexes[i]);
	find_primary(model);
	for (int i = 0; i < n; i++)
	{
		AddbEntityIndex *index = &model->indexes[i];

		addb_model_finish_key(model, index, &index->pk);
		if (index->has_sk)
			addb_model_finish_key(model, index, &index->sk);
		mark_composites(&index->pk, index == model->primary);
		mark_composites(&index->sk, index == model->primary);
	}
	addb_model_check_shared(model);
}
