# Entities in SQL: which sessions see what of the registry, how it is dumped, who
# may do what, and what is asked of DynamoDB when answers are lost or unwanted.

use strict;
use warnings;
use utf8;

use AddbTest;
use IPC::Run ();
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
my $database = make_database();
my $table = make_table();
my $server = fault_server(upstream => 1);
my $put = q{ddb_entity_put('%s', '{"office": "x", "id": "1", "n": 1, "extra": "e"}')};

sql('SELECT ' . register(model('agent')));

test_sessions();
test_references();
test_dump();
test_dump_by_owner();
test_rights();
test_tables();
test_lost_answers();
test_lost_transaction();
test_streaming();
test_open_stream();
test_batches();
test_sizes();
test_joins();
test_encoding();
done_testing();

# tools

# A model with the attributes id and n, and another for any name in %more.
sub model
{
	my ($entity, %more) = @_;

	return {
		model => { entity => $entity, version => $more{version} // '1', service => $more{service} // 'spies' },
		attributes => { office => { type => 'string' }, id => { type => 'string' }, n => { type => 'number' },
			text => { type => 'string' }, map { $_ => { type => 'string' } } @{ $more{attributes} // [] } },
		indexes => { all => { pk => { field => 'pk', composite => ['office'] }, sk => { field => 'sk', composite => ['id'] } } },
	};
}

sub register
{
	my ($model, $name) = @_;
	return 'ddb_register_entity(' . literal($model) . ', ' . literal($name) . ')';
}

# Settings without their prefix; requests go to the fault server.
sub to
{
	my (%set) = (table => $table, endpoint_url => $server->url, @_);
	return (set => { map { +"atomic_dynamodb.$_" => $set{$_} } keys %set });
}

sub script
{
	my ($operation, @steps) = @_;
	$server->reset;
	return $server->script(map { { match => $operation, %$_ } } @steps);
}

# What an entity has, of which only what the key of the item is made of is needed.
sub get
{
	my ($reference, $id) = @_;
	return sql('SELECT ddb_entity_get(' . literal($reference) . ', ' . literal({ office => 'x', id => $id }) . ')', to());
}

# tests

sub test_sessions
{
	my ($one, $two) = map { session(to()) } 1, 2;
	my $ask = sprintf "SELECT $put ->> 'extra'", 'agent';
	my $with_extra = 'SELECT ' . register(model('agent', attributes => ['extra']));

	is($_->query($ask), '', 'an attribute that the model does not have is none') for $one, $two;
	$one->query("BEGIN; $with_extra");
	is($one->query($ask), 'e', 'a registration holds in its transaction');
	is($two->query($ask), '', 'and nowhere else');
	$one->query('ROLLBACK');
	is($one->query($ask), '', 'nor after a ROLLBACK');
	$one->query("BEGIN; SAVEPOINT s; $with_extra");
	is($one->query($ask), 'e', 'in a savepoint');
	$one->query('ROLLBACK TO s');
	is($one->query($ask), '', 'that is rolled back');
	$one->query('COMMIT');
	$two->query('BEGIN');
	is($two->query($ask), '', 'a transaction that is open');
	$one->query($with_extra);
	is($_->query($ask), 'e', 'every session knows once it is committed') for $one, $two;
	$two->query('COMMIT');
	is($one->query('SELECT count(*) FROM ddb_entities'), 1, 'a model takes the place of the last one');
	$one->query("UPDATE ddb_entity_models SET model = replace(model::text, '\"extra\"', '\"other\"')::json");
	is($_->query($ask), '', 'a change of the table itself') for $one, $two;
	$one->query('DELETE FROM ddb_entity_models');
	is(($_->query_error($ask))[0], '42704', 'and a deletion') for $one, $two;
	$one->query("BEGIN; $with_extra");
	$one->query('TRUNCATE ddb_entity_models');
	is(($one->query_error($ask))[0], '42704', 'and a TRUNCATE');
	$one->query('ROLLBACK');
	$one->query($with_extra);
	is($_->query("BEGIN ISOLATION LEVEL REPEATABLE READ; $ask; COMMIT"), 'e', 'there again') for $one, $two;
	$one->query("SELECT ddb_drop_entity('agent')");
	is(($_->query_error($ask))[0], '42704', 'dropped') for $one, $two;
	$one->query('SELECT ' . register(model('agent')));
	$one->query('DROP EXTENSION atomic_dynamodb; CREATE EXTENSION atomic_dynamodb');
	is(($two->query_error($ask))[0], '42704', 'the registry of another extension is another one');
	$two->query('SELECT ' . register(model('agent')));
	is($_->query($ask), '', 'and is used') for $one, $two;
	return;
}

sub test_references
{
	sql('SELECT ' . register(model('agent', version => '2', attributes => ['extra'])));
	my @error = sql_error(sprintf("SELECT $put", 'agent'), to());
	is($error[0], '42P09', 'two versions make a name ambiguous');
	is($error[2], 'It may be any of "spies.agent@1", "spies.agent@2".', 'which are told');
	is(sql(sprintf("SELECT $put ->> 'extra'", 'agent@2'), to()), 'e', 'the second version');
	sql(q{SELECT ddb_entity_put('agent@2', '{"office": "x", "id": "v2"}')}, to());
	is(get('spies.agent@1', 'v2'), '', 'of which the first has no item');
	like(get('agent@2', 'v2'), qr/"v2"/, 'but itself');
	sql('SELECT ' . register(model('agent', service => 'thieves')));
	@error = sql_error(sprintf("SELECT $put", 'spies.agent'), to());
	is($error[2], 'It may be any of "spies.agent@1", "spies.agent@2".', 'a service without a version');
	is(sql(sprintf("SELECT $put ->> 'id'", 'thieves.agent'), to()), 1, 'with one version it is enough');
	is((sql_error(sprintf("SELECT $put", 'agent@3'), to()))[0], '42704', 'a version that there is not');
	my @odd = ('a.b', 'a@1', 'größe x', 'a');
	sql('SELECT ' . register(model($_, service => 's.t'))) for @odd;
	is(sql(sprintf("SELECT $put ->> 'id'", $_), to()), 1, "the name $_") for 'a.b', 's.t.a@1@1', 'größe x', 's.t.größe x@1', 's.t.a.b', 's.t.a';
	is((sql_error(sprintf("SELECT $put", 'a@1'), to()))[0], '42P09', 'a name that could be two');
	is(sql("SELECT string_agg(ddb_drop_entity(service || '.' || entity || '\@' || version)::text, '') FROM ddb_entities WHERE version = '2' OR service <> 'spies'"),
		'', 'every one has a full name');
	is(sql('SELECT count(*) FROM ddb_entities'), 1, 'by which it is dropped');
	return;
}

sub test_dump
{
	my ($dump, $err) = ('', '');
	my $spaced = "{\n\t\"model\": {\"version\": \"9\", \"service\": \"s\", \"entity\": \"dumped\"}, \"attributes\": {\"b\": \"string\", \"a\": \"string\"},\n"
	  . "\t\"indexes\": {\"i\": {\"pk\": {\"field\": \"pk\", \"composite\": [\"b\"]}}}}";
	sql('SELECT ddb_register_entity(' . literal($spaced) . ", 'x y')");
	IPC::Run::run([ 'pg_dump', '--dbname', $database ], '<', \undef, '>', \$dump, '2>', \$err) or die $err;
	my $all = 'SELECT json_agg(m ORDER BY service, entity, version) FROM ddb_entity_models AS m';
	my $before = sql($all);
	my $copy = make_database(bare => 1);
	utf8::decode($dump);
	sql($dump);
	is(sql($all), $before, 'a dump restores every model once, to the letter');
	is(sql(q{SELECT ddb_params('{"method": "get", "entity": "dumped", "key": {"b": "x"}}') #>> '{request,TableName}'}), 'x y', 'and it works');
	$ENV{PGDATABASE} = $database;
	IPC::Run::run([ 'pg_dump', '--schema-only', '--dbname', $database ], '<', \undef, '>', \$dump, '2>', \$err) or die $err;
	unlike($dump, qr/dumped/, 'a dump without data has none');
	sql("SELECT ddb_drop_entity('dumped')");
	return;
}

# Who owns the database, and nothing else, dumps all of it.
sub test_dump_by_owner
{
	my $owner = "addb_owner_$$";
	my ($dump, $err) = ('', '');
	sql("CREATE ROLE $owner LOGIN");
	my $owned = make_database(with => "OWNER $owner");
	sql("GRANT USAGE ON FOREIGN DATA WRAPPER atomic_dynamodb TO $owner");
	sql('SELECT ' . register(model('owned')));
	sql("CREATE SERVER own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'eu-west-1'); CREATE USER MAPPING FOR $owner SERVER own", user => $owner);
	for my $level (undef, 'read', 'admin')
	{
		sql("SELECT ddb_grant('$owner', '$level')") if $level;
		ok(IPC::Run::run([ 'pg_dump', '--username', $owner, '--dbname', $owned ], '<', \undef, '>', \$dump, '2>', \$err),
			'pg_dump by an owner, ' . ($level // 'of no level')) or diag($err);
	}
	my $copy = make_database(bare => 1, with => "OWNER $owner");
	sql($dump);
	is(sql('SELECT entity FROM ddb_entities', user => $owner), 'owned', 'its models are restored, and the right to see them');
	is(sql("SELECT has_function_privilege('$owner', 'ddb_delete_table(text)', 'EXECUTE')"), 't', 'and the level');
	ok(IPC::Run::run([ 'pg_dump', '--username', $owner, '--dbname', $copy ], '<', \undef, '>', \$dump, '2>', \$err), 'what was restored is dumped again')
	  or diag($err);
	$ENV{PGDATABASE} = $database;
	sql("DROP DATABASE $_", dbname => 'postgres') for $owned, $copy;
	sql("DROP ROLE $owner");
	return;
}

sub test_rights
{
	my $role = "addb_role_$$";
	sql("CREATE ROLE $role LOGIN; SELECT ddb_grant('$role', 'read')");
	my @as = (to(), user => $role);
	my $may = sub { (sql_error("SET ROLE $role; $_[0]", to()))[0] // 'may' };
	my $get = q{SELECT ddb_entity_get('agent', '{"office": "x", "id": "1"}')};
	is($may->($get), 'may', 'a reader may get');
	is($may->('SELECT * FROM ddb_entities'), 'may', 'and see the entities');
	is($may->('SELECT * FROM ddb_entity_models'), 'may', 'and the table behind them, for pg_dump');
	is($may->(sprintf "SELECT $put", 'agent'), '42501', 'nor put');
	is($may->('SELECT ' . register(model('mine'))), '42501', 'nor register');
	sql("SELECT ddb_grant('$role', 'write')");
	is($may->(sprintf "SELECT $put", 'agent'), 'may', 'a writer may put');
	is($may->("SELECT ddb_drop_entity('agent')"), '42501', 'but not drop');
	is($may->('DELETE FROM ddb_entity_models'), '42501', 'nor delete');
	sql("SELECT ddb_grant('$role', 'admin')");
	is($may->('SELECT ' . register(model('mine'))), 'may', 'an administrator registers');
	is($may->("SELECT ddb_drop_entity('mine')"), 'may', 'and drops');
	is($may->('SELECT ddb_internal_entity_read(' . literal(model('x')) . ')'), '42501', 'with nothing internal at hand');
	sql("SELECT ddb_revoke('$role')");
	is($may->($get), '42501', 'all of it can be taken away');
	is($may->("SELECT * FROM $_"), '42501', "$_ too") for qw(ddb_entities ddb_entity_models);
	sql("DROP OWNED BY $role; DROP ROLE $role");
	is((sql_error('BEGIN READ ONLY; SELECT ' . register(model('x'))))[0], '25006', 'nothing is registered in a read-only transaction');
	return;
}

# The argument, the model and the setting name the table, in this order.
sub test_tables
{
	my $ask = q{SELECT ddb_params('{"method": "get", "entity": "placed", "key": {"office": "x", "id": "1"}%s}') #>> '{request,TableName}'};
	my %model = %{ model('placed') };
	sql('SELECT ' . register(\%model));
	is((sql_error(sprintf $ask, ''))[2], 'ElectroDB error 2003: no table.', 'no table at all');
	is(sql(sprintf($ask, ''), to()), $table, 'that of the setting');
	sql('SELECT ' . register({ %model, table => 'modelled' }));
	is(sql(sprintf($ask, ''), to()), 'modelled', 'that of the model');
	sql('SELECT ' . register({ %model, table => 'modelled' }, 'registered'));
	is(sql(sprintf($ask, ''), to()), 'registered', 'that of the registration');
	is(sql(sprintf($ask, ', "options": {"table": "optional"}'), to()), 'optional', 'that of the options');
	sql("SELECT ddb_drop_entity('placed')");
	return;
}

sub test_lost_answers
{
	my $key = q{'{"office": "x", "id": "lost"}'};
	my $patch = "SELECT ddb_entity_patch('agent', $key, '%s')";
	sql(q{SELECT ddb_entity_put('agent', '{"office": "x", "id": "lost", "n": 1}')}, to());

	for my $case ([ '{"set": {"n": 5}}', 5 ], [ '{"remove": ["text"]}', 5 ])
	{
		script('UpdateItem', { apply_then_reset => 1 });
		is(sql(sprintf($patch, $case->[0]) . ' ->> $$id$$', to()), 'lost', "$case->[0] is sent again");
		is($server->count('UpdateItem'), 2, 'after its answer was lost');
	}
	for my $change ('{"add": {"n": 1}}', '[{"data": [{"op": "subtract", "attr": "n", "value": 1}]}]')
	{
		script('UpdateItem', { apply_then_reset => 1 });
		is((sql_error(sprintf($patch, $change), to()))[0], '08007', "the outcome of $change is unknown");
		is($server->count('UpdateItem'), 1, 'and it is not sent again');
	}
	is(from_json(get('agent', 'lost'))->{n}, 5, 'each was done once');
	script('PutItem', { apply_then_reset => 1 });
	is(sql(q{SELECT ddb_entity_put('agent', '{"office": "x", "id": "lost", "n": 7}') ->> 'n'}, to()), 7, 'a put is sent again');
	for my $options ('NULL', q{'{"returnOnConditionCheckFailure": true}'})
	{
		script('DeleteItem', { apply_then_reset => 1 });
		sql(q{SELECT ddb_entity_put('agent', '{"office": "x", "id": "lost"}')}, to());
		is((sql_error("SELECT ddb_entity_remove('agent', $key, options => $options)", to()))[0], '08007',
			"a condition that a lost attempt may have broken is no answer ($options)");
	}
	script('DeleteItem', { apply_then_reset => 1 });
	is((sql_error("SELECT ddb_entity_delete('agent', $key, options => '{\"response\": \"all_old\"}')", to()))[0], '08007',
		'nor is what was there before found again');
	return;
}

sub test_lost_transaction
{
	my $actions = literal([ { op => 'upsert', entity => 'agent', item => { office => 'x', id => 'tx' }, add => { n => 2 } },
		{ op => 'create', entity => 'agent', item => { office => 'x', id => 'tx2' } } ]);
	my $call = "SELECT canceled FROM ddb_transact_write($actions, 'token-$$')";
	script('TransactWriteItems', { apply_then_reset => 1 });
	is(sql($call, to()), 'f', 'a transaction whose answer was lost is a success');
	is($server->count('TransactWriteItems'), 2, 'after it was sent twice');
	is($server->count('DescribeTable'), 0, 'without asking for the key of the table');
	is(sql($call, to()), 'f', 'and again by the user');
	is(from_json(get('agent', 'tx'))->{n}, 2, 'applied once');
	return;
}

# 300 items of 10 kB, and as many of another entity between them.
sub test_streaming
{
	sql('SELECT ' . register(model('other')));
	sql(q{SELECT ddb_entity_batch_put(e, (SELECT jsonb_agg(jsonb_build_object('office', 'big', 'id', n::text, 'text', repeat('x', 10000))) FROM generate_series(1, 300) AS n))
		FROM (VALUES ('agent'), ('other')) AS v(e)}, to());
	my $query = "ddb_entity_query('agent', 'all', '{\"office\": \"big\"}'%s)";
	$server->reset;
	is(sql('SELECT count(*) FROM (SELECT * FROM ' . sprintf($query, '') . ' LIMIT 3) AS s', to()), 3, 'a LIMIT');
	is($server->count('Query'), 1, 'asks for one page');
	$server->reset;
	is(sql('SELECT count(*) FROM ' . sprintf($query, ''), to()), 300, 'all of them');
	is($server->count('Query'), 3, 'by as many pages as there are');
	$server->reset;
	is(sql('SELECT count(*) FROM ' . sprintf($query, q{, options => '{"count": 5}'}), to()), 5, 'a count');
	is($server->count('Query'), 1, 'asks for one page');
	is(sql("SELECT count(*) FROM ddb_entity_scan('other', condition => 'office = :o', vals => '{\"o\": \"big\"}', segments => 3)", to()), 300,
		'a scan leaves out what is not the entity\'s');
	is(sql(q{WITH RECURSIVE p AS (SELECT * FROM ddb_entity_query_page('agent', 'all', '{"office": "big"}', options => '{"count": 70}')
			UNION ALL SELECT n.* FROM p, LATERAL ddb_entity_query_page('agent', 'all', '{"office": "big"}', options => jsonb_build_object('count', 70, 'cursor', p.cursor)) AS n WHERE p.cursor IS NOT NULL)
		SELECT string_agg(cardinality(data)::text, ' '), sum(cardinality(data)), (SELECT count(DISTINCT d ->> 'id') FROM p, unnest(data) AS d) FROM p}, to()),
		'70 70 70 70 20|300|300', 'page by page');
	is(sql('SELECT true FROM ' . sprintf($query, '') . ' LIMIT 1; SELECT read_units > 0, items_read > 0 FROM ddb_last_response()', to()),
		"t\nt|t", 'the cost is counted');
	return;
}

# What a stream was begun with stays, whatever is registered meanwhile.
sub test_open_stream
{
	my $session = session(to());
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT q ->> 'id' FROM ddb_entity_query('agent', 'all', '{\"office\": \"big\"}') AS q");
	is($session->query('FETCH 1 FROM c'), 1, 'a cursor');
	$session->query('SELECT ' . register(model("new$_"))) for 1 .. 3;
	is($session->query("SELECT ddb_entity_get('new3', '{\"office\": \"x\", \"id\": \"1\"}') IS NULL"), 't', 'the registry is read again');
	$session->query("SELECT ddb_drop_entity('agent')");
	is(($session->query_error("SAVEPOINT s; SELECT ddb_entity_get('agent', '{}')"))[0], '42704', 'without the entity of the cursor');
	$session->query('ROLLBACK TO s');
	is(scalar(split /\n/, $session->query('FETCH ALL FROM c')), 299, 'which goes on');
	$session->query('ROLLBACK');
	is($session->query("SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'atomic_dynamodb entities'"), 1,
		'and nothing of it stays in memory');
	return;
}

# A registration that a collection cannot be queried with any more is told of.
sub test_joins
{
	my $member = sub {
		my ($entity, %more) = @_;
		my $model = model($entity, service => 'guild', %more);
		$model->{indexes}{all}{collection} = $more{collection} // 'everyone';
		$model->{indexes}{all}{index} = $more{index} if $more{index};
		$model->{attributes}{text}{field} = $more{field} if $more{field};
		return $model;
	};
	my $stderr = sub {
		my ($model, @table) = @_;
		my ($status, $out, $err) = AddbTest::run_psql("\\set VERBOSITY verbose\nSELECT ddb_register_entity(" . join(', ', literal($model), map { literal($_) } @table) . ')', to());
		is($status, 0, "$model->{model}{entity} is registered");
		$err =~ s/^LOCATION:.*\n//mg;
		return $err;
	};
	my $query = q(SELECT count(*) FROM ddb_collection_query('guild', 'everyone', '{"office": "x"}'));
	my $warning = sub {
		return "WARNING:  01000: collection \"everyone\" of service \"guild\" cannot be queried now\nDETAIL:  $_[0] ElectroDB error 1013: entities cannot join one service.\n"
		  . "HINT:  Register the other entity to match, or this one as it was.\n";
	};
	is($stderr->($member->('one')), '', 'without a warning');
	is($stderr->($member->('two')), '', 'nor the second of a collection');
	is(sql($query, to()), 0, 'which is queried');
	is($stderr->($member->('three'), 'elsewhere'), $warning->('Entities "one" and "three" in collection "everyone" differ in the table.'), 'a third on another table');
	is((sql_error($query, to()))[1], 'entities "one" and "three" in collection "everyone" differ in the table', 'as the query would say');
	is($stderr->($member->('three')), '', 'mended');
	is($stderr->($member->('two', field => 't')), $warning->('Entities "one" and "two" in collection "everyone" differ in the field of attribute "text".'), 'another field of an attribute');
	is($stderr->($member->('two', field => 't', collection => 'others')), '', 'in another collection it may have it');
	is(sql($query, to()), 0, 'the collection of the others');
	is($stderr->($member->('one', version => '2')), '', 'two versions of an entity go together');
	sql(q(SELECT ddb_entity_put('one@2', '{"office": "x", "id": "1"}')), to());
	is(sql(q(SELECT entity FROM ddb_collection_query('guild', 'everyone', '{"office": "x"}')), to()), 'one@2', 'and are told apart by their names');
	return;
}

# What is too large is said to be, with the sizes, and with how large it may be
# where only DynamoDB knows how large it would become.
sub test_sizes
{
	my @call = map { "SELECT ddb_entity_$_" } "put('agent', %s)", "create('agent', %s)", "upsert('agent', %s)", "get('agent', %s)", q(patch('agent', %s, '{"set":{"n":1}}'));
	my $object = sub { "jsonb_build_object('office', $_[0], 'id', $_[1], 'text', $_[2])" };
	my $key = sub { "jsonb_build_object('office', $_[0], 'id', $_[1])" };
	my $is = sub {
		my ($call, $message, $detail, $what) = @_;
		$server->reset;
		is(join(' ', (sql_error($call, to()))[0 .. 2]), "54000 $message ElectroDB error 4001: $detail", $what);
		return is(scalar $server->log, 0, 'without a request');
	};
	for my $call (@call[0, 1])
	{
		$is->(sprintf($call, $object->("'x'", "'y'", q{repeat('e', 450000)})), 'item in argument "attributes" is too large for DynamoDB',
			'Its names and values take at least 450070 bytes; DynamoDB takes 409600 (400 kB).', "$call: an item of over 400 kB");
	}
	for my $call (@call)
	{
		my $argument = $call =~ /get|patch/ ? 'key' : 'attributes';
		$is->(sprintf($call, $key->(q{repeat('e', 2040)}, "'y'")), "\"pk\" of argument \"$argument\" is too long", 'It has 2054 bytes; DynamoDB takes 2048.', "$call: pk");
		$is->(sprintf($call, $key->("'x'", q{repeat('é', 510)})), "\"sk\" of argument \"$argument\" is too long", 'It has 1032 bytes; DynamoDB takes 1024.', "$call: sk");
	}
	sql(sprintf($call[0], $object->("'x'", "'y'", q{repeat('e', 390000)})), to());
	my $grow = q(jsonb_build_object('set', jsonb_build_object('other', repeat('e', 200000))));
	sql('SELECT ' . register(model('agent', attributes => ['other'])));
	for my $update ("ddb_entity_update('agent', %s, $grow)", "ddb_transact_write(jsonb_build_array(jsonb_build_object('op', 'update', 'entity', 'agent', 'key', %s, 'set', $grow -> 'set')), strict => true)",
		"ddb_update_item('$table', '{\"pk\": \"\$spies#office_x\", \"sk\": \"\$agent_1#id_y\"}', 'SET other = :o', jsonb_build_object('o', repeat('e', 200000)))")
	{
		my @error = sql_error('SELECT ' . sprintf($update, $key->("'x'", "'y'")), to());
		is($error[0], '22023', 'an item that becomes too large, which only DynamoDB knows: ' . substr $update, 0, 20);
		like($error[2], qr/Item size to update has exceeded the maximum allowed size/, 'in its words');
	}
	is(sql("SELECT canceled, data[1].code, data[1].message FROM ddb_transact_write(jsonb_build_array(jsonb_build_object('op', 'update', 'entity', 'agent', 'key', " . $key->("'x'", "'y'") . ", 'set', $grow -> 'set')))", to()),
		't|ValidationError|Item size to update has exceeded the maximum allowed size', 'a result where errors are none');
	sql('SELECT ' . register(model('agent')));
	return;
}

sub test_batches
{
	my $items = q{(SELECT jsonb_agg(jsonb_build_object('office', 'b', 'id', n::text, 'n', n)) FROM generate_series(1, 1000) AS n)};
	my $keys = q{(SELECT jsonb_agg(jsonb_build_object('office', 'b', 'id', n::text) ORDER BY n DESC) FROM generate_series(1, 1000) AS n)};
	script('BatchWriteItem', { unprocessed => 3, repeat => 2 });
	is(sql("SELECT ddb_entity_batch_put('agent', $items)", to()), 1000, 'a thousand items');
	cmp_ok($server->count('BatchWriteItem'), '>=', 40, 'in batches');
	is($server->count('DescribeTable'), 0, 'of which the key is known');
	is(sql("SELECT count(*), min(n), max(n), bool_and(n = 1001 - o) FROM (SELECT (g ->> 'n')::int AS n, o FROM ddb_entity_batch_get('agent', $keys) WITH ORDINALITY AS b(g, o)) AS s", to()),
		'1000|1|1000|t', 'are got in the order of their keys');
	is(sql("SELECT count(*) FROM ddb_entity_batch_get('other', $keys)", to()), 0, 'by their own entity only');
	is(sql("SELECT ddb_entity_batch_delete('agent', $keys)", to()), 1000, 'and deleted');
	is(sql("SELECT count(*) FROM ddb_entity_query('agent', 'all', '{\"office\": \"b\"}')", to()), 0, 'all of them');
	return;
}

sub test_encoding
{
	make_database(with => "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	sql('SELECT ' . register(model('größe', service => 'Ä')));
	is(sql(q{SELECT ddb_entity_put('größe', '{"office": "É", "id": "ß", "text": "é"}') ->> 'text'}, to()), 'é', 'Latin-1: put');
	my $item = ddb_raw('GetItem', { TableName => $table, Key => { pk => { S => '$ä#office_é' }, sk => { S => '$größe_1#id_ß' } } })->{Item};
	is($item->{text}{S}, 'é', 'Latin-1: stored as UTF-8, under the key that JavaScript makes');
	is(sql(q{SELECT ddb_params('{"method": "get", "entity": "größe", "key": {"office": "É", "id": "ß"}}') #>> '{request,Key,sk,S}'}, to()),
		'$größe_1#id_ß', 'Latin-1: params');
	ddb_raw('UpdateItem', { TableName => $table, Key => { pk => { S => '$ä#office_é' }, sk => { S => '$größe_1#id_ß' } }, UpdateExpression => 'SET #t = :t',
			ExpressionAttributeNames => { '#t' => 'text' }, ExpressionAttributeValues => { ':t' => { S => 'aİ' } } });
	my $create = literal({ office => 'É', id => 'ß' });
	my $session = session(to());
	$session->query('\\set SHOW_CONTEXT always');
	my @error = $session->query_error(q{SELECT ddb_entity_create('größe', } . $create . q{, options => '{"returnOnConditionCheckFailure": "all_old"}')});
	is("$error[0] $error[1]", '23505 DynamoDB item already exists', 'Latin-1: a create of what cannot be shown');
	like($error[2], qr/\AElectroDB error 4001: ConditionalCheckFailedException.*Stored item: .*"a\?"/s, 'with what can be shown of it');
	like($session->stderr, qr/CONTEXT:  .*the item cannot be returned: character .* has no equivalent in encoding "LATIN1"/s, 'and why it is an error');
	is(sql(q{SELECT ddb_entity_create('größe', } . $create . q{, options => '{"returnOnConditionCheckFailure": true}')}, to()), '{"rejected": true}', 'where no item is returned, there is no error');
	@error = sql_error(q{SELECT ddb_entity_put('größe', } . $create . q{, options => '{"response": "all_old"}')}, to());
	is($error[0], '22P05', 'Latin-1: a write that has been carried out');
	my $actions = literal([ { op => 'create', entity => 'größe', item => { office => 'É', id => 'ß', text => 'x' }, response => 'all_old' } ]);
	is(sql("SELECT canceled, data[1].code, data[1].item IS NULL FROM ddb_transact_write($actions)", to()), 't|ConditionalCheckFailed|f', 'Latin-1: a cancelled transaction');
	ddb_raw('UpdateItem', { TableName => $table, Key => { pk => { S => '$ä#office_é' }, sk => { S => '$größe_1#id_ß' } }, UpdateExpression => 'SET #t = :t',
			ExpressionAttributeNames => { '#t' => 'text' }, ExpressionAttributeValues => { ':t' => { S => 'aİ' } } });
	like(sql("SELECT canceled, data[1].code, data[1].item IS NULL, data[1].message FROM ddb_transact_write($actions)", to()),
		qr/\At\|ConditionalCheckFailed\|t\|.*the item cannot be shown: /, 'without an item that cannot be shown');
	$ENV{PGDATABASE} = $database;
	return;
}
