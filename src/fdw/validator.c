/*
 * validator.c
 *	  Checks the options of foreign servers and user mappings when they are given.
 *
 * The list is always the whole of what an object will have, so "only superusers
 * may set it" becomes "only superusers may change a server that has it": nobody
 * can move an endpoint to which a superuser has opened the machine's own
 * credentials. Foreign tables are refused: there is nothing that reads them.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "aws/endpoint.h"
#include "aws/server.h"
#include "core/closest.h"
#include "core/compat.h"

ADDB_FUNCTION(addb_fn_server_validator);

/* The option of this place whose name is closest to a mistyped one, or NULL. */
static const char *
closest_option(const char *name, AddbOptionPlace place)
{
	AddbClosest closest = addb_closest(name, (int) strlen(name));
	int			count;
	const AddbOption *options = addb_server_options(&count);

	for (int i = 0; i < count; i++)
		if (options[i].place == place)
			addb_closest_try(&closest, options[i].name, (int) strlen(options[i].name));
	return closest.name;
}

static const char *
list_options(AddbOptionPlace place)
{
	StringInfoData list;
	int			count;
	const AddbOption *options = addb_server_options(&count);

	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		if (options[i].place == place)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
							 options[i].name);
	return list.data;
}

/* Of an option that is unknown, or stands in the wrong place. */
static void
refuse_option(const char *name, AddbOptionPlace place)
{
	const AddbOption *elsewhere = addb_server_find_option(name);
	const char *closest = closest_option(name, place);

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\" of a %s", name,
					place == ADDB_OPTION_SERVER ? "server" : "user mapping"),
			 elsewhere != NULL && place == ADDB_OPTION_SERVER ?
			 errhint("It belongs to the user mapping: servers can be read by every role.") :
			 elsewhere != NULL ?
			 errhint("It belongs to the server.") :
			 closest != NULL ?
			 errhint("Perhaps you meant the option \"%s\".", closest) :
			 errhint("Valid options are: %s.", list_options(place))));
}

static void
check_value(const AddbOption *option, const char *value)
{
	const char *wrong = value[0] == '\0' ?
		"The value must not be empty; drop the option instead." :
		option->check(value);

	if (wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\"", option->name),
				 errdetail("%s", wrong)));
}

/* An option that only superusers may set is as good as absent when it is false. */
static void
check_right(const AddbOption *option, const char *value)
{
	bool		on = true;

	if (!option->for_superusers || superuser())
		return;
	if (option->kind == ADDB_OPTION_BOOLEAN)
		(void) parse_bool(value, &on);
	if (on)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only superusers may set option \"%s\"", option->name),
				 errdetail("Nor may others change a server that has it."),
				 errhint("A server without it can be changed by its owner.")));
}

static void
check_options(List *list, AddbOptionPlace place)
{
	ListCell   *cell;

	foreach(cell, list)
	{
		DefElem    *element = lfirst_node(DefElem, cell);
		const AddbOption *option = addb_server_find_option(element->defname);
		const char *value = defGetString(element);

		if (option == NULL || option->place != place)
			refuse_option(element->defname, place);
		check_value(option, value);
		check_right(option, value);
	}
}

/*
 * The URLs among a server's options. This machine's own ports and plain http are
 * superusers' business: others could reach through them what only the server
 * reaches.
 */
static void
check_urls(List *list, bool allow_insecure_http)
{
	ListCell   *cell;

	foreach(cell, list)
	{
		DefElem    *element = lfirst_node(DefElem, cell);
		const char *source = psprintf("option \"%s\"", element->defname);
		const char *value = defGetString(element);
		AddbEndpoint endpoint;

		if (addb_server_find_option(element->defname)->kind != ADDB_OPTION_URL)
			continue;
		addb_endpoint_parse(value, source, allow_insecure_http, &endpoint);
		addb_endpoint_refuse_link_local(&endpoint, source);
		if (!superuser() && strncmp(endpoint.url, "https:", 6) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("only superusers may give an http URL in option \"%s\"",
							element->defname),
					 errhint("Use https.")));
	}
}

static bool
has_option(List *list, const char *name)
{
	ListCell   *cell;

	foreach(cell, list)
		if (strcmp(lfirst_node(DefElem, cell)->defname, name) == 0)
			return true;
	return false;
}

/* An option that means nothing without another one. */
static void
check_needs(List *list, const char *name, const char *needed)
{
	if (has_option(list, name) && !has_option(list, needed))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" needs option \"%s\"", name, needed),
				 errhint("Give both in one command.")));
}

/* A URL is used as it is: nothing in it can be switched on. */
static void
check_switch(List *list, const char *name, AddbSwitch value)
{
	static const char *const urls[] = {"endpoint_url", "sts_endpoint_url"};

	for (int i = 0; value == ADDB_SWITCH_ON && i < lengthof(urls); i++)
		if (has_option(list, urls[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" conflicts with option \"%s\"",
							name, urls[i]),
					 errhint("Leave out one of them: a URL is used as it is.")));
}

static void
check_server(List *list)
{
	AddbAwsSettings settings = {0};

	check_options(list, ADDB_OPTION_SERVER);
	addb_server_take_options(list, ADDB_OPTION_SERVER, &settings);
	check_urls(list, settings.allow_insecure_http);
	check_needs(list, "external_id", "role_arn");
	check_needs(list, "role_session_name", "role_arn");
	check_switch(list, "use_fips_endpoint", settings.use_fips_endpoint);
	check_switch(list, "use_dualstack_endpoint", settings.use_dualstack_endpoint);
}

static void
check_mapping(List *list)
{
	check_options(list, ADDB_OPTION_MAPPING);
	check_needs(list, "access_key_id", "secret_access_key");
	check_needs(list, "secret_access_key", "access_key_id");
	check_needs(list, "session_token", "access_key_id");
}

static void
check_wrapper(List *list)
{
	if (list != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("the foreign-data wrapper has no options"),
				 errhint("Options belong to servers and user mappings.")));
}

/*
 * addb_fn_server_validator - ddb_internal_server_validator(text[], oid) returns
 * void
 *
 * The options of an object of the catalog. Errors: ERRCODE_FDW_INVALID_OPTION_NAME
 * for an unknown or misplaced option; ERRCODE_INVALID_PARAMETER_VALUE, never
 * quoting it, for a bad value; ERRCODE_INSUFFICIENT_PRIVILEGE for what only
 * superusers may set; ERRCODE_FEATURE_NOT_SUPPORTED for foreign tables.
 */
Datum
addb_fn_server_validator(PG_FUNCTION_ARGS)
{
	List	   *list = untransformRelOptions(PG_GETARG_DATUM(0));

	switch (PG_GETARG_OID(1))
	{
		case ForeignServerRelationId:
			check_server(list);
			break;
		case UserMappingRelationId:
			check_mapping(list);
			break;
		case ForeignTableRelationId:
		case AttributeRelationId:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("foreign tables of DynamoDB are not supported"),
					 errhint("Use ddb_query_items, ddb_scan and their like.")));
			break;
		default:
			check_wrapper(list);
			break;
	}
	PG_RETURN_VOID();
}
