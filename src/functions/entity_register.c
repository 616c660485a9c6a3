/*
 * entity_register.c
 *	  What ddb_register_entity and ddb_drop_entity are made of, and the trigger
 *	  that tells all sessions of a change of the registry.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "core/catch.h"
#include "core/compat.h"
#include "functions/args.h"
#include "functions/entity_registry.h"
#include "functions/rows.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"

ADDB_FUNCTION(addb_fn_entity_joins);
ADDB_FUNCTION(addb_fn_entity_name);
ADDB_FUNCTION(addb_fn_entity_read);
ADDB_FUNCTION(addb_fn_entity_changed);

static Datum
text_datum(AddbText text)
{
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
}

static Datum
name_row(FunctionCallInfo fcinfo, const AddbRegistryName *name)
{
	Datum		values[] = {
		text_datum(name->service),
		text_datum(name->entity),
		text_datum(name->version)
	};
	bool		nulls[lengthof(values)] = {0};

	return addb_row_result(fcinfo, values, nulls);
}

/*
 * addb_fn_entity_read - ddb_internal_entity_read(model) returns (service,
 * entity, version)
 *
 * Raises what is wrong with the model.
 */
Datum
addb_fn_entity_read(PG_FUNCTION_ARGS)
{
	AddbText	text = addb_arg_text(fcinfo, 0, "model");
	AddbEntityModel *model = addb_entity_model_parse(CurrentMemoryContext,
													 text.data, text.len);
	AddbRegistryName name = {model->service, model->entity, model->version};
	Datum		row = name_row(fcinfo, &name);

	addb_entity_model_free(model);
	PG_RETURN_DATUM(row);
}

/*
 * addb_fn_entity_name - ddb_internal_entity_name(entity) returns (service,
 * entity, version)
 *
 * Raises 42704 and 42P09 for a reference to none or several.
 */
Datum
addb_fn_entity_name(PG_FUNCTION_ARGS)
{
	AddbText	reference = addb_arg_text(fcinfo, 0, "entity");
	AddbRegistry *registry = addb_registry_pin(fcinfo, CurrentMemoryContext);
	AddbRegistryName name = addb_registry_resolve(registry, reference);

	PG_RETURN_DATUM(name_row(fcinfo, &name));
}

/* A collection, and the registry that is to have it. */
typedef struct Collection
{
	AddbRegistry *registry;
	AddbText	service;
	AddbText	name;
} Collection;

static void
join(void *arg)
{
	Collection *collection = arg;

	(void) addb_registry_collection(collection->registry, collection->service,
									collection->name);
}

static void
warn(const Collection *collection, char *problem)
{
	problem[0] = pg_toupper((unsigned char) problem[0]);
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("collection \"%.*s\" of service \"%.*s\" cannot be queried now",
					collection->name.len, collection->name.data,
					collection->service.len, collection->service.data),
			 errdetail_internal("%s", problem),
			 errhint("Register the other entity to match, or this one as it was.")));
}

/*
 * addb_fn_entity_joins - ddb_internal_entity_joins(service, entity, version)
 * returns void
 *
 * Warns of the entity's collections whose entities cannot join. Two models may
 * have to be changed one after the other, so that it is no error.
 */
Datum
addb_fn_entity_joins(PG_FUNCTION_ARGS)
{
	AddbRegistry *registry = addb_registry_pin(fcinfo, CurrentMemoryContext);
	AddbText	service = addb_arg_text(fcinfo, 0, "service");
	AddbText	entity = addb_arg_text(fcinfo, 1, "entity");
	AddbText	version = addb_arg_text(fcinfo, 2, "version");
	char	   *reference = psprintf("%.*s.%.*s@%.*s", service.len, service.data,
									 entity.len, entity.data, version.len, version.data);
	const AddbEntityModel *model =
		addb_registry_find(registry, (AddbText) {reference, (int) strlen(reference)})->model;
	const char *told = "";

	for (int i = 0; i < model->nindexes; i++)
		for (int j = 0; j < model->indexes[i].ncollections; j++)
		{
			Collection	collection = {registry, service, model->indexes[i].collections[j]};
			char	   *problem = addb_catch(join, &collection);

			if (problem == NULL || pg_strcasecmp(problem, told) == 0)
				continue;
			warn(&collection, problem);
			told = problem;
		}
	PG_RETURN_VOID();
}

/*
 * addb_fn_entity_changed - the trigger of ddb_entity_models
 *
 * Sessions are told when the change is committed, this one at the end of the
 * command and when it is rolled back.
 */
Datum
addb_fn_entity_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("ddb_internal_entity_changed() can be called by a trigger only")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}
