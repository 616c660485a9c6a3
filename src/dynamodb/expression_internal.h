/*
 * expression_internal.h
 *	  What the files of the expression module share: tokens, the tables of names
 *	  and values, and the state of a parser.
 *
 * The parser is a recursive descent that writes the text for DynamoDB as it
 * reads; there is no tree. Nothing here calls anything but memory allocation,
 * the jsonb readers and ereport.
 */
#ifndef ADDB_DYNAMODB_EXPRESSION_INTERNAL_H
#define ADDB_DYNAMODB_EXPRESSION_INTERNAL_H

#include "dynamodb/expression.h"

/* Limits of DynamoDB (Developer Guide, "Quotas"; DynamoDB Local agrees). */
#define ADDB_EXPRESSION_MAX_BYTES 4096
#define ADDB_EXPRESSION_MAX_OPERATORS 300
#define ADDB_EXPRESSION_MAX_IN 100
#define ADDB_EXPRESSION_MAX_PLACEHOLDER 255 /* bytes, with its # or : */
#define ADDB_EXPRESSION_MAX_NAME 65535	/* bytes of an attribute's name */
#define ADDB_EXPRESSION_MAX_LEVELS 32	/* of a document path */

/*
 * Parentheses, calls and NOTs within one another. What DynamoDB accepts never
 * needs more: each level that is not redundant has an operator.
 */
#define ADDB_EXPRESSION_MAX_DEPTH 300

typedef enum AddbTokenType
{
	ADDB_TOKEN_END,
	ADDB_TOKEN_WORD,			/* a name, a keyword or a function */
	ADDB_TOKEN_QUOTED,			/* "a name", with its quotes */
	ADDB_TOKEN_NAME,			/* #n */
	ADDB_TOKEN_VALUE,			/* :v */
	ADDB_TOKEN_COMPARISON,		/* = <> < <= > >= */
	ADDB_TOKEN_SIGN,			/* + - */
	ADDB_TOKEN_COMMA,
	ADDB_TOKEN_DOT,
	ADDB_TOKEN_OPEN,			/* ( */
	ADDB_TOKEN_CLOSE,			/* ) */
	ADDB_TOKEN_OPEN_BRACKET,
	ADDB_TOKEN_CLOSE_BRACKET,
	ADDB_TOKEN_UNTERMINATED,	/* a quote without its partner */
	ADDB_TOKEN_INVALID			/* nothing that the grammar knows */
} AddbTokenType;

typedef struct AddbToken
{
	AddbTokenType type;
	const char *text;			/* in the text that is read; at its end: END */
	int			len;
	bool		doubled;		/* QUOTED: holds quotes, each twice */
} AddbToken;

typedef struct AddbLexer
{
	const char *pos;			/* next byte to read */
	const char *end;			/* one past the last byte */
} AddbLexer;

/* One member of the user's names or values. */
typedef struct AddbExpressionMember
{
	const char *key;			/* as the user wrote it */
	int			len;
	bool		used;			/* by an expression */
	bool		taken;			/* by the caller: see expression_actions.c */
	JsonbValue	value;
} AddbExpressionMember;

typedef struct AddbExpressionMembers
{
	const char *argument;		/* "names", NULL: there can be none; "vals"
								 * unless the caller says more */
	AddbExpressionMember *members;	/* in the order of jsonb */
	int			n;
} AddbExpressionMembers;

/* An attribute name of the request. */
typedef struct AddbExpressionName
{
	const char *name;
	int			len;
	uint32		hash;
	int			next;			/* in its bucket, -1: last */
	const char *given;			/* the user's placeholder, from its #; or NULL */
	int			given_len;
	int			number;			/* of #n0, #n1, ... when none is given */
} AddbExpressionName;

/*
 * A document path: segments of AddbExpressions from first on. A segment is the
 * index of a name, or -1 - a list index.
 */
typedef struct AddbDocumentPath
{
	int			first;
	int			count;
	const char *text;			/* as it was written */
	int			len;
} AddbDocumentPath;

#define ADDB_EXPRESSION_BUCKETS 64

struct AddbExpressions
{
	AddbExpressionMembers names;
	AddbExpressionMembers values;
	AddbExpressionResolver resolver;	/* or NULL */
	void	   *resolver_arg;
	const AddbExpressionBinder *binder; /* or NULL */

	AddbExpressionName *table;	/* every name of the request once */
	int			ntable;
	int			table_size;
	int			next_number;	/* of a placeholder */
	int			buckets[ADDB_EXPRESSION_BUCKETS];	/* of table, -1: empty */

	int		   *segments;
	int			nsegments;
	int			segments_size;

	AddbDocumentPath *paths;	/* of projections, and of the update at hand */
	int			npaths;
	int			paths_size;

	bool		idempotent;		/* the update can be applied twice */
	bool		lists_are_sets; /* where an update takes sets, for the caller
								 * makes them of lists */

	StringInfoData own_values;	/* of the caller: ,":v0":{...}; data NULL: none */
	int			next_value;		/* number of the next of them */
};

typedef enum AddbOperandType
{
	ADDB_OPERAND_PATH,
	ADDB_OPERAND_VALUE,
	ADDB_OPERAND_CALL,			/* a function that gives a value */
	ADDB_OPERAND_SUM,			/* a + b, a - b */
	ADDB_OPERAND_CONDITION		/* true or false: no operand at all */
} AddbOperandType;

/* What has just been read. */
typedef struct AddbOperand
{
	AddbOperandType type;
	AddbToken	token;			/* its first, parentheses left aside */
	int			types;			/* bits of ADDB_TYPE_: what it can be */
	AddbDocumentPath path;		/* of a PATH */
	const void *subject;		/* of a PATH, and of its size: the binder's */
	const JsonbValue *value;	/* of a VALUE */
	AddbExpressionMember *member;	/* of a VALUE, which it has */
	bool		first_use;		/* of that member */
	int			place;			/* of a VALUE in the text that is written */
	bool		grouped;		/* is one pair of parentheses as a whole */
	bool		repeatable;		/* assigned twice, makes no difference */
} AddbOperand;

typedef struct AddbExpressionParser
{
	AddbExpressions *expressions;
	AddbExpressionKind kind;
	const char *argument;		/* for messages: which argument is read */
	const char *text;			/* all of it; NULL: it was read in pieces */
	AddbLexer	lexer;
	AddbToken	token;			/* the one at hand, not yet consumed */
	const char *consumed;		/* end of the last token consumed */
	StringInfo	out;
	int			start;			/* of the text in out */
	int			depth;
	int			operators;
	AddbDocumentPath target;	/* of the SET at hand, count 0: none */
} AddbExpressionParser;

typedef void (*AddbExpressionRule) (AddbExpressionParser *parser,
									AddbOperand *operand);

/* in expression.c */
extern AddbExpressionMember *addb_expression_find_member(const AddbExpressionMembers *members,
														 const char *key, int len);
extern AddbExpressionMember *addb_expression_member(AddbExpressionMembers *members,
													const AddbToken *token,
													bool *first_use);
extern int	addb_expression_intern(AddbExpressions *expressions,
								   const char *name, int len,
								   const AddbToken *given);
extern void *addb_expression_grow(void *array, int used, int *size,
								  size_t element);

/* in expression_lexer.c */
extern void addb_expression_lex(AddbLexer *lexer, AddbToken *token);
extern bool addb_expression_is_word(const AddbToken *token, const char *word);
extern bool addb_expression_is_number(const AddbToken *token);

/* in expression_parse.c */
extern void addb_expression_too_long(const char *argument);
extern void addb_expression_parse(AddbExpressions *expressions,
								  AddbExpressionKind kind,
								  const char *argument, const char *text,
								  int len, StringInfo out);
extern void addb_expression_advance(AddbExpressionParser *parser);
extern void addb_expression_expect(AddbExpressionParser *parser,
								   AddbTokenType type, const char *said);
extern void addb_expression_emit(AddbExpressionParser *parser,
								 const char *text, int len);
extern void addb_expression_count_operator(AddbExpressionParser *parser);
extern void addb_expression_enter(AddbExpressionParser *parser);

/* in expression_error.c */
extern void addb_expression_fail(const AddbExpressionParser *parser,
								 const char *said);
extern int	addb_expression_character(const AddbExpressionParser *parser,
									  const char *place);
extern int	addb_expression_errposition(const AddbExpressionParser *parser,
										const char *place);
extern char *addb_expression_excerpt(const char *text, int len);

/* in expression_path.c */
extern void addb_expression_parse_path(AddbExpressionParser *parser,
									   AddbDocumentPath *path);
extern bool addb_expression_same_path(const AddbExpressions *expressions,
									  const AddbDocumentPath *a,
									  const AddbDocumentPath *b);
extern void addb_expression_keep_path(AddbExpressionParser *parser,
									  const AddbDocumentPath *path);
extern void addb_expression_check_paths(AddbExpressionParser *parser,
										int first);

/* in expression_operand.c */
extern void addb_expression_parse_operand(AddbExpressionParser *parser,
										  AddbOperand *operand);
extern void addb_expression_parse_value(AddbExpressionParser *parser,
										AddbOperand *operand);
extern void addb_expression_parse_group(AddbExpressionParser *parser,
										AddbOperand *operand,
										AddbExpressionRule inner);

/* in expression_bind.c */
extern void addb_expression_take_subject(AddbExpressionParser *parser,
										 AddbOperand *operand);
extern void addb_expression_bind(AddbExpressionParser *parser,
								 AddbOperand *left, AddbOperand *right);
extern void addb_expression_bind_call(AddbExpressionParser *parser,
									  const char *function,
									  AddbOperand *operands);

/* in expression_function.c */
extern bool addb_expression_at_call(const AddbExpressionParser *parser);
extern void addb_expression_parse_call(AddbExpressionParser *parser,
									   AddbOperand *operand);

/* in expression_type.c: DynamoDB's types as bits */
#define ADDB_TYPE_S 0x001
#define ADDB_TYPE_N 0x002
#define ADDB_TYPE_B 0x004
#define ADDB_TYPE_BOOL 0x008
#define ADDB_TYPE_NULL 0x010
#define ADDB_TYPE_SS 0x020
#define ADDB_TYPE_NS 0x040
#define ADDB_TYPE_BS 0x080
#define ADDB_TYPE_L 0x100
#define ADDB_TYPE_M 0x200
#define ADDB_TYPE_ANY 0x3ff
#define ADDB_TYPE_SETS (ADDB_TYPE_SS | ADDB_TYPE_NS | ADDB_TYPE_BS)

extern int	addb_expression_value_type(const JsonbValue *value);
extern void addb_expression_check_type(const AddbExpressionParser *parser,
									   const AddbOperand *operand, int types,
									   const char *user);
extern void addb_expression_check_type_name(const AddbExpressionParser *parser,
											const AddbOperand *operand);

/* in expression_condition.c, expression_update.c */
extern void addb_expression_parse_condition(AddbExpressionParser *parser);
extern void addb_expression_parse_update(AddbExpressionParser *parser);
extern void addb_expression_parse_projection(AddbExpressionParser *parser);

/* Writes a literal. */
#define addb_expression_emit_literal(parser, literal) \
	addb_expression_emit(parser, literal, (int) sizeof(literal) - 1)

#endif							/* ADDB_DYNAMODB_EXPRESSION_INTERNAL_H */
