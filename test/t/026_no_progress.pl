# Batches of which DynamoDB takes nothing for two minutes: writes, writes after a
# lost attempt, reads. It waits more than it works, and so stands early among the
# files that run at once.

use strict;
use warnings;

use AddbTest;
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my $items = q('[{"pk": "a", "sk": "1", "data": 1}, {"pk": "a", "sk": "2", "data": 1}]'::jsonb);
my $HINT = 'Write more slowly, or raise the capacity of the table.';

# name, steps, query, expected error, what the context tells
my @cases = (
	[ 'writes', [ { unprocessed => 2, repeat => -1 } ], "SELECT ddb_set($items)",
		[ '53000', 'DynamoDB left 2 requests of a batch unprocessed', $HINT ], qr/2 items given so far: 0 written, 2 not written, 0 of unknown outcome/ ],
	[ 'writes, the first answer lost', [ { apply_then_reset => 1 }, { unprocessed => 2, repeat => -1 } ], "SELECT ddb_set($items)",
		[ '08007', 'outcome of DynamoDB BatchWriteItem is unknown', 'The write may or may not have been applied: repeat it, or look at what is '
			  . 'stored. Made twice it leads to the same end, unless somebody else has written meanwhile.' ],
		qr/2 items given so far: 0 written, 0 not written, 2 of unknown outcome/ ],
	[ 'reads', [ { unprocessed => 2, repeat => -1 } ], q(SELECT count(*) FROM ddb_get_many('[{"pk": "a", "sk": "1"}, {"pk": "a", "sk": "2"}]'::jsonb)),
		[ '53000', 'DynamoDB left keys of a batch unprocessed', "Read more slowly, or raise the capacity of the table \"$table\"." ], qr// ]);

for my $case (@cases)
{
	my ($name, $steps, $query) = @$case;
	my $server = fault_server(upstream => 1);
	my $session = session(set => $server->settings('atomic_dynamodb.table' => $table), timeout => 500);
	$server->script(@$steps);
	$session->query('\set SHOW_CONTEXT always');
	$session->send($query);
	push @$case, $server, $session;
}
for my $case (@cases)
{
	my ($name, undef, undef, $expected, $context, $server, $session) = @$case;
	$session->finish(500);
	is_deeply([ ($session->error)[ 0, 1, 3 ] ], $expected, $name) or diag($session->stderr);
	like(($session->error)[2], qr/^It (?:took|returned) none of .* in 20 rounds \(request id \w+\)\.$/, "$name: after 20 rounds, with the last request");
	like($session->stderr, $context, "$name: what became of the items");
	cmp_ok($server->count, '>=', 20, "$name: requests");
	$server->reset;
	is($session->query('SELECT 1'), 1, "$name: the session goes on");
}

done_testing();
