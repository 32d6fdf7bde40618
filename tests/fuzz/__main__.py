"""A long run: prints how many inputs it tried, how long the worst took, and what failed."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.target import SECONDS, Target, inputs

_MEMORY = 2 * 1024**3  # bytes that a process may have


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.fuzz', description=__doc__)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--processes', type=int, default=2)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.processes)
    with ProcessPoolExecutor(options.processes) as pool:
        results = list(pool.map(run, seeds, [options.seconds] * options.processes))
    failures = [failure for _, target in results for failure in target.failures]
    slow = [line for _, target in results for line in target.slow]
    print(
        f'{sum(count for count, _ in results)} inputs, '
        f'{sum(target.rewritten for _, target in results)} rewritten, '
        f'{len(slow)} took more than {SECONDS:.0f} s, '
        f'the worst {max(target.worst for _, target in results):.2f} s, '
        f'{len(failures)} failed'
    )
    for line in (*failures, *slow):
        print(line[:20_000], file=sys.stderr)
    return int(bool(failures))


def run(seed: int, seconds: float) -> tuple[int, Target]:
    """The number of inputs of one process, and what became of them."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    until = time.monotonic() + seconds
    count = 0
    with tempfile.TemporaryDirectory() as name:
        target = Target(Path(name))
        for path, data in inputs(seed):
            if time.monotonic() > until:
                break
            target.try_input(path, data)
            count += 1
    return count, target


if __name__ == '__main__':
    raise SystemExit(main())
