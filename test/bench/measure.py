"""Runs the measurements of test/bench/run and prints their tables.

    measure.py [rounds] [names]
"""

import sys

import calls
import entities
import loads
import memory
import pages
import scans
import tables

TABLES = {'calls': calls, 'pages': pages, 'tables': tables, 'scans': scans, 'loads': loads, 'memory': memory,
          'entities': entities}


def main():
    arguments = sys.argv[1:]
    rounds = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 7
    unknown = set(arguments) - set(TABLES)
    if unknown:
        sys.exit(f'no table of the benchmark is called {", ".join(sorted(unknown))}: there are {", ".join(TABLES)}')
    print(f'medians of {rounds} rounds (least and greatest in parentheses)')
    for name, table in TABLES.items():
        if not arguments or name in arguments:
            table.run(rounds)


main()
