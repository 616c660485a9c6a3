# Batches on tables of any key, and the aggregates that write the rows of a
# query: keys told apart as DynamoDB does, groups, errors, pace, memory.

use strict;
use warnings;
use utf8;

use AddbTest;
use Test::More;
use Time::HiRes qw(time);

need_endpoint();
make_database();

my $server = fault_server(upstream => 1);
my $session = session(set => $server->settings);
my $denied = { status => 400, body => {
		__type => 'com.amazon.coral.service#AccessDeniedException', Message => 'User is not authorized' } };

$session->query(<<'SQL');
-- What a statement raises: SQLSTATE, message, context.
CREATE FUNCTION raised(statement text, OUT state text, OUT message text, OUT context text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS OR query_canceled THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		context = PG_EXCEPTION_CONTEXT;
	context := replace(context, E'\n', '; ');
END $$;
SQL

test_number_keys();
test_number_values();
test_binary_keys();
test_strings();
test_order();
test_schema();
test_many_rows();
test_groups();
test_sites();
test_unprocessed();
test_errors();
test_abandoned();
test_malformed_answers();
test_cancel();
test_bad_rows();
test_pace();
test_progress();
test_slow_sources();
test_reads();
test_memory();
test_encodings();
done_testing();

# tools

# Creates a table with these key attributes, "name" => type, and returns its
# name.
sub keyed_table
{
	my (@key) = @_;

	my $name = unique_name();
	my (@schema, @types);
	while (my ($attribute, $type) = splice @key, 0, 2)
	{
		push @schema, { AttributeName => $attribute, KeyType => @schema ? 'RANGE' : 'HASH' };
		push @types, { AttributeName => $attribute, AttributeType => $type };
	}
	ddb_raw('CreateTable', { TableName => $name, BillingMode => 'PAY_PER_REQUEST',
			KeySchema => \@schema, AttributeDefinitions => \@types });
	return $name;
}

# All items of a table past the extension, ordered by their JSON.
sub stored
{
	my ($table) = @_;

	my ($start, @items);
	do
	{
		my $page = ddb_raw('Scan', { TableName => $table, ConsistentRead => JSON::PP::true,
				$start ? (ExclusiveStartKey => $start) : () });
		push @items, @{ $page->{Items} };
		$start = $page->{LastEvaluatedKey};
	} while $start;
	return sort map { to_json($_) } @items;
}

sub count_stored
{
	my @items = stored($_[0]);
	return scalar @items;
}

# The sizes of the batches sent since the last reset.
sub batch_sizes
{
	my ($table) = @_;

	return join ' ', map {
		utf8::encode(my $body = $_->{body});
		my $request = from_json($body)->{RequestItems}{$table};
		scalar @{ ref $request eq 'ARRAY' ? $request : $request->{Keys} }
	} grep { $_->{operation} =~ /^Batch/ } $server->log;
}

# Runs SQL with the table's schema known and the server's script set.
sub run_with
{
	my ($script, $query) = @_;

	$server->reset;
	$server->script(@$script);
	return $session->query($query);
}

sub puts
{
	my ($table, @items) = @_;
	return "ddb_batch_write('$table', '[" . join(', ', map { "{\"put\": $_}" } @items) . "]')";
}

# Items given, written, not written and of unknown outcome by the context of
# the error that a statement raises; the state and the message come first.
sub outcome_of
{
	my ($table, $statement) = @_;

	my ($state, $message, $context) = split /\|/,
	  $session->query('SELECT * FROM raised(' . literal($statement) . ')');
	my @counts = $context =~ /(?:^|; )batch write to DynamoDB table "\Q$table\E": (\d+) items given so far: (\d+) written, (\d+) not written, (\d+) of unknown outcome(?:; |$)/;
	return ($state, $message, join ' ', @counts);
}

sub test_number_keys
{
	my $table = keyed_table(id => 'N');
	my @same = qw(1 1.0 1e0 0.10e1 1.000000000000000000 10e-1);
	$server->reset;
	is($session->query('SELECT ' . puts($table, map { "{\"id\": $same[$_], \"n\": $_}" } 0 .. $#same)), 6,
		'one number, written in six ways: all counted');
	is(batch_sizes($table), '1', 'is one key');
	is(join(' ', stored($table)), '{"id":{"N":"1"},"n":{"N":"5"}}', 'the last wins');

	$server->reset;
	is($session->query("SELECT string_agg(i ->> 'n', ' ') FROM ddb_batch_get('$table', '[" . join(',', map { "{\"id\": $_}" } @same) . "]') AS i"),
		join(' ', (5) x 6), 'read in six ways');
	is(batch_sizes($table), '1', 'it is asked for once');

	# another spelling of a key that is under way, and of one left unprocessed
	my $fill = join ', ', map { "{\"put\": {\"id\": $_}}" } 100 .. 123;
	run_with([ { match => 'BatchWriteItem', delay_ms => 400 } ],
		"SELECT ddb_batch_write('$table', '[{\"put\": {\"id\": 2, \"n\": 1}}, $fill, {\"put\": {\"id\": 300}}, {\"put\": {\"id\": 2.00, \"n\": 2}}]')");
	is((grep { /^\{"id":\{"N":"2"\}/ } stored($table))[0], '{"id":{"N":"2"},"n":{"N":"2"}}',
		'a key that is under way in another spelling: the last wins');
	my @times = map { $_->{time} } $server->log('BatchWriteItem');
	cmp_ok($times[1] - $times[0], '>', 0.3, 'for the second batch waited');

	run_with([ { match => 'BatchWriteItem', unprocessed => 3 } ],
		"SELECT ddb_batch_write('$table', '[" . join(', ', map { "{\"put\": {\"id\": $_.0, \"n\": 7}}" } 1000 .. 1004) . "]')");
	is(batch_sizes($table), '5 3', 'what is left unprocessed is recognised in the spelling of DynamoDB');
	is(scalar(grep { /"n":\{"N":"7"\}/ } stored($table)), 5, 'and written');

	is($session->query("SELECT ddb_batch_write('$table', '[{\"put\": {\"id\": 1.0}}, {\"delete\": {\"id\": 1.00}}, {\"put\": {\"id\": 3}}, {\"delete\": {\"id\": 2e0}}]')"), 4, 'deletes');
	is(scalar(grep { /^\{"id":\{"N":"[123]"\}/ } stored($table)), 1, 'know numbers by value too');
	return;
}

# Values that are the same, and values that only look alike.
sub test_number_values
{
	my $table = keyed_table(id => 'N');
	my @groups = (
		[ '0', '0.00', '-0', '0e5' ],
		[ '10', '1e1', '10.0', '0.1e2' ],
		[ '-10', '-1e1' ],
		[ '0.1', '1e-1', '0.10' ],
		[ '0.001', '1e-3' ],
		[ '100000000000000000000000000000000000000', '1e38' ],
		[ '12345678901234567890123456789012345678', '12345678901234567890123456789012345678.0' ],
		[ '1.2345678901234567890123456789012345678' ],
		[ '12.345678901234567890123456789012345678' ],
		[ '1e-130' ], [ '1e-129' ], [ '9.9e125' ], [ '101' ], [ '1001' ], [ '1.01' ], [ '0.0101' ]);
	my @items = map { my $n = $_; map { "{\"id\": $_, \"n\": $n}" } @{ $groups[$n] } } 0 .. $#groups;
	$server->reset;
	$session->query('SELECT ' . puts($table, @items));
	is(batch_sizes($table), scalar @groups, 'as many keys as values');
	is(count_stored($table), scalar @groups, 'and as many items');
	is($session->query("SELECT string_agg(i ->> 'n', ' ') FROM ddb_batch_get('$table', '[" .
				join(',', map { "{\"id\": $_->[-1]}" } @groups) . "]') AS i"),
		join(' ', 0 .. $#groups), 'each found by another spelling');
	return;
}

sub test_binary_keys
{
	my $table = keyed_table(bin => 'B', at => 'N');
	$server->reset;
	is($session->query('SELECT ' . puts($table, '{"bin": {"$b": "AQID"}, "at": 1, "n": 1}',
				'{"bin": {"$b": "AQI="}, "at": 1, "n": 2}', '{"bin": {"$b": "AQIDBA=="}, "at": 1.0, "n": 3}',
				'{"bin": {"$b": "AQID"}, "at": 1.0, "n": 4}', '{"bin": {"$b": "/+8="}, "at": -1, "n": 5}')), 5, 'binary keys');
	is(batch_sizes($table), '4', 'of which two are one');
	is($session->query("SELECT string_agg(i ->> 'n', ' ') FROM ddb_batch_get('$table', '[{\"at\": -1, \"bin\": {\"\$b\": \"/+8=\"}},
		{\"bin\": {\"\$b\": \"AQIDBA==\"}, \"at\": 1}, {\"bin\": {\"\$b\": \"AQI=\"}, \"at\": 1}, {\"bin\": {\"\$b\": \"AQID\"}, \"at\": 1}]') AS i"),
		'5 3 2 4', 'found, in request order');
	is($session->query("SELECT ddb_delete_agg('$table', i - 'n') FROM ddb_batch_get('$table', '[{\"bin\": {\"\$b\": \"AQI=\"}, \"at\": 1}, {\"at\": -1, \"bin\": {\"\$b\": \"/+8=\"}}]') AS i"), 2, 'deleted by the keys read');
	is(count_stored($table), 2, 'gone');

	my @bad = (
		[ '{"bin": "AQID", "at": 1}', '22023', '"bin" of argument "item" must be binary, {"$b": "base64"}' ],
		[ '{"bin": {"$b": ""}, "at": 1}', '22023', 'argument "item" must not have an empty "bin"' ],
		[ '{"bin": {"$b": "AQID"}, "at": "1"}', '22023', '"at" of argument "item" must be a number' ],
		[ '{"bin": {"$b": "AQID"}}', '22023', 'argument "item" has no "at"' ],
		[ '{"bin": {"$bs": ["AQID"]}, "at": 1}', '22023', '"bin" of argument "item" must be binary, {"$b": "base64"}' ],
		[ '{"bin": {"$b": "' . 'A' x 2732 . '"}, "at": 1}', '54000', '"bin" of argument "item" is too long' ]);
	for my $case (@bad)
	{
		my ($item, $state, $message) = @$case;
		$server->reset;
		my @error = $session->query_error("SELECT ddb_put_agg('$table', '$item')");
		is("$error[0]: $error[1]", "$state: $message", 'refused: ' . substr $item, 0, 60);
		is($server->count('BatchWriteItem'), 0, 'nothing sent');
	}
	is($session->query("SELECT ddb_put_agg('$table', '{\"bin\": {\"\$b\": \"" . 'A' x 2728 . "AAA=\"}, \"at\": 1}')"), 1, 'a key of 2048 bytes');
	return;
}

# A table without sort key, whose key has a name that JSON escapes.
sub test_strings
{
	my $table = keyed_table("k\"\\é" => 'S');
	my $name = 'k\\"\\\\é';
	$server->reset;
	is($session->query('SELECT ' . puts($table, map { "{\"$name\": $_}" }
				'"a"', '"A"', '"ä"', '"a\u0308"', '"a\"b"', '"a\\\\b"', '"\t"', '{"$s": "a\\\\u0000b"}', '"😀"', '"\ud83d\ude00"')),
		10, 'strings that look alike');
	is(batch_sizes($table), '9', 'are keys by their bytes');
	is($session->query("SELECT count(*) FROM ddb_batch_get('$table', '[{\"$name\": \"a\\\"b\"}, {\"$name\": {\"\$s\": \"a\\\\u0000b\"}}, {\"$name\": \"\\t\"}, {\"$name\": \"none\"}]')"), 3, 'found');
	is($session->query("SELECT ddb_delete_agg('$table', i) FROM ddb_batch_get('$table', '[{\"$name\": \"a\\\\b\"}, {\"$name\": \"😀\"}]') AS i"), 2, 'a key alone is an item, and a key again');
	is(count_stored($table), 7, 'gone');
	my @error = $session->query_error("SELECT ddb_delete_agg('$table', '{\"$name\": \"a\", \"x\": 1}')");
	is("$error[0]: $error[1]", '22023: argument "key" has a member "x", which is not part of the key', 'a key has no more members');
	return;
}

# Puts and deletes of few keys in many batches, under delays, as if in order.
sub test_order
{
	my $table = keyed_table(id => 'N');
	srand 36;
	my (@requests, %expected);
	for my $n (1 .. 600)
	{
		my $id = 1 + int rand 60;
		my $spelled = $id . ('', '.0', '.00')[ rand 3 ];
		if (rand() < 0.3)
		{
			push @requests, "{\"delete\": {\"id\": $spelled}}";
			delete $expected{$id};
		}
		else
		{
			push @requests, "{\"put\": {\"id\": $spelled, \"n\": $n}}";
			$expected{$id} = $n;
		}
	}
	run_with([ map { { match => 'BatchWriteItem', ($_ % 3 ? (delay_ms => 20 * ($_ % 5)) : (unprocessed => 1 + $_ % 7)) } } 1 .. 40 ],
		"SELECT ddb_batch_write('$table', '[" . join(', ', @requests) . "]')");
	is_deeply({ map { my $i = from_json($_); $i->{id}{N} => $i->{n}{N} } stored($table) }, \%expected,
		'600 puts and deletes of 60 keys end as if in order');
	return;
}

# The key schema is asked for by every statement: a wrong one would lose items.
sub test_schema
{
	my $table = keyed_table(id => 'N');
	$server->reset;
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 1}'); SELECT ddb_batch_write('$table', '{\"put\": {\"id\": 2}}');
		SELECT count(*) FROM ddb_batch_get('$table', '{\"id\": 1}')");
	is($server->count('DescribeTable'), 3, 'each statement asks for the schema');
	$server->reset;
	$session->query("DO \$\$ BEGIN PERFORM ddb_batch_write('$table', '{\"put\": {\"id\": 1}}') FROM generate_series(1, 3);
		PERFORM ddb_put_agg('$table', '{\"id\": 1}'); END \$\$");
	is($server->count('DescribeTable'), 1, 'once, whatever it calls');
	$server->reset;
	$session->query("SELECT ddb_set_agg('a', 'b', '1', NULL, '" . make_table() . "')");
	is($server->count('DescribeTable'), 0, 'the layout of atomic-dynamodb is known');

	ddb_raw('DeleteTable', { TableName => $table });
	ddb_raw('CreateTable', { TableName => $table, BillingMode => 'PAY_PER_REQUEST',
			KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ] });
	my @error = $session->query_error("SELECT ddb_put_agg('$table', '{\"id\": 1}')");
	is($error[0], '22023', 'another table of the same name refuses the old key');
	is($session->query("SELECT ddb_put_agg('$table', '{\"id\": \"1\"}')"), 1, 'and takes its own');

	# two items of the new table would be one of the old
	for my $name ($table, "arn:aws:dynamodb:ddblocal:000000000000:table/$table")
	{
		$session->query("SELECT ddb_put_agg('$name', '{\"id\": \"1\"}')");
		ddb_raw('DeleteTable', { TableName => $table });
		ddb_raw('CreateTable', { TableName => $table, BillingMode => 'PAY_PER_REQUEST',
				KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' }, { AttributeName => 'n', KeyType => 'RANGE' } ],
				AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' }, { AttributeName => 'n', AttributeType => 'N' } ] });
		is($session->query("SELECT ddb_put_agg('$name', jsonb_build_object('id', '1', 'n', n)) FROM generate_series(1, 100) AS n"), 100, 'a sort key that is new');
		is(count_stored($table), 100, 'tells items apart');
		ddb_raw('DeleteTable', { TableName => $table });
		ddb_raw('CreateTable', { TableName => $table, BillingMode => 'PAY_PER_REQUEST',
				KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
				AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ] });
	}

	$server->reset;
	$server->script({ match => 'DescribeTable', reply => $denied });
	my $other = keyed_table(id => 'S');
	is(($session->query_error("SELECT ddb_put_agg('$other', '{\"id\": \"1\"}')"))[0], '42501', 'a schema that may not be seen is an error');
	is($session->query("SELECT ddb_put_agg('$other', '{\"id\": \"1\"}')"), 1, 'that is not remembered');
	return;
}

sub test_many_rows
{
	my $table = keyed_table(id => 'N');
	$server->reset;
	is($session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n, 'text', md5(n::text))) FROM generate_series(1, 10000) AS n"), 10000, '10,000 rows');
	is($server->count('BatchWriteItem'), 400, 'in 400 batches');
	is(count_stored($table), 10000, 'all there');
	is(join('|', grep { !/^8$|^[1-7]$/ } $server->counts->{connections}), '', 'over max_connections connections at most');
	$session->query("SELECT ddb_put_agg('$table', i) FROM ddb_batch_get('$table', (SELECT jsonb_agg(jsonb_build_object('id', n)) FROM generate_series(1, 10000) AS n)) AS i");
	is($session->query('SELECT items_read, items_written FROM ddb_last_response()'), '10000|10000', 'read and written back, and counted');
	is($session->query("SELECT ddb_delete_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 9990) AS n"), 9990, 'deleted');
	is(count_stored($table), 10, 'but ten');
	return;
}

sub test_groups
{
	my $table = keyed_table(g => 'N', id => 'N');
	my $rows = "(SELECT n % 1000 AS g, n FROM generate_series(1, 5000) AS n) AS r";
	for my $hash ('on', 'off')
	{
		# sorted groups end one by one, and each waits for what it has pushed
		my $limit = $hash eq 'on' ? '' : 'WHERE g < 20';
		$session->query("SET enable_hashagg = $hash; SET enable_sort = " . ($hash eq 'on' ? 'off' : 'on'));
		$server->reset;
		is($session->query("SELECT count(*), min(c), max(c), sum(c) FROM (SELECT g, ddb_put_agg('$table', to_jsonb(r) - 'n' || jsonb_build_object('id', n)) AS c FROM $rows $limit GROUP BY g) AS s"),
			$hash eq 'on' ? '1000|5|5|5000' : '20|5|5|100', "groups, enable_hashagg = $hash");
		is($server->count('BatchWriteItem'), $hash eq 'on' ? 200 : 20, 'batches');
		cmp_ok($server->counts->{connections}, '<=', 8, 'all groups share the connections');
		is(count_stored($table), 5000, 'all there');
	}
	$session->query('RESET enable_hashagg; RESET enable_sort');

	# one that spills to disk
	$session->query("SET work_mem = '64kB'; SET hash_mem_multiplier = 1");
	is($session->query("SELECT count(*), sum(c) FROM (SELECT n, ddb_delete_agg('$table', jsonb_build_object('g', g, 'id', n)) AS c FROM $rows GROUP BY n) AS s"),
		'5000|5000', 'more groups than memory holds');
	$session->query('RESET work_mem; RESET hash_mem_multiplier');
	is(count_stored($table), 0, 'all gone');
	return;
}

# Several aggregates in a query, and one that is run again and again.
sub test_sites
{
	my ($one, $two) = (keyed_table(id => 'N'), keyed_table(id => 'N'));
	is($session->query("SELECT ddb_put_agg('$one', jsonb_build_object('id', n)), ddb_put_agg('$two', jsonb_build_object('id', -n)) FILTER (WHERE n % 2 = 0) FROM generate_series(1, 100) AS n"),
		'100|50', 'two tables in one query');
	is(count_stored($one) . ' ' . count_stored($two), '100 50', 'each has its own');
	is($session->query("SELECT sum(c), count(*) FROM generate_series(1, 30) AS g, LATERAL (SELECT ddb_delete_agg('$one', jsonb_build_object('id', n)) AS c FROM generate_series(g, g + 2) AS n OFFSET 0) AS s"),
		'90|30', 'an aggregate for each row of another query');
	is(count_stored($one), 68, 'gone');
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT n % 2, ddb_put_agg('$one', jsonb_build_object('id', n)) FROM generate_series(1, 100) AS n GROUP BY 1");
	$session->query('FETCH 1 FROM c');
	is(count_stored($one), 100, 'a group that is fetched is written');
	$session->query('CLOSE c; COMMIT');
	return;
}

sub test_unprocessed
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 0}')");
	is(run_with([ { repeat => 30, match => 'BatchWriteItem', unprocessed => 7 } ],
			"SELECT ddb_put_agg('$table', jsonb_build_object('id', n / 10.0)) FROM generate_series(1, 500) AS n"), 500,
		'rows of which each batch leaves some unprocessed');
	is(count_stored($table), 501, 'all there');

	# an answer that leaves what was not asked for
	my $stranger = { UnprocessedItems => { $table => [ { PutRequest => { Item => { id => { N => '77777' } } } } ] } };
	run_with([ { match => 'BatchWriteItem', reply => { body => $stranger } } ], 'SELECT 1');
	my ($state, undef, $counts) = outcome_of($table, "SELECT ddb_put_agg('$table', '{\"id\": 5}')");
	is("$state $counts", '08007 1 0 0 1', 'an answer that leaves what was not asked for is none');
	return;
}

sub test_errors
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 0}')");
	my $statement = "SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 100) AS n";

	run_with([ { match => 'BatchWriteItem', delay_ms => 200 }, { delay_ms => 100 }, { delay_ms => 150, reply => $denied }, { delay_ms => 300 } ], 'SELECT 1');
	my ($state, undef, $counts) = outcome_of($table, $statement);
	is("$state $counts", '42501 100 75 25 0', 'one of four batches is refused, the others are waited for');
	is(count_stored($table), 76, 'as it says');

	run_with([ { delay_ms => 100 }, { hang => 1 }, { delay_ms => 200, unprocessed => 5 }, { delay_ms => 50 } ],
		"SET atomic_dynamodb.request_timeout = '1s'; SET atomic_dynamodb.max_attempts = 1");
	($state, undef, $counts) = outcome_of($table, $statement =~ s/\(1, 100\)/(101, 200)/r);
	is("$state $counts", '08007 100 75 0 25', 'a batch without an answer is of unknown outcome')
	  if $server->count('BatchWriteItem') > 4;
	$session->query('RESET atomic_dynamodb.request_timeout; RESET atomic_dynamodb.max_attempts');

	# 30 items given for 26 keys: those that were replaced share the fate of the last
	run_with([ { match => 'BatchWriteItem' }, { reply => $denied } ], 'SET atomic_dynamodb.max_connections = 1');
	($state, undef, $counts) = outcome_of($table, "SELECT ddb_put_agg('$table', jsonb_build_object('id', 1000 + greatest(n, 5))) FROM generate_series(1, 30) AS n");
	is("$state $counts", '42501 30 29 1 0', 'items that were replaced are counted with those in their place');
	$session->query('RESET atomic_dynamodb.max_connections');

	# the configuration breaks on the way, as when credentials expire
	run_with([ { repeat => -1, match => 'BatchWriteItem', delay_ms => 100 } ], 'SELECT 1');
	($state, undef, $counts) = outcome_of($table, "SELECT ddb_put_agg('$table', jsonb_build_object('id', 2000 + n,
		'x', CASE WHEN n = 120 THEN set_config('atomic_dynamodb.access_key_id', '', false) END)) FROM generate_series(1, 300) AS n");
	is("$state $counts", '28000 125 100 25 0', 'what was sent before is waited for');
	$session->query('RESET atomic_dynamodb.access_key_id');
	$server->reset;
	is($session->query($statement), 100, 'the session goes on');
	return;
}

# A write is open until its answer is understood.
# An error that the query raises, not the load: a warning tells what was done.
sub test_abandoned
{
	my $table = keyed_table(id => 'N');
	my @error = $session->query_error("SELECT ddb_put_agg('$table', jsonb_build_object('id', n, 'q', 1000 / (300 - n))) FROM generate_series(1, 1000) AS n");
	is($error[0], '22012', 'a division by zero in the query');
	my ($given, $written, $not, $open) = $session->stderr =~
	  /WARNING:  \w+: batch write to DynamoDB table "\Q$table\E" was broken off: (\d+) items given: (\d+) written, (\d+) not written, (\d+) of unknown outcome/;
	is($given, 299, 'a warning tells how many items were given') or diag($session->stderr);
	is($written + $not + $open, 299, 'and what became of them');
	select undef, undef, undef, 0.5;
	my $stored = count_stored($table);
	ok($written <= $stored && $stored <= $written + $open, "$stored are stored: $written written, $open unknown");

	$session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 100) AS n");
	unlike($session->stderr, qr/broken off/, 'a load that ends has no warning');
	@error = $session->query_error("SELECT ddb_put_agg('$table', CASE WHEN n < 60 THEN jsonb_build_object('id', n) ELSE '{}' END) FROM generate_series(1, 100) AS n");
	is($error[0], '22023', 'a wrong item');
	unlike($session->stderr, qr/broken off/, 'is told of once');
	my (undef, undef, $context) = split /\|/, $session->query(
		"SELECT * FROM raised(\$q\$SELECT ddb_put_agg('$table', CASE WHEN n < 60 THEN jsonb_build_object('id', n) ELSE '{}' END) FROM generate_series(1, 100) AS n\$q\$)");
	like($context, qr/; item 60 of the batch write/, 'by its place');
	(undef, undef, $context) = split /\|/, $session->query(
		"SELECT * FROM raised(\$q\$SELECT ddb_put_agg('$table', CASE WHEN n <> 60 THEN jsonb_build_object('id', n) ELSE '{\"id\": 60, \"s\": {\"\$ss\": []}}' END) FROM generate_series(1, 100) AS n\$q\$)");
	like($context, qr/; items 51 to 75 of the batch write/, 'one that DynamoDB refuses, by its batch');
	return;
}

sub test_malformed_answers
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 0}')");
	for my $body ('{"UnprocessedItems":[]}', '{"UnprocessedItems":{"t":[{}]}}', '{"UnprocessedItems":{"t":{}}}',
		'{"ConsumedCapacity":1}', '{"x":}', '{"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":1}}}]}}')
	{
		run_with([ { match => 'BatchWriteItem', delay_ms => 100 }, { reply => { body => $body } } ], 'SELECT 1');
		my ($state, undef, $counts) = outcome_of($table, "SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 50) AS n");
		is("$state $counts", '08007 50 25 0 25', "an answer of $body");
	}
	return;
}

sub test_cancel
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 0}')");
	run_with([ { match => 'BatchWriteItem' }, { hang => 1, repeat => -1 } ], 'SET atomic_dynamodb.max_connections = 2');
	$session->send('SELECT * FROM raised(' . literal("SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 1000) AS n") . ')');
	# with that for the key: the third batch goes out when the first is written
	ok($server->wait_for_requests(4), 'two batches hang');
	$session->cancel;
	my ($state, undef, $context) = split /\|/, $session->finish;
	is($state, '57014', 'cancelled');
	cmp_ok($session->elapsed, '<', 20, 'at once');
	like($context, qr/"\Q$table\E": \d+ items given so far: 25 written, \d+ not written, 50 of unknown outcome/, 'what is in flight is of unknown outcome');
	$session->query('RESET atomic_dynamodb.max_connections');
	$server->reset;
	is($session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 100) AS n"), 100, 'the session goes on');
	return;
}

# A row that cannot be written ends the load when the others are settled.
sub test_bad_rows
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": -1}')");
	my %bad = (
		"'{\"id\": \"x\"}'" => '22023', 'NULL' => '22004', "jsonb_build_object('id', 0, 'x', repeat('x', 410000))" => '54000',
		"'{\"id\": 0, \"x\": {\"\$ns\": [\"a\"]}}'" => '22023');
	for my $row (sort keys %bad)
	{
		my $before = count_stored($table);
		run_with([ { repeat => -1, delay_ms => 100 } ], 'SELECT 1');
		my ($state, undef, $counts) = outcome_of($table,
			"SELECT ddb_put_agg('$table', CASE WHEN n < 140 THEN jsonb_build_object('id', n + 1000 * $before) ELSE $row END) FROM generate_series(1, 200) AS n");
		is("$state $counts", "$bad{$row} 139 125 14 0", "a bad row: $row");
		is(count_stored($table), $before + 125, 'as it says');
	}
	$server->reset;
	return;
}

sub test_pace
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 0}')");
	my $load = "SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 500) AS n";
	$server->reset;
	$session->query($load);
	is($session->query('SELECT write_units FROM ddb_last_response()'), 500, 'DynamoDB tells what was consumed');

	$session->query('SET atomic_dynamodb.max_connections = 2; SET atomic_dynamodb.max_write_units = 200');
	my $start = time;
	$server->reset;
	is($session->query($load), 500, 'under a ceiling');
	my $seconds = time - $start;
	cmp_ok($seconds, '>', 1.5, sprintf '500 units at 200 a second take %.1f s', $seconds);
	my @times = sort { $a <=> $b } map { $_->{time} } $server->log('BatchWriteItem');
	cmp_ok($times[10] - $times[0], '>', 0.5, 'the pauses are spread over the job');

	# what is not sent yet is not of unknown outcome
	$session->query('SET atomic_dynamodb.max_write_units = 10');
	$session->send('SELECT * FROM raised(' . literal($load) . ')');
	select undef, undef, undef, 1;
	$session->cancel;
	my ($state, undef, $context) = split /\|/, $session->finish;
	is($state, '57014', 'a paced job can be cancelled');
	like($context, qr/, 0 of unknown outcome/, 'and knows what it has not sent');
	$session->query('RESET atomic_dynamodb.max_connections; RESET atomic_dynamodb.max_write_units');

	$session->query('SET atomic_dynamodb.max_read_units = 50; SET atomic_dynamodb.max_connections = 1');
	$start = time;
	is($session->query("SELECT count(*) FROM ddb_batch_get('$table', (SELECT jsonb_agg(jsonb_build_object('id', n)) FROM generate_series(1, 500) AS n))"), 500, 'reads too');
	cmp_ok(time - $start, '>', 2, 'have a pace');
	$session->query('RESET atomic_dynamodb.max_read_units; RESET atomic_dynamodb.max_connections');
	return;
}

sub test_progress
{
	my $table = keyed_table(id => 'N');
	$session->query("SET atomic_dynamodb.progress = '100ms'");
	run_with([ { repeat => -1, match => 'BatchWriteItem', delay_ms => 60 } ], "SET atomic_dynamodb.max_connections = 1");
	$session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 500) AS n");
	my @notices = $session->stderr =~ /NOTICE:  (?:00000: )?DynamoDB batch write on table "\Q$table\E": (\d+ items, \d+ batches), [\d.]+ MB in/g;
	cmp_ok(scalar @notices, '>=', 3, 'notices of progress');
	is(scalar(grep { /^(\d+) items, (\d+) b/ && $1 != 25 * $2 } @notices), 0, 'with items and batches') or diag("@notices");
	unlike($session->stderr, qr/given so far/, 'and no context of an error');
	$server->reset;
	$server->script({ repeat => -1, match => 'BatchGetItem', delay_ms => 60 });
	$session->query("SELECT count(*) FROM ddb_batch_get('$table', (SELECT jsonb_agg(jsonb_build_object('id', n)) FROM generate_series(1, 500) AS n))");
	like($session->stderr, qr/DynamoDB batch read on table "\Q$table\E": [2-4]00 items, [2-4] batches/, 'of reads too');
	$session->query('RESET atomic_dynamodb.progress; RESET atomic_dynamodb.max_connections');
	return;
}

# Rows that come, or are consumed, more slowly than a request may take.
sub test_slow_sources
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', '{\"id\": 0}')");
	run_with([ { repeat => -1, match => 'BatchWriteItem', delay_reply_ms => 100 } ],
		"SET atomic_dynamodb.request_timeout = '1s'; SET atomic_dynamodb.max_attempts = 1");
	is($session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n, 'slow', CASE WHEN n % 30 = 0 THEN pg_sleep(1.4)::text END)) FROM generate_series(1, 100) AS n"), 100,
		'rows with pauses longer than a request may take');
	is($session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n, 'slow', pg_sleep(0.02)::text)) FROM generate_series(1, 60) AS n"), 60,
		'rows that trickle in');
	is($server->count('BatchWriteItem') <= 4 + 3 + 3, 1, 'are not sent over and over');
	$server->script({ repeat => -1, match => 'BatchGetItem', delay_reply_ms => 100 });
	is($session->query("SELECT count(*), count(s) FROM (SELECT i, CASE WHEN (i ->> 'id')::int % 100 = 50 THEN pg_sleep(1.4)::text END AS s
		FROM ddb_batch_get('$table', (SELECT jsonb_agg(jsonb_build_object('id', n % 101)) FROM generate_series(0, 400) AS n)) AS i OFFSET 0) AS q"), '401|4',
		'a slow consumer of a batch read');
	$session->query('RESET atomic_dynamodb.request_timeout; RESET atomic_dynamodb.max_attempts');
	return;
}

sub test_reads
{
	my $table = keyed_table(id => 'N');
	$session->query("SELECT ddb_put_agg('$table', jsonb_build_object('id', n)) FROM generate_series(1, 1000) AS n");
	my $keys = "(SELECT jsonb_agg(jsonb_build_object('id', n) ORDER BY n DESC) FROM generate_series(-100, 1000) AS n)";
	$session->query("CREATE TEMP TABLE k AS SELECT $keys AS keys");
	my $read = "k, LATERAL ddb_batch_get('$table', k.keys) AS i";
	$server->reset;
	is($session->query("SELECT count(*), bool_and((i ->> 'id')::int = 1001 - o) FROM k, LATERAL ddb_batch_get('$table', k.keys) WITH ORDINALITY AS q(i, o)"), '1000|t', '1101 keys in request order');
	is($server->count('BatchGetItem'), 12, 'in 12 batches');
	for my $case ([ 1, 2 ], [ 100, 2 ], [ 101, 9 ])
	{
		my ($limit, $most) = @$case;
		$server->reset;
		is($session->query("SELECT count(*) FROM (SELECT i FROM $read LIMIT $limit) AS s"), $limit, "LIMIT $limit");
		select undef, undef, undef, 0.1;
		cmp_ok($server->count('BatchGetItem'), '<=', $most, "costs $most batches at most");
	}
	run_with([ { match => 'BatchGetItem' }, { unprocessed => 40, repeat => 6 } ], 'SELECT 1');
	is($session->query("SELECT string_agg(i ->> 'id', ' ') FROM $read"), join(' ', reverse 1 .. 1000), 'with keys left unprocessed');
	$server->reset;
	is($session->query("SELECT count(*) FROM ddb_batch_get('$table', '[{\"id\": 5}]', consistent => true)"), 1, 'consistent');
	like(($server->log('BatchGetItem'))[0]{body}, qr/"ConsistentRead":true/, 'is what is asked for');
	run_with([ { match => 'BatchGetItem', reply => { body => { Responses => { $table => [ { id => { N => '4' } } ] }, UnprocessedKeys => {} } } } ], 'SELECT 1');
	is(($session->query_error("SELECT ddb_batch_get('$table', '{\"id\": 5}')"))[0], '08P01', 'an item that was not asked for');
	return;
}

# What /proc says of a backend, in kB.
sub memory
{
	my ($pid, $field) = @_;

	open my $file, '<', "/proc/$pid/status" or return;
	my ($kb) = map { /^\Q$field\E:\s+(\d+) kB/ ? $1 : () } <$file>;
	return $kb;
}

# Runs SQL in a new backend; returns by how many kB that grew beyond what it had
# after a small load.
sub growth
{
	my ($table, $query, %set) = @_;

	my $fresh = session(set => { 'atomic_dynamodb.table' => $table, %set });
	$fresh->query("SELECT ddb_set_agg('small', n::text, '1') FROM generate_series(1, 10) AS n");
	open my $reset, '>', '/proc/' . $fresh->pid . '/clear_refs' or return;
	syswrite $reset, '5' or return;
	my $before = memory($fresh->pid, 'VmRSS');
	$fresh->query($query);
	return memory($fresh->pid, 'VmHWM') - $before;
}

sub test_memory
{
	my $table = make_table();
	defined growth($table, 'SELECT 1') or return diag('no look at the memory of a backend');
	my $load = sub { my ($rows, $size) = @_; "SELECT ddb_set_agg('big', n::text, to_jsonb(repeat(md5(n::text), $size / 32))) FROM generate_series(1, $rows) AS n" };

	my ($few, $many) = map { growth($table, $load->($_, 400)) } 2000, 12000;
	cmp_ok($many, '<', 8 * 1024, "12,000 rows of 400 B: the backend grows by $many kB");
	cmp_ok($many, '<', $few + 2048, "which 2,000 rows do as well: $few kB");
	my $wide = growth($table, $load->(300, 100_000));
	cmp_ok($wide, '<', 32 * 1024, "300 rows of 100 kB: $wide kB");
	$wide = growth($table, $load->(300, 100_000), 'atomic_dynamodb.max_connections' => 64);
	cmp_ok($wide, '<', 96 * 1024, "the same with 64 connections: $wide kB");
	my $groups = growth($table, "SELECT count(*) FROM (SELECT n, ddb_set_agg('g', n::text, '1') FROM generate_series(1, 5000) AS n GROUP BY n) AS s");
	cmp_ok($groups, '<', 16 * 1024, "5,000 groups: $groups kB");
	return;
}

# Keys in a database that is not in UTF-8.
sub test_encodings
{
	make_database(with => "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
	my $table = keyed_table('schlüssel' => 'S');
	my $latin = session(set => $server->settings);
	$latin->query("SET client_encoding = 'UTF8'");
	$server->reset;
	is($latin->query("SELECT ddb_batch_write('$table', '[{\"put\": {\"schlüssel\": \"ä\", \"n\": 1}}, {\"put\": {\"schlüssel\": \"ö\", \"n\": 2}}, {\"put\": {\"schlüssel\": \"\\u00e4\", \"n\": 3}}]')"), 3, 'LATIN1');
	is(batch_sizes($table), '2', 'two keys');
	is($latin->query("SELECT string_agg(i ->> 'n', ' ') FROM ddb_batch_get('$table', '[{\"schlüssel\": \"ö\"}, {\"schlüssel\": \"ä\"}]') AS i"), '2 3', 'found');
	my @error = $latin->query_error("SELECT ddb_put_agg('$table', '{\"n\": 1}')");
	is($error[1], 'argument "item" has no "schlüssel"', 'named in messages');

	# what LATIN1 lacks: a read names the item, a write says that it was made
	ddb_raw('PutItem', { TableName => $table, Item => { 'schlüssel' => { S => 'e' }, euro => { S => "\x{20ac}" }, n => { N => '1' } } });
	my $context = sub {
		my ($query) = @_;
		$latin->query("\\set SHOW_CONTEXT errors");
		my @error = $latin->query_error($query);
		my ($context) = $latin->stderr =~ /CONTEXT:  (.*?)^LOCATION/ms;
		$latin->query("\\set SHOW_CONTEXT never");
		return ($error[0], $context);
	};
	for my $read ("ddb_get_item('$table', '{\"schlüssel\": \"e\"}')", "ddb_scan('$table')")
	{
		my ($state, $text) = $context->("SELECT * FROM $read");
		is($state, '22P05', 'an item that LATIN1 cannot hold');
		like($text, qr/item \{.*"e".*DynamoDB \w+ on table "\Q$table\E"$/ms, 'is named');
	}
	my ($state, $text) = $context->("SELECT ddb_update_item('$table', '{\"schlüssel\": \"e\"}', 'ADD n :one', '{\"one\": 1}', return_values => 'all_new')");
	is($state, '22P05', 'an update whose answer LATIN1 cannot hold');
	like($text, qr/DynamoDB UpdateItem on table "\Q$table\E": has been carried out/, 'says that it was made');
	($state, $text) = $context->("SELECT ddb_execute('UPDATE \"$table\" SET n = 5 WHERE \"schlüssel\" = ''e'' RETURNING ALL NEW *')");
	like($text, qr/DynamoDB ExecuteStatement: has been carried out/, 'one by PartiQL too');
	@error = $latin->query_error("SELECT ddb_put_item('$table', '{\"schlüssel\": \"e\"}', 'attribute_not_exists(n)')");
	like($error[2], qr/^Stored item: \{.*"S":"\?"/m, 'a stored item is shown as far as it can be');
	$latin->query("SELECT ddb_put_item('$table', '{\"schlüssel\": \"a\", \"n\": 2}', 'attribute_not_exists(n)')");
	return;
}
