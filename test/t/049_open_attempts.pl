# An attempt of a write that was left open stays in mind, whatever answers come
# after it and in however many rounds the write is tried: the token stays the same
# while one is open, and an end that does not settle it is 08007. Requests that
# arrive late are held by the fault server until the statement is over.

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
my $control = session(dbname => 'postgres');
my $session;

# Begins a session: each has 35 retries of what fails.
sub new_session
{
	$session = session(set => $server->settings(
		'atomic_dynamodb.table' => $table,
		'atomic_dynamodb.idempotent_writes' => 'on',
		'atomic_dynamodb.max_attempts' => 2,
		'atomic_dynamodb.transact_retries' => 2));
	$session->query('\set SHOW_CONTEXT always');
	return;
}

sql('SELECT ddb_register_entity(' . literal({
		model => { entity => 'thing', version => '1', service => 'open' },
		attributes => { id => { type => 'string' }, n => { type => 'number' } },
		indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } }
	}) . ", '$table')");

my $serial = 0;

# The next keys of these writes, and a lock.
my ($pk, $lock);

sub new_keys
{
	$pk = 'p' . ++$serial;
	$lock = "ROW('$pk', 'lock', 'v1', now() + interval '1 day')::ddb_lock";
	ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => $pk }, sk => { S => 'lock' },
			version => { S => 'v1' }, ttl => { N => int(time) + 86400 } } });
	ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => $pk }, sk => { S => 'n' }, n => { N => '0' } } });
	ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => "\$open#id_$pk" }, sk => { S => '$thing_1' }, n => { N => '0' },
			id => { S => $pk }, __edb_e__ => { S => 'thing' }, __edb_v__ => { S => '1' } } });
	return;
}

sub stored
{
	my ($sk, $part) = @_;
	return ddb_raw('GetItem', { TableName => $table, ConsistentRead => JSON::PP::true,
			Key => { pk => { S => $part // $pk }, sk => { S => $sk } } })->{Item};
}

sub counted
{
	return stored('n')->{n}{N};
}

sub is_made
{
	return stored('made') ? 1 : 0;
}

sub refusal
{
	my ($code, %more) = @_;
	return { reply => { status => 400, body => { __type => "x#$code", message => "about $code", %more } } };
}

# A cancellation of so many actions, the last of which is to blame.
sub canceled
{
	my ($n, $code) = @_;
	return refusal('TransactionCanceledException', CancellationReasons => [ ({ Code => 'None' }) x ($n - 1), { Code => $code, Message => "about $code" } ]);
}

# name, query, actions, the operation that carries it, how often it was done
my $key = sub { literal({ pk => $pk, sk => $_[0] }) };
my $add = sub { 'ddb_transact_write(' . literal([ { op => 'update', table => $table, key => { pk => $pk, sk => 'n' }, add => { n => 1 } } ]) };
my @writes = (
	[ 'ddb_transact_write', sub { 'SELECT canceled FROM ' . $add->() . ')' }, 1, 'TransactWriteItems', \&counted, 'f' ],
	[ 'ddb_transact_write with a token', sub { 'SELECT canceled FROM ' . $add->() . ", 'mine $pk')" }, 1, 'TransactWriteItems', \&counted, 'f' ],
	[ 'ddb_transact_write, a create', sub { 'SELECT canceled FROM ddb_transact_write('
			  . literal([ { op => 'put', table => $table, item => { pk => $pk, sk => 'made' }, where => 'attribute_not_exists(pk)' } ]) . ')' },
		1, 'TransactWriteItems', \&is_made, 'f' ],
	[ 'ddb_update_item', sub { "SELECT ddb_update_item('$table', " . $key->('n') . q|, 'ADD n :v', vals => '{":v": 1}')| }, 1, 'TransactWriteItems', \&counted, '' ],
	[ 'ddb_put_item', sub { "SELECT ddb_put_item('$table', " . $key->('made') . q|, 'attribute_not_exists(pk)')| }, 1, 'TransactWriteItems', \&is_made, '' ],
	[ 'ddb_execute', sub { "SELECT count(*) FROM ddb_execute('UPDATE \"$table\" SET n = n + 1 WHERE pk = ''$pk'' AND sk = ''n''')" }, 1, 'ExecuteTransaction', \&counted, '0' ],
	[ 'ddb_entity_update', sub { "SELECT ddb_entity_update('thing', '{\"id\": \"$pk\"}', '{\"add\": {\"n\": 1}}') IS NOT NULL" }, 1, 'TransactWriteItems',
		sub { stored('$thing_1', "\$open#id_$pk")->{n}{N} }, 't' ],
	[ 'ddb_set_atomic', sub { "SELECT ddb_set_atomic('$pk', 'made', '1', $lock) IS NOT NULL" }, 2, 'TransactWriteItems', \&is_made, 't' ],
	[ 'ddb_execute_transaction', sub { "SELECT count(*) FROM ddb_execute_transaction('[\"UPDATE \\\"$table\\\" SET n = n + 1 WHERE pk = ''$pk'' AND sk = ''n''\"]')" },
		1, 'ExecuteTransaction', \&counted, '1' ]);

# Those that are tried in one call only: two attempts in all.
my %one_call = map { $_ => 1 } 'ddb_set_atomic', 'ddb_execute_transaction';

sub script
{
	my ($operation, @steps) = @_;
	$server->reset;
	$server->script(map { { match => $operation, %$_ } } @steps);
	return;
}

# What a query returns, or its SQLSTATE.
sub outcome
{
	my ($query) = @_;
	$session->send($query);
	my $out = $session->finish;
	my @error = $session->error;
	return @error ? $error[0] : $out;
}

sub tokens
{
	return uniq map { from_json($_->{body})->{ClientRequestToken} } grep { $_->{operation} =~ /Transact/ } $server->log;
}

for my $write (@writes)
{
	my ($name, $query, $n, $operation, $done, $result) = @$write;
	my @conflicts = (canceled($n, 'TransactionConflict')) x ($one_call{$name} ? 0 : 3);

	for my $lost ({ apply_then_reset => 1 }, { late => JSON::PP::true }, { close_without_reply => 1 })
	{
		my $what = "$name, " . (keys %$lost)[0];
		new_session();
		new_keys();
		script($operation, $lost, @conflicts);
		is(outcome($query->()), $result, "$what, then conflicts: carried out") or diag($session->stderr);
		is(scalar tokens(), 1, "$what: with one token");
		is(scalar $server->log($operation), 2 + @conflicts, "$what: in so many attempts");
		is_deeply([ $server->deliver_late ], $lost->{late} ? [200] : [], "$what: what was late arrives");
		is($done->(), 1, "$what: once");
	}

	# nothing settles it
	for my $code (qw(TransactionConflict ThrottlingError))
	{
		new_session();
		new_keys();
		script($operation, { late => JSON::PP::true }, { repeat => -1, %{ canceled($n, $code) } });
		is(outcome($query->()), '08007', "$name: late, then $code to the end");
		is(scalar tokens(), 1, "$name: $code: with one token");
		unlike($session->stderr, qr/Nothing was changed|Try again\./, "$name: $code: nothing else is said");
		my @told = $session->stderr =~ /CONTEXT:.*token "([^"]+)"/s;
		is("@told", (tokens())[0], "$name: $code: the token is told") if $name =~ /transact/;
		$server->deliver_late;
		is($done->(), 1, "$name: $code: it arrives");
	}
	next if $one_call{$name};

	# without an open attempt a conflict is one, and each try has a token of its own
	new_keys();
	script($operation, { repeat => -1, %{ canceled($n, 'TransactionConflict') } });
	is(outcome($query->()), $name =~ /^ddb_transact/ ? 't' : '40001', "$name: conflicts to the end");
	is(scalar tokens(), $name =~ /with a token/ ? 1 : 3, "$name: tokens");
	is($done->(), 0, "$name: not carried out");
}

# A cancellation that would be the same for the open attempt settles it.
new_session();
new_keys();
script('TransactWriteItems', { close_without_reply => 1 }, canceled(1, 'ConditionalCheckFailed'));
is(outcome($writes[0][1]->()), 't', 'lost, then a condition that is not met: cancelled');
script('TransactWriteItems', { close_without_reply => 1 }, canceled(1, 'TransactionConflict'), canceled(1, 'ConditionalCheckFailed'));
is(outcome($writes[4][1]->()), '23000', 'the same of a single write, after a conflict');

# One without reasons that are known settles nothing.
for my $reasons ([ { Code => 'Unheard' } ], [ { Code => 'ItemCollectionSizeLimitExceeded' } ], [], undef)
{
	new_session();
	new_keys();
	script('TransactWriteItems', { close_without_reply => 1 }, refusal('TransactionCanceledException', $reasons ? (CancellationReasons => $reasons) : ()));
	is(outcome($writes[0][1]->()), '08007', 'lost, then cancelled because of ' . to_json($reasons));
}

# An answer that makes no sense: the token is told, of a long request too.
new_session();
new_keys();
script('TransactWriteItems', { apply => 1, reply => { body => { ConsumedCapacity => 5 } } });
is(outcome('SELECT ddb_transact_write(' . literal([ map { { op => 'put', table => $table, item => { pk => $pk, sk => "$_", x => 'x' x 100_000 } } } 1 .. 3 ]) . ')'),
	'08007', 'an answer that makes no sense');
is(join(' ', $session->stderr =~ /CONTEXT:.*token "([^"]+)"/s), join(' ', tokens()), 'with its token');

# A write that is open goes nowhere else.
{
	my $other = fault_server();
	sql(sprintf q(CREATE SERVER moved FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url '%s', region 'us-west-2');
		CREATE USER MAPPING FOR CURRENT_USER SERVER moved OPTIONS (access_key_id 'local', secret_access_key 'local')), $server->url);
	for my $case ([ 'ALTER SERVER moved OPTIONS (SET endpoint_url ' . literal($other->url) . ')', 'another endpoint' ],
		[ 'DROP USER MAPPING FOR CURRENT_USER SERVER moved', 'no credentials any more' ])
	{
		my ($change, $what) = @$case;
		new_session();
		new_keys();
		$session->query("SET atomic_dynamodb.server = 'moved'; SET atomic_dynamodb.transact_retries = 20");
		script('TransactWriteItems', { late => JSON::PP::true }, { repeat => -1, %{ canceled(1, 'TransactionConflict') } });
		$session->send($writes[0][1]->());
		ok($server->wait_for_requests(6, 30), "$what: some rounds");
		sql($change);
		$session->finish;
		is(($session->error)[0], '08007', "$what: unknown") or diag($session->stderr);
		is(join(' ', $session->stderr =~ /CONTEXT:.*token "([^"]+)"/s), (tokens())[0], "$what: the token is told");
		is($other->count, 0, "$what: it is asked for nothing");
		$server->deliver_late;
		is(counted(), 1, "$what: what was late arrives");
		sql('ALTER SERVER moved OPTIONS (SET endpoint_url ' . literal($server->url) . ')');
	}
}

# What a cancel in the pause between two rounds says.
new_keys();
for my $case ([ 14, 'an attempt is open', qr/57014.*CONTEXT:  token "[^"]+", with which.*sent, and may have been carried out/s ],
	[ 7, 'none is', qr/57014(?!.*carried out)/s ])
{
	my ($requests, $what, $expected) = @$case;
	new_session();
	$session->query('SET atomic_dynamodb.transact_retries = 20');
	script('TransactWriteItems', ({ late => JSON::PP::true }) x ($requests == 14), { repeat => -1, %{ canceled(1, 'TransactionConflict') } });
	$session->send($writes[0][1]->());
	ok($server->wait_for_requests($requests, 30), "$what: seven rounds");
	$control->query('SELECT pg_cancel_backend(' . $session->pid . ')');
	$session->finish;
	like($session->stderr, $expected, "$what: a cancel says so");
}
$server->deliver_late;

# A plain write that meets a transaction after an attempt was lost is got over it.
new_session();
new_keys();
$session->query('SET atomic_dynamodb.max_attempts = 3');
script('PutItem', { apply_then_reset => 1 }, refusal('TransactionConflictException'));
is(outcome("SELECT ddb_set('$pk', 'made', '1')"), '', 'ddb_set: lost, then a conflict: written');
script('PutItem', refusal('TransactionConflictException'));
is(outcome("SELECT ddb_set('$pk', 'made', '1')"), '40001', 'without the loss it is a conflict');

# A lock whose write is lost, and which is not there, is no race.
for my $fault ({ reply => { status => 503, body => 'x' } }, { close_without_reply => 1 }, { late => JSON::PP::true })
{
	my $what = join ' ', keys %$fault;
	new_session();
	new_keys();
	$session->query('SET atomic_dynamodb.max_attempts = 3');
	script('PutItem', { repeat => -1, %$fault });
	is(outcome("SELECT ddb_get_lock('$pk', 'other')"), '08007', "ddb_get_lock: $what");
	is_deeply([ map { $_->{operation} } $server->log ], [qw(GetItem PutItem PutItem PutItem GetItem)], "$what: looked at once");
	my @late = $server->deliver_late;
	$server->reset;
	my ($version) = map { $_->{version}{S} } grep { $_ } stored('other');
	is(defined $version ? 1 : 0, @late ? 1 : 0, "$what: what was late creates the lock");
	is(outcome("SELECT version FROM ddb_get_lock('$pk', 'other')"), $version, "$what: which is then the lock") if @late;
}
new_keys();
script('PutItem', { repeat => 2, close_without_reply => 1 }, { apply_then_reset => 1 });
like(outcome("SELECT version FROM ddb_get_lock('$pk', 'other')"), qr/^[0-9a-f-]{36}$/, 'one that is there is found');
ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => $pk }, sk => { S => 'lock' }, version => { S => 'v1' }, ttl => { N => int(time) + 600 } } });
script('UpdateItem', { repeat => -1, close_without_reply => 1 });
is(outcome("SELECT ddb_get_lock('$pk', 'lock')"), '08007', 'a renewal that is lost');
is_deeply([ map { $_->{operation} } $server->log ], [qw(GetItem UpdateItem UpdateItem UpdateItem GetItem)], 'looked at once');
script('UpdateItem', { repeat => -1, apply_then_reset => 1 });
is(outcome("SELECT version FROM ddb_get_lock('$pk', 'lock')"), 'v1', 'a renewal that was made');

# Batches: what an open attempt may have written is not "not written".
my @items = map { { pk => 'batch', sk => "$_", data => 1 } } 1 .. 3;
my $batch = 'SELECT ddb_set(' . literal(\@items) . '::jsonb)';
my $throttled = { repeat => -1, %{ refusal('ProvisionedThroughputExceededException') } };
script('BatchWriteItem', { apply_then_reset => 1 }, { unprocessed => 1 }, $throttled);
is(outcome($batch), '08007', 'a batch whose first answer was lost, throttled to the end');
like($session->stderr, qr/3 items given so far: 2 written, 0 not written, 1 of unknown outcome/, 'what it says');
script('BatchWriteItem', { unprocessed => 1 }, $throttled);
is(outcome($batch), '53000', 'one of which nothing was lost');
like($session->stderr, qr/3 items given so far: 2 written, 1 not written, 0 of unknown outcome/, 'what it says');
script('BatchWriteItem', { apply_then_reset => 1 }, { unprocessed => 3, repeat => -1 });
$session->send($batch);
ok($server->wait_for_requests(6, 30), 'a batch that is left unprocessed');
$control->query('SELECT pg_cancel_backend(' . $session->pid . ')');
$session->finish;
like($session->stderr, qr/57014.*3 items given so far: 0 written, 0 not written, 3 of unknown outcome/s, 'is cancelled between two rounds');

done_testing();
