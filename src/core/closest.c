/*
 * closest.c
 *	  The name that is meant by a mistyped one, for hints.
 */
#include "postgres.h"

#include "core/closest.h"
#include "utils/varlena.h"

/* As far as PostgreSQL's own hints go: half of the letters may differ. */
#define MAX_DISTANCE 4

/*
 * addb_closest - begins the search for what a name of len bytes is to mean
 */
AddbClosest
addb_closest(const char *typed, int len)
{
	return (AddbClosest) {typed, len, NULL, 0, MAX_DISTANCE + 1};
}

/*
 * addb_closest_try - takes a name into account, which must stay
 */
void
addb_closest_try(AddbClosest *closest, const char *name, int len)
{
	int			distance;

	if (closest->typed_len > NAMEDATALEN || len > NAMEDATALEN)
		return;
	distance = varstr_levenshtein_less_equal(closest->typed, closest->typed_len,
											 name, len, 1, 1, 1,
											 closest->distance - 1, true);
	if (distance < closest->distance && distance <= closest->typed_len / 2)
	{
		closest->name = name;
		closest->len = len;
		closest->distance = distance;
	}
}

/*
 * addb_closest_hint - the HINT that tells the name, palloc'd; NULL when none is close
 */
const char *
addb_closest_hint(const AddbClosest *closest)
{
	return closest->name == NULL ? NULL :
		psprintf("Perhaps you meant \"%.*s\".", closest->len, closest->name);
}
