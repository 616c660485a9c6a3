/*
 * closest.h
 *	  The name that is meant by a mistyped one.
 */
#ifndef ADDB_CORE_CLOSEST_H
#define ADDB_CORE_CLOSEST_H

typedef struct AddbClosest
{
	const char *typed;
	int			typed_len;
	const char *name;			/* the closest so far, or NULL */
	int			len;
	int			distance;
} AddbClosest;

extern AddbClosest addb_closest(const char *typed, int len);
extern void addb_closest_try(AddbClosest *closest, const char *name, int len);
extern const char *addb_closest_hint(const AddbClosest *closest);

#endif							/* ADDB_CORE_CLOSEST_H */
