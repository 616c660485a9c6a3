/*
 * entity_registry.c
 *	  The table ddb_entity_models, read once and again when it has changed.
 *
 * The table is read without looking at the caller's rights on it: what he may
 * do is decided by the functions that he may execute. Models are parsed when
 * they are first used. A change of the table, of this session or another, or
 * undone by a ROLLBACK, sends an invalidation of its relation (see the trigger
 * in entity_register.c); what was read before is then of no use to later calls,
 * but stays for those that have pinned it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "core/compat.h"
#include "core/guc.h"
#include "functions/entity_registry.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* The columns of ddb_entity_models, in order. */
enum
{
	MODELS_SERVICE,
	MODELS_ENTITY,
	MODELS_VERSION,
	MODELS_TABLE_NAME,
	MODELS_MODEL,
	MODELS_COLUMNS
};

typedef struct Entry
{
	AddbRegistryName name;
	const char *table;			/* or NULL */
	AddbText	text;			/* of the model */
	AddbEntityModel *model;		/* NULL: not parsed yet */
} Entry;

struct AddbRegistry
{
	MemoryContext context;
	Oid			relation;
	uint64		generation;		/* before it was read */
	int			pins;			/* and one for being the current one */
	Entry	   *entries;		/* sorted by name */
	int			n;
};

static AddbRegistry *current;

/* Counts the changes of the relation that was last read. */
static uint64 generation = 1;
static Oid	watched = InvalidOid;
static bool is_watching = false;

static void
relation_changed(Datum arg, Oid relation)
{
	if (relation == InvalidOid || relation == watched)
		generation++;
}

static void
unpin(void *arg)
{
	AddbRegistry *registry = arg;

	if (--registry->pins == 0)
		MemoryContextDelete(registry->context);
}

static AddbText
text_of(Datum value)
{
	char	   *copy = TextDatumGetCString(value);

	return (AddbText) {copy, (int) strlen(copy)};
}

static void
add_entry(AddbRegistry *registry, HeapTuple tuple, TupleDesc type, int *room)
{
	Datum		values[MODELS_COLUMNS];
	bool		nulls[MODELS_COLUMNS];
	Entry	   *entry;

	if (type->natts != MODELS_COLUMNS)
		elog(ERROR, "table ddb_entity_models has %d columns instead of %d",
			 type->natts, MODELS_COLUMNS);
	if (registry->n == *room)
		registry->entries = repalloc(registry->entries,
									 (*room *= 2) * sizeof(Entry));
	heap_deform_tuple(tuple, type, values, nulls);
	entry = &registry->entries[registry->n++];
	memset(entry, 0, sizeof(Entry));
	entry->name.service = text_of(values[MODELS_SERVICE]);
	entry->name.entity = text_of(values[MODELS_ENTITY]);
	entry->name.version = text_of(values[MODELS_VERSION]);
	if (!nulls[MODELS_TABLE_NAME])
		entry->table = text_of(values[MODELS_TABLE_NAME]).data;
	entry->text = text_of(values[MODELS_MODEL]);
}

static int
compare_entries(const void *a, const void *b)
{
	const Entry *x = a;
	const Entry *y = b;
	int			order = strcmp(x->name.service.data, y->name.service.data);

	if (order == 0)
		order = strcmp(x->name.entity.data, y->name.entity.data);
	return order != 0 ? order : strcmp(x->name.version.data, y->name.version.data);
}

/* Without a snapshot of its own the scan sees what is committed by now. */
static void
read_entries(AddbRegistry *registry)
{
	Relation	relation = table_open(registry->relation, AccessShareLock);
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	int			room = 16;

	registry->entries = palloc(room * sizeof(Entry));
	while ((tuple = systable_getnext(scan)) != NULL)
		add_entry(registry, tuple, RelationGetDescr(relation), &room);
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	qsort(registry->entries, registry->n, sizeof(Entry), compare_entries);
}

static AddbRegistry *
read_registry(Oid relation)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "atomic_dynamodb entities",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AddbRegistry *registry = palloc0(sizeof(AddbRegistry));

	if (!is_watching)
		CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	is_watching = true;
	watched = relation;
	registry->context = context;
	registry->relation = relation;
	registry->generation = generation;
	read_entries(registry);
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(context, TopMemoryContext);
	return registry;
}

/*
 * addb_registry_pin - the registry as it is now
 *
 * It stays as it is until the context owner is reset. fcinfo is of a function
 * of the extension, whose schema has the table. Raises what reading it raises.
 */
AddbRegistry *
addb_registry_pin(FunctionCallInfo fcinfo, MemoryContext owner)
{
	Oid			relation = get_relname_relid("ddb_entity_models",
											 get_func_namespace(fcinfo->flinfo->fn_oid));
	MemoryContextCallback *release;
	AddbRegistry *old = current;

	if (!OidIsValid(relation))
		elog(ERROR, "table ddb_entity_models is missing");
	AcceptInvalidationMessages();
	if (old == NULL || old->relation != relation || old->generation != generation)
	{
		current = read_registry(relation);
		current->pins = 1;
		if (old != NULL)
			unpin(old);
	}
	release = MemoryContextAllocZero(owner, sizeof(MemoryContextCallback));
	release->func = unpin;
	release->arg = current;
	current->pins++;
	MemoryContextRegisterResetCallback(owner, release);
	return current;
}

/* A name in full: service.entity@version; palloc'd. */
static char *
full_name(const AddbRegistryName *name)
{
	return psprintf("%s.%s@%s", name->service.data, name->entity.data,
					name->version.data);
}

/* Takes a beginning off a text; false when it does not begin so. */
static bool
take(AddbText *text, AddbText beginning)
{
	if (text->len < beginning.len ||
		memcmp(text->data, beginning.data, beginning.len) != 0)
		return false;
	text->data += beginning.len;
	text->len -= beginning.len;
	return true;
}

/*
 * Whether a reference can mean an entry: 2 when it has all of its name, 1 when
 * some, 0 when it means another. It is compared rather than taken apart, so
 * names may have any characters.
 */
static int
match(const Entry *entry, AddbText reference)
{
	const AddbText dot = {".", 1};
	const AddbText at = {"@", 1};

	for (int qualified = 1; qualified >= 0; qualified--)
	{
		AddbText	rest = reference;

		if (qualified && !(take(&rest, entry->name.service) && take(&rest, dot)))
			continue;
		if (!take(&rest, entry->name.entity))
			continue;
		if (rest.len == 0)
			return 1;
		if (take(&rest, at) && addb_text_equal(rest, entry->name.version))
			return 1 + qualified;
	}
	return 0;
}

static _Noreturn void
raise_ambiguous(const AddbRegistry *registry, AddbText reference)
{
	StringInfoData names;
	const char *name = NULL;

	initStringInfo(&names);
	for (int i = 0; i < registry->n; i++)
	{
		if (match(&registry->entries[i], reference) == 0)
			continue;
		name = full_name(&registry->entries[i].name);
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_ALIAS),
			 errmsg("entity \"%.*s\" is ambiguous", reference.len, reference.data),
			 errdetail("It may be any of %s.", names.data),
			 errhint("Name the one that is meant in full, as \"%s\".", name)));
}

/* Raises 42704 and 42P09. */
static Entry *
find_entry(AddbRegistry *registry, AddbText reference)
{
	Entry	   *found = NULL;
	bool		ambiguous = false;

	for (int i = 0; i < registry->n; i++)
	{
		int			matched = match(&registry->entries[i], reference);

		if (matched == 2)
			return &registry->entries[i];
		ambiguous |= matched > 0 && found != NULL;
		if (matched > 0)
			found = &registry->entries[i];
	}
	if (ambiguous)
		raise_ambiguous(registry, reference);
	if (found == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("entity \"%.*s\" is not registered", reference.len, reference.data),
				 errhint("See the view ddb_entities, and ddb_register_entity.")));
	return found;
}

/*
 * addb_registry_resolve - what a reference to an entity means
 *
 * It is "entity", "service.entity", "entity@version" or "service.entity@version".
 * The texts are the registry's. Raises 42704 when there is no such entity, 42P09
 * when there are several.
 */
AddbRegistryName
addb_registry_resolve(AddbRegistry *registry, AddbText reference)
{
	return find_entry(registry, reference)->name;
}

/* The table is the registration's, else the model's, else the setting's. */
static AddbEntityMember
member_of(AddbRegistry *registry, Entry *entry, AddbText alias)
{
	AddbEntityMember member = {alias};

	if (entry->model == NULL)
		entry->model = addb_entity_model_parse(registry->context,
											   entry->text.data, entry->text.len);
	member.model = entry->model;
	if (entry->table != NULL)
		member.table = entry->table;
	else if (entry->model->table.data != NULL)
		member.table = pnstrdup(entry->model->table.data, entry->model->table.len);
	else if (addb_table[0] != '\0')
		member.table = pstrdup(addb_table);
	return member;
}

/*
 * addb_registry_find - the entity that a reference means, which is its alias
 *
 * Palloc'd; the model is the registry's. Raises as addb_registry_resolve, and
 * what addb_entity_model_parse raises.
 */
AddbEntityMember *
addb_registry_find(AddbRegistry *registry, AddbText reference)
{
	AddbEntityMember *member = palloc(sizeof(AddbEntityMember));

	*member = member_of(registry, find_entry(registry, reference), reference);
	return member;
}

/* Where a service has several versions of an entity, their aliases tell them. */
static void
distinguish(AddbEntityMember *members, int n)
{
	for (int i = 0, end; i < n; i = end)
	{
		for (end = i + 1; end < n; end++)
			if (!addb_text_equal(members[end].model->entity, members[i].model->entity))
				break;
		for (int j = i; end - i > 1 && j < end; j++)
		{
			AddbRegistryName name = {.entity = members[j].model->entity,
			.version = members[j].model->version};
			char	   *alias = psprintf("%.*s@%.*s", name.entity.len, name.entity.data,
										 name.version.len, name.version.data);

			members[j].alias = (AddbText) {alias, (int) strlen(alias)};
		}
	}
}

/*
 * addb_registry_collection - the entities of a service that are in a collection
 *
 * Case does not matter in the service's name. Their aliases are their names, with
 * "@version" where there are several of one name. Palloc'd; the models are the
 * registry's. Raises 42704 for a service of which nothing is registered, and
 * error 1013 for entities that cannot join.
 */
AddbEntityService
addb_registry_collection(AddbRegistry *registry, AddbText service,
						 AddbText collection)
{
	AddbEntityMember *members = palloc((registry->n + 1) * sizeof(AddbEntityMember));
	AddbEntityService result = {members, 0};
	bool		exists = false;
	int			depth;

	for (int i = 0; i < registry->n; i++)
	{
		Entry	   *entry = &registry->entries[i];
		AddbEntityMember member;

		if (!addb_entity_same_service(entry->name.service, service))
			continue;
		exists = true;
		member = member_of(registry, entry, entry->name.entity);
		if (addb_entity_find_collection(member.model, collection, &depth) != NULL)
			members[result.nmembers++] = member;
	}
	if (!exists)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no entity of service \"%.*s\" is registered",
						service.len, service.data),
				 errhint("See the view ddb_entities, and ddb_register_entity.")));
	distinguish(members, result.nmembers);
	addb_entity_service_check(&result);
	return result;
}
