# Requests go to the endpoint and nowhere else: what another machine answers, what
# the environment of the server says, and what a URL could mean to somebody else
# changes nothing about it. What an answer is made of is bounded.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use File::Temp ();
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(time);

my $server = fault_server();
my $other = fault_server();
my $GET = "SELECT ddb_get('p', 's', table_name => 'tab')";

# An environment in which other clients would go elsewhere, or tell secrets.
my $home = File::Temp->newdir;
{
	open my $netrc, '>', "$home/.netrc" or die $!;
	print $netrc "machine 127.0.0.1 login nEtRcLogin password nEtRcPassword\ndefault login nEtRcLogin password nEtRcPassword\n";
	open my $curlrc, '>', "$home/.curlrc" or die $!;
	print $curlrc 'proxy = "' . $other->url . "\"\nlocation\n";
	chmod 0600, "$home/.netrc", "$home/.curlrc";
}
my %proxies = map { ($_ => $other->url, uc $_ => $other->url) } qw(http_proxy https_proxy all_proxy);
my $cluster = AddbTest::Cluster->new(
	environment => { %proxies, no_proxy => '', NO_PROXY => '', HOME => "$home", CURL_HOME => "$home", NETRC => "$home/.netrc" },
	conf => { 'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.region' => 'us-west-2', 'atomic_dynamodb.max_attempts' => 1,
		'atomic_dynamodb.access_key_id' => 'AKIDEXAMPLE', 'atomic_dynamodb.secret_access_key' => 'sEcReT',
		session_preload_libraries => 'atomic_dynamodb', 'atomic_dynamodb.request_timeout' => '5s' });

# Runs the call after a step; returns the error, if any. The other server must
# not have seen anything, and this one a single request.
sub after
{
	my ($what, $step, $requests) = @_;

	$_->reset for $server, $other;
	$server->script(ref $step eq 'ARRAY' ? @$step : $step);
	my @error = sql_error($GET);
	is($other->count, 0, "$what: the other server sees nothing");
	is($server->count, $requests // 1, "$what: one request");
	return @error;
}

sub test_redirects
{
	for my $status (300, 301, 302, 303, 305, 307, 308)
	{
		for my $location ($other->url . '/', "//127.0.0.1:" . $other->port . '/', $server->url . '/elsewhere', 'file:///etc/passwd', 'gopher://127.0.0.1:' . $other->port . '/_x')
		{
			my @error = after("$status to $location", { reply => { status => $status, headers => { location => $location }, body => '' } });
			like($error[0], qr/^(?:58000|08P01)$/, "$status to $location: is an error") or diag("@error");
		}
	}
	for my $header ([ refresh => '0; url=' . $other->url ], [ 'alt-svc' => 'h2="127.0.0.1:' . $other->port . '"; ma=86400' ],
		[ 'strict-transport-security' => 'max-age=86400' ], [ 'set-cookie' => 'evil=cookie; Max-Age=86400' ], [ link => '<' . $other->url . '>; rel=preload' ])
	{
		my ($name, $value) = @$header;
		$_->reset for $server, $other;
		$server->script({ reply => { status => 200, headers => { $name => $value }, body => {} } });
		is(sql("$GET; $GET; $GET"), "\n\n", "$name: goes on");
		is_deeply([ $server->count, $other->count ], [ 3, 0 ], "$name: where it was");
		is(scalar(grep { $_->{headers}{cookie} || $_->{headers}{upgrade} } $server->log), 0, "$name: and nothing is sent back");
	}
	return;
}

sub test_environment
{
	$_->reset for $server, $other;
	sql($GET);
	is_deeply([ $server->count, $other->count ], [ 1, 0 ], 'a proxy of the environment is not used');
	my ($request) = $server->log;
	unlike(to_json($request->{headers}), qr/nEtRc|proxy/i, 'nor .netrc, nor .curlrc');
	like($request->{headers}{authorization}, qr/^AWS4-HMAC-SHA256 /, 'the only authorization is the signature');
	for my $step ({ reply => { status => 401, headers => { 'www-authenticate' => 'Basic realm="x"' }, body => '' } },
		{ reply => { status => 401, headers => { 'www-authenticate' => 'Negotiate' }, body => '' } },
		{ reply => { status => 401, headers => { 'www-authenticate' => 'Digest realm="x", nonce="y"' }, body => '' } },
		{ reply => { status => 407, headers => { 'proxy-authenticate' => 'Basic realm="x"' }, body => '' } })
	{
		my $what = join ' ', %{ $step->{reply}{headers} };
		my @error = after($what, $step);
		like($error[0], qr/^(?:28000|58000|08P01|42501)$/, "$what: is an error") or diag("@error");
	}

	# nor by a session in which a name did not resolve, and the trust then changed
	my $session = session();
	my $go = sub { "SET atomic_dynamodb.endpoint_url = '$_[0]'; SET atomic_dynamodb.ca_file = '$_[1]'; $GET" };
	for my $file ('/no/such/file', '', '/no/such/other')
	{
		$_->reset for $server, $other;
		is(($session->query_error($go->('https://nonexistent.invalid', '')))[0], '08001', 'a name does not resolve');
		my @error = $session->query_error($go->($server->url =~ s/^http:/https:/r, $file));
		is($error[0], '08001', "with '$file' there is no connection") or diag("@error");
		$session->query($go->($server->url, $file)) for 1 .. 2;
		is_deeply([ $server->count, $other->count, $other->counts->{connections} ], [ 2, 0, 0 ], "with '$file' no proxy is used");
	}
	return;
}

# What a URL could mean to libcurl, or to a resolver, and must not to us.
sub test_urls
{
	my $port = $other->port;
	my $session = session();
	for my $url ("http://127.0.0.1:$port\@evil.example/", "http://x:y\@127.0.0.1:$port/", "http://127.0.0.1:$port#\@evil", "http://127.0.0.1:$port?x",
		"http://127.0.0.1\\:$port", "http://127.0.0.1%3a$port", "http://%31%32%37.0.0.1:$port", "http://[::1%25lo]:$port", "http://[fe80::1%1]:$port",
		"http://2130706433:$port", "http://0x7f.1:$port", "http://0x7f000001:$port", "http://127.1:$port", "http://0177.0.0.1:$port", "http://127.0.0.1.:$port",
		"http://localhost.:$port", "http://127.0.0.1:65536", "http://127.0.0.1:-1", "http://127.0.0.1:$port:80", "http://127.0.0.1:", 'https://', 'https:///x',
		'https://169.254.169.254/../x', 'http://localhost.evil.example', 'http://evil.example', 'http://169.254.169.254', 'http://[::ffff:169.254.169.254]',
		'http://[fd00:ec2::254]', 'http://2852039166', 'http://0.0.0.0', 'http://[::]', 'http://metadata.google.internal', "https://ex%61mple.com")
	{
		$other->reset;
		my @error = $session->query_error("SET atomic_dynamodb.endpoint_url = '$url'");
		@error = $session->query_error($GET) if !@error;
		is(($error[0] // 'none') . ' ' . $other->count, '22023 0', "$url is refused");
	}
	for my $scheme (qw(file gopher ftp ftps dict ldap scp sftp smb telnet tftp imap ws unix HTTPX), '', 'http:', ' http://')
	{
		my $url = $scheme =~ /[:\/]/ ? "$scheme/127.0.0.1:$port" : "$scheme://127.0.0.1:$port/etc/passwd";
		my @error = $session->query_error("SET atomic_dynamodb.endpoint_url = '$url'");
		is($error[0], '22023', "$url is refused");
	}
	return;
}

# Answers that are no good HTTP, or too much of it.
sub test_answers
{
	my $ok = '{"Item":{"pk":{"S":"p"},"sk":{"S":"s"},"data":{"S":"1"}}}';
	my $length = length $ok;
	my %raw = (
		'HTTP/0.9' => $ok,
		'HTTP/0.9 with a header' => "Content-Length: $length\r\n\r\n$ok",
		'another protocol' => "RTSP/1.0 200 OK\r\nContent-Length: $length\r\n\r\n$ok",
		'HTTP/2 without asking' => "HTTP/2 200\r\nContent-Length: $length\r\n\r\n$ok",
		'a status of letters' => "HTTP/1.1 abc OK\r\nContent-Length: $length\r\n\r\n$ok",
		'two lengths' => "HTTP/1.1 200 OK\r\nContent-Length: $length\r\nContent-Length: 2\r\n\r\n$ok",
		'a negative length' => "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n$ok",
		'a length without end' => "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n$ok",
		'a length of letters' => "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n$ok",
		'a chunk without end' => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n$ok",
		'a chunk of letters' => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n$ok\r\n0\r\n\r\n",
		'chunks that do not end' => sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", $length, $ok),
		'an unknown transfer encoding' => "HTTP/1.1 200 OK\r\nTransfer-Encoding: evil\r\n\r\n$ok",
		'gzip as transfer encoding' => "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" . sprintf("%x\r\n%s\r\n0\r\n\r\n", $length, $ok),
		'informational answers only' => "HTTP/1.1 100 Continue\r\n\r\n" x 50,
		'a header with NUL' => "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 3\r\n\r\nabc",
		'no header at all' => "\r\n\r\n$ok",
		'nothing' => '',
	);
	for my $what (sort keys %raw)
	{
		my @error = after($what, { raw => $raw{$what} });
		next if $what =~ /^(?:a length without end|HTTP.2)/;    # libcurl takes them
		like($error[0] // 'none', qr/^(?:08006|08P01|54000|08001)$/, "$what: is an error") or diag("@error");
	}

	# A header that smuggles a second answer behind the first: the connection is
	# not used on with what is left on it.
	my $two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: $length\r\n\r\n$ok";
	$server->reset;
	$server->script({ raw => $two });
	is(sql("$GET; $GET"), "\n", 'a second answer behind the first is given to nobody');

	# compressed: not asked for, not unpacked
	$server->reset;
	$server->script({ reply => { status => 200, headers => { 'content-encoding' => 'gzip' }, body => 'x' x 1000 } });
	my @error = sql_error($GET);
	is($error[0], '08P01', 'a compressed answer is not unpacked');
	is(($server->log)[0]{headers}{'accept-encoding'}, 'identity', 'nor asked for');

	# floods
	my $session = session();
	my $rss = sub {
		my ($kb) = sql("SELECT pg_read_file('/proc/" . $session->pid . "/status')") =~ /^VmRSS:\s+(\d+)/m;
		return $kb;
	};
	$session->query($GET);
	my $before = $rss->();
	for my $flood ([ 'headers', "HTTP/1.1 200 OK\r\n" . join('', map { "X-$_: " . 'a' x 1000 . "\r\n" } 1 .. 4000) . "\r\n" ],
		[ 'one header', "HTTP/1.1 200 OK\r\nX: " . 'a' x 4_000_000 . "\r\n\r\n" ],
		[ 'informational answers', ("HTTP/1.1 102 Processing\r\nX: " . 'a' x 1000 . "\r\n\r\n") x 4000 ],
		[ 'trailers', "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" . ("X: " . 'a' x 1000 . "\r\n") x 4000 . "\r\n" ])
	{
		my ($what, $text) = @$flood;
		$server->script({ raw => $text });
		my $start = time;
		@error = $session->query_error($GET);
		like($error[0] // 'none', qr/^(?:08006|08P01|54000)$/, "a flood of $what is an error") or diag("@error");
		cmp_ok(time - $start, '<', 20, "a flood of $what: is over soon");
	}
	$server->script({ huge => 64 * 1024 * 1024, chunked => 1 });
	@error = $session->query_error($GET);
	is($error[0], '54000', 'an endless body is an error');
	cmp_ok($rss->() - $before, '<', 32 * 1024, 'and no memory is left with the floods');
	is($session->query('SELECT pg_backend_pid()'), $session->pid, 'the backend is the same');
	return;
}

$cluster->inside(sub {
	test_redirects();
	test_environment();
	test_urls();
	test_answers();
});
unlike($cluster->log, qr/PANIC|terminated by signal/, 'nothing crashed');
done_testing();
