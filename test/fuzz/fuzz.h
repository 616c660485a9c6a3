/*
 * fuzz.h
 *	  What the fuzzer and its targets share.
 */
#ifndef ADDB_FUZZ_H
#define ADDB_FUZZ_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "core/text.h"
#include "entity/service.h"

/*
 * One target. prepare runs once and may read the file of vectors that is given
 * to it; what it allocates stays. run gets one input, behind which nothing may be
 * read, and may raise: an error that tells of the input is as good as a result.
 */
typedef struct AddbFuzzTarget
{
	const char *name;
	void		(*prepare) (const char *vectors);
	void		(*run) (const char *data, int len);
} AddbFuzzTarget;

extern const AddbFuzzTarget addb_fuzz_expression;
extern const AddbFuzzTarget addb_fuzz_model;
extern const AddbFuzzTarget addb_fuzz_response;
extern const AddbFuzzTarget addb_fuzz_where;

/* in fuzz.c */
extern _Noreturn void addb_fuzz_found(const char *what, const char *text, int len);

/* in input.c */
extern AddbText addb_fuzz_next_line(AddbText *rest);
extern bool addb_fuzz_is_text(AddbText text);
extern Jsonb *addb_fuzz_jsonb(AddbText text);
extern const AddbJsonNode *addb_fuzz_read_vectors(const char *path);
extern void addb_fuzz_make_service(const AddbJsonNode *vector, AddbEntityService *service);
extern void addb_fuzz_check_json(const char *what, const char *text, int len);

/* in memory.c */
extern MemoryContext addb_fuzz_context_create(MemoryContext parent, const char *name);

#endif							/* ADDB_FUZZ_H */
