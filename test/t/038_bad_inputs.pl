# Every bad input of vectors/aws/badinputs.json: through ddb_call, which takes
# any request, and through the function that stands for the operation, where it
# can express the input at all. The SQLSTATE is right, a message names the
# argument, and nothing crashes.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Unit qw(vectors);
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
my $vectors = vectors('badinputs.json') or plan(skip_all => 'no badinputs.json');
make_database();
my $session = session();

# What DynamoDB's types may become: the second and third are our own checks,
# which come first where we can tell more.
my %sqlstate = (
	ValidationException => qr/^(?:22023|42601|54000)$/,
	ResourceNotFoundException => qr/^42P01$/,
	ConditionalCheckFailedException => qr/^23000$/,
	ResourceInUseException => qr/^(?:55006|42P07)$/,
	TransactionCanceledException => qr/^(?:23000|22023)$/,
	DuplicateItem => qr/^23505$/,
	IdempotentParameterMismatchException => qr/^22023$/,
	LimitExceededException => qr/^53000$/,
	RequestEntityTooLargeException => qr/^54000$/,
	UnknownOperationException => qr/^0A000$/,
);

# How a request's members are called in SQL.
my %argument = (
	Key => 'key', Item => 'item', ConditionExpression => 'condition', UpdateExpression => 'update',
	ProjectionExpression => 'projection', FilterExpression => 'filter', KeyConditionExpression => 'key_condition',
	ExpressionAttributeNames => 'names', ExpressionAttributeValues => 'vals', ReturnValues => 'return_values',
	IndexName => 'index_name', Limit => 'page_size', ExclusiveStartKey => 'start_key', ConsistentRead => 'consistent',
	Statement => 'statement', Parameters => 'params', ClientRequestToken => 'token', TableName => 'table_name',
	TransactStatements => 'statements',
);
my %function = (
	GetItem => 'ddb_get_item', PutItem => 'ddb_put_item', UpdateItem => 'ddb_update_item',
	DeleteItem => 'ddb_delete_item', Query => 'ddb_query_items', ExecuteStatement => 'ddb_execute',
	ExecuteTransaction => 'ddb_execute_transaction', DescribeTable => 'ddb_describe_table',
);
my %is_text = map { $_ => 1 } qw(ConditionExpression UpdateExpression ProjectionExpression FilterExpression
  KeyConditionExpression ReturnValues IndexName Limit Statement ClientRequestToken TableName ConsistentRead);

# DynamoDB Local fails at these, or takes them.
my %passes = map { $_ => 1 } @{ $vectors->{accepted_by_local}{names} };
my %faults = map { $_ => 1 } @{ $vectors->{http_500_in_local} };

# What the functions take care of themselves: reserved words, a colon or a "#" that
# was left out, placeholders of which there are none, parentheses that are too
# many, and blanks that make an expression too long.
my $cared_for = join '|', 'reserved keyword', 'contains invalid key: Syntax error',
  'ExpressionAttribute(?:Names|Values) must not be empty', 'redundant parentheses', 'Expression size has exceeded';

my ($tried, $expressed) = (0, 0);

set_up();
for my $case (@{ $vectors->{cases} })
{
	next if $case->{category} eq 'protocol' || $case->{local}{http} == 200 || $passes{ $case->{name} } || $faults{ $case->{name} };
	my $request = request_of($case) or next;
	$tried++;
	prepare($case);
	test_call($case, $request);
	test_function($case, $request);
}
cmp_ok($expressed, '>=', $tried / 3, "$expressed of $tried inputs can be expressed through a function of their own");
test_table_names();
is($session->query('SELECT 1'), 1, 'the session is alive');
tear_down();
done_testing();

# Every function that takes a table's name says that it is about that one.
sub test_table_names
{
	for my $call (
		"ddb_get('p', 's', table_name => '?')", "ddb_set('p', 's', '1', table_name => '?')", "ddb_delete('p', 's', table_name => '?')",
		"ddb_query('p', table_name => '?')", "ddb_get_lock('p', 's', table_name => '?')",
		"ddb_get_item('?', '{\"pk\": \"p\"}')", "ddb_put_item('?', '{\"pk\": \"p\"}')", "ddb_delete_item('?', '{\"pk\": \"p\"}')",
		"ddb_update_item('?', '{\"pk\": \"p\"}', 'REMOVE a')", "ddb_query_items('?', 'pk = :p', '{\"p\": 1}')", "ddb_scan('?')",
		"ddb_count('?', 'pk = :p', '{\"p\": 1}')", "ddb_batch_get('?', '[{\"pk\": \"p\"}]')",
		"ddb_batch_write('?', '[{\"put\": {\"pk\": \"p\"}}]')", "ddb_describe_table('?')", "ddb_delete_table('?')",
		"ddb_update_ttl('?', 'a')", "ddb_create_table('?', 'pk')")
	{
		for my $name ('a', 'a b c', 'a' x 256)
		{
			my @error = $session->query_error('SELECT * FROM ' . ($call =~ s/\?/$name/r));
			like($error[0], qr/^(?:22023|54000)$/, "$call: a table called " . substr $name, 0, 5);
			like("@error[1 .. 3]", qr/"table_name"/, "$call: the argument is named");
		}
	}
	return;
}

sub set_up
{
	for my $table (@{ $vectors->{setup}{tables} })
	{
		ddb_try('DeleteTable', { TableName => $table->{TableName} });
		ddb_raw('CreateTable', $table);
	}
	put_seeds();
	return;
}

sub put_seeds
{
	my $items = $vectors->{setup}{items};
	for my $table (keys %$items)
	{
		ddb_raw('PutItem', { TableName => $table, Item => $_ }) for @{ $items->{$table} };
	}
	return;
}

sub tear_down
{
	ddb_try('DeleteTable', { TableName => $_->{TableName} }) for @{ $vectors->{setup}{tables} };
	return;
}

# The text that a generator makes; see "body_gen" in the vectors.
sub generated
{
	my ($gen) = @_;

	my $repeat = sub {
		my ($unit) = @_;
		return join $gen->{sep} // '', map { (my $text = $unit) =~ s/\{i\}/$_/g; $text } 0 .. $gen->{count} - 1;
	};
	my $text = $gen->{prefix} . $repeat->($gen->{unit}) . $gen->{suffix};
	$text .= $repeat->($gen->{unit2}) . $gen->{suffix2} if defined $gen->{unit2};
	my $pad = defined $gen->{pad} ? $gen->{pad}{char} x $gen->{pad}{count} : '';
	$text =~ s/\{PAD\}/$pad/g;
	return $text;
}

# A token is one of its own in each run.
sub with_token
{
	my ($json, $name) = @_;
	$json =~ s/\{TOKEN\}/bad-$$-$name/g;
	return from_json($json);
}

sub request_of
{
	my ($case) = @_;
	my $json = ref $case->{body} ? to_json($case->{body}) : generated($case->{body_gen} // return);
	return with_token($json, $case->{name});
}

# The call that goes before some.
sub prepare
{
	my ($case) = @_;
	my $before = $vectors->{setup}{"before_$case->{name}"} or return;
	ddb_raw($before->{op}, with_token(to_json($before->{body}), $case->{name}));
	return;
}

sub type_of
{
	my ($case) = @_;
	return 'RequestEntityTooLargeException' if $case->{local}{http} == 413;
	(my $type = $case->{local}{type}) =~ s/.*#//;
	return $type;
}

sub is_right
{
	my ($case, $error, $how) = @_;

	my $type = type_of($case);
	my $wanted = $sqlstate{$type} or die "$case->{name}: no SQLSTATE for $type";
	like($error->[0] // 'none', $wanted, "$case->{name} $how: $type") or diag("@$error");
	put_seeds() if !@$error;
	return;
}

sub test_call
{
	my ($case, $request) = @_;

	my @error = $session->query_error("SELECT ddb_call('$case->{op}', " . literal($request) . ')');
	is_right($case, \@error, 'by ddb_call');
	return;
}

# An argument's SQL; undef when the function has no way to say it.
sub argument_sql
{
	my ($member, $value) = @_;

	return if !exists $argument{$member};
	return literal($value) if $is_text{$member} && !ref $value;
	return if $is_text{$member};
	return literal($value) if $member eq 'ExpressionAttributeNames';
	return 'jsonb ' . literal([ map { { statement => $_->{Statement} } } @$value ])
	  if $member eq 'TransactStatements' && ref $value eq 'ARRAY';
	return 'ddb_unmarshall(' . literal({ L => $value }) . ')' if $member eq 'Parameters';
	return 'ddb_unmarshall(' . literal({ M => $value }) . ')';
}

sub function_sql
{
	my ($case, $request) = @_;

	my $function = $function{ $case->{op} } or return;
	my @arguments;
	for my $member (sort keys %$request)
	{
		my $sql = argument_sql($member, $request->{$member});
		return if !defined $sql;
		$sql .= '::integer' if $member eq 'Limit';
		push @arguments, "$argument{$member} => $sql";
	}
	return if $case->{op} =~ /Item$|Query/ && !exists $request->{TableName};
	push @arguments, 'key_condition => NULL' if $case->{op} eq 'Query' && !exists $request->{KeyConditionExpression};
	push @arguments, 'key => NULL' if $case->{op} =~ /^(?:Get|Update|Delete)Item$/ && !exists $request->{Key};
	push @arguments, 'update => NULL' if $case->{op} eq 'UpdateItem' && !exists $request->{UpdateExpression};
	return "SELECT * FROM $function(" . join(', ', @arguments) . ')';
}

sub test_function
{
	my ($case, $request) = @_;

	my $sql = function_sql($case, $request) or return;
	my @error = $session->query_error($sql);
	return put_seeds() if ($error[0] // '23000') eq '23000' && ($case->{local}{message} // '') =~ /$cared_for/;
	return if @error && $error[1] =~ /attribute_value/;    # no AttributeValue: not to be expressed
	$expressed++;
	if (($error[0] // '') eq '22004')
	{
		like($error[1], qr/^argument "\w+" must not be null$/, "$case->{name} by function: an argument is missing");
		return;
	}
	is_right($case, \@error, 'by function');
	return if type_of($case) ne 'ValidationException' || !%$request;
	my $members = join '|', map { $argument{$_} } grep { $argument{$_} } keys %$request;
	like("@error[1 .. 3]", qr/"(?:$members)"/, "$case->{name} by function: the argument is named");
	return;
}
