# The fuzzer's targets on what the fuzzer starts from, and on what it has found:
# each input once, in a build without the fuzzer. See test/fuzz/README.md.

use strict;
use warnings;

use AddbTest;
use File::Basename qw(dirname);
use File::Temp ();
use IPC::Run ();
use Test::More;

my $fuzz = dirname(__FILE__) . '/../fuzz';
my $directory = File::Temp->newdir;

for my $encoding ('UTF8', 'LATIN1')
{
	local %ENV = (%ENV, ADDB_FUZZ_DIR => "$directory", ADDB_FUZZ_ENCODING => $encoding);
	my $out = '';
	my $passed = IPC::Run::run([ "$fuzz/run", 'replay' ], '<', \undef, '>&', \$out);
	ok($passed, "$encoding: the inputs find nothing") or diag($out);
	for my $target (qw(expression model response where))
	{
		my ($findings, $inputs) = $out =~ /^$target +(\d+) findings, inputs: (\d+)$/m;
		is($findings, 0, "$encoding: $target has no findings");
		cmp_ok($inputs // 0, '>=', 50, "$encoding: $target has read its inputs");
	}
}

done_testing();
