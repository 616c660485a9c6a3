# What the fault server can do besides the steps that other tests use: every
# fault that it knows to cause at random, by what the extension makes of it and
# by what DynamoDB has afterwards.

use strict;
use warnings;

use AddbTest;
use File::Temp ();
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(set => $server->settings(
	'atomic_dynamodb.table' => $table,
	'atomic_dynamodb.max_attempts' => 2,
	'atomic_dynamodb.request_timeout' => 10_000,
	'atomic_dynamodb.transact_retries' => 0));
my $GET = q(SELECT (ddb_get('p', 's', consistent => true)).data);
my $serial = 0;

# The SQLSTATE of a statement, '' when it succeeds.
sub state_of
{
	my ($query) = @_;
	return ($session->query_error($query))[0] // '';
}

# The number that is stored, past the fault server.
sub stored
{
	my ($sk) = @_;
	my $item = ddb_raw('GetItem', { TableName => $table, ConsistentRead => JSON::PP::true,
			Key => { pk => { S => 'p' }, sk => { S => $sk // 's' } } })->{Item};
	return $item && $item->{data}{S};
}

# Each fault for every request: SQLSTATE of a read, of a write, whether the
# write is there afterwards. A cut may come behind the end of an answer; it has
# tests of its own below.
my %expected = (
	delay => [ '', '', 1 ],
	late_answer => [ '', '', 1 ],
	drip => [ '', '', 1 ],
	chunked => [ '', '', 1 ],
	reset_before => [ '08006', '08007', 0 ],
	reset_after => [ '08006', '08007', 1 ],
	hang_before => [ '08006', '08007', 0 ],
	hang_after => [ '08006', '08007', 1 ],
	error_before => [ '58000', '08007', 0 ],
	error_after => [ '58000', '08007', 1 ],
	throttle => [ '53000', '53000', 0 ],
	throttle_after => [ '53000', '53000', 0 ],
	wrong_crc => [ '08P01', '08007', 1 ],
	garbage => [ '08P01', '08007', 1 ],
	conflict => [ '', '40001', 0 ],
	in_progress => [ '', '', 1 ],
	late => [ '', '', 1 ],
	unprocessed => [ '', '', 1 ],
	empty_page => [ '', '', 1 ]);

for my $fault (sort keys %expected)
{
	my ($read, $write, $applied) = @{ $expected{$fault} };
	my $before = ++$serial;
	sql("SELECT ddb_set('p', 's', '$before', table_name => '$table')");
	$server->reset;
	$server->random(7, $fault => 1);
	my $value = ++$serial;
	$session->query('SET atomic_dynamodb.request_timeout = ' . ($fault =~ /^hang/ ? 500 : 10_000));
	is(state_of($GET), $read, "$fault: a read");
	is(state_of("SELECT ddb_set('p', 's', '$value')"), $write, "$fault: a write");
	$server->random(7);
	is(stored(), $applied ? $value : $before, "$fault: what is stored");
	my @faults = grep { defined } map { $_->{step}{fault} } $server->log;
	ok(!(grep { $_ ne $fault } @faults), "$fault: is in the log") or diag("@faults");
}

# Those that are of some operations only.
{
	my $transaction = "SELECT canceled, data[1].code, data[2].code FROM ddb_transact_write('["
	  . join(', ', map { qq({"op": "put", "table": "$table", "item": {"pk": "p", "sk": "$_"}}) } qw(t1 t2)) . "]')";
	$server->random(3, conflict => 1);
	like($session->query($transaction), qr/^t\|(?:TransactionConflict\|(?:None|TransactionConflict)|None\|TransactionConflict)$/,
		'a transaction is canceled for a reason');
	$server->random(3, in_progress => 1);
	$server->reset;
	is(state_of($transaction), '40001', 'a transaction that goes on and on');
	is($server->count('TransactWriteItems'), 2, 'is asked for twice');

	$server->reset;
	$server->random(5, unprocessed => 0.5);
	is($session->query("SELECT ddb_set(jsonb_agg(jsonb_build_object('pk', 'batch', 'sk', n::text, 'data', n))) FROM generate_series(1, 75) n"),
		75, 'a batch is written, whatever is left unprocessed');
	cmp_ok($server->count('BatchWriteItem'), '>', 3, 'with more requests than three');
	$server->random(5);
	is($session->query("SELECT count(*) FROM ddb_query('batch')"), 75, 'all of it');
}

# Empty pages: before the first item, between two, after the last.
{
	my @keys = map { $_->[0] } sql_rows("SELECT sk FROM ddb_query('batch', table_name => '$table')");
	for my $seed (1 .. 3)
	{
		$server->reset;
		$server->random($seed, empty_page => 0.5);
		is_deeply([ split /\n/, $session->query("SELECT sk FROM ddb_query('batch', page_size => 10)") ], \@keys,
			"seed $seed: a query reads over empty pages");
		my $empty = grep { ($_->{step}{fault} // '') eq 'empty_page' } $server->log;
		cmp_ok($empty, '>', 0, "$empty of them");
		is($session->query("SELECT ddb_count('$table', 'pk = :p', '{\"p\": \"batch\"}')"), 75, 'and a count');
	}
	$server->random(1);
	$server->reset;
	$server->script({ empty_page => 1, repeat => 3 });
	is($session->query("SELECT count(*) FROM ddb_scan('$table', segments => 2, filter => 'pk = :p', vals => '{\"p\": \"batch\"}')"), 75,
		'and a scan in segments');
}

# An answer that ends at any byte is no answer, and the write is made.
{
	$server->reset;
	for my $bytes (0, 1, 9, 15, 40, 100, 200, 240)
	{
		my $value = ++$serial;
		$server->script({ cut_answer => $bytes, repeat => 2 });
		is(state_of("SELECT ddb_set('p', 's', '$value')"), '08007', "an answer of $bytes bytes");
		is(stored(), $value, 'is of a write that was made');
	}
}

# Nor is a refusal that ends within its head: the status that it begins with does
# not count.
{
	my $absent = q(SELECT ddb_get('p', 's', table_name => 'absent'));
	my @wrong;
	# a session anew: each refusal costs it a retry, and it has 35 of them
	$session = session(set => $server->settings('atomic_dynamodb.max_attempts' => 2));
	for (my $bytes = 1; $bytes < 320; $bytes += 13)
	{
		$server->script({ cut_answer => $bytes });
		my $state = state_of($absent);
		push @wrong, "$bytes: $state" if $state ne '42P01';
	}
	is("@wrong", '', 'a refusal cut anywhere is asked for again');
	$server->script({ cut_answer => 60, repeat => 2 });
	is_deeply([ ($session->query_error($absent))[ 0, 2 ] ], [ '08006', 'the reply ended within its head' ],
		'and one that is always cut is a reply cut off');
	$server->reset;
}

# The same seed, the same faults for the same requests; and a log in a file.
{
	my $directory = File::Temp->newdir;
	my @runs;
	for my $run (1 .. 2)
	{
		my $logged = fault_server(upstream => 1, log => "$directory/$run");
		$logged->random(99, reset_before => 0.2, delay => 0.1, throttle_after => 0.1);
		my $other = session(set => $logged->settings('atomic_dynamodb.table' => $table, 'atomic_dynamodb.max_attempts' => 1));
		$other->query_error($GET) for 1 .. 40;
		open my $file, '<', "$directory/$run" or die $!;
		push @runs, [ map { from_json($_) } <$file> ];
	}
	my @faults = map { [ map { $_->{step}{fault} // '' } @$_ ] } @runs;
	# libcurl sends a read again by itself when a connection that was kept is dead
	cmp_ok(scalar @$_, '>=', 40, 'forty requests and more in the file') for @faults;
	$#$_ = 39 for @faults;
	is_deeply($faults[0], $faults[1], 'the same faults by the same seed');
	cmp_ok(scalar(grep { $_ ne '' } @{ $faults[0] }), '>', 5, 'some of them');
	my ($whole) = grep { !$_->{step}{fault} } @{ $runs[0] };
	is($whole->{upstream}{status}, 200, 'the file tells what DynamoDB answered');
	my ($cut) = grep { ($_->{step}{fault} // '') eq 'reset_before' } @{ $runs[0] };
	is($cut->{upstream}, undef, 'and of which it was not asked');
}

# What it does not know, it refuses.
eval { $server->random(1, earthquake => 1) };
like($@, qr/unknown faults: earthquake/, 'an unknown fault');
eval { $server->random(1, cut => 0.6, delay => 0.6) };
like($@, qr/add up to more than one/, 'too much of it');
eval { $server->script({ cut_answer => 1, hang => 1 }) };
like($@, qr/more than one action/, 'two actions');

done_testing();
