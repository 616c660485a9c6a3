# The requests that ddb_params shows are those of ElectroDB's vectors, and its
# refusals have their numbers: 060_entity holds the entity layer to them, this
# file what SQL makes of it, registry and all. QUIRK and EXT are left to that.

use strict;
use warnings;
use utf8;

use AddbTest;
use File::Temp qw(tempfile);
use FindBin;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

my $directory = "$FindBin::Bin/../vectors/electrodb";
make_database();
sql(<<'SQL');
CREATE FUNCTION play(models json, table_name text, operation jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	params jsonb;
	detail text;
BEGIN
	DELETE FROM ddb_entity_models;
	PERFORM ddb_register_entity(value, table_name) FROM json_each(models);
	params := ddb_params(operation);
	RETURN jsonb_build_object('action', params -> 'operation', 'params', params -> 'request');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN jsonb_build_object('error', coalesce(substring(detail from '^ElectroDB error (\d+)'), 'none'), 'message', SQLERRM);
END $$;
SQL

test_file($_) for qw(mi6 keys put update gsi where query collection transaction);
done_testing();

# Names of entities for the vectors' aliases; the service of a collection.
sub operation_of
{
	my ($vector) = @_;
	my %operation = %{ $vector->{operation} };
	my $models = $vector->{models};

	for my $item (\%operation, @{ ($operation{method} // '') =~ /^transact/ ? $operation{items} : [] })
	{
		$item->{entity} = $models->{ $item->{entity} }{model}{entity} if defined $item->{entity} && $models->{ $item->{entity} };
	}
	($operation{service}) = map { $_->{model}{service} } values %$models if ($operation{method} // '') eq 'collection';
	return \%operation;
}

sub bytes
{
	my ($text) = @_;
	utf8::encode($text);
	return $text;
}

# By the vectors' own program, one a line.
sub normalize
{
	my (@requests) = @_;
	my ($file, $path) = tempfile(UNLINK => 1);
	print $file to_json($_), "\n" for @requests;
	close $file;
	my $program = 'import json, sys; sys.path.insert(0, sys.argv[1]); import normalize' . "\n"
	  . 'for line in open(sys.argv[2], encoding="utf-8"):' . "\n"
	  . ' r = json.loads(line); print(json.dumps(normalize.normalize_request(r) if r.get("params") else None))' . "\n";
	open my $python, '-|', 'python3', '-B', '-c', $program, $directory, $path or die $!;
	my @lines = <$python>;
	close $python or die 'the normaliser has failed';
	return map { from_json($_) } @lines;
}

sub test_file
{
	my ($name) = @_;
	my @vectors = grep { $_->{level} =~ /MUST|SHOULD/ && !$_->{exchanges} && $_->{operation}{method} !~ /^(?:define|match|find|rawPut)$/ }
	  @{ read_json("$directory/$name.json") };

	# the models as they are written: their members have an order
	open my $file, '<:encoding(UTF-8)', "$directory/$name.json" or die $!;
	my $text = do { local $/; <$file> };
	my $calls = join ', ', map { '(' . literal($_->{name}) . ', ' . literal(operation_of($_)) . '::jsonb)' } @vectors;
	my %played = map { my $row = from_json(bytes($_)); $row->{name} => $row->{played} } split /\n/,
	  sql("SELECT jsonb_build_object('name', v ->> 'name', 'played', play(v -> 'models', v ->> 'table', operation))
		FROM json_array_elements(" . literal($text) . "::json) AS v JOIN (VALUES $calls) AS c(name, operation) ON v ->> 'name' = c.name");
	my @requests = normalize(map { $played{ $_->{name} } } @vectors);
	for my $i (0 .. $#vectors)
	{
		my ($vector, $played) = ($vectors[$i], $played{ $vectors[$i]{name} });
		if ($vector->{error} && !$vector->{params})
		{
			is($played->{error}, $vector->{error}{code} // 'none', "$vector->{name}: error");
			next;
		}
		is($played->{action}, $vector->{action}, "$vector->{name}: operation") or diag(to_json($played));
		is_deeply($requests[$i], $vector->{normalized}, "$vector->{name}: request") or diag(to_json($requests[$i]));
	}
	return;
}
