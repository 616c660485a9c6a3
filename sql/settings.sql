-- settings: who may set what, ranges, and secrets that never show
LOAD 'atomic_dynamodb';
SELECT name, boot_val, unit, context, vartype, min_val, max_val, enumvals
FROM pg_settings
WHERE name LIKE 'atomic\_dynamodb.%' AND name <> 'atomic_dynamodb.stat_max'
ORDER BY name COLLATE "C";
-- of the postmaster when that has loaded the library
SELECT boot_val, unit, context IN ('sighup', 'postmaster') AS context, vartype, min_val, max_val FROM pg_settings WHERE name = 'atomic_dynamodb.stat_max';
SELECT name FROM pg_settings WHERE name LIKE 'atomic\_dynamodb.%' AND (short_desc = '' OR extra_desc = '' OR extra_desc IS NULL);

-- a secret is masked wherever it could be read
SET atomic_dynamodb.secret_access_key = 'wJalrXUtnFEMI';
SHOW atomic_dynamodb.secret_access_key;
SELECT current_setting('atomic_dynamodb.secret_access_key');
SELECT setting, reset_val <> 'wJalrXUtnFEMI' AS reset_hidden FROM pg_settings WHERE name = 'atomic_dynamodb.secret_access_key';
SET atomic_dynamodb.session_token = 'FwoGZXIvYXdzEXAMPLE';
SHOW atomic_dynamodb.session_token;
BEGIN;
SET LOCAL atomic_dynamodb.session_token = 'another';
SHOW atomic_dynamodb.session_token;
ROLLBACK;
SHOW atomic_dynamodb.session_token;
SET atomic_dynamodb.session_token = '';
SHOW atomic_dynamodb.session_token;
SET atomic_dynamodb.secret_access_key = '********';
SET atomic_dynamodb.secret_access_key = 'with blank';
SET atomic_dynamodb.session_token = E'line\nbreak';

-- and refused where everybody could read it
ALTER ROLE CURRENT_USER SET atomic_dynamodb.secret_access_key = 'wJalrXUtnFEMI';
ALTER ROLE ALL SET atomic_dynamodb.session_token = 'FwoGZXIvYXdzEXAMPLE';
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET atomic_dynamodb.secret_access_key = %L', current_database(), 'wJalrXUtnFEMI');
END
$$;
SELECT count(*) FROM pg_db_role_setting WHERE setconfig::text LIKE '%wJalr%' OR setconfig::text LIKE '%FwoG%';

-- values
SET atomic_dynamodb.region = 'EU West';
SET atomic_dynamodb.region = 'eu-west-1.evil.example';
SET atomic_dynamodb.endpoint_url = 'ftp://localhost';
SET atomic_dynamodb.endpoint_url = E'https://localhost\nX-Evil: 1';
SET atomic_dynamodb.access_key_id = 'AKIA BLANK';
SET atomic_dynamodb.ca_file = 'relative.pem';
SET atomic_dynamodb."table" = 'no such name';
SET atomic_dynamodb."table" = 'ab';
SET atomic_dynamodb."table" = 'arn:aws:dynamodb:us-west-2:123456789012:table/orders';
SET atomic_dynamodb.request_timeout = '2s';
SHOW atomic_dynamodb.request_timeout;
SET atomic_dynamodb.max_attempts = 0;
SET atomic_dynamodb.max_connections = 65;
SET atomic_dynamodb.data_format = 'xml';
SET atomic_dynamodb.lock_ttl = '36h';
SHOW atomic_dynamodb.lock_ttl;
SET atomic_dynamodb.role_arn = 'arn:aws:iam::123456789012:user/admin';
SET atomic_dynamodb.role_arn = 'arn:aws:iam::123456789012:role/admin';
SET atomic_dynamodb.external_id = 'not so';
SET atomic_dynamodb.external_id = 'tenant:1/a';
SET atomic_dynamodb.role_session_name = 'x';
SET atomic_dynamodb.role_session_name = 'postgres@db';
SET atomic_dynamodb.sts_endpoint_url = 'sts.amazonaws.com';
SET atomic_dynamodb.tls_min_version = '1.1';
SET atomic_dynamodb.tls_min_version = '1.3';
SET atomic_dynamodb.use_fips_endpoint = 'maybe';
SET atomic_dynamodb.use_fips_endpoint = true;
SHOW atomic_dynamodb.use_fips_endpoint;
SET atomic_dynamodb.server = 'a name of more than sixty-three bytes, which no foreign server has';
SET atomic_dynamodb.nosuch = 1;

-- what contradicts itself is found before anything is sent
SET atomic_dynamodb.region = 'us-west-2';
SET atomic_dynamodb.endpoint_url = 'https://dynamodb.invalid';
SELECT ddb_get('p', 's', table_name => 'orders');
SET atomic_dynamodb.use_fips_endpoint = off;
SET atomic_dynamodb.use_dualstack_endpoint = on;
SELECT ddb_get('p', 's', table_name => 'orders');
SET atomic_dynamodb.use_dualstack_endpoint = off;
SET atomic_dynamodb.endpoint_url = 'https://169.254.169.254';
SELECT ddb_get('p', 's', table_name => 'orders');

-- where requests go and who signs them is for superusers
CREATE ROLE regress_addb_user;
SET atomic_dynamodb.secret_access_key = 'wJalrXUtnFEMI';
SET ROLE regress_addb_user;
SET atomic_dynamodb.endpoint_url = 'http://127.0.0.1:1';
SET atomic_dynamodb.region = 'us-east-1';
SET atomic_dynamodb.ca_file = '/etc/ssl/other.pem';
SET atomic_dynamodb.profile = 'other';
SET atomic_dynamodb.access_key_id = 'AKIAOTHER';
SET atomic_dynamodb.secret_access_key = 'other';
SET atomic_dynamodb.session_token = 'other';
SET atomic_dynamodb.allow_insecure_http = on;
SET atomic_dynamodb.allow_ambient_credentials = on;
SET atomic_dynamodb.log_min_duration = 0;
SET atomic_dynamodb.role_arn = 'arn:aws:iam::123456789012:role/other';
SET atomic_dynamodb.external_id = 'other';
SET atomic_dynamodb.role_session_name = 'other';
SET atomic_dynamodb.sts_endpoint_url = 'https://sts.evil.example';
SET atomic_dynamodb.tls_min_version = '1.2';
SET atomic_dynamodb.use_fips_endpoint = off;
SET atomic_dynamodb.use_dualstack_endpoint = off;
SET atomic_dynamodb.clock_skew_correction = off;
SET atomic_dynamodb.server = 'any';
SET atomic_dynamodb."table" = 'mytable';
SET atomic_dynamodb.data_format = 'map';
SHOW atomic_dynamodb.secret_access_key;
RESET ROLE;
DROP ROLE regress_addb_user;
