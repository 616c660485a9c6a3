-- locks and atomic writes
\getenv srcdir PG_ABS_SRCDIR
\set connect :srcdir '/sql/include/connect.psql'
\i :connect
SET atomic_dynamodb."table" = 'regress_atomic';
SELECT ddb_create_table('regress_atomic');

SELECT pk, sk, length(version), ttl - clock_timestamp() BETWEEN '23 hours 59 minutes' AND '1 day' AS one_day
FROM ddb_get_lock('user#1', 'counter#lock');
SELECT a.version = b.version AS same FROM ddb_get_lock('user#1', 'counter#lock') AS a, ddb_get_lock('user#1', 'counter#lock') AS b;

-- the seed's counter
SELECT l.pk, l.sk FROM ddb_set_atomic('user#1', 'counter', '{"value": 42}', ddb_get_lock('user#1', 'counter#lock')) AS l;
SELECT data FROM ddb_get('user#1', 'counter');

-- the lock that a write returns is good for the next
DO $$
DECLARE
	lock ddb_lock := ddb_get_lock('user#1', 'counter#lock');
	first ddb_lock := lock;
BEGIN
	FOR i IN 1 .. 3 LOOP
		lock := ddb_set_atomic('user#1', 'counter', to_jsonb(i), lock);
	END LOOP;
	ASSERT lock.version <> first.version;
	ASSERT lock.version = (ddb_get_lock('user#1', 'counter#lock')).version;
	ASSERT (ddb_get('user#1', 'counter')).data = '3';
	-- a stale lock
	BEGIN
		PERFORM ddb_set_atomic('user#1', 'counter', '"lost"', first);
		ASSERT false;
	EXCEPTION WHEN serialization_failure THEN
		RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
	END;
	ASSERT (ddb_get('user#1', 'counter')).data = '3';
END
$$;

CREATE TABLE kept AS SELECT l AS lock FROM ddb_get_lock('user#1', 'counter#lock') AS l;
SELECT pk FROM kept, LATERAL ddb_set_atomic('user#1', 'counter', '4', lock);
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_atomic('user#1', 'counter', '5', lock) FROM kept$$);
SELECT ddb_delete('user#1', 'counter#lock');
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_atomic('user#1', 'counter', '5', lock) FROM kept$$);
UPDATE kept SET lock.ttl = now() - interval '1 second';
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_atomic('user#1', 'counter', '5', lock) FROM kept$$);
SELECT sk FROM ddb_get_lock('user#1', 'counter#lock');
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_atomic('user#1', 'counter', '5', lock) FROM kept$$);
SELECT data FROM ddb_get('user#1', 'counter');

-- .* calls the function once for each column: the second call fails as a race
TRUNCATE kept;
INSERT INTO kept SELECT ddb_get_lock('user#1', 'counter#lock');
SELECT code, message FROM pg_temp.error_of($$SELECT (ddb_set_atomic('user#1', 'counter', '6', lock)).* FROM kept$$);
SELECT data FROM ddb_get('user#1', 'counter');

-- several items under one lock, all or nothing
TRUNCATE kept;
INSERT INTO kept SELECT ddb_get_lock('acct', '#lock');
SELECT l.sk FROM kept, LATERAL ddb_set_atomic('[{"pk": "acct", "sk": "a", "data": 90}, {"pk": "acct", "sk": "b", "data": 110, "ttl": 2051222400}]', lock) AS l;
SELECT * FROM pg_temp.error_of($$SELECT ddb_set_atomic('[{"pk": "acct", "sk": "a", "data": 0}, {"pk": "acct", "sk": "c", "data": 0}]', lock) FROM kept$$);
SELECT sk, data, extract(epoch FROM ttl) FROM ddb_query('acct') WHERE version IS NULL;
SELECT l.sk FROM ddb_delete_atomic('[{"pk": "acct", "sk": "a"}, {"pk": "acct", "sk": "none"}]', ddb_get_lock('acct', '#lock')) AS l;
SELECT * FROM pg_temp.error_of($$SELECT ddb_delete_atomic('acct', 'b', lock) FROM kept$$);
SELECT l.sk FROM ddb_delete_atomic('acct', 'b', ddb_get_lock('acct', '#lock')) AS l;
SELECT sk FROM ddb_query('acct');

-- 99 items are the most
SELECT l.sk FROM ddb_set_atomic((SELECT jsonb_agg(jsonb_build_object('pk', 'many', 'sk', to_char(i, 'fm000'), 'data', i)) FROM generate_series(1, 99) AS i),
	ddb_get_lock('many', '#lock')) AS l;
SELECT count(*) FROM ddb_query('many');

-- settings
SET atomic_dynamodb.lock_ttl = '10min';
SELECT ttl - clock_timestamp() BETWEEN '9 minutes' AND '10 minutes' AS ten_minutes FROM ddb_get_lock('short', 'lock');
RESET atomic_dynamodb.lock_ttl;
SELECT ttl - now() > '23 hours' AS renewed FROM ddb_get_lock('short', 'lock');

-- a shorter life does not shorten a lock that has a longer one
SET atomic_dynamodb.lock_ttl = '30min';
SELECT ttl - now() > '23 hours' AS kept FROM ddb_get_lock('short', 'lock');
SET atomic_dynamodb.lock_refresh = '300d';
SELECT ttl - now() > '23 hours' AS kept FROM ddb_get_lock('short', 'lock');
RESET atomic_dynamodb.lock_ttl;
RESET atomic_dynamodb.lock_refresh;

-- an item that is no lock is left alone
SELECT ddb_set('user#1', 'profile', '{}');
SELECT * FROM pg_temp.error_of($$SELECT ddb_get_lock('user#1', 'profile')$$);
SELECT data FROM ddb_get('user#1', 'profile');

DROP TABLE kept;
SELECT ddb_delete_table('regress_atomic');
