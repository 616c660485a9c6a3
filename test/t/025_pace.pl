# The arithmetic that keeps a session below a ceiling of capacity units: how long
# jobs of many kinds take by a clock that is only counted.

use strict;
use warnings;

use AddbTest;
use Test::More;

my $lib = unit_lib();
my $preamble = <<"SQL";
CREATE FUNCTION pg_temp.reserve(INOUT free_at int8, INOUT expected float8, ceiling float8, now int8,
	OUT start int8, OUT reserved float8)
AS '$lib', 'addb_unit_pace_reserve' LANGUAGE c;
CREATE FUNCTION pg_temp.settle(INOUT free_at int8, INOUT expected float8, ceiling float8, reserved float8,
	consumed float8)
AS '$lib', 'addb_unit_pace_settle' LANGUAGE c;

-- A job over n connections: what each request consumes in turn, with answers
-- that take so many microseconds. Returns when each started.
CREATE FUNCTION pg_temp.job(ceiling float8, n int, latency int8, costs float8[], free_at int8 DEFAULT 0,
	expected float8 DEFAULT 0)
RETURNS int8[] LANGUAGE plpgsql AS \$\$
#variable_conflict use_variable
DECLARE
	free int8[] := array_fill(0::int8, ARRAY[n]);		-- when each connection is idle
	held float8[] := array_fill(0::float8, ARRAY[n]);	-- what its request has reserved
	spent float8[] := array_fill(NULL::float8, ARRAY[n]);
	starts int8[] := '{}';
	cost float8;
	here int;
	r record;
BEGIN
	FOREACH cost IN ARRAY costs LOOP
		SELECT i INTO here FROM generate_subscripts(free, 1) AS i ORDER BY free[i], i LIMIT 1;
		IF spent[here] IS NOT NULL THEN
			SELECT * INTO r FROM pg_temp.settle(free_at, expected, ceiling, held[here], spent[here]);
			free_at := r.free_at;
			expected := r.expected;
		END IF;
		SELECT * INTO r FROM pg_temp.reserve(free_at, expected, ceiling, free[here]);
		free_at := r.free_at;
		expected := r.expected;
		starts := starts || r.start;
		free[here] := r.start + latency;
		held[here] := r.reserved;
		spent[here] := cost;
	END LOOP;
	RETURN starts;
END \$\$;
SQL

# When each request of a job starts, in seconds.
sub starts
{
	my ($ceiling, $n, $latency, @costs) = @_;
	my $starts = sql($preamble . "SELECT array_to_string(pg_temp.job($ceiling, $n, ($latency * 1e6)::int8, '{" . join(',', @costs) . "}'), ' ')");
	return map { $_ / 1e6 } split / /, $starts;
}

# Of 20 requests of 25 units each, 200 a second, the last one starts when the 19
# before it are paid for.
for my $case ([ 1, 0.001 ], [ 2, 0.001 ], [ 2, 0.1 ], [ 8, 0.001 ], [ 8, 0.2 ])
{
	my ($n, $latency) = @$case;
	my @starts = starts(200, $n, $latency, (25) x 20);
	my $name = "$n connections, answers after $latency s";
	is(scalar(grep { $_ == 0 } @starts[ 0 .. $n - 1 ]), $n, "$name: the first go out at once");
	my $due = 19 * 25 / 200;
	cmp_ok(abs($starts[-1] - $due), '<=', 25 / 200 + $latency, "$name: the last starts at its time") or diag("@starts");
	my @early = grep { my $i = $_; $starts[$i] < ($i - $n + 1) * 25 / 200 - $latency - 1e-6 } $n .. $#starts;
	is("@early", '', "$name: none starts before what is paid for");
}

# Answers slower than the ceiling are not slowed down further.
my @starts = starts(1000, 1, 1, (25) x 5);
is("@starts", '0 1 2 3 4', 'a job below its ceiling waits for nothing');

# Costs that change are settled: the total counts.
my @costs = map { $_ % 2 ? 1 : 99 } 1 .. 40;
@starts = starts(500, 1, 0.001, @costs);
cmp_ok(abs($starts[-1] - 39 * 50 / 500), '<=', 0.25, 'uneven costs: by their sum');

# Requests that come to nothing cost nothing.
@starts = starts(100, 1, 0.001, 50, (0) x 10);
cmp_ok($starts[-1], '<=', 1.1, 'requests that fail are paid back');
cmp_ok($starts[1], '>=', 0.5, 'and those before them are paid for');

# A pause of the job is not saved up.
my $later = sql($preamble . 'SELECT start FROM pg_temp.reserve(1000000, 25, 100, 9000000)');
is($later, 9000000, 'a request after a pause goes out at once');
is(sql($preamble . 'SELECT free_at FROM pg_temp.reserve(1000000, 25, 100, 9000000)'), 9250000, 'and is paid for from then on');

done_testing();
