# The short form of test/soak: 20,000 calls in two backends, of which a quarter
# fail or are cancelled, leave memory, descriptors and sockets as they were.

use strict;
use warnings;

use AddbTest;
use File::Temp ();
use IO::Socket::INET;
use IPC::Run ();
use Test::More;

plan(skip_all => 'no /proc') unless -r '/proc/self/status';
plan(skip_all => 'a sanitizer keeps memory that was freed') if $ENV{ADDB_SANITIZED};

# The shared cluster's endpoint is DynamoDB Local; a database's own is enough.
my $directory = File::Temp->newdir;
my $stub = "$directory/stub_server";
is(system($ENV{CC} // 'cc', '-O2', '-o', $stub, glob("$ENV{ADDB_ROOT}/test/bench/stub_*.c"), '-lz'), 0,
	'the canned server compiles')
  or die 'no canned server';

my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport;
my $server = IPC::Run::start([ qw(setpriv --pdeathsig TERM --), $stub, '--port', $port, '--pages', 4, '--page-bytes', 4096 ],
	'<', \undef, '>', \my $out, '2>', \my $err);

my $database = make_database();
sql("ALTER DATABASE $database SET atomic_dynamodb.endpoint_url = 'http://127.0.0.1:$port'");
sql(do { open my $file, '<', "$ENV{ADDB_ROOT}/test/lib/soak.sql" or die $!; local $/; <$file> });

my $report = '';
my $done = IPC::Run::run([ 'python3', "$ENV{ADDB_ROOT}/test/lib/soak.py", qw(--calls 20000 --backends 2) ],
	'<', \undef, '>&', \$report, IPC::Run::timeout(300));
ok($done, 'the backends have not grown') or diag($report);
my @measured = $report =~ /^ok: backend/mg;
is(scalar @measured, 8, 'four figures of two backends');
like($report, qr/^20000 calls, \d{4} of them failed and 500 were cancelled/m, 'some calls failed')
  or diag($report);

$server->kill_kill(grace => 1);
done_testing();
