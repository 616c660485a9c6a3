/*
 * entity_key.c
 *	  The key of an entity's table, as the model has it.
 */
#include "postgres.h"

#include "functions/entity_key.h"

static AddbKeyAttribute
attribute_of(const AddbEntityKey *key)
{
	AddbText	name = addb_model_utf8(key->field);
	AddbKeyAttribute attribute = {pnstrdup(name.data, name.len),
	key->is_numeric ? 'N' : 'S'};

	return attribute;
}

/*
 * addb_entity_key_schema - the key attributes of an entity's table; palloc'd
 *
 * DynamoDB is not asked: a table with another key refuses the request.
 */
const AddbKeySchema *
addb_entity_key_schema(const AddbEntityModel *model)
{
	AddbKeySchema *schema = palloc0(sizeof(AddbKeySchema));

	schema->attributes[schema->n++] = attribute_of(&model->primary->pk);
	if (model->primary->has_sk)
		schema->attributes[schema->n++] = attribute_of(&model->primary->sk);
	return schema;
}
