# What is asked of DynamoDB, as far as the emulator answers alike either way.
#
# Runs alone: it measures how long readers wait.

use strict;
use warnings;

use AddbTest;
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my $server = fault_server(upstream => 1);
my $session = session(set => {
	'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.table' => $table });

# The bodies that a statement sends.
sub bodies
{
	my ($statement) = @_;
	$server->reset;
	$session->query($statement);
	return map { from_json($_->{body}) } $server->log;
}

sub is_consistent
{
	my ($statement, $expected, $name) = @_;
	my ($body) = bodies($statement);
	my ($keys) = $body->{RequestItems} ? values %{ $body->{RequestItems} } : $body;
	is($keys->{ConsistentRead} ? 1 : 0, $expected, $name);
	return;
}

my $KEYS = q('[{"pk": "a", "sk": "b"}]'::jsonb);
for my $default (0, 1)
{
	$session->query('SET atomic_dynamodb.consistent_read = ' . ($default ? 'on' : 'off'));
	for my $call ([ 'ddb_get', q(ddb_get('a', 'b'%s)) ], [ 'ddb_get_many', "ddb_get_many($KEYS%s)" ],
		[ 'ddb_query', q(ddb_query('a'%s)) ])
	{
		my ($name, $form) = @$call;
		is_consistent(sprintf("SELECT * FROM $form", ''), $default, "$name: the setting decides ($default)");
		is_consistent(sprintf("SELECT * FROM $form", ', consistent => true'), 1, "$name: consistent => true ($default)");
		is_consistent(sprintf("SELECT * FROM $form", ', consistent => false'), 0, "$name: consistent => false ($default)");
		is_consistent(sprintf("SELECT * FROM $form", ', consistent => NULL'), $default, "$name: NULL is the default ($default)");
	}
	is_consistent(q(SELECT ddb_get_lock('a', 'lock')), 1, "ddb_get_lock: always ($default)");
}

my ($get) = bodies(q(SELECT ddb_get('a', 'b', consistent => false)));
is_deeply($get, { TableName => $table, ReturnConsumedCapacity => 'TOTAL', Key => { pk => { S => 'a' }, sk => { S => 'b' } } }, 'ddb_get asks for its item and its cost');

# A reader who takes longer over half a page than a request may take.
$session->query("SELECT ddb_set((SELECT jsonb_agg(jsonb_build_object('pk', 'slow', 'sk', to_char(i, 'fm0000'),
	'data', repeat('x', 1000))) FROM generate_series(1, 2500) AS i))");
$server->reset;
is($session->query(<<'SQL'), '2500', 'a slow reader reads all');
SET atomic_dynamodb.request_timeout = '400ms';
SET atomic_dynamodb.max_attempts = 1;
SELECT count(*) FROM (SELECT sk, CASE WHEN sk IN ('0300', '0700', '1300', '1700') THEN pg_sleep(0.6) END
	FROM ddb_query('slow') OFFSET 0) AS s;
SQL
is($server->count('Query'), 3, 'and pays for each page once');
$session->query('RESET atomic_dynamodb.request_timeout; RESET atomic_dynamodb.max_attempts');

# A write that is given up says that it may have been made.
$server->reset;
$server->script({ hang => 1 });
$session->query('SET statement_timeout = 300');
$session->query('\set SHOW_CONTEXT errors');
$session->send(q(SELECT ddb_set('a', 'b', '1')));
$session->finish;
like($session->stderr, qr/57014.*CONTEXT:  item \{"pk":\{"S":"a"\},"sk":\{"S":"b"\},[^\n]*\n\s*DynamoDB PutItem on table "\Q$table\E": sent, and may have been carried out/s,
	'a cancelled write');
$server->reset;
$server->script({ hang => 1 });
$session->send(q(SELECT ddb_get('a', 'b')));
$session->finish;
unlike($session->stderr, qr/carried out/, 'not so a cancelled read');

done_testing();
