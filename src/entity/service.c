/*
 * service.c
 *	  Whether entities can be one service, and which take part in a collection.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/service.h"

/*
 * addb_entity_service_find - the member with this alias, or NULL
 */
const AddbEntityMember *
addb_entity_service_find(const AddbEntityService *service, const char *alias,
						 int len)
{
	AddbText	text = {alias, len};

	for (int i = 0; i < service->nmembers; i++)
		if (addb_text_equal(service->members[i].alias, text))
			return &service->members[i];
	return NULL;
}

/*
 * addb_entity_find_collection - the index of an entity that is in a collection
 *
 * NULL when it takes no part. *depth is the place of the collection among the
 * index's, from 0.
 */
const AddbEntityIndex *
addb_entity_find_collection(const AddbEntityModel *model, AddbText collection,
							int *depth)
{
	for (int i = 0; i < model->nindexes; i++)
		for (int j = 0; j < model->indexes[i].ncollections; j++)
			if (addb_text_equal(model->indexes[i].collections[j], collection))
			{
				*depth = j;
				return &model->indexes[i];
			}
	return NULL;
}

/* The name of a service, of which case does not matter. */
static char *
folded(AddbText name)
{
	AddbText	utf8 = addb_model_utf8(name);
	StringInfoData out;

	initStringInfo(&out);
	appendBinaryStringInfo(&out, utf8.data, utf8.len);
	addb_case_convert(&out, 0, ADDB_CASING_LOWER);
	return out.data;
}

/*
 * addb_entity_same_service - whether two names are of one service
 */
bool
addb_entity_same_service(AddbText a, AddbText b)
{
	return strcmp(folded(a), folded(b)) == 0;
}

static _Noreturn void
cannot_join(AddbText collection, const AddbEntityMember *a,
			const AddbEntityMember *b, const char *what)
{
	addb_entity_raise(ADDB_ENTITY_BAD_JOIN,
					  "entities \"%s\" and \"%s\" in collection \"%s\" differ in %s",
					  addb_entity_quote(a->alias), addb_entity_quote(b->alias),
					  addb_entity_quote(collection), what);
}

static bool
same_keys(const AddbEntityKey *a, const AddbEntityKey *b)
{
	if (!addb_text_equal(a->field, b->field) || a->nparts != b->nparts ||
		a->is_template != b->is_template)
		return false;
	for (int i = 0; i < a->nparts; i++)
		if (!addb_text_equal(a->parts[i].attribute->name,
							 b->parts[i].attribute->name) ||
			!addb_text_equal(a->parts[i].literal, b->parts[i].literal) ||
			a->parts[i].attribute->pad_length != b->parts[i].attribute->pad_length ||
			!addb_text_equal(a->parts[i].attribute->pad, b->parts[i].attribute->pad))
			return false;
	return true;
}

static AddbCasing
effective(AddbCasing casing)
{
	return casing == ADDB_CASING_DEFAULT ? ADDB_CASING_LOWER : casing;
}

/* The leading composites of equal names in clustered sort keys have one label. */
static bool
same_leading_labels(const AddbEntityKey *a, const AddbEntityKey *b)
{
	for (int i = 0; i < Min(a->nparts, b->nparts); i++)
	{
		if (!addb_text_equal(a->parts[i].attribute->name,
							 b->parts[i].attribute->name))
			break;
		if (!addb_text_equal(a->parts[i].literal, b->parts[i].literal))
			return false;
	}
	return true;
}

/* Attributes of the same name must be stored under the same one. */
static void
check_fields(AddbText collection, const AddbEntityMember *a,
			 const AddbEntityMember *b)
{
	for (int i = 0; i < a->model->root.nchildren; i++)
	{
		const AddbEntityAttribute *x = &a->model->root.children[i];
		const AddbEntityAttribute *y =
			addb_entity_child(&b->model->root, x->name.data, x->name.len);

		if (y != NULL && !addb_text_equal(x->field, y->field))
			cannot_join(collection, a, b, psprintf("the field of attribute \"%s\"",
												   addb_entity_quote(x->name)));
	}
}

static void
check_pair(AddbText collection, const AddbEntityMember *a,
		   const AddbEntityIndex *x, const AddbEntityMember *b,
		   const AddbEntityIndex *y)
{
	if (!addb_text_equal(x->index, y->index))
		cannot_join(collection, a, b, "the index");
	if (x->clustered != y->clustered)
		cannot_join(collection, a, b, "the type of the index");
	if (!addb_text_equal(x->scope, y->scope))
		cannot_join(collection, a, b, "the scope");
	if (!same_keys(&x->pk, &y->pk))
		cannot_join(collection, a, b, "the partition key");
	if (effective(x->pk.casing) != effective(y->pk.casing) ||
		effective(x->sk.casing) != effective(y->sk.casing))
		cannot_join(collection, a, b, "the casing of the keys");
	if (x->sk.is_template != y->sk.is_template)
		cannot_join(collection, a, b, "the use of a template for the sort key");
	if (x->clustered && !same_leading_labels(&x->sk, &y->sk))
		cannot_join(collection, a, b, "the labels of the sort key");
	for (int i = 0; i < Min(x->ncollections, y->ncollections); i++)
		if (!addb_text_equal(x->collections[i], y->collections[i]))
			cannot_join(collection, a, b, "the order of sub-collections");
	if ((a->table == NULL) != (b->table == NULL) ||
		(a->table != NULL && strcmp(a->table, b->table) != 0))
		cannot_join(collection, a, b, "the table");
	check_fields(collection, a, b);
}

/* Compares the entities of one index with all others before it. */
static void
check_index(const AddbEntityService *service, int member,
			const AddbEntityIndex *index)
{
	for (int c = 0; c < index->ncollections; c++)
		for (int i = 0; i < member; i++)
		{
			int			depth;
			const AddbEntityIndex *other =
				addb_entity_find_collection(service->members[i].model,
											index->collections[c], &depth);

			if (other != NULL && depth != c)
				cannot_join(index->collections[c], &service->members[i],
							&service->members[member], "the order of sub-collections");
			if (other != NULL)
				check_pair(index->collections[c], &service->members[i], other,
						   &service->members[member], index);
		}
}

/*
 * addb_entity_service_check - raises error 1013 for entities that cannot join
 */
void
addb_entity_service_check(const AddbEntityService *service)
{
	for (int i = 0; i < service->nmembers; i++)
	{
		const AddbEntityModel *model = service->members[i].model;

		if (i > 0 && !addb_entity_same_service(model->service,
											   service->members[0].model->service))
			addb_entity_raise(ADDB_ENTITY_BAD_JOIN,
							  "entities \"%s\" and \"%s\" are of different services",
							  addb_entity_quote(service->members[0].alias),
							  addb_entity_quote(service->members[i].alias));
		for (int j = 0; j < model->nindexes; j++)
			check_index(service, i, &model->indexes[j]);
	}
}
