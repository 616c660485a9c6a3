/*
 * jsonb_builder.c
 *	  Writes jsonb's binary form (utils/jsonb.h) without a tree of JsonbValues.
 *
 * pushJsonbValue builds a tree, then convertToJsonb walks it; for typed items
 * that takes three times as long as the rest of a decoder. Here the members of
 * all open containers lie on one stack, and closing a container writes its
 * bytes once, into a palloc'd chunk that becomes a value of its parent. A
 * value is copied once for each level above it, and items are shallow.
 *
 * The stack is the backend's, not reentrant: nothing that runs between
 * addb_jsonb_start and addb_jsonb_finish may use it for something else.
 */
#include "postgres.h"

#include "common/int.h"
#include "dynamodb/jsonb_builder.h"
#include "utils/memutils.h"

/* An object up to this size is sorted by insertion. */
#define INSERTION_SORT_MAX 24

/* Entries kept from one document to the next. */
#define STACK_KEEP 4096

typedef struct Member
{
	const char *name;			/* of an object's member */
	uint32		name_len;
	uint32		order;			/* position in the text */
	AddbJsonbValue value;
} Member;

static Member *stack;
static int	stack_len;
static int	stack_size;

/*
 * addb_jsonb_null, _bool, _string, _numeric - leaves
 *
 * Their bytes stay where they are: text and value must outlive the container
 * that they are pushed to. Text is in the server's encoding.
 */
AddbJsonbValue
addb_jsonb_null(void)
{
	return (AddbJsonbValue) {JENTRY_ISNULL, 0, NULL};
}

/* See addb_jsonb_null. */
AddbJsonbValue
addb_jsonb_bool(bool value)
{
	return (AddbJsonbValue) {value ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE,
		0, NULL};
}

/* See addb_jsonb_null. Raises 54000 for text longer than jsonb can hold. */
AddbJsonbValue
addb_jsonb_string(const char *text, size_t len)
{
	if (len > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("string too long to represent as jsonb string")));
	return (AddbJsonbValue) {JENTRY_ISSTRING, (uint32) len, text};
}

/* See addb_jsonb_null. */
AddbJsonbValue
addb_jsonb_numeric(Numeric value)
{
	return (AddbJsonbValue) {JENTRY_ISNUMERIC, VARSIZE_ANY(value),
		(const char *) value};
}

/*
 * addb_jsonb_start - begins a document, whatever became of the last one
 */
void
addb_jsonb_start(void)
{
	stack_len = 0;
	if (stack_size > STACK_KEEP)
	{
		pfree(stack);
		stack = NULL;
		stack_size = 0;
	}
}

/*
 * addb_jsonb_mark - begins a container, which the mark closes
 */
int
addb_jsonb_mark(void)
{
	return stack_len;
}

static Member *
push(void)
{
	if (stack_len == stack_size)
	{
		int			size = stack_size ? stack_size * 2 : 256;

		if (stack == NULL)
			stack = MemoryContextAlloc(TopMemoryContext, size * sizeof(Member));
		else
			stack = repalloc_huge(stack, size * sizeof(Member));
		stack_size = size;
	}
	return &stack[stack_len++];
}

/*
 * addb_jsonb_push - appends an element to the array that is open
 */
void
addb_jsonb_push(AddbJsonbValue value)
{
	push()->value = value;
}

/*
 * addb_jsonb_push_member - appends a member to the object that is open
 *
 * Of two members of one name the later wins. The name is borrowed like a
 * value's bytes.
 */
void
addb_jsonb_push_member(const char *name, size_t len, AddbJsonbValue value)
{
	Member	   *member = push();

	member->name = name;
	member->name_len = (uint32) len;
	member->order = stack_len;
	member->value = value;
}

/*
 * addb_jsonb_to_pairs - makes elements [name, value] of the members that were
 * pushed since the mark
 */
void
addb_jsonb_to_pairs(int mark)
{
	int			end = stack_len;

	for (int i = mark; i < end; i++)
	{
		AddbJsonbValue name = addb_jsonb_string(stack[i].name, stack[i].name_len);
		AddbJsonbValue value = stack[i].value;
		int			pair = addb_jsonb_mark();

		addb_jsonb_push(name);
		addb_jsonb_push(value);
		value = addb_jsonb_array(pair);
		stack[i].value = value;
	}
}

/* jsonb's order of names: shorter first, then by bytes. */
static inline int
compare_names(const Member *a, const Member *b)
{
	if (a->name_len != b->name_len)
		return a->name_len > b->name_len ? 1 : -1;
	return memcmp(a->name, b->name, a->name_len);
}

/* The same, and of members that share a name the later ones first. */
static inline int
compare_members(const Member *a, const Member *b)
{
	int			order = compare_names(a, b);

	if (order != 0)
		return order;
	return a->order > b->order ? -1 : 1;
}

static int
compare_for_qsort(const void *a, const void *b)
{
	return compare_members(a, b);
}

/* Drops all but the first of the members that share a name; they are sorted. */
static int
drop_duplicates(Member *members, int n)
{
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		if (kept > 0 && members[kept - 1].name_len == members[i].name_len &&
			memcmp(members[kept - 1].name, members[i].name,
				   members[i].name_len) == 0)
			continue;
		if (kept != i)
			members[kept] = members[i];
		kept++;
	}
	return kept;
}

/*
 * The items of a page have the same attributes, mostly, and in one order. So
 * the order that the last object of n members was brought into is tried first.
 */
static uint8 last_order[INSERTION_SORT_MAX + 1][INSERTION_SORT_MAX];

/* Sorts members as the last time; false when that is not right for these. */
static bool
sort_as_before(Member *members, int n)
{
	Member		sorted[INSERTION_SORT_MAX];

	for (int i = 0; i < n; i++)
	{
		sorted[i] = members[last_order[n][i]];
		if (i > 0 && compare_names(&sorted[i - 1], &sorted[i]) >= 0)
			return false;
	}
	memcpy(members, sorted, n * sizeof(Member));
	return true;
}

static void
sort_by_insertion(Member *members, int n)
{
	uint32		first = members[0].order;

	for (int i = 1; i < n; i++)
	{
		Member		moving = members[i];
		int			j = i;

		for (; j > 0 && compare_members(&members[j - 1], &moving) > 0; j--)
			members[j] = members[j - 1];
		members[j] = moving;
	}
	for (int i = 0; i < n; i++)
		last_order[n][i] = (uint8) (members[i].order - first);
}

/* Sorts members and drops all but the last of a name; returns how many stay. */
static int
sort_members(Member *members, int n)
{
	if (n > INSERTION_SORT_MAX)
		qsort(members, n, sizeof(Member), compare_for_qsort);
	else if (n <= 1 || sort_as_before(members, n))
		return n;
	else
		sort_by_insertion(members, n);
	return drop_duplicates(members, n);
}

/* Numbers and containers start at a multiple of four within their parent. */
static inline bool
is_aligned_type(JEntry type)
{
	return type == JENTRY_ISNUMERIC || type == JENTRY_ISCONTAINER;
}

/* Room for a container of n members at the most, padding included. */
static char *
allocate_container(const Member *members, int n, bool is_object)
{
	uint64		size = sizeof(uint32) + (uint64) n * sizeof(JEntry) * (is_object ? 2 : 1);

	for (int i = 0; i < n; i++)
		size += (is_object ? members[i].name_len : 0) +
			INTALIGN(members[i].value.len) + ALIGNOF_INT;
	if (size > JENTRY_OFFLENMASK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("total size of jsonb elements exceeds the maximum of %d bytes",
						JENTRY_OFFLENMASK)));
	return palloc(VARHDRSZ + size);
}

/*
 * Copies names and values, most of which are so short that to call memcpy
 * takes longer: as two words that overlap.
 */
static inline void
copy_bytes(char *out, const char *data, uint32 len)
{
	if (len > 16)
		memcpy(out, data, len);
	else if (len >= 8)
	{
		uint64		words[2];

		memcpy(&words[0], data, 8);
		memcpy(&words[1], data + len - 8, 8);
		memcpy(out, &words[0], 8);
		memcpy(out + len - 8, &words[1], 8);
	}
	else if (len >= 4)
	{
		uint32		words[2];

		memcpy(&words[0], data, 4);
		memcpy(&words[1], data + len - 4, 4);
		memcpy(out, &words[0], 4);
		memcpy(out + len - 4, &words[1], 4);
	}
	else if (len > 0)
	{
		out[0] = data[0];
		out[len / 2] = data[len / 2];
		out[len - 1] = data[len - 1];
	}
}

/*
 * Appends an entry and its bytes. Every JB_OFFSET_STRIDE-th entry holds the
 * end offset of its value, the others the length, padding included.
 */
static inline char *
write_entry(JEntry *entry, int index, const char *start, char *out,
			JEntry type, const char *data, uint32 len)
{
	char	   *value = out;

	if (is_aligned_type(type))
	{
		while ((value - start) % ALIGNOF_INT != 0)
			*value++ = '\0';
	}
	copy_bytes(value, data, len);
	value += len;
	if (index % JB_OFFSET_STRIDE == 0)
		*entry = type | (uint32) (value - start) | JENTRY_HAS_OFF;
	else
		*entry = type | (uint32) (value - out);
	return value;
}

static AddbJsonbValue
close_container(int mark, bool is_object)
{
	Member	   *members = stack + mark;
	int			n = stack_len - mark;
	char	   *chunk;
	char	   *container;
	char	   *start;
	char	   *out;
	JEntry	   *entries;
	int			index = 0;

	if (is_object)
		n = sort_members(members, n);
	chunk = allocate_container(members, n, is_object);
	container = chunk + VARHDRSZ;
	*(uint32 *) container = n | (is_object ? JB_FOBJECT : JB_FARRAY);
	entries = (JEntry *) (container + sizeof(uint32));
	start = (char *) (entries + (is_object ? 2 * n : n));
	out = start;
	for (int i = 0; is_object && i < n; i++, index++)
		out = write_entry(&entries[index], index, start, out, JENTRY_ISSTRING,
						  members[i].name, members[i].name_len);
	for (int i = 0; i < n; i++, index++)
	{
		out = write_entry(&entries[index], index, start, out,
						  members[i].value.type, members[i].value.data,
						  members[i].value.len);

		/* a container's chunk is the builder's own, and copied now */
		if (members[i].value.type == JENTRY_ISCONTAINER)
			pfree(unconstify(char *, members[i].value.data) - VARHDRSZ);
	}
	stack_len = mark;
	return (AddbJsonbValue) {JENTRY_ISCONTAINER, (uint32) (out - container),
		container};
}

/*
 * addb_jsonb_array - closes the array that began at mark
 *
 * The value is palloc'd in the current context. Raises 54000 when it exceeds
 * what jsonb can hold.
 */
AddbJsonbValue
addb_jsonb_array(int mark)
{
	return close_container(mark, false);
}

/*
 * addb_jsonb_object - closes the object that began at mark
 *
 * The value is palloc'd in the current context. Raises 54000 when it exceeds
 * what jsonb can hold.
 */
AddbJsonbValue
addb_jsonb_object(int mark)
{
	return close_container(mark, true);
}

/*
 * addb_jsonb_count - how many members or elements a closed container has
 */
int
addb_jsonb_count(AddbJsonbValue container)
{
	return JsonContainerSize((const JsonbContainer *) container.data);
}

/*
 * addb_jsonb_finish - the document whose root is this value
 *
 * A scalar is wrapped as jsonb wraps it. Palloc'd in the current context; for
 * a container it is the chunk of the container itself.
 */
Jsonb *
addb_jsonb_finish(AddbJsonbValue value)
{
	Jsonb	   *jsonb;

	if (value.type != JENTRY_ISCONTAINER)
	{
		int			mark = addb_jsonb_mark();

		addb_jsonb_push(value);
		value = addb_jsonb_array(mark);
		*(uint32 *) unconstify(char *, value.data) |= JB_FSCALAR;
	}
	jsonb = (Jsonb *) (unconstify(char *, value.data) - VARHDRSZ);
	SET_VARSIZE(jsonb, VARHDRSZ + value.len);
	return jsonb;
}
