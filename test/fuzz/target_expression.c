/*
 * target_expression.c
 *	  The tokenizer and parser of expressions.
 *
 * An input is a digit for the kind of expression, the expression up to the line
 * feed, and a line each of values and names, JSON objects or empty. What comes
 * out has to be members of a request.
 */
#include "postgres.h"

#include "dynamodb/expression.h"

#include "fuzz.h"

#define KINDS (ADDB_PROJECTION + 1)

/* Renames whatever it is asked about, and refuses what begins with "x". */
static const char *
resolve(void *arg, int level, const char *name, int *len)
{
	if (*len > 0 && name[0] == 'x')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("no attribute \"%.*s\"", *len, name)));
	if (level > 0)
		*len = (int) strlen("é");
	return level > 0 ? "é" : name;
}

static void
run(const char *data, int len)
{
	AddbText	rest = {data, len};
	AddbText	text = addb_fuzz_next_line(&rest);
	AddbText	values = addb_fuzz_next_line(&rest);
	AddbText	names = rest;
	AddbExpressions *expressions;
	StringInfoData out;
	int			kind;

	if (text.len == 0 || !addb_fuzz_is_text((AddbText) {data + 1, len - 1}))
		return;
	kind = (uint8) (text.data[0] - '0') % (2 * KINDS);
	initStringInfo(&out);
	appendStringInfoString(&out, "{\"TableName\":\"t\"");
	expressions = addb_expressions_begin(addb_fuzz_jsonb(names), addb_fuzz_jsonb(values));
	if (kind >= KINDS)
		addb_expressions_set_resolver(expressions, resolve, NULL);
	addb_expressions_add(expressions, kind % KINDS, "expression", text.data + 1, text.len - 1, &out);
	(void) addb_expressions_update_is_idempotent(expressions);
	(void) addb_expressions_projects(expressions, "a", 1);
	addb_expressions_finish(expressions, &out);
	appendStringInfoChar(&out, '}');
	addb_fuzz_check_json("request", out.data, out.len);
}

const AddbFuzzTarget addb_fuzz_expression = {
	.name = "expression",
	.run = run,
};
