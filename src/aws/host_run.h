/*
 * host_run.h
 *	  The run function of addb_host_real.
 */
#ifndef ADDB_AWS_HOST_RUN_H
#define ADDB_AWS_HOST_RUN_H

#include "aws/host.h"

extern char *addb_host_run(void *arg, const char *const *argv, int timeout,
						   size_t *len, const char **problem);

#endif							/* ADDB_AWS_HOST_RUN_H */
