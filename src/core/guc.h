/*
 * guc.h
 *	  The settings atomic_dynamodb.*: their values, defaults and ranges.
 *
 * A setting that decides where requests go or who signs them is PGC_SUSET, apart
 * from the foreign server, on which one needs a right; the rest may be set by
 * anyone.
 */
#ifndef ADDB_CORE_GUC_H
#define ADDB_CORE_GUC_H

typedef enum AddbDataFormat
{
	ADDB_DATA_JSON,				/* the attribute "data" is a string of JSON */
	ADDB_DATA_MAP				/* the attribute "data" is a native value */
} AddbDataFormat;

/* A switch that the environment or the profile decides unless it is set. */
typedef enum AddbChoice
{
	ADDB_CHOICE_AUTO,
	ADDB_CHOICE_OFF,
	ADDB_CHOICE_ON
} AddbChoice;

typedef enum AddbTlsVersion
{
	ADDB_TLS_1_2,
	ADDB_TLS_1_3
} AddbTlsVersion;

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
#define ADDB_LOG_MIN_DURATION_DEFAULT (-1)	/* ms; no lines */
#define ADDB_LOG_MIN_DURATION_MIN (-1)
#define ADDB_LOG_MIN_DURATION_MAX INT_MAX
#define ADDB_STAT_MAX_DEFAULT 1000
#define ADDB_STAT_MAX_MIN 100
#define ADDB_STAT_MAX_MAX 100000
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
extern bool addb_clock_skew_correction;
extern int	addb_connect_timeout;	/* ms */
extern bool addb_consistent_read;
extern int	addb_data_format;	/* AddbDataFormat */
extern char *addb_endpoint_url;
extern char *addb_external_id;
extern bool addb_idempotent_writes;
extern int	addb_lock_refresh;	/* s */
extern int	addb_lock_ttl;		/* s */
extern int	addb_log_min_duration;	/* ms, -1: never */
extern int	addb_max_attempts;
extern int	addb_max_connections;
extern double addb_max_read_units;	/* capacity units a second, 0: no limit */
extern double addb_max_write_units;
extern char *addb_profile;
extern int	addb_progress_interval; /* ms, 0: no notices */
extern char *addb_region;
extern int	addb_request_timeout;	/* ms */
extern char *addb_role_arn;
extern char *addb_role_session_name;
extern char *addb_server;
extern int	addb_stat_max;
extern char *addb_sts_endpoint_url;
extern char *addb_table;
extern int	addb_tls_min_version;	/* AddbTlsVersion */
extern int	addb_transact_retries;
extern int	addb_use_dualstack_endpoint;	/* AddbChoice */
extern int	addb_use_fips_endpoint;

extern void addb_guc_init(void);
extern const char *addb_guc_secret_access_key(void);
extern const char *addb_guc_session_token(void);
extern uint64 addb_guc_generation(void);

/* in guc_guard.c */
extern void addb_guc_refuse_options(void);

#endif							/* ADDB_CORE_GUC_H */
