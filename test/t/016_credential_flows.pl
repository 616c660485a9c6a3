# Credentials from the network: containers, instances, the security token service.
# The flows of credentials.json and many of our own are played by a made-up
# network, which notes what it was asked for; the rest goes over real sockets.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use AddbTest::Unit;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

my $true = JSON::PP::true;
my $home = '/h';
my $host = '127.0.0.1:8123';
my $list = 'latest/meta-data/iam/security-credentials/';

sub filled_in
{
	my ($text) = @_;
	return $text unless defined $text && !ref $text;
	$text =~ s/\{HOME\}/$home/g;
	$text =~ s/\{URL\}/http:\/\/$host/g;
	$text =~ s/\{HOST\}/$host/g;
	$text =~ s/\{PORT\}/8123/g;
	return $text;
}

# A case as the library wants it.
sub argument
{
	my ($case) = @_;

	my %files = map { ("$home/$_" => $case->{files}{$_}) } keys %{ $case->{files} // {} };
	$files{"$home/.aws/config"} = $case->{config} if exists $case->{config};
	$files{"$home/.aws/credentials"} = $case->{credentials} if exists $case->{credentials};
	$_ = filled_in($_) for values %files;
	my %env = (HOME => $home, map { ($_ => filled_in($case->{env}{$_})) } keys %{ $case->{env} // {} });
	return { env => \%env, files => \%files, settings => $case->{settings} // {},
		server => $case->{server} // [],
		map { ($_ => $case->{$_}) } grep { exists $case->{$_} } qw(network role base web_identity sts) };
}

# What the library makes of a case, and what it asked the network for.
sub run_case
{
	my ($function, $case) = @_;
	my $got = unit_call($function, argument($case));
	return ($got, unit_call('addb_unit_world_log', {}));
}

sub requests { return map { $_->{request} // () } @{ $_[0] } }
sub pauses { return map { $_->{pause} // () } @{ $_[0] } }

# Fields of a form.
sub form
{
	return map { my ($name, $value) = split /=/, $_, 2; $value =~ s/%([0-9A-F]{2})/chr hex $1/ge; ($name => $value) }
	  split /&/, $_[0];
}

# A request as the vectors note it: the headers that tell, the form.
sub as_noted
{
	my ($entry, $like) = @_;

	my %headers = map { ($_ => $entry->{headers}{$_}) }
	  grep { exists $entry->{headers}{$_} } qw(accept authorization content-type x-amz-security-token
		x-aws-ec2-metadata-token x-aws-ec2-metadata-token-ttl-seconds);
	$headers{authorization} =~ s{^(AWS4-HMAC-SHA256 Credential=[^/]+/)\d{8}([^,]*), .*$}{$1DATE$2}
	  if exists $headers{authorization};
	my %noted = (request => $entry->{request}, headers => \%headers);
	if ($entry->{body} ne '')
	{
		my %form = form($entry->{body});
		$form{RoleSessionName} = $like->{form}{RoleSessionName}
		  if ($like->{form}{RoleSessionName} // '') =~ /^botocore-/ && $form{RoleSessionName} =~ /^atomic_dynamodb-session-\d+$/;
		$noted{form} = \%form;
	}
	return \%noted;
}

# The flows. Requests are those of botocore, but for one flow: keys in the
# environment are credentials of their own there, and the role of the profile is
# not looked at.
{
	my $vectors = vectors('credentials.json');
	my @flows = @{ $vectors->{http_flows}{cases} // [] };
	diag('there are no flows in credentials.json') if !@flows;
	for my $case (@flows)
	{
		my ($got, $log) = run_case(addb_unit_credentials => $case);
		my $want = $case->{botocore};
		my @asked = @{ $want->{requests} };
		my @noted = grep { $_->{request} } @$log;
		is_deeply([ map { as_noted($noted[$_], $asked[$_]) } 0 .. $#noted ], \@asked, "$case->{name}: requests")
		  or diag(to_json($log));
		if ($want->{result}{error})
		{
			is($got->{error}{sqlstate}, '28000', "$case->{name}: error") or diag(to_json($got));
			unlike(to_json($got), qr/SKI|SKSTS|TSTS|TOKEN1|filetoken|Basic abc|jwt/, "$case->{name}: no secret is told");
			next;
		}
		is_deeply([ @$got{qw(access_key secret_key token)} ],
			[ @{ $want->{result} }{qw(access_key secret_key token)} ], "$case->{name}: credentials")
		  or diag(to_json($got));
	}
}

my %document = (Code => 'Success', AccessKeyId => 'AKI', SecretAccessKey => 'SKI', Token => 'TI',
	Expiration => '2036-01-01T00:00:00Z');
my %container = (AWS_CONTAINER_CREDENTIALS_FULL_URI => 'http://127.0.0.1:8123/c');

sub gives
{
	my ($name, $case, $expected) = @_;
	my ($got, $log) = run_case(addb_unit_credentials => $case);
	is(join(' ', map { $got->{$_} // '-' } qw(access_key secret_key token)), $expected, $name) or diag(to_json($got));
	return ($got, $log);
}

# Fails with 28000 and such texts, and tells no secret.
sub fails
{
	my ($name, $case, %want) = @_;
	my $function = $case->{role} ? 'addb_unit_sts' : 'addb_unit_credentials';
	my ($got, $log) = run_case($function => $case);
	is($got->{error}{sqlstate}, delete $want{sqlstate} // '28000', "$name: error") or diag(to_json($got));
	like($got->{error}{$_}, $want{$_}, "$name: $_") for sort keys %want;
	unlike(to_json($got), qr/SK[A-Z]|TI\b|SECRET(?!_)|TOKEN1/, "$name: no secret is told");
	return $log;
}

sub container_step { return { on => 'GET /c', status => 200, body => {%document}, @_ } }

# Containers: which hosts are asked over http. None of the refused ones is sent
# anything.
for my $good (
	'http://127.0.0.1:80/c', 'http://127.1.2.3/c', 'http://[::1]:8080/c', 'http://LOCALHOST/c', 'http://localhost:9/c',
	'http://169.254.170.2/c', 'http://169.254.170.23:80/c', 'http://[fd00:ec2::23]/c', 'http://[FD00:EC2:0::23]:80/c',
	'https://10.1.2.3/c', 'https://example.com:8443/c', 'HTTPS://example.com/c')
{
	my (undef, $log) = gives("$good is asked",
		{ env => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $good }, server => [ container_step() ] }, 'AKI SKI TI');
	like($log->[0]{url}, qr{^https?://[^/]+/c$}, "$good: the URL that is sent");
}
for my $bad (
	'http://10.1.2.3/c', 'http://example.com/c', 'http://127.0.0.1.evil.com/c', 'http://localhost.evil.com/c',
	'http://169.254.169.254/c', 'http://169.254.170.22/c', 'http://169.254.170.2.evil.com/c', 'http://[fd00:ec2::254]/c',
	'http://[fd00:ec2::2]/c', 'http://[::2]/c', 'http://[::]/c', 'http://0.0.0.0/c', 'http://128.0.0.1/c',
	'http://[::ffff:127.0.0.1]/c', 'http://[::ffff:10.1.2.3]/c', 'http://ip6-localhost/c')
{
	is_deeply([ requests(fails("$bad is not asked",
		{ env => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $bad }, server => [ container_step() ] },
		message => qr/is not allowed/)) ], [], "$bad: nothing is sent");
}
for my $bad (
	'http://localhost@evil.com/c', 'http://127.0.0.1:80@evil.com/c', 'http://localhost\\@evil.com/c', 'http://evil.com\\.localhost/c',
	'http://2130706433/c', 'http://0177.0.0.1/c', 'http://0x7f.0.0.1/c', 'http://127.1/c', 'http://127.0.0.1./c',
	'http://localhost./c', 'http://[::1/c', 'http://[::1]evil.com/c', 'http://[fe80::1%25lo]/c', 'http://127.0.0.1:/c',
	'http://127.0.0.1:99999/c', 'http://127.0.0.1:80x/c', 'http:///c', 'http:/127.0.0.1/c', '127.0.0.1/c', 'file:///c',
	'ftp://127.0.0.1/c', "http://local\x{212a}host/c", 'http://127.0.0.1#@evil.com/c', 'http://127.0.0.1/c#x',
	"http://127.0.0.1/c\r\nX: 1", 'http://127.0.0.1/c d', 'http://127.0.0.1/c\\d', "http://127.0.0.1/\x{e9}",
	"http://127\x{3002}0\x{3002}0\x{3002}1/c", 'javascript://127.0.0.1/c')
{
	my ($got, $log) = run_case(addb_unit_credentials =>
		{ env => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $bad }, server => [ container_step() ] });
	like($got->{error}{sqlstate}, qr/^(?:22023|28000)$/, to_json($bad) . ' is refused') or diag(to_json($got));
	like("$got->{error}{message} $got->{error}{detail}", qr/AWS_CONTAINER_CREDENTIALS_FULL_URI/, to_json($bad) . ': the variable is named');
	is_deeply($log, [], to_json($bad) . ': nothing is sent');
}
for my $case ([ '/c' => '/c' ], [ '/c?a=b' => '/c?a=b' ], [ '/' => '/' ])
{
	my (undef, $log) = gives("relative URI $case->[0]",
		{ env => { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI => $case->[0], %container },
			server => [ container_step(on => "GET $case->[1]") ] }, 'AKI SKI TI');
	is($log->[0]{url}, "http://169.254.170.2$case->[1]", "relative URI $case->[0]: it beats the full one");
	is($log->[0]{timeout}, 2000, "relative URI $case->[0]: time limit");
}
fails("relative URI $_", { env => { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI => $_ } }, detail => qr/RELATIVE_URI/)
  for '@evil.com/c', '.evil.com/c', ':80/c', 'c', "/c\n", '/c#', '/c d';
my (undef, $queried) = gives('a query right behind the host',
	{ env => { AWS_CONTAINER_CREDENTIALS_FULL_URI => 'http://127.0.0.1?a=/b' },
		server => [ container_step(on => 'GET /?a=/b') ] }, 'AKI SKI TI');

# Tokens.
for my $bad ("a\nb", "a\r\nX: 1", "a\n", " a", "a ", "\x{e9}", "a\tb", "\x7f")
{
	my $name = to_json($bad);
	is_deeply([ requests(fails("token $name", { env => { %container, AWS_CONTAINER_AUTHORIZATION_TOKEN => $bad },
		server => [ container_step() ] }, detail => qr/AWS_CONTAINER_AUTHORIZATION_TOKEN is/)) ], [], "token $name: nothing is sent");
	fails("token file with $name", { env => { %container, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => '/h/t' },
		files => { t => $bad } }, detail => qr/AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is/);
}
fails('an empty token file', { env => { %container, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => '/h/t' }, files => { t => '' } },
	detail => qr/TOKEN_FILE is empty/);
fails('a token file that may not be read',
	{ env => { %container, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => '/h/t' }, files => { t => undef } },
	detail => qr{"/h/t".*denied});
gives('an empty token', { env => { %container, AWS_CONTAINER_AUTHORIZATION_TOKEN => '' }, server => [ container_step() ] },
	'AKI SKI TI');

# Answers of a container: each is asked for three times, a second apart.
for my $case (
	[ 'HTML' => [ container_step(body => '<html>SECRET</html>') ], qr/not a JSON object/, 3 ],
	[ 'nothing' => [ container_step(body => '') ], qr/not a JSON object/, 3 ],
	[ 'a JSON array' => [ container_step(body => [ \%document ]) ], qr/not a JSON object/, 3 ],
	[ 'cut off JSON' => [ container_step(body => '{"SecretAccessKey":"SKI') ], qr/not a JSON object/, 3 ],
	[ 'deep JSON' => [ container_step(body => '[' x 60000) ], qr/not a JSON object/, 3 ],
	[ 'a redirect' => [ container_step(status => 302, body => '') ], qr/HTTP status 302/, 3 ],
	[ 'status 500' => [ container_step(status => 500, body => 'SECRET') ], qr/HTTP status 500/, 3 ],
	[ 'credentials with status 500' => [ container_step(status => 500) ], qr/HTTP status 500/, 3 ],
	[ 'silence' => [ container_step(silent => 1) ], qr/did not answer after 3 tries: time ran out/, 3 ],
	[ 'no connection' => [ container_step(absent => 1) ], qr/did not answer after 3 tries: no connection/, 3 ],
	[ 'another Code' => [ container_step(body => { Code => 'Failed', Message => "a\nb" }) ], qr/it says Failed: a\?b/, 1 ],
	[ 'another Code and half of it' => [ container_step(body => { %document, Token => undef, Code => 'Failed' }) ], qr/it says Failed/, 1 ],
	[ 'an odd time' => [ container_step(body => { %document, Expiration => 'SECRET' }) ], qr/Expiration/, 1 ],
	[ 'a time that is past' => [ container_step(body => { %document, Expiration => '2020-01-01T00:00:00Z' }) ], qr/were good until/, 1 ],
	[ 'an odd token' => [ container_step(body => { %document, Token => "SECRET\n" }) ], qr/session token from the container/, 1 ],
	(map {
		my $member = $_;
		my %without = %document;
		delete $without{$member};
		([ "no $member" => [ container_step(body => \%without) ], qr/has no $member/, 1 ],
			[ "an empty $member" => [ container_step(body => { %document, $member => '' }) ], qr/has no $member/, 1 ],
			[ "a null $member" => [ container_step(body => { %document, $member => undef }) ], qr/has no $member/, 1 ],
			[ "an object for $member" => [ container_step(body => { %document, $member => { x => 'SECRET' } }) ], qr/has no $member/, 1 ]);
	} qw(AccessKeyId SecretAccessKey Token Expiration)))
{
	my ($what, $server, $detail, $times) = @$case;
	my $log = fails("a container gives $what", { env => {%container}, server => $server }, detail => $detail);
	is(scalar requests($log), $times, "a container gives $what: so often it is asked");
	is_deeply([ pauses($log) ], [ (1000) x ($times - 1) ], "a container gives $what: pauses");
}
gives('a container with another Code, and with credentials',
	{ env => {%container}, server => [ container_step(body => { %document, Code => 'Odd' }) ] }, 'AKI SKI TI');
fails('a token is not told by the container either',
	{ env => { %container, AWS_CONTAINER_AUTHORIZATION_TOKEN => 'SECRET1' },
		server => [ container_step(status => 403, body => { Code => 'No', Message => 'not SECRET1' }) ] }, detail => qr/not shown/);
for my $first ({ status => 500 }, { silent => 1 }, { body => 'x' })
{
	my (undef, $log) = gives('a container that answers the second time',
		{ env => {%container}, server => [ container_step(%$first), container_step() ] }, 'AKI SKI TI');
	is_deeply([ pauses($log) ], [1000], 'after one pause');
}

# Instances.
my $role = { on => "GET /$list", status => 200, body => 'r' };
my $token = { on => 'PUT /latest/api/token', status => 200, body => 'TOKEN1' };
my $keys = { on => "GET /${list}r", status => 200, body => {%document} };
my %imds = (server => [ $token, $role, $keys ]);

my (undef, $default) = gives('an instance', {%imds}, 'AKI SKI TI');
is_deeply([ map { $_->{url} } @$default ],
	[ map { "http://169.254.169.254/$_" } 'latest/api/token', $list, "${list}r" ], 'its address');
is($_->{timeout}, 1000, 'its time limit') for @$default;
for my $case (
	[ 'IPv6' => { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE => 'ipv6' }, 'http://[fd00:ec2::254]/latest/api/token' ],
	[ 'IPv4' => { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE => 'IPv4' }, 'http://169.254.169.254/latest/api/token' ],
	[ 'an endpoint' => { AWS_EC2_METADATA_SERVICE_ENDPOINT => 'http://10.0.0.1:80/',
			AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE => 'IPv6' }, 'http://10.0.0.1/latest/api/token' ])
{
	my (undef, $log) = gives("an instance, $case->[0]", { %imds, env => $case->[1] }, 'AKI SKI TI');
	is($log->[0]{url}, $case->[2], "an instance, $case->[0]: its address");
}
my (undef, $profiled) = gives('an instance, endpoint of the profile',
	{ %imds, config => "[default]\nec2_metadata_service_endpoint = http://10.0.0.2\n" }, 'AKI SKI TI');
is($profiled->[0]{url}, 'http://10.0.0.2/latest/api/token', 'endpoint of the profile');
for my $case (
	[ MODE => 'IPv5' ], map { [ ENDPOINT => $_ ] } 'nonsense', 'ftp://169.254.169.254', 'http://a@b', 'http://0x7f.1', 'http://x/?y', "http://x/\r\n")
{
	my ($got, $log) = run_case(addb_unit_credentials => { %imds, env => {
		'AWS_EC2_METADATA_SERVICE_ENDPOINT' . ($case->[0] eq 'MODE' ? '_MODE' : '') => $case->[1] } });
	is($got->{error}{sqlstate}, '22023', to_json($case->[1]) . ' is refused');
	is_deeply($log, [], to_json($case->[1]) . ': nothing is sent');
}

my @v1 = ('PUT /latest/api/token', "GET /$list", "GET /${list}r");
for my $step ({ status => 403 }, { status => 404 }, { status => 405 }, { status => 500 }, { silent => 1 })
{
	my ($got, $log) = gives('no token: ' . to_json($step),
		{ server => [ { on => $token->{on}, %$step }, $role, $keys ] }, 'AKI SKI TI');
	is_deeply([ requests($log) ], \@v1, 'version 1 is asked');
	is_deeply([ grep { exists $_->{headers}{'x-aws-ec2-metadata-token'} } @$log ], [], 'without a token');
	fails('no token and no version 1: ' . to_json($step),
		{ env => { AWS_EC2_METADATA_V1_DISABLED => 'true' }, server => [ { on => $token->{on}, %$step }, $role, $keys ] },
		message => qr/no AWS credentials/, detail => qr/version 1 is disabled/);
}
is_deeply([ requests(fails('no connection', { server => [ { %$token, absent => 1 }, $role, $keys ] },
	message => qr/no AWS credentials/, detail => qr/does not answer: no connection/, hint => qr/access_key_id/)) ], [ $v1[0] ],
	'is not tried again');
{
	my (undef, $log) = gives('a token that expires before the role is told',
		{ server => [ $token, { %$token, body => 'TOKEN2' }, { %$role, status => 401 }, $role, $keys ] }, 'AKI SKI TI');
	is_deeply([ map { $_->{headers}{'x-aws-ec2-metadata-token'} // '-' } @$log ], [qw(- TOKEN1 - TOKEN2 TOKEN2)], 'is renewed');
	fails('a new token does not help', { server => [ $token, { %$role, status => 401 } ] }, detail => qr/HTTP status 401/);
	fails('no new token to be had', { server => [ $token, { %$token, status => 400 }, { %$keys, status => 401 }, $role ] },
		message => qr/could not get/, detail => qr/role "r", but/);
}
for my $case (
	[ 'an odd token' => { server => [ { %$token, body => "TOKEN1\r\nX: 1" }, $role, $keys ] }, qr/no header can have/ ],
	[ 'an empty token' => { server => [ { %$token, body => '' }, $role, $keys ] }, qr/no header can have/ ],
	[ 'status 500 for the role' => { server => [ $token, { %$role, status => 500 } ] }, qr/status 500 when asked for the role/ ],
	[ 'silence for the role' => { server => [ $token, { %$role, silent => 1 } ] }, qr/does not answer: time ran out/ ],
	(map { [ 'the role ' . to_json($_) => { server => [ $token, { %$role, body => $_ } ] }, qr/no name of a role/ ] }
		'', "\n", '../x', '..', 'a/b', 'a?b', '<html>', 'r#', 'x' x 65, "\x{e9}"))
{
	fails("an instance gives $case->[0]", $case->[1], message => qr/no AWS credentials/, detail => $case->[2]);
}
for my $case (
	[ 'status 404' => { status => 404 }, qr/HTTP status 404/ ], [ 'silence' => { silent => 1 }, qr/time ran out/ ],
	[ 'no connection' => { absent => 1 }, qr/no connection/ ], [ 'HTML' => { body => '<SECRET>' }, qr/not a JSON object/ ],
	[ 'a refusal' => { body => { Code => 'NoTrust', Message => 'TOKEN1!' } }, qr/NoTrust: \(a text that is not shown\)/ ],
	[ 'an ID and a refusal' => { body => { AccessKeyId => 'AKI', Code => 'NoTrust', Message => 'no' } }, qr/NoTrust: no/ ],
	[ 'no keys' => { body => { Code => 'Success' } }, qr/has no AccessKeyId/ ])
{
	fails("an instance gives $case->[0] for its role", { server => [ $token, $role, { %$keys, %{ $case->[1] } } ] },
		message => qr/could not get AWS credentials from the instance/, detail => qr/role "r", but .*$case->[2]/);
}
my ($expired) = gives('expired credentials of an instance',
	{ server => [ $token, $role, { %$keys, body => { %document, Expiration => '2020-01-01T00:00:00Z' } } ] }, 'AKI SKI TI');
is($expired->{tolerates_expiry}, 'true', 'are marked so');
is_deeply([ requests(fails('ambient credentials for others', { %imds, settings => { refuse_ambient => $true } }, message => qr/superuser/)) ],
	[], 'an instance is not asked for them');

# The security token service.
my %sts = (settings => { region => 'us-west-2' }, role => { arn => 'arn:aws:iam::1:role/r', session_name => 's' },
	base => { access_key => 'AKB', secret_key => 'SKB', token => 'TB' });
my $xml = '<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AK</AccessKeyId>'
  . '<SecretAccessKey>SK</SecretAccessKey><SessionToken>TI</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration>'
  . '</Credentials></AssumeRoleResult></AssumeRoleResponse>';
sub sts_step { return { on => 'POST /', status => 200, body => $xml, @_ } }
sub sts_error
{
	my ($status, $code, $message) = @_;
	return sts_step(status => $status, body => "<ErrorResponse><Error><Type>Sender</Type><Code>$code</Code><Message>$message</Message>"
		  . '</Error><RequestId>q-1</RequestId></ErrorResponse>');
}

{
	my ($got, $log) = run_case(addb_unit_sts => { %sts, server => [ sts_step() ],
		role => { arn => 'arn:aws:iam::1:role/a b&c=d+' . "\x{e9}", external_id => '~x/%', duration => '900' } });
	is(join(' ', @$got{qw(access_key secret_key token expires_at)}), 'AK SK TI 2036-01-01 00:00:00+00', 'a role is assumed');
	like($log->[0]{body}, qr/^Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b%26c%3Dd%2B%C3%A9&RoleSessionName=atomic_dynamodb-session-1795335300&DurationSeconds=900&ExternalId=~x%2F%25$/,
		'the form is encoded');
	is($log->[0]{url}, 'https://sts.us-west-2.amazonaws.com/', 'it goes to the region');
	is($log->[0]{headers}{host}, 'sts.us-west-2.amazonaws.com', 'which is what was signed');
	is($log->[0]{headers}{'x-amz-date'}, '20261122T081500Z', 'at the time of the settings');
	is($log->[0]{headers}{'x-amz-security-token'}, 'TB', 'with the session token');

	# the signature is that of the signer for the same request
	my $signed = unit_call(addb_unit_sigv4 => {
		context => { access_key_id => 'AKB', secret_access_key => 'SKB', session_token => 'TB', region => 'us-west-2',
			service => 'sts', amz_date => '20261122T081500Z' },
		request => { method => 'POST', path => '/', body_hex => unpack('H*', $log->[0]{body}),
			headers => [ [ host => $log->[0]{headers}{host} ], [ 'content-type' => $log->[0]{headers}{'content-type'} ] ] } });
	is($log->[0]{headers}{authorization}, $signed->{authorization}, 'the signature');
}
{
	my ($got, $log) = run_case(addb_unit_sts => { %sts, web_identity => "e.y+/=\n", server => [ sts_step() ] });
	like($log->[0]{body}, qr/&WebIdentityToken=e\.y%2B%2F%3D%0A$/, 'a web identity token as it is');
	is_deeply([ grep { /auth|amz/ } keys %{ $log->[0]{headers} } ], [], 'unsigned');
}

for my $case (
	[ 'access denied' => [ sts_error(403, 'AccessDenied', 'no &amp; no') ], qr/HTTP status 403, AccessDenied: no & no \(request ID q-1\)/, 1 ],
	[ 'a session token told back' => [ sts_error(403, 'No', 'TBX') ], qr/not shown/, 1, { base => { %{ $sts{base} }, token => 'TB' } } ],
	[ 'a web identity told back' => [ sts_error(400, 'InvalidIdentityToken', 'SECRET.x.y') ], qr/not shown/, 1, { web_identity => "SECRET.x.y\n" } ],
	[ 'a throttled call' => [ sts_error(400, 'Throttling', 'slow') ], qr/Throttling: slow/, 3 ],
	[ 'an identity provider in trouble' => [ sts_error(400, 'IDPCommunicationError', 'x') ], qr/IDPCommunicationError/, 3 ],
	[ 'status 503' => [ sts_step(status => 503, body => 'SECRET') ], qr/HTTP status 503 and no error of its own/, 3 ],
	[ 'status 501' => [ sts_step(status => 501, body => '') ], qr/HTTP status 501/, 1 ],
	[ 'a redirect' => [ sts_step(status => 307, body => '') ], qr/HTTP status 307/, 1 ],
	[ 'silence' => [ sts_step(silent => 1) ], qr/sts\.us-west-2\.amazonaws\.com did not answer: time ran out/, 3 ],
	[ 'no connection' => [ sts_step(absent => 1) ], qr/did not answer: no connection/, 3 ],
	[ 'JSON' => [ sts_step(body => {%document}) ], qr/without credentials/, 1 ],
	[ 'malformed XML' => [ sts_step(body => "$xml<") ], qr/without credentials/, 1 ],
	(map { my $cut = $xml; $cut =~ s{<$_>[^<]*}{<$_>}; [ "an empty $_" => [ sts_step(body => $cut) ], qr/without credentials/, 1 ] }
		qw(AccessKeyId SecretAccessKey SessionToken Expiration)))
{
	my ($what, $server, $detail, $times, $more) = @$case;
	my $log = fails("STS gives $what", { %sts, %{ $more // {} }, server => $server }, detail => $detail,
		message => qr{could not assume AWS role "arn:aws:iam::1:role/r"});
	is(scalar requests($log), $times, "STS gives $what: so often it is asked");
	my @pauses = pauses($log);
	is(scalar @pauses, $times - 1, "STS gives $what: pauses");
	ok($pauses[0] <= 50 && $pauses[1] <= 100, "STS gives $what: they are short") if $times == 3;
}
{
	my ($got, $log) = run_case(addb_unit_sts => { %sts, server => [ sts_step(status => 500), sts_step() ] });
	is($got->{access_key}, 'AK', 'STS answers the second time');
}

# A clock that is wrong: the reply tells the time to sign for.
my $hour = 3_600_000;
for my $code (qw(RequestExpired SignatureDoesNotMatch InvalidSignatureException AuthFailure RequestTimeTooSkewed))
{
	my %refused = (%{ sts_error(403, $code, 'time') }, offset_ms => 30 * $hour);
	my ($got, $log) = run_case(addb_unit_sts => { %sts, server => [ \%refused, sts_step(offset_ms => 30 * $hour) ] });
	is($got->{access_key}, 'AK', "$code: sent again") or diag(to_json($got));
	is_deeply([ map { $_->{headers}{'x-amz-date'} } @$log ], [ '20261122T081500Z', '20261123T141500Z' ], "$code: for the time of the service");
	like($log->[1]{headers}{authorization}, qr{Credential=AKB/20261123/}, "$code: signed for its day");
	is($got->{expires_at}, '2035-12-30 18:00:00+00', "$code: and the end is told by this machine's clock");
	is_deeply([ sort keys %{ $log->[1]{headers} } ], [ sort keys %{ $log->[0]{headers} } ], "$code: no header twice");
	is(scalar requests(fails("$code: twice", { %sts, server => [ \%refused, \%refused, sts_step() ] }, detail => qr/$code/)), 2,
		"$code: once only");
}
for my $case (
	[ 'clocks that agree' => {}, { %{ sts_error(403, 'SignatureDoesNotMatch', 'x') }, offset_ms => 200_000 } ],
	[ 'no time in the reply' => {}, sts_error(403, 'SignatureDoesNotMatch', 'x') ],
	[ 'another refusal' => {}, { %{ sts_error(403, 'ExpiredToken', 'x') }, offset_ms => $hour } ],
	[ 'a trusted clock' => { settings => { region => 'us-west-2', trust_clock => $true } },
		{ %{ sts_error(403, 'RequestExpired', 'x') }, offset_ms => $hour } ],
	[ 'a switch in the environment' => { env => { AWS_DISABLE_CLOCK_SKEW_CORRECTION => 'true' } },
		{ %{ sts_error(403, 'RequestExpired', 'x') }, offset_ms => $hour } ],
	[ 'a web identity, which is not signed' => { web_identity => 'x' }, { %{ sts_error(403, 'RequestExpired', 'x') }, offset_ms => $hour } ])
{
	my ($what, $more, $step) = @$case;
	is(scalar requests(fails("STS and $what", { %sts, %$more, server => [ $step, sts_step() ] })), 1, "STS and $what: not sent again");
}
{
	my ($got) = run_case(addb_unit_sts => { %sts, server => [ sts_step(offset_ms => 30 * $hour) ] });
	is($got->{expires_at}, '2036-01-01 00:00:00+00', 'what was signed well is taken as it is');
}

# Its endpoint.
sub sts_endpoint
{
	my ($name, $case, $expected) = @_;
	my $got = unit_call(addb_unit_resolve => argument({ %$case, sts => $true }));
	is($expected =~ /^\d/ ? $got->{error}{sqlstate} : "$got->{url} $got->{signing_region}", $expected, "STS endpoint: $name")
	  or diag(to_json($got));
	return;
}
my %west = (AWS_REGION => 'us-west-2');
my %urls = (%west, AWS_ENDPOINT_URL_STS => 'http://127.0.0.1:2', AWS_ENDPOINT_URL => 'http://127.0.0.1:3',
	AWS_ENDPOINT_URL_DYNAMODB => 'http://127.0.0.1:9');
my $services = "[default]\nservices = s\nendpoint_url = http://127.0.0.1:5\n[services s]\nsts =\n  endpoint_url = http://127.0.0.1:4\n";
my %setting = (settings => { sts_endpoint_url => 'http://127.0.0.1:1', endpoint_url => 'http://127.0.0.1:8' });
sts_endpoint('setting', { %setting, env => \%urls, config => $services }, 'http://127.0.0.1:1/ us-west-2');
sts_endpoint('variable of the service', { env => \%urls, config => $services }, 'http://127.0.0.1:2/ us-west-2');
delete $urls{AWS_ENDPOINT_URL_STS};
sts_endpoint('variable for all', { env => \%urls, config => $services }, 'http://127.0.0.1:3/ us-west-2');
delete $urls{AWS_ENDPOINT_URL};
sts_endpoint('services section', { env => \%urls, config => $services }, 'http://127.0.0.1:4/ us-west-2');
$services =~ s/^sts/s3/m;
sts_endpoint('profile', { env => \%urls, config => $services }, 'http://127.0.0.1:5/ us-west-2');
sts_endpoint('ignored', { env => { %urls, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS => 'true' }, config => $services },
	'https://sts.us-west-2.amazonaws.com/ us-west-2');
sts_endpoint('the setting of DynamoDB is another', { settings => { endpoint_url => 'http://127.0.0.1:8' }, env => {%west} },
	'https://sts.us-west-2.amazonaws.com/ us-west-2');
for my $case (
	[ {}, 'cn-north-1', 'sts.cn-north-1.amazonaws.com.cn' ], [ {}, 'us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com' ],
	[ { fips => 1 }, 'us-east-1', 'sts-fips.us-east-1.amazonaws.com' ], [ { fips => 1 }, 'us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com' ],
	[ { dualstack => 1 }, 'us-east-1', 'sts.us-east-1.api.aws' ], [ { fips => 1, dualstack => 1 }, 'us-east-1', 'sts-fips.us-east-1.api.aws' ])
{
	my ($on, $region, $expected) = @$case;
	sts_endpoint(join(' ', $region, sort keys %$on), { env => { AWS_REGION => $region,
		map { ('AWS_USE_' . uc($_) . '_ENDPOINT' => 'true') } keys %$on } }, "https://$expected/ $region");
}
sts_endpoint('local', { settings => { region => 'local' } }, 'https://sts.us-east-1.amazonaws.com/ us-east-1');
sts_endpoint('no region', {}, '22023');
sts_endpoint('plain http elsewhere', { env => { %west, AWS_ENDPOINT_URL_STS => 'http://example.com' } }, '22023');
sts_endpoint('FIPS and a URL', { env => { %west, AWS_ENDPOINT_URL_STS => 'https://example.com', AWS_USE_FIPS_ENDPOINT => 'true' } }, '22023');

# XML: what is read, and what is not taken for a reply.
sub xml_of
{
	my ($text) = @_;
	my $got = unit_call(addb_unit_sts_reply => { xml => $text });
	return join '|', map { $got->{$_} // '-' } grep { exists $got->{$_} } qw(access_key secret_key token expiration code message request_id);
}
my $error = '<Error><Code>C</Code><Message>M</Message></Error>';
for my $case (
	[ "<E>$error</E>" => 'C|M|-' ],
	[ "<E>$error<RequestId>r</RequestId></E>" => 'C|M|-' ],
	[ "<ErrorResponse>$error<RequestId>r</RequestId></ErrorResponse>" => 'C|M|r' ],
	[ qq(\x{feff}<?xml version="1.0"?>\n<!-- > --><E  a="b>" c='"'\n>$error</E >\n<!----> ) => 'C|M|-' ],
	[ '<E><Error><Message>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#xe9;</Message></Error></E>' => '-|<&>"\'AB' . "\xc3\xa9|-" ],
	[ '<E><Error><Message>a<!-- b -->c<![CDATA[<d>&amp;]]><?e f?></Message></Error></E>' => '-|ac<d>&amp;|-' ],
	[ '<E><Error><Message/><Code></Code></Error></E>' => '||-' ],
	[ '<E><X><Code>C</Code></X><Code>C</Code></E>' => '-|-|-' ],
	[ '<E/>' => '-|-|-' ],
	[ ('<a>' x 16) . ('</a>' x 16) => '-|-|-' ])
{
	my $got = xml_of($case->[0]);
	utf8::encode($got) if utf8::is_utf8($got);
	is($got, "-|-|-|-|$case->[1]", 'XML ' . to_json($case->[0]));
}
is(xml_of($xml), 'AK|SK|TI|2036-01-01T00:00:00Z|-|-|-', 'a whole reply');
for my $bad (
	'', ' ', 'x', '<', '<>', '< E/>', '<E', '<E>', '</E>', '<E></F>', '<E></E', '<E></E></E>', '<E/><E/>', '<E/>x', 'x<E/>', '&amp;<E/>',
	'<E>&</E>', '<E>&x;</E>', '<E>&amp</E>', '<E>&#;</E>', '<E>&#x;</E>', '<E>&#0;</E>', '<E>&#xd800;</E>', '<E>&#x110000;</E>',
	'<E>&#99999999999999999999;</E>', '<E>&#-1;</E>', '<E>&#65</E>', '<E a/>', '<E a=b/>', '<E a="b/>', '<E a="<"/>', '<E a="b"c="d"/>',
	'<E/ >', '<1/>', '<-/>', '<E><!-- </E>', '<E><![CDATA[</E>', '<![CDATA[x]]><E/>', '<?xml', '<!DOCTYPE E><E/>',
	'<!DOCTYPE E [<!ENTITY x "y">]><E>&x;</E>', '<E><!ENTITY x "y"></E>', '<E><Error><Code>a</Code><Code>b</Code></Error></E>',
	'<E><Error><Code>a<b/></Code></Error></E>', '<E><Error><Code>a<Code>b</Code></Code></Error></E>', ('<a>' x 17) . ('</a>' x 17),
	'<a>' x 20000, "<E>$error</E", "<E>$error</e>", "<e:E>$error</E>", '{"a":"b"}')
{
	is(xml_of($bad), '', 'no XML: ' . substr(to_json($bad), 0, 80));
}
is(xml_of(substr $xml, 0, $_), '', "a reply cut at $_") for map { $_ * 7 } 0 .. (length($xml) - 1) / 7;

# Real sockets.
my $server = fault_server();
my %real = (network => $true, env => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $server->url . '/c?x=1',
		AWS_CONTAINER_AUTHORIZATION_TOKEN => 'Basic abc' });
my $other = fault_server();
unit_query(preamble('addb_unit_setting(text, text) RETURNS void', 'addb_unit_setenv(text, text) RETURNS void'));
unit_query("SELECT pg_temp.addb_unit_setenv('$_', " . literal($other->url) . ')') for qw(http_proxy all_proxy);
{
	$server->script({ reply => { body => \%document } });
	gives('over a socket', {%real}, 'AKI SKI TI');
	my ($entry) = @{ $server->control('GET', '/__log') };
	is("$entry->{method} $entry->{path}", 'GET /c?x=1', 'what was asked');
	is("$entry->{headers}{accept} $entry->{headers}{authorization} $entry->{headers}{host}",
		'application/json Basic abc 127.0.0.1:' . $server->port, 'with which headers');
}
my $keep = sub { return { repeat => -1, %{ $_[0] } } };
for my $case (
	[ 'a redirect' => { reply => { status => 302, headers => { Location => $other->url . '/x' }, body => '' } }, qr/HTTP status 302/ ],
	[ 'a huge body' => { huge => 70000 }, qr/larger than 65536 bytes/ ],
	[ 'a huge chunked body' => { reply => { body => 'x' x 70000 }, chunked => 1 }, qr/larger than 65536 bytes/ ],
	[ 'no HTTP' => { raw => "SECRET\r\n\r\n" }, qr/did not answer/ ],
	[ 'a cut body' => { cut_body => 10, body => to_json(\%document) }, qr/did not answer/ ],
	[ 'a reset' => { close_without_reply => 1 }, qr/did not answer/ ],
	[ 'not JSON' => { reply => { body => 'SECRET' } }, qr/not a JSON object/ ],
	[ 'a slow drip' => { reply => { body => to_json(\%document) }, drip => { bytes => 1, every_ms => 300 } }, qr/did not answer.*timed out/i ])
{
	my ($what, $step, $detail) = @$case;
	$server->script($keep->($step));
	my $start = time;
	fails("over a socket, $what", {%real}, detail => $detail);
	cmp_ok(time - $start, '<', 20, "over a socket, $what: in time");
}
is_deeply($other->control('GET', '/__log'), [], 'neither redirects nor a proxy are followed');
{
	my $tls = fault_server(mode => 'tls', certificate => 'good', upstream => $server->url);
	my %secure = (network => $true, env => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $tls->url . '/c' });
	$server->control('PUT', '/__reset');
	$server->script({ reply => { body => \%document } });
	fails('https with an unknown certificate', {%secure}, detail => qr/did not answer.*certificate/i);
	is_deeply($server->control('GET', '/__log'), [], 'nothing was sent');
	unit_query("SELECT pg_temp.addb_unit_setting('ca_file', " . literal($tls->ca_file) . ')');
	gives('https with the certificate of ca_file', {%secure}, 'AKI SKI TI');
}

# A cluster in the surroundings of which there is nothing but such a service.
sub cluster
{
	my (%environment) = @_;
	return AddbTest::Cluster->new(environment => { HOME => '/nonexistent', AWS_EC2_METADATA_DISABLED => 'false', %environment },
		conf => { 'atomic_dynamodb.region' => 'us-east-1', 'atomic_dynamodb.endpoint_url' => $other->url });
}
my $get = "SELECT ddb_get('p', 's', table_name => 'ttt')";
my $silent = fault_server(mode => 'blackhole');
my $full = fault_server(mode => 'backlog');
for my $case ([ 'a service that takes no connection', $full, 1 ], [ 'a service that says nothing', $silent, 2 ])
{
	my ($what, $where, $seconds) = @$case;
	my $cluster = cluster(AWS_EC2_METADATA_SERVICE_ENDPOINT => $where->url);
	$cluster->inside(sub {
		my $session = session();
		my $start = time;
		my @error = $session->query_error($get);
		my $elapsed = time - $start;
		is("$error[0] $error[1]", '28000 no AWS credentials found', $what);
		like($error[2], qr/it does not answer/, "$what: the reason");
		cmp_ok($elapsed, '>', $seconds - 0.5, "$what: it was waited for");
		cmp_ok($elapsed, '<', $seconds + 8, "$what: not for long");
		$start = time;
		@error = $session->query_error($get) for 1 .. 20;
		like($error[2], qr/did not answer a few seconds ago/, "$what: remembered");
		cmp_ok(time - $start, '<', 10 * $seconds, "$what: the next statements do not wait");
	});
}
{
	my $cluster = cluster(AWS_CONTAINER_CREDENTIALS_FULL_URI => $silent->url . '/c');
	$cluster->inside(sub {
		my $session = session();
		for my $how (qw(cancel terminate))
		{
			$session->send($get);
			ok($session->wait_for_event(qr/Extension/), "$how: it waits");
			my $start = time;
			$session->$how;
			$session->finish;
			my @error = $session->error;
			is($error[0], $how eq 'cancel' ? '57014' : '57P01', "$how ends the wait for a container");
			interrupted_in(time - $start, $how);
		}
		my $next = session();
		$next->query("SET statement_timeout = '300ms'");
		is(($next->query_error($get))[0], '57014', 'a time limit of the statement does too');
	});
}
{
	my $cluster = cluster(AWS_CONTAINER_CREDENTIALS_FULL_URI => $server->url . '/c');
	$server->control('PUT', '/__reset');
	$server->script({ delay_reply_ms => 300, reply => { body => \%document } });
	$other->script($keep->({ reply => { body => {} } }));
	$cluster->inside(sub { sql($get) });
	my ($entry) = @{ $other->control('GET', '/__log') };
	like($entry->{headers}{authorization}, qr/Credential=AKI\//, 'a request is signed with what the container gave');
	is($entry->{headers}{'x-amz-security-token'}, 'TI', 'and has its session token');
}

# Credentials expire while calls are in flight: of three batches one is slow, and
# one is to be sent again when they have expired. The slow one is answered while
# the container is.
{
	my $soon = sub { my @t = gmtime(time + 2); sprintf '%d-%02d-%02dT%02d:%02d:%02dZ', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0] };
	my $cluster = cluster(AWS_CONTAINER_CREDENTIALS_FULL_URI => $server->url . '/c');
	$server->control('PUT', '/__reset');
	$other->control('PUT', '/__reset');
	my $list = literal(to_json([ map { { pk => 'p', sk => "$_", data => 1 } } 1 .. 75 ]));
	$cluster->inside(sub {
		my $session = session();
		$session->query(q(SET atomic_dynamodb."table" = 'ttt'));
		$server->script({ reply => { body => { %document, AccessKeyId => 'AKOLD', Expiration => $soon->() } } },
			{ delay_reply_ms => 800, reply => { body => { %document, AccessKeyId => 'AKNEW' } } });
		$other->script({ delay_ms => 2900 },
			{ reply => { status => 503, headers => { 'x-amz-retry-after' => '2500' }, body => { __type => 'ServiceUnavailable' } } });
		my $start = time;
		is($session->query("SELECT ddb_set($list)"), '75', 'a batch goes on with new credentials');
		cmp_ok(time - $start, '>', 3, 'which were waited for');
	});
	is(scalar @{ $server->control('GET', '/__log') }, 2, 'they were asked for twice');
	my @log = @{ $other->control('GET', '/__log') };
	is_deeply([ map { $_->{headers}{authorization} =~ /Credential=(\w+)/ } @log ], [qw(AKOLD AKOLD AKOLD AKNEW)],
		'only the batch that failed was sent again, with the new ones');
}

done_testing();
