"""A long run: prints how many inputs it tried, how long the worst took, what failed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.target import Target, run

_SECONDS = 5  # of the processor; no input may take longer


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.fuzz', description=__doc__)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        target = Target(Path(name))
        until = time.monotonic() + options.seconds
        inputs = run(target, options.seed, lambda _: time.monotonic() < until)
    print(
        f'{inputs} inputs, {target.fixed} fixed, the worst took {target.worst:.2f} s, '
        f'{len(target.failures)} failed'
    )
    print(f'the worst: {target.slowest[:2000]}')
    for failure in target.failures:
        print(failure, file=sys.stderr)
    return 1 if target.failures or target.worst > _SECONDS else 0


if __name__ == '__main__':
    raise SystemExit(main())
