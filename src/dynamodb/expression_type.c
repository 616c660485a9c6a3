/*
 * expression_type.c
 *	  The types of the values that an expression uses, as far as DynamoDB would
 *	  refuse them whatever the item holds.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

static const struct
{
	const char *name;
	int			bit;
}			types[] = {
	{"S", ADDB_TYPE_S},
	{"N", ADDB_TYPE_N},
	{"B", ADDB_TYPE_B},
	{"BOOL", ADDB_TYPE_BOOL},
	{"NULL", ADDB_TYPE_NULL},
	{"SS", ADDB_TYPE_SS},
	{"NS", ADDB_TYPE_NS},
	{"BS", ADDB_TYPE_BS},
	{"L", ADDB_TYPE_L},
	{"M", ADDB_TYPE_M},
};

/* The names of some types: "S, N or B". */
static char *
type_names(int bits)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(types); i++)
	{
		if ((bits & types[i].bit) == 0)
			continue;
		bits &= ~types[i].bit;
		appendStringInfo(&names, "%s%s", names.len == 0 ? "" : bits == 0 ? " or " : ", ",
						 types[i].name);
	}
	return names.data;
}

/* The type of an object: a map, but for the $ forms of attribute_value.h. */
static int
object_type(JsonbContainer *object)
{
	static const struct
	{
		const char *name;
		int			bit;
	}			forms[] = {
		{"$s", ADDB_TYPE_S},
		{"$b", ADDB_TYPE_B},
		{"$ss", ADDB_TYPE_SS},
		{"$ns", ADDB_TYPE_NS},
		{"$bs", ADDB_TYPE_BS},
	};

	if (JsonContainerSize(object) == 1)
		for (int i = 0; i < lengthof(forms); i++)
		{
			JsonbValue	ignored;

			if (getKeyJsonValueFromContainer(object, forms[i].name,
											 strlen(forms[i].name), &ignored))
				return forms[i].bit;
		}
	return ADDB_TYPE_M;
}

/*
 * addb_expression_value_type - the type that a value has in DynamoDB, as a bit
 */
int
addb_expression_value_type(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return ADDB_TYPE_NULL;
		case jbvBool:
			return ADDB_TYPE_BOOL;
		case jbvNumeric:
			return ADDB_TYPE_N;
		case jbvString:
			return ADDB_TYPE_S;
		default:
			return JsonContainerIsArray(value->val.binary.data) ? ADDB_TYPE_L :
				object_type(value->val.binary.data);
	}
}

/*
 * addb_expression_check_type - raises 22023 for an operand of another type
 *
 * types are the bits that user, a function, operator or clause, takes.
 */
void
addb_expression_check_type(const AddbExpressionParser *parser,
						   const AddbOperand *operand, int types,
						   const char *user)
{
	if ((operand->types & types) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is of a wrong type for %s in argument \"%s\"",
						addb_expression_excerpt(operand->token.text,
												operand->token.len),
						user, parser->argument),
				 errdetail("It has type %s, at character %d, and must have type %s.",
						   type_names(operand->types),
						   addb_expression_character(parser, operand->token.text),
						   type_names(types)),
				 addb_expression_errposition(parser, operand->token.text)));
}

/*
 * addb_expression_check_type_name - raises 22023 unless a value names a type
 */
void
addb_expression_check_type_name(const AddbExpressionParser *parser,
								const AddbOperand *operand)
{
	const JsonbValue *value = operand->value;

	if (operand->type == ADDB_OPERAND_VALUE && value->type == jbvString)
		for (int i = 0; i < lengthof(types); i++)
			if (value->val.string.len == strlen(types[i].name) &&
				memcmp(value->val.string.val, types[i].name,
					   value->val.string.len) == 0)
				return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("second operand of attribute_type in argument \"%s\" must be the name of a type",
					parser->argument),
			 errdetail("At character %d, :name with the value %s is expected.",
					   addb_expression_character(parser, operand->token.text),
					   type_names(ADDB_TYPE_ANY)),
			 addb_expression_errposition(parser, operand->token.text)));
}
