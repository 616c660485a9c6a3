# Cancel, statement_timeout and terminate end every kind of wait within half a
# second, a wait does not hold up other sessions, and the session goes on.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use File::Temp ();
use Test::More;
use Time::HiRes qw(time);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $full = fault_server(mode => 'backlog');
my $silent = fault_server(mode => 'blackhole');
my $control = session(dbname => 'postgres');

sql("SELECT ddb_set('p', 's', '1', table_name => '$table')");

sub url_of
{
	my ($where) = @_;
	return ref $where ? $where->url : $where;
}

sub settings
{
	my ($where, %more) = @_;
	return (set => { 'atomic_dynamodb.endpoint_url' => url_of($where), 'atomic_dynamodb.table' => $table,
			map { +"atomic_dynamodb.$_" => $more{$_} } keys %more });
}

my $lock = "ROW('p', 'lock', 'v', now() + interval '1 day')::ddb_lock";
my $list = literal(to_json([ map { { pk => 'p', sk => "$_", data => 1 } } 1 .. 75 ]));
my $keys = literal(to_json([ map { { pk => 'p', sk => "$_" } } 1 .. 250 ]));
my $GET = "SELECT (ddb_get('p', 's')).data";
my %hang = (hang => 1, repeat => -1);
my $page = { Items => [ { pk => { S => 'p' }, sk => { S => 'a' } } ],
	LastEvaluatedKey => { pk => { S => 'p' }, sk => { S => 'a' } } };
my $later = { repeat => -1, reply => { status => 503, headers => { 'x-amz-retry-after' => '30000' },
		body => { __type => 'ServiceUnavailable' } } };
my $throttled = { %$later, reply => { %{ $later->{reply} }, status => 400, body => { __type => 'ThrottlingException' } } };

# name, server, steps, query, requests that the server has seen once the wait
# has begun (0: it sees none)
my @waits = (
	[ 'ddb_get, no answer', $server, [ \%hang ], $GET, 1 ],
	[ 'ddb_set_atomic, no answer', $server, [ \%hang ], "SELECT ddb_set_atomic('p', 'x', '1', $lock)", 1 ],
	[ 'ddb_get_lock, no answer to its write', $server, [ { match => 'PutItem', %hang } ],
		q(SELECT ddb_get_lock('new', 'lock')), 2 ],
	[ 'ddb_set, three batches in flight', $server, [ \%hang ], "SELECT ddb_set($list)", 3 ],
	[ 'ddb_get_many, two batches in flight', $server, [ \%hang ], "SELECT * FROM ddb_get_many($keys\::jsonb)", 2 ],
	[ 'ddb_query, no second page', $server, [ { reply => { body => $page } }, \%hang ], q(SELECT * FROM ddb_query('p')), 2 ],
	[ 'an answer that trickles in', $server,
		[ { reply => { body => ' ' x 10_000 }, drip => { bytes => 1, every_ms => 20 }, repeat => -1 } ], $GET, 1 ],
	[ 'the pause before another attempt', $server, [$later], $GET, 1 ],
	[ 'the pause of a write that is throttled', $server, [$throttled], "SELECT ddb_set($list)", 3 ],
	[ 'batches left unprocessed', $server, [ { unprocessed => 25, repeat => -1 } ], "SELECT ddb_set($list)", 12 ],
	[ 'ddb_create_table, polling', $server,
		[ { match => 'CreateTable', reply => { body => {} } },
			{ repeat => -1, reply => { body => { Table => { TableStatus => 'CREATING' } } } } ],
		q(SELECT ddb_create_table('polled')), 6 ],
	[ 'ddb_delete_table, no answer', $server,
		[ { match => 'DescribeTable', reply => { body => { Table => { TableStatus => 'ACTIVE' } } } }, { match => 'DeleteTable', %hang } ],
		q(SELECT ddb_delete_table('polled')), 2 ],
	[ 'connecting', $full, [], $GET, 0 ],
	[ 'connecting several times', $full, [], "SELECT ddb_set($list)", 0 ],
	[ 'a server that says nothing', $silent, [], $GET, 0 ],
	[ 'a server that says nothing to TLS', 'https://127.0.0.1:' . $silent->port, [], $GET, 0 ]);

# Makes the session wait, and tells whether it does.
sub begin_wait
{
	my ($session, $where, $steps, $query, $requests) = @_;
	if (ref $where && $where == $server)
	{
		$server->reset;
		$server->script(@$steps);
	}
	$session->send($query);
	my $seen = $requests == 0 || $server->wait_for_requests($requests);
	return $seen && $session->wait_for_event(qr{^Extension/});
}

for my $wait (@waits)
{
	my ($name, $where, $steps, $query, $requests) = @$wait;
	my $session = session(settings($where, connect_timeout => 60000));

	ok(begin_wait($session, $where, $steps, $query, $requests), "$name: waits");
	my $start = time;
	$control->query("SELECT pg_cancel_backend(" . $session->pid . ")");
	$session->finish(20);
	interrupted_in(time - $start, "$name: cancelled");
	is_deeply([ ($session->error)[ 0, 1 ] ], [ '57014', 'canceling statement due to user request' ], "$name: as cancelled");

	$server->reset;
	$session->query('SET statement_timeout = 300');
	$server->script(@$steps) if ref $where && $where == $server;
	$session->send($query);
	$session->finish(20);
	is_deeply([ ($session->error)[ 0, 1 ] ], [ '57014', 'canceling statement due to statement timeout' ],
		"$name: statement_timeout");
	cmp_ok($session->elapsed, '>=', 0.3, "$name: not before its time");
	interrupted_in($session->elapsed - 0.3, "$name: statement_timeout");

	$server->reset;
	$session->query('RESET statement_timeout; SET atomic_dynamodb.endpoint_url TO ' . literal($server->url));
	is($session->query($GET), '1', "$name: the session works at once");
	$session->query('SET atomic_dynamodb.endpoint_url TO ' . literal(url_of($where)));

	begin_wait($session, $where, $steps, $query, $requests);
	$start = time;
	$control->query("SELECT pg_terminate_backend(" . $session->pid . ")");
	$session->finish(20);
	interrupted_in(time - $start, "$name: terminated");
	is(($session->error)[0], '57P01', "$name: as terminated");
}

# Requests that were given up leave no connection behind.
{
	my $session = session(settings($server));
	for (1 .. 3)
	{
		begin_wait($session, $server, [ \%hang ], "SELECT ddb_set($list)", 3);
		$session->cancel;
		$session->finish;
	}
	my $open;
	for (1 .. 100)
	{
		# the connection that asks is one itself
		$open = $server->counts->{open} - 1;
		last if $open == 0;
		select undef, undef, undef, 0.02;
	}
	is($open, 0, 'requests that were given up are closed');
}

# A database can be dropped while others wait: DROP DATABASE waits until every
# backend has absorbed a barrier.
{
	my @sessions;
	for my $wait (@waits[ 0, 3, 7, 12 ])
	{
		my ($name, $where, $steps, $query, $requests) = @$wait;
		my $session = session(settings($where, connect_timeout => 60000));
		ok(begin_wait($session, $where, $steps, $query, $requests), "$name: waits");
		push @sessions, $session;
		my $database = unique_name();
		$control->query("CREATE DATABASE $database");
		my $start = time;
		$control->query("DROP DATABASE $database");
		cmp_ok(time - $start, '<', 10, "$name: another session drops a database meanwhile");
	}
	$control->query('SELECT pg_terminate_backend(' . $_->pid . ')') for @sessions;
	$_->finish(20) for @sessions;
}

# A cancel is an error like others to PL/pgSQL.
{
	my $session = session(settings($server));
	$session->query(<<'SQL');
CREATE FUNCTION pg_temp.twice() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	caught text;
BEGIN
	BEGIN
		PERFORM ddb_get('p', 's');
	EXCEPTION WHEN query_canceled THEN
		caught := SQLERRM;
	END;
	RETURN caught || ', then ' || (ddb_get('p', 's')).data;
END $$;
SQL
	ok(begin_wait($session, $server, [ { hang => 1 } ], 'SELECT pg_temp.twice()', 1), 'PL/pgSQL waits');
	$session->cancel;
	is($session->finish, 'canceling statement due to user request, then 1', 'an EXCEPTION block goes on after a cancel');
	is($server->counts->{requests}, 2, 'with two requests');
}

# A cursor that is left in the middle of a stream, with the next page asked for.
{
	my $session = session(settings($server));
	$server->reset;
	$server->script({ reply => { body => $page } }, \%hang);
	$session->query(q(BEGIN; DECLARE c CURSOR FOR SELECT * FROM ddb_query('p')));
	is($session->query('FETCH 1 FROM c'), 'p|a|||', 'a cursor gives what is there');
	ok($server->wait_for_requests(1), 'having asked for it');
	my $start = time;
	$session->query('CLOSE c; COMMIT');
	interrupted_in(time - $start, 'closing it does not wait');
	$server->reset;
	is($session->query($GET), '1', 'the session works');
}

# A library that makes the resolution of one name take very long.
sub slow_resolver
{
	my ($directory) = @_;

	open my $file, '>', "$directory/slow.c" or die $!;
	print $file <<'C';
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int
getaddrinfo(const char *node, const char *service,
			const struct addrinfo *hints, struct addrinfo **result)
{
	int			(*real) (const char *, const char *, const struct addrinfo *,
						 struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");

	if (node != NULL && strcmp(node, "slow.invalid") == 0)
		sleep(60);
	return real(node, service, hints, result);
}
C
	close $file or die $!;
	my $library = "$directory/slow.so";
	return system($ENV{CC} // 'cc', '-shared', '-fPIC', '-o', $library, "$directory/slow.c", '-ldl') == 0 ? $library : undef;
}

my %conf = (
	'atomic_dynamodb.endpoint_url' => $server->url,
	'atomic_dynamodb.region' => 'us-west-2',
	'atomic_dynamodb.access_key_id' => 'local',
	'atomic_dynamodb.secret_access_key' => 'local',
	'atomic_dynamodb.table' => $table);

# Names are resolved in threads, on which no signal handler of the server runs.
SKIP:
{
	my $directory = File::Temp->newdir;
	my $library = slow_resolver($directory) or skip 'no C compiler', 1;
	my $cluster = AddbTest::Cluster->new(environment => { LD_PRELOAD => $library }, conf => \%conf);
	$cluster->inside(sub {
		my $here = session(dbname => 'postgres');
		my $session = session(set => { 'atomic_dynamodb.endpoint_url' => 'https://slow.invalid',
				'atomic_dynamodb.connect_timeout' => 60000 });
		$session->send($GET);
		ok($session->wait_for_event(qr{^Extension/}), 'a name that is not resolved: waits');
		my @masks;
		for my $task (glob '/proc/' . $session->pid . '/task/*')
		{
			next if $task =~ m{/@{[ $session->pid ]}\z};
			open my $file, '<', "$task/status" or next;
			push @masks, map { /^SigBlk:\s+(\w+)/ ? hex(substr $1, -8) : () } <$file>;
		}
		is(scalar @masks, 1, 'in a thread');

		# bits 0, 1, 9, 13 and 14: HUP, INT, USR1, ALRM and TERM
		ok(@masks && ($masks[0] & 0x6203) == 0x6203, 'that takes no signals');
		my $database = unique_name();
		$here->query("CREATE DATABASE $database");
		my $start = time;
		$here->query("DROP DATABASE $database");
		cmp_ok(time - $start, '<', 10, 'another session drops a database meanwhile');
		$start = time;
		$here->query('SELECT pg_cancel_backend(' . $session->pid . ')');
		$session->finish(20);
		interrupted_in(time - $start, 'cancelled');
		is(($session->error)[0], '57014', 'as cancelled');

		$server->reset;
		$session->query('SET atomic_dynamodb.endpoint_url TO ' . literal($server->url));
		is($session->query($GET), '1', 'the session works at once');
		$session->query(q(SET atomic_dynamodb.endpoint_url TO 'https://slow.invalid'; SET statement_timeout = 300));
		is(($session->query_error($GET))[0], '57014', 'statement_timeout');
		interrupted_in($session->elapsed - 0.3, 'statement_timeout');
		is_deeply([ ($session->query_error(
				"SET statement_timeout = 0; SET atomic_dynamodb.connect_timeout = 100; SET atomic_dynamodb.max_attempts = 1; $GET"))[ 0, 1 ] ],
			[ '08001', 'could not connect to DynamoDB' ], 'connect_timeout');
		interrupted_in($session->elapsed - 0.1, 'connect_timeout');
		$session->query('RESET atomic_dynamodb.connect_timeout');
		$session->send($GET);
		$session->wait_for_event(qr{^Extension/});
		$start = time;
		$here->query('SELECT pg_terminate_backend(' . $session->pid . ')');
		$session->finish(20);
		interrupted_in(time - $start, 'terminated');
	});
}

# Crashes, in a cluster of their own.
{
	my $cluster = AddbTest::Cluster->new(conf => { %conf, restart_after_crash => 'on' });
	$cluster->inside(sub {
		my $session = session();
		ok(begin_wait($session, $server, [ \%hang ], "SELECT ddb_set($list)", 3), 'a backend waits');
		kill KILL => $session->pid;
		$session->finish(20);
		$server->reset;
		for (1 .. 200)
		{
			last if $cluster->log =~ /reinitializing/;
			select undef, undef, undef, 0.05;
		}
		$cluster->wait_until_ready;
		is(sql($GET), '1', 'a backend that is killed leaves a server that starts sessions');

		$session = session();
		ok(begin_wait($session, $server, [ \%hang ], $GET, 1), 'a backend waits again');
		my @others = $cluster->processes;
		my $start = time;
		kill KILL => $cluster->pid;
		$session->finish(20);
		cmp_ok(time - $start, '<', 10, 'the death of the postmaster ends it');
		for (1 .. 200)
		{
			last unless kill 0, @others;
			select undef, undef, undef, 0.05;
		}
		$server->reset;
		$cluster->start;
		is(sql($GET), '1', 'and the server can be started again');
	});
}

interrupts_are_prompt();

done_testing();
