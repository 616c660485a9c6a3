/*
 * peer.h
 *	  What this session knows of the endpoints that it talks to.
 */
#ifndef ADDB_DYNAMODB_PEER_H
#define ADDB_DYNAMODB_PEER_H

#include "aws/config.h"
#include "dynamodb/retry.h"

typedef struct AddbPeer
{
	uint64		target;			/* of AddbAwsConfig; 0: free */
	uint64		last_used;
	AddbRetryBudget budget;
	int64		clock_offset_ms;	/* to add to this machine's clock */
	bool		corrects_clock; /* as the configuration says */
} AddbPeer;

extern AddbPeer *addb_peer_find(uint64 target);
extern AddbPeer *addb_peer_of(const AddbAwsConfig *config);

#endif							/* ADDB_DYNAMODB_PEER_H */
