-- ddb_credentials with keys in the settings: no later source is asked
SET atomic_dynamodb.access_key_id = 'AKIAIOSFODNN7EXAMPLE';
SET atomic_dynamodb.secret_access_key = 'wJalrXUtnFEMI';
\x
SELECT * FROM ddb_credentials();
\x

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
