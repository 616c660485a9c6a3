# Tables, raw calls and PartiQL transactions when the service is slow, refuses
# or loses its answers.
#
# Runs alone: test 038 uses the tables of the vectors, too.

use strict;
use warnings;
use utf8;

use AddbTest;
use List::Util qw(uniq);
use Test::More;
use Time::HiRes qw(time);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $UUID = qr/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
my $HINT_UNKNOWN = 'The write may or may not have been applied: look at what is stored '
  . 'before you repeat it.';
my $HINT_TOKEN = 'The transaction may or may not have been carried out: repeat it within 10 minutes with the token '
  . 'that the context tells. DynamoDB then carries it out at most once, and tells what became of it.';

sub to
{
	my (%more) = @_;
	return (set => { 'atomic_dynamodb.endpoint_url' => $server->url,
			map { +"atomic_dynamodb.$_" => $more{$_} } keys %more });
}

# Forgets what was seen, and sets the steps to come.
sub script
{
	my (@steps) = @_;
	$server->reset;
	return $server->script(@steps);
}

sub answer
{
	my ($operation, $body) = @_;
	return { match => $operation, reply => { body => $body } };
}

# An error reply as DynamoDB makes them, with the request id RID.
sub refusal
{
	my ($operation, $status, $code, %more) = @_;
	return { match => $operation, reply => { status => $status, headers => { 'x-amzn-requestid' => 'RID' },
			body => { __type => "com.amazonaws.dynamodb.v20120810#$code", message => "about $code", %more } } };
}

sub lost
{
	my ($operation) = @_;
	return { match => $operation, apply_then_reset => 1 };
}

# The bodies of the requests of one operation.
sub bodies
{
	my ($operation) = @_;
	return map { utf8::encode(my $body = $_->{body}); from_json($body) } $server->log($operation);
}

sub count_of
{
	my ($operation) = @_;
	return $server->count($operation);
}

# SQLSTATE and message of the error of a call after some steps; undef for none.
sub error_after
{
	my ($steps, $query, %settings) = @_;
	script(@$steps);
	return [ (sql_error($query, to(%settings)))[ 0, 1 ] ];
}

# Everything that psql says of an error, the context included.
sub session_error
{
	my ($session, $query) = @_;
	$session->send("\\set SHOW_CONTEXT errors\n$query");
	$session->finish;
	return $session->stderr;
}

# The stored item as the API has it; undef when absent.
sub stored
{
	my ($pk) = @_;
	return ddb_raw('GetItem', { TableName => $table, ConsistentRead => JSON::PP::true,
			Key => { pk => { S => $pk }, sk => { S => 's' } } })->{Item};
}

sub put_request
{
	my ($pk) = @_;
	return literal({ TableName => $table, Item => { pk => { S => $pk }, sk => { S => 's' } } });
}

sub description
{
	my ($status, @indexes) = @_;
	return { Table => { TableStatus => $status,
			@indexes ? (GlobalSecondaryIndexes => [ map { { IndexName => 'i', IndexStatus => $_ } } @indexes ]) : () } };
}

# Runs a part of the file; what dies in it fails it, and the rest goes on.
sub section
{
	my ($name, $code) = @_;
	note($name);
	eval { $code->(); 1 } or fail("$name: $@");
	return;
}

section 'the request that creates a table' => sub {
	my $created = answer(CreateTable => { TableDescription => {} });
	my $active = answer(DescribeTable => description('ACTIVE'));
	my $body_of = sub {
		my ($arguments) = @_;
		script($created, $active, answer(UpdateTimeToLive => {}));
		sql("SELECT ddb_create_table('made', $arguments)", to());
		return (bodies('CreateTable'))[0];
	};
	my %demand = (TableName => 'made', BillingMode => 'PAY_PER_REQUEST');
	my $key = sub { return { AttributeName => $_[0], KeyType => $_[1] } };
	my $type = sub { return { AttributeName => $_[0], AttributeType => $_[1] } };

	is_deeply($body_of->("'id'"), { %demand, KeySchema => [ $key->('id', 'HASH') ],
			AttributeDefinitions => [ $type->('id', 'S') ] }, 'a partition key');
	is_deeply($body_of->(q('"odd "" name" B', 'gr\\\\öße N')), { %demand,
			KeySchema => [ $key->('odd " name', 'HASH'), $key->('gr\\\\öße', 'RANGE') ],
			AttributeDefinitions => [ $type->('odd " name', 'B'), $type->('gr\\\\öße', 'N') ] }, 'names and types');
	is_deeply($body_of->(q('a', 'b N', '{"one": {"partition_key": "c", "sort_key": "b N", "projection": ["x", "y"], "read_units": 9}}',
			'{"two": {"sort_key": "d B", "projection": "keys_only"}}', 3, 4)), { TableName => 'made',
			BillingMode => 'PROVISIONED', ProvisionedThroughput => { ReadCapacityUnits => 3, WriteCapacityUnits => 4 },
			KeySchema => [ $key->('a', 'HASH'), $key->('b', 'RANGE') ],
			AttributeDefinitions => [ map { $type->(@$_) } [ 'a', 'S' ], [ 'b', 'N' ], [ 'c', 'S' ], [ 'd', 'B' ] ],
			GlobalSecondaryIndexes => [ { IndexName => 'one', KeySchema => [ $key->('c', 'HASH'), $key->('b', 'RANGE') ],
					Projection => { ProjectionType => 'INCLUDE', NonKeyAttributes => [ 'x', 'y' ] },
					ProvisionedThroughput => { ReadCapacityUnits => 9, WriteCapacityUnits => 4 } } ],
			LocalSecondaryIndexes => [ { IndexName => 'two', KeySchema => [ $key->('a', 'HASH'), $key->('d', 'RANGE') ],
					Projection => { ProjectionType => 'KEYS_ONLY' } } ] }, 'indexes and units');
	is(count_of('UpdateTimeToLive'), 0, 'no time to live');
	$body_of->("'a', ttl => 'e\"x'");
	is_deeply([ bodies('UpdateTimeToLive') ], [ { TableName => 'made',
				TimeToLiveSpecification => { AttributeName => 'e"x', Enabled => JSON::PP::true } } ], 'time to live');
};

section 'waiting for a table' => sub {
	script(answer(CreateTable => {}), refusal('DescribeTable', 400, 'ResourceNotFoundException'),
		answer(DescribeTable => description('CREATING')), answer(DescribeTable => description('ACTIVE', 'ACTIVE', 'CREATING')),
		answer(DescribeTable => description('UPDATING', 'ACTIVE')), answer(DescribeTable => description('ACTIVE', 'ACTIVE', 'ACTIVE')),
		answer(UpdateTimeToLive => {}));
	my $start = time;
	sql("SELECT ddb_create_table('waited', 'a', ttl => 'x')", to());
	is_deeply([ map { $_->{operation} } $server->log ],
		[ 'CreateTable', ('DescribeTable') x 5, 'UpdateTimeToLive' ], 'until it and its indexes are ACTIVE');
	cmp_ok(time - $start, '>=', 0.02 + 0.04 + 0.08 + 0.16, 'with growing pauses');

	script(answer(DescribeTable => description('ACTIVE')), answer(DeleteTable => {}), answer(DescribeTable => description('DELETING')),
		refusal('DescribeTable', 400, 'ResourceNotFoundException'));
	sql("SELECT ddb_delete_table('waited')", to());
	is_deeply([ map { $_->{operation} } $server->log ], [ qw(DescribeTable DeleteTable DescribeTable DescribeTable) ], 'until it is gone');

	for my $body ({}, { Table => {} }, { Table => { TableStatus => 1 } },
		{ Table => { TableStatus => 'ACTIVE', GlobalSecondaryIndexes => {} } }, { Table => { TableStatus => 'ACTIVE', GlobalSecondaryIndexes => [1] } })
	{
		is(error_after([ answer(CreateTable => {}), answer(DescribeTable => $body) ], "SELECT ddb_create_table('waited')")->[0],
			'08P01', 'a description that is none: ' . to_json($body));
	}
};

section 'what an error in a wait leaves behind' => sub {
	my $session = session(to());
	my @create = (answer(CreateTable => {}), { %{ answer(DescribeTable => description('ACTIVE', 'CREATING')) }, repeat => -1 });
	my @delete = (answer(DescribeTable => description('ACTIVE')), answer(DeleteTable => {}), { %{ answer(DescribeTable => description('DELETING')) }, repeat => -1 });
	my $CREATE = "SELECT ddb_create_table('left', 'a')";
	for my $case ([ 'created', $CREATE, @create ], [ 'deleted', "SELECT ddb_delete_table('left')", @delete ])
	{
		my ($what, $query, @steps) = @$case;
		script(@steps);
		$session->send("\\set SHOW_CONTEXT errors\n$query");
		ok($server->wait_for_requests(5), "$what: waits");
		my $start = time;
		$session->cancel;
		$session->finish;
		interrupted_in(time - $start, "$what: cancel");
		like($session->stderr, qr/57014: canceling statement due to user request\nCONTEXT:  DynamoDB table "left": goes on being $what$/m,
			"$what: and says what goes on");
	}
	script(answer(CreateTable => {}), refusal('DescribeTable', 400, 'AccessDeniedException'));
	like(session_error($session, $CREATE), qr/42501: .*CONTEXT:  DynamoDB DescribeTable on table "left"\nDynamoDB table "left": goes on being created$/ms,
		'a look that is denied');
	script(answer(CreateTable => {}), answer(DescribeTable => description('ACTIVE')), refusal('UpdateTimeToLive', 400, 'AccessDeniedException'));
	like(session_error($session, "SELECT ddb_create_table('left', 'a', ttl => 'x')"),
		qr/42501: .*CONTEXT:  DynamoDB UpdateTimeToLive on table "left"\nDynamoDB table "left": has been created$/ms, 'a time to live that is denied');
	script(refusal('CreateTable', 400, 'LimitExceededException'));
	unlike(session_error($session, "SET atomic_dynamodb.max_attempts = 1; $CREATE"), qr/being created/, 'not so a table that was refused');
};

section 'a table whose answer is lost' => sub {
	my $name = unique_name();
	script(lost('CreateTable'), lost('UpdateTimeToLive'));
	sql(qq(SELECT ddb_create_table('$name', 'id', 'at N', '{"by_at": {"partition_key": "at N"}}', ttl => 'x')), to());
	is_deeply([ count_of('CreateTable'), count_of('UpdateTimeToLive'), count_of('DescribeTimeToLive') ], [ 2, 2, 1 ], 'is asked for again');
	is(sql("SELECT ddb_describe_table('$name') #>> '{GlobalSecondaryIndexes,0,IndexName}', ddb_call('DescribeTimeToLive', jsonb_build_object('TableName', '$name')) #>> '{TimeToLiveDescription,AttributeName}'"),
		'by_at|x', 'and is whole');

	# what CreateTable of "a" asks for, as DescribeTable has it, in another order and with more
	my $by_key = sub { { AttributeName => $_[0], KeyType => $_[1] } };
	my %keys = (KeySchema => [ $by_key->('a', 'HASH') ], AttributeDefinitions => [ { AttributeType => 'S', AttributeName => 'a' } ]);
	my %asked = (%keys, BillingModeSummary => { BillingMode => 'PAY_PER_REQUEST', LastUpdateToPayPerRequestDateTime => 1 },
		ProvisionedThroughput => { NumberOfDecreasesToday => 0, ReadCapacityUnits => 0, WriteCapacityUnits => 0 }, ItemCount => 0);
	my @once = ({ match => 'CreateTable', close_without_reply => 1 }, refusal('CreateTable', 400, 'ResourceInUseException'));
	my @always = ({ match => 'CreateTable', close_without_reply => 1, repeat => 4 });
	my $CREATE = "SELECT ddb_create_table('$table', 'a')";
	my $described = sub {
		my ($age, %table) = @_;
		return answer(DescribeTable => { Table => { TableStatus => 'ACTIVE', defined $age ? (CreationDateTime => time - $age) : (), %table } });
	};
	my $EXISTS = [ '42P07', qq(DynamoDB table "$table" already exists) ];
	my $end = sub { return error_after(@_)->[0] // 'ok' };
	for my $case ([ 'in the way', 2, @once ], [ 'all answers lost', 4, @always ])
	{
		my ($what, $attempts, @lost) = @$case;
		my $UNKNOWN = [ '08007', "outcome of DynamoDB CreateTable is unknown after $attempts attempts" ];
		is_deeply(error_after([ @lost, $described->(60, %asked) ], $CREATE), $EXISTS, "$what: one that is older is not taken for it");
		is($end->([ @lost, $described->(0, %asked), $described->(0) ], $CREATE), 'ok', "$what: one that is as old is");
		is_deeply(error_after([ @lost, $described->(undef, %asked) ], $CREATE), $UNKNOWN, "$what: one whose age is not told may be it");
		is_deeply(error_after([ @lost, $described->(0) ], $CREATE), $UNKNOWN, "$what: nor one whose keys are not told");
		is_deeply(error_after([ @lost, refusal('DescribeTable', 400, 'AccessDeniedException') ], $CREATE), $UNKNOWN, "$what: one that cannot be looked at");
		is_deeply(error_after([ @lost, answer(DescribeTable => {}) ], $CREATE), $UNKNOWN, "$what: nor one whose description is none");
		is_deeply(error_after([ @lost, { %{ refusal('DescribeTable', 400, 'ResourceNotFoundException') }, repeat => -1 } ], $CREATE),
			$UNKNOWN, "$what: one that is not there may come yet");
		is($end->([ @lost, (refusal('DescribeTable', 400, 'ResourceNotFoundException')) x 3, $described->(0, %asked), $described->(0) ], $CREATE),
			'ok', "$what: one that is seen late");
		for my $other (
			[ 'another key', KeySchema => [ $by_key->('b', 'HASH') ] ],
			[ 'a sort key', KeySchema => [ $by_key->('a', 'HASH'), $by_key->('b', 'RANGE') ] ],
			[ 'another type', AttributeDefinitions => [ { AttributeName => 'a', AttributeType => 'N' } ] ],
			[ 'an index', GlobalSecondaryIndexes => [ { IndexName => 'i', IndexStatus => 'ACTIVE', KeySchema => [ $by_key->('a', 'HASH') ],
						Projection => { ProjectionType => 'ALL' } } ] ],
			[ 'units', BillingModeSummary => undef, ProvisionedThroughput => { ReadCapacityUnits => 1, WriteCapacityUnits => 1 } ])
		{
			my ($name, %differs) = @$other;
			is_deeply(error_after([ @lost, $described->(0, %asked, %differs) ], $CREATE), $EXISTS, "$what: one with $name is another's");
		}
	}
	is($end->([ refusal('CreateTable', 400, 'ResourceInUseException') ], $CREATE), '42P07', 'no answer lost');
	is(count_of('DescribeTable'), 0, 'nothing is looked at');
	my @error = do { script(@always, $described->(0)); sql_error($CREATE, to()) };
	is($error[3], 'Look with ddb_describe_table whether the table is there, and what it is like, before you repeat this.',
		'the hint is about a table');
	@error = do { script(@always, $described->(0, %asked, KeySchema => [ $by_key->('b', 'HASH') ])); sql_error($CREATE, to()) };
	is($error[2], 'Somebody else has created it meanwhile: its keys, indexes or billing are not those that were asked for.', 'why it is not ours');

	# with indexes and units, against the emulator
	my $INDEXED = sub { return "SELECT ddb_create_table('$_[0]', 'größe', 'at N', '{\"by_at\": {\"partition_key\": \"at N\", \"projection\": [\"x\", \"b\"]}, "
		. "\"a_to\": {\"partition_key\": \"to\", \"sort_key\": \"at N\", \"projection\": \"keys_only\"}}', '{\"local\": {\"sort_key\": \"to\"}}', $_[1])" };
	my %units = ('on demand' => 'NULL, NULL', provisioned => '3, 4');
	my %made = map { $_ => unique_name() } sort keys %units;
	for my $billing (sort keys %units)
	{
		script({ %{ lost('CreateTable') }, repeat => 4 });
		is((sql_error($INDEXED->($made{$billing}, $units{$billing}), to()))[0], undef, "$billing, with indexes, all answers lost: it is known again");
		cmp_ok(count_of('DescribeTable'), '>=', 2, 'by looking');
	}
	sleep 6;
	for my $billing (sort keys %units)
	{
		script(lost('CreateTable'));
		is((sql_error($INDEXED->($made{$billing}, $units{$billing}), to()))[0], '42P07', "$billing: some seconds later it is another's");
	}

	# of two who create a table at the same time, the other one has been first
	my $raced = unique_name();
	script({ match => 'CreateTable', delay_ms => 1000, close_without_reply => 1 });
	my $session = session(to());
	$session->send("SELECT ddb_create_table('$raced', 'pk', ttl => 'x')");
	ok($server->wait_for_requests(1), 'one is on its way');
	ddb_raw('CreateTable', { TableName => $raced, BillingMode => 'PAY_PER_REQUEST', KeySchema => [ $by_key->('other', 'HASH') ],
			AttributeDefinitions => [ { AttributeName => 'other', AttributeType => 'S' } ] });
	$session->finish;
	like($session->stderr, qr/42P07: DynamoDB table "$raced" already exists/, 'the table of the other one is not ours');
	is(count_of('UpdateTimeToLive'), 0, 'and stays as it is');
};

section 'a table that is deleted, and the answer lost' => sub {
	my $DELETE = "SELECT ddb_delete_table('doomed')";
	my $there = answer(DescribeTable => description('ACTIVE'));
	my $gone = refusal('DescribeTable', 400, 'ResourceNotFoundException');
	my $deleting = answer(DescribeTable => description('DELETING'));
	my $cut = { match => 'DeleteTable', close_without_reply => 1 };
	my $all = { %$cut, repeat => 4 };
	my $end = sub { return error_after(@_)->[0] // 'ok' };
	is($end->([ $gone, $cut ], $DELETE), '42P01', 'one that was never there');
	is(count_of('DeleteTable'), 0, 'is not deleted');
	is($end->([ $there, $cut, refusal('DeleteTable', 400, 'ResourceNotFoundException'), $gone, $gone ], $DELETE), 'ok', 'one that was, and is not any more');
	is($end->([ $there, $cut, refusal('DeleteTable', 400, 'ResourceInUseException'), $deleting, $gone ], $DELETE), 'ok', 'one that is being deleted');
	is($end->([ $there, $cut, refusal('DeleteTable', 400, 'ResourceInUseException'), { %{ answer(DescribeTable => description('CREATING')) }, repeat => -1 } ], $DELETE),
		'08007', 'one that is being created');
	is($end->([ $there, refusal('DeleteTable', 400, 'ResourceInUseException') ], $DELETE), '55006', 'the same with no answer lost');
	is($end->([ $there, $all, $gone, $gone ], $DELETE), 'ok', 'all answers lost, and it is gone');
	is($end->([ $there, $all, $there, $there, $deleting, $gone ], $DELETE), 'ok', 'or is seen to go, if late');
	is_deeply(error_after([ $there, $all, { %$there, repeat => -1 } ], $DELETE), [ '08007', 'outcome of DynamoDB DeleteTable is unknown after 4 attempts' ], 'or is there');
	is($end->([ $there, $all, refusal('DescribeTable', 400, 'AccessDeniedException') ], $DELETE), '08007', 'or cannot be looked at');
	is($end->([ refusal('DescribeTable', 400, 'AccessDeniedException') ], $DELETE), '42501', 'one that may not be looked at');

	my $name = make_table();
	script({ %{ lost('DeleteTable') }, repeat => 4 });
	is((sql_error("SELECT ddb_delete_table('$name')", to()))[0], undef, 'with the emulator');
	is((ddb_try('DescribeTable', { TableName => $name }))[0], 400, 'it is gone');

	my $session = session(to());
	script($there, $all, { match => 'DescribeTable', hang => 1 });
	$session->send("\\set SHOW_CONTEXT errors\n$DELETE");
	ok($server->wait_for_requests(6), 'a look that is waited for');
	$session->cancel;
	$session->finish;
	like($session->stderr, qr/57014: .*DynamoDB DeleteTable on table "doomed": sent, and may have been carried out/s, 'and cancelled tells what is open');
};

section 'time to live' => sub {
	my $ON = q(SELECT ddb_update_ttl('ttls', 'größe'));
	my $OFF = q(SELECT ddb_update_ttl('ttls', 'größe', false));
	my $refused = refusal('UpdateTimeToLive', 400, 'ValidationException');
	my $state = sub {
		my ($status, $attribute) = @_;
		return answer(DescribeTimeToLive => { TimeToLiveDescription => { TimeToLiveStatus => $status, $attribute ? (AttributeName => $attribute) : () } });
	};
	my $ours = 'größe';
	my %outcome = (done => undef, invalid => '22023', busy => '55006');
	for my $case ([ $ON, 'ENABLED', $ours, 'done' ], [ $ON, 'ENABLING', $ours, 'done' ], [ $ON, 'ENABLED', 'other', 'invalid' ],
		[ $ON, 'ENABLING', 'other', 'busy' ], [ $ON, 'DISABLING', $ours, 'busy' ], [ $ON, 'DISABLED', undef, 'invalid' ],
		[ $OFF, 'DISABLED', undef, 'done' ], [ $OFF, 'DISABLING', $ours, 'done' ], [ $OFF, 'ENABLING', $ours, 'busy' ],
		[ $OFF, 'ENABLED', 'other', 'invalid' ], [ $OFF, 'INVENTED', undef, 'invalid' ])
	{
		my ($query, $status, $attribute, $expected) = @$case;
		is(error_after([ $refused, $state->($status, $attribute) ], $query)->[0], $outcome{$expected},
			($query eq $ON ? 'on' : 'off') . ", refused, $status" . ($attribute ? " on $attribute" : '') . ": $expected");
	}
	my @error = do { script($refused, $state->('DISABLING', $ours)); sql_error($ON, to()) };
	is_deeply(\@error, [ '55006', 'time to live of DynamoDB table "ttls" is being changed',
			'ValidationException: about ValidationException (request id RID)',
			'Try again in an hour: DynamoDB takes as long for the last change.' ], 'being changed');
	@error = do { script($refused, $state->('ENABLED', 'other')); sql_error($ON, to()) };
	is($error[3], 'Check the arguments "table_name", "attribute" and "enabled".', 'the arguments are named');
	is(error_after([ $refused, refusal('DescribeTimeToLive', 400, 'AccessDeniedException') ], $ON)->[0], '22023', 'a look that is denied');
	is(error_after([ $refused, answer(DescribeTimeToLive => { TimeToLiveDescription => 1 }) ], $ON)->[0], '22023', 'a look that shows nothing');
	is(error_after([ refusal('UpdateTimeToLive', 400, 'AccessDeniedException') ], $ON)->[0], '42501', 'another refusal');
	is(count_of('DescribeTimeToLive'), 0, 'is not looked into');

	my $gone = { match => 'UpdateTimeToLive', close_without_reply => 1 };
	is(error_after([ $gone, $state->('ENABLED', $ours) ], $ON, max_attempts => 1)->[0], undef, 'a lost answer that was a yes');
	is(error_after([ $gone, $state->('DISABLED') ], $ON, max_attempts => 1)->[0], '08007', 'one of which nothing is seen');
	is(error_after([ $gone, $state->('ENABLING', 'other') ], $ON, max_attempts => 1)->[0], '08007', 'one while another change goes on');
	is(error_after([ $gone, answer(DescribeTimeToLive => []) ], $ON, max_attempts => 1)->[0], '08007', 'one that cannot be looked into');
};

section 'the list of tables' => sub {
	my @pages = map { { match => 'ListTables', reply => { body => $_ } } } (
		'{"TableNames": ["aaa", "b\\"\\u00f6"], "New": {"TableNames": 1}, "LastEvaluatedTableName": "b\\"\\u00f6"}',
		'{"LastEvaluatedTableName": "ccc", "TableNames": []}',
		'{"TableNames": ["ddd"]}');
	script(@pages);
	is(sql('SELECT * FROM ddb_list_tables()', to()), qq(aaa\nb"ö\nddd), 'has all pages in order');
	is_deeply([ bodies('ListTables') ], [ {}, { ExclusiveStartTableName => qq(b"ö) }, { ExclusiveStartTableName => 'ccc' } ],
		'each from the end of the last');
	script(@pages);
	is(sql('SELECT ddb_list_tables() LIMIT 2', to()), qq(aaa\nb"ö), 'a LIMIT');
	is(count_of('ListTables'), 1, 'stops at the first page');
	script({ match => 'ListTables', close_without_reply => 1 }, $pages[2]);
	is(sql('SELECT * FROM ddb_list_tables()', to()), 'ddd', 'is asked for again');
	for my $body ('{}', '{"TableNames": {}}', '{"TableNames": [1]}', '{"TableNames": ["a" "b"]}', '{"TableNames": ["a\\u0000"]}')
	{
		is(error_after([ answer(ListTables => $body) ], 'SELECT * FROM ddb_list_tables()')->[0], '08P01', "a page that is none: $body");
	}

	# the service, and the emulator, put 100 on a page
	my @names = map { make_table() } 1 .. 105;
	$server->reset;
	is(sql('SELECT count(DISTINCT name), count(*) FROM ddb_list_tables() AS name WHERE name = ANY(' . literal('{' . join(',', @names) . '}') . ')', to()),
		'105|105', 'more than a page of tables');
	cmp_ok(count_of('ListTables'), '>=', 2, 'on more than one page');
};

section 'a raw call that writes' => sub {
	my @put = map { [ $_, "SELECT ddb_call('PutItem', " . put_request($_) . ')' ] } 'raw1' .. 'raw9';
	my ($pk, $query) = @{ shift @put };
	script(lost('PutItem'));
	is_deeply([ sql_error($query, to()) ], [ '08007', 'outcome of DynamoDB PutItem is unknown', 'Recv failure: Connection reset by peer', $HINT_UNKNOWN ],
		'is unknown when its answer is lost');
	is(count_of('PutItem'), 1, 'and sent once');
	isnt(stored($pk), undef, 'it was made');
	for my $case ([ 'a fault', refusal('PutItem', 500, 'InternalServerError') ], [ 'half an answer', { match => 'PutItem', cut_body => 5 } ],
		[ 'a lie', { match => 'PutItem', reply => { body => {} }, crc => 'bad' } ], [ 'an answer that is none', { match => 'PutItem', reply => { body => '{"a"}' } } ],
		[ 'silence', { match => 'PutItem', hang => 1 } ])
	{
		my ($what, $step) = @$case;
		is(error_after([$step], $put[0][1], request_timeout => 500)->[0], '08007', "$what: unknown");
		is(count_of('PutItem'), 1, "$what: sent once");
	}
	for my $case ([ 'throttled', refusal('PutItem', 400, 'ThrottlingException') ], [ 'throttled by the table', refusal('PutItem', 400, 'ProvisionedThroughputExceededException') ])
	{
		my ($what, $step) = @$case;
		($pk, $query) = @{ shift @put };
		script($step);
		is(sql($query, to()), '{}', "$what: done");
		is(count_of('PutItem'), 2, "$what: sent again");
		isnt(stored($pk), undef, "$what: made");
	}
	is(error_after([ refusal('PutItem', 400, 'ThrottlingException'), lost('PutItem') ], $put[0][1])->[0], '08007', 'lost after having been throttled');
	is(count_of('PutItem'), 2, 'is not sent a third time');
	is(error_after([ answer(InventedTomorrow => {}), ], "SELECT ddb_call('InventedTomorrow')")->[0], undef, 'an operation of tomorrow');
	is_deeply([ map { [ $_->{headers}{'x-amz-target'}, $_->{body} ] } $server->log ], [ [ 'DynamoDB_20120810.InventedTomorrow', '{}' ] ], 'is called by its name');
	is(error_after([ { match => 'InventedTomorrow', close_without_reply => 1 } ], "SELECT ddb_call('InventedTomorrow')")->[0], '08007', 'it counts as a write');
	is(error_after([ { match => 'ExecuteStatement', close_without_reply => 1 } ], q(SELECT ddb_call('ExecuteStatement', '{"Statement": "SELECT"}')))->[0], '08007', 'and so does PartiQL');

	my $session = session(to());
	script({ match => 'TagResource', hang => 1 });
	$session->send("\\set SHOW_CONTEXT errors\nSET statement_timeout = 300; SELECT ddb_call('TagResource')");
	$session->finish;
	like($session->stderr, qr/57014: .*\nCONTEXT:  DynamoDB TagResource: sent, and may have been carried out$/m, 'a write that is given up');
	script(answer(TagResource => '{"n": 1e999999}'));
	like(session_error($session, "SELECT ddb_call('TagResource')"), qr/22003: .*CONTEXT:  DynamoDB TagResource: has been carried out$/ms,
		'an answer that jsonb cannot hold');
};

section 'a raw call that reads' => sub {
	my $GET = "SELECT ddb_call('GetItem', " . literal({ TableName => $table, Key => { pk => { S => 'raw1' }, sk => { S => 's' } } }) . ") #>> '{Item,pk,S}'";
	for my $case ([ 'a reset', { close_without_reply => 1 } ], [ 'half an answer', { cut_body => 5 } ], [ 'a fault', refusal('GetItem', 500, 'InternalServerError') ],
		[ 'throttling', refusal('GetItem', 400, 'ThrottlingException') ], [ 'a lie', { reply => { body => {} }, crc => 'bad' } ])
	{
		my ($what, $step) = @$case;
		script($step);
		is(sql("BEGIN READ ONLY; $GET", to()), 'raw1', "$what is overcome");
		is(count_of('GetItem'), 2, "$what: sent again");
	}
	is_deeply(error_after([ answer(GetItem => '{"Item": }') ], $GET), [ '08P01', 'could not understand the answer of DynamoDB' ], 'an answer that is none');
	script(answer(Query => { ConsumedCapacity => { CapacityUnits => 2.5 } }), answer(Query => { ConsumedCapacity => 'none' }));
	is(sql("SELECT ddb_call('Query'); SELECT ddb_call('Query'); SELECT read_units, requests FROM ddb_session_stats()", to()),
		qq({"ConsumedCapacity": {"CapacityUnits": 2.5}}\n{"ConsumedCapacity": "none"}\n2.5|2), 'what it cost is counted, where it is told');
};

section 'a transaction whose answer is lost' => sub {
	my $insert = sub { literal([ "INSERT INTO \"$table\" VALUE {'pk': '$_[0]', 'sk': 's', 'n': 0}" ]) };
	my $increment = literal([ { statement => "UPDATE \"$table\" SET n = n + ? WHERE pk = 'sum' AND sk = 's'", params => [1] } ]);
	sql("SELECT ddb_execute_transaction(" . $insert->('sum') . ')', to());
	for my $token (undef, "token of the user $$")
	{
		my $what = $token // 'a token of our own';
		script(lost('ExecuteTransaction'), refusal('ExecuteTransaction', 500, 'InternalServerError'),
			refusal('ExecuteTransaction', 400, 'TransactionInProgressException'));
		is(sql("SELECT ddb_execute_transaction($increment, " . literal($token) . ')', to()), '', "$what: done");
		my @tokens = map { $_->{ClientRequestToken} } bodies('ExecuteTransaction');
		is(scalar @tokens, 4, "$what: sent until it is answered");
		is(scalar(uniq @tokens), 1, "$what: with one token");
		like($tokens[0], defined $token ? qr/\A\Q$token\E\z/ : qr/\A$UUID\z/, "$what: which is it");
	}
	is(stored('sum')->{n}{N}, 2, 'each was applied once');
	script(map { answer(ExecuteTransaction => {}) } 1 .. 3);
	sql("SELECT ddb_execute_transaction('[\"DELETE\"]', t) FROM unnest(ARRAY[repeat('ö', 36), repeat('ö', 37), 'a\"b']) AS t", to());
	is_deeply([ map { $_->{ClientRequestToken} } bodies('ExecuteTransaction') ],
		[ 'ö' x 36, sql("SELECT left(encode(sha256(convert_to(repeat('ö', 37), 'UTF8')), 'hex'), 36)"), 'a"b' ], 'one that is too long is hashed');
	script();
	sql("SELECT ddb_execute_transaction($increment); SELECT ddb_execute_transaction($increment)", to());
	is(scalar(uniq map { $_->{ClientRequestToken} } bodies('ExecuteTransaction')), 2, 'every call has a token of its own');
	is(stored('sum')->{n}{N}, 4, 'and is applied');

	script(lost('ExecuteTransaction'));
	is(sql("SELECT ddb_execute_transaction(" . $insert->('again') . ')', to()), '', 'an INSERT does not meet itself');
	script({ %{ lost('ExecuteTransaction') }, repeat => -1 });
	my @error = sql_error("SELECT ddb_execute_transaction($increment)", to(max_attempts => 2));
	is_deeply([ @error[ 0, 1, 3 ] ], [ '08007', 'outcome of DynamoDB ExecuteTransaction is unknown after 2 attempts', $HINT_TOKEN ], 'all answers lost');

	my $canceled = refusal('ExecuteTransaction', 400, 'TransactionCanceledException',
		CancellationReasons => [ { Code => 'None' }, { Code => 'TransactionConflict', Message => 'busy' } ]);
	@error = do { script($canceled); sql_error("SELECT ddb_execute_transaction($increment)", to()) };
	is_deeply([ @error[ 0, 1 ] ], [ '40001', 'DynamoDB transaction was canceled because of a conflict' ], 'one that is in the way');
	like($error[2], qr/\nAction 2: TransactionConflict: busy\z/, 'and which statement it was');
};

section 'a transaction that reads' => sub {
	my $two = literal([ map { "SELECT * FROM \"$table\" WHERE pk = '$_' AND sk = 's'" } 'raw1', 'none' ]);
	my $READ = "SELECT * FROM ddb_execute_transaction($two)";
	script({ close_without_reply => 1 }, { cut_body => 5 });
	is(sql("BEGIN READ ONLY; $READ", to()), qq({"pk": "raw1", "sk": "s"}\n), 'is sent again');
	is(count_of('ExecuteTransaction'), 3, 'twice');
	is((bodies('ExecuteTransaction'))[0]{ReturnConsumedCapacity}, 'TOTAL', 'and asks what it costs');
	script(answer(ExecuteTransaction => { Responses => [ {}, { New => 1, Item => { n => { N => '1' } } } ], ConsumedCapacity => [ { CapacityUnits => 4 }, { CapacityUnits => 2 } ] }));
	is(sql("$READ; SELECT read_units, items_read FROM ddb_last_response()", to()), qq(\n{"n": 1}\n6|1), 'which is counted');
	for my $body ({}, { Responses => [] }, { Responses => [ {} ] }, { Responses => [ {}, {}, {} ] }, { Responses => {} }, { Responses => [ {}, 1 ] },
		{ Responses => [ {}, { Item => { a => 1 } } ] })
	{
		is(error_after([ answer(ExecuteTransaction => $body) ], $READ)->[0], '08P01', 'an answer that is none: ' . to_json($body));
	}
	is(error_after([ { close_without_reply => 1, repeat => -1 } ], $READ, max_attempts => 2)->[0], '08006', 'no answer at all');
};

section 'a transaction that writes' => sub {
	my $WRITE = 'SELECT * FROM ddb_execute_transaction(' . literal([ ('DELETE') x 3 ]) . ')';
	for my $body ({}, { Responses => [] }, { Responses => [ {}, {}, {} ] })
	{
		script(answer(ExecuteTransaction => $body));
		is(sql("SELECT count(*) FROM ($WRITE) AS w", to()), 3, 'has a row for each statement: ' . to_json($body));
	}
	is(error_after([ answer(ExecuteTransaction => { Responses => 1 }) ], $WRITE)->[0], '08007', 'an answer that is none leaves it open');
	is(error_after([ refusal('ExecuteTransaction', 400, 'AccessDeniedException') ], "BEGIN READ ONLY; $WRITE")->[0], '25006', 'is refused where nothing may be written');
	is($server->counts->{requests}, 0, 'and not sent');
};

# Through ddb_call, every request of the vectors is one that SQL can express.
section 'invalid requests' => sub {
	my $vectors = read_json('test/vectors/aws/badinputs.json');
	my %sqlstate = (ValidationException => '22023', ResourceNotFoundException => '42P01', ConditionalCheckFailedException => '23000',
		ResourceInUseException => '55006', DuplicateItem => '23505', RequestEntityTooLargeException => '54000');
	my $reads = qr/\A(?:BatchGetItem|Describe\w+|GetItem|List\w+|Query|Scan|TransactGetItems)\z/;
	my $seed = sub {
		my $items = $vectors->{setup}{items};
		for my $name (sort keys %$items)
		{
			ddb_raw('PutItem', { TableName => $name, Item => $_ }) for @{ $items->{$name} };
		}
	};
	my $expected = sub {
		my ($case) = @_;
		my $local = $case->{local};
		return if $local->{http} == 200;
		return $case->{op} =~ $reads ? '58000' : '08007' if $local->{http} == 500;
		my ($type) = ($local->{type} // '') =~ /#(\w+)\z/;
		return '54000' if $local->{http} == 413;
		return $sqlstate{$type} unless $type eq 'TransactionCanceledException';
		my @codes = map { $_->{Code} } @{ $local->{extra}{CancellationReasons} // [] };
		return (grep { $_ eq 'ValidationError' } @codes) ? '22023' : '23000';
	};
	for my $definition (@{ $vectors->{setup}{tables} })
	{
		ddb_try('DeleteTable', { TableName => $definition->{TableName} });
		ddb_raw('CreateTable', $definition);
	}
	$seed->();
	my ($wrong, $tried, $unnamed) = ('', 0, '');
	my $session = session(set => { 'atomic_dynamodb.max_attempts' => 1 });
	for my $case (grep { ($_->{body} || $_->{body_gen}) && !$_->{headers_changed} } @{ $vectors->{cases} })
	{
		my $body = $case->{body} ? to_json($case->{body}) : generate($case->{body_gen});
		my $token = "regress-$$-$case->{name}";
		$body =~ s/\{TOKEN\}/$token/g;
		if (my $before = $vectors->{setup}{"before_$case->{name}"})
		{
			(my $request = to_json($before->{body})) =~ s/\{TOKEN\}/$token/g;
			ddb_text($before->{op}, $request);
		}
		my @error = $session->query_error("SELECT ddb_call('$case->{op}', " . literal(from_json_text($body)) . ')');
		my $want = $expected->($case) // 'none';
		$tried++;
		$wrong .= "$case->{name}: $want expected, got @error\n" if ($error[0] // 'none') ne $want;
		$unnamed .= "$case->{name}: @error\n" if $want eq '22023' && $error[3] !~ /"request"|token/ && "@error" !~ /\bAction \d/;
		$seed->() unless $case->{op} =~ $reads;
	}
	cmp_ok($tried, '>=', 100, 'there are many');
	is($wrong, '', 'each gets its SQLSTATE');
	is($unnamed, '', 'and the arguments are named');

	# those that other functions can express
	is_deeply([ (sql_error("SELECT ddb_describe_table('awsv_nope')"))[ 0, 1 ] ], [ '42P01', 'DynamoDB table "awsv_nope", or its index, does not exist' ], 'unknown-table-describe');
	is_deeply([ (sql_error("SELECT ddb_create_table('awsv_bad', 'pk')"))[ 0, 1 ] ], [ '42P07', 'DynamoDB table "awsv_bad" already exists' ], 'create-existing');
	is_deeply([ (sql_error("SELECT ddb_create_table('awsv_new', 'pk', read_units => 1)"))[ 0, 1 ] ], [ '22023', 'argument "write_units" is missing' ], 'create-no-throughput');
	is_deeply([ sql_error("SELECT ddb_update_ttl('awsv_bad', 'exp', false)") ], [], 'ttl-disable-when-disabled');
	for my $name (qw(partiql-tx-condition partiql-tx-mixed))
	{
		my ($case) = grep { $_->{name} eq $name } @{ $vectors->{cases} };
		my @error = sql_error('SELECT ddb_execute_transaction(' . literal([ map { $_->{Statement} } @{ $case->{body}{TransactStatements} } ]) . ')');
		is($error[0], '22023', $name);
		like("@error", qr/"statements"|Action 1/, "$name: and what it is about");
	}
	is(sql("SELECT ddb_execute_transaction('[\"DELETE FROM awsv_bad WHERE pk = ''x''\"]', repeat('$$ ', 37))"), '', 'partiql-tx-token-37');
	ddb_try('DeleteTable', { TableName => $_->{TableName} }) for @{ $vectors->{setup}{tables} };
};

section 'every wait ends at a cancel' => sub {
	my $session = session(to());
	for my $query ("SELECT ddb_call('UpdateTable')", "SELECT ddb_call('Query')", q(SELECT ddb_execute_transaction('["SELECT"]')), q(SELECT ddb_execute_transaction('["DELETE"]')),
		'SELECT * FROM ddb_list_tables()', "SELECT ddb_describe_table('ttls')", "SELECT ddb_update_ttl('ttls', 'a')", "SELECT ddb_create_table('ttls', 'a')")
	{
		script({ hang => 1 });
		$session->send($query);
		ok($server->wait_for_requests(1), "$query: waits");
		my $start = time;
		$session->cancel;
		$session->finish;
		interrupted_in(time - $start, $query);
		is(($session->error)[0], '57014', "$query: as cancelled");
	}
	script();
	is($session->query("SELECT ddb_call('Query', " . literal({ TableName => $table, KeyConditionExpression => 'pk = :p',
					ExpressionAttributeValues => { ':p' => { S => 'sum' } } }) . ") -> 'Count'"), 1, 'the session works');
};

section 'a database in LATIN1' => sub {
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	my $name = unique_name();
	my %latin1 = (dbname => make_database(with => "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"), to());
	script();
	sql(qq(SELECT ddb_create_table('$name', 'größe N', ttl => 'ü')), %latin1);
	is_deeply((bodies('CreateTable'))[0]{AttributeDefinitions}, [ { AttributeName => 'größe', AttributeType => 'N' } ], 'keys are written in UTF-8');
	sql("SELECT ddb_update_ttl('$name', 'ü')", %latin1);
	is(count_of('DescribeTimeToLive'), 1, 'time to live is recognised');
	my $long = q(SELECT ddb_create_table('latin', repeat('ö', 128)));
	is_deeply([ (sql_error($long, %latin1))[ 0, 2 ] ], [ '54000', 'It has 256 bytes; DynamoDB takes 255.' ], 'limits are those of UTF-8');
	sql(qq(SELECT ddb_execute_transaction(jsonb_build_array(jsonb_build_object('statement',
		'INSERT INTO "$name" VALUE {''größe'': 1, ''v'': ?, ''w'': ''é''}', 'params', jsonb_build_array('ß'))), repeat('ö', 37) || '$name')), %latin1);
	is((bodies('ExecuteTransaction'))[0]{ClientRequestToken}, sql("SELECT left(encode(sha256(convert_to(repeat('ö', 37) || '$name', 'UTF8')), 'hex'), 36)"),
		'a token is hashed in UTF-8');
	is(sql(qq(SELECT ddb_execute_transaction('["SELECT v, w FROM \\"$name\\" WHERE \\"größe\\" = 1"]')), %latin1), '{"v": "ß", "w": "é"}', 'statements, values and items');
	is(sql(qq(SELECT ddb_call('GetItem', '{"TableName": "$name", "Key": {"größe": {"N": "1"}}}') #>> '{Item,v,S}'), %latin1), 'ß', 'raw calls');
	script(answer(ListTables => '{"TableNames": ["é"]}'), answer(ListTables => '{"TableNames": ["€"]}'), answer(UpdateTable => '{"x": "€"}'));
	is(sql('SELECT * FROM ddb_list_tables()', %latin1), 'é', 'a name');
	is((sql_error('SELECT * FROM ddb_list_tables()', %latin1))[0], '22P05', 'one that LATIN1 lacks');
	my $session = session(%latin1);
	like(session_error($session, "SELECT ddb_call('UpdateTable')"), qr/22P05: .*\nCONTEXT:  .*DynamoDB UpdateTable: has been carried out$/ms, 'an answer that LATIN1 lacks');
};

# A body that the vectors describe.
sub generate
{
	my ($gen) = @_;
	my $part = sub {
		my ($unit) = @_;
		return join $gen->{sep}, map { my $text = $unit; $text =~ s/\{i\}/$_/g; $text } 0 .. $gen->{count} - 1;
	};
	my $body = $gen->{prefix} . $part->($gen->{unit}) . $gen->{suffix};
	$body .= $part->($gen->{unit2}) . $gen->{suffix2} if defined $gen->{unit2};
	$body =~ s/\{PAD\}/$gen->{pad}{char} x $gen->{pad}{count}/eg if $gen->{pad};
	return $body;
}

# JSON in bytes as characters, for literal().
sub from_json_text
{
	my ($bytes) = @_;
	utf8::decode($bytes);
	return $bytes;
}

interrupts_are_prompt();

done_testing();
