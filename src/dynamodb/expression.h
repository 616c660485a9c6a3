/*
 * expression.h
 *	  DynamoDB's expressions as a person writes them.
 *
 * The texts are DynamoDB's own grammar, but that attribute names are written as
 * they are: every name becomes a placeholder (#n0, #n1, ...), so that reserved
 * words need no care, now or later. A name that is not made of letters, digits,
 * "_", "$" and characters beyond ASCII stands in double quotes, a quote in it
 * twice; so does one of digits alone at the beginning of a path, where a number
 * is most likely a mistake. Functions and keywords are recognised by their
 * place in the grammar. :v takes its value from an object of values, in which
 * the colon may be left out; #n may be used with an object of names.
 *
 * One AddbExpressions belongs to one request, whose expressions share names and
 * values.
 */
#ifndef ADDB_DYNAMODB_EXPRESSION_H
#define ADDB_DYNAMODB_EXPRESSION_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

typedef enum AddbExpressionKind
{
	ADDB_CONDITION,				/* ConditionExpression */
	ADDB_FILTER,				/* FilterExpression, of the same grammar */
	ADDB_KEY_CONDITION,			/* KeyConditionExpression */
	ADDB_UPDATE,				/* UpdateExpression */
	ADDB_PROJECTION				/* ProjectionExpression */
} AddbExpressionKind;

typedef struct AddbExpressions AddbExpressions;

/*
 * Actions of an update as pairs of a path and a plain value, and what they
 * become. p is a path in the grammar of expressions, v a value.
 */
typedef enum AddbUpdatePair
{
	ADDB_PAIR_SET,				/* SET p = v */
	ADDB_PAIR_SUBTRACT,			/* SET p = if_not_exists(p, 0) - v */
	ADDB_PAIR_APPEND,			/* SET p = list_append(if_not_exists(p, []), v) */
	ADDB_PAIR_REMOVE,			/* REMOVE p */
	ADDB_PAIR_ADD,				/* ADD p v */
	ADDB_PAIR_DELETE			/* DELETE p v */
} AddbUpdatePair;

#define ADDB_UPDATE_CLAUSES 4

/* An update that is collected pair by pair. */
typedef struct AddbUpdatePairs
{
	AddbExpressions *expressions;
	StringInfoData clauses[ADDB_UPDATE_CLAUSES];	/* text of each, or empty */
	char		zero[16];		/* placeholders of 0 and [], or "" */
	char		empty_list[16];
	int			npaths;			/* of the expressions, before */
	int			nsegments;
} AddbUpdatePairs;

/*
 * Gives the stored name of an attribute that a text names, or raises. level is
 * the place of the name in its path, from 0, list indexes counted; the names of
 * a path come in their order. The result has *len bytes and must stay until
 * addb_expressions_finish. Names that are given as #n are not asked about.
 */
typedef const char *(*AddbExpressionResolver) (void *arg, int level,
											   const char *name, int *len);

/* How a condition uses a value on an attribute. */
typedef enum AddbExpressionUse
{
	ADDB_USE_COMPARED,			/* with the attribute, by an operator, BETWEEN or IN */
	ADDB_USE_BEGINS,			/* begins_with(attribute, :v) */
	ADDB_USE_CONTAINED,			/* contains(attribute, :v) */
	ADDB_USE_SIZE				/* compared with size(attribute) */
} AddbExpressionUse;

/*
 * What a resolver may have beside it, called with its arg: subject tells what
 * the path read last leads to, levels being those of the whole path. bind is
 * given each value that a condition uses on it. It may raise, and may write a
 * value of the caller's instead: then it appends the placeholder of
 * addb_expressions_append_value to out and returns true.
 */
typedef struct AddbExpressionBinder
{
	const void *(*subject) (void *arg, int levels);
	bool		(*bind) (void *arg, const void *subject, AddbExpressionUse use,
						 const JsonbValue *value, StringInfo out);
} AddbExpressionBinder;

/* What an action of an update's text is, as far as callers can do it themselves. */
typedef enum AddbUpdateForm
{
	ADDB_FORM_SET,				/* SET p = :v */
	ADDB_FORM_COPY,				/* SET p = source */
	ADDB_FORM_IF_NOT_EXISTS,	/* SET p = if_not_exists(p, :v) */
	ADDB_FORM_PLUS,				/* SET p = p + :v, or if_not_exists(p, :d) + :v */
	ADDB_FORM_MINUS,
	ADDB_FORM_APPEND,			/* SET p = list_append(p, :v), or the like */
	ADDB_FORM_REMOVE,
	ADDB_FORM_ADD,
	ADDB_FORM_DELETE
} AddbUpdateForm;

/* Paths are as in a[0].b, without quotes. */
typedef struct AddbUpdateAction
{
	AddbUpdateForm form;
	const char *path;
	const char *source;			/* of COPY */
	const JsonbValue *value;	/* NULL of COPY and REMOVE */
	const JsonbValue *fallback; /* :d where p is missing, or NULL */
} AddbUpdateAction;

typedef void (*AddbUpdateActionStep) (void *arg, const AddbUpdateAction *action);

extern AddbExpressions *addb_expressions_begin(Jsonb *names, Jsonb *values);
extern void addb_expressions_without_names(AddbExpressions *expressions);
extern void addb_expressions_call_values(AddbExpressions *expressions,
										 const char *argument);
extern void addb_expressions_set_resolver(AddbExpressions *expressions,
										  AddbExpressionResolver resolver,
										  void *arg);
extern void addb_expressions_set_binder(AddbExpressions *expressions,
										const AddbExpressionBinder *binder);
extern void addb_expressions_add(AddbExpressions *expressions,
								 AddbExpressionKind kind, const char *argument,
								 const char *text, int len, StringInfo out);
extern void addb_expressions_finish(AddbExpressions *expressions,
									StringInfo out);
extern bool addb_expressions_update_is_idempotent(const AddbExpressions *expressions);
extern bool addb_expressions_projects(const AddbExpressions *expressions,
									  const char *name, int len);
extern const char *addb_expressions_placeholder(AddbExpressions *expressions,
												const char *name, int len);
extern void addb_expressions_append(AddbExpressions *expressions,
									AddbExpressionKind kind, const char *argument,
									const char *text, int len, StringInfo out);
extern void addb_expressions_append_group(AddbExpressions *expressions,
										  const char *argument, const char *text,
										  int len, StringInfo out);
extern void addb_expressions_append_name(AddbExpressions *expressions,
										 const char *name, int len, StringInfo out);
extern void addb_expressions_project_names(AddbExpressions *expressions,
										   StringInfo out);
extern StringInfo addb_expressions_append_value(AddbExpressions *expressions,
												StringInfo out);
extern const char *addb_expressions_member(AddbExpressionKind kind);

/* in expression_actions.c */
extern void addb_expressions_read_update(AddbExpressions *expressions,
										 const char *argument,
										 const char *text, int len,
										 AddbUpdateActionStep step, void *arg);

/* in expression_pairs.c */
extern void addb_update_pairs_begin(AddbUpdatePairs *pairs,
									AddbExpressions *expressions);
extern void addb_update_pairs_add(AddbUpdatePairs *pairs, AddbUpdatePair action,
								  const char *path, int len,
								  const JsonbValue *value);
extern bool addb_update_pairs_are_none(const AddbUpdatePairs *pairs);
extern void addb_update_pairs_finish(AddbUpdatePairs *pairs, StringInfo out);

#endif							/* ADDB_DYNAMODB_EXPRESSION_H */
