# Lists of items and keys: how they are cut into batches, what is in flight at
# once, and that the outcome is as if everything were done in order.

use strict;
use warnings;
use utf8;

use AddbTest;
use Test::More;
use Time::HiRes qw(time);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(set => { 'atomic_dynamodb.table' => $table, %{ $server->settings } });
my $partitions = 0;
my $denied = { status => 400, body => {
		__type => 'com.amazon.coral.service#AccessDeniedException', Message => 'User is not authorized' } };

$session->query(<<'SQL');
-- Items p / 0001 ... with the number as data.
CREATE FUNCTION items(p text, first int, last int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('pk', p, 'sk', to_char(n, 'FM0000'), 'data', n)), '[]')
	FROM generate_series(first, last) AS n
$$;

CREATE FUNCTION keys(p text, numbers int[]) RETURNS ddb_key[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(ROW(p, to_char(n, 'FM0000'))::ddb_key ORDER BY o), '{}')
	FROM unnest(numbers) WITH ORDINALITY AS u(n, o)
$$;

CREATE FUNCTION numbers(first int, last int) RETURNS int[] LANGUAGE sql AS $$
	SELECT array_agg(n) FROM generate_series(first, last) AS n
$$;

-- What a statement raises: SQLSTATE, message and context.
CREATE FUNCTION raised(statement text, OUT state text, OUT message text, OUT context text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		context = PG_EXCEPTION_CONTEXT;
	context := replace(context, E'\n', '; ');
END $$;
SQL

test_set_sizes();
test_duplicates();
test_duplicates_in_flight();
test_concurrency();
test_get_sizes();
test_get_order();
test_delete();
test_large_items();
test_unprocessed_writes();
test_unprocessed_reads();
test_errors_in_the_middle();
test_members();
test_refusals();
done_testing();

# tools

sub new_partition
{
	return 'p' . ++$partitions;
}

sub costs
{
	my ($requests, $query, $name) = @_;

	$server->reset;
	my $out = $session->query($query);
	is($server->count, $requests, "$name: $requests");
	return $out;
}

# What a partition holds, past the extension: "sk=data ...".
sub stored
{
	my ($pk) = @_;

	my ($start, @items);
	do
	{
		my $page = ddb_raw('Query', { TableName => $table, KeyConditionExpression => 'pk = :p',
				ConsistentRead => JSON::PP::true, ExpressionAttributeValues => { ':p' => { S => $pk } },
				$start ? (ExclusiveStartKey => $start) : () });
		push @items, map { "$_->{sk}{S}=$_->{data}{S}" } @{ $page->{Items} };
		$start = $page->{LastEvaluatedKey};
	} while $start;
	return join ' ', @items;
}

sub expected
{
	my ($first, $last) = @_;
	return join ' ', map { sprintf '%04d=%d', $_, $_ } $first .. $last;
}

sub count_stored
{
	my @items = split / /, stored($_[0]);
	return scalar @items;
}

# The entries of a request's batch.
sub entries
{
	my ($entry) = @_;
	my $request = from_json($entry->{body})->{RequestItems}{$table};
	return ref $request eq 'ARRAY' ? @$request : @{ $request->{Keys} };
}

# How many requests were in flight at once, each taking so many seconds.
sub overlap
{
	my ($seconds) = @_;

	my @times = sort { $a <=> $b } map { $_->{time} } $server->log;
	my $most = 0;
	for my $start (@times)
	{
		my $open = grep { $_ <= $start && $start < $_ + $seconds } @times;
		$most = $open if $open > $most;
	}
	return $most;
}

# ddb_set

sub test_set_sizes
{
	for my $case ([ 0, 0 ], [ 1, 1 ], [ 24, 1 ], [ 25, 1 ], [ 26, 2 ], [ 50, 2 ], [ 51, 3 ], [ 1000, 40 ])
	{
		my ($n, $requests) = @$case;
		my $pk = new_partition();
		is(costs($requests, "SELECT ddb_set(items('$pk', 1, $n))", "ddb_set of $n items"), $n, 'all counted');
		is(stored($pk), expected(1, $n), 'all there');
		is(join(' ', grep { $_ > 25 } map { scalar entries($_) } $server->log), '', 'in batches of 25 at most');
	}
	my $pk = new_partition();
	is(costs(1, "SELECT ddb_set('{\"pk\": \"$pk\", \"sk\": \"0001\", \"data\": 1}'::jsonb)", 'one object'), 1, 'is a list of one');
	is(stored($pk), expected(1, 1), 'there');
	return;
}

sub duplicate_list
{
	my ($pk, @pairs) = @_;
	return literal([ map { { pk => $pk, sk => $_->[0], data => $_->[1] } } @pairs ]);
}

sub test_duplicates
{
	my $pk = new_partition();
	my $items = duplicate_list($pk, [ 'a', 1 ], [ 'b', 1 ], [ 'a', 2 ], [ 'c', 1 ], [ 'b', 3 ], [ 'a', 4 ]);
	is(costs(1, "SELECT ddb_set($items)", 'duplicates in a batch'), 6, 'all counted');
	is(stored($pk), 'a=4 b=3 c=1', 'the last of each wins');
	is(scalar entries($server->log), 3, 'the others are not sent');

	$pk = new_partition();
	$items = duplicate_list($pk, map { [ 'same', $_ ] } 1 .. 200);
	is(costs(1, "SELECT ddb_set($items)", '200 times the same key'), 200, 'all counted');
	is(stored($pk), 'same=200', 'the last wins');

	$pk = new_partition();
	$items = duplicate_list($pk, [ 'same', 1 ], (map { [ "x$_", 0 ] } 10 .. 33), [ 'same', 2 ]);
	is(costs(1, "SELECT ddb_set($items)", 'a full batch and a duplicate'), 26, 'all counted');
	like(stored($pk), qr/^same=2 /, 'the last wins');
	return;
}

# The first batch takes long; what comes later for its keys has to wait for it.
sub test_duplicates_in_flight
{
	my $fill = sub { my ($name, $n) = @_; map { [ "$name$_", 0 ] } 100 .. 99 + $n };

	my $pk = new_partition();
	my $items = duplicate_list($pk, [ 'same', 1 ], $fill->('a', 25), [ 'same', 2 ], $fill->('b', 23));
	$server->reset;
	$server->script({ delay_ms => 500 });
	$session->query("SELECT ddb_set($items)");
	like(stored($pk), qr/ same=2$/, 'a key that is in a batch under way: the last wins');
	is($server->count, 2, 'in two batches');
	my @times = map { $_->{time} } $server->log;
	cmp_ok($times[1] - $times[0], '>', 0.4, 'the second waited for the first');

	$pk = new_partition();
	$items = duplicate_list($pk, map { ([ 'same', $_ ], $fill->("n$_", 25)) } 1 .. 6);
	$server->reset;
	$server->script(map { { delay_ms => 300 - 50 * $_ } } 0 .. 5);
	$session->query("SELECT ddb_set($items)");
	like(stored($pk), qr/ same=6$/, 'the same over six batches');

	$pk = new_partition();
	$items = duplicate_list($pk, $fill->('a', 24), [ 'same', 1 ], [ 'b', 0 ], [ 'same', 2 ], [ 'c', 0 ]);
	$server->reset;
	$server->script({ repeat => 6, unprocessed => 1 });
	$session->query("SELECT ddb_set($items)");
	like(stored($pk), qr/ same=2$/, 'a key that is left unprocessed: the last wins');

	$pk = new_partition();
	$items = duplicate_list($pk, $fill->('a', 25), $fill->('b', 25), $fill->('a', 25));
	$server->reset;
	$server->script({ delay_ms => 400 }, { delay_ms => 100 });
	$session->query("SELECT ddb_set($items)");
	is(count_stored($pk), 50, 'a batch all of whose keys are under way');
	return;
}

sub test_concurrency
{
	my $pk = new_partition();
	for my $connections (8, 3, 1)
	{
		my $n = $connections == 1 ? 100 : 400;
		$session->query("SET atomic_dynamodb.max_connections TO $connections");
		for my $call ("SELECT ddb_set(items('$pk', 1, $n))",
			"SELECT ddb_delete(to_jsonb(keys('$pk', numbers(1, $n))))",
			"SELECT count(*) FROM ddb_get_many(to_jsonb(keys('$pk', numbers(1, " . 4 * $n . "))))")
		{
			$server->reset;
			$server->script({ repeat => -1, delay_reply_ms => 150 });
			$session->query($call);
			my ($name) = $call =~ /(ddb_\w+)/;
			my $most = overlap(0.15);
			my $counts = $server->counts;
			cmp_ok($most, '<=', $connections, "$name, max_connections = $connections: $most in flight at once");
			cmp_ok($most, '>=', $connections < 4 ? $connections : 4, 'not fewer');
			cmp_ok($counts->{connections}, '<=', $connections, 'over as many connections at most');
		}
	}
	$session->query('RESET atomic_dynamodb.max_connections');
	return;
}

# ddb_get_many

# Both forms for the same keys: the numbers found, in order.
sub get_both
{
	my ($pk, $requests, $numbers, $name) = @_;

	my @found;
	for my $form ('', 'to_jsonb')
	{
		push @found, costs($requests, "SELECT string_agg(data::text, ' ' ORDER BY o)
				FROM ddb_get_many($form(keys('$pk', $numbers))) WITH ORDINALITY AS q(pk, sk, data, version, ttl, o)",
			"ddb_get_many, " . ($form ? 'jsonb' : 'ddb_key[]') . ", $name");
	}
	is($found[0], $found[1], 'both forms agree');
	return $found[0];
}

sub test_get_sizes
{
	$session->query("SELECT ddb_set(items('get', 1, 1000))");
	for my $case ([ 1, 1 ], [ 99, 1 ], [ 100, 1 ], [ 101, 2 ], [ 1000, 10 ])
	{
		my ($n, $requests) = @$case;
		is(get_both('get', $requests, "numbers(1, $n)", "$n keys"), join(' ', 1 .. $n), 'all, in order');
	}
	is(get_both('get', 0, "'{}'", 'no keys'), '', 'no rows');
	is(get_both('get', 1, "'{5}'", 'one key'), '5', 'one row');
	is(get_both('get', 1, "'{2000}'", 'one key that is not there'), '', 'no row');
	is(get_both('nowhere', 3, 'numbers(1, 250)', '250 keys of which none is there'), '', 'no rows');
	is(costs(1, "SELECT count(*) FROM ddb_get_many('{\"pk\": \"get\", \"sk\": \"0007\"}'::jsonb)", 'one object'), 1, 'is a list of one');
	return;
}

sub test_get_order
{
	srand 33;
	my @numbers = map { 1 + int rand 1400 } 1 .. 1000;
	my %seen;
	my $wanted = join ' ', grep { $_ <= 1000 } @numbers;
	my $array = "'{" . join(',', @numbers) . "}'";

	# a batch ends where the next key would be its 101st different one
	my $requests = 1;
	for my $number (@numbers)
	{
		next if $seen{$number};
		($requests, %seen) = ($requests + 1) if keys %seen == 100;
		$seen{$number} = 1;
	}
	is(get_both('get', $requests, $array, '1000 random keys with duplicates and missing ones'), $wanted, 'in request order');

	$server->reset;
	$server->script(map { { delay_reply_ms => 250 - 50 * $_ } } 0 .. 4);
	is($session->query("SELECT string_agg(data::text, ' ') FROM ddb_get_many(keys('get', $array))"), $wanted,
		'in request order also when the first answers come last');

	is(get_both('get', 1, "'{" . join(',', (7) x 1000) . "}'", '1000 times one key'), join(' ', (7) x 1000), '1000 rows');
	is(get_both('get', 3, "'{" . join(',', (7) x 2500) . "}'", '2500 times one key'), join(' ', (7) x 2500), '2500 rows');
	is(get_both('get', 1, "'{1,2,1,3000,2,1}'", 'a few twice'), '1 2 1 2 1', 'each where it was asked for');

	my @odd = map { { pk => 'odd', sk => $_ } } 'a"b', 'a\\b', "\x01\n", 'ä€', "\x{1F600}";
	$session->query('SELECT ddb_set(' . literal([ map { { %$_, data => 1 } } @odd ]) . ')');
	is($session->query('SELECT count(*) FROM ddb_get_many(' . literal(\@odd) . '::jsonb)'), 5,
		'keys of odd characters find their items');
	return;
}

# ddb_delete

sub test_delete
{
	my $pk = new_partition();
	$session->query("SELECT ddb_set(items('$pk', 1, 1001))");
	is(costs(40, "SELECT ddb_delete(to_jsonb(keys('$pk', numbers(1, 1000))))", 'ddb_delete of 1000 keys'), 1000, 'all counted');
	is(stored($pk), '1001=1001', 'gone, but the one that was not named');
	is(costs(2, "SELECT ddb_delete(to_jsonb(keys('$pk', numbers(980, 1010))))", 'keys that are not there'), 31, 'count too');
	is(stored($pk), '', 'gone');
	is(costs(1, "SELECT ddb_delete(to_jsonb(keys('$pk', '{1,2,1,1}')))", 'duplicates'), 4, 'count, but are sent once');
	is(scalar entries($server->log), 2, 'two keys');
	is(costs(0, "SELECT ddb_delete('[]'::jsonb)", 'an empty list'), 0, 'nothing');
	return;
}

# The limit of a request is 16 MB, and what it counts is not what items count.
sub test_large_items
{
	my $local = session(set => { 'atomic_dynamodb.table' => $table });
	my $pk = new_partition();
	my $stats = sub { map { split /\|/ } $local->query('SELECT requests, bytes_sent FROM ddb_session_stats()') };
	my $list = sub { "(SELECT jsonb_agg(jsonb_build_object('pk', '$pk', 'sk', n::text, 'data', jsonb_build_object('x', $_[0])))
		FROM generate_series(1, 25) AS n)" };

	my @before = $stats->();
	is($local->query('SELECT ddb_set(' . $list->("repeat('x', 10 * 1024)") . ')'), 25, '25 items of 10 kB');
	my @after = $stats->();
	is($after[0] - $before[0], 1, 'in one batch');
	@before = @after;
	is($local->query('SELECT ddb_set(' . $list->("repeat('x', 100 * 1024)") . ')'), 25, '25 items of 100 kB');
	@after = $stats->();
	is($after[0] - $before[0], 9, 'in batches that end with 256 kB');
	is($local->query('SELECT ddb_set(' . $list->("repeat('x', 390 * 1024)") . ')'), 25, '25 items of 390 kB');
	is($local->query("SELECT count(*), min(length(data ->> 'x')) FROM ddb_query('$pk')"), '25|' . 390 * 1024, 'all there');

	$local->query('SET atomic_dynamodb.data_format TO map');
	@before = $stats->();
	is($local->query('SELECT ddb_set(' . $list->("repeat(chr(1), 390 * 1024)") . ')'), 25,
		'25 items of 390 kB of control characters, six times as long in JSON');
	@after = $stats->();
	my ($requests, $megabytes) = ($after[0] - $before[0], ($after[1] - $before[1]) / 1024 / 1024);
	cmp_ok($megabytes, '>', 50, sprintf('%.1f MB', $megabytes));
	cmp_ok($megabytes / $requests, '<', 16, "in $requests batches of less than 16 MB");
	is($local->query("SELECT count(*), min(length(data ->> 'x')), count(DISTINCT data) FROM ddb_query('$pk')"),
		'25|' . 390 * 1024 . '|1', 'all there');
	is($local->query("SELECT ddb_delete(jsonb_agg(jsonb_build_object('pk', pk, 'sk', sk))) FROM ddb_query('$pk')"), 25, 'deleted');
	return;
}

sub test_unprocessed_writes
{
	my $pk = new_partition();
	$server->reset;
	$server->script({ unprocessed => 5 });
	is($session->query("SELECT ddb_set(items('$pk', 1, 25))"), 25, 'five of 25 items are left unprocessed');
	is(stored($pk), expected(1, 25), 'and sent again');
	is(join(' ', map { scalar entries($_) } $server->log), '25 5', 'these alone');

	$pk = new_partition();
	$server->reset;
	$server->script((map { { unprocessed => 25 } } 1 .. 3), { unprocessed => 20 }, { unprocessed => 1 });
	is($session->query("SELECT ddb_set(items('$pk', 1, 25))"), 25, 'none in three rounds, then some');
	is(stored($pk), expected(1, 25), 'all there');
	is(join(' ', map { scalar entries($_) } $server->log), '25 25 25 25 20 1', 'until none is left');

	$pk = new_partition();
	$server->reset;
	$server->script({ repeat => 30, unprocessed => 7 });
	is($session->query("SELECT ddb_set(items('$pk', 1, 500))"), 500, 'several batches in flight, of which each has some left');
	is(stored($pk), expected(1, 500), 'all there');

	$server->reset;
	$server->script({ unprocessed => 10 }, { unprocessed => 25 });
	is($session->query("SELECT ddb_delete(to_jsonb(keys('$pk', numbers(1, 500))))"), 500, 'deletes too');
	is(stored($pk), '', 'all gone');

	$pk = new_partition();
	$server->reset;
	$server->script({ repeat => -1, unprocessed => 25 });
	$session->send("SELECT ddb_set(items('$pk', 1, 25))");
	$server->wait_for_requests(4);
	$session->cancel;
	$session->finish;
	is(($session->error)[0], '57014', 'a table that takes nothing can be waited for no longer');
	$server->reset;
	return;
}

sub test_unprocessed_reads
{
	$server->reset;
	$server->script({ unprocessed => 30 });
	is($session->query("SELECT string_agg(data::text, ' ') FROM ddb_get_many(keys('get', numbers(1, 100)))"),
		join(' ', 1 .. 100), '30 of 100 keys are left unprocessed and asked for again, order kept');
	is(join(' ', map { scalar entries($_) } $server->log), '100 30', 'these alone');

	$server->reset;
	$server->script({ unprocessed => 100 }, { unprocessed => 100 }, { unprocessed => 99 }, { unprocessed => 50 });
	is($session->query("SELECT string_agg(data::text, ' ') FROM ddb_get_many(keys('get', numbers(901, 1050)), consistent => true)"),
		join(' ', 901 .. 1000), 'several rounds, with missing keys');
	is(scalar(grep { $_->{body} !~ /"ConsistentRead":\s*true/ } $server->log), 0, 'strongly consistent in every round');

	$server->reset;
	$server->script({ repeat => 15, unprocessed => 40 });
	is($session->query("SELECT string_agg(data::text, ' ') FROM ddb_get_many(keys('get', numbers(1, 1000)))"),
		join(' ', 1 .. 1000), 'several batches in flight');
	return;
}

# Items given, written, not written and of unknown outcome by an error's context.
sub outcome_in
{
	my ($context) = @_;

	my @counts = $context =~ /(?:^|; )batch write to DynamoDB table "\Q$table\E": (\d+) items given so far: (\d+) written, (\d+) not written, (\d+) of unknown outcome(?:; |$)/
	  or return;
	is($counts[0], $counts[1] + $counts[2] + $counts[3], 'its context accounts for all items');
	return @counts;
}

# An error, and what its context says was written, against what is there.
sub written_of
{
	my ($pk, $state, $statement, $name) = @_;

	my ($got, undef, $context) = split /\|/,
	  $session->query('SELECT * FROM raised(' . literal($statement) . ')');
	is($got, $state, $name);
	my ($given, $written, undef, $unknown) = outcome_in($context);
	is($written, count_stored($pk), 'its context says how many were written') or diag($context);
	is($unknown, 0, 'and leaves none open');
	return ($given, $written);
}

sub test_errors_in_the_middle
{
	my $pass = { match => 'BatchWriteItem' };
	my ($state, $context);

	$session->query('SET atomic_dynamodb.max_connections TO 1');
	my $pk = new_partition();
	$server->reset;
	$server->script($pass, $pass, { reply => $denied });
	is((written_of($pk, '42501', "SELECT ddb_set(items('$pk', 1, 100))", 'the third of four batches is refused'))[1], 50, 'two batches');
	is($server->count, 3, 'the fourth is not sent');
	$session->query('RESET atomic_dynamodb.max_connections');

	$pk = new_partition();
	$server->reset;
	$server->script({ delay_ms => 200 }, { delay_ms => 100 }, { delay_ms => 150, reply => $denied }, { delay_ms => 300 });
	is((written_of($pk, '42501', "SELECT ddb_set(items('$pk', 1, 100))", 'the same with four in flight'))[1], 75, 'three batches');

	$pk = new_partition();
	$server->reset;
	$server->script({ unprocessed => 5 }, { unprocessed => 3, delay_ms => 150 }, { delay_ms => 100, reply => $denied });
	written_of($pk, '42501', "SELECT ddb_set(items('$pk', 1, 75))", 'the same with unprocessed items');

	$pk = new_partition();
	($state, undef, $context) = split /\|/, $session->query('SELECT * FROM raised('
		  . literal("SELECT ddb_set(items('$pk', 1, 300) || items('$pk', 301, 301)
			|| jsonb_build_array(jsonb_build_object('pk', '$pk', 'sk', 'x', 'data', repeat('x', 500000))))") . ')');
	is($state, '54000', 'an item that is too large, behind many that are not');
	my @counts = outcome_in($context);
	is("$counts[0] $counts[1]", '301 ' . count_stored($pk), 'has the context too');
	is($counts[3], 0, 'and leaves none open');

	$pk = new_partition();
	$session->query("SELECT ddb_set(items('$pk', 1, 30))");
	$session->query('SET atomic_dynamodb.max_connections TO 1');
	$server->reset;
	$server->script($pass, { reply => $denied });
	($state, undef, $context) = split /\|/, $session->query('SELECT * FROM raised('
		  . literal("SELECT ddb_delete(to_jsonb(keys('$pk', numbers(1, 30))))") . ')');
	is($state, '42501', 'a delete that is refused');
	is(join(' ', outcome_in($context)), '30 25 5 0', 'says so too');
	is(count_stored($pk), 5, 'five are left');
	$session->query('RESET atomic_dynamodb.max_connections');

	$server->reset;
	$server->script({ delay_ms => 100 }, { reply => $denied });
	is(($session->query_error("SELECT * FROM ddb_get_many(keys('get', numbers(1, 300)))"))[0], '42501', 'a read that is refused');
	$server->reset;
	is($session->query("SELECT count(*) FROM ddb_get_many(keys('get', numbers(1, 300)))"), 300, 'the session goes on');
	return;
}

sub test_members
{
	my $pk = new_partition();
	is($session->query("SELECT ddb_set('[{\"pk\": \"$pk\", \"sk\": \"number\", \"data\": 1, \"ttl\": 1893456000},
		{\"pk\": \"$pk\", \"sk\": \"fraction\", \"data\": 1, \"ttl\": 1893456000.9},
		{\"pk\": \"$pk\", \"sk\": \"text\", \"data\": 1, \"ttl\": \"2030-01-01 00:00:00+00\"},
		{\"pk\": \"$pk\", \"sk\": \"none\", \"data\": null, \"ttl\": null}]')"), 4, 'items with a ttl');
	my %ttl = map { $_->{sk}{S} => $_->{ttl} && $_->{ttl}{N} } @{ ddb_raw('Query', { TableName => $table,
				KeyConditionExpression => 'pk = :p', ExpressionAttributeValues => { ':p' => { S => $pk } } })->{Items} };
	is_deeply(\%ttl, { number => '1893456000', fraction => '1893456000', text => '1893456000', none => undef }, 'as stored');
	is($session->query("SELECT string_agg(extract(epoch FROM ttl)::text, ' ') FROM ddb_query('$pk')"),
		join(' ', ('1893456000.000000') x 3), 'as read');
	return;
}

sub test_refusals
{
	my @cases = (
		[ "ddb_set('1'::jsonb)", '22023', qr/"items" must be a JSON array/ ],
		[ "ddb_set('[1]'::jsonb)", '22023', qr/element 1 of argument "items" is not an object/ ],
		[ "ddb_set(NULL::jsonb)", '22004', qr/"items" must not be null/ ],
		[ "ddb_set('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1},{\"pk\":\"a\",\"sk\":\"b\"}]'::jsonb)", '22023', qr/element 2 .* has no "data"/ ],
		[ "ddb_set('[{\"sk\":\"b\",\"data\":1}]'::jsonb)", '22023', qr/element 1 .* has no "pk"/ ],
		[ "ddb_set('[{\"pk\":1,\"sk\":\"b\",\"data\":1}]'::jsonb)", '22023', qr/element 1 .* not a string/ ],
		[ "ddb_set('[{\"pk\":\"\",\"sk\":\"b\",\"data\":1}]'::jsonb)", '22023', qr/element 1 .* empty "pk"/ ],
		[ "ddb_set('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1,\"x\":1}]'::jsonb)", '22023', qr/element 1 .* unknown member "x"/ ],
		[ "ddb_set('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1,\"ttl\":true}]'::jsonb)", '22023', qr/element 1 .* "ttl"/ ],
		[ "ddb_delete('[{\"pk\":\"a\"}]'::jsonb)", '22023', qr/element 1 of argument "keys" has no "sk"/ ],
		[ "ddb_delete('[{\"pk\":\"a\",\"sk\":\"b\",\"data\":1}]'::jsonb)", '22023', qr/element 1 .* unknown member "data"/ ],
		[ "ddb_delete(NULL::jsonb)", '22004', qr/"keys" must not be null/ ],
		[ "ddb_get_many('[[]]'::jsonb)", '22023', qr/element 1 of argument "keys" is not an object/ ],
		[ "ddb_get_many(ARRAY[NULL]::ddb_key[])", '22004', qr/element 1 of argument "keys" must not be null/ ],
		[ "ddb_get_many(ARRAY[('a', 'b'), ('a', NULL)]::ddb_key[])", '22004', qr/"sk" in element 2 .* must not be null/ ],
		[ "ddb_get_many(ARRAY[('a', '')]::ddb_key[])", '22023', qr/element 1 .* empty "sk"/ ]);
	for my $case (@cases)
	{
		my ($call, $state, $message) = @$case;
		$server->reset;
		my @error = $session->query_error("SELECT $call");
		is("$error[0], " . $server->count . ' sent', "$state, 0 sent", $call);
		like($error[1], $message, 'message');
	}
	is(($session->query_error("SELECT ddb_set(items('p', 1, 2), 'nosuchtable')"))[0], '42P01', 'no such table');
	for my $call ("ddb_set(items('p', 1, 2))", "ddb_delete('[]'::jsonb)")
	{
		$session->query('BEGIN READ ONLY');
		is(($session->query_error("SELECT $call"))[0], '25006', "read-only: $call");
		$session->query('ROLLBACK');
	}
	return;
}
