-- ddb_credentials with keys in the settings: no later source is asked
SET atomic_dynamodb.region = 'us-west-2';
SET atomic_dynamodb.access_key_id = 'AKIAIOSFODNN7EXAMPLE';
SET atomic_dynamodb.secret_access_key = 'wJalrXUtnFEMI';
\x
SELECT * FROM ddb_credentials();
\x

-- a profile that is named and is not there fails every call, and is told first
SET atomic_dynamodb.profile = 'regress_addb_nope';
\set VERBOSITY sqlstate
SELECT ddb_get('p', 's', table_name => 'regress_addb_nowhere');
\set VERBOSITY default
SELECT source, chosen, access_key_id, split_part(reason, ';', 1) AS reason FROM ddb_credentials() LIMIT 3;
SELECT count(*) AS rows, count(*) FILTER (WHERE chosen) AS chosen FROM ddb_credentials();
-- so does any other reason that there is no endpoint
SET atomic_dynamodb.profile = '';
SET atomic_dynamodb.use_fips_endpoint = 'on';
SET atomic_dynamodb.endpoint_url = 'https://example.com';
SELECT source, chosen, reason FROM ddb_credentials() LIMIT 2;
RESET atomic_dynamodb.use_fips_endpoint;
RESET atomic_dynamodb.endpoint_url;
SELECT source, chosen FROM ddb_credentials() LIMIT 1;

-- an error is a reason, and nothing is chosen
SET atomic_dynamodb.secret_access_key = '';
SELECT source, chosen, access_key_id, reason FROM ddb_credentials() LIMIT 2;
SELECT count(*) FILTER (WHERE chosen) AS chosen, count(access_key_id) AS found FROM ddb_credentials();

-- the function is for administrators; others' view has no ambient sources
SET atomic_dynamodb.access_key_id = '';
CREATE ROLE regress_addb_user;
SELECT ddb_grant('regress_addb_user', 'write');
SET ROLE regress_addb_user;
SELECT * FROM ddb_credentials();
RESET ROLE;
SELECT ddb_grant('regress_addb_user', 'admin');
SET ROLE regress_addb_user;
SELECT source, chosen, reason FROM ddb_credentials();
RESET ROLE;
SELECT ddb_revoke('regress_addb_user');
REVOKE USAGE ON SCHEMA public FROM regress_addb_user;
DROP ROLE regress_addb_user;
