/*
 * table_definition.c
 *	  The request that creates a table, from the arguments of ddb_create_table.
 *
 * Pure: nothing is asked of DynamoDB. What it would refuse with a message about
 * its own request is refused here with one about the arguments, as far as the
 * rules are fixed; limits that AWS raises for those who ask are left to it.
 */
#include "postgres.h"

#include "dynamodb/attribute_value.h"
#include "dynamodb/table_index.h"

/*
 * addb_table_definition_append_throughput - appends ,"ProvisionedThroughput":
 * {...}
 */
void
addb_table_definition_append_throughput(StringInfo out, int64 read_units, int64 write_units)
{
	appendStringInfo(out, ",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":"
					 INT64_FORMAT ",\"WriteCapacityUnits\":" INT64_FORMAT "}",
					 read_units, write_units);
}

/*
 * addb_table_definition_members - the members of CreateTable's request
 *
 * Each with a comma in front, but for TableName, which is only checked: 3 to
 * 255 characters, or an ARN. The text is palloc'd. Raises 22023, and 54000 for
 * names that are too long, with the argument, index and member.
 */
char *
addb_table_definition_members(const AddbTableDefinition *definition)
{
	AddbTableKey partition_key;
	AddbTableKey sort_key;
	List	   *keys = NIL;
	StringInfoData out;

	if (strncmp(definition->table, "arn:", 4) != 0)
		addb_table_check_name(definition->table, "argument \"table_name\"");
	partition_key = addb_table_key_parse(definition->partition_key,
										 "argument \"partition_key\"");
	if (definition->sort_key != NULL)
		sort_key = addb_table_key_parse(definition->sort_key,
										"argument \"sort_key\"");
	initStringInfo(&out);
	appendStringInfoChar(&out, ',');
	addb_table_key_append_schema(&out, &keys, &partition_key,
								 definition->sort_key != NULL ? &sort_key : NULL);
	addb_table_index_append_global(&out, &keys, definition);
	addb_table_index_append_local(&out, &keys, definition, &partition_key);
	appendStringInfoChar(&out, ',');
	addb_table_key_append_definitions(&out, keys);
	if (definition->read_units > 0)
	{
		appendStringInfoString(&out, ",\"BillingMode\":\"PROVISIONED\"");
		addb_table_definition_append_throughput(&out, definition->read_units,
												definition->write_units);
	}
	else
		appendStringInfoString(&out, ",\"BillingMode\":\"PAY_PER_REQUEST\"");
	return out.data;
}
