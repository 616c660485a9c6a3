"""100 pages of 1 MB to rows: against jsonb_in, and against the SDK for Node."""

import json
import os
import subprocess

from common import (ENDPOINT, PAGES, RUN, Backend, Side, bare, heading, measure, ratio, raw, record, show,
                    show_figure, stub, stub_requests)

COUNT = 'count(*)'
COLUMNS = 'count(pk) + count(sk) + count(data) + count(version) + count(ttl)'
READ_ITEM = 'count(jsonb_in(textout(item)))'
READ_BOTH = READ_ITEM + ', count(jsonb_in(textout(data)))'
COPY_ITEM = 'count(textout(item))'
LAYOUTS = {'plain': 'a dozen attributes', 'map': 'data as a map', 'text': 'data as JSON text'}


def load_page(layout):
    """Puts the items of the first page, as the stub writes them, in bench.page."""
    page = stub('/', 'POST', json.dumps({'TableName': layout}),
                {'X-Amz-Target': 'DynamoDB_20120810.Query'}).decode()
    decoder = json.JSONDecoder()
    rows = []
    at = page.index('"Items":[') + len('"Items":[')
    while page[at] != ']':
        at += page[at] == ','
        item, end = decoder.raw_decode(page, at)
        data = item['data']['S'] if layout == 'text' else ''
        rows.append(f'{layout}\x02{page[at:end]}\x02{data}\n')
        at = end
    path = f'{RUN}/page.{layout}'
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(rows)
    with Backend() as backend:
        backend.run(f"COPY bench.page FROM '{path}' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')")


def query_items(layout):
    return f"ddb_query_items('{layout}', 'pk = :p', '{{\"p\": \"P0000\"}}')"


def streamed(backend, aggregate, source):
    """Milliseconds of CPU time for a MB of replies."""
    def figure():
        backend.row(f'SELECT count(*) FROM (SELECT * FROM {source} LIMIT 1000) AS warm')
        spent = backend.spent(f'SELECT {aggregate} FROM {source}')
        return spent['cpu'] / 1e6 / (spent['received'] / 2**20)
    return figure


def read(backend, layout, aggregates):
    def figure():
        size, nanoseconds = map(int, backend.row(
            f"SELECT * FROM bench.read_page('{layout}', {PAGES}, '{aggregates}')"))
        return nanoseconds / 1e6 / (size / 2**20)
    return figure


def thrown_away(request):
    result = raw(request, PAGES)
    return result['cpu'] * 1000 / (result['bytes'] / 2**20)


def sdk(mode):
    """Microseconds of CPU time of a row in Node."""
    done = subprocess.run(
        ['node', os.environ['ADDB_BENCH'] + '/sdk_query.mjs', ENDPOINT, mode],
        capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    return result['cpu'] / result['rows'] * 1e6


def rows(backend, source):
    def figure():
        spent = backend.spent(f'SELECT count(*) FROM {source}')
        return spent['cpu'] / 1000 / spent['done']
    return figure


def make_sides(backends):
    page = record('Query', "SELECT ddb_query('P0000') LIMIT 1")
    plain = backends['plain']
    sides = {
        'thrown away': Side('libcurl, pages thrown away', 'ms/MB', lambda: thrown_away(page)),
        'a row': Side('ddb_query_items, a row', 'us', rows(plain, query_items('plain'))),
        'sdk typed': Side('SDK for JavaScript, typed objects, a row', 'us', lambda: sdk('typed')),
        'sdk plain': Side('SDK for JavaScript, unmarshalled, a row', 'us', lambda: sdk('unmarshalled')),
    }
    for layout in LAYOUTS:
        load_page(layout)
        backend = backends[layout]
        sides[f'items {layout}'] = Side('ddb_query_items, counted', 'ms/MB',
                                        streamed(backend, COUNT, query_items(layout)))
        sides[f'count {layout}'] = Side('ddb_query, counted', 'ms/MB',
                                        streamed(backend, COUNT, "ddb_query('P0000')"))
        sides[f'columns {layout}'] = Side('ddb_query, all columns', 'ms/MB',
                                          streamed(backend, COLUMNS, "ddb_query('P0000')"))
        sides[f'jsonb_in {layout}'] = Side('jsonb_in', 'ms/MB', read(plain, layout, READ_ITEM))
    sides['copy'] = Side('its loop without it', 'ms/MB', read(plain, 'plain', COPY_ITEM))
    sides['both'] = Side('jsonb_in of item and data', 'ms/MB', read(plain, 'text', READ_BOTH))
    return sides


def show_layout(sides, layout):
    def against(top, what):
        return ratio(sides[top], sides[f'{what} {layout}'])

    print(f'  -- {LAYOUTS[layout]}')
    show('ddb_query_items, counted', against(f'jsonb_in {layout}', 'items'),
         ('>=', 2.3) if layout != 'text' else None)
    show('ddb_query, counted', against(f'jsonb_in {layout}', 'count'))
    show('ddb_query, all columns', against(f'jsonb_in {layout}', 'columns'))
    if layout == 'text':
        show('ddb_query, all columns, against jsonb_in of item and data', against('both', 'columns'), ('>=', 2.3))
    bare(*(sides[f'{what} {layout}'] for what in ('items', 'count', 'columns', 'jsonb_in')))
    if layout == 'text':
        bare(sides['both'])


def run(rounds):
    backends = {layout: Backend(layout) for layout in LAYOUTS}
    sides = make_sides(backends)
    measure(sides, rounds)
    heading(f'2. {PAGES} pages of 1 MB to rows: speed, times that of jsonb_in item by item (CPU time, all included)')
    for layout in LAYOUTS:
        show_layout(sides, layout)
    bare(sides['copy'], sides['thrown away'])
    print('  -- rows a second of CPU time, times those of the AWS SDK for JavaScript')
    show('ddb_query_items, against typed objects (its default)', ratio(sides['sdk typed'], sides['a row']), ('>=', 8))
    show('ddb_query_items, against unmarshalled ones', ratio(sides['sdk plain'], sides['a row']), ('>=', 8))
    bare(sides['a row'], sides['sdk typed'], sides['sdk plain'])
    print('  -- requests')
    for source in ("ddb_query('P0000')", query_items('plain'), "ddb_scan('plain')"):
        stub('/__reset')
        backends['plain'].row(f'SELECT count(*) FROM (SELECT * FROM {source} LIMIT 10) AS s')
        requests = stub_requests()
        show_figure(f'{source.split("(")[0]}, LIMIT 10 of {PAGES} pages',
                    requests.get('Query', 0) + requests.get('Scan', 0), 'requests', ('<=', 1))
    for backend in backends.values():
        backend.close()
