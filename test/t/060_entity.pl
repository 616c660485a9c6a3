# The entity layer by the vectors of ElectroDB: what is sent, what comes of the
# reply, and which errors have which numbers. Vectors marked QUIRK are defects of
# ElectroDB: what is done instead is told below, one by one; those marked EXT are
# not offered. Then what ElectroDB has no vectors for.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Cluster;
use AddbTest::Unit;
use File::Temp qw(tempdir tempfile);
use FindBin;
use IPC::Run ();
use MIME::Base64 qw(decode_base64);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $directory = "$FindBin::Bin/../vectors/electrodb";

# What is done instead of what a QUIRK vector shows: nothing else (the vector
# holds), an error number, or a change of the normalised request.
my %quirk = (
	'gsi/update-add-on-composite' => 2002,
	'gsi/static-template-update' => sub { set_value($_[0], 'gsi1sk', { S => 'all' }) },
	'gsi/attribute-as-gsi-key-update' => sub { set_value($_[0], 'city', { S => 'rome' }) },
	'gsi/numeric-key-update-zero' => sub { add_set($_[0], 'gsi1sk', { N => '0' }) },
	'keys/types/put-unsafe-integer' => 3001,
	'keys/level/update-number-for-string' => 3001,
	'transaction/check-without-where' => 1012,
	'transaction/get-attributes' => \&project_identifiers,
	'update/set-empty-set-skipped' => 3001,
	'update/list-path-unvalidated' => 3001,
	'update/set-same-attribute-twice' => undef,
	'where/number-not-coerced' => 3001,
	'where/set-eq-list' => sub { $_[0]{ConditionExpression}[2] = { value => { SS => ['red'] } } },
	'where/create-or-precedence' => sub { guard_or($_[0], 'attribute_not_exists') },
	'where/patch-or-precedence' => sub { guard_or($_[0], 'attribute_exists') },
);

# An entity with an attribute of every type.
my $thing = model(
	'"id":{"type":"string"},"n":{"type":"number","field":"nn"},"s":{"type":"string","field":"ss"},"tags":{"type":"set","items":"string"},'
	  . '"sizes":{"type":"set","items":"number"},"map":{"type":"map","properties":{"in":{"type":"number","field":"ii"},'
	  . '"secret":{"type":"string","hidden":true}}},"list":{"type":"list","items":{"type":"map","properties":{"u":{"type":"string","field":"url"}}}},'
	  . '"any":{"type":"any"},"grp":{"type":"string"},"rank":{"type":"number"}',
	'"t":{"pk":{"field":"pk","composite":["id"]},"sk":{"field":"sk","composite":[]}},'
	  . '"g":{"index":"g","pk":{"field":"gpk","composite":["grp"]},"sk":{"field":"gsk","composite":["rank"]}}');

my $preamble = preamble('addb_unit_entity(json) RETURNS json', 'addb_unit_js(json) RETURNS json') . <<'SQL';
CREATE FUNCTION pg_temp.play(vector json) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	context text;
BEGIN
	RETURN pg_temp.addb_unit_entity(vector);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		context = PG_EXCEPTION_CONTEXT;
	RETURN json_build_object('error', json_build_object('sqlstate', state, 'message', message, 'detail', detail,
		'context', context));
END $$;
SQL

test_primitives('in UTF-8');
test_files(qw(model mi6 keys put update gsi where query collection response transaction));
test_models();
test_services();
test_deviations();
test_where_texts();
test_projections();
test_ownership();
test_results();
test_batches();
test_large_numbers();
test_errors();
test_encodings();
done_testing();

sub slurp_text
{
	my ($path) = @_;
	open my $file, '<:encoding(UTF-8)', $path or die "$path: $!";
	local $/;
	return scalar <$file>;
}

sub test_primitives
{
	my ($where) = @_;
	my $all = read_json("$directory/primitives.json");
	my %ask = (parseInt => [ map { $_->{input} } @{ $all->{parseInt} } ], padStart => $all->{padStart},
		numbers => [ map { $_->{bits} } @{ $all->{numbers} } ]);
	my %expected = (parseInt => [ map { $_->{result} } @{ $all->{parseInt} } ],
		padStart => [ map { $_->{result} } @{ $all->{padStart} } ], numbers => [ map { $_->{text} } @{ $all->{numbers} } ]);
	for my $case (qw(lower upper))
	{
		my %map = %{ $all->{$case} };
		my @codes = sort { hex $a <=> hex $b } keys %map;
		$ask{$case} = [ (map { chr hex } @codes), map { $_->{input} } @{ $all->{words} } ];
		$expected{$case} =
		  [ (map { join '', map { chr hex } split ' ', $map{$_} } @codes), map { $_->{$case} } @{ $all->{words} } ];
	}
	my $got = from_json(bytes(sql($preamble . 'SELECT pg_temp.addb_unit_js(' . literal(text_json(\%ask)) . ');')));
	for my $name (sort keys %ask)
	{
		my $n = @{ $expected{$name} };
		my @wrong = grep { ($got->{$name}[$_] // 'none') ne ($expected{$name}[$_] // 'none') } 0 .. $n - 1;
		ok(!@wrong && @{ $got->{$name} } == $n, "$n primitives of $name $where") or diag("wrong: @wrong");
	}
	return;
}

sub bytes
{
	my ($text) = @_;
	utf8::encode($text) if utf8::is_utf8($text);
	return $text;
}

# JSON as text for SQL rather than as bytes.
sub text_json
{
	my ($value) = @_;
	my $text = to_json($value);
	utf8::decode($text) unless utf8::is_utf8($text);
	return $text;
}

# What the unit function makes of each vector of a JSON text of them.
sub play
{
	my ($text) = @_;
	my @lines = split /\n/,
	  sql($preamble . 'SELECT pg_temp.play(v)::jsonb FROM json_array_elements(' . literal($text) . ') v;');
	return map { from_json(bytes($_)) } @lines;
}

sub test_files
{
	my (@names) = @_;
	for my $name (@names)
	{
		my $text = slurp_text("$directory/$name.json");
		my $vectors = from_json(bytes($text));
		my @played = play($text);
		my %count = (passed => 0, failed => 0, skipped => 0);
		is(scalar @played, scalar @$vectors, "$name.json: every vector is played");
		my @results = normalize(map { $_->{requests} // [] } @played);
		for my $i (0 .. $#$vectors)
		{
			my $vector = $vectors->[$i];
			if ($vector->{level} eq 'EXT')
			{
				$count{skipped}++;
				SKIP: { skip "$vector->{name}: not offered", 1 }
				next;
			}
			my $passed = check_vector($vector, $played[$i], $results[$i]);
			$count{ $passed ? 'passed' : 'failed' }++;
		}
		diag("$name.json: $count{passed} vectors passed, $count{failed} failed, $count{skipped} skipped");
	}
	return;
}

# Lists of requests, normalised by the vectors' own program.
sub normalize
{
	my (@lists) = @_;
	my ($file, $path) = tempfile(UNLINK => 1);
	print $file bytes(text_json($_)), "\n" for @lists;
	close $file;
	my $program = 'import json, sys; sys.path.insert(0, sys.argv[1]); import normalize' . "\n"
	  . 'for line in open(sys.argv[2], encoding="utf-8"):' . "\n"
	  . ' print(json.dumps([normalize.normalize_request(r) for r in json.loads(line)]))' . "\n";
	open my $python, '-|', 'python3', '-B', '-c', $program, $directory, $path or die $!;
	my @lines = <$python>;
	close $python or die 'the normaliser has failed';
	return map { from_json($_) } @lines;
}

sub error_code
{
	my ($played) = @_;
	return unless $played->{error};
	my $detail = $played->{error}{detail} // '';
	return '3001 without fields' if $detail =~ /^ElectroDB error 3001(?!: \[\{"field": )/;
	return $1 if $detail =~ /^ElectroDB error (\d+)/;
	return 'none';
}

sub check_vector
{
	my ($vector, $played, $requests) = @_;
	my ($name, $change) = ($vector->{name}, undef);

	if ($vector->{level} eq 'QUIRK')
	{
		return fail("$name: a quirk without a rule") unless exists $quirk{$name};
		$change = $quirk{$name};
		return is(error_code($played), $change, "$name: refused with $change instead") if defined $change && !ref $change;
	}
	my @expected = map { $_->{normalized} }
	  $vector->{exchanges} ? map { $_->{request} } @{ $vector->{exchanges} } : $vector->{params} ? $vector : ();
	my @actions = map { $_->{action} }
	  $vector->{exchanges} ? map { $_->{request} } @{ $vector->{exchanges} } : $vector->{params} ? $vector : ();
	if ($vector->{error} && !@expected)
	{
		my $code = $vector->{error}{code} // 'none';
		return is(error_code($played), $code, "$name: error $code") || !diag(to_json($played));
	}
	return fail("$name") || !diag(to_json($played->{error})) if $played->{error};
	$change->($expected[0], $vector) if $change;
	my $ok = is_deeply([ map { $_->{action} } @{ $played->{requests} } ], \@actions, "$name: action");
	$ok &= is_deeply(sorted($requests), sorted(\@expected), "$name: request") || !diag(to_json($requests));
	if ($vector->{error})
	{
		return $ok & is($played->{result}{service_error}, $vector->{error}{cause}, "$name: error of the service");
	}
	return $ok & is_deeply(readable($played->{result}), readable($vector->{result}), "$name: result");
}

# A result with its cursor decoded.
sub readable
{
	my ($result) = @_;
	return $result unless ref $result eq 'HASH' && defined $result->{cursor};
	my %copy = %$result;
	(my $base64 = $copy{cursor}) =~ tr{-_}{+/};
	$copy{cursor} = from_json(decode_base64($base64 . '=' x (-length($base64) % 4)));
	return \%copy;
}

# Changes of section 14 may leave the normaliser's order.
sub sorted
{
	my ($requests) = @_;
	for my $update (map { $_->{UpdateExpression} // () } @$requests)
	{
		$_ = [ sort { canonical($a) cmp canonical($b) } @$_ ] for values %$update;
	}
	return $requests;
}

sub canonical
{
	return JSON::PP->new->canonical->allow_nonref->encode($_[0]);
}

sub set_value
{
	my ($request, $field, $value) = @_;
	for my $action (@{ $request->{UpdateExpression}{SET} })
	{
		$action->[1] = { value => $value } if canonical($action->[0]) eq canonical([$field]);
	}
	return;
}

sub add_set
{
	my ($request, $field, $value) = @_;
	push @{ $request->{UpdateExpression}{SET} }, [ [$field], { value => $value } ];
	return;
}

sub guard_or
{
	my ($request, $function) = @_;
	my $or = [ 'or', map { [ '=', { path => ['p'] }, { value => { N => $_ } } ] } 1, 2 ];
	$request->{ConditionExpression} = [ 'and', map({ [ $function, { path => [$_] } ] } 'pk', 'sk'), $or ];
	return;
}

sub project_identifiers
{
	my ($request) = @_;
	my $projection = \$request->{TransactItems}[0]{Get}{ProjectionExpression};
	$$projection = [ sort { canonical($a) cmp canonical($b) } @$$projection, ['__edb_e__'], ['__edb_v__'] ];
	return;
}

# Plays an operation on models, which are given as the inside of their object;
# the result of the unit function, its requests normalised.
sub operate
{
	my ($models, $operation, %reply) = @_;
	my $response = %reply ? ',"response":' . text_json({ status => 200, body => $reply{body} }) : '';
	my ($played) = play(sprintf '[{"models":{%s},"table":"t","operation":%s%s}]', $models, text_json($operation), $response);
	return $played if $played->{error};
	($played->{normalized}) = map { $_->[0] } normalize($played->{requests});
	return $played;
}

sub request_is
{
	my ($models, $operation, $member, $expected, $name) = @_;
	my $played = operate($models, $operation);
	return fail($name) || !diag(to_json($played->{error})) if $played->{error};
	return is_deeply($played->{normalized}{$member}, $expected, $name) || !diag(to_json($played->{normalized}));
}

sub error_is
{
	my ($models, $operation, $code, $name) = @_;
	my $played = operate($models, $operation);
	return is(error_code($played), $code, $name) || !diag(to_json($played));
}

# A model "m" with these attributes and indexes, as its alias and text.
sub model
{
	my ($attributes, $indexes, $service) = @_;
	return sprintf '"m":{"model":{"entity":"e","version":"1","service":"%s"},"attributes":{%s},"indexes":{%s}}',
	  $service // 's', $attributes, $indexes;
}

sub test_models
{
	my $ab = '"a":{"type":"string"},"b":{"type":"string"}';
	my $table = '"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":[]}}';
	my @cases = (
		[ 1003, $ab, '"t":{"pk":{"field":"pk","template":"x${}"},"sk":{"field":"sk","composite":[]}}', 'an empty name in a template' ],
		[ 1003, $ab, '"t":{"pk":{"field":"pk","template":"${zzz}"}}', 'an unknown name in a template' ],
		[ 1006, $ab, '"t":{"collection":"c","pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":[]}},'
			. '"g":{"index":"g","collection":"c","pk":{"field":"g1","composite":["b"]},"sk":{"field":"g2","composite":[]}}',
			'a collection twice' ],
		[ 1008, '"a":{"type":"string"},"s":{"type":"set","items":"map"}', $table, 'a set of maps' ],
		[ 1008, '"a":{"type":"string"},"l":{"type":"list","items":{"type":"date"}}', $table, 'a list of an unknown type' ],
		[ 1008, '"a":{"type":"string"},"m":{"type":"map"}', $table, 'a map without properties' ],
		[ 1008, '"a":{"type":"string","padding":{"length":3,"char":"0"}}', '"t":{"pk":{"field":"a","composite":["a"]}}', 'a padded attribute as key' ],
		[ 1009, $ab, '"t":{"pk":{"field":"pk","composite":["a"]},"type":"other"}', 'an unknown type of index' ],
		[ 1009, $ab . ',"v":{"type":"string","validate":{}}', $table, 'a RegExp that JSON.stringify has emptied' ],
		[ 1009, '"a":{"type":"string","padding":{"length":"3","char":"0"}}', $table, 'a padding of a wrong type' ],
		[ 1006, $ab, '"t":{"collection":["c","c"],"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":[]}}',
			'a collection twice on one index' ],
		[ 1008, '"a":{"type":"string"},"l":{"type":"list","items":{"type":7}}', $table, 'a type within that is no name' ],
		[ 1009, $ab, '', 'no index at all' ],
		[ 1009, $ab, '"t":{"sk":{"field":"sk","composite":["a"]}}', 'an index without a pk' ],
		[ 1009, $ab, '"t":{"pk":{"field":"pk","composite":["a"],"cast":""}}', 'an empty cast' ],
		[ 1018, '"a":{"type":"number"}', '"t":{"pk":{"field":"a","template":"x${a}"}}', 'text around a number that is a key' ],
		[ 5001, $ab, '"t":{"pk":{"field":"a","composite":["b"]}}', 'an attribute\'s field as the key of another' ],
		[ 1018, $ab, '"t":{"pk":{"field":"a","composite":["a","b"]}}', 'an attribute\'s field as the key of several' ],
		[ 1019, $ab, '"t":{"collection":"c","pk":{"field":"a","composite":["a"]},"sk":{"field":"sk","composite":[]}}',
			'an attribute as key in a collection' ],
		[ 1020, $ab, $table . ',"g":{"index":"g","pk":{"field":"pk","composite":["a"],"casing":"upper"},"sk":{"field":"g2","composite":["b"]}}',
			'one key field in two casings' ],
		[ 1024, $ab, $table . ',"g":{"index":"g","pk":{"field":"pk","composite":["b"]},"sk":{"field":"g2","composite":[]}}',
			'one key field of two composites' ],
		[ 1026, $ab, '"t":{"pk":{"composite":["a"]}}', 'a key without a field' ]);
	for my $case (@cases)
	{
		my ($code, $attributes, $indexes, $name) = @$case;
		error_is(model($attributes, $indexes), { method => 'define' }, $code, "model: $name is error $code");
	}
	for my $taken ('"t":{"pk":{"field":"pk","composite":["a","a"]},"sk":{"field":"sk","composite":["b"]}}',
		'"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":[],"cast":"number"}}')
	{
		ok(!operate(model($ab, $taken), { method => 'define' })->{error}, "model: $taken is taken");
	}
	for my $callback (qw(get set watch))
	{
		my $played = operate(model("\"a\":{\"type\":\"string\",\"$callback\":{}}", $table), { method => 'define' });
		is($played->{error}{sqlstate}, '0A000', "model: a callback \"$callback\" is not supported");
	}
	my $played = operate(model('"a":{"type":"string","validate":{"regex":"("}}', $table), { method => 'define' });
	is($played->{error}{sqlstate}, '0A000', 'model: a regular expression must be one');
	request_is(model('"a":"string","k":["x","y"]', $table), { entity => 'm', method => 'put', attributes => { a => 'A', k => 'y' } },
		'Item', { a => { S => 'A' }, k => { S => 'y' }, pk => { S => '$s#a_a' }, sk => { S => '$e_1' },
			__edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } }, 'model: attributes by their types alone');
	return;
}

sub test_services
{
	my $entity = '"%s":{"model":{"entity":"%s","version":"1","service":"%s"},"attributes":{"a":{"type":"string"%s}},'
	  . '"indexes":{"t":{"collection":"c","pk":{"field":"%s","composite":["a"]},"sk":{"field":"sk","composite":[]}}}}';
	my $join = sub { join ',', map { sprintf $entity, @$_ } @_ };
	error_is($join->([ 'x', 'x', 'S', '', 'pk' ], [ 'y', 'y', 'other', '', 'pk' ]), { method => 'define' }, 1013,
		'service: two services do not join');
	error_is($join->([ 'x', 'x', 'S', '', 'pk' ], [ 'y', 'y', 'S', '', 'pk2' ]), { method => 'define' }, 1013,
		'service: nor two partition keys');
	error_is($join->([ 'x', 'x', 'S', '', 'pk' ], [ 'y', 'y', 'S', ',"label":"b"', 'pk' ]), { method => 'define' }, 1013,
		'service: nor two labels in it');
	error_is($join->([ 'x', 'x', 'S', '', 'pk' ], [ 'y', 'y', 'S', ',"padding":{"length":3,"char":"0"}', 'pk' ]), { method => 'define' }, 1013,
		'service: nor two paddings');
	my $played = operate($join->([ 'x', 'x', 'Straße', '', 'pk' ], [ 'y', 'y', 'sTRAßE', '', 'pk' ]), { method => 'define' });
	ok(!$played->{error}, 'service: case does not matter in its name');
	return;
}

sub test_deviations
{
	my %id = (entity => 'm', key => { id => 'I' });
	my $a_or_b = { op => 'or', args => [ { op => 'eq', attr => 's', value => 'a' }, { op => 'eq', attr => 's', value => 'b' } ] };
	my $or = [ 'or', map { [ '=', { path => ['ss'] }, { value => { S => $_ } } ] } 'a', 'b' ];
	my $exists = sub { [ 'attribute_exists', { path => [ $_[0] ] } ] };
	request_is($thing, { %id, method => 'remove', where => [$a_or_b] }, 'ConditionExpression',
		[ 'and', $exists->('pk'), $exists->('sk'), $or ], 'where: an OR does not open the guard of remove');
	request_is($thing, { %id, method => 'delete', where => [ $a_or_b, { op => 'eqOrNotExists', attr => 'n', value => 1 } ] },
		'ConditionExpression', [ 'and', sort_json($or, [ 'or', [ '=', { path => ['nn'] }, { value => { N => '1' } } ],
			[ 'attribute_not_exists', { path => ['nn'] } ] ]) ], 'where: clauses with ORs stay apart');
	request_is($thing, { %id, method => 'delete', where => [ { op => 'eq', attr => 'sizes', value => [ 2, 1, 2 ] } ] },
		'ConditionExpression', [ '=', { path => ['sizes'] }, { value => { NS => [ '1', '2' ] } } ], 'where: an array for a set is a set');
	error_is($thing, { %id, method => 'delete', where => [ { op => 'eq', attr => 'n', value => '1' } ] }, 3001,
		'where: a value of a wrong type is refused');
	my $numeric = model('"id":{"type":"string"},"n":{"type":"number"}',
		'"t":{"pk":{"field":"pk","composite":["id"]}},"g":{"index":"g","pk":{"field":"n","composite":["n"],"cast":"number"}}');
	error_is($numeric, { %id, method => 'delete', where => [ { op => 'eq', attr => 'n', value => $_ } ] }, 3001,
		"where: $_ is none for a numeric key") for '12abc', '12';
	request_is($numeric, { %id, method => 'delete', where => [ { op => 'eq', attr => 'n', value => 12 } ] }, 'ConditionExpression',
		[ '=', { path => ['n'] }, { value => { N => '12' } } ], 'where: but a number is');
	my $compare = sub { +{ %id, method => 'delete', where => [ { op => 'compare', cmp => '=', left => $_[0], right => { escape => 1 } } ] } };
	error_is($thing, $compare->($_), 1012, 'where: two operands are no one: ' . text_json($_))
	  for { name => 'n', size => 's' }, { field => 'x', escape => 1 }, { name => 'n', value => 1 }, { attr => 'n', value => 1, name => 'n' };
	request_is($thing, $compare->({ attr => 'n', value => 2 }), 'ConditionExpression', [ '=', { value => { N => '2' } }, { value => { N => '1' } } ],
		'where: an attribute with a value is one');
	for my $data ({ op => 'add', attr => 'id' }, { op => 'add', attr => 'grp' }, { op => 'set', attr => 'n' })
	{
		error_is($thing, { entity => 'm', method => 'upsert', attributes => { id => 'I' }, chain => [ { data => [$data] } ] }, 'none',
			"upsert: $data->{op} of $data->{attr} without a value is refused");
	}
	error_is($thing, { entity => 'm', method => 'put', attributes => { id => 'I' }, options => { response => 'all_old', attributes => [ 's', 1 ] } },
		1010, 'options: names of attributes are checked for writes, too');
	error_is($thing, { %id, method => 'update', chain => [ { add => $_ } ] }, 3001, 'update: elements are of the type that their set tells: ' . text_json($_))
	  for { any => { '$ns' => ['1'] } }, { any => { '$ss' => [1] } }, { sizes => { '$ss' => [1] } }, { tags => { '$ns' => ['a'] } };
	error_is($thing, { %id, method => 'get', where => [ { op => 'exists', attr => 's' } ] }, 1012, 'get has no where');
	error_is($thing, { %id, method => 'check', where => [ { op => 'exists', attr => 's' } ] }, 'none', 'check is for transactions');
	for my $operator (qw(add subtract))
	{
		error_is($thing, { %id, method => 'update', chain => [ { $operator => { rank => 1 } } ] }, 2002,
			"update: $operator on a composite is refused, for its sum is not known");
	}
	request_is($thing, { %id, method => 'update', chain => [ { ifNotExists => { rank => 1 } } ] }, 'UpdateExpression',
		{ SET => [ sort_json([ ['gsk'], { value => { S => '$e_1#rank_1' } } ], [ ['rank'], [ 'if_not_exists', { path => ['rank'] }, { value => { N => '1' } } ] ],
			[ ['id'], { value => { S => 'I' } } ], [ ['__edb_e__'], { value => { S => 'e' } } ], [ ['__edb_v__'], { value => { S => '1' } } ]) ] },
		'update: ifNotExists of a composite rewrites its key');
	error_is($thing, { %id, method => 'update', chain => [ { data => [ { op => 'set', attr => 'rank', ref => 'n' } ] } ] }, 2002,
		'update: so is a copy of another attribute');
	error_is($thing, { entity => 'm', method => 'upsert', attributes => { id => 'I' }, chain => [ { add => { rank => 1 } } ] }, 2002,
		'upsert: add on a composite is refused');
	error_is($thing, { %id, method => 'update', chain => [ { $_ => { tags => [] } } ] }, 3001, "update: $_ of an empty set is refused")
	  for qw(set add delete);
	error_is($thing, { entity => 'm', method => 'put', attributes => { id => 'I', tags => [] } }, 3001, 'put of an empty set is refused');
	error_is($thing, { %id, method => 'update', chain => [ { set => { 'list[0].u' => 1 } } ] }, 3001, 'update: what is in a list is checked');
	error_is($thing, { %id, method => 'update', chain => [ { set => { 'map.nope' => 1 } } ] }, 'none', 'update: an unknown path is refused');
	error_is($thing, { entity => 'm', method => 'update', key => { id => 7 } }, 3001, 'update: a key of a wrong type is refused');
	error_is($thing, { %id, method => 'update', chain => [ { composite => { grp => 7 } } ] }, 3001, 'update: so is a composite');
	test_updates(\%id);
	my $own = model('"a":{"type":"string"},"b":{"type":"string"}',
		'"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":[]}},"g":{"index":"g","pk":{"field":"b","composite":["b"]}}');
	request_is($own, { entity => 'm', method => 'put', attributes => { a => 'A', b => '' } }, 'Item',
		{ a => { S => 'A' }, b => { S => '' }, pk => { S => '$s#a_a' }, sk => { S => '$e_1' }, __edb_e__ => { S => 'e' },
			__edb_v__ => { S => '1' } }, 'put: an empty attribute that is a key is left to DynamoDB to refuse');
	request_is($own, { entity => 'm', method => 'delete', key => { a => 'A' }, where => [ { op => 'eq', attr => 'b', value => 'Bé' } ] },
		'ConditionExpression', [ '=', { path => ['b'] }, { value => { S => 'Bé' } } ],
		'where: an attribute that is a key is cased by a casing that the model names only');
	request_is($thing, { %id, method => 'update', chain => [ { set => { s => 'x' } }, { set => { 'map.in' => 2 } } ] }, 'UpdateExpression',
		{ SET => [ sort_json([ ['ss'], { value => { S => 'x' } } ], [ [ 'map', 'ii' ], { value => { N => '2' } } ],
			[ ['id'], { value => { S => 'I' } } ], [ ['__edb_e__'], { value => { S => 'e' } } ], [ ['__edb_v__'], { value => { S => '1' } } ]) ] },
		'update: equal names of other fields do not collide');
	return;
}

# Updates where the vectors are silent.
sub test_updates
{
	my ($id) = @_;
	my $fails = sub {
		my ($chain, $code, $name) = @_;
		error_is($thing, { %$id, method => 'update', chain => $chain }, $code, "update: $name");
	};
	$fails->([ { append => { s => [1] } } ], 3001, 'a value of a wrong type goes before an operator that does not fit');
	$fails->([ { append => { s => 'x' } } ], 'none', 'which is told by itself');
	$fails->([ { set => { 'nope.x' => 1 } } ], 'none', 'a path into an unknown attribute is refused');
	$fails->([ { data => [ { op => 'set', attr => 'nope', value => 1 } ] } ], 1012, 'data has no unknown attributes');
	$fails->([ { data => [ { op => 'remove', attr => 'nope' } ] } ], 1012, 'nor does it remove them');
	$fails->([ { data => [ { op => 'set', attr => 's', ref => 'nope' } ] } ], 1012, 'nor copy them');
	error_is($thing, { entity => 'm', method => 'upsert', attributes => { id => 'I' }, chain => [ { append => { rank => [1] } } ] }, 3001,
		'upsert: a value of a wrong type goes before a composite');
	my $two = model('"a":{"type":"string"},"b":{"type":"string"}', '"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":["b"]}}');
	error_is($two, { entity => 'm', method => $_, key => { a => 7 } }, 2002, "$_: missing composites go before wrong types") for qw(update delete);
	my $played = operate($thing, { %$id, method => 'update', chain => [ { remove => [ 's', 's' ] }, { data => [ { op => 'remove', attr => 's' } ] } ] });
	is_deeply($played->{normalized}{UpdateExpression}{REMOVE}, [ ['ss'] ], 'update: what is removed twice is once');
	request_is($thing, { %$id, method => 'delete', where => [ { op => 'begins', attr => 'n', value => 7 } ] }, 'ConditionExpression',
		[ 'begins_with', { path => ['nn'] }, { value => { N => '7' } } ], 'where: begins turns no number into text');
	return;
}

sub sort_json
{
	return sort { canonical($a) cmp canonical($b) } @_;
}

sub test_where_texts
{
	my %delete = (entity => 'm', method => 'delete', key => { id => 'I' });
	my $condition = sub {
		my ($where, $values, $expected, $name) = @_;
		request_is($thing, { %delete, where => $where, values => $values }, 'ConditionExpression', $expected, "where text: $name");
	};
	my $n = [ '>', { path => ['nn'] }, { value => { N => '1' } } ];
	$condition->('n > :n', { ':n' => 1 }, $n, 'names are the model\'s');
	$condition->([ 'n > :n', { op => 'eq', attr => 's', value => 'x' } ], { n => 1 },
		[ 'and', sort_json($n, [ '=', { path => ['ss'] }, { value => { S => 'x' } } ]) ], 'among conditions as data');
	$condition->([ 'n > :v0', { op => 'eq', attr => 's', value => 'x' } ], { v0 => 1 },
		[ 'and', sort_json($n, [ '=', { path => ['ss'] }, { value => { S => 'x' } } ]) ], 'values named as ours are');
	$condition->('map.in = :v', { v => 1 }, [ '=', { path => [ 'map', 'ii' ] }, { value => { N => '1' } } ], 'a property');
	$condition->('list[2].u = :v', { v => 'x' }, [ '=', { path => [ 'list', 2, 'url' ] }, { value => { S => 'x' } } ], 'in a list');
	$condition->('any.nn[0].in = :v', { v => 'x' }, [ '=', { path => [ 'any', 'nn', 0, 'in' ] }, { value => { S => 'x' } } ],
		'inside of any, names are as they are');
	my $played = operate($thing, { entity => 'm', method => 'patch', key => { id => 'I' }, where => '(s = :a) OR (s = :b)',
		values => { a => 'a', b => 'b' } });
	is_deeply($played->{normalized}{ConditionExpression}, [ 'and', map({ [ 'attribute_exists', { path => [$_] } ] } 'pk', 'sk'),
		[ 'or', map { [ '=', { path => ['ss'] }, { value => { S => $_ } } ] } 'a', 'b' ] ], 'where text: an OR is put in parentheses');
	$played = operate($thing, { %delete, where => '((n > :n))', values => { n => 1 } });
	is($played->{requests}[0]{params}{ConditionExpression}, '(#n0 > :v0)', 'where text: and no second pair is');
	error_is($thing, { %delete, where => 'nope = :v', values => { v => 1 } }, 1012, 'where text: an unknown attribute');
	error_is($thing, { %delete, where => 'map.nope = :v', values => { v => 1 } }, 1012, 'where text: an unknown property');
	error_is($thing, { %delete, where => 's[0] = :v AND s.t = :v', values => { v => 1 } }, 1012, 'where text: a step into a string');
	is(operate($thing, { %delete, where => 'n >' })->{error}{sqlstate}, '42601', 'where text: half a condition');
	is(operate($thing, { %delete, where => 'n > :n' })->{error}{sqlstate}, '22023', 'where text: a value that is not given');
	return;
}

# Which fields a read asks for, what its keys are compared with, and how updates
# and models are read where the vectors are silent: as ElectroDB 3.9.3 does.

sub test_projections
{
	my %query = (entity => 'm', method => 'query', index => 'g', key => { grp => 'G' });
	my @identity = ('__edb_e__', '__edb_v__');
	my $projected = sub {
		my ($operation, $fields, $name) = @_;
		request_is($thing, $operation, 'ProjectionExpression', $fields && [ sort_json(map { [$_] } @$fields) ], "projection: $name");
	};
	$projected->({ %query, options => { attributes => ['s'] } }, [ qw(gpk gsk pk sk ss), @identity ],
		'the table\'s key, by another index too');
	$projected->({ %query, where => [ { op => 'gt', attr => 'map.in', value => 1 } ], options => { attributes => ['s'] } },
		[ qw(gpk gsk pk sk ss map ii), @identity ], 'the names of all expressions');
	$projected->({ %query, options => { attributes => ['s'], ignoreOwnership => JSON::PP::true } }, [qw(gpk gsk pk sk ss)],
		'without what tells the entity, whoever owns the item');
	$projected->({ %query, options => { attributes => [ 's', 'other' ] } }, [ qw(gpk gsk pk sk ss other), @identity ],
		'a name that is no attribute is a field');
	$projected->({ %query, options => { attributes => [] } }, undef, 'no names are all attributes');
	my $item = { id => { S => 'I' }, ss => { S => 'x' }, pk => { S => '$s#id_i' }, __edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } };
	is_deeply(operate($thing, { entity => 'm', method => 'get', key => { id => 'I' },
		options => { attributes => ['s'], data => 'includeKeys' } }, body => { Item => $item })->{result}, { data => { s => 'x' } },
		'projection: the option "attributes" leaves out keys as well');
	my $range = sub {
		my ($indexes, $operation, $sort, $name) = @_;
		my $pk = [ '=', { path => ['pk'] }, { value => { S => '$s#a_a' } } ];
		request_is(model('"a":{"type":"string"},"b":{"type":"string","label":""},"k":{"type":"string","label":""}', $indexes),
			{ entity => 'm', method => 'query', index => 't', key => { a => 'A' }, %$operation }, 'KeyConditionExpression',
			$sort ? [ 'and', sort_json($pk, $sort) ] : $pk, "keys: $name");
	};
	my $template = '"t":{"collection":"c","pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","template":"S#${b}"}}';
	my $static = '"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","template":"all"}}';
	$range->($static, { sk => { op => 'lte', value => {} } }, [ '<=', { path => ['sk'] }, { value => { S => '' } } ],
		'a comparison with an empty text is not left out');
	$range->($static, { sk => { op => 'begins', value => {} } }, undef, 'but everything begins with it');
	$range->($template, { method => 'collection', collection => 'c', entity => undef, index => undef }, undef,
		'a sort key of a template has nothing of a collection');
	$range->('"t":{"scope":"","pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":["b"]}}', {},
		[ 'begins_with', { path => ['sk'] }, { value => { S => '$e_1#_' } } ], 'an empty scope is none, an empty label one in sort keys');
	request_is(model('"k":{"type":"string","label":""}', '"t":{"pk":{"field":"pk","composite":["k"]}}'),
		{ entity => 'm', method => 'get', key => { k => 'K' } }, 'Key', { pk => { S => '$s$e_1#k_k' } }, 'keys: and none in partition keys');
	request_is(model('"k":["1","b"]', '"t":{"pk":{"field":"pk","composite":["k"],"cast":"number"}}'),
		{ entity => 'm', method => 'get', key => { k => '1' } }, 'Key', { pk => { S => '$s$e_1#k_1' } }, 'keys: an enum is cast to no number');
	request_is($thing, { entity => 'm', method => 'scan', options => { order => 'desc' } }, 'ScanIndexForward', undef, 'scan: has no order');
	request_is($thing, { %query, options => { cursor => $_ } }, 'ExclusiveStartKey', undef, "query: the cursor \"$_\" is the start")
	  for '', 'bnVsbA';
	request_is($thing, { %query, options => { limit => 0 } }, 'Limit', 0, 'query: a limit is DynamoDB\'s to judge');
	return;
}

sub test_ownership
{
	my %lenient = (options => { ignoreOwnership => JSON::PP::true });
	my $clustered = model('"a":{"type":"string"},"b":{"type":"string"}',
		'"t":{"type":"clustered","collection":"c","pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":["b"]}}');
	request_is($clustered, { entity => 'm', method => 'query', index => 't', key => { a => 'A' }, %lenient }, 'FilterExpression', undef,
		'ownership: a query that ignores it has no filter');
	request_is($clustered, { method => 'collection', collection => 'c', key => { a => 'A' }, %lenient }, 'FilterExpression', undef,
		'ownership: nor has a collection');
	request_is($thing, { entity => 'm', method => 'scan', %lenient }, 'FilterExpression',
		[ 'and', sort_json([ 'begins_with', { path => ['pk'] }, { value => { S => '$s#id_' } } ],
			[ 'begins_with', { path => ['sk'] }, { value => { S => '$e_1' } } ]) ], 'ownership: a scan has the keys alone');
	my %query = (entity => 'm', method => 'query', index => 'g', key => { grp => 'G' });
	my $items = sub {
		my ($options, @items) = @_;
		return operate($thing, { %query, options => { ignoreOwnership => JSON::PP::true, %$options } }, body => { Items => \@items })->{result}{data};
	};
	my %keys = (pk => { S => '$s#id_i' }, sk => { S => '$e_1' });
	is_deeply($items->({}, { ss => { S => 'x' }, %keys }, { ss => { S => 'y' }, gpk => { S => '$s#grp_g' }, gsk => { S => '$e_1#rank_1' } }),
		[ { s => 'x' } ], 'ownership: it is the table\'s key that counts');
	is_deeply($items->({}, { ss => { S => 'x' }, %keys, pk => { S => '$s#id_' } }), [], 'ownership: and none of its composites is empty');
	is_deeply($items->({ attributes => ['s'] }, { ss => { S => 'x' } }), [ { s => 'x' } ], 'ownership: without keys, of some attributes, it is taken');
	return;
}

sub test_batches
{
	my $padded = model('"a":{"type":"string","padding":{"length":3,"char":"*"}},"n":{"type":"number","padding":{"length":4,"char":" "}},"m":{"type":"string"}',
		'"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":["n"]}}');
	my %item = (a => { S => 'X' }, n => { N => '7' }, m => { S => 'M' }, pk => { S => '$s#a_**x' }, sk => { S => '$e_1#n_   7' },
		__edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' });
	my %key = (pk => $item{pk}, sk => $item{sk});
	is_deeply(operate($padded, { entity => 'm', method => 'batchPut', items => [ { a => 'X', n => 7, m => 'M' } ] },
		body => { UnprocessedItems => { t => [ { PutRequest => { Item => \%item } } ] } })->{result}, { unprocessed => [ { a => 'X', n => 7, m => 'M' } ] },
		'batch: an item that was not put is shown as it is');
	is_deeply(operate($padded, { entity => 'm', method => 'batchGet', keys => [ { a => 'X', n => 7 }, { a => 'Y', n => 8 } ] },
		body => { Responses => { t => [ { %item, __edb_v__ => { S => '2' } } ] }, UnprocessedKeys => { t => { Keys => [ \%key, { %key, sk => { S => '$f' } } ] } } })->{result},
		{ data => [undef], unprocessed => [ { a => '**x', n => 7 }, undef ] }, 'batch: null for items and keys of others, numbers without their padding');
	my $greedy = model('"a":{"type":"string"},"b":{"type":"string"},"c":{"type":"string"}',
		'"t":{"pk":{"field":"pk","template":"${a}-${b}","casing":"none"},"sk":{"field":"sk","composite":["c"],"casing":"none"}}');
	my $unprocessed = sub {
		my ($pk) = @_;
		return operate($greedy, { entity => 'm', method => 'batchDelete', keys => [ { a => 'x', b => 'y', c => 'z' } ] },
			body => { UnprocessedItems => { t => [ { DeleteRequest => { Key => { pk => { S => $pk }, sk => { S => '$e_1#c_z' } } } } ] } })->{result}{unprocessed}[0];
	};
	is_deeply($unprocessed->('1-2-3'), { a => '1-2', b => '3', c => 'z' }, 'batch: the first composite of a key is as long as can be');
	is_deeply($unprocessed->('1-2-'), { a => '1', b => '2-', c => 'z' }, 'batch: but leaves something to the next');
	is($unprocessed->('-2'), undef, 'batch: none is empty');
	is($unprocessed->("1-$_"), undef, 'batch: none has what ends a line') for "2\n", "\x{2028}", "2\x{2029}3";
	return;
}

# The shortest text of a double may lie just between two of them.
sub test_large_numbers
{
	my %ask = (numbers => [qw(43df39e88038856e 43daec38a19c1ede 43e9ddacea72d2de c3e3a75a49e4db4c 433fffffffffffff 7fefffffffffffff)],
		parseInt => [ '0x5502666396915256', '-0x755950524140223z' ]);
	my %expected = (numbers => [ '9000340505000000000', '7759951225000000000', '14910687550000000000', '-11329599050000000000', '9007199254740991',
			'1.7976931348623157e+308' ], parseInt => [ 6125571021091198000, -528492380598567500 ]);
	my $got = sql($preamble . 'SELECT pg_temp.addb_unit_js(' . literal(to_json(\%ask)) . ');');
	my ($numbers) = $got =~ /"numbers":\[(.*?)\]/;
	my ($integers) = $got =~ /"parseInt":\[(.*?)\]/;
	is($numbers, join(',', map { "\"$_\"" } @{ $expected{numbers} }), 'numbers: beyond the safe integers');
	is($integers, join(',', @{ $expected{parseInt} }), 'numbers: hexadecimal ones are rounded once');
	return;
}

sub test_results
{
	my %item = (id => { S => 'I' }, ss => { S => 'x' }, tags => { SS => [ 'b', 'a' ] }, map => { M => { ii => { N => '1' },
		secret => { S => 'x' }, zz => { S => 'y' } } }, list => { L => [ { M => { url => { S => 'u' } } } ] },
		any => { L => [ { NS => ['1'] }, { M => { ii => { NULL => JSON::PP::true } } } ] }, __edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' });
	my %get = (entity => 'm', method => 'get', key => { id => 'I' });
	my $played = operate($thing, \%get, body => { Item => \%item });
	is_deeply($played->{result}, { data => { id => 'I', s => 'x', tags => [ 'b', 'a' ], map => { in => 1 }, list => [ { u => 'u' } ],
		any => [ { '$ns' => [1] }, { ii => undef } ] } }, 'result: every type, renamed, hidden left out');
	my %foreign = (%item, __edb_v__ => { S => '2' }, pk => { S => '$s#id_i' }, sk => { S => '$e_1' });
	my %lenient = (%get, options => { ignoreOwnership => JSON::PP::true });
	is(operate($thing, \%lenient, body => { Item => \%foreign })->{result}{data}{id}, 'I', 'result: foreign, but the keys are ours');
	is(operate($thing, \%lenient, body => { Item => { %foreign, sk => { S => '$f_1' } } })->{result}{data}, undef,
		'result: foreign, and so are the keys');
	is_deeply(operate(model('"a":{"type":"string"},"l":{"type":"list","items":{"type":"string","hidden":true}}', '"t":{"pk":{"field":"pk","composite":["a"]}}'),
		{ entity => 'm', method => 'get', key => { a => 'A' } }, body => { Item => { a => { S => 'A' }, l => { L => [ { S => 'x' } ] },
			__edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } } })->{result}, { data => { a => 'A', l => [] } }, 'result: hidden elements are left out of a list');
	is_deeply(operate($thing, { entity => 'm', method => 'delete', key => { id => 'I' }, options => { response => 'all_old' } },
		body => { Attributes => { other => { S => 'x' } } })->{result}, { data => undef }, 'result: of no attribute of the entity there is null');
	my $template = model('"a":{"type":"string"},"b":{"type":"string"}',
		'"t":{"pk":{"field":"a","template":"Pre${a}Post"},"sk":{"field":"sk","template":"S#${b}","casing":"none"}}');
	request_is($template, { entity => 'm', method => 'put', attributes => { a => 'Xy', b => 'B' } }, 'Item',
		{ a => { S => 'prexypost' }, b => { S => 'B' }, sk => { S => 'S#B' }, __edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } },
		'template: an attribute that is a key is stored with what is around it');
	is_deeply(operate($template, { entity => 'm', method => 'get', key => { a => 'Xy', b => 'B' } }, body => { Item =>
		{ a => { S => 'prexypost' }, b => { S => 'B' }, __edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } } })->{result},
		{ data => { a => 'xy', b => 'B' } }, 'template: and shown without');
	my %page = (Items => [ map { { %item, gpk => { S => 'g' }, gsk => { S => "s$_" }, pk => { S => 'p' }, sk => { S => 's' } } } 1, 2 ]);
	$played = operate($thing, { entity => 'm', method => 'query', index => 'g', key => { grp => 'G' },
		options => { count => 1, attributes => ['s'] } }, body => \%page);
	is_deeply(readable($played->{result}), { data => [ { s => 'x' } ],
		cursor => { pk => 'p', sk => 's', gpk => 'g', gsk => 's1' } }, 'result: a cursor in the midst of a page');
	$played = operate($thing, { entity => 'm', method => 'query', index => 'g', key => { grp => 'G' }, options => { count => 2 } }, body => \%page);
	is(readable($played->{result})->{cursor}{gsk}, 's2', 'result: a cursor behind the last item that was counted');
	my $numeric = model('"a":{"type":"string"},"n":{"type":"number"}',
		'"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"sk","composite":["n"],"cast":"number"}}');
	$played = operate($numeric, { entity => 'm', method => 'query', index => 't', key => { a => 'A' }, options => { count => 1 } },
		body => { Items => [ { a => { S => 'A' }, __edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } } ] });
	is_deeply(readable($played->{result})->{cursor}, { pk => '$s#a_a' }, 'result: a cursor has no number that is missing');
	$played = operate($thing, { entity => 'm', method => 'query', index => 'g', key => { grp => 'G' },
		options => { count => 1, attributes => ['s'] } }, body => \%page);
	is_deeply($played->{normalized}{ProjectionExpression}, [ sort_json(map { [$_] } qw(gpk gsk pk sk ss __edb_e__ __edb_v__)) ],
		'result: for which the keys of the table are asked for');
	my $named = model('"a":{"type":"string"},"b":{"type":"string"}',
		'"t":{"pk":{"field":"pk","composite":["a"]},"sk":{"field":"S","composite":["b"]}}');
	$played = operate($named, { entity => 'm', method => 'query', index => 't', key => { a => 'A' }, options => { count => 1 } },
		body => { Items => [ { a => { S => 'A' }, b => { S => 'B' }, pk => { S => '$s#a_a' }, S => { S => '$e_1#b_b' }, __edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } } ] });
	is_deeply(readable($played->{result})->{cursor}, { pk => '$s#a_a', S => '$e_1#b_b' }, 'result: a cursor has a key named as a type');
	for my $bad ({ Item => { %item, id => { S => 1 } } }, { Item => [] }, { Item => { %item, list => { L => {} } } })
	{
		my $error = operate($thing, \%get, body => $bad)->{error};
		is($error->{sqlstate}, '08P01', 'result: a malformed reply is said to be one');
	}
	return;
}

sub test_errors
{
	my $put = { entity => 'm', method => 'put', attributes => { id => 'I', list => [ { u => 'x' }, { u => 1 }, { u => JSON::PP::true } ] } };
	my $error = operate($thing, $put)->{error};
	is($error->{sqlstate}, '23514', 'error: values against the model violate a check');
	my ($fields) = $error->{detail} =~ /^ElectroDB error 3001: (.*)/;
	is_deeply([ map { [ $_->{field}, $_->{index} ] } @{ from_json(bytes($fields)) } ], [ [ 'list[*].u', 1 ], [ 'list[*].u', 2 ] ],
		'error: each with its place');
	$error = operate($thing, { entity => 'm', method => 'get', key => {} })->{error};
	is($error->{sqlstate}, '22023', 'error: a key that lacks composites is a wrong argument');
	like($error->{message}, qr/missing: "id"$/, 'error: and they are named');
	my $delete = { entity => 'm', method => 'delete', key => { id => 'I' } };
	$error = operate($thing, { method => 'transactWrite', items => [ $delete, $put ] })->{error};
	like($error->{context}, qr/^item 2 of the transaction/m, 'error: of a transaction, the item is told');
	$error = operate($thing, { method => 'transactWrite', items => [ ($delete) x 101 ] })->{error};
	is($error->{sqlstate}, '54000', 'error: a transaction takes 100 items');
	error_is($thing, { method => 'transactWrite', items => [ { entity => 'm', method => 'get', key => { id => 'I' } } ] }, 'none',
		'error: no get among writes');
	error_is($thing, { %$delete, entity => 'x' }, 'none', 'error: an unknown entity');
	error_is($thing, { %$delete, nope => 1 }, 'none', 'error: an unknown member of the operation');
	error_is($thing, { entity => 'm', method => 'query', index => 't', key => { id => 'I' }, options => { cursor => '!' } }, 4001,
		'error: a cursor that is none');
	return;
}

# Keys are UTF-8 and cased by Unicode whatever the database speaks.
sub test_encodings
{
	my $model = model('"id":{"type":"string","label":"größe"},"v":{"type":["é"]}',
		'"t":{"pk":{"field":"schlüssel","composite":["id"],"casing":"upper"},"sk":{"field":"sk","composite":["v"],"casing":"none"}}');
	my $operation = { entity => 'm', method => 'put', attributes => { id => 'straße ı', v => 'é' } };
	(my $latin = $operation->{attributes}{id}) =~ s/ ı//;
	my $key = sub { { 'schlüssel' => { S => $_[0] }, sk => { S => '$e_1#v_é' }, id => { S => $_[1] }, v => { S => 'é' },
		__edb_e__ => { S => 'e' }, __edb_v__ => { S => '1' } } };
	my $here = $ENV{PGDATABASE};
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	request_is($model, $operation, 'Item', $key->('$S#GRÖSSE_STRASSE I', 'straße ı'), 'encoding: UTF8');
	make_database(bare => 1, with => "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	$operation->{attributes}{id} = $latin;
	request_is($model, $operation, 'Item', $key->('$S#GRÖSSE_STRASSE', 'straße'), 'encoding: LATIN1');
	my %query = (entity => 'm', method => 'query', index => 't', key => { id => 'x' });
	ok(!operate($thing, { %query, options => { pages => "\x{a0}2" } })->{error}, 'encoding: LATIN1, white space before a number');
	make_database(bare => 1, with => "ENCODING 'LATIN9' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	my $validated = sub { model(sprintf('"id":{"type":"string","validate":{"regex":%s,"flags":"u"}}', text_json($_[0])), '"t":{"pk":{"field":"pk","composite":["id"]}}') };
	my %put = (entity => 'm', method => 'put');
	for my $regex ('^\u20ac$', '^[\u{20ac}]$', '^[\xe9\u20ac]$', '^(?:\u0041|\u20ac)$')
	{
		ok(!operate($validated->($regex), { %put, attributes => { id => '€' } })->{error}, "encoding: LATIN9 has $regex");
		error_is($validated->($regex), { %put, attributes => { id => '¡' } }, 3001, "encoding: and it is no other character");
	}
	is(operate($validated->('^\xa4$'), { %put, attributes => { id => '€' } })->{error}{sqlstate}, '0A000', 'encoding: it lacks what it has another character for');
	is(operate($validated->('\u{110000}'), { %put, attributes => { id => 'x' } })->{error}{sqlstate}, '0A000', 'encoding: and what is no character');
	make_database(bare => 1, with => "ENCODING 'UTF8' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	test_primitives('in the locale C');
	SKIP:
	{
		skip 'the server has no ICU', 5 if !sql(q(SELECT 1 FROM pg_collation WHERE collname LIKE '%-x-icu' LIMIT 1));
		make_database(bare => 1, with => "ENCODING 'UTF8' TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'");
		test_primitives('in tr-TR of ICU');
	}
	$ENV{PGDATABASE} = $here;
	test_turkish();
	return;
}

# The same where the C library itself speaks Turkish: a server of its own that
# finds the locale, compiled here.
sub test_turkish
{
	SKIP:
	{
		skip 'localedef or its sources of tr_TR are not installed', 6
		  if !-e '/usr/share/i18n/locales/tr_TR' || !grep { -x "$_/localedef" } split /:/, $ENV{PATH};
		my $locales = tempdir(CLEANUP => 1);
		my $out = '';
		IPC::Run::run([ qw(localedef -i tr_TR -f UTF-8), "$locales/tr_TR.utf8" ], '<', \undef, '>&', \$out) or die "localedef: $out";
		my $cluster = AddbTest::Cluster->new(environment => { LOCPATH => "$locales:/usr/lib/locale" });
		$cluster->inside(sub {
			sql(q(CREATE DATABASE turkish TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'tr_TR.UTF-8' LC_CTYPE 'tr_TR.UTF-8'));
			$ENV{PGDATABASE} = 'turkish';
			is(sql(q(SELECT lower('I'))), 'ı', 'the locale tr_TR is in use');
			test_primitives('in tr_TR of the C library');
		});
	}
	return;
}
