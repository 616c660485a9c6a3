"""Holds what DynamoDB has in the end against the ledger."""

import re

from dynamodb import number
from ledger import ABSENT, OK, UNKNOWN


def check_counters(ledger, items):
    for key, counter in ledger.counters.items():
        value = number(items.get(key)) or 0
        least, most = counter.ok, counter.ok + counter.unknown
        if not least <= value <= most:
            yield f'the counter {key} is {value}: {counter.ok} additions succeeded, {counter.unknown} may have'
        for stored, times in counter.values.items():
            if times > 1 or stored > value:
                yield f'the counter {key}, {value} in the end, was reported to be {stored} by {times} additions'


def check_registers(ledger, items):
    for key, register in ledger.registers.items():
        value = number(items.get(key))
        if value not in register.possible():
            yield f'{key} is {value}, not one of {register.possible()}'


def check_fresh(ledger, items):
    for key, fresh in ledger.fresh.items():
        value = number(items.get(key))
        if len(fresh.winners) > 1:
            yield f'{key} was created by several: {fresh.winners}'
        elif fresh.winners and value != fresh.winners[0]:
            yield f'{key} is {value}, but {fresh.winners[0]} was told that it had created it'
        elif not fresh.winners and value is not ABSENT and value not in fresh.maybe:
            yield f'{key} is {value}, which nobody may have created: {fresh.maybe}, refused {fresh.refused}'
        elif value is ABSENT and fresh.refused:
            yield f'{key} is not there, but {fresh.refused} were told that it was'
        elif value in fresh.refused:
            yield f'{key} is {value}, whose writer was told that another had been there'


def check_pairs(ledger, items):
    for name, values in ledger.pairs.items():
        first, second = (number(items.get(('pair', name + side))) for side in 'ab')
        if first != second:
            yield f'the pair {name} is {first} and {second}'
        elif first not in values[OK] | values[UNKNOWN] and (values[OK] or first is not ABSENT):
            yield f'the pair {name} is {first}, which nobody wrote'


def check_strangers(ledger, items):
    """Items that no operation was to write; locks are on keys of their own."""
    known = set(ledger.counters) | set(ledger.registers) | set(ledger.fresh)
    known |= {('pair', name + side) for name in ledger.pairs for side in 'ab'}
    for key in items:
        if key not in known and not key[1].endswith('#lock'):
            yield f'nobody wrote {key}'


def check_server_log(text, kills):
    """Crashes other than those that were meant."""
    for line in text.splitlines():
        if re.search(r'PANIC:|TRAP: |terminated by signal (?!9\b)', line):
            yield f'the server log has: {line}'
    found = len(re.findall(r'was terminated by signal 9', text))
    if found > kills:
        yield f'{found} processes of the server were killed, {kills} by us'


def check_activity(ledger, least):
    """Each operation must have succeeded some times, or nothing was tested."""
    done = {}
    for (_, operation, sqlstate), times in ledger.outcomes.items():
        done[operation] = done.get(operation, 0) + (times if sqlstate == '00000' else 0)
    for operation, times in sorted(done.items()):
        if times < least:
            yield f'{operation} has succeeded {times} times only'


def problems(ledger, items, log, kills, least):
    found = list(ledger.violations)
    for check in (check_counters, check_registers, check_fresh, check_pairs, check_strangers):
        found += check(ledger, items)
    found += check_server_log(log, kills)
    found += check_activity(ledger, least)
    return found
