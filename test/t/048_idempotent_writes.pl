# atomic_dynamodb.idempotent_writes: what is sent, that errors stay those of the
# operation, and which writes it leaves alone. Then how the user of a write that
# was left open is told how to find out.

use strict;
use warnings;
use utf8;

use AddbTest;
use List::Util qw(uniq);
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $full = fault_server(mode => 'backlog');
my $UUID = qr/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
my $HINT_COMPARE = 'The write may or may not have been applied: read the item, and compare it with what it was before, '
  . 'before you repeat the write.';
my $HINT_SET = "$HINT_COMPARE With atomic_dynamodb.idempotent_writes such a write is sent so that its outcome can be found out.";
my %lost = (apply_then_reset => 1);

sub to
{
	my (%set) = (table => $table, endpoint_url => $server->url, @_);
	return (set => { map { +"atomic_dynamodb.$_" => $set{$_} } keys %set });
}

my $session = session(to());
my $control = session(dbname => 'postgres');
$session->query('\set SHOW_CONTEXT always');

sub script
{
	my (@steps) = @_;
	$server->reset;
	$server->script(@steps);
	return;
}

sub switch
{
	my ($on) = @_;
	$session->query('SET atomic_dynamodb.idempotent_writes = ' . ($on ? 'on' : 'off'));
	return;
}

sub canceled
{
	my ($code, %more) = @_;
	return { reply => { status => 400, headers => { 'x-amzn-requestid' => 'RID' }, body => {
		__type => 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', Message => 'canceled',
		CancellationReasons => [ { Code => $code, Message => "about $code", %more } ] } } };
}

sub refused
{
	my ($code, %more) = @_;
	return { reply => { status => 400, headers => { 'x-amzn-requestid' => 'RID' },
		body => { __type => "com.amazonaws.dynamodb.v20120810#$code", message => "about $code", %more } } };
}

sub item
{
	my ($pk) = @_;
	return ddb_raw('GetItem', { TableName => $table, ConsistentRead => JSON::PP::true, Key => { pk => { S => $pk }, sk => { S => 's' } } })->{Item};
}

sub put
{
	my ($pk, %more) = @_;
	ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => $pk }, sk => { S => 's' }, %more } });
	return;
}

sub key
{
	return "'{\"pk\": \"$_[0]\", \"sk\": \"s\"}'";
}

# The error of a query without its request id.
sub error_of
{
	my ($query) = @_;
	my @error = $session->query_error($query);
	s/\(request id [^)]*\)/(request id)/ for @error;
	return \@error;
}

sub bodies
{
	return map { from_json($_->{body}) } $server->log;
}

sql('SELECT ddb_register_entity(' . literal({
		model => { entity => 'thing', version => '1', service => 'single' },
		attributes => { id => { type => 'string' }, n => { type => 'number' } },
		indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } }
	}) . ", '$table')");

# what is sent
switch(1);
script();
$session->query("SELECT ddb_put_item('$table', " . key('sent') . ", 'attribute_not_exists(pk)')");
my ($sent) = bodies();
my $token = delete $sent->{ClientRequestToken};
like($token, qr/\A$UUID\z/, 'a token');
is_deeply($sent, { ReturnConsumedCapacity => 'TOTAL', TransactItems => [ { Put => { TableName => $table,
	Item => { pk => { S => 'sent' }, sk => { S => 's' } }, ConditionExpression => 'attribute_not_exists(#n0)', ExpressionAttributeNames => { '#n0' => 'pk' },
	ReturnValuesOnConditionCheckFailure => 'ALL_OLD' } } ] }, 'a put with a condition is a transaction');
is($session->query('SELECT requests, items_written, write_units FROM ddb_last_response()'), '1|1|2', 'that costs two units');
script();
is($session->query("SELECT ddb_update_item('$table', " . key('sent') . ", 'ADD n :v', vals => '{\":v\": 1}')"), '', 'ADD');
is_deeply([ map { [ keys %{ $_->{TransactItems}[0] } ] } bodies() ], [ ['Update'] ], 'is one, too');
script();
$session->query("SELECT * FROM ddb_execute('UPDATE \"$table\" SET n = n + ? WHERE pk = ''sent'' AND sk = ''s''', '[2]')");
($sent) = bodies();
is_deeply($sent->{TransactStatements}, [ { Statement => qq(UPDATE "$table" SET n = n + ? WHERE pk = 'sent' AND sk = 's'), Parameters => [ { N => '2' } ] } ],
	'a statement of PartiQL');
is(item('sent')->{n}{N}, 3, 'is carried out');

# what is left alone
my @alone = (
	[ 'PutItem', "SELECT ddb_put_item('$table', " . key('alone') . ')' ],
	[ 'PutItem', "SELECT ddb_put_item('$table', " . key('alone') . ", 'attribute_exists(pk)', return_values => 'ALL_OLD')" ],
	[ 'UpdateItem', "SELECT ddb_update_item('$table', " . key('alone') . ", 'SET n = :v', vals => '{\":v\": 1}')" ],
	[ 'UpdateItem', "SELECT ddb_update_item('$table', " . key('alone') . ", 'ADD n :v', vals => '{\":v\": 1}', return_values => 'ALL_NEW')" ],
	[ 'DeleteItem', "SELECT ddb_delete_item('$table', " . key('alone') . ", 'n > :v', '{\":v\": 1}', return_values => 'ALL_OLD')" ],
	[ 'PutItem', q(SELECT ddb_set('alone', 's', '1')) ],
	[ 'UpdateItem', q(SELECT ddb_entity_update('thing', '{"id": "alone"}', '{"add": {"n": 1}}', options => '{"response": "all_new"}')) ],
	[ 'ExecuteStatement', "SELECT * FROM ddb_execute('UPDATE \"$table\" SET m = 1 WHERE pk = ''alone'' AND sk = ''s'' returning ALL OLD *')" ],
	[ 'ExecuteStatement', "SELECT * FROM ddb_execute('SELECT * FROM \"$table\" WHERE pk = ''alone''')" ]);
for my $case (@alone)
{
	my ($operation, $query) = @$case;
	script();
	$session->query($query);
	is_deeply([ map { $_->{operation} } $server->log ], [$operation], "by itself: $query");
}
script();
$session->query("SELECT * FROM ddb_execute('INSERT INTO \"$table\" VALUE {''pk'': ''returning'', ''sk'': ''s''}')");
is_deeply([ map { $_->{operation} } $server->log ], ['ExecuteTransaction'], 'not so one that has the word in a string');

# errors are those of the operation
put('there', n => { N => '5' });
sql(q(SELECT ddb_entity_put('thing', '{"id": "there", "n": 5}')));
my @failing = (
	[ '23000', "SELECT ddb_put_item('$table', " . key('there') . ", 'attribute_not_exists(pk)')" ],
	[ '23000', "SELECT ddb_update_item('$table', " . key('there') . ", 'ADD n :v', vals => '{\":v\": 1}', condition => 'n < :v')" ],
	[ '23000', "SELECT ddb_delete_item('$table', " . key('there') . ", 'n < :v', '{\":v\": 1}')" ],
	[ '23000', "SELECT ddb_delete_item('$table', " . key('nowhere') . ", 'attribute_exists(pk)')" ],
	[ '23505', q(SELECT ddb_entity_create('thing', '{"id": "there", "n": 6}')) ],
	[ '23000', q(SELECT ddb_entity_patch('thing', '{"id": "nowhere"}', '{"add": {"n": 6}}')) ],
	[ '23000', q(SELECT ddb_entity_remove('thing', '{"id": "nowhere"}')) ],
	[ '23000', "SELECT * FROM ddb_execute('UPDATE \"$table\" SET n = 1 WHERE pk = ''nowhere'' AND sk = ''s''')" ],
	[ '22023', "SELECT ddb_update_item('$table', " . key('there') . ", 'ADD pk :v', vals => '{\":v\": 1}')" ],
	[ '22023', "SELECT ddb_update_item('$table', '{\"pk\": 1, \"sk\": \"s\"}', 'ADD n :v', vals => '{\":v\": 1}')" ],
	[ '42P01', "SELECT ddb_put_item('no-such-table', " . key('there') . ", 'attribute_not_exists(pk)')" ]);
for my $case (@failing)
{
	my ($sqlstate, $query) = @$case;
	my @pair;
	for my $on (0, 1)
	{
		switch($on);
		push @pair, error_of($query);
	}
	is($pair[0][0], $sqlstate, "$query: $sqlstate");
	is_deeply([ @{ $pair[1] }[ 0, 1 ] ], [ @{ $pair[0] }[ 0, 1 ] ], 'the same as a transaction');
	is($pair[1][2], $pair[0][2], 'with the same DETAIL') if $sqlstate =~ /^23/;
	is($pair[1][3], $pair[0][3], 'and HINT');
	next if $sqlstate eq '22023';
	like($session->stderr, qr/DynamoDB (?:PutItem|UpdateItem|DeleteItem|ExecuteStatement)/, 'and operation');
	unlike($session->stderr, qr/Transact/, 'not that of the transaction');
}
is($session->query(q(SELECT ddb_entity_create('thing', '{"id": "there", "n": 6}', options => '{"returnOnConditionCheckFailure": "all_old"}') ->> 'rejected')),
	'true', 'a rejection that is asked for');

# refusals that the emulator does not make
my $PUT = "SELECT ddb_put_item('$table', " . key('scripted') . ", 'attribute_not_exists(pk) OR n < :v', '{\":v\": 1}')";
my %codes = (
	ConditionalCheckFailed => 'ConditionalCheckFailedException', ItemCollectionSizeLimitExceeded => 'ItemCollectionSizeLimitExceededException',
	ValidationError => 'ValidationException');
for my $code (sort keys %codes)
{
	my @pair;
	for my $on (0, 1)
	{
		my %item = $code eq 'ConditionalCheckFailed' ? (Item => { pk => { S => 'scripted' }, n => { N => '7' } }) : ();
		switch($on);
		my $step = $on ? canceled($code, %item) : refused($codes{$code}, %item);
		$step->{reply}{body}{CancellationReasons}[0]{Message} = "about $codes{$code}" if $on;
		script({ match => $on ? 'TransactWriteItems' : 'PutItem', %$step });
		push @pair, error_of($PUT);
	}
	is_deeply($pair[1], $pair[0], "$code is $codes{$code}");
	like($pair[1][2], qr/Stored item: .*7/, 'with the stored item') if $code eq 'ConditionalCheckFailed';
}
$session->query('SET atomic_dynamodb.transact_retries = 2; SET atomic_dynamodb.max_attempts = 2');
script(canceled('TransactionConflict'));
$session->query($PUT);
is(scalar(uniq map { $_->{ClientRequestToken} } bodies()), 2, 'a conflict is tried again, with a new token');
script({ repeat => -1, %{ canceled('TransactionConflict') } });
is_deeply([ @{ error_of($PUT) }[ 0, 1, 3 ] ], [ '40001', 'DynamoDB item is in use by another transaction', 'Nothing was changed. Try again.' ], 'as often as it may');
is($server->count, 3, 'transact_retries times');
script({%lost}, canceled('TransactionConflict'));
put('scripted', n => { N => '0' });
$session->query($PUT);
is(scalar(uniq map { $_->{ClientRequestToken} } bodies()), 1, 'with the same token when an answer was lost');
is($server->count, 3, 'in three requests');
for my $code (qw(ThrottlingError ProvisionedThroughputExceeded))
{
	put('scripted', n => { N => '0' });
	script(canceled($code));
	$session->query($PUT);
	is($server->count, 2, "$code is tried again");
	script({ repeat => -1, %{ canceled($code) } });
	is_deeply([ @{ error_of($PUT) }[ 0, 1 ] ], [ '53000', 'DynamoDB throttled the request after 2 attempts' ], 'as often as it may');
}

# a lost answer is asked for again, and is what happened
$session->query('RESET atomic_dynamodb.max_attempts; RESET atomic_dynamodb.transact_retries');
script({%lost});
is($session->query("SELECT ddb_update_item('$table', " . key('count') . ", 'ADD n :v', vals => '{\":v\": 1}')"), '', 'ADD, its answer lost');
is(item('count')->{n}{N}, 1, 'is made once');
script({ close_without_reply => 1 });
is(error_of("SELECT ddb_put_item('$table', " . key('there') . ", 'attribute_not_exists(pk)')")->[0], '23000', 'a condition that failed is known to have failed');
is($server->count, 2, 'although the first answer was lost');
script({ repeat => -1, %lost });
is_deeply([ @{ error_of("SELECT ddb_update_item('$table', " . key('count') . ", 'ADD n :v', vals => '{\":v\": 1}')") }[ 0, 1, 3 ] ],
	[ '08007', 'outcome of DynamoDB UpdateItem is unknown after 4 attempts', $HINT_COMPARE ], 'all answers lost');
is(item('count')->{n}{N}, 2, 'it was made once');
like($session->stderr, qr/CONTEXT:  key \{"pk":\{"S":"count"\},"sk":\{"S":"s"\}\}\n\s*DynamoDB UpdateItem on table/, 'the context tells the key');

# without it, the user is told how to find out
switch(0);
script({%lost});
is_deeply([ @{ error_of("SELECT ddb_update_item('$table', " . key('count') . ", 'ADD n :v', vals => '{\":v\": 1}')") }[ 0, 3 ] ], [ '08007', $HINT_SET ], 'ADD');
script({%lost});
is_deeply([ @{ error_of("SELECT ddb_put_item('$table', " . key('made') . ", 'attribute_not_exists(pk)')") }[ 0, 3 ] ], [ '08007', $HINT_SET ], 'a condition');
like($session->stderr, qr/DETAIL:  .*Stored item: \{"pk": "made", "sk": "s"\}/s, 'with the item in its way');
like($session->stderr, qr/CONTEXT:  item \{"pk":\{"S":"made"\},"sk":\{"S":"s"\}\}\n/, 'and the item that was to be put');
script({%lost});
unlike(error_of("SELECT ddb_update_item('$table', " . key('count') . ", 'ADD n :v', vals => '{\":v\": 1}', return_values => 'ALL_NEW')")->[3],
	qr/idempotent_writes/, 'the setting is not recommended where it does not help');
script({%lost});
error_of("SELECT * FROM ddb_execute('UPDATE \"$table\" SET n = 9 WHERE pk = ''count'' AND sk = ''s''')");
like($session->stderr, qr/CONTEXT:  statement "UPDATE /, 'PartiQL: the statement');

# a transaction can be repeated with the token that its error tells
my $ADD = qq{SELECT canceled FROM ddb_transact_write('[{"op": "update", "table": "$table", "key": {"pk": "token", "sk": "s"}, "add": {"n": 1}}]'};
for my $fault ([ 'all answers lost', { repeat => 4, %lost } ], [ 'all requests lost', { repeat => 4, close_without_reply => 1 } ])
{
	ddb_raw('DeleteItem', { TableName => $table, Key => { pk => { S => 'token' }, sk => { S => 's' } } });
	script($fault->[1]);
	is(error_of("$ADD)")->[0], '08007', $fault->[0]);
	my ($known) = $session->stderr =~ /CONTEXT:  token "($UUID)", with which it may be repeated for 10 minutes/;
	is($session->query("$ADD, token => '$known')"), 'f', 'repeated with its token');
	is(item('token')->{n}{N}, 1, 'it is made once');
}

# after a lost attempt no later answer makes it an error that says "not made"
script({ close_without_reply => 1 }, { repeat => -1, %{ refused('ThrottlingException') } });
$session->query('SET atomic_dynamodb.max_attempts = 2');
is(error_of(q(SELECT ddb_set('late', 's', '1')))->[0], '08007', 'lost, then throttled to the end');
script({ repeat => -1, %{ refused('ThrottlingException') } });
is(error_of(q(SELECT ddb_set('late', 's', '1')))->[0], '53000', 'throttled from the start');

# what a cancelled write says
sub cancel_when
{
	my ($query, $seen) = @_;
	$session->send($query);
	my $ok = $seen ? $server->wait_for_requests($seen) : $session->wait_for_event(qr{^Extension/});
	$control->query('SELECT pg_cancel_backend(' . $session->pid . ')');
	$session->finish;
	return $ok ? $session->stderr : 'it did not come to that';
}

my $ttl = int(time) + 86400;
put('lock', version => { S => 'v1' }, ttl => { N => $ttl });
my $ATOMIC = "SELECT ddb_set_atomic('atomic', 's', '1', ROW('lock', 's', 'v1', to_timestamp($ttl))::ddb_lock)";
script({ apply_then_hang => 1 });
my $told = cancel_when($ATOMIC, 1);
like($told, qr/57014.*may have been carried out\n\s*atomic write: if it has been carried out, the version of the lock pk "lock", sk "s" is "$UUID"/s, 'an atomic write: key and version of the lock');
my ($version) = $told =~ /lock pk "lock", sk "s" is "($UUID)"/;
for (1 .. 100)
{
	last if item('lock')->{version}{S} ne 'v1';
	select undef, undef, undef, 0.02;
}
is(item('lock')->{version}{S}, $version, 'which the lock has');
put('lock', version => { S => 'v1' }, ttl => { N => $ttl });
script({ match => 'TransactWriteItems', repeat => 2, %lost }, { match => 'GetItem', hang => 1 });
like(cancel_when($ATOMIC, 3), qr/57014.*TransactWriteItems on table "$table": sent, and may have been carried out/s, 'the look after a lost answer');
script({ match => 'PutItem', repeat => 2, %lost }, { match => 'GetItem', hang => 1 });
like(cancel_when(q(SELECT ddb_get_lock('newlock', 's')), 4), qr/57014.*PutItem on table "$table": sent, and may have been carried out/s, 'that of a lock, too');
script({ hang => 1 });
like(cancel_when("$ADD, token => 'mine')", 1), qr/CONTEXT:  token "mine", with which it may be repeated for 10 minutes\n\s*DynamoDB TransactWriteItems on table/, 'a transaction: the token');
script({ reply => { status => 400, headers => { 'x-amz-retry-after' => '5000' }, body => { __type => 'ThrottlingException' } } });
unlike(cancel_when(q(SELECT ddb_set('unsent', 's', '1')), 1), qr/carried out|did not come/, 'one that was throttled says nothing of the kind');
$session->query('SET atomic_dynamodb.max_attempts = 3');
script({ close_without_reply => 1 }, { reply => { status => 400, headers => { 'x-amz-retry-after' => '5000' }, body => { __type => 'ThrottlingException' } } });
like(cancel_when(q(SELECT ddb_set('unsent', 's', '1')), 2), qr/57014.*sent, and may have been carried out/s, 'unless an attempt was lost before');
$session->query('SET atomic_dynamodb.endpoint_url = ' . literal($full->url));
unlike(cancel_when(q(SELECT ddb_set('unsent', 's', '1'))), qr/carried out|did not come/, 'nor one that is not connected yet');
like(cancel_when(q(SELECT ddb_set('[{"pk": "unsent", "sk": "s", "data": 1}]'::jsonb))), qr/1 items given so far: 0 written, 1 not written, 0 of unknown/,
	'nor a batch');
$session->query('SET atomic_dynamodb.endpoint_url = ' . literal($server->url));
script({ hang => 1 });
unlike(cancel_when(q(SELECT * FROM ddb_query('p')), 1), qr/carried out|did not come/, 'nor a read');

done_testing();
