/*
 * compile_collection.c
 *	  Queries of a collection: items of several entities with one partition key.
 */
#include "postgres.h"

#include "entity/error.h"
#include "entity/read.h"

static void
find_participants(AddbEntityRequest *request, const AddbEntityService *service,
				  int *depth)
{
	AddbText	name = request->action.collection;

	request->participants =
		palloc(Max(service->nmembers, 1) * sizeof(AddbEntityMember *));
	for (int i = 0; name.data != NULL && i < service->nmembers; i++)
	{
		const AddbEntityMember *member = &service->members[i];
		const AddbEntityIndex *index =
			addb_entity_find_collection(member->model, name, depth);

		if (index == NULL)
			continue;
		if (request->nparticipants == 0)
			request->index = index;
		request->participants[request->nparticipants++] = member;
	}
	if (request->nparticipants == 0)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED, "there is no collection \"%s\"",
						  name.data == NULL ? "" : addb_entity_quote(name));
}

/* The leading composites of the sort key that all entities have in common. */
static int
shared_parts(const AddbEntityRequest *request)
{
	int			shared = request->index->sk.nparts;

	for (int i = 1; i < request->nparticipants; i++)
	{
		int			depth;
		const AddbEntityKey *sk =
			&addb_entity_find_collection(request->participants[i]->model,
										 request->action.collection,
										 &depth)->sk;

		shared = Min(shared, sk->nparts);
		for (int j = 0; j < shared; j++)
			if (!addb_text_equal(request->index->sk.parts[j].attribute->name,
								 sk->parts[j].attribute->name))
				shared = j;
	}
	return shared;
}

/*
 * The sort key as far as it is the collection's: it ends before any entity. One
 * of a template has nothing of an isolated collection.
 */
static AddbEntityKey
collection_key(const AddbEntityRequest *request, int depth)
{
	AddbEntityKey key = request->index->sk;
	StringInfoData prefix;

	if (request->index->clustered)
	{
		key.nparts = shared_parts(request);
		return key;
	}
	initStringInfo(&prefix);
	for (int i = 0; i <= depth; i++)
	{
		AddbText	name = addb_model_utf8(request->index->collections[i]);

		appendStringInfo(&prefix, "%c%.*s", i == 0 ? '$' : '#', name.len, name.data);
	}
	key.nparts = 0;
	key.is_numeric = false;
	key.prefix = (AddbText) {prefix.data, prefix.len};
	return key;
}

/* (e = a AND v = 1) OR (e = b AND v = 1) ..., in parentheses */
static void
append_identities(AddbEntityRequest *request, AddbEntityCondition *condition)
{
	StringInfo	out = addb_entity_condition_next(condition);

	appendStringInfoString(out, request->nparticipants > 1 ? "(" : "");
	for (int i = 0; i < request->nparticipants; i++)
	{
		appendStringInfoString(out, i > 0 ? " OR (" : "(");
		addb_entity_condition_identity(condition,
									   request->participants[i]->model);
		appendStringInfoChar(out, ')');
	}
	appendStringInfoString(out, request->nparticipants > 1 ? ")" : "");
}

static void
append_filter(AddbEntityRequest *request, AddbExpressions *expressions)
{
	const AddbEntityModel **models =
		palloc(request->nparticipants * sizeof(*models));
	AddbEntityCondition condition;

	for (int i = 0; i < request->nparticipants; i++)
		models[i] = request->participants[i]->model;
	addb_entity_condition_begin(&condition, models, request->nparticipants,
								expressions, request->action.where_name);
	if (!request->action.options.ignore_ownership)
		append_identities(request, &condition);
	addb_entity_condition_where(&condition, &request->action.where);
	addb_entity_condition_finish(&condition, ADDB_FILTER, &request->body);
}

/*
 * addb_entity_compile_collection - compiles the query of a collection
 *
 * Raises error 2002 for missing composites of the partition key, 22023 when no
 * entity is in the collection.
 */
void
addb_entity_compile_collection(AddbEntityRequest *request,
							   const AddbEntityService *service)
{
	AddbExpressions *expressions = addb_entity_expressions(request);
	AddbEntityValues values;
	AddbEntityKey sk;
	int			depth;

	find_participants(request, service, &depth);
	(void) addb_entity_find_collection(request->participants[0]->model,
									   request->action.collection, &depth);
	if (request->action.sk != NULL && !request->index->clustered)
		addb_entity_raise(ADDB_ENTITY_UNNUMBERED,
						  "collection \"%s\" is not clustered and has no sort key of its own",
						  addb_entity_quote(request->action.collection));
	request->table =
		addb_entity_table(request->participants[0], &request->action.options);
	addb_entity_request_begin(request, &addb_query);
	addb_entity_append_range(request, request->index);
	values = addb_entity_read_values(request->participants[0]->model,
									 request->action.key);
	sk = collection_key(request, depth);
	addb_entity_append_keys(request, expressions, values,
							sk.is_template && !request->index->clustered ? NULL : &sk, 0, 0);
	append_filter(request, expressions);
	addb_entity_append_projection(request, expressions);
	addb_expressions_finish(expressions, &request->body);
}
