"""A session at work: operations at random, each noted in the ledger."""

import json
import random
import re
import threading
import time

from ledger import ABSENT, FAILED, LATE, OK, UNKNOWN
from psql import LOST, Hang, Psql

# Every statement has this as its statement_timeout; much more is a hang.
STATEMENT_TIMEOUT = 30
LIMIT = STATEMENT_TIMEOUT + 30

REGISTERS = 6
SHARED = 3

# What a write may end with so that it is known not to have happened, whatever
# it is: a conflict, throttling, no connection.
REFUSED = {'40001', '53000', '08001'}
DOUBT = {'08007', '57014', LOST}
# What a read may end with while the service misbehaves.
READ_FAILED = {'08006', '08P01', '58000', '53000', '08001', '57014', '40001', LOST}
# What nothing may end with when there are attempts enough.
EXHAUSTED = {'53000', '58000', '08006', '08P01', '08001'}

MODEL = {
    'model': {'entity': 'torture', 'version': '1', 'service': 'test'},
    'attributes': {'id': {'type': 'string'}, 'v': {'type': 'number'}},
    'indexes': {'main': {'pk': {'field': 'pk', 'composite': ['id']}, 'sk': {'field': 'sk', 'composite': []}}},
}


def entity_key(name):
    """The key under which the entity with that id is stored."""
    return f'$test#id_{name}', '$torture_1'


def literal(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return "'" + text.replace("'", "''") + "'"


def failed_before(answer):
    """Whether it is a read that failed, of those that go before some writes."""
    return answer.sqlstate in READ_FAILED - DOUBT and re.search(
        r'^CONTEXT:  DynamoDB (?:DescribeTable|GetItem) ', answer.error, re.M)


def stored_number(item):
    return json.loads(item['data'])['v'] if 'data' in item else item['v']


class Worker(threading.Thread):
    def __init__(self, run, number):
        super().__init__(daemon=True)
        self.shared = run
        self.ledger = run.ledger
        self.number = number
        self.pk = f's{number}'
        self.random = random.Random(f'{run.seed} session {number}')
        self.psql = Psql([f"SET statement_timeout = '{STATEMENT_TIMEOUT}s'", *run.settings])
        self.phase = None
        self.serial = 0
        self.lock = None
        self.race_until = 0
        self.operations = [name for name in dir(self) if name.startswith('do_')]

    def run(self):
        try:
            while not self.shared.stop.is_set():
                if self.phase is not self.shared.phase:
                    self.enter(self.shared.phase)
                getattr(self, self.random.choice(self.operations))()
        except Hang as hang:
            self.ledger.violation(f'session {self.number} hangs: {hang}')
        except Exception as problem:    # the thread's last word
            self.ledger.violation(f'session {self.number} broke off: {problem!r}')
        finally:
            self.psql.close()

    def enter(self, phase):
        self.phase = phase
        self.psql.settings = [f"SET statement_timeout = '{STATEMENT_TIMEOUT}s'", *self.shared.settings, *phase.settings]
        self.psql.close()

    # one statement

    def ask(self, operation, sql):
        """Runs a statement, at times with little time; notes how it ended."""
        hurry = self.random.random() < self.phase.hurry
        if hurry:
            self.psql.run(f"SET statement_timeout = '{self.random.randrange(1, 200)}ms'", LIMIT)
        answer = self.psql.run(sql, LIMIT)
        if hurry:
            # may itself run out of time; then the session begins anew
            if not self.psql.run(f"SET statement_timeout = '{STATEMENT_TIMEOUT}s'", LIMIT).ok:
                self.psql.close()
        self.ledger.note(self.phase.name, operation, answer.sqlstate)
        if self.phase.strict and answer.sqlstate in EXHAUSTED:
            self.complain(operation, sql, answer, 'although there were attempts enough')
        return answer

    def complain(self, operation, sql, answer, why):
        self.ledger.violation(
            f'{self.phase.name}, session {self.number}, {operation}: {answer.sqlstate} {why}\n'
            f'  {sql[:500]}\n  {answer.error[:1200]}')

    def write(self, operation, sql, expected=(), once=False):
        """Runs a write; returns its outcome and the answer. expected: SQLSTATEs
        by which it is refused. once: it cannot be repeated or looked up, so that
        a lost answer leaves its outcome unknown."""
        answer = self.ask(operation, sql)
        if answer.ok:
            return OK, answer
        if answer.sqlstate in REFUSED or answer.sqlstate in expected or failed_before(answer):
            return FAILED, answer
        if answer.sqlstate not in DOUBT:
            self.complain(operation, sql, answer, 'is not expected')
        elif answer.sqlstate == '08007' and self.phase.strict and not once:
            self.complain(operation, sql, answer, 'of a write that can be settled')
        return UNKNOWN, answer

    def read(self, operation, sql):
        """Runs a read; returns its rows or None."""
        answer = self.ask(operation, sql)
        if not answer.ok and answer.sqlstate not in READ_FAILED:
            self.complain(operation, sql, answer, 'is not expected of a read')
        return answer.rows if answer.ok else None

    def next_value(self):
        self.serial += 1
        return self.number * 10_000_000 + self.serial

    def register_name(self):
        return f'r{self.random.randrange(REGISTERS)}'

    def register(self, sk):
        return self.ledger.registers[self.pk, sk]

    # numbers that all sessions add to

    def do_atomic_increment(self):
        name = f'n{self.random.randrange(SHARED)}'
        counter = self.ledger.counters['atomic', name]
        for _ in range(8):
            outcome, answer = self.write('get_lock', f"SELECT ddb_get_lock('atomic', '{name}#lock')")
            if outcome != OK:
                continue
            lock = answer.rows[0]
            rows = self.read('get', f"SELECT data ->> 'v' FROM ddb_get('atomic', '{name}', consistent => true)")
            if rows is None:
                continue
            value = int(rows[0] or 0) + 1
            outcome, _ = self.write('set_atomic', f"""SELECT ddb_set_atomic('atomic', '{name}', '{{"v": {value}}}', {literal(lock)}::ddb_lock)""")
            with self.ledger.lock:
                counter.added(outcome, value)
            if outcome != FAILED:
                return

    def do_add(self):
        name = f'n{self.random.randrange(SHARED)}'
        returned = self.random.random() < 0.3
        outcome, answer = self.write('update_item ADD',
            f"""SELECT ddb_update_item(NULL, '{{"pk": "add", "sk": "{name}"}}', 'ADD v :one', '{{"one": 1}}'"""
            + (", return_values => 'updated_new')" if returned else ')'),
            once=returned or not self.shared.idempotent)
        value = json.loads(answer.rows[0])['v'] if outcome == OK and returned else None
        with self.ledger.lock:
            self.ledger.counters['add', name].added(outcome, value)

    def do_entity_add(self):
        outcome, _ = self.write('entity_update add',
            """SELECT ddb_entity_update('torture', '{"id": "sum"}', '{"add": {"v": 1}}')""",
            once=not self.shared.idempotent)
        with self.ledger.lock:
            self.ledger.counters[entity_key('sum')].added(outcome)

    def transact(self, operation, actions, token=None, expected=()):
        """ddb_transact_write; a cancellation is a refusal. Returns outcome, code."""
        argument = f', token => {literal(token)}' if token else ''
        outcome, answer = self.write(operation,
            "SELECT canceled, (SELECT string_agg(code, ',') FROM unnest(data)) "
            f'FROM ddb_transact_write({literal(actions)}{argument})', expected)
        if outcome != OK:
            return outcome, answer.sqlstate
        canceled, _, codes = answer.rows[0].partition('|')
        return (FAILED, codes) if canceled == 't' else (OK, codes)

    def do_transact_add(self):
        name = f't{self.random.randrange(SHARED)}'
        outcome, codes = self.transact('transact_write add', [
            {'op': 'update', 'table': self.shared.table, 'key': {'pk': 'add', 'sk': name}, 'add': {'v': 1}}])
        if outcome == FAILED and 'ConditionalCheckFailed' in codes:
            self.ledger.violation(f'a transaction without a condition was refused: {codes}')
        with self.ledger.lock:
            self.ledger.counters['add', name].added(outcome)

    def do_transact_token(self):
        """The same token until it is done: that counts once, whatever happened."""
        token = f'{self.shared.seed}-{self.number}-{self.next_value()}'
        action = [{'op': 'update', 'table': self.shared.table, 'key': {'pk': 'add', 'sk': 'once'}, 'add': {'v': 1}}]
        doubt = False
        for _ in range(12):
            outcome, _ = self.transact('transact_write token', action, token)
            if outcome == OK:
                break
            doubt = doubt or outcome == UNKNOWN
        if outcome == FAILED and doubt:
            outcome = UNKNOWN
        with self.ledger.lock:
            self.ledger.counters['add', 'once'].added(outcome)

    # two items that are equal

    def pair_key(self):
        return f'p{self.random.randrange(SHARED)}'

    def do_pair(self):
        name, value = self.pair_key(), self.next_value()
        table = self.shared.table
        outcome, _ = self.transact('transact_write pair', [
            {'op': 'put', 'table': table, 'item': {'pk': 'pair', 'sk': name + 'a', 'v': value}},
            {'op': 'update', 'table': table, 'key': {'pk': 'pair', 'sk': name + 'b'}, 'set': {'v': value}}])
        if outcome != FAILED:
            with self.ledger.lock:
                self.ledger.pairs[name][outcome].add(value)

    def do_read_pair(self):
        name = self.pair_key()
        gets = [{'table': self.shared.table, 'key': {'pk': 'pair', 'sk': name + side}} for side in 'ab']
        rows = self.read('transact_get', "SELECT canceled, (SELECT jsonb_agg(item -> 'v') FROM unnest(data)) "
                         f'FROM ddb_transact_get({literal(gets)})')
        if rows and rows[0].startswith('f'):
            first, second = json.loads(rows[0][2:])
            if first != second:
                self.ledger.violation(f'the pair {name} was read as {first} and {second}')

    # keys of this session's own

    def set_register(self, operation, sql, values):
        """A write of one key or of several, which then need not all be written."""
        outcome, _ = self.write(operation, sql)
        if outcome == FAILED and len(values) > 1:
            outcome = UNKNOWN
        with self.ledger.lock:
            for sk, value in values.items():
                self.register(sk).wrote(outcome, value)

    def do_set(self):
        sk, value = self.register_name(), self.next_value()
        ttl = self.random.choice(('', ", ttl => now() + interval '1 day'"))
        self.set_register('set', f"""SELECT ddb_set('{self.pk}', '{sk}', '{{"v": {value}}}'{ttl})""", {sk: value})

    def do_put_item(self):
        sk, value = self.register_name(), self.next_value()
        self.set_register('put_item', f"SELECT ddb_put_item(NULL, {literal({'pk': self.pk, 'sk': sk, 'v': value})})", {sk: value})

    def do_update_set(self):
        sk, value = 'u' + self.register_name(), self.next_value()
        self.set_register('update_item SET', f"""SELECT ddb_update_item(NULL, {literal({'pk': self.pk, 'sk': sk})},
            'SET v = :v', '{{"v": {value}}}')""", {sk: value})

    def do_delete(self):
        sk = self.register_name()
        key = literal({'pk': self.pk, 'sk': sk})
        sql = self.random.choice((f"SELECT ddb_delete('{self.pk}', '{sk}')", f'SELECT ddb_delete_item(NULL, {key})'))
        self.set_register('delete', sql, {sk: ABSENT})

    def do_set_list(self):
        values = {f'b{at}': self.next_value() for at in range(self.random.choice((2, 30)))}
        items = [{'pk': self.pk, 'sk': sk, 'data': {'v': value}} for sk, value in values.items()]
        self.set_register('set list', f'SELECT ddb_set({literal(items)})', values)

    def do_batch_write(self):
        values = {f'b{at}': self.random.choice((ABSENT, self.next_value())) for at in range(30)}
        requests = [{'delete': {'pk': self.pk, 'sk': sk}} if value is ABSENT else
                    {'put': {'pk': self.pk, 'sk': sk, 'v': value}} for sk, value in values.items()]
        self.set_register('batch_write', f'SELECT ddb_batch_write(NULL, {literal(requests)})', values)

    def do_aggregate(self):
        first = self.next_value()
        self.serial += 40
        values = {f'b{at}': first + at for at in range(40)}
        item = f"jsonb_build_object('pk', '{self.pk}', 'sk', 'b' || n, 'v', {first} + n)"
        sql = self.random.choice((f'ddb_put_agg(NULL, {item})',
                                  f"ddb_set_agg('{self.pk}', 'b' || n, jsonb_build_object('v', {first} + n))"))
        self.set_register('aggregate', f'SELECT {sql} FROM generate_series(0, 39) AS n', values)

    def entity_register(self):
        name = f'{self.pk}-{self.random.randrange(REGISTERS)}'
        return name, self.ledger.registers[entity_key(name)]

    def do_entity_put(self):
        name, register = self.entity_register()
        value = self.next_value()
        sql = self.random.choice((
            f"SELECT ddb_entity_put('torture', {literal({'id': name, 'v': value})})",
            f"SELECT ddb_entity_upsert('torture', {literal({'id': name, 'v': value})})",
            f"SELECT ddb_entity_batch_put('torture', {literal([{'id': name, 'v': value}])})"))
        outcome, _ = self.write('entity put', sql)
        with self.ledger.lock:
            register.wrote(outcome, value)

    def do_entity_delete(self):
        name, register = self.entity_register()
        outcome, _ = self.write('entity_delete', f"SELECT ddb_entity_delete('torture', {literal({'id': name})})")
        with self.ledger.lock:
            register.wrote(outcome, ABSENT)

    # conditions that only this session can make fail

    def do_own_atomic(self):
        if self.lock is None:
            outcome, answer = self.write('get_lock', f"SELECT ddb_get_lock('{self.pk}', 'own#lock')")
            if outcome != OK:
                return
            self.lock = answer.rows[0]
        value = self.next_value()
        lock = f'{literal(self.lock)}::ddb_lock'
        several = self.random.random() < 0.5
        if several:
            items = [{'pk': self.pk, 'sk': sk, 'data': {'v': value}} for sk in ('own', 'own2')]
            sql = f'SELECT ddb_set_atomic({literal(items)}::jsonb, {lock})'
        else:
            sql = f"""SELECT ddb_set_atomic('{self.pk}', 'own', '{{"v": {value}}}', {lock})"""
        outcome, answer = self.write('set_atomic own', sql)
        with self.ledger.lock:
            for sk in ('own', 'own2') if several else ('own',):
                self.register(sk).wrote(outcome, value)
        if outcome == OK:
            self.lock = answer.rows[0]
            return
        self.lock = None
        if outcome == UNKNOWN:
            self.race_until = time.monotonic() + LATE
        elif 'RaceCondition' in answer.error and time.monotonic() > self.race_until:
            self.complain('set_atomic own', sql, answer, 'although nobody else has this lock')

    def do_own_condition(self):
        """A put on the condition that the key still has the value put last."""
        register = self.register('cond')
        with self.ledger.lock:
            certain, old = register.certain(), register.value
        if not certain:
            old = self.certain_value('cond', register)
            if old is LOST:
                return
        value = self.next_value()
        item = literal({'pk': self.pk, 'sk': 'cond', 'v': value})
        condition = "'attribute_not_exists(pk)'" if old is ABSENT else f"""'v = :old', '{{"old": {old}}}'"""
        sql = f'SELECT ddb_put_item(NULL, {item}, {condition})'
        outcome, answer = self.write('put_item condition', sql, {'23000'}, once=not self.shared.idempotent)
        if answer.sqlstate == '23000' and certain:
            self.complain('put_item condition', sql, answer, 'although nobody else writes this key')
        with self.ledger.lock:
            register.wrote(outcome, value)

    def certain_value(self, sk, register):
        """Waits until no unknown write can be under way, then looks."""
        with self.ledger.lock:
            newest = max(when for when, _ in register.maybe)
        if time.monotonic() < newest + LATE:
            return LOST
        rows = self.read('get_item', f"SELECT ddb_get_item(NULL, {literal({'pk': self.pk, 'sk': sk})}, consistent => true)")
        if rows is None:
            return LOST
        value = stored_number(json.loads(rows[0])) if rows[0] else ABSENT
        with self.ledger.lock:
            if value not in register.possible():
                self.ledger.violations.append(f'{self.pk}/{sk} was read as {value}, not {register.possible()}')
            register.wrote(OK, value)
            register.maybe = []
        return value

    # creations

    def do_create(self):
        alone = self.random.random() < 0.6
        value = self.next_value()
        name = f'{self.number}-{value}' if alone else f'all-{int(time.monotonic() * 2)}'
        kind = self.random.randrange(3)
        if kind == 0:
            key = ('fresh', name)
            outcome, answer = self.write('put_item create',
                f"SELECT ddb_put_item(NULL, {literal({'pk': 'fresh', 'sk': name, 'v': value})}, 'attribute_not_exists(pk)')",
                {'23000'}, once=not self.shared.idempotent)
            refused = answer.sqlstate == '23000'
        elif kind == 1:
            key = entity_key('fresh-' + name)
            outcome, answer = self.write('entity_create',
                f"SELECT ddb_entity_create('torture', {literal({'id': 'fresh-' + name, 'v': value})})",
                {'23505'}, once=not self.shared.idempotent)
            refused = answer.sqlstate == '23505'
        else:
            key = ('fresh', 't' + name)
            outcome, codes = self.transact('transact_write create', [
                {'op': 'create', 'table': self.shared.table, 'item': {'pk': 'fresh', 'sk': 't' + name, 'v': value}}])
            refused = outcome == FAILED and 'ConditionalCheckFailed' in codes
        with self.ledger.lock:
            fresh = self.ledger.fresh[key]
            if outcome == OK:
                fresh.winners.append(value)
            elif outcome == UNKNOWN:
                fresh.maybe.append(value)
            elif refused:
                fresh.refused.append(value)

    # reads

    def do_read_register(self):
        sk = self.register_name()
        register = self.register(sk)
        before = register.possible()
        if self.random.random() < 0.5:
            sql = f"SELECT ddb_get_item(NULL, {literal({'pk': self.pk, 'sk': sk})}, consistent => true)"
        else:
            sql = f"SELECT * FROM ddb_batch_get(NULL, {literal([{'pk': self.pk, 'sk': sk}])}, consistent => true)"
        rows = self.read('get_item', sql)
        if rows is None:
            return
        value = stored_number(json.loads(rows[0])) if rows and rows[0] else ABSENT
        if value not in before:
            self.ledger.violation(f'{self.pk}/{sk} was read as {value}, not as one of {before}')

    def do_query(self):
        possible = {sk: register.possible() for (pk, sk), register in list(self.ledger.registers.items()) if pk == self.pk}
        rows = self.read('query_items', "SELECT * FROM ddb_query_items(NULL, 'pk = :p', "
                         f"{literal({'p': self.pk})}, consistent => true, page_size => {self.random.choice((3, 20))})")
        if rows is None:
            return
        items = [json.loads(row) for row in rows]
        keys = [item['sk'] for item in items]
        if keys != sorted(set(keys)):
            self.ledger.violation(f'a query of {self.pk} brought the keys {keys}')
        found = {item['sk']: stored_number(item) for item in items if 'version' not in item}
        for sk, values in possible.items():
            if found.get(sk, ABSENT) not in values:
                self.ledger.violation(f'{self.pk}/{sk} was queried as {found.get(sk)}, not as one of {values}')

    def do_stream(self):
        self.read('query', f"SELECT count(*) FROM ddb_query('{self.pk}', page_size => 5)")

    def do_stream_left(self):
        self.read('query limit', f"SELECT sk FROM ddb_query('{self.pk}', page_size => 2) LIMIT 3")

    def do_count(self):
        self.read('count', f"SELECT ddb_count(NULL, 'pk = :p', {literal({'p': self.pk})})")

    def do_scan(self):
        if self.random.random() < 0.3:
            self.read('scan', 'SELECT count(*) FROM ddb_scan(page_size => 100, segments => 3)')
