/*
 * server.c
 *	  What a foreign server and a user mapping say: the table of their options,
 *	  and the way from the catalogs to AddbAwsSettings.
 *
 * A server may have been made by somebody less trusted than its user. So nothing
 * that signs comes from anywhere but the mapping and, as "ambient" credentials,
 * from the machine, and these only where a superuser has opened the server to
 * them or owns it. Values were checked by the validator when they were given,
 * with the rights of who gave them.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/dependency.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "aws/server.h"
#include "core/compat.h"
#include "core/value.h"

#define EXTENSION_NAME "atomic_dynamodb"

static const char *
check_boolean(const char *value)
{
	bool		parsed;

	return parse_bool(value, &parsed) ? NULL : "The value must be true or false.";
}

static const char *
check_choice(const char *value)
{
	return pg_strcasecmp(value, "auto") == 0 || check_boolean(value) == NULL ?
		NULL : "The value must be true, false or auto.";
}

static const char *
check_name(const char *value)
{
	return NULL;
}

#define MEMBER(name) offsetof(AddbAwsSettings, name)

/* Sorted by name. */
static const AddbOption options[] = {
	{"access_key_id", ADDB_OPTION_MAPPING, ADDB_OPTION_TEXT,
	MEMBER(access_key_id), addb_value_check_word, false},
	{"allow_ambient_credentials", ADDB_OPTION_SERVER, ADDB_OPTION_BOOLEAN,
	MEMBER(allow_ambient), check_boolean, true},
	{"allow_insecure_http", ADDB_OPTION_SERVER, ADDB_OPTION_BOOLEAN,
	MEMBER(allow_insecure_http), check_boolean, true},
	{"ca_file", ADDB_OPTION_SERVER, ADDB_OPTION_TEXT,
	MEMBER(ca_file), addb_value_check_file, true},
	{"endpoint_url", ADDB_OPTION_SERVER, ADDB_OPTION_URL,
	MEMBER(endpoint_url), addb_value_check_url, false},
	{"external_id", ADDB_OPTION_SERVER, ADDB_OPTION_TEXT,
	MEMBER(external_id), addb_value_check_external_id, false},
	{"profile", ADDB_OPTION_SERVER, ADDB_OPTION_TEXT,
	MEMBER(profile), check_name, true},
	{"region", ADDB_OPTION_SERVER, ADDB_OPTION_TEXT,
	MEMBER(region), addb_value_check_region, false},
	{"role_arn", ADDB_OPTION_SERVER, ADDB_OPTION_TEXT,
	MEMBER(role_arn), addb_value_check_role_arn, false},
	{"role_session_name", ADDB_OPTION_SERVER, ADDB_OPTION_TEXT,
	MEMBER(role_session_name), addb_value_check_session_name, false},
	{"secret_access_key", ADDB_OPTION_MAPPING, ADDB_OPTION_TEXT,
	MEMBER(secret_access_key), addb_value_check_secret, false},
	{"session_token", ADDB_OPTION_MAPPING, ADDB_OPTION_TEXT,
	MEMBER(session_token), addb_value_check_secret, false},
	{"sts_endpoint_url", ADDB_OPTION_SERVER, ADDB_OPTION_URL,
	MEMBER(sts_endpoint_url), addb_value_check_url, false},
	{"use_dualstack_endpoint", ADDB_OPTION_SERVER, ADDB_OPTION_CHOICE,
	MEMBER(use_dualstack_endpoint), check_choice, false},
	{"use_fips_endpoint", ADDB_OPTION_SERVER, ADDB_OPTION_CHOICE,
	MEMBER(use_fips_endpoint), check_choice, false},
};

/*
 * addb_server_options - the table of all options, sorted by name
 */
const AddbOption *
addb_server_options(int *count)
{
	*count = lengthof(options);
	return options;
}

/*
 * addb_server_find_option - the option of this name, or NULL
 */
const AddbOption *
addb_server_find_option(const char *name)
{
	for (int i = 0; i < lengthof(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

/* Sets the member of settings that an option stands for; value passed its check. */
static void
set_member(AddbAwsSettings *settings, const AddbOption *option,
		   const char *value)
{
	void	   *member = (char *) settings + option->offset;
	bool		on = false;

	switch (option->kind)
	{
		case ADDB_OPTION_TEXT:
		case ADDB_OPTION_URL:
			*(const char **) member = value;
			break;
		case ADDB_OPTION_BOOLEAN:
			(void) parse_bool(value, (bool *) member);
			break;
		case ADDB_OPTION_CHOICE:
			if (parse_bool(value, &on))
				*(AddbSwitch *) member = on ? ADDB_SWITCH_ON : ADDB_SWITCH_OFF;
			else
				*(AddbSwitch *) member = ADDB_SWITCH_UNSET;
			break;
	}
}

/*
 * addb_server_take_options - sets what a list of DefElem says
 *
 * Options of another place and unknown ones, which a validator that was taken
 * off let pass, are passed over. The texts stay the list's.
 */
void
addb_server_take_options(List *list, AddbOptionPlace place,
						 AddbAwsSettings *settings)
{
	ListCell   *cell;

	foreach(cell, list)
	{
		DefElem    *element = lfirst_node(DefElem, cell);
		const AddbOption *option = addb_server_find_option(element->defname);

		if (option != NULL && option->place == place)
			set_member(settings, option, defGetString(element));
	}
}

/* Wrappers of any name may have our validator; ours came with the extension. */
static bool
is_our_wrapper(Oid fdwid)
{
	Oid			extension = getExtensionOfObject(ForeignDataWrapperRelationId,
												 fdwid);
	char	   *name = OidIsValid(extension) ? get_extension_name(extension) : NULL;

	return name != NULL && strcmp(name, EXTENSION_NAME) == 0;
}

/* The server of this name, when userid may use it. */
static ForeignServer *
find_server(const char *name, Oid userid)
{
	Oid			serverid = get_foreign_server_oid(name, true);
	ForeignServer *server = OidIsValid(serverid) ?
		GetForeignServerExtended(serverid, FSV_MISSING_OK) : NULL;

	if (server == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("server \"%s\" does not exist", name),
				 errdetail("The setting atomic_dynamodb.server names it.")));
	if (!is_our_wrapper(server->fdwid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" is not a server of atomic_dynamodb", name),
				 errdetail("The setting atomic_dynamodb.server names it; it belongs to the foreign-data wrapper \"%s\".",
						   GetForeignDataWrapper(server->fdwid)->fdwname)));
	if (addb_server_aclcheck(serverid, userid) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for foreign server %s", name),
				 errdetail("The setting atomic_dynamodb.server names it."),
				 errhint("Its owner can grant USAGE on it.")));
	return server;
}

/* The options of the mapping of userid, else of PUBLIC; false without one. */
static bool
find_mapping(Oid serverid, Oid userid, List **list)
{
	HeapTuple	tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
										ObjectIdGetDatum(userid),
										ObjectIdGetDatum(serverid));
	Datum		array;
	bool		isnull;

	*list = NIL;
	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
								ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		return false;
	array = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							Anum_pg_user_mapping_umoptions, &isnull);
	if (!isnull)
		*list = untransformRelOptions(array);
	ReleaseSysCache(tuple);
	return true;
}

/*
 * addb_server_read - sets what the server of this name and the mapping of userid
 * on it say
 *
 * settings comes with every text "" and every switch unset. Its texts are then
 * palloc'd in the current memory context; the secrets among them are also in the
 * catalog and in the backend's caches of it, so nobody wipes them. Needs a
 * transaction.
 *
 * Errors, raised with nothing held: ERRCODE_UNDEFINED_OBJECT when there is no
 * such server, ERRCODE_WRONG_OBJECT_TYPE when it is of another wrapper,
 * ERRCODE_INSUFFICIENT_PRIVILEGE when userid has no USAGE on it.
 */
void
addb_server_read(const char *name, Oid userid, AddbAwsSettings *settings)
{
	ForeignServer *server = find_server(name, userid);
	List	   *mapping;

	settings->server = server->servername;
	settings->user = GetUserNameFromId(userid, false);
	settings->userid = userid;
	addb_server_take_options(server->options, ADDB_OPTION_SERVER, settings);
	settings->has_mapping = find_mapping(server->serverid, userid, &mapping);
	addb_server_take_options(mapping, ADDB_OPTION_MAPPING, settings);
	if (superuser_arg(userid) && superuser_arg(server->owner))
		settings->allow_ambient = true;
}
