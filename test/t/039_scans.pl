# Scans of any table: segments in parallel, early ends, slow readers, failing
# segments, a pace, progress, and pages that a job goes on from.

use strict;
use warnings;
use utf8;

use AddbTest;
use Test::More;
use Time::HiRes qw(time);

use constant { ITEMS => 3000, PAGES => 15 };

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(set => $server->settings, timeout => 120);

# some 15 MB in 300 partitions, so that each segment has several pages
$session->query("SELECT ddb_put_agg('$table', jsonb_build_object('pk', 'p' || n % 300, 'sk', n::text, 'n', n,
	'text', repeat(md5(n::text), 160))) FROM generate_series(1, " . ITEMS . ") AS n");

test_segments();
test_early_end();
test_slow_reader();
test_failing_segment();
test_throttled_segment();
test_lost_answers();
test_pace();
test_progress();
test_resume();
test_cancel();
done_testing();

sub scan
{
	my ($segments, $more) = @_;
	return "ddb_scan('$table', segments => $segments" . ($more // '') . ')';
}

# Segments of the requests, in the order in which they came.
sub segments_of
{
	return map { from_json($_->{body})->{Segment} // '-' } $server->log('Scan');
}

sub test_segments
{
	for my $segments (1, 2, 4, 16, 64)
	{
		$server->reset;
		$server->script({ match => 'Scan', repeat => $segments, delay_ms => 1000 });
		my $start = time;
		is($session->query("SELECT count(*), count(DISTINCT i), sum((i -> 'n')::int) FROM " . scan($segments) . ' AS i'),
			join('|', ITEMS, ITEMS, ITEMS * (ITEMS + 1) / 2), "$segments segments: every item once");
		my @first = (sort { $a->{time} <=> $b->{time} } $server->log('Scan'))[0 .. $segments - 1];
		cmp_ok($first[-1]{time} - $first[0]{time}, '<', 0.95, 'the first pages are asked for at once') if $segments < 20;
		my %seen = map { $_ => 1 } segments_of();
		is(scalar keys %seen, $segments, 'from each segment');
	}
	is((from_json(($server->log('Scan'))[0]{body}))->{TotalSegments}, 64, 'which know how many they are');
	return;
}

sub test_early_end
{
	$server->reset;
	is($session->query('SELECT count(*) FROM (SELECT i FROM ' . scan(1) . ' AS i LIMIT 10) AS s'), 10, 'LIMIT 10');
	is($server->count, 1, 'asks for one page');
	$server->reset;
	is($session->query('SELECT count(*) FROM (SELECT i FROM ' . scan(4) . ' AS i LIMIT 10) AS s'), 10, 'LIMIT 10 of 4 segments');
	is($server->count, 4, 'asks for one page of each');
	is($session->query("SELECT count(*) FROM (SELECT i FROM " . scan(1, ', page_size => 5') . ' AS i LIMIT 3) AS s'), 3,
		'a page size');
	is(from_json(($server->log('Scan'))[-1]{body})->{Limit}, 5, 'is the Limit of a request');
	return;
}

# Answers of other segments wait longer than a request may take.
sub test_slow_reader
{
	$server->reset;
	$session->query(<<"SQL");
SET atomic_dynamodb.request_timeout = '500ms';
SET atomic_dynamodb.max_attempts = 1;
CREATE TEMP TABLE seen (n int);
DO \$\$
DECLARE
	i jsonb;
BEGIN
	FOR i IN SELECT * FROM @{[ scan(3) ]} LOOP
		INSERT INTO seen VALUES ((i -> 'n')::int);
		IF (i -> 'n')::int % 150 = 0 THEN
			PERFORM pg_sleep(0.2);
		END IF;
	END LOOP;
END
\$\$;
RESET atomic_dynamodb.request_timeout;
RESET atomic_dynamodb.max_attempts;
SQL
	is($session->query('SELECT count(*), count(DISTINCT n) FROM seen'), ITEMS . '|' . ITEMS, 'a slow reader gets each item once');
	cmp_ok($server->count, '<=', 2 * PAGES, 'and pays for few pages twice: ' . $server->count);
	return;
}

sub test_failing_segment
{
	my $denied = { reply => { status => 400, body => {
		__type => 'com.amazon.coral.service#AccessDeniedException', Message => 'no' } } };

	for my $after (0, 3, 6)
	{
		$server->reset;
		$server->script(({ match => 'Scan' }) x $after, $denied);
		is(($session->query_error('SELECT count(*) FROM ' . scan(4)))[0], '42501', "the request after $after others fails: so does the scan");
	}
	$server->reset;
	is($session->query('SELECT count(*) FROM ' . scan(4)), ITEMS, 'the session goes on');
	return;
}

sub test_throttled_segment
{
	my $throttled = { reply => { status => 400, headers => { 'x-amz-retry-after' => '50' }, body => {
		__type => 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', message => 'slow' } } };
	$server->reset;
	$server->script({ match => 'Scan' }, $throttled, { match => 'Scan' }, $throttled);
	is($session->query('SELECT count(*) FROM ' . scan(4)), ITEMS, 'segments that are throttled are asked again');
	is($session->query('SELECT retries FROM ddb_last_response()'), 2, 'which is counted');
	return;
}

sub test_lost_answers
{
	$server->reset;
	$server->script({ match => 'Scan' }, { close_without_reply => 1 }, { cut_body => 5 }, { match => 'Scan' }, { close_without_reply => 1 });
	is($session->query('SELECT count(*), count(DISTINCT i) FROM ' . scan(4) . ' AS i'), ITEMS . '|' . ITEMS, 'answers that are lost are asked for again');
	return;
}

sub test_pace
{
	$session->query('SELECT count(*) FROM ' . scan(1));
	my ($units, $requests) = split /\|/, $session->query('SELECT read_units, requests FROM ddb_last_response()');
	cmp_ok($units, '>', 500, "a scan consumes $units units in $requests requests");
	$session->query('SET atomic_dynamodb.max_read_units = ' . int($units / 2));
	$session->query('SELECT count(*) FROM ' . scan(2));
	cmp_ok($session->elapsed, '>', 1, sprintf 'at half of that a second: %.1f s', $session->elapsed);
	$session->query('RESET atomic_dynamodb.max_read_units');
	return;
}

sub test_progress
{
	$server->reset;
	$server->script({ match => 'Scan', repeat => -1, delay_ms => 100 });
	$session->query("SET atomic_dynamodb.progress = '150ms'; SELECT count(*) FROM " . scan(1) . '; RESET atomic_dynamodb.progress');
	my @notices = $session->stderr =~ /NOTICE:  (?:00000: )?DynamoDB Scan on table "\Q$table\E": (\d+ items, \d+ pages, [\d.]+ MB in [\d.]+ s \(\d+ items\/s\))/g;
	cmp_ok(scalar @notices, '>=', 3, 'notices of progress') or diag($session->stderr);
	my @items = map { /^(\d+)/ } @notices;
	is("@items", join(' ', sort { $a <=> $b } @items), 'that grow');
	return;
}

# A job that keeps its place, in each segment, and is broken off at every page.
sub test_resume
{
	$server->reset;
	my %start = map { $_ => undef } 0 .. 2;
	my ($pages, %n) = (0);
	while (%start)
	{
		for my $segment (sort keys %start)
		{
			my $from = $start{$segment} // 'null';
			my $answer = sql("SELECT jsonb_build_object('n', (SELECT jsonb_agg(i -> 'n') FROM unnest(items) AS i), 'next', next_key)
				FROM ddb_scan_page('$table', start_key => nullif('$from'::jsonb, 'null'), segment => $segment, segments => 3, projection => 'n')");
			my $page = from_json($answer);
			$n{$_}++ for @{ $page->{n} // [] };
			$pages++;
			if ($page->{next}) { $start{$segment} = to_json($page->{next}) }
			else { delete $start{$segment} }
		}
	}
	is(scalar keys %n, ITEMS, "in $pages pages, each by a session of its own, every item");
	is(scalar(grep { $_ > 1 } values %n), 0, 'and none twice');
	return;
}

sub test_cancel
{
	$server->reset;
	$server->script({ match => 'Scan', repeat => -1, hang => 1 });
	$session->send('SELECT count(*) FROM ' . scan(8));
	ok($server->wait_for_requests(8), 'eight requests hang');
	my $start = time;
	$session->cancel;
	$session->finish;
	is(($session->error)[0], '57014', 'a cancel ends the scan');
	interrupted_in(time - $start, 'a scan');
	$server->reset;
	is($session->query('SELECT count(*) FROM ' . scan(8)), ITEMS, 'the session goes on');
	return;
}
