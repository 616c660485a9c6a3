/*
 * uuid.h
 *	  Random UUIDs: versions of locks, tokens, ids of calls.
 */
#ifndef ADDB_DYNAMODB_UUID_H
#define ADDB_DYNAMODB_UUID_H

#define ADDB_UUID_LEN 36

extern void addb_uuid_format(const uint8 random[16],
							 char text[ADDB_UUID_LEN + 1]);
extern void addb_uuid_make(char text[ADDB_UUID_LEN + 1]);

#endif							/* ADDB_DYNAMODB_UUID_H */
