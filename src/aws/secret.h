/*
 * secret.h
 *	  Memory that is overwritten before it is given back.
 */
#ifndef ADDB_AWS_SECRET_H
#define ADDB_AWS_SECRET_H

extern void addb_secret_wipe(const char *text);
extern void addb_secret_wipe_on_reset(char *text, size_t len);

#endif							/* ADDB_AWS_SECRET_H */
