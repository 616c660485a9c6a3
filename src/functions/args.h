/*
 * args.h
 *	  Arguments of the SQL functions: checked, and named in every message.
 */
#ifndef ADDB_FUNCTIONS_ARGS_H
#define ADDB_FUNCTIONS_ARGS_H

#include "dynamodb/atomic_item.h"
#include "fmgr.h"

/* What a list of keys or items may hold. */
typedef struct AddbItemList
{
	AddbItem   *items;			/* of keys, only .key is set */
	int			n;
} AddbItemList;

extern void addb_arg_require(FunctionCallInfo fcinfo, int n, const char *name);
extern AddbText addb_arg_text(FunctionCallInfo fcinfo, int n, const char *name);
extern AddbKey addb_arg_key(FunctionCallInfo fcinfo, int pk, int sk);
extern void addb_arg_ttl(FunctionCallInfo fcinfo, int n, AddbItem *item);
extern AddbText addb_arg_optional_text(FunctionCallInfo fcinfo, int n);
extern Jsonb *addb_arg_jsonb(FunctionCallInfo fcinfo, int n, const char *name);
extern Jsonb *addb_arg_optional_jsonb(FunctionCallInfo fcinfo, int n);
extern int	addb_arg_positive(FunctionCallInfo fcinfo, int n, const char *name,
							  int fallback, int max);
extern bool addb_arg_bool(FunctionCallInfo fcinfo, int n, bool fallback);
extern const char *addb_arg_table(FunctionCallInfo fcinfo, int n);
extern bool addb_arg_is_table(FunctionCallInfo fcinfo, int n, const char *table);
extern AddbItemList addb_arg_items(FunctionCallInfo fcinfo, int n);
extern AddbItemList addb_arg_keys(FunctionCallInfo fcinfo, int n);
extern AddbItemList addb_read_keys(Jsonb *keys);
extern void addb_arg_check_key(const AddbKey *key, const char *what);

#endif							/* ADDB_FUNCTIONS_ARGS_H */
