"""What memory of its own a backend takes in streams and loads."""

from common import Backend, Peak, heading, show_figure, stub_set
from loads import ITEMS, RECORDS
from pages import query_items

WORK = {
    'ddb_query, counted': "SELECT count(*) FROM ddb_query('P0000')",
    'ddb_query_items, counted': f"SELECT count(*) FROM {query_items('plain')}",
    'ddb_query_items into a table': f"INSERT INTO bench.unlogged SELECT item FROM {query_items('plain')} AS item",
    'ddb_scan, 8 segments, counted': "SELECT count(*) FROM ddb_scan('plain', segments => 8)",
    'ddb_put_agg(item)': ITEMS,
    'ddb_put_agg(to_jsonb(row))': RECORDS,
}


def run(_rounds):
    heading('6. memory of the backend above idle, in MB')
    for name, statement in WORK.items():
        connections = 32 if 'agg' in name else 8
        with stub_set(), Backend('plain', max_connections=connections) as backend:
            with Peak(backend.pid) as peak:
                backend.spent(statement)
        show_figure(f'{name}, {connections} connections', peak.above_idle / 2**20, 'MB', ('<=', 32))
        print(f'      first half of the time {peak.first / 2**20:.1f}, second half {peak.second / 2**20:.1f}')
