# The short form of test/torture: what sessions are told is true, although
# requests fail at random and backends are cancelled, terminated and killed.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use File::Path ();
use File::Temp ();
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

# Runs it and returns whether all was well; one that takes too long is told to end,
# which it does with the logs kept.
sub torture
{
	my ($seconds, @options) = @_;
	local $ENV{ADDB_SERVER_LOG} = $cluster->{log};
	my $output = File::Temp->new;
	my $run = IPC::Run::start([ 'python3', "$ENV{ADDB_ROOT}/test/lib/torture/torture.py", @options ],
		'<', \undef, '>&', $output->filename, IPC::Run::timeout($seconds));
	my $ended = eval { $run->finish; 1 };
	$run->kill_kill(grace => 20) unless $ended;
	$report = do { local $/; <$output> } // '';
	return $ended && $run->result(0) == 0;
}

my $done = $cluster->inside(sub {
	my $true = torture(280, qw(--seconds 20 --kills 1 --least 1));
	$counted = sql('SELECT (SELECT scope FROM ddb_stat_info()), sum(calls) > 100 FROM ddb_stat');
	return $true;
});
ok($done, 'what was reported is what is stored') or diag($report);
like($report, qr/^seed \d+$/m, 'the seed is told');
like($report, qr/^\d{3,} operations in .* [1-9]\d* times a backend was cancelled, .* 1 times killed/m, 'much was done and disturbed')
  or diag($report);
is($counted, 'cluster|t', 'and was counted, for the whole cluster');

# One that cannot succeed, since it wants more successes than there is time for.
$cluster->inside(sub { torture(120, qw(--seconds 2 --kills 0 --seed 7 --least 1000000)) });
my ($kept) = $report =~ /^seed 7; the logs are in (\S+)$/m;
ok(defined $kept && index("$kept/", "$ENV{ADDB_RUN}/") < 0, 'a failed run names a place for its logs that is left')
  or diag($report);
if (defined $kept)
{
	ok(-s "$kept/requests.json" && -s "$kept/postgres.log", 'where they are');
	File::Path::remove_tree($kept);
}

done_testing();
