"""Cancels, terminates and kills the backends of the workers."""

import os
import random
import signal
import threading
import time

from psql import Hang, Psql


class Chaos(threading.Thread):
    """kills: at which parts of its time (0 to 1) a backend is killed outright,
    which makes the server end all others and start over."""

    def __init__(self, run, seconds, kills):
        super().__init__(daemon=True)
        self.shared = run
        self.seconds = seconds
        self.kills = sorted(kills)
        self.random = random.Random(f'{run.seed} chaos')
        self.psql = Psql([])
        self.counts = {'cancelled': 0, 'terminated': 0, 'killed': 0}
        self.stop = threading.Event()

    def run(self):
        start = time.monotonic()
        while not self.stop.wait(self.random.uniform(0.05, 0.6)):
            victim = self.random.choice(self.shared.workers).psql.pid
            if victim is None:
                continue
            part = (time.monotonic() - start) / self.seconds
            try:
                if self.kills and part > self.kills[0]:
                    self.kills.pop(0)
                    self.kill(victim)
                elif self.random.random() < 0.8:
                    self.call('cancelled', 'pg_cancel_backend', victim)
                else:
                    self.call('terminated', 'pg_terminate_backend', victim)
            except Hang as hang:
                self.shared.ledger.violation(f'the session that cancels others hangs: {hang}')
                return
        self.psql.close()

    def call(self, what, function, victim):
        if self.psql.run(f'SELECT {function}({victim})', 60).ok:
            self.counts[what] += 1

    def kill(self, victim):
        try:
            os.kill(victim, signal.SIGKILL)
            self.counts['killed'] += 1
        except ProcessLookupError:
            pass
