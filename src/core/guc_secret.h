/*
 * guc_secret.h
 *	  What guc.c and guc_secret.c share; nobody else includes it.
 */
#ifndef ADDB_CORE_GUC_SECRET_H
#define ADDB_CORE_GUC_SECRET_H

#include "utils/guc.h"

/* What the settings show: "" or the mask. */
extern char *addb_guc_secret_access_key_shown;
extern char *addb_guc_session_token_shown;

/* in guc_secret.c */
extern bool addb_guc_check_secret_access_key(char **newval, void **extra,
											 GucSource source);
extern bool addb_guc_check_session_token(char **newval, void **extra,
										 GucSource source);
extern void addb_guc_assign_secret_access_key(const char *newval, void *extra);
extern void addb_guc_assign_session_token(const char *newval, void *extra);

/* in guc.c */
extern void addb_guc_changed(void);

#endif							/* ADDB_CORE_GUC_SECRET_H */
