/*
 * expression_lexer.c
 *	  The tokens of DynamoDB's expressions.
 *
 * Pure: no memory, no errors, any bytes. The text is in the server's encoding;
 * every one of these has ASCII as it is and no ASCII byte within a character,
 * so that bytes are enough. A lexer may be copied to look ahead.
 */
#include "postgres.h"

#include "dynamodb/expression_internal.h"

/* What a byte can be a part of. */
#define IN_BLANK 0x01
#define IN_WORD 0x02			/* a bare name */
#define IN_PLACEHOLDER 0x04		/* what stands behind # and : */
#define IN_COMPARISON 0x08

#define LETTER (IN_WORD | IN_PLACEHOLDER)

static const uint8 byte_class[256] = {
	[' '] = IN_BLANK,['\t'] = IN_BLANK,['\n'] = IN_BLANK,['\v'] = IN_BLANK,
	['\f'] = IN_BLANK,['\r'] = IN_BLANK,
	['0' ... '9'] = LETTER,['A' ... 'Z'] = LETTER,['a' ... 'z'] = LETTER,
	['_'] = LETTER,['$'] = IN_WORD,[0x80 ... 0xff] = IN_WORD,
	['='] = IN_COMPARISON,['<'] = IN_COMPARISON,['>'] = IN_COMPARISON,
	['!'] = IN_COMPARISON,
};

/* Tokens of one byte; all others are 0. */
static const uint8 punctuation[256] = {
	[','] = ADDB_TOKEN_COMMA,['.'] = ADDB_TOKEN_DOT,
	['('] = ADDB_TOKEN_OPEN,[')'] = ADDB_TOKEN_CLOSE,
	['['] = ADDB_TOKEN_OPEN_BRACKET,[']'] = ADDB_TOKEN_CLOSE_BRACKET,
	['+'] = ADDB_TOKEN_SIGN,['-'] = ADDB_TOKEN_SIGN,
};

/* The end of the run of bytes of a class that begins at p. */
static inline const char *
run_end(const char *p, const char *end, uint8 class)
{
	while (p < end && (byte_class[(uint8) *p] & class) != 0)
		p++;
	return p;
}

/*
 * Comparison characters are taken as long as they go on, so that "==" is one
 * wrong operator and not two right ones.
 */
static AddbTokenType
comparison_type(const char *text, int len)
{
	if (len == 1 && text[0] != '!')
		return ADDB_TOKEN_COMPARISON;
	if (len == 2 && ((text[0] == '<' && text[1] != '<' && text[1] != '!') ||
					 (text[0] == '>' && text[1] == '=')))
		return ADDB_TOKEN_COMPARISON;
	return ADDB_TOKEN_INVALID;
}

/* Reads the rest of a quoted name; returns its end, or NULL. */
static const char *
quoted_end(const char *p, const char *end, bool *doubled)
{
	*doubled = false;
	while (p < end && (p = memchr(p, '"', end - p)) != NULL)
	{
		if (p + 1 == end || p[1] != '"')
			return p + 1;
		*doubled = true;
		p += 2;
	}
	return NULL;
}

/*
 * addb_expression_lex - reads the next token
 *
 * token->text points into the text that the lexer was made for. At the end
 * ADDB_TOKEN_END comes again and again.
 */
void
addb_expression_lex(AddbLexer *lexer, AddbToken *token)
{
	const char *end = lexer->end;
	const char *text = run_end(lexer->pos, end, IN_BLANK);
	const char *p = text + 1;

	token->text = text;
	token->doubled = false;
	if (text >= end)
	{
		token->type = ADDB_TOKEN_END;
		p = end;
	}
	else if (byte_class[(uint8) *text] & IN_WORD)
	{
		token->type = ADDB_TOKEN_WORD;
		p = run_end(p, end, IN_WORD);
	}
	else if (*text == ':' || *text == '#')
	{
		p = run_end(p, end, IN_PLACEHOLDER);
		token->type = p == text + 1 ? ADDB_TOKEN_INVALID :
			*text == ':' ? ADDB_TOKEN_VALUE : ADDB_TOKEN_NAME;
	}
	else if (punctuation[(uint8) *text] != 0)
		token->type = punctuation[(uint8) *text];
	else if (byte_class[(uint8) *text] & IN_COMPARISON)
	{
		p = run_end(p, end, IN_COMPARISON);
		token->type = comparison_type(text, (int) (p - text));
	}
	else if (*text == '"')
	{
		p = quoted_end(p, end, &token->doubled);
		token->type = p != NULL ? ADDB_TOKEN_QUOTED : ADDB_TOKEN_UNTERMINATED;
		if (p == NULL)
			p = end;
	}
	else
		token->type = ADDB_TOKEN_INVALID;
	token->len = (int) (p - text);
	lexer->pos = p;
}

/*
 * addb_expression_is_word - whether a token is this word, in any case
 *
 * word is in lower case. A quoted name never is.
 */
bool
addb_expression_is_word(const AddbToken *token, const char *word)
{
	/* most tokens differ in the first letter */
	return token->type == ADDB_TOKEN_WORD &&
		(token->text[0] | 0x20) == word[0] && token->len == strlen(word) &&
		pg_strncasecmp(token->text, word, token->len) == 0;
}

/*
 * addb_expression_is_number - whether a word is made of digits alone
 */
bool
addb_expression_is_number(const AddbToken *token)
{
	if (token->type != ADDB_TOKEN_WORD)
		return false;
	for (int i = 0; i < token->len; i++)
		if (token->text[i] < '0' || token->text[i] > '9')
			return false;
	return true;
}
