# The cached configuration: when it is resolved again, who may use what it holds,
# and what an error leaves behind. Uses the real environment and files of a
# backend, which each session sets for itself.

use strict;
use warnings;

use AddbTest;
use AddbTest::Unit;
use File::Temp qw(tempdir);
use Test::More;

my $home = tempdir(CLEANUP => 1);
chmod 0755, $home or die $!;
my $role = "addb_unit_$$";
sql("CREATE ROLE $role");
END { sql("DROP ROLE IF EXISTS $role") if $role }

sub write_file
{
	my ($name, $content) = @_;
	open my $file, '>', "$home/$name" or die "$home/$name: $!";
	print $file $content;
	close $file or die $!;
	chmod 0644, "$home/$name";
	return;
}

# A session with nothing in its environment and settings.
sub fresh
{
	my $session = session();
	$session->query(preamble(
		'addb_unit_config() RETURNS text',
		'addb_unit_config_generation(boolean) RETURNS int8',
		'addb_unit_config_bench(int) RETURNS float8',
		'addb_unit_setting(text, text) RETURNS void',
		'addb_unit_setenv(text, text) RETURNS void'));
	my @names = map { "AWS_$_" } qw(ACCESS_KEY_ID SECRET_ACCESS_KEY SESSION_TOKEN
	  CREDENTIAL_EXPIRATION PROFILE REGION DEFAULT_REGION ENDPOINT_URL ENDPOINT_URL_DYNAMODB
	  WEB_IDENTITY_TOKEN_FILE USE_FIPS_ENDPOINT USE_DUALSTACK_ENDPOINT);
	set_env($session, (map { $_ => undef } @names), HOME => $home,
		AWS_CONFIG_FILE => "$home/config", AWS_SHARED_CREDENTIALS_FILE => "$home/credentials");
	return $session;
}

sub set_env
{
	my ($session, %env) = @_;
	$session->query(sprintf 'SELECT pg_temp.addb_unit_setenv(%s, %s)', literal($_), literal($env{$_}))
	  for sort keys %env;
	return;
}

sub set
{
	my ($session, %set) = @_;
	$session->query(sprintf 'SELECT pg_temp.addb_unit_setting(%s, %s)', literal($_), literal($set{$_}))
	  for sort keys %set;
	return;
}

sub config { return $_[0]->query('SELECT pg_temp.addb_unit_config()') }
sub failure { return $_[0]->query_error('SELECT pg_temp.addb_unit_config()') }
sub generation { return $_[0]->query('SELECT pg_temp.addb_unit_config_generation(false)') }
sub forget { return $_[0]->query('SELECT pg_temp.addb_unit_config_generation(true)') }

my $east = 'https://dynamodb.us-east-1.amazonaws.com/ dynamodb.us-east-1.amazonaws.com / us-east-1';
my $local = 'http://localhost:8000/x/ localhost:8000 /x/ us-east-1';

# Settings.
{
	my $session = fresh();
	my ($state, $message) = failure($session);
	is("$state $message", '22023 no AWS region is set', 'nothing is set');
	set($session, region => 'us-east-1');
	($state, $message) = failure($session);
	is("$state $message", '28000 no AWS credentials found', 'a region alone');
	set($session, access_key_id => 'AKSET', secret_access_key => 'SKSET');
	is(config($session), "$east AKSET SKSET - (the settings)", 'region and keys');
	is(generation($session), 1, 'the first configuration');
	is(generation($session), 1, 'nothing changed');
	set($session, endpoint_url => 'http://localhost:8000/x', session_token => 'TSET');
	is(config($session), "$local AKSET SKSET TSET (the settings)", 'another endpoint');
	is(generation($session), 2, 'it is another generation');
	set($session, region => 'us-east-1');
	is(generation($session), 2, 'an equal setting is not');
	is(forget($session), 2, 'nor is an equal answer after forgetting');

	set($session, endpoint_url => 'http://example.com');
	is((failure($session))[0], '22023', 'a bad endpoint');
	is((failure($session))[0], '22023', 'still bad');
	set($session, endpoint_url => 'http://localhost:8000/x');
	is(config($session), "$local AKSET SKSET TSET (the settings)", 'good again');

	$session->query("SET ROLE $role");
	is(config($session), "$local AKSET SKSET TSET (the settings)",
		'credentials of the settings are for everyone');
}

# Files, and who may use them.
{
	my $session = fresh();
	write_file(config => "[default]\nregion = us-east-1\n");
	write_file(credentials => "[default]\naws_access_key_id = AK1\naws_secret_access_key = SK1\n");
	is(config($session), "$east AK1 SK1 - (the shared AWS files)", 'from the files');

	write_file(credentials => "[default]\naws_access_key_id = AK2\naws_secret_access_key = SK2\n"
		  . "aws_session_token = T2\n");
	is(config($session), "$east AK1 SK1 - (the shared AWS files)", 'files are not read at each call');
	is(forget($session), 2, 'they are after forgetting');
	is(config($session), "$east AK2 SK2 T2 (the shared AWS files)", 'with what they say now');

	my $refused = qr/^only superusers/;
	$session->query("SET ROLE $role");
	my ($state, $message, $detail, $hint) = failure($session);
	is($state, '28000', 'cached ambient credentials are not for others');
	like($message, $refused, 'the message says so');
	like($hint, qr/allow_ambient_credentials/, 'and the hint names the setting');
	unlike("$message $detail $hint", qr/SK2|T2/, 'without a secret');
	is((failure($session))[0], '28000', 'not at the second call either');
	$session->query_error('SELECT pg_temp.addb_unit_config_generation(true)');
	like((failure($session))[1], $refused, 'nor after forgetting');

	set($session, allow_ambient_credentials => 'true');
	is(config($session), "$east AK2 SK2 T2 (the shared AWS files)", 'unless they are opened to them');
	set($session, allow_ambient_credentials => 'false');
	like((failure($session))[1], $refused, 'closed again');
	$session->query('RESET ROLE');
	is(config($session), "$east AK2 SK2 T2 (the shared AWS files)", 'a superuser again');

	unlink "$home/credentials" or die $!;
	is(config($session), "$east AK2 SK2 T2 (the shared AWS files)", 'the file may go for a while');
	is(($session->query_error('SELECT pg_temp.addb_unit_config_generation(true)'))[0], '28000',
		'but not once the credentials are refused');
	is((failure($session))[1], 'no AWS credentials found', 'which is not forgotten by the error');
	write_file(credentials => "[default]\naws_access_key_id = AK3\naws_secret_access_key = SK3\n");
	is(config($session), "$east AK3 SK3 - (the shared AWS files)", 'a new file is found');
}

# The environment, and files that are no files.
{
	my $session = fresh();
	set_env($session, AWS_ACCESS_KEY_ID => 'AKENV', AWS_SECRET_ACCESS_KEY => 'SKENV',
		AWS_REGION => 'us-east-1');
	is(config($session), "$east AKENV SKENV - (the environment)", 'from the environment');
	$session->query("SET ROLE $role");
	like((failure($session))[1], qr/^only superusers/, 'which is ambient too');
	$session->query('RESET ROLE');

	mkdir "$home/directory" or die $!;
	set_env($session, AWS_CONFIG_FILE => "$home/directory");
	like(($session->query_error('SELECT pg_temp.addb_unit_config_generation(true)'))[1],
		qr/could not read file ".*directory".*directory/, 'a directory is no file');
	system('mkfifo', "$home/fifo") == 0 or die 'mkfifo';
	chmod 0666, "$home/fifo";
	set_env($session, AWS_CONFIG_FILE => "$home/fifo");
	is((failure($session))[0], '28000', 'a FIFO is none either, and does not block');
	write_file(large => 'x' x (1024 * 1024 + 1));
	set_env($session, AWS_CONFIG_FILE => "$home/large");
	like((failure($session))[1], qr/too large/, 'a large file is refused');
	set_env($session, AWS_CONFIG_FILE => "$home/none");
	is(config($session), "$east AKENV SKENV - (the environment)", 'a missing file is none');

	my ($soon) = $session->query(
		q{SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '2 s', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')});
	set_env($session, AWS_CREDENTIAL_EXPIRATION => $soon);
	forget($session);
	sleep 3;
	like((failure($session))[1], qr/have expired/, 'expired credentials are not used');
}

# No memory grows.
{
	my $session = fresh();
	set($session, region => 'us-east-1', access_key_id => 'AKSET', secret_access_key => 'SKSET');
	my $count = q{SELECT count(*) || ' ' || sum(total_bytes) FROM pg_backend_memory_contexts
		WHERE name LIKE 'atomic_dynamodb%'};
	config($session);
	my $before = $session->query($count);
	$session->query('SELECT count(pg_temp.addb_unit_config_generation(true)) FROM generate_series(1, 1000)');
	is($session->query($count), $before, 'one context, and it does not grow');
	like($before, qr/^1 /, 'it has a name');
	diag('nanoseconds for each get: ' . $session->query('SELECT round(pg_temp.addb_unit_config_bench(1000000))'))
	  if $ENV{ADDB_BENCH};
	set_env($session, AWS_ACCESS_KEY_ID => 'AKENV', AWS_SECRET_ACCESS_KEY => 'SKENV');
	set($session, access_key_id => '', secret_access_key => '');
	diag('nanoseconds for each get, ambient: ' . $session->query('SELECT round(pg_temp.addb_unit_config_bench(1000000))'))
	  if $ENV{ADDB_BENCH};
	set_env($session, AWS_ACCESS_KEY_ID => undef);
	set_env($session, AWS_SECRET_ACCESS_KEY => undef);
	set($session, region => 'us-east-1');
	write_file(credentials => "[default]\naws_access_key_id = AK3\naws_secret_access_key = SK3\n");
	diag('nanoseconds for each get, file: ' . $session->query('SELECT round(pg_temp.addb_unit_config_bench(1000000))'))
	  if $ENV{ADDB_BENCH};
}

done_testing();
