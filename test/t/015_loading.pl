# The library is loaded by the first call of a session. In the middle of a
# parallel query that is too late to take over its settings.

use strict;
use warnings;

use AddbTest;
use Test::More;

need_endpoint();
make_database();

my $table = make_table();
my %parallel = (parallel_setup_cost => 0, parallel_tuple_cost => 0, min_parallel_table_scan_size => 0,
	max_parallel_workers_per_gather => 2);

sql("SELECT ddb_set('p', n::text, to_jsonb(n), table_name => '$table') FROM generate_series(1, 20) AS n");
sql(<<"SQL");
CREATE TABLE many AS SELECT 'p' AS pk, n::text AS sk FROM generate_series(1, 10000) AS n;
ANALYZE many;
CREATE FUNCTION get(sk text) RETURNS jsonb LANGUAGE plpgsql PARALLEL RESTRICTED AS
	\$\$ BEGIN RETURN (ddb_get('p', sk, table_name => '$table')).data; END \$\$;
SQL

# The sub-select keeps the functions from being inlined: they are called in SQL.
for my $call ("ddb_query((SELECT min(pk) FROM many), table_name => '$table')",
	"ddb_get_many((SELECT jsonb_agg(to_jsonb(m)) FROM many AS m WHERE length(sk) = 1), table_name => '$table')",
	"ddb_batch_get('$table', (SELECT jsonb_agg(to_jsonb(m)) FROM many AS m WHERE length(sk) = 1))",
	"ddb_query_items('$table', (SELECT 'pk = :p' FROM many LIMIT 1), '{\"p\": \"p\"}')",
	"ddb_scan('$table', (SELECT 'pk = :p' FROM many LIMIT 1), '{\"p\": \"p\"}')")
{
	my ($name) = $call =~ /^(\w+)/;
	my $session = session(set => \%parallel);
	my $query = "SELECT count(*) FROM many AS m, $call AS i WHERE m.sk = to_jsonb(i) ->> 'sk'";
	like($session->query("EXPLAIN $query"), qr/Gather/, "$name in a parallel query");
	cmp_ok($session->query($query), '>', 8, "$name, the first call of the session");
	unlike($session->stderr, qr{WARNING|ERROR}, 'without a warning');
}

my $session = session(set => \%parallel);
my @error = $session->query_error("SELECT sk, get(sk) FROM many WHERE sk = '7'");
is($error[0], '55000', 'a call that the planner does not see is refused');
like($error[1], qr/cannot be loaded while a parallel query is running/, 'which is said');
is($session->query("LOAD 'atomic_dynamodb'; SELECT sk, get(sk) FROM many WHERE sk = '7'"), '7|7', 'it works once it is loaded');
done_testing();
