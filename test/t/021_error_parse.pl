# Error replies: what is read from them, by the vectors of retry.json and by
# cases of our own, and how each is raised.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Unit qw(vectors);
use Test::More;

my $vectors = vectors('retry.json');
my $lib = unit_lib();
my $schema = "addb_unit_error_$$";
my $latin1 = "addb_unit_latin1_$$";

END
{
	if ($lib)
	{
		sql("DROP SCHEMA IF EXISTS $schema CASCADE");
		sql("DROP DATABASE IF EXISTS $latin1");
	}
}

my $functions = <<"SQL";
CREATE SCHEMA $schema;
SET search_path = $schema;

CREATE FUNCTION error_parse(status int, request_id text, error_type text,
	body bytea, OUT code text, OUT message text, OUT request_id_out text,
	OUT excerpt text, OUT item bytea, OUT codes text[], OUT messages text[],
	OUT items bytea[])
AS '$lib', 'addb_unit_error_parse' LANGUAGE c;
CREATE FUNCTION error_leaves_open(status int, request_id text,
	error_type text, body bytea) RETURNS boolean
AS '$lib', 'addb_unit_error_leaves_open' LANGUAGE c;
CREATE FUNCTION error_sqlstate(status int, request_id text, error_type text,
	body bytea, operation text, table_name text, attempts int,
	is_write boolean, is_create boolean, unsettled boolean) RETURNS text
AS '$lib', 'addb_unit_error_sqlstate' LANGUAGE c;
CREATE FUNCTION error_raise(status int, request_id text, error_type text,
	body bytea, operation text, table_name text, attempts int,
	is_write boolean, is_create boolean, unsettled boolean) RETURNS void
AS '$lib', 'addb_unit_error_raise' LANGUAGE c;
CREATE FUNCTION error_raise_transport(failure int, words text,
	operation text, table_name text, attempts int, is_write boolean,
	is_create boolean, unsettled boolean) RETURNS void
AS '$lib', 'addb_unit_error_raise_transport' LANGUAGE c;

-- Runs a query that raises, and tells all about the error.
CREATE FUNCTION caught(query text) RETURNS jsonb LANGUAGE plpgsql AS \$\$
DECLARE
	sqlstate_ text; message text; detail text; hint text; context text;
BEGIN
	EXECUTE query;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS sqlstate_ = RETURNED_SQLSTATE,
		message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN jsonb_build_object('sqlstate', sqlstate_, 'message', message,
		'detail', detail, 'hint', hint,
		'context', split_part(context, E'\\n', 1));
END \$\$;
SQL

sql($functions);
my $session = session();
$session->query("SET search_path = $schema;");

# Runs a query with the functions in reach; its result is JSON.
sub unit
{
	my ($query) = @_;
	my $out = $session->query("$query;");
	utf8::encode($out);
	return from_json($out);
}

# The arguments of a reply: status, request id, error type, body as bytes.
sub reply_sql
{
	my ($status, $request_id, $error_type, $body) = @_;
	return sprintf "%d, %s, %s, '\\x%s'",
	  $status, literal($request_id), literal($error_type), unpack('H*', $body);
}

sub parse
{
	my (@reply) = @_;
	return unit('SELECT jsonb_build_object(\'code\', code, \'message\', message, '
		  . '\'request_id\', request_id_out, \'excerpt\', excerpt, '
		  . '\'item\', convert_from(item, \'UTF8\')::jsonb, '
		  . '\'codes\', codes, \'messages\', messages, \'items\', '
		  . '(SELECT jsonb_agg(convert_from(i, \'UTF8\')::jsonb) FROM unnest(items) i)) '
		  . 'FROM error_parse(' . reply_sql(@reply) . ')');
}

sub bytes
{
	my ($text) = @_;
	utf8::encode($text);
	return $text;
}

for my $case (@{ $vectors->{error_parse}{cases} // [] })
{
	my ($reply, $expect) = @$case{qw(reply expect)};
	my %header = map { lc $_ => $reply->{headers}{$_} } keys %{ $reply->{headers} // {} };
	my $got = parse($reply->{status}, $header{'x-amzn-requestid'},
		$header{'x-amzn-errortype'}, bytes($reply->{text}));
	$got->{reasons} = $got->{codes};
	my @compared = sort keys %$expect;
	is(to_json({ map { $_ => $got->{$_} } @compared }), to_json($expect), $case->{name});
}

# Cases of our own: reading.
sub type_of
{
	my ($body, $error_type) = @_;
	return parse(400, 'R', $error_type, $body)->{code};
}

is(type_of('{"__type":"a#B"}'), 'B', 'a name after #');
is(type_of('{"__type":"a#b#C:d#E"}'), 'C', 'what follows : does not count');
is(type_of('{"__type":"a#"}'), undef, 'an empty name is none');
is(type_of('{"__type":""}', 'B:http://x/'), 'B', 'the header is taken in its place');
is(type_of('{"__type":"A"}', 'B'), 'A', 'the body counts more than the header');
is(type_of('<html>', 'a#B'), 'B', 'the header alone');
is(type_of('{"code":"a#B:c"}', 'C'), 'B', 'a member code counts more than the header');
is(type_of('{"Code":"B","__type":"A"}'), 'A', 'and less than __type');
is(type_of('{"code":404}', 'C'), 'C', 'a number is no code');
is(type_of('', 'A:http://x/,B'), 'A', 'of two headers the first');
is(type_of('{"__type":"A"} x'), undef, 'a document with something behind it');
is(type_of('{"__type":"A",}'), undef, 'a malformed document');
is(type_of('[{"__type":"A"}]'), undef, 'a document of another shape');
is(type_of("\x{1}"), undef, 'one byte');
is(type_of('{"__type":"\u0041B"}'), 'AB', 'escapes in the name');
is(length type_of('{"__type":"' . 'A' x 5000 . '"}'), 203, 'a name is bounded');

sub message_of
{
	my ($json, $name) = @_;
	return parse(400, 'R', undef, '{"__type":"A",' . $json . '}')->{message};
}

is(message_of('"message":null,"Message":"x"'), 'x', 'a null is no message');
is(message_of('"message":"","Message":"x"'), '', 'an empty one is');
is(message_of('"message":"a\u0000b"'), 'a?b', 'NUL is replaced');
is(message_of('"message":"a\ud800b"'), 'a???b', 'a lone surrogate is replaced');
is(message_of('"message":"a\ud83d\ude00b"'), "a\x{1f600}b", 'a pair of them is a character');
is(message_of("\"message\":\"a\xff\xc3(b\""), 'a??(b', 'bytes that are not UTF-8 are replaced');
is(message_of("\"message\":\"a\xe2\x82\""), 'a??', '... at the end too');
is(message_of('"message":"a\u001b[31m\r\n\tb"'), "a?[31m\n\tb", 'no control characters');
is(message_of('"message":"a\qb"'), '', 'a malformed escape makes no message');
is(length message_of('"message":"' . "\xc3\xa4" x 5000 . '"'), 2003, 'a message is bounded');
is(parse(400, "R\x{1b}\x{fc}", undef, '{}')->{request_id}, "R?\x{fc}", 'a request id is made safe');
is(parse(502, undef, undef, '<p>' . 'x' x 500)->{excerpt}, '<p>' . 'x' x 197 . '...',
	'an excerpt of what is not from DynamoDB');

sub reasons_of
{
	my ($json) = @_;
	my $error = parse(400, 'R', undef,
		'{"__type":"TransactionCanceledException","CancellationReasons":' . $json . '}');
	return to_json([ @$error{qw(codes messages items)} ]);
}

is(reasons_of('[{"Code":"None"},{"Code":"X","Message":"m","Item":{"a":{"S":"]}"}}}]'),
	'[["None","X"],[null,"m"],[null,{"a":{"S":"]}"}}]]', 'reasons');
is(reasons_of('[{}, null, 5, "x", [], {"Code":7,"Item":[]}]'),
	'[["","","","","",""],[null,null,null,null,null,null],[null,null,null,null,null,null]]',
	'reasons of wrong types keep their places');
is(reasons_of('{}'), '[[],[],null]', 'reasons that are no array');
is(reasons_of('[{"Code":"X"},{"Code"}]'), '[[],[],null]', 'malformed reasons');
is(scalar @{ parse(400, 'R', undef,
			'{"__type":"TransactionCanceledException","CancellationReasons":['
			  . join(',', ('{"Code":"None"}') x 150) . ']}')->{codes} },
	100, 'reasons are bounded');

# No bytes make it fail: every prefix of a reply, and replies with wrong bytes.
{
	my $reply = '{"__type": "com.amazonaws#TransactionCanceledException", "Message": "a\u00e4'
	  . "\xe2\x82\xac" . '", "x": [1.5e3, {"y": [true]}], "CancellationReasons": '
	  . '[{"Code": "None"}, {"Code": "X", "Message": "\ud83d\ude00", "Item": {"a": {"N": "1"}}}]}';
	my @bodies = map { substr $reply, 0, $_ } 0 .. length $reply;
	srand(20);
	for (1 .. 3000)
	{
		my $body = $reply;
		substr($body, int rand length $body, 1) = chr int rand 256 for 0 .. rand 4;
		push @bodies, $body;
	}
	my $n = unit('SELECT count(*) FROM unnest(ARRAY['
		  . join(',', map { "'\\x" . unpack('H*', $_) . "'" } @bodies)
		  . "]::bytea[]) b, LATERAL error_parse(400, 'R', NULL, b) p");
	is($n, scalar @bodies, 'replies with missing and wrong bytes are taken');
}

# Cases of our own: raising. The options are members of AddbErrorContext.
sub context_sql
{
	my (%option) = @_;
	return sprintf '%s, %s, %d, %s, %s, %s', literal($option{operation} // 'PutItem'),
	  literal($option{table}), $option{attempts} // 1,
	  map { $option{$_} ? 'true' : 'false' } qw(is_write is_create unsettled);
}

sub raised
{
	my ($status, $body, %option) = @_;
	my $arguments = reply_sql($status, exists $option{request_id} ? $option{request_id} : 'R1',
		undef, ref $body ? to_json($body) : $body) . ', ' . context_sql(%option);
	my $error = unit('SELECT caught(' . literal("SELECT error_raise($arguments)") . ')');
	my $sqlstate = unit("SELECT to_jsonb(error_sqlstate($arguments))");
	is($sqlstate, $error->{sqlstate}, 'addb_error_sqlstate tells the same')
	  if $sqlstate ne $error->{sqlstate};
	return $error;
}

sub state_of
{
	return raised(@_)->{sqlstate};
}

my %state = (
	'23000' => [qw(ConditionalCheckFailedException)],
	'23505' => [qw(DuplicateItemException DuplicateItem)],
	'40001' => [
		qw(TransactionConflictException TransactionInProgressException
		  ReplicatedWriteConflictException) ],
	'53000' => [
		qw(ProvisionedThroughputExceededException ThrottlingException RequestLimitExceeded
		  LimitExceededException Throttling ThrottledException TooManyRequestsException SlowDown) ],
	'42P01' => [qw(ResourceNotFoundException TableNotFoundException)],
	'42P07' => [qw(TableAlreadyExistsException)],
	'55006' => [qw(ResourceInUseException TableInUseException)],
	'22023' => [
		qw(ValidationException SerializationException IdempotentParameterMismatchException) ],
	'0A000' => [qw(UnknownOperationException)],
	'54000' => [qw(ItemCollectionSizeLimitExceededException RequestEntityTooLarge)],
	'42501' => [qw(AccessDeniedException)],
	'28000' => [
		qw(UnrecognizedClientException ExpiredTokenException InvalidSignatureException
		  SignatureDoesNotMatch MissingAuthenticationTokenException MissingAuthenticationToken
		  IncompleteSignatureException RequestTimeTooSkewed) ],
	'58000' => [
		qw(InternalServerError InternalFailure ServiceUnavailable RequestTimeoutException
		  BrandNewException) ],
);
for my $state (sort keys %state)
{
	for my $code (@{ $state{$state} })
	{
		my $error = raised(400, { __type => "n#$code", message => 'words' });
		is($error->{sqlstate}, $state, $code);
		unlike($error->{message}, qr/^[A-Z](?!ynamoDB|WS )|\.$|words/, "$code: primary message");
		like($error->{hint} || 'None.', qr/^[A-Z].*\.$/s, "$code: hint");
		is($error->{detail}, "$code: words (request id R1)", "$code: detail");
	}
}

is(state_of(400, { __type => 'ConditionalCheckFailedException' }, is_create => 1),
	'23505', 'the condition of a create');
is(state_of(500, ''), '58000', 'status 500 without a body');
is(state_of(503, '<html>'), '58000', 'status 503 from a load balancer');
is(state_of(500, { __type => 'Brandnew' }), '58000', 'status 500 with an unknown code');
is(state_of(503, { __type => 'SlowDown' }), '53000', 'status 503 with a known code');
is(state_of(501, ''), '0A000', 'status 501');
is(state_of(413, '{"Message":""}'), '54000', 'status 413');
is(state_of(400, '{"message":"x"}'), '08P01', 'status 400 without a code');
is(state_of(403, '<html>'), '08P01', 'status 403 from a proxy');
is(state_of(301, ''), '08P01', 'a redirect');

# Cancelled transactions.
sub canceled_state
{
	my ($unsettled, @codes) = @_;
	return state_of(400, {
		__type => 'TransactionCanceledException',
		CancellationReasons => [ map { { Code => $_ } } @codes ] }, is_write => 1, unsettled => $unsettled);
}

# What may pass does not settle a lost attempt, which may yet arrive.
for my $case (
	[ '40001', 'conflicts', qw(None TransactionConflict TransactionConflict) ],
	[ '53000', 'throttling', qw(None ThrottlingError ProvisionedThroughputExceeded) ],
	[ '40001', 'conflict and throttling', qw(ThrottlingError TransactionConflict) ])
{
	my ($state, $what, @codes) = @$case;
	is(canceled_state(0, @codes), $state, $what);
	is(canceled_state(1, @codes), '08007', "$what, after a lost attempt");
}
is(canceled_state(1, qw(TransactionConflict ConditionalCheckFailed)), '23000', 'conflict and condition');
is(canceled_state(1, qw(ConditionalCheckFailed ValidationError)), '22023', 'an invalid action');
for my $case ([ 'another reason', qw(None ItemCollectionSizeLimitExceeded) ], [ 'no reason', qw(None None) ], ['no reasons'])
{
	my ($what, @codes) = @$case;
	is(canceled_state(0, @codes), '23000', $what);
	is(canceled_state(1, @codes), '08007', "$what, after a lost attempt");
}

# Writes whose outcome is unknown.
sub leaves_open
{
	my ($status, $code) = @_;
	return unit('SELECT to_jsonb(error_leaves_open('
		  . reply_sql($status, undef, $code, '') . ')::int)');
}

is(join(' ', map { leaves_open($_) } 500, 502, 503, 504, 408, 413, 403, 501, 200),
	'1 1 1 1 1 0 0 0 1', 'which statuses leave a write open');
is(join(' ', map { leaves_open(400, $_) } qw(RequestTimeoutException InternalFailure
		ThrottlingException ValidationException TransactionCanceledException Brandnew)),
	'1 1 0 0 0 0', 'which codes do');
is(leaves_open(503, 'ThrottlingException'), 0, 'a throttling code counts more than its status');
for my $status (500, 502, 503, 504)
{
	is(state_of($status, '', is_write => 1), '08007', "status $status on a write");
}
is(state_of(400, { __type => 'RequestTimeout' }, is_write => 1), '08007',
	'a request that timed out in the service, on a write');
is(state_of(408, '<html>', is_write => 1), '08007', '... or in a proxy');
is(state_of(400, { __type => 'ThrottlingException' }, is_write => 1), '53000',
	'a throttled write was not applied');
is(state_of(403, '<html>', is_write => 1), '08P01', 'nor was one that a proxy refused');
for my $code (qw(ThrottlingException TransactionInProgressException AccessDeniedException
	ConditionalCheckFailedException ValidationException BrandNewException))
{
	is(state_of(400, { __type => $code }, is_write => 1, unsettled => 1), '08007',
		"$code does not settle an earlier attempt");
}
for my $code (qw(IdempotentParameterMismatchException SerializationException))
{
	isnt(state_of(400, { __type => $code }, is_write => 1, unsettled => 1), '08007', "$code does");
}
is(state_of(400, { __type => 'ThrottlingException' }, unsettled => 1), '53000',
	'a read has no outcome');

# Whole errors.
sub is_error
{
	my ($got, $expected, $name) = @_;
	is(to_json($got), to_json($expected), $name);
	return;
}

is_error(
	raised(400, { __type => 'n#ResourceNotFoundException', message => 'Requested resource not found' },
		operation => 'GetItem', table => 't', attempts => 2),
	{
		sqlstate => '42P01',
		message => 'DynamoDB table "t", or its index, does not exist',
		detail => 'ResourceNotFoundException: Requested resource not found (request id R1, attempt 2)',
		hint => 'Check the names, and the settings atomic_dynamodb.region and '
		  . 'atomic_dynamodb.endpoint_url. A new table can be used once it is ACTIVE.',
		context => 'DynamoDB GetItem on table "t"',
	},
	'no such table');
is_error(
	raised(400, { __type => 'n#ThrottlingException', message => '' }, attempts => 4,
		request_id => undef),
	{
		sqlstate => '53000',
		message => 'DynamoDB throttled the request after 4 attempts',
		detail => 'ThrottlingException',
		hint => 'Send fewer requests at a time, or raise the capacity of the table or index.',
		context => 'DynamoDB PutItem',
	},
	'throttled');
is_error(
	raised(502, "<html>\r\n<p>Bad %s Gateway</p>", attempts => 4, is_write => 1),
	{
		sqlstate => '08007',
		message => 'outcome of DynamoDB PutItem is unknown after 4 attempts',
		detail => "HTTP status 502: <html>\n<p>Bad %s Gateway</p> (request id R1)",
		hint => 'The write may or may not have been applied: look at what is stored before '
		  . 'you repeat it.',
		context => 'DynamoDB PutItem',
	},
	'outcome unknown');
is(raised(400, {
		__type => 'TransactionCanceledException', Message => 'Transaction cancelled',
		CancellationReasons => [ { Code => 'None' }, { Code => 'ConditionalCheckFailed', Message => 'no' },
			{}, map { { Code => "C$_" } } 4 .. 13 ] })->{detail},
	"TransactionCanceledException: Transaction cancelled (request id R1)\n"
	  . "Action 2: ConditionalCheckFailed: no\nAction 3: no code\n"
	  . join('', map { "Action $_: C$_\n" } 4 .. 11) . '2 more actions were refused.',
	'the reasons of a cancelled transaction');
is(raised(400, { __type => 'InvalidSignatureException',
		message => "does not match.\n\nThe Canonical String was\nx-amz-security-token:SECRET" })->{detail},
	'InvalidSignatureException: does not match. (request id R1)',
	'a refused signature does not show the session token');

# Failures of the transport.
sub transport
{
	my ($failure, $words, %option) = @_;
	return unit('SELECT caught(' . literal("SELECT error_raise_transport($failure, "
			  . literal($words) . ', ' . context_sql(%option) . ')') . ')');
}

my @failures = ('not connected', 'timed out', 'cut off', 'too large', 'garbage', 'bad checksum',
	'bad file of certificates', 'bad certificate', 'bad version of TLS');
my @read_states = qw(08001 08006 08006 54000 08P01 08P01 08001 08001 08001);
for my $failure (0 .. $#failures)
{
	my $name = $failures[$failure];
	is(transport($failure, 'x')->{sqlstate}, $read_states[$failure], "$name, read");
	is(transport($failure, 'x', is_write => 1)->{sqlstate},
		$read_states[$failure] eq '08001' ? '08001' : '08007',
		"$name, write");
	is(transport($failure, 'x', is_write => 1, unsettled => 1)->{sqlstate}, '08007',
		"$name, write after one without an answer");
}
is_error(
	transport(0, "Connection refused\x{1b}", attempts => 3, operation => 'Query', table => 't'),
	{
		sqlstate => '08001',
		message => 'could not connect to DynamoDB after 3 attempts',
		detail => 'Connection refused?',
		hint => 'Check the settings atomic_dynamodb.endpoint_url and atomic_dynamodb.region.',
		context => 'DynamoDB Query on table "t"',
	},
	'could not connect');
is(transport(2, undef)->{detail}, '', 'no detail without words');

# A server encoding that cannot hold everything.
sql("CREATE DATABASE $latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
sql($functions, dbname => $latin1);
is(sql("SELECT message FROM $schema.error_parse(400, NULL, NULL, '\\x"
		  . unpack('H*', bytes('{"__type":"A","message":"ä € \u00fc 😀"}')) . '\')',
		dbname => $latin1, set => { client_encoding => 'UTF8' }),
	'ä ? ü ?', 'what LATIN1 does not have is replaced');

done_testing();
