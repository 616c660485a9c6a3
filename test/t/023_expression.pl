# Expressions: what becomes of them, by tables of cases; what is said of wrong
# ones, and where. DynamoDB Local is asked about all that is accepted, about
# every reserved word, and about random expressions; token soup does no harm.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Unit;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();

# The values that texts of cases use: as SQL gives them, and as they are sent.
my %value = (
	v => [ 1, { N => '1' } ], w => [ 2, { N => '2' } ], s => [ 'x', { S => 'x' } ], t => [ 'SS', { S => 'SS' } ],
	b => [ { '$b' => 'AA==' }, { B => 'AA==' } ], l => [ [], { L => [] } ], m => [ { k => 1 }, { M => { k => { N => '1' } } } ],
	ss => [ { '$ss' => ['a'] }, { SS => ['a'] } ], ns => [ { '$ns' => [1] }, { NS => ['1'] } ],
	bs => [ { '$bs' => ['AA=='] }, { BS => ['AA=='] } ], z => [ undef, { NULL => JSON::PP::true } ],
	f => [ JSON::PP::false, { BOOL => JSON::PP::false } ], h => [ { '$s' => 'a\\u0000' }, { S => "a\0" } ]);
my %member = (condition => 'ConditionExpression', filter => 'FilterExpression',
	key_condition => 'KeyConditionExpression', update => 'UpdateExpression', projection => 'ProjectionExpression');

# Random expressions: names come from @names, operands are now and then what
# DynamoDB does not take.
my @names;
my %random = (condition => sub { random_condition(0) }, filter => sub { random_condition(0) }, update => \&random_update,
	key_condition => \&random_key_condition, projection => sub { join ', ', map { random_path() } 0 .. rand 4 });

my $table = make_table();
my %request = (
	condition => [ PutItem => { Item => { pk => { S => 'p' }, sk => { S => 's' } } } ],
	filter => [ Scan => {} ],
	key_condition => [ Query => {} ],
	update => [ UpdateItem => { Key => { pk => { S => 'u' }, sk => { S => 's' } } } ],
	projection => [ GetItem => { Key => { pk => { S => 'p' }, sk => { S => 's' } } } ]);

# What DynamoDB says of requests whose expressions it understands: of the item,
# of the key schema, and of types and operands that are left to it.
my $understood = qr/document\ path\ provided|refers\ to\ an\ attribute|incorrect\ data\ type
	|Cannot\ update\ attribute|must\ be\ distinct|BETWEEN\ operator\ requires|Query\ key\ condition
	|one\ condition\ per\ key|missed\ key\ schema|Filter\ Expression\ can\ only
	|Invalid\ condition\ in\ Key|conditions\ on\ nested|Key\ attributes\ must\ be\ scalars|Conditions\ can\ be\ of\ length
	|operator\ or\ function:\ (?:[<>=]+|BETWEEN),\ operand\ type/x;

test_texts();
test_names();
test_errors();
test_positions();
test_limits();
test_idempotence();
test_projections();
test_resolver();
test_reserved_words();
test_bad_inputs();
test_random();
test_names_like_keywords();
test_soup();
test_encodings();
done_testing();

# The argument of the unit function for one text, with the values that it uses.
sub argument
{
	my ($kind, $text, %more) = @_;
	my %values = map { +":$_" => $value{$_}[0] } grep { $value{$_} } $text =~ /:(\w+)/g;
	return { $kind => $text, values => \%values, %more };
}

sub compile
{
	return unit_call('addb_unit_expression', argument(@_));
}

# What DynamoDB Local has against a compiled request: nothing, or its message.
sub refusal
{
	my ($kind, $request) = @_;
	my ($operation, $rest) = @{ $request{$kind} };
	my ($status, $body) = ddb_try($operation, { TableName => $table, %$rest, %$request });
	my $message = $body->{message} // $body->{Message} // '';
	return $status == 200 || $body->{__type} =~ /ConditionalCheckFailed/ || $message =~ $understood ? '' : $message;
}

# The names that a text is to have, in the order of their numbers.
sub placeholders
{
	my @names = @_;
	return { map { ("#n$_" => $names[$_]) } 0 .. $#names };
}

sub test_texts
{
	my @cases = (
		# kind, text, what is sent, names
		[ condition => 'a = :v', '#n0 = :v', 'a' ],
		[ condition => " a\t=\r\n:v\x0b\x0c", '#n0 = :v', 'a' ],
		[ condition => 'a=:v aNd b<>:w OR c<:s or a<=:v And b>:w AND c>=:s',
			'#n0 = :v AND #n1 <> :w OR #n2 < :s OR #n0 <= :v AND #n1 > :w AND #n2 >= :s', qw(a b c) ],
		[ filter => 'a between :v and :w', '#n0 BETWEEN :v AND :w', 'a' ],
		[ filter => 'a In(:v,b , (:w),size(c))', '#n0 IN (:v, #n1, (:w), size(#n2))', qw(a b c) ],
		[ filter => 'NOT a = :v and not(b = :v) AND NOT NOT c = :v',
			'NOT #n0 = :v AND NOT (#n1 = :v) AND NOT NOT #n2 = :v', qw(a b c) ],
		[ condition => 'attribute_exists(a) AND attribute_not_exists ( a.b ) OR attribute_type(a, :t)',
			'attribute_exists(#n0) AND attribute_not_exists(#n0.#n1) OR attribute_type(#n0, :t)', qw(a b) ],
		[ condition => 'begins_with(a, :s) AND begins_with(:b, c) AND begins_with(a, :h)',
			'begins_with(#n0, :s) AND begins_with(:b, #n1) AND begins_with(#n0, :h)', qw(a c) ],
		[ condition => 'contains(a, size(b)) AND contains(:ss, c)', 'contains(#n0, size(#n1)) AND contains(:ss, #n2)', qw(a b c) ],
		[ condition => 'size(a) > size((b)) OR size(:m) = :v', 'size(#n0) > size((#n1)) OR size(:m) = :v', qw(a b) ],
		[ condition => '(a = :v OR b = :w) AND (c) = (:v)', '(#n0 = :v OR #n1 = :w) AND (#n2) = (:v)', qw(a b c) ],
		[ condition => '((a = :v))', '(#n0 = :v)', 'a' ],
		[ condition => '(((a)) = :v)', '((#n0) = :v)', 'a' ],
		[ condition => '((((a = :v)) AND (((b)) = :w)))', '((#n0 = :v) AND ((#n1) = :w))', qw(a b) ],
		[ condition => 'NOT((attribute_exists(a)))', 'NOT (attribute_exists(#n0))', 'a' ],
		[ condition => ':v = a', ':v = #n0', 'a' ],
		[ condition => ':v = :v', ':v = :v' ],
		[ condition => 'a.b[3].c[0][12] = a . c [ 1 ]', '#n0.#n1[3].#n2[0][12] = #n0.#n2[1]', qw(a b c) ],
		[ condition => 'a[007] = :v', '#n0[7] = :v', 'a' ],
		[ condition => 'a[2147483646] = :v', '#n0[2147483646] = :v', 'a' ],
		[ condition => '_a = :v AND __edb_e__ = :s AND 2fa = :v AND $x = :v AND a.2024 = :v',
			'#n0 = :v AND #n1 = :s AND #n2 = :v AND #n3 = :v AND #n4.#n5 = :v', qw(_a __edb_e__ 2fa $x a 2024) ],
		[ condition => '"a.b"."c-d" = :v AND "say ""x""" = :v AND "1" = :v AND """" = :v AND "#n0" = :v',
			'#n0.#n1 = :v AND #n2 = :v AND #n3 = :v AND #n4 = :v AND #n5 = :v', 'a.b', 'c-d', 'say "x"', '1', '"', '#n0' ],
		[ condition => 'größe = :v AND "日本 語" = :v', '#n0 = :v AND #n1 = :v', 'größe', '日本 語' ],
		[ condition => 'a = :v AND A = :v AND "a" = :w', '#n0 = :v AND #n1 = :v AND #n0 = :w', qw(a A) ],
		[ condition => "\"tab\tnew\nline\\\" = :v", '#n0 = :v', "tab\tnew\nline\\" ],

		# keywords and functions by their place
		[ condition => 'not = :v', '#n0 = :v', 'not' ],
		[ condition => 'NOT not = :v', 'NOT #n0 = :v', 'not' ],
		[ condition => 'NOT NOT NOT = :v AND not.x = :v AND not[0] = :v AND x.not = :v',
			'NOT NOT #n0 = :v AND #n1.#n2 = :v AND #n1[0] = :v AND #n2.#n1 = :v', qw(NOT not x) ],
		[ condition => 'not IN (:v) AND NOT in IN (in) AND not between :v and :w',
			'#n0 IN (:v) AND NOT #n1 IN (#n1) AND #n0 BETWEEN :v AND :w', qw(not in) ],
		[ condition => 'between BETWEEN :v AND :w', '#n0 BETWEEN :v AND :w', 'between' ],
		[ condition => 'NOT between = :v AND NOT between BETWEEN between AND and OR NOT between.in > :v',
			'NOT #n0 = :v AND NOT #n0 BETWEEN #n0 AND #n1 OR NOT #n0.#n2 > :v', qw(between and in) ],
		[ condition => 'not BETWEEN between AND in AND NOT between IN (:v)',
			'#n0 BETWEEN #n1 AND #n2 AND NOT #n1 IN (:v)', qw(not between in) ],
		[ condition => 'not BETWEEN in AND or', '#n0 BETWEEN #n1 AND #n2', qw(not in or) ],
		[ condition => 'and = :v AND or <> or OR or IN (and, or)', '#n0 = :v AND #n1 <> #n1 OR #n1 IN (#n0, #n1)', qw(and or) ],
		[ condition => 'size = :s AND size(size) > :v AND contains = contains', '#n0 = :s AND size(#n0) > :v AND #n1 = #n1', qw(size contains) ],
		[ update => 'SET set = :v, add = add + :w REMOVE remove', 'SET #n0 = :v, #n1 = #n1 + :w REMOVE #n2', qw(set add remove) ],
		[ update => 'ADD add :v DELETE delete :ss REMOVE remove, between SET set = if_not_exists',
			'ADD #n0 :v DELETE #n1 :ss REMOVE #n2, #n3 SET #n4 = #n5', qw(add delete remove between set if_not_exists) ],
		[ projection => 'set, not, in.size, and[0]', '#n0, #n1, #n2.#n3, #n4[0]', qw(set not in size and) ],

		# updates
		[ update => 'SET a = :v', 'SET #n0 = :v', 'a' ],
		[ update => 'set a.b[1] = c.d, e=:v remove f, g[2] add h :v,i :ns,j :ss,k :bs delete l :ss',
			'SET #n0.#n1[1] = #n2.#n3, #n4 = :v REMOVE #n5, #n6[2] ADD #n7 :v, #n8 :ns, #n9 :ss, #n10 :bs DELETE #n11 :ss', 'a' .. 'l' ],
		[ update => 'SET a = a+:v, b = :w-c, c=(a - :v), d = ((b) + (:v)), e = (((:v)))',
			'SET #n0 = #n0 + :v, #n1 = :w - #n2, #n2 = (#n0 - :v), #n3 = ((#n1) + (:v)), #n4 = (:v)', 'a' .. 'e' ],
		[ update => 'SET a = if_not_exists(a, :v) + :w, b = if_not_exists((c), if_not_exists(d, (:l))), e = list_append(if_not_exists(e, :l), :l)',
			'SET #n0 = if_not_exists(#n0, :v) + :w, #n1 = if_not_exists((#n2), if_not_exists(#n3, (:l))), #n4 = list_append(if_not_exists(#n4, :l), :l)',
			'a' .. 'e' ],
		[ update => 'REMOVE a.b, a.c, d[0], d[1]', 'REMOVE #n0.#n1, #n0.#n2, #n3[0], #n3[1]', 'a' .. 'd' ],

		# key conditions and projections
		[ key_condition => 'pk = :s', '#n0 = :s', 'pk' ],
		[ key_condition => '(pk = :s) and ((sk > :s))', '(#n0 = :s) AND (#n1 > :s)', qw(pk sk) ],
		[ key_condition => 'begins_with(sk, :s) AND :s = pk', 'begins_with(#n0, :s) AND :s = #n1', qw(sk pk) ],
		[ key_condition => 'pk = (:s) AND sk between :s and :s', '#n0 = (:s) AND #n1 BETWEEN :s AND :s', qw(pk sk) ],
		[ projection => 'a', '#n0', 'a' ],
		[ projection => 'a, b.c ,b."d e",f[0],f[1].g', '#n0, #n1.#n2, #n1.#n3, #n4[0], #n4[1].#n5', 'a', 'b', 'c', 'd e', 'f', 'g' ]);

	my @results = unit_calls(map { [ addb_unit_expression => argument(@$_[ 0, 1 ]) ] } @cases);
	for my $case (@cases)
	{
		my ($kind, $text, $sent, @names) = @$case;
		my $result = shift @results;
		my %values = map { +":$_" => $value{$_}[1] } $text =~ /:(\w+)/g;
		my %expected = ($member{$kind} => $sent,
			(@names ? (ExpressionAttributeNames => placeholders(@names)) : ()),
			(%values ? (ExpressionAttributeValues => \%values) : ()));
		is_deeply($result->{request} // $result, \%expected, "$kind: " . $text =~ s/\s+/ /gr);
		is($result->{request} && refusal($kind, $result->{request}), '', 'DynamoDB takes it');
	}
	return;
}

# The user's own placeholders, and several expressions in a request.
sub test_names
{
	my $result = compile(condition => '#a.b = :v AND a = :v AND #n0 = :v AND x = :v AND #z = :v AND y = :v',
		names => { '#a' => 'a', n0 => 'Q', '#z' => 'x', n2 => 'never' });
	is($result->{error}{message}, '"#n2" in argument "names" is used by no expression', 'an unused name');
	$result = compile(condition => '#a.b = :v AND a = :v AND #n0 = :v AND x = :v AND #z = :v AND y = #n2',
		names => { '#a' => 'a', n0 => 'Q', '#z' => 'x', n2 => 'n two' });
	is_deeply($result->{request}, {
			ConditionExpression => '#a.#n1 = :v AND #a = :v AND #n0 = :v AND #n3 = :v AND #n3 = :v AND #n4 = #n2',
			ExpressionAttributeNames => { '#a' => 'a', '#n1' => 'b', '#n0' => 'Q', '#n3' => 'x', '#n4' => 'y', '#n2' => 'n two' },
			ExpressionAttributeValues => { ':v' => { N => '1' } } },
		'placeholders of the user are kept, and none of ours is one of them');
	is(refusal(condition => $result->{request}), '', 'DynamoDB takes it');

	$result = unit_call(addb_unit_expression => {
			key_condition => 'pk = :p AND begins_with(sk, :s)', filter => 'size(data) > :n AND #d = :p',
			projection => 'pk, data.x', names => { d => 'data' }, values => { p => 'a', ':s' => 'b', n => 1.50 },
			placeholders => [ 'sk', 'data', 'new' ], projects => [ 'pk', 'data', 'sk' ] });
	is_deeply($result, {
			request => {
				FilterExpression => 'size(#n0) > :n AND #n0 = :p',
				KeyConditionExpression => '#n1 = :p AND begins_with(#n2, :s)', ProjectionExpression => '#n1, #n0.#n3',
				ExpressionAttributeNames => placeholders(qw(data pk sk x new)),
				ExpressionAttributeValues => { ':p' => { S => 'a' }, ':s' => { S => 'b' }, ':n' => { N => '1.5' } } },
			idempotent => JSON::PP::true, placeholders => [ '#n2', '#n0', '#n4' ],
			projects => [ JSON::PP::true, JSON::PP::false, JSON::PP::false ] },
		'several expressions share names and values');
	is_deeply(unit_call(addb_unit_expression => { values => {}, names => {} })->{request}, {}, 'no expression, no members');
	is_deeply(compile(update => 'REMOVE a', names => {})->{request}, { UpdateExpression => 'REMOVE #n0',
			ExpressionAttributeNames => { '#n0' => 'a' } }, 'empty objects are as none');
	return;
}

# The errors of a list of cases [kind, text, SQLSTATE, message, place, more];
# place is a number that the detail has to name as the character.
sub check_errors
{
	my @cases = @_;
	my @results = unit_calls(map { my ($kind, $text, undef, undef, undef, %more) = @$_;
			[ addb_unit_expression => argument($kind, $text, %more) ] } @cases);
	for my $case (@cases)
	{
		my ($kind, $text, $sqlstate, $message, $place) = @$case;
		my $error = (shift @results)->{error} // {};
		my $label = "$kind: " . (length $text > 60 ? substr($text, 0, 60) . '...' : $text);
		is("$error->{sqlstate} $error->{message}", "$sqlstate $message", $label);
		like($error->{detail}, qr/\bcharacter $place\b/, "at character $place") if defined $place;
	}
	return @results;
}

sub test_errors
{
	my $syntax = 'syntax error in argument "%s" at or near "%s"';
	my @syntax = (
		# kind, text, near, character
		[ update => 'SET a == :v', '==', 7 ],
		[ condition => 'a == :v', '==', 3 ], [ condition => 'a != :v', '!=', 3 ], [ condition => 'a =< :v', '=<', 3 ],
		[ condition => 'a = :v = :w', '=', 8 ], [ condition => 'a = 5', '5', 5 ], [ condition => 'a > 1.5', '1', 5 ],
		[ condition => "a = 'x'", "'", 5 ], [ condition => 'order-id = :v', '-', 6 ], [ condition => 'a + b = :v', '+', 3 ],
		[ condition => 'a = :v && b = :v', '&', 8 ], [ condition => 'a = :v b = :v', 'b', 8 ],
		[ condition => 'a = : v', ':', 5 ], [ condition => '# = :v', '#', 1 ], [ condition => 'a = :é', ':', 5 ],
		[ condition => '(a) AND b = :v', 'AND', 5 ], [ condition => 'a AND b = :v', 'AND', 3 ],
		[ condition => 'a = :v)', ')', 7 ], [ condition => '()', ')', 2 ], [ condition => 'a..b = :v', '.', 3 ],
		[ condition => 'a[x] = :v', 'x', 3 ], [ condition => 'a[-1] = :v', '-', 3 ], [ condition => 'a[0 = :v', '=', 5 ],
		[ condition => 'a[:v] = :v', ':v', 3 ], [ condition => 'a.:v = :v', ':v', 3 ], [ condition => 'a[] = :v', ']', 3 ],
		[ condition => 'a IN :v', ':v', 6 ], [ condition => 'a IN (:v', undef, 9 ], [ condition => 'a IN (:v b)', 'b', 10 ],
		[ condition => 'a BETWEEN :v', undef, 13 ], [ condition => 'a BETWEEN :v OR :w', 'OR', 14 ],
		[ condition => 'a BETWEEN :v, :w', ',', 13 ], [ condition => 'attribute_exists(pk', undef, 20 ],
		[ condition => 'contains(a b)', 'b', 12 ], [ condition => 'contains(a,)', ')', 12 ],
		[ condition => 'NOT', undef, 4 ], [ condition => 'a', undef, 2 ], [ condition => 'size(a)', undef, 8 ], [ condition => 'NOT a', undef, 6 ],
		[ condition => 'a = :v AND', undef, 11 ], [ condition => 'a = ', undef, 5 ], [ condition => 'attribute_exists(a) = :v', '=', 21 ],
		[ condition => '"a" "b" = :v', '"b"', 5 ], [ condition => 'a"b" = :v', '"b"', 2 ], [ condition => 'x = :v AND "abc = :v', '"abc = :v', 12 ],
		[ condition => '5 = :v', '5', 1 ], [ condition => 'a ; b', ';', 3 ], [ condition => 'a <<= :v', '<<=', 3 ],
		[ condition => 'a.b(:v)', '(', 4 ], [ condition => '"size"(a) = :v', '(', 7 ],
		[ update => 'PUT a = :v', 'PUT', 1 ], [ update => 'a = :v', 'a', 1 ], [ update => 'SET', undef, 4 ], [ update => 'SET REMOVE a', 'a', 12 ],
		[ update => 'REMOVE a,', undef, 10 ], [ update => 'REMOVE a b', 'b', 10 ], [ update => 'SET a = :v,', undef, 12 ],
		[ update => 'SET a = :v AND b = :v', 'AND', 12 ], [ update => 'SET (a) = :v', '(', 5 ], [ update => 'SET :v = a', ':v', 5 ],
		[ update => 'SET a = a + :v + :w', '+', 16 ], [ update => 'SET a = (a + :v) - :w', '-', 18 ], [ update => 'SET a = a + (b + :w)', '+', 16 ],
		[ update => 'SET a = -:v', '-', 9 ], [ update => 'SET a = if_not_exists(a, b + :v)', '+', 28 ],
		[ update => 'ADD a b', 'b', 7 ], [ update => 'ADD a = :v', '=', 7 ], [ update => 'ADD a (:v)', '(', 7 ], [ update => 'DELETE a', undef, 9 ],
		[ update => 'SET size(a) = :v', '(', 9 ], [ update => 'SET a.b = :v REMOVE size(a)', '(', 25 ],
		[ projection => 'a b', 'b', 3 ], [ projection => 'a,', undef, 3 ], [ projection => '(a)', '(', 1 ], [ projection => ':v', ':v', 1 ],
		[ projection => 'size(a)', '(', 5 ], [ projection => 'a,,b', ',', 3 ],
		[ key_condition => 'pk = :s OR sk = :s', 'OR', 9 ], [ key_condition => 'NOT pk = :s', 'NOT', 1 ],
		[ key_condition => 'pk <> :s', '<>', 4 ], [ key_condition => 'pk IN (:s)', 'IN', 4 ]);
	check_errors(map { my ($kind, $text, $near, $place) = @$_;
			[ $kind, $text, '42601', defined $near ? sprintf $syntax, $kind, $near : "syntax error in argument \"$kind\" at end of input", $place ] } @syntax);

	check_errors(
		[ condition => '', '22023', 'argument "condition" must not be empty' ],
		[ update => " \n\t", '22023', 'argument "update" must not be empty' ],
		[ condition => 'a = :nope', '22023', 'no value for ":nope" in argument "vals"', 5 ],
		[ condition => '#nope = :v', '22023', 'no name for "#nope" in argument "names"', 1 ],
		[ condition => '#n0 = :v AND a = :v', '22023', 'no name for "#n0" in argument "names"', 1 ],
		[ condition => 'a = :v', '22023', '":w" in argument "vals" is used by no expression', undef, values => { v => 1, w => 1 } ],
		[ condition => 'a = :v', '22023', '":w" in argument "vals" is used by no expression', undef, values => { ':v' => 1, ':w' => 1 } ],
		[ condition => 'a = :v', '22023', '":a b" in argument "vals" is used by no expression', undef, values => { v => 1, 'a b' => 1 } ],
		[ condition => 'a = :v', '22023', '":" in argument "vals" is used by no expression', undef, values => { v => 1, '' => 1 } ],
		[ condition => 'a = :v', '22023', '"#a" in argument "names" is used by no expression', undef, names => { a => 'a' } ],
		[ condition => 'a = :v', '22023', 'argument "vals" has both ":v" and "v"', undef, values => { ':v' => 1, v => 1 } ],
		[ condition => '#a = :v', '22023', 'argument "names" has both "#a" and "a"', undef, names => { '#a' => 'x', a => 'x' } ],
		[ condition => 'a = :v', '22023', 'argument "vals" must be a JSON object', undef, values => [1] ],
		[ condition => 'a = :v', '22023', 'argument "names" must be a JSON object', undef, names => 'a' ],
		[ condition => '#a = :v', '22023', '"#a" in argument "names" must be the name of an attribute', undef, names => { '#a' => 1 } ],
		[ condition => '#a = :v', '22023', '"a" in argument "names" must be the name of an attribute', undef, names => { a => '' } ],
		[ condition => '#a = :v', '22023', '"a" in argument "names" must be the name of an attribute', undef, names => { a => undef } ],
		[ condition => 'a.""= :v', '22023', 'empty attribute name in argument "condition"', 3 ],

		[ condition => 'not_there(pk)', '22023', 'unknown function "not_there" in argument "condition"', 1 ],
		[ condition => 'a = :v AND SIZE(a) > :v', '22023', 'unknown function "SIZE" in argument "condition"', 12 ],
		[ condition => 'a = not(b)', '22023', 'unknown function "not" in argument "condition"', 5 ],
		[ condition => 'if_not_exists(a, :v) = :v', '22023', 'function "if_not_exists" cannot be used in argument "condition"', 1 ],
		[ update => 'SET a = size(b)', '22023', 'function "size" cannot be used in argument "update"', 9 ],
		[ key_condition => 'pk = :s AND contains(sk, :s)', '22023', 'function "contains" cannot be used in argument "key_condition"', 13 ],
		[ condition => 'attribute_exists(pk, pk)', '22023', 'function "attribute_exists" in argument "condition" takes 1 operand, not 2', 1 ],
		[ condition => 'attribute_exists()', '22023', 'function "attribute_exists" in argument "condition" takes 1 operand, not 0', 1 ],
		[ condition => 'contains(a, b, c, d)', '22023', 'function "contains" in argument "condition" takes 2 operands, not 4', 1 ],
		[ update => 'SET a = list_append(b)', '22023', 'function "list_append" in argument "update" takes 2 operands, not 1', 9 ],
		[ condition => 'attribute_exists(:v)', '22023', 'first operand of function "attribute_exists" in argument "condition" must be a path', 18 ],
		[ update => 'SET a = if_not_exists(:v, a)', '22023', 'first operand of function "if_not_exists" in argument "update" must be a path', 23 ],
		[ condition => 'contains(a, attribute_exists(b))', '22023', 'function "attribute_exists" in argument "condition" cannot be an operand', 13 ],
		[ condition => 'begins_with(a, (:v))', '22023', '":v" is of a wrong type for begins_with in argument "condition"', 17 ],
		[ condition => 'begins_with(a, :z)', '22023', '":z" is of a wrong type for begins_with in argument "condition"', 16 ],
		[ condition => 'begins_with(a, :ss)', '22023', '":ss" is of a wrong type for begins_with in argument "condition"', 16 ],
		[ condition => 'begins_with(size(a), :s)', '22023', '"size" is of a wrong type for begins_with in argument "condition"', 13 ],
		[ condition => 'size(:f) > :v', '22023', '":f" is of a wrong type for size in argument "condition"', 6 ],
		[ condition => 'attribute_type(a, :s)', '22023', 'second operand of attribute_type in argument "condition" must be the name of a type', 19 ],
		[ condition => 'attribute_type(a, b)', '22023', 'second operand of attribute_type in argument "condition" must be the name of a type', 19 ],
		[ condition => 'attribute_type(a, :v)', '22023', '":v" is of a wrong type for attribute_type in argument "condition"', 19 ],
		[ key_condition => 'pk = :s AND begins_with(sk, :v)', '22023', '":v" is of a wrong type for begins_with in argument "key_condition"', 29 ],
		[ update => 'SET a = :s + b', '22023', '":s" is of a wrong type for + in argument "update"', 9 ],
		[ update => 'SET a = b - :s', '22023', '":s" is of a wrong type for - in argument "update"', 13 ],
		[ update => 'SET a = list_append(a, :v)', '22023', '":v" is of a wrong type for list_append in argument "update"', 24 ],
		[ update => 'ADD a :s', '22023', '":s" is of a wrong type for ADD in argument "update"', 7 ],
		[ update => 'DELETE a :v', '22023', '":v" is of a wrong type for DELETE in argument "update"', 10 ],
		[ condition => 'a IN ()', '22023', 'IN in argument "condition" has no operands', 3 ],

		[ update => 'SET a = :v SET b = :v', '22023', 'argument "update" has two clauses SET', 12 ],
		[ update => 'REMOVE a ADD b :v remove c', '22023', 'argument "update" has two clauses REMOVE', 19 ],
		[ update => 'SET a = :v, a.b = :v', '22023', 'paths a and a.b in argument "update" overlap', 13 ],
		[ update => 'SET a.b.c = :v, d = :v REMOVE a.b', '22023', 'paths a.b.c and a.b in argument "update" overlap', 31 ],
		[ update => 'SET x[1] = :v, b = :v, x[01] = :v', '22023', 'paths x[1] and x[01] in argument "update" overlap', 24 ],
		[ update => 'ADD a :v DELETE "a" :ss', '22023', 'paths a and "a" in argument "update" overlap', 17 ],
		[ update => 'SET a = :v, #x = :v', '22023', 'paths a and #x in argument "update" overlap', 13, names => { x => 'a' } ],
		[ update => 'SET a.b = :v, a[0] = :v', '22023', 'paths a.b and a[0] in argument "update" conflict', 15 ],
		[ update => 'SET z.a[1] = :v, z.a[0].x = :v, q = :v, z.a.b = :v', '22023', 'paths z.a[0].x and z.a.b in argument "update" conflict', 41 ],
		[ projection => 'm, m.a', '22023', 'paths m and m.a in argument "projection" overlap', 4 ],
		[ projection => 'a.b, c, a.b', '22023', 'paths a.b and a.b in argument "projection" overlap', 9 ]);

	is(compile(condition => 'SIZE(a) > :v')->{error}{hint}, 'DynamoDB writes it in small letters: size.', 'capital letters of a function');
	is(compile(condition => 'nope(a)')->{error}{detail},
		'At character 1, a function of this argument is expected: attribute_exists, attribute_not_exists, attribute_type, begins_with, contains and size.',
		'the functions of a condition');
	like(compile(update => 'SET a = nope(a)')->{error}{detail}, qr/: if_not_exists and list_append\.$/, 'those of an update');
	like(compile(key_condition => 'pk <> :s')->{error}{detail}, qr/BETWEEN and begins_with, joined by AND\.$/, 'what key conditions are');
	like(compile(condition => 'n = 5')->{error}{hint}, qr/^A number is given as :name/, 'a number');
	like(compile(condition => "n = 'x'")->{error}{hint}, qr/^A text is given as :name/, 'a text');
	like(compile(condition => 'a-b = :v')->{error}{hint}, qr/double quotes\.$/, 'a dash');
	is(compile(update => 'SET a = b - c - d')->{error}{hint}, '', 'not one that subtracts');
	is(compile(condition => 'a = :v AND "abc')->{error}{detail}, 'At character 12, a name begins whose closing quote is missing.', 'an open quote');
	is(compile(condition => 'begins_with(a, :v)')->{error}{detail}, 'It has type N, at character 16, and must have type S or B.', 'types');
	return;
}

# psql shows the text with a mark at the place, which counts characters.
sub test_positions
{
	my $session = session();
	$session->query(preamble('addb_unit_expression(jsonb) RETURNS json'));
	my @error = $session->query_error(q(SELECT pg_temp.addb_unit_expression('{"condition": "größe == :v"}')));
	is($error[1], 'syntax error in argument "condition" at or near "=="', 'an error in psql');
	is($error[2], 'At character 7, a comparison, BETWEEN or IN is expected.', 'counts characters, not bytes');
	like($session->stderr, qr/^LINE 1: größe == :v\n {14}\^$/m, 'the place is marked');
	@error = $session->query_error(q(SELECT pg_temp.addb_unit_expression('{"update": "SET a = :v,\n  b = :w", "values": {"v": 1}}')));
	like($session->stderr, qr/^LINE 2:   b = :w\n {14}\^$/m, 'in the second line, of a semantic error too');

	my $long = 'x' x 30 . 'é' x 5000;
	@error = $session->query_error("SELECT pg_temp.addb_unit_expression('{\"condition\": \"a = a $long\"}')");
	is($error[1], 'syntax error in argument "condition" at or near "' . substr($long, 0, 45) . '..."', 'long names are cut, at a character');
	return;
}

sub test_limits
{
	my $longest = join ', ', map { "a[$_]" } (1000 .. 1365), (10000 .. 10005);
	my $many = join ' AND ', ('a = :v') x 150;
	my @accepted = (
		[ projection => $longest ], [ condition => $many ],
		[ condition => 'a IN (' . join(',', (':v') x 100) . ')' ],
		[ condition => 'NOT ' x 299 . 'a = :v' ],
		[ condition => '(' x 300 . 'a' . ')' x 300 . ' = :v' ],
		[ condition => 'a' . '.b' x 31 . ' = :v' ], [ condition => 'a' . '[0]' x 31 . ' = :v' ],
		[ condition => 'a' . ' ' x 1_000_000 . '= :v' ],
		[ condition => '"' . 'é' x 32767 . 'x" = :v' ],
		[ condition => '#' . 'n' x 254 . ' = :v', names => { 'n' x 254 => 'a' } ]);
	my @results = unit_calls(map { my ($kind, $text, %more) = @$_;
			[ addb_unit_expression => argument($kind, $text, %more) ] } @accepted);
	for my $case (@accepted)
	{
		my ($kind, $text) = @$case;
		my $result = shift @results;
		is($result->{error} && $result->{error}{message}, undef, 'accepted: ' . substr $text, 0, 40);
		is($result->{request} && refusal($kind, $result->{request}), '', 'DynamoDB takes it');
	}
	is(length compile(projection => $longest)->{request}{ProjectionExpression}, 4096, 'the longest text');

	check_errors(
		[ projection => "$longest, b", '54000', 'argument "projection" is too long for DynamoDB' ],
		[ projection => $longest =~ s/1000/99999/r, '54000', 'argument "projection" is too long for DynamoDB' ],
		[ projection => join(',', map { "a$_" } 1 .. 100_000), '54000', 'argument "projection" is too long for DynamoDB' ],
		[ condition => "$many AND a = :v", '54000', 'argument "condition" has too many operators for DynamoDB' ],
		[ condition => 'NOT ' x 300 . 'a = :v', '54000', 'argument "condition" has too many operators for DynamoDB' ],
		[ condition => 'a IN (' . join(',', (':v') x 101) . ')', '54000', 'IN in argument "condition" has too many operands', 3 ],
		[ condition => '(' x 301 . 'a', '54000', 'argument "condition" is nested too deeply', 301 ],
		[ condition => '(' x 100_000, '54000', 'argument "condition" is nested too deeply', 301 ],
		[ condition => 'size(' x 100_000, '54000', 'argument "condition" is nested too deeply', 1501 ],
		[ update => 'SET a = ' . '(' x 100_000, '54000', 'argument "update" is nested too deeply', 309 ],
		[ condition => 'a' . '.b' x 32 . ' = :v', '54000', 'path in argument "condition" is too deep', 1 ],
		[ projection => 'a' . '[0]' x 100_000, '54000', 'path in argument "projection" is too deep', 1 ],
		[ condition => 'a[2147483647] = :v', '54000', 'list index in argument "condition" is too large', 3 ],
		[ condition => 'a[' . '9' x 1000 . '] = :v', '54000', 'list index in argument "condition" is too large', 3 ],
		[ condition => '"' . 'é' x 32768 . '" = :v', '54000', 'attribute name in argument "condition" is too long', 1 ],
		[ condition => '#a = :v', '54000', '"#a" in argument "names" is too long for an attribute name', undef, names => { '#a' => 'x' x 65536 } ],
		[ condition => '#' . 'n' x 255 . ' = :v', '54000', 'placeholder "#' . 'n' x 59 . '..." is too long', undef, names => { 'n' x 255 => 'a' } ],
		[ condition => 'a = :' . 'v' x 255, '54000', 'placeholder ":' . 'v' x 59 . '..." is too long', undef, values => { 'v' x 255 => 1 } ]);
	return;
}

sub test_idempotence
{
	my %case = (
		'SET a = :v' => 1, 'SET a = :v, b.c = (:w) REMOVE d, e.f' => 1, 'REMOVE a' => 1, 'DELETE a :ss' => 1,
		'SET a = if_not_exists(a, :v)' => 1, 'SET a.b = (if_not_exists((a.b), :v))' => 1,
		'SET a = if_not_exists(a, if_not_exists(a, :v))' => 1, 'SET a[1].b = :v REMOVE c[0].d' => 1,
		'SET a = b' => 0, 'SET a = (b)' => 0, 'SET a = a' => 0, 'SET a = a + :v' => 0, 'SET a = (:v - a)' => 0,
		'SET a = :v + :v' => 0, 'SET a = list_append(a, :l)' => 0, 'SET a = if_not_exists(b, :v)' => 0,
		'SET a = if_not_exists(a.b, :v)' => 0, 'SET a = if_not_exists(a, b)' => 0, 'SET a = if_not_exists(a, :v) + :w' => 0,
		'SET a = list_append(if_not_exists(a, :l), :l)' => 0, 'SET a[1] = :v' => 0, 'REMOVE a[0]' => 0, 'DELETE a[0] :ss' => 0,
		'SET a[0] = if_not_exists(a[0], :v)' => 0, 'ADD a :v' => 0, 'ADD a :ss' => 0, 'SET a = :v, b = c, d = :v' => 0,
		'SET a = :v REMOVE b ADD c :v' => 0);
	my @texts = sort keys %case;
	my @results = unit_calls(map { [ addb_unit_expression => argument(update => $_) ] } @texts);
	for my $text (@texts)
	{
		is((shift @results)->{idempotent}, $case{$text} ? JSON::PP::true : JSON::PP::false,
			"$text: " . ($case{$text} ? 'may be made twice' : 'may not'));
	}
	return;
}

sub test_projections
{
	my $result = compile(projection => 'a, b.c, d[0], "e.f", #g, é', names => { '#g' => 'G' },
		projects => [ 'a', 'b', 'd', 'e.f', 'G', 'g', '#g', 'é', 'c', 'e' ]);
	is(join('', map { $_ ? 1 : 0 } @{ $result->{projects} }), '1001100100', 'which attributes a projection has whole');
	$result = compile(update => 'SET a = :v', projects => ['a']);
	is_deeply($result->{projects}, [ JSON::PP::false ], 'an update projects nothing');
	return;
}

sub test_resolver
{
	my $result = compile(filter => 'name.first = :v AND #n = :v AND "last name" = :v', names => { n => 'name' },
		resolve => { name => 'n', first => 'f', 'last name' => 'n' }, placeholders => ['f']);
	is_deeply($result->{request}, { FilterExpression => '#n0.#n1 = :v AND #n = :v AND #n0 = :v',
			ExpressionAttributeNames => { '#n0' => 'n', '#n1' => 'f', '#n' => 'name' },
			ExpressionAttributeValues => { ':v' => { N => '1' } } }, 'names are translated, but for those of the user');
	is_deeply($result->{placeholders}, ['#n1'], 'placeholders are of the stored names');
	check_errors([ update => 'SET a.b = :v, a.c = :v', '22023', 'paths a.b and a.c in argument "update" overlap', 15,
			resolve => { a => 'x', b => 'y', c => 'y' } ],
		[ filter => 'a[0].b = :v', '42703', 'no attribute "b" at level 2', undef, resolve => { a => 'x' } ]);
	return;
}

sub test_reserved_words
{
	open my $file, '<', "$ENV{ADDB_ROOT}/test/vectors/reserved_words.txt" or die $!;
	my @words = map { split } grep { !/^#/ } <$file>;
	is(scalar @words, 573, 'as many reserved words as the Developer Guide counts');

	my $refused = grep { refusal(condition => { ConditionExpression => "$_ = :v",
				ExpressionAttributeValues => { ':v' => { N => '1' } } }) =~ /reserved keyword|Syntax error/ } @words;
	cmp_ok($refused, '>=', 560, "DynamoDB refuses $refused of them where they stand as they are");
	for my $spelled (\@words, [ map { lc } @words ], [ map { ucfirst lc } @words ])
	{
		my %wrong;
		my @left = @$spelled;
		while (my @some = splice @left, 0, 100)
		{
			my @few = grep { defined } @some[ 0 .. 30 ];
			my %text = (
				condition => join(' OR ', map { "$_ = :v" } @some),
				filter => join(' AND ', map { "NOT $_ < $_.$_" } @few) . " OR size($few[0]) IN (:v)",
				update => 'SET ' . join(', ', map { "$_ = x.$_" } @some) . ' REMOVE ' . join(', ', map { "y.$_" } @some),
				projection => join(', ', @some));
			for my $kind (sort keys %text)
			{
				my $result = compile($kind => $text{$kind});
				my $names = $result->{request}{ExpressionAttributeNames} // {};
				my %is_name = map { $_ => 1 } values %$names;
				my @missing = grep { !$is_name{$_} } $kind eq 'filter' ? @few : @some;
				my $why = $result->{error} ? $result->{error}{message} : @missing ? "@missing" : refusal($kind, $result->{request});
				$wrong{$kind} = $why if $why;
			}
		}
		is_deeply(\%wrong, {}, "as names, spelled like $spelled->[0], they make no difference");
	}
	return;
}

# AttributeValue to what SQL gives, for the simple types of badinputs.json.
sub plain
{
	my ($av) = @_;
	my ($type, $plain) = %$av;
	return $type eq 'S' ? $plain : $type eq 'N' ? 0 + $plain : { '$' . lc $type => [ map { 0 + $_ } @$plain ] };
}

# What of badinputs.json can be seen without the item and the table; of cases that
# are not known here, some may be.
sub test_bad_inputs
{
	my $vectors = vectors('badinputs.json');
	my %static = (
		'update-syntax' => '42601', 'update-empty-expression' => '22023', 'update-unknown-clause' => '42601',
		'update-two-set-clauses' => '22023', 'update-overlapping-paths' => '22023', 'condition-syntax' => '42601',
		'condition-unknown-function' => '22023', 'condition-wrong-arity' => '22023', 'condition-size-type' => '22023',
		'undefined-name-placeholder' => '22023', 'unused-value-placeholder' => '22023', 'unused-name-placeholder' => '22023',
		'values-without-expression' => '22023', 'put-values-without-expression' => '22023',
		'query-begins-with-number' => '22023', 'projection-overlap' => '22023');
	my %short = reverse %member;
	my $known = read_json('test/vectors/aws/badinputs.json');
	my %is_known = map { $_->{name} => 1 } @{ $known->{cases} };
	my %is_there = map { $_->{name} => 1 } @{ $vectors->{cases} };
	delete @static{ grep { !$is_there{$_} } keys %static };
	for my $case (grep { $_->{category} =~ /^(?:expression|query)$/ } @{ $vectors->{cases} })
	{
		my $body = $case->{body};
		my %argument = map { $short{$_} => $body->{$_} } grep { $short{$_} } keys %$body;
		$argument{names} = $body->{ExpressionAttributeNames} if $body->{ExpressionAttributeNames};
		my $values = $body->{ExpressionAttributeValues};
		$argument{values} = { map { $_ => plain($values->{$_}) } keys %$values } if $values;
		next unless %argument;
		my $error = unit_call(addb_unit_expression => \%argument)->{error} // {};
		if (!$is_known{ $case->{name} })
		{
			like($error->{sqlstate} // '', qr/^(?:|22023|42601|54000)$/, "badinputs.json: $case->{name}");
			next;
		}
		is($error->{sqlstate}, delete $static{ $case->{name} }, "badinputs.json: $case->{name}");
	}
	is_deeply(\%static, {}, 'all of them were seen');
	return;
}

sub pick
{
	return $_[ rand @_ ];
}

sub random_path
{
	my $path = pick(@names);
	$path .= rand() < 0.6 ? '.' . pick(@names) : '[' . int(rand 3) . ']' while rand() < 0.25;
	return $path;
}

sub random_operand
{
	my ($depth, @functions) = @_;
	my $way = rand;
	return random_path() if $way < 0.45 || $depth > 3;
	return pick(qw(:v :w :s :t :b :ss :l)) if $way < 0.8;
	return '(' . random_operand($depth + 1, @functions) . ')' if $way < 0.9;
	my $function = pick(@functions);
	return "$function(" . join(', ', map { random_operand($depth + 1, @functions) } 1 .. ($function eq 'size' ? 1 : 2)) . ')';
}

sub random_condition
{
	my ($depth) = @_;
	my $operand = sub { random_operand(1, 'size') };
	my $way = rand;
	return '(' . random_condition($depth + 1) . ')' if $depth < 4 && $way < 0.15;
	return 'NOT ' . random_condition($depth + 1) if $depth < 4 && $way < 0.25;
	return random_condition($depth + 1) . pick(' AND ', ' or ') . random_condition($depth + 1) if $depth < 4 && $way < 0.5;
	return $operand->() . pick(qw(= <>), ' < ', '<=', ' >', '>= ') . $operand->() if $way < 0.7;
	return $operand->() . ' BETWEEN ' . $operand->() . ' and ' . $operand->() if $way < 0.8;
	return $operand->() . ' IN (' . join(',', map { $operand->() } 0 .. rand 3) . ')' if $way < 0.9;
	my $function = pick(qw(attribute_exists attribute_not_exists attribute_type begins_with contains));
	return "$function(" . join(', ', map { $operand->() } 1 .. ($function =~ /exists/ ? 1 : 2)) . ')';
}

sub random_action
{
	my ($clause) = @_;
	my $path = random_path();
	return $path if $clause eq 'REMOVE';
	return "$path " . pick(qw(:v :s :ss)) if $clause ne 'SET';
	my $value = random_operand(1, qw(if_not_exists list_append));
	$value .= pick(' + ', '-') . random_operand(1, qw(if_not_exists list_append)) if rand() < 0.3;
	return "$path = " . (rand() < 0.2 ? "($value)" : $value);
}

sub random_update
{
	my %seen;
	return join ' ', map { my $clause = $_; "$clause " . join ', ', map { random_action($clause) } 0 .. rand 3 }
	  grep { !$seen{$_}++ || rand() < 0.1 } map { pick(qw(SET REMOVE ADD DELETE)) } 0 .. rand 4;
}

sub random_key_condition
{
	return join pick((' AND ') x 6, ' OR '), map { my $key = pick(qw(pk sk)); pick("$key = :s", "$key > :s", ":s <= $key",
			"begins_with($key, :s)", "$key BETWEEN :s AND :s", "($key = :s)", "(($key = :s))", "contains($key,:s)", "$key <> :s") } 0 .. rand 2;
}

sub random_text
{
	my $kind = pick(sort keys %random);
	return ($kind, $random{$kind}->());
}

# A token left out, put in or changed.
sub mutated
{
	my ($text) = @_;
	my @tokens = $text =~ /:?\w+|\s+|./gs;
	for (1 .. 1 + rand 2)
	{
		my $at = int rand @tokens;
		splice @tokens, $at, int rand 2, rand() < 0.4 ? () :
		  pick(qw(( ) = <> < + - . [ 0 ] NOT AND or BETWEEN in SET remove size contains a b :v :l @ == 5), ',', ' ', "'");
		@tokens = ('a') unless @tokens;
	}
	return join '', @tokens;
}

# Whatever is compiled, DynamoDB takes, and what is refused, it refuses.
sub test_random
{
	srand 20261127;
	@names = qw(a b c d x1 Ab_c);
	my @cases = map { my ($kind, $text) = random_text(); [ $kind, rand() < 0.5 ? mutated($text) : $text ] } 1 .. 1500;
	my @results = unit_calls(map { [ addb_unit_expression => argument(@$_) ] } @cases);
	my ($accepted, @wrong) = (0);
	for my $case (@cases)
	{
		my ($kind, $text) = @$case;
		my $result = shift @results;
		if ($result->{request})
		{
			$accepted++;
			my $refusal = refusal($kind, $result->{request});
			push @wrong, "$kind: $text: accepted, but DynamoDB says: $refusal" if $refusal;
			next;
		}
		my %values = map { +":$_" => $value{$_}[1] } grep { $value{$_} } $text =~ /:(\w+)/g;
		my ($operation, $rest) = @{ $request{$kind} };
		my ($status, $body) = ddb_try($operation, { TableName => $table, %$rest, $member{$kind} => $text,
				(%values ? (ExpressionAttributeValues => \%values) : ()) });
		push @wrong, "$kind: $text: $result->{error}{message}, but DynamoDB takes it"
		  if $status == 200 || $body->{__type} =~ /ConditionalCheckFailed/;
	}
	cmp_ok($accepted, '>', 400, "$accepted of 1500 random expressions are accepted");
	cmp_ok($accepted, '<', 1100, 'many are not');
	is(join("\n", @wrong[ 0 .. ($#wrong < 9 ? $#wrong : 9) ]), '', 'DynamoDB is of the same mind about each');
	return;
}

# Quotes around a name make no difference, whatever it is.
sub test_names_like_keywords
{
	srand 20261128;
	@names = map { "\@$_\@" } qw(not and or in between NOT AND IN BETWEEN set add remove delete SET ADD size contains if_not_exists);
	my @cases = map { [ random_text() ] } 1 .. 2500;
	my @bare = map { [ addb_unit_expression => argument($_->[0], $_->[1] =~ tr/@//dr) ] } @cases;
	my @quoted = map { [ addb_unit_expression => argument($_->[0], $_->[1] =~ tr/@/"/r) ] } @cases;
	my @results = unit_calls(@bare, @quoted);
	my ($same, @wrong) = (0);
	for my $i (0 .. $#cases)
	{
		my ($bare, $quoted) = @results[ $i, $i + @cases ];
		next unless $quoted->{request};
		$same++;
		push @wrong, "$cases[$i][1]: " . to_json($bare) if to_json($bare) ne to_json($quoted);
	}
	cmp_ok($same, '>', 1000, "$same random expressions whose names are keywords");
	is(join("\n", @wrong[ 0 .. ($#wrong < 9 ? $#wrong : 9) ]), '', 'mean the same with their names in quotes');
	return;
}

# Tokens in any order, and bytes.
sub test_soup
{
	srand 20261129;
	no warnings 'qw';
	my @tokens = (qw{a b _x 2fa 7 :v :w :no #n #no " "" "q" "a""b" = <> < <= > >= == != ! + - . [ ] ( ) 0 12 AND and OR NOT not IN in BETWEEN between
		SET set REMOVE ADD DELETE attribute_exists( attribute_type( begins_with( contains( size( if_not_exists( list_append( size SIZE nope( : @ % \\ / & | ; é 日 $},
		',', '#', "'", ' ', "\n", "\t", "\x01", "\x{1F600}", 'a = :v', 'SET a = :v', '(a', 'a.b[3]');
	my @kinds = sort keys %member;
	my @soup = map { my $glue = pick('', ' ', ' '); join $glue, map { pick(@tokens) } 0 .. rand 12 } 1 .. 20_000;
	my $session = session(timeout => 180);
	$session->query(preamble('addb_unit_expression(jsonb) RETURNS json') . <<'SQL');
CREATE FUNCTION pg_temp.outcome(argument jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN pg_temp.addb_unit_expression(argument) -> 'request';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE TABLE pg_temp.soup (kind text, text text);
SQL
	$session->query('INSERT INTO pg_temp.soup VALUES ' . join ',', map { '(' . literal(pick(@kinds)) . ',' . literal($_) . ')' } @soup);
	$session->query(<<'SQL');
CREATE TABLE pg_temp.outcome AS SELECT kind, pg_temp.outcome(jsonb_build_object(kind, text,
	'names', CASE WHEN text ~ '#n\M' THEN jsonb '{"n": "N"}' END,
	'values', (SELECT jsonb_object_agg(v, 1) FROM unnest('{v,w}'::text[]) AS v WHERE text ~ (':' || v || '\M')))) AS outcome
FROM pg_temp.soup
SQL
	is($session->query("SELECT string_agg(DISTINCT outcome, ' ' ORDER BY outcome) FROM pg_temp.outcome WHERE outcome NOT LIKE '{%'"), '22023 42601',
		'of 20,000 strings of random tokens, those that are wrong raise');
	my @accepted = map { [ split /\|/, $_, 2 ] } split /\n/,
	  $session->query("SELECT kind, outcome FROM pg_temp.outcome WHERE outcome LIKE '{%'");
	cmp_ok(scalar @accepted, '>', 100, scalar(@accepted) . ' are right by chance');
	my @wrong;
	for my $case (@accepted)
	{
		my ($kind, $outcome) = @$case;
		utf8::encode($outcome);
		my $refusal = refusal($kind, from_json($outcome));
		push @wrong, "$outcome: $refusal" if $refusal;
	}
	is(join("\n", @wrong), '', 'and DynamoDB takes each');
	return;
}

sub test_encodings
{
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	local $ENV{PGDATABASE} = $ENV{PGDATABASE};
	make_database(bare => 1, with => "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	my $session = session();
	$session->query(preamble('addb_unit_expression(jsonb) RETURNS json'));
	is($session->query(q(SELECT pg_temp.addb_unit_expression('{"condition": "clé = :v AND \"é è\".ñ = #x", "values": {"v": "à"}, "names": {"x": "ü"}}') -> 'request')),
		'{"ConditionExpression":"#n0 = :v AND #n1.#n2 = #x","ExpressionAttributeNames":{"#n0":"clé","#n1":"é è","#n2":"ñ","#x":"ü"},"ExpressionAttributeValues":{":v":{"S":"à"}}}',
		'a database in LATIN1: names and values become UTF-8');
	is(($session->query_error(q(SELECT pg_temp.addb_unit_expression('{"condition": "clé == é"}'))))[2],
		'At character 5, a comparison, BETWEEN or IN is expected.', 'and characters are its own');
	return;
}
