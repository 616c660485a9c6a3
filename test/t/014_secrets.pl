# Where a secret could be read by somebody who must not: sessions that have not
# loaded the library, the server's log, catalogs that everybody reads.

use strict;
use warnings;

use AddbTest;
use AddbTest::Cluster;
use Test::More;

my $SECRET = 'wJalrXUtnFEMIbPxRfiCY';

sub shown_to_anybody
{
	return sql('SHOW atomic_dynamodb.secret_access_key', user => 'alice');
}

# Preloaded, it is masked for everybody from the start.
for my $how (qw(session_preload_libraries shared_preload_libraries))
{
	my $cluster = AddbTest::Cluster->new(conf => {
		$how => 'atomic_dynamodb', 'atomic_dynamodb.secret_access_key' => $SECRET });
	$cluster->inside(sub {
		sql('CREATE ROLE alice LOGIN');
		is(shown_to_anybody(), '********', "$how: masked in a session that calls nothing");
		is(sql("SELECT count(*) FROM pg_settings WHERE setting LIKE '%wJalr%' OR reset_val LIKE '%wJalr%'", user => 'alice'),
			'0', "$how: and in pg_settings");
		sql('SELECT ddb_session_stats()');
	});
	unlike($cluster->log, qr/\Q$SECRET\E/, "$how: not in the log");
	unlike($cluster->log, qr/library is not preloaded/, "$how: nobody is warned");
}

# Otherwise PostgreSQL cannot know that it is a secret, and the log says so.
my $cluster = AddbTest::Cluster->new(conf => { 'atomic_dynamodb.secret_access_key' => $SECRET });
$cluster->inside(sub {
	is(sql("LOAD 'atomic_dynamodb'; SHOW atomic_dynamodb.secret_access_key"), '********', 'masked once the library is loaded');
	like($cluster->log, qr/LOG:  a secret of atomic_dynamodb is in the configuration file, but the library is not preloaded/,
		'the log warns of a secret that others see before that');

	# one that was stored while the library was not loaded is refused on load
	sql("CREATE ROLE stored SUPERUSER LOGIN; ALTER ROLE stored SET atomic_dynamodb.session_token = '$SECRET'");
	my ($session) = session(user => 'stored');
	$session->query("LOAD 'atomic_dynamodb'");
	like($session->stderr, qr/WARNING:  22023: a secret must not be stored in a database or role setting/,
		'stored before, it is refused on load');
	is($session->query('SHOW atomic_dynamodb.session_token'), '', 'and not used');

	# a parallel worker is given the mask and lives with it
	is(sql("SET atomic_dynamodb.session_token = '$SECRET'; SET force_parallel_mode = on; SET parallel_setup_cost = 0;
		CREATE TABLE t AS SELECT generate_series(1, 1000) AS n; SELECT count(*) FROM t"), '1000', 'parallel workers start')
	  if sql("SELECT count(*) FROM pg_settings WHERE name = 'force_parallel_mode'") eq '1';
});

done_testing();
