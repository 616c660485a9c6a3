"""The rows of a query into a table, and what of that is the table."""

from common import PAGE_BYTES, Backend, Side, bare, heading, measure, ratio, show, stub_set
from pages import query_items

# 51,000 rows, 20 MB of replies.
PAGES = 20


def insert(backend, table, source):
    """Milliseconds of CPU time for a page."""
    def figure():
        backend.run(f'TRUNCATE {table}')
        backend.run('CHECKPOINT')
        spent = backend.spent(f'INSERT INTO {table} SELECT item FROM {source} AS item')
        return spent['cpu'] / 1e6 / PAGES
    return figure


def count(backend):
    return lambda: backend.spent(f"SELECT count(*) FROM {query_items('plain')}")['cpu'] / 1e6 / PAGES


def run(rounds):
    streamed = query_items('plain')
    stored = '(SELECT item FROM bench.rows)'
    with Backend('plain') as backend, stub_set(pages=PAGES, page_bytes=PAGE_BYTES):
        backend.run(f'INSERT INTO bench.rows SELECT item FROM {streamed} AS item')
        sides = {
            'count': Side('ddb_query_items, counted', 'ms/MB', count(backend)),
            'unlogged': Side('ddb_query_items into an unlogged table', 'ms/MB',
                             insert(backend, 'bench.unlogged', streamed)),
            'unlogged only': Side('the same rows from a table into an unlogged table', 'ms/MB',
                                  insert(backend, 'bench.unlogged', stored)),
            'logged': Side('ddb_query_items into a logged table', 'ms/MB',
                           insert(backend, 'bench.logged', streamed)),
            'logged only': Side('the same rows from a table into a logged table', 'ms/MB',
                                insert(backend, 'bench.logged', stored)),
        }
        measure(sides, rounds)
    heading(f'3. {PAGES} pages of 1 MB into a table: which part of the CPU time is the table')
    show('the same rows from a table / from the query, unlogged', ratio(sides['unlogged only'], sides['unlogged']))
    show('the same rows from a table / from the query, logged', ratio(sides['logged only'], sides['logged']))
    bare(*sides.values())
