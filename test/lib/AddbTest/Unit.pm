package AddbTest::Unit;

# Feeds vectors to the JSON functions of the unit-test library, all of them in
# one session, and finds the vector files.

use strict;
use warnings;

use AddbTest;
use Cwd qw(abs_path);
use Exporter 'import';
use FindBin;

our @EXPORT = qw(vectors unit_call unit_calls unit_query preamble);

# A decoded vector file, or undef when it is nowhere. The directory ADDB_VECTORS
# is looked at first; some files are not the project's and may be missing.
sub vectors
{
	my ($name) = @_;

	my $checkout = $ENV{ADDB_CHECKOUT} // "$FindBin::Bin/../..";
	my @places = ($ENV{ADDB_VECTORS}, "$FindBin::Bin/../vectors/aws", "$checkout/../shared/vectors/aws");
	my ($file) = grep { -e } map { "$_/$name" } grep { defined && length } @places;
	return defined $file ? read_json(abs_path($file)) : undef;
}

# SQL that makes C functions of the library known in the temporary schema, each
# given as "name(arguments) RETURNS type".
sub preamble
{
	return "SET client_min_messages = warning;\n"
	  . join '', map
	{
		my ($name) = /^(\w+)/;
		"CREATE FUNCTION pg_temp.$_ AS " . literal(unit_lib()) . ", '$name' LANGUAGE c;\n"
	} @_;
}

my $attempt = <<'SQL';
CREATE FUNCTION pg_temp.attempt(name text, argument jsonb) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
	result json;
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE format('SELECT pg_temp.%I($1)', name) INTO result USING argument;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
		message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		hint = PG_EXCEPTION_HINT;
	RETURN json_build_object('error', json_build_object('sqlstate', state,
		'message', message, 'detail', detail, 'hint', hint));
END $$;
SQL

sub call_sql
{
	my ($name, $argument) = @_;
	return sprintf 'SELECT pg_temp.attempt(%s, %s);', literal($name), literal($argument);
}

sub declare
{
	return preamble(map { "$_(jsonb) RETURNS json" } @_);
}

# Takes pairs of a function's name and its argument, makes the calls in one new
# session and returns what each gave: the decoded object, or
# { error => { sqlstate, message, detail, hint } }.
sub unit_calls
{
	my (@calls) = @_;

	my %names = map { $_->[0] => 1 } @calls;
	my @lines = split /\n/, sql(join "\n", declare(sort keys %names), $attempt,
		map { call_sql(@$_) } @calls);
	die 'not every call gave a line' if @lines != @calls;
	return map { utf8::encode($_); from_json($_) } @lines;
}

my ($session, %declared);

# Runs SQL in the session that all calls below share.
sub unit_query
{
	my ($query) = @_;

	if (!$session)
	{
		$session = session();
		$session->query($attempt);
	}
	return $session->query($query);
}

# One such call.
sub unit_call
{
	my ($name, $argument) = @_;

	unit_query(declare($name)) unless $declared{$name}++;
	my $line = unit_query(call_sql($name, $argument));
	utf8::encode($line);
	return from_json($line);
}

# A global object may be destroyed too late to use what it needs.
END { undef $session }

1;
