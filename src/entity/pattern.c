/*
 * pattern.c
 *	  The regular expressions of "validate", by PostgreSQL's own engine.
 *
 * Its advanced expressions are close to JavaScript's, and differ in this: no
 * lookbehind with captures, no \p{...} and named groups; \d, \w and "i" know
 * ASCII only; without the flag "s" a negated bracket, as ".", stops at a line's
 * end; an expression that begins with *** or (?letters) means something else.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "entity/error.h"
#include "entity/js_text.h"
#include "entity/pattern.h"
#include "regex/regex.h"
#include "utils/builtins.h"

static int
compile_flags(AddbText flags)
{
	int			compile = REG_ADVANCED;

	if (flags.len == 0 || memchr(flags.data, 's', flags.len) == NULL)
		compile |= REG_NLSTOP;
	if (flags.len > 0 && memchr(flags.data, 'i', flags.len) != NULL)
		compile |= REG_ICASE;
	if (flags.len > 0 && memchr(flags.data, 'm', flags.len) != NULL)
		compile |= REG_NLANCH;
	return compile;
}

static bool
matches(const AddbEntityAttribute *attribute, char *text, int len)
{
	return RE_compile_and_execute(cstring_to_text_with_len(attribute->pattern.data, attribute->pattern.len), text, len, compile_flags(attribute->flags), C_COLLATION_OID, 0, NULL);
}

/*
 * addb_entity_pattern_check - raises 2201B when the expression is none
 */
void
addb_entity_pattern_check(const AddbEntityAttribute *attribute)
{
	char		nothing[1] = "";

	(void) matches(attribute, nothing, 0);
}

/* A scalar as JavaScript's String() has it, in the server's encoding. */
static void
append_scalar(StringInfo out, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			appendBinaryStringInfo(out, value->val.string.val,
								   value->val.string.len);
			break;
		case jbvNumeric:
			appendStringInfoString(out, addb_numeric_text(value->val.numeric));
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			break;
		case jbvBinary:
			appendStringInfoString(out, "[object Object]");
			break;
		default:
			break;
	}
}

/*
 * addb_entity_pattern_matches - whether a value passes; true without a pattern
 *
 * An array is one text, its elements joined by commas, as in JavaScript.
 */
bool
addb_entity_pattern_matches(const AddbEntityAttribute *attribute,
							const JsonbValue *value)
{
	StringInfoData text;
	JsonbContainer *array;

	if (attribute->pattern.data == NULL)
		return true;
	if (value->type == jbvString)
		return matches(attribute, value->val.string.val, value->val.string.len);
	initStringInfo(&text);
	if (value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		append_scalar(&text, value);
	else
	{
		array = value->val.binary.data;
		for (int i = 0; i < JsonContainerSize(array); i++)
		{
			appendStringInfoString(&text, i > 0 ? "," : "");
			append_scalar(&text, getIthJsonbValueFromContainer(array, i));
		}
	}
	return matches(attribute, text.data, text.len);
}
