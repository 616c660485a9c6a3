-- What the benchmark runs in a backend. Each function warms up first and
-- returns the CPU time of its loop in nanoseconds.

CREATE EXTENSION atomic_dynamodb;
CREATE SCHEMA bench;

-- CPU time of this backend. The kernel brings it up to date at every switch of
-- tasks and every tick, so loops have to last for many ticks.
CREATE FUNCTION bench.cpu() RETURNS bigint
LANGUAGE sql VOLATILE
AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 1000), ' ', 1)::bigint $$;

CREATE FUNCTION bench.get_assigned(n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    item ddb_item;
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        item := ddb_get('user#42', '42');
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        item := ddb_get('user#42', '42');
    END LOOP;
    IF item.data->>'email' IS NULL THEN
        RAISE 'no data came back: %', item;
    END IF;
    RETURN bench.cpu() - start;
END
$$;

CREATE FUNCTION bench.get_performed(n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    start bigint;
BEGIN
    FOR i IN 1 .. n / 50 LOOP
        PERFORM ddb_get('user#42', '42');
    END LOOP;
    start := bench.cpu();
    FOR i IN 1 .. n LOOP
        PERFORM ddb_get('user#42', '42');
    END LOOP;
    RETURN bench.cpu() - start;
END
$$;

CREATE FUNCTION bench.set_atomic(n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    lock ddb_lock := ROW('user#42', '42#lock', '0d1f3a52-6a5b-4c59-9d7e-3b1f0a9c8e11',
                         now() + interval '1 day');
    data jsonb := '{"email": "user123456@example.com", "name": "Zoë \"Z\" Example", "age": 42,
                    "balance": 1126.26, "active": true, "deleted": null, "tags": ["blue", "green", "red"],
                    "addr": {"city": "Amsterdam", "zip": 91126}, "hist": [126, "step"],
                    "note": "line 169 of text\nsecond line"}';
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

-- n items in one call; the list is made before the clock starts
CREATE FUNCTION bench.set_many(n integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    items jsonb;
    start bigint;
BEGIN
    SELECT jsonb_agg(jsonb_build_object(
               'pk', 'user#' || i, 'sk', i::text,
               'data', jsonb_build_object(
                   'email', 'user123456@example.com', 'name', 'Zoë "Z" Example', 'age', 42,
                   'balance', 1126.26, 'active', true, 'deleted', NULL,
                   'tags', '["blue", "green", "red"]'::jsonb,
                   'addr', '{"city": "Amsterdam", "zip": 91126}'::jsonb,
                   'hist', '[126, "step"]'::jsonb,
                   'note', E'line 169 of text\nsecond line')))
    INTO items
    FROM generate_series(1, n) AS i;
    PERFORM ddb_set('warm', i::text, '{}') FROM generate_series(1, 10) AS i;
    start := bench.cpu();
    IF ddb_set(items) <> n THEN
        RAISE 'not all items were written';
    END IF;
    RETURN bench.cpu() - start;
END
$$;

-- Reads all pages of a partition, with these aggregates over the rows.
CREATE FUNCTION bench.query(aggregates text, bytes OUT bigint, ns OUT bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM count(*) FROM (SELECT * FROM ddb_query('P0000') LIMIT 1000) AS warm;
    bytes := (ddb_session_stats()).bytes_received;
    ns := bench.cpu();
    EXECUTE 'SELECT ' || aggregates || $q$ FROM ddb_query('P0000') $q$;
    ns := bench.cpu() - ns;
    bytes := (ddb_session_stats()).bytes_received - bytes;
END
$$;

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
