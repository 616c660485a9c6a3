# The README's chapters on items of any table and its ETL recipes, run as they
# are written, the recipes on 200,000 items.

use strict;
use warnings;
use utf8;

use AddbTest;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
make_database();

# tables that the README creates
my @tables = qw(orders electro measurements typed);
my $session = session(timeout => 300);

test_items();
test_entities();
test_recipes();
done_testing();

END { delete_tables() if endpoint() }

sub delete_tables
{
	eval { ddb_try('DeleteTable', { TableName => $_ }) } for @tables;
	return;
}

# The SQL examples of a chapter, each with the heading that it stands under.
sub examples
{
	my ($chapter) = @_;

	open my $file, '<:encoding(UTF-8)', "$ENV{ADDB_ROOT}/README.md" or die $!;
	local $/;
	my ($text) = <$file> =~ /^## \Q$chapter\E\n(.*?)^## /ms or die "the README has no chapter $chapter";
	my @examples;
	my $heading = $chapter;
	while ($text =~ /^(?:### ([^\n]*)|```sql\n(.*?)^```)$/msg)
	{
		if (defined $1) { $heading = $1 }
		else { push @examples, [ $heading, $2 ] }
	}
	return @examples;
}

sub run_examples
{
	my ($chapter, $least) = @_;

	my @examples = examples($chapter);
	cmp_ok(scalar @examples, '>=', $least, "the chapter $chapter has " . @examples . ' examples');
	for my $example (@examples)
	{
		my ($heading, $sql) = @$example;
		my @error = $session->query_error($sql, 300);
		is("@error", '', "$heading: runs") or diag($sql);
	}
	return;
}

sub test_items
{
	delete_tables();
	run_examples('Items of any table', 11);
	is($session->query("SELECT ddb_count('orders')"), 13, 'what the examples leave in the table');
	return;
}

sub test_entities
{
	run_examples('Entities: tables shared with ElectroDB', 5);
	is($session->query(q(SELECT ddb_entity_get('agent', '{"id": "7", "designation": "00"}') ->> 'kills')), 2, 'the token counts once');
	is($session->query("SELECT count(*) FROM ddb_scan('electro') AS i WHERE i ->> 'id' = '8'"), 0, 'the second agent has left nothing behind');
	return;
}

sub test_recipes
{
	run_examples('ETL recipes', 7);
	is($session->query("SELECT ddb_count('measurements', segments => 4)"), 200_000, 'all rows are items');
	is($session->query("SELECT count(*), count(i -> 'tags'), bool_and(jsonb_typeof(i -> 'at') = 'number') FROM ddb_scan('typed') AS i"), '1000|858|t',
		'rows of other types, without nulls');
	is($session->query('SELECT count(*), count(DISTINCT item) FROM raw'), '200000|200000', 'all items are rows');
	is($session->query('SELECT count(*) FROM raw AS r JOIN measurements AS m ON r.item = to_jsonb(m)'), 200_000,
		'and the same');
	is($session->query('SELECT count(*) FROM copied JOIN measurements USING (id, device, at, value)'), 200_000,
		'as columns too');
	is($session->query("SELECT done, pages > 3, (SELECT count(DISTINCT item) FROM pulled) = (SELECT count(*) FROM pulled),
		(SELECT count(*) FROM pulled) FROM pull_job"), 't|t|t|200000', 'the resumed copy has each item once');
	is($session->query('SELECT last_id FROM push_job'), 200_000, 'the resumed load came to the end');
	return;
}
