/*
 * batch_round.h
 *	  The rounds in which a batch is sent until nothing is left unprocessed.
 */
#ifndef ADDB_DYNAMODB_BATCH_ROUND_H
#define ADDB_DYNAMODB_BATCH_ROUND_H

#include "common/pg_prng.h"
#include "core/guc.h"
#include "dynamodb/retry.h"
#include "http/http.h"

typedef enum AddbBatchState
{
	ADDB_BATCH_FREE,
	ADDB_BATCH_FILLING,
	ADDB_BATCH_SENDING,
	ADDB_BATCH_PAUSING,			/* what is left goes out at resume_at */
	ADDB_BATCH_READY			/* answered, not consumed; a write batch: and
								 * its outcome is unknown */
} AddbBatchState;

/*
 * Rounds in a row in which a batch makes no progress. With pauses growing to
 * 20 s, half of it on average, these are some two minutes of a table that
 * takes nothing at all.
 */
#define ADDB_BATCH_MAX_IDLE_ROUNDS 20

/* How often whoever is busy with rows looks at what has arrived meanwhile. */
#define ADDB_BATCH_LOOK_US (100 * 1000)

/*
 * addb_batch_was_neglected - whether nobody has looked at calls for long
 *
 * looked_at is the last time, by addb_http_now. A call that now turns out to
 * have had no answer in time may well have had one: whoever gave out or took in
 * rows was away. It is made again then, and waited for, lest that go on.
 */
static inline bool
addb_batch_was_neglected(int64 looked_at)
{
	return (addb_http_now() - looked_at) / 1000 > addb_request_timeout / 2;
}

/*
 * addb_batch_resume_at - when a batch goes out again, by addb_http_now
 *
 * idle_rounds counts the rounds in a row without progress.
 */
static inline int64
addb_batch_resume_at(int idle_rounds)
{
	double		random = pg_prng_double(&pg_global_prng_state);

	return addb_http_now() +
		(int64) addb_retry_round_delay(idle_rounds + 1, random) * 1000;
}

#endif							/* ADDB_DYNAMODB_BATCH_ROUND_H */
