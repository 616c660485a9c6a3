"""Many sessions write DynamoDB while everything goes wrong, and every outcome
that was reported must be true.

Sessions of PostgreSQL work through a server that resets, cuts, delays, garbles,
throttles and refuses at random, in front of DynamoDB Local, while backends are
cancelled, terminated and killed. What each operation reported is kept in a
ledger outside of the database, and in the end DynamoDB is held against it:

  counters   are what succeeded, plus at most what was reported as unknown
  items      have a value whose write succeeded or is unknown; none is lost
  pairs      that transactions write are equal, whenever they are looked at
  creations  have one winner, and it is the one that was told so
  races      are reported on keys that others write, and on no other
  errors     have the SQLSTATEs that are documented; no crash, no hang

The run has two parts. In the first all faults occur, and sessions are ended. In
the second there are attempts enough for every fault: nothing may be reported as
unknown there but a write that cannot be repeated or looked up. Where the setting
idempotent_writes exists it is on, and there is no such write.

The seed decides what the sessions do and which request gets which fault; what
meets what depends on the machine, too.

A run that fails leaves the log of requests and the server's log in a directory
that it names: the one given with --keep, else a new one in TMPDIR or /tmp.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

import checks
from chaos import Chaos
from dynamodb import FaultServer, all_items, make_table
from ledger import Ledger
from psql import Psql
from worker import MODEL, Worker, literal

# Probabilities for a request.
STORM = {
    'delay': .03, 'late_answer': .03, 'drip': .01, 'chunked': .02, 'reset_before': .03, 'reset_after': .03,
    'cut': .03, 'hang_before': .002, 'hang_after': .002, 'error_before': .02, 'error_after': .02, 'throttle': .01,
    'throttle_after': .02, 'wrong_crc': .02, 'garbage': .02, 'conflict': .02, 'in_progress': .01, 'late': .03,
    'unprocessed': .05, 'empty_page': .05,
}
# Without conflicts, which are a result, not something to be got over, and without
# answers that make no sense, which a read does not get over. A session
# retries within a budget: a retry costs 14 tokens, of which a success gives the
# last 14 back, or else one. With p for all that costs a retry, 14 p^2 has to be
# less than (1 - p)^2 for the budget to last: p may be a fifth at most.
SETTLED = {
    'delay': .02, 'late_answer': .02, 'drip': .01, 'chunked': .02, 'reset_before': .015, 'reset_after': .025,
    'cut': .02, 'error_before': .01, 'error_after': .02, 'throttle_after': .01, 'wrong_crc': .015,
    'in_progress': .01, 'late': .015, 'unprocessed': .05, 'empty_page': .05,
}

# hurry: the part of the statements that get a short statement_timeout
Phase = collections.namedtuple('Phase', 'name faults settings strict hurry')
STORM_PHASE = Phase('storm', STORM, [], False, 0.04)
SETTLED_PHASE = Phase('settled', SETTLED, ['SET atomic_dynamodb.max_attempts = 20'], True, 0)


class Run:
    """What the workers share."""

    def __init__(self, options, upstream):
        self.seed = options.seed
        self.table = f'torture_{os.getpid()}'
        self.ledger = Ledger()
        self.stop = threading.Event()
        self.phase = STORM_PHASE
        make_table(upstream, self.table)
        self.faults = FaultServer(os.environ['ADDB_ROOT'], upstream, options.log)
        self.idempotent = self.prepare()
        self.settings = [
            f"""SET atomic_dynamodb.endpoint_url = '{self.faults.url}'""",
            f'SET atomic_dynamodb."table" = \'{self.table}\'',
            "SET atomic_dynamodb.request_timeout = '5s'",
            "SET atomic_dynamodb.connect_timeout = '10s'",
        ] + (['SET atomic_dynamodb.idempotent_writes = on'] if self.idempotent else [])
        self.workers = [Worker(self, number) for number in range(1, options.sessions + 1)]

    def prepare(self):
        """Registers the entity; returns whether there is idempotent_writes."""
        psql = Psql([])
        answer = psql.run(f"SELECT ddb_register_entity({literal(MODEL)}, '{self.table}')", 60)
        if not answer.ok:
            raise SystemExit(f'the entity cannot be registered: {answer.error}')
        answer = psql.run("SELECT current_setting('atomic_dynamodb.idempotent_writes', true) IS NOT NULL", 60)
        psql.close()
        return answer.rows == ['t']

    def enter(self, phase):
        self.faults.random(f'{self.seed} {phase.name}', phase.faults)
        self.phase = phase

    def finish(self):
        self.stop.set()
        for worker in self.workers:
            worker.join(120)
            if worker.is_alive():
                self.ledger.violation(f'session {worker.number} does not end')
        self.faults.random(0, {})


def report(run, chaos, seconds):
    table = collections.defaultdict(collections.Counter)
    for (phase, operation, sqlstate), times in run.ledger.outcomes.items():
        table[phase, operation][sqlstate] += times
    for (phase, operation), outcomes in sorted(table.items()):
        others = ' '.join(f'{state}: {times}' for state, times in sorted(outcomes.items()) if state != '00000')
        print(f'{phase:8} {operation:22} {outcomes["00000"]:6} ok  {others}')
    for key, counter in sorted(run.ledger.counters.items()):
        print(f'counter {"/".join(key):22} {counter.ok} ok, {counter.unknown} unknown')
    total = sum(run.ledger.outcomes.values())
    print(f'{total} operations in {seconds:.0f} s; {chaos.counts["cancelled"]} times a backend was cancelled, '
          f'{chaos.counts["terminated"]} times terminated, {chaos.counts["killed"]} times killed; '
          f'{sum(worker.psql.reconnects for worker in run.workers)} connections; '
          f'idempotent_writes {"on" if run.idempotent else "does not exist"}')


def parse_options():
    parser = argparse.ArgumentParser(prog='torture', description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=180, help='how long the sessions work (180)')
    parser.add_argument('--sessions', type=int, default=8, help='how many there are (8)')
    parser.add_argument('--kills', type=int, default=3, help='how often a backend is killed outright (3)')
    parser.add_argument('--seed', type=int, default=None, help='of an earlier run, to repeat it')
    parser.add_argument('--log', default=None, help='file for the log of requests')
    parser.add_argument('--keep', metavar='DIRECTORY', default=None, help='where a failed run leaves its logs')
    parser.add_argument('--dry-run', action='store_true', help='only check the options')
    parser.add_argument('--least', type=int, default=10, help='successes that each operation must have (10)')
    options = parser.parse_args()
    if options.keep is not None and not os.access(options.keep, os.W_OK):
        parser.error(f'cannot write to the directory {options.keep}')
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    options.log = options.log or os.path.join(os.environ.get('TMPDIR', '.'), f'requests.{os.getpid()}.json')
    return options


def keep_logs(options):
    """Puts the logs where they outlive the run, whose own directory is removed."""
    directory = options.keep
    if directory is None:
        # beside the run's directory, which is where temporary files go
        beside = os.path.dirname(os.environ['ADDB_RUN']) if 'ADDB_RUN' in os.environ else None
        directory = tempfile.mkdtemp(prefix='torture.', dir=beside)
    for path, name in ((options.log, 'requests.json'), (os.environ['ADDB_SERVER_LOG'], 'postgres.log')):
        if os.path.exists(path):
            shutil.copy(path, os.path.join(directory, name))
    print(f'seed {options.seed}; the logs are in {directory}', flush=True)


def torture(options):
    """The run; returns whether what was reported was true."""
    upstream = os.environ['ADDB_TEST_ENDPOINT']
    run = Run(options, upstream)
    start = time.monotonic()
    stormy = options.seconds * 0.6
    chaos = Chaos(run, stormy, [(kill + 0.5) / options.kills for kill in range(options.kills)])
    run.enter(STORM_PHASE)
    for thread in [*run.workers, chaos]:
        thread.start()
    time.sleep(stormy)
    chaos.stop.set()
    chaos.join(120)
    run.enter(SETTLED_PHASE)
    time.sleep(options.seconds - stormy)
    run.finish()
    # what was left behind may still be on its way
    time.sleep(2)
    report(run, chaos, time.monotonic() - start)
    with open(os.environ['ADDB_SERVER_LOG'], encoding='utf-8', errors='replace') as file:
        log = file.read()
    found = checks.problems(run.ledger, all_items(upstream, run.table), log, chaos.counts['killed'], options.least)
    run.faults.stop()
    for problem in found:
        print(f'not ok: {problem}')
    if not found:
        print('ok: what was reported is what is stored')
    return not found


def main():
    options = parse_options()
    if options.dry_run:
        return
    # a run that takes too long is ended like this, and has failed
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(f'ended by signal {number}'))
    print(f'seed {options.seed}', flush=True)
    done = False
    try:
        done = torture(options)
    finally:
        if not done:
            keep_logs(options)
    sys.exit(0 if done else 1)


if __name__ == '__main__':
    main()
