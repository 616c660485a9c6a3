/*
 * secret.c
 *	  Overwrites texts that hold secrets.
 *
 * PostgreSQL gives freed memory to whoever asks next, and a core file or a swap
 * partition shows what it held.
 */
#include "postgres.h"

#include "aws/secret.h"

typedef struct WipeOnReset
{
	MemoryContextCallback callback;
	char	   *text;
	size_t		len;
} WipeOnReset;

static void
wipe(void *arg)
{
	WipeOnReset *secret = arg;

	explicit_bzero(secret->text, secret->len);
}

/*
 * addb_secret_wipe - overwrites a text that is about to be freed; NULL is none
 */
void
addb_secret_wipe(const char *text)
{
	if (text != NULL)
		explicit_bzero(unconstify(char *, text), strlen(text));
}

/*
 * addb_secret_wipe_on_reset - overwrites len bytes when the current context goes
 *
 * text must live in the current memory context, for as long as that does: it
 * must not be freed or moved. Raises out of memory only, after overwriting.
 */
void
addb_secret_wipe_on_reset(char *text, size_t len)
{
	WipeOnReset *secret = palloc_extended(sizeof(WipeOnReset), MCXT_ALLOC_NO_OOM);

	if (secret == NULL)
	{
		explicit_bzero(text, len);
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	}
	secret->callback.func = wipe;
	secret->callback.arg = secret;
	secret->text = text;
	secret->len = len;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &secret->callback);
}
