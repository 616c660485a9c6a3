# What an administrator sees: ddb_stat of the whole cluster and of one session,
# wait events, lines in the server's log, the User-Agent, request ids.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use Test::More;
use Time::HiRes qw(time);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $alone = fault_server();    # answers 200 {} to everything

my %CONNECTION = (
	'atomic_dynamodb.region' => 'us-west-2',
	'atomic_dynamodb.access_key_id' => 'local',
	'atomic_dynamodb.secret_access_key' => 'local',
	'atomic_dynamodb.table' => $table);

# The options of sql() and session() that send requests there.
sub to
{
	my ($where, %more) = @_;
	return (set => { %CONNECTION, 'atomic_dynamodb.endpoint_url' => $where->url,
		map { +"atomic_dynamodb.$_" => $more{$_} } keys %more });
}

sub script
{
	my (@steps) = @_;
	$server->reset;
	return $server->script(@steps);
}

sub refusal
{
	my ($status, $code, %more) = @_;
	return { reply => { status => $status, headers => { 'x-amzn-requestid' => 'RID' },
		body => { __type => "com.amazonaws.dynamodb.v20120810#$code", message => "about $code" } }, %more };
}

my @CLASSES = qw(throttled conflicts conditions rejected denied faults unknown cancelled);

# The row of an operation on the table, as "calls=1 retries=2 ...": what is not 0.
sub row
{
	my ($operation, $name) = @_;
	my @columns = ('calls', @CLASSES, 'retries', 'throttles');
	my $list = join ', ', @columns;
	my ($row) = sql_rows("SELECT $list FROM ddb_stat WHERE operation = '$operation' AND table_name = " . literal($name // $table));
	return join ' ', map { $row->[$_] ? "$columns[$_]=$row->[$_]" : () } 0 .. $#columns;
}

sub reset_all
{
	sql('SELECT ddb_stat_reset(all_databases => true)');
	return;
}

my $GET = q{SELECT ddb_get('p', 's')};
my $SET = q{SELECT ddb_set('p', 's', '1')};
my $CALL_PUT = qq{SELECT ddb_call('PutItem', '{"TableName": "$table", "Item": {"pk": {"S": "p"}, "sk": {"S": "q"}}}')};

my $cluster = AddbTest::Cluster->new(conf => {
	shared_preload_libraries => 'atomic_dynamodb',
	'atomic_dynamodb.stat_max' => 100,
	log_line_prefix => '%e ' });

sub test_two_sessions
{
	is(sql('SELECT scope, entries, max_entries, others FROM ddb_stat_info()'), 'cluster|0|100|0',
		'preloaded: the numbers are the cluster\'s');
	is(sql("SELECT context FROM pg_settings WHERE name = 'atomic_dynamodb.stat_max'"), 'postmaster',
		'and their number is the postmaster\'s');
	my @sessions = map { session(to($server)) } 1, 2;
	$_->query("$GET; $GET; $SET") for @sessions;
	is(row('GetItem'), 'calls=4', 'two sessions are counted together');
	is(row('PutItem'), 'calls=2', 'by operation');
	$sessions[0]->close;
	is(row('GetItem'), 'calls=4', 'and what a session has counted stays when it goes');
	is(sql("SELECT bytes_sent = (SELECT bytes_sent / 2 FROM ddb_stat WHERE operation = 'GetItem') * 2 AND bytes_sent > 0
			AND read_units > 0 AND write_units = 0 AND max_time > 0 AND total_time >= max_time AND stats_since < now()
		FROM ddb_stat WHERE operation = 'GetItem'"), 't', 'with bytes, units and times');
	return;
}

sub test_other_database
{
	sql('CREATE DATABASE other');
	sql('CREATE EXTENSION atomic_dynamodb', dbname => 'other');
	sql($GET, dbname => 'other', to($server));
	is(sql("SELECT datname, calls FROM ddb_stat WHERE operation = 'GetItem' ORDER BY 1"), "other|1\npostgres|4",
		'each database has its own rows');
	sql('CREATE ROLE reader LOGIN; CREATE ROLE monitor LOGIN IN ROLE pg_read_all_stats');
	sql("SELECT ddb_grant('reader', 'read'), ddb_grant('monitor', 'admin')", dbname => 'other');
	my $names = 'SELECT DISTINCT datname FROM ddb_stat ORDER BY 1';
	is(sql($names, dbname => 'other', user => 'reader'), 'other', 'a role sees those of its database');
	is(sql($names, dbname => 'other', user => 'monitor'), "other\npostgres", 'a member of pg_read_all_stats sees all');
	is((sql_error('SELECT ddb_stat_reset(true)', dbname => 'other', user => 'monitor'))[0], '42501', 'and may not reset them');
	sql('SELECT ddb_stat_reset()', dbname => 'other', user => 'monitor');
	is(sql($names), 'postgres', 'a reset is of one database');
	sql($GET, dbname => 'other', to($server));
	sql('DROP DATABASE other WITH (FORCE)');
	is(sql("SELECT datname IS NULL, calls FROM ddb_stat WHERE operation = 'GetItem' ORDER BY 1 DESC"), "t|1\nf|4",
		'a database that is gone has no name');
	reset_all();
	is(sql('SELECT entries FROM ddb_stat_info()'), '0', 'unless all are reset');
	return;
}

# Runs a call that meets those steps, and tells of its row.
sub is_counted
{
	my ($what, $call, $operation, $settings, $steps, $expected) = @_;
	reset_all();
	script(@$steps);
	sql_error($call, to($server, %$settings));
	is(row($operation), "calls=1 $expected", $what);
	return;
}

sub test_failures
{
	my %once = (max_attempts => 1);
	my $throttled = refusal(400, 'ProvisionedThroughputExceededException');
	is_counted('throttled, then not', $GET, 'GetItem', {}, [ $throttled, $throttled ], 'retries=2 throttles=2');
	is_counted('throttled to the end', $GET, 'GetItem', { max_attempts => 2 }, [ $throttled, $throttled ],
		'throttled=1 retries=1 throttles=2');
	is_counted('a fault, then none', $GET, 'GetItem', {}, [ refusal(500, 'InternalServerError') ], 'retries=1');
	is_counted('a fault of a read', $GET, 'GetItem', \%once, [ refusal(500, 'InternalServerError') ], 'faults=1');
	is_counted('a fault of a write', $SET, 'PutItem', \%once, [ refusal(500, 'InternalServerError') ], 'unknown=1');
	is_counted('a lost answer to a read', $GET, 'GetItem', \%once, [ { close_without_reply => 1 } ], 'faults=1');
	is_counted('a lost answer to a write', $CALL_PUT, 'PutItem', {}, [ { apply_then_reset => 1 } ], 'unknown=1');
	is_counted('an answer in time to the second attempt', $GET, 'GetItem', { request_timeout => 2000 }, [ { hang => 1 } ], 'retries=1');
	is_counted('denied', $GET, 'GetItem', {}, [ refusal(400, 'AccessDeniedException') ], 'denied=1');
	is_counted('expired', $GET, 'GetItem', {}, [ refusal(400, 'ExpiredTokenException') ], 'denied=1');
	is_counted('a conflict', $CALL_PUT, 'PutItem', {}, [ refusal(400, 'TransactionConflictException') ], 'conflicts=1');
	is_counted('a condition', $CALL_PUT, 'PutItem', {}, [ refusal(400, 'ConditionalCheckFailedException') ], 'conditions=1');
	is_counted('invalid', $CALL_PUT, 'PutItem', {}, [ refusal(400, 'ValidationException') ], 'rejected=1');
	is_counted('a reply to a read that makes no sense', $GET, 'GetItem', {}, [ { reply => { status => 200, body => { Item => 5 } } } ],
		'faults=1');
	is_counted('a reply to a write that makes no sense', $SET, 'PutItem', {},
		[ { reply => { status => 200, body => { ConsumedCapacity => 5 } } } ], 'unknown=1');
	is_counted('cancelled', "SET statement_timeout = 300; $GET", 'GetItem', {}, [ { hang => 1 } ], 'cancelled=1');
	return;
}

# Abandoned by an error that is caught, by a LIMIT, and by the end of a session.
sub test_abandoned
{
	reset_all();
	script({ hang => 1 });
	my $session = session(to($server));
	$session->send($GET);
	$server->wait_for_requests(1);
	$session->terminate;
	$session->finish;
	is(row('GetItem'), 'calls=1 cancelled=1', 'the end of the session leaves a call behind');
	ok(sql("SELECT total_time > 0 AND max_time = total_time FROM ddb_stat WHERE operation = 'GetItem'") eq 't', 'with the time until then');

	script({ hang => 1 }, { hang => 1 });
	is(sql(<<"SQL", to($server)), 2, 'errors are caught');
		SET statement_timeout = 0;
		CREATE TEMP TABLE caught (n int);
		DO \$\$ BEGIN
			FOR i IN 1 .. 2 LOOP
				BEGIN
					SET LOCAL atomic_dynamodb.request_timeout = 200;
					SET LOCAL atomic_dynamodb.max_attempts = 1;
					PERFORM ddb_call('PutItem', '{"TableName": "$table", "Item": {"pk": {"S": "p"}, "sk": {"S": "q"}}}');
				EXCEPTION WHEN transaction_resolution_unknown THEN INSERT INTO caught VALUES (i);
				END;
			END LOOP;
		END \$\$;
		SELECT count(*) FROM caught;
SQL
	is(row('PutItem'), 'calls=2 unknown=2', 'and their calls are counted');
	return;
}

# Tables of one name behind several servers, whose names have letters in common.
sub test_servers
{
	my $url = $alone->url;
	my ($one, $two) = map { "gr\\00${_}sse" } 'F6', 'FC';
	sql(join '', map { <<"SQL" } $one, $two);
CREATE SERVER U&"$_" FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', endpoint_url '$url');
CREATE USER MAPPING FOR CURRENT_USER SERVER U&"$_" OPTIONS (access_key_id 'local', secret_access_key 'local');
SQL
	reset_all();
	my $get = q(SELECT ddb_call('GetItem', '{"TableName": "same"}'));
	my $session = session(to($alone));
	$session->query("$get; SET atomic_dynamodb.server = U&'$one'; $get; $get; SET atomic_dynamodb.server = U&'$two'; $get");
	is(sql("SELECT CASE server_name WHEN U&'$one' THEN 'one' WHEN U&'$two' THEN 'two' WHEN '' THEN 'none' END, calls
			FROM ddb_stat WHERE table_name = 'same' ORDER BY 1"), "none|1\none|2\ntwo|1", 'each server has rows of its own');
	sql('CREATE DATABASE latin ENCODING latin1 LOCALE "C" TEMPLATE template0');
	sql('CREATE EXTENSION atomic_dynamodb', dbname => 'latin');
	is(sql("SELECT server_name, calls FROM ddb_stat WHERE table_name = 'same' ORDER BY 1, 2", dbname => 'latin'),
		"|1\ngr??sse|1\ngr??sse|2", 'whose names other databases can read');
	sql('DROP DATABASE latin WITH (FORCE)');
	sql(qq(DROP SERVER U&"$one", U&"$two" CASCADE));
	reset_all();
	return;
}

# 150 names where there is room for 100.
sub test_bound
{
	reset_all();
	my @to = to($alone);
	my $names = sub {
		my ($from, $to) = @_;
		return "SELECT count(ddb_call('DescribeTable', jsonb_build_object('TableName', 't' || n))) FROM generate_series($from, $to) AS n";
	};
	sql($names->(1, 60), @to);
	my $other = session(@to);
	$other->query($names->(61, 150));
	is(sql('SELECT entries, others FROM ddb_stat_info()'), '100|50', 'rows are bounded');
	is(sql("SELECT count(*), sum(calls) FROM ddb_stat"), '101|150', 'and no call is lost');
	is(sql("SELECT datname IS NULL, table_name IS NULL, server_name IS NULL, calls FROM ddb_stat WHERE operation = '(other)'"), 't|t|t|50',
		'in the row of the others');
	sql("SELECT ddb_grant('reader', 'read')");
	is(sql("SELECT count(*) FILTER (WHERE operation = '(other)') FROM ddb_stat", user => 'reader'), '0',
		'which mixes databases, and is not for everybody');
	sql($names->(1, 1), @to);
	is(row('DescribeTable', 't1'), 'calls=2', 'those with a row go on');
	sql('SELECT ddb_stat_reset()');
	sql($names->(120, 120), @to);
	is(row('DescribeTable', 't120'), 'calls=1', 'a reset makes room');
	is(sql('SELECT entries, others FROM ddb_stat_info()'), '1|50', 'that of a database leaves the others');
	reset_all();
	is(sql('SELECT entries, others FROM ddb_stat_info()'), '0|0', 'that of all does not');

	my $arn = 'arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/' . 'x' x 255;
	sql("SELECT ddb_call('DescribeTable', '{\"TableName\": \"$arn\"}')", @to);
	is(row('DescribeTable', $arn), 'calls=1', 'an ARN fits');
	sql("SELECT ddb_call('DescribeTable', jsonb_build_object('TableName', repeat('y', 1000)))", @to);
	is(sql("SELECT max(length(table_name)) FROM ddb_stat WHERE table_name LIKE 'y%'"), '319', 'what is longer is cut off');
	return;
}

sub test_crash
{
	sql("SELECT ddb_stat_reset(all_databases => true); $GET", to($server));
	my $session = session(to($server));
	$session->query($GET);
	script({ hang => 1 });
	$session->send($GET);
	$server->wait_for_requests(1);
	kill KILL => $session->pid;
	eval { $session->finish };
	$cluster->wait_until_ready;
	is(sql('SELECT scope, entries, others FROM ddb_stat_info()'), 'cluster|0|0', 'after a crash the numbers start anew');
	script();
	sql("$GET; $GET", to($server));
	is(row('GetItem'), 'calls=2', 'and calls are counted again');
	return;
}

# The lines of the server's log since the last call, without those of a
# checkpoint, which may come at any time.
my $log_at = 0;

sub new_lines
{
	my $log = substr $cluster->log, $log_at;
	$log_at += length $log;
	return join '', grep { !/LOG:  checkpoint / } split /^/, $log;
}

sub test_slow_log
{
	my $number = qr/\d+\.\d{3} ms/;
	my %set = (log_min_duration => 1000);
	new_lines();
	script({ delay_ms => 1200 });
	sql("$GET; $GET", to($server, %set));
	like(new_lines(), qr/\A00000 LOG:  DynamoDB GetItem on table "$table": \d{4,}\.\d{3} ms, 1 attempt, HTTP 200, request id [-\w]+\n\z/,
		'a slow call has a line');

	my $noisy = session(to($server, log_min_duration => 0));
	$noisy->query('SET client_min_messages = debug1; SET log_min_messages = log');
	$noisy->query(q{SELECT ddb_set('secret-pk', 'secret-sk', '"secret-data"')});
	is($noisy->stderr =~ /DynamoDB PutItem/ ? 'told' : 'silent', 'silent', 'clients are not told');
	my $lines = new_lines();
	like($lines, qr/\A00000 LOG:  DynamoDB PutItem on table "$table": $number, 1 attempt, HTTP 200, request id [-\w]+\n\z/,
		'0 is every call');
	unlike($lines, qr/secret/, 'of items there is nothing in it');
	$noisy->query(q{DO $$ BEGIN PERFORM ddb_get_item(NULL, '{"pk": "secret", "sk": "s"}', 'secret'); END $$});
	$lines = new_lines();
	like($lines, qr/GetItem/, 'nor when a function calls');
	unlike($lines, qr/secret|CONTEXT|STATEMENT/, 'is there anything of the statement');

	script(refusal(400, 'ThrottlingException'), refusal(400, 'AccessDeniedException'));
	sql_error($GET, to($server, log_min_duration => 0));
	like(new_lines(), qr/^00000 LOG:  DynamoDB GetItem on table "$table": $number, 2 attempts, HTTP 400 AccessDeniedException, request id RID\n/m,
		'a failure has its type');
	script({ hang => 1 });
	sql_error($GET, to($server, log_min_duration => 0, max_attempts => 1, request_timeout => 200));
	like(new_lines(), qr/^00000 LOG:  DynamoDB GetItem on table "$table": $number, 1 attempt, no answer in time\n/m,
		'a silence has none');
	script();
	sql(q{SELECT count(*) FROM ddb_list_tables()}, to($server, log_min_duration => 0));
	like(new_lines(), qr/\A00000 LOG:  DynamoDB ListTables: $number, /, 'nor has every operation a table');
	sql($GET, to($server));
	is(new_lines(), '', 'it is off by default');
	return;
}

sub agent_of
{
	my ($name) = @_;
	$server->reset;
	sql("SET application_name = " . literal($name) . "; $GET", to($server));
	my ($request) = $server->log('GetItem');
	return $request->{headers};
}

sub test_user_agent
{
	my $version = read_json('META.json')->{version};
	my $head = qr{atomic_dynamodb/\Q$version\E PostgreSQL/\d+(?:\.\d+|devel|beta\d+|rc\d+) libcurl/[\w.-]+};
	like(agent_of('billing-job_7.x')->{'user-agent'}, qr{\A$head app/billing-job_7\.x\z}, 'the User-Agent names all');
	like(agent_of('')->{'user-agent'}, qr{\A$head\z}, 'but no application without a name');
	my $headers = agent_of("a b\r\nX-Evil: 1/(c)\t;\"");
	like($headers->{'user-agent'}, qr{\A$head app/[\w.?\\-]+\z}, 'whose name is made a token');
	ok(!exists $headers->{'x-evil'}, 'and makes no header of its own');
	like(agent_of('größe/1')->{'user-agent'}, qr{\A$head app/gr[\w?.]+_1\z}, 'letters beyond ASCII do not pass');
	like(agent_of('n' x 63)->{'user-agent'}, qr{\A$head app/n{63}\z}, 'a long name does');
	unlike(agent_of('app')->{authorization}, qr/user-agent/i, 'it is not signed');
	return;
}

sub test_wait_events
{
	SKIP:
	{
		skip 'names of wait events came with PostgreSQL 17', 5 if sql('SHOW server_version_num') < 170000;
		script({ hang => 1 });
		my $session = session(to($server));
		$session->send($GET);
		ok($session->wait_for_event('Extension/AtomicDynamodbRequest'), 'a request');
		$session->cancel;
		$session->finish;

		script(refusal(400, 'ThrottlingException', repeat => -1));
		$session->query('SET atomic_dynamodb.max_attempts = 20');
		$session->send($GET);
		ok($session->wait_for_event('Extension/AtomicDynamodbRetry'), 'a pause before another attempt');
		$session->cancel;
		$session->finish;

		script();
		$session->query('SET atomic_dynamodb.max_read_units = 0.01');
		$session->query($GET);
		$session->send($GET);
		ok($session->wait_for_event('Extension/AtomicDynamodbPacing'), 'a wait for capacity');
		$session->cancel;
		$session->finish;

		script({ match => 'DescribeTable', repeat => -1, reply => { status => 200,
			body => { Table => { TableName => $table, TableStatus => 'CREATING' } } } });
		$session->query('SET atomic_dynamodb.max_read_units = 0');
		my $new = unique_name();
		$session->send("SELECT ddb_create_table('$new')");
		ok($session->wait_for_event('Extension/AtomicDynamodbPoll'), 'a pause before another look');
		$session->cancel;
		$session->finish;

		my $ambient = AddbTest::Cluster->new(environment => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $alone->url . '/credentials' });
		$ambient->inside(sub {
			$alone->script({ hang => 1, repeat => -1 });
			my $asking = session(set => { 'atomic_dynamodb.region' => 'us-west-2', 'atomic_dynamodb.table' => $table,
				'atomic_dynamodb.endpoint_url' => $server->url });
			$asking->send($GET);
			ok($asking->wait_for_event('Extension/AtomicDynamodbCredentials'), 'a provider of credentials');
			$asking->cancel;
			$asking->finish;
			$alone->reset;
		});
	}
	return;
}

sub test_session_scope
{
	my $session = session(to($server));
	$session->query("$GET; $GET");
	is($session->query('SELECT scope, entries, max_entries FROM ddb_stat_info()'), 'session|1|1000',
		'not preloaded: the numbers are the session\'s');
	is($session->query('SELECT datname, operation, calls FROM ddb_stat'), "$ENV{PGDATABASE}|GetItem|2", 'which sees its own');
	is(sql('SELECT count(*) FROM ddb_stat'), '0', 'and no others\'');
	return;
}

# Whatever came with headers is reported with their request id.
sub test_request_ids
{
	my %headers = (headers => { 'x-amzn-requestid' => 'RID' });
	my $lie = { status => 200, %headers, headers => { %{ $headers{headers} }, 'x-amz-crc32' => '1' }, body => {} };
	my @cases = (
		[ 'a wrong checksum', $GET, '08P01', { reply => $lie } ],
		[ 'a wrong checksum of a write', $SET, '08007', { reply => $lie } ],
		[ 'a body that is no JSON', $GET, '08P01', { reply => { status => 200, %headers, body => '<html>' } } ],
		[ 'a body that is no JSON, of a write', $SET, '08007', { reply => { status => 200, %headers, body => '<html>' } } ],
		[ 'a reply that makes no sense', $GET, '08P01', { reply => { status => 200, %headers, body => { Item => 5 } } } ],
		[ 'a reply that makes no sense, of a write', $SET, '08007', { reply => { status => 200, %headers, body => { ConsumedCapacity => 5 } } } ],
		[ 'a page that makes no sense', q{SELECT * FROM ddb_query('p')}, '08P01', { reply => { status => 200, %headers, body => { Items => 5 } } } ],
		[ 'a transaction that makes no sense', qq{SELECT ddb_transact_get('[{"table": "$table", "key": {"pk": "p", "sk": "s"}}]')}, '08P01',
			{ reply => { status => 200, %headers, body => { Responses => 5 } }, match => 'TransactGetItems' } ],
		[ 'a status of a proxy', $GET, '08P01', { reply => { status => 404, %headers, body => '<html>' } } ],
		[ 'an error', $GET, '22023', refusal(400, 'ValidationException') ],
	);
	for my $case (@cases)
	{
		my ($what, $call, $sqlstate, $step) = @$case;
		script($step);
		my @error = sql_error($call, to($server, max_attempts => 1));
		is($error[0] . ($error[2] =~ /\(request id RID\)/ ? ' RID' : " $error[2]"), "$sqlstate RID", "request id: $what");
	}
	script({ cut_body => 5 });
	my @error = sql_error($GET, to($server, max_attempts => 1));
	like($error[2], qr/\(request id [-\w]+\)/, 'request id: a body that was cut off');
	script({ close_without_reply => 1 });
	@error = sql_error($GET, to($server, max_attempts => 1));
	unlike($error[2], qr/request id/, 'none without headers, though an earlier request had one');
	return;
}

# The chapter of the README, as it is written.
sub test_readme
{
	open my $file, '<', "$ENV{ADDB_ROOT}/README.md" or die $!;
	my ($chapter) = do { local $/; <$file> } =~ /^## Monitoring\n(.*?)^## /ms;
	my @examples = grep { /\S/ } split /;\n/, join '', $chapter =~ /^```sql\n(.*?)^```/gms;
	reset_all();
	script(refusal(400, 'ThrottlingException'), { hang => 1, match => 'PutItem' });
	sql_error("$GET; SET statement_timeout = 300; $SET", to($server));
	is(scalar @examples, 4, 'the README has four queries');
	isnt(sql($_), '', 'which find something: ' . (/^-- (.*)/m)[0]) for @examples;
	my ($columns) = sql("SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'ddb_stat'::regclass AND attnum > 0");
	my %named = map { $_ => 1 } $chapter =~ /`(\w+)`/g;
	is(join(' ', grep { !$named{$_} } split ' ', $columns), '', 'and tells of every column');
	return;
}

$cluster->inside(sub {
	test_two_sessions();
	test_other_database();
	test_failures();
	test_abandoned();
	test_servers();
	test_bound();
	test_crash();
	test_slow_log();
	test_user_agent();
	test_wait_events();
	test_readme();
});
test_session_scope();
test_request_ids();
done_testing();
