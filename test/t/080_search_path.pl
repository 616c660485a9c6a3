# Whatever a caller's search_path puts in front, only the extension's own objects
# and those of pg_catalog are used. The functions are taken from the catalog, so
# that a new one cannot be forgotten: the text of each is examined, and each is
# called where every name and operator it might use is a trap.

use strict;
use warnings;
use utf8;

use AddbTest;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

need_endpoint();

# A name that does harm wherever it is not quoted.
my $SCHEMA = '"Ext.Schema; 1"';

make_database(bare => 1);
my $table = make_table();
my @server = (set => { 'atomic_dynamodb.endpoint_url' => endpoint(), 'atomic_dynamodb.table' => $table });
sql("CREATE SCHEMA $SCHEMA; CREATE EXTENSION atomic_dynamodb SCHEMA $SCHEMA");

# Of each function: name, language, SECURITY DEFINER, SET, text. A body that was
# parsed when the function was created (BEGIN ATOMIC) has no text.
my $FUNCTIONS = <<'SQL';
SELECT json_agg(json_build_object('name', p.oid::regprocedure::text, 'bare', p.proname, 'language', l.lanname,
	'secdef', p.prosecdef, 'config', p.proconfig, 'leakproof', p.proleakproof, 'source',
	CASE WHEN l.lanname <> 'c' AND p.prosqlbody IS NULL THEN p.prosrc END) ORDER BY p.oid)
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'atomic_dynamodb'
WHERE p.prokind = 'f'
SQL

sub functions
{
	return @{ from_json(sql($FUNCTIONS)) };
}

# Words that stand before a parenthesis without being functions.
my $NOT_FUNCTIONS = qr/^(?:SELECT|FROM|WHERE|AND|OR|NOT|IN|AS|ON|JOIN|VALUES|OPERATOR|COALESCE|CASE|WHEN|THEN|ELSE|EXISTS|ROW|ARRAY|NULLIF)$/i;

# What a text refers to by a name that search_path resolves.
sub unqualified
{
	my ($text) = @_;

	my @found;
	$text =~ s/--.*$//mg;
	$text =~ s/'(?:[^']|'')*'/''/g;
	$text =~ s/"(?:[^"]|"")*"/quoted/g;
	$text =~ s/OPERATOR\s*\(\s*pg_catalog\s*\.\s*[^\s()]+\s*\)/ /gi;
	while ($text =~ /(?<![.\w])(\w+)\s*\(/g)
	{
		push @found, "$1()" unless $1 =~ $NOT_FUNCTIONS;
	}
	push @found, "type $1" while $text =~ /::\s*(\w+)(?!\s*[.\w])/g;
	push @found, "type $1" while $text =~ /\bCAST\s*\(.*?\bAS\s+(\w+)(?!\s*[.\w])/gi;
	push @found, "relation $1" while $text =~ /\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)(?!\s*[.\w(])/gi;
	push @found, "operator $1" while $text =~ m{([-+*/<>=~!\@#%^&|`?]+)}g;
	push @found, 'IN' if $text =~ /\bIN\s*\(/i;
	push @found, $1 while $text =~ /\b(BETWEEN|LIKE|ILIKE|SIMILAR|DISTINCT|ORDER|GROUP|UNION|EXCEPT|INTERSECT)\b/gi;
	return @found;
}

# What is wrong with the functions of the extension, one line each.
sub findings
{
	my @found;
	for my $function (functions())
	{
		my ($path) = grep { /^search_path=/ } @{ $function->{config} // [] };
		my $safe = ($path // '') eq 'search_path=pg_catalog, pg_temp';
		push @found, "$function->{name}: SET $path" if $path && !$safe;
		push @found, "$function->{name}: SECURITY DEFINER without search_path" if $function->{secdef} && !$safe;
		push @found, "$function->{name}: leakproof" if $function->{leakproof};
		next if !defined $function->{source} || $safe;
		if ($function->{language} ne 'sql')
		{
			push @found, "$function->{name}: $function->{language} without search_path";
			next;
		}
		push @found, map { "$function->{name}: $_" } unqualified($function->{source});
	}
	return @found;
}

is_deeply([ findings() ], [], 'no function uses a name that search_path resolves');

# The examination finds what it looks for.
for my $bad (
	[ q[LANGUAGE sql AS 'SELECT now() IS NULL'], qr/now\(\)/ ],
	[ q[LANGUAGE sql AS 'SELECT 1 = 2'], qr/operator =/ ],
	[ q[LANGUAGE sql AS 'SELECT 1 OPERATOR(pg_catalog.=) $$1$$::int8'], qr/type int8/ ],
	[ q[LANGUAGE sql AS 'SELECT true FROM pg_class'], qr/relation pg_class/ ],
	[ q[LANGUAGE sql AS 'SELECT 1 IN (2)'], qr/IN/ ],
	[ q[LANGUAGE plpgsql AS 'BEGIN RETURN true; END'], qr/plpgsql without search_path/ ],
	[ q[LANGUAGE sql SECURITY DEFINER AS 'SELECT true'], qr/SECURITY DEFINER without/ ],
	[ q[LANGUAGE sql SET search_path = public AS 'SELECT true'], qr/SET search_path=/ ])
{
	my ($definition, $pattern) = @$bad;
	sql("CREATE FUNCTION public.bad() RETURNS boolean $definition; ALTER EXTENSION atomic_dynamodb ADD FUNCTION public.bad()");
	like(join("\n", findings()), $pattern, "found: $definition");
	sql('ALTER EXTENSION atomic_dynamodb DROP FUNCTION public.bad(); DROP FUNCTION public.bad()');
}

# Views, constraints and defaults keep what their names meant when they were
# made; that must have been the extension's objects or PostgreSQL's, which are
# pinned and have no dependencies.
is(sql(<<'SQL'), '', 'nothing of the extension depends on what is not its own');
WITH own AS (
	SELECT d.classid, d.objid FROM pg_depend AS d
	JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE d.deptype = 'e' AND e.extname IN ('atomic_dynamodb', 'plpgsql')
), parts AS (
	TABLE own
	UNION SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid IN (SELECT objid FROM own)
	UNION SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE ev_class IN (SELECT objid FROM own)
	UNION SELECT 'pg_type'::regclass, typarray FROM pg_type WHERE oid IN (SELECT objid FROM own)
	UNION SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid IN (SELECT objid FROM own)
)
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) || ' on ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
FROM pg_depend AS d JOIN parts USING (classid, objid)
WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_cast'::regclass)
	AND NOT EXISTS (SELECT FROM parts AS p WHERE p.classid = d.refclassid AND p.objid = d.refobjid)
SQL

# The script replaces nothing that somebody else may have put there, and opens
# nothing.
{
	my $script = join "\n", map { my $file = $_; local (@ARGV, $/) = $file; scalar <> } glob "$ENV{ADDB_ROOT}/sql/install/*.sql";
	$script =~ s/^\s*--.*$//mg;
	unlike($script, qr/\bOR\s+REPLACE\b/i, 'the script replaces nothing');
	unlike($script, qr/\bCREATE\s+(?:\w+\s+){1,3}IF\s+NOT\s+EXISTS\b/i, 'nor does it take what is there');
	my @grants = $script =~ /^\s*((?:GRANT|ALTER\s+DEFAULT)\b[^;]*);/gim;
	is("@grants", 'GRANT SELECT ON @extschema@.ddb_entity_models TO pg_database_owner', 'nor does it grant anything but what pg_dump needs');
	unlike($script, qr/\bTO\s+PUBLIC\b/i, 'least of all to everybody');
	unlike($script, qr/\bCREATE\s+(?:CAST|OPERATOR|LANGUAGE|EVENT)\b/i, 'nor does it make what others may use unknowingly');
}
sub refused
{
	my ($what, $query, $state, %option) = @_;
	my @error = sql_error($query, %option);
	like($error[0] // 'no error', $state, $what) or diag("@error");
	return;
}
# PostgreSQL refuses to put such names into a script.
for my $name ('a"b', 'a$b', 'a\\b', "a'b")
{
	(my $quoted = $name) =~ s/"/""/g;
	my $database = make_database(bare => 1);
	sql(qq(CREATE SCHEMA "$quoted"));
	refused("a schema called $name is refused", qq(CREATE EXTENSION atomic_dynamodb SCHEMA "$quoted"), qr/^(?:22P02|42601)$/);
	is(sql('SELECT count(*) FROM pg_extension'), '1', 'and nothing is left');
	sql("DROP DATABASE $database WITH (FORCE)", dbname => 'postgres');
}
$ENV{PGDATABASE} = sql("SELECT datname FROM pg_database WHERE datname LIKE 't080%' LIMIT 1", dbname => 'postgres');

# Traps: whatever an unqualified name could find, in a schema that is searched
# before pg_catalog. They raise, so none is sprung unnoticed.
sql(<<"SQL");
CREATE SCHEMA trap;
SET client_min_messages = error;
DO \$do\$
DECLARE
	o record;
	types constant regtype[] := '{text,name,json,jsonb,oid,regclass,regprocedure,regrole,boolean,integer,bigint}';
	trap constant text := 'LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION ''trapped by %%'', ''%s''; END \$\$';
BEGIN
	FOR o IN
		SELECT p.oid, p.proname, pg_get_function_identity_arguments(p.oid) AS args, p.prorettype::regtype AS result
		FROM pg_proc AS p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset
			AND p.pronargs BETWEEN 0 AND 3 AND p.proargtypes::regtype[] <\@ types
			AND p.provariadic = 0 AND p.proargmodes IS NULL
			AND p.prorettype::regtype::text !~ '^(cstring|any|record|internal|trigger|.*handler)'
	LOOP
		EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s ', o.proname, o.args, o.result) || format(trap, o.proname);
	END LOOP;
	FOR o IN
		SELECT p.proname, p.proargtypes::regtype[] AS args FROM pg_proc AS p
		WHERE p.pronamespace = '$SCHEMA'::regnamespace AND p.prokind = 'f' AND NOT 'internal'::regtype = ANY (p.proargtypes::regtype[])
	LOOP
		EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS text ', o.proname, array_to_string(o.args, ', ')) || format(trap, o.proname);
	END LOOP;
	FOR o IN
		SELECT DISTINCT oprname, oprleft::regtype AS l, oprright::regtype AS r FROM pg_operator
		WHERE oprleft = ANY (types) AND oprright = ANY (types)
	LOOP
		EXECUTE format('CREATE FUNCTION trap.%I(%s, %s) RETURNS boolean ', 'op ' || o.oprname, o.l, o.r) || format(trap, 'operator ' || o.oprname);
		EXECUTE format('CREATE OPERATOR trap.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = trap.%I)', o.oprname, o.l, o.r, 'op ' || o.oprname);
	END LOOP;
END
\$do\$;
CREATE FUNCTION trap.format(text, text) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'trapped by format'; END \$\$;
CREATE FUNCTION trap.format(text, text, text) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'trapped by format'; END \$\$;
CREATE FUNCTION trap.format(text, text, regrole) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'trapped by format'; END \$\$;
CREATE FUNCTION trap.format(text, regprocedure, regrole) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'trapped by format'; END \$\$;
CREATE DOMAIN trap.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN trap.regprocedure AS pg_catalog.regprocedure CHECK (false);
CREATE TABLE trap.ddb_entity_models (LIKE $SCHEMA.ddb_entity_models);
CREATE TABLE trap.ddb_entities (LIKE $SCHEMA.ddb_entities);
CREATE TABLE trap.pg_proc (oid oid, proname name);
CREATE TABLE trap.pg_depend (LIKE pg_catalog.pg_depend);
CREATE TABLE trap.pg_extension (LIKE pg_catalog.pg_extension);
CREATE TYPE trap.ddb_item AS (pk text);
CREATE TYPE trap.ddb_key AS (pk text);
CREATE TYPE trap.ddb_collection_item AS (entity text);
SQL
my $traps = sql("SELECT count(*) FROM pg_proc WHERE pronamespace = 'trap'::regnamespace");
cmp_ok($traps, '>', 400, "$traps functions and operators are traps");
for my $query ("SELECT 'a'::pg_catalog.text = 'b'::pg_catalog.text", 'SELECT now()', "SELECT format('%s', 'a'::pg_catalog.text)",
	"SELECT 'a'::pg_catalog.text || 'b'::pg_catalog.text", q(SELECT '{}'::pg_catalog.jsonb -> 'a'))
{
	my @error = sql_error("SET search_path = trap, pg_catalog; $query");
	like($error[1] // '', qr/^trapped by/, "a trap springs: $query");
}

# Calls of every function that is not in C, and what they return. A model is
# registered first, and forgotten last.
my $model = to_json({
	model => { service => 'trap', entity => 'thing', version => '1' },
	attributes => { id => { type => 'string' } },
	indexes => { main => { collection => 'things', pk => { field => 'pk', composite => ['id'] }, sk => { field => 'sk', composite => [] } } } });
$model =~ s/'/''/g;
sql('CREATE ROLE addb_trap_role', @server) unless sql("SELECT 1 FROM pg_roles WHERE rolname = 'addb_trap_role'");
my @calls = (
	[ ddb_register_entity => qq['$model', '$table'], 'trap.thing@1' ],
	[ ddb_grant => q['addb_trap_role', 'admin'], '' ],
	[ ddb_revoke => q['addb_trap_role'], '' ],
	[ ddb_internal_functions => '', qr/ddb_get/ ],
	[ ddb_query => q['none'], '' ],
	[ ddb_get_many => q['[]'::pg_catalog.jsonb], '' ],
	[ ddb_get_many => qq['{}'::$SCHEMA.ddb_key[]], '' ],
	[ ddb_query_items => qq['$table', 'pk = :p', '{"p": "none"}'], '' ],
	[ ddb_scan => qq['$table'], '' ],
	[ ddb_batch_get => qq['$table', '[{"pk": "none", "sk": "s"}]'], '' ],
	[ ddb_execute => qq['SELECT * FROM "$table" WHERE pk = ?', '["none"]'], '' ],
	[ ddb_entity_query => q['thing', 'main', '{"id": "none"}'], '' ],
	[ ddb_entity_scan => q['thing'], '' ],
	[ ddb_entity_batch_get => q['thing', '[{"id": "none"}]'], '' ],
	[ ddb_collection_query => q['trap', 'things', '{"id": "none"}'], '' ],
	# in C, but they look into the catalog or the registry, or make rows
	[ ddb_internal_entity_name => q['thing'], 'trap|thing|1' ],
	[ ddb_entity_get => q['thing', '{"id": "none"}'], '' ],
	[ ddb_get => q['none', 's'], qr/^\|*$/ ],
	[ ddb_transact_get => qq['[{"table": "$table", "key": {"pk": "none", "sk": "s"}}]'], qr/^f\|/ ],
	[ ddb_drop_entity => q['thing'], '' ]);

my %called = map { $_->[0] => 1 } @calls;
is_deeply([ grep { !$called{$_} } map { $_->{bare} } grep { $_->{language} ne 'c' } functions() ], [],
	'every function that is not in C is called');

for my $path (q(''), 'trap, pg_catalog', "pg_temp, trap, pg_catalog, $SCHEMA", "trap, $SCHEMA")
{
	my $session = session(@server);
	$session->query("CREATE TEMP TABLE ddb_entity_models (LIKE $SCHEMA.ddb_entity_models); CREATE TEMP TABLE pg_proc (oid oid, proname name);
		CREATE TYPE pg_temp.ddb_item AS (pk text); CREATE DOMAIN pg_temp.text AS pg_catalog.text; SET search_path = $path");
	for my $call (@calls)
	{
		my ($function, $arguments, $expected) = @$call;
		my $got = eval { $session->query("SELECT * FROM $SCHEMA.$function($arguments)") } // "failed: $@";
		my $name = "search_path = $path: $function";
		ref $expected ? like($got, $expected, $name) : is($got, $expected, $name);
	}
	# each function made new plans above; those of the trigger and the view
	is($session->query("SELECT pg_catalog.count(*) FROM $SCHEMA.ddb_entities"), '0', "search_path = $path: the view");
	my @error = $session->query_error("INSERT INTO $SCHEMA.ddb_entity_models VALUES ('a', 'b', '1', NULL, '{\"model\": {\"service\": \"x\"}}')");
	is($error[0], '23514', "search_path = $path: the constraint");
}
is(sql('SELECT (SELECT count(*) FROM trap.ddb_entity_models) + (SELECT count(*) FROM trap.ddb_entities)'), '0', 'nothing went into the tables of the trap');

# ddb_grant and ddb_revoke: names that need quotes, and no way to say more.
my @roles = ('Addb Role', 'addb"quote', q(addb'; DROP TABLE x; --), 'addb.dot', 'current_user', 'addb-ünï', '80000');
for my $role (@roles)
{
	(my $quoted = $role) =~ s/"/""/g;
	my $name = literal($role);
	my $can = "SELECT has_function_privilege($name, '$SCHEMA.ddb_get(text,text,boolean,text)', 'EXECUTE'), (SELECT count(*) FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE a.grantee <> p.proowner AND a.grantee <> ALL (SELECT oid FROM pg_roles WHERE rolname = $name) AND p.pronamespace = '$SCHEMA'::regnamespace)";
	sql(qq(DROP ROLE IF EXISTS "$quoted"; CREATE ROLE "$quoted"));
	sql("SELECT $SCHEMA.ddb_grant(quote_ident($name)::regrole, 'read')");
	is(sql($can), 't|0', "a role called $role is granted, and nobody else");
	sql("SELECT $SCHEMA.ddb_revoke(quote_ident($name)::regrole)");
	is(sql($can), 'f|0', "a role called $role is revoked");
	sql(qq(DROP OWNED BY "$quoted"; DROP ROLE "$quoted"));
}
for my $level (q(read TO PUBLIC; --), 'owner', '', 'READ', 'read,write', q(read'), '{read}')
{
	for my $function (qw(ddb_grant ddb_revoke))
	{
		refused("$function: level '$level'", "SELECT $SCHEMA.$function('addb_trap_role', " . literal($level) . ')', qr/^22023$/);
	}
}
for my $role (0, 4000000000)
{
	refused("ddb_grant: role $role does not exist", "SELECT $SCHEMA.ddb_grant($role\::bigint::oid::regrole, 'read')", qr/^42704$/);
	refused("ddb_revoke: role $role does not exist", "SELECT $SCHEMA.ddb_revoke($role\::bigint::oid::regrole)", qr/^42704$/);
}

# Neither may one who does not own the extension, even if he may call it.
sql("GRANT USAGE ON SCHEMA $SCHEMA TO addb_trap_role; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA $SCHEMA TO addb_trap_role");
my @error = sql_error("SET ROLE addb_trap_role; SELECT $SCHEMA.ddb_grant('addb_trap_role', 'admin')");
is($error[0], '42501', 'who does not own the extension grants nothing') or diag("@error");
is(sql("SELECT has_table_privilege('addb_trap_role', '$SCHEMA.ddb_entities', 'SELECT')"), 'f', 'and has got nothing');
sql('DROP OWNED BY addb_trap_role; DROP ROLE addb_trap_role');

done_testing();
