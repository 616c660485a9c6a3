/*
 * guc.c
 *	  Definition, validation and masking of the settings atomic_dynamodb.*.
 *
 * A secret never becomes the value of its setting. The check hook moves it
 * into the hook's private "extra" and leaves a mask in its place, so that
 * SHOW, pg_settings (setting, reset_val), GUC serialisation and every dump of
 * the settings see the mask, while SET LOCAL, savepoints and RESET restore the
 * secret with the machinery of guc.c.
 */
#include "postgres.h"

#include <limits.h>

#include "access/parallel.h"
#include "core/compat.h"
#include "core/guc.h"
#include "miscadmin.h"
#include "utils/guc.h"

#define SECRET_MASK "********"

/* Longest secret taken: STS session tokens are about 1 kB, 4 kB by contract. */
#define SECRET_MAX_LEN 16384

typedef struct Secret
{
	size_t		len;
	char		text[FLEXIBLE_ARRAY_MEMBER];
} Secret;

char	   *addb_access_key_id;
bool		addb_allow_ambient_credentials;
bool		addb_allow_insecure_http;
bool		addb_allow_scan;
char	   *addb_ca_file;
int			addb_connect_timeout;
bool		addb_consistent_read;
int			addb_data_format;
char	   *addb_endpoint_url;
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
int			addb_stat_max;
char	   *addb_table;
int			addb_transact_retries;

static char *secret_access_key_shown;
static char *session_token_shown;
static const Secret *secret_access_key;
static const Secret *session_token;
static uint64 generation = 1;

static const struct config_enum_entry data_format_options[] = {
	{"json", ADDB_DATA_JSON, false},
	{"map", ADDB_DATA_MAP, false},
	{NULL, 0, false}
};

/*
 * addb_guc_generation - a number that grows whenever a setting changes that
 * decides where requests go or who signs them
 */
uint64
addb_guc_generation(void)
{
	return generation;
}

/*
 * addb_guc_secret_access_key - the configured secret, or NULL
 *
 * The memory is guc.c's: valid until a setting changes.
 */
const char *
addb_guc_secret_access_key(void)
{
	return secret_access_key ? secret_access_key->text : NULL;
}

/*
 * addb_guc_session_token - the configured session token, or NULL
 *
 * The memory is guc.c's: valid until a setting changes.
 */
const char *
addb_guc_session_token(void)
{
	return session_token ? session_token->text : NULL;
}

/* Blanks and control characters would end a header or a URL early. */
static bool
is_one_word(const char *value)
{
	for (const unsigned char *p = (const unsigned char *) value; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return false;
	return true;
}

static bool
check_word(char **newval, void **extra, GucSource source)
{
	if (is_one_word(*newval))
		return true;
	GUC_check_errdetail("The value must not hold blanks or control characters.");
	return false;
}

/* A region becomes part of a host name, so it must be a host label. */
static bool
check_region(char **newval, void **extra, GucSource source)
{
	const char *value = *newval;
	size_t		len = strlen(value);

	if (len == 0)
		return true;
	if (len <= 63 && value[0] != '-' && value[len - 1] != '-' &&
		strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
		return true;
	GUC_check_errdetail("A region consists of lower-case letters, digits and hyphens, such as \"eu-west-1\".");
	return false;
}

/* The scheme only; the host is examined when the endpoint is resolved. */
static bool
check_endpoint_url(char **newval, void **extra, GucSource source)
{
	const char *value = *newval;

	if (value[0] == '\0')
		return true;
	if (!is_one_word(value))
	{
		GUC_check_errdetail("A URL must not hold blanks or control characters.");
		return false;
	}
	if (pg_strncasecmp(value, "https://", 8) == 0 ||
		pg_strncasecmp(value, "http://", 7) == 0)
		return true;
	GUC_check_errdetail("The URL must start with \"https://\" or \"http://\".");
	return false;
}

/* Names of tables: DynamoDB's 3 to 255 of a-zA-Z0-9_.- or an ARN. */
static bool
check_table(char **newval, void **extra, GucSource source)
{
	const char *value = *newval;
	size_t		len = strlen(value);

	if (len == 0 || (strncmp(value, "arn:", 4) == 0 && is_one_word(value)))
		return true;
	if (len >= 3 && len <= 255 &&
		strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len)
		return true;
	GUC_check_errdetail("A table name has 3 to 255 letters, digits, underscores, dots and hyphens.");
	return false;
}

/* The file is read by libcurl, whose errors do not say what they want. */
static bool
check_ca_file(char **newval, void **extra, GucSource source)
{
	if ((*newval)[0] == '\0' || is_absolute_path(*newval))
		return true;
	GUC_check_errdetail("The path must be absolute.");
	return false;
}

static bool
is_preloaded(void)
{
	return (shared_preload_libraries_string != NULL &&
			strstr(shared_preload_libraries_string, "atomic_dynamodb") != NULL) ||
		(session_preload_libraries_string != NULL &&
		 strstr(session_preload_libraries_string, "atomic_dynamodb") != NULL);
}

/*
 * Until the library is loaded, a setting of the configuration file is a mere
 * text to PostgreSQL, which shows it to everybody. The mask cannot help then,
 * only the administrator can.
 */
static void
warn_of_unmasked_secret(void)
{
	static bool warned = false;

	if (warned || is_preloaded())
		return;
	warned = true;
	ereport(LOG,
			(errmsg("a secret of atomic_dynamodb is in the configuration file, but the library is not preloaded"),
			 errdetail("In a session that has not loaded the library, SHOW shows the secret to every role."),
			 errhint("Add atomic_dynamodb to session_preload_libraries, or keep the secret in the shared AWS credentials file of the server's operating system user.")));
}

/*
 * Where a secret may come from: pg_db_role_setting is readable by everyone,
 * so ALTER DATABASE/ROLE ... SET is refused, both when it is given (TEST) and
 * when it was stored while the library was not loaded.
 */
static bool
check_secret(char **newval, void **extra, GucSource source)
{
	size_t		len = strlen(*newval);
	Secret	   *secret;
	char	   *mask;

	if (len == 0)
		return true;
	if (source == PGC_S_DATABASE || source == PGC_S_USER ||
		source == PGC_S_DATABASE_USER || source == PGC_S_TEST)
	{
		GUC_check_errmsg("a secret must not be stored in a database or role setting");
		GUC_check_errdetail("Everybody can read the catalog pg_db_role_setting.");
		GUC_check_errhint("Keep it in the shared AWS credentials file or the environment of the server, or SET it in the session.");
		return false;
	}
	if (source == PGC_S_FILE)
		warn_of_unmasked_secret();

	/*
	 * A parallel worker is given the mask, which is all that it may know: the
	 * functions that would sign are not run in workers.
	 */
	if (strcmp(*newval, SECRET_MASK) == 0)
	{
		if (InitializingParallelWorker)
			return true;
		GUC_check_errdetail("The value is the mask that is shown instead of a secret.");
		return false;
	}
	if (len > SECRET_MAX_LEN || !is_one_word(*newval))
	{
		GUC_check_errmsg("invalid secret");
		GUC_check_errdetail("A secret has at most %d characters and neither blanks nor control characters.",
							SECRET_MAX_LEN);
		return false;
	}

	secret = addb_guc_malloc(offsetof(Secret, text) + len + 1);
	mask = addb_guc_malloc(sizeof(SECRET_MASK));
	if (secret == NULL || mask == NULL)
	{
		if (secret != NULL)
			addb_guc_free(secret);
		if (mask != NULL)
			addb_guc_free(mask);
		GUC_check_errmsg("out of memory");
		return false;
	}
	secret->len = len;
	memcpy(secret->text, *newval, len + 1);
	memcpy(mask, SECRET_MASK, sizeof(SECRET_MASK));
	explicit_bzero(*newval, len);
	addb_guc_free(*newval);
	*newval = mask;
	*extra = secret;
	return true;
}

static void
assign_string(const char *newval, void *extra)
{
	generation++;
}

static void
assign_bool(bool newval, void *extra)
{
	generation++;
}

static void
assign_secret_access_key(const char *newval, void *extra)
{
	secret_access_key = extra;
	generation++;
}

static void
assign_session_token(const char *newval, void *extra)
{
	session_token = extra;
	generation++;
}

static void
define_string(const char *name, const char *brief, const char *description,
			  char **variable, GucContext context, int flags,
			  GucStringCheckHook check, GucStringAssignHook assign)
{
	DefineCustomStringVariable(name, brief, description, variable, "",
							   context, flags, check, assign, NULL);
}

/* Where requests go and who signs them. */
static void
define_target(void)
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
	DefineCustomBoolVariable("atomic_dynamodb.allow_insecure_http",
							 "Allows an endpoint_url with http on a host other than loopback.",
							 "Without TLS, anyone on the way reads and changes the items. Meant for an emulator on a private network.",
							 &addb_allow_insecure_http, false,
							 PGC_SUSET, 0, NULL, assign_bool, NULL);
	define_string("atomic_dynamodb.ca_file",
				  "File of certificates that the endpoint's certificate is checked against.",
				  "In PEM format, on the server. Empty: those of the operating system.",
				  &addb_ca_file, PGC_SUSET, 0, check_ca_file, assign_string);
	define_string("atomic_dynamodb.endpoint_url",
				  "URL of the DynamoDB endpoint, instead of the one of the region.",
				  "For DynamoDB Local, VPC endpoints and tests. It must be https, except on a loopback address. Empty: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL and the profile are asked, then the region decides.",
				  &addb_endpoint_url, PGC_SUSET, 0, check_endpoint_url, assign_string);
	define_string("atomic_dynamodb.profile",
				  "Profile of the shared AWS configuration files to take credentials and region from.",
				  "Empty: the environment variable AWS_PROFILE, else the profile \"default\".",
				  &addb_profile, PGC_SUSET, 0, NULL, assign_string);
	define_string("atomic_dynamodb.region",
				  "AWS region of the tables.",
				  "Decides the endpoint and is part of every signature. Empty: AWS_REGION, AWS_DEFAULT_REGION, then the profile.",
				  &addb_region, PGC_SUSET, 0, check_region, assign_string);
	define_string("atomic_dynamodb.secret_access_key",
				  "Secret access key that signs requests to DynamoDB.",
				  "Never shown. It is refused in ALTER DATABASE and ALTER ROLE, whose settings everybody can read.",
				  &secret_access_key_shown, PGC_SUSET, GUC_NOT_IN_SAMPLE,
				  check_secret, assign_secret_access_key);
	define_string("atomic_dynamodb.session_token",
				  "Session token of temporary credentials.",
				  "Goes with access_key_id and secret_access_key when these are temporary. Never shown. It is refused in ALTER DATABASE and ALTER ROLE, whose settings everybody can read.",
				  &session_token_shown, PGC_SUSET, GUC_NOT_IN_SAMPLE,
				  check_secret, assign_session_token);
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
							"There is one for each database, operation and table. What comes when they are used up is counted together in one row. A row takes about 600 bytes of shared memory.",
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
	define_target();
	define_requests();
	define_data();
	define_monitoring();
	MarkGUCPrefixReserved("atomic_dynamodb");
}
