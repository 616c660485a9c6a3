/*
 * guc.c
 *	  Definition and validation of the settings atomic_dynamodb.*.
 */
#include "postgres.h"

#include <limits.h>

#include "core/compat.h"
#include "core/guc.h"
#include "miscadmin.h"
#include "core/guc_secret.h"
#include "core/value.h"

char	   *addb_access_key_id;
bool		addb_allow_ambient_credentials;
bool		addb_allow_insecure_http;
bool		addb_allow_scan;
char	   *addb_ca_file;
bool		addb_clock_skew_correction;
int			addb_connect_timeout;
bool		addb_consistent_read;
int			addb_data_format;
char	   *addb_endpoint_url;
char	   *addb_external_id;
bool		addb_idempotent_writes;
int			addb_lock_refresh;
int			addb_lock_ttl;
int			addb_log_min_duration;
int			addb_max_attempts;
int			addb_max_connections;
double		addb_max_read_units;
double		addb_max_write_units;
char	   *addb_profile;
int			addb_progress_interval;
char	   *addb_region;
int			addb_request_timeout;
char	   *addb_role_arn;
char	   *addb_role_session_name;
char	   *addb_server;
int			addb_stat_max;
char	   *addb_sts_endpoint_url;
char	   *addb_table;
int			addb_tls_min_version;
int			addb_transact_retries;
int			addb_use_dualstack_endpoint;
int			addb_use_fips_endpoint;

static uint64 generation = 1;

static const struct config_enum_entry data_format_options[] = {
	{"json", ADDB_DATA_JSON, false},
	{"map", ADDB_DATA_MAP, false},
	{NULL, 0, false}
};

static const struct config_enum_entry choice_options[] = {
	{"auto", ADDB_CHOICE_AUTO, false},
	{"off", ADDB_CHOICE_OFF, false},
	{"on", ADDB_CHOICE_ON, false},
	{"false", ADDB_CHOICE_OFF, true},
	{"true", ADDB_CHOICE_ON, true},
	{NULL, 0, false}
};

static const struct config_enum_entry tls_version_options[] = {
	{"1.2", ADDB_TLS_1_2, false},
	{"1.3", ADDB_TLS_1_3, false},
	{NULL, 0, false}
};

/*
 * addb_guc_generation - a number that grows whenever a setting changes that
 * decides where requests go or who signs them, but for atomic_dynamodb.server
 */
uint64
addb_guc_generation(void)
{
	return generation;
}

/*
 * addb_guc_changed - raises the generation; for assign hooks
 */
void
addb_guc_changed(void)
{
	generation++;
}

/* Hands a rule's objection to the user. */
static bool
accept_unless(const char *wrong)
{
	if (wrong != NULL)
		GUC_check_errdetail("%s", wrong);
	return wrong == NULL;
}

static bool
check_external_id(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_external_id(*newval));
}

static bool
check_file(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_file(*newval));
}

static bool
check_region(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_region(*newval));
}

static bool
check_role_arn(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_role_arn(*newval));
}

static bool
check_session_name(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_session_name(*newval));
}

static bool
check_table(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_table(*newval));
}

static bool
check_url(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_url(*newval));
}

static bool
check_word(char **newval, void **extra, GucSource source)
{
	return accept_unless(addb_value_check_word(*newval));
}

/* Whether there is such a server is asked when a request needs it. */
static bool
check_server(char **newval, void **extra, GucSource source)
{
	return accept_unless(strlen(*newval) < NAMEDATALEN ? NULL :
						 "The name is too long for a foreign server's.");
}

static void
assign_string(const char *newval, void *extra)
{
	addb_guc_changed();
}

static void
assign_bool(bool newval, void *extra)
{
	addb_guc_changed();
}

static void
assign_enum(int newval, void *extra)
{
	addb_guc_changed();
}

static void
define_string(const char *name, const char *brief, const char *description,
			  char **variable, GucContext context, int flags,
			  GucStringCheckHook check, GucStringAssignHook assign)
{
	DefineCustomStringVariable(name, brief, description, variable, "",
							   context, flags, check, assign, NULL);
}

/* Who signs requests. */
static void
define_credentials(void)
{
	define_string("atomic_dynamodb.access_key_id",
				  "Access key ID that signs requests to DynamoDB.",
				  "Used together with atomic_dynamodb.secret_access_key. When both are empty, the environment and the shared AWS configuration files are asked.",
				  &addb_access_key_id, PGC_SUSET, 0, check_word, assign_string);
	DefineCustomBoolVariable("atomic_dynamodb.allow_ambient_credentials",
							 "Lets roles that are not superusers use the server's own AWS credentials.",
							 "The server's own (ambient) credentials are those of its environment, of the AWS configuration files of its operating system user, and of the container or instance that it runs on. Off: only superusers sign with them.",
							 &addb_allow_ambient_credentials, false,
							 PGC_SUSET, 0, NULL, assign_bool, NULL);
	define_string("atomic_dynamodb.external_id",
				  "External ID that the trust policy of the role asks for.",
				  "Goes with atomic_dynamodb.role_arn.",
				  &addb_external_id, PGC_SUSET, 0, check_external_id, assign_string);
	define_string("atomic_dynamodb.profile",
				  "Profile of the shared AWS configuration files to take credentials and region from.",
				  "Empty: the environment variable AWS_PROFILE, else the profile \"default\".",
				  &addb_profile, PGC_SUSET, 0, NULL, assign_string);
	define_string("atomic_dynamodb.role_arn",
				  "ARN of an IAM role that is assumed before requests are signed.",
				  "The credentials that are found without it must be allowed to assume it; those of the role then sign the requests.",
				  &addb_role_arn, PGC_SUSET, 0, check_role_arn, assign_string);
	define_string("atomic_dynamodb.role_session_name",
				  "Name of the session when a role is assumed.",
				  "AWS shows it in its logs. Goes with atomic_dynamodb.role_arn. Empty: one is made up.",
				  &addb_role_session_name, PGC_SUSET, 0, check_session_name, assign_string);
	define_string("atomic_dynamodb.secret_access_key",
				  "Secret access key that signs requests to DynamoDB.",
				  "Never shown. It is refused in ALTER DATABASE and ALTER ROLE, whose settings everybody can read.",
				  &addb_guc_secret_access_key_shown, PGC_SUSET, GUC_NOT_IN_SAMPLE,
				  addb_guc_check_secret_access_key, addb_guc_assign_secret_access_key);
	define_string("atomic_dynamodb.server",
				  "Foreign server that says where requests go and, with the user mapping, who signs them.",
				  "The settings that do so are not looked at then. The current user needs USAGE on it. Empty: none.",
				  &addb_server, PGC_USERSET, 0, check_server, NULL);
	define_string("atomic_dynamodb.session_token",
				  "Session token of temporary credentials.",
				  "Goes with access_key_id and secret_access_key when these are temporary. Never shown. It is refused in ALTER DATABASE and ALTER ROLE, whose settings everybody can read.",
				  &addb_guc_session_token_shown, PGC_SUSET, GUC_NOT_IN_SAMPLE,
				  addb_guc_check_session_token, addb_guc_assign_session_token);
}

/* One that the environment or the profile may decide. */
static void
define_choice(const char *name, const char *brief, const char *description,
			  int *variable)
{
	DefineCustomEnumVariable(name, brief, description, variable,
							 ADDB_CHOICE_AUTO, choice_options,
							 PGC_SUSET, 0, NULL, assign_enum, NULL);
}

/* Where requests go, and over what. */
static void
define_target(void)
{
	DefineCustomBoolVariable("atomic_dynamodb.allow_insecure_http",
							 "Allows an endpoint_url with http on a host other than loopback.",
							 "Without TLS, anyone on the way reads and changes the items. Meant for an emulator on a private network.",
							 &addb_allow_insecure_http, false,
							 PGC_SUSET, 0, NULL, assign_bool, NULL);
	define_string("atomic_dynamodb.ca_file",
				  "File of certificates that the endpoint's certificate is checked against.",
				  "In PEM format, on the server. Empty: those of the operating system.",
				  &addb_ca_file, PGC_SUSET, 0, check_file, assign_string);
	DefineCustomBoolVariable("atomic_dynamodb.clock_skew_correction",
							 "Signs with the time of DynamoDB when this machine's clock is off.",
							 "The time comes from the replies; a request that was refused because of the clock is sent again. Off, or AWS_DISABLE_CLOCK_SKEW_CORRECTION=true in the environment: this machine's clock is taken as it is.",
							 &addb_clock_skew_correction, true,
							 PGC_SUSET, 0, NULL, assign_bool, NULL);
	define_string("atomic_dynamodb.endpoint_url",
				  "URL of the DynamoDB endpoint, instead of the one of the region.",
				  "For DynamoDB Local, VPC endpoints and tests. It must be https, except on a loopback address. Empty: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL and the profile are asked, then the region decides.",
				  &addb_endpoint_url, PGC_SUSET, 0, check_url, assign_string);
	define_string("atomic_dynamodb.region",
				  "AWS region of the tables.",
				  "Decides the endpoint and is part of every signature. Empty: AWS_REGION, AWS_DEFAULT_REGION, then the profile.",
				  &addb_region, PGC_SUSET, 0, check_region, assign_string);
	define_string("atomic_dynamodb.sts_endpoint_url",
				  "URL of the STS endpoint, instead of the one of the region.",
				  "Where roles are assumed. It must be https, except on a loopback address. Empty: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL and the profile are asked, then the region decides.",
				  &addb_sts_endpoint_url, PGC_SUSET, 0, check_url, assign_string);
	DefineCustomEnumVariable("atomic_dynamodb.tls_min_version",
							 "Oldest version of TLS that is spoken.",
							 "An endpoint that knows only older ones cannot be connected to.",
							 &addb_tls_min_version, ADDB_TLS_1_2, tls_version_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	define_choice("atomic_dynamodb.use_dualstack_endpoint",
				  "Takes the endpoint of the region that also answers over IPv6.",
				  "auto: AWS_USE_DUALSTACK_ENDPOINT, then the profile. Must be off when an endpoint URL is given.",
				  &addb_use_dualstack_endpoint);
	define_choice("atomic_dynamodb.use_fips_endpoint",
				  "Takes the endpoint of the region whose cryptography is validated by FIPS 140.",
				  "auto: AWS_USE_FIPS_ENDPOINT, then the profile. Must be off when an endpoint URL is given.",
				  &addb_use_fips_endpoint);
}

static void
define_units(const char *name, const char *brief, double *variable)
{
	DefineCustomRealVariable(name, brief,
							 "Requests wait so that what DynamoDB reports as consumed stays below it on average. 0 is no limit.",
							 variable, ADDB_MAX_UNITS_DEFAULT,
							 ADDB_MAX_UNITS_MIN, ADDB_MAX_UNITS_MAX,
							 PGC_USERSET, 0, NULL, NULL, NULL);
}

/* How a request is made. */
static void
define_requests(void)
{
	DefineCustomIntVariable("atomic_dynamodb.connect_timeout",
							"Longest time to wait for a connection to DynamoDB.",
							"Covers name resolution, TCP and TLS of one attempt.",
							&addb_connect_timeout, ADDB_CONNECT_TIMEOUT_DEFAULT,
							ADDB_CONNECT_TIMEOUT_MIN, ADDB_CONNECT_TIMEOUT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("atomic_dynamodb.idempotent_writes",
							 "Sends writes of one item that must not be made twice as transactions with a token.",
							 "Then a lost answer can be asked for again, at twice the write capacity. Applies to writes with a condition, to ADD and arithmetic, and to PartiQL, unless they return attributes. Off: such a write is sent once, or its outcome is reported as unknown when its condition fails after a lost answer.",
							 &addb_idempotent_writes, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.max_attempts",
							"How often one request is sent at most.",
							"The first attempt counts. Only errors that may pass are retried: throttling, lost connections, and service faults.",
							&addb_max_attempts, ADDB_MAX_ATTEMPTS_DEFAULT,
							ADDB_MAX_ATTEMPTS_MIN, ADDB_MAX_ATTEMPTS_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.max_connections",
							"How many requests one batch job has in flight at most.",
							"Applies to lists of items and keys and to aggregates that write, which send batches. A scan has as many as its segments.",
							&addb_max_connections, ADDB_MAX_CONNECTIONS_DEFAULT,
							ADDB_MAX_CONNECTIONS_MIN, ADDB_MAX_CONNECTIONS_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	define_units("atomic_dynamodb.max_read_units",
				 "Capacity units that the session's reads may consume in a second.",
				 &addb_max_read_units);
	define_units("atomic_dynamodb.max_write_units",
				 "Capacity units that the session's writes may consume in a second.",
				 &addb_max_write_units);
	DefineCustomIntVariable("atomic_dynamodb.progress",
							"How often long reads and batch jobs tell by a notice how far they are.",
							"0 is never. A notice comes when a page or a batch is done.",
							&addb_progress_interval, ADDB_PROGRESS_DEFAULT,
							ADDB_PROGRESS_MIN, ADDB_PROGRESS_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.request_timeout",
							"Longest time that one attempt of a request may take.",
							"Covers connecting, sending and the whole answer. A write that runs into it is resent when that is safe, else its outcome is reported as unknown.",
							&addb_request_timeout, ADDB_REQUEST_TIMEOUT_DEFAULT,
							ADDB_REQUEST_TIMEOUT_MIN, ADDB_REQUEST_TIMEOUT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.transact_retries",
							"How often a cancelled transaction is tried again at most.",
							"Only one that was cancelled by nothing but conflicts and throttling, which may pass. Applies to ddb_transact_write and ddb_transact_get.",
							&addb_transact_retries, ADDB_TRANSACT_RETRIES_DEFAULT,
							ADDB_TRANSACT_RETRIES_MIN, ADDB_TRANSACT_RETRIES_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
}

/* What is read and written. */
static void
define_data(void)
{
	DefineCustomBoolVariable("atomic_dynamodb.allow_scan",
							 "Allows reads that go through a whole table or index.",
							 "Off: ddb_scan, ddb_scan_page, ddb_count without a key condition, SELECT in PartiQL, and Scan in ddb_call are refused.",
							 &addb_allow_scan, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("atomic_dynamodb.consistent_read",
							 "Reads are strongly consistent unless a call says otherwise.",
							 "A strongly consistent read costs twice as much and sees every write that was acknowledged before it. Locks are always read so.",
							 &addb_consistent_read, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("atomic_dynamodb.data_format",
							 "How the attribute \"data\" of an item is written.",
							 "json: a string of compact JSON, as the npm package atomic-dynamodb writes it. map: a native DynamoDB value, whose parts filters and indexes can see. Both are always read.",
							 &addb_data_format, ADDB_DATA_JSON, data_format_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.lock_refresh",
							"Remaining life below which ddb_get_lock renews a lock.",
							"The lock keeps its version and gets a full life of atomic_dynamodb.lock_ttl again.",
							&addb_lock_refresh, ADDB_LOCK_REFRESH_DEFAULT,
							ADDB_LOCK_REFRESH_MIN, ADDB_LOCK_REFRESH_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.lock_ttl",
							"Life of a lock.",
							"A lock that nobody has used for so long counts as absent.",
							&addb_lock_ttl, ADDB_LOCK_TTL_DEFAULT,
							ADDB_LOCK_TTL_MIN, ADDB_LOCK_TTL_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	define_string("atomic_dynamodb.table",
				  "DynamoDB table used when a call names none.",
				  "The parameter table_name of every function comes first.",
				  &addb_table, PGC_USERSET, 0, check_table, NULL);
}

/*
 * What the administrator watches. The size of what lies in shared memory can be
 * chosen only while the postmaster starts; a table of the session's own follows
 * the configuration file.
 */
static void
define_monitoring(void)
{
	DefineCustomIntVariable("atomic_dynamodb.log_min_duration",
							"Time from which on a call of DynamoDB is told of in the server's log.",
							"From its start to its end, with all attempts and pauses. The line holds the operation, the table, times and the request id, nothing of an item. 0 is every call, -1 none.",
							&addb_log_min_duration, ADDB_LOG_MIN_DURATION_DEFAULT,
							ADDB_LOG_MIN_DURATION_MIN, ADDB_LOG_MIN_DURATION_MAX,
							PGC_SUSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("atomic_dynamodb.stat_max",
							"Rows that ddb_stat has at most.",
							"There is one for each database, operation, table and foreign server. What comes when they are used up is counted together in one row. A row takes about 700 bytes of shared memory.",
							&addb_stat_max, ADDB_STAT_MAX_DEFAULT,
							ADDB_STAT_MAX_MIN, ADDB_STAT_MAX_MAX,
							process_shared_preload_libraries_in_progress ?
							PGC_POSTMASTER : PGC_SIGHUP,
							0, NULL, NULL, NULL);
}

/*
 * addb_guc_init - defines all settings; called once, from _PG_init
 */
void
addb_guc_init(void)
{
	define_credentials();
	define_target();
	define_requests();
	define_data();
	define_monitoring();
	MarkGUCPrefixReserved("atomic_dynamodb");
}
