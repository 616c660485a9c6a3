# The entity layer by the vectors of ElectroDB: what is sent, what comes of the
# reply, and which errors have which numbers. Vectors marked QUIRK are defects of
# ElectroDB: what is done instead is told below, one by one; those marked EXT are
# not offered. Then what ElectroDB has no vectors for.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Unit;
use File::Temp qw(tempfile);
use FindBin;
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

my $preamble = preamble('addb_unit_entity(json) RETURNS json', 'addb_unit_js(json) RETURNS json',
	'addb_unit_entity_bench(json, int) RETURNS float8') . <<'SQL';
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

test_primitives();
test_files(qw(model mi6 keys put update gsi where query collection response transaction));
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
		ok(!@wrong && @{ $got->{$name} } == $n, "$n primitives of $name") or diag("wrong: @wrong");
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
	return $1 if ($played->{error}{detail} // '') =~ /^ElectroDB error (\d+)/;
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
