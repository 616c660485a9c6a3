/*
 * progress.h
 *	  Notices of how far a long job has come, when atomic_dynamodb.progress asks.
 */
#ifndef ADDB_DYNAMODB_PROGRESS_H
#define ADDB_DYNAMODB_PROGRESS_H

/* How far a job has come; the job counts, addb_progress_report tells. */
typedef struct AddbProgress
{
	const char *job;			/* "Scan", "batch write": what is done */
	const char *table;
	const char *unit;			/* "pages", "batches" */
	int64		items;
	int64		units;
	int64		bytes;			/* of the bodies that carry the items */
	int64		started;		/* a moment of addb_http_now */
	int64		reported;		/* when the last notice went out */
} AddbProgress;

extern void addb_progress_begin(AddbProgress *progress, const char *job,
								const char *table, const char *unit);
extern void addb_progress_report(AddbProgress *progress);

#endif							/* ADDB_DYNAMODB_PROGRESS_H */
