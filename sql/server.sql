-- servers and user mappings: their options, who may do what, whose credentials sign
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SELECT current_user AS me \gset
CREATE ROLE regress_addb_maker;
CREATE ROLE regress_addb_user;
CREATE ROLE regress_addb_other;
CREATE ROLE regress_addb_group;
SELECT ddb_grant('regress_addb_user', 'read'), ddb_grant('regress_addb_other', 'read'), ddb_grant('regress_addb_maker', 'read');
GRANT USAGE ON FOREIGN DATA WRAPPER atomic_dynamodb TO regress_addb_maker;
-- A read of a table that is not there gets as far as DynamoDB, or tells why not.
CREATE FUNCTION pg_temp.attempt(OUT code text, OUT message text)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM ddb_get('p', 's', table_name => 'regress_addb_nowhere');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
END
$$;

-- names of options
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (regoin 'us-west-2');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (host 'localhost');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS ("Region" 'us-west-2');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (secret_access_key 'wJalrXUtnFEMI');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', region 'us-west-2');
ALTER FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (ADD region 'us-west-2');

-- values of options
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region '');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2.evil.example');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'ftp://localhost');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'https://user:wJalrXUtnFEMI@example.com');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'http://example.com');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'https://169.254.169.254');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'https://[fd00:ec2::254]/');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'https://[::ffff:169.254.170.2]');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (sts_endpoint_url 'https://[fe80::1]');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (ca_file 'ca.pem');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (allow_ambient_credentials 'maybe');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (use_fips_endpoint 'sometimes');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (role_arn 'admin');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (role_arn 'arn:aws:iam::123456789012:role/path/name', external_id 'x');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (role_arn 'arn:aws:iam::123456789012:role/path/name', role_session_name 'not so');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (external_id 'xyz');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (endpoint_url 'https://example.com', use_fips_endpoint 'on');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (use_dualstack_endpoint 'true', endpoint_url 'https://example.com');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (sts_endpoint_url 'https://example.com', use_fips_endpoint 'on');
CREATE SERVER regress_addb_bad FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (use_fips_endpoint 'on', use_dualstack_endpoint 'on');
ALTER SERVER regress_addb_bad OPTIONS (ADD endpoint_url 'https://example.com');
DROP SERVER regress_addb_bad;
CREATE SERVER regress_addb_all FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (
	allow_ambient_credentials 'true', allow_insecure_http 'on', ca_file '/etc/ssl/ca.pem',
	endpoint_url 'http://dynamodb.internal:8000', external_id 'ab', profile 'prod', region 'us-west-2',
	role_arn 'arn:aws-us-gov:iam::123456789012:role/path/name', role_session_name 'postgres@db',
	sts_endpoint_url 'https://sts.us-west-2.amazonaws.com', use_dualstack_endpoint 'auto', use_fips_endpoint 'false');
DROP SERVER regress_addb_all;

-- values of mappings
CREATE SERVER regress_addb_prod FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', endpoint_url :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (region 'us-west-2');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (acess_key_id 'AKIA');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (password 'wJalrXUtnFEMI');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (access_key_id 'AKIA');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (secret_access_key 'wJalrXUtnFEMI');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (session_token 'wJalrXUtnFEMI');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (access_key_id 'AKIA', secret_access_key 'wJalr XUtnFEMI');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (access_key_id 'AKIA', secret_access_key '');

-- there are no foreign tables
CREATE FOREIGN TABLE regress_addb_table (a text) SERVER regress_addb_prod;
IMPORT FOREIGN SCHEMA s FROM SERVER regress_addb_prod INTO public;

-- which server
SET atomic_dynamodb.server = 'regress_addb_nosuch';
SELECT ddb_get('p', 's', table_name => 'regress_addb_nowhere');
CREATE FOREIGN DATA WRAPPER regress_addb_wrapper VALIDATOR ddb_internal_server_validator;
CREATE SERVER regress_addb_foreign FOREIGN DATA WRAPPER regress_addb_wrapper;
SET atomic_dynamodb.server = 'regress_addb_foreign';
SELECT ddb_get('p', 's', table_name => 'regress_addb_nowhere');
DROP FOREIGN DATA WRAPPER regress_addb_wrapper CASCADE;
SELECT * FROM pg_temp.attempt();

-- the settings' credentials are not for servers; that of another owner gets no ambient ones either
ALTER SERVER regress_addb_prod OWNER TO regress_addb_maker;
SET atomic_dynamodb.server = 'regress_addb_prod';
SELECT code, replace(message, :'me', '<me>') AS message FROM pg_temp.attempt();
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod;
SELECT code, replace(message, :'me', '<me>') AS message FROM pg_temp.attempt();
ALTER USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (ADD access_key_id 'mapped', ADD secret_access_key 'wJalrXUtnFEMI');
SELECT * FROM pg_temp.attempt();
-- nor their region and endpoint
SET atomic_dynamodb.endpoint_url = 'http://127.0.0.1:1';
SET atomic_dynamodb.region = 'nowhere';
SELECT * FROM pg_temp.attempt();
ALTER SERVER regress_addb_prod OPTIONS (DROP region);
SELECT ddb_get('p', 's', table_name => 'regress_addb_nowhere');
ALTER SERVER regress_addb_prod OPTIONS (ADD region 'us-west-2');

-- rights: USAGE, and a mapping of one's own or of PUBLIC
SET ROLE regress_addb_user;
SELECT ddb_get('p', 's', table_name => 'regress_addb_nowhere');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER regress_addb_prod TO regress_addb_user, regress_addb_group;
SET ROLE regress_addb_user;
\set VERBOSITY terse
SELECT ddb_get('p', 's', table_name => 'regress_addb_nowhere');
\set VERBOSITY default
SET ROLE regress_addb_other;
SELECT * FROM pg_temp.attempt();
RESET ROLE;
SELECT * FROM pg_temp.attempt();
CREATE USER MAPPING FOR PUBLIC SERVER regress_addb_prod OPTIONS (access_key_id 'public', secret_access_key 'wJalrXUtnFEMI');
SET ROLE regress_addb_user;
SELECT * FROM pg_temp.attempt();
SET ROLE regress_addb_other;
SELECT * FROM pg_temp.attempt();
RESET ROLE;
GRANT regress_addb_group TO regress_addb_other;
SET ROLE regress_addb_other;
SELECT * FROM pg_temp.attempt();
RESET ROLE;
REVOKE regress_addb_group FROM regress_addb_other;
SET ROLE regress_addb_other;
SELECT * FROM pg_temp.attempt();
RESET ROLE;
-- an empty mapping of one's own hides that of PUBLIC
SET ROLE regress_addb_user;
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod;
SELECT * FROM pg_temp.attempt();
-- one sees the secrets of one's own mapping, the owner of the server those of PUBLIC
ALTER USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (ADD access_key_id 'own', ADD secret_access_key 'own');
SELECT umuser = 0 AS public, umoptions FROM pg_user_mappings WHERE srvname = 'regress_addb_prod' AND usename IN ('public', 'regress_addb_user') ORDER BY 1;
SELECT umoptions FROM pg_user_mapping;
SET ROLE regress_addb_maker;
SELECT umuser = 0 AS public, umoptions FROM pg_user_mappings WHERE srvname = 'regress_addb_prod' AND usename IN ('public', 'regress_addb_user') ORDER BY 1;
SET ROLE regress_addb_other;
SELECT umuser = 0 AS public, umoptions FROM pg_user_mappings WHERE srvname = 'regress_addb_prod' AND usename IN ('public', 'regress_addb_user') ORDER BY 1;
SET ROLE regress_addb_user;
DROP USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod;
SELECT * FROM pg_temp.attempt();
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER regress_addb_prod FROM regress_addb_user;
SET ROLE regress_addb_user;
SELECT * FROM pg_temp.attempt();
RESET ROLE;
DROP USER MAPPING FOR PUBLIC SERVER regress_addb_prod;
DROP USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod;

-- what is undone counts no more
BEGIN;
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_addb_prod OPTIONS (access_key_id 'mapped', secret_access_key 'wJalrXUtnFEMI');
SELECT * FROM pg_temp.attempt();
SAVEPOINT s;
ALTER SERVER regress_addb_prod OPTIONS (SET endpoint_url 'http://127.0.0.1:1');
SET LOCAL atomic_dynamodb.max_attempts = 1;
SELECT * FROM pg_temp.attempt();
ROLLBACK TO s;
SELECT * FROM pg_temp.attempt();
ROLLBACK;
SELECT code FROM pg_temp.attempt();

-- a server of somebody who is no superuser
SET ROLE regress_addb_user;
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2');
SET ROLE regress_addb_maker;
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', endpoint_url 'http://127.0.0.1:8000');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', sts_endpoint_url 'http://localhost');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (region 'us-west-2', endpoint_url 'http://dynamodb.internal');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (ca_file '/etc/ssl/ca.pem');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (profile 'prod');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (allow_insecure_http 'true');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (allow_ambient_credentials 'true');
CREATE SERVER regress_addb_own FOREIGN DATA WRAPPER atomic_dynamodb OPTIONS (allow_ambient_credentials 'false', region 'us-west-2', endpoint_url 'https://dynamodb.internal');
-- gets no credentials but those of a mapping, not even from a superuser
SET atomic_dynamodb.server = 'regress_addb_own';
SELECT * FROM pg_temp.attempt();
RESET ROLE;
DO $$
BEGIN
	PERFORM ddb_get('p', 's', table_name => 'regress_addb_nowhere');
EXCEPTION WHEN OTHERS THEN
	DECLARE
		detail text;
	BEGIN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		RAISE NOTICE '%: %', SQLSTATE, detail;
	END;
END
$$;
-- nobody but a superuser changes what a superuser has opened
ALTER SERVER regress_addb_own OPTIONS (SET allow_ambient_credentials 'true');
SET ROLE regress_addb_maker;
ALTER SERVER regress_addb_own OPTIONS (SET endpoint_url 'https://evil.example');
ALTER SERVER regress_addb_own OPTIONS (SET endpoint_url 'https://evil.example', SET allow_ambient_credentials 'false');
DROP SERVER regress_addb_own;
RESET ROLE;

RESET atomic_dynamodb.server;
DROP SERVER regress_addb_prod CASCADE;
DROP OWNED BY regress_addb_maker, regress_addb_user, regress_addb_other;
DROP ROLE regress_addb_maker, regress_addb_user, regress_addb_other, regress_addb_group;
