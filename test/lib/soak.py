"""Calls the extension very often and fails when a backend grows.

Expects a cluster with the extension in the database that PG* point to, and the
canned server of test/bench at the endpoint of its configuration. Each backend
makes its share of the calls (soak.sql: reads, writes, batches, streams that are
left, refusals, lost answers), and after every fiftieth part is measured: its
memory that no other process shares, the memory contexts, file descriptors and
sockets. The first tenth of the samples is warm-up. Then the means of the second
and the last tenth are compared.

What may be between them:

  memory       what a leak of 32 bytes, the least that malloc() gives, in one of
               the twenty kinds of calls would lose in that time, and no less
               than 128 kB, which malloc's fragments and the server's caches
               are seen to move by
  contexts     64 kB, which is a few blocks of a context's
  descriptors  2: a batch opens connections when it needs them
  sockets      2
"""

import argparse
import glob
import os
import subprocess
import sys
import threading
import time

SAMPLES = 50
KINDS = 20
LEAST_BLOCK = 32
MEMORY_NOISE = 128 * 1024
CONTEXT_NOISE = 64 * 1024
DESCRIPTOR_NOISE = 2
CANCELS_PER_SAMPLE = 5


class Backend:
    """A session, its process, and what has been measured of it."""

    def __init__(self, number, calls):
        self.number = number
        self.calls = calls
        self.samples = []
        self.failed = self.cancelled = 0
        self.problem = None
        self.psql = subprocess.Popen(
            ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = int(self.value('SELECT pg_backend_pid()'))
        for name, value in (('table', 'map'), ('max_attempts', 1), ('max_connections', 4),
                            ('transact_retries', 0)):
            self.value(f"""SELECT ddb_marshall('1'); SET atomic_dynamodb."{name}" = '{value}'""")

    def value(self, sql):
        """The first line of what a statement prints."""
        self.psql.stdin.write(f"{sql};\n\\echo end\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == 'end\n':
                return lines[0] if lines else ''
            lines.append(line.rstrip('\n'))
        raise RuntimeError(f'the session of backend {self.number} is gone')

    def run(self):
        try:
            share = self.calls // SAMPLES
            for sample in range(SAMPLES):
                self.work(sample * share, share)
                self.samples.append(self.measure())
        except (RuntimeError, OSError, ValueError) as problem:
            self.problem = str(problem)

    def work(self, start, count):
        self.failed += int(self.value(f'SELECT soak.calls({start}, {count - CANCELS_PER_SAMPLE})'))
        for cancel in range(CANCELS_PER_SAMPLE):
            sql = f"SET statement_timeout = 20; SELECT soak.cancelled({cancel})"
            self.cancelled += self.value(sql) == 't'
            self.value('RESET statement_timeout')

    def measure(self):
        links = []
        for path in glob.glob(f'/proc/{self.pid}/fd/*'):
            try:
                links.append(os.readlink(path))
            except FileNotFoundError:
                pass
        with open(f'/proc/{self.pid}/status', encoding='ascii') as status:
            anonymous = next(line.split()[1] for line in status if line.startswith('RssAnon'))
        return {
            'memory': int(anonymous) * 1024,
            'contexts': int(self.value('SELECT sum(total_bytes) FROM pg_backend_memory_contexts')),
            'descriptors': len(links),
            'sockets': sum(link.startswith('socket:') for link in links),
        }


def mean(samples, name):
    return sum(sample[name] for sample in samples) / len(samples)


def verdict(backend):
    """Prints what a backend has come to; returns whether it is level."""
    tenth = SAMPLES // 10
    first, last = backend.samples[tenth:2 * tenth], backend.samples[-tenth:]
    between = backend.calls * 8 // 10
    limits = {
        'memory': max(MEMORY_NOISE, between // KINDS * LEAST_BLOCK),
        'contexts': CONTEXT_NOISE,
        'descriptors': DESCRIPTOR_NOISE,
        'sockets': DESCRIPTOR_NOISE,
    }
    level = True
    for name, limit in limits.items():
        before, after = mean(first, name), mean(last, name)
        good = after - before <= limit
        level = level and good
        print(f'{"ok" if good else "not ok"}: backend {backend.number}, {name}: '
              f'{before:.0f}, then {after:.0f} (at most {limit} more)')
    return level


def main():
    parser = argparse.ArgumentParser(prog='soak', description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--calls', type=int, default=1_000_000, help='in all (1000000)')
    parser.add_argument('--backends', type=int, default=4, help='how many sessions share them (4)')
    parser.add_argument('--dry-run', action='store_true', help='only check the options')
    options = parser.parse_args()
    if options.dry_run:
        sys.exit(0)
    share = max(options.calls // options.backends, 10 * SAMPLES)
    backends = [Backend(number, share) for number in range(1, options.backends + 1)]
    start = time.monotonic()
    threads = [threading.Thread(target=backend.run) for backend in backends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    level = True
    for backend in backends:
        if backend.problem:
            print(f'not ok: backend {backend.number}: {backend.problem}')
            level = False
        else:
            level = verdict(backend) and level
    failed = sum(backend.failed for backend in backends)
    cancelled = sum(backend.cancelled for backend in backends)
    print(f'{share // SAMPLES * SAMPLES * len(backends)} calls, {failed} of them failed and {cancelled} '
          f'were cancelled, as they were to, in {seconds:.0f} s')
    # Five kinds of twenty fail: no fault, no test.
    if failed < share * len(backends) // 5 or cancelled < SAMPLES * len(backends):
        print('not ok: the server did not misbehave')
        level = False
    sys.exit(0 if level else 1)


main()
