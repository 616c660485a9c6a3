# What a role that is no superuser can do: to the settings that say where requests
# go and who signs them, to what would show it a secret, to the registry, and in a
# transaction that is not to write. The settings and functions are taken from the
# catalogs, so that a new one must be put on a list here, with a reason.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use IPC::Run ();
use Test::More;

my $SECRET = 'wJalrXUtnFEMIbPxRfiCY';
my $TOKEN = 'FwoGZXIvYXdzEXAMPLE';
my $server = fault_server();
my $cluster = AddbTest::Cluster->new(conf => {
	log_min_messages => 'debug5', log_error_verbosity => 'verbose', log_min_error_statement => 'panic',
	session_preload_libraries => 'atomic_dynamodb',
	'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.region' => 'us-west-2',
	'atomic_dynamodb.access_key_id' => 'AKIDEXAMPLE', 'atomic_dynamodb.secret_access_key' => $SECRET,
	'atomic_dynamodb.session_token' => $TOKEN, 'atomic_dynamodb.max_attempts' => 1 });
my @alice = (user => 'alice');

sub is_state
{
	my ($query, $sqlstate, $name, %option) = @_;
	my @error = sql_error($query, %option);
	is($error[0] // 'no error', $sqlstate, $name) or diag("@error");
	return;
}

# The settings that any role may change, and why it may.
my %USERSET = (
	connect_timeout => 'costs the session its own time',
	consistent_read => 'what the argument "consistent" says for one call',
	data_format => 'how own items are written',
	idempotent_writes => 'costs the session more capacity for its own writes',
	lock_refresh => 'how own locks are renewed',
	lock_ttl => 'how long own locks live',
	max_attempts => 'costs the session its own time',
	max_connections => 'at most 64 of the backend\'s own descriptors',
	max_read_units => 'a courtesy, no quota: each session has its own',
	max_write_units => 'a courtesy, no quota: each session has its own',
	progress => 'notices to the session itself',
	request_timeout => 'costs the session its own time',
	server => 'on a server one needs USAGE; what it may say is its validator\'s business',
	table => 'what the argument "table_name" says for one call; IAM decides which tables there are',
	transact_retries => 'costs the session its own time',
);
# A value for those that no role may change, none of them the present one.
my %value = (
	access_key_id => 'AKIAOTHER', allow_ambient_credentials => 'on', allow_insecure_http => 'on', allow_scan => 'off',
	ca_file => '/none', clock_skew_correction => 'off', external_id => 'other', endpoint_url => 'https://evil.example', profile => 'other', region => 'eu-west-1',
	log_min_duration => '1h',
	role_arn => 'arn:aws:iam::123456789012:role/other', role_session_name => 'other',
	secret_access_key => 'other', session_token => 'other', sts_endpoint_url => 'https://sts.evil.example',
	tls_min_version => '1.3', use_dualstack_endpoint => 'on', use_fips_endpoint => 'on');

sub test_settings
{
	my %context = map { @$_ } sql_rows(<<'SQL');
SELECT replace(name, 'atomic_dynamodb.', ''), context FROM pg_settings WHERE name LIKE 'atomic\_dynamodb.%'
SQL
	is_deeply([ grep { $context{$_} eq 'user' } sort keys %context ], [ sort keys %USERSET ], 'the settings that any role may change');
	my @guarded = grep { $context{$_} eq 'superuser' } sort keys %context;
	is_deeply([ grep { $context{$_} !~ /^(?:user|superuser)$/ } sort keys %context ], ['stat_max'], 'what is of the whole server');
	is_deeply([ grep { !exists $value{$_} } @guarded ], [], 'the others have a value to be tried');

	sql('CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; GRANT CREATE ON SCHEMA public TO alice; CREATE DATABASE bare');
	my $session = session(@alice);
	for my $setting (@guarded)
	{
		my ($name, $value) = ("atomic_dynamodb.$setting", $value{$setting});
		for my $way ("SET $name = '$value'", "SET LOCAL $name = '$value'", "SET SESSION $name = '$value'",
			"SELECT set_config('$name', '$value', false)", "SELECT set_config('$name', '$value', true)",
			"UPDATE pg_settings SET setting = '$value' WHERE name = '$name'",
			"ALTER ROLE alice SET $name = '$value'", "ALTER ROLE CURRENT_USER IN DATABASE postgres SET $name = '$value'",
			"ALTER SYSTEM SET $name = '$value'", "RESET $name",
			"CREATE FUNCTION public.f() RETURNS void LANGUAGE sql SET $name = '$value' AS ''",
			"DO \$\$ BEGIN PERFORM set_config('$name', '$value', false); END \$\$")
		{
			(my $how = $way) =~ s/'\Q$value\E'/.../;
			my @error = $session->query_error($way);
			is($error[0] // 'no error', '42501', "refused: $how") or diag("@error");
		}
		local $ENV{PGOPTIONS} = "-c $name=$value";
		is(eval { sql('SELECT 1', @alice) }, undef, "refused: PGOPTIONS with $name");
		like($@, qr/FATAL:  permission denied to set parameter "\Q$name\E"/, 'for that reason');
	}
	is(sql('SELECT count(*) FROM pg_db_role_setting'), '0', 'nothing is stored');
	is_state('SET atomic_dynamodb.stat_max = 200', '55P02', 'what is of the whole server is refused to a superuser too');
	return @guarded;
}

# Before the library is loaded, a name is a mere text, which anybody may set. It
# is refused when the library comes; the session goes on with the configuration's.
sub test_placeholders
{
	my (@guarded) = @_;

	my $unloaded = AddbTest::Cluster->new(conf => { 'atomic_dynamodb.endpoint_url' => $server->url, 'atomic_dynamodb.region' => 'us-west-2' });
	$unloaded->inside(sub {
		sql('CREATE ROLE alice LOGIN; GRANT EXECUTE ON FUNCTION ddb_session_stats() TO alice');
		for my $setting (@guarded)
		{
			my ($name, $value) = ("atomic_dynamodb.$setting", $value{$setting});
			my $default = sql("LOAD 'atomic_dynamodb'; SHOW $name");
			is_state("ALTER ROLE alice SET $name = '$value'", '42501', "not loaded, refused: ALTER ROLE SET $name", @alice);
			is_state("CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql SET $name = '$value' AS ''", '42501',
				"not loaded, refused: CREATE FUNCTION SET $name", @alice);
			for my $way ("SET $name = '$value'", "DO \$\$ BEGIN PERFORM set_config('$name', '$value', false); END \$\$",
				"BEGIN; SET LOCAL $name = '$value'", "BEGIN; SAVEPOINT s; SET $name = '$value'; RELEASE s")
			{
				is(sql("$way; SELECT NULL FROM ddb_session_stats(); SHOW $name", @alice), "\n$default",
					"not loaded, undone: " . ($way =~ s/'\Q$value\E'/.../r));
			}

			# With the connection's options it has replaced what is configured, so
			# that the library cannot go on.
			local $ENV{PGOPTIONS} = "-c $name=$value";
			is_state('SELECT FROM ddb_session_stats()', '42501', "not loaded, refused: PGOPTIONS with $name", @alice);
			is(sql("SELECT NULL FROM ddb_session_stats(); SHOW $name"), "\n" . ($setting =~ /secret|token/ ? '********' : $value),
				"which a superuser may use: $name");
		}
		local $ENV{PGOPTIONS} = '-c atomic_dynamodb.table=mine -c atomic_dynamodb.max_attempts=3';
		is(sql('SELECT NULL FROM ddb_session_stats(); SHOW atomic_dynamodb."table"; SHOW atomic_dynamodb.max_attempts', @alice),
			"\nmine\n3", 'not loaded: what any role may set is taken from PGOPTIONS');
		local $ENV{PGOPTIONS} = '-c atomic_dynamodb.region=eu-west-1';
		sql('GRANT SET ON PARAMETER atomic_dynamodb.region TO alice', user => 'postgres');
		is(sql('SELECT NULL FROM ddb_session_stats(); SHOW atomic_dynamodb.region', @alice), "\neu-west-1", 'and what a role has been granted');
	});
	return;
}

sub program
{
	my (@command) = @_;
	my $out = '';
	IPC::Run::run(\@command, '<', \undef, '>&', \$out) or fail("@command: $out");
	return $out;
}

# Wherever alice looks, and whatever goes wrong, there is no secret.
sub test_secrets
{
	sql("ALTER SYSTEM SET atomic_dynamodb.session_token = '$TOKEN'; SELECT pg_reload_conf()");
	sql("SELECT ddb_grant('alice', 'admin')");
	my $session = session(@alice);
	my $seen = '';
	for my $query ('SHOW ALL', 'TABLE pg_settings', 'SELECT * FROM pg_show_all_settings()', 'TABLE pg_db_role_setting',
		"SELECT current_setting('atomic_dynamodb.secret_access_key'), current_setting('atomic_dynamodb.session_token')",
		'SHOW atomic_dynamodb.secret_access_key', 'TABLE pg_stat_activity', 'SELECT prosrc, proconfig FROM pg_proc WHERE proname LIKE $$ddb%$$')
	{
		$seen .= $session->query($query);
	}
	unlike($seen, qr/\Q$SECRET\E|\Q$TOKEN\E/, 'no catalog shows a secret');
	like($seen, qr/\Q********\E/, 'but that there is one');
	for my $query ('TABLE pg_file_settings', 'SELECT * FROM pg_show_all_file_settings()', q(SELECT pg_read_file('postgresql.conf')),
		q(SELECT pg_read_file('postgresql.auto.conf')), q(COPY (SELECT 1) TO PROGRAM 'env'))
	{
		is_state($query, '42501', "not for alice: $query", @alice);
	}

	# a service that sends everything back, as loudly as PostgreSQL can be
	$seen = '';
	$session->query('SET client_min_messages = debug5');
	$session->query('\set SHOW_CONTEXT always');
	for my $code (qw(InvalidSignatureException UnrecognizedClientException ValidationException InternalServerError))
	{
		for my $body ({ __type => "a#$code", message => "The Canonical String\nx-amz-security-token:$TOKEN" })
		{
			next unless $code eq 'InvalidSignatureException';
			$server->script({ reply => { status => 400, body => $body } });
			$session->query_error("SELECT ddb_get('p', 's', table_name => 'tab')");
			like($session->stderr, qr/ERROR:  28000/, "$code is reported");
			$seen .= $session->stderr;
		}
		$server->script({ reply => { status => $code =~ /Internal/ ? 500 : 400, body => { __type => "a#$code", message => 'm' } } });
		$session->query_error("SELECT ddb_set('p', 's', '1', table_name => 'tab')");
		$seen .= $session->stderr;
	}
	$server->script({ close_without_reply => 1 }, { cut_body => 3 }, { raw => 'nonsense' });
	$session->query_error("SELECT ddb_get('p', 's', table_name => 'tab')") for 1 .. 3;
	$seen .= $session->stderr;
	$session->query("SELECT ddb_get('p', 's', table_name => 'tab')");
	like(($server->log)[-1]{headers}{'x-amz-security-token'}, qr/^\Q$TOKEN\E$/, 'the session token has been used');
	unlike($seen, qr/\Q$SECRET\E|\Q$TOKEN\E/, 'no message has a secret');
	$session->close;

	my $dump = program('pg_dumpall', '--no-role-passwords') . program('pg_dump', '--create') . program('psql', '-XAtc', q(SELECT string_agg(srsubid::text, '') FROM pg_subscription_rel));
	like($dump, qr/CREATE EXTENSION.*atomic_dynamodb/, 'pg_dump dumps the extension');
	unlike($dump, qr/\Q$SECRET\E|\Q$TOKEN\E/, 'pg_dump and pg_dumpall dump no secret');

	# a parallel worker is given the settings
	my $force = sql("SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
	sql("CREATE TABLE numbers AS SELECT generate_series(1, 1000) AS n; GRANT SELECT ON numbers TO alice");
	is(sql("SET $force = on; SELECT count(current_setting('atomic_dynamodb.secret_access_key')), max(current_setting('atomic_dynamodb.secret_access_key')) FROM numbers", @alice),
		'1000|********', 'a parallel worker shows the mask');
	return;
}

# The registry is read through a view, and written through two functions.
sub test_registry
{
	my $model = literal({ model => { service => 'shop', entity => 'order', version => '1' },
		attributes => { id => { type => 'string' } },
		indexes => { main => { pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } } });
	sql("CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN; SELECT ddb_grant('reader', 'read'); SELECT ddb_grant('writer', 'write')");
	is(sql("SELECT ddb_register_entity($model, 'tab')", @alice), 'shop.order@1', 'a role with level admin registers');
	for my $role (qw(reader writer))
	{
		is(sql('SELECT service, entity, version, table_name FROM ddb_entities', user => $role), 'shop|order|1|tab', "$role sees the entity");
		is_state("SELECT ddb_register_entity($model)", '42501', "$role: ddb_register_entity", user => $role);
		is_state("SELECT ddb_drop_entity('order')", '42501', "$role: ddb_drop_entity", user => $role);
	}
	$server->reset;
	sql(q(SELECT ddb_entity_get('order', '{"id": "1"}')), user => 'reader');
	is(($server->log)[0]{operation}, 'GetItem', 'another role uses the entity');
	for my $role (qw(reader writer alice))
	{
		for my $query ('INSERT INTO ddb_entity_models SELECT * FROM ddb_entities', 'DELETE FROM ddb_entity_models',
			"UPDATE ddb_entity_models SET table_name = 'evil'", 'TRUNCATE ddb_entity_models', "DELETE FROM ddb_entities",
			'BEGIN; LOCK TABLE ddb_entity_models', 'ALTER TABLE ddb_entity_models DISABLE TRIGGER ALL', 'DROP VIEW ddb_entities',
			'CREATE TRIGGER t BEFORE INSERT ON ddb_entity_models EXECUTE FUNCTION suppress_redundant_updates_trigger()',
			'CREATE RULE r AS ON INSERT TO ddb_entity_models DO INSTEAD NOTHING')
		{
			is_state($query, '42501', "$role: $query", user => $role);
		}
	}
	is(sql("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ddb_entity_models'::regclass"), '1', 'the table has its own trigger and no other');
	return;
}

# Of all functions: oid, name, level, what the catalog says.
my $FUNCTIONS = <<'SQL';
SELECT i.function::text, i.level, p.prosecdef, p.proleakproof, p.proparallel, p.prokind
FROM ddb_internal_functions() AS i JOIN pg_proc AS p ON p.oid = i.function ORDER BY 1
SQL

# Does a function write to DynamoDB? Those of these levels do, but for one that
# only looks and one that resets counters.
sub is_writer
{
	my ($function, $level) = @_;
	return $level =~ /^(?:write|admin)$/ && $function !~ /^ddb_(?:credentials|stat_reset)\(/;
}

sub test_catalog
{
	my @functions = sql_rows($FUNCTIONS);
	is(scalar @functions, sql("SELECT count(*) FROM pg_depend AS d JOIN pg_extension AS e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass
		WHERE e.extname = 'atomic_dynamodb' AND d.classid = 'pg_proc'::regclass"), 'every function is on the list');
	is_deeply([ map { $_->[0] } grep { $_->[2] eq 't' } @functions ], [ 'ddb_drop_entity(text)', 'ddb_register_entity(json,text)' ],
		'SECURITY DEFINER: those that write the registry, which nobody else may');
	is_deeply([ map { $_->[0] } grep { $_->[3] eq 't' } @functions ], [], 'nothing is leakproof');
	is_deeply([ map { $_->[0] } grep { $_->[4] ne 'u' && is_writer(@$_) } @functions ], [], 'what writes is not for parallel plans');
	is_deeply([ map { $_->[0] } grep { $_->[4] eq 's' } @functions ],
		[ 'ddb_internal_functions()', 'ddb_internal_load(internal)', 'ddb_marshall(jsonb)', 'ddb_unmarshall(json)' ],
		'for parallel workers: those that do not talk to the service');
	return;
}

# Whatever ALTER DEFAULT PRIVILEGES gives away, the extension does not.
sub test_default_privileges
{
	sql('CREATE DATABASE open');
	my @open = (dbname => 'open');
	sql('CREATE SCHEMA s; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO alice; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, bob;
		ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT EXECUTE ON FUNCTIONS TO bob WITH GRANT OPTION; CREATE EXTENSION atomic_dynamodb SCHEMA s', @open);
	is(sql(<<'SQL', @open), 's.ddb_entity_models|pg_database_owner|SELECT', 'default privileges give nobody a right');
SELECT o.oid, a.grantee::regrole, a.privilege_type FROM (SELECT oid::regprocedure::text AS oid, proowner AS owner, proacl AS acl, pronamespace AS ns FROM pg_proc
	UNION ALL SELECT oid::regclass::text, relowner, relacl, relnamespace FROM pg_class) AS o, aclexplode(o.acl) AS a
WHERE o.ns = 's'::regnamespace AND a.grantee <> o.owner
SQL
	is(sql("SELECT count(*) FROM pg_proc WHERE pronamespace = 's'::regnamespace AND has_function_privilege('bob', oid, 'EXECUTE')", @open), '0', 'bob may call nothing');
	is(sql("SELECT has_table_privilege('bob', 's.ddb_entity_models', 'INSERT, SELECT, DELETE')", @open), 'f', 'nor write the registry');
	return;
}

# A call of each function that writes which would do so.
my $lock = "ROW('p', 'lock', 'v', now() + interval '1 day')::ddb_lock";
my %WRITES = (
	'ddb_batch_write(text,jsonb)' => q('tab', '[{"put": {"pk": "a"}}]'),
	'ddb_call(text,jsonb)' => q('PutItem', '{"TableName": "tab"}'),
	'ddb_create_table(text)' => q('tab'),
	'ddb_create_table(text,text,text,jsonb,jsonb,bigint,bigint,text)' => q('tab', 'pk'),
	'ddb_delete(jsonb,text)' => q('[{"pk": "a", "sk": "b"}]'::jsonb, 'tab'),
	'ddb_delete(text,text,text)' => q('p', 's', 'tab'),
	'ddb_delete_agg(text,jsonb)' => q('tab', '{"pk": "a"}'),
	'ddb_delete_atomic(jsonb,ddb_lock,text)' => qq('[{"pk": "a", "sk": "b"}]'::jsonb, $lock, 'tab'),
	'ddb_delete_atomic(text,text,ddb_lock,text)' => qq('p', 's', $lock, 'tab'),
	'ddb_delete_item(text,jsonb,text,jsonb,text,jsonb)' => q('tab', '{"pk": "a"}'),
	'ddb_delete_table(text)' => q('tab'),
	'ddb_drop_entity(text)' => q('order'),
	'ddb_entity_batch_delete(text,jsonb,jsonb)' => q('order', '[{"id": "1"}]'),
	'ddb_entity_batch_put(text,jsonb,jsonb)' => q('order', '[{"id": "1"}]'),
	'ddb_entity_create(text,jsonb,text,jsonb,jsonb)' => q('order', '{"id": "1"}'),
	'ddb_entity_delete(text,jsonb,text,jsonb,jsonb)' => q('order', '{"id": "1"}'),
	'ddb_entity_patch(text,jsonb,jsonb,text,jsonb,jsonb)' => q('order', '{"id": "1"}', '{"set": {"n": 1}}'),
	'ddb_entity_put(text,jsonb,text,jsonb,jsonb)' => q('order', '{"id": "1"}'),
	'ddb_entity_remove(text,jsonb,text,jsonb,jsonb)' => q('order', '{"id": "1"}'),
	'ddb_entity_update(text,jsonb,jsonb,text,jsonb,jsonb)' => q('order', '{"id": "1"}', '{"set": {"n": 1}}'),
	'ddb_entity_upsert(text,jsonb,text,jsonb,jsonb,jsonb)' => q('order', '{"id": "1"}'),
	'ddb_execute(text,jsonb,boolean,integer)' => q($$INSERT INTO tab VALUE {'pk': 'a'}$$),
	'ddb_execute_transaction(jsonb,text)' => q($$[{"statement": "DELETE FROM tab WHERE pk = 'a'"}]$$),
	'ddb_get_lock(text,text,text)' => q('p', 's', 'tab'),
	'ddb_internal_execute(text,jsonb,boolean,integer)' => q($$/* SELECT */ UPDATE tab SET a = 1 WHERE pk = 'a'$$, NULL, NULL, NULL),
	'ddb_put_agg(text,jsonb)' => q('tab', '{"pk": "a"}'),
	'ddb_put_item(text,jsonb,text,jsonb,text,jsonb)' => q('tab', '{"pk": "a"}'),
	'ddb_register_entity(json,text)' => q('{"model": {"service": "s", "entity": "e", "version": "1"}, "attributes": {"id": {"type": "string"}},
		"indexes": {"i": {"pk": {"field": "pk", "composite": ["id"]}}}}'),
	'ddb_set(jsonb,text)' => q('[{"pk": "a", "sk": "b", "data": 1}]'::jsonb, 'tab'),
	'ddb_set(text,text,jsonb,timestamp with time zone,text)' => q('p', 's', '1', NULL, 'tab'),
	'ddb_set_agg(text,text,jsonb)' => q('p', 's', '1'),
	'ddb_set_agg(text,text,jsonb,timestamp with time zone,text)' => q('p', 's', '1', NULL, 'tab'),
	'ddb_set_atomic(jsonb,ddb_lock,text)' => qq('[{"pk": "a", "sk": "b", "data": 1}]'::jsonb, $lock, 'tab'),
	'ddb_set_atomic(text,text,jsonb,ddb_lock,timestamp with time zone,text)' => qq('p', 's', '1', $lock, NULL, 'tab'),
	'ddb_transact_write(jsonb,text,boolean)' => q('[{"put": {"pk": "a"}, "table": "tab"}]'),
	'ddb_update_item(text,jsonb,text,jsonb,text,text,jsonb)' => q('tab', '{"pk": "a"}', 'SET n = :n', '{"n": 1}'),
	'ddb_update_ttl(text,text,boolean)' => q('tab', 'ttl'),
);

sub test_read_only
{
	my @writes = map { $_->[0] } grep { is_writer(@$_) } sql_rows($FUNCTIONS);
	is_deeply([ @writes ], [ sort keys %WRITES ], 'every function that writes has a call');
	my $session = session(set => { 'atomic_dynamodb.table' => 'tab' });
	for my $function (@writes)
	{
		my ($name) = $function =~ /^(\w+)/;
		my $call = "$name($WRITES{$function})";
		$server->reset;
		my @error = $session->query_error("BEGIN READ ONLY; SELECT $call");
		$session->query('ROLLBACK');
		is(($error[0] // 'none') . ' ' . $server->count, '25006 0', "read-only: $function") or diag("@error");

		$session->query("CREATE OR REPLACE FUNCTION public.says_stable() RETURNS bigint STABLE LANGUAGE sql AS \$f\$ SELECT count(r::text) FROM (SELECT $call AS r) AS s \$f\$");
		@error = $session->query_error('BEGIN READ ONLY; SELECT public.says_stable()');
		$session->query('ROLLBACK');
		is(($error[0] // 'none') . ' ' . $server->count, '25006 0', "read-only, in a function that says it is STABLE: $function") or diag("@error");
	}
	my ($count, @error) = ($server->count);
	@error = $session->query_error(q(BEGIN READ ONLY; SELECT ddb_call('GetItem', '{}'); SELECT ddb_execute('SELECT * FROM tab')));
	$session->query('ROLLBACK');
	isnt($error[0] // '', '25006', 'reads are not refused');
	cmp_ok($server->count, '>', $count, 'and are sent');
	is(sql('SELECT count(*) FROM ddb_entity_models'), '1', 'the registry is as it was');
	return;
}

# What the README says of a SET where statements are logged.
sub test_logged_statements
{
	my $log_all = "SET log_statement = 'all'; SET log_min_duration_statement = 0; SET log_min_error_statement = 'error'";
	my $quiet = "SET LOCAL log_statement = 'none'; SET LOCAL log_min_duration_statement = -1; SET LOCAL log_min_error_statement = 'panic'";
	my $session = session();
	$session->query($log_all);
	$session->query("SET atomic_dynamodb.session_token = 'ShownToken'");
	like($cluster->log, qr/ShownToken/, 'a SET is logged with its secret, if PostgreSQL is to log it');
	$session->query("BEGIN; $quiet; SET atomic_dynamodb.session_token = 'HiddenToken'");
	$session->query_error("SET atomic_dynamodb.secret_access_key = 'Hidden Token'");
	$session->query("COMMIT");
	$session->query("BEGIN; $quiet; SET atomic_dynamodb.session_token = 'HiddenToken'; COMMIT; SELECT 'Logged' || 'Again'");
	unlike($cluster->log, qr/Hidden ?Token/, 'not so after the three of SET LOCAL');
	like($cluster->log, qr/'Logged' \|\| 'Again'/, 'which end with their transaction');
	is($session->query('SHOW atomic_dynamodb.session_token'), '********', 'unlike the secret');
	return;
}

$cluster->inside(sub {
	my @guarded = test_settings();
	test_placeholders(@guarded);
	test_secrets();
	test_registry();
	test_catalog();
	test_default_privileges();
	test_read_only();
	test_logged_statements();
});
(my $log = $cluster->log) =~ s/^.*statement: .*ALTER SYSTEM.*$//mg;
unlike($log, qr/\Q$SECRET\E|\Q$TOKEN\E/, 'the log, at debug5, has no secret');
done_testing();
