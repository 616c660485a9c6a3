# ddb_query and ddb_get_many stream: a statement asks for the pages that it
# needs, and holds no more than two of them. Requests are counted by the session
# and by a server in front of DynamoDB Local.

use strict;
use warnings;

use AddbTest;
use Test::More;

use constant { ITEMS => 2500, ITEM_BYTES => 8192, LIMIT_KB => 16 * 1024 };

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(set => { 'atomic_dynamodb.table' => $table, %{ $server->settings } });

fill();
my $page = ddb_raw('Query', query_of('big'))->{Count};
cmp_ok($page, '>', 100, "a page of the large partition has $page items");
my ($early, $late) = (int($page / 2) - 5, int($page / 2) + 5);

test_limits();
test_lateral();
test_cursors();
test_read_ahead();
test_loops();
test_whole();
test_memory();
test_order_and_prefix();
test_page_size();
test_texts_like_replies();
test_empty_pages();
test_failing_pages();
test_get_many();
test_plans();
test_arguments();
done_testing();

# 20 MB in one partition, and some small ones of 40 items.
sub fill
{
	$session->query('CREATE TABLE part (pk text)');
	$session->query("INSERT INTO part SELECT 'part' || n FROM generate_series(1, 5) AS n");
	$session->query('SELECT ddb_set(jsonb_agg(jsonb_build_object(\'pk\', \'big\', \'sk\', to_char(n, \'FM00000\'),
		\'data\', jsonb_build_object(\'n\', n, \'text\', repeat(md5(n::text), ' . ITEM_BYTES / 32 . '))))) '
		  . 'FROM generate_series(1, ' . ITEMS . ') AS n');
	$session->query("SELECT ddb_set(jsonb_agg(jsonb_build_object('pk', pk, 'sk', kind || '#' || to_char(n, 'FM00'), 'data', n)))
		FROM part, unnest('{left,right}'::text[]) AS kind, generate_series(1, 20) AS n");
	return;
}

sub query_of
{
	my ($pk) = @_;
	return { TableName => $table, KeyConditionExpression => 'pk = :p',
		ExpressionAttributeValues => { ':p' => { S => $pk } }, Select => 'COUNT' };
}

# Runs SQL and returns what it printed; both counts of requests must be so many.
sub costs
{
	my ($requests, $query, $name) = @_;

	$server->reset;
	my $before = $session->query('SELECT requests FROM ddb_session_stats()');
	my $out = $session->query($query);
	my $by_session = $session->query('SELECT requests FROM ddb_session_stats()') - $before;

	# one that was dropped on the way may not have been read yet
	$server->wait_for_requests($requests, 5);
	is("$by_session, " . $server->count, "$requests, $requests", "$name: $requests");
	return $out;
}

sub numbers
{
	my ($from, $to) = @_;
	return join "\n", $from <= $to ? $from .. $to : reverse $to .. $from;
}

sub test_limits
{
	my $n = "data ->> 'n' FROM ddb_query('big')";
	is(costs(1, "SELECT $n LIMIT 10", 'LIMIT 10'), numbers(1, 10), 'the first ten');
	is(costs(1, "SELECT $n LIMIT $early", 'LIMIT below half a page'), numbers(1, $early), 'rows');
	is(costs(2, "SELECT $n LIMIT $late", 'LIMIT above half a page'), numbers(1, $late), 'rows');
	is(costs(1, "SELECT $n LIMIT 3 OFFSET 4", 'OFFSET'), numbers(5, 7), 'rows');
	is(costs(0, "SELECT $n LIMIT 0", 'LIMIT 0'), '', 'no rows');
	is(costs(1, "SELECT count(*) FROM (SELECT * FROM ddb_query('big') LIMIT 10) AS q
			WHERE (data ->> 'n')::int % 2 = 0", 'LIMIT in a subquery, WHERE on top'), 5, 'rows');
	is(costs(1, "SELECT $n WHERE (data ->> 'n')::int % 10 = 0 LIMIT 3", 'LIMIT on top of WHERE'),
		"10\n20\n30", 'rows');
	is(costs(1, "SELECT EXISTS (SELECT FROM ddb_query('big'))", 'EXISTS'), 't', 'true');
	is(costs(1, "SELECT (SELECT sk FROM ddb_query('big') LIMIT 1)", 'a scalar subquery'), '00001', 'row');
	is(costs(1, "WITH q AS (SELECT * FROM ddb_query('big')) SELECT sk FROM q LIMIT 1", 'a CTE'), '00001', 'row');
	is(costs(2, "SELECT sk FROM ddb_query('big') LIMIT 2 \\; SELECT sk FROM ddb_query('big') LIMIT 1",
			'two statements'), "00001\n00002\n00001", 'rows');
	return;
}

sub test_lateral
{
	is(costs(5, "SELECT count(*) FROM part, LATERAL (SELECT sk FROM ddb_query(part.pk, page_size => 10) LIMIT 3) AS q",
			'LATERAL, LIMIT inside, over five partitions'), 15, 'three of each');
	is(costs(1, "SELECT q.pk, q.sk FROM part, LATERAL ddb_query(part.pk, page_size => 20) AS q LIMIT 4",
			'LATERAL, LIMIT outside'), join("\n", map { "part1|left#0$_" } 1 .. 4), 'rows');
	is(costs(1, "SELECT q.sk FROM (SELECT max(pk) AS pk FROM part) AS p, LATERAL ddb_query(p.pk) AS q LIMIT 1",
			'LATERAL over a subquery'), 'left#01', 'row');
	is(costs(5, "SELECT count(*), count(DISTINCT q.pk) FROM part JOIN LATERAL ddb_query(part.pk) AS q ON true",
			'LATERAL, all of it'), '200|5', 'rows');
	return;
}

sub test_cursors
{
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT data ->> 'n' FROM ddb_query('big')");
	is(costs(1, 'FETCH 10 FROM c', 'cursor, FETCH 10'), numbers(1, 10), 'rows');
	is(costs(0, 'FETCH ' . ($early - 10) . ' FROM c', 'FETCH up to half the page'), numbers(11, $early), 'rows');
	is(costs(1, 'FETCH ' . ($page - $early) . ' FROM c', 'FETCH the rest of the page'), numbers($early + 1, $page), 'rows');
	is(costs(1, "SELECT sk FROM ddb_query('part1') LIMIT 1", 'another query in between'), 'left#01', 'row');
	is(costs(0, 'FETCH 10 FROM c', 'FETCH from the second page'), numbers($page + 1, $page + 10), 'rows');
	costs(0, 'CLOSE c', 'CLOSE');
	$session->query('COMMIT');

	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT sk FROM ddb_query('big')");
	costs(1, 'FETCH 10 FROM c', 'FETCH 10');
	costs(0, 'CLOSE c; COMMIT', 'then CLOSE');

	$session->query("BEGIN;
		DECLARE a CURSOR FOR SELECT sk FROM ddb_query('part1', page_size => 3);
		DECLARE b CURSOR FOR SELECT sk FROM ddb_query('part2', page_size => 4, descending => true)");
	my (@a, @b);
	for (1 .. 8)
	{
		push @a, split /\n/, $session->query('FETCH 5 FROM a');
		push @b, split /\n/, $session->query('FETCH 5 FROM b');
	}
	my @all = map { my $kind = $_; map { sprintf "$kind#%02d", $_ } 1 .. 20 } qw(left right);
	is("@a", "@all", 'two cursors side by side: one');
	is("@b", join(' ', reverse @all), 'and the other');
	$session->query('ROLLBACK');

	$session->query("BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT sk FROM ddb_query('part1', page_size => 10); COMMIT");
	is(costs(0, 'FETCH 2 FROM c', 'WITH HOLD has read all at COMMIT'), "left#01\nleft#02", 'rows');
	$session->query('CLOSE c');
	return;
}

# The next page is on its way while the rows of this one are made use of.
sub test_read_ahead
{
	$server->reset;
	$server->script({ match => 'Query' }, { match => 'Query', delay_ms => 3000 });
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT sk FROM ddb_query('big')");
	$session->query("MOVE $late FROM c");
	ok($server->wait_for_requests(2), 'the next page is asked for behind half of the first');
	$session->query('SELECT pg_sleep(3.2)');
	is($session->query('FETCH ABSOLUTE ' . ($page + 1) . ' FROM c'), sprintf('%05d', $page + 1), 'its first row');
	cmp_ok($session->elapsed, '<', 2.5, 'need not be waited for');
	$session->query('COMMIT');
	return;
}

sub loop
{
	my ($body) = @_;
	return "DO \$\$ DECLARE r record; n int := 0; BEGIN\n$body\nEND \$\$";
}

sub test_loops
{
	costs(1, loop("FOR r IN SELECT * FROM ddb_query('big') LOOP n := n + 1; EXIT WHEN n = 5; END LOOP;"),
		'FOR loop with EXIT after 5 rows');
	costs(1, loop("FOR r IN SELECT * FROM ddb_query('big') WHERE (data ->> 'n')::int > 3 LOOP EXIT; END LOOP;"),
		'FOR loop with a condition and EXIT after 1 row');
	costs(1, loop("SELECT * INTO r FROM ddb_query('big'); ASSERT r.sk = '00001';"), 'SELECT INTO');
	costs(1, loop("PERFORM 1 FROM ddb_query('big') LIMIT 1; ASSERT FOUND;"), 'PERFORM with LIMIT');
	costs(4, loop("FOR r IN SELECT pk FROM part LIMIT 4 LOOP
			SELECT * INTO r FROM ddb_query(r.pk, page_size => 10); END LOOP;"), 'a query for each row of another');
	costs(3, loop("FOR r IN SELECT * FROM ddb_query('part1', page_size => 20) LOOP n := n + 1; END LOOP; ASSERT n = 40;"),
		'FOR loop to the end');
	return;
}

sub test_whole
{
	my $pages = ITEMS / $page;
	my $out = $session->query("SELECT count(*), count(DISTINCT sk), min(sk), max(sk), sum((data ->> 'n')::int),
		min(length(data ->> 'text')) FROM ddb_query('big')");
	is($out, join('|', ITEMS, ITEMS, '00001', sprintf('%05d', ITEMS), ITEMS * (ITEMS + 1) / 2, ITEM_BYTES),
		'all items of the large partition, each once');
	is($session->query("SELECT bool_and(sk = to_char(n, 'FM00000') AND data ->> 'text' = repeat(md5(n::text), 256))
		FROM ddb_query('big') WITH ORDINALITY AS q(pk, sk, data, version, ttl, n)"), 't', 'in order, and what was written');

	my $exact = int $pages == $pages ? $pages + 1 : int($pages) + 1;
	costs($exact, "SELECT count(*) FROM ddb_query('big')", 'reading all of it takes as many requests as pages');
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
# after a small query.
sub growth
{
	my ($query) = @_;

	my $fresh = session(set => { 'atomic_dynamodb.table' => $table, 'atomic_dynamodb.max_connections' => 2 });
	$fresh->query("SELECT count(*) FROM ddb_query('part1')");
	open my $reset, '>', '/proc/' . $fresh->pid . '/clear_refs' or return;
	syswrite $reset, '5' or return;
	my $before = memory($fresh->pid, 'VmRSS');
	$fresh->query($query);
	return memory($fresh->pid, 'VmHWM') - $before;
}

sub test_memory
{
	my %queries = (
		'count(*)' => "SELECT count(*) FROM ddb_query('big')",
		'an aggregate over the data' => "SELECT max(length(data ->> 'text')) FROM ddb_query('big')",
		'rows to the client' => "SELECT * FROM ddb_query('big') \\g /dev/null",
		'a FOR loop' => loop("FOR r IN SELECT * FROM ddb_query('big') LOOP n := n + length(r.data::text); END LOOP;"),
		'a cursor' => "BEGIN; DECLARE c CURSOR FOR SELECT * FROM ddb_query('big'); MOVE ALL FROM c; COMMIT",
		'COPY to a program' => "COPY (SELECT * FROM ddb_query('big')) TO PROGRAM 'cat >/dev/null'",
		'ddb_get_many' => "SELECT count(*) FROM (SELECT array_agg(('big', to_char(n, 'FM00000'))::ddb_key) AS keys
			FROM generate_series(1, " . ITEMS . ") AS n) AS k, LATERAL ddb_get_many(k.keys) AS q");

	defined growth('SELECT 1') or return diag('no look at the memory of a backend');
	for my $name (sort keys %queries)
	{
		my $kb = growth($queries{$name});
		cmp_ok($kb, '<', LIMIT_KB, "20 MB by $name: the backend grows by $kb kB");
	}
	my $kb = growth("SELECT length(string_agg(data::text, '')) FROM ddb_query('big')");
	cmp_ok($kb, '>', LIMIT_KB, "one that keeps everything is seen to grow: by $kb kB");
	return;
}

sub test_order_and_prefix
{
	is(costs(1, "SELECT data ->> 'n' FROM ddb_query('big', descending => true) LIMIT 3", 'descending'),
		numbers(ITEMS, ITEMS - 2), 'the last three');
	is($session->query("SELECT string_agg(sk, ' ') FROM ddb_query('part1', 'right#0')"),
		join(' ', map { "right#0$_" } 1 .. 9), 'sk_prefix');
	is($session->query("SELECT string_agg(sk, ' ') FROM ddb_query('part1', 'right#0', descending => true)"),
		join(' ', map { "right#0$_" } reverse 1 .. 9), 'sk_prefix, descending');
	is($session->query("SELECT count(*) FROM ddb_query('part1', '')"), 40, 'an empty sk_prefix is none');
	is(costs(1, "SELECT count(*) FROM ddb_query('part1', 'middle')", 'a prefix that nothing has'), 0, 'no rows');
	is(costs(1, "SELECT count(*) FROM ddb_query('nowhere')", 'a partition that is not there'), 0, 'no rows');

	my %expected = (
		"ddb_query('part1')" => {},
		"ddb_query('part1', consistent => true)" => { ConsistentRead => JSON::PP::true },
		"ddb_query('part1', descending => true)" => { ScanIndexForward => JSON::PP::false },
		"ddb_query('part1', page_size => 50)" => { Limit => 50 });
	for my $call (sort keys %expected)
	{
		costs(1, "SELECT count(*) FROM $call", $call);
		my $request = from_json(($server->log('Query'))[0]{body});
		my %options = map { $_ => $request->{$_} }
		  grep { exists $request->{$_} } qw(ConsistentRead ScanIndexForward Limit);
		is_deeply(\%options, $expected{$call}, 'is what is asked of DynamoDB');
	}
	$session->query('SET atomic_dynamodb.consistent_read TO on');
	costs(1, "SELECT count(*) FROM ddb_query('part1')", 'consistent_read = on');
	like(($server->log('Query'))[0]{body}, qr/"ConsistentRead":true/, 'is the default of consistent');
	costs(1, "SELECT count(*) FROM ddb_query('part1', consistent => false)", 'consistent => false');
	unlike(($server->log('Query'))[0]{body}, qr/"ConsistentRead":true/, 'comes first');
	$session->query('RESET atomic_dynamodb.consistent_read');
	return;
}

sub test_page_size
{
	# DynamoDB gives a next key with the last full page: an empty page follows
	for my $case ([ 1, 41 ], [ 7, 6 ], [ 10, 5 ], [ 40, 2 ], [ 41, 1 ])
	{
		my ($size, $requests) = @$case;
		is(costs($requests, "SELECT count(*), count(DISTINCT sk) FROM ddb_query('part1', page_size => $size)",
				"page_size => $size"), '40|40', 'rows');
	}
	is(costs(1, "SELECT sk FROM ddb_query('part1', page_size => 10) LIMIT 3", 'three of a page of ten'),
		"left#01\nleft#02\nleft#03", 'rows');
	costs(1, "SELECT sk FROM ddb_query('part1', page_size => 10) LIMIT 8", 'eight of a page of ten');
	costs(1, "SELECT sk FROM ddb_query('part1', page_size => 10) LIMIT 10", 'all of a page of ten');
	costs(3, "SELECT sk FROM ddb_query('part1', page_size => 10) LIMIT 18", 'eighteen');
	return;
}

# Where items end must not be mistaken, whatever stands in them.
sub test_texts_like_replies
{
	my @data = ('],', '],"', '"],"Count":1}', '],"LastEvaluatedKey":{"pk":{"S":"x"},"sk":{"S":"y"}}}', ']},"Count":2}', '[', '\\],',
		'"', '}}],"ScannedCount":0,', [ '],', [ [], ['],'] ] ], { '],' => '],', ':' => ':' }, { '$ss' => [ '"],"', ']', '],' ] },
		{ 'Items' => [ { 'LastEvaluatedKey' => '],' } ] }, [ '],"Count":1,"LastEvaluatedKey":{}' ]);
	for my $format (qw(json map))
	{
		my $pk = "texts $format";
		my @items = map { { pk => $pk, sk => sprintf('%02d],', $_), data => $data[$_ % @data] } } 0 .. 41;
		$session->query("SET atomic_dynamodb.data_format TO $format");
		$session->query('SELECT ddb_set(' . literal(\@items) . ')');
		for my $size (1, 2, 5, 13, 42, 100)
		{
			my $right = $session->query("SELECT count(*), bool_and(q.sk = i ->> 'sk' AND q.data = i -> 'data')
				FROM ddb_query('$pk', page_size => $size) WITH ORDINALITY AS q(pk, sk, data, version, ttl, n)
				JOIN jsonb_array_elements(" . literal(\@items) . ") WITH ORDINALITY AS w(i, n) USING (n)");
			is($right, '42|t', "$format: texts that look like the end of a reply, $size a page");
		}
	}
	$session->query('RESET atomic_dynamodb.data_format');
	return;
}

sub page_of
{
	my ($last, @sks) = @_;

	return { reply => { status => 200, body => {
		Items => [ map { { pk => { S => 'part1' }, sk => { S => $_ } } } @sks ],
		Count => 0 + @sks,
		(defined $last ? (LastEvaluatedKey => { pk => { S => 'part1' }, sk => { S => $last } }) : ()) } } };
}

sub start_keys
{
	return map { my $key = from_json($_->{body})->{ExclusiveStartKey}; $key ? $key->{sk}{S} : '-' }
	  $server->log('Query');
}

sub test_empty_pages
{
	$server->reset;
	$server->script(page_of('left#18'));
	is($session->query("SELECT count(*) FROM ddb_query('part1')"), 22, 'an empty page with a next key is not the end');
	is(join(' ', start_keys()), '- left#18', 'and goes on from the key');

	$server->reset;
	$server->script(page_of('a'), page_of('b'), page_of('c', 'x'), page_of('d'), page_of('e'), page_of('left#18'));
	is($session->query("SELECT count(*) FROM ddb_query('part1')"), 23, 'nor are several');
	is(join(' ', start_keys()), '- a b c d e left#18', 'each goes on from the one before');

	$server->reset;
	$server->script(page_of('a'), page_of('left#18'));
	is($session->query("SELECT sk FROM ddb_query('part1') LIMIT 1"), 'left#19', 'nor with a LIMIT');
	is($server->count, 3, 'which asks until there is a row');

	$server->reset;
	$server->script(
		{ reply => { status => 200, body => '{"LastEvaluatedKey":{"sk":{"S":"left#19"},"pk":{"S":"part1"}},"Count":1,'
				  . '"ConsumedCapacity":{"Items":[1,{"x":"]}"}]},"Items":[{"sk":{"S":"s"},"pk":{"S":"p"}}],"ScannedCount":1}' } });
	is($session->query("SELECT count(*), min(pk) FROM ddb_query('part1')"), '22|p', 'members may come in any order');

	$server->reset;
	$server->script({ reply => { status => 200, body => '{"Items":[],"Count":0,"LastEvaluatedKey":null}' } });
	my @error = $session->query_error("SELECT count(*) FROM ddb_query('part1')");
	ok(!@error || $error[0] =~ /^(?:08P01|22023)$/, 'a next key that is none is no endless loop');
	return;
}

sub test_failing_pages
{
	my $denied = { reply => { status => 400, body => {
		__type => 'com.amazon.coral.service#AccessDeniedException', Message => 'no' } } };

	$server->reset;
	$server->script({ match => 'Query' }, $denied);
	is($session->query("SELECT count(*) FROM (SELECT * FROM ddb_query('big') LIMIT $late) AS q"), $late,
		'a failing page that nobody needs is no error');
	ok($server->wait_for_requests(2), 'though it was asked for');

	$server->reset;
	$server->script({ match => 'Query' }, $denied);
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT sk FROM ddb_query('big')");
	$session->query("MOVE $page FROM c");
	is(($session->query_error('FETCH 1 FROM c'))[0], '42501', 'one that is needed is, once it is');
	$session->query('ROLLBACK');

	$server->reset;
	$server->script({ match => 'Query' }, { reply => { status => 200, body => '{"Items":[{"pk":{"S":"a"},' }, repeat => -1 });
	is(($session->query_error("SELECT count(*) FROM ddb_query('big')"))[0], '08P01', 'half a page is an error');
	$server->reset;
	is($session->query("SELECT count(*) FROM ddb_query('part1')"), 40, 'the session goes on');
	return;
}

sub many_keys
{
	my ($n) = @_;
	return "ARRAY(SELECT ('big', to_char(n, 'FM00000'))::ddb_key FROM generate_series(1, $n) AS n)";
}

sub test_get_many
{
	$session->query('CREATE TABLE keys AS SELECT ' . many_keys(1000) . ' AS keys');
	my $from = 'FROM keys, LATERAL ddb_get_many(keys.keys) AS q';

	is(costs(2, "SELECT q.sk $from LIMIT 1", 'ddb_get_many of 1000 keys, LIMIT 1, max_connections = 8'), '00001', 'row');
	$session->query('SET atomic_dynamodb.max_connections TO 1');
	is(costs(1, "SELECT q.sk $from LIMIT 1", 'max_connections = 1'), '00001', 'row');
	costs(1, "SELECT q.sk $from LIMIT 100", 'the first 100');
	costs(2, "SELECT q.sk $from LIMIT 101", 'one more');
	is(costs(10, "SELECT count(*), bool_and(q.sk = to_char(n, 'FM00000'))
			FROM keys, LATERAL ddb_get_many(keys.keys) WITH ORDINALITY AS q(pk, sk, data, version, ttl, n)", 'all'),
		'1000|t', 'rows, in order');
	$session->query('RESET atomic_dynamodb.max_connections');
	return;
}

# The planner inlines the functions: a Function Scan would run to its end.
sub test_plans
{
	my @inlined = ("SELECT * FROM ddb_query('big')", "SELECT * FROM ddb_query('big', 'x', true, false, 10, 'table') LIMIT 1",
		"SELECT q.* FROM part, ddb_query(part.pk) AS q", "SELECT * FROM ddb_query('a') AS a JOIN ddb_query('b') AS b USING (sk)",
		"SELECT * FROM ddb_get_many('[{\"pk\": \"a\", \"sk\": \"b\"}]'::jsonb)",
		"SELECT * FROM ddb_get_many('[]'::jsonb, true, 'table')",
		"SELECT * FROM ddb_get_many(ARRAY[('a', 'b')]::ddb_key[])", "SELECT q.* FROM keys, ddb_get_many(keys.keys) AS q");
	for my $query (@inlined)
	{
		my $plan = $session->query("EXPLAIN (COSTS off, VERBOSE) $query");
		unlike($plan, qr/Function Scan/, "inlined: $query");
		like($plan, qr/ProjectSet/, 'to a ProjectSet');
	}
	costs(0, "EXPLAIN SELECT * FROM ddb_query('big')", 'EXPLAIN');
	return;
}

sub test_arguments
{
	my @cases = (
		[ "ddb_query(NULL)", '22004', qr/"pk" must not be null/ ],
		[ "ddb_query('')", '22023', qr/empty "pk"/ ],
		[ "ddb_query('a', page_size => 0)", '22023', qr/"page_size" must be at least 1/ ],
		[ "ddb_query('a', page_size => -1)", '22023', qr/"page_size" must be at least 1/ ],
		[ "ddb_query(repeat('x', 2049))", '54000', qr/"pk" .* too long/ ],
		[ "ddb_query('a', table_name => 'nosuchtable')", '42P01', qr/table "nosuchtable", or its index, does not exist/ ],
		[ "ddb_get_many(NULL::jsonb)", '22004', qr/"keys" must not be null/ ],
		[ "ddb_get_many(NULL::ddb_key[])", '22004', qr/"keys" must not be null/ ]);
	for my $case (@cases)
	{
		my ($call, $sqlstate, $message) = @$case;
		my @error = $session->query_error("SELECT * FROM $call");
		is($error[0], $sqlstate, $call);
		like($error[1], $message, 'message');
	}
	return;
}
