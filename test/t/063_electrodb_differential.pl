# Models and operations that test/js/differential.mjs makes up, by the npm package
# electrodb and by src/entity: the same requests, the same results of the same
# replies, and the same numbers of errors. There are some hundred cases, always the same
# ones, unless a seed and a number are given:
#
#   ADDB_DIFFERENTIAL='7 20000' test/check 063_electrodb_differential
#
# Those that differ are printed as vectors.

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

plan(skip_all => 'no node') if !grep { -x "$_/node" } split /:/, $ENV{PATH};
plan(skip_all => 'the npm package electrodb is not installed')
  if !-d "$ENV{ADDB_ROOT}/test/node_modules/electrodb";

my ($seed, $n) = split ' ', $ENV{ADDB_DIFFERENTIAL} // '1 200';
my $directory = "$FindBin::Bin/../vectors/electrodb";

my $preamble = preamble('addb_unit_entity(json) RETURNS json') . <<'SQL';
CREATE FUNCTION pg_temp.play(vector json) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
BEGIN
	RETURN pg_temp.addb_unit_entity(vector);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN json_build_object('error', json_build_object('message', message, 'detail', detail));
END $$;
SQL

my $text = vectors_of_package();
my @vectors = map { from_json($_) } split /\n/, $text;
my @played = play();
is(scalar @vectors, $n, 'the package has carried out every operation');
is(scalar @played, $n, 'and so has SQL');
my @theirs = normalize(map { $_->{requests} } @vectors);
my @ours = normalize(map { $_->{requests} // [] } @played);
my %count = (answered => 0, refused => 0);
my $different = 0;
compare($_) for 0 .. $#vectors;
is($different, 0, "$count{answered} operations and $count{refused} errors are the same");
cmp_ok($count{answered}, '>', $n / 2, 'most operations are carried out');
done_testing();

sub vectors_of_package
{
	open my $node, '-|', 'node', "$ENV{ADDB_ROOT}/test/js/differential.mjs", $seed, $n or die $!;
	local $/;
	my $lines = <$node>;
	close $node or die 'the package has failed';
	return $lines;
}

sub play
{
	my ($file, $path) = tempfile(UNLINK => 1);
	print $file $text;
	close $file;
	chmod 0644, $path;
	my @lines = split /\n/, sql($preamble . "CREATE TEMP TABLE vectors (n serial, vector json);\n"
		. "\\copy vectors(vector) FROM '$path' WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')\n"
		. 'SELECT pg_temp.play(vector)::jsonb FROM vectors ORDER BY n;');
	return map { utf8::encode($_) if utf8::is_utf8($_); from_json($_) } @lines;
}

# Lists of requests, normalised by the vectors' own program; null where it fails.
sub normalize
{
	my (@lists) = @_;
	my ($file, $path) = tempfile(UNLINK => 1);
	print $file to_json($_), "\n" for @lists;
	close $file;
	my $program = <<'PYTHON';
import json, sys
sys.path.insert(0, sys.argv[1])
import normalize
for line in open(sys.argv[2], encoding="utf-8"):
    try:
        print(json.dumps([{"action": r["action"], "params": normalize.normalize_request(r)} for r in json.loads(line)], sort_keys=True))
    except ValueError:
        print("null")
PYTHON
	open my $python, '-|', 'python3', '-B', '-c', $program, $directory, $path or die $!;
	my @lines = <$python>;
	close $python or die 'the normaliser has failed';
	return @lines;
}

sub compare
{
	my ($i) = @_;
	my ($vector, $mine) = ($vectors[$i], $played[$i]);
	my $expected = $vector->{error} ? number($vector->{error}{code}) : outcome($theirs[$i], $vector->{result});
	my $got = $mine->{error} ? number(($mine->{error}{detail} // '') =~ /^ElectroDB error (\d+)/) : outcome($ours[$i], $mine->{result});
	$count{ $vector->{error} ? 'refused' : 'answered' }++;
	return if $expected eq $got;
	$different++;
	diag("$vector->{name}\nexpected $expected\ngot      $got\n" . to_json($mine->{error} // $vector->{error} // '') . "\n" . to_json($vector));
	return;
}

sub number
{
	my ($code) = @_;
	return 'error ' . ($code // 'without a number');
}

# Requests and their result as a text, a cursor decoded.
sub outcome
{
	my ($requests, $result) = @_;
	my %shown = ref $result eq 'HASH' ? %$result : (result => $result);
	if (defined $shown{cursor})
	{
		(my $base64 = $shown{cursor}) =~ tr{-_}{+/};
		$shown{cursor} = from_json(decode_base64($base64 . '=' x (-length($base64) % 4)));
	}
	return $requests . JSON::PP->new->canonical->allow_nonref->utf8->encode(\%shown);
}
