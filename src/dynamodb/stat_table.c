/*
 * stat_table.c
 *	  Counts calls by database, operation, table and foreign server.
 *
 * In shared memory, for the whole cluster, when the postmaster has loaded the
 * library; else in a table of the backend's own. Both have at most
 * atomic_dynamodb.stat_max entries. When a table is full, calls that have no
 * entry yet are counted together in one more, so that sums stay right and no
 * counter ever falls; a reset makes room. Nothing is kept over a restart of the
 * server, nor over its recovery from a crash.
 *
 * An entry is found under a lock that is shared unless one is to be added, and
 * changed under a spinlock of its own. Adding raises nothing: it happens while
 * memory contexts go. So the table of a backend has an allocator that returns
 * NULL, as shared memory's does; dynahash's own may raise before PostgreSQL 16.
 */
#include "postgres.h"

#include "core/compat.h"
#include "core/guc.h"
#include "dynamodb/stat_table.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define NAME "atomic_dynamodb"

/* The operation of the entry that counts what has no entry. */
#define OTHERS "(other)"

/*
 * Segments of 256 buckets that a table of the backend's own has at most. With
 * an allocator that is not dynahash's, the directory of them must not grow; what
 * does not find a bucket of its own shares one.
 */
#define DIRECTORY_SIZE 256

typedef struct Entry
{
	AddbStatKey key;			/* dynahash wants it first */
	slock_t		mutex;			/* of what follows */
	AddbStatCounters counters;
	TimestampTz since;
} Entry;

typedef struct Head
{
	LWLock	   *lock;			/* of the table; NULL: nobody else sees it */
	TimestampTz since;
	Entry		others;
} Head;

/* Set by the postmaster and inherited, or made by addb_stat_prepare. */
static Head *head;
static HTAB *entries;

static shmem_request_hook_type previous_request_hook;
static shmem_startup_hook_type previous_startup_hook;

static void
lock_table(LWLockMode mode)
{
	if (head->lock != NULL)
		LWLockAcquire(head->lock, mode);
}

static void
unlock_table(void)
{
	if (head->lock != NULL)
		LWLockRelease(head->lock);
}

static void
clear_entry(Entry *entry)
{
	SpinLockInit(&entry->mutex);
	memset(&entry->counters, 0, sizeof(entry->counters));
	entry->since = GetCurrentTimestamp();
}

static void
init_head(LWLock *lock)
{
	head->lock = lock;
	head->since = GetCurrentTimestamp();
	memset(&head->others.key, 0, sizeof(head->others.key));
	strlcpy(head->others.key.operation, OTHERS, ADDB_STAT_OPERATION_SIZE);
	clear_entry(&head->others);
}

static void
request_memory(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(add_size(MAXALIGN(sizeof(Head)),
									hash_estimate_size(addb_stat_max, sizeof(Entry))));
	RequestNamedLWLockTranche(NAME, 1);
}

/* Also runs when the postmaster starts anew after a crash. */
static void
attach_memory(void)
{
	HASHCTL		control = {
		.keysize = sizeof(AddbStatKey),
		.entrysize = sizeof(Entry)
	};
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	head = ShmemInitStruct(NAME, sizeof(Head), &found);
	if (!found)
		init_head(&GetNamedLWLockTranche(NAME)->lock);
	entries = ShmemInitHash(NAME " statistics", addb_stat_max, addb_stat_max,
							&control, HASH_ELEM | HASH_BLOBS);
	LWLockRelease(AddinShmemInitLock);
}

/*
 * addb_stat_init - asks for shared memory; called once, from _PG_init
 *
 * The settings must have been defined.
 */
void
addb_stat_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_memory;
}

/* For a table of the backend's own, whose entries are added without raising. */
static void *
allocate_or_null(Size size)
{
	return MemoryContextAllocExtended(TopMemoryContext, size, MCXT_ALLOC_NO_OOM);
}

/*
 * addb_stat_prepare - makes a table where there is none in shared memory
 *
 * To be called before anything is added. Raises out of memory.
 */
void
addb_stat_prepare(void)
{
	HASHCTL		control = {
		.keysize = sizeof(AddbStatKey),
		.entrysize = sizeof(Entry),
		.hcxt = TopMemoryContext,
		.alloc = allocate_or_null,
		.dsize = DIRECTORY_SIZE,
		.max_dsize = DIRECTORY_SIZE
	};

	if (entries != NULL)
		return;
	if (head == NULL)
	{
		head = MemoryContextAlloc(TopMemoryContext, sizeof(Head));
		init_head(NULL);
	}
	entries = hash_create(NAME " statistics", 64, &control,
						  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT | HASH_ALLOC |
						  HASH_DIRSIZE);
}

/* Copies a name. Sessions with other encodings read it: ASCII is in all. */
static void
copy_name(char *target, const char *name, size_t size)
{
	size_t		i;

	for (i = 0; i < size - 1 && name[i] != '\0'; i++)
		target[i] = name[i] >= ' ' && name[i] < 0x7f ? name[i] : '?';
}

/*
 * addb_stat_make_key - names an entry of this database
 *
 * key is all zeros. table may be NULL, server "". What is too long is cut off,
 * and what is not printable ASCII, which no name in DynamoDB holds, becomes "?".
 * That of a server may be in any letters, and two must not become one.
 */
void
addb_stat_make_key(AddbStatKey *key, const char *operation, const char *table,
				   const char *server)
{
	key->database = MyDatabaseId;
	copy_name(key->operation, operation, sizeof(key->operation));
	if (table != NULL)
		copy_name(key->table, table, sizeof(key->table));
	memcpy(key->server, server,
		   pg_mbcliplen(server, strlen(server), sizeof(key->server) - 1));
}

static void
add_to(Entry *entry, const AddbStatCounters *counters)
{
	AddbStatCounters *sum = &entry->counters;

	SpinLockAcquire(&entry->mutex);
	for (int i = 0; i < ADDB_STAT_NOUTCOMES; i++)
		sum->outcomes[i] += counters->outcomes[i];
	sum->retries += counters->retries;
	sum->throttles += counters->throttles;
	sum->bytes_sent += counters->bytes_sent;
	sum->bytes_received += counters->bytes_received;
	sum->read_units += counters->read_units;
	sum->write_units += counters->write_units;
	sum->total_time += counters->total_time;
	sum->max_time = Max(sum->max_time, counters->max_time);
	SpinLockRelease(&entry->mutex);
}

/*
 * Finds or adds an entry under an exclusive lock. The one for the others when
 * the table is full, or memory has run out.
 */
static Entry *
make_entry(const AddbStatKey *key, uint32 hash)
{
	bool		full = hash_get_num_entries(entries) >= addb_stat_max;
	bool		found;
	Entry	   *entry = hash_search_with_hash_value(entries, key, hash,
													full ? HASH_FIND : HASH_ENTER_NULL,
													&found);

	if (entry == NULL)
		return &head->others;
	if (!found)
		clear_entry(entry);
	return entry;
}

/*
 * addb_stat_add - adds what a call has cost to its entry
 *
 * Raises nothing.
 */
void
addb_stat_add(const AddbStatKey *key, const AddbStatCounters *counters)
{
	uint32		hash = get_hash_value(entries, key);
	Entry	   *entry;

	lock_table(LW_SHARED);
	entry = hash_search_with_hash_value(entries, key, hash, HASH_FIND, NULL);
	if (entry == NULL)
	{
		unlock_table();
		lock_table(LW_EXCLUSIVE);
		entry = make_entry(key, hash);
	}
	add_to(entry, counters);
	unlock_table();
}

static void
copy_entry(AddbStatRow *row, Entry *entry)
{
	row->key = entry->key;
	if (row->key.database != MyDatabaseId)
	{
		memset(row->key.server, 0, sizeof(row->key.server));
		copy_name(row->key.server, entry->key.server, sizeof(row->key.server));
	}
	SpinLockAcquire(&entry->mutex);
	row->counters = entry->counters;
	row->since = entry->since;
	SpinLockRelease(&entry->mutex);
}

/* Calls in the entry of the others. */
static int64
count_others(void)
{
	AddbStatRow row;
	int64		calls = 0;

	copy_entry(&row, &head->others);
	for (int i = 0; i < ADDB_STAT_NOUTCOMES; i++)
		calls += row.counters.outcomes[i];
	return calls;
}

/*
 * addb_stat_rows - copies of all entries, palloc'd, and their number
 *
 * That of the others, whose database is InvalidOid, is among them when it
 * counts anything.
 */
AddbStatRow *
addb_stat_rows(int *n)
{
	AddbStatRow *rows;
	HASH_SEQ_STATUS scan;
	Entry	   *entry;
	int			count = 0;

	addb_stat_prepare();
	lock_table(LW_SHARED);
	rows = palloc((hash_get_num_entries(entries) + 1) * sizeof(AddbStatRow));
	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
		copy_entry(&rows[count++], entry);
	if (count_others() > 0)
		copy_entry(&rows[count++], &head->others);
	unlock_table();
	*n = count;
	return rows;
}

/*
 * addb_stat_info - describes the table of entries
 */
void
addb_stat_info(AddbStatInfo *info)
{
	addb_stat_prepare();
	lock_table(LW_SHARED);
	info->is_shared = head->lock != NULL;
	info->entries = (int) hash_get_num_entries(entries);
	info->max_entries = addb_stat_max;
	info->others = count_others();
	info->since = head->since;
	unlock_table();
}

/*
 * addb_stat_reset - forgets the entries of this database, or all there are
 *
 * What is counted without an entry is forgotten with all.
 */
void
addb_stat_reset(bool all_databases)
{
	HASH_SEQ_STATUS scan;
	Entry	   *entry;

	addb_stat_prepare();
	lock_table(LW_EXCLUSIVE);
	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
		if (all_databases || entry->key.database == MyDatabaseId)
			hash_search(entries, &entry->key, HASH_REMOVE, NULL);
	if (all_databases || head->lock == NULL)
	{
		head->since = GetCurrentTimestamp();
		clear_entry(&head->others);
	}
	unlock_table();
}
