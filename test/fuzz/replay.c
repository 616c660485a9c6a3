/*
 * replay.c
 *	  What stands for libFuzzer where inputs are only to be run once each: the
 *	  same function, which runs every file of the directories it is given.
 *
 * Its last line is libFuzzer's, too. An input that kills the process is the one
 * named last.
 */
#include "postgres.h"

#include <dirent.h>
#include <sys/stat.h>

#define MAX_INPUT 65536

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*run) (const uint8 *data, size_t size));

static int
run_file(const char *path, int (*run) (const uint8 *data, size_t size))
{
	static uint8 data[MAX_INPUT];
	FILE	   *file = fopen(path, "rb");
	struct stat status;
	size_t		size;

	if (file == NULL || fstat(fileno(file), &status) < 0)
		elog(FATAL, "could not open \"%s\": %m", path);
	size = S_ISREG(status.st_mode) ? fread(data, 1, sizeof(data), file) : 0;
	fclose(file);
	if (!S_ISREG(status.st_mode))
		return 0;
	fprintf(stderr, "%s\n", path);
	run(data, size);
	return 1;
}

int
LLVMFuzzerRunDriver(int *argc, char ***argv,
					int (*run) (const uint8 *data, size_t size))
{
	int			n = 0;

	for (int i = 1; i < *argc; i++)
	{
		DIR		   *directory = opendir((*argv)[i]);
		struct dirent *entry;

		if (directory == NULL)
			elog(FATAL, "could not open \"%s\": %m", (*argv)[i]);
		while ((entry = readdir(directory)) != NULL)
			n += run_file(psprintf("%s/%s", (*argv)[i], entry->d_name), run);
		closedir(directory);
	}
	fprintf(stderr, "stat::number_of_executed_units: %d\n", n);
	return 0;
}
