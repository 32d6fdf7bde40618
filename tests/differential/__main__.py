"""Compare scripts with real shells: `python -m tests.differential --seeds 0-999`."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence

from tests.differential.compare import Comparison, Miss, compare
from tests.differential.shells import Machine


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.differential')
    parser.add_argument('--seeds', default='0-99', metavar='FIRST-LAST', help='default: 0-99')
    parser.add_argument('--seconds', type=int, help='end after this time instead of a seed')
    parser.add_argument('--runs', type=int, default=9, metavar='N', help='of each script')
    parser.add_argument(
        '--false-alarms', action='store_true', help='list seeds with sharing that no run showed'
    )
    options = parser.parse_args(argv)
    first, _, last = options.seeds.partition('-')
    until = time.monotonic() + (options.seconds or 0)
    machine = Machine()
    results = []
    try:
        for seed in itertools.count(int(first)):
            if time.monotonic() > until if options.seconds else seed > int(last or first):
                break
            result = compare(machine, seed, options.runs)
            results.append(result)
            if result.miss:
                _print_miss(seed, result.evaluated, result.miss)
            elif options.false_alarms and _is_alarm(result) and result.observed < 2:
                print(
                    f'seed {seed}: {result.evaluated} builds evaluated, {result.observed} observed'
                )
    finally:
        machine.close()
    misses = sum(result.miss is not None for result in results)
    exact = sum(result.evaluated == result.observed for result in results)
    alarms = [result for result in results if _is_alarm(result)]
    unseen = sum(result.observed < 2 for result in alarms)
    too_much = sum(result.evaluated is None for result in results)
    print(
        f'{len(results)} scripts: {misses} misses, {exact} exact, {too_much} too much; '
        f'{len(alarms)} with sharing, of which {unseen} showed none in {options.runs} runs'
    )
    return int(misses > 0)


def _is_alarm(result: Comparison) -> bool:
    return result.evaluated is not None and result.evaluated > 1


def _print_miss(seed: int, evaluated: int | None, miss: Miss) -> None:
    print(f'seed {seed}: {evaluated} builds evaluated, {miss.builds} observed in {miss.shell}')
    print(f'  {miss.around}')
    for line in miss.sample.script.splitlines():
        print(f'    {line}')
    for path, text in miss.sample.files.items():
        print(f'  {path}')
        for line in text.splitlines():
            print(f'    {line}')


if __name__ == '__main__':
    sys.exit(main())
