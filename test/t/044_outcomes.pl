# The README's chapter "What happens when": every cell of its table is driven
# through the fault server, with the write applied before the fault and without,
# and held to what the cell says: SQLSTATE, requests, what is stored at the end.
# Then what 08007 and cancelled writes tell of how to find out.

use strict;
use warnings;
use utf8;

use AddbTest;
use IO::Socket::INET;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $dead = do {
	my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
	'http://127.0.0.1:' . $socket->sockport;
};
my $serial = 0;
my %key = (pk => { S => 'p' }, sk => { S => 's' });

sql('SELECT ddb_register_entity(' . literal({
		model => { entity => 'thing', version => '1', service => 'outcome' },
		attributes => { id => { type => 'string' }, n => { type => 'number' } },
		indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } }
	}) . ", '$table')");
my %thing = (pk => { S => '$outcome#id_x' }, sk => { S => '$thing_1' });
my $ENTITY = { %thing, id => { S => 'x' }, n => { N => '1' }, __edb_e__ => { S => 'thing' }, __edb_v__ => { S => '1' } };

sub put_raw
{
	my ($item) = @_;
	return ddb_raw('PutItem', { TableName => $table, Item => $item });
}

# The item at a key without the key, as text.
sub stored
{
	my ($at) = @_;
	my $item = ddb_raw('GetItem', { TableName => $table, ConsistentRead => JSON::PP::true, Key => $at })->{Item};
	return 'none' unless $item;
	return join ' ', map { my ($value) = values %{ $item->{$_} }; "$_=" . (ref $value ? to_json($value) : $value) } grep { !/^(?:pk|sk|__.*|ttl|version)\z/ } sort keys %$item;
}

# A write: the operation it makes, and what is stored before, once and twice
# made. at => the key of the item that tells; before => the item, if there is one.
sub item_case
{
	my ($operation, $query, %more) = @_;
	my $at = $more{at} // \%key;
	return {
		operation => $operation, query => $query, %more,
		setup => sub {
			ddb_raw('DeleteItem', { TableName => $table, Key => $at });
			put_raw({ %$at, %{ $more{before} } }) if $more{before};
			$more{prepare}->() if $more{prepare};
		},
		state => sub { stored($at) },
	};
}

my %n1 = (before => { n => { N => '1' } });
my %e1 = (at => \%thing, before => $ENTITY);
my $KEY = q('{"pk": "p", "sk": "s"}');
my $ITEM = q('{"pk": "p", "sk": "s", "n": 2}');
my $lock_ttl = int(time) + 86400;

sub put
{
	return item_case('PutItem', "SELECT ddb_put_item('$table', $ITEM" . ($_[0] // '') . ')', after => 'n=2', @_[ 1 .. $#_ ]);
}

sub update
{
	my ($expression, $after, $more, @options) = @_;
	my $values = ($more // '') =~ /:one/ ? '{":v": 2, ":one": 1}' : '{":v": 2}';
	return item_case('UpdateItem', "SELECT ddb_update_item('$table', $KEY, '$expression', vals => '$values'" . ($more // '') . ')',
		after => $after, %n1, @options);
}

sub remove
{
	return item_case('DeleteItem', "SELECT ddb_delete_item('$table', $KEY" . ($_[0] // '') . ')', after => 'none', %n1, @_[ 1 .. $#_ ]);
}

sub entity
{
	my ($operation, $call, $after, @more) = @_;
	return item_case($operation, "SELECT ddb_entity_$call", at => \%thing, after => $after, @more);
}

sub table_case
{
	my ($operation, $query, $exists, $state) = @_;
	my $name;
	return {
		operation => $operation, after => $state->[1],
		query => sub { sprintf $query, $name },
		setup => sub { $name = unique_name(); make_table($name) if $exists },
		state => sub {
			my ($status, $reply) = ddb_try($operation eq 'UpdateTimeToLive' ? 'DescribeTimeToLive' : 'DescribeTable', { TableName => $name });
			return $status != 200 ? 'none' : $reply->{TimeToLiveDescription}{TimeToLiveStatus} // 'there';
		},
	};
}

sub locked
{
	return (prepare => sub { put_raw({ pk => { S => 'p' }, sk => { S => 'lock' }, version => { S => 'v1' }, ttl => { N => $lock_ttl } }) });
}

sub same
{
	my ($setting, @cases) = @_;
	return map { { %$_, set => $setting } } @cases;
}

my $LOCK = "ROW('p', 'lock', 'v1', to_timestamp($lock_ttl))::ddb_lock";
my $LIST = q('[{"pk": "p", "sk": "s", "data": 2}]'::jsonb);
my $ADD_N = update('ADD n :v', 'n=3');
my @conditional = (
	put(", 'attribute_not_exists(pk)'"),
	update('SET n = :v', 'n=2', ", condition => 'n = :one'"),
	remove(", 'attribute_exists(pk)'"));
my @adding = (
	$ADD_N,
	update('SET n = n + :v', 'n=3'),
	item_case('UpdateItem', "SELECT ddb_update_item('$table', $KEY, 'SET l = list_append(l, :l)', vals => '{\":l\": [2]}')",
		before => { l => { L => [] } }, after => 'l=[{"N":"2"}]'));
my @entity_conditional = (
	entity('PutItem', q{create('thing', '{"id": "x", "n": 2}')}, 'id=x n=2'),
	entity('UpdateItem', q{patch('thing', '{"id": "x"}', '{"set": {"n": 2}}', 'n = :one', '{":one": 1}')}, 'id=x n=2', %e1),
	entity('DeleteItem', q{remove('thing', '{"id": "x"}')}, 'none', %e1));
my @entity_adding = (entity('UpdateItem', q{update('thing', '{"id": "x"}', '{"add": {"n": 2}}')}, 'id=x n=3', %e1));
my @execute = (
	item_case('ExecuteStatement', "SELECT * FROM ddb_execute('UPDATE \"$table\" SET n = n + 2 WHERE pk = ''p'' AND sk = ''s''')", after => 'n=3', %n1),
	item_case('ExecuteStatement', "SELECT * FROM ddb_execute('INSERT INTO \"$table\" VALUE {''pk'': ''p'', ''sk'': ''s'', ''n'': 2}')", after => 'n=2'));

# The rows of the README's table, by their first column.
my %rows = (
	'`ddb_set`, `ddb_delete`' => [
		item_case('PutItem', q(SELECT ddb_set('p', 's', '2')), after => 'data=2'),
		item_case('DeleteItem', q(SELECT ddb_delete('p', 's')), after => 'none', %n1) ],
	'the same of a list, `ddb_set_agg`, `ddb_batch_write`, `ddb_put_agg`, `ddb_delete_agg`' => [
		map { item_case('BatchWriteItem', $_->[0], after => $_->[1], %n1) }
		  [ "SELECT ddb_set($LIST)", 'data=2' ],
		  [ q(SELECT ddb_delete('[{"pk": "p", "sk": "s"}]'::jsonb)), 'none' ],
		  [ q(SELECT ddb_set_agg('p', 's', '2')), 'data=2' ],
		  [ qq(SELECT ddb_batch_write('$table', '[{"put": {"pk": "p", "sk": "s", "n": 2}}]')), 'n=2' ],
		  [ "SELECT ddb_put_agg('$table', $ITEM)", 'n=2' ],
		  [ "SELECT ddb_delete_agg('$table', $KEY)", 'none' ] ],
	'`ddb_get_lock`' => [ {
			operation => 'PutItem', query => q(SELECT ddb_get_lock('p', 'l')), after => 'there',
			setup => sub { ddb_raw('DeleteItem', { TableName => $table, Key => { pk => { S => 'p' }, sk => { S => 'l' } } }) },
			state => sub { stored({ pk => { S => 'p' }, sk => { S => 'l' } }) eq 'none' ? 'none' : 'there' } } ],
	'`ddb_set_atomic`, `ddb_delete_atomic`' => [
		item_case('TransactWriteItems', "SELECT ddb_set_atomic('p', 's', '2', $LOCK)", after => 'data=2', locked()),
		item_case('TransactWriteItems', "SELECT ddb_delete_atomic('p', 's', $LOCK)", after => 'none', %n1, locked()) ],
	'`ddb_put_item`, `ddb_delete_item`' => [ put(), remove() ],
	'`ddb_update_item` with `SET` to values, `REMOVE`' => [ update('SET n = :v', 'n=2'),
		item_case('UpdateItem', "SELECT ddb_update_item('$table', $KEY, 'REMOVE n')", after => '', %n1) ],
	'any of them with a condition' => \@conditional,
	'`ddb_update_item` with `ADD`, `DELETE`, arithmetic, `list_append`' => \@adding,
	'any of them that returns old values' => [
		put(", return_values => 'ALL_OLD'"), remove(", return_values => 'ALL_OLD'"),
		update('SET n = :v', 'n=2', ", return_values => 'UPDATED_OLD'"),
		same('idempotent_writes', update('ADD n :v', 'n=3', ", return_values => 'ALL_NEW'")) ],
	'`ddb_entity_put`, `_upsert`, `_update`, `_delete`' => [
		entity('PutItem', q{put('thing', '{"id": "x", "n": 2}')}, 'id=x n=2'),
		entity('UpdateItem', q{upsert('thing', '{"id": "x", "n": 2}')}, 'id=x n=2'),
		entity('UpdateItem', q{update('thing', '{"id": "x"}', '{"set": {"n": 2}}')}, 'id=x n=2', %e1),
		entity('DeleteItem', q{delete('thing', '{"id": "x"}')}, 'none', %e1) ],
	'`ddb_entity_create`, `_patch`, `_remove`, any with a condition' => \@entity_conditional,
	'entity updates that add, subtract, append' => \@entity_adding,
	'`ddb_execute` of a write' => \@execute,
	'with `idempotent_writes`: conditions, `ADD` and the like, entities, `ddb_execute`' => [
		map { { %$_, operation => $_->{operation} eq 'ExecuteStatement' ? 'ExecuteTransaction' : 'TransactWriteItems' } }
		  same('idempotent_writes', @conditional, @adding, @entity_conditional, @entity_adding, @execute) ],
	'`ddb_transact_write`, `ddb_execute_transaction`' => [
		item_case('TransactWriteItems', sprintf(q{SELECT canceled FROM ddb_transact_write('[{"op": "update", "table": "%s", "key": {"pk": "p", "sk": "s"}, "add": {"n": 2}}]')},
			$table), after => 'n=3', %n1),
		item_case('ExecuteTransaction', "SELECT * FROM ddb_execute_transaction('[\"UPDATE \\\"$table\\\" SET n = n + 2 WHERE pk = ''p'' AND sk = ''s''\"]')",
			after => 'n=3', %n1) ],
	'`ddb_call` of a write' => [
		item_case('UpdateItem', "SELECT ddb_call('UpdateItem', " . literal({ TableName => $table, Key => \%key,
			UpdateExpression => 'ADD n :v', ExpressionAttributeValues => { ':v' => { N => '2' } } }) . ')', after => 'n=3', %n1) ],
	'`ddb_create_table`, `ddb_delete_table`' => [
		table_case('CreateTable', q(SELECT ddb_create_table('%s', 'pk', 'sk')), 0, [ 'none', 'there' ]),
		table_case('DeleteTable', q(SELECT ddb_delete_table('%s')), 1, [ 'there', 'none' ]) ],
	'`ddb_update_ttl`' => [
		table_case('UpdateTimeToLive', q(SELECT ddb_update_ttl('%s', 'expires')), 1, [ 'DISABLED', 'ENABLED' ]) ]);

# The faults, by the columns' names: steps that make them without the write
# being applied, and with.
my $error500 = { reply => { status => 500, body => { __type => 'InternalServerError', message => 'm' } } };
my $error503 = { reply => { status => 503, body => 'no backend', headers => { 'content-type' => 'text/html' } } };
my $garbage = { raw => "SSH-2.0-OpenSSH\r\n" };
my $text = { reply => { status => 200, body => 'hello' } };

# Bytes that answers may have.
my $MB = 1024 * 1024;
my %limits = ((map { +"${_}Item" => 8 * $MB } qw(Put Update Delete)), (map { $_ => $MB } qw(CreateTable DeleteTable UpdateTimeToLive)),
	ExecuteStatement => 16 * $MB, map { $_ => 256 * $MB } qw(BatchWriteItem TransactWriteItems ExecuteTransaction));

sub limit_of
{
	my ($case) = @_;
	return $case->{query} =~ /ddb_call/ ? 256 * $MB : $limits{ $case->{operation} };
}

my %faults = (
	'no answer' => [ { hang => 1 }, { apply_then_hang => 1 } ],
	'cut off' => [ { close_without_reply => 1 }, { apply_then_reset => 1 }, { cut_body => 1, apply => 1 } ],
	'500, 503' => [ $error500, $error503, { %$error500, apply => 1 } ],
	'checksum' => [ { reply => { body => {} }, crc => 'bad' }, { crc => 'bad' } ],
	'not HTTP, not JSON' => [ $garbage, { %$garbage, apply => 1 }, $text, { %$text, apply => 1 } ],
	'too large' => []);

my $session = session(set => {});
my $control = session(set => {});
$session->query('\set SHOW_CONTEXT always');

# The words of cells: what becomes of one fault, as a list of what is to be
# (sqlstate or '', requests), by whether the write was applied.
my %words = (
	'again' => [ [ '', 2 ], [ '', 2 ] ],
	'again or 08007' => [ [ '', 2 ], [ '08007', 2 ] ],
	'token' => [ [ '', 2 ], [ '', 2 ] ],
	'looked' => [ [ '' ], [ '' ] ],
	'looked or 08007' => [ [ '08007', 1 ], [ '' ] ],
	'08007' => [ [ '08007', 1 ], [ '08007', 1 ] ]);

sub settings
{
	my ($case, %more) = @_;
	my %set = (endpoint_url => $server->url, table => $table, request_timeout => 30000, max_attempts => 4,
		idempotent_writes => ($case->{set} // '') eq 'idempotent_writes' ? 'on' : 'off', %more);
	return join '', map { "SET atomic_dynamodb.\"$_\" TO " . literal($set{$_}) . ';' } sort keys %set;
}

# Brings a case into its first state, with the steps that its write will meet.
sub prepare
{
	my ($case, @steps) = @_;
	$case->{setup}->();
	$server->reset;
	$server->script(map { { match => $case->{operation}, %$_ } } @steps);
	return $case->{state}->();
}

sub query_of
{
	my ($case) = @_;
	return ref $case->{query} ? $case->{query}->() : $case->{query};
}

# Runs a case and returns (sqlstate or '', its requests, what is stored).
sub run
{
	my ($case, %set) = @_;
	my ($sqlstate) = $session->query_error(settings($case, %set) . query_of($case));
	return ($sqlstate // '', $server->count($case->{operation}), $case->{state}->());
}

sub name_of
{
	my ($case) = @_;
	my $query = ref $case->{query} ? $case->{operation} : $case->{query};
	return ($case->{set} ? "$case->{set}: " : '') . $query;
}

# Whether the state is that before a case's write, or that of its being made once.
sub is_state
{
	my ($state, $case, $made, $before) = @_;
	return $state eq ($made ? $case->{after} : $before);
}

# What makes it safe to send a write again: that a further copy is taken, by
# itself (again) or by its token, or refused (looked).
sub check_copies
{
	my ($case, $word) = @_;
	my @bodies = map { $_->{body} } $server->log($case->{operation});
	my %tokens = map { (from_json($_)->{ClientRequestToken} // 'none') => 1 } @bodies;
	my $how = exists $tokens{none} ? 'again' : 'token';
	return 'several tokens' if keys %tokens > 1;
	my ($status) = ddb_text($case->{operation}, $bodies[-1]);
	$how = 'looked' if $how eq 'again' && $status != 200;
	return index($word, $how) == 0 || $word =~ /^looked or/ ? () : "it is $how";
}

sub check_fault
{
	my ($case, $fault, $word, $first) = @_;
	my @steps = @{ $faults{$fault} };
	push @steps, map { { huge => limit_of($case) + 1, apply => $_ } } 0, 1 if $first && $fault eq 'too large';
	my $expected = $words{$word} or return ("the word $word is not known");
	my @wrong;
	for my $step (@steps)
	{
		my $applied = $step->{apply} || grep { /^apply_/ } keys %$step;
		$applied = 1 if ($step->{crc} // '') eq 'bad' && !$step->{reply};
		my ($sqlstate, $requests) = @{ $expected->[ $applied ? 1 : 0 ] };
		my $made = $applied || $sqlstate eq '';
		my @found;

		# what is answered may be late, too, where the machine is busy: then with
		# more patience
		for my $timeout ($fault eq 'no answer' ? (500, 5000) : 30000)
		{
			my $before = prepare($case, $step);
			my @got = run($case, request_timeout => $timeout);
			@found = $applied && $sqlstate eq '' ? check_copies($case, $word) : ();
			push @found, to_json($step) . ": @got" unless $got[0] eq $sqlstate && (!defined $requests || $got[1] == $requests) &&
			  is_state($got[2], $case, $made, $before);
			last unless @found;
		}
		push @wrong, @found;
	}
	return @wrong;
}

sub check_refused
{
	my ($case, $word) = @_;
	my $before = prepare($case);
	my @got = run($case, endpoint_url => $dead, max_attempts => 2);
	return $got[0] eq $word && is_state($got[2], $case, 0, $before) ? () : ("@got");
}

# One of two throttled requests, and both; and none of it once one was lost.
sub check_throttled
{
	my ($case, $word) = @_;
	my $throttled = { reply => { status => 400, body => { __type => 'ThrottlingException', message => 'm' } } };
	my $before = prepare($case, $throttled, $throttled);
	my @got = run($case, max_attempts => 2);
	return $got[0] eq $word && $got[1] == 2 && is_state($got[2], $case, 0, $before) ? () : ("@got");
}

# Given up by pg_cancel_backend, applied or not, and by pg_terminate_backend.
sub check_given_up
{
	my ($case, $word, $first) = @_;
	my @wrong;
	return ("the word $word is not known") if $word ne 'open';
	for my $step ({ hang => 1 }, { apply_then_hang => 1 })
	{
		my $before = prepare($case, $step);
		my $query = query_of($case);
		$session->query(settings($case));
		$session->send($query);
		my $seen = wait_for_operation($case->{operation});
		$control->query('SELECT pg_cancel_backend(' . $session->pid . ')');
		$session->finish;
		my $made = $step->{apply_then_hang};
		push @wrong, "cancelled: $seen " . $session->stderr
		  unless $seen && $session->stderr =~ /^ERROR:  57014: .*sent, and may have been carried out/ms;
		push @wrong, 'cancelled: ' . $case->{state}->() unless is_state(awaited($case, $made), $case, $made, $before);
	}
	return @wrong unless $first;
	my $before = prepare($case, { hang => 1 });
	my $doomed = session(set => {});
	$doomed->query("\\set SHOW_CONTEXT always\n" . settings($case));
	$doomed->send(query_of($case));
	wait_for_operation($case->{operation});
	$doomed->terminate;
	$doomed->finish;
	push @wrong, 'terminated: ' . $doomed->stderr unless $doomed->stderr =~ /57P01: .*sent, and may have been carried out/s;
	return @wrong;
}

sub wait_for_operation
{
	my ($operation) = @_;
	for (1 .. 500)
	{
		return 1 if $server->count($operation);
		select undef, undef, undef, 0.02;
	}
	return 0;
}

# The state, once the fault server has had time to pass the write on.
sub awaited
{
	my ($case, $made) = @_;
	for (1 .. 100)
	{
		my $state = $case->{state}->();
		return $state if !$made || is_state($state, $case, 1, '');
		select undef, undef, undef, 0.02;
	}
	return $case->{state}->();
}

sub check_cell
{
	my ($case, $column, $word, $first) = @_;
	return check_refused($case, $word) if $column eq 'not connected';
	return check_throttled($case, $word) if $column eq 'throttled';
	return check_given_up($case, $word, $first) if $column eq 'given up';
	return check_fault($case, $column, $word, $first);
}

# The README's table as a list of rows, each a list of cells.
sub readme_table
{
	open my $file, '<:encoding(UTF-8)', "$ENV{ADDB_ROOT}/README.md" or die $!;
	local $/;
	my ($chapter) = <$file> =~ /^## What happens when\n(.*?)^(?:##|###) /ms or die 'the README has no such chapter';
	return map { [ split / *\| */, s/^\| *//r ] } grep { !/^\|-/ } $chapter =~ /^(\|.*\|)$/mg;
}

my ($head, @table) = readme_table();
is_deeply([ sort { $a cmp $b } @$head[ 1 .. $#$head ] ],
	[ sort { $a cmp $b } 'not connected', 'throttled', 'given up', keys %faults ], 'the columns are the faults');
is_deeply([ sort map { $_->[0] } @table ], [ sort keys %rows ], 'the rows are the writes');
my $cells = 0;
for my $row (@table)
{
	my ($name, @words) = @$row;
	for my $i (0 .. $#words)
	{
		my $column = $head->[ $i + 1 ];
		my @wrong;
		for my $case (@{ $rows{$name} // [] })
		{
			push @wrong, map { name_of($case) . "\n  $_" } check_cell($case, $column, $words[$i], $case == $rows{$name}[0]);
		}
		ok(!@wrong, "$name, $column: $words[$i]") or diag(join "\n", @wrong);
		$cells++;
	}
}
is($cells, keys(%rows) * 9, 'all cells');

done_testing();
