# The retry decision and the clock offset, by the vectors of retry.json and by
# cases of our own. Nothing is sent and nobody sleeps: PL/pgSQL plays the client.

use strict;
use warnings;

use AddbTest;
use AddbTest::Unit qw(vectors);
use Compress::Zlib ();
use Test::More;
use Time::Local qw(timegm);

my $vectors = vectors('retry.json');
my $lib = unit_lib();
my $schema = "addb_unit_retry_$$";

END { sql("DROP SCHEMA IF EXISTS $schema CASCADE") if $lib }

sql(<<"SQL");
CREATE SCHEMA $schema;
SET search_path = $schema;

CREATE FUNCTION retry_decide(tokens int, attempt int, last_cost int,
	no_reply boolean, status int, code text, bad_checksum boolean,
	clock_skew boolean, retry_after text, max_attempts int, random float8,
	OUT retry boolean, OUT delay_ms int, OUT tokens_left int,
	OUT next_attempt int, OUT cost int)
AS '$lib', 'addb_unit_retry_decide' LANGUAGE c;
CREATE FUNCTION retry_succeeded(tokens int, last_cost int) RETURNS int
AS '$lib', 'addb_unit_retry_succeeded' LANGUAGE c;
CREATE FUNCTION retry_round_delay(round int, random float8) RETURNS int
AS '$lib', 'addb_unit_retry_round_delay' LANGUAGE c;
CREATE FUNCTION retry_canceled_delay(round int, throttled boolean, random float8) RETURNS int
AS '$lib', 'addb_unit_retry_canceled_delay' LANGUAGE c;
CREATE FUNCTION clock_skew_offset(date text, age text, sent int8,
	received int8) RETURNS int8
AS '$lib', 'addb_unit_clock_skew_offset' LANGUAGE c;
CREATE FUNCTION clock_skew_is_error(code text, offset_ms int8)
RETURNS boolean
AS '$lib', 'addb_unit_clock_skew_is_error' LANGUAGE c;
CREATE FUNCTION error_parse(status int, request_id text, error_type text,
	body bytea, OUT code text, OUT message text, OUT request_id_out text,
	OUT excerpt text, OUT item bytea, OUT codes text[], OUT messages text[],
	OUT items bytea[])
AS '$lib', 'addb_unit_error_parse' LANGUAGE c;

-- One call: plays the script, and tells what the client did.
CREATE FUNCTION play_call(script jsonb, max_attempts int, tokens int,
	random float8 DEFAULT 1)
RETURNS jsonb LANGUAGE plpgsql AS \$\$
DECLARE
	reply jsonb;
	verdict record;
	outcome text;
	code text;
	attempt int := 1;
	last_cost int := 0;
	delays int[] := '{}';
BEGIN
	LOOP
		reply := script -> (attempt - 1);
		IF reply IS NULL THEN
			outcome := 'script is over';
			EXIT;
		END IF;
		IF (reply ->> 'good')::boolean THEN
			tokens := retry_succeeded(tokens, last_cost);
			outcome := 'success';
			EXIT;
		END IF;
		SELECT p.code INTO code
		FROM error_parse((reply ->> 'status')::int, NULL,
			reply ->> 'error_type', decode(reply ->> 'body', 'hex')) p;
		verdict := retry_decide(tokens, attempt, last_cost,
			(reply ->> 'no_reply')::boolean, (reply ->> 'status')::int, code,
			(reply ->> 'bad_checksum')::boolean, false,
			reply ->> 'retry_after', max_attempts, random);
		tokens := verdict.tokens_left;
		IF NOT verdict.retry THEN
			outcome := CASE WHEN (reply ->> 'no_reply')::boolean
				THEN 'transport' ELSE code END;
			EXIT;
		END IF;
		delays := delays || verdict.delay_ms;
		attempt := verdict.next_attempt;
		last_cost := verdict.cost;
	END LOOP;
	RETURN jsonb_build_object('attempts', attempt, 'outcome', outcome,
		'delays_ms', to_jsonb(delays), 'quota_after', tokens);
END \$\$;
SQL

my $session = session();
$session->query("SET search_path = $schema;");

# Runs a query with the functions in reach; its result is JSON.
sub unit
{
	my ($query) = @_;
	my $out = $session->query("$query;");
	utf8::encode($out);
	return from_json($out);
}

# A reply of the vectors as play_call wants it.
sub scripted
{
	my ($reply) = @_;

	my $status = $reply->{status} // 0;
	my $body = $reply->{text} // (defined $reply->{body} ? to_json($reply->{body}) : '');
	utf8::encode($body) if defined $reply->{text};
	my %header = map { lc $_ => $reply->{headers}{$_} } keys %{ $reply->{headers} // {} };
	my $checksum = $header{'x-amz-crc32'};
	my $bad_checksum = defined $checksum && $checksum ne 'CRC'
	  && $checksum ne Compress::Zlib::crc32($body);
	my $readable = eval { ref from_json($body) eq 'HASH' };

	return {
		no_reply => defined $reply->{transport} ? 'true' : 'false',
		status => $status,
		error_type => $header{'x-amzn-errortype'},
		body => unpack('H*', $body),
		retry_after => $header{'x-amz-retry-after'},
		bad_checksum => $bad_checksum ? 'true' : 'false',
		good => $status == 200 && $readable && !$bad_checksum
		  && !defined $reply->{transport} ? 'true' : 'false',
	};
}

sub play
{
	my ($script, $max_attempts, $tokens, $random) = @_;

	my $json = literal([ map { scripted($_) } @$script ]);
	return sprintf 'play_call(%s, %d, %d, %s)', $json, $max_attempts, $tokens, $random // 1;
}

sub same_json
{
	my ($got, $expected, $name) = @_;

	is(to_json($got), to_json($expected), $name);
	return;
}

# Scenarios, all in one query.
{
	my $max = $vectors->{parameters}{max_attempts};
	my @scenarios = @{ $vectors->{scenarios} // [] };
	my $results = unit('SELECT jsonb_build_array('
		  . join(",\n",
			map { play($_->{script}, $_->{max_attempts} // $max, 500) } @scenarios)
		  . ')') if @scenarios;

	for my $scenario (@scenarios)
	{
		my $result = shift @$results;
		my %expect = %{ $scenario->{expect} };
		my @compared = grep { defined $expect{$_} } qw(attempts outcome delays_ms quota_after);
		same_json(
			{ map { $_ => $result->{$_} } @compared },
			{ map { $_ => $expect{$_} } @compared },
			"scenario $scenario->{name}");
	}
}

# Calls that share one bucket.
for my $run (@{ $vectors->{quota_scenarios} // [] })
{
	my $tokens = $vectors->{parameters}{quota_capacity};
	my ($n, $wrong) = (0, '');
	for my $call (map { ($_) x $_->{repeat} } @{ $run->{calls} })
	{
		my $result = unit('SELECT ' . play($call->{script}, 4, $tokens));
		$n++;
		$wrong .= "call $n: $result->{attempts} attempts, $result->{outcome}; "
		  if $result->{attempts} != $call->{expect}{attempts}
		  || $result->{outcome} ne $call->{expect}{outcome};
		$tokens = $result->{quota_after};
	}
	is($wrong, '', "$run->{name}: all $n calls");
	is($tokens, $run->{expect_quota_after}, "$run->{name}: tokens left");
}

# The clock. Times are milliseconds.
sub epoch_ms
{
	my ($iso) = @_;
	my @t = $iso =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)Z$/ or die "no time: $iso";
	return 1000 * timegm(@t[ 5, 4, 3, 2 ], $t[1] - 1, $t[0]);
}

sub signing_time
{
	my ($ms) = @_;
	my @t = gmtime(int($ms / 1000));
	return sprintf '%04d%02d%02dT%02d%02d%02dZ',
	  $t[5] + 1900, $t[4] + 1, @t[ 3, 2, 1, 0 ];
}

# One call of a clock case; returns what differs from what it expects.
sub play_clock_call
{
	my ($call, $max, $offset, $tokens) = @_;

	my ($attempt, $cost, $outcome, $wrong) = (1, 0, undef, '');
	for my $step (@{ $call->{attempts} })
	{
		my ($sent, $received) = map { epoch_ms($_) } @$step{qw(send receive)};
		my $reply = $step->{reply};
		my $signed = signing_time($sent + $offset);

		return ("ended before attempt $attempt", $offset, $tokens) if defined $outcome;
		$wrong .= "attempt $attempt signed at $signed; " if $signed ne $step->{signing_time};
		$offset = unit(sprintf 'SELECT coalesce(clock_skew_offset(%s, %s, %d, %d), %d)',
			literal($reply->{date}), literal($reply->{age}), $sent, $received, $offset);
		if ($reply->{status} == 200)
		{
			$tokens = unit("SELECT retry_succeeded($tokens, $cost)");
			$outcome = 'success';
			next;
		}
		my $verdict = unit(sprintf 'SELECT to_jsonb(d) FROM retry_decide(%d, %d, %d, '
			  . 'false, %d, %s, false, clock_skew_is_error(%s, %d), NULL, %d, 1) d',
			$tokens, $attempt, $cost, $reply->{status},
			(literal($reply->{code})) x 2, $offset, $max);
		($tokens, $attempt, $cost) = @$verdict{qw(tokens_left next_attempt cost)};
		$outcome = $reply->{code} unless $verdict->{retry};
	}
	$wrong .= 'outcome ' . ($outcome // 'still trying') . '; '
	  if ($outcome // '') ne $call->{outcome};
	$wrong .= "offset $offset; " if $offset != 1000 * $call->{offset_after_s};
	return ($wrong, $offset, $tokens);
}

for my $case (@{ $vectors->{clock_skew}{cases} // [] })
{
	my ($offset, $tokens, $wrong) = (1000 * $case->{initial_offset_s}, 500, '');
	for my $call (@{ $case->{calls} })
	{
		(my $difference, $offset, $tokens) =
		  play_clock_call($call, $case->{max_attempts} // 4, $offset, $tokens);
		$wrong .= $difference;
	}
	is($wrong, '', "clock $case->{name}");
}

# Cases of our own: the class and the delay of a failed attempt.
sub decide
{
	my (%given) = @_;

	my $verdict = unit(sprintf 'SELECT to_jsonb(d) FROM retry_decide(%d, %d, %d, %s, %d, '
		  . '%s, %s, %s, %s, %d, %s) d',
		$given{tokens} // 500, $given{attempt} // 1, 0,
		$given{no_reply} ? 'true' : 'false', $given{status} // 400,
		literal($given{code}), $given{bad_checksum} ? 'true' : 'false',
		$given{clock_skew} ? 'true' : 'false', literal($given{retry_after}),
		$given{max_attempts} // 4, $given{random} // 1);
	return $verdict->{retry} ? "$verdict->{delay_ms} ms, $verdict->{cost} tokens" : 'final';
}

is(decide(code => 'ThrottlingException', status => 503), '1000 ms, 5 tokens',
	'a throttling code counts more than its status');
is(decide(code => 'ThrottlingException', bad_checksum => 1), '25 ms, 14 tokens',
	'the code of a damaged reply is not believed');
is(decide(code => 'ConditionalCheckFailedException', bad_checksum => 1), '25 ms, 14 tokens',
	'nor is a refusal in a damaged reply');
is(decide(status => 429), 'final', 'status 429 without a code is final');
is(decide(status => 505), 'final', 'status 505 is final');
is(decide(status => 301), 'final', 'status 301 is final');
is(decide(status => 504), '25 ms, 14 tokens', 'status 504 is transient');
is(decide(no_reply => 1), '25 ms, 14 tokens', 'no reply is transient');
is(decide(no_reply => 1, tokens => 13), 'final', '13 tokens are not enough for it');
is(decide(no_reply => 1, tokens => 14), '25 ms, 14 tokens', '14 are');
is(decide(code => 'InvalidSignatureException', clock_skew => 1), '25 ms, 14 tokens',
	'a refusal for the clock is transient');
is(decide(status => 500, max_attempts => 1), 'final', 'one attempt means no retry');
is(decide(status => 500, attempt => 3, random => 0.5), '50 ms, 14 tokens',
	'the jitter is a factor');
is(decide(status => 500, attempt => 3, random => 0), '0 ms, 14 tokens', '... down to nothing');
is(decide(code => 'SlowDown', attempt => 9, max_attempts => 20, random => 0.5),
	'10000 ms, 5 tokens', '... of the limited delay');
is(decide(status => 500, attempt => 2000000000, max_attempts => 2147483647),
	'20000 ms, 14 tokens', 'any attempt number is taken');

for my $case (
	[ '6000', 5025 ], [ '5025', 5025 ], [ ' 700 ', 700 ], [ '24', 25 ],
	[ '99999999999999999999', 5025 ], [ '-1', 25 ], [ '', 25 ], [ '  ', 25 ],
	[ '1.5e3', 25 ], [ '15 00', 25 ], [ '0x700', 25 ], [ '700ms', 25 ])
{
	my ($asked, $expected) = @$case;
	is(decide(status => 500, retry_after => $asked), "$expected ms, 14 tokens",
		"x-amz-retry-after '$asked'");
}
is(decide(status => 500, retry_after => '1000', random => 0), '1000 ms, 14 tokens',
	'what the service asks for is without jitter');

same_json(unit('SELECT jsonb_agg(retry_succeeded(t, c)) FROM (VALUES (500, 0), (10, 0), '
	  . '(10, 5), (495, 14)) v(t, c)'), [ 500, 11, 15, 500 ], 'tokens given back');
same_json(unit('SELECT jsonb_agg(retry_round_delay(r, f)) FROM (VALUES (1, 1), (2, 1), '
	  . '(10, 1), (11, 1), (1000000, 1), (2, 0.5), (1, 0)) v(r, f)'),
	[ 25, 50, 12800, 20000, 20000, 25, 0 ], 'pauses between rounds');
same_json(unit('SELECT jsonb_agg(retry_canceled_delay(r, t, f)) FROM (VALUES (1, false, 1), (3, false, 1), (20, false, 1), '
	  . '(1, true, 1), (3, true, 0.5), (20, true, 1)) v(r, t, f)'),
	[ 25, 100, 20000, 1000, 2000, 20000 ], 'pauses before a cancelled transaction is tried again');

# Cases of our own: the clock.
sub offset_of
{
	my ($date, $sent, $received, $age) = @_;
	return unit(sprintf 'SELECT coalesce(to_jsonb(clock_skew_offset(%s, %s, %s, %s)), \'null\')',
		literal($date), literal($age), $sent // 0, $received // $sent // 0);
}

is(offset_of('Thu, 01 Jan 1970 00:00:00 GMT'), 0, 'the epoch');
is(offset_of('Thu, 29 Feb 2024 23:59:59 GMT'), 1709251199000, 'a leap day');
is(offset_of('  Thu, 29 Feb 2024 23:59:59 GMT '), 1709251199000, 'blanks around a date');
is(offset_of('Fri, 31 Dec 9999 23:59:59 GMT'), 253402300799000, 'the last second of 9999');
is(offset_of('Thu, 01 Jan 1970 00:00:10 GMT', 1000, 2001), 8500, 'the middle, in milliseconds');
is(offset_of('Thu, 01 Jan 1970 00:00:10 GMT', 0, 900000), -440000, '15 minutes are taken');
is(offset_of('Thu, 01 Jan 1970 00:00:10 GMT', 0, 900001), undef, '... and not more');
is(offset_of('Thu, 01 Jan 1970 00:00:10 GMT', 2, 1), undef, 'a clock that was set back');
is(offset_of('Thu, 01 Jan 1970 00:00:10 GMT', 0, 0, '0'), undef, 'any Age');
for my $text (
	'Thu, 29 Feb 2023 23:59:59 GMT', 'Thu, 00 Jan 1970 00:00:00 GMT',
	'Thu, 01 Jan 1970 24:00:00 GMT', 'Thu, 01 Jan 1970 00:60:00 GMT',
	'Thu, 01 Jan 1970 00:00:61 GMT', 'Thu, 01 jan 1970 00:00:00 GMT',
	'Thu, 01 Jan 1969 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 CET',
	'Thu, +1 Jan 1970 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT x',
	'Thursday, 01-Jan-70 00:00:00 GMT', 'Thu Jan  1 00:00:00 1970', '0', '', ' ')
{
	is(offset_of($text), undef, "no date: '$text'");
}

same_json(unit('SELECT jsonb_agg(clock_skew_is_error(c, o)) FROM (VALUES '
	  . "('AuthFailure', 240001), ('AuthFailure', 240000), ('AuthFailure', -240001), "
	  . "('AuthFailure', -240000), ('ValidationException', 999999), (NULL, 999999), "
	  . "('AuthFailure', (-9223372036854775808)::int8)) v(c, o)"),
	[ map { $_ ? JSON::PP::true() : JSON::PP::false() } 1, 0, 1, 0, 0, 0, 1 ],
	'which refusals are about the clock');

done_testing();
