/*
 * value.h
 *	  Rules for values that somebody sets, shared by the settings atomic_dynamodb.*
 *	  and the options of foreign servers and user mappings.
 *
 * Each function returns NULL for a value that may stand, else a whole sentence
 * that says what is wrong with it: static text that never quotes the value. An
 * empty value passes; whether it means anything is the caller's business.
 */
#ifndef ADDB_CORE_VALUE_H
#define ADDB_CORE_VALUE_H

/* Longest secret taken: STS session tokens are about 1 kB, 4 kB by contract. */
#define ADDB_SECRET_MAX_LEN 16384

typedef const char *(*AddbValueCheck) (const char *value);

extern const char *addb_value_check_external_id(const char *value);
extern const char *addb_value_check_file(const char *value);
extern const char *addb_value_check_region(const char *value);
extern const char *addb_value_check_role_arn(const char *value);
extern const char *addb_value_check_secret(const char *value);
extern const char *addb_value_check_session_name(const char *value);
extern const char *addb_value_check_table(const char *value);
extern const char *addb_value_check_url(const char *value);
extern const char *addb_value_check_word(const char *value);

#endif							/* ADDB_CORE_VALUE_H */
