/*
 * guc.h
 *	  The settings atomic_dynamodb.*: their values, defaults and ranges.
 *
 * A setting that decides where requests go or who signs them is PGC_SUSET;
 * the rest may be set by anyone.
 */
#ifndef ADDB_CORE_GUC_H
#define ADDB_CORE_GUC_H

typedef enum AddbDataFormat
{
	ADDB_DATA_JSON,				/* the attribute "data" is a string of JSON */
	ADDB_DATA_MAP				/* the attribute "data" is a native value */
} AddbDataFormat;

#define ADDB_CONNECT_TIMEOUT_DEFAULT 3000	/* ms */
#define ADDB_CONNECT_TIMEOUT_MIN 10
#define ADDB_CONNECT_TIMEOUT_MAX 600000
#define ADDB_REQUEST_TIMEOUT_DEFAULT 30000	/* ms */
#define ADDB_REQUEST_TIMEOUT_MIN 10
#define ADDB_REQUEST_TIMEOUT_MAX 3600000
#define ADDB_MAX_ATTEMPTS_DEFAULT 4
#define ADDB_MAX_ATTEMPTS_MIN 1
#define ADDB_MAX_ATTEMPTS_MAX 20
#define ADDB_MAX_CONNECTIONS_DEFAULT 8
#define ADDB_MAX_CONNECTIONS_MIN 1
#define ADDB_MAX_CONNECTIONS_MAX 64
#define ADDB_MAX_UNITS_DEFAULT 0.0	/* no limit */
#define ADDB_MAX_UNITS_MIN 0.0
#define ADDB_MAX_UNITS_MAX 1e9
#define ADDB_TRANSACT_RETRIES_DEFAULT 3
#define ADDB_TRANSACT_RETRIES_MIN 0
#define ADDB_TRANSACT_RETRIES_MAX 20
#define ADDB_PROGRESS_DEFAULT 0	/* ms; no notices */
#define ADDB_PROGRESS_MIN 0
#define ADDB_PROGRESS_MAX 3600000
#define ADDB_LOCK_TTL_DEFAULT 86400 /* s */
#define ADDB_LOCK_TTL_MIN 1
#define ADDB_LOCK_TTL_MAX 31536000
#define ADDB_LOCK_REFRESH_DEFAULT 3600	/* s */
#define ADDB_LOCK_REFRESH_MIN 0
#define ADDB_LOCK_REFRESH_MAX 31536000

/* Strings are "" when not set, never NULL. */
extern char *addb_access_key_id;
extern bool addb_allow_ambient_credentials;
extern bool addb_allow_insecure_http;
extern bool addb_allow_scan;
extern char *addb_ca_file;
extern int	addb_connect_timeout;	/* ms */
extern bool addb_consistent_read;
extern int	addb_data_format;	/* AddbDataFormat */
extern char *addb_endpoint_url;
extern int	addb_lock_refresh;	/* s */
extern int	addb_lock_ttl;		/* s */
extern int	addb_max_attempts;
extern int	addb_max_connections;
extern double addb_max_read_units;	/* capacity units a second, 0: no limit */
extern double addb_max_write_units;
extern char *addb_profile;
extern int	addb_progress_interval; /* ms, 0: no notices */
extern char *addb_region;
extern int	addb_request_timeout;	/* ms */
extern char *addb_table;
extern int	addb_transact_retries;

extern void addb_guc_init(void);
extern const char *addb_guc_secret_access_key(void);
extern const char *addb_guc_session_token(void);
extern uint64 addb_guc_generation(void);

/* in guc_guard.c */
extern void addb_guc_refuse_options(void);

#endif							/* ADDB_CORE_GUC_H */
