/*
 * guc_secret.c
 *	  The masking of secrets among the settings.
 *
 * A secret never becomes the value of its setting. The check hook moves it
 * into the hook's private "extra" and leaves a mask in its place, so that
 * SHOW, pg_settings (setting, reset_val), GUC serialisation and every dump of
 * the settings see the mask, while SET LOCAL, savepoints and RESET restore the
 * secret with the machinery of guc.c.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "core/compat.h"
#include "core/guc.h"
#include "core/guc_secret.h"
#include "core/value.h"
#include "miscadmin.h"

#define SECRET_MASK "********"

typedef struct Secret
{
	size_t		len;
	char		text[FLEXIBLE_ARRAY_MEMBER];
} Secret;

char	   *addb_guc_secret_access_key_shown;
char	   *addb_guc_session_token_shown;

static const Secret *secret_access_key;
static const Secret *session_token;

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
 * The check of the secret that is the setting name. A message of ours is needed
 * wherever the value is one: PostgreSQL's own shows it.
 *
 * Where a secret may come from: pg_db_role_setting is readable by everyone,
 * so ALTER DATABASE/ROLE ... SET is refused, both when it is given (TEST) and
 * when it was stored while the library was not loaded.
 */
static bool
check_secret(const char *name, char **newval, void **extra, GucSource source)
{
	size_t		len = strlen(*newval);
	const char *wrong;
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
	wrong = addb_value_check_secret(*newval);
	if (wrong != NULL)
	{
		GUC_check_errmsg("invalid value for parameter \"%s\"", name);
		GUC_check_errdetail("%s", wrong);
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

/*
 * addb_guc_check_secret_access_key - a check hook
 */
bool
addb_guc_check_secret_access_key(char **newval, void **extra, GucSource source)
{
	return check_secret("atomic_dynamodb.secret_access_key", newval, extra, source);
}

/*
 * addb_guc_check_session_token - a check hook
 */
bool
addb_guc_check_session_token(char **newval, void **extra, GucSource source)
{
	return check_secret("atomic_dynamodb.session_token", newval, extra, source);
}

/*
 * addb_guc_assign_secret_access_key - an assign hook
 */
void
addb_guc_assign_secret_access_key(const char *newval, void *extra)
{
	secret_access_key = extra;
	addb_guc_changed();
}

/*
 * addb_guc_assign_session_token - an assign hook
 */
void
addb_guc_assign_session_token(const char *newval, void *extra)
{
	session_token = extra;
	addb_guc_changed();
}
