/*
 * progress.c
 *	  Notices of how far a long job has come.
 */
#include "postgres.h"

#include "core/guc.h"
#include "dynamodb/progress.h"
#include "http/http.h"

#define MEGABYTE (1024.0 * 1024.0)

/*
 * addb_progress_begin - a job starts now
 *
 * The texts stay the caller's and must live as long as the job.
 */
void
addb_progress_begin(AddbProgress *progress, const char *job, const char *table,
					const char *unit)
{
	memset(progress, 0, sizeof(*progress));
	progress->job = job;
	progress->table = table;
	progress->unit = unit;
	progress->started = progress->reported = addb_http_now();
}

/*
 * addb_progress_report - a notice, if atomic_dynamodb.progress wants one now
 *
 * To be called whenever a page or batch is done. The rate is that of the whole
 * job so far.
 */
void
addb_progress_report(AddbProgress *progress)
{
	int64		now;
	double		seconds;

	if (addb_progress_interval == 0)
		return;
	now = addb_http_now();
	if (now - progress->reported < (int64) addb_progress_interval * 1000)
		return;
	progress->reported = now;
	seconds = (now - progress->started) / 1e6;
	ereport(NOTICE,
			(errmsg("DynamoDB %s on table \"%s\": " INT64_FORMAT " items, " INT64_FORMAT " %s, %.1f MB in %.1f s (%.0f items/s)",
					progress->job, progress->table, progress->items,
					progress->units, progress->unit,
					progress->bytes / MEGABYTE, seconds,
					progress->items / seconds)));
}
