# Texts that mean something to JSON, HTTP, expressions, SQL or a log arrive as
# what they are: the body that the service gets is JSON, and has the text where
# it belongs, as often as it belongs there, and nowhere else. What cannot be said
# so is refused before anything is sent.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Cluster;
use Encode qw(encode_utf8);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

make_database();
my $server = fault_server();
my @to_server = (set => { 'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.max_attempts' => 1 });
my $session = session(@to_server);

# MARK is what is looked for in what arrives.
my @texts = (
	q(MARK"), q(MARK\\), q(MARK\\"), "MARK\n\r\t\x01\x1f\x7f", "MARK\x{2028}\x{2029}\x{feff}\x{ffff}", "MARK\x{1f600}\x{e9}",
	q(MARK","Evil":"x), q(MARK"}},"Evil":{"S":"x), q(MARK\\u0022,\\u0000,\\ud800), qq(MARK\r\nX-Evil: 1\r\n\r\nPOST / HTTP/1.1),
	q(MARK'; DROP TABLE x; --), q(MARK%s%n%x%%), q($s{MARK}), q(#n0 MARK :v0), q({"$s":"MARK"}), q(<MARK>&amp;/*MARK*/));

# Each text that a decoded body has, members' names too, with the path to it.
sub texts_of
{
	my ($node, $path, $found) = @_;

	if (ref $node eq 'HASH')
	{
		push @$found, [ "$path.<name>", $_ ] for grep { /MARK/ } keys %$node;
		texts_of($node->{$_}, "$path." . (/MARK/ ? '*' : $_), $found) for sort keys %$node;
	}
	elsif (ref $node eq 'ARRAY')
	{
		texts_of($_, "$path\[]", $found) for @$node;
	}
	elsif (defined $node && $node =~ /MARK/)
	{
		push @$found, [ $path, $node ];
	}
	return @$found;
}

# The names of the headers that the extension and libcurl send.
my @HEADERS = qw(accept-encoding amz-sdk-invocation-id amz-sdk-request authorization content-length content-type
  host user-agent x-amz-date x-amz-target);

# What is wrong with the head of a request.
sub wrong_head
{
	my ($request) = @_;

	my $headers = $request->{headers};
	my @wrong = grep { my $name = $_; !grep { $_ eq $name } @HEADERS, 'x-amz-security-token' } keys %$headers;
	push @wrong, grep { $_ ne 'user-agent' && $headers->{$_} =~ /MARK|evil/i } keys %$headers;
	push @wrong, $headers->{'user-agent'}
	  unless $headers->{'user-agent'} =~ m{^atomic_dynamodb/[\d.]+ PostgreSQL/[\w.-]+ libcurl/[\w.-]+(?: app/[\w!#\$%&'*+.^`|~-]{1,64})?$};
	push @wrong, $headers->{'x-amz-target'} unless $headers->{'x-amz-target'} =~ /^DynamoDB_20120810\.[A-Za-z]{1,64}$/;
	push @wrong, $request->{path} if $request->{path} ne '/';
	push @wrong, $request->{method} if $request->{method} ne 'POST';
	return @wrong;
}

# What is wrong with the request that a text has become, which is to be at these
# paths of its body.
sub wrong_request
{
	my ($text, $request, @paths) = @_;

	my $body = eval { from_json(encode_utf8($request->{body})) } // return 'not JSON';
	my @found = texts_of($body, '', []);
	my ($got, $wanted) = map { join ' ', sort @$_ } [ map { $_->[0] } @found ], \@paths;
	my @wrong = wrong_head($request);
	push @wrong, "it is at $got" if $got ne $wanted;
	push @wrong, map { "it is $_->[1]" } grep { $_->[1] ne $text } @found;
	push @wrong, 'something is beside it' if $request->{body} =~ /"Evil"\s*:/;
	return @wrong;
}

# What is asked when a text stands where a statement has $$ (an SQL literal) or
# %% (a JSON string within one). Returns the error and the requests.
sub asked
{
	my ($statement, $text) = @_;

	my $in_json = JSON::PP->new->allow_nonref->encode($text);
	$in_json =~ s/'/''/g;
	my %for = ('$$' => literal($text), '%%' => $in_json);
	$statement =~ s/(\$\$|%%)/$for{$1}/g;
	$server->reset;
	my @error = $session->query_error($statement);
	return (\@error, $server->log);
}

sub printable
{
	my ($text) = @_;
	$text =~ s/[^ -~]/?/g;
	return length $text > 70 ? substr($text, 0, 70) . '...' : $text;
}

sub arrives
{
	my ($what, $statement, @paths) = @_;

	for my $text (@texts)
	{
		my ($error, $request, @more) = asked($statement, $text);
		my @wrong = $request && !@more ? wrong_request($text, $request, @paths) : 'no request, or several';
		is(join("\n", @wrong), '', printable("$what: $text")) or diag("@$error");
	}
	return;
}

my $key = q('{"pk": %%, "sk": "s"}');
arrives('ddb_get', q(SELECT ddb_get($$, 's', table_name => 'tab')), '.Key.pk.S');
arrives('ddb_delete', q(SELECT ddb_delete('p', $$, 'tab')), '.Key.sk.S');
arrives('ddb_query', q(SELECT ddb_query($$, $$, table_name => 'tab')),
	'.ExpressionAttributeValues.:p.S', '.ExpressionAttributeValues.:s.S');
arrives('ddb_get_item', qq(SELECT ddb_get_item('tab', $key)), '.Key.pk.S');
arrives('ddb_put_item', q(SELECT ddb_put_item('tab', '{"pk": "p", "a": {"b": [%%, {"c": %%}]}}')),
	'.Item.a.M.b.L[].M.c.S', '.Item.a.M.b.L[].S');
arrives('ddb_put_item, a name', q(SELECT ddb_put_item('tab', '{"pk": "p", %%: 1, "m": {%%: true}}')),
	'.Item.<name>', '.Item.m.M.<name>');
arrives('ddb_put_item, a set', q(SELECT ddb_put_item('tab', '{"pk": "p", "s": {"$ss": [%%, "b"]}}')), '.Item.s.SS[]');
arrives('ddb_update_item, names and values',
	q(SELECT ddb_update_item('tab', '{"pk": "p"}', 'SET #a = :b', '{":b": %%}', names => '{"#a": %%}')),
	'.ExpressionAttributeNames.#a', '.ExpressionAttributeValues.:b.S');
arrives('ddb_query_items', q(SELECT ddb_query_items('tab', 'pk = :p', '{"p": %%}', index_name => $$, start_key => '{"pk": %%}')),
	'.ExclusiveStartKey.pk.S', '.ExpressionAttributeValues.:p.S', '.IndexName');
arrives('ddb_scan', q(SELECT ddb_scan('tab', '#x = :x', '{":x": [%%]}', names => '{"#x": %%}')),
	'.ExpressionAttributeNames.#x', '.ExpressionAttributeValues.:x.L[].S');
arrives('ddb_execute', q(SELECT ddb_execute($$, '[%%]')), '.Parameters[].S', '.Statement');
arrives('ddb_execute_transaction', q(SELECT ddb_execute_transaction('[{"statement": %%, "params": [%%]}]')),
	'.TransactStatements[].Parameters[].S', '.TransactStatements[].Statement');
arrives('ddb_call', q(SELECT ddb_call('GetItem', '{"TableName": %%, "Key": {"pk": {"S": %%}}, %%: 1}')),
	'.<name>', '.Key.pk.S', '.TableName');
arrives('ddb_set, a list', q(SELECT ddb_set('[{"pk": %%, "sk": "s", "data": 1}]', 'tab')), '.RequestItems.tab[].PutRequest.Item.pk.S');
arrives('ddb_set_atomic', q(SELECT ddb_set_atomic($$, 's', '1', ROW($$, 'lock', $$, now() + interval '1 day')::ddb_lock, table_name => 'tab')),
	'.TransactItems[].Put.Item.pk.S', '.TransactItems[].Update.Key.pk.S', '.TransactItems[].Update.ExpressionAttributeValues.:old.S');

# The attribute "data" is JSON in a string.
for my $text (@texts)
{
	my (undef, $request) = asked("SELECT ddb_set('p', 's', to_jsonb(\$\$::text), table_name => 'tab')", $text);
	my $item = from_json(encode_utf8($request->{body}))->{Item};
	my $data = from_json(encode_utf8($item->{data}{S}));
	is_deeply([ sort(keys %$item), $data ], [ qw(data pk sk), $text ], printable("ddb_set: $text"));
}

# The name of a table is one, or is refused.
for my $text (@texts, 'ab', 'a' x 256, '', 'tab?x=1', 'tab#x', '../tab')
{
	my @wrong;
	for my $call (q(ddb_get('p', 's', table_name => $$)), q(ddb_get_item($$, '{"pk": "p"}')), 'ddb_scan($$)', 'ddb_describe_table($$)')
	{
		my ($error, $request) = asked("SELECT $call", $text);
		if ($request)
		{
			my $body = eval { from_json(encode_utf8($request->{body})) };
			push @wrong, "$call: $request->{body}" if ($body->{TableName} // '') ne $text || wrong_head($request);
		}
		else
		{
			push @wrong, "$call: @$error" unless $error->[0] =~ /^(?:22023|42602)$/;
		}
	}
	is(join("\n", @wrong), '', printable("table $text"));
}

# Placeholders that are made do not meet those that are given.
$server->reset;
$session->query(<<'SQL');
SELECT ddb_update_item('tab', '{"pk": "p"}', 'SET #n0 = :v0, other.size = :v1, "name" = :x',
	'{":v0": "given 0", ":v1": "given 1", ":x": 3}', condition => 'plain = :x', names => '{"#n0": "given n0"}')
SQL
{
	my ($request) = $server->log;
	my $body = from_json($request->{body});
	my ($names, $values) = @$body{qw(ExpressionAttributeNames ExpressionAttributeValues)};
	is($names->{'#n0'}, 'given n0', 'a given name keeps its placeholder');
	is_deeply($values, { ':v0' => { S => 'given 0' }, ':v1' => { S => 'given 1' }, ':x' => { N => 3 } }, 'and the values theirs');
	my %real = reverse %$names;
	is(scalar keys %real, scalar keys %$names, 'each placeholder stands for a name of its own');
	my @used = "$body->{UpdateExpression} $body->{ConditionExpression}" =~ /([#:]\w+)/g;
	is_deeply([ grep { !exists $names->{$_} && !exists $values->{$_} } @used ], [], 'every placeholder used is defined');
}

# Expressions cannot be left for the JSON around them.
for my $text (@texts)
{
	for my $call (q(ddb_scan('tab', $$)), q(ddb_update_item('tab', '{"pk": "p"}', $$)), q(ddb_get_item('tab', '{"pk": "p"}', projection => $$)))
	{
		my ($error, @requests) = asked("SELECT $call", "a $text");
		is(($error->[0] // 'none') . ' ' . @requests, '42601 0', printable("$call: a $text")) or diag("@$error");
	}
}

# Entities: texts in attributes, in keys made of them, in names and in a table.
{
	my $model = {
		model => { service => 'inj', entity => 'thing', version => '1' },
		attributes => { id => { type => 'string' }, note => { type => 'string' } },
		indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } } };
	sql('SELECT ddb_register_entity(' . literal($model) . ", 'tab')");
	for my $text (@texts)
	{
		my $name = printable("entity: $text");
		my ($error, $request) = asked(q(SELECT ddb_entity_put('thing', '{"id": %%, "note": %%}')), $text);
		my $item = from_json(encode_utf8($request->{body}))->{Item};
		is_deeply([ sort keys %$item ], [qw(__edb_e__ __edb_v__ id note pk sk)], "$name: its attributes and no other");
		is_deeply([ map { $item->{$_}{S} } qw(id note) ], [ $text, $text ], "$name: as given");
		is($item->{pk}{S}, '$inj#id_' . lc $text, "$name: and in the key");
		is(join(' ', wrong_head($request)), '', "$name: headers");
		($error) = asked(q(SELECT ddb_entity_get($$, '{}')), $text);
		is($error->[0], '42704', "$name: no entity");
	}
	# the same as service, entity and version: the registry takes it as data
	for my $text (@texts)
	{
		my $name = printable("model: $text");
		my %hostile = (%$model, model => { service => "s$text", entity => "e$text", version => '1' });
		my $count = sql('SELECT count(*) FROM ddb_entity_models');
		my @error = sql_error('SELECT ddb_register_entity(' . literal(\%hostile) . ', ' . literal($text) . ')');
		if (@error)
		{
			like($error[0], qr/^22/, "$name is refused") or diag("@error");
			is(sql('SELECT count(*) FROM ddb_entity_models'), $count, "$name: and not registered");
			next;
		}
		is(sql('SELECT count(*) FROM ddb_entity_models WHERE service = ' . literal("s$text") . ' AND table_name = ' . literal($text)),
			'1', "$name is registered as it is");
		sql('SELECT ddb_drop_entity(' . literal("s$text.e$text\@1") . ')');
		is(sql('SELECT count(*) FROM ddb_entity_models'), $count, "$name: and forgotten, alone");
	}
}

# The name of an operation is letters, and all of them.
for my $operation ("GetItem\r\nX-Evil: 1", 'GetItem ', ' GetItem', 'Get.Item', 'GetItem;', "GetItem\t", 'G' x 65, '', 'ÄItem', 'GetItem/x', 'DynamoDB_20120810.GetItem')
{
	my ($error, @requests) = asked(q(SELECT ddb_call($$, '{}')), $operation);
	is("$error->[0] " . @requests, '22023 0', printable("operation '$operation' is refused"));
}
$server->reset;
$session->query("SELECT ddb_call(repeat('Abcdefgh', 8), '{}')");
is(($server->log)[0]{headers}{'x-amz-target'}, 'DynamoDB_20120810.' . 'Abcdefgh' x 8, 'the longest name arrives whole');

# No setting gets a line into the headers. All that are texts are tried; what is
# taken is used for a request.
my @settings = map { $_->[0] } sql_rows("LOAD 'atomic_dynamodb'; SELECT name FROM pg_settings WHERE name LIKE 'atomic\\_dynamodb.%' AND vartype = 'string' ORDER BY 1");
for my $setting (@settings, 'application_name')
{
	my $quoted = join '.', map { qq("$_") } split /\./, $setting;
	for my $end ("\r\nX-Evil: 1", "\nX-Evil: 1", "\rX-Evil: 1", "\r\n\r\nPOST /evil HTTP/1.1")
	{
		my $begin = { 'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.ca_file' => '/none' }->{$setting} // 'us-west-2';
		$server->reset;
		my $hostile = session(@to_server);
		$hostile->query("LOAD 'atomic_dynamodb'; SET atomic_dynamodb.access_key_id = 'AKIDEXAMPLE'; SET atomic_dynamodb.secret_access_key = 'x'; SET atomic_dynamodb.region = 'us-west-2'");
		my @error = $hostile->query_error("SET $quoted = " . literal("$begin$end"));
		my $name = printable("$setting with $end");
		if (@error)
		{
			is($error[0], '22023', "$name is refused");
			is($server->count, 0, "$name: nothing is sent");
			next;
		}
		@error = $hostile->query_error("SELECT ddb_get('p', 's', table_name => 'tab')");
		my @requests = $server->log;
		is(join(' ', map { wrong_head($_) } @requests), '', "$name is taken, and not a header") or diag(explain(\@requests));
		is(@requests . ' ' . ($error[0] // ''), $setting =~ /profile/ ? '0 28000' : $setting =~ /server/ ? '0 42704' : '1 ', "$name: what becomes of it");
	}
}

# A text of somebody else's is not a line of the log of its own.
{
	my $cluster = AddbTest::Cluster->new;
	$cluster->inside(sub {
		my @set = (set => { 'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.max_attempts' => 1,
			'atomic_dynamodb.access_key_id' => 'A', 'atomic_dynamodb.secret_access_key' => 'S', 'atomic_dynamodb.region' => 'us-east-1' });
		my $forged = "x\nFORGED LOG LINE";
		for my $step (
			{ reply => { status => 400, body => { __type => "a#Some$forged", message => "m$forged\e[2J\x07" }, headers => { 'x-amzn-requestid' => "r\e[2J" } } },
			{ reply => { status => 500, body => $forged } },
			{ raw => "HTTP/1.1 400 No\r\nX-Amzn-RequestId: a\x01\xff\r\nContent-Length: 5\r\n\r\n\xff\xfe\x00\n\x1b" })
		{
			$server->reset;
			$server->script($step);
			my @error = sql_error("SELECT ddb_get('p', 's', table_name => 'tab')", @set);
			like($error[0], qr/^(?:58000|08P01|08006)$/, 'an answer full of control characters is an error') or diag("@error");
			unlike("@error", qr/[\x00-\x08\x0b-\x1f\x7f]/, 'and its text has none');
		}
		sql_error('SELECT ddb_get(' . literal($forged) . ', ' . literal($forged) . ', table_name => ' . literal($forged) . ')', @set);
		sql_error('SELECT ddb_entity_get(' . literal($forged) . ", '{}')", @set);
		sql_error('SELECT ddb_scan(\'tab\', ' . literal($forged) . ')', @set);
	});
	like($cluster->log, qr/FORGED/, 'foreign text is in the log');
	unlike($cluster->log, qr/^FORGED/m, 'but does not begin a line');
}

done_testing();
