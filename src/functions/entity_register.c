/*
 * entity_register.c
 *	  What ddb_register_entity and ddb_drop_entity are made of, and the trigger
 *	  that tells all sessions of a change of the registry.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "core/compat.h"
#include "functions/args.h"
#include "functions/entity_registry.h"
#include "functions/rows.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"

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
