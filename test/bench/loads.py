"""Bulk loads: CPU time of a row, and rows a second where the service takes time."""

from common import (APART, CORES, TOGETHER, Backend, Side, bare, cores, heading, measure, ratio, raw, record, show,
                    stub_set)

ROWS = 100000
LISTED = 25000
BATCH = 25
LATENCY_MS = 5

ITEMS = "SELECT ddb_put_agg('map', item) FROM bench.items"
RECORDS = "SELECT ddb_put_agg('map', to_jsonb(p)) FROM bench.people AS p"
LIST = 'SELECT ddb_set(items) FROM bench.list'


def per_row(backend, statement, rows):
    """Microseconds of CPU time of a row."""
    def figure():
        spent = backend.spent(statement)
        assert spent['done'] == rows, spent
        return spent['cpu'] / rows / 1000
    return figure


def rate(backend):
    """Thousand rows a second on the clock."""
    return lambda: ROWS / backend.spent(ITEMS)['wall'] * 1e6


def raw_per_row(batch, connections):
    return lambda: raw(batch, ROWS // BATCH, connections)['cpu'] / ROWS * 1e6


def raw_rate(batch, connections):
    return lambda: ROWS / raw(batch, ROWS // BATCH, connections)['secs'] / 1000


def run_without_latency(batch, listed, rounds):
    with Backend() as backend:
        connections = backend.row('SHOW atomic_dynamodb.max_connections')[0]
        sides = {
            'items': Side('ddb_put_agg(item), a row', 'us', per_row(backend, ITEMS, ROWS)),
            'records': Side('ddb_put_agg(to_jsonb(row)), a row', 'us', per_row(backend, RECORDS, ROWS)),
            'to_jsonb': Side('to_jsonb(row) alone, a row', 'us', per_row(
                backend, 'SELECT count(to_jsonb(p)) FROM bench.people AS p', ROWS)),
            'raw': Side(f'libcurl + signing, ready-made, {connections} connections, a row', 'us',
                        raw_per_row(batch, connections)),
            'list': Side(f'ddb_set of a list of {LISTED} items, an item', 'us', per_row(backend, LIST, LISTED)),
            'list raw': Side('libcurl + signing, ready-made, an item', 'us', raw_per_row(listed, connections)),
        }
        measure(sides, rounds)
    heading(f'5. bulk load of {ROWS} rows: CPU time of a row, times that of libcurl with bodies ready-made')
    show('ddb_put_agg(item)', ratio(sides['items'], sides['raw']), ('<=', 3.5))
    show('ddb_put_agg(to_jsonb(row))', ratio(sides['records'], sides['raw']))
    show('ddb_set(list)', ratio(sides['list'], sides['list raw']))
    bare(*sides.values())


def run_with_latency(batch, rounds):
    place = APART if len(CORES) > 1 else TOGETHER
    print(f'  -- with {LATENCY_MS} ms latency, on the clock: rows a second, part of those of libcurl')
    for connections in (8, 32):
        with cores(place), stub_set(LATENCY_MS), Backend(max_connections=connections) as backend:
            sides = {
                'ours': Side(f'ddb_put_agg(item), {connections} connections', 'thousand rows/s', rate(backend)),
                'raw': Side(f'libcurl + signing, ready-made, {connections} connections', 'thousand rows/s',
                            raw_rate(batch, connections)),
            }
            measure(sides, rounds)
        show(f'ddb_put_agg(item), {connections} connections', ratio(sides['ours'], sides['raw']), ('>=', 0.85))
        bare(*sides.values())


def run(rounds):
    batch = record('BatchWriteItem', ITEMS)
    listed = record('BatchWriteItem', LIST)
    run_without_latency(batch, listed, rounds)
    run_with_latency(batch, rounds)
