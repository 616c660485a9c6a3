/*
 * memory.c
 *	  A memory context in which every chunk is a malloc of its own, so that
 *	  AddressSanitizer sees each overrun and each use of what was freed.
 *
 * PostgreSQL up to 15 calls contexts by a table of methods, which can be ours.
 * From 16 on the methods are the server's alone: chunks are packed into blocks
 * there and only overruns of the large ones are seen.
 */
#include "postgres.h"

#include "core/compat.h"
#include "lib/ilist.h"
#include "nodes/memnodes.h"
#include "utils/memutils.h"

#include "fuzz.h"

/* The build renames the function for src/, see run. */
#undef AllocSetContextCreateInternal
extern MemoryContext AllocSetContextCreateInternal(MemoryContext parent, const char *name,
												   Size min, Size init, Size max);
extern MemoryContext addb_fuzz_alloc_set(MemoryContext parent, const char *name,
										 Size min, Size init, Size max);

#if !PG16_GE

typedef struct Context
{
	MemoryContextData header;
	dlist_head	chunks;
} Context;

/* The server finds the context in the word before a chunk. */
typedef struct Chunk
{
	dlist_node	node;
	Size		size;
	MemoryContext context;
} Chunk;

StaticAssertDecl(sizeof(Chunk) == MAXALIGN(sizeof(Chunk)), "chunks are aligned");

static Chunk *
chunk_of(void *pointer)
{
	return (Chunk *) pointer - 1;
}

static void *
chunk_alloc(MemoryContext context, Size size)
{
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	chunk->context = context;
	context->mem_allocated += size;
	dlist_push_tail(&((Context *) context)->chunks, &chunk->node);
	return chunk + 1;
}

static void
chunk_free(MemoryContext context, void *pointer)
{
	Chunk	   *chunk = chunk_of(pointer);

	context->mem_allocated -= chunk->size;
	dlist_delete(&chunk->node);
	free(chunk);
}

/* Moves always, for a pointer into the old place is a fault. */
static void *
chunk_realloc(MemoryContext context, void *pointer, Size size)
{
	void	   *moved = chunk_alloc(context, size);

	if (moved == NULL)
		return NULL;
	memcpy(moved, pointer, Min(size, chunk_of(pointer)->size));
	chunk_free(context, pointer);
	return moved;
}

static void
context_reset(MemoryContext context)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &((Context *) context)->chunks)
		chunk_free(context, dlist_container(Chunk, node, iter.cur) + 1);
}

static void
context_delete(MemoryContext context)
{
	context_reset(context);
	free(context);
}

static Size
chunk_space(MemoryContext context, void *pointer)
{
	return sizeof(Chunk) + chunk_of(pointer)->size;
}

static bool
context_is_empty(MemoryContext context)
{
	return dlist_is_empty(&((Context *) context)->chunks);
}

static void
context_stats(MemoryContext context, MemoryStatsPrintFunc printfunc, void *passthru,
			  MemoryContextCounters *totals, bool print_to_stderr)
{
}

#ifdef MEMORY_CONTEXT_CHECKING
static void
context_check(MemoryContext context)
{
}
#endif

static const MemoryContextMethods methods = {
	.alloc = chunk_alloc,
	.free_p = chunk_free,
	.realloc = chunk_realloc,
	.reset = context_reset,
	.delete_context = context_delete,
	.get_chunk_space = chunk_space,
	.is_empty = context_is_empty,
	.stats = context_stats,
#ifdef MEMORY_CONTEXT_CHECKING
	.check = context_check,
#endif
};

/*
 * addb_fuzz_context_create - a context like any other, name has to stay
 */
MemoryContext
addb_fuzz_context_create(MemoryContext parent, const char *name)
{
	Context    *context = malloc(sizeof(Context));

	if (context == NULL)
		abort();
	dlist_init(&context->chunks);
	MemoryContextCreate(&context->header, T_AllocSetContext, &methods, parent, name);
	return &context->header;
}

#else

MemoryContext
addb_fuzz_context_create(MemoryContext parent, const char *name)
{
	return AllocSetContextCreateInternal(parent, name, ALLOCSET_SMALL_SIZES);
}

#endif

/*
 * addb_fuzz_alloc_set - what src/ calls for AllocSetContextCreate
 */
MemoryContext
addb_fuzz_alloc_set(MemoryContext parent, const char *name, Size min, Size init, Size max)
{
	return addb_fuzz_context_create(parent, name);
}
