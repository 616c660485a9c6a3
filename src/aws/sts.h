/*
 * sts.h
 *	  The AWS security token service: credentials for a role.
 */
#ifndef ADDB_AWS_STS_H
#define ADDB_AWS_STS_H

#include "aws/credentials.h"

/* Texts that are not wanted are NULL or "". */
typedef struct AddbStsRole
{
	const char *role_arn;
	const char *session_name;	/* without one, a name is made up */
	const char *external_id;	/* of AssumeRole only */
	int			duration_seconds;	/* 0: the service's choice, an hour */
} AddbStsRole;

extern void addb_sts_assume_role(AddbAwsSources *sources,
								 const AddbCredentials *base,
								 const AddbStsRole *role,
								 AddbCredentials *result);
extern void addb_sts_assume_role_with_web_identity(AddbAwsSources *sources,
												   const AddbStsRole *role,
												   const char *token,
												   size_t token_len,
												   AddbCredentials *result);

#endif							/* ADDB_AWS_STS_H */
