/*
 * attempt.h
 *	  One attempt of a call, which is for client.c only.
 */
#ifndef ADDB_DYNAMODB_ATTEMPT_H
#define ADDB_DYNAMODB_ATTEMPT_H

#include "aws/config.h"
#include "dynamodb/call.h"
#include "dynamodb/peer.h"

extern int64 addb_attempt_time(const AddbPeer *peer);
extern void addb_attempt_send(AddbCall *call, const AddbAwsConfig *config);
extern void addb_attempt_settle(AddbCall *call);
extern void addb_attempt_again(AddbCall *call);

#endif							/* ADDB_DYNAMODB_ATTEMPT_H */
