# Credentials that end: when they are renewed and what a failure does, in a
# backend that asks a scripted security token service, an instance and programs.
# What ddb_credentials tells of all that, and that it never tells a secret.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use AddbTest::Unit;
use File::Temp qw(tempdir);
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(time);

my $home = tempdir(CLEANUP => 1);
chmod 0777, $home or die $!;
my $sts = fault_server();
my $arn = 'arn:aws:iam::111122223333:role/r';

sub write_file
{
	my ($name, $content, $mode) = @_;
	unlink "$home/$name";
	open my $file, '>', "$home/$name" or die "$home/$name: $!";
	print $file $content;
	close $file or die $!;
	chmod $mode // 0644, "$home/$name";
	return;
}

sub write_program { return write_file($_[0], "#!/bin/sh\n$_[1]\n", 0755) }

# A time in so many seconds, as AWS writes it.
sub moment { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + $_[0])) }

# A step: the credentials AK<name>, which end in so many seconds.
sub role_step
{
	my ($name, $seconds) = @_;
	my $end = moment($seconds);
	return { reply => { status => 200, headers => { 'content-type' => 'text/xml' },
			body => "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AK$name</AccessKeyId>"
			  . "<SecretAccessKey>SK$name</SecretAccessKey><SessionToken>TOK$name</SessionToken>"
			  . "<Expiration>$end</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>" } };
}

my $denied = { reply => { status => 403, body => '<ErrorResponse><Error><Type>Sender</Type>'
		  . '<Code>AccessDenied</Code><Message>not yet</Message></Error></ErrorResponse>' } };

my %surroundings = (
	HOME => $home, AWS_CONFIG_FILE => "$home/config", AWS_SHARED_CREDENTIALS_FILE => "$home/credentials",
	AWS_REGION => 'us-west-2', AWS_ENDPOINT_URL_STS => $sts->url, AWS_EC2_METADATA_DISABLED => 'true',
	map { ("AWS_$_" => undef) } qw(ACCESS_KEY_ID SECRET_ACCESS_KEY SESSION_TOKEN CREDENTIAL_EXPIRATION PROFILE
	  DEFAULT_REGION ENDPOINT_URL ENDPOINT_URL_DYNAMODB WEB_IDENTITY_TOKEN_FILE ROLE_ARN
	  CONTAINER_CREDENTIALS_FULL_URI CONTAINER_CREDENTIALS_RELATIVE_URI));

# A session of the unit library, whose pauses are short. It hears of what a
# failure to renew has logged.
sub fresh
{
	my (%env) = @_;
	my $session = session();
	$session->query(preamble('addb_unit_config() RETURNS text',
		'addb_unit_config_generation(boolean) RETURNS int8', 'addb_unit_setenv(text, text) RETURNS void'));
	%env = (%surroundings, %env);
	$session->query(sprintf 'SELECT pg_temp.addb_unit_setenv(%s, %s)', literal($_), literal($env{$_}))
	  for sort keys %env;
	$session->query('SET client_min_messages = log');
	$sts->reset;
	return $session;
}

# The access key ID that signs now, or the message of the error.
sub key
{
	my ($session) = @_;
	my @error = $session->query_error('SELECT split_part(pg_temp.addb_unit_config(), $$ $$, 5)');
	return "$error[1] $error[2]" if @error;
	return $session->query('SELECT split_part(pg_temp.addb_unit_config(), $$ $$, 5)');
}

write_file(config => "[default]\nrole_arn = $arn\nsource_profile = base\n[profile base]\n"
	  . "aws_access_key_id = AKBASE\naws_secret_access_key = SKBASE\n");

# A role is asked for once, and again when its credentials end.
{
	my $session = fresh();
	$sts->script(role_step(ONE => 3), role_step(TWO => 3600), $denied);
	is(key($session), 'AKONE', 'a role');
	is(key($session), 'AKONE', 'again');
	is($sts->count, 1, 'the service was asked once');
	like(($sts->log)[0]{headers}{authorization}, qr{Credential=AKBASE/\d+/us-west-2/sts/}, 'in the name of the base');
	sleep 4;
	is(key($session), 'AKTWO', 'another one after it has ended');
	is($sts->count, 2, 'the service was asked once more');
	sleep 2;
	is(key($session), 'AKTWO', 'which is good for an hour');
	is($sts->count, 2, 'and not asked for early');
	$session->query('SELECT pg_temp.addb_unit_config_generation(false)');
	like(($session->query_error('SELECT pg_temp.addb_unit_config_generation(true)'))[2], qr/AccessDenied: not yet/,
		'once the service has refused it, a failure is an error');
}

# Within five minutes of the end it is renewed early, and a failure is tolerated.
{
	my $session = fresh();
	$sts->script(role_step(ONE => 100), $denied, $denied, role_step(TWO => 3600));
	is(key($session), 'AKONE', 'a role that ends soon');
	is(key($session), 'AKONE', 'it is not asked for again at once');
	is($sts->count, 1, 'one request');
	sleep 2;
	$session->query('SELECT pg_temp.addb_unit_config()');
	like($session->stderr, qr/LOG:  (?:\w{5}: )?could not renew the AWS credentials from a role of the shared AWS files/,
		'a failure is logged');
	like($session->stderr, qr/AccessDenied: not yet\. Those at hand are used on until 20/, 'with its reason');
	unlike($session->stderr, qr/SK|TOK/, 'and without a secret');
	is($sts->count, 2, 'after another request');
	is(key($session), 'AKONE', 'the role stays');
	is($sts->count, 2, 'without a storm of requests');
	sleep 2;
	is(key($session), 'AKONE', 'another failure');
	is($sts->count, 3, 'after another pause');
	sleep 2;
	is(key($session), 'AKTWO', 'then it is renewed');
	is($sts->count, 4, 'by one request');
}

# At the end a failure is an error, and a call two seconds later tries again.
{
	my $session = fresh();
	$sts->script(role_step(ONE => 3), $denied, role_step(TWO => 3600));
	is(key($session), 'AKONE', 'a role that ends');
	sleep 4;
	like(key($session), qr/could not assume AWS role "\Q$arn\E".*AccessDenied/, 'a failure after the end');
	like(key($session), qr/AccessDenied/, 'which is told again');
	is($sts->count, 2, 'for two seconds, without asking');
	sleep 3;
	is(key($session), 'AKTWO', 'a later call');
	unlike($session->stderr, qr/LOG/, 'nothing is logged that was an error');

	# An interrupt is not tolerated, and the session goes on.
	$session = fresh();
	$sts->script(role_step(ONE => 100), { hang => 1 }, role_step(TWO => 3600));
	is(key($session), 'AKONE', 'a role that ends soon');
	sleep 2;
	$session->query(q(SET statement_timeout = '500ms'));
	is(($session->query_error('SELECT pg_temp.addb_unit_config()'))[0], '57014', 'a cancel while it is renewed');
	$session->query('RESET statement_timeout');
	is(key($session), 'AKTWO', 'the next call');
}

# A web identity: the token is read each time.
{
	write_file(jwt => 'first');
	my $session = fresh(AWS_WEB_IDENTITY_TOKEN_FILE => "$home/jwt", AWS_ROLE_ARN => $arn);
	(my $one = role_step(ONE => 2))->{reply}{body} =~ s/AssumeRole/AssumeRoleWithWebIdentity/g;
	(my $two = role_step(TWO => 3600))->{reply}{body} =~ s/AssumeRole/AssumeRoleWithWebIdentity/g;
	$sts->script($one, $two);
	is(key($session), 'AKONE', 'a web identity');
	write_file(jwt => 'second');
	sleep 3;
	is(key($session), 'AKTWO', 'after its end');
	like(to_json([ map { $_->{body} } $sts->log ]), qr/WebIdentityToken=first.*WebIdentityToken=second/,
		'with the token of then');
}

# An instance: its credentials are used on while it cannot renew them.
{
	my $session = fresh(AWS_EC2_METADATA_DISABLED => undef, AWS_EC2_METADATA_SERVICE_ENDPOINT => $sts->url,
		AWS_CONFIG_FILE => "$home/none");
	my $instance = sub {
		my ($name, $seconds) = @_;
		return ({ reply => { body => 'TOKENTEXT' } }, { reply => { body => 'myrole' } },
			{ reply => { body => { Code => 'Success', AccessKeyId => "AK$name", SecretAccessKey => "SK$name",
				Token => "TOK$name", Expiration => moment($seconds) } } });
	};
	$sts->script($instance->(ONE => 3), { repeat => -1, reply => { status => 500, body => 'SKBROKEN' } });
	is(key($session), 'AKONE', 'an instance');
	sleep 4;
	$session->query('SELECT pg_temp.addb_unit_config()');
	like($session->stderr, qr/LOG:  (?:\w{5}: )?could not renew the AWS credentials from the instance metadata service/,
		'when its service fails');
	is(key($session), 'AKONE', 'they are used on');
	my $count = $sts->count;
	sleep 2;
	is(key($session), 'AKONE', 'for some minutes');
	is($sts->count, $count, 'in which it is not asked');

	$session = fresh(AWS_EC2_METADATA_DISABLED => undef, AWS_EC2_METADATA_SERVICE_ENDPOINT => $sts->url,
		AWS_CONFIG_FILE => "$home/none");
	$sts->script($instance->(OLD => -600));
	is(key($session), 'AKOLD', 'credentials that had ended when it gave them');
	is(key($session), 'AKOLD', 'are used for some minutes too');
	is($sts->count, 3, 'without asking again');
}

# Programs that take long: interrupts end them and what they have started.
sub wait_for
{
	my ($condition, $seconds) = @_;
	my $deadline = time + $seconds;
	until ($condition->())
	{
		return 0 if time > $deadline;
		select undef, undef, undef, 0.05;
	}
	return 1;
}

sub slurp
{
	my ($name) = @_;
	open my $file, '<', "$home/$name" or return '';
	local $/;
	return scalar <$file> // '';
}

# The processes whose group is led by pid; zombies count.
sub in_group
{
	my ($pid) = @_;
	return grep { (split ' ')[1] == $pid } split /\n/, `ps -eo pid=,pgid=`;
}

write_file(process => "[default]\ncredential_process = $home/hang\n");
write_program(hang => "sleep 1000 &\necho \$\$ > $home/pid.new; mv $home/pid.new $home/pid; wait; sleep 1000");

for my $way ('cancel', 'terminate', 'statement_timeout', 'time limit')
{
	my $session = fresh(AWS_CONFIG_FILE => "$home/process");
	unlink "$home/pid";
	$session->query(q(SET statement_timeout = '2s')) if $way eq 'statement_timeout';
	$session->send('SELECT pg_temp.addb_unit_config()');
	ok(wait_for(sub { -s "$home/pid" }, 20), "$way: the program runs");
	my $pid = slurp('pid') + 0;
	cmp_ok(scalar(in_group($pid)), '>=', 2, "$way: with what it has started");
	my $began = time;
	$session->$way if $session->can($way);
	$session->finish;
	my $took = time - $began;
	my @error = $session->error;
	if ($way eq 'time limit')
	{
		is($error[0], '28000', "$way: an error");
		like($error[2], qr/did not end within 6000 ms/, "$way: which says so");
	}
	else
	{
		like($error[0], qr/^57(?:014|P01)$/, "$way: the call ends") or diag("@error");
		interrupted_in($took - ($way eq 'statement_timeout' ? 2 : 0), $way);
	}
	ok(wait_for(sub { !in_group($pid) }, 5), "$way: and so does the program with all that it has started");
	next if $way eq 'terminate';
	is($session->query('SELECT 1'), '1', "$way: the session goes on");
}

# Nothing piles up: descriptors, processes, memory.
{
	write_program(quick => q(echo '{"Version":1,"AccessKeyId":"AKRUN","SecretAccessKey":"SKRUN"}'));
	write_file(process => "[default]\ncredential_process = $home/quick\n");
	my $session = fresh(AWS_CONFIG_FILE => "$home/process");
	my $fds = 'SELECT count(*) FROM pg_ls_dir($$/proc/self/fd$$) AS fd(n)';
	is(key($session), 'AKRUN', 'a quick program');
	my $many = 'SELECT count(pg_temp.addb_unit_config_generation(true)) FROM generate_series(1, 20)';
	$session->query($_) for $many, $fds;
	my $before = $session->query($fds);
	$session->query($many);
	is($session->query($fds), $before, 'no descriptor is left open');
	my $children = 'ps --no-headers --ppid ' . $session->pid;
	is(`$children`, '', 'no process is left');
}

# The extension itself, in a server of its own.
my $ddb = fault_server();
my $cluster = AddbTest::Cluster->new(
	environment => { map { ($_ => $surroundings{$_} // '') } keys %surroundings },
	conf => { 'atomic_dynamodb.endpoint_url' => $ddb->url, 'atomic_dynamodb.table' => 'table',
		log_min_messages => 'debug1', log_statement => 'all' });

sub inside
{
	my ($query, %option) = @_;
	return $cluster->inside(sub { sql($query, %option) });
}

my $signer = sub { return ($ddb->log)[-1]{headers}{authorization} =~ /Credential=(\w+)/ ? $1 : '' };

# What the function shows, one line a row.
my $show = "SELECT concat_ws(' | ', source, chosen, access_key_id, role_arn, expires_at IS NOT NULL, reason) FROM ddb_credentials()";

{
	$sts->reset;
	$sts->script(role_step(ONE => 3600), role_step(TWO => 3600));
	my $session = $cluster->inside(sub { session() });
	$session->query("SELECT ddb_get('a', 'b')");
	is($signer->(), 'AKONE', 'a request is signed as the role');
	is(($ddb->log)[-1]{headers}{'x-amz-security-token'}, 'TOKONE', 'with its token');

	my $requests = $ddb->count;
	my @rows = split /\n/, $session->query($show);
	is($rows[0], "this session, earlier from a role of the shared AWS files | t | ...KONE | $arn | t | Kept until they are renewed.",
		'what the session keeps comes first');
	is($rows[1], 'the settings | f | f | atomic_dynamodb.access_key_id is not set.', 'a source with nothing');
	is($rows[2], 'the environment | f | f | AWS_ACCESS_KEY_ID is not set.', 'another one');
	like($rows[4], qr/^a role of the shared AWS files \| f \| \.\.\.KTWO \| \Q$arn\E \| t \| For when/, 'what the sources give now');
	is(scalar @rows, 7, 'one row for each source');
	is($ddb->count, $requests, 'DynamoDB is not called');
	$session->query("SELECT ddb_get('a', 'b')");
	is($signer->(), 'AKONE', 'and the session keeps what it has');

	$sts->script($denied);
	@rows = split /\n/, inside($show);
	like($rows[3], qr/^the shared AWS files \| f \| f \| could not assume AWS role "\Q$arn\E"\. .*AccessDenied: not yet/,
		'an error is a reason');
	is($rows[4], 'the container | f | f | Not asked, because an earlier source failed.', 'which ends the search');
	is(scalar(grep { / \| t \| / } @rows), 0, 'so nothing is chosen');
}

# Renewal in the middle of a job: requests in flight go on meanwhile, and each is
# signed with an ID and the token that belongs to it.
for my $kind ('role', 'program')
{
	write_program(short => "sleep 1; n=\$(cat $home/turn); echo \$((n + 1)) > $home/turn\n"
		  . "echo '{\"Version\":1,\"AccessKeyId\":\"AK'\$n'\",\"SecretAccessKey\":\"SK\",\"SessionToken\":\"TOK'\$n'\",'\n"
		  . "echo '\"Expiration\":\"'\$(date -u -d '+3 seconds' +%FT%TZ)'\"}'");
	write_file(turn => "1\n", 0666);
	write_file(config => $kind eq 'program' ? "[default]\ncredential_process = $home/short\n"
		: "[default]\nrole_arn = $arn\nsource_profile = base\n[profile base]\n"
		  . "aws_access_key_id = AKBASE\naws_secret_access_key = SKBASE\n");
	$sts->reset;
	$sts->script(map { { %{ role_step($_->[0], $_->[1]) }, delay_ms => 1000 } } [ 1 => 6 ], [ 2 => 3600 ]) if $kind eq 'role';
	$ddb->reset;
	$ddb->script({ repeat => -1, delay_ms => 400, reply => { status => 200, body => {} } });
	is(inside(q(SET atomic_dynamodb.max_connections = 2; SET atomic_dynamodb.request_timeout = '900ms';
		SELECT ddb_set(jsonb_agg(jsonb_build_object('pk', 'p', 'sk', i::text, 'data', 1))) FROM generate_series(1, 1000) AS i)),
		'1000', "$kind: a job of 40 requests");
	my %pairs;
	for my $request ($ddb->log)
	{
		my ($id) = $request->{headers}{authorization} =~ /Credential=(\w+)/;
		$pairs{"$id $request->{headers}{'x-amz-security-token'}"}++;
	}
	cmp_ok(scalar(keys %pairs), '>=', 2, "$kind: the credentials were renewed");
	is(scalar(grep { !/^AK(\d) TOK\1$/ } keys %pairs), 0, "$kind: and never mixed") or diag(to_json(\%pairs));
	is($ddb->counts->{requests}, 40, "$kind: no request was made twice") or diag(to_json(\%pairs));
}

# Keys that the service refuses: others, if the files have any by then, go once.
for my $code (qw(ExpiredTokenException UnrecognizedClientException))
{
	my $files = sub { write_file(config => "[default]\naws_access_key_id = $_[0]\naws_secret_access_key = SK\n") };
	my $refusal = { reply => { status => 400, body => { __type => "com.amazon.coral.service#$code", message => 'no' } } };
	$files->('AKFIRST');
	$ddb->reset;
	$ddb->script({ delay_ms => 1500, %$refusal });
	my $session = $cluster->inside(sub { session() });
	$session->send("SELECT ddb_set('a', 'b', '1'::jsonb)");
	ok($ddb->wait_for_requests(1), "$code: a request");
	$files->('AKSECOND');
	$session->finish;
	is(join(' ', $session->error), '', "$code: no error when the keys were replaced");
	is_deeply([ map { $_->{headers}{authorization} =~ /Credential=(\w+)/ } $ddb->log ], [qw(AKFIRST AKSECOND)],
		"$code: the second attempt is signed with the new ones");
	like(($ddb->log)[1]{headers}{'amz-sdk-request'}, qr/attempt=2/, "$code: and counted");

	$ddb->reset;
	$ddb->script($refusal, $refusal);
	my @error = $session->query_error("SELECT ddb_set('a', 'b', '1'::jsonb)");
	is($error[0], '28000', "$code: the same keys");
	unlike($error[1], qr/attempts/, "$code: were sent once");
	is($ddb->count, 1, "$code: in truth");

	$ddb->reset;
	$ddb->script({ delay_ms => 1500, %$refusal }, { delay_ms => 1500, %$refusal });
	$session->send("SELECT ddb_set('a', 'b', '1'::jsonb)");
	ok($ddb->wait_for_requests(1), "$code: a request");
	$files->('AKTHIRD');
	ok($ddb->wait_for_requests(2), "$code: its second attempt");
	$files->('AKFOURTH');
	$session->finish;
	is(($session->error)[0], '28000', "$code: refused twice");
	is($ddb->count, 2, "$code: is not sent a third time");

	$ddb->reset;
	$ddb->script({ delay_ms => 1500, %$refusal });
	$session->query('SET atomic_dynamodb.max_attempts = 1');
	$session->send("SELECT ddb_set('a', 'b', '1'::jsonb)");
	ok($ddb->wait_for_requests(1), "$code: a request");
	$files->('AKFIFTH');
	$session->finish;
	is(($session->error)[0], '28000', "$code: no other attempt where there is to be one");
}

# A program whose backend is killed; afterwards the server starts anew.
SKIP:
{
	skip 'the kernel does not end it', 2 unless $^O eq 'linux';
	write_program(hang => "echo \$\$ > $home/pid.new; mv $home/pid.new $home/pid; exec sleep 1000");
	write_file(config => "[default]\ncredential_process = $home/hang\n");
	unlink "$home/pid";
	my $session = $cluster->inside(sub { session() });
	$session->send("SELECT ddb_get('a', 'b')");
	ok(wait_for(sub { -s "$home/pid" }, 20), 'a program runs');
	my $pid = slurp('pid') + 0;
	kill KILL => $session->pid;
	ok(wait_for(sub { !in_group($pid) }, 10), 'it ends with the backend that is killed');
	$cluster->wait_until_ready;
}

my $log = $cluster->log;
unlike($log, qr/SKBASE|SKONE|SKTWO|TOKONE|TOKTWO|SKRUN/, 'no secret is in the log of the server');
like($log, qr/AKONE|KONE|ddb_credentials/, 'which has something in it');

done_testing();
