# The limits of the README's table, at their edges: what fits passes, one more
# is refused.

use strict;
use warnings;

use AddbTest;
use IO::Socket::INET;
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $MB = 1024 * 1024;

sub to
{
	my (%set) = (table => $table, endpoint_url => $server->url, @_);
	return (set => { map { +"atomic_dynamodb.$_" => $set{$_} } keys %set });
}

my $session = session(to());

sub answer
{
	my (@steps) = @_;
	$server->reset;
	$server->script(@steps);
	return;
}

# bytes of an answer, by the class of the operation; "huge" counts all of it
for my $case (
	[ 'an item', 8 * $MB, q(SELECT length((ddb_get_item('TABLE', '{"pk": "p", "sk": "s"}') ->> 'data'))) ],
	[ 'a page', 16 * $MB, q(SELECT count(*) FROM ddb_query('p')) ],
	[ 'a list of tables', $MB, q(SELECT count(*) FROM ddb_list_tables()) ])
{
	my ($name, $limit, $query) = @$case;
	$query =~ s/TABLE/$table/;
	answer({ huge => $limit });
	my ($state) = $session->query_error($query, 120);
	isnt($state // '', '54000', "$name of $limit bytes is taken");
	for my $chunked (0, 1)
	{
		answer({ huge => $limit + 1, chunked => $chunked });
		is(($session->query_error($query, 120))[0], '54000', 'one byte more is not' . ($chunked ? ', in chunks' : ''));
	}
	is($server->counts->{requests}, 1, 'nor asked for again');
}
answer({ huge => 8 * $MB + 1 });
is(($session->query_error(q(SELECT ddb_set('p', 's', '1'))))[0], '08007', 'of a write, the outcome is unknown then');

# depth of documents: DynamoDB takes 32 levels, and what is deeper comes to an
# end before the stack does
sub nested
{
	my ($levels) = @_;
	return ('[' x $levels) . '1' . (']' x $levels);
}
sub put_deep
{
	my ($levels) = @_;
	return sprintf q{SELECT ddb_put_item('%s', '{"pk": "deep", "sk": "s", "v": %s}')}, $table, nested($levels);
}

is($session->query(put_deep(31)), '', '31 lists around a value are stored');
is(($session->query_error(put_deep(32)))[0], '22023', '32 are refused by DynamoDB');
is($session->query(sprintf q{SELECT ddb_get_item('%s', '{"pk": "deep", "sk": "s"}') -> 'v' = '%s'}, $table, nested(31)), 't', 'and the 31 are read');
$session->query(q(SET max_stack_depth = '100kB'));
for my $levels ([ 20, '' ], [ 200_000, '54001' ])
{
	my $value = ('{"L":[' x $levels->[0]) . '{"S":"x"}' . (']}' x $levels->[0]);
	answer({ reply => { body => "{\"Item\":{\"v\":$value}}" } });
	is(($session->query_error("SELECT ddb_get_item('$table', '{\"pk\": \"p\", \"sk\": \"s\"}')"))[0] // '', $levels->[1], "an answer $levels->[0] levels deep");
}
$session->query('RESET max_stack_depth');

# connections: as many as one scan has segments, whatever is asked for
is(($session->query_error('SET atomic_dynamodb.max_connections = 65'))[0], '22023', 'a batch job has 64 requests in flight at most');
$session->query('SET atomic_dynamodb.max_connections = 64');
is(($session->query_error("SELECT ddb_scan('$table', segments => 65)"))[0], '22023', 'a scan 64 segments');
$session->query("SELECT ddb_set((SELECT jsonb_agg(jsonb_build_object('pk', i::text, 'sk', 's', 'data', i)) FROM generate_series(1, 100) AS i))");

# counted in the backend: the server sees late that one was closed
my $scans = session(to(max_connections => 64));
my $sockets = sub { return scalar grep { /^socket:/ } map { readlink // () } glob '/proc/' . $scans->pid . '/fd/*' };
$scans->query(q(SELECT ddb_get('p', 's')));
my $others = $sockets->() - 1;

# the first scan waits for most of its segments when the second begins
answer({ match => 'Scan', repeat => 8 }, { match => 'Scan', repeat => -1, delay_ms => 1000 });
$scans->send("BEGIN; DECLARE a CURSOR FOR SELECT * FROM ddb_scan('$table', segments => 64); DECLARE b CURSOR FOR SELECT * FROM ddb_scan('$table', segments => 64);"
	  . 'FETCH 1 FROM a; FETCH 1 FROM b; FETCH ALL FROM a; FETCH ALL FROM b; COMMIT');
my $most = 0;
for (1 .. 1000)
{
	my $counts = $server->counts;
	my $now = $sockets->() - $others;

	$most = $now if $now > $most;
	last if $counts->{requests} >= 128 && $counts->{open} <= 65;
	select undef, undef, undef, 0.01;
}
my $rows = () = $scans->finish(120) =~ /^\{/mg;
is($rows, 2 * 101, 'two scans of 64 segments read all') or diag($scans->stderr);
is($most, 64, 'over 64 connections');

# attempts
answer({ repeat => -1, reply => { status => 503, body => {} } });
is(($session->query_error(q(SET atomic_dynamodb.max_attempts = 5; SELECT ddb_get('p', 's'))))[0], '58000', 'a service that is down');
is($server->count, 5, 'is asked max_attempts times');
is(($session->query_error('SET atomic_dynamodb.max_attempts = 21'))[0], '22023', 'which are 20 at most');

# Retries of a session: 500 tokens are 35 retries at 14. A statement that goes
# on regardless then sends each of its calls once.
my $calls = <<'SQL';
DO $$
DECLARE
	failed int := 0;
BEGIN
	FOR i IN 1 .. %d LOOP
		BEGIN
			PERFORM ddb_get('p', 's');
		EXCEPTION WHEN sqlclient_unable_to_establish_sqlconnection THEN
			failed := failed + 1;
		END;
	END LOOP;
	RAISE NOTICE '%% failed', failed;
END $$;
SQL
my $dead = do {
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
	'http://127.0.0.1:' . $socket->sockport;
};
for my $case ([ 11, 33 ], [ 12, 35 ], [ 1000, 35 ])
{
	my ($n, $retries) = @$case;
	my $doomed = session(to(endpoint_url => $dead));
	$doomed->query(sprintf($calls, $n), 120);
	like($doomed->stderr, qr/\b$n failed/, "$n calls of a dead endpoint fail with 08001");
	is($doomed->query('SELECT requests, retries FROM ddb_session_stats()'), $n + $retries . "|$retries", "with $retries retries in all");
}

# The tokens of one endpoint are no other's, and a success gives back.
my $doomed = session(to(endpoint_url => $dead));
$doomed->query(sprintf($calls, 40), 120);
$doomed->query('SET atomic_dynamodb.endpoint_url = ' . literal($server->url));
answer({ close_without_reply => 1 });
is($doomed->query(q(SELECT (ddb_get_item(current_setting('atomic_dynamodb.table'), '{"pk": "1", "sk": "s"}') IS NOT NULL))), 't', 'another endpoint is retried');

# What bounds a statement in time is statement_timeout, retries or not.
answer({ repeat => -1, hang => 1 });
$session->query('SET statement_timeout = 700; SET atomic_dynamodb.request_timeout = 200; SET atomic_dynamodb.max_attempts = 20');
my @error = $session->query_error(sprintf($calls, 1000) =~ s/WHEN sqlclient\w+/WHEN OTHERS/r);
is($error[0], '57014', 'a statement whose calls all run out of time ends with statement_timeout');
interrupted_in($session->elapsed - 0.7, 'statement_timeout');

done_testing();
