# SQL and JavaScript share a table: what one writes the other reads, byte for
# byte, and their atomic writes exclude each other. The JavaScript side is the
# SDK with the layout of the npm package atomic-dynamodb (test/js).

use strict;
use warnings;
use utf8;

use AddbTest;
use IPC::Open2 qw(open2);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
plan(skip_all => 'no node') if !grep { -x "$_/node" } split /:/, $ENV{PATH};
plan(skip_all => 'the npm packages are not installed')
  if !-d "$ENV{ADDB_ROOT}/test/node_modules/\@aws-sdk/client-dynamodb";
make_database();

my $table = make_table();
my $js = start_node();
my %session = map { $_ => session(set => {
		'atomic_dynamodb.table' => $table, 'atomic_dynamodb.data_format' => $_ }) } qw(json map);

# Strings as JSON texts in ASCII, as JSON.stringify would be given them.
my @strings = (
	(map { sprintf '"\\u%04x"', $_ } 0 .. 0x20, 0x7f, 0x80, 0x9f, 0xe9, 0x301, 0x2028, 0x2029, 0x20ac,
		0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff),
	'""', '"\\""', '"\\\\"', '"/"', '"\\\\u0000"', '"\\\\\\"\\\\"', '"a\\nb\\tc"', '"\\u65e5\\u672c"',
	'"\\ud834\\udd1e"', '"\\ud83d\\ude00"', '"\\udbff\\udfff"', '"\\ud83d\\udc68\\u200d\\ud83d\\udc69"',
	'"\\ud800"', '"\\udc00"', '"a\\ud800b"', '"\\udc00\\ud800"', '"\\ud800\\ud800\\udc00"', '"\\u0000\\ud800\\\\"');
my @documents = ('null', 'true', 'false', '[]', '{}', '[[],{},[null]]', '{"a":1,"b":[true,false,null,"x"]}',
	'{"\\u00e9":{"\\ud83d\\ude00":"\\u2028"}}', '{"a":{"$ss":["x"]}}', '{"$ss":["x"]}', '{"$m":{"$s":1}}', '{"$s":"x"}',
	'{"":1}', '{"pk":"x","sk":"y"}', '{"__proto__x":{"length":1}}', '{"\\u0000":1}', '{"a":{"\\ud800":["\\u0000"]}}');
my @numbers = qw(0 -0 1 -1 0.1 0.30000000000000004 1e-7 1.5e300 1e21 123456789012345680000 9007199254740991
  -9007199254740993 5e-324 1.7976931348623157e308 2.2250738585072014e-308 100 1e5 0.000001);

test_js_writes_json();
test_js_writes_map();
test_sql_writes_json();
test_numbers();
test_types();
test_locks($_) for qw(json map);
test_lock_life();
test_exclusion($_) for qw(json map);
test_increments($_) for qw(json map);
done_testing();

# the other side

sub start_node
{
	my $node = {};
	$node->{pid} = open2($node->{from}, $node->{to}, 'node', "$ENV{ADDB_ROOT}/test/js/driver.mjs", endpoint(), $table);
	return $node;
}

sub ask
{
	my ($node, $command, %rest) = @_;
	print { $node->{to} } to_json({ command => $command, %rest }) . "\n";
	$node->{to}->flush;
	return;
}

# The answer as a hash: result, or error and message.
sub answer
{
	my ($node) = @_;
	my $line = readline $node->{from};
	die 'node has ended' unless defined $line;
	return from_json($line);
}

# Has a command done and returns its result.
sub js
{
	my ($command, %rest) = @_;
	ask($js, $command, %rest);
	my $answer = answer($js);
	die "$command: $answer->{error}: $answer->{message}" if $answer->{error};
	return $answer->{result};
}

sub js_error
{
	my ($command, %rest) = @_;
	ask($js, $command, %rest);
	return answer($js)->{error} // '';
}

sub stop_node
{
	my ($node) = @_;
	close $node->{to};
	waitpid $node->{pid}, 0;
	return;
}

END
{
	if ($js)
	{
		local $?;
		stop_node($js);
	}
}

# Writes JSON texts, in a partition of their own, by JavaScript.
sub js_writes
{
	my ($pk, $native, @texts) = @_;
	js('set', pk => $pk, sk => sprintf('%03d', $_), json => $texts[$_],
		$native ? (native => JSON::PP::true) : ()) for 0 .. $#texts;
	return;
}

# Copies a partition by SQL.
sub sql_copies
{
	my ($format, $from, $to) = @_;
	return $session{$format}->query(
		"SELECT count(*) FROM (SELECT ddb_set('$to', sk, data) FROM ddb_query('$from', consistent => true)) AS q");
}

# values

sub test_js_writes_json
{
	my @texts = (@strings, @documents);
	js_writes('js', 0, @texts);
	is(sql_copies('json', 'js', 'copy'), scalar @texts, 'JSON.stringify wrote them, SQL copied them');
	my @originals = @{ js('dump', pk => 'js') };
	my @copies = @{ js('dump', pk => 'copy') };
	for (0 .. $#texts)
	{
		is($copies[$_]{data}, $originals[$_]{data}, "$texts[$_]: the copy is the same, byte for byte");
	}

	is($session{json}->query("SELECT data ->> 'a' FROM ddb_get('js', '" . sk_of('{"a":1,"b"', @texts) . "')"), '1',
		'SQL looks into what JavaScript wrote');
	is($session{json}->query("SELECT data = to_jsonb(U&'\\+01D11E'::text) FROM ddb_get('js', '"
			  . sk_of('"\\ud834', @texts) . "')"), 't', 'a pair of surrogates is a character');
	is($session{json}->query("SELECT data FROM ddb_get('js', '" . sk_of('"\\u0000"', @texts) . "')"),
		'{"$s": "\\\\u0000"}', 'U+0000 has its form');
	is($session{json}->query("SELECT data FROM ddb_get('js', '" . sk_of('{"$ss"', @texts) . "')"),
		'{"$ss": ["x"]}', 'in JSON text, $ss is a name like others');
	return;
}

sub sk_of
{
	my ($start, @texts) = @_;
	my ($number) = grep { index($texts[$_], $start) == 0 } 0 .. $#texts;
	return sprintf '%03d', $number;
}

# Native values: a string stands in a list, for alone it would be JSON text;
# names must not be empty.
sub test_js_writes_map
{
	my @texts = ((map { "[$_]" } @strings), grep { !/^\{"":/ } @documents);
	js_writes('js map', 1, @texts);
	is(sql_copies('map', 'js map', 'copy map'), scalar @texts, 'marshall wrote them, SQL copied them');
	my @originals = @{ js('dump', pk => 'js map') };
	my @copies = @{ js('dump', pk => 'copy map') };
	for (0 .. $#texts)
	{
		is($copies[$_]{data}, $originals[$_]{data}, "$texts[$_]: the copy is the same native value");
	}
	return;
}

sub test_sql_writes_json
{
	my @texts = (grep({ !/\\u0000|\\ud800|"\\udc00/ || /\\\\u0000"$/ } @strings), '{"a":1,"bb":[1.5,-2,"x y"],"ccc":{"d":null}}',
		'[ 1 , { "b" : "z", "a" : "" } ]', '"a: b, {c} [d]"', '"  "', '{"b":1,"aa":2,"a":3}');
	$session{json}->query("SELECT ddb_set('sql', '" . sprintf('%03d', $_) . "', " . literal($texts[$_]) . ')') for 0 .. $#texts;
	my @items = @{ js('dump', pk => 'sql') };
	is(scalar @items, scalar @texts, 'SQL wrote them');
	for (0 .. $#texts)
	{
		is($items[$_]{text}, $items[$_]{again}, "$texts[$_]: written as JSON.stringify would");
	}
	is($items[-1]{text}, '"{\\"a\\":3,\\"b\\":1,\\"aa\\":2}"', 'members in the order of jsonb');
	return;
}

sub test_numbers
{
	js_writes('number', 0, @numbers);
	sql_copies('json', 'number', 'number copy');
	my @originals = @{ js('dump', pk => 'number') };
	my @copies = @{ js('dump', pk => 'number copy') };
	for (0 .. $#numbers)
	{
		is($copies[$_]{again}, $originals[$_]{again}, "$numbers[$_]: the copy is the same number to JavaScript");
	}
	return;
}

# All types of DynamoDB as a native map, updated in one place by SQL.
sub test_types
{
	my $data = { M => {
		s => { S => 'é"\\' }, n => { N => '12345678901234567890123456789012345678' }, small => { N => '-1.5' },
		yes => { BOOL => JSON::PP::true }, no => { BOOL => JSON::PP::false }, nothing => { NULL => JSON::PP::true },
		l => { L => [ { S => '' }, { L => [] }, { M => {} } ] }, b => { B => { base64 => 'AP8=' } },
		ss => { SS => [ 'a', 'ü' ] }, ns => { NS => [ '1', '2.5' ] }, bs => { BS => [ { base64 => 'AQ==' }, { base64 => 'Ag==' } ] },
		count => { N => '1' } } };
	js('put', item => { pk => { S => 'types' }, sk => { S => 'x' }, data => $data });
	is($session{map}->query("SELECT data = '{\"s\": \"é\\\"\\\\\", \"n\": 12345678901234567890123456789012345678, \"small\": -1.5,
			\"yes\": true, \"no\": false, \"nothing\": null, \"l\": [\"\", [], {}], \"b\": {\"\$b\": \"AP8=\"},
			\"ss\": {\"\$ss\": [\"a\", \"ü\"]}, \"ns\": {\"\$ns\": [1, 2.5]}, \"bs\": {\"\$bs\": [\"AQ==\", \"Ag==\"]},
			\"count\": 1}' FROM ddb_get('types', 'x', consistent => true)"), 't', 'every type that JavaScript wrote is read');

	$session{map}->query("SELECT ddb_set(pk, sk, jsonb_set(data, '{count}', '2')) FROM ddb_get('types', 'x', consistent => true)");
	my $before = from_json(js('get', pk => 'types', sk => 'x'))->{data}{M};
	is($before->{count}{N}, '2', 'SQL has updated one member');
	$data->{M}{count}{N} = '2';
	is_deeply(sets_sorted($before), sets_sorted($data->{M}), 'and left the others as they were');
	return;
}

# A map with its sets in order.
sub sets_sorted
{
	my ($map) = @_;
	return { map {
			my ($type, $value) = %{ $map->{$_} };
			$_ => { $type => $type =~ /^.S$/ ? [ sort { to_json($a) cmp to_json($b) } @$value ] : $value };
		} keys %$map };
}

# locks

sub sql_lock
{
	my ($sk) = @_;
	my ($version, $ttl) = split /\|/, $session{json}->query(
		"SELECT version, extract(epoch FROM ttl)::bigint FROM ddb_get_lock('lock', '$sk')");
	return { pk => 'lock', sk => $sk, version => $version, ttl => 0 + $ttl };
}

sub lock_row
{
	my ($lock) = @_;
	return "ROW('lock', '$lock->{sk}', '$lock->{version}', to_timestamp($lock->{ttl}))::ddb_lock";
}

# Writes by SQL with a lock; returns the new one, or the SQLSTATE.
sub sql_set_atomic
{
	my ($format, $sk, $json, $lock) = @_;

	my $session = $session{$format};
	$session->send("SELECT version, extract(epoch FROM ttl)::bigint
		FROM ddb_set_atomic('lock', '$sk', " . literal($json) . ', ' . lock_row($lock) . ')');
	my ($version, $ttl) = split /\|/, $session->finish;
	my ($state) = $session->error;
	return $state // { %$lock, version => $version, ttl => 0 + $ttl };
}

sub js_set_atomic
{
	my ($sk, $data, $lock) = @_;
	return js('setAtomic', items => [ { pk => 'lock', sk => $sk, data => $data } ], lock => $lock);
}

sub test_locks
{
	my ($format) = @_;

	my $js_lock = js('getLock', pk => 'lock', sk => "js $format");
	is_deeply(sql_lock("js $format"), $js_lock, "$format: a lock that JavaScript made is the same to SQL");
	my $sql_lock = sql_lock("sql $format");
	is_deeply(js('getLock', pk => 'lock', sk => "sql $format"), $sql_lock, "$format: and the reverse");

	for my $lock ($js_lock, $sql_lock)
	{
		my $item = "item $lock->{sk}";
		my $next = sql_set_atomic($format, $item, '{"by": ["SQL"]}', $lock);
		is_deeply(js('getLock', pk => 'lock', sk => $lock->{sk}), $next, 'the lock that SQL has written with is what JavaScript gets');
		is(js('data', pk => 'lock', sk => $item), '{"by":["SQL"]}', 'the item too');
		$next = js_set_atomic($item, { by => ['JS'] }, $next);
		is_deeply(sql_lock($lock->{sk}), $next, 'the lock that JavaScript has written with is what SQL gets');
		is($session{$format}->query("SELECT data FROM ddb_get('lock', '$item', consistent => true)"), '{"by": ["JS"]}', 'the item too');
		is(ref sql_set_atomic($format, $item, '3', $next), 'HASH', 'and SQL can write with the lock that JavaScript returned');
	}
	return;
}

sub test_lock_life
{
	my $now = time;
	for my $case ([ 'expired', -10, 0 ], [ 'aging', 1800, 1 ], [ 'fresh', 7200, 1 ])
	{
		my ($sk, $life, $kept) = @$case;
		js('put', item => { pk => { S => 'lock' }, sk => { S => $sk }, version => { S => 'by JavaScript' },
				ttl => { N => '' . ($now + $life) } });
		my $lock = sql_lock($sk);
		is($lock->{version} eq 'by JavaScript', !!$kept, "a lock of JavaScript that is $sk: version " . ($kept ? 'kept' : 'new'));
		is_deeply(js('getLock', pk => 'lock', sk => $sk), $lock, 'is then the same to JavaScript');
	}
	return;
}

sub test_exclusion
{
	my ($format) = @_;

	my $lock = sql_lock("both $format");
	js_set_atomic("first $format", { by => 'JS' }, $lock);
	is(sql_set_atomic($format, "first $format", '{"by": "SQL"}', $lock), '40001', "$format: JavaScript was first, SQL loses");
	is(js('data', pk => 'lock', sk => "first $format"), '{"by":"JS"}', 'its item is left alone');

	$lock = js('getLock', pk => 'lock', sk => "both $format");
	sql_set_atomic($format, "second $format", '{"by": "SQL"}', $lock);
	is(js_error('setAtomic', items => [ { pk => 'lock', sk => "second $format", data => { by => 'JS' } } ], lock => $lock),
		'RaceCondition', "$format: SQL was first, JavaScript loses");
	is(js('data', pk => 'lock', sk => "second $format"), '{"by":"SQL"}', 'its item is left alone');
	return;
}

sub test_increments
{
	my ($format) = @_;

	my $item = "counter $format";
	my $do = <<"SQL";
DO \$\$
DECLARE
	lock ddb_lock;
	value int;
BEGIN
	FOR i IN 1 .. 25 LOOP
		LOOP
			BEGIN
				lock := ddb_get_lock('lock', '$item#lock');
				value := coalesce(((ddb_get('lock', '$item', consistent => true)).data ->> 'value')::int, 0);
				PERFORM ddb_set_atomic('lock', '$item', jsonb_build_object('value', value + 1), lock);
				EXIT;
			EXCEPTION WHEN serialization_failure THEN
				PERFORM pg_sleep(random() * 0.02);
			END;
		END LOOP;
	END LOOP;
END \$\$
SQL
	my @nodes = map { start_node() } 1 .. 2;
	my @sessions = map { session(set => {
			'atomic_dynamodb.table' => $table, 'atomic_dynamodb.data_format' => $format }) } 1 .. 4;
	ask($_, 'increment', item => { pk => 'lock', sk => $item }, lock => { pk => 'lock', sk => "$item#lock" }, times => 25)
	  for @nodes;
	$_->send($do) for @sessions;
	$_->finish for @sessions;
	my @answers = map { answer($_) } @nodes;
	stop_node($_) for @nodes;
	is(join('', grep { /ERROR/ } map { $_->stderr } @sessions), '', "$format: no session fails");
	is(join('', map { $_->{error} // '' } @answers), '', 'nor JavaScript');
	is(js('data', pk => 'lock', sk => $item), '{"value":150}', '4 sessions and 2 Node processes, 25 increments each, make 150');
	return;
}
