"""Runs the measurements of test/bench/run and prints their table.

Expects what run has set up: the cluster that PG* point to, the stub at
ADDB_TEST_ENDPOINT, raw_limit in ADDB_RUN. See README.md.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import urllib.parse

ENDPOINT = os.environ['ADDB_TEST_ENDPOINT']
RUN = os.environ['ADDB_RUN']

GETS = 10000
ATOMICS = 5000
ITEMS = 25000
PAGES = 100
BATCH = 25

COUNT = 'count(*)'
COLUMNS = 'count(pk), count(sk), count(data), count(version), count(ttl)'
READ_ITEM = 'count(jsonb_in(textout(item)))'
READ_BOTH = READ_ITEM + ', count(jsonb_in(textout(data)))'
COPY_ITEM = 'count(textout(item))'


def psql(sql, table='map'):
    """The fields of the one row that sql returns, in a backend of its own."""
    script = f"SET atomic_dynamodb.\"table\" = '{table}';\n{sql};\n"
    done = subprocess.run(
        ['psql', '-XqAt', '-F', ' ', '-v', 'ON_ERROR_STOP=1'],
        input=script, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'{sql}\n{done.stderr}')
    return done.stdout.split()


def stub(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(
        urllib.parse.urlsplit(ENDPOINT).netloc, timeout=60)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    if reply.status != 200:
        sys.exit(f'the stub answered {reply.status} to {path}')
    return content


def record(operation, sql, table='map'):
    """A file with the request that sql makes the extension send first."""
    stub('GET', '/__reset')
    psql(sql, table)
    path = f'{RUN}/{operation}.{table}'
    with open(path, 'wb') as file:
        file.write(stub('GET', f'/__first/{operation}'))
    return path


def raw(request, count, *options):
    done = subprocess.run(
        [f'{RUN}/raw_limit', ENDPOINT + '/', request, str(count), *map(str, options)],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def load_page(layout):
    """Puts the items of the first page, as the stub writes them, in bench.page."""
    page = stub('POST', '/', json.dumps({'TableName': layout}),
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
    psql(f"COPY bench.page FROM '{path}' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')")


class Side:
    """One side of a comparison: a name and a measurement of one figure."""

    def __init__(self, name, unit, measure):
        self.name, self.unit, self.measure = name, unit, measure
        self.figures = []

    def median(self):
        return statistics.median(self.figures)


def per_call(function, n):
    return lambda: int(psql(f'SELECT bench.{function}({n})')[0]) / n / 1000


def raw_per_call(request, n, *options):
    return lambda: raw(request, n, *options)['cpu'] / n * 1e6


def per_megabyte(sql, table):
    def measure():
        size, nanoseconds = map(int, psql(sql, table))
        return nanoseconds / 1e6 / (size / 2**20)
    return measure


def raw_per_megabyte(request):
    def measure():
        result = raw(request, PAGES)
        return result['cpu'] * 1000 / (result['bytes'] / 2**20)
    return measure


def query(aggregates, table):
    return per_megabyte(f"SELECT * FROM bench.query('{aggregates}')", table)


def read_page(aggregates, table):
    return per_megabyte(
        f"SELECT * FROM bench.read_page('{table}', {PAGES}, '{aggregates}')", table)


def define_sides():
    get = record('GetItem', "SELECT ddb_get('user#42', '42')")
    atomic = record('TransactWriteItems', 'SELECT bench.set_atomic(1)')
    batch = record('BatchWriteItem', f'SELECT bench.set_many({BATCH})')
    page = record('Query', "SELECT ddb_query('P0000') LIMIT 1")
    connections = psql("LOAD 'atomic_dynamodb'; SHOW atomic_dynamodb.max_connections")[0]
    sides = {
        'get': Side('ddb_get, assigned', 'us', per_call('get_assigned', GETS)),
        'perform': Side('ddb_get, PERFORM', 'us', per_call('get_performed', GETS)),
        'get raw': Side('libcurl + signing', 'us', raw_per_call(get, GETS)),
        'get unsigned': Side('libcurl alone', 'us', raw_per_call(get, GETS, 1, 'unsigned')),
        'atomic': Side('ddb_set_atomic', 'us', per_call('set_atomic', ATOMICS)),
        'atomic raw': Side('libcurl + signing', 'us', raw_per_call(atomic, ATOMICS)),
        'set': Side(f'ddb_set of {ITEMS} items, an item', 'us',
                    per_call('set_many', ITEMS)),
        'set raw': Side('libcurl + signing, bodies ready-made', 'us',
                        lambda: raw(batch, ITEMS // BATCH, connections)['cpu'] / ITEMS * 1e6),
        'page raw': Side('libcurl, pages thrown away', 'ms/MB', raw_per_megabyte(page)),
    }
    for layout in ('map', 'text', 'plain'):
        load_page(layout)
        sides[f'count {layout}'] = Side(f'ddb_query, {COUNT}', 'ms/MB', query(COUNT, layout))
        sides[f'columns {layout}'] = Side('ddb_query, all columns', 'ms/MB', query(COLUMNS, layout))
        sides[f'jsonb_in {layout}'] = Side('jsonb_in', 'ms/MB', read_page(READ_ITEM, layout))
        sides[f'copy {layout}'] = Side('its loop without it', 'ms/MB', read_page(COPY_ITEM, layout))
    sides['both text'] = Side('jsonb_in of item and data', 'ms/MB', read_page(READ_BOTH, 'text'))
    return sides


def paired(top, bottom):
    """Median, least and greatest of the ratios of figures taken side by side."""
    ratios = [a / b for a, b in zip(top, bottom)]
    return statistics.median(ratios), min(ratios), max(ratios)


def show(what, ratio, bar=None):
    median, least, greatest = ratio
    verdict = ''
    if bar is not None:
        kind, limit = bar
        good = median <= limit if kind == '<=' else median >= limit
        verdict = f'{kind} {limit}  {"met" if good else "NOT MET"}'
    print(f'  {what:<58} {median:6.2f}  ({least:.2f} to {greatest:.2f})  {verdict}')


def bare(*sides):
    for side in sides:
        extra = f' = {1000 / side.median():.0f} MB/s' if side.unit == 'ms/MB' else ''
        print(f'      {side.name:<54} {side.median():6.2f} {side.unit}{extra}')


def show_calls(sides):
    raw_get = sides['get raw'].figures
    print('\n1. one item of 400 bytes: CPU time of a call, times that of libcurl')
    show('ddb_get, assigned to a row variable', paired(sides['get'].figures, raw_get), ('<=', 1.5))
    show('ddb_get, PERFORM', paired(sides['perform'].figures, raw_get), ('<=', 1.5))
    bare(sides['get'], sides['perform'], sides['get raw'], sides['get unsigned'])


def show_pages(sides):
    print(f'\n2. {PAGES} pages of 1 MB to rows: speed, times that of jsonb_in')
    transport = sides['page raw'].figures
    for layout, what in (('map', 'data as a map'), ('text', 'data as JSON text'),
                         ('plain', 'attributes beyond the layout, skipped')):
        counted = sides[f'count {layout}'].figures
        columns = sides[f'columns {layout}'].figures
        jsonb_in = sides[f'jsonb_in {layout}'].figures
        alone = [a - b for a, b in zip(jsonb_in, sides[f'copy {layout}'].figures)]
        received = [a - b for a, b in zip(counted, transport)]
        bar = ('>=', 1.5) if layout == 'map' else None
        print(f'  -- {what}')
        show('count(*), transport included', paired(jsonb_in, counted), bar)
        show('all columns, transport included', paired(jsonb_in, columns), bar)
        show('count(*) - transport, jsonb_in - its loop', paired(alone, received))
        if layout == 'text':
            both = sides['both text'].figures
            show('count(*), against jsonb_in of item and data', paired(both, counted), ('>=', 1.5))
            show('all columns, against jsonb_in of item and data', paired(both, columns), ('>=', 1.5))
        bare(sides[f'count {layout}'], sides[f'columns {layout}'],
             sides[f'jsonb_in {layout}'], sides[f'copy {layout}'])
        if layout == 'text':
            bare(sides['both text'])
    bare(sides['page raw'])


def show_writes(sides):
    print('\n3. for information')
    show('ddb_set_atomic (2 actions), times libcurl',
         paired(sides['atomic'].figures, sides['atomic raw'].figures))
    bare(sides['atomic'], sides['atomic raw'])
    show('ddb_set of a list, times libcurl with bodies ready-made',
         paired(sides['set'].figures, sides['set raw'].figures))
    bare(sides['set'], sides['set raw'])
    stub('GET', '/__reset')
    psql("SELECT count(*) FROM (SELECT * FROM ddb_query('P0000') LIMIT 10) AS s")
    requests = json.loads(stub('GET', '/__stats'))['Query']
    print(f'  requests for LIMIT 10 of {PAGES} pages: {requests}')


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    sides = define_sides()
    for number in range(rounds):
        # the order turns round, so that no side profits from its place
        for side in list(sides.values())[::1 if number % 2 == 0 else -1]:
            side.figures.append(side.measure())
    print(f'medians of {rounds} rounds (least and greatest in parentheses); '
          'CPU time of the client, which shares a core with the stub')
    show_calls(sides)
    show_pages(sides)
    show_writes(sides)


main()
