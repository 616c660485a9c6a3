# Transactions: the requests that actions become, what is made of the answers,
# and what becomes of a transaction whose answer is lost, or which is cancelled
# by what may pass.

use strict;
use warnings;
use utf8;

use AddbTest;
use List::Util qw(uniq);
use Test::More;
use Time::HiRes qw(time);

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $UUID = qr/\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/;
my %key = (pk => { S => 'p' }, sk => { S => 's' });

test_requests();
test_get_requests();
test_key_schema();
test_other_key();
test_lost_answers();
test_unknown_outcome();
test_retries();
test_tokens();
test_pauses();
test_not_retried();
test_interrupt();
test_reasons();
test_strict();
test_null();
test_gets();
test_unique_email();
test_other_errors();
test_encodings();
done_testing();

# tools

# Settings without their prefix; requests go to the fault server.
sub to
{
	my (%set) = (table => $table, endpoint_url => $server->url, @_);
	return (set => { map { +"atomic_dynamodb.$_" => $set{$_} } keys %set });
}

# Forgets what was seen, and sets what becomes of the next transactions.
sub script
{
	my (@steps) = @_;
	$server->reset;
	return $server->script(map { { match => 'TransactWriteItems', %$_ } } @steps);
}

# A transaction that DynamoDB cancels by these codes, one an action; undef is
# none, and a hash a whole reason.
sub cancellation
{
	my (@codes) = @_;
	return { reply => { status => 400, headers => { 'x-amzn-requestid' => 'RID' }, body => {
				__type => 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
				Message => 'why', CancellationReasons => [ map { reason($_) } @codes ] } } };
}

sub reason
{
	my ($code) = @_;
	return $code if ref $code;
	return defined $code ? { Code => $code, Message => "about $code" } : { Code => 'None' };
}

sub refusal
{
	my ($code, $status) = @_;
	return { reply => { status => $status // 400, headers => { 'x-amzn-requestid' => 'RID' }, body => {
				__type => "com.amazonaws.dynamodb.v20120810#$code", message => "about $code" } } };
}

# SQL of a call, and of the rows that it returns.
sub write_call
{
	my ($actions, @more) = @_;
	return 'ddb_transact_write(' . join(', ', literal($actions), @more) . ')';
}

sub rows_of
{
	my ($call) = @_;
	return "SELECT json_build_object('canceled', canceled, 'data', to_json(data)) FROM $call";
}

# Runs a call and returns what it returns.
sub result
{
	my ($call, %set) = @_;
	return from_json(do { my $text = sql(rows_of($call), to(%set)); utf8::encode($text); $text });
}

sub codes
{
	return [ map { $_->{code} } @{ $_[0]{data} } ];
}

sub requests
{
	my ($operation) = @_;
	return map { from_json(do { my $body = $_->{body}; utf8::encode($body) if utf8::is_utf8($body); $body }) }
	  $server->log($operation // 'TransactWriteItems');
}

sub tokens
{
	return map { $_->{ClientRequestToken} } requests();
}

sub stored
{
	my ($sk, $pk) = @_;
	my $item = ddb_raw('GetItem', { TableName => $table, ConsistentRead => JSON::PP::true,
			Key => { pk => { S => $pk // 'p' }, sk => { S => $sk } } })->{Item};
	return $item && { map { $_ => (values %{ $item->{$_} })[0] } keys %$item };
}

# An increment of the counter p/sk by one, and what it has come to.
sub increment
{
	return [ { op => 'update', key => { pk => 'p', sk => $_[0] }, add => { n => 1 } } ];
}

sub count_of
{
	return (stored($_[0]) // {})->{n} // 0;
}

sub put
{
	return { op => 'put', item => { pk => 'p', sk => "$_[0]" } };
}

sub create
{
	return { %{ put(@_) }, op => 'create' };
}

# tests

sub test_requests
{
	my $true = JSON::PP::true;
	my %names = (ExpressionAttributeNames => { '#n0' => 'pk' });
	my @cases = (
		# an action, its name in DynamoDB and what it has besides TableName and Key
		[ { op => 'put', item => { pk => 'p', sk => 's', 'größe' => [ 1, undef ] } },
			Put => { Item => { %key, 'größe' => { L => [ { N => '1' }, { NULL => $true } ] } } } ],
		[ { op => 'put', item => { pk => 'p', sk => 's' }, where => 'a = :v OR b = :v', values => { v => 1 } },
			Put => { Item => \%key, ConditionExpression => '#n0 = :v OR #n1 = :v', ExpressionAttributeNames => { '#n0' => 'a', '#n1' => 'b' },
				ExpressionAttributeValues => { ':v' => { N => '1' } } } ],
		[ { op => 'create', item => { pk => 'p', sk => 's' } },
			Put => { Item => \%key, ConditionExpression => 'attribute_not_exists(#n0)', %names } ],
		[ { op => 'create', item => { pk => 'p', sk => 's' }, where => 'pk = :v or #a < :v', values => { ':v' => 'x' }, names => { a => 'a b' }, response => 'all_old' },
			Put => { Item => \%key, ConditionExpression => 'attribute_not_exists(#n0) AND (#n0 = :v OR #a < :v)',
				ExpressionAttributeNames => { '#n0' => 'pk', '#a' => 'a b' }, ExpressionAttributeValues => { ':v' => { S => 'x' } },
				ReturnValuesOnConditionCheckFailure => 'ALL_OLD' } ],
		[ { op => 'delete', key => { pk => 'p', sk => 's' } }, Delete => { Key => \%key } ],
		[ { op => 'remove', key => { pk => 'p', sk => 's' }, where => '((attribute_type(pk, :t)) AND (NOT (size(pk) > :v)))', values => { t => 'S', v => 1 }, response => 'none' },
			Delete => { Key => \%key, ConditionExpression => 'attribute_exists(#n0) AND ((attribute_type(#n0, :t)) AND (NOT (size(#n0) > :v)))', %names,
				ExpressionAttributeValues => { ':t' => { S => 'S' }, ':v' => { N => '1' } } } ],
		[ { op => 'remove', key => { pk => 'p', sk => 's' }, where => '(a = b) OR (b = a)' },
			Delete => { Key => \%key, ConditionExpression => 'attribute_exists(#n0) AND ((#n1 = #n2) OR (#n2 = #n1))',
				ExpressionAttributeNames => { '#n0' => 'pk', '#n1' => 'a', '#n2' => 'b' } } ],
		[ { op => 'remove', key => { pk => 'p', sk => 's' }, where => '((a = b))' },
			Delete => { Key => \%key, ConditionExpression => 'attribute_exists(#n0) AND (#n1 = #n2)',
				ExpressionAttributeNames => { '#n0' => 'pk', '#n1' => 'a', '#n2' => 'b' } } ],
		[ { op => 'check', key => { pk => 'p', sk => 's' }, where => 'attribute_not_exists(a)' },
			ConditionCheck => { Key => \%key, ConditionExpression => 'attribute_not_exists(#n0)', ExpressionAttributeNames => { '#n0' => 'a' } } ],
		[ { op => 'update', key => { pk => 'p', sk => 's' }, update => 'SET a = if_not_exists(a, :v) REMOVE b', values => { v => 1 } },
			Update => { Key => \%key, UpdateExpression => 'SET #n0 = if_not_exists(#n0, :v) REMOVE #n1', ExpressionAttributeNames => { '#n0' => 'a', '#n1' => 'b' },
				ExpressionAttributeValues => { ':v' => { N => '1' } } } ],
		[ { op => 'upsert', key => { pk => 'p', sk => 's' }, set => { a => undef } },
			Update => { Key => \%key, UpdateExpression => 'SET #n0 = :v0', ExpressionAttributeNames => { '#n0' => 'a' },
				ExpressionAttributeValues => { ':v0' => { NULL => $true } } } ],
		[ { op => 'patch', key => { pk => 'p', sk => 's' }, remove => [ 'größe', 'c[0].d' ] },
			Update => { Key => \%key, UpdateExpression => 'REMOVE #n0, #n1[0].#n2', ConditionExpression => 'attribute_exists(#n3)',
				ExpressionAttributeNames => { '#n0' => 'größe', '#n1' => 'c', '#n2' => 'd', '#n3' => 'pk' } } ],
		[ { op => 'patch', key => { pk => 'p', sk => 's' }, where => 'pk = :v0 OR "v 1" = :v2', values => { v0 => 'x', ':v2' => 'y' },
				set => { 'a' => [ 1, { '$ss' => ['x'] } ], 'b.c[1]' => { d => 'e' } }, subtract => { '"f g"' => 2 }, append => { h => [3], ii => [] },
				remove => ['j'], add => { k => 4, '#m' => { '$ns' => [5] } }, delete => { l => { '$bs' => ['AA=='] } }, names => { '#m' => 'm.m' } },
			Update => { Key => \%key,
				UpdateExpression => 'SET #n0 = :v1, #n1.#n2[1] = :v3, #n3 = if_not_exists(#n3, :v4) - :v5, '
				  . '#n4 = list_append(if_not_exists(#n4, :v6), :v7), #n5 = list_append(if_not_exists(#n5, :v6), :v8) '
				  . 'REMOVE #n6 ADD #n7 :v9, #m :v10 DELETE #n8 :v11',
				ConditionExpression => 'attribute_exists(#n9) AND (#n9 = :v0 OR #n10 = :v2)',
				ExpressionAttributeNames => { '#n0' => 'a', '#n1' => 'b', '#n2' => 'c', '#n3' => 'f g', '#n4' => 'h', '#n5' => 'ii', '#n6' => 'j',
					'#n7' => 'k', '#m' => 'm.m', '#n8' => 'l', '#n9' => 'pk', '#n10' => 'v 1' },
				ExpressionAttributeValues => { ':v0' => { S => 'x' }, ':v2' => { S => 'y' }, ':v1' => { L => [ { N => '1' }, { SS => ['x'] } ] },
					':v3' => { M => { d => { S => 'e' } } }, ':v4' => { N => '0' }, ':v5' => { N => '2' }, ':v6' => { L => [] }, ':v7' => { L => [ { N => '3' } ] },
					':v8' => { L => [] }, ':v9' => { N => '4' }, ':v10' => { NS => ['5'] }, ':v11' => { BS => ['AA=='] } } } ]);
	for my $case (@cases)
	{
		my ($action, $name, $request) = @$case;
		script({ reply => {} });
		sql('SELECT ' . write_call([$action]), to());
		my ($body) = requests();
		is_deeply($body->{TransactItems}, [ { $name => { TableName => $table, %$request } } ], 'request: ' . text_of($action))
		  or diag(to_json($body));
		my ($status, $answer) = ddb_try('TransactWriteItems', { TransactItems => $body->{TransactItems} });
		ok($status == 200 || $answer->{__type} =~ /TransactionCanceled/ || ($answer->{Message} // $answer->{message}) =~ /document path/, 'which DynamoDB understands')
		  or diag(to_json($answer));
	}
	script({ reply => {} });
	my $other = make_table();
	sql('SELECT ' . write_call([ put(1), { %{ create(1) }, table => $other } ]), to());
	my ($body) = requests();
	is_deeply([ map { (values %$_)[0]{TableName} } @{ $body->{TransactItems} } ], [ $table, $other ],
		'an action names its table, or is on the table of the setting');
	is($body->{ReturnConsumedCapacity}, 'TOTAL', 'what it costs is asked for');
	like($body->{ClientRequestToken}, $UUID, 'a token of its own comes along');
	return;
}

sub text_of
{
	my $text = to_json($_[0]);
	utf8::decode($text);
	return $text;
}

sub test_get_requests
{
	$server->reset;
	my $result = result('ddb_transact_get(' . literal([ { key => { pk => 'p', sk => 's' } },
				{ key => { pk => 'p', sk => 't' }, projection => 'größe, #b[0]', names => { b => 'c' } } ]) . ')');
	my ($body) = requests('TransactGetItems');
	is_deeply($body, { ReturnConsumedCapacity => 'TOTAL', TransactItems => [
				{ Get => { TableName => $table, Key => \%key } },
				{ Get => { TableName => $table, Key => { %key, sk => { S => 't' } }, ProjectionExpression => '#n0, #b[0]',
						ExpressionAttributeNames => { '#n0' => 'größe', '#b' => 'c' } } } ] }, 'the request of a transaction that reads');
	is(scalar @{ $result->{data} }, 2, 'a row for each');
	return;
}

# The key is asked for once a session, and again when it was refused, or when a
# create relies on it.
sub test_key_schema
{
	my $session = session(to());
	$server->reset;
	$session->query('SELECT ' . write_call([ put(1), put(2), @{ increment('k') } ])) for 1, 2;
	is_deeply([ map { $server->count($_) } qw(DescribeTable TransactWriteItems) ], [ 1, 2 ], 'the key of a table is asked for once');
	$server->reset;
	$session->query('SELECT ' . write_call([ put(1), create(2), create(3) ])) for 1, 2;
	is_deeply([ map { $server->count($_) } qw(DescribeTable TransactWriteItems) ], [ 2, 2 ], 'for a create once a statement');
	$server->reset;
	$session->query('DO $$ BEGIN FOR i IN 1 .. 3 LOOP PERFORM ' . write_call([ create(4) ]) . '; END LOOP; END $$');
	is_deeply([ map { $server->count($_) } qw(DescribeTable TransactWriteItems) ], [ 1, 3 ], 'however many transactions it has');
	$session->query_error('SELECT ' . write_call([ put(1), { op => 'put', item => { pk => 'p' } } ]));
	$session->query_error('SELECT ' . write_call([ put(1), put(1) ]));
	is($server->count('DescribeTable'), 3, 'before it refuses anything by the key, it is asked for');
	$server->reset;
	$server->script({ match => 'TransactWriteItems', %{ refusal('ValidationException') } });
	is(($session->query_error('SELECT ' . write_call([ put(1) ])))[0], '22023', 'a refused transaction');
	$session->query('SELECT ' . write_call([ put(1) ]));
	is($server->count('DescribeTable'), 1, 'makes the key doubtful');
	script(cancellation('ValidationError'));
	$session->query('SELECT ' . write_call([ put(1) ]));
	$session->query('SELECT ' . write_call([ put(1) ]));
	is($server->count('DescribeTable'), 1, 'so does a refused action');
	script(cancellation('ConditionalCheckFailed'));
	$session->query('SELECT ' . write_call([ put(1) ]));
	$session->query('SELECT ' . write_call([ put(1) ]));
	is($server->count('DescribeTable'), 0, 'but not a condition');
	return;
}

# A table that takes the place of another while a session knows the other's key.
sub test_other_key
{
	my $name = unique_name();
	my $make = sub {
		my (@key) = @_;
		ddb_try('DeleteTable', { TableName => $name });
		ddb_raw('CreateTable', { TableName => $name, BillingMode => 'PAY_PER_REQUEST', KeySchema => [ map { { AttributeName => $key[2 * $_], KeyType => (qw(HASH RANGE))[$_] } } 0 .. $#key / 2 ],
				AttributeDefinitions => [ map { { AttributeName => $key[2 * $_], AttributeType => $key[2 * $_ + 1] } } 0 .. $#key / 2 ] });
	};
	my $item = sub { return { op => $_[0], table => $name, item => $_[1] } };
	my $key = sub { return { op => $_[0], table => $name, key => $_[1], @_[2 .. $#_] } };
	my $run = sub { my ($session, @actions) = @_; return $session->query('SELECT canceled FROM ' . write_call(\@actions)) };
	my $known = sub { my $session = session(to()); $make->(a => 'S'); $run->($session, $item->(put => { a => '1' })); $make->(@_); return $session };
	my $all = sub { return [ sort map { to_json($_) } @{ ddb_raw('Scan', { TableName => $name })->{Items} } ] };

	my $session = $known->(b => 'N');
	my %precious = (b => { N => '5' }, precious => { BOOL => JSON::PP::true });
	ddb_raw('PutItem', { TableName => $name, Item => \%precious });
	is($run->($session, $item->(create => { a => '1', b => 5 })), 't', 'a create by the key of another table');
	is_deeply($all->(), [ to_json(\%precious) ], 'overwrites nothing');

	is($run->($known->(b => 'N'), $item->(put => { b => 6 }), $key->(update => { b => 7 }, set => { n => 1 })), 'f', 'what the other table would not take is written');
	is_deeply($all->(), [ to_json({ b => { N => '6' } }), to_json({ b => { N => '7' }, n => { N => '1' } }) ], 'by the new key');
	is($run->($known->(b => 'N'), $item->(put => { a => '1', b => 1 }), $item->(put => { a => '1', b => 2 })), 'f', 'nor are two items of the other table one');
	is($run->($known->(b => 'S'), $item->(put => { a => '1', b => '2' }), $item->(put => { a => '2', b => '3' }), $item->(create => { a => '3', b => '1' })), 'f',
		'an item is compared with others by one key');
	is($run->($known->(a => 'S', b => 'S'), $item->(put => { a => '1', b => 'x' }), $key->(delete => { a => '1', b => 'y' })), 'f', 'a key with another attribute');
	$session = $known->(b => 'N');
	is($session->query('SELECT count(*) FROM ddb_transact_get(' . literal([ { table => $name, key => { b => 1 } } ]) . ')'), 1, 'so it is with reads');
	my @error = $known->(b => 'N')->query_error('SELECT ' . write_call([ $item->(put => { c => '1' }) ]));
	is("$error[0] $error[1]", '22023 "item" of action 1 has no "b"', 'what is refused is refused by the table that there is');
	return;
}

sub test_lost_answers
{
	my $n = 0;
	for my $case ([ 'the connection is reset', apply_then_reset => 1 ], [ 'time runs out', apply_then_hang => 1 ],
		[ 'the answer is cut', cut_body => 1, apply => 1 ], [ 'the answer is damaged', action => 'pass', crc => 'bad' ])
	{
		my ($what, %step) = @$case;
		my $sk = 'lost' . ++$n;
		script(\%step);
		my $result = result(write_call(increment($sk)), request_timeout => 2000);
		ok(!$result->{canceled}, "$what: success is reported");
		my @log = $server->log('TransactWriteItems');
		is(scalar @log, 2, 'after it was sent twice');
		is($log[0]{body}, $log[1]{body}, 'with one token');
		is(count_of($sk), 1, 'and it was done once');
	}
	script({ apply_then_reset => 1, repeat => 3 });
	ok(!result(write_call(increment('lost9'), "'user $$'"))->{canceled}, 'three lost answers, and a token of the user');
	is_deeply([ uniq(tokens()) ], ["user $$"], 'which all attempts have');
	is(count_of('lost9'), 1, 'done once');
	script({ close_without_reply => 1 });
	ok(!result(write_call(increment('lost10')))->{canceled}, 'an attempt that did not arrive');
	is(count_of('lost10'), 1, 'is made up for');
	script({ apply_then_reset => 1 });
	sql('SELECT ' . write_call([ create('lost11') ], 'NULL', 'true'), to());
	is(count_of('lost11'), 0, 'a create whose answer was lost is no false conflict');
	ok(stored('lost11'), 'and is there');
	return;
}

sub test_unknown_outcome
{
	for my $case ([ 'applied', { apply_then_reset => 1, repeat => -1 }, 1 ], [ 'not applied', { close_without_reply => 1, repeat => -1 }, 0 ],
		[ 'lost and then refused', [ { apply_then_reset => 1 }, refusal('AccessDeniedException') ], 1 ],
		[ 'lost and then a fault', [ { close_without_reply => 1 }, { %{ refusal('InternalServerError', 500) }, repeat => -1 } ], 0 ])
	{
		my ($what, $steps, $applied) = @$case;
		(my $sk = $what) =~ tr/ /_/;
		script(ref $steps eq 'ARRAY' ? @$steps : $steps);
		my @error = sql_error('SELECT ' . write_call(increment($sk)), to());
		is($error[0], '08007', "$what: the outcome is unknown");
		like($error[1], qr/\Aoutcome of DynamoDB TransactWriteItems is unknown after \d attempts\z/, 'and is said to be');
		is(scalar(uniq(tokens())), 1, 'one token in all attempts');
		is(count_of($sk), $applied, 'not more than once');
	}
	script({ reply => { body => '[1]' }, repeat => -1 });
	is((sql_error('SELECT ' . write_call(increment('garbage')), to()))[0], '08007', 'an answer that makes no sense');
	return;
}

sub test_retries
{
	script({ %{ cancellation('TransactionConflict', undef) }, repeat => 2 });
	my $result = result(write_call([ @{ increment('conflict') }, put('conflict2') ]));
	is_deeply($result, { canceled => JSON::PP::false, data => [ map { { item => undef, rejected => JSON::PP::false, code => 'None', message => undef } } 1, 2 ] },
		'a conflict passes');
	is($server->count('TransactWriteItems'), 3, 'with the third try');
	is(scalar(uniq(tokens())), 3, 'each with a token of its own');
	is(count_of('conflict'), 1, 'done once');

	my @transient = qw(TransactionConflict ThrottlingError ProvisionedThroughputExceeded);
	script({ %{ cancellation(@transient, undef) }, repeat => -1 });
	my $actions = [ map { put("t$_") } 1 .. 4 ];
	$result = result(write_call($actions), transact_retries => 1);
	ok($result->{canceled}, 'what does not pass is told');
	is_deeply(codes($result), [ @transient, 'None' ], 'action by action');
	is_deeply([ map { $_->{message} } @{ $result->{data} } ], [ (map { "about $_" } @transient), undef ], 'with messages');
	is($server->count('TransactWriteItems'), 2, 'after as many retries as the setting allows');
	script({ %{ cancellation('TransactionConflict') }, repeat => -1 });
	ok(result(write_call(increment('never')))->{canceled}, 'a conflict for good');
	is($server->count('TransactWriteItems'), 4, 'takes three retries by default');
	script({ %{ cancellation('TransactionConflict') }, repeat => -1 });
	ok(result(write_call(increment('never')), transact_retries => 0)->{canceled}, 'or none');
	is($server->count('TransactWriteItems'), 1, 'if so set');
	is(count_of('never'), 0, 'nothing is written');
	my $session = session(to());
	script({ %{ cancellation('TransactionConflict') }, repeat => 1 });
	$session->query('SELECT ' . write_call(increment('cost')));
	is($session->query('SELECT requests, items_written, write_units > 0 FROM ddb_last_response()'), '3|1|t', 'cost counts every try');
	return;
}

sub test_tokens
{
	script({ %{ cancellation('TransactionConflict') }, repeat => 2 });
	sql('SELECT ' . write_call(increment('token'), "'mine $$'"), to());
	is_deeply([ tokens() ], [ ("mine $$") x 3 ], 'a token of the user is that of all tries: a cancelled one does not use it up');
	sql('SELECT ' . write_call(increment('token'), "'mine $$'"), to());
	is(count_of('token'), 1, 'repeated, it counts once');
	script({ close_without_reply => 1 }, cancellation('TransactionConflict'), cancellation('TransactionConflict'));
	sql('SELECT ' . write_call(increment('token2')), to());
	my @tokens = tokens();
	is(scalar @tokens, 4, 'an attempt is lost, then there are conflicts');
	is(scalar(uniq(@tokens)), 1, 'all tries have the token of the lost attempt, which may yet arrive');
	is(count_of('token2'), 1, 'done once');
	script(refusal('TransactionInProgressException'));
	sql('SELECT ' . write_call(increment('token3')), to());
	is_deeply([ scalar(tokens()), scalar(uniq(tokens())) ], [ 2, 1 ], 'one in progress is asked for again, with its token');
	script({ %{ refusal('TransactionInProgressException') }, repeat => 2 });
	my @error = sql_error('SELECT ' . write_call(increment('token4'), "'progress $$'"), to(max_attempts => 2));
	is("$error[0] $error[3]", '40001 Repeat it with the same token. DynamoDB then carries it out at most once, and tells what became of it.', 'and then by the caller');
	script({ apply_then_reset => 1 }, { %{ refusal('TransactionInProgressException') }, repeat => -1 });
	@error = sql_error('SELECT ' . write_call(increment('token4'), "'progress $$'"), to(max_attempts => 2));
	is($error[0], '08007', 'after a lost attempt');
	like($error[3], qr/repeat it within 10 minutes with the token that the context tells/, 'the same');
	script();
	sql('SELECT ' . write_call(increment('token4'), "'progress $$'"), to());
	is(count_of('token4'), 1, 'who does so has it done once');
	return;
}

sub test_pauses
{
	my $time = sub {
		my ($code, $retries) = @_;
		script({ %{ cancellation($code) }, repeat => -1 });
		sql('SELECT ' . write_call(increment('pause')), to(transact_retries => $retries));
		my @log = $server->log('TransactWriteItems');
		return $log[-1]{time} - $log[0]{time};
	};
	# random parts of 25, 50, ... 400 ms, and of 1, 2, ... 16 s
	cmp_ok($time->('TransactionConflict', 5), '<', 6, 'pauses after conflicts are short');
	cmp_ok($time->('ThrottlingError', 3), '>', 0.1, 'after throttling they are not');
	return;
}

sub test_not_retried
{
	for my $codes ([ 'TransactionConflict', 'ConditionalCheckFailed' ], [ 'ThrottlingError', 'ValidationError' ], ['ItemCollectionSizeLimitExceeded'],
		['Unheard'], [ undef, undef ])
	{
		script({ %{ cancellation(@$codes) }, repeat => -1 });
		my $result = result(write_call([ map { put("c$_") } 1 .. @$codes ]));
		my @expected = map { $_ // 'None' } @$codes;
		is_deeply(codes($result), \@expected, "@expected: told");
		is($server->count('TransactWriteItems'), 1, 'at once');
	}
	return;
}

sub test_interrupt
{
	my $session = session(to(transact_retries => 20));
	script({ %{ cancellation('ThrottlingError') }, repeat => -1 });
	$session->query("SET statement_timeout = '4s'");
	my $start = time;
	my @error = $session->query_error('SELECT ' . write_call(increment('interrupt')));
	is($error[0], '57014', 'the pause between two tries can be interrupted');
	interrupted_in(time - $start - 4, 'statement_timeout');
	return;
}

sub test_reasons
{
	my $item = { pk => { S => 'p' }, n => { N => '1.5' }, 's' => { NS => ['2'] }, 'größe' => { NULL => JSON::PP::true } };
	script(cancellation({ Code => 'ConditionalCheckFailed', Message => 'm', Item => $item, New => [1] }, {}, 'None', { Code => 'Odd', Message => undef, Item => undef }));
	my $result = result(write_call([ map { put("r$_") } 1 .. 4 ]));
	my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
	is_deeply($result, { canceled => $yes, data => [
				{ item => { pk => 'p', n => 1.5, s => { '$ns' => [2] }, 'größe' => undef }, rejected => $yes, code => 'ConditionalCheckFailed', message => 'm' },
				{ item => undef, rejected => $no, code => 'None', message => undef },
				{ item => undef, rejected => $no, code => 'None', message => 'about None' },
				{ item => undef, rejected => $yes, code => 'Odd', message => undef } ] }, 'reasons become rows');
	script(cancellation('ConditionalCheckFailed'));
	is_deeply([ (sql_error('SELECT ' . write_call([ put(1), put(2) ]), to()))[0, 1] ], [ '23000', 'DynamoDB transaction was canceled' ],
		'one that does not tell of every action is an error');
	script(refusal('TransactionCanceledException'));
	is((sql_error('SELECT ' . write_call([ put(1) ]), to()))[0], '23000', 'so is one that tells of none');
	script(cancellation({ Code => 'ConditionalCheckFailed', Item => { a => { X => 1 } } }));
	is_deeply([ (sql_error('SELECT ' . write_call([ put(1) ]), to()))[0, 1] ],
		[ '08P01', 'could not understand the item that DynamoDB returned for action 1' ], 'and an item that is none');
	return;
}

sub test_strict
{
	my %none = (item => undef, rejected => JSON::PP::false, code => 'None', message => undef);
	for my $case ([ 40001, 'because of a conflict', [ 'TransactionConflict', undef ] ], [ 40001, 'because of a conflict', [ 'TransactionConflict', 'ThrottlingError' ] ],
		[ 53000, 'because it was throttled', [ 'ProvisionedThroughputExceeded', 'ThrottlingError' ] ], [ 22023, 'because an action is invalid', [ 'TransactionConflict', 'ValidationError' ] ],
		[ 23000, '', [ undef, 'ConditionalCheckFailed' ] ], [ 23000, '', [ 'ConditionalCheckFailed', 'TransactionConflict' ] ], [ 23000, '', [ 'Unheard', 'TransactionConflict' ] ],
		[ 23505, 'because an item already exists', [ 'ConditionalCheckFailed', undef ] ], [ 23000, '', [ 'ConditionalCheckFailed', 'ConditionalCheckFailed' ] ])
	{
		my ($state, $why, $codes) = @$case;
		script({ %{ cancellation(@$codes) }, repeat => -1 });
		my @error = sql_error('SELECT ' . write_call([ create(1), put(2) ], 'NULL', 'true'), to(transact_retries => 0));
		my $what = join ' and ', map { $_ // 'None' } @$codes;
		is("$error[0] $error[1]", join(' ', $state, 'DynamoDB transaction was canceled', $why || ()), "strict: $what");
		is_deeply(from_json($error[2]), [ map { defined $_ ? { %none, rejected => JSON::PP::true, code => $_, message => "about $_" } : \%none } @$codes ],
			'the DETAIL is the rows as JSON');
	}
	script({ %{ cancellation('TransactionConflict') }, repeat => 1 });
	is(sql('SELECT canceled FROM ' . write_call(increment('strict'), 'NULL', 'true'), to()), 'f', 'strict: a conflict that passes is none');
	my $session = session(to());
	$session->query("\\set SHOW_CONTEXT always");
	script(cancellation('ConditionalCheckFailed'));
	$session->query_error('SELECT ' . write_call([ put(1) ], 'NULL', 'true'));
	like($session->stderr, qr/CONTEXT:  DynamoDB TransactWriteItems on table "$table": TransactionCanceledException: why \(request id RID\)\n/,
		'the CONTEXT has what the service says');
	return;
}

# What is null by mistake must not become the default.
sub test_null
{
	my %write = (op => 'put', item => { pk => 'null', sk => 'null' });
	my @error = sql_error('SELECT ' . write_call([ put(1), { %write, table => undef } ]), to());
	is("$error[0] $error[1]", '22004 "table" of action 2 must not be null', 'a table that is null');
	@error = sql_error('SELECT * FROM ddb_transact_get(' . literal([ { key => { pk => 'null', sk => 'null' }, table => undef } ]) . ')', to());
	is("$error[0] $error[1]", '22004 "table" of get 1 must not be null', 'in a transaction that reads');
	@error = sql_error('SELECT ' . write_call([ \%write ], 'NULL', 'NULL'), to());
	is("$error[0] $error[1]", '22004 argument "strict" must not be null', 'whether errors are raised');
	is(stored('null', 'null'), undef, 'nothing was written');
	return;
}

sub test_gets
{
	ddb_raw('PutItem', { TableName => $table, Item => { %key, n => { N => '1' } } });
	my $get = sub { 'ddb_transact_get(' . literal([ map { { key => { pk => 'p', sk => $_ } } } @_ ]) . ')' };
	my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
	my %none = (item => undef, rejected => $no, code => undef, message => undef);
	$server->reset;
	is_deeply(result($get->('s', 'nothing')), { canceled => $no, data => [ { %none, item => { pk => 'p', sk => 's', n => 1 } }, \%none ] }, 'items, in order');
	my $scripted = sub { $server->reset; $server->script(map { { match => 'TransactGetItems', %$_ } } @_) };
	$scripted->({ %{ cancellation('TransactionConflict', undef) }, repeat => 2 });
	ok(!result($get->('s', 'nothing'))->{canceled}, 'a conflict of a read passes, too');
	is($server->count('TransactGetItems'), 3, 'with the third try');
	$scripted->({ %{ cancellation('TransactionConflict', undef) }, repeat => -1 });
	is_deeply(result($get->('s', 'nothing'), transact_retries => 1), { canceled => $yes, data => [
				{ item => undef, rejected => $yes, code => 'TransactionConflict', message => 'about TransactionConflict' },
				{ %none, code => 'None' } ] }, 'or is told as that of a write');
	is($server->count('TransactGetItems'), 2, 'after the retries that the setting allows');
	$scripted->({ apply_then_reset => 1, repeat => 2 });
	ok(!result($get->('s'))->{canceled}, 'a read whose answer is lost is sent again');
	for my $body ({}, { Responses => [] }, { Responses => [ {}, {} ] }, { Responses => {} }, { Responses => [1] }, { Responses => [ { Item => { a => 1 } } ] },
		{ Responses => [ {} ], ConsumedCapacity => 1 })
	{
		$scripted->({ reply => { body => $body } });
		is((sql_error("SELECT * FROM " . $get->('s'), to()))[0], '08P01', 'garbage: ' . to_json($body));
	}
	$scripted->({ %{ refusal('InternalServerError', 500) }, repeat => -1 });
	is((sql_error("SELECT * FROM " . $get->('s'), to()))[0], '58000', 'a fault of the service');
	return;
}

# Two agents with one e-mail address: the second leaves nothing behind.
sub test_unique_email
{
	my $enlist = sub {
		my ($agent) = @_;
		return [ { op => 'check', key => { pk => 'station', sk => 'london' }, where => 'attribute_not_exists(closed)' },
			{ op => 'create', item => { pk => 'agent', sk => $agent, email => 'bond@mi6.example' } },
			{ op => 'create', item => { pk => 'email', sk => 'bond@mi6.example', agent => $agent }, response => 'all_old' } ];
	};
	ok(!result(write_call($enlist->('007')))->{canceled}, 'the first agent with an address');
	my $result = result(write_call($enlist->('008')));
	ok($result->{canceled}, 'the second');
	is_deeply([ map { $_->{rejected} ? 1 : 0 } @{ $result->{data} } ], [ 0, 0, 1 ], 'is rejected for the address');
	is_deeply($result->{data}[2]{item}, { pk => 'email', sk => 'bond@mi6.example', agent => '007' }, 'which belongs to the first');
	is(stored('008', 'agent'), undef, 'and leaves nothing behind');
	is(stored('bond@mi6.example', 'email')->{agent}, '007', 'the address stays');
	my $kill = [ { op => 'patch', key => { pk => 'agent', sk => '007' }, add => { kills => 1 } } ];
	sql('SELECT ' . write_call($kill, "'007 kills at midnight $$'"), to()) for 1, 2;
	is(stored('007', 'agent')->{kills}, 1, 'an increment with a token counts once');
	sql('SELECT ' . write_call($kill, "'007 kills at noon $$'"), to());
	is(stored('007', 'agent')->{kills}, 2, 'with another it counts again');
	return;
}

sub test_other_errors
{
	for my $case ([ 'IdempotentParameterMismatchException', '22023' ], [ 'ResourceNotFoundException', '42P01' ], [ 'AccessDeniedException', '42501' ], [ 'ValidationException', '22023' ])
	{
		my ($code, $state) = @$case;
		script(refusal($code));
		is((sql_error('SELECT ' . write_call([ put(1) ]), to()))[0], $state, "$code is an error, not a result");
		is($server->count('TransactWriteItems'), 1, 'at once');
	}
	script(refusal('ValidationException'));
	my @error = sql_error('SELECT ' . write_call([ put(1) ]), to());
	is($error[3], 'Check the arguments "actions" and "token".', 'the HINT names the arguments');
	return;
}

sub test_encodings
{
	my $latin1 = make_database(bare => 1, with => "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	sql('CREATE EXTENSION atomic_dynamodb');
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	my $accented = unique_name();
	sql("SELECT ddb_create_table('$accented', 'clé')", to());
	my $actions = [ { op => 'create', table => $accented, item => { 'clé' => 'père', 'né' => 1 }, where => '"né" = :v OR attribute_not_exists(né)', values => { v => 1 }, response => 'all_old' },
		{ op => 'update', table => $accented, key => { 'clé' => 'mère' }, set => { 'né' => 'é' }, append => { l => ['é'] } } ];
	ok(!result(write_call($actions))->{canceled}, 'LATIN1: a transaction');
	my $items = ddb_raw('Scan', { TableName => $accented })->{Items};
	is_deeply([ sort map { to_json($_) } @$items ], [ sort map { to_json($_) } { 'clé' => { S => 'père' }, 'né' => { N => '1' } },
				{ 'clé' => { S => 'mère' }, 'né' => { S => 'é' }, l => { L => [ { S => 'é' } ] } } ], 'names and values become UTF-8');
	my $result = result(write_call($actions));
	is_deeply($result->{data}[0]{item}, { 'clé' => 'père', 'né' => 1 }, 'and come back');
	is_deeply(from_json(do { my $detail = (sql_error('SELECT ' . write_call($actions, 'NULL', 'true'), to()))[2]; utf8::encode($detail); $detail }),
		$result->{data}, 'in the DETAIL, too');

	# an item that the database cannot show
	ddb_raw('PutItem', { TableName => $accented, Item => { 'clé' => { S => 'İ' }, x => { S => 'a' } } });
	ddb_raw('PutItem', { TableName => $accented, Item => { 'clé' => { S => 'i' }, x => { S => 'İ' } } });
	$actions = [ { op => 'put', table => $accented, item => { 'clé' => 'new' } }, { op => 'create', table => $accented, item => { 'clé' => 'i' }, response => 'all_old' } ];
	$result = result(write_call($actions));
	ok($result->{canceled}, 'a cancellation with an item that the encoding lacks characters for');
	is_deeply(codes($result), [ 'None', 'ConditionalCheckFailed' ], 'tells whose fault it was');
	is($result->{data}[1]{item}, undef, 'without the item');
	like($result->{data}[1]{message}, qr/\AThe conditional request failed; the item cannot be shown: character .* has no equivalent in encoding "LATIN1"\.\z/, 'and why without');
	my @error = sql_error('SELECT ' . write_call($actions, 'NULL', 'true'), to());
	is("$error[0] $error[1]", '23505 DynamoDB transaction was canceled because an item already exists', 'so it is with strict');
	is_deeply(from_json(do { utf8::encode($error[2]); $error[2] }), $result->{data}, 'whose DETAIL has the rows');
	is(ddb_raw('GetItem', { TableName => $accented, Key => { 'clé' => { S => 'new' } } })->{Item}, undef, 'nothing was written');
	return;
}
