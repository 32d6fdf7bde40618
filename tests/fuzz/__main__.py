"""A long run: prints how many inputs it tried, how long the worst took, and what failed."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.fuzz.target import Target, inputs

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
    failures = [failure for _, _, _, failed in results for failure in failed]
    print(
        f'{sum(count for count, _, _, _ in results)} inputs, '
        f'{sum(rewritten for _, rewritten, _, _ in results)} rewritten, '
        f'the worst took {max(worst for _, _, worst, _ in results):.2f} s, '
        f'{len(failures)} failed'
    )
    for failure in failures:
        print(failure[:20_000], file=sys.stderr)
    return int(bool(failures))


def run(seed: int, seconds: float) -> tuple[int, int, float, list[str]]:
    """Numbers of inputs and of rewrites, the worst time, and the failures of one process."""
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
    return count, target.rewritten, target.worst, target.failures


if __name__ == '__main__':
    raise SystemExit(main())
