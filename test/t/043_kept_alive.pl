# A kept-alive connection that dies with a write on it. libcurl would send the
# request again by itself, unseen by the client, which could then take what the
# first one did for the work of another.

use strict;
use warnings;

use AddbTest;
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my $LOCK = q(ROW('kept', 'lock', 'v1', NULL)::ddb_lock);
my %write = (
	PutItem => q(SELECT ddb_set('kept', 'put', '1')),
	DeleteItem => q(SELECT ddb_delete('kept', 'delete')),
	TransactWriteItems => qq(SELECT pk FROM ddb_set_atomic('kept', 'atomic', '1', $LOCK)),
	BatchWriteItem => q(SELECT ddb_set('[{"pk": "kept", "sk": "batch", "data": 1}]')));

# What the server does once it has got the request.
my %death = (
	'reset, not applied' => { close_without_reply => 1 },
	'reset, applied' => { apply_then_reset => 1 },
	'closed' => { raw => '' });

my $server = fault_server(upstream => 1);
my $session;

sub open_session
{
	my ($to) = @_;
	$session = session(set => $to->settings('atomic_dynamodb.table' => $table));
	return;
}

# Makes a connection and lets it do this with the request of that operation
# that comes over it next. Returns the connection's number.
sub prepare
{
	my ($to, $operation, $step, $attempts) = @_;

	$to->reset;
	$session->query("SET atomic_dynamodb.max_attempts = $attempts; SELECT ddb_get('warm', 'up')");
	my ($request) = $to->log;
	$to->reset;
	$to->script({ match => $operation, %$step });
	return $request->{connection};
}

sub check_write
{
	my ($name, $operation, $statement, $step) = @_;

	my $connection = prepare($server, $operation, $step, 1);
	my ($sqlstate) = $session->query_error($statement);
	# the version of its lock tells that a transaction was carried out
	is($sqlstate, $operation eq 'TransactWriteItems' && $step->{apply_then_reset} ? undef : '08007',
		"$name: the outcome is unknown, unless it can be found out");
	my @log = $server->log($operation);
	is(scalar @log, 1, "$name: it was sent once");
	is($log[0]{connection}, $connection, "$name: over the connection that was kept");

	prepare($server, $operation, $step, 2);
	$session->query('SET atomic_dynamodb.max_attempts = 2; CREATE TEMP TABLE before AS SELECT * FROM ddb_session_stats()');
	$session->send($statement);
	$session->finish;
	is($server->count($operation), 2, "$name: with two attempts it is sent twice");
	is($session->query('SELECT n.retries - b.retries FROM before b, ddb_session_stats() n; DROP TABLE before'), '1',
		"$name: which the client knows of");
	return;
}

open_session($server);
for my $death (sort keys %death)
{
	for my $operation (sort keys %write)
	{
		ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => 'kept' }, sk => { S => 'lock' },
			version => { S => 'v1' }, ttl => { N => time + 86400 } } });
		check_write("$operation, $death", $operation, $write{$operation}, $death{$death});
	}
}

# More than one send() takes.
check_write('a large item', 'PutItem', q(SELECT ddb_set('kept', 'large', to_jsonb(repeat('x', 300000)))),
	{ close_without_reply => 1 });

# That the connection was kept is what the above rests on: here libcurl does
# send a second request, and a read may be read twice.
prepare($server, 'GetItem', { close_without_reply => 1 }, 1);
is($session->query(q(SELECT ddb_get('kept', 'none') IS NULL)), 't', 'a read goes on over a new connection');
is($server->count('GetItem'), 2, 'by libcurl, within one attempt');

# The server is gone altogether, so that the second connection cannot be made.
{
	my $mortal = fault_server(upstream => 1);
	open_session($mortal);
	prepare($mortal, 'PutItem', { hang => 1 }, 1);
	$session->send($write{PutItem});
	ok($mortal->wait_for_requests(1), 'a write is under way');
	$mortal->stop;
	$session->finish;
	is(($session->error)[0], '08007', 'the server dies: the outcome is unknown, not "not connected"');
	is(($session->query_error($write{PutItem}))[0], '08001', 'as it is the next time');
}

done_testing();
