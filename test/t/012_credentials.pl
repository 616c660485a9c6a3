# Credentials, regions and endpoints from settings, environment, shared files and
# the programs that these name, by the vectors of credentials.json and by cases of
# our own. The environment and the files are part of each case: nothing here reads
# this machine's, but for programs, which are run.

use strict;
use warnings;

use AddbTest;
use AddbTest::Unit;
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

my $home = tempdir(CLEANUP => 1);
chmod 0755, $home or die $!;
my $true = JSON::PP::true;

# A case as the library wants it; {HOME} and what else a server would fill in
# becomes fixed text.
sub argument
{
	my ($case) = @_;

	my %env = (HOME => $home, %{ $case->{env} // {} });
	my %files = map { ("$home/$_" => $case->{files}{$_}) } keys %{ $case->{files} // {} };
	$files{"$home/.aws/config"} = $case->{config} if exists $case->{config};
	$files{"$home/.aws/credentials"} = $case->{credentials} if exists $case->{credentials};
	for my $text (values %env, values %files)
	{
		next unless defined $text;
		$text =~ s/\{HOME\}/$home/g;
		$text =~ s/\{URL\}/http:\/\/127.0.0.1:8123/g;
		$text =~ s/\{(?:HOST)\}/127.0.0.1:8123/g;
		$text =~ s/\{PORT\}/8123/g;
	}
	write_program($_, $files{$_}) for grep { ($files{$_} // '') =~ /^#!/ } keys %files;
	return { env => \%env, files => \%files, settings => $case->{settings} // {},
		map { ($_ => $case->{$_}) } grep { exists $case->{$_} } qw(server) };
}

sub write_program
{
	my ($path, $text) = @_;
	unlink $path;
	open my $file, '>', $path or die "$path: $!";
	print $file $text;
	close $file or die $!;
	chmod 0755, $path or die $!;
	return;
}

sub credentials_of { return unit_call('addb_unit_credentials', argument($_[0])) }
sub endpoint_of { return unit_call('addb_unit_resolve', argument($_[0])) }

# The result that a vector wants: where the SDKs differ, the one recommended.
sub expectation
{
	my ($case) = @_;

	return $case->{expect} if $case->{expect};
	my $advice = $case->{recommended} // '';
	return { error => 'recommended', endpoint_error => $case->{js}{endpoint_error} }
	  if $advice =~ /^error/;
	return $case->{botocore} if $advice =~ /botocore/ || $case->{js}{error};
	return $case->{js};
}

sub bare
{
	my ($url) = @_;
	$url =~ s{/$}{} if defined $url;
	return $url;
}

my $vectors = vectors('credentials.json');
SKIP:
{
	skip 'credentials.json is not there', 1 unless $vectors;

	for my $case (@{ $vectors->{static_cases} // [] })
	{
		my $expected = expectation($case);
		my ($got, $endpoint) = map { unit_call($_, argument($case)) }
		  qw(addb_unit_credentials addb_unit_resolve);

		if ($expected->{error})
		{
			is($got->{error}{sqlstate}, '28000', "$case->{name}: error");
		}
		elsif (defined $expected->{access_key})
		{
			is_deeply([ @$got{qw(access_key secret_key token)} ],
				[ @$expected{qw(access_key secret_key token)} ], "$case->{name}: credentials")
			  or diag(to_json($got));
		}
		if ($expected->{endpoint_error})
		{
			like($endpoint->{error}{sqlstate}, qr/^(?:22023|28000)$/, "$case->{name}: no endpoint");
		}
		elsif (defined $expected->{endpoint})
		{
			is(bare($endpoint->{url}), bare($expected->{endpoint}), "$case->{name}: endpoint")
			  or diag(to_json($endpoint));
			is($endpoint->{signing_region}, $expected->{region}, "$case->{name}: region");
		}
	}
}

my $pair = "aws_access_key_id=AKFILE\naws_secret_access_key=SKFILE\n";
my $other = "aws_access_key_id=AKOTHER\naws_secret_access_key=SKOTHER\n";
my %env_pair = (AWS_ACCESS_KEY_ID => 'AKENV', AWS_SECRET_ACCESS_KEY => 'SKENV');
my %set_pair = (access_key_id => 'AKSET', secret_access_key => 'SKSET');

sub gives
{
	my ($name, $case, $expected) = @_;
	my $got = credentials_of($case);
	is(join(' ', map { $got->{$_} // '-' } qw(access_key secret_key token)), $expected, $name)
	  or diag(to_json($got));
	return;
}

sub fails
{
	my ($name, $case, %want) = @_;
	my $got = credentials_of($case);
	is($got->{error}{sqlstate}, '28000', "$name: 28000");
	like($got->{error}{$_}, $want{$_}, "$name: $_") for sort keys %want;
	unlike(to_json($got), qr/SK[A-Z]/, "$name: no secret is told");
	return;
}

# Order.
gives('settings beat the environment',
	{ settings => \%set_pair, env => \%env_pair, credentials => "[default]\n$pair" }, 'AKSET SKSET -');
gives('settings with a token', { settings => { %set_pair, session_token => 'TSET' } }, 'AKSET SKSET TSET');
gives('the environment beats the files',
	{ env => { %env_pair, AWS_SESSION_TOKEN => 'TENV' }, credentials => "[default]\n$pair" },
	'AKENV SKENV TENV');
gives('the environment beats AWS_PROFILE',
	{ env => { %env_pair, AWS_PROFILE => 'p' }, credentials => "[p]\n$pair" }, 'AKENV SKENV -');
gives('a profile in the settings beats the environment',
	{ settings => { profile => 'p' }, env => \%env_pair, credentials => "[p]\n$pair" }, 'AKFILE SKFILE -');
gives('a profile in the settings beats AWS_PROFILE',
	{ settings => { profile => 'p' }, env => { AWS_PROFILE => 'q' },
		credentials => "[p]\n$pair\n[q]\n$other" }, 'AKFILE SKFILE -');
gives('empty variables are unset',
	{ env => { AWS_ACCESS_KEY_ID => '', AWS_SECRET_ACCESS_KEY => '', AWS_PROFILE => '' },
		credentials => "[default]\n$pair" }, 'AKFILE SKFILE -');
gives('settings beat a broken environment',
	{ settings => \%set_pair, env => { AWS_ACCESS_KEY_ID => 'AKENV', AWS_PROFILE => 'none' } },
	'AKSET SKSET -');

# Pairs stay together.
gives('the token is that of the file of the keys',
	{ config => "[default]\naws_session_token=TCONFIG\n", credentials => "[default]\n$pair" },
	'AKFILE SKFILE -');
gives('the file with the keys gives the token',
	{ config => "[default]\n${other}aws_session_token=TCONFIG\n", credentials => "[default]\nregion=x\n" },
	'AKOTHER SKOTHER TCONFIG');
fails('half a pair in the settings', { settings => { access_key_id => 'AKSET' }, env => \%env_pair },
	detail => qr/settings.*access_key_id is set.*secret_access_key is not/);
fails('the other half in the settings', { settings => { secret_access_key => 'SKSET' } },
	detail => qr/secret_access_key is set.*access_key_id is not/);
fails('half a pair in the environment',
	{ env => { AWS_ACCESS_KEY_ID => 'AKENV' }, credentials => "[default]\n$pair" },
	detail => qr/environment.*AWS_ACCESS_KEY_ID is set.*AWS_SECRET_ACCESS_KEY is not/);
gives('a secret alone in the environment is nothing',
	{ env => { AWS_SECRET_ACCESS_KEY => 'SKENV' }, credentials => "[default]\n$pair" }, 'AKFILE SKFILE -');
fails('the environment and an AWS_PROFILE that is not there',
	{ env => { %env_pair, AWS_PROFILE => 'none' }, credentials => "[default]\n$pair" }, message => qr/"none" does not exist/);
gives('a token in the config file is not that of the other one',
	{ config => "[default]\n${other}aws_session_token=TCONFIG\n", credentials => "[default]\n$pair" }, 'AKFILE SKFILE -');
fails('half a pair in the credentials file, a pair in the config file',
	{ credentials => "[default]\naws_secret_access_key=SKFILE\n", config => "[default]\n$other" },
	detail => qr{profile "default" of file "\Q$home\E/.aws/credentials".*aws_access_key_id is not});
fails('a key with an empty secret',
	{ credentials => "[default]\naws_access_key_id=AKFILE\naws_secret_access_key=\n" },
	detail => qr/aws_secret_access_key is not/);

# Kinds of profiles that are refused, and those that only look like it.
for my $line ('sso_session = s', 'sso_start_url = https://x', 'sso_account_id = 1', 'sso_role_name = r', 'login_session = x')
{
	my ($key) = $line =~ /^(\w+)/;
	for my $file (qw(config credentials))
	{
		fails("$key in the $file file", { $file => "[default]\n$line\n" },
			message => qr/profile "default" needs an interactive login/, detail => qr/"$key"/,
			hint => qr/credential_process = aws configure export-credentials --profile default/);
	}
}
gives('single sign-on beside static keys', { credentials => "[default]\n${pair}sso_session=x\n" }, 'AKFILE SKFILE -');
gives('a process beside static keys', { credentials => "[default]\n${pair}credential_process=x\n" },
	'AKFILE SKFILE -');
gives('a role in another profile',
	{ credentials => "[default]\n$pair", config => "[profile r]\nrole_arn=r\n" }, 'AKFILE SKFILE -');

# Roles that lead nowhere: each is an error before anybody is asked.
my $role = "role_arn=arn:aws:iam::1:role/r\n";
my $long = join '', map { "[profile r$_]\n${role}source_profile=r" . ($_ + 1) . "\n" } 0 .. 9;
for my $case (
	[ 'no source' => "[default]\n$role", qr/neither source_profile nor credential_source/ ],
	[ 'no source, but keys' => "[default]\n$role$pair", qr/neither source_profile nor credential_source/ ],
	[ 'two sources' => "[default]\n${role}source_profile=b\ncredential_source=Environment\n[profile b]\n$pair", qr/both/ ],
	[ 'itself without keys' => "[default]\n${role}source_profile=default\n", qr/its own source_profile/ ],
	[ 'a circle of two' => "[default]\n${role}source_profile=b\n[profile b]\n${role}source_profile=default\n",
		qr/source_profile "default" leads back/ ],
	[ 'a circle behind the first' => "[default]\n${role}source_profile=b\n[profile b]\n${role}source_profile=c\n"
		  . "[profile c]\n${role}source_profile=b\n", qr/source_profile "b" leads back/ ],
	[ 'a long way' => "$long\[default]\n${role}source_profile=r0\n", qr/behind 8 other roles/ ],
	[ 'nobody' => "[default]\n${role}source_profile=b\n", qr/"b" does not exist/ ],
	[ 'somebody without credentials' => "[default]\n${role}source_profile=b\n[profile b]\nregion=x\n", qr/"b" has no credentials/ ],
	[ 'an unknown kind of source' => "[default]\n${role}credential_source=environment\n", qr/credential_source is "environment"/ ],
	[ 'an empty environment' => "[default]\n${role}credential_source=Environment\n", qr/AWS_ACCESS_KEY_ID is not set/ ],
	[ 'no container' => "[default]\n${role}credential_source=EcsContainer\n", qr/EcsContainer, but neither AWS_CONTAINER/ ],
	[ 'no instance' => "[default]\n${role}credential_source=Ec2InstanceMetadata\n", qr/Ec2InstanceMetadata, but/ ],
	[ 'a second factor' => "[default]\n${role}mfa_serial=m\nsource_profile=b\n[profile b]\n$pair", qr/mfa_serial/ ],
	map { [ "a duration of '$_'" => "[default]\n${role}duration_seconds=$_\nsource_profile=b\n[profile b]\n$pair",
			qr/duration_seconds/ ] } 899, 43201, '1h', '3600.5')
{
	fails("a role with $case->[0]", { config => $case->[1] },
		message => qr/role of AWS profile "\w+" cannot be assumed/, detail => $case->[2]);
}
fails('half a pair behind a role',
	{ config => "[default]\n${role}source_profile=b\n[profile b]\naws_access_key_id=AKB\n" }, message => qr/incomplete/);
fails('a role in the settings without credentials', { settings => { role_arn => 'arn:aws:iam::1:role/r' } },
	message => qr/no AWS credentials/);
fails('expired keys behind a role in the settings',
	{ settings => { role_arn => 'arn:aws:iam::1:role/r' }, env => { %env_pair, AWS_CREDENTIAL_EXPIRATION => '2020-01-01T00:00:00Z' } },
	message => qr/have expired/);


# A role of the settings is assumed with whatever the sources give, be it a role.
my $reply = { on => 'POST /', status => 200, body => '<AssumeRoleResponse><AssumeRoleResult><Credentials>'
	  . '<AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>SKROLE</SecretAccessKey><SessionToken>TROLE</SessionToken>'
	  . '<Expiration>2036-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>' };
my %of_settings = (role_arn => 'arn:aws:iam::2:role/s', external_id => 'ext', role_session_name => 'me', region => 'us-west-2');
for my $case (
	[ 'keys of the settings' => { settings => { %set_pair, refuse_ambient => $true } }, 'AKSET' ],
	[ 'the environment' => { env => \%env_pair }, 'AKENV' ],
	[ 'a role' => { config => "[default]\n${role}source_profile=b\n[profile b]\n$pair" }, 'AKFILE', 'AKROLE' ])
{
	my ($name, $in, @signers) = @$case;
	my $got = credentials_of({ %$in, settings => { %of_settings, %{ $in->{settings} // {} } }, server => [$reply] });
	my $log = unit_call('addb_unit_world_log', {});
	is(join(' ', @$got{qw(access_key secret_key token source)}), 'AKROLE SKROLE TROLE the role of the settings', "a role with $name");
	is(join(' ', map { $_->{headers}{authorization} =~ /Credential=(\w+)/ } @$log), "@signers", "$name: who signs");
	like($log->[-1]{body}, qr/RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Fs&RoleSessionName=me&ExternalId=ext$/, "$name: the form");
}

is(credentials_of({ settings => { %of_settings, %set_pair, server => 'east', has_mapping => $true }, server => [$reply] })->{source},
	'the role of the server', 'a role of a server is called so');

# Web identities that lack something.
my %web = (AWS_WEB_IDENTITY_TOKEN_FILE => "$home/jwt");
fails('a web identity without a role', { env => \%web, files => { jwt => 'SKJWT' }, credentials => "[default]\n$pair" },
	message => qr/web identity needs a role/, detail => qr/AWS_WEB_IDENTITY_TOKEN_FILE, but AWS_ROLE_ARN/);
$web{AWS_ROLE_ARN} = 'arn:aws:iam::1:role/r';
fails('a web identity without a file', { env => \%web, credentials => "[default]\n$pair" },
	message => qr/token file .*jwt": No such file/, detail => qr/AWS_WEB_IDENTITY_TOKEN_FILE/);
fails('a web identity without a token', { env => \%web, files => { jwt => '' } }, message => qr/holds no token/);
gives('keys beside a web identity', { env => { %web, %env_pair } }, 'AKENV SKENV -');
gives('a role without a token file', { env => { AWS_ROLE_ARN => 'r' }, credentials => "[default]\n$pair" }, 'AKFILE SKFILE -');
gives('a profile in the settings beats a web identity',
	{ settings => { profile => 'p' }, env => \%web, credentials => "[p]\n$pair" }, 'AKFILE SKFILE -');
fails('a web identity in a profile, without a role', { config => "[default]\nweb_identity_token_file=$home/jwt\n" },
	message => qr/needs a role/, detail => qr/AWS profile "default", but its role_arn/);
fails('a web identity in a profile, without a file',
	{ config => "[default]\nweb_identity_token_file=$home/none\nrole_arn=r\n$pair" }, message => qr/token file .*none"/);

# Programs. This one gives its arguments, in hexadecimal, as the secret.
my $tell = "#!/bin/sh\n" . q(hex=$(printf '%s|' "$@" | od -An -v -tx1 | tr -d ' \n')
echo "{\"Version\": 1, \"AccessKeyId\": \"AKRUN\", \"SecretAccessKey\": \"$hex\"}"
);
my @quoting = (
	[ 'a b' => 'a|b|' ], [ "  a\t b  " => 'a|b|' ], [ "'a b' c" => 'a b|c|' ], [ '"a b" c' => 'a b|c|' ],
	[ "a'b'\"c\"d" => 'abcd|' ], [ q(a\ b) => 'a b|' ], [ q(\\'a \\"b) => q('a|"b|) ], [ q('a\b') => q(a\b|) ],
	[ q("a\b") => q(a\b|) ], [ q("a\"b") => q(a"b|) ], [ q("a\\\\b") => q(a\b|) ], [ q("it's") => q(it's|) ],
	[ q('say "a"') => q(say "a"|) ], [ q('' "" x) => '||x|' ], [ '$HOME `id` * ~ $(id)' => '$HOME|`id`|*|~|$(id)|' ],
	[ 'a;b | c > d & e' => 'a;b|||c|>|d|&|e|' ], [ q(\\\\) => q(\|) ], [ "a#b" => 'a#b|' ]);
for my $case (@quoting)
{
	my $got = credentials_of({ config => "[default]\ncredential_process = $home/tell $case->[0]\n", files => { tell => $tell } });
	is(pack('H*', $got->{secret_key} // ''), $case->[1], "words of <$case->[0]>") or diag(to_json($got));
}
for my $case ("'a", '"a', 'a\\', '"a\\"', "' ' '")
{
	fails("a line of <$case>", { config => "[default]\ncredential_process = $home/tell $case\n", files => { tell => $tell } },
		message => qr/credential_process of AWS profile "default"/, detail => qr/quote is not closed/);
}

sub program
{
	my ($text) = @_;
	return { config => "[default]\ncredential_process = $home/run\n", files => { run => "#!/bin/sh\n$text\n" } };
}

my $document = '"AccessKeyId":"AKRUN","SecretAccessKey":"SKRUN"';
for my $case (
	[ 'no more than needed' => qq({"Version":1,$document}), 'AKRUN SKRUN -' ],
	[ 'all members' => qq({"Version":1,$document,"SessionToken":"T","Expiration":"2036-01-01T00:00:00Z","AccountId":"1"}),
		'AKRUN SKRUN T' ],
	[ 'its version with a point' => qq({"Version":1.0,$document}), 'AKRUN SKRUN -' ],
	[ 'others' => qq( {"x":{"AccessKeyId":[1]},"Version" : 1,\n$document,"SessionToken":null} \n), 'AKRUN SKRUN -' ],
	[ 'escapes' => q({"Version":1,"AccessKeyId":"AK\u0052UN","SecretAccessKey":"SK\/RUN"}), 'AKRUN SK/RUN -' ])
{
	gives("a program that writes $case->[0]", program("cat <<'END'\n$case->[1]\nEND"), $case->[2]);
}
is(credentials_of(program(qq(echo '{"Version":1,$document,"Expiration":"2036-01-01T00:00:00Z"}')))->{source},
	'the credential_process of a profile', 'the source is named');
for my $case (
	[ 'writes nothing' => ':', qr/no JSON object|not a JSON object/ ],
	[ 'writes no JSON' => 'echo SKTEXT', qr/not a JSON object/ ],
	[ 'writes two documents' => qq(echo '{"Version":1,$document} {}'), qr/not a JSON object/ ],
	[ 'writes a list' => qq(echo '[{"Version":1,$document}]'), qr/not a JSON object/ ],
	[ 'leaves out the version' => "echo '{$document}'", qr/"Version": 1/ ],
	[ 'writes another version' => qq(echo '{"Version":2,$document}'), qr/"Version": 1/ ],
	[ 'writes its version as a string' => qq(echo '{"Version":"1",$document}'), qr/"Version": 1/ ],
	[ 'leaves out the secret' => q(echo '{"Version":1,"AccessKeyId":"AKRUN"}'), qr/SecretAccessKey/ ],
	[ 'writes an empty ID' => q(echo '{"Version":1,"AccessKeyId":"","SecretAccessKey":"SKRUN"}'), qr/AccessKeyId/ ],
	[ 'writes no time' => qq(echo '{"Version":1,$document,"Expiration":"soon"}'), qr/Expiration/ ],
	[ 'ends with a status' => qq(echo '{"Version":1,$document}'; echo SKERR >&2; exit 3), qr/exit code 3/ ],
	[ 'is killed' => 'kill -TERM $$', qr/signal 15/ ],
	[ 'writes too much' => 'cat /dev/zero', qr/more than 1048576 bytes/ ])
{
	fails("a program that $case->[0]", program($case->[1]), message => qr/gave no credentials/,
		detail => qr{"\Q$home\E/run": .*$case->[2]});
}
fails('a program that is not there', { config => "[default]\ncredential_process = $home/none a\n" },
	detail => qr/command not found/, hint => qr/operating system user/);
fails('a program that may not be run', { config => "[default]\ncredential_process = /etc/passwd\n" },
	detail => qr/not executable/);
fails('a program that is a directory', { config => "[default]\ncredential_process = $home\n" }, detail => qr/not executable/);
fails('a program whose keys have expired',
	program(qq(echo '{"Version":1,$document,"Expiration":"2020-01-01T00:00:00Z"}')), message => qr/have expired/);
gives('a program found in PATH',
	{ config => "[default]\ncredential_process = sh $home/run\n",
		files => { run => qq(#!/bin/sh\necho '{"Version":1,$document}'\n) } }, 'AKRUN SKRUN -');
gives('a program that leaves another behind',
	program(qq(sleep 5 & echo '{"Version":1,$document}')), 'AKRUN SKRUN -');
gives('a program with no input and no descriptors',
	program(qq(test -z "\$(cat)" && ! ls -l /proc/\$\$/fd | grep -q 'socket:\\|eventpoll\\|signalfd\\|base/' &&
echo '{"Version":1,$document}')), 'AKRUN SKRUN -');

# Read without another process: a shell blocks signals itself while it starts one.
gives('a program with the signals of a new one',
	program(qq[while read -r name mask; do
case \$name in SigBlk: | SigIgn:) seen="\$seen \$mask" ;; esac
done </proc/self/status
test "\$seen" = ' 0000000000000000 0000000000000000' && echo '{"Version":1,$document}']), 'AKRUN SKRUN -');

# Nothing found, and who may look.
fails('nothing anywhere', {}, message => qr/no AWS credentials/,
	detail => qr/settings: .*environment: .*files: .*No such file/, hint => qr/atomic_dynamodb\.access_key_id/);
fails('a profile without keys', { config => "[default]\nregion=x\n" },
	detail => qr/profile "default" has no credentials/);
fails('an unknown profile in the settings', { settings => { profile => 'no' }, env => \%env_pair },
	message => qr/"no" does not exist/, detail => qr/atomic_dynamodb\.profile/);
fails('no HOME', { env => { HOME => '' } }, detail => qr/HOME is not set/);
for my $case ({ env => \%env_pair }, { credentials => "[default]\n$pair" }, {})
{
	fails('ambient credentials for others', { %$case, settings => { refuse_ambient => $true } },
		message => qr/superuser/, hint => qr/atomic_dynamodb\.allow_ambient_credentials/);
}
# On a foreign server they are those of the user mapping.
{
	my %on = (server => 'east', user => 'Alice', has_mapping => $true);
	my %hint = (hint => qr/^Set access_key_id and secret_access_key with ALTER USER MAPPING\.$/);
	gives('a mapping beats the environment', { settings => { %on, %set_pair }, env => \%env_pair }, 'AKSET SKSET -');
	is(credentials_of({ settings => { %on, %set_pair } })->{source}, 'the user mapping', 'a mapping is called so');
	fails('half a mapping', { settings => { %on, access_key_id => 'AKSET' }, env => \%env_pair },
		detail => qr/^In the user mapping, access_key_id is set but secret_access_key is not\.$/);
	fails('an empty mapping', { settings => { %on, refuse_ambient => $true }, env => \%env_pair },
		message => qr/^no AWS credentials for role "Alice" on server "east"$/,
		detail => qr/^From the user mapping: it has no option access_key_id\. .*allow_ambient_credentials\.$/, %hint);
	gives('an empty mapping, the server being open', { settings => \%on, env => \%env_pair }, 'AKENV SKENV -');
	fails('an empty mapping and nothing else', { settings => \%on },
		message => qr/role "Alice" on server "east"/, detail => qr/From the environment: AWS_ACCESS_KEY_ID is not set/, %hint);
	$on{has_mapping} = JSON::PP::false;
	fails('no mapping', { settings => { %on, refuse_ambient => $true }, env => \%env_pair },
		detail => qr/^From the user mapping: there is none for the role, nor for PUBLIC\./,
		hint => qr/^Create one: CREATE USER MAPPING FOR "Alice" SERVER east OPTIONS/);
	fails('a profile that is not there', { settings => { %on, profile => 'no' }, env => \%env_pair },
		detail => qr/^The option "profile" of server "east" names it/);
}

gives('settings for others', { settings => { %set_pair, refuse_ambient => $true }, env => \%env_pair },
	'AKSET SKSET -');

# Files.
gives('~ in a variable',
	{ env => { AWS_SHARED_CREDENTIALS_FILE => '~/creds2' }, files => { creds2 => "[default]\n$pair" } },
	'AKFILE SKFILE -');
fails('a named file that may not be read',
	{ env => { AWS_SHARED_CREDENTIALS_FILE => '~/creds2' }, files => { creds2 => undef } },
	message => qr{"\Q$home\E/creds2".*denied}, detail => qr/AWS_SHARED_CREDENTIALS_FILE/);
fails('a default file that may not be read', { credentials => undef }, detail => qr/denied/);
gives('a default file that may not be read, keys in the other',
	{ config => undef, credentials => "[default]\n$pair" }, 'AKFILE SKFILE -');

# The format.
for my $case (
	[ 'a byte order mark' => "\x{feff}[default]\n$pair" ],
	[ 'sections of other kinds' => "[services default]\n$other\[sso-session default]\n$other\[default]\n$pair" ],
	[ 'an unclosed section' => "[default]\n$pair\[other\n$other" ],
	[ 'an empty section name' => "[default]\n$pair\[]\n$other" ],
	[ 'lines that make no sense' => "[default]\nx\n=y\n= \n$pair" ],
	[ 'comments' => "# [default]\n[default] ; x\n; aws_access_key_id=A\n  # x = y\n$pair" ],
	[ 'keys in capitals' => "[default]\nAWS_ACCESS_KEY_ID=AKFILE\nAws_Secret_Access_Key=SKFILE\n" ],
	[ 'blanks behind the name' => "[profile default ]\n$pair" ],
	[ 'keys of a block' => "[default]\n${pair}s3 =\n  aws_access_key_id = A\n\taws_secret_access_key = S\n" ],
	[ 'keys after a block' => "[default]\ns3 =\n  x = y\naws_access_key_id = AKFILE\naws_secret_access_key = SKFILE\n" ],
	[ 'an empty value above indented keys' => "[default]\n  output =\n  aws_access_key_id=AKFILE\n  aws_secret_access_key=SKFILE\n" ],
	[ 'a repeated key' => "[default]\naws_access_key_id=A\n$pair" ],
	[ 'a profile called default' => "[default]\n$other\[profile default]\n$pair" ],
	[ 'tabs in the section' => "[profile\tdefault]\n$pair" ],
	[ 'quotes in the section' => "[profile 'default']\n$pair" ])
{
	gives("config file with $case->[0]", { config => $case->[1] }, 'AKFILE SKFILE -');
}
for my $case (
	[ 'a word that only begins with profile' => "[profiled default]\n$pair" ],
	[ 'a name in other letters' => "[DEFAULT]\n$pair" ],
	[ 'blanks in the brackets' => "[ default ]\n$pair" ],
	[ 'a bracket too many' => "[default]]\n$pair" ],
	[ 'a blank behind default' => "[default ]\n$pair" ],
	[ 'a blank before the word' => "[ profile default]\n$pair" ],
	[ 'a quote that is not closed' => "[profile \"default]\n$pair" ],
	[ 'keys in a block only' => "[default]\nx =\n aws_access_key_id=AKFILE\n aws_secret_access_key=SKFILE\n" ],
	[ 'no section' => $pair ], [ 'nothing in it' => '' ])
{
	fails("config file with $case->[0]", { config => $case->[1] }, message => qr/no AWS credentials/);
}
fails('a profile of two words', { env => { AWS_PROFILE => 'a b' }, config => "[profile a b]\n$pair" }, message => qr/"a b" does not exist/);
gives('a profile of two words in quotes', { env => { AWS_PROFILE => 'a b' }, config => "[profile 'a b']\n$pair" }, 'AKFILE SKFILE -');
gives('a profile of two words in the credentials file', { env => { AWS_PROFILE => 'a b' }, credentials => "[a b]\n$pair" }, 'AKFILE SKFILE -');
gives('quotes belong to the name there', { env => { AWS_PROFILE => '"a"' }, credentials => "[\"a\"]\n$pair" }, 'AKFILE SKFILE -');
fails('which is no other name then', { env => { AWS_PROFILE => 'a' }, credentials => "[\"a\"]\n$pair" }, message => qr/"a" does not exist/);
fails('nor are blanks', { credentials => "[ default ]\n$pair" }, message => qr/no AWS credentials/);
gives('[profile default] replaces [default] wholly',
	{ credentials => "[default]\n$pair", config => "[default]\nrole_arn=r\n[profile default]\nregion=x\n" },
	'AKFILE SKFILE -');

# Values that could break a header, and time.
for my $case (
	[ 'a line break in the key' => { %env_pair, AWS_ACCESS_KEY_ID => "AK\r\nX: 1" } ],
	[ 'a blank in the key' => { %env_pair, AWS_ACCESS_KEY_ID => 'AK X' } ],
	[ 'a line break in the token' => { %env_pair, AWS_SESSION_TOKEN => "SKTOKEN\n" } ],
	[ 'another alphabet in the token' => { %env_pair, AWS_SESSION_TOKEN => "SKTOKEN\x{e9}" } ])
{
	fails($case->[0], { env => $case->[1] }, message => qr/malformed/);
}
gives('a secret of any characters', { env => { %env_pair, AWS_SECRET_ACCESS_KEY => "S\x{e9} =\n" } },
	"AKENV S\x{e9} =\n -");

for my $case (
	[ '2026-11-22T08:15:01Z' => 1 ], [ '2026-11-22T08:15:00Z' => 0 ],
	[ '2026-11-22T08:15:00.9Z' => 0 ], [ '2026-11-22t10:15:01.123456+02:00' => 1 ],
	[ '2026-11-22T03:15:01-05:00' => 1 ], [ '2026-11-22T03:14:59-05:00' => 0 ],
	[ '2036-02-29T00:00:00Z' => 1 ], [ '2026-11-22 08:15:01Z' => 1 ], [ '2026-11-22T10:15:01+0200' => 1 ],
	[ '2026-11-22 10:14:59+0200' => 0 ])
{
	my ($time, $good) = @$case;
	my %in = (env => { %env_pair, AWS_CREDENTIAL_EXPIRATION => $time });
	$good ? gives("good until $time", \%in, 'AKENV SKENV -')
	  : fails("good until $time", \%in, message => qr/have expired/);
}
fails("good until '$_'", { env => { %env_pair, AWS_CREDENTIAL_EXPIRATION => $_ } }, message => qr/malformed/)
  for 'tomorrow', '2036-01-01', '2036-01-01T00:00:00', '2036-13-01T00:00:00Z', '2036-01-01T00:00:00Zx',
  '2036-01-01T00:00:00+2', '2036-01-01T00:00:00+02', '2036-01-01  00:00:00Z', '2036 01-01T00:00:00Z', '2036-01-01T00:00:00.Z';

# Region, endpoint and switches: the order, and what a message calls the source.
my %region = (AWS_REGION => 'us-west-2');

sub resolves
{
	my ($name, $case, $expected) = @_;
	my $got = endpoint_of($case);
	is(join(' ', map { $got->{$_} // '-' } qw(url signing_region)), $expected, $name) or diag(to_json($got));
	return;
}

resolves('region of the settings',
	{ settings => { region => 'eu-west-1' }, env => \%region, config => "[default]\nregion=sa-east-1\n" },
	'https://dynamodb.eu-west-1.amazonaws.com/ eu-west-1');
resolves('AWS_REGION before AWS_DEFAULT_REGION',
	{ env => { %region, AWS_DEFAULT_REGION => 'eu-west-1' } }, 'https://dynamodb.us-west-2.amazonaws.com/ us-west-2');
resolves('region of the profile in the settings',
	{ settings => { profile => 'p' }, config => "[default]\nregion=a\n[profile p]\nregion=eu-west-3\n" },
	'https://dynamodb.eu-west-3.amazonaws.com/ eu-west-3');
resolves('region of both files',
	{ config => "[default]\nregion=us-east-1\n", credentials => "[default]\n${pair}region=us-east-2\n" },
	'https://dynamodb.us-east-2.amazonaws.com/ us-east-2');
resolves("region $_->[0]", { env => { AWS_REGION => $_->[0] } }, "https://$_->[1]/ $_->[2]")
  for [ 'fips-us-east-1', 'dynamodb-fips.us-east-1.amazonaws.com', 'us-east-1' ],
  [ 'us-gov-west-1-fips', 'dynamodb.us-gov-west-1.amazonaws.com', 'us-gov-west-1' ];
is(endpoint_of({ env => { AWS_REGION => 'fips-us-east-1', AWS_ENDPOINT_URL => 'https://example.com' } })->{error}{sqlstate},
	'22023', 'such a region excludes an endpoint URL');
resolves('region local', { settings => { region => 'local' } }, 'http://localhost:8000/ us-east-1');

my $services = "[default]\nservices = s\nendpoint_url = http://127.0.0.1:5\n"
  . "[services s]\ns3 =\n  endpoint_url = http://127.0.0.1:7\ndynamodb =\n  endpoint_url = http://127.0.0.1:4\n";
my %urls = (%region, AWS_ENDPOINT_URL_DYNAMODB => 'http://127.0.0.1:2', AWS_ENDPOINT_URL => 'http://127.0.0.1:3');
my %set_url = (endpoint_url => 'http://127.0.0.1:1');
resolves('URL of the settings', { settings => \%set_url, env => \%urls, config => $services },
	'http://127.0.0.1:1/ us-west-2');
resolves('URL of the service variable', { env => \%urls, config => $services }, 'http://127.0.0.1:2/ us-west-2');
delete $urls{AWS_ENDPOINT_URL_DYNAMODB};
resolves('URL of the global variable', { env => \%urls, config => $services }, 'http://127.0.0.1:3/ us-west-2');
resolves('URL of the services section', { env => \%region, config => $services }, 'http://127.0.0.1:4/ us-west-2');
(my $no_services = $services) =~ s/services = s/services = t/;
resolves('URL of the profile', { env => \%region, config => $no_services }, 'http://127.0.0.1:5/ us-west-2');
for my $value (qw(true TRUE))
{
	my %ignoring = (%urls, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS => $value);
	resolves("URLs ignored ($value)", { env => \%ignoring, config => $services },
		'https://dynamodb.us-west-2.amazonaws.com/ us-west-2');
	resolves("URL of the settings is not ignored ($value)", { settings => \%set_url, env => \%ignoring },
		'http://127.0.0.1:1/ us-west-2');
}
resolves('URLs not ignored', { env => { %urls, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS => '1' } },
	'http://127.0.0.1:3/ us-west-2');
resolves('FIPS and dual-stack of the environment',
	{ env => { %region, AWS_USE_FIPS_ENDPOINT => 'true', AWS_USE_DUALSTACK_ENDPOINT => 'True' } },
	'https://dynamodb-fips.us-west-2.api.aws/ us-west-2');
resolves('FIPS and dual-stack of the profile',
	{ env => \%region, config => "[default]\nuse_fips_endpoint=true\nuse_dualstack_endpoint = true\n" },
	'https://dynamodb-fips.us-west-2.api.aws/ us-west-2');
my %switches = (AWS_USE_FIPS_ENDPOINT => 'true', AWS_USE_DUALSTACK_ENDPOINT => 'false');
resolves('switches of the settings beat those of the environment',
	{ settings => { use_fips_endpoint => JSON::PP::false, use_dualstack_endpoint => $true }, env => { %region, %switches } },
	'https://dynamodb.us-west-2.api.aws/ us-west-2');
resolves('each of them on its own', { settings => { use_dualstack_endpoint => $true }, env => { %region, %switches } },
	'https://dynamodb-fips.us-west-2.api.aws/ us-west-2');
resolves('an endpoint of the settings in spite of the environment',
	{ settings => { use_fips_endpoint => JSON::PP::false, endpoint_url => 'https://example.com' }, env => { %region, %switches } },
	'https://example.com/ us-west-2');
resolves('false in the environment beats true in the profile',
	{ env => { %region, AWS_USE_FIPS_ENDPOINT => 'false' }, config => "[default]\nuse_fips_endpoint=true\n" },
	'https://dynamodb.us-west-2.amazonaws.com/ us-west-2');

for my $case (
	[ 'atomic_dynamodb.endpoint_url', { settings => { endpoint_url => 'nonsense' }, env => \%region } ],
	[ 'option "endpoint_url" of server "east"',
		{ settings => { server => 'east', endpoint_url => 'nonsense' }, env => \%region } ],
	[ 'AWS_ENDPOINT_URL_DYNAMODB', { env => { %region, AWS_ENDPOINT_URL_DYNAMODB => 'http://example.com' } } ],
	[ 'AWS_ENDPOINT_URL', { env => { %region, AWS_ENDPOINT_URL => 'https://a@b' } } ],
	[ 'profile "default"', { env => \%region, config => "[default]\nendpoint_url = ftp://x\n" } ])
{
	my $got = endpoint_of($case->[1]);
	is($got->{error}{sqlstate}, '22023', "a bad URL in $case->[0]");
	like($got->{error}{message}, qr/\Q$case->[0]\E$/, "a bad URL in $case->[0]: it is named");
}
is(endpoint_of({ env => { %region, AWS_ACCOUNT_ID_ENDPOINT_MODE => 'required' } })->{error}{sqlstate},
	'0A000', 'account-based endpoints required');
is(endpoint_of({})->{error}{message}, 'no AWS region is set', 'no region');
is(endpoint_of({ settings => { server => 'east' } })->{error}{message}, 'no AWS region is set for server "east"',
	'no region on a server');
is(endpoint_of({ settings => { server => 'East' } })->{error}{hint}, q(Add it: ALTER SERVER "East" OPTIONS (ADD region 'us-east-1').),
	'what to do about it');

done_testing();
