# Signature Version 4, stage by stage, by the vectors of sigv4.json and of the
# public suite where it is at hand, and by cases of our own.

use strict;
use warnings;

use AddbTest;
use AddbTest::Unit;
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use JSON::PP ();
use Test::More;

my @stages = qw(payload_sha256 canonical_request signed_headers string_to_sign
  signature authorization);

# A request of the vectors as the library wants it: the body as hex.
sub request
{
	my ($source) = @_;

	my %request = %$source;
	my $generated = delete $request{body_gen};
	my $body = delete $request{body};
	$body = $generated->{prefix} . $generated->{unit} x $generated->{count} . $generated->{suffix}
	  if $generated;
	$request{body_hex} = unpack 'H*', encode_utf8($body // '');
	return \%request;
}

sub argument
{
	my ($vector, %more) = @_;

	my %context = %{ $vector->{context} };
	$context{session_token} = undef if $context{omit_session_token_from_signature};
	return {
		context => \%context,
		endpoint => $vector->{endpoint},
		request => request($vector->{request}),
		raw_path => JSON::PP::false,
		%more,
	};
}

sub flag
{
	return $_[0] ? JSON::PP::true : JSON::PP::false;
}

# Each stage that the vector knows, and the call that does all at once.
sub compare
{
	my ($name, $got, $expected) = @_;

	for my $stage (@stages)
	{
		is($got->{$stage}, $expected->{$stage}, "$name: $stage")
		  if defined $expected->{$stage};
	}
	is($got->{at_once}, $expected->{authorization} // $got->{authorization}, "$name: in one call");
	diag(to_json($got->{error})) if $got->{error};
	return;
}

sub run_vectors
{
	my ($label, @vectors) = @_;

	my @got = unit_calls(
		map
		{
			my $context = $_->{context};
			[
				'addb_unit_sigv4',
				argument(
					$_,
					raw_path => flag(exists $context->{normalize_path} && !$context->{normalize_path}),
					sign_body_hash => flag($context->{sign_body_header}))
			]
		} @vectors);
	compare("$label $_->{name}", shift @got, $_->{expected}) for @vectors;
	return;
}

sub hex_keys
{
	my ($key) = @_;
	return join ' ', map { $key->{$_} // '-' } qw(kDate kRegion kService kSigning);
}

sub plain
{
	my (@headers) = @_;
	return {
		context => {
			access_key_id => 'AKIDEXAMPLE',
			secret_access_key => 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
			region => 'us-east-1',
			service => 'service',
			amz_date => '20150830T123600Z',
		},
		request => {
			method => 'GET', path => '/', query => '', body => '',
			headers => [ [ Host => 'example.amazonaws.com' ], @headers ],
		},
	};
}

my $vectors = vectors('sigv4.json');
SKIP:
{
	skip 'sigv4.json is not there', 1 unless $vectors;

	run_vectors('dynamodb', @{ $vectors->{dynamodb}{vectors} // [] });

	for my $vector (@{ $vectors->{dynamodb}{vectors} // [] })
	{
		my $context = $vector->{context};
		my $chain = $vector->{expected}{signing_key_chain_hex} // next;
		my $got = unit_call('addb_unit_sigv4_key', {
			%$context, date => substr $context->{amz_date}, 0, 8,
		});
		is(hex_keys($got), join(' ', @$chain), "dynamodb $vector->{name}: key chain");
	}

	for my $key (@{ $vectors->{key_derivation} // [] })
	{
		is(hex_keys(unit_call('addb_unit_sigv4_key', $key)), hex_keys($key),
			"key of $key->{date} $key->{region} $key->{service}");
	}

	for my $vector (@{ $vectors->{never_signed_headers}{vectors} // [] })
	{
		my $got = unit_call('addb_unit_sigv4', argument(plain($vector->{header})));
		is($got->{canonical_request}, $vector->{expected_canonical_request},
			"$vector->{header}[0] is not signed: canonical request");
		is($got->{signature}, $vector->{signature},
			"$vector->{header}[0] is not signed: signature");
	}

	for my $name (@{ $vectors->{caller_must_not_supply}{names} // [] })
	{
		my $got = unit_call('addb_unit_sigv4', argument(plain([ $name => 'x' ])));
		is($got->{error}{sqlstate}, '22023', "$name from the caller is refused");
	}

	# The signer's own headers are refused rather than skipped.
	my %refused = map { lc $_ => 1 } @{ $vectors->{caller_must_not_supply}{names} // [] };
	for my $name (grep { !$refused{$_} } @{ $vectors->{format}{unsigned_header_names} // [] })
	{
		my $got = unit_call('addb_unit_sigv4', argument(plain([ uc $name => 'x' ])));
		is($got->{signed_headers}, 'host;x-amz-date', "$name is not signed");
	}
}

my $suite = vectors('sigv4_suite.json');
SKIP:
{
	skip 'sigv4_suite.json is not there', 1 unless $suite;
	run_vectors('suite', @{ $suite->{suite}{vectors} // [] });
}

# Cases of our own.

sub canonical_lines
{
	my ($vector, %more) = @_;
	my $got = unit_call('addb_unit_sigv4', argument($vector, %more));
	diag(to_json($got->{error})) if $got->{error};
	return split /\n/, $got->{canonical_request} // '', -1;
}

for my $case (
	[ '' => '/' ], [ '/' => '/' ], [ '//a///b' => '/a/b' ], [ '/a/b/' => '/a/b/' ],
	[ '/a/../b' => '/b' ], [ '/a/b/../..' => '/' ], [ '/../../a' => '/a' ],
	[ '/a/./b/.' => '/a/b' ], [ '/a%20b' => '/a%2520b' ], [ '/...' => '/...' ],
	[ '/-._~:@' => '/-._~%3A%40' ])
{
	my $vector = plain();
	$vector->{request}{path} = $case->[0];
	is((canonical_lines($vector))[1], $case->[1], "path '$case->[0]'");
}

for my $path ('//', '/a/../b', '/a//b/', '/./')
{
	my $vector = plain();
	$vector->{request}{path} = $path;
	is((canonical_lines($vector, raw_path => JSON::PP::true))[1], $path, "raw path '$path'");
}

for my $case (
	[ 'b=2&a=1' => 'a=1&b=2' ], [ 'a=2&a=1' => 'a=1&a=2' ], [ 'a' => 'a=' ],
	[ 'a&&b=' => 'a=&b=' ], [ 'Param-3=c&Param=b' => 'Param=b&Param-3=c' ],
	[ 'a=x=y' => 'a=x%3Dy' ], [ 'a=%2f%7e' => 'a=%2F~' ], [ 'a=b%zz%4' => 'a=b%25zz%254' ],
	[ 'a=b+c d' => 'a=b%2Bc%20d' ], [ '%E1%88%B4=1&P=2' => '%E1%88%B4=1&P=2' ])
{
	my $vector = plain();
	$vector->{request}{query} = $case->[0];
	is((canonical_lines($vector))[2], $case->[1], "query '$case->[0]'");
}

{
	my @lines = canonical_lines(plain([ 'B' => '2' ], [ 'a' => ' x ' ], [ 'b' => "1\r\n\tz" ], [ 'C' => '' ]));
	is(join('|', @lines[ 3 .. 8 ]),
		'a:x|b:2,1 z|c:|host:example.amazonaws.com|x-amz-date:20150830T123600Z|',
		'names in two cases are one header, empty and folded values');
}

for my $case (
	[ 'a line break' => [ 'X-A' => "b\nX-Evil: 1" ] ],
	[ 'a carriage return' => [ 'X-A' => "b\rX-Evil: 1" ] ],
	[ 'a line break at the end' => [ 'X-A' => "b\n" ] ],
	[ 'a control character' => [ 'X-A' => "b\x01" ] ],
	[ 'a colon in the name' => [ 'X-A: 1' => 'b' ] ],
	[ 'a line break in the name' => [ "X-A\n" => 'b' ] ],
	[ 'an empty name' => [ '' => 'b' ] ])
{
	my ($what, $header) = @$case;
	is(unit_call('addb_unit_sigv4', argument(plain($header)))->{error}{sqlstate},
		'22023', "$what is refused");
}

{
	my $many = plain(map { [ "x-$_" => 'v' ] } 1 .. 63);
	like(unit_call('addb_unit_sigv4', argument($many))->{signature}, qr/^[0-9a-f]{64}$/,
		'64 headers are signed');
	push @{ $many->{request}{headers} }, [ 'x-64' => 'v' ];
	is(unit_call('addb_unit_sigv4', argument($many))->{error}{sqlstate}, '54000',
		'65 headers are refused');
}

for my $date ('20150830', '20150830T123600', '2015-08-30T12:36Z', '20150830T123600Z ', '')
{
	my $vector = plain();
	$vector->{context}{amz_date} = $date;
	is(unit_call('addb_unit_sigv4', argument($vector))->{error}{sqlstate}, '22023',
		"date '$date' is refused");
}

# The key cache, in one session: more keys than it holds, each several times, the
# same parts cut in other places, and a secret that is too long to be kept.
{
	my @variants;
	for my $round (1 .. 3)
	{
		for my $part (
			{ region => 'eu-west-1' }, { region => 'eu-west-2' },
			{ service => 'other' }, { amz_date => '20150831T000000Z' },
			{ access_key_id => 'A', secret_access_key => 'BC' },
			{ access_key_id => 'AB', secret_access_key => 'C' },
			{ secret_access_key => 'x' x 600 }, { session_token => 'token' }, {})
		{
			my $vector = plain();
			$vector->{context} = { %{ $vector->{context} }, %$part };
			push @variants, $vector;
		}
	}
	my @got = map { $_->{signature} } unit_calls(map { [ 'addb_unit_sigv4', argument($_) ] } @variants);
	my @alone = map { (unit_calls([ 'addb_unit_sigv4', argument($_) ]))[0]{signature} } @variants[ 0 .. 8 ];
	is_deeply(\@got, [ (@alone) x 3 ], 'cached keys sign as fresh ones do');
	my %different = map { $_ => 1 } @alone;
	is(scalar keys %different, 9, 'what the key depends on changes the signature');
}

# The body is bytes.
{
	my $argument = argument(plain());
	$argument->{request}{body_hex} = '610062';
	is(unit_call('addb_unit_sigv4', $argument)->{payload_sha256},
		sha256_hex("a\0b"), 'a NUL byte in the body counts');
}

if ($ENV{ADDB_BENCH})
{
	my $vector = plain([ 'X-Amz-Target' => 'DynamoDB_20120810.GetItem' ],
		[ 'Content-Type' => 'application/x-amz-json-1.0' ]);
	$vector->{request}{body} = 'x' x 150;
	$vector->{request}{method} = 'POST';
	my $query = preamble('addb_unit_sigv4_bench(jsonb, int) RETURNS float8')
	  . sprintf 'SELECT round(pg_temp.addb_unit_sigv4_bench(%s, 200000))', literal(argument($vector));
	diag('nanoseconds for each signature of 150 bytes: ' . sql($query)) for 1 .. 3;
}

done_testing();
