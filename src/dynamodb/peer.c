/*
 * peer.c
 *	  What this session knows of the endpoints that it talks to: how many retries
 *	  are left, and what their clocks say.
 *
 * A dead endpoint must not use up the retries of another, nor set its clock; and
 * whoever changes between two must not get new retries by that. So it is kept
 * for each target that a configuration names, and outlives the credentials.
 */
#include "postgres.h"

#include "dynamodb/peer.h"

/*
 * Twice as many as there are configurations: a call may be answered for one that
 * is kept no longer.
 */
#define MAX_PEERS 16

static AddbPeer peers[MAX_PEERS];
static uint64 uses = 0;

/*
 * addb_peer_find - the endpoint of this number
 *
 * A new one, of which nothing is known, if it is not there (any more). Valid
 * until the next call.
 */
AddbPeer *
addb_peer_find(uint64 target)
{
	AddbPeer   *oldest = &peers[0];

	for (int i = 0; i < MAX_PEERS; i++)
	{
		if (peers[i].target == target)
		{
			peers[i].last_used = ++uses;
			return &peers[i];
		}
		if (peers[i].last_used < oldest->last_used)
			oldest = &peers[i];
	}
	memset(oldest, 0, sizeof(AddbPeer));
	oldest->target = target;
	oldest->last_used = ++uses;
	addb_retry_budget_init(&oldest->budget);
	return oldest;
}

/*
 * addb_peer_of - the endpoint of a configuration
 *
 * As addb_peer_find.
 */
AddbPeer *
addb_peer_of(const AddbAwsConfig *config)
{
	AddbPeer   *peer = addb_peer_find(config->target);

	peer->corrects_clock = config->corrects_clock;
	return peer;
}
