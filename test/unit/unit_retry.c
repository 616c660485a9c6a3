/*
 * unit_retry.c
 *	  SQL faces, for tests only, of the retry decision, the clock offset, pacing
 *	  and the error replies. State goes in and out as arguments: nothing is kept
 *	  here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "aws/clock_skew.h"
#include "dynamodb/error.h"
#include "dynamodb/pace.h"
#include "dynamodb/retry.h"

PG_FUNCTION_INFO_V1(addb_unit_retry_decide);
PG_FUNCTION_INFO_V1(addb_unit_retry_succeeded);
PG_FUNCTION_INFO_V1(addb_unit_retry_round_delay);
PG_FUNCTION_INFO_V1(addb_unit_retry_canceled_delay);
PG_FUNCTION_INFO_V1(addb_unit_pace_reserve);
PG_FUNCTION_INFO_V1(addb_unit_pace_settle);
PG_FUNCTION_INFO_V1(addb_unit_clock_skew_offset);
PG_FUNCTION_INFO_V1(addb_unit_clock_skew_is_error);
PG_FUNCTION_INFO_V1(addb_unit_error_parse);
PG_FUNCTION_INFO_V1(addb_unit_error_leaves_open);
PG_FUNCTION_INFO_V1(addb_unit_error_sqlstate);
PG_FUNCTION_INFO_V1(addb_unit_error_raise);
PG_FUNCTION_INFO_V1(addb_unit_error_raise_transport);

/* A text argument as a C string, or NULL. */
static char *
text_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static HeapTuple
form_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return heap_form_tuple(BlessTupleDesc(desc), values, nulls);
}

/*
 * (tokens, attempt, last_cost, no_reply, status, code, bad_checksum,
 * clock_skew, retry_after, max_attempts, random)
 * -> (retry, delay_ms, tokens, attempt, last_cost)
 */
Datum
addb_unit_retry_decide(PG_FUNCTION_ARGS)
{
	AddbRetryBudget budget = {.tokens = PG_GETARG_INT32(0)};
	AddbRetryState state = {
		.attempt = PG_GETARG_INT32(1),
		.last_cost = PG_GETARG_INT32(2)
	};
	AddbAttempt attempt = {
		.no_reply = PG_GETARG_BOOL(3),
		.status = PG_GETARG_INT32(4),
		.code = text_arg(fcinfo, 5),
		.bad_checksum = PG_GETARG_BOOL(6),
		.clock_skew = PG_GETARG_BOOL(7),
		.retry_after = text_arg(fcinfo, 8)
	};
	int			delay_ms = -1;
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = BoolGetDatum(addb_retry_decide(&budget, &state, &attempt,
											   PG_GETARG_INT32(9),
											   PG_GETARG_FLOAT8(10),
											   &delay_ms));
	values[1] = Int32GetDatum(delay_ms);
	values[2] = Int32GetDatum(budget.tokens);
	values[3] = Int32GetDatum(state.attempt);
	values[4] = Int32GetDatum(state.last_cost);
	return HeapTupleGetDatum(form_row(fcinfo, values, nulls));
}

/* (tokens, last_cost) -> tokens */
Datum
addb_unit_retry_succeeded(PG_FUNCTION_ARGS)
{
	AddbRetryBudget budget = {.tokens = PG_GETARG_INT32(0)};
	AddbRetryState state;

	addb_retry_state_init(&state);
	state.last_cost = PG_GETARG_INT32(1);
	addb_retry_succeeded(&budget, &state);
	PG_RETURN_INT32(budget.tokens);
}

/* (round, random) -> ms */
Datum
addb_unit_retry_round_delay(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(addb_retry_round_delay(PG_GETARG_INT32(0),
										   PG_GETARG_FLOAT8(1)));
}

/* (round, throttled, random) -> ms */
Datum
addb_unit_retry_canceled_delay(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(addb_retry_canceled_delay(PG_GETARG_INT32(0),
											  PG_GETARG_BOOL(1),
											  PG_GETARG_FLOAT8(2)));
}

static AddbPace
pace_arg(FunctionCallInfo fcinfo)
{
	return (AddbPace) {.free_at = PG_GETARG_INT64(0), .expected = PG_GETARG_FLOAT8(1)};
}

/* (free_at, expected, ceiling, now) -> (free_at, expected, start, reserved) */
Datum
addb_unit_pace_reserve(PG_FUNCTION_ARGS)
{
	AddbPace	pace = pace_arg(fcinfo);
	double		reserved;
	int64		start = addb_pace_reserve(&pace, PG_GETARG_FLOAT8(2),
										  PG_GETARG_INT64(3), &reserved);
	Datum		values[] = {
		Int64GetDatum(pace.free_at), Float8GetDatum(pace.expected),
		Int64GetDatum(start), Float8GetDatum(reserved)
	};
	bool		nulls[lengthof(values)] = {false};

	return HeapTupleGetDatum(form_row(fcinfo, values, nulls));
}

/* (free_at, expected, ceiling, reserved, consumed) -> (free_at, expected) */
Datum
addb_unit_pace_settle(PG_FUNCTION_ARGS)
{
	AddbPace	pace = pace_arg(fcinfo);
	Datum		values[2];
	bool		nulls[lengthof(values)] = {false};

	addb_pace_settle(&pace, PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3),
					 PG_GETARG_FLOAT8(4));
	values[0] = Int64GetDatum(pace.free_at);
	values[1] = Float8GetDatum(pace.expected);
	return HeapTupleGetDatum(form_row(fcinfo, values, nulls));
}

/* (date, age, sent_ms, received_ms) -> offset in ms, or NULL */
Datum
addb_unit_clock_skew_offset(PG_FUNCTION_ARGS)
{
	int64		offset_ms;

	if (!addb_clock_skew_offset(text_arg(fcinfo, 0), text_arg(fcinfo, 1),
								PG_GETARG_INT64(2), PG_GETARG_INT64(3),
								&offset_ms))
		PG_RETURN_NULL();
	PG_RETURN_INT64(offset_ms);
}

/* (code, offset_ms) -> boolean */
Datum
addb_unit_clock_skew_is_error(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(addb_clock_skew_is_error(text_arg(fcinfo, 0),
											PG_GETARG_INT64(1)));
}

/* (status, request_id, error_type, body): the first four arguments */
static AddbServiceError *
parse_args(FunctionCallInfo fcinfo)
{
	bytea	   *body = PG_GETARG_BYTEA_PP(3);

	return addb_error_parse(PG_GETARG_INT32(0), text_arg(fcinfo, 1),
							text_arg(fcinfo, 2),
							VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
}

static void
set_text(Datum *value, bool *null, const char *text)
{
	*null = (text == NULL);
	if (text != NULL)
		*value = CStringGetTextDatum(text);
}

static void
set_slice(Datum *value, bool *null, const AddbJsonSlice *slice)
{
	*null = (slice->len == 0);
	if (slice->len > 0)
		*value = PointerGetDatum(cstring_to_text_with_len(slice->data,
														  slice->len));
}

static Datum
make_array(Datum *values, bool *nulls, int n, Oid type)
{
	int			lower = 1;

	return PointerGetDatum(construct_md_array(values, nulls, 1, &n, &lower,
											  type, -1, false, TYPALIGN_INT));
}

/*
 * (status, request_id, error_type, body) -> (code, message, request_id,
 * excerpt, item, reason codes[], reason messages[], reason items[]); items are
 * bytea.
 */
Datum
addb_unit_error_parse(PG_FUNCTION_ARGS)
{
	AddbServiceError *error = parse_args(fcinfo);
	int			n = error->nreasons;
	Datum		columns[3][ADDB_ERROR_MAX_REASONS];
	bool		absent[3][ADDB_ERROR_MAX_REASONS];
	Datum		values[8];
	bool		nulls[8] = {false};

	set_text(&values[0], &nulls[0], error->code);
	set_text(&values[1], &nulls[1], error->message);
	set_text(&values[2], &nulls[2], error->request_id);
	set_text(&values[3], &nulls[3], error->excerpt);
	set_slice(&values[4], &nulls[4], &error->item);
	for (int i = 0; i < n; i++)
	{
		const AddbCancellationReason *reason = &error->reasons[i];

		set_text(&columns[0][i], &absent[0][i], reason->code);
		set_text(&columns[1][i], &absent[1][i], reason->message);
		set_slice(&columns[2][i], &absent[2][i], &reason->item);
	}
	values[5] = make_array(columns[0], absent[0], n, TEXTOID);
	values[6] = make_array(columns[1], absent[1], n, TEXTOID);
	values[7] = make_array(columns[2], absent[2], n, BYTEAOID);
	return HeapTupleGetDatum(form_row(fcinfo, values, nulls));
}

/* (operation, table, attempts, is_write, is_create, unsettled) from argument n on */
static AddbErrorContext
context_args(FunctionCallInfo fcinfo, int n)
{
	AddbErrorContext context = {
		.operation = text_arg(fcinfo, n),
		.table = text_arg(fcinfo, n + 1),
		.attempts = PG_GETARG_INT32(n + 2),
		.is_write = PG_GETARG_BOOL(n + 3),
		.is_create = PG_GETARG_BOOL(n + 4),
		.unsettled = PG_GETARG_BOOL(n + 5)
	};

	return context;
}

/* (status, request_id, error_type, body) -> boolean */
Datum
addb_unit_error_leaves_open(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(addb_error_leaves_open(parse_args(fcinfo)));
}

/* (reply in 4 arguments, context in 6) -> SQLSTATE */
Datum
addb_unit_error_sqlstate(PG_FUNCTION_ARGS)
{
	AddbErrorContext context = context_args(fcinfo, 4);
	int			sqlstate = addb_error_sqlstate(parse_args(fcinfo), &context);

	PG_RETURN_TEXT_P(cstring_to_text(unpack_sql_state(sqlstate)));
}

/* (reply in 4 arguments, context in 6): raises */
Datum
addb_unit_error_raise(PG_FUNCTION_ARGS)
{
	AddbErrorContext context = context_args(fcinfo, 4);

	addb_error_raise(parse_args(fcinfo), &context);
}

/* (failure, text, context in 6): raises */
Datum
addb_unit_error_raise_transport(PG_FUNCTION_ARGS)
{
	AddbErrorContext context = context_args(fcinfo, 2);

	addb_error_raise_transport(PG_GETARG_INT32(0), text_arg(fcinfo, 1),
							   &context);
}
