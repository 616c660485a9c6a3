# Endpoints: the SDKs' rule set where its vectors are at hand, and URLs, regions
# and combinations of our own.

use strict;
use warnings;

use AddbTest;
use AddbTest::Unit;
use JSON::PP ();
use Test::More;

# A URL without the slash that ends its path.
sub bare
{
	my ($url) = @_;
	$url =~ s{/$}{} if defined $url;
	return $url;
}

# What a client without account-based endpoints does with a vector: its URL, or
# undef for an error; nothing when the vector says nothing to such a client.
sub expectation
{
	my ($case) = @_;

	my $in = $case->{in};
	my $out = $case->{out};
	my $mode = $in->{account_id_mode} // 'disabled';
	my $by_region = !defined $in->{endpoint} && ($in->{region} // '') ne 'local';

	return undef if $mode eq 'required' && $by_region;
	return if ($case->{error} // '') =~ /account ID parameter/;
	$out =~ s{//\d+\.ddb\.}{//dynamodb.} if $by_region && defined $out;
	return $out;
}

my $vectors = vectors('endpoints.json');
SKIP:
{
	skip 'endpoints.json is not there', 1 unless $vectors;

	my @cases = @{ $vectors->{cases} // [] };
	my @got = unit_calls(map { [ 'addb_unit_endpoint', $_->{in} ] } @cases);
	for my $case (@cases)
	{
		my $got = shift @got;
		my $name = to_json($case->{in});
		my @expected = expectation($case);
		if (!@expected)
		{
			pass("$name: about account IDs only");
		}
		elsif (!defined $expected[0])
		{
			like($got->{error}{sqlstate}, qr/^(?:22023|0A000)$/, "$name: error");
		}
		else
		{
			is(bare($got->{url}), bare($expected[0]), "$name: URL");
			is($got->{signing_region}, $case->{signing_region} // $case->{in}{region},
				"$name: signing region");
		}
	}

	# Every region that a partition lists, plain and dual-stack.
	for my $partition (@{ $vectors->{partitions} // [] })
	{
		my @regions = @{ $partition->{regions} };
		my @urls = map { bare($_->{url}) } unit_calls(
			map
			{
				my $region = $_;
				map { [ 'addb_unit_endpoint', { region => $region, dualstack => $_ } ] }
				  JSON::PP::false, JSON::PP::true
			} @regions);
		is_deeply(\@urls,
			[
				map
				{
					("https://dynamodb.$_.$partition->{dns_suffix}",
						"https://dynamodb.$_.$partition->{dual_stack_dns_suffix}")
				} @regions
			],
			"regions of partition $partition->{id}");
	}
}

# Regions.
for my $case (
	[ 'us-east-1' => 'dynamodb.us-east-1.amazonaws.com' ],
	[ 'us-newword-12' => 'dynamodb.us-newword-12.amazonaws.com' ],
	[ 'cn-south-7' => 'dynamodb.cn-south-7.amazonaws.com.cn' ],
	[ 'us-gov-west-1' => 'dynamodb.us-gov-west-1.amazonaws.com' ],
	[ 'us-isob-east-1' => 'dynamodb.us-isob-east-1.sc2s.sgov.gov' ],
	[ 'us-iso-east-1' => 'dynamodb.us-iso-east-1.c2s.ic.gov' ],
	[ 'eusc-de-east-1' => 'dynamodb.eusc-de-east-1.amazonaws.eu' ],
	[ 'eusc-fr-east-1' => 'dynamodb.eusc-fr-east-1.amazonaws.com' ],
	[ 'cn-north-1x' => 'dynamodb.cn-north-1x.amazonaws.com' ],
	[ 'moon' => 'dynamodb.moon.amazonaws.com' ],
	[ 'aws-global' => 'dynamodb.aws-global.amazonaws.com' ],
	[ 'aws-cn-global' => 'dynamodb.aws-cn-global.amazonaws.com.cn' ],
	[ 'aws-iso-b-global' => 'dynamodb.aws-iso-b-global.sc2s.sgov.gov' ],
	[ 'x' x 63 => 'dynamodb.' . 'x' x 63 . '.amazonaws.com' ])
{
	my $got = unit_call('addb_unit_endpoint', { region => $case->[0] });
	is($got->{host}, $case->[1], "region $case->[0]");
	is($got->{url}, "https://$case->[1]/", "region $case->[0]: URL");
}

for my $region (
	'', undef, '-east', 'east-', 'a.b', 'a/b', 'a b', "us-east-1\r\nX-Evil: 1", 'evil.example#',
	'us-east-1@evil.example', "us\x{e9}", 'us_east_1', 'x' x 64)
{
	my $name = defined $region ? "'$region'" : 'nothing';
	$name =~ s/[^ -~]/?/g;
	for my $more ({}, { endpoint => 'https://example.com' })
	{
		my $got = unit_call('addb_unit_endpoint', { %$more, region => $region });
		is($got->{error}{sqlstate}, '22023', "region $name is refused");
		like($got->{error}{hint}, qr/region|us-east-1/, "region $name: hint");
	}
}

{
	my $got = unit_call('addb_unit_endpoint', { region => 'local' });
	is("$got->{url} $got->{host} $got->{signing_region} $got->{is_loopback}",
		'http://localhost:8000/ localhost:8000 us-east-1 true', 'region local');
	$got = unit_call('addb_unit_endpoint',
		{ region => 'local', endpoint => 'http://localhost:9' });
	is("$got->{url} $got->{signing_region}", 'http://localhost:9/ local',
		'region local with a URL of its own');
}

# URLs: url, host, path, loopback.
for my $case (
	[ 'https://example.com', 'https://example.com/', 'example.com', '/', 'false' ],
	[ 'HTTPS://Example.COM/', 'https://example.com/', 'example.com', '/', 'false' ],
	[ 'https://example.com:443/a', 'https://example.com/a/', 'example.com', '/a/', 'false' ],
	[ 'https://example.com:0443', 'https://example.com/', 'example.com', '/', 'false' ],
	[ 'https://example.com:80', 'https://example.com:80/', 'example.com:80', '/', 'false' ],
	[ 'https://h/a//b///', 'https://h/a/b/', 'h', '/a/b/', 'false' ],
	[ 'https://h/a%2Fb@c:d', 'https://h/a%2Fb@c:d/', 'h', '/a%2Fb@c:d/', 'false' ],
	[ 'https://h/...', 'https://h/.../', 'h', '/.../', 'false' ],
	[ 'https://10.0.0.1:8443', 'https://10.0.0.1:8443/', '10.0.0.1:8443', '/', 'false' ],
	[ 'https://[2001:DB8::1]', 'https://[2001:db8::1]/', '[2001:db8::1]', '/', 'false' ],
	[ 'http://localhost:8000', 'http://localhost:8000/', 'localhost:8000', '/', 'true' ],
	[ 'http://LOCALHOST', 'http://localhost/', 'localhost', '/', 'true' ],
	[ 'http://localhost:80', 'http://localhost/', 'localhost', '/', 'true' ],
	[ 'http://127.0.0.1:1', 'http://127.0.0.1:1/', '127.0.0.1:1', '/', 'true' ],
	[ 'http://127.9.8.7:65535', 'http://127.9.8.7:65535/', '127.9.8.7:65535', '/', 'true' ],
	[ 'http://[::1]:8000/x', 'http://[::1]:8000/x/', '[::1]:8000', '/x/', 'true' ],
	[ 'http://[0:0:0:0:0:0:0:1]', 'http://[0:0:0:0:0:0:0:1]/', '[0:0:0:0:0:0:0:1]', '/', 'true' ],
	[ 'https://a_b-c.internal', 'https://a_b-c.internal/', 'a_b-c.internal', '/', 'false' ])
{
	my ($url, @expected) = @$case;
	my $got = unit_call('addb_unit_endpoint', { region => 'us-west-2', endpoint => $url });
	is_deeply([ map { $got->{$_} } qw(url host path is_loopback) ], \@expected, "URL $url");
}

for my $url (
	'example.com', 'ftp://example.com', 'https:/example.com', 'https://', 'https:///x',
	'file:///etc/passwd', 'https://user:sEcReT@example.com', 'https://sEcReT@example.com',
	'https://example.com?x=sEcReT', 'https://example.com/#sEcReT', 'https://example.com\\@evil',
	"https://example.com\r\nX-Evil: 1", 'https://exa mple.com', "https://example.com\t",
	" https://example.com", "https://ex\x{e9}mple.com", 'https://exa%6dple.com', 'https://a..b',
	'https://.a', 'https://a.', 'https://example.com:', 'https://example.com:0',
	'https://example.com:65536', 'https://example.com:99999999999999999999',
	'https://example.com:-1', 'https://example.com:8x', 'https://h/a/../b', 'https://h/./b',
	'https://h/<a>', 'https://127.1', 'http://127.1', 'http://2130706433', 'http://0x7f000001',
	'http://0177.0.0.1', 'http://127.0.0.1.', 'http://127.0.0.256', 'http://[::1', 'http://[::1]x',
	'http://[::1%25lo]', 'http://[127.0.0.1]', 'http://[]', 'http://::1', 'https://' . 'a' x 64,
	'https://' . join('.', ('a' x 60) x 5))
{
	my $got = unit_call('addb_unit_endpoint', { region => 'us-west-2', endpoint => $url });
	(my $name = $url) =~ s/[^ -~]/?/g;
	is($got->{error}{sqlstate}, '22023', "URL '$name' is refused");
	like($got->{error}{message}, qr/atomic_dynamodb\.endpoint_url/, "URL '$name': the source is named");
	unlike(to_json($got), qr/sEcReT/, "URL '$name' is not quoted");
}

# Machines find their metadata there, and no service.
for my $host (
	'169.254.169.254', '169.254.170.2:80', '169.254.0.1', '[fe80::1]', '[febf::1]:443', '[fd00:ec2::254]', '[fd00:ec2:1::23]',
	'[::ffff:169.254.169.254]', '[::169.254.169.254]', '[64:ff9b::a9fe:a9fe]')
{
	for my $scheme ('https', 'http')
	{
		my $got = unit_call('addb_unit_endpoint',
			{ region => 'us-west-2', endpoint => "$scheme://$host/", allow_insecure_http => JSON::PP::true });
		is($got->{error}{sqlstate}, '22023', "$scheme://$host is refused");
		is($got->{error}{message}, 'the endpoint URL in atomic_dynamodb.endpoint_url is a link-local address',
			"$scheme://$host: the reason");
	}
}
for my $host ('169.253.169.254', '170.254.169.254', '[fd00:ec3::254]', '[fec0::1]', '[2001:db8::a9fe:a9fe]', '[64:ff9b::808:808]')
{
	my $got = unit_call('addb_unit_endpoint', { region => 'us-west-2', endpoint => "https://$host/" });
	is($got->{url}, "https://$host/", "https://$host is no such address");
}

# Plain http stays on this machine unless it is allowed to leave.
for my $url (
	'http://example.com', 'http://localhost.example.com', 'http://localhost.', 'http://127.0.0.1.nip.io',
	'http://128.0.0.1', 'http://[::2]', 'http://[::ffff:127.0.0.1]', 'http://0.0.0.0')
{
	my %in = (region => 'us-west-2', endpoint => $url);
	is(unit_call('addb_unit_endpoint', \%in)->{error}{sqlstate}, '22023', "$url is refused");
	next if $url =~ /\.$/;
	is(bare(unit_call('addb_unit_endpoint', { %in, allow_insecure_http => JSON::PP::true })->{url}),
		$url, "$url is allowed where insecure http is");
}

# Combinations that exclude each other.
for my $case (
	[ { fips => 1, endpoint => 'https://example.com' }, qr/FIPS/ ],
	[ { dualstack => 1, endpoint => 'https://example.com' }, qr/Dual-stack/ ],
	[ { fips => 1, region => 'local' }, qr/FIPS/ ],
	[ { dualstack => 1, region => 'local' }, qr/Dual-stack/ ])
{
	my %in = (region => 'us-east-1', %{ $case->[0] });
	$in{$_} = JSON::PP::true for grep { $in{$_} } qw(fips dualstack);
	my $got = unit_call('addb_unit_endpoint', \%in);
	is($got->{error}{sqlstate}, '22023', to_json(\%in) . ' is refused');
	like($got->{error}{detail}, $case->[1], to_json(\%in) . ': the detail says why');
}

for my $url ('https://dynamodb.eu-west-1.api.aws', 'https://DynamoDB.eu-west-1.api.aws:443/')
{
	my %in = (region => 'eu-west-1', endpoint => $url);
	is(unit_call('addb_unit_endpoint', \%in)->{error}{sqlstate}, '22023',
		"$url as a URL is refused");
	$in{region} = 'eu-west-2';
	is(unit_call('addb_unit_endpoint', \%in)->{host}, 'dynamodb.eu-west-1.api.aws',
		"$url for another region is taken");
}

is(unit_call('addb_unit_endpoint', { region => 'us-east-1', account_id_mode => 'required' })
	  ->{error}{sqlstate}, '0A000', 'account-based endpoints are not supported');

done_testing();
