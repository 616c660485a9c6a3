"""A scan in segments against one that has none, with a service that takes time."""

from common import (APART, CORES, Backend, Side, bare, cores, heading, measure, ratio, show, show_figure,
                    stub_set)

LATENCY_MS = 5

# Size of a page, and how many.
SHAPES = {'64 kB': (64 << 10, 400), '1 MB': (1 << 20, 60)}


class Scan(Side):
    """Seconds on the clock; cpu is what of them the backend computed, at the least."""

    def __init__(self, backend, segments):
        super().__init__(f'{segments} segment{"s" if segments > 1 else ""}', 's', self.scan)
        self.backend, self.segments = backend, segments
        self.cpu = float('inf')

    def scan(self):
        spent = self.backend.spent(f"SELECT count(*) FROM ddb_scan('plain', segments => {self.segments})")
        self.cpu = min(self.cpu, spent['cpu'] / 1e9)
        return spent['wall'] / 1e9


def run(rounds):
    heading(f'4. a scan with {LATENCY_MS} ms latency, on the clock: speed, times that of one segment')
    if len(CORES) < 2:
        print('  not measured: client and server need a core each')
        return
    for shape, (page_bytes, pages) in SHAPES.items():
        with cores(APART), stub_set(LATENCY_MS, pages, page_bytes), Backend('plain') as backend:
            sides = {n: Scan(backend, n) for n in (1, 2, 4, 8)}
            measure(sides, rounds)
        allowed = sides[1].median() / sides[4].cpu
        bar = ('>=', round(min(3, 0.8 * allowed), 2))
        for n in (2, 4, 8):
            show(f'{pages} pages of {shape}, {n} segments', ratio(sides[1], sides[n]), bar if n == 4 else None)
        bare(*sides.values())
        show_figure('what one core allows: the time of one segment / CPU time', allowed, 'times')
