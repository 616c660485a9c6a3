/*
 * sts_reply.h
 *	  What the security token service answers, in XML.
 */
#ifndef ADDB_AWS_STS_REPLY_H
#define ADDB_AWS_STS_REPLY_H

/* Texts are palloc'd; NULL where the reply does not have one. */
typedef struct AddbStsReply
{
	char	   *access_key_id;
	char	   *secret_access_key;
	char	   *session_token;
	char	   *expiration;
	char	   *code;			/* of an error */
	char	   *message;
	char	   *request_id;
} AddbStsReply;

extern bool addb_sts_reply_read(const char *xml, size_t len,
								AddbStsReply *reply);
extern void addb_sts_reply_wipe(AddbStsReply *reply);

#endif							/* ADDB_AWS_STS_REPLY_H */
