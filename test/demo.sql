-- The main job, played by test/demo with psql. Locks are kept in psql
-- variables; the second session of the race is a second psql.

\set ECHO none
\set QUIET on
\pset footer off
\pset null '(null)'
\set SHOW_CONTEXT never
\set QUIET off

\echo
\echo '=== Setup ==='
\echo
\set ECHO queries

CREATE EXTENSION atomic_dynamodb;

SELECT ddb_create_table('demo');

SET atomic_dynamodb."table" = 'demo';

\set ECHO none
\echo
\echo '=== One item ==='
\echo
\set ECHO queries

SELECT ddb_set('user#123', 'profile', '{"name": "John", "age": 30}');

SELECT * FROM ddb_get('user#123', 'profile');

SELECT data->>'name' AS name FROM ddb_get('user#123', 'profile');

SELECT ddb_delete('user#123', 'profile');

SELECT * FROM ddb_get('user#123', 'profile');

\set ECHO none
\echo
\echo '=== An atomic update: a counter and its lock ==='
\echo
\set ECHO queries

SELECT l AS lock, l.version FROM ddb_get_lock('user#123', 'counter#lock') AS l;

SELECT l.version
FROM ddb_set_atomic('user#123', 'counter', '{"value": 42}',
                    ddb_get_lock('user#123', 'counter#lock')) AS l;

SELECT data FROM ddb_get('user#123', 'counter', consistent => true);

\set ECHO none
\echo
\echo '=== A lost race ==='
\echo
\echo 'This session takes the lock:'
\echo
SELECT l::text AS lock FROM ddb_get_lock('user#123', 'counter#lock') AS l \gset
\echo :lock
\echo
\echo 'Meanwhile another session writes under the same lock:'
\echo
\! psql -Xqe -P footer=off -c "SET atomic_dynamodb.\"table\" = 'demo'" -c "SELECT l.version FROM ddb_set_atomic('user#123', 'counter', '{\"value\": 43}', ddb_get_lock('user#123', 'counter#lock')) AS l"
\echo 'So this session writes nothing, and is told so:'
\echo
\set ECHO queries
\set VERBOSITY verbose
\set ON_ERROR_STOP off

SELECT * FROM ddb_set_atomic('user#123', 'counter', '{"value": 0}', :'lock'::ddb_lock);

\set ON_ERROR_STOP on
\set VERBOSITY default
\set ECHO none
\echo
\echo 'A procedure catches it by its SQLSTATE and tries again:'
\echo
\set ECHO queries

DO $$
DECLARE
    old_lock ddb_lock := ddb_get_lock('user#123', 'counter#lock');
    lock ddb_lock := old_lock;
    message text;
    detail text;
BEGIN
    -- somebody else is faster, once
    PERFORM ddb_set_atomic('user#123', 'counter', '{"value": 44}', old_lock);
    FOR attempt IN 1 .. 5 LOOP
        BEGIN
            PERFORM ddb_set_atomic('user#123', 'counter',
                jsonb_build_object('value', (i.data->>'value')::int + 1), lock)
            FROM ddb_get('user#123', 'counter', consistent => true) AS i;
            RAISE NOTICE 'attempt %: written', attempt;
            EXIT;
        EXCEPTION WHEN serialization_failure THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            RAISE NOTICE 'attempt %: % %', attempt, SQLSTATE, message
                USING DETAIL = detail;
            lock := ddb_get_lock('user#123', 'counter#lock');
        END;
    END LOOP;
END
$$;

SELECT data FROM ddb_get('user#123', 'counter', consistent => true);

\set ECHO none
\echo
\echo '=== Several items under one lock: all of them or none ==='
\echo
\set ECHO queries

SELECT l.version
FROM ddb_set_atomic(
    '[{"pk": "account#1", "sk": "balance", "data": {"euro": 70}},
      {"pk": "account#2", "sk": "balance", "data": {"euro": 30}},
      {"pk": "account#1", "sk": "transfer#1", "data": {"to": "account#2", "euro": 30}}]',
    ddb_get_lock('account#1', 'balance#lock')) AS l;

SELECT pk, sk, data FROM ddb_query('account#1');

\set ECHO none
\echo
\echo '=== A batch ==='
\echo
\set ECHO queries

SELECT ddb_set('[{"pk": "user#123", "sk": "profile",  "data": {"name": "John"}},
                 {"pk": "user#123", "sk": "settings", "data": {"theme": "dark"}}]');

SELECT pk, sk, data
FROM ddb_get_many('[{"pk": "user#123", "sk": "profile"},
                    {"pk": "user#123", "sk": "settings"}]'::jsonb);

\set ECHO none
\echo
\echo '=== A large partition, streamed ==='
\echo
\set ECHO queries

SELECT ddb_set((
    SELECT jsonb_agg(jsonb_build_object(
        'pk', 'sensor#7',
        'sk', to_char(n, 'FM000000'),
        'data', jsonb_build_object('reading', n, 'raw', repeat('x', 1000))))
    FROM generate_series(1, 8000) AS n)) AS items_written;

\set ECHO none
SELECT requests FROM ddb_session_stats() \gset a_
\set ECHO queries

SELECT sk, data->'reading' AS reading FROM ddb_query('sensor#7') LIMIT 10;

\set ECHO none
SELECT requests - :a_requests AS cost, requests FROM ddb_session_stats() \gset b_
\echo Requests that this has cost: :b_cost
\echo
\set ECHO queries

SELECT count(*), sum((data->>'reading')::int) FROM ddb_query('sensor#7');

\set ECHO none
SELECT requests - :b_requests AS cost FROM ddb_session_stats() \gset c_
\echo Requests that this has cost: :c_cost
\echo
