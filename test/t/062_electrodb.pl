# SQL and the npm package electrodb share a table: the end-to-end scenarios of
# the vectors, each step by one of the two, and every table ends with the same
# contents, byte for byte. The package alone goes first, for it is the measure.

use strict;
use warnings;
use utf8;

use AddbTest;
use FindBin;
use IPC::Open2 qw(open2);
use MIME::Base64 qw(decode_base64);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
plan(skip_all => 'no node') if !grep { -x "$_/node" } split /:/, $ENV{PATH};
plan(skip_all => 'the npm package electrodb is not installed')
  if !-d "$ENV{ADDB_ROOT}/test/node_modules/electrodb";
make_database();

# Steps of a scenario go to the sides in turn, for as long as they last.
my @assignments = ([qw(js)], [qw(js sql)], [qw(sql js)], [qw(sql)]);

# What SQL raises where the package passes on an error of DynamoDB's.
my %sqlstate = (
	ConditionalCheckFailedException => qr/^23(?:000|505)$/,
	IdempotentParameterMismatchException => qr/^22023$/,
	ValidationException => qr/^(?:22023|42P01|54000)$/,
);

# Operations on one item: the function and the operation's member that it takes.
my %single = (
	(map { $_ => 'attributes' } qw(put create upsert)),
	(map { $_ => 'key' } qw(get delete remove update patch)),
);

for my $scenario (@{ read_json("$FindBin::Bin/../vectors/electrodb/e2e.json") })
{
	play_scenario($scenario, $_) for @assignments;
}
hand_on_cursors();
done_testing();

# A query that either side continues where the other stopped, page by page, also
# behind a key with U+0000.
sub hand_on_cursors
{
	my $key = sub { my ($pk, $sk) = @_; ({ AttributeName => $pk, KeyType => 'HASH' }, { AttributeName => $sk, KeyType => 'RANGE' }) };
	my %scenario = (
		tableDefinition => {
			AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => 'S' } } qw(pk sk gsi1pk gsi1sk) ],
			KeySchema => [ $key->('pk', 'sk') ],
			GlobalSecondaryIndexes => [ { IndexName => 'gsi1', Projection => { ProjectionType => 'ALL' }, KeySchema => [ $key->('gsi1pk', 'gsi1sk') ] } ] },
		models => { agent => {
			model => { entity => 'agent', version => '1', service => 'MI6' },
			attributes => { id => 'string', unit => 'string', rank => 'string' },
			indexes => {
				units => { pk => { field => 'pk', composite => ['unit'] }, sk => { field => 'sk', composite => ['id'] } },
				ranks => { index => 'gsi1', pk => { field => 'gsi1pk', composite => ['rank'] }, sk => { field => 'gsi1sk', composite => ['id'] } } } } });
	my $table = unique_name();
	ddb_raw('CreateTable', { TableName => $table, BillingMode => 'PAY_PER_REQUEST', %{ $scenario{tableDefinition} } });
	my %side = (js => start_node(\%scenario, $table), sql => start_sql(\%scenario, $table));
	my $by = sub { $_[0] eq 'js' ? by_js($side{js}, $_[1]) : by_sql($side{sql}, $_[1]) };
	my @ids = ("Ä\0a", "Ä\0b", map { "Ä$_" } 3 .. 7);
	for my $id (@ids)
	{
		my $odd = $id =~ /\0/;
		$by->($odd ? 'sql' : 'js', { method => 'put', entity => 'agent',
			attributes => { id => $odd ? { '$s' => $id =~ s/\0/\\u0000/r } : $id, unit => 'ü', rank => 'r' } });
	}
	for my $case ([ units => { unit => 'ü' } ], [ ranks => { rank => 'r' } ])
	{
		for my $turns ([qw(js sql)], [qw(sql js)])
		{
			my ($index, $composites) = @$case;
			my (@got, $cursor);
			for my $page (0 .. 3)
			{
				my $answer = $by->($turns->[ $page % 2 ], { method => 'query', entity => 'agent', index => $index, key => $composites,
					options => { limit => 2, defined $cursor ? (cursor => $cursor) : () } });
				push @got, map { ref $_->{id} ? $_->{id}{'$s'} =~ s/\\u0000/\0/r : $_->{id} } @{ $answer->{result}{data} };
				$cursor = $answer->{result}{cursor};
			}
			is_deeply(\@got, \@ids, "a cursor of $index goes from $turns->[0] to $turns->[1] and back");
			is($cursor, undef, "and ends");
		}
	}
	stop_node($side{js});
	$side{sql}{session}->close;
	return;
}

sub play_scenario
{
	my ($scenario, $sides) = @_;
	my $name = "$scenario->{name} by " . join ' and ', @$sides;
	my $table = unique_name();
	ddb_raw('CreateTable', { TableName => $table, BillingMode => 'PAY_PER_REQUEST', %{ $scenario->{tableDefinition} } });
	my $play = { sql => start_sql($scenario, $table), js => start_node($scenario, $table), n => 0, by_token => {} };
	for my $step (@{ $scenario->{steps} })
	{
		my $side = choose_side($play, $sides, $step->{operation});
		my $operation = salted($step->{operation}, $table);
		check_step($step, $scenario, $side eq 'js' ? by_js($play->{js}, $operation) : by_sql($play->{sql}, $operation),
			"$name: step $play->{n}, $operation->{method} by $side");
	}
	is_deeply(contents($table), [ sort map { to_json(sorted_item($_)) } @{ $scenario->{items} } ], "$name: the table");
	stop_node($play->{js});
	$play->{sql}{session}->close;
	return;
}

# The sides take turns. Requests with one token have to be the same to the
# byte, names of placeholders too, so one side makes them all.
sub choose_side
{
	my ($play, $sides, $operation) = @_;
	my $side = $sides->[ $play->{n}++ % @$sides ];
	my $token = ($operation->{options} // {})->{token};
	return defined $token ? $play->{by_token}{$token} //= $side : $side;
}

# Tokens are remembered for ten minutes, whatever table they were used on.
sub salted
{
	my ($operation, $table) = @_;
	my $options = $operation->{options};
	return $operation if !defined $options->{token};
	return { %$operation, options => { %$options, token => substr "$options->{token}-$table", 0, 36 } };
}

sub check_step
{
	my ($step, $scenario, $answer, $name) = @_;
	my $expected = $step->{error};
	if (!$expected)
	{
		is_deeply(comparable($answer->{result}, $scenario), comparable($step->{result}, $scenario), $name)
		  || diag(to_json($answer));
	}
	elsif (exists $answer->{sqlstate})
	{
		my ($number) = $answer->{detail} =~ /^ElectroDB error (\d+)\b/;
		like($answer->{sqlstate}, $sqlstate{ $expected->{cause} }, $name) || diag(to_json($answer));
		is($number, $expected->{code}, "$name: the number") || diag(to_json($answer));
	}
	else
	{
		is_deeply([ @$answer{qw(code cause)} ], [ @$expected{qw(code cause)} ], $name) || diag(to_json($answer));
	}
	return;
}

# results

# A result with sets and cursors in one form, without members that are null:
# JSON has no undefined, and SQL no members that are not there.
sub comparable
{
	my ($value, $scenario) = @_;
	my %set = map { $_ => 1 } map {
		my $attributes = $_->{attributes};
		grep { ref $attributes->{$_} eq 'HASH' && $attributes->{$_}{type} eq 'set' } keys %$attributes
	} values %{ $scenario->{models} };
	return walk($value, \%set);
}

sub walk
{
	my ($value, $set) = @_;
	return [ map { walk($_, $set) } @$value ] if ref $value eq 'ARRAY';
	return $value if ref $value ne 'HASH';
	my %copy;
	for my $name (grep { defined $value->{$_} } keys %$value)
	{
		$copy{$name} = $name eq 'cursor' ? from_json(decode_base64($value->{cursor} =~ tr{-_}{+/}r))
		  : $set->{$name} ? [ sort @{ $value->{$name} } ]
		  : walk($value->{$name}, $set);
	}
	return \%copy;
}

# Every item of the table as canonical JSON, in order.
sub contents
{
	my ($table) = @_;
	my $page = ddb_raw('Scan', { TableName => $table, ConsistentRead => JSON::PP::true });
	die 'more than a page' if $page->{LastEvaluatedKey};
	return [ sort map { to_json(sorted_item($_)) } @{ $page->{Items} } ];
}

sub sorted_item
{
	my ($item) = @_;
	return { map { $_ => sorted_value($item->{$_}) } keys %$item };
}

sub sorted_value
{
	my ($value) = @_;
	my ($type, $content) = %$value;
	return { $type => [ sort @$content ] } if $type =~ /^[SNB]S$/;
	return { M => sorted_item($content) } if $type eq 'M';
	return { L => [ map { sorted_value($_) } @$content ] } if $type eq 'L';
	return $value;
}

# the package's side

sub start_node
{
	my ($scenario, $table) = @_;
	my $node = {};
	$node->{pid} = open2($node->{from}, $node->{to}, 'node', "$ENV{ADDB_ROOT}/test/js/entities.mjs", endpoint(), $table);
	my $answer = ask($node, { command => 'define', models => $scenario->{models} });
	die $answer->{message} if $answer->{error};
	return $node;
}

sub ask
{
	my ($node, $command) = @_;
	print { $node->{to} } to_json($command) . "\n";
	$node->{to}->flush;
	my $line = readline $node->{from};
	die 'node has ended' unless defined $line;
	return from_json($line);
}

sub by_js
{
	my ($node, $operation) = @_;
	return ask($node, { command => 'operate', operation => $operation });
}

sub stop_node
{
	my ($node) = @_;
	close $node->{to};
	waitpid $node->{pid}, 0;
	return;
}

# SQL's side

# A session that has the models of the scenario, and their names by alias.
sub start_sql
{
	my ($scenario, $table) = @_;
	my $session = session();
	my %name;
	for my $alias (sort keys %{ $scenario->{models} })
	{
		$name{$alias} = $session->query('SELECT ddb_register_entity('
			  . literal($scenario->{models}{$alias}) . ', ' . literal($table) . ');');
		chomp $name{$alias};
	}
	return { session => $session, name => \%name };
}

sub by_sql
{
	my ($side, $operation) = @_;
	my $method = $operation->{method};
	my $query = $single{$method} ? single_sql($side, $operation)
	  : $method =~ /^transact/ ? transaction_sql($side, $operation)
	  : page_sql($side, $operation);
	$side->{session}->send("$query;");
	my $out = $side->{session}->finish;
	my ($sqlstate, $message, $detail) = $side->{session}->error;
	return { sqlstate => $sqlstate, message => $message, detail => $detail } if $sqlstate;
	utf8::encode($out);
	my $result = from_json($out);
	return { result => $method eq 'collection' ? by_alias($side, $result) : $result };
}

# "name => value" for every argument that is given.
sub arguments
{
	my (%argument) = @_;
	return join ', ', map { "$_ => " . literal($argument{$_}) } grep { defined $argument{$_} } sort keys %argument;
}

# {data}, as the package has it. A refusal that was asked for is a result in SQL
# that says so itself.
sub single_sql
{
	my ($side, $operation) = @_;
	my ($method, $options) = @$operation{qw(method options)};
	my $call = "ddb_entity_$method(" . arguments(
		entity => $side->{name}{ $operation->{entity} },
		$single{$method} => $operation->{ $single{$method} },
		changes => $operation->{chain},
		condition => $operation->{where} && to_json($operation->{where}),
		options => $options) . ')';
	return "SELECT $call" if ($options // {})->{returnOnConditionCheckFailure};
	return "SELECT json_build_object('data', $call)";
}

sub page_sql
{
	my ($side, $operation) = @_;
	my ($method, $entity) = @$operation{qw(method entity)};
	my ($service) = map { /^(.*?)\./ } values %{ $side->{name} };
	my %of = $method eq 'collection' ? (service => $service, collection => $operation->{collection})
	  : (entity => $side->{name}{$entity}, index => $operation->{index});
	my $function = $method eq 'collection' ? 'ddb_collection_query_page' : "ddb_entity_${method}_page";
	return "SELECT row_to_json(p) FROM $function(" . arguments(%of,
		key => $operation->{key}, sk => $operation->{sk},
		condition => $operation->{where} && to_json($operation->{where}),
		options => $operation->{options}) . ') AS p';
}

# Collections tell entities by their names, which here may differ from the aliases.
sub by_alias
{
	my ($side, $result) = @_;
	my %alias = map { $side->{name}{$_} =~ /\.(.*)@/ => $_ } keys %{ $side->{name} };
	return { %$result, data => { map { $alias{$_} => $result->{data}{$_} } keys %{ $result->{data} } } };
}

sub transaction_sql
{
	my ($side, $operation) = @_;
	my @actions = map { action($side, $_) } @{ $operation->{items} };
	return 'SELECT row_to_json(t) FROM ' . ($operation->{method} eq 'transactWrite'
		? 'ddb_transact_write(' . arguments(actions => \@actions, token => ($operation->{options} // {})->{token})
		: 'ddb_transact_get(' . arguments(gets => \@actions)) . ') AS t';
}

# An item of a transaction as an action of ddb_transact_write or -get.
sub action
{
	my ($side, $item) = @_;
	my $method = $item->{method};
	my %action = (entity => $side->{name}{ $item->{entity} }, %{ $item->{commit} // {} }, map { %$_ } @{ $item->{chain} // [] });
	$action{op} = $method if $method ne 'get';
	$action{where} = $item->{where} if $item->{where};
	$action{ $item->{attributes} ? 'item' : 'key' } = $item->{attributes} // $item->{key};
	return \%action;
}
