# Ten thousand calls in one backend, a third of which fail or are cancelled,
# leave file descriptors and memory as they were.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use IO::Socket::INET;
use Test::More;

need_endpoint();
make_database();

# What a call that leaks may lose before it shows: 8,000 calls of 100 bytes.
my $MEMORY_SLACK = 800_000;

my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(timeout => 120, set => $server->settings(
	'atomic_dynamodb.table' => $table, 'atomic_dynamodb.max_attempts' => 1));

sql("SELECT ddb_set(jsonb_agg(jsonb_build_object('pk', 'many', 'sk', n::text, 'data', n)), '$table') FROM generate_series(1, 50) n");

$session->query(<<'SQL');
CREATE FUNCTION pg_temp.call(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	lock ddb_lock;
	items jsonb;
BEGIN
	CASE n % 8
		WHEN 0, 1 THEN PERFORM ddb_get('p', (n % 10)::text);
		WHEN 2 THEN PERFORM ddb_set('p', (n % 10)::text, to_jsonb(n));
		WHEN 3 THEN
			lock := ddb_get_lock('p', 'lock' || n % 3);
			PERFORM ddb_set_atomic('p', 'item', to_jsonb(n), lock);
		WHEN 4 THEN PERFORM * FROM ddb_query('many', page_size => 4) LIMIT 1;
		WHEN 5 THEN
			-- the next page is under way when this one is left
			PERFORM * FROM ddb_query('many', page_size => 4) LIMIT 3;
		WHEN 6 THEN
			PERFORM * FROM ddb_get_many(ARRAY[('many', '1'), ('many', '2'), ('many', '51')]::ddb_key[]);
		WHEN 7 THEN
			SELECT jsonb_agg(jsonb_build_object('pk', 'p', 'sk', i::text, 'data', i)) INTO items
			FROM generate_series(1, 30) AS i;
			PERFORM ddb_set(items);
	END CASE;
END $$;

CREATE FUNCTION pg_temp.many(calls int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	failed int := 0;
BEGIN
	FOR n IN 1 .. calls LOOP
		BEGIN
			PERFORM pg_temp.call(n);
		EXCEPTION WHEN OTHERS THEN
			failed := failed + 1;
		END;
	END LOOP;
	RETURN failed;
END $$;

-- A statement_timeout ends the call, not the function.
CREATE FUNCTION pg_temp.cancelled(n int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.call(n);
	RETURN false;
EXCEPTION WHEN query_canceled THEN
	RETURN true;
END $$;
SQL

my @pattern = (
	{ action => 'pass', repeat => 3 },
	{ reply => { status => 400, body => { __type => 'ValidationException', message => 'no' } } },
	{ action => 'pass', repeat => 2 },
	{ close_without_reply => 1 },
	{ action => 'pass', repeat => 3 },
	{ cut_body => 20 },
	{ reply => { status => 500, body => { __type => 'InternalServerError' } } },
	{ action => 'pass', repeat => 2 },
	{ reply => { body => '{"Item":[' } });

sub descriptors
{
	my @links = map { readlink } glob '/proc/' . $session->pid . '/fd/*';
	return scalar grep { defined } @links;
}

sub sockets
{
	return scalar grep { /^socket:/ } map { readlink // () } glob '/proc/' . $session->pid . '/fd/*';
}

# Bytes of memory that is not shared with other backends.
sub resident
{
	open my $file, '<', '/proc/' . $session->pid . '/status' or die $!;
	my ($kilobytes) = map { /^RssAnon:\s+(\d+) kB/ ? $1 : () } <$file>;
	return $kilobytes * 1024;
}

sub contexts
{
	return $session->query('SELECT sum(total_bytes) FROM pg_backend_memory_contexts');
}

sub measure
{
	my %found = (contexts => contexts(), resident => resident(), descriptors => descriptors(), sockets => sockets());
	diag(join ', ', map { "$_ $found{$_}" } sort keys %found) if $ENV{ADDB_TEST_VERBOSE};
	return %found;
}

my ($calls, $failed, $cancelled) = (0, 0, 0);

sub round_of_calls
{
	$server->reset;
	$server->script((@pattern) x 150);
	$failed += $session->query('SELECT pg_temp.many(960)');
	$calls += 960;

	$server->reset;
	$server->script({ hang => 1, repeat => -1 });
	$session->query("SET statement_timeout = '10ms'");
	# on a busy machine the timeout may fire before the function catches it
	$session->send(join "\n", map { "SELECT pg_temp.cancelled($_);" } 1 .. 40);
	$cancelled += () = $session->finish =~ /^t$/mg;
	$cancelled += () = $session->stderr =~ /^ERROR:  57014:/mg;
	$calls += 40;
	$session->query('RESET statement_timeout');
	$server->reset;
	return;
}

SKIP:
{
	skip 'no /proc', 8 unless -r '/proc/self/status';

	round_of_calls() for 1 .. 2;
	my %before = measure();
	for (1 .. 8)
	{
		round_of_calls();
		measure() if $ENV{ADDB_TEST_VERBOSE};
	}
	my %after = measure();

	is($calls, 10_000, 'ten thousand calls');
	is($cancelled, 400, 'of which some were cancelled');
	cmp_ok($failed + $cancelled, '>=', $calls / 3, 'a third did not succeed') or diag($failed);
	cmp_ok($failed, '<', 0.7 * $calls, 'and many did');
	cmp_ok($after{descriptors}, '<=', $before{descriptors} + 2, 'file descriptors are level');
	cmp_ok($after{sockets}, '<=', 12, 'there are no more sockets than connections kept');
	cmp_ok($after{contexts}, '<=', $before{contexts} + 65_536, 'memory contexts are level');
	cmp_ok($after{resident}, '<=', $before{resident} + $MEMORY_SLACK, 'memory is level')
	  or diag("$before{resident} before, $after{resident} after");
	is($session->query(q(SELECT (ddb_get('many', '7')).data)), '7', 'the session works');
}

# Sockets are counted against max_files_per_process, and the count goes down
# again, however a socket ends.
{
	my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport;
	my $full = fault_server(mode => 'backlog');
	my $tls = fault_server(mode => 'tls');
	my $cluster = AddbTest::Cluster->new(
		conf => {
			max_files_per_process => 64,
			'atomic_dynamodb.region' => 'us-west-2',
			'atomic_dynamodb.access_key_id' => 'local',
			'atomic_dynamodb.secret_access_key' => 'local',
			'atomic_dynamodb.endpoint_url' => $server->url,
			'atomic_dynamodb.table' => $table,
		});
	$cluster->inside(sub {
		my $small = session(set => { 'atomic_dynamodb.max_attempts' => 1, 'atomic_dynamodb.connect_timeout' => 10 });
		$small->query(<<'SQL');
CREATE FUNCTION pg_temp.fail(n int, url text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	details text[] := '{}';
BEGIN
	PERFORM set_config('atomic_dynamodb.endpoint_url', url, true);
	FOR i IN 1 .. n LOOP
		BEGIN
			PERFORM ddb_get('many', '7');
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
			details := details || detail;
		END;
	END LOOP;
	RETURN cardinality(details) || ' ' || (SELECT count(*) FROM unnest(details) AS d WHERE d LIKE '%too many files%');
END $$;
SQL
		$server->reset;
		is($small->query("SELECT pg_temp.fail(100, 'http://127.0.0.1:$port')"), '100 0', 'connections that are refused');
		is($small->query("SELECT pg_temp.fail(60, 'http://localhost:$port')"), '60 0', 'by several addresses');
		is($small->query("SELECT pg_temp.fail(60, '" . $full->url . "')"), '60 0', 'connections that are not accepted in time');
		is($small->query("SELECT pg_temp.fail(60, '" . $tls->url . "')"), '60 0', 'connections that are not trusted');
		$server->script({ close_without_reply => 1, repeat => 60 });
		is($small->query("SELECT pg_temp.fail(60, '" . $server->url . "')"), '60 0', 'connections that are cut');

		$small->query("SET statement_timeout = '10ms'; SET atomic_dynamodb.connect_timeout = '10s'");
		$small->query("SET atomic_dynamodb.endpoint_url TO '" . $full->url . "'");
		my $count = 0;
		for (1 .. 60)
		{
			$count++ if ($small->query_error(q(SELECT ddb_get('many', '7'))))[0] eq '57014';
		}
		is($count, 60, 'connections that are given up');
		$small->query("RESET statement_timeout; SET atomic_dynamodb.endpoint_url TO '" . $server->url . "'");
		$server->reset;
		is($small->query(q(SELECT (ddb_get('many', '7')).data)), '7', 'there are descriptors left after all that');

		my @error = $small->query_error("SET atomic_dynamodb.max_connections = 64; SELECT ddb_set(jsonb_agg("
			  . "jsonb_build_object('pk', 'wide', 'sk', n::text, 'data', n))) FROM generate_series(1, 1600) n");
		ok(!@error || $error[0] eq '08001' && $error[2] =~ /too many files/, 'too many at once: an error at worst')
		  or diag(join ' | ', @error);
		is($small->query(q(SELECT (ddb_get('many', '7')).data)), '7', 'from which the session recovers');
	});
}

done_testing();
