/*
 * model_check.c
 *	  What the indexes of a model must keep to among themselves.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/model.h"

static bool
has_composite(const AddbEntityKey *key, const AddbEntityAttribute *attribute)
{
	for (int i = 0; i < key->nparts; i++)
		if (key->parts[i].attribute == attribute)
			return true;
	return false;
}

static void
repeated(const AddbEntityIndex *index, const AddbEntityAttribute *attribute)
{
	addb_entity_raise(ADDB_ENTITY_REPEATED_COMPOSITE,
					  "access pattern \"%s\" of the model has attribute \"%s\" in both of its keys",
					  addb_entity_quote(index->name),
					  addb_entity_quote(attribute->name));
}

/* An attribute may be in both keys only as all there is of the sort key. */
static void
check_repetition(const AddbEntityIndex *index)
{
	for (int i = 0; index->sk.nparts > 1 && i < index->sk.nparts; i++)
		if (has_composite(&index->pk, index->sk.parts[i].attribute))
			repeated(index, index->sk.parts[i].attribute);
}

static void
check_collections(const AddbEntityModel *model, const AddbEntityIndex *index)
{
	if (index->ncollections > 0 && !index->has_sk)
		addb_entity_raise(ADDB_ENTITY_COLLECTION_WITHOUT_SK,
						  "access pattern \"%s\" of the model has a collection and no sk",
						  addb_entity_quote(index->name));
	for (const AddbEntityIndex *other = model->indexes; other <= index; other++)
		for (int i = 0; i < other->ncollections; i++)
			for (int j = other < index ? 0 : i + 1; j < index->ncollections; j++)
				if (addb_text_equal(other->collections[i],
									index->collections[j]))
					addb_entity_raise(ADDB_ENTITY_DUPLICATE_COLLECTION,
									  "collection \"%s\" of the model is on two indexes, or twice on one",
									  addb_entity_quote(index->collections[j]));
}

/*
 * addb_model_check_index - raises for an index that is wrong in itself
 *
 * Errors 1005, 1006, 1013, 1014 and 1015.
 */
void
addb_model_check_index(AddbEntityModel *model, AddbEntityIndex *index)
{
	if (index->has_sk && addb_text_equal(index->pk.field, index->sk.field))
		addb_entity_raise(ADDB_ENTITY_SAME_FIELD,
						  "access pattern \"%s\" of the model has the same field for pk and sk",
						  addb_entity_quote(index->name));
	check_collections(model, index);
	if (index->clustered && index->ncollections > 1)
		addb_entity_raise(ADDB_ENTITY_BAD_JOIN,
						  "access pattern \"%s\" of the model is clustered and cannot have sub-collections",
						  addb_entity_quote(index->name));
	check_repetition(index);
}

static bool
same_casing(AddbCasing a, AddbCasing b)
{
	if (a == ADDB_CASING_DEFAULT)
		a = ADDB_CASING_LOWER;
	if (b == ADDB_CASING_DEFAULT)
		b = ADDB_CASING_LOWER;
	return a == b;
}

/* Two keys with one field must make the same text. */
static void
check_pair(const AddbEntityKey *a, const AddbEntityKey *b)
{
	const char *field = addb_entity_quote(a->field);

	if (!addb_text_equal(a->field, b->field))
		return;
	if (!same_casing(a->casing, b->casing))
		addb_entity_raise(ADDB_ENTITY_CASING_MISMATCH,
						  "key field \"%s\" of the model has two casings", field);
	if (a->nparts != b->nparts)
		addb_entity_raise(ADDB_ENTITY_SHARED_FIELD,
						  "key field \"%s\" of the model has different composites", field);
	for (int i = 0; i < a->nparts; i++)
		if (a->parts[i].attribute != b->parts[i].attribute)
			addb_entity_raise(ADDB_ENTITY_SHARED_FIELD,
							  "key field \"%s\" of the model has different composites", field);
	if (a->is_template != b->is_template || !addb_text_equal(a->tail, b->tail))
		addb_entity_raise(ADDB_ENTITY_TEMPLATE_MISMATCH,
						  "key field \"%s\" of the model has different templates", field);
	for (int i = 0; i < a->nparts; i++)
		if (!addb_text_equal(a->parts[i].literal, b->parts[i].literal))
			addb_entity_raise(ADDB_ENTITY_TEMPLATE_MISMATCH,
							  "key field \"%s\" of the model has different templates", field);
}

/*
 * addb_model_check_shared - raises for key fields that indexes define differently
 *
 * Errors 1017, 1020 and 1024.
 */
void
addb_model_check_shared(AddbEntityModel *model)
{
	for (int i = 0; i < model->nindexes; i++)
		for (int j = 0; j < i; j++)
		{
			const AddbEntityIndex *a = &model->indexes[j];
			const AddbEntityIndex *b = &model->indexes[i];

			check_pair(&a->pk, &b->pk);
			if (b->has_sk)
				check_pair(&a->pk, &b->sk);
			if (a->has_sk)
				check_pair(&a->sk, &b->pk);
			if (a->has_sk && b->has_sk)
				check_pair(&a->sk, &b->sk);
		}
}
