/*
 * host.c
 *	  The environment variables and files of the machine that the server runs
 *	  on. Its network is in host_http.c.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "lib/stringinfo.h"
#include "storage/fd.h"

#include "aws/host.h"

static const char *
real_getenv(void *arg, const char *name)
{
	return getenv(name);
}

/* Fills text from stream; false with errno set when that fails. */
static bool
read_all(FILE *stream, StringInfo text)
{
	struct stat st;

	if (fstat(fileno(stream), &st) < 0)
		return false;
	if (S_ISDIR(st.st_mode))
	{
		errno = EISDIR;
		return false;
	}

	while (!feof(stream))
	{
		size_t		got;

		enlargeStringInfo(text, 8192);
		got = fread(text->data + text->len, 1, 8192, stream);
		if (ferror(stream))
			return false;
		text->len += got;
		text->data[text->len] = '\0';
		if (text->len > ADDB_HOST_FILE_MAX)
		{
			errno = EFBIG;
			return false;
		}
	}
	return true;
}

/*
 * A FIFO or a device would hold up the backend where no interrupt reaches it, so
 * only regular files are opened.
 */
static char *
real_read_file(void *arg, const char *path, size_t *len)
{
	struct stat st;
	StringInfoData text;
	FILE	   *stream;

	if (stat(path, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode))
	{
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}

	stream = AllocateFile(path, "r");
	if (stream == NULL)
		return NULL;

	initStringInfo(&text);
	if (!read_all(stream, &text))
	{
		int			saved_errno = errno;

		FreeFile(stream);
		explicit_bzero(text.data, text.maxlen);
		pfree(text.data);
		errno = saved_errno;
		return NULL;
	}
	FreeFile(stream);
	*len = text.len;
	return text.data;
}

/* The machine itself. */
const AddbHost addb_host_real = {
	.arg = NULL,
	.getenv = real_getenv,
	.read_file = real_read_file,
	.http = addb_host_http,
	.pause = addb_host_pause,
	.run = addb_host_run,
};

uint64		addb_host_questions = 0;

/*
 * The value of an environment variable, or NULL when it is not set or empty. It
 * belongs to the host: copy what must last.
 */
const char *
addb_host_getenv(const AddbHost *host, const char *name)
{
	const char *value = host->getenv(host->arg, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}
