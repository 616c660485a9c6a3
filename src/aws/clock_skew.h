/*
 * clock_skew.h
 *	  How far this machine's clock is from the service's, by the Date header of
 *	  its replies (the 2026 rule of the AWS SDKs).
 *
 * Pure functions: times are arguments, the caller keeps the offset and signs
 * with "now + offset".
 */
#ifndef ADDB_AWS_CLOCK_SKEW_H
#define ADDB_AWS_CLOCK_SKEW_H

extern bool addb_clock_skew_parse_date(const char *text, int64 *epoch_ms);
extern bool addb_clock_skew_offset(const char *date, const char *age,
								   int64 sent_ms, int64 received_ms,
								   int64 *offset_ms);
extern bool addb_clock_skew_is_error(const char *code, int64 offset_ms);

#endif							/* ADDB_AWS_CLOCK_SKEW_H */
