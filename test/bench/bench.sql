-- What the benchmark runs in a backend. Times are in nanoseconds.

CREATE EXTENSION atomic_dynamodb;
CREATE SCHEMA bench;

-- CPU time of this backend. The kernel brings it up to date at every switch of
-- tasks and every tick, so loops have to last for many ticks.
CREATE FUNCTION bench.cpu() RETURNS bigint
LANGUAGE sql VOLATILE
AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 1000), ' ', 1)::bigint $$;

-- What a statement costs. done is the first column of its result, or how many
-- rows it has touched; received are the bytes of DynamoDB's replies.
CREATE FUNCTION bench.spent(statement text, done OUT bigint, received OUT bigint, cpu OUT bigint, wall OUT bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    start timestamptz := clock_timestamp();
BEGIN
    received := (ddb_session_stats()).bytes_received;
    cpu := bench.cpu();
    IF statement LIKE 'SELECT%' THEN
        EXECUTE statement INTO done;
    ELSE
        EXECUTE statement;
        GET DIAGNOSTICS done = ROW_COUNT;
    END IF;
    cpu := bench.cpu() - cpu;
    wall := extract(epoch FROM clock_timestamp() - start) * 1e9;
    received := (ddb_session_stats()).bytes_received - received;
END
$$;

-- Loops of one call. Each warms up first and returns the CPU time of the rest.

CREATE FUNCTION bench.get_assigned(pk text, n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    item ddb_item;
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        item := ddb_get(pk, '42');
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        item := ddb_get(pk, '42');
    END LOOP;
    IF item.data IS NULL THEN
        RAISE 'no data came back: %', item;
    END IF;
    RETURN bench.cpu() - start;
END
$$;

CREATE FUNCTION bench.get_performed(pk text, n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        PERFORM ddb_get(pk, '42');
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        PERFORM ddb_get(pk, '42');
    END LOOP;
    RETURN bench.cpu() - start;
END
$$;

CREATE FUNCTION bench.get_item(pk text, n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    key jsonb := jsonb_build_object('pk', pk, 'sk', '42');
    item jsonb;
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        item := ddb_get_item('map', key);
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        item := ddb_get_item('map', key);
    END LOOP;
    IF item -> 'data' IS NULL THEN
        RAISE 'no data came back: %', item;
    END IF;
    RETURN bench.cpu() - start;
END
$$;

-- A document of 380 bytes, which makes items of 430.
CREATE FUNCTION bench.document(i bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT jsonb_build_object(
        'email', 'user123456@example.com', 'name', 'Zoë "Z" Example', 'age', i % 90,
        'balance', 1126.26, 'active', true, 'deleted', NULL,
        'tags', '["blue", "green", "red"]'::jsonb,
        'addr', '{"city": "Amsterdam", "zip": 91126}'::jsonb,
        'hist', '[126, "step"]'::jsonb,
        'note', E'line 169 of text\nsecond line')
$$;

CREATE FUNCTION bench.set_atomic(n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    lock ddb_lock := ROW('user#42', '42#lock', '0d1f3a52-6a5b-4c59-9d7e-3b1f0a9c8e11',
                         now() + interval '1 day');
    data jsonb := bench.document(42);
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        lock := ddb_set_atomic('user#42', '42', data, lock);
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        lock := ddb_set_atomic('user#42', '42', data, lock);
    END LOOP;
    RETURN bench.cpu() - start;
END
$$;

-- What is loaded: a table of items, one of columns, and one of a list.
CREATE UNLOGGED TABLE bench.items AS
    SELECT jsonb_build_object('pk', 'user#' || i, 'sk', i::text) || bench.document(i) AS item
    FROM generate_series(1, 100000) AS i;
CREATE UNLOGGED TABLE bench.people AS
    SELECT p.* FROM bench.items, jsonb_to_record(item) AS p(pk text, sk text, email text, name text, age integer,
        balance numeric, active boolean, deleted text, tags jsonb, addr jsonb, hist jsonb, note text);
CREATE UNLOGGED TABLE bench.list AS
    SELECT jsonb_agg(jsonb_build_object('pk', 'user#' || i, 'sk', i::text, 'data', bench.document(i))) AS items
    FROM generate_series(1, 25000) AS i;

-- The items of one page: item is the typed JSON, data the JSON text that is in
-- its attribute data in the layout text.
CREATE UNLOGGED TABLE bench.page (layout text, item text, data text);

-- PostgreSQL's own reader on these texts, item by item, as often as makes the
-- bytes of this many pages. textout makes the C string that jsonb_in takes.
CREATE FUNCTION bench.read_page(layout text, pages integer, aggregates text, bytes OUT bigint, ns OUT bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    CREATE TEMP TABLE texts ON COMMIT DROP AS
        SELECT item, data FROM bench.page WHERE page.layout = $1;
    SELECT pages * sum(octet_length(item) + 1) INTO bytes FROM texts;
    EXECUTE 'SELECT ' || aggregates || ' FROM texts';
    ns := bench.cpu();
    FOR i IN 1 .. pages LOOP
        EXECUTE 'SELECT ' || aggregates || ' FROM texts';
    END LOOP;
    ns := bench.cpu() - ns;
END
$$;

-- Where rows of a query go: a table that crashes lose, one that they do not.
CREATE UNLOGGED TABLE bench.unlogged (item jsonb);
CREATE TABLE bench.logged (item jsonb);
CREATE UNLOGGED TABLE bench.rows (item jsonb);

CHECKPOINT;

-- The README's agent, made a request n times.

SELECT ddb_register_entity('{
    "model": {"entity": "agent", "version": "1", "service": "MI6"},
    "attributes": {
        "id": {"type": "string"}, "designation": {"type": "string"},
        "email": {"type": "string", "required": true}, "firstName": {"type": "string"}, "lastName": {"type": "string"},
        "alive": {"type": "boolean", "required": true}, "kills": {"type": "number", "default": 0}},
    "indexes": {
        "operatives": {"pk": {"field": "pk", "composite": ["designation"]}, "sk": {"field": "sk", "composite": ["id"]}}}}', 'map') \g /dev/null

CREATE FUNCTION bench.params(n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    action jsonb := '{"entity": "agent", "method": "create", "attributes": {"id": "007", "designation": "00", "email": "jb@mi6.uk",
                      "firstName": "James", "lastName": "Bond", "alive": true}}';
    request jsonb;
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        request := ddb_params(action);
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        request := ddb_params(action);
    END LOOP;
    IF request ->> 'operation' IS DISTINCT FROM 'PutItem' THEN
        RAISE 'no request came back: %', request;
    END IF;
    RETURN bench.cpu() - start;
END
$$;
