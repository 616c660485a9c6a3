/*
 * setback.h
 *	  The last failure to get credentials, told again for some seconds.
 */
#ifndef ADDB_AWS_SETBACK_H
#define ADDB_AWS_SETBACK_H

extern void addb_setback_keep(const char *server, uint64 generation,
							  int64 took);
extern void addb_setback_raise(const char *server, uint64 generation);

#endif							/* ADDB_AWS_SETBACK_H */
