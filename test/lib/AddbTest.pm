package AddbTest;

# What the TAP files share: SQL through psql, sessions of their own, raw calls
# to DynamoDB Local, tables and databases that go away at the end, and the
# fault server.

use strict;
use warnings;

use Carp qw(croak);
use Exporter 'import';
use File::Basename qw(basename);
use HTTP::Tiny;
use IPC::Run ();
use JSON::PP ();
use Test::More ();

use AddbTest::FaultServer;
use AddbTest::Session;

our @EXPORT = qw(
  sql sql_rows sql_error
  session
  fault_server
  ddb_raw ddb_try ddb_text
  endpoint need_endpoint
  unique_name make_table
  make_database
  unit_lib
  literal
  from_json to_json read_json
  interrupted_in interrupts_are_prompt
);

our $TIMEOUT = 60;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my (@tables, @databases, @delays);
my $names = 0;
my $owner = $$;

# The URL of DynamoDB Local, or undef.
sub endpoint
{
	return $ENV{ADDB_TEST_ENDPOINT};
}

# Skips the whole file when there is no DynamoDB Local to test against.
sub need_endpoint
{
	Test::More::plan(skip_all => 'ADDB_TEST_ENDPOINT is not set')
	  unless endpoint();
	return;
}

# The path for CREATE FUNCTION ... AS that loads the unit-test library.
sub unit_lib
{
	return $ENV{ADDB_UNIT_LIB} // croak 'ADDB_UNIT_LIB is not set';
}

# Quotes a value as an SQL literal; undef gives NULL, a reference its JSON.
sub literal
{
	my ($value) = @_;

	return 'NULL' unless defined $value;
	$value = from_utf8(to_json($value)) if ref $value;
	$value =~ s/'/''/g;
	return "'$value'";
}

sub from_utf8
{
	my ($bytes) = @_;
	utf8::decode($bytes);
	return $bytes;
}

# JSON text in UTF-8 bytes, members sorted.
sub to_json
{
	return $json->encode($_[0]);
}

sub from_json
{
	return $json->decode($_[0]);
}

# Decodes a JSON file; a relative path starts at the sources' root.
sub read_json
{
	my ($path) = @_;

	$path = "$ENV{ADDB_ROOT}/$path" unless $path =~ m{^/};
	open my $file, '<:raw', $path or croak "$path: $!";
	local $/;
	return from_json(<$file>);
}

# The command line of psql, for run_psql and for sessions.
sub psql_command
{
	my (%option) = @_;

	my @command = ('psql', '-XqAt', '-v', 'ON_ERROR_STOP=' . ($option{stop} // 1));
	push @command, '-d', $option{dbname} if defined $option{dbname};
	push @command, '-U', $option{user} if defined $option{user};
	return @command;
}

# A parameter's name with quotes: "table" is a keyword.
sub quoted_name
{
	my ($name) = @_;

	return join '.', map { "\"$_\"" } split /\./, $name;
}

# SET commands for the parameters in a hash.
sub settings_sql
{
	my ($set) = @_;

	return join '', map { 'SET ' . quoted_name($_) . ' TO ' . literal($set->{$_}) . ";\n" }
	  sort keys %{ $set // {} };
}

# Returns status, stdout, stderr. Text goes in and comes out as characters.
sub run_psql
{
	my ($query, %option) = @_;

	my ($out, $err) = ('', '');
	my $script = settings_sql($option{set}) . $query;
	utf8::encode($script);
	my $handle = IPC::Run::start([ psql_command(%option) ],
		'<', \$script, '>', \$out, '2>', \$err,
		IPC::Run::timeout($option{timeout} // $TIMEOUT));
	$handle->finish;
	my $status = $handle->full_result(0);
	($out, $err) = (from_utf8($out), from_utf8($err));
	chomp $out;
	return ($status, $out, $err);
}

# The beginning of a long text, for messages.
sub excerpt
{
	my ($text) = @_;
	return length $text > 600 ? substr($text, 0, 600) . ' ...' : $text;
}

# Runs SQL and returns what psql prints, unaligned and without the last line
# feed. An error is the end of the test file. Options: dbname, user, timeout,
# and set => { parameter => value }.
sub sql
{
	my ($query, %option) = @_;

	my ($status, $out, $err) = run_psql($query, %option);
	croak "$err\nin: " . excerpt($query) if $status != 0;
	return $out;
}

# The same as a list of rows, each a reference to a list of columns.
sub sql_rows
{
	my ($query, %option) = @_;

	return map { [ split /\|/, $_, -1 ] } split /\n/, sql($query, %option);
}

# Runs SQL that is to fail and returns (sqlstate, message, detail, hint) of the
# first error, the last two '' when absent; an empty list when nothing failed.
sub sql_error
{
	my ($query, %option) = @_;

	my ($status, $out, $err) =
	  run_psql("\\set VERBOSITY verbose\n\\set SHOW_CONTEXT never\n$query", %option);
	return parse_error($err);
}

# Takes psql's verbose error output apart.
sub parse_error
{
	my ($err) = @_;

	return unless $err =~ /^(?:psql:[^\n]*?: )?(?:ERROR|FATAL|PANIC):  ([0-9A-Z]{5}): (.*)/ms;
	my ($sqlstate, $rest) = ($1, $2);
	my ($message, @fields) =
	  split /\n(DETAIL|HINT|QUERY|CONTEXT|LOCATION|ERROR|FATAL|server closed)(?::  ?|\b)/, $rest;
	my %field = (DETAIL => '', HINT => '');
	while (@fields)
	{
		my ($name, $text) = splice @fields, 0, 2;
		last if $name eq 'ERROR' || $name eq 'FATAL';
		$field{$name} = $text // '';
	}
	s/\nLINE \d+:.*//s, s/\s+\z// for $message, values %field;
	return ($sqlstate, $message, $field{DETAIL}, $field{HINT});
}

# A psql of its own that stays open; see AddbTest::Session.
sub session
{
	return AddbTest::Session->new(@_);
}

# A fault server that stops when the object goes; see AddbTest::FaultServer.
sub fault_server
{
	return AddbTest::FaultServer->new(@_);
}

# Calls DynamoDB Local directly with a request as JSON text, in bytes. Returns
# the HTTP status and the text of the body.
sub ddb_text
{
	my ($operation, $request) = @_;

	my $reply = HTTP::Tiny->new(timeout => 30)->post(
		endpoint() . '/',
		{
			content => $request,
			headers => {
				'content-type' => 'application/x-amz-json-1.0',
				'x-amz-target' => "DynamoDB_20120810.$operation",
				'x-amz-date' => '20260101T000000Z',
				'authorization' => 'AWS4-HMAC-SHA256 '
				  . 'Credential=local/20260101/us-west-2/dynamodb/aws4_request, '
				  . 'SignedHeaders=host, Signature=0',
			},
		});
	croak "DynamoDB Local does not answer: $reply->{content}" if $reply->{status} == 599;
	return ($reply->{status}, $reply->{content});
}

# The same with a decoded request and body.
sub ddb_try
{
	my ($operation, $request) = @_;

	my ($status, $body) = ddb_text($operation, to_json($request));
	return ($status, from_json($body || '{}'));
}

# The same, returning the body; an error is the end of the test file.
sub ddb_raw
{
	my ($operation, $request) = @_;

	my ($status, $body) = ddb_try($operation, $request);
	croak "$operation: $status " . to_json($body) if $status != 200;
	return $body;
}

# A name for a table or database that no other test file uses. A table of that
# name is deleted at the end, whoever creates it.
sub unique_name
{
	my $name = basename($0, '.pl', '.t') . "_$$" . '_' . ++$names;
	$name =~ s/\W/_/g;
	$name = "t$name";
	push @tables, $name;
	return $name;
}

# Creates a table of the layout pk S, sk S without TTL, past the extension,
# and returns its name.
sub make_table
{
	my ($name) = @_;

	$name //= unique_name();
	ddb_raw('CreateTable', {
		TableName => $name,
		BillingMode => 'PAY_PER_REQUEST',
		KeySchema => [
			{ AttributeName => 'pk', KeyType => 'HASH' },
			{ AttributeName => 'sk', KeyType => 'RANGE' },
		],
		AttributeDefinitions => [
			{ AttributeName => 'pk', AttributeType => 'S' },
			{ AttributeName => 'sk', AttributeType => 'S' },
		],
	});
	return $name;
}

# Creates a database with the extension in it, makes it the one that sql() and
# sessions use from here on, and drops it at the end. Returns its name. Options:
# name, bare => without the extension, with => options of CREATE DATABASE.
sub make_database
{
	my (%option) = @_;

	my $name = $option{name} // unique_name();
	sql("CREATE DATABASE $name " . ($option{with} // ''), dbname => 'postgres');
	push @databases, $name;
	$ENV{PGDATABASE} = $name;
	sql('CREATE EXTENSION atomic_dynamodb') unless $option{bare};
	return $name;
}

# How long a call went on after it was interrupted, in seconds. A single delay
# is as long as the machine is busy, so each is held only against a wait that is
# not interrupted at all.
sub interrupted_in
{
	my ($seconds, $what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	push @delays, $seconds;
	return Test::More::cmp_ok($seconds, '<', 10, "$what: at once");
}

# Half of the delays so far are well under a second.
sub interrupts_are_prompt
{
	my $median = (sort { $a <=> $b } @delays)[ @delays / 2 ];

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return Test::More::cmp_ok($median, '<', 0.5,
		sprintf 'of %d interrupts half took less than %.3f s', scalar @delays, $median);
}

END
{
	if ($$ == $owner)
	{
		my $status = $?;
		eval { sql("DROP DATABASE IF EXISTS $_ WITH (FORCE)", dbname => 'postgres') }
		  for @databases;
		if (endpoint())
		{
			eval { ddb_try('DeleteTable', { TableName => $_ }) } for @tables;
		}
		$? = $status;
	}
}

1;
