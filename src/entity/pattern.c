/*
 * pattern.c
 *	  The regular expressions of "validate", by PostgreSQL's own engine.
 *
 * Its advanced expressions are close to JavaScript's: pattern_translate.c sees to
 * what it writes in another way and refuses what it does not have. What is left:
 * "i" knows ASCII only, a character beyond U+FFFF counts once, lines end at \n
 * alone for "m", and a back reference to a group that was passed over matches
 * nothing.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "entity/error.h"
#include "entity/js_string.h"
#include "entity/js_text.h"
#include "entity/pattern.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/builtins.h"

/* "." has been translated by the flag "s". */
static int
compile_flags(AddbText flags)
{
	int			compile = REG_ADVANCED;

	if (addb_entity_pattern_has_flag(flags, 'i'))
		compile |= REG_ICASE;
	if (addb_entity_pattern_has_flag(flags, 'm'))
		compile |= REG_NLANCH;
	return compile;
}

static bool
matches(const AddbEntityAttribute *attribute, AddbText string)
{
	text	   *pattern = cstring_to_text_with_len(attribute->pattern.data,
												   attribute->pattern.len);
	regex_t    *regex = RE_compile_and_cache(pattern, compile_flags(attribute->flags),
											 C_COLLATION_OID);
	int			len;
	pg_wchar   *wide = addb_js_string_widen(string, &len);
	int			result = pg_regexec(regex, wide, len, 0, NULL, 0, NULL, 0);
	char		reason[100];

	pfree(wide);
	if (result != REG_OKAY && result != REG_NOMATCH)
	{
		/* PostgreSQL 15 has a result of its own for a cancelled query */
		CHECK_FOR_INTERRUPTS();
		pg_regerror(result, regex, reason, sizeof(reason));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("regular expression failed: %s", reason)));
	}
	return result == REG_OKAY;
}

/* Of JavaScript's, d and g make no difference to a test. */
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
 * addb_entity_pattern_read - takes over an attribute's pattern and flags
 *
 * The pattern becomes PostgreSQL's, palloc'd. Raises 22023 with number 1009 for
 * flags that JavaScript does not have, 0A000 for an expression that it does not
 * have, or that cannot mean the same here.
 */
void
addb_entity_pattern_read(AddbEntityAttribute *attribute, const char *path)
{
	pg_wchar   *wide;
	int			len;
	regex_t		regex;
	int			result;
	char		reason[100];

	check_flags(attribute->flags, path);
	attribute->pattern = addb_entity_pattern_translate(attribute->pattern,
													   attribute->flags, path);
	wide = palloc((attribute->pattern.len + 1) * sizeof(pg_wchar));
	len = pg_mb2wchar_with_len(attribute->pattern.data, wide, attribute->pattern.len);
	result = pg_regcomp(&regex, wide, len, compile_flags(attribute->flags), C_COLLATION_OID);
	pfree(wide);
	if (result == REG_OKAY)
	{
		pg_regfree(&regex);
		return;
	}
	CHECK_FOR_INTERRUPTS();
	pg_regerror(result, &regex, reason, sizeof(reason));
	addb_entity_pattern_refuse(path, psprintf("PostgreSQL says of it: %s.", reason));
}

/* A scalar as JavaScript's String() has it, in UTF-8. */
static void
append_scalar(StringInfo out, const JsonbValue *value)
{
	AddbText	string;

	if (addb_js_string(value, &string))
	{
		appendBinaryStringInfo(out, string.data, string.len);
		return;
	}
	switch (value->type)
	{
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
 * An array is one text, its elements joined by commas, as in JavaScript; so is a
 * set in the item layer's form.
 */
bool
addb_entity_pattern_matches(const AddbEntityAttribute *attribute,
							const JsonbValue *value)
{
	StringInfoData text;
	JsonbContainer *array;
	JsonbValue	buffer;
	const JsonbValue *set = NULL;

	if (attribute->pattern.data == NULL)
		return true;
	if (attribute->type == ADDB_ENTITY_SET)
		set = addb_js_set_form(value, &buffer);
	if (set != NULL)
		value = set;
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
	return matches(attribute, (AddbText) {text.data, text.len});
}
