/*
 * credential_json.h
 *	  The JSON documents in which programs, containers and instances give
 *	  credentials.
 */
#ifndef ADDB_AWS_CREDENTIAL_JSON_H
#define ADDB_AWS_CREDENTIAL_JSON_H

/* A member of the document that somebody wants to know. */
typedef struct AddbCredentialMember
{
	const char *name;			/* exactly as it is written there */
	char	   *value;			/* set by addb_credential_json_read */
	bool		is_number;		/* the same: it is no string */
} AddbCredentialMember;

extern bool addb_credential_json_read(const char *text, size_t len,
									  AddbCredentialMember *members, int count);

#endif							/* ADDB_AWS_CREDENTIAL_JSON_H */
