# AttributeValues and jsonb, both ways: by the vectors of attributevalue.json,
# by two thousand random documents, and in databases of other encodings.
# DynamoDB Local is asked about everything, and what it holds is compared.
#
# Perl strings here hold half surrogate pairs as U+F0000 + the half, which no
# test uses otherwise: JSON::PP takes no halves.

use strict;
use warnings;
use utf8;

use AddbTest;
use AddbTest::Unit;
use Test::More;

use constant HALVES => 0xF0000;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();
make_database();

my $vectors = vectors('attributevalue.json');
my $table = make_table();
my %format = map { $_ => { 'atomic_dynamodb.table' => $table, 'atomic_dynamodb.data_format' => $_ } } qw(json map);
my $session = session(set => $format{map});
my $keys = 0;

# What strings of random documents are made of; the latter jsonb cannot hold.
my @alphabet = (
	'a' .. 'z', ' ', '"', '\\', '/', '$', '#', ':', '.', "'", '{', "\b", "\f", "\n", "\r", "\t",
	"\x01", "\x1f", "\x7f", 'é', 'ß', "e\x{301}", '€', "\x{2028}", "\x{2029}", "\x{FEFF}", "\x{FFFE}",
	"\x{FFFF}", "\x{FFFD}", '日本', "\x{1D11E}", "\x{1F600}", "\x{10FFFF}");
my @unholdable = ("\0", chr(HALVES + 0xD800), chr(HALVES + 0xDBFF), chr(HALVES + 0xDC00), chr(HALVES + 0xDFFF));

$session->query(<<'SQL');
-- psql leaves characters out that it holds for invalid, such as U+10FFFF.
CREATE FUNCTION hex(value text) RETURNS text
RETURN encode(convert_to(value, 'UTF8'), 'hex');

-- The value of an expression of type jsonb or json in hex, or its SQLSTATE.
CREATE FUNCTION attempt(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	value text;
BEGIN
	EXECUTE 'SELECT hex((' || expression || ')::text)' INTO value;
	RETURN value;
EXCEPTION WHEN OTHERS THEN
	RETURN 'ERROR ' || SQLSTATE;
END $$;
SQL

SKIP:
{
	skip 'attributevalue.json is not there', 1 unless $vectors;
	test_json_cases();
	test_typed_cases();
	test_number_text();
	test_reply_encoding();
}
test_forms();
test_random_documents();
test_latin1();
test_euc_jp();
test_sql_ascii();
done_testing();

# JSON with half surrogate pairs

sub half_to_placeholder
{
	my ($half) = @_;
	my $character = chr(HALVES + hex $half);
	utf8::encode($character);
	return $character;
}

# Decodes JSON text in bytes that may hold half surrogate pairs.
sub decode
{
	my ($text) = @_;
	$text =~ s{(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u([dD][89a-fA-F]..)|(\\.)}
		{$1 // (defined $2 ? half_to_placeholder($2) : $3)}ges;
	return from_json($text);
}

# The reverse, as text in bytes; members are sorted.
sub encode
{
	my $text = to_json($_[0]);
	utf8::decode($text);
	$text =~ s/([\x{FD800}-\x{FDFFF}])/sprintf '\\u%04x', ord($1) - HALVES/ge;
	utf8::encode($text);
	return $text;
}

# Sends a request in which halves may stand; returns the decoded reply.
sub raw
{
	my ($operation, $request) = @_;
	my ($status, $body) = ddb_text($operation, encode($request));
	die "$operation: $status $body" if $status != 200;
	return decode($body);
}

# what is to be expected, by the rules of attribute_value.h

sub is_holdable
{
	return $_[0] !~ /[\0\x{FD800}-\x{FDFFF}]/;
}

# The jsonb, as a Perl value, of a string.
sub expected_text
{
	my ($text) = @_;

	return $text if is_holdable($text);
	$text =~ s/\\/\\\\/g;
	$text =~ s/\0/\\u0000/g;
	$text =~ s/([\x{FD800}-\x{FDFFF}])/sprintf '\\u%04x', ord($1) - HALVES/ge;
	return { '$s' => $text };
}

sub expected_map
{
	my ($map) = @_;

	my @names = sort keys %$map;
	return { '$m' => [ map { [ expected_text($_), expected($map->{$_}) ] } @names ] }
	  if grep { !is_holdable($_) } @names;
	my $object = { map { $_ => expected($map->{$_}) } @names };
	return { '$m' => $object } if @names == 1 && $names[0] =~ /^\$(?:b|bs|m|ns|s|ss)$/;
	return $object;
}

# A number whose text goes into JSON as it is.
{
	package Number;
	sub TO_JSON { die 'a number goes out as text' }
}

# The jsonb that an AttributeValue is to become, as a Perl value.
sub expected
{
	my ($av) = @_;

	my ($type, $value) = %$av;
	return expected_text($value) if $type eq 'S';
	return bless \"$value", 'Number' if $type eq 'N';
	return $value if $type eq 'BOOL';
	return undef if $type eq 'NULL';
	return [ map { expected($_) } @$value ] if $type eq 'L';
	return expected_map($value) if $type eq 'M';
	return { '$b' => $value } if $type eq 'B';
	return { '$bs' => $value } if $type eq 'BS';
	return { '$ss' => [ map { expected_text($_) } @$value ] } if $type eq 'SS';
	return { '$ns' => [ map { bless \"$_", 'Number' } @$value ] } if $type eq 'NS';
	die "unknown type $type";
}

# Such a value as JSON text, in characters.
sub jsonb_text
{
	my ($value) = @_;

	return 'null' if !defined $value;
	return $$value if ref $value eq 'Number';
	return '[' . join(',', map { jsonb_text($_) } @$value) . ']' if ref $value eq 'ARRAY';
	return '{' . join(',', map { jsonb_text("$_") . ':' . jsonb_text($value->{$_}) } sort keys %$value) . '}'
	  if ref $value eq 'HASH';
	my $text = to_json($value);
	utf8::decode($text);
	return $text;
}

# comparing

# Sign, digits and exponent of a number, without leading and trailing zeros.
sub number_value
{
	my ($text) = @_;

	my ($sign, $whole, $fraction, $exponent) = $text =~ /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/
	  or return $text;
	my $digits = "$whole$fraction";
	$exponent = ($exponent // 0) - length $fraction;
	$digits =~ s/^0+//;
	$exponent++ while $digits =~ s/0$//;
	return $digits eq '' ? '0' : ($sign eq '-' ? '-' : '') . "${digits}e$exponent";
}

# An AttributeValue with numbers normalised and sets sorted.
sub canonical
{
	my ($av) = @_;

	my ($type, $value) = %$av;
	return { N => number_value($value) } if $type eq 'N';
	return { NS => [ sort map { number_value($_) } @$value ] } if $type eq 'NS';
	return { $type => [ sort @$value ] } if $type eq 'SS' || $type eq 'BS';
	return { L => [ map { canonical($_) } @$value ] } if $type eq 'L';
	return { M => { map { $_ => canonical($value->{$_}) } keys %$value } } if $type eq 'M';
	return $av;
}

sub same_av
{
	my ($got, $wanted, $name) = @_;
	return is(encode(canonical($got)), encode(canonical($wanted)), $name);
}

sub bytes
{
	my ($text) = @_;
	utf8::encode($text);
	return $text;
}

sub unhex
{
	my $text = pack 'H*', $_[0];
	utf8::decode($text);
	return $text;
}

# The value of an SQL expression: text in characters, or "ERROR sqlstate".
sub attempt
{
	my ($expression) = @_;
	my $text = $session->query('SELECT attempt(' . literal($expression) . ')');
	return $text =~ /^ERROR/ ? $text : unhex($text);
}

sub marshalled
{
	my ($jsonb) = @_;
	my $text = attempt('ddb_marshall(' . literal($jsonb) . '::jsonb)');
	return $text =~ /^ERROR/ ? { error => $text } : decode(bytes($text));
}

sub unmarshalled
{
	my ($json) = @_;
	return attempt('ddb_unmarshall(' . literal($json) . '::json)');
}

sub same_jsonb
{
	my ($got, $wanted, $name) = @_;
	my $same = $got !~ /^ERROR/
	  && attempt(literal($got) . '::jsonb = ' . literal($wanted) . '::jsonb') eq 'true';
	return ok($same, $name) || diag("got $got\nwanted $wanted");
}

# items

sub new_key
{
	return 'key' . ++$keys;
}

sub item_key
{
	my ($sk, $pk) = @_;
	return { pk => { S => $pk // 'codec' }, sk => { S => $sk } };
}

sub store
{
	my ($data) = @_;
	my $sk = new_key();
	raw('PutItem', { TableName => $table, Item => { %{ item_key($sk) }, data => $data } });
	return $sk;
}

sub stored
{
	my ($sk, $pk) = @_;
	my $reply = raw('GetItem', { TableName => $table, Key => item_key($sk, $pk) });
	return $reply->{Item} && $reply->{Item}{data};
}

# The SQLSTATE of ddb_set, or '' when it succeeds.
sub set_data
{
	my ($sk, $jsonb) = @_;
	return ($session->query_error("SELECT ddb_set('codec', '$sk', " . literal($jsonb) . ')'))[0] // '';
}

sub get_data
{
	my ($sk) = @_;
	return attempt("(ddb_get('codec', '$sk')).data");
}

# A top-level string would be JSON text; in a list it is a native string.
sub as_data
{
	my ($av) = @_;
	return exists $av->{S} ? { L => [$av] } : $av;
}

# vectors

# What to give ddb_marshall for a case: its own JSON, or the $-forms of it.
sub jsonb_of_case
{
	my ($case) = @_;
	return $case->{json} if is_holdable(join ' ', strings_of($case->{json}));
	return jsonb_text(expected(decode(encode($case->{av}))));
}

# All strings, names and numbers in JSON text.
sub strings_of
{
	my ($json) = @_;

	my @left = decode('[' . bytes($json) . ']');
	my @strings;
	while (@left)
	{
		my $value = shift @left;
		if (ref $value eq 'ARRAY') { push @left, @$value }
		elsif (ref $value eq 'HASH') { push @left, %$value }
		elsif (defined $value) { push @strings, "$value" }
	}
	return @strings;
}

sub test_json_cases
{
	for my $case (@{ $vectors->{json_cases} })
	{
		my $name = "json case $case->{name}";
		my $jsonb = jsonb_of_case($case);
		same_av(marshalled($jsonb), $case->{av}, "$name: marshalled");

		my $wrapped = exists $case->{av}{S};
		my $sk = new_key();
		my $error = set_data($sk, $wrapped ? "[$jsonb]" : $jsonb);
		if (ref $case->{local} && $case->{local}{error})
		{
			is($error, '22023', "$name: refused by DynamoDB");
			next;
		}
		is($error, '', "$name: written");
		my $local = $case->{local} eq 'same' ? $case->{av} : $case->{local};
		same_av(stored($sk), $wrapped ? { L => [$local] } : $local, "$name: stored");
		my $back = $jsonb eq $case->{json} ? $case->{json_back} : $jsonb;
		same_jsonb(get_data($sk), $wrapped ? "[$back]" : $back, "$name: read back");
	}
	return;
}

sub test_typed_cases
{
	for my $case (@{ $vectors->{typed_cases} })
	{
		my $name = "typed case $case->{name}";
		my $sk = new_key();
		my ($status) = ddb_text('PutItem', bytes(sprintf
			'{"TableName":"%s","Item":{"pk":{"S":"codec"},"sk":{"S":"%s"},"data":%s}}',
			$table, $sk, $case->{av_text}));
		my $direct = unmarshalled($case->{av_text});
		if ($status != 200)
		{
			ok(ref $case->{local} && $case->{local}{error}, "$name: refused by DynamoDB Local, as recorded");
			like($direct, qr/^(?:ERROR 22...$|[^E])/, "$name: a value or an error, but a calm one");
			next;
		}
		my (undef, $body) = ddb_text('GetItem', encode({ TableName => $table, Key => item_key($sk) }));
		my ($text) = $body =~ /"data":(.*?)(?:,"(?:pk|sk)":\{"S":"[^"]*"\})*\}\}$/s;
		utf8::decode($text);
		my $local = stored($sk);
		if (exists $local->{BOOL} && !JSON::PP::is_bool($local->{BOOL}))
		{
			like($direct, qr/^ERROR 22/, "$name: what the service would never answer is refused");
			next;
		}

		my $jsonb = unmarshalled($text);
		same_jsonb($jsonb, jsonb_text(expected($local)), "$name: unmarshalled");
		same_av(marshalled($jsonb), $local, "$name: marshalled again");
		next if exists $local->{S};
		same_jsonb(get_data($sk), $jsonb, "$name: read");
		my $copy = new_key();
		is(set_data($copy, $jsonb), '', "$name: written");
		same_av(stored($copy), $local, "$name: stored");
	}
	return;
}

sub test_number_text
{
	for my $case (@{ $vectors->{number_text} })
	{
		my $name = "number text \"$case->{n}\"";
		my $jsonb = unmarshalled(jsonb_text({ N => $case->{n} }));
		if (ref $case->{local})
		{
			like($jsonb, qr/^(?:ERROR 22...|-?[0-9.]+)$/, "$name: a value or an error");
			like($jsonb, qr/^ERROR 22/, "$name: no number, no value")
			  if $case->{local}{message} =~ /cannot be converted/;
		}
		elsif ($case->{n} =~ /^[\x00-\x7f]*$/)
		{
			same_jsonb($jsonb, $case->{local}, "$name: unmarshalled");
			same_av(marshalled($jsonb), { N => $case->{local} }, "$name: marshalled again");
			my $sk = store({ N => $case->{n} });
			is(get_data($sk), $case->{local}, "$name: read from DynamoDB Local, which has it as $case->{local}");
		}
		else
		{
			like($jsonb, qr/^(?:ERROR 22...|-?[0-9.]+)$/, "$name: a value or an error");
		}
	}
	return;
}

sub test_reply_encoding
{
	for my $case (@{ $vectors->{reply_encoding} })
	{
		my $av = { S => decode(bytes($case->{put})) };
		my $name = "reply encoding $case->{put}";
		my $sk = store({ L => [$av] });
		my (undef, $body) = ddb_text('GetItem', encode({ TableName => $table, Key => item_key($sk) }));
		ok(index($body, bytes($case->{local_reply_bytes_text})) >= 0, "$name: as DynamoDB Local writes it");
		my $jsonb = get_data($sk);
		same_jsonb($jsonb, jsonb_text([ expected($av) ]), "$name: read");
		my $copy = new_key();
		is(set_data($copy, $jsonb), '', "$name: written");
		same_av(stored($copy), { L => [$av] }, "$name: stored");

		$sk = store({ S => $case->{put} });
		same_jsonb(get_data($sk), jsonb_text(expected($av)), "$name: as JSON text, read");
	}
	return;
}

# the $ forms, one by one

sub test_forms
{
	my @pairs = (
		[ '{"$ss": ["a"]}', '{"SS":["a"]}' ],
		[ '{"$ns": [1, 2.50, 1e3]}', '{"NS":["1","2.50","1000"]}' ],
		[ '{"$bs": ["YQ==", ""]}', '{"BS":["YQ==",""]}' ],
		[ '{"$b": ""}', '{"B":""}' ],
		[ '{"$b": "+/+/"}', '{"B":"+/+/"}' ],
		[ '{"$m": {"$ss": 1}}', '{"M":{"$ss":{"N":"1"}}}' ],
		[ '{"$m": {"$m": {"$s": "\\\\u0000"}}}', '{"M":{"$m":{"S":"\\u0000"}}}' ],
		[ '{"$m": {}}', '{"M":{}}' ],
		[ '{"$x": 1}', '{"M":{"$x":{"N":"1"}}}' ],
		[ '{"$": 1}', '{"M":{"$":{"N":"1"}}}' ],
		[ '{"$ss": 1, "$ns": 2}', '{"M":{"$ss":{"N":"1"},"$ns":{"N":"2"}}}' ],
		[ '{"$s": "a\\\\u0000\\\\\\\\b"}', '{"S":"a\\u0000\\\\b"}' ],
		[ '{"$s": "\\\\ud800x\\\\udc00"}', '{"S":"\\ud800x\\udc00"}' ],
		[ '{"$ss": [{"$s": "\\\\u0000"}, "a"]}', '{"SS":["\\u0000","a"]}' ],
		[ '{"$m": [[{"$s": "\\\\u0000"}, 1], ["b", []]]}', '{"M":{"\\u0000":{"N":"1"},"b":{"L":[]}}}' ],
		[ '{"$m": []}', '{"M":{}}' ],
	);
	for my $pair (@pairs)
	{
		my ($jsonb, $av) = @$pair;
		same_av(marshalled($jsonb), decode($av), "$jsonb stands for $av");
	}

	my @bad = ('{"$ss": "a"}', '{"$ss": [1]}', '{"$ns": ["1"]}', '{"$ns": {}}', '{"$bs": ["?"]}',
		'{"$b": 1}', '{"$b": "YQ"}', '{"$b": "YQ==\\n"}', '{"$b": "Y==="}', '{"$m": 1}',
		'{"$m": [1]}', '{"$m": [["a"]]}', '{"$m": [[1, 2]]}', '{"$s": 1}', '{"$s": "\\\\u0041"}',
		'{"$s": "\\\\"}', '{"$s": "\\\\u00"}', '{"$s": "\\\\ue000"}');
	for my $jsonb (@bad)
	{
		is(attempt('ddb_marshall(' . literal($jsonb) . ')'), 'ERROR 22023', "$jsonb is refused");
		is(attempt('ddb_marshall(' . literal("[{\"x\": $jsonb}]") . ')'), 'ERROR 22023', 'inside of something, too');
	}
	my @error = $session->query_error(q{SELECT ddb_marshall('{"$ss": 1}')});
	like("@error", qr/invalid "\$ss" in argument "value".*array of strings.*\{"\$m": \{"\$ss": \.\.\.\}\}/s,
		'the message says what is meant and how a map would be written');
	return;
}

# random documents

sub pick
{
	return $_[ int rand @_ ];
}

# Characters; in one of twenty strings such that text cannot hold.
sub random_text
{
	my ($max) = @_;

	my @characters = map { pick(@alphabet) } 1 .. int rand($max + 1);
	splice @characters, int rand(@characters + 1), 0, pick(@unholdable)
	  if rand() < 0.05;
	my $text = join '', @characters;

	# two halves that meet are a whole, which is another string
	$text =~ s/[\x{FD800}-\x{FDBFF}]\K(?=[\x{FDC00}-\x{FDFFF}])/-/g;
	return $text;
}

sub random_name
{
	return pick('$ss', '$s', '$m', '$b', '$ns', '$bs', '$', '$x', 'S', 'N', 'M', 'a.b', '#x', ':y', '0')
	  if rand() < 0.25;
	my $name = random_text(6);
	return length $name ? $name : 'n';
}

# Up to 38 digits, anywhere between 1e-130 and 1e125.
sub random_number
{
	return int rand 100 if rand() < 0.3;
	my $length = 1 + int rand(pick(3, 18, 38));
	my $digits = pick(1 .. 9) . join '', map { int rand 10 } 2 .. $length;
	my $sign = rand() < 0.3 ? '-' : '';
	my $way = rand;
	if ($way < 0.3)
	{
		my $point = int rand $length;
		return $sign . (substr($digits, 0, $point) || '0') . '.' . substr $digits, $point;
	}
	return "$sign${digits}e" . (int(rand(256 - $length)) - 130) if $way < 0.6;
	return "$sign$digits";
}

sub random_binary
{
	my $base64 = pack 'u', join '', map { chr int rand 256 } 1 .. int rand 20;
	$base64 =~ s/^.//mg;
	$base64 =~ tr{` -_\n}{AA-Za-z0-9+/}d;
	return $base64 unless length($base64) % 4;
	return '';
}

# n different ones, at least one
sub distinct
{
	my ($make, $identity) = @_;
	my %seen;
	return grep { !$seen{ $identity->($_) }++ } map { $make->() } 0 .. int rand 5;
}

sub random_av
{
	my ($depth) = @_;

	my $type = pick(qw(S S S S N N N BOOL NULL B SS NS BS), $depth > 1 ? (qw(L L M M M M)) : ());
	return { S => random_text(12) } if $type eq 'S';
	return { N => '' . random_number() } if $type eq 'N';
	return { BOOL => rand() < 0.5 ? JSON::PP::true : JSON::PP::false } if $type eq 'BOOL';
	return { NULL => JSON::PP::true } if $type eq 'NULL';
	return { B => random_binary() } if $type eq 'B';
	return { BS => [ distinct(\&random_binary, sub { $_[0] }) ] } if $type eq 'BS';
	return { SS => [ distinct(sub { random_text(6) }, sub { $_[0] }) ] } if $type eq 'SS';
	return { NS => [ distinct(sub { '' . random_number() }, \&number_value) ] } if $type eq 'NS';
	return random_container($type, $depth, int rand 5);
}

sub random_container
{
	my ($type, $depth, $members) = @_;

	return { L => [ map { random_av($depth - 1) } 1 .. $members ] } if $type eq 'L';
	return { M => { map { random_name() => random_av($depth - 1) } 1 .. $members } };
}

# A document of so many levels, with something on each.
sub deep_av
{
	my ($levels) = @_;

	my $av = { S => random_text(8) };
	for (1 .. $levels)
	{
		$av = rand() < 0.5 ? { L => [ { N => '1' }, $av ] }
		  : { M => { random_name() => $av, (rand() < 0.5 ? ('other' => { NULL => JSON::PP::true }) : ()) } };
	}
	return $av;
}

sub put_all
{
	my ($pk, @documents) = @_;

	for (my $first = 0; $first < @documents; $first += 25)
	{
		my $last = $first + 24 < $#documents ? $first + 24 : $#documents;
		my $reply = raw('BatchWriteItem', { RequestItems => { $table => [
				map { { PutRequest => { Item => {
							%{ item_key(sprintf('%05d', $_), $pk) }, data => $documents[$_] } } } } $first .. $last ] } });
		die 'unprocessed' if %{ $reply->{UnprocessedItems} // {} };
	}
	return;
}

# All data attributes of a partition in order, as canonical JSON text.
sub all_data
{
	my ($pk) = @_;

	my ($start, @all);
	do
	{
		my $page = raw('Query', { TableName => $table, KeyConditionExpression => 'pk = :p',
				ExpressionAttributeValues => { ':p' => { S => $pk } },
				$start ? (ExclusiveStartKey => $start) : () });
		push @all, map { encode(canonical($_->{data})) } @{ $page->{Items} };
		$start = $page->{LastEvaluatedKey};
	} while $start;
	return @all;
}

sub differences
{
	my ($got, $wanted) = @_;
	return grep { ($got->[$_] // 'nothing') ne $wanted->[$_] } 0 .. $#$wanted;
}

sub test_random_documents
{
	srand 20261122;
	my @documents = (
		(map { random_container(pick('L', 'M', 'M'), 1 + int rand 6, 1 + int rand 5) } 1 .. 1900),
		(map { deep_av(31) } 1 .. 50),
		(map { deep_av(1 + int rand 31) } 1 .. 50));
	my @wanted = map { encode(canonical($_)) } @documents;
	my @expected = map { jsonb_text(expected($_)) } @documents;

	put_all('random', @documents);
	my @stored = all_data('random');
	is(scalar @stored, 2000, '2000 random documents, put past the extension');
	is(join(' ', differences(\@stored, \@wanted)), '', 'DynamoDB Local holds what was put');

	my $count = $session->query("SELECT ddb_set(jsonb_agg(jsonb_build_object('pk', 'copy', 'sk', sk, 'data', data)))
		FROM ddb_query('random')");
	is($count, 2000, 'read and written by SQL');
	my @bad = differences([ all_data('copy') ], \@stored);
	is(@bad, 0, 'the copies are the same, every one')
	  or diag("number $bad[0]: $stored[$bad[0]]\nbecame: " . encode(stored(sprintf('%05d', $bad[0]), 'copy')));

	$session->query("CREATE TEMP TABLE document (sk text PRIMARY KEY, av json, value jsonb)");
	$session->query('INSERT INTO document VALUES ' . join ',', map {
			sprintf "('%05d', %s, %s)", $_, literal(text_of($documents[$_])), literal($expected[$_]) } 0 .. $#documents);
	is($session->query('SELECT string_agg(sk, \' \') FROM document WHERE ddb_unmarshall(av) <> value'), '',
		'ddb_unmarshall makes of them what it is to make');
	is($session->query("SELECT string_agg(sk, ' ') FROM ddb_query('copy') AS q JOIN document AS d USING (sk)
			WHERE ddb_unmarshall(ddb_marshall(q.data)) <> q.data"), '',
		'ddb_marshall and ddb_unmarshall undo each other');
	my @again = map { encode(canonical(decode(pack 'H*', $_))) }
	  split /\n/, $session->query('SELECT hex(ddb_marshall(value)::text) FROM document ORDER BY sk');
	@bad = differences(\@again, \@wanted);
	is(@bad, 0, 'ddb_marshall gives the documents back') or diag("number $bad[0]: $wanted[$bad[0]]\nis: $again[$bad[0]]");
	test_random_texts();
	return;
}

sub text_of
{
	my $text = encode($_[0]);
	utf8::decode($text);
	return $text;
}

# Plain JSON of an AttributeValue without sets and binary, in characters.
sub plain_json
{
	my ($av) = @_;

	my ($type, $value) = %$av;
	return 'null' if $type eq 'NULL';
	return $value ? 'true' : 'false' if $type eq 'BOOL';
	return $value if $type eq 'N';
	return '[' . join(',', map { plain_json($_) } @$value) . ']' if $type eq 'L';
	return '{' . join(',', map { text_of($_) . ':' . plain_json($value->{$_}) } sort keys %$value) . '}' if $type eq 'M';
	return text_of($value);
}

sub is_plain
{
	my ($av) = @_;

	my ($type, $value) = %$av;
	return 0 if $type =~ /^(?:B|SS|NS|BS)$/;
	return !grep { !is_plain($_) } $type eq 'L' ? @$value : $type eq 'M' ? values %$value : ();
}

# Documents as JSON text in a string, which is what the format json has.
sub test_random_texts
{
	my @documents;
	while (@documents < 500)
	{
		my $document = random_container(pick('L', 'M'), 1 + int rand 5, 1 + int rand 5);
		push @documents, $document if is_plain($document);
	}
	my @texts = map { plain_json($_) } @documents;
	put_all('text', map { { S => $_ } } @texts);
	my $count = sql("SELECT ddb_set(jsonb_agg(jsonb_build_object('pk', 'text copy', 'sk', sk, 'data', data)))
		FROM ddb_query('text')", set => $format{json});
	is($count, 500, '500 random JSON texts, read and written by SQL');

	my @copies = map { decode($_)->{S} } all_data('text copy');
	my @bad = grep { plain_value($copies[$_] // '0') ne plain_value($texts[$_]) } 0 .. $#texts;
	is(@bad, 0, 'the copies say the same, every one') or diag("$texts[$bad[0]]\nbecame $copies[$bad[0]]");
	is(scalar(grep { /\s/ } strings_removed(@copies)), 0, 'they are compact');
	is(join(' ', grep { !/^\\(?:["\\bfnrt]|u00[01].|ud[89a-f]..)$/ } map { /\\(?:u....|.)/g } @copies), '',
		'and escape no more than they have to');
	return;
}

# JSON texts with the contents of all strings taken out.
sub strings_removed
{
	return map { s/"(?:[^"\\]|\\.)*"/""/gsr } @_;
}

# JSON text made comparable: numbers by value, members sorted.
sub plain_value
{
	my ($text) = @_;
	$text =~ s/("(?:[^"\\]|\\.)*")|(-?\d[-+.\deE]*)/$1 \/\/ '"#' . number_value($2) . '"'/ges;
	return encode(decode(bytes($text)));
}

# other encodings

sub in_encoding
{
	my ($encoding) = @_;
	my $dbname = make_database(with => "ENCODING '$encoding' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	is(sql('SHOW server_encoding'), $encoding, "a database in $encoding");
	return;
}

sub test_latin1
{
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	in_encoding('LATIN1');

	for my $format (qw(json map))
	{
		my %with = (set => $format{$format});
		my $sk = "clé $format";
		my $utf8 = $format eq 'json' ? { S => '{"né":["à","\u0001ÿ"]}' }
		  : { M => { 'né' => { L => [ { S => 'à' }, { S => "\x01ÿ" } ] } } };
		sql("SELECT ddb_set('père', '$sk', '{\"né\": [\"à\", \"\\u0001ÿ\"]}')", %with);
		is(text_of(stored($sk, 'père')), text_of($utf8), "$format: what LATIN1 has is written in UTF-8");
		is(sql("SELECT pk, sk, data FROM ddb_get('père', '$sk')", %with),
			"père|$sk|{\"né\": [\"à\", \"\\u0001ÿ\"]}", "$format: and read back");
		is(sql("SELECT length(data ->> 'x') FROM ddb_get('codec', '" . store(
			$format eq 'json' ? { S => '{"x":"éé"}' } : { M => { x => { S => 'éé' } } }) . "')", %with), 2,
			"$format: what others wrote becomes LATIN1");
	}
	my %with = (set => $format{map});
	is(sql("SELECT string_agg(sk, ',') FROM ddb_query('père', sk_prefix => 'clé')", %with), 'clé json,clé map',
		'keys and prefixes of queries');
	is(sql("SELECT string_agg(sk, ',') FROM ddb_get_many(ARRAY[('père', 'clé map'), ('père', 'là'), ('père', 'clé json')]::ddb_key[])", %with),
		'clé map,clé json', 'keys of ddb_get_many');
	is(sql("SELECT ddb_set('[{\"pk\": \"lots\", \"sk\": \"ü\", \"data\": {\"\$ss\": [\"ö\"]}}]')", %with), 1, 'a list');
	is(text_of(stored('ü', 'lots')), text_of({ SS => ['ö'] }), 'is written in UTF-8');
	is(sql("SELECT ddb_delete('[{\"pk\": \"lots\", \"sk\": \"ü\"}]')", %with), 1, 'and deleted');
	is(stored('ü', 'lots'), undef, 'for good');
	is(sql("SELECT sk FROM ddb_set_atomic('père', 'à deux', '\"é\"', ddb_get_lock('père', 'verrou é'))", %with),
		'verrou é', 'an atomic write with its lock');
	is(text_of(stored('à deux', 'père')), text_of({ S => '"é"' }), 'is written in UTF-8');

	my %lost = (
		'a string' => { L => [ { S => '5 €' } ] },
		'a name' => { M => { '€' => { N => '5' } } },
		'a set' => { SS => [ "\x{1F600}" ] },
		'JSON text' => { S => '{"a":"5 €"}' },
		'JSON text with an escape' => { S => '{"a":"5 \\u20ac"}' });
	for my $what (sort keys %lost)
	{
		my $sk = store($lost{$what});
		my @error = sql_error("SELECT ddb_get('codec', '$sk')", %with);
		is($error[0], '22P05', "$what that LATIN1 lacks is an error");
		@error = sql_error("SELECT * FROM ddb_query('codec', '$sk')", %with);
		is($error[0], '22P05', 'in a query too');
		is(text_of(stored($sk)), text_of($lost{$what}), 'and stays what it is');
	}
	is((sql_error("SELECT ddb_set('codec', 'new', '\"5 \\u20ac\"')", %with))[0], '22P05', 'such text cannot be written');
	is((sql_error("SELECT ddb_marshall('\"5 €\"')", %with))[0], '22P05', 'nor marshalled');
	is(sql("SELECT ddb_unmarshall('{\"S\": \"\\u00e9\"}') = '\"é\"', ddb_marshall('\"é\"')", %with), 't|{"S":"é"}',
		'ddb_marshall and ddb_unmarshall convert');
	is(sql(q{SELECT ddb_unmarshall('{"S": "é\u0000"}')}, %with), '{"$s": "é\\\\u0000"}', 'in a $s form too');
	is(sql(q{SELECT ddb_marshall('{"$s": "é\\\\u0000"}')}, %with), '{"S":"é\\u0000"}', 'both ways');
	is((sql_error(q{SELECT ddb_unmarshall('{"S": "\u20ac"}')}, %with))[0], '22P05', 'what LATIN1 lacks is an error there too');
	return;
}

# Two characters of EUC_JP become one in Unicode, and come back as the other.
sub test_euc_jp
{
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	in_encoding('EUC_JP');
	my %with = (set => $format{map});
	my $key = q(convert_from('\xadf0', 'EUC_JP') AS k);
	sql("SELECT ddb_set(k, 's', '1') FROM $key", %with);
	is(sql("SELECT data FROM $key, ddb_get(k, 's')", %with), 1, 'a key that does not survive the way there and back');
	is(sql("SELECT data FROM $key, ddb_get_many(ARRAY[(k, 's'), (k, 's')]::ddb_key[])", %with), "1\n1", 'by ddb_get_many');
	return;
}

sub test_sql_ascii
{
	in_encoding('SQL_ASCII');
	my %with = (set => $format{map});

	my $sk = store({ M => { 'é' => { L => [ { S => '日本 €' }, { S => "\x{1F600}" } ] } } });
	is(sql("SELECT data FROM ddb_get('codec', '$sk')", %with), "{\"é\": [\"日本 €\", \"\x{1F600}\"]}",
		'UTF-8 is passed through as it is');
	sql("SELECT ddb_set('codec', 'clé', data) FROM ddb_get('codec', '$sk')", %with);
	is(text_of(stored('clé')), text_of(stored($sk)), 'and back');
	my @error = sql_error("SELECT ddb_set('codec', 'bad' || chr(233), '1')", %with);
	is($error[0], '22021', 'bytes that are no UTF-8 are refused in a key');
	@error = sql_error("SELECT ddb_set('codec', 'bad', to_jsonb('a' || chr(233)))", %with);
	is($error[0], '22021', 'and in a value');
	is(stored('bad'), undef, 'nothing is written');
	my $text = store({ S => '{"a":"\\u20ac"}' });
	is(sql("SELECT data FROM ddb_get('codec', '$text')", %with), '{"a": "€"}', 'escapes in JSON text become UTF-8');
	return;
}
