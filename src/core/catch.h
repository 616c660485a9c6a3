/*
 * catch.h
 *	  Goes on after errors that come from the world outside the database.
 */
#ifndef ADDB_CORE_CATCH_H
#define ADDB_CORE_CATCH_H

extern char *addb_catch(void (*action) (void *arg), void *arg);

#endif							/* ADDB_CORE_CATCH_H */
