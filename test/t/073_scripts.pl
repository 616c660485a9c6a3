# The scripts of longer tests: each shows its help, and refuses an option or a test
# that it does not have before it builds anything.

use strict;
use warnings;

use IPC::Run ();
use Test::More;

# What a script prints, and its status.
sub run_script
{
	my (@command) = @_;
	my $output = '';

	# as from a shell of the user's, not from within a run
	my %ours = map { $_ => $ENV{$_} } grep { !/^ADDB_/ } keys %ENV;
	local %ENV = %ours;
	my $run = IPC::Run::start([ "$main::root/test/" . shift @command, @command ], '<', \undef, '>&', \$output, IPC::Run::timeout(60));
	eval { $run->finish; 1 } or do { $run->kill_kill; return ($output, 'takes too long') };
	return ($output, $run->result(0));
}

our $root = $ENV{ADDB_ROOT};
for my $script (qw(torture soak sanitize valgrind versions))
{
	my ($output, $status) = run_script($script, '--help');
	is($status, 0, "$script --help");
	like($output, qr/\Q$script\E/, 'tells of the script');
	($output, $status) = run_script($script, '--no-such-option');
	like($status, qr/^[12]$/, "$script with an option that it does not have");
	like($output, qr/--no-such-option/, 'names it');
}
for my $command ([ 'sanitize', 'no_such_test' ], [ 'valgrind', 'atomic', 'no_such_test' ], [ 'versions', '--run', 'atomic,no_such_test' ])
{
	my ($output, $status) = run_script(@$command);
	is($status, 1, "@$command");
	like($output, qr/^\w+: no test is called no_such_test$/m, 'is refused');
}

done_testing();
