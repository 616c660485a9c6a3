"""What DynamoDB must hold, and may hold, after what the sessions were told.

Kept outside of the database, by the outcome that each operation reported:

  ok        it was carried out, once
  failed    it was not, and never will be
  unknown   it may have been, or may yet be: 08007, a write that was cancelled
            (57014), a connection that was lost

An unknown write may arrive late: the server may sit on a request whose sender
has gone. So it stays possible for a while after a later write that succeeded.
"""

import collections
import threading
import time

LATE = 15

OK, FAILED, UNKNOWN = 'ok', 'failed', 'unknown'
ABSENT = None


class Register:
    """A key that one session writes: the values that it may have now."""

    def __init__(self):
        self.value = ABSENT
        self.maybe = []        # (time, value) of unknown writes

    def wrote(self, outcome, value):
        now = time.monotonic()
        if outcome == OK:
            self.value = value
            self.maybe = [(when, old) for when, old in self.maybe if when > now - LATE]
        elif outcome == UNKNOWN:
            self.maybe.append((now, value))

    def possible(self):
        return [self.value] + [value for _, value in self.maybe]

    def certain(self):
        return not self.maybe


class Counter:
    """A number that all sessions add to."""

    def __init__(self):
        self.ok = 0
        self.unknown = 0
        self.values = collections.Counter()   # results that were reported as stored

    def added(self, outcome, value=None):
        if outcome == OK:
            self.ok += 1
            if value is not None:
                self.values[value] += 1
        elif outcome == UNKNOWN:
            self.unknown += 1


class Fresh:
    """A key that is written once, on the condition that it is not there."""

    def __init__(self):
        self.winners = []      # values whose writers were told that it is theirs
        self.maybe = []
        self.refused = []      # writers who were told that somebody else's is there


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.registers = collections.defaultdict(Register)
        self.counters = collections.defaultdict(Counter)
        self.fresh = collections.defaultdict(Fresh)
        self.pairs = collections.defaultdict(lambda: {OK: set(), UNKNOWN: set()})
        self.outcomes = collections.Counter()     # (phase, operation, SQLSTATE)
        self.violations = []

    def note(self, phase, operation, sqlstate):
        with self.lock:
            self.outcomes[phase, operation, sqlstate] += 1

    def violation(self, text):
        with self.lock:
            self.violations.append(text)
