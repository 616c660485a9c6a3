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

SELECT sk, data->'reading' AS reading FROM ddb_query('sensor#7') LIMIT 10;

SELECT requests, read_units FROM ddb_last_response();

SELECT count(*), sum((data->>'reading')::int) FROM ddb_query('sensor#7');

SELECT requests, read_units FROM ddb_last_response();

\set ECHO none
\echo
\echo '=== Any table, any key, any type: orders by customer and number ==='
\echo
\set ECHO queries

SELECT ddb_create_table('orders', 'customer', 'number N',
    global_indexes => '{"by_status": {"partition_key": "status", "sort_key": "total N", "projection": "all"}}');

-- every row of a query becomes an item
SELECT ddb_put_agg('orders', jsonb_build_object(
           'customer', 'customer#' || n % 100, 'number', n, 'total', n / 4.0,
           'status', CASE WHEN n % 1000 = 0 THEN 'open' ELSE 'paid' END, 'tags', '{"$ss": ["web", "new"]}'::jsonb)) AS items_written
FROM generate_series(1, 20000) AS n;

SELECT requests, items_written, write_units FROM ddb_last_response();

-- names are written as they are, reserved words like "status" too
SELECT ddb_update_item('orders', '{"customer": "customer#0", "number": 5000}',
                       'SET status = :s, lines = :l DELETE tags :t ADD total :one',
                       '{"s": "late", "l": [{"sku": "a-1"}], "t": {"$ss": ["new"]}, "one": 1, "open": "open"}',
                       condition => 'status = :open', return_values => 'all_new');

SELECT o->'number' AS number, o->'total' AS total
FROM ddb_query_items('orders', 'status = :s AND total > :t', '{"s": "open", "t": 3000}',
                     index_name => 'by_status', descending => true) AS o LIMIT 3;

SELECT count(*), sum((o->'total')::numeric) FROM ddb_scan('orders', segments => 4) AS o;

\set ECHO none
\echo
\echo '=== A transaction: an order and its customer''s total, both or neither ==='
\echo
\set ECHO queries

SELECT canceled FROM ddb_transact_write('[
    {"op": "create", "table": "orders", "item": {"customer": "customer#7", "number": 20001, "total": 12, "status": "open"}},
    {"op": "update", "table": "orders", "key": {"customer": "customer#7", "number": 0}, "add": {"orders": 1, "total": 12}}]');

-- the same order again: nothing is written, and the rows say why
SELECT canceled, r.rejected, r.code, r.item
FROM ddb_transact_write('[
    {"op": "create", "table": "orders", "item": {"customer": "customer#7", "number": 20001, "total": 99, "status": "open"}, "response": "all_old"},
    {"op": "update", "table": "orders", "key": {"customer": "customer#7", "number": 0}, "add": {"orders": 1, "total": 99}}]'),
    unnest(data) AS r;

SELECT ddb_get_item('orders', '{"customer": "customer#7", "number": 0}', consistent => true);

\set ECHO none
\echo
\echo '=== An entity of ElectroDB: agents, whose e-mail addresses are unique ==='
\echo
\set ECHO queries

SELECT ddb_create_table('electro', 'pk', 'sk');

SELECT ddb_register_entity('{
    "model": {"entity": "agent", "version": "1", "service": "MI6"},
    "attributes": {
        "id": {"type": "string"}, "designation": {"type": "string"},
        "email": {"type": "string", "required": true}, "kills": {"type": "number", "default": 0}},
    "indexes": {
        "operatives": {"pk": {"field": "pk", "composite": ["designation"]}, "sk": {"field": "sk", "composite": ["id"]}}}}', 'electro');

SELECT ddb_register_entity('{
    "model": {"entity": "constraint", "version": "1", "service": "MI6"},
    "attributes": {"name": {"type": "string"}, "value": {"type": "string"}},
    "indexes": {
        "value": {"pk": {"field": "pk", "composite": ["value"]}, "sk": {"field": "sk", "composite": ["name"]}}}}', 'electro');

CREATE FUNCTION create_new_agent(new_agent jsonb, OUT canceled boolean, OUT data ddb_transact_item[])
LANGUAGE sql AS $$
    SELECT * FROM ddb_transact_write(jsonb_build_array(
        jsonb_build_object('op', 'create', 'entity', 'agent@1', 'item', new_agent),
        jsonb_build_object('op', 'create', 'entity', 'constraint@1', 'response', 'all_old',
            'item', jsonb_build_object('name', 'email', 'value', new_agent->>'email'))))
$$;

SELECT canceled FROM create_new_agent('{"id": "7", "designation": "00", "email": "james@mi6.uk"}');

-- the same e-mail: the second action is rejected, and no agent is written
SELECT canceled, r.rejected, r.code, r.item
FROM create_new_agent('{"id": "8", "designation": "00", "email": "james@mi6.uk"}'), unnest(data) AS r;

SELECT ddb_entity_query('agent', 'operatives', '{"designation": "00"}');

-- what ElectroDB reads in JavaScript
SELECT ddb_get_item('electro', '{"pk": "$mi6#designation_00", "sk": "$agent_1#id_7"}');
