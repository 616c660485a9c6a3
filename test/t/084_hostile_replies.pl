# Replies that are real but for one place: cut or changed at each of their bytes,
# and some that are made to be hard. One backend reads them all. None may crash
# it, raise an internal error, or leave it unusable, and a write whose reply
# cannot be read is reported as one whose outcome is unknown.

use strict;
use warnings;

use AddbTest;
use Encode qw(decode);
use Test::More;

need_endpoint();
make_database();
my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(set => {
	'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.max_attempts' => 1, 'atomic_dynamodb.table' => $table });
my $pid = $session->pid;

sql('SELECT ddb_register_entity(' . literal({ model => { service => 's', entity => 'thing', version => '1' },
	attributes => { id => { type => 'string' }, tags => { type => 'set', items => 'string' } },
	indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } } }) . ", '$table')");

my $item = '{"pk":{"S":"a\u00e9\"b"},"sk":{"S":"s"},"data":{"S":"{\"n\":[1,null]}"},"ttl":{"N":"1893456000"},"version":{"S":"v"}}';
my $typed = '{"a":{"S":"x"},"n":{"N":"-1.5E+10"},"b":{"B":"AAEC"},"l":{"L":[{"NULL":true},{"BOOL":false}]},"m":{"M":{"k":{"NS":["1","2"]}}},"s":{"SS":["a"]},"t":{"BS":["AA=="]}}';
my $cost = '"ConsumedCapacity":{"TableName":"tab","CapacityUnits":1.5}';
my $key = '{"pk":{"S":"p"},"sk":{"S":"s"}}';

# What is called, whether it writes, the reply, and of an error its HTTP status and
# what becomes of it. TABLE is the table's name.
my @replies = (
	[ 'an item', q(ddb_get('p', 's')), 0, qq({"Item":$item,$cost}) ],
	[ 'an item of any table', q(ddb_get_item('TABLE', '{"pk": "p", "sk": "s"}')), 0, qq({"Item":$typed,$cost}) ],
	[ 'a page', q(ddb_query('p')), 0, qq({"Items":[$item,$item],"Count":2,"ScannedCount":2,$cost}) ],
	[ 'a page with its end', q(ddb_scan_page('TABLE')), 0, qq({"Items":[$typed],"Count":1,"ScannedCount":3,"LastEvaluatedKey":$key,$cost}) ],
	[ 'an updated item', q(ddb_update_item('TABLE', '{"pk": "p", "sk": "s"}', 'SET n = :n', '{"n": 1}', return_values => 'all_new')), 1, qq({"Attributes":$typed,$cost}) ],
	[ 'a written batch', q(ddb_set('[{"pk": "p", "sk": "s", "data": 1}]'::jsonb)), 1, '{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"tab","CapacityUnits":1}]}' ],
	[ 'a batch', q(ddb_get_many('[{"pk": "p", "sk": "s"}]'::jsonb)), 0, qq({"Responses":{"TABLE":[$key]},"UnprocessedKeys":{}}) ],
	[ 'a transaction', q(ddb_transact_get('[{"table": "TABLE", "key": {"pk": "p", "sk": "s"}}]')), 0, qq({"Responses":[{"Item":$typed}]}) ],
	[ 'a description', q(ddb_describe_table('TABLE')), 0,
		'{"Table":{"TableName":"tab","TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"ItemCount":1,"CreationDateTime":1.5E9}}' ],
	[ 'PartiQL', q(ddb_execute('SELECT * FROM "TABLE"')), 0, qq({"Items":[$typed],$cost}) ],
	[ 'any operation', q(ddb_call('DescribeLimits', '{}')), 0, qq({"A":[$typed,1,true,null,"x",{"b":[[]]}]}) ],
	[ 'an item of an entity', q(ddb_entity_get('thing', '{"id": "1"}')), 0,
		'{"Item":{"pk":{"S":"$s#id_1"},"sk":{"S":"$thing_1"},"id":{"S":"1"},"tags":{"SS":["a","b"]},"__edb_e__":{"S":"thing"},"__edb_v__":{"S":"1"}}}' ],
	[ 'an error', q(ddb_set('p', 's', '1')), 1, '{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"no \u0041 \"x\""}', 400, '22023' ],
	[ 'a cancelled transaction', q(ddb_transact_write('[{"op": "put", "table": "TABLE", "item": {"pk": "p", "sk": "s"}}]')), 1,
		qq({"__type":"a#TransactionCanceledException","Message":"m [ConditionalCheckFailed]","CancellationReasons":[{"Code":"ConditionalCheckFailed","Message":"c","Item":$typed}]}), 400, '00000' ],
);

# Bytes that take a text apart in ways of their own.
my @bytes = ("\0", '"', '\\', '{', '}', '[', ',', ':', "\n", "\x80", "\xff", "\xc0", "\xed", "\xf4", '9', '-', 'u', ' ', 'e');

# About 300 mutations of a text, always the same.
sub mutations
{
	my ($text) = @_;

	my $length = length $text;
	my $step = $length > 150 ? $length / 150 : 1;
	my @found;
	for (my $at = 0; $at < $length; $at += $step)
	{
		my $i = int $at;
		push @found, substr $text, 0, $i;
		my $byte = $bytes[@found % @bytes];
		push @found, substr($text, 0, $i) . $byte . substr($text, $i + (@found % 3 > 0 ? 1 : 0));
	}
	return @found;
}

# A reply of any bytes, which the fault server takes as Latin-1.
sub raw_reply
{
	my ($operation, $body, $status) = @_;

	$status //= 200;
	return { match => $operation, raw => decode('latin-1', "HTTP/1.1 $status X\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: "
		  . length($body) . "\r\nConnection: close\r\n\r\n$body") };
}

# Has the backend make a call for each reply, and returns { sqlstate => times },
# with 00000 for those that succeed.
sub outcomes
{
	my ($call, @steps) = @_;

	$call =~ s/TABLE/$table/g;
	$server->reset;
	$server->script(@steps);
	my $n = @steps;
	$session->query(<<"SQL");
SET client_min_messages = error;
CREATE TEMP TABLE IF NOT EXISTS outcomes (state text, message text);
TRUNCATE outcomes;
DO \$do\$
BEGIN
	FOR i IN 1 .. $n LOOP
		BEGIN
			PERFORM count(r::text) FROM (SELECT $call AS r) AS s;
			INSERT INTO outcomes VALUES ('00000');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO outcomes VALUES (SQLSTATE, SQLERRM);
		END;
	END LOOP;
END
\$do\$;
SQL
	my %count = map { split /\|/, $_, 2 } split /\n/, $session->query('SELECT state, count(*) FROM outcomes GROUP BY 1');
	return \%count;
}

# What may become of a reply that is damaged somewhere.
my $MAY = qr/^(?:00000|08P01|08006|22\w{3}|54\w{3}|58000|0A000|53000|42P01|40001|23000|42501|28000|55006)$/;

sub check
{
	my ($what, $writes, $outcomes, $sent) = @_;

	my @bad = grep { $_ !~ $MAY && !($writes && $_ eq '08007') } sort keys %$outcomes;
	is("@bad", '', "$what: errors are those of the reply")
	  or diag($session->query(q(SELECT DISTINCT state, message FROM outcomes WHERE state IN ) . '(' . join(', ', map { literal($_) } @bad) . ')'));
	is($outcomes->{'08P01'} // 0, 0, "$what: a write is never reported as not made") if $writes;
	is(eval { $session->query('SELECT pg_backend_pid()') } // "dead: $@", $pid, "$what: the backend is the same");
	return;
}

# The operation that a call is about; others that it makes get true answers.
sub operation_of
{
	my ($call) = @_;

	$server->reset;
	my $sql = "SELECT $call";
	$sql =~ s/TABLE/$table/g;
	$session->query_error($sql);
	return ($server->log)[-1]{operation};
}

for my $reply (@replies)
{
	my ($what, $call, $writes, $text, $status, $state) = @$reply;
	$text =~ s/TABLE/$table/g;
	my $operation = operation_of($call);
	my $intact = outcomes($call, raw_reply($operation, $text, $status));
	is_deeply($intact, { $state // '00000' => 1 }, "$what: intact, it is understood") or diag($session->query('TABLE outcomes'));
	my @mutations = mutations($text);
	my $outcomes = outcomes($call, map { raw_reply($operation, $_, $status) } @mutations);
	check($what, $writes && !$status, $outcomes);
	cmp_ok($outcomes->{ $writes ? '08007' : '08P01' } // 0, '>', @mutations / 4, "$what: of " . @mutations . ' most are noticed')
	  or diag(explain($outcomes))
	  if !$status;
	is($server->counts->{steps_left}, 0, "$what: every one was read");
}

# Made to be hard: deep, long, huge, twice, half.
my $deep = 100_000;
my %hard = (
	'lists within lists' => '{"a":' . '{"L":[' x $deep . ']}' x $deep . '}',
	'maps within maps' => '{"a":' . '{"M":{"x":' x $deep . '{"NULL":true}' . '}}' x $deep . '}',
	'brackets' => '{"a":' . '[' x $deep,
	'braces' => '{"a":' x $deep,
	'a number of many digits' => '{"a":{"N":"' . '9' x 200_000 . '"}}',
	'a number with a huge exponent' => '{"a":{"N":"1e999999999"}}',
	'a number with a tiny exponent' => '{"a":{"N":"1E-2147483649"}}',
	'a number that is none' => '{"a":{"N":"NaN"}}',
	'a number with blanks' => '{"a":{"N":" 1 "}}',
	'a lone high surrogate' => '{"a":{"S":"\ud800"}}',
	'a lone low surrogate' => '{"a":{"S":"\udc00x"}}',
	'surrogates in the wrong order' => '{"a":{"S":"\udc00\ud800"}}',
	'NUL' => '{"a":{"S":"\u0000"}}',
	'NUL in a name' => '{"\u0000":{"S":"x"}}',
	'half an escape' => '{"a":{"S":"\u12"}}',
	'invalid UTF-8' => qq({"a":{"S":"\xc3\x28"}}),
	'overlong UTF-8' => qq({"a":{"S":"\xc0\xaf"}}),
	'UTF-8 of a surrogate' => qq({"a":{"S":"\xed\xa0\x80"}}),
	'UTF-8 beyond Unicode' => qq({"a":{"S":"\xf5\x80\x80\x80"}}),
	'a member twice' => '{"a":{"S":"1"},"a":{"S":"2"}}',
	'a type twice' => '{"a":{"S":"1","S":"2"}}',
	'two types' => '{"a":{"S":"1","N":"2"}}',
	'no type' => '{"a":{}}',
	'an unknown type' => '{"a":{"X":"1"}}',
	'a long name' => '{"' . 'n' x 1_000_000 . '":{"S":"x"}}',
	'many names' => '{' . join(',', map { qq("n$_":{"S":"x"}) } 1 .. 50_000) . '}',
	'broken base64' => '{"a":{"B":"A==="}}',
	'an empty set' => '{"a":{"SS":[]}}',
	'a set of the wrong type' => '{"a":{"NS":["x"]}}',
);
for my $what (sort keys %hard)
{
	for my $call ([ GetItem => q(ddb_get_item('TABLE', '{"pk": "p", "sk": "s"}')), qq({"Item":$hard{$what}}), 0 ],
		[ Scan => q(ddb_scan('TABLE')), qq({"Items":[$hard{$what}],"Count":1,"ScannedCount":1}), 0 ],
		[ UpdateItem => q(ddb_update_item('TABLE', '{"pk": "p", "sk": "s"}', 'SET n = :n', '{"n": 1}', return_values => 'all_new')), qq({"Attributes":$hard{$what}}), 1 ])
	{
		my ($operation, $statement, $body, $writes) = @$call;
		my $outcomes = outcomes($statement, raw_reply($operation, $body));
		check("$what, $operation", $writes, $outcomes);
	}
}
is($session->query(q(SELECT ddb_get('none', 's') IS NULL)), 't', 'and it goes on');

done_testing();
