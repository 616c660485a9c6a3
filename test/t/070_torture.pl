# The short form of test/torture: what sessions are told is true, although
# requests fail at random and backends are cancelled, terminated and killed.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use IPC::Run ();
use Test::More;

need_endpoint();

# A killed backend takes the others with it, so they are of a cluster of its own.
# The library is preloaded: the statistics are in shared memory, whose lock is to
# survive the kills.
my $cluster = AddbTest::Cluster->new(
	conf => {
		restart_after_crash => 'on',
		shared_preload_libraries => 'atomic_dynamodb',
		synchronous_commit => 'off',
		'atomic_dynamodb.endpoint_url' => endpoint(),
		'atomic_dynamodb.region' => 'us-west-2',
		'atomic_dynamodb.access_key_id' => 'local',
		'atomic_dynamodb.secret_access_key' => 'local',
	});

my $report = '';
my $counted;
my $done = $cluster->inside(sub {
	local $ENV{ADDB_SERVER_LOG} = $cluster->{log};
	my $true = IPC::Run::run([ 'python3', "$ENV{ADDB_ROOT}/test/lib/torture/torture.py",
			qw(--seconds 20 --kills 1 --least 1) ],
		'<', \undef, '>&', \$report, IPC::Run::timeout(280));
	$counted = sql('SELECT (SELECT scope FROM ddb_stat_info()), sum(calls) > 100 FROM ddb_stat');
	return $true;
});
ok($done, 'what was reported is what is stored') or diag($report);
like($report, qr/^seed \d+$/m, 'the seed is told');
like($report, qr/^\d{3,} operations in .* [1-9]\d* times a backend was cancelled, .* 1 times killed/m, 'much was done and disturbed')
  or diag($report);
is($counted, 'cluster|t', 'and was counted, for the whole cluster');

done_testing();
