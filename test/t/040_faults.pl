# What the client makes of a service that refuses, fails, lies or falls silent:
# the SQLSTATE, message, DETAIL and HINT of every error that can be caused, and
# what becomes of writes whose answers are lost.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use IO::Socket::INET;
use List::Util qw(sum uniq);
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);

my $HINT_UNKNOWN = 'The write may or may not have been applied: look at what is stored '
  . 'before you repeat it.';
my $HINT_REPEAT = 'The write may or may not have been applied: repeat it, or look at what is stored. '
  . 'Made twice it leads to the same end, unless somebody else has written meanwhile.';
my $HINT_THROTTLED = 'Send fewer requests at a time, or raise the capacity of the table or index.';
my $HINT_ENDPOINT =
  'Check the setting atomic_dynamodb.endpoint_url, and what stands in between.';
my $HINT_RACE = 'Get the lock and read the items again, then repeat the write.';
my $UUID = qr/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;

# Names of settings without their prefix.
sub to
{
	my ($where, %more) = @_;
	my %set = (table => $table, %more);
	$set{endpoint_url} //= $where->url if $where;
	return (set => { map { +"atomic_dynamodb.$_" => $set{$_} } keys %set });
}

# Forgets what was seen, and sets the steps to come.
sub script
{
	my (@steps) = @_;
	$server->reset;
	return $server->script(@steps);
}

# An error reply as DynamoDB makes them, with the request id RID.
sub refusal
{
	my ($status, $code, %more) = @_;
	my %body = (__type => "com.amazonaws.dynamodb.v20120810#$code",
		message => $more{message} // "about $code");
	$body{CancellationReasons} = $more{reasons} if $more{reasons};
	return {
		reply => {
			status => $status,
			headers => { 'x-amzn-requestid' => 'RID', %{ $more{headers} // {} } },
			body => \%body,
		}
	};
}

sub matches
{
	my ($got, $expected) = @_;
	return ref $expected ? $got =~ $expected : $got eq $expected;
}

# One assertion on (sqlstate, message, detail, hint); texts or patterns, and
# what is not given is to be empty.
sub is_error
{
	my ($error, $what, $sqlstate, $message, $detail, $hint) = @_;
	my @expected = ($sqlstate, $message, $detail // '', $hint // '');
	my @names = qw(sqlstate message detail hint);
	my @wrong = grep { !matches($error->[$_] // '', $expected[$_]) } 0 .. 3;
	ok(@$error && !@wrong, $what)
	  or diag(@$error
		? map { "$names[$_]: got \"" . ($error->[$_] // '') . "\", expected \"$expected[$_]\"\n" } @wrong
		: 'no error');
	return;
}

# Runs one call after some steps, and expects an error and a number of requests.
sub fails
{
	my ($what, $steps, $query, $settings, $requests, @expected) = @_;
	script(@$steps);
	is_error([ sql_error($query, to($server, %$settings)) ], $what, @expected);
	is($server->counts->{requests}, $requests, "$what: $requests request(s)")
	  if defined $requests;
	return;
}

my $GET = "SELECT ddb_get('p', 's')";
my $SET = "SELECT ddb_set('p', 's', '1')";

# The stored item as { name => value }, without the types; undef when absent.
sub stored
{
	my ($pk, $sk) = @_;
	my $item = ddb_raw('GetItem', {
		TableName => $table, ConsistentRead => JSON::PP::true,
		Key => { pk => { S => $pk }, sk => { S => $sk } } })->{Item};
	return $item && { map { $_ => (values %{ $item->{$_} })[0] } keys %$item };
}

sub store_lock
{
	my ($pk, $version, $ttl) = @_;
	ddb_raw('PutItem', {
		TableName => $table,
		Item => { pk => { S => $pk }, sk => { S => 'lock' },
			version => { S => $version }, ttl => { N => "$ttl" } } });
	return;
}

sub lock_literal
{
	my ($pk, $version, $ttl) = @_;
	return "ROW('$pk', 'lock', '$version', to_timestamp($ttl))::ddb_lock";
}

# Creates the lock pk/lock and returns it as SQL.
sub new_lock
{
	my ($pk, $version) = @_;
	my $ttl = int(time) + 86400;
	store_lock($pk, $version // 'v1', $ttl);
	return lock_literal($pk, $version // 'v1', $ttl);
}

sub set_atomic
{
	my ($pk, $lock, $data) = @_;
	return 'SELECT (l).version FROM ddb_set_atomic('
	  . "'$pk', 'item', '" . ($data // '{"n":1}') . "', $lock) AS l";
}

sub body_of
{
	return from_json($_[0]{body});
}

# The version that a TransactWriteItems gives its lock.
sub new_version
{
	my ($request) = @_;
	return body_of($request)->{TransactItems}[-1]{Update}{ExpressionAttributeValues}{':new'}{S};
}

# Runs a part of the file; what dies in it fails it, and the rest goes on.
sub section
{
	my ($name, $code) = @_;
	note($name);
	eval { $code->(); 1 } or fail("$name: $@");
	return;
}

sub closed_port
{
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
	return $socket->sockport;
}

section 'errors of the service, one by one' => sub {
	my $retried = { max_attempts => 1 };
	my @cases = (
		# status, code, call, sqlstate, message, hint
		[ 400, 'ConditionalCheckFailedException', $SET, '23000',
			'condition of the DynamoDB write was not met', '' ],
		[ 400, 'TransactionConflictException', $SET, '40001',
			'DynamoDB item is in use by another transaction', 'Nothing was changed. Try again.' ],
		[ 400, 'ReplicatedWriteConflictException', $SET, '40001',
			'DynamoDB item is being written in another region', 'Nothing was changed. Try again.' ],
		[ 400, 'TransactionInProgressException', $SET, '40001',
			'DynamoDB transaction with this token is still in progress',
			'Repeat it with the same token. DynamoDB then carries it out at most once, and tells what became of it.' ],
		[ 400, 'ProvisionedThroughputExceededException', $GET, '53000',
			'DynamoDB throttled the request', $HINT_THROTTLED ],
		[ 400, 'ThrottlingException', $SET, '53000', 'DynamoDB throttled the request', $HINT_THROTTLED ],
		[ 400, 'RequestLimitExceeded', $GET, '53000', 'DynamoDB throttled the request', $HINT_THROTTLED ],
		[ 400, 'LimitExceededException', $GET, '53000',
			'DynamoDB limit on table operations was reached',
			'Wait until the table operations that are running have finished.' ],
		[ 400, 'ResourceNotFoundException', $GET, '42P01',
			qq(DynamoDB table "$table", or its index, does not exist), qr/\ACheck the names, .* once it is ACTIVE\.\z/s ],
		[ 400, 'ResourceInUseException', $SET, '55006',
			'DynamoDB table exists already or is being changed', qr/ACTIVE/ ],
		[ 400, 'ValidationException', $GET, '22023', 'DynamoDB rejected the request as invalid',
			'Check the arguments "pk", "sk" and "table_name".' ],
		[ 400, 'SerializationException', $GET, '22023', 'DynamoDB could not read the request',
			'Check the names and types of the members of the request.' ],
		[ 400, 'IdempotentParameterMismatchException', $SET, '22023',
			'token was used before with another DynamoDB transaction', qr/token of its own/ ],
		[ 400, 'UnknownOperationException', $GET, '0A000',
			'DynamoDB endpoint does not support the operation', qr/DynamoDB Local offers fewer/ ],
		[ 400, 'ItemCollectionSizeLimitExceededException', $SET, '54000',
			'DynamoDB item collection is too large', qr/10 GB/ ],
		[ 413, 'RequestEntityTooLargeException', $SET, '54000',
			'request is too large for DynamoDB', 'Split it into smaller ones.' ],
		[ 400, 'AccessDeniedException', $GET, '42501', 'access to DynamoDB was denied', qr/policies/ ],
		[ 400, 'UnrecognizedClientException', $GET, '28000', 'DynamoDB refused the AWS credentials',
			'Check the access key, and the session token that belongs to it.' ],
		[ 400, 'ExpiredTokenException', $SET, '28000', 'AWS credentials have expired',
			'Provide a new session token with its access key.' ],
		[ 400, 'InvalidSignatureException', $GET, '28000',
			'DynamoDB refused the signature of the request', qr/secret access key.*clock/ ],
		[ 400, 'MissingAuthenticationTokenException', $GET, '28000',
			'DynamoDB found no complete signature in the request', qr/proxy/ ],
		[ 500, 'InternalServerError', $GET, '58000', 'DynamoDB failed to process the request',
			'Try again later.' ],
		[ 503, 'ServiceUnavailable', $GET, '58000', 'DynamoDB failed to process the request',
			'Try again later.' ],
		[ 500, 'InternalServerError', $SET, '08007', 'outcome of DynamoDB PutItem is unknown',
			$HINT_REPEAT ],
		[ 400, 'InventedTomorrowException', $GET, '58000', 'DynamoDB refused the request', '' ]);
	for my $case (@cases)
	{
		my ($status, $code, $query, $sqlstate, $message, $hint) = @$case;
		fails($code . ($query eq $SET ? ' on a write' : ' on a read'),
			[ refusal($status, $code) ], $query, $retried, 1, $sqlstate, $message,
			"$code: about $code (request id RID)", $hint);
	}
};

section 'what is refused for good is sent once' => sub {
	for my $code (qw(ValidationException AccessDeniedException ResourceNotFoundException
		ConditionalCheckFailedException TransactionConflictException UnrecognizedClientException))
	{
		script(refusal(400, $code), { action => 'pass', repeat => -1 });
		my ($sqlstate) = sql_error($SET, to($server));
		isnt($sqlstate, undef, "$code is an error");
		is($server->counts->{requests}, 1, "$code is not retried");
	}
	script(refusal(501, 'NotImplemented'));
	my ($sqlstate) = sql_error($GET, to($server));
	is_deeply([ $sqlstate, $server->counts->{requests} ], [ '0A000', 1 ], 'nor is status 501');
};

section 'what may pass is sent again' => sub {
	my @codes = ([ 400, 'ThrottlingException' ], [ 400, 'ProvisionedThroughputExceededException' ],
		[ 500, 'InternalServerError' ], [ 503, 'ServiceUnavailable' ],
		[ 400, 'ReplicatedWriteConflictException' ]);
	for my $case (@codes)
	{
		my ($status, $code) = @$case;
		script(refusal($status, $code));
		is(sql("$SET; SELECT (ddb_get('p', 's')).data", to($server)), "\n1",
			"$code, then success");
		is($server->count('PutItem'), 2, "$code: two requests");
	}

	fails('throttled to the last attempt',
		[ { %{ refusal(400, 'ThrottlingException') }, repeat => -1 } ], $SET, { max_attempts => 2 }, 2,
		'53000', 'DynamoDB throttled the request after 2 attempts',
		'ThrottlingException: about ThrottlingException (request id RID)', $HINT_THROTTLED);
	fails('a fault to the last attempt, on a read',
		[ { %{ refusal(500, 'InternalServerError') }, repeat => -1 } ], $GET, {}, 4,
		'58000', 'DynamoDB failed to process the request after 4 attempts',
		'InternalServerError: about InternalServerError (request id RID)', 'Try again later.');
	fails('a fault to the last attempt, on a write',
		[ { %{ refusal(500, 'InternalServerError') }, repeat => -1 } ], $SET, {}, 4,
		'08007', 'outcome of DynamoDB PutItem is unknown after 4 attempts',
		'InternalServerError: about InternalServerError (request id RID)', $HINT_REPEAT);
	fails('an unknown outcome is not hidden by a refusal of the next attempt',
		[ { close_without_reply => 1 }, refusal(400, 'AccessDeniedException') ], $SET, {}, 2,
		'08007', qr/\Aoutcome of DynamoDB PutItem is unknown/,
		qr/\AAccessDeniedException: .*\(request id RID, attempt 2\)\z/, $HINT_REPEAT);
	fails('throttling is known not to have written',
		[ refusal(400, 'ThrottlingException'), refusal(400, 'AccessDeniedException') ], $SET, {}, 2,
		'42501', 'access to DynamoDB was denied',
		'AccessDeniedException: about AccessDeniedException (request id RID, attempt 2)', qr/policies/);
};

# test 020 has all of them without a server; here those whose pauses are short
section 'the scenarios of the retry vectors, by a call' => sub {
	my $vectors = eval { read_json(($ENV{ADDB_VECTORS} // 'test/vectors/aws') . '/retry.json') } or return;
	my $call = "SELECT ddb_get_item('$table', '{\"pk\": \"p\", \"sk\": \"s\"}')";
	my $ran = 0;
	for my $scenario (grep { $_->{op} eq 'GetItem' } @{ $vectors->{scenarios} })
	{
		my ($name, $expect) = @$scenario{qw(name expect)};
		next if sum(0, @{ $expect->{delays_ms} }) > 2000 || !defined $expect->{attempts};
		script(AddbTest::FaultServer->vector_steps(@{ $scenario->{script} }));
		my @error = sql_error($call, to($server, request_timeout => 1500, max_attempts => $scenario->{max_attempts} // 4));
		my $outcome = $expect->{outcome} // '';
		is($server->count('GetItem'), $expect->{attempts}, "$name: attempts");
		if ($outcome eq 'success') { is($error[0], undef, "$name: success") or diag("@error") }
		else { like($error[2] // 'no error', qr/^\Q$outcome\E/, "$name: its error") }
		$ran++;
	}
	cmp_ok($ran, '>', 30, 'scenarios') unless $ENV{ADDB_VECTORS};
};

section 'attempts of one call' => sub {
	script({ close_without_reply => 1 }, { cut_body => 7 }, refusal(500, 'InternalServerError'));
	is(sql($GET, to($server)), '(p,s,1,,)', 'the fourth attempt succeeds');
	my @log = $server->log('GetItem');
	is_deeply([ map { $_->{headers}{'amz-sdk-request'} } @log ],
		[ map { "attempt=$_; max=4" } 1 .. 4 ], 'amz-sdk-request counts them');
	my @ids = uniq map { $_->{headers}{'amz-sdk-invocation-id'} } @log;
	is(scalar @ids, 1, 'one invocation id');
	like($ids[0], qr/\A$UUID\z/, 'it is a UUID');
	is(scalar(uniq map { $_->{body} } @log), 1, 'one body');

	script({ action => 'pass' });
	sql("$GET; $GET", to($server));
	is(scalar(uniq map { $_->{headers}{'amz-sdk-invocation-id'} } $server->log), 2,
		'another call has another id');
	is($server->counts->{connections}, 1, 'and the same connection');

	script({ %{ refusal(503, 'ServiceUnavailable') }, repeat => 20 });
	sql_error($GET, to($server, max_attempts => 6));
	is($server->counts->{requests}, 6, 'max_attempts is obeyed');
};

section 'the pause that the service asks for' => sub {
	my $gap = sub {
		my @log = $server->log;
		return $log[1]{time} - $log[0]{time};
	};
	script(refusal(503, 'ServiceUnavailable', headers => { 'x-amz-retry-after' => '700' }));
	sql($GET, to($server));
	cmp_ok($gap->(), '>=', 0.7, 'x-amz-retry-after: 700 ms');
	cmp_ok($gap->(), '<', 5, 'and not much more');
	script(refusal(503, 'ServiceUnavailable', headers => { 'x-amz-retry-after' => '9s' }));
	sql($GET, to($server));
	cmp_ok($gap->(), '<', 5, 'what is no number is ignored');
};

section 'a wrong clock is put right' => sub {
	my $skewed = refusal(400, 'RequestTimeTooSkewed',
		headers => { date => POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + 7200)) });
	my $shift = sub {
		my @minute = map { $_->{headers}{'x-amz-date'} =~ /T(\d\d)(\d\d)/ ? $1 * 60 + $2 : 0 } $server->log;
		return ($minute[-1] - $minute[0]) % 1440;
	};
	script($skewed);
	is(sql($GET, to($server)), '(p,s,1,,)', 'the second attempt succeeds');
	like($shift->(), qr/^(?:119|120|121)$/, 'signed two hours later');

	script($skewed);
	is((sql_error($GET, to($server, clock_skew_correction => 'off')))[0], '28000', 'unless correction is off');
	is($server->count, 1, 'the request is not sent again then');
	my $session = session(to($server));
	script({ reply => { status => 200, headers => $skewed->{reply}{headers}, body => {} } });
	$session->query("$GET; $GET");
	like($shift->(), qr/^(?:119|120|121)$/, 'a success tells the time, too');
	script({ action => 'pass' }, $skewed);
	is(($session->query_error("$GET; SET atomic_dynamodb.clock_skew_correction = off; $GET"))[0], '28000', 'switched off');
	ok($shift->() % 1439 <= 1, 'the time learned before is forgotten');
};

section 'what is sent' => sub {
	script();
	my $list = to_json([ map { { pk => 'big', sk => "$_", data => 'x' x 60_000 } } 1 .. 25 ]);
	is(sql('SELECT ddb_set(' . literal($list) . ')', to($server)), 25, '1.5 MB in one request');
	my ($request) = $server->log;
	my $headers = $request->{headers};
	is($headers->{expect}, undef, 'no Expect');
	is($headers->{'accept-encoding'}, 'identity', 'no compression is asked for');
	is($headers->{'content-encoding'}, undef, 'nor used');
	is($headers->{'content-type'}, 'application/x-amz-json-1.0', 'the content type');
	is($headers->{'x-amz-target'}, 'DynamoDB_20120810.BatchWriteItem', 'the target');
	is($headers->{'content-length'}, length $request->{body}, 'the length');
	like($headers->{authorization}, qr{\AAWS4-HMAC-SHA256 Credential=local/\d{8}/us-west-2/dynamodb/aws4_request,},
		'the signature');
	is($headers->{'x-amz-security-token'}, undef, 'no session token');

	script();
	sql($GET, to($server, session_token => 'tok/en+1='));
	is(($server->log)[0]{headers}{'x-amz-security-token'}, 'tok/en+1=', 'the session token');
};

section 'answers that do not come from DynamoDB' => sub {
	my $html = { 'content-type' => 'text/html', 'x-amzn-requestid' => undef, 'x-amz-crc32' => undef };
	my $elsewhere = fault_server();
	for my $status (301, 302, 307, 308)
	{
		fails("status $status",
			[ { reply => { status => $status, body => '',
						headers => { %$html, location => $elsewhere->url . '/' } } } ],
			$GET, {}, 1, '08P01', 'request was refused by something other than DynamoDB',
			"HTTP status $status", $HINT_ENDPOINT);
	}
	is($elsewhere->counts->{requests}, 0, 'redirects are not followed');

	fails('a page not found', [ { reply => { status => 404, headers => $html, body => '<h1>Not here</h1>' } } ],
		$SET, {}, 1, '08P01', 'request was refused by something other than DynamoDB',
		qr/\AHTTP status 404: .*Not here/, $HINT_ENDPOINT);
	fails('a load balancer without a service, on a read',
		[ { repeat => -1, reply => { status => 503, headers => $html, body => '<h1>No backend</h1>' } } ],
		$GET, {}, 4, '58000', 'DynamoDB failed to process the request after 4 attempts',
		qr/\AHTTP status 503: .*No backend/, 'Try again later.');
	fails('a page instead of an answer, on a read', [ { repeat => -1, reply => { headers => $html, body => 'Hello' } } ],
		$GET, {}, 1, '08P01', 'could not understand the answer of DynamoDB',
		'HTTP status 200 came with a body that is no JSON object.', $HINT_ENDPOINT);
	fails('a page instead of an answer, on a write', [ { repeat => -1, reply => { headers => $html, body => 'Hello' } } ],
		$SET, {}, 4, '08007', 'outcome of DynamoDB PutItem is unknown after 4 attempts',
		'HTTP status 200 came with a body that is no JSON object.', $HINT_REPEAT);
	script({ reply => { headers => $html, body => 'Hello' } });
	is(sql("$SET; $GET", to($server)), "\n(p,s,1,,)", 'a page now and then is got over');
	is($server->counts->{requests}, 3, 'with a request more');
	for my $body ('{"Item":', '{"Item":[}', '{"Item":{"pk":{"S":"p"}', '{"Item":{"pk":1}}')
	{
		fails("no answer to GetItem: $body", [ { repeat => -1, reply => { body => $body } } ],
			$GET, {}, undef, '08P01', qr/\Acould not understand the answer of DynamoDB/, qr/./, $HINT_ENDPOINT);
	}
	my $latin = "{\"Item\":{\"pk\":{\"S\":\"\xff\"}}}";
	fails('an answer that is not UTF-8', [ { raw => "HTTP/1.1 200 OK\r\nContent-Length: " . length($latin) . "\r\n\r\n$latin", repeat => -1 } ],
		$GET, {}, 1, '08P01', 'could not understand the answer of DynamoDB', qr/no JSON object/, $HINT_ENDPOINT);
	fails('no HTTP, on a read', [ { raw => "220 mail.example ESMTP\r\n", repeat => -1 } ],
		$GET, { max_attempts => 2 }, 2, '08P01', 'could not understand the answer of DynamoDB after 2 attempts',
		qr/./, $HINT_ENDPOINT);
	fails('no HTTP, on a write', [ { raw => "220 mail.example ESMTP\r\n", repeat => -1 } ],
		$SET, { max_attempts => 1 }, 1, '08007', 'outcome of DynamoDB PutItem is unknown', qr/./, $HINT_REPEAT);
};

section 'damaged answers' => sub {
	script({ action => 'pass', crc => 'bad' });
	is(sql($GET, to($server)), '(p,s,1,,)', 'a wrong checksum: read again');
	is($server->counts->{requests}, 2, 'two requests');
	fails('wrong checksums to the last attempt, on a read', [ { action => 'pass', crc => 'bad', repeat => -1 } ],
		$GET, {}, 4, '08P01', 'answer of DynamoDB arrived damaged after 4 attempts',
		qr/\AThe body does not match the header x-amz-crc32\. \(request id [-\w]+\)\z/, 'Try again.');
	fails('wrong checksums to the last attempt, on a write', [ { action => 'pass', crc => 'bad', repeat => -1 } ],
		$SET, {}, 4, '08007', 'outcome of DynamoDB PutItem is unknown after 4 attempts',
		qr/\AThe body does not match the header x-amz-crc32\. \(request id [-\w]+\)\z/, $HINT_REPEAT);
	script({ action => 'pass', crc => 'none' });
	is(sql($GET, to($server)), '(p,s,1,,)', 'no checksum: nothing to check');
	script({ action => 'pass', chunked => 1 });
	is(sql($GET, to($server)), '(p,s,1,,)', 'a chunked answer');
	script({ action => 'pass', drip => { bytes => 10, every_ms => 5 } });
	is(sql($GET, to($server)), '(p,s,1,,)', 'an answer that trickles in');
};

section 'connections that break' => sub {
	script({ cut_body => 20, apply => 1 });
	is(sql($GET, to($server)), '(p,s,1,,)', 'cut within the body: read again');
	fails('cut within the body to the last attempt', [ { cut_body => 20, apply => 1, repeat => -1 } ],
		$GET, {}, 4, '08006', 'connection to DynamoDB was cut off after 4 attempts', qr/./, 'Try again.');
	fails('reset before the answer', [ { close_without_reply => 1, repeat => -1 } ],
		$GET, { max_attempts => 1 }, 1, '08006', 'connection to DynamoDB was cut off', qr/./, 'Try again.');
	fails('silence, on a read', [ { hang => 1, repeat => -1 } ],
		$GET, { max_attempts => 2, request_timeout => 150 }, 2, '08006',
		'DynamoDB did not answer in time after 2 attempts', qr/timed out/i,
		'The limit is the setting atomic_dynamodb.request_timeout.');
	fails('silence, on a write', [ { hang => 1, repeat => -1 } ],
		$SET, { max_attempts => 1, request_timeout => 150 }, 1, '08007',
		'outcome of DynamoDB PutItem is unknown', qr/timed out/i, $HINT_REPEAT);
	fails('an answer that never ends', [ { action => 'pass', drip => { bytes => 1, every_ms => 20 }, repeat => -1 } ],
		$GET, { max_attempts => 1, request_timeout => 200 }, 1, '08006',
		'DynamoDB did not answer in time', qr/timed out/i, qr/request_timeout/);
	my $too_large = sub { qr{\AThe answer has more than $_[0] bytes, the limit for this kind of request \(request id [-\w]+\)\z} };
	my $smaller = "DynamoDB's own answers are smaller. Check the setting atomic_dynamodb.endpoint_url, and what stands in between.";
	fails('an answer that is too large, on a read', [ { huge => 9 * 1024 * 1024 } ],
		$GET, {}, 1, '54000', 'answer of DynamoDB is too large', $too_large->(8 * 1024 * 1024), $smaller);
	fails('the same in chunks', [ { huge => 9 * 1024 * 1024, chunked => 1 } ],
		$GET, {}, 1, '54000', 'answer of DynamoDB is too large', $too_large->(8 * 1024 * 1024), $smaller);
	fails('the same of a page', [ { huge => 17 * 1024 * 1024 } ],
		q(SELECT * FROM ddb_query('p')), {}, 1, '54000', 'answer of DynamoDB is too large', $too_large->(16 * 1024 * 1024), 'Ask for fewer items at a time.');
	fails('an answer that is too large, on a write', [ { huge => 9 * 1024 * 1024 } ],
		$SET, {}, 1, '08007', 'outcome of DynamoDB PutItem is unknown', $too_large->(8 * 1024 * 1024), $HINT_REPEAT);

	script({ action => 'pass', close => 1 });
	is(sql("$GET; $GET", to($server)), "(p,s,1,,)\n(p,s,1,,)", 'a connection that the server closes after an answer');
	is($server->counts->{connections}, 2, 'is replaced');
};

# As messages have it.
sub place
{
	my ($fault_server) = @_;
	return $fault_server->url =~ m{//(.*):(\d+)} ? "$1 port $2" : die;
}

section 'blanks behind an answer' => sub {
	script({ reply => { status => 200, body => "{}\r\n " } });
	is(sql("$SET; SELECT 'written'", to($server, max_attempts => 1)), "\nwritten", 'are no damage');
};

section 'no connection' => sub {
	my $hint = 'Check the settings atomic_dynamodb.endpoint_url and atomic_dynamodb.region.';
	my $untrusted = 'The certificate of the endpoint is not trusted. Check the setting atomic_dynamodb.endpoint_url, '
	  . 'and atomic_dynamodb.ca_file, the file of trusted certificates.';
	my $bad_file = 'Check the file of trusted certificates, the setting atomic_dynamodb.ca_file.';
	my %once = (max_attempts => 1);
	my @error = sql_error($GET, to(undef, endpoint_url => 'http://127.0.0.1:' . closed_port()));
	is_error(\@error, 'nobody listens', '08001', 'could not connect to DynamoDB after 4 attempts',
		qr/connect/i, $hint);
	@error = sql_error($SET, to(undef, endpoint_url => 'http://127.0.0.1:' . closed_port(), %once));
	is_error(\@error, 'nor for a write, which was not sent', '08001', 'could not connect to DynamoDB',
		qr/connect/i, $hint);
	@error = sql_error($GET, to(undef, endpoint_url => 'https://no-such-host.invalid',
			connect_timeout => 2000, %once));
	is_error(\@error, 'a host that does not exist', '08001', 'could not connect to DynamoDB',
		qr/resolv/i, $hint);

	my $full = fault_server(mode => 'backlog');
	@error = sql_error($SET, to($full, connect_timeout => 100, %once));
	is_error(\@error, 'a connection that is not accepted in time', '08001', 'could not connect to DynamoDB',
		qr/timed? ?out/i, $hint);

	for my $kind ('good', 'self-signed', 'wrong-name', 'expired')
	{
		my $tls = fault_server(mode => 'tls', certificate => $kind);
		@error = sql_error($SET, to($tls, %once));
		is_error(\@error, "a certificate that is not trusted ($kind)", '08001', 'could not connect to DynamoDB',
			qr/certificate/, $untrusted);
	}

	# with the authority trusted, each fails for a reason of its own
	my $good = fault_server(mode => 'tls', certificate => 'good');
	my %trusted = (%once, ca_file => $good->ca_file);
	is(sql("$SET; SELECT 'written'", to($good, %trusted)), "\nwritten", 'a certificate that is trusted');
	my %reason = ('self-signed' => qr/self.signed/i, 'wrong-name' => qr/name/, expired => qr/expired/);
	for my $kind (sort keys %reason)
	{
		my $tls = fault_server(mode => 'tls', certificate => $kind);
		my $ca_file = $kind eq 'self-signed' ? $good->ca_file : $tls->ca_file;
		@error = sql_error($SET, to($tls, %once, ca_file => $ca_file));
		is_error(\@error, "a certificate that is trusted but $kind", '08001', 'could not connect to DynamoDB',
			qr/\A${\place($tls)}: .*$reason{$kind}/, $untrusted);
	}
	my $old = fault_server(mode => 'tls', tls_max => '1.2');
	my %old = (%once, ca_file => $old->ca_file);
	is(sql("$SET; SELECT 'written'", to($old, %old)), "\nwritten", 'TLS 1.2 is spoken');
	@error = sql_error($SET, to($old, %old, tls_min_version => '1.3'));
	is_error(\@error, 'unless 1.3 is wanted', '08001', 'could not connect to DynamoDB', qr/\A${\place($old)}: .*protocol version/i,
		'The endpoint speaks no version of TLS that is allowed: the oldest one is the setting atomic_dynamodb.tls_min_version.');
	is(sql("$SET; SELECT 'written'", to($good, %trusted, tls_min_version => '1.3')), "\nwritten", 'TLS 1.3 is spoken');
	my $changing = session(%{ { to($old, %old) } });
	is($changing->query("$SET; SELECT 1"), "\n1", 'a connection with TLS 1.2');
	@error = $changing->query_error("SET atomic_dynamodb.tls_min_version = '1.3'; $SET");
	is($error[0], '08001', 'is not used any more once 1.3 is wanted');
	is($changing->query("SET atomic_dynamodb.tls_min_version = '1.2'; $SET; SELECT 1"), "\n1", 'but is when 1.2 will do');

	my $session = session(%{ { to($good, %trusted) } });
	is($session->query("$SET; SELECT 1"), "\n1", 'a session that trusts the authority');
	@error = $session->query_error("SET atomic_dynamodb.ca_file = ''; $SET");
	is_error(\@error, 'trusts it no longer once the setting is gone', '08001', 'could not connect to DynamoDB',
		qr/certificate/, $untrusted);
	@error = $session->query_error("SET atomic_dynamodb.ca_file = '/no/such/file'; $SET");
	is_error(\@error, 'a file of authorities that does not exist', '08001', 'could not connect to DynamoDB',
		qr/certificate/, $bad_file);

	# libcurl refuses some options to a handle whose name did not resolve
	my $unresolved = 'https://nonexistent.invalid';
	$session = session(%{ { to(undef, %once, endpoint_url => $unresolved) } });
	for my $round (1 .. 2)
	{
		@error = $session->query_error("SET atomic_dynamodb.endpoint_url = '$unresolved'; $SET");
		is_error(\@error, 'a name that does not resolve', '08001', 'could not connect to DynamoDB', qr/resolv/i, $hint);
		my $move = "SET atomic_dynamodb.endpoint_url = '" . $good->url . "'; SET atomic_dynamodb.ca_file = ";
		@error = $session->query_error("$move '/no/such/file'; $SET");
		is_error(\@error, 'then a file of authorities that does not exist', '08001', 'could not connect to DynamoDB',
			qr/certificate/, $bad_file);
		is($session->query("$move '" . $good->ca_file . "'; $SET; SELECT 'written'"), "\nwritten", 'then one that does');
		@error = $session->query_error("$move ''; $SET");
		is_error(\@error, 'then none', '08001', 'could not connect to DynamoDB', qr/certificate/, $untrusted);
	}

	sql(<<"SQL");
CREATE SERVER unresolved FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', endpoint_url '$unresolved');
CREATE SERVER healthy FOREIGN DATA WRAPPER atomic_dynamodb
	OPTIONS (region 'us-west-2', endpoint_url '@{[ $good->url ]}', ca_file '@{[ $good->ca_file ]}');
CREATE USER MAPPING FOR PUBLIC SERVER unresolved OPTIONS (access_key_id 'AKID', secret_access_key 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER healthy OPTIONS (access_key_id 'AKID', secret_access_key 'secret');
SQL
	$session = session(%{ { to(undef, %once) } });
	for my $round (1 .. 2)
	{
		@error = $session->query_error("SET atomic_dynamodb.server = 'unresolved'; $SET");
		is_error(\@error, 'a server whose name does not resolve', '08001', 'could not connect to DynamoDB', qr/resolv/i,
			'Check the endpoint and region of server "unresolved".');
		is($session->query("SET atomic_dynamodb.server = 'healthy'; $SET; SELECT 'written'"), "\nwritten", 'does not harm another');
	}
	sql("ALTER SERVER healthy OPTIONS (SET ca_file '/no/such/file')");
	is_error([ $session->query_error($SET) ], 'a file of a server that does not exist', '08001', 'could not connect to DynamoDB',
		qr/certificate/, 'Check the file of trusted certificates, the option ca_file of server "healthy".');
	sql("ALTER SERVER healthy OPTIONS (DROP ca_file)");
	is_error([ $session->query_error($SET) ], 'a server that is not trusted', '08001', 'could not connect to DynamoDB',
		qr/certificate/, 'The certificate of the endpoint is not trusted. Check the options of server "healthy": '
		  . 'endpoint_url, and ca_file, the file of trusted certificates.');
	sql('DROP SERVER unresolved, healthy CASCADE');

	@error = sql_error($GET, to(undef, %once, endpoint_url => $server->url =~ s/^http:/https:/r));
	is_error(\@error, 'TLS where there is none', '08001', 'could not connect to DynamoDB', qr/ port \d+: .*(?:SSL|TLS)/, $hint);
};

section 'credentials' => sub {
	my %none = (access_key_id => '', secret_access_key => '');
	my @error = sql_error($GET, to($server, %none));
	is_error(\@error, 'none at all', '28000', 'no AWS credentials found',
		qr/atomic_dynamodb\.access_key_id is not set.*AWS_ACCESS_KEY_ID is not set/,
		qr/\ASet atomic_dynamodb\.access_key_id and/);
	@error = sql_error($GET, to($server, secret_access_key => ''));
	is_error(\@error, 'half of them', '28000', 'incomplete AWS credentials',
		qr/access_key_id is set but atomic_dynamodb\.secret_access_key is not/, 'Set both or neither.');

	my $role = unique_name();
	sql("CREATE ROLE $role; SELECT ddb_grant('$role', 'read')");
	@error = sql_error("SET ROLE $role; $GET", to($server, %none));
	is_error(\@error, 'those of the server are not for everybody', '28000',
		q(only superusers may use the server's own AWS credentials),
		qr/./, qr/allow_ambient_credentials/);
	script();
	is(sql("SET ROLE $role; $GET", to($server)), '(p,s,1,,)', 'those of the settings are');
	@error = sql_error("SET ROLE $role; $SET", to($server));
	is_error(\@error, 'a role that may only read', '42501', 'permission denied for function ddb_set');
	sql("DROP OWNED BY $role; DROP ROLE $role");

	script(refusal(400, 'InvalidSignatureException',
			message => "The signature does not match.\n\nx-amz-security-token:verysecret"));
	@error = sql_error($GET, to($server, session_token => 'verysecret'));
	is_error(\@error, 'a refused signature does not quote what was signed', '28000',
		'DynamoDB refused the signature of the request',
		'InvalidSignatureException: The signature does not match. (request id RID)', qr/./);
};

section 'what the server has in its environment' => sub {
	my $proxy = fault_server();
	my %proxies = map { $_ => $proxy->url } qw(http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY);
	my $cluster = AddbTest::Cluster->new(
		environment => { %proxies, AWS_ACCESS_KEY_ID => 'fromenv', AWS_SECRET_ACCESS_KEY => 'hidden', AWS_SESSION_TOKEN => 'tok' },
		conf => { map { ("atomic_dynamodb.$_->[0]" => $_->[1]) } [ region => 'us-west-2' ], [ table => $table ],
			[ endpoint_url => $server->url ] });
	$cluster->inside(sub {
		script();
		is(sql($GET), '(p,s,1,,)', 'its credentials serve the superuser');
		my ($request) = $server->log;
		like($request->{headers}{authorization}, qr/Credential=fromenv/, 'they have signed');
		is($request->{headers}{'x-amz-security-token'}, 'tok', 'the session token goes with them');
		is($proxy->counts->{requests}, 0, 'its proxies are left alone');

		sql("CREATE ROLE other; SELECT ddb_grant('other', 'read')");
		script();
		is_error([ sql_error("SET ROLE other; $GET") ], 'another role may not use them', '28000',
			q(only superusers may use the server's own AWS credentials), qr/./, qr/allow_ambient_credentials/);
		is_error([ sql_error("$GET; SET ROLE other; $GET") ], 'nor after a superuser has in the same session', '28000',
			q(only superusers may use the server's own AWS credentials), qr/./, qr/allow_ambient_credentials/);
		is($server->counts->{requests}, 1, 'nothing is sent for it');
		is(sql("SET atomic_dynamodb.allow_ambient_credentials = on; SET ROLE other; $GET"), '(p,s,1,,)',
			'unless a superuser has opened them');
	});
	undef $cluster;

	my $plain = AddbTest::Cluster->new(
		environment => { AWS_ACCESS_KEY_ID => 'fromenv', AWS_SECRET_ACCESS_KEY => 'hidden', AWS_DISABLE_CLOCK_SKEW_CORRECTION => 'true' },
		conf => { 'atomic_dynamodb.region' => 'us-west-2', 'atomic_dynamodb.table' => $table, 'atomic_dynamodb.endpoint_url' => $server->url });
	$plain->inside(sub {
		script(refusal(400, 'RequestTimeTooSkewed',
			headers => { date => POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + 7200)) }));
		is((sql_error($GET))[0], '28000', 'its clock is not put right if it says so');
		is($server->count, 1, 'and the request is not sent again');
	});
};

section 'cancelled transactions' => sub {
	my $lock = new_lock('cancel');
	my $query = set_atomic('cancel', $lock);
	my %none = (Code => 'None');
	my $reasons = sub {
		return [ refusal(400, 'TransactionCanceledException', message => 'why',
				reasons => [ map { $_ ? { Code => $_, Message => "m $_" } : \%none } @_ ]) ];
	};
	my $detail = 'TransactionCanceledException: why (request id RID)';
	fails('a condition of an item', $reasons->('ConditionalCheckFailed', undef), $query, {}, 1,
		'23000', 'DynamoDB transaction was canceled',
		"$detail\nAction 1: ConditionalCheckFailed: m ConditionalCheckFailed");
	fails('a conflict', $reasons->('TransactionConflict', undef), $query, {}, 1,
		'40001', 'DynamoDB transaction was canceled because of a conflict',
		"$detail\nAction 1: TransactionConflict: m TransactionConflict", 'Nothing was changed. Try again.');
	fails('a conflict on the lock', $reasons->(undef, 'TransactionConflict'), $query, {}, 1,
		'40001', 'DynamoDB transaction was canceled because of a conflict',
		"$detail\nAction 2: TransactionConflict: m TransactionConflict", 'Nothing was changed. Try again.');
	fails('throttling', $reasons->('ProvisionedThroughputExceeded', 'ThrottlingError'), $query, {}, 1,
		'53000', 'DynamoDB transaction was canceled because it was throttled', qr/\A\Q$detail\E\nAction 1: .*\nAction 2: /,
		$HINT_THROTTLED);
	fails('an invalid action', $reasons->('ValidationError', undef), $query, {}, 1,
		'22023', 'DynamoDB transaction was canceled because an action is invalid',
		"$detail\nAction 1: ValidationError: m ValidationError");
	fails('no reasons', [ refusal(400, 'TransactionCanceledException', message => 'why') ], $query, {}, 1,
		'23000', 'DynamoDB transaction was canceled', $detail);
	is(stored('cancel', 'item'), undef, 'nothing was written');

	script(refusal(400, 'TransactionInProgressException'));
	my $version = sql($query, to($server));
	is(stored('cancel', 'lock')->{version}, $version, 'one that is in progress is asked again');
	my @log = $server->log('TransactWriteItems');
	is(scalar @log, 2, 'with a second request');
	is($log[0]{body}, $log[1]{body}, 'that is the same, token and all');
	like(body_of($log[0])->{ClientRequestToken}, qr/\A$UUID\z/, 'the token is a UUID');
};

section 'races' => sub {
	my $message = sub { "RaceCondition: the lock with pk \"$_[0]\", sk \"lock\" is no longer valid" };
	my $end = qr/Nothing was written\. DynamoDB: TransactionCanceledException \(request id [-\w]+\)\.\z/;
	my $future = int(time) + 86400;

	my $lock = new_lock('stale', 'v1');
	store_lock('stale', 'v2', $future);
	is_error([ sql_error(set_atomic('stale', $lock), to($server)) ], 'a stale lock', '40001', $message->('stale'),
		qr/\AThe lock is stale: its version is now v2, not v1\. Somebody else .*\. $end/, $HINT_RACE);
	is_error([ sql_error("SELECT ddb_delete_atomic('stale', 'item', $lock)", to($server)) ],
		'a stale lock, deleting', '40001', $message->('stale'), qr/\AThe lock is stale/, $HINT_RACE);
	is_error([ sql_error(qq(SELECT ddb_set_atomic('[{"pk":"stale","sk":"a","data":1},{"pk":"stale","sk":"b","data":1}]', $lock)),
				to($server)) ],
		'a stale lock, with a list', '40001', $message->('stale'), qr/\AThe lock is stale/, $HINT_RACE);
	is(stored('stale', $_), undef, "nothing was written ($_)") for qw(item a b);

	is_error([ sql_error(set_atomic('gone', lock_literal('gone', 'v1', $future)), to($server)) ],
		'a deleted lock', '40001', $message->('gone'),
		qr/\AThe lock was deleted after it was read, or is not one of table "$table"\. $end/, $HINT_RACE);

	my $past = int(time) - 10;
	store_lock('late', 'v1', $past);
	my $winner = sql("SELECT version FROM ddb_get_lock('late', 'lock')", to($server));
	like($winner, qr/\A$UUID\z/, 'an expired lock is replaced');
	is_error([ sql_error(set_atomic('late', lock_literal('late', 'v1', $past)), to($server)) ],
		'an expired and replaced lock', '40001', $message->('late'),
		qr/\AThe lock expired at .* and was replaced: its version is now $winner, not v1\. $end/, $HINT_RACE);
	is_error([ sql_error(set_atomic('swept', lock_literal('swept', 'v1', $past)), to($server)) ],
		'an expired lock that is gone', '40001', $message->('swept'), qr/\AThe lock expired and is gone: .* $end/, $HINT_RACE);

	ddb_raw('PutItem', { TableName => $table,
		Item => { pk => { S => 'other' }, sk => { S => 'lock' }, data => { S => '1' } } });
	is_error([ sql_error(set_atomic('other', lock_literal('other', 'v1', $future)), to($server)) ],
		'a lock replaced by an item', '40001', $message->('other'),
		qr/\AThe lock was replaced by an item that is not a lock\. $end/, $HINT_RACE);
	is_error([ sql_error("SELECT ddb_get_lock('other', 'lock')", to($server)) ], 'an item that is not a lock', '42809',
		'DynamoDB item with pk "other", sk "lock" is not a lock', 'It has no attribute "version".', qr/key of its own/);

	is(sql(<<'SQL', to($server)), 'serialization_failure', 'the condition name of PL/pgSQL');
CREATE FUNCTION pg_temp.caught() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM ddb_set_atomic('gone', 'item', '1', ROW('gone', 'lock', 'v1', now())::ddb_lock);
	RETURN 'none';
EXCEPTION WHEN serialization_failure THEN RETURN 'serialization_failure';
END $$;
SELECT pg_temp.caught();
SQL
};

section 'arguments that are refused before anything is sent' => sub {
	my $lock = lock_literal('a', 'v1', int(time) + 86400);
	my $list = sub {
		my (%data) = @_;
		return literal(to_json([ map { { pk => 'p', sk => "$_", %data } } 1 .. 100 ]));
	};
	fails('100 items with a lock', [], 'SELECT ddb_set_atomic(' . $list->(data => 1) . ", $lock)", {}, 0,
		'54000', 'argument "items" has 100 elements, but an atomic write takes at most 99',
		'A DynamoDB transaction has at most 100 actions, and the lock takes one.');
	fails('100 keys with a lock', [], 'SELECT ddb_delete_atomic(' . $list->() . ", $lock)", {}, 0,
		'54000', qr/argument "keys" has 100 elements/, qr/100 actions/);
	fails('none', [], "SELECT ddb_set_atomic('[]', $lock)", {}, 0, '22023', 'argument "items" must not be empty');
	fails('a key that is too long', [], "SELECT ddb_get(repeat('x', 2049), 's')", {}, 0,
		'54000', qr/"pk" of the key is too long/, qr/2049 bytes; DynamoDB takes 2048/);
	fails('a lock that is null', [], "SELECT ddb_set_atomic('p', 's', '1', NULL)", {}, 0, '22004',
		'argument "lock" must not be null');
	fails('the lock among the items', [], "SELECT ddb_set_atomic('a', 'lock', '1', $lock)", {}, 0, '22023',
		'argument "lock" has the key of an item that it is to protect', qr/pk "a", sk "lock"/, qr/key of its own/);
};

section 'a transaction whose answer is lost' => sub {
	my $write = { match => 'TransactWriteItems' };
	my $look = { match => 'GetItem' };

	my $lock = new_lock('lost1');
	script({ %$write, apply_then_reset => 1 });
	my $version = sql(set_atomic('lost1', $lock), to($server));
	my @log = $server->log;
	is_deeply([ map { $_->{operation} } @log ], [ ('TransactWriteItems') x 2 ], 'it is sent again');
	is($log[0]{body}, $log[1]{body}, 'with the same body');
	is(body_of($log[0])->{ClientRequestToken}, body_of($log[1])->{ClientRequestToken}, 'and token');
	is(stored('lost1', 'lock')->{version}, $version, 'and reported as success');
	is(stored('lost1', 'item')->{data}, '{"n":1}', 'the item is there');
	is(sql(set_atomic('lost1', "ROW('lost1', 'lock', '$version', NULL)::ddb_lock", '{"n":2}') =~ s/\(l\)\.version/(l).pk/r,
			to($server)), 'lost1', 'the lock is good for the next write');

	$lock = new_lock('lost2');
	script({ %$write, apply_then_reset => 1, repeat => 4 });
	$version = sql(set_atomic('lost2', $lock), to($server));
	is_deeply([ map { $_->{operation} } $server->log ], [ ('TransactWriteItems') x 4, 'GetItem' ],
		'when all answers are lost, the lock is looked at');
	is(stored('lost2', 'lock')->{version}, $version, 'its version tells that the write was made');
	ok(body_of(($server->log('GetItem'))[0])->{ConsistentRead}, 'that look is strongly consistent');

	for my $case ([ 'lost3', 'apply_then_hang', 'time runs out' ], [ 'lost4', 'cut_body', 'the answer is cut' ],
		[ 'lost5', 'action', 'the answer is damaged' ])
	{
		my ($pk, $action, $what) = @$case;
		my %step = $action eq 'cut_body' ? (cut_body => 1, apply => 1)
		  : $action eq 'action' ? (action => 'pass', crc => 'bad') : ($action => 1);
		$lock = new_lock($pk);
		script({ %$write, %step, repeat => 2 });
		$version = sql(set_atomic($pk, $lock), to($server, max_attempts => 2, request_timeout => 1500));
		is(stored($pk, 'lock')->{version}, $version, "the same when $what");
	}

	$lock = new_lock('lost6');
	script({ %$write, close_without_reply => 1, repeat => -1 });
	is_error([ sql_error(set_atomic('lost6', $lock), to($server)) ], 'one that was not applied stays unknown', '08007',
		'outcome of DynamoDB TransactWriteItems is unknown after 4 attempts', qr/./, $HINT_UNKNOWN);
	is($server->count('GetItem'), 1, 'after a look');
	is(stored('lost6', 'lock')->{version}, 'v1', 'nothing was written');

	$lock = new_lock('lost7');
	script({ %$write, apply_then_reset => 1, repeat => 4 }, { %$look, close_without_reply => 1, repeat => -1 });
	is_error([ sql_error(set_atomic('lost7', $lock), to($server)) ], 'when the lock cannot be looked at', '08007',
		'outcome of DynamoDB TransactWriteItems is unknown after 4 attempts', qr/./, $HINT_UNKNOWN);
	is($server->count('GetItem'), 4, 'after four attempts');

	$lock = new_lock('lost8');
	script({ %$write, apply_then_reset => 1 }, refusal(400, 'IdempotentParameterMismatchException'));
	my @error = sql_error(set_atomic('lost8', $lock), to($server));
	ok(!@error || $error[0] eq '08007', 'no later answer makes an applied write a failure')
	  or diag(join ' | ', @error);

	$lock = new_lock('lost9');
	script({ %$write, close_without_reply => 1 });
	store_lock('lost9', 'v2', int(time) + 86400);
	is_error([ sql_error(set_atomic('lost9', $lock), to($server)) ], 'a race is a race after a lost attempt, too', '40001',
		qr/\ARaceCondition/, qr/\AThe lock is stale/, $HINT_RACE);

	$lock = new_lock('lost10');
	my $session = session(to($server, request_timeout => 1000));
	script({ %$write, apply_then_hang => 1 });
	$session->send(set_atomic('lost10', $lock));
	ok($server->wait_for_requests(1), 'a service that has forgotten the token');
	my $new = new_version(($server->log)[0]);
	$server->script(refusal(400, 'TransactionCanceledException', reasons => [ { Code => 'None' },
		{ Code => 'ConditionalCheckFailed', Item => { pk => { S => 'lost10' }, sk => { S => 'lock' },
				version => { S => $new } } } ]));
	my $out = $session->finish;
	is($out, $new, 'finds our own version in the lock: no false race') or diag($session->stderr);
};

section 'plain writes whose answers are lost' => sub {
	script({ apply_then_reset => 1 });
	sql("SELECT ddb_set('plain', 's', '7')", to($server));
	is($server->count('PutItem'), 2, 'ddb_set is sent again');
	is(stored('plain', 's')->{data}, '7', 'and written');
	script({ apply_then_reset => 1 });
	sql("SELECT ddb_delete('plain', 's')", to($server));
	is($server->count('DeleteItem'), 2, 'ddb_delete is sent again');
	is(stored('plain', 's'), undef, 'and gone');

	fails('with one attempt only', [ { apply_then_reset => 1 } ], "SELECT ddb_set('plain', 't', '8')",
		{ max_attempts => 1 }, 1, '08007', 'outcome of DynamoDB PutItem is unknown', qr/./, $HINT_REPEAT);
	is(stored('plain', 't')->{data}, '8', 'it had been written');
	fails('ddb_delete', [ { close_without_reply => 1, repeat => -1 } ], "SELECT ddb_delete('plain', 't')", {}, 4,
		'08007', 'outcome of DynamoDB DeleteItem is unknown after 4 attempts', qr/./, $HINT_REPEAT);
	fails('a list', [ { close_without_reply => 1, repeat => -1 } ],
		q(SELECT ddb_set('[{"pk":"plain","sk":"u","data":1}]')), {}, 4,
		'08007', 'outcome of DynamoDB BatchWriteItem is unknown after 4 attempts', qr/./, $HINT_REPEAT);
};

section 'locks whose answers are lost' => sub {
	my $get_lock = sub { "SELECT version, ttl FROM ddb_get_lock('$_[0]', 'lock')" };

	script({ match => 'PutItem', apply_then_reset => 1 });
	my ($row) = sql_rows($get_lock->('new1'), to($server));
	is_deeply([ map { $_->{operation} } $server->log ], [ qw(GetItem PutItem PutItem) ], 'creating is sent again');
	is(stored('new1', 'lock')->{version}, $row->[0], 'the lock is the one that was created');

	script({ match => 'PutItem', apply_then_reset => 1, repeat => 4 });
	($row) = sql_rows($get_lock->('new2'), to($server));
	is(stored('new2', 'lock')->{version}, $row->[0], 'when all answers are lost, looking tells');
	is($server->count('GetItem'), 2, 'with a second read');

	script({ match => 'PutItem', close_without_reply => 1, repeat => 4 });
	is_error([ sql_error($get_lock->('new3'), to($server)) ], 'when it is not there', '08007',
		'outcome of DynamoDB PutItem is unknown after 4 attempts', qr/./, $HINT_UNKNOWN);
	is($server->count('PutItem'), 4, 'no more attempts are made than may be');

	script({ match => 'PutItem', apply_then_reset => 1, repeat => 4 }, { match => 'GetItem', close_without_reply => 1, repeat => -1 });
	is_error([ sql_error($get_lock->('new4'), to($server)) ], 'when looking fails', '08007',
		'outcome of DynamoDB PutItem is unknown after 4 attempts', qr/./, $HINT_UNKNOWN);

	my $soon = int(time) + 60;
	store_lock('renew1', 'v1', $soon);
	script({ match => 'UpdateItem', apply_then_reset => 1 });
	($row) = sql_rows($get_lock->('renew1'), to($server));
	is($row->[0], 'v1', 'renewing keeps the version');
	is($server->count('UpdateItem'), 2, 'and is sent again');
	cmp_ok(stored('renew1', 'lock')->{ttl}, '>=', $soon + 86000, 'the ttl is new');

	store_lock('renew2', 'v1', $soon);
	script({ match => 'UpdateItem', apply_then_reset => 1, repeat => 4 });
	($row) = sql_rows($get_lock->('renew2'), to($server));
	is($row->[0], 'v1', 'all answers lost: looking tells');
	is($server->count('UpdateItem'), 4, 'without a second renewal');

	my $session = session(to($server));
	script({ match => 'PutItem', delay_ms => 400 });
	$session->send($get_lock->('raced'));
	$server->wait_for_requests(2);
	store_lock('raced', 'theirs', int(time) + 86400);
	like($session->finish, qr/\Atheirs\|/, 'who loses the race of creating it gets the lock of the winner');
};

section 'batches that are done in part' => sub {
	my @items = map { { pk => 'batch', sk => sprintf('%03d', $_), data => $_ } } 1 .. 60;
	script({ unprocessed => 24 }, { unprocessed => 3 }, { unprocessed => 25 }, { unprocessed => 1 });
	is(sql('SELECT ddb_set(' . literal(to_json(\@items)) . ')', to($server)), 60, 'ddb_set counts all');
	my $count = ddb_raw('Query', { TableName => $table, Select => 'COUNT', ConsistentRead => JSON::PP::true,
			KeyConditionExpression => 'pk = :p', ExpressionAttributeValues => { ':p' => { S => 'batch' } } })->{Count};
	is($count, 60, 'and all are written');
	is($server->count('BatchWriteItem'), 7, 'what is left is sent again');

	my @keys = map { { pk => 'batch', sk => sprintf('%03d', 1 + $_ * 7 % 60) } } 0 .. 129;
	script({ unprocessed => 59 }, { unprocessed => 30 }, { unprocessed => 5 });
	is(sql('SELECT string_agg(data::text, \',\' ORDER BY n) FROM ROWS FROM (ddb_get_many('
			  . literal(to_json(\@keys)) . '::jsonb)) WITH ORDINALITY AS r(pk, sk, data, version, ttl, n)', to($server)),
		join(',', map { $_->{sk} + 0 } @keys), 'ddb_get_many keeps the order and the duplicates');
	is($server->count('BatchGetItem'), 4, 'asking for what is missing');

	script({ unprocessed => 1 });
	is(sql(q(SELECT ddb_delete('[{"pk":"batch","sk":"001"},{"pk":"batch","sk":"002"}]')), to($server)), 2, 'ddb_delete');
	is(stored('batch', $_), undef, "$_ is gone") for qw(001 002);

	script({ unprocessed => 2 });
	is(sql(q(SELECT ddb_set('[{"pk":"dup","sk":"a","data":1},{"pk":"dup","sk":"b","data":1},{"pk":"dup","sk":"a","data":2}]')),
			to($server)), 3, 'an item that is given twice');
	is(stored('dup', 'a')->{data}, '2', 'has its last value');

	my @many = map { { pk => 'dup', sk => sprintf('%03d', $_), data => 1 } } 1 .. 25;
	script({ delay_ms => 400 });
	sql('SELECT ddb_set(' . literal(to_json([ @many, { pk => 'dup', sk => '001', data => 2 } ])) . ')', to($server));
	is(stored('dup', '001')->{data}, '2', 'also when its first value is slow to be written');
	script({ unprocessed => 25 }, { unprocessed => 25 });
	sql('SELECT ddb_set(' . literal(to_json([ @many, { pk => 'dup', sk => '001', data => 3 } ])) . ')', to($server));
	is(stored('dup', '001')->{data}, '3', 'or left unprocessed');

	script({ action => 'pass' }, refusal(400, 'AccessDeniedException'));
	my $text = sql(<<'SQL' =~ s/LIST/literal(to_json(\@items))/er, to($server, max_connections => 1));
CREATE FUNCTION pg_temp.context(list jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	context text;
BEGIN
	PERFORM ddb_set(list);
	RETURN '';
EXCEPTION WHEN insufficient_privilege THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN context;
END $$;
SELECT pg_temp.context(LIST);
SQL
	like($text, qr/DynamoDB BatchWriteItem on table "$table"/, 'the context of an error names operation and table');
	like($text, qr/\d+ items given so far: 25 written, \d+ not written, 0 of unknown outcome/, 'and tells how many items were written');
	is($server->counts->{requests}, 2, 'nothing is sent after it');
};

section 'pages' => sub {
	my $item = sub { return { pk => { S => 'q' }, sk => { S => "$_[0]" }, data => { S => '1' } } };
	my $key = sub { return { pk => { S => 'q' }, sk => { S => "$_[0]" } } };
	my $page = sub {
		my ($last, @items) = @_;
		return { reply => { body => { Count => scalar @items, Items => [ map { $item->($_) } @items ],
					($last ? (LastEvaluatedKey => $key->($last)) : ()) } } };
	};
	my $query = q(SELECT string_agg(sk, ',') FROM ddb_query('q'));
	my @starts = ();
	my $starts = sub {
		return [ map { my $start = body_of($_)->{ExclusiveStartKey}; $start ? $start->{sk}{S} : '' } $server->log('Query') ];
	};

	script($page->(1), $page->(2), $page->(3, 'a'), $page->(4), $page->(undef, 'b'));
	is(sql($query, to($server)), 'a,b', 'an empty page with a next key is not the end');
	is_deeply($starts->(), [ '', 1, 2, 3, 4 ], 'each page begins behind the one before');
	script($page->(1, 'a'), $page->(undef));
	is(sql($query, to($server)), 'a', 'an empty page without one is');

	my $tail_first = '{"LastEvaluatedKey":' . to_json($key->('k')) . ',"ScannedCount":2,"Items":'
	  . to_json([ map { $item->($_) } 'a', 'b' ]) . ',"Count":2}';
	script({ reply => { body => $tail_first } }, { reply => { body => $tail_first =~ s/"k"/"l"/r } }, $page->(undef, 'c'));
	is(sql($query, to($server)), 'a,b,a,b,c', 'LastEvaluatedKey may come before Items');
	is_deeply($starts->(), [ '', 'k', 'l' ], 'and counts');
	script({ reply => { body => '{"Count":0,"LastEvaluatedKey":' . to_json($key->('k')) . ',"ScannedCount":0}' } },
		$page->(undef, 'c'));
	is(sql($query, to($server)), 'c', 'Items may be missing');

	my $body = to_json({ Items => [ map { $item->($_) } 'a' .. 'd' ], LastEvaluatedKey => $key->('d') });
	script({ cut_body => 150, body => $body }, { reply => { body => $body } }, { cut_body => 10, body => $body },
		$page->(undef, 'e'));
	is(sql($query, to($server)), 'a,b,c,d,e', 'pages that are cut are read again');
	script({ reply => { body => $body } }, { cut_body => 150, body => $body, repeat => -1 });
	is_error([ sql_error($query, to($server)) ], 'but not for ever', '08006',
		'connection to DynamoDB was cut off after 4 attempts', qr/./, 'Try again.');
	script({ reply => { body => $body } }, refusal(400, 'ValidationException'));
	is_error([ sql_error($query, to($server)) ], 'an error of a later page', '22023',
		'DynamoDB rejected the request as invalid', 'ValidationException: about ValidationException (request id RID)',
		'Check the arguments "pk", "sk_prefix" and "table_name".');
	for my $broken ('{"Items":[{"pk":{"S":"q"},"sk":{"S":"a"}},{"pk":]}', '{"Items":[1]}', '{"Items":[{"pk":{"S":"q"}},]}')
	{
		script({ reply => { body => $broken } });
		is_error([ sql_error($query, to($server)) ], "a page that makes no sense: $broken", '08P01',
			'could not understand the answer of DynamoDB', qr/./, $HINT_ENDPOINT);
	}
};

section 'what DynamoDB Local refuses' => sub {
	my $missing = unique_name();
	my $request_id = qr/\(request id [-\w]+\)/;
	is_error([ sql_error("SELECT ddb_get('p', 's', table_name => '$missing')") ], 'a table that does not exist', '42P01',
		qq(DynamoDB table "$missing", or its index, does not exist), qr/\AResourceNotFoundException: .* $request_id\z/, qr/Check the names/);
	is_error([ sql_error("SELECT ddb_set('p', 's', '1', table_name => '$missing')") ], 'nor for a write', '42P01',
		qq(DynamoDB table "$missing", or its index, does not exist), qr/\AResourceNotFoundException: .* $request_id\z/, qr/Check the names/);
	is_error([ sql_error("SELECT ddb_delete_table('$missing')") ], 'nor to be deleted', '42P01',
		qq(DynamoDB table "$missing", or its index, does not exist), qr/\AResourceNotFoundException: .* $request_id\z/, qr/Check the names/);
	is_error([ sql_error("SELECT ddb_create_table('$table')") ], 'a table that exists', '42P07',
		qq(DynamoDB table "$table" already exists), qr/\ADynamoDB: ResourceInUseException, request id [-\w]+\.\z/);

	my $other = unique_name();
	ddb_raw('CreateTable', { TableName => $other, BillingMode => 'PAY_PER_REQUEST',
		KeySchema => [ { AttributeName => 'id', KeyType => 'HASH' } ],
		AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'N' } ] });
	is_error([ sql_error("SELECT ddb_get('p', 's', table_name => '$other')") ], 'a table of another layout', '22023',
		'DynamoDB rejected the request as invalid', qr/\AValidationException: .* $request_id\z/, qr/"table_name"/);
	is_error([ sql_error("SELECT * FROM ddb_query('p', table_name => '$other')") ], 'the same for a query', '22023',
		'DynamoDB rejected the request as invalid', qr/\AValidationException: .* $request_id\z/, qr/"table_name"/);
	is_error([ sql_error($GET, to(undef, endpoint_url => endpoint(), access_key_id => 'not*valid')) ],
		'an access key that cannot be', '28000', 'DynamoDB refused the AWS credentials',
		qr/\AUnrecognizedClientException: .* $request_id\z/, qr/access key/);
};

section 'tables whose answers are lost' => sub {
	my $name = unique_name();
	script({ match => 'CreateTable', apply_then_reset => 1 }, { match => 'UpdateTimeToLive', apply_then_reset => 1 });
	sql("SELECT ddb_create_table('$name')", to($server));
	is($server->count('CreateTable'), 2, 'creating is sent again');
	is($server->count('UpdateTimeToLive'), 2, 'switching TTL on, too');
	is(ddb_raw('DescribeTimeToLive', { TableName => $name })->{TimeToLiveDescription}{TimeToLiveStatus}, 'ENABLED',
		'the table is whole');

	my $kept = unique_name();
	script({ match => 'CreateTable', apply_then_reset => 1 });
	sql("$GET; SELECT ddb_create_table('$kept')", to($server));
	is_deeply([ map { $_->{headers}{'amz-sdk-request'} } $server->log('CreateTable') ],
		[ 'attempt=1; max=4', 'attempt=2; max=4' ], 'on a connection that was in use before, too');

	script({ match => 'DeleteTable', apply_then_reset => 1 });
	sql("SELECT ddb_delete_table('$name')", to($server));
	is($server->count('DeleteTable'), 2, 'deleting is sent again');
	is((ddb_try('DescribeTable', { TableName => $name }))[0], 400, 'and done');
};

section 'a garbled reply names its request' => sub {
	script({ match => 'PutItem', reply => { status => 400, headers => { 'x-amzn-requestid' => 'RID' },
		body => { __type => 'x#ConditionalCheckFailedException', message => 'no', Item => { version => 'x' } } } });
	my @error = sql_error(q(SELECT ddb_get_lock('garbled', 's')), to($server));
	is("$error[0] $error[2]", '08P01 Its item is malformed (request id RID).', 'a lock');

	sql('SELECT ddb_register_entity(' . literal({ model => { service => 's', entity => 'garbled', version => '1' },
		attributes => { id => { type => 'string' }, n => { type => 'number' } },
		indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } } }) . ", '$table')");
	script({ match => 'GetItem', reply => { status => 200, headers => { 'x-amzn-requestid' => 'RID' },
		body => { Item => [ 1 ] } } });
	@error = sql_error(q(SELECT ddb_entity_get('garbled', '{"id": "1"}')), to($server));
	is("$error[0] $error[1] $error[2]", '08P01 malformed reply of DynamoDB The request id is RID.', 'an entity');
	script({ reply => { body => { Attributes => { n => 5 } } } });
	@error = sql_error(q(SELECT ddb_entity_update('garbled', '{"id": "1"}', '{"set": {"n": 1}}', options => '{"response": "all_new"}')), to($server));
	is($error[0], '08007', 'an entity that may have been written');
	sql(q(SELECT ddb_drop_entity('garbled')));
};

section 'a lock that cannot be looked at' => sub {
	my $lock = new_lock('blind', 'v1');
	script(({ match => 'TransactWriteItems', apply_then_reset => 1 }) x 2,
		{ match => 'GetItem', reply => { status => 200, body => { Item => { version => 'x' } } } });
	my @error = sql_error(set_atomic('blind', $lock), to($server, max_attempts => 2));
	is($error[0], '08007', 'a malformed answer to the look does not hide that the write may be there');
	isnt(stored('blind', 'item'), undef, 'as it is');

	$lock = new_lock('bare', 'v1');
	script({ match => 'TransactWriteItems', apply_then_reset => 1 },
		{ match => 'TransactWriteItems', %{ refusal(400, 'TransactionCanceledException',
			reasons => [ { Code => 'None' }, { Code => 'ConditionalCheckFailed' } ]) } });
	like(sql(set_atomic('bare', $lock), to($server)), qr/\A$UUID\z/,
		'a reason without an item is looked into: the write was ours');
};

section 'a lock that is in a transaction' => sub {
	script({ match => 'PutItem', %{ refusal(400, 'TransactionConflictException') } });
	like(sql("SELECT version FROM ddb_get_lock('busy', 'lock')", to($server)), qr/\A$UUID\z/, 'is asked for again');
};

section 'a table that is in the way after a fault' => sub {
	script({ match => 'CreateTable', %{ refusal(500, 'InternalServerError') } });
	my @error = sql_error("SELECT ddb_create_table('$table')", to($server));
	is_deeply([ @error[ 0, 1 ] ], [ '42P07', qq(DynamoDB table "$table" already exists) ], 'is not taken for ours');
};

done_testing();
