# Locks and atomic writes, alone and with several sessions at once: what is
# lost, what is kept, and what each costs.

use strict;
use warnings;

use AddbTest;
use Test::More;

use constant { DAY => 86400, HOUR => 3600 };

need_endpoint();
make_database();

my $table = make_table();
my $defaults = { 'atomic_dynamodb.table' => $table };
my $session = session(set => $defaults);
my $keys = 0;

install_procedures();

test_counter();
test_pair();
test_creation_race();
test_renewal_race();
test_life();
test_lock_settings();
test_writes();
test_race_details();
test_refusals();
test_star();
test_transactions();
test_lost_answers();
done_testing();

# procedures that the sessions run

sub install_procedures
{
	sql(<<'SQL');
CREATE FUNCTION value_of(key_sk text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(((ddb_get('race', key_sk, consistent => true)).data ->> 'value')::int, 0);
END $$;

-- Increments every one of the items n times under one lock; returns the races lost.
CREATE FUNCTION increment(items text[], n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	lock ddb_lock;
	changed jsonb;
	lost int := 0;
BEGIN
	FOR i IN 1 .. n LOOP
		LOOP
			BEGIN
				lock := ddb_get_lock('race', items[1] || '#lock');
				SELECT jsonb_agg(jsonb_build_object('pk', 'race', 'sk', item,
						'data', jsonb_build_object('value', value_of(item) + 1)))
				INTO changed FROM unnest(items) AS item;
				PERFORM ddb_set_atomic(changed, lock);
				EXIT;
			EXCEPTION WHEN serialization_failure THEN
				lost := lost + 1;
				PERFORM pg_sleep(random() * 0.02);
			END;
		END LOOP;
	END LOOP;
	RETURN lost;
END $$;

CREATE FUNCTION increment_one(item text, n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	lock ddb_lock;
	value int;
	lost int := 0;
BEGIN
	FOR i IN 1 .. n LOOP
		LOOP
			BEGIN
				lock := ddb_get_lock('race', item || '#lock');
				value := value_of(item);
				PERFORM ddb_set_atomic('race', item,
					jsonb_build_object('value', value + 1), lock);
				EXIT;
			EXCEPTION WHEN serialization_failure THEN
				lost := lost + 1;
				PERFORM pg_sleep(random() * 0.02);
			END;
		END LOOP;
	END LOOP;
	RETURN lost;
END $$;

-- What a statement raises, and how many requests it sent before.
CREATE FUNCTION refusal(statement text, OUT state text, OUT message text, OUT sent bigint)
LANGUAGE plpgsql AS $$
DECLARE
	before bigint := (ddb_session_stats()).requests;
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	state := SQLSTATE;
	message := SQLERRM;
	sent := (ddb_session_stats()).requests - before;
END $$;
SQL
	return;
}

# tools

# A key that no other test uses.
sub new_key
{
	return 'key' . ++$keys;
}

sub raw_key
{
	my ($sk, $pk) = @_;
	return { pk => { S => $pk // 'race' }, sk => { S => $sk } };
}

# An item as DynamoDB has it, or undef.
sub stored
{
	my ($sk, $pk) = @_;
	return ddb_raw('GetItem', { TableName => $table, Key => raw_key($sk, $pk),
			ConsistentRead => JSON::PP::true })->{Item};
}

sub store
{
	my ($sk, %attributes) = @_;
	ddb_raw('PutItem', { TableName => $table, Item => { %{ raw_key($sk) }, %attributes } });
	return $sk;
}

# Puts a lock past the extension, expiring in so many seconds; returns its sk.
sub store_lock
{
	my ($version, $life) = @_;
	return store(new_key(), version => { S => $version },
		defined $life ? (ttl => { N => '' . (time + $life) }) : ());
}

# Runs SQL in the session and returns its output and the requests it cost.
sub counted
{
	my ($query) = @_;
	my $before = $session->query('SELECT requests FROM ddb_session_stats()');
	my $out = $session->query($query);
	return ($out, $session->query('SELECT requests FROM ddb_session_stats()') - $before);
}

# ddb_get_lock in a table: version, ttl in epoch seconds, requests.
sub get_lock
{
	my ($sk) = @_;
	my ($out, $requests) =
	  counted("SELECT version, extract(epoch FROM ttl)::bigint FROM ddb_get_lock('race', '$sk')");
	return (split(/\|/, $out, -1), $requests);
}

# Whether a moment is a life from now, to within a few seconds.
sub is_life
{
	my ($ttl, $life, $name) = @_;
	my $off = $ttl - time - $life;
	ok(abs $off <= 10, $name) or diag("it is $off s off");
	return;
}

# The same SQL in n sessions that begin as one; returns what each printed.
sub all_at_once
{
	my ($n, $query, %set) = @_;

	my @sessions = map { session(set => { %$defaults, %set }) } 1 .. $n;
	my $gate = session();
	$gate->query('SELECT pg_advisory_lock(30)');
	$_->send("SELECT pg_advisory_lock_shared(30) \\g /dev/null\n$query") for @sessions;
	$_->wait_for_event(qr/advisory/) for @sessions;
	$gate->query('SELECT pg_advisory_unlock(30)');
	my @out = map { $_->finish } @sessions;
	my @errors = grep { /ERROR/ } map { $_->stderr } @sessions;
	is("@errors", '', 'no session fails');
	return @out;
}

sub total
{
	my $sum = 0;
	$sum += $_ for @_;
	return $sum;
}

sub same_version
{
	my ($name, @versions) = @_;
	my %different = map { $_ => 1 } @versions;
	is(keys %different, 1, $name) or diag(explain(\@versions));
	return;
}

# tests

sub test_counter
{
	my @lost = all_at_once(8, "SELECT increment_one('counter', 50)");

	is_deeply(stored('counter'), { %{ raw_key('counter') }, data => { S => '{"value":400}' } },
		'the counter is at 400');
	cmp_ok(total(@lost), '>', 0, 'races were lost on the way: ' . total(@lost));
	return;
}

# The two items in one transactional read.
sub read_pair
{
	my $reply = ddb_raw('TransactGetItems', { TransactItems => [
			map { { Get => { TableName => $table, Key => raw_key($_) } } } qw(left right) ] });
	return map { $_->{Item} ? from_json($_->{Item}{data}{S})->{value} : 0 } @{ $reply->{Responses} };
}

sub test_pair
{
	my @sessions = map { session(set => $defaults) } 1 .. 8;
	my ($looks, $unequal, $highest) = (0, 0, 0);

	$_->send("SELECT increment('{left,right}', 15)") for @sessions;
	while ($highest < 120 && $looks < 5000)
	{
		my ($status, $reply) = eval { (200, [ read_pair() ]) };
		select undef, undef, undef, 0.02;
		next unless $status;
		$looks++;
		$unequal++ if $reply->[0] != $reply->[1];
		$highest = $reply->[0];
	}
	my @lost = map { $_->finish } @sessions;
	is(join('', grep { /ERROR/ } map { $_->stderr } @sessions), '', 'no session fails');
	cmp_ok($looks, '>', 10, "the two items were looked at $looks times");
	is($unequal, 0, 'and were equal every time');
	is_deeply([ read_pair() ], [ 120, 120 ], 'both are at 120');
	cmp_ok(total(@lost), '>', 0, 'races were lost on the way: ' . total(@lost));
	return;
}

# All sessions have read the lock before the first of them writes.
sub race_for_lock
{
	my ($sk, $write) = @_;

	my $server = fault_server(upstream => 1);
	$server->script({ match => 'GetItem', repeat => 8, delay_reply_ms => 400 });
	my @locks = all_at_once(8,
		"SELECT version, extract(epoch FROM ttl)::bigint FROM ddb_get_lock('race', '$sk')",
		%{ $server->settings });
	is($server->count($write), 8, "each of them sends its $write");
	is($server->count, 16, 'and nothing else but its read');
	return map { (split /\|/)[0] } @locks;
}

sub test_creation_race
{
	my $absent = new_key();
	my @versions = race_for_lock($absent, 'PutItem');
	same_version('all get the same version', @versions, stored($absent)->{version}{S});

	my $expired = store_lock('expired', -5);
	@versions = race_for_lock($expired, 'PutItem');
	same_version('the same when an expired lock is there', @versions,
		stored($expired)->{version}{S});
	isnt($versions[0], 'expired', 'and it is a new one');

	for my $round (1 .. 5)
	{
		my $sk = new_key();
		@versions = all_at_once(8, "SELECT version FROM ddb_get_lock('race', '$sk')");
		same_version("without delays, round $round", @versions, stored($sk)->{version}{S});
	}
	return;
}

sub test_renewal_race
{
	my $sk = store_lock('renewed', HOUR / 2);
	my @versions = race_for_lock($sk, 'UpdateItem');
	same_version('all keep the version', @versions, 'renewed', stored($sk)->{version}{S});
	is_life(stored($sk)->{ttl}{N}, DAY, 'the lock lives a day again');
	return;
}

sub test_life
{
	my $sk = new_key();
	my ($version, $ttl, $requests) = get_lock($sk);
	like($version, qr/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a new lock has a UUID as version');
	is_life($ttl, DAY, 'a new lock lives a day');
	is($requests, 2, 'creating it takes a read and a write');
	is_deeply(stored($sk), { %{ raw_key($sk) }, version => { S => $version }, ttl => { N => $ttl } },
		'it is stored in the layout of atomic-dynamodb');
	is_deeply([ get_lock($sk) ], [ $version, $ttl, 1 ], 'a fresh lock is returned unchanged, by one request');

	$sk = store_lock('fresh', HOUR + 60);
	$ttl = stored($sk)->{ttl}{N};
	is_deeply([ get_lock($sk) ], [ 'fresh', $ttl, 1 ], 'so is one with more than an hour to live');
	is(stored($sk)->{ttl}{N}, $ttl, 'and nothing was written');

	$sk = store_lock('aging', HOUR - 60);
	($version, $ttl, $requests) = get_lock($sk);
	is($version, 'aging', 'a lock in its last hour keeps its version');
	is_life($ttl, DAY, 'and lives a day again');
	is($requests, 2, 'at the price of one more request');
	is_deeply(stored($sk), { %{ raw_key($sk) }, version => { S => 'aging' }, ttl => { N => $ttl } },
		'as is stored');

	for my $age (1, 60, 3 * DAY)
	{
		$sk = store_lock('expired', -$age);
		($version, $ttl) = get_lock($sk);
		isnt($version, 'expired', "a lock that expired $age s ago counts as absent");
		is_life($ttl, DAY, 'its successor lives a day');
		is_deeply(stored($sk), { %{ raw_key($sk) }, version => { S => $version }, ttl => { N => $ttl } },
			'and has taken its place');
	}

	$sk = store_lock('eternal');
	is_deeply([ get_lock($sk) ], [ 'eternal', '', 1 ], 'a lock without a ttl does not expire');
	is_deeply(stored($sk), { %{ raw_key($sk) }, version => { S => 'eternal' } }, 'and is left as it is');

	$sk = store(new_key(), version => { S => 'v' }, ttl => { N => (time + HOUR / 2) . '.75' });
	is((get_lock($sk))[0], 'v', 'a ttl with a fraction counts in whole seconds');

	$sk = store(new_key(), data => { S => '{}' });
	my @error = $session->query_error("SELECT ddb_get_lock('race', '$sk')");
	is($error[0], '42809', 'an item without a version is no lock');
	like("@error", qr/"race".*"$sk" is not a lock.*"version".*key of its own/s, 'and the message says so');
	is_deeply(stored($sk)->{data}, { S => '{}' }, 'the item is left alone');
	return;
}

# ddb_get_lock under some settings: version and ttl.
sub get_lock_with
{
	my ($sk, %set) = @_;
	return map { @$_ } sql_rows(
		"SELECT version, extract(epoch FROM ttl)::bigint FROM ddb_get_lock('race', '$sk')",
		set => { %$defaults, map { ("atomic_dynamodb.$_" => $set{$_}) } keys %set });
}

sub test_lock_settings
{
	my $sk = new_key();
	my ($version, $ttl) = get_lock_with($sk, lock_ttl => '10min');
	is_life($ttl, 600, 'a new lock lives for lock_ttl');

	my @again = get_lock_with($sk, lock_ttl => '2d', lock_refresh => '5min');
	is_deeply(\@again, [ $version, $ttl ], 'above lock_refresh it is left alone');
	@again = get_lock_with($sk, lock_ttl => '2d', lock_refresh => '15min');
	is($again[0], $version, 'below lock_refresh it keeps its version');
	is_life($again[1], 2 * DAY, 'and gets lock_ttl again');

	$sk = store_lock('brief', 30);
	is((get_lock_with($sk, lock_refresh => 0))[1], stored($sk)->{ttl}{N},
		'lock_refresh = 0 never renews');

	$ttl = sql("SELECT extract(epoch FROM ttl)::bigint FROM ddb_set_atomic('race', 'settings', '1',
		ddb_get_lock('race', '$sk'))", set => { %$defaults, 'atomic_dynamodb.lock_ttl' => '3h' });
	is_life($ttl, 3 * HOUR, 'an atomic write gives the lock lock_ttl too');
	is(stored($sk)->{ttl}{N}, $ttl, 'as is stored');
	return;
}

sub item_list
{
	my ($from, $to, $value) = @_;
	return literal([ map { { pk => 'many', sk => sprintf('%03d', $_), data => { value => $value } } } $from .. $to ]);
}

sub key_list
{
	my ($from, $to) = @_;
	return literal([ map { { pk => 'many', sk => sprintf '%03d', $_ } } $from .. $to ]);
}

sub count_many
{
	return ddb_raw('Query', { TableName => $table, Select => 'COUNT', ConsistentRead => JSON::PP::true,
			KeyConditionExpression => 'pk = :p',
			ExpressionAttributeValues => { ':p' => { S => 'many' } } })->{Count};
}

sub test_writes
{
	my $sk = new_key();
	$session->query("SELECT version FROM ddb_get_lock('race', '$sk')");
	my (undef, $requests) = counted(<<"SQL");
DO \$\$
DECLARE
	lock ddb_lock := ddb_get_lock('race', '$sk');
BEGIN
	FOR i IN 1 .. 5 LOOP
		lock := ddb_set_atomic('race', 'chain', to_jsonb(i), lock);
	END LOOP;
END \$\$
SQL
	is($requests, 6, 'a write costs one request, and returns the lock for the next');
	is(stored('chain')->{data}{S}, '5', 'the last write is there');

	my $before = stored($sk)->{version}{S};
	my ($version, $ttl) = split /\|/, $session->query(
		"SELECT version, extract(epoch FROM ttl)::bigint
		FROM ddb_set_atomic('race', 'chain', '{\"a\": [1, 2]}', ddb_get_lock('race', '$sk'),
			ttl => '2030-01-01 00:00:00.9+00')");
	isnt($version, $before, 'a write gives the lock a new version');
	is_life($ttl, DAY, 'and a new life');
	is_deeply(stored($sk), { %{ raw_key($sk) }, version => { S => $version }, ttl => { N => $ttl } },
		'which are what is stored');
	is_deeply(stored('chain'), { %{ raw_key('chain') }, data => { S => '{"a":[1,2]}' }, ttl => { N => '1893456000' } },
		'an item may have a ttl');

	my $expired = store_lock('old', -10);
	$version = $session->query("SELECT version FROM ddb_set_atomic('race', 'chain', '6',
		ROW('race', '$expired', 'old', now() - interval '10 s')::ddb_lock)");
	is(stored('chain')->{data}{S}, '6', 'a lock that expired and was not replaced still works');
	is(stored($expired)->{version}{S}, $version, 'and gets a new version');
	is_life(stored($expired)->{ttl}{N}, DAY, 'and life');

	my $eternal = store_lock('eternal');
	$session->query("SELECT ddb_set_atomic('race', 'chain', '7', ddb_get_lock('race', '$eternal'))");
	is(stored('chain')->{data}{S}, '7', 'so does a lock without a ttl');
	is_life(stored($eternal)->{ttl}{N}, DAY, 'which has one from then on');

	test_deletes($sk);
	test_large_lists($sk);
	return;
}

sub test_deletes
{
	my ($sk) = @_;

	$session->query("SELECT ddb_delete_atomic('race', 'chain', ddb_get_lock('race', '$sk'))");
	is(stored('chain'), undef, 'ddb_delete_atomic deletes an item');
	my $version = $session->query(
		"SELECT version FROM ddb_delete_atomic('race', 'chain', ddb_get_lock('race', '$sk'))");
	is(stored($sk)->{version}{S}, $version, 'and is content when there is none');
	return;
}

sub test_large_lists
{
	my ($sk) = @_;

	my $items = item_list(1, 99, 1);
	my (undef, $requests) = counted("SELECT ddb_set_atomic($items, ddb_get_lock('race', '$sk'))");
	is(count_many(), 99, '99 items are written');
	is($requests, 2, 'in one transaction');

	my @other = (stored($sk)->{version}{S});
	$items = item_list(1, 99, 2);
	$session->query("SELECT ddb_set_atomic($items, ROW('race', '$sk', '$other[0]', NULL)::ddb_lock)");
	my $deletes = key_list(1, 99);
	my @error = $session->query_error(
		"SELECT ddb_delete_atomic($deletes, ROW('race', '$sk', '$other[0]', NULL)::ddb_lock)");
	is($error[0], '40001', 'with a stale lock none of 99 is deleted');
	is(count_many(), 99, 'not one');
	$items = item_list(1, 99, 3);
	@error = $session->query_error(
		"SELECT ddb_set_atomic($items, ROW('race', '$sk', '$other[0]', NULL)::ddb_lock)");
	is($error[0], '40001', 'nor written');
	is($session->query("SELECT string_agg(DISTINCT data ->> 'value', ',') FROM ddb_query('many', consistent => true)"),
		'2', 'all have the value of the write before');

	$session->query("SELECT ddb_delete_atomic($deletes, ddb_get_lock('race', '$sk'))");
	is(count_many(), 0, '99 items are deleted');
	return;
}

# The error of a write of "victim" with a lock.
sub race_error
{
	my ($sk, $version, $ttl) = @_;
	my @error = $session->query_error("SELECT ddb_set_atomic('race', 'victim', '\"lost\"',
		ROW('race', '$sk', '$version', $ttl)::ddb_lock)");
	is($error[0], '40001', "it is a serialization_failure");
	like($error[1], qr/^RaceCondition: the lock with pk "race", sk "$sk" is no longer valid$/,
		'and called RaceCondition');
	like($error[2], qr/TransactionCanceledException \(request id [0-9A-Za-z-]+\)/,
		'with the DynamoDB type and the request id');
	return $error[2];
}

sub test_race_details
{
	my $later = "now() + interval '1 h'";
	my $earlier = "now() - interval '1 h'";

	like(race_error(store_lock('new', DAY), 'old', $later), qr/stale: its version is now new, not old/, 'stale');
	like(race_error(new_key(), 'old', $later), qr/deleted after it was read/, 'deleted');
	like(race_error(new_key(), 'old', $earlier), qr/expired and is gone/, 'expired and swept');
	like(race_error(store_lock('new', DAY), 'old', $earlier), qr/expired at .* and was replaced/,
		'expired and replaced');
	like(race_error(store(new_key(), data => { S => '1' }), 'old', $later),
		qr/replaced by an item that is not a lock/, 'replaced by something else');
	is(stored('victim'), undef, 'nothing was written');
	return;
}

# Every statement is refused with a SQLSTATE and a message, and sends nothing.
sub test_refusals
{
	my $lock = "ROW('race', 'lock', 'v', NULL)::ddb_lock";
	my $one = '[{"pk": "a", "sk": "b", "data": 1}]';
	my @cases = (
		[ 'ddb_set_atomic(' . item_list(1, 100, 1) . ", $lock)", '54000', qr/"items" has 100 elements, .* at most 99/ ],
		[ 'ddb_delete_atomic(' . key_list(1, 100) . ", $lock)", '54000', qr/"keys" has 100 elements/ ],
		[ "ddb_set_atomic('[]', $lock)", '22023', qr/"items" must not be empty/ ],
		[ "ddb_delete_atomic('[]', $lock)", '22023', qr/"keys" must not be empty/ ],
		[ "ddb_set_atomic('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1},{\"pk\":\"a\",\"sk\":\"c\",\"data\":1},"
			  . "{\"pk\":\"a\",\"sk\":\"b\",\"data\":2}]', $lock)", '22023', qr/elements 1 and 3 .* same key/ ],
		[ "ddb_delete_atomic('[{\"pk\":\"a\",\"sk\":\"b\"},{\"pk\":\"a\",\"sk\":\"b\"}]', $lock)", '22023',
			qr/elements 1 and 2 .* same key/ ],
		[ "ddb_set_atomic('race', 'lock', '1', $lock)", '22023', qr/"lock" has the key of an item/ ],
		[ "ddb_delete_atomic('race', 'lock', $lock)", '22023', qr/"lock" has the key of an item/ ],
		[ "ddb_set_atomic('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1},{\"pk\":\"race\",\"sk\":\"lock\",\"data\":1}]', $lock)",
			'22023', qr/"lock" has the key of an item/ ],
		[ "ddb_delete_atomic('[{\"pk\":\"race\",\"sk\":\"lock\"}]', $lock)", '22023', qr/"lock" has the key of an item/ ],
		[ "ddb_set_atomic('a', 'b', '1', NULL)", '22004', qr/"lock" must not be null/ ],
		[ "ddb_set_atomic('$one', NULL)", '22004', qr/"lock" must not be null/ ],
		[ "ddb_delete_atomic('a', 'b', NULL::ddb_lock)", '22004', qr/"lock" must not be null/ ],
		[ "ddb_set_atomic('a', 'b', NULL, $lock)", '22004', qr/"data" must not be null/ ],
		[ "ddb_set_atomic(NULL, 'b', '1', $lock)", '22004', qr/"pk" must not be null/ ],
		[ "ddb_set_atomic('a', '', '1', $lock)", '22023', qr/empty "sk"/ ],
		[ "ddb_set_atomic(NULL::jsonb, $lock)", '22004', qr/"items" must not be null/ ],
		[ "ddb_set_atomic('a', 'b', '1', ROW('race', 'lock', NULL, NULL)::ddb_lock)", '22004',
			qr/"version" of argument "lock" must not be null/ ],
		[ "ddb_set_atomic('a', 'b', '1', ROW(NULL, 'lock', 'v', NULL)::ddb_lock)", '22004',
			qr/"pk" of argument "lock" must not be null/ ],
		[ "ddb_set_atomic('a', 'b', '1', ROW('', 'lock', 'v', NULL)::ddb_lock)", '22023', qr/empty "pk"/ ],
		[ "ddb_set_atomic('[{\"pk\":\"a\",\"sk\":\"b\"}]', $lock)", '22023', qr/element 1 .* has no "data"/ ],
		[ "ddb_set_atomic('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1,\"version\":\"x\"}]', $lock)", '22023',
			qr/unknown member "version"/ ],
		[ "ddb_set_atomic('a', 'b', '1', $lock, 'infinity')", '22023', qr/"ttl" must/ ],
		[ "ddb_set_atomic('a', repeat('x', 1025), '1', $lock)", '54000', qr/"sk" .* is too long/ ],
		[ "ddb_get_lock(NULL, 'b')", '22004', qr/"pk" must not be null/ ],
		[ "ddb_get_lock('a', NULL)", '22004', qr/"sk" must not be null/ ],
		[ "ddb_get_lock('a', '')", '22023', qr/empty "sk"/ ],
	);

	for my $case (@cases)
	{
		my ($call, $sqlstate, $message) = @$case;
		my ($state, $text, $sent) = split /\|/,
		  $session->query('SELECT * FROM refusal(' . literal("SELECT $call") . ')'), -1;
		my $name = length $call > 90 ? substr($call, 0, 90) . '...' : $call;
		is("$state, $sent sent", "$sqlstate, 0 sent", $name);
		like($text, $message, 'message');
	}
	for my $call ("ddb_get_lock('a', 'b')", "ddb_set_atomic('a', 'b', '1', $lock)",
		"ddb_set_atomic('$one', $lock)", "ddb_delete_atomic('a', 'b', $lock)",
		"ddb_delete_atomic('[{\"pk\":\"a\",\"sk\":\"b\"}]', $lock)")
	{
		$session->query('BEGIN READ ONLY');
		is(($session->query_error("SELECT $call"))[0], '25006', "read-only: $call");
		$session->query('ROLLBACK');
	}
	return;
}

# Postgres calls a function in (f(...)).* once for each column.
sub test_star
{
	my $sk = new_key();
	my @error = $session->query_error("SELECT (ddb_set_atomic('race', 'star', '\"once\"', lock)).*
		FROM ddb_get_lock('race', '$sk') AS lock");
	is($error[0], '40001', 'the second call of (ddb_set_atomic(...)).* is a race');
	is(stored('star')->{data}{S}, '"once"', 'the first one has written');

	my $version = stored($sk)->{version}{S};
	$session->query("SELECT s.* FROM ddb_set_atomic('race', 'star', '\"twice\"',
		ROW('race', '$sk', '$version', NULL)::ddb_lock) AS s");
	is(stored('star')->{data}{S}, '"twice"', 'in FROM it is called once');

	$sk = new_key();
	my ($columns) = counted("SELECT (ddb_get_lock('race', '$sk')).*");
	is((split /\|/, $columns)[2], stored($sk)->{version}{S}, '(ddb_get_lock(...)).* is harmless');
	return;
}

sub test_transactions
{
	my $sk = new_key();
	$session->query("BEGIN");
	$session->query("SELECT ddb_set_atomic('race', 'kept', '1', ddb_get_lock('race', '$sk'))");
	$session->query("ROLLBACK");
	is(stored('kept')->{data}{S}, '1', 'ROLLBACK does not undo an atomic write');
	ok(stored($sk), 'nor the lock');

	my $version = stored($sk)->{version}{S};
	$session->query(<<"SQL");
DO \$\$
BEGIN
	PERFORM ddb_set_atomic('race', 'kept', '2', ddb_get_lock('race', '$sk'));
	RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
	NULL;
END \$\$
SQL
	is(stored('kept')->{data}{S}, '2', 'nor does a caught exception');
	isnt(stored($sk)->{version}{S}, $version, 'and the lock has moved on');
	return;
}

sub test_lost_answers
{
	my $server = fault_server(upstream => 1);
	my $through = sub {
		sql($_[0], set => { %$defaults, %{ $server->settings }, 'atomic_dynamodb.max_attempts' => $_[1] // 4 });
	};

	my $step = sub {
		$server->reset;
		$server->script({ match => $_[0], $_[1] => JSON::PP::true });
	};

	for my $attempts (4, 1)
	{
		my $suffix = "max_attempts = $attempts";
		my $sk = new_key();
		$step->('PutItem', 'apply_then_reset');
		my $version = $through->("SELECT version FROM ddb_get_lock('race', '$sk')", $attempts);
		is(stored($sk)->{version}{S}, $version, "a lock created by a write without answer is ours, $suffix");

		my $aging = store_lock('aging', HOUR / 2);
		$step->('UpdateItem', 'apply_then_reset');
		is($through->("SELECT version FROM ddb_get_lock('race', '$aging')", $attempts), 'aging',
			"so is one that was renewed, $suffix");
		is_life(stored($aging)->{ttl}{N}, DAY, 'it lives a day');

		$step->('TransactWriteItems', 'apply_then_reset');
		$version = $through->("SELECT version FROM ddb_set_atomic('race', 'lost', '$attempts',
			ddb_get_lock('race', '$sk'))", $attempts);
		is(stored($sk)->{version}{S}, $version, "an atomic write without answer is known to be done, $suffix");
		is(stored('lost')->{data}{S}, $attempts, 'and is');
		my @tokens = map { from_json($_->{body})->{ClientRequestToken} } $server->log('TransactWriteItems');
		is(scalar @tokens, $attempts > 1 ? 2 : 1, 'it was sent ' . @tokens . ' times');
		same_version('with one token', @tokens);
	}

	my $sk = new_key();
	$session->query("SELECT ddb_get_lock('race', '$sk')");
	$step->('TransactWriteItems', 'close_without_reply');
	my @error = sql_error("SELECT ddb_set_atomic('race', 'lost', '\"?\"', ddb_get_lock('race', '$sk'))",
		set => { %$defaults, %{ $server->settings }, 'atomic_dynamodb.max_attempts' => 1 });
	is($error[0], '08007', 'one that was not done, for all we know, has an unknown outcome');
	is(stored('lost')->{data}{S}, 1, 'nothing was written');
	$step->('TransactWriteItems', 'close_without_reply');
	$through->("SELECT ddb_set_atomic('race', 'lost', '\"done\"', ddb_get_lock('race', '$sk'))");
	is(stored('lost')->{data}{S}, '"done"', 'with attempts left it is sent again');
	return;
}
