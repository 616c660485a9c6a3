# Nothing lost, nothing changed: what Node's SDK has written is read by SQL, kept
# in a Postgres table, written back, and found identical by Node's SDK.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Unit qw(vectors);
use IPC::Run ();
use Test::More;

use constant { ITEMS => $ENV{ADDB_ROUNDTRIP_ITEMS} // 100_000, SEED => 20261122 };

need_endpoint();
plan(skip_all => 'no node') if !grep { -x "$_/node" } split /:/, $ENV{PATH};
plan(skip_all => 'the npm packages are not installed')
  if !-d "$ENV{ADDB_ROOT}/test/node_modules/\@aws-sdk/client-dynamodb";
make_database();

my ($source, $copy) = map { make_numbered_table() } 1 .. 2;

test_vectors();
test_single_items();
test_random_items();
done_testing();

# A table with the sort key a number, which the seed's layout does not have.
sub make_numbered_table
{
	my $name = unique_name();
	ddb_raw('CreateTable', {
		TableName => $name,
		BillingMode => 'PAY_PER_REQUEST',
		KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' }, { AttributeName => 'sk', KeyType => 'RANGE' } ],
		AttributeDefinitions => [
			{ AttributeName => 'pk', AttributeType => 'S' }, { AttributeName => 'sk', AttributeType => 'N' } ],
	});
	return $name;
}

# Runs one command of test/js/items.mjs; returns what it answers.
sub node
{
	my ($input, @arguments) = @_;

	my ($out, $err) = ('', '');
	IPC::Run::run([ 'node', "$ENV{ADDB_ROOT}/test/js/items.mjs", endpoint(), @arguments ],
		'<', \$input, '>', \$out, '2>', \$err, IPC::Run::timeout(400))
	  or die "items.mjs @arguments: $err";
	return from_json($out);
}

sub is_identical
{
	my ($n, $what) = @_;

	my $answer = node('', 'compare', $source, $copy);
	is_deeply($answer, { left => $n, right => $n, different => 0, first => [] }, $what);
	return;
}

# Every value of the vectors that DynamoDB takes, as an attribute of an item.
sub test_vectors
{
	my $vectors = vectors('attributevalue.json') or return;
	my @values = ((map { $_->{av} } @{ $vectors->{json_cases} // [] }),
		map { typed_value($_) } @{ $vectors->{typed_cases} // [] });
	my @items = map { { pk => { S => 'vector' }, sk => { N => "$_" }, v => $values[$_] } } 0 .. $#values;
	my $results = node(to_json(\@items), 'write', $source);
	my $written = grep { $_ eq 'written' } @$results;
	cmp_ok($written, '>=', @items / 2, "the SDK has written $written of " . @items . ' vectors');

	# one by one: an error names its vector
	my @sorts = grep { $results->[$_] eq 'written' } 0 .. $#$results;
	is(sql("SELECT count(ddb_put_item('$copy', ddb_get_item('$source', jsonb_build_object('pk', 'vector', 'sk', n)),
			return_values => 'all_old')) FROM unnest('{" . join(',', @sorts) . "}'::int[]) AS n"), 0,
		'each is read and written back');
	is_identical($written, 'the vectors are the same');
	return;
}

# Vectors that are well-formed for the SDK; others cannot be written by it.
sub typed_value
{
	my ($case) = @_;

	my $value = eval { from_json(from_utf8_text($case->{av_text})) };
	return unless ref $value eq 'HASH' && keys %$value == 1;
	my ($type, $content) = %$value;
	return unless $case->{local} eq 'same' || $case->{local}{got};
	return if $type =~ /^(?:S|N|B)$/ && ref \$content ne 'SCALAR';
	return if $case->{av_text} =~ /"(?:S|N)":[0-9t]|"(?:BOOL|NULL)":(?:"|[0-9])|"SS":\[1/;
	return $value;
}

sub from_utf8_text
{
	my ($text) = @_;
	utf8::encode($text);
	return $text;
}

# All operations on items, one value of each type through each.
sub test_single_items
{
	my $values = q({"s": "text", "n": -1.5e-20, "b": {"$b": "AP8="}, "t": true, "z": null, "l": [1, "a", {"$ss": ["x"]}],
		"m": {"$m": {"$s": 1}}, "ns": {"$ns": [1, 2.5]}, "bs": {"$bs": ["", "AA=="]}, "u": {"$s": "a\\\\u0000b"}});
	my $answer = sql(<<"SQL");
CREATE FUNCTION through(key jsonb, value jsonb) RETURNS boolean LANGUAGE plpgsql AS \$\$
DECLARE
	item jsonb := key || jsonb_build_object('v', value);
	new jsonb;
BEGIN
	PERFORM ddb_put_item('$source', item);
	new := ddb_update_item('$copy', key, 'SET v = :v', jsonb_build_object('v', value), return_values => 'all_new');
	RETURN new = item AND ddb_get_item('$source', key, consistent => true) = item
		AND ddb_get_item('$source', key, 'v') -> 'v' = value;
END
\$\$;
SELECT count(*), bool_and(through(jsonb_build_object('pk', 'single', 'sk', n), value))
FROM jsonb_each('$values') WITH ORDINALITY AS v(name, value, n);
SQL
	is($answer, '10|t', 'put, update and get agree');
	is_identical(count_items($source), 'the tables too');
	return;
}

sub count_items
{
	my ($table) = @_;
	return sql("SELECT ddb_count('$table')");
}

sub test_random_items
{
	my $before = count_items($source);
	is(node('', 'random', $source, ITEMS, SEED)->{written}, ITEMS, 'the SDK has written ' . ITEMS . ' random items');
	sql(<<"SQL", timeout => 400);
CREATE UNLOGGED TABLE kept AS SELECT item FROM ddb_scan('$source', segments => 4) AS item;
SQL
	is(sql('SELECT count(*) FROM kept'), $before + ITEMS, 'all are in a Postgres table');
	is(sql("SELECT ddb_put_agg('$copy', item) FROM kept", timeout => 400), $before + ITEMS, 'and written back');
	is_identical($before + ITEMS, 'all are identical');

	# by key, in random order, a tenth of them
	is(sql("WITH wanted AS (SELECT item FROM kept ORDER BY md5(item ->> 'sk') LIMIT " . int(ITEMS / 10) . ")
		SELECT count(*) FROM ddb_batch_get('$copy', (SELECT jsonb_agg(jsonb_build_object('pk', item -> 'pk', 'sk', item -> 'sk'))
			FROM wanted)) AS got JOIN kept ON kept.item = got", timeout => 400), int(ITEMS / 10), 'a tenth of them, by key');
	return;
}
