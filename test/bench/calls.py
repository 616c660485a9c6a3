"""Calls of one item: CPU time of the backend, times that of libcurl."""

from common import Backend, Side, bare, heading, measure, ratio, raw, record, show

GETS = 1500
BIG_GETS = 400
ATOMICS = 1500


def per_call(backend, function, n):
    return lambda: int(backend.row(f'SELECT bench.{function}')[0]) / n / 1000


def raw_per_call(request, n, *options):
    return lambda: raw(request, n, *options)['cpu'] / n * 1e6


def run(rounds):
    get = record('GetItem', "SELECT ddb_get('user#42', '42')")
    big = record('GetItem', "SELECT ddb_get('big#42', '42')")
    atomic = record('TransactWriteItems', 'SELECT bench.set_atomic(1)')
    with Backend() as backend:
        def ours(name, function, n):
            return Side(name, 'us', per_call(backend, function, n))

        def libcurl(request, n, *options):
            name = 'libcurl alone' if options else 'libcurl + signing'
            return Side(name, 'us', raw_per_call(request, n, *options))

        sides = {
            'get': ours('ddb_get, assigned', f"get_assigned('user#42', {GETS})", GETS),
            'item': ours('ddb_get_item, assigned', f"get_item('user#42', {GETS})", GETS),
            'perform': ours('ddb_get, PERFORM', f"get_performed('user#42', {GETS})", GETS),
            'get raw': libcurl(get, GETS),
            'get unsigned': libcurl(get, GETS, 1, 'unsigned'),
            'atomic': ours('ddb_set_atomic', f'set_atomic({ATOMICS})', ATOMICS),
            'atomic raw': libcurl(atomic, ATOMICS),
            'big': ours('ddb_get, assigned', f"get_assigned('big#42', {BIG_GETS})", BIG_GETS),
            'big item': ours('ddb_get_item, assigned', f"get_item('big#42', {BIG_GETS})", BIG_GETS),
            'big raw': libcurl(big, BIG_GETS),
        }
        measure(sides, 3 * rounds)
    heading('1. one item: CPU time of a call, times that of libcurl with signing')
    show('GetItem, 400 B: ddb_get, assigned', ratio(sides['get'], sides['get raw']), ('<=', 1.4))
    show('GetItem, 400 B: ddb_get_item, assigned', ratio(sides['item'], sides['get raw']), ('<=', 1.4))
    show('GetItem, 400 B: ddb_get, PERFORM', ratio(sides['perform'], sides['get raw']))
    bare(*(sides[name] for name in ('get', 'item', 'perform', 'get raw', 'get unsigned')))
    show('TransactWriteItems of 2: ddb_set_atomic', ratio(sides['atomic'], sides['atomic raw']), ('<=', 1.4))
    bare(sides['atomic'], sides['atomic raw'])
    show('GetItem, 40 kB: ddb_get, assigned', ratio(sides['big'], sides['big raw']), ('<=', 6))
    show('GetItem, 40 kB: ddb_get_item, assigned', ratio(sides['big item'], sides['big raw']), ('<=', 6))
    bare(sides['big'], sides['big item'], sides['big raw'])
