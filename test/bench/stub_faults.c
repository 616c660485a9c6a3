/*
 * stub_faults.c
 *	  What the canned DynamoDB does wrong when a request asks for it.
 *
 * A request asks by a key or value that begins with "!": the word behind it is
 * one of those below, and anything may follow. Nothing of a benchmark does.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "stub.h"

typedef struct Refusal {
	const char *word, *status, *body;
} Refusal;

#define ERROR(type, more) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" type "\",\"message\":\"as asked\"" more "}"

static const Refusal refusals[] = {
	{"throttle", "400 Bad Request", ERROR("ProvisionedThroughputExceededException", "")},
	{"condition", "400 Bad Request", ERROR("ConditionalCheckFailedException", "")},
	{"conflict", "400 Bad Request", ERROR("TransactionCanceledException",
		",\"CancellationReasons\":[{\"Code\":\"TransactionConflict\",\"Message\":\"x\"},{\"Code\":\"None\"}]")},
	{"invalid", "400 Bad Request", ERROR("ValidationException", "")},
	{"failure", "500 Internal Server Error", ERROR("InternalServerError", "")},
	{"nonsense", "200 OK", "{\"Item\":{\"pk\":[[[[ \377"},
	{"gateway", "502 Bad Gateway", "<html>nobody home</html>"},
};

/*
 * What it is that a request asks for: the text behind the first "! of its body,
 * or NULL.
 */
static const char *
wish(const char *body, size_t length)
{
	const char *found = body ? memmem(body, length, "\"!", 2) : NULL;

	return found && found + 16 < body + length ? found + 2 : NULL;
}

static bool
is(const char *wish, const char *word)
{
	return !strncmp(wish, word, strlen(word));
}

/*
 * Answers a request that asks for a fault, and returns whether it did.
 *
 * "hang" is never answered, "cut" is answered in half and closed, "close" is
 * closed without a word, "crc" has a wrong checksum, the others are refusals.
 */
bool
misbehave(Conn *c, const char *body, size_t length)
{
	static const char whole[] = "{\"Item\":{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"b\"}}}";
	const char *wanted = wish(body, length);

	if (!wanted)
		return false;
	if (is(wanted, "hang")) {
		c->niov = 0;
		return true;
	}
	if (is(wanted, "close")) {
		c->niov = 0;
		c->closing = true;
		return true;
	}
	if (is(wanted, "cut")) {
		reply(c, "200 OK", whole, sizeof whole - 1, 0);
		c->iov[1].iov_len /= 2;
		c->closing = true;
		return true;
	}
	if (is(wanted, "crc")) {
		reply(c, "200 OK", whole, sizeof whole - 1, 1);
		return true;
	}
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (is(wanted, refusals[i].word)) {
			const char *text = refusals[i].body;

			reply(c, refusals[i].status, text, strlen(text), 0);
			return true;
		}
	return false;
}
