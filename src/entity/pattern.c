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
#include "mb/pg_wchar.h"
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

/* Of JavaScript's, d, u, v and y make no difference to a test, nor g. */
static void
check_flags(AddbText flags, const char *path)
{
	for (int i = 0; i < flags.len; i++)
		if (strchr("dgimsuvy", flags.data[i]) == NULL ||
			memchr(flags.data, flags.data[i], i) != NULL)
			addb_entity_raise(ADDB_ENTITY_BAD_MODEL,
							  "\"%s.validate.flags\" of the model cannot be \"%s\"",
							  path, addb_entity_quote(flags));
}

/*
 * addb_entity_pattern_check - raises for an expression that cannot be used
 *
 * 22023 with number 1009 for flags that JavaScript does not have, 0A000 for an
 * expression that PostgreSQL's engine does not take.
 */
void
addb_entity_pattern_check(const AddbEntityAttribute *attribute, const char *path)
{
	pg_wchar   *wide = palloc((attribute->pattern.len + 1) * sizeof(pg_wchar));
	int			len = pg_mb2wchar_with_len(attribute->pattern.data, wide,
										   attribute->pattern.len);
	regex_t		regex;
	int			result;
	char		reason[100];

	check_flags(attribute->flags, path);
	result = pg_regcomp(&regex, wide, len, compile_flags(attribute->flags), C_COLLATION_OID);
	pfree(wide);
	if (result == REG_OKAY)
	{
		pg_regfree(&regex);
		return;
	}
	pg_regerror(result, &regex, reason, sizeof(reason));
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("regular expression of \"%s\" is not supported", path),
			 errdetail("PostgreSQL says of it: %s.", reason),
			 errhint("Named groups, \\p{...}, and groups within a lookbehind are JavaScript's alone.")));
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
