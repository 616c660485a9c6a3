# Foreign servers and user mappings in sessions that go on while others change
# them; whose credentials sign is read from the requests themselves.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use IPC::Run ();
use POSIX qw(strftime);
use Test::More;

need_endpoint();
my $database = make_database();
my $east = fault_server(upstream => 1);
my $west = fault_server(upstream => 1);
my ($east_url, $west_url) = ($east->url, $west->url);
my ($alice, $bob, $owner) = map { "addb_${_}_$$" } qw(alice bob owner);
END { sql("DROP OWNED BY $alice, $bob, $owner CASCADE; DROP ROLE $alice, $bob, $owner") if $owner }

sql("CREATE ROLE $_ LOGIN; SELECT ddb_grant('$_', 'write')") for $alice, $bob, $owner;
sql(<<"SQL");
CREATE SERVER east FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-east-1', endpoint_url '$east_url');
CREATE SERVER "West Side" FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', endpoint_url '$west_url');
GRANT USAGE ON FOREIGN SERVER east, "West Side" TO $alice, $bob;
CREATE USER MAPPING FOR $alice SERVER east OPTIONS (access_key_id 'AKALICE', secret_access_key 'SKALICE');
CREATE USER MAPPING FOR $bob SERVER east OPTIONS (access_key_id 'AKBOB', secret_access_key 'SKBOB', session_token 'TOKENBOB');
CREATE USER MAPPING FOR PUBLIC SERVER "West Side" OPTIONS (access_key_id 'AKPUBLIC', secret_access_key 'SKPUBLIC');
SQL

my $GET = q(SELECT ddb_get('p', 's', table_name => 'nowhere'));

# Who has signed the requests since the last look, for which region.
sub signers
{
	my ($server) = @_;
	my @seen = map { $_->{headers}{authorization} =~ m{Credential=(\w+)/\d+/([\w-]+)/dynamodb/} ? "$1 $2" : '?' } $server->log;
	$server->reset;
	return join ', ', @seen;
}

sub code
{
	my ($session, $statement) = @_;
	return ($session->query_error($statement // $GET))[0];
}

# A session follows what is done to its server and mapping.
{
	my $session = session(user => $alice, set => { 'atomic_dynamodb.server' => 'east' });
	is(code($session), '42P01', 'a table that is not there');
	is(signers($east), 'AKALICE us-east-1', 'signed with the mapping, for the region of the server');
	sql("ALTER SERVER east OPTIONS (SET endpoint_url '$west_url', SET region 'eu-west-1')");
	code($session);
	is(signers($east) . '|' . signers($west), '|AKALICE eu-west-1', 'ALTER SERVER');
	sql("ALTER SERVER east OPTIONS (SET endpoint_url '$east_url', SET region 'us-east-1')");
	code($session);
	is(signers($east) . '|' . signers($west), 'AKALICE us-east-1|', 'and back');
	sql("ALTER USER MAPPING FOR $alice SERVER east OPTIONS (SET access_key_id 'AKTWO', SET secret_access_key 'SKTWO')");
	code($session);
	is(signers($east), 'AKTWO us-east-1', 'ALTER USER MAPPING');

	sql("DROP USER MAPPING FOR $alice SERVER east");
	my @error = $session->query_error($GET);
	is("$error[0] $error[1]", qq(28000 no AWS credentials for role "$alice" on server "east"), 'DROP USER MAPPING');
	is($error[3], "Create one: CREATE USER MAPPING FOR $alice SERVER east OPTIONS (access_key_id '...', secret_access_key '...').",
		'the hint says what to do');
	is($east->count, 0, 'and nothing is sent');
	sql("CREATE USER MAPPING FOR $alice SERVER east OPTIONS (access_key_id 'AKALICE', secret_access_key 'SKALICE')");
	is(code($session), '42P01', 'CREATE USER MAPPING');
	sql("REVOKE USAGE ON FOREIGN SERVER east FROM $alice");
	is(code($session), '42501', 'REVOKE');
	sql("GRANT USAGE ON FOREIGN SERVER east TO $alice");
	is(code($session), '42P01', 'GRANT');
	sql('ALTER SERVER east RENAME TO orient');
	is(code($session), '42704', 'RENAME');
	sql('ALTER SERVER orient RENAME TO east');
	is(code($session), '42P01', 'and back');
	my @all = $session->query_error('SET atomic_dynamodb.server = \'"West Side"\'; ' . $GET);
	is($all[0], '42704', 'the setting is a name as it is, without quotes');
	is(signers($east), join(', ', ('AKALICE us-east-1') x 3), 'nobody else has signed');
}

# An open transaction, too: what was committed meanwhile counts with the next statement.
{
	my $session = session(user => $alice, set => { 'atomic_dynamodb.server' => 'east' });
	$session->query('BEGIN; SAVEPOINT s');
	code($session);
	$session->query('ROLLBACK TO s');
	sql("ALTER USER MAPPING FOR $alice SERVER east OPTIONS (SET access_key_id 'AKTHREE')");
	code($session);
	is(signers($east), 'AKALICE us-east-1, AKTHREE us-east-1', 'within a transaction');
	sql("ALTER USER MAPPING FOR $alice SERVER east OPTIONS (SET access_key_id 'AKALICE')");
}

# Two servers, two accounts, one session.
{
	my $session = session(user => $alice);
	for my $server ('east', 'West Side', 'east')
	{
		$session->query("BEGIN; SET LOCAL atomic_dynamodb.server = '$server'");
		code($session);
		$session->query('ROLLBACK');
	}
	is(signers($east), 'AKALICE us-east-1, AKALICE us-east-1', 'one server');
	is(signers($west), 'AKPUBLIC us-west-2', 'and another, with the mapping for PUBLIC');
	is(code($session), '42P01', 'the transaction over, the parameters say where');
	is($east->count + $west->count, 0, 'which is neither');
}

# The current user decides.
{
	my $session = session(set => { 'atomic_dynamodb.server' => 'east' });
	for my $role ($alice, $bob, $bob, $alice)
	{
		$session->query("SET ROLE $role");
		code($session);
	}
	my @log = $east->log;
	is_deeply([ map { $_->{headers}{'x-amz-security-token'} } @log ], [ undef, 'TOKENBOB', 'TOKENBOB', undef ],
		'session tokens go along');
	is(signers($east), 'AKALICE us-east-1, AKBOB us-east-1, AKBOB us-east-1, AKALICE us-east-1', 'SET ROLE');

	sql(<<"SQL");
CREATE FUNCTION as_bob() RETURNS void SECURITY DEFINER LANGUAGE plpgsql AS 'BEGIN PERFORM ddb_get(''p'', ''s'', table_name => ''nowhere''); EXCEPTION WHEN undefined_table THEN END';
ALTER FUNCTION as_bob() OWNER TO $bob;
CREATE FUNCTION as_bob_in_the_west() RETURNS void SECURITY DEFINER SET atomic_dynamodb.server = 'West Side'
	LANGUAGE plpgsql AS 'BEGIN PERFORM ddb_get(''p'', ''s'', table_name => ''nowhere''); EXCEPTION WHEN undefined_table THEN END';
ALTER FUNCTION as_bob_in_the_west() OWNER TO $bob;
SQL
	$session->query("SET ROLE $alice; SELECT as_bob()");
	code($session);
	is(signers($east), 'AKBOB us-east-1, AKALICE us-east-1', 'SECURITY DEFINER');
	$session->query('SELECT as_bob_in_the_west()');
	code($session);
	is(signers($west) . '|' . signers($east), 'AKPUBLIC us-west-2|AKALICE us-east-1', 'a function with a server of its own');
	my @error = $session->query_error("SET ROLE $owner; $GET");
	is($error[0], '42501', 'a role without USAGE');
	is($east->count, 0, 'sends nothing');
}

# A role of the server is assumed with what the mapping holds.
{
	my $sts = fault_server();
	my $sts_url = $sts->url;
	my $xml = <<'XML';
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>SKROLE</SecretAccessKey><SessionToken>TOKENROLE</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
XML
	$sts->script({ repeat => -1, reply => { status => 200, headers => { 'content-type' => 'text/xml' }, body => $xml } });
	sql(<<"SQL");
CREATE SERVER assumed FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'eu-west-1', endpoint_url '$east_url',
	role_arn 'arn:aws:iam::123456789012:role/app', external_id 'tenant/1', role_session_name 'alice\@db', sts_endpoint_url '$sts_url');
GRANT USAGE ON FOREIGN SERVER assumed TO $alice, $bob;
CREATE USER MAPPING FOR $alice SERVER assumed OPTIONS (access_key_id 'AKALICE', secret_access_key 'SKALICE');
SQL
	my %set = (set => { 'atomic_dynamodb.server' => 'assumed' });
	my $session = session(user => $alice, %set);
	code($session) for 1 .. 2;
	my ($request, @more) = $sts->log;
	is(@more, 0, 'a role is assumed once');
	like($request->{headers}{authorization}, qr{Credential=AKALICE/\d+/eu-west-1/sts/}, 'by the mapping');
	like($request->{body}, qr/RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fapp&RoleSessionName=alice%40db\b.*&ExternalId=tenant%2F1/,
		'with what the server says');
	is_deeply([ map { $_->{headers}{'x-amz-security-token'} } $east->log ], [ ('TOKENROLE') x 2 ], 'its token goes along');
	is(signers($east), 'AKROLE eu-west-1, AKROLE eu-west-1', 'it signs');
	is(code(session(user => $bob, %set)), '28000', 'who has no mapping');
	is($sts->count, 1, 'assumes no role');
	sql("CREATE USER MAPPING FOR CURRENT_USER SERVER assumed OPTIONS (access_key_id 'AKSUPER', secret_access_key 'SKSUPER')");
	is(session(%set)->query('SELECT source, chosen, reason FROM ddb_credentials() WHERE access_key_id IS NOT NULL'),
		"the user mapping|f|They assume the role of the server.\nthe role of the server|t|The first source that has any.",
		'a report speaks of the role of the server');
	sql('DROP USER MAPPING FOR CURRENT_USER SERVER assumed');

	# a pool changes the server with each transaction, and the user
	$sts->reset;
	$sts->script({ repeat => -1, reply => { status => 200, headers => { 'content-type' => 'text/xml' }, body => $xml } });
	$east->reset;
	$session = session();
	for (1 .. 10)
	{
		$session->query("BEGIN; SET LOCAL ROLE $alice; SET LOCAL atomic_dynamodb.server = 'assumed'");
		code($session);
		$session->query('ROLLBACK');
		$session->query("BEGIN; SET LOCAL ROLE $bob; SET LOCAL atomic_dynamodb.server = 'east'");
		code($session);
		$session->query('ROLLBACK');
	}
	is($sts->count, 1, 'of ten changes of server and user, one assumes the role');
	is(signers($east), join(', ', ('AKROLE eu-west-1', 'AKBOB us-east-1') x 10), 'and each request is signed as it should be');
	for my $change ("ALTER SERVER east OPTIONS (SET region 'us-east-2')", "ALTER SERVER east OPTIONS (SET region 'us-east-1')")
	{
		sql($change);
		$session->query("SET ROLE $bob; SET atomic_dynamodb.server = 'east'");
		code($session);
	}
	is(signers($east), 'AKBOB us-east-2, AKBOB us-east-1', 'a change counts');
	$session->query("SET ROLE $alice; SET atomic_dynamodb.server = 'assumed'");
	code($session);
	is($sts->count, 2, 'and drops all that came from servers');
	sql("REVOKE USAGE ON FOREIGN SERVER assumed FROM $alice");
	$session->query("SET ROLE $bob; SET atomic_dynamodb.server = 'east'");
	code($session);
	$session->query("SET ROLE $alice; SET atomic_dynamodb.server = 'assumed'");
	is(code($session), '42501', 'a right that was revoked while another server was used is missed');
	is(signers($east), 'AKROLE eu-west-1, AKBOB us-east-1', 'and nothing is sent');
	sql("GRANT USAGE ON FOREIGN SERVER assumed TO $alice");
	is(code($session), '42P01', 'granted again');

	# nine servers are one more than is kept
	my $asked = $sts->count;
	sql(join '', map { <<"SQL" } 1 .. 8);
CREATE SERVER assumed_$_ FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'eu-west-1', endpoint_url '$east_url',
	role_arn 'arn:aws:iam::123456789012:role/app', sts_endpoint_url '$sts_url');
GRANT USAGE ON FOREIGN SERVER assumed_$_ TO $alice;
CREATE USER MAPPING FOR $alice SERVER assumed_$_ OPTIONS (access_key_id 'AKALICE', secret_access_key 'SKALICE');
SQL
	for my $server ('assumed', (map { "assumed_$_" } 1 .. 7), 'assumed', map { "assumed_$_" } 1 .. 7)
	{
		$session->query("SET atomic_dynamodb.server = '$server'");
		code($session);
	}
	is($sts->count, $asked + 8, 'eight are kept');
	for my $server ('assumed_8', (map { "assumed_$_" } 1 .. 7), 'assumed')
	{
		$session->query("SET atomic_dynamodb.server = '$server'");
		code($session);
	}
	is($sts->count, $asked + 10, 'of nine, the one that was used longest ago has to go');
	is($session->query("RESET ROLE; SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'atomic_dynamodb configuration'"),
		'8', 'and is freed');
	$session->query("SET ROLE $alice");

	# the clock of the service counts
	$sts->reset;
	$sts->script(
		{ reply => { status => 403, headers => { date => strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + 7200)) },
			body => '<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>' } },
		{ reply => { status => 200, headers => { 'content-type' => 'text/xml' }, body => $xml } });
	sql("ALTER SERVER assumed OPTIONS (SET external_id 'third')");
	is(code($session), '42P01', 'a role is assumed although the clock is off');
	my @signed = map { $_->{headers}{'x-amz-date'} =~ /T(\d\d)(\d\d)/ ? $1 * 60 + $2 : 0 } $sts->log;
	is(scalar @signed, 2, 'by a second request');
	cmp_ok(abs(($signed[1] - $signed[0]) % 1440 - 120), '<=', 1, 'which is signed for two hours later');

	# one that fails is asked again after some seconds only
	sql("ALTER SERVER assumed OPTIONS (SET external_id 'other')");
	$sts->reset;
	$sts->script({ repeat => -1, reply => { status => 403, body => '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>' } });
	my @errors = map { [ $session->query_error($GET) ] } 1 .. 5;
	is_deeply([ map { "$_->[0] $_->[1]" } @errors ],
		[ ('28000 could not assume AWS role "arn:aws:iam::123456789012:role/app"') x 5 ], 'a refused role is told again');
	is_deeply($errors[4], $errors[0], 'in the same words');
	is($sts->count, 1, 'without asking for it again');
	$session->query("SET atomic_dynamodb.server = 'east'; RESET ROLE; SET ROLE $bob");
	is(code($session), '42P01', 'which is no matter of another user');
	$session->query("SET atomic_dynamodb.server = 'assumed'; RESET ROLE; SET ROLE $alice");
	$sts->script({ reply => { status => 200, headers => { 'content-type' => 'text/xml' }, body => $xml } });
	is(code($session), '28000', 'for that long');
	sleep 3;
	is(code($session), '42P01', 'and no longer');
	$east->reset;
	sql("DROP SERVER assumed_$_ CASCADE") for 1 .. 8;
	sql('DROP SERVER assumed CASCADE');
}

# Each server has its own retries, which a change of servers does not renew; and
# hints speak of the server.
{
	sql(<<"SQL");
CREATE SERVER dead FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-east-1', endpoint_url 'http://127.0.0.1:1');
CREATE USER MAPPING FOR PUBLIC SERVER dead OPTIONS (access_key_id 'AKDEAD', secret_access_key 'SKDEAD');
SQL
	my $session = session();
	my $retries = sub {
		my ($server) = @_;
		my $count = 'SELECT retries FROM ddb_session_stats()';
		my $before = $session->query($count);
		$session->query("SET atomic_dynamodb.server = '$server'");
		my @error = $session->query_error($GET);
		return ($session->query($count) - $before, @error);
	};
	my @first = $retries->('dead');
	is($first[0], 3, 'a dead endpoint is tried again');
	is($first[1], '08001', 'in vain');
	is($first[4], 'Check the endpoint and region of server "dead".', 'the hint names the server');
	$retries->('dead') for 1 .. 12;
	is(($retries->('dead'))[0], 0, 'until the retries are used up');
	$west->script({ repeat => 2, reply => { status => 500, body => { __type => 'x#InternalServerError' } } });
	my @other = $retries->('West Side');
	is($other[0], 2, 'which are not those of another server');
	is($other[4], 'Check the names, and the region and endpoint of server "West Side". A new table can be used once it is ACTIVE.',
		'nor is its hint');
	is(($retries->('dead'))[0], 0, 'and there are no new ones after a change');
	$west->reset;
	sql('DROP SERVER dead CASCADE');
}

# No secret shows, neither in errors nor in the options that everybody sees.
{
	my $session = session(user => $bob);
	is($session->query("SELECT count(*) FROM pg_user_mappings WHERE umoptions::text LIKE '%SKALICE%'"), '0', 'of others');
	is($session->query("SELECT count(*) FROM pg_user_mappings WHERE umoptions::text LIKE '%SKBOB%'"), '1', 'one sees one\'s own');
	my @error = $session->query_error("ALTER USER MAPPING FOR $bob SERVER east OPTIONS (SET secret_access_key 'SK BOB')");
	is($error[0], '22023', 'a bad secret');
	unlike("@error[1 .. 3]", qr/SK/, 'is not quoted');
}

# pg_dump carries servers, mappings and rights, and the wrapper comes with the extension.
{
	my ($dump, $err) = ('', '');
	IPC::Run::run([ 'pg_dump', '--dbname', $database ], '<', \undef, '>', \$dump, '2>', \$err) or die $err;
	unlike($dump, qr/CREATE FOREIGN DATA WRAPPER/, 'the wrapper is not in the dump');
	my $state = q(SELECT s.srvname, s.srvacl, m.usename,
			(SELECT string_agg(o, ',' ORDER BY o) FROM unnest(s.srvoptions || m.umoptions) AS o)
		FROM pg_foreign_server AS s LEFT JOIN pg_user_mappings AS m ON m.srvid = s.oid ORDER BY 1, 3);
	my $before = sql($state);
	like($before, qr/SKBOB/, 'there is something to compare');
	my $copy = make_database(bare => 1);
	sql($dump, dbname => $copy);
	is(sql($state), $before, 'restored, they are the same');
	my $session = session(user => $bob, set => { 'atomic_dynamodb.server' => 'east' });
	is(code($session), '42P01', 'and work');
	is(signers($east), 'AKBOB us-east-1', 'as before');
	undef $session;
	sql("DROP OWNED BY $alice, $bob, $owner CASCADE");
	$ENV{PGDATABASE} = $database;
}

# The machine's own credentials are for those to whom a superuser has opened a server.
{
	my $cluster = AddbTest::Cluster->new(environment => {
		AWS_ACCESS_KEY_ID => 'AKENV', AWS_SECRET_ACCESS_KEY => 'SKENV', AWS_REGION => 'eu-north-1' });
	$cluster->inside(sub {
		sql(<<"SQL");
CREATE ROLE alice LOGIN;
CREATE ROLE owner LOGIN;
SELECT ddb_grant('alice', 'read'), ddb_grant('owner', 'read');
CREATE SERVER east FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url '$east_url');
GRANT USAGE ON FOREIGN SERVER east TO alice, owner;
SQL
		my %set = (set => { 'atomic_dynamodb.server' => 'east' });
		my $super = session(%set);
		my $user = session(%set, user => 'alice');
		is(code($super), '42P01', 'a superuser, on a superuser\'s server');
		is(signers($east), 'AKENV eu-north-1', 'with credentials and region of the environment');
		is(code($user), '28000', 'another role');
		is(code($super, "SET atomic_dynamodb.allow_ambient_credentials = on; SET ROLE alice; $GET"), '28000',
			'the parameter opens nothing on a server');
		$super->query('RESET ROLE');
		is($east->count, 0, 'nothing was sent');

		sql(q(ALTER SERVER east OPTIONS (ADD allow_ambient_credentials 'true')));
		is(code($user), '42P01', 'once the server is opened');
		is(signers($east), 'AKENV eu-north-1', 'they sign');
		sql(q(ALTER SERVER east OPTIONS (SET allow_ambient_credentials 'false')));
		is(code($user), '28000', 'and closed again');

		# not to an owner who would like to be sent them
		sql('ALTER SERVER east OWNER TO owner');
		is(code($super), '28000', 'a superuser, on a server of somebody else');
		is(code(session(%set, user => 'owner')), '28000', 'and that one');
		is($east->count, 0, 'nothing was sent');
		sql('ALTER ROLE owner SUPERUSER');
		is(code($super), '42P01', 'until the owner becomes a superuser');
		sql('ALTER ROLE owner NOSUPERUSER');
		is(code($super), '28000', 'and is none any more');
		sql(q(CREATE USER MAPPING FOR PUBLIC SERVER east OPTIONS (access_key_id 'AKPUBLIC', secret_access_key 'SKPUBLIC')));
		signers($east);
		is(code($super), '42P01', 'a mapping is good for anybody');
		is(signers($east), 'AKPUBLIC eu-north-1', 'and is what signs');
	});
	unlike($cluster->log, qr/SKENV/, 'no secret in the log');
}

# What was begun with one server and mapping goes on with them or not at all.
{
	my $table = make_table();
	ddb_raw('PutItem', { TableName => $table, Item => { pk => { S => 'p' }, sk => { S => "s$_" } } }) for 10 .. 39;
	my $session = session(user => $bob, set => { 'atomic_dynamodb.server' => 'east' });
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT sk FROM ddb_query('p', page_size => 5, table_name => '$table')");
	is($session->query('FETCH 3 FROM c'), "s10\ns11\ns12", 'rows of one server');
	$_->reset for $east, $west;
	$session->query("SET atomic_dynamodb.server = 'West Side'");
	is(code($session, 'FETCH 20 FROM c'), '55000', 'not followed by those of another');
	is($west->count, 0, 'which is not asked');
	$session->query('ROLLBACK');
	$session->query("BEGIN; DECLARE c CURSOR FOR SELECT sk FROM ddb_query('p', page_size => 5, table_name => '$table'); FETCH 3 FROM c");
	$session->query("SET LOCAL atomic_dynamodb.server = 'West Side'; " . $GET =~ s/nowhere/$table/r . "; SET LOCAL atomic_dynamodb.server = 'east'");
	is($session->query('FETCH ALL FROM c') =~ tr/\n//, 26, 'a server used in between does no harm');
	$session->query('COMMIT');

	my $write = "SELECT ddb_put_item('$table', '{\"pk\": \"a\", \"sk\": \"b\"}', 'attribute_not_exists(pk)')";
	for my $change ("ALTER SERVER east OPTIONS (SET endpoint_url '$west_url')",
		"ALTER USER MAPPING FOR $bob SERVER east OPTIONS (SET access_key_id 'AKOTHER')")
	{
		$_->reset for $east, $west;
		$east->script({ hang => 1 });
		$session->query("SET atomic_dynamodb.request_timeout = '2s'");
		$session->send($write);
		for (1 .. 200)
		{
			last if $east->count;
			select undef, undef, undef, 0.02;
		}
		sql($change);
		$session->finish(30);
		like($session->stderr, qr/^ERROR:  08007: .*The settings have changed since the request was sent first/ms, "a lost write is not sent again: $change");
		is($east->count . ' ' . $west->count, '1 0', 'to anybody');
		sql("ALTER SERVER east OPTIONS (SET endpoint_url '$east_url')");
	}
}

done_testing();
