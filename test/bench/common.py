"""What all measurements of the benchmark share.

Expects what run has set up: the cluster that PG* point to, the stub at
ADDB_TEST_ENDPOINT (its process in ADDB_STUB_PID), raw_limit in ADDB_RUN, and in
ADDB_CORES the cores that may be used.
"""

import contextlib
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import urllib.parse

ENDPOINT = os.environ['ADDB_TEST_ENDPOINT']
RUN = os.environ['ADDB_RUN']
STUB_PID = int(os.environ['ADDB_STUB_PID'])
CORES = [int(core) for core in os.environ['ADDB_CORES'].split()]

# The stub's defaults.
PAGES = 100
PAGE_BYTES = 1 << 20

# Where client and server run. Apart, so that they do not wait for one another,
# or on one core, where a wake-up costs the least, and always the same.
TOGETHER = (CORES[-1], CORES[-1])
APART = (CORES[0], CORES[-1])


@contextlib.contextmanager
def cores(place):
    """Lets the stub and the clients started meanwhile run there."""
    global client_core
    client_core = place[0]
    os.sched_setaffinity(STUB_PID, {place[1]})
    try:
        yield
    finally:
        client_core = TOGETHER[0]
        os.sched_setaffinity(STUB_PID, {TOGETHER[1]})


client_core = TOGETHER[0]
serial = itertools.count(1)


class Backend:
    """A session whose backend runs on the client's core."""

    def __init__(self, table='map', **settings):
        self.psql = subprocess.Popen(
            ['psql', '-XqAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = int(self.row('SELECT pg_backend_pid()')[0])
        os.sched_setaffinity(self.pid, {client_core})
        self.run("LOAD 'atomic_dynamodb'")
        for name, value in {'table': table, **settings}.items():
            self.run(f'SET atomic_dynamodb."{name}" = \'{value}\'')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()

    def run(self, sql):
        """Runs a statement that returns nothing."""
        self.row(f"{sql}; SELECT 'done'")

    def row(self, sql):
        """The fields of the one row that a statement returns."""
        self.psql.stdin.write(sql + ';\n')
        self.psql.stdin.flush()
        line = self.psql.stdout.readline()
        if not line:
            sys.exit(f'{sql}\n{self.psql.stderr.read()}')
        return line.rstrip('\n').split('\t')

    def spent(self, sql):
        """What a statement did and cost: done, received, cpu, wall (ns)."""
        quoted = sql.replace("'", "''")
        return dict(zip(('done', 'received', 'cpu', 'wall'),
                        map(int, self.row(f"SELECT * FROM bench.spent('{quoted}')"))))


def stub(path, method='GET', body=None, headers=None):
    connection = http.client.HTTPConnection(
        urllib.parse.urlsplit(ENDPOINT).netloc, timeout=60)
    connection.request(method, path, body, headers or {})
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    if reply.status != 200:
        sys.exit(f'the stub answered {reply.status} to {path}')
    return content


@contextlib.contextmanager
def stub_set(latency=0, pages=PAGES, page_bytes=PAGE_BYTES):
    stub(f'/__latency/{latency}')
    stub(f'/__pages/{pages}')
    stub(f'/__page-bytes/{page_bytes}')
    try:
        yield
    finally:
        stub('/__latency/0')
        stub(f'/__pages/{PAGES}')
        stub(f'/__page-bytes/{PAGE_BYTES}')


def stub_requests():
    """Requests since the last reset, by operation."""
    counts = json.loads(stub('/__stats'))
    return {name: n for name, n in counts.items() if not name.startswith('_')}


def record(operation, sql, table='map'):
    """A file with the request of that operation that sql makes first."""
    stub('/__reset')
    with Backend(table) as backend:
        backend.row(sql)
    path = f'{RUN}/{operation}.{next(serial)}'
    with open(path, 'wb') as file:
        file.write(stub(f'/__first/{operation}'))
    return path


def raw(request, count, *options):
    """libcurl sending that request: ops, secs, cpu (s), bytes."""
    core = client_core
    done = subprocess.run(
        [f'{RUN}/raw_limit', ENDPOINT + '/', request, str(count), *map(str, options)],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


class Peak:
    """The most memory of its own that a process has while this is entered.

    In two halves of the time, so that a leak shows. Bytes above idle, which is
    what it had on entering.
    """

    def __init__(self, pid):
        self.path = f'/proc/{pid}/status'
        self.samples = []

    def now(self):
        with open(self.path, encoding='ascii') as file:
            for line in file:
                if line.startswith('RssAnon:'):
                    return int(line.split()[1]) * 1024
        return 0

    def sample(self):
        while not self.ended.wait(0.005):
            self.samples.append(self.now())

    def __enter__(self):
        self.idle = self.now()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        middle = len(self.samples) // 2
        self.first = max(self.samples[:middle], default=self.idle) - self.idle
        self.second = max(self.samples[middle:], default=self.idle) - self.idle
        self.above_idle = max(self.first, self.second)


class Side:
    """One side of a comparison: a name and a measurement of one figure."""

    def __init__(self, name, unit, measure):
        self.name, self.unit, self.measure = name, unit, measure
        self.figures = []

    def median(self):
        return statistics.median(self.figures)


def measure(sides, rounds):
    """Takes a figure of every side in every round.

    The order turns round each time, so that no side profits from its place.
    """
    for number in range(rounds):
        for side in list(sides.values())[::1 if number % 2 == 0 else -1]:
            side.figures.append(side.measure())


def ratio(top, bottom):
    """Median, least and greatest of the ratios of figures taken side by side."""
    ratios = [a / b for a, b in zip(top.figures, bottom.figures)]
    return statistics.median(ratios), min(ratios), max(ratios)


def verdict(figure, bar):
    if bar is None:
        return ''
    kind, limit = bar
    good = figure <= limit if kind == '<=' else figure >= limit
    return f'{kind} {limit}  {"met" if good else "NOT MET"}'


def heading(text):
    print(f'\n{text}', flush=True)


def show(what, ratios, bar=None):
    median, least, greatest = ratios
    spread = f'({least:.2f} to {greatest:.2f})'
    print(f'  {what:<62} {median:7.2f}  {spread:<18} {verdict(median, bar)}', flush=True)


def show_figure(what, figure, unit, bar=None):
    print(f'  {what:<62} {figure:7.2f}  {unit:<18} {verdict(figure, bar)}', flush=True)


def bare(*sides):
    for side in sides:
        extra = f' = {1000 / side.median():.0f} MB/s' if side.unit == 'ms/MB' else ''
        print(f'      {side.name:<58} {side.median():7.2f}  {side.unit}{extra}', flush=True)
