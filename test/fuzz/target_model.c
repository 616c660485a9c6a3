/*
 * target_model.c
 *	  The parser of models.
 *
 * An input is the JSON of a model. One that is taken has to serve: items are
 * put and read by it and each of its indexes is asked, and the requests must
 * be JSON.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "entity/compile.h"

#include "fuzz.h"

/* Appends a value for an attribute of this type. */
static void
append_value(StringInfo out, const AddbEntityAttribute *attribute)
{
	switch (attribute->type)
	{
		case ADDB_ENTITY_NUMBER:
			appendStringInfoString(out, "-12.5");
			break;
		case ADDB_ENTITY_BOOLEAN:
			appendStringInfoString(out, "true");
			break;
		case ADDB_ENTITY_ENUM:
			escape_json(out, attribute->nvalues == 0 ? "" :
						pnstrdup(attribute->values[0].data, attribute->values[0].len));
			break;
		case ADDB_ENTITY_MAP:
			appendStringInfoString(out, "{}");
			break;
		case ADDB_ENTITY_LIST:
		case ADDB_ENTITY_SET:
			appendStringInfoChar(out, '[');
			if (attribute->nchildren > 0)
				append_value(out, &attribute->children[0]);
			appendStringInfoChar(out, ']');
			break;
		default:
			appendStringInfoString(out, "\"Ab#c_é\"");
	}
}

/* An object with a value for every attribute of the model. */
static char *
all_attributes(const AddbEntityModel *model)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < model->root.nchildren; i++)
	{
		const AddbEntityAttribute *attribute = &model->root.children[i];

		appendStringInfoChar(&out, i == 0 ? '{' : ',');
		escape_json(&out, pnstrdup(attribute->name.data, attribute->name.len));
		appendStringInfoChar(&out, ':');
		append_value(&out, attribute);
	}
	appendStringInfoString(&out, model->root.nchildren == 0 ? "{}" : "}");
	return out.data;
}

/* Compiles one operation, which the model's attributes may not allow. */
static void
compile(const AddbEntityService *service, const char *operation)
{
	Jsonb	   *jsonb = addb_fuzz_jsonb((AddbText) {operation, (int) strlen(operation)});
	AddbEntityRequest request;
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		addb_entity_compile(service, &jsonb->root, &request);
		addb_entity_request_close(&request);
		addb_fuzz_check_json(operation, request.body.data, request.body.len);
	}
	PG_CATCH();
	{
		if (geterrcode() == ERRCODE_INTERNAL_ERROR)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
}

static void
run(const char *data, int len)
{
	static const char *const methods[] = {"put", "upsert", "update", "get"};
	AddbEntityMember member = {{"m", 1}, NULL, "t"};
	AddbEntityService service = {&member, 1};
	const AddbEntityModel *model;
	char	   *attributes;

	if (!addb_fuzz_is_text((AddbText) {data, len}))
		return;
	model = addb_entity_model_parse(CurrentMemoryContext, data, len);
	member.model = model;
	addb_entity_service_check(&service);
	attributes = all_attributes(model);
	for (int i = 0; i < lengthof(methods); i++)
		compile(&service, psprintf("{\"entity\":\"m\",\"method\":\"%s\",\"%s\":%s}", methods[i],
								   i < 2 ? "attributes" : "key", attributes));
	for (int i = 0; i < model->nindexes; i++)
	{
		StringInfoData name;

		initStringInfo(&name);
		escape_json(&name, pnstrdup(model->indexes[i].name.data, model->indexes[i].name.len));
		compile(&service, psprintf("{\"entity\":\"m\",\"method\":\"query\",\"index\":%s,\"key\":%s}",
								   name.data, attributes));
	}
	addb_entity_model_free((AddbEntityModel *) model);
}

const AddbFuzzTarget addb_fuzz_model = {
	.name = "model",
	.run = run,
};
