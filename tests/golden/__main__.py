"""`python -m tests.golden [--write] [shell|gitlab|other-ci|fix …]`."""

from __future__ import annotations

import sys

from tests.golden.data import differences, write
from tests.golden.record import RECORDERS


def main(argv: list[str]) -> int:
    kinds = [argument for argument in argv if argument != '--write'] or list(RECORDERS)
    changed = 0
    for kind in kinds:
        if '--write' in argv:
            write(kind)
            continue
        for text in differences(kind):
            print(f'{kind}: {text}')
            changed += 1
    return min(changed, 1)


if __name__ == '__main__':
    raise SystemExit(main(sys.argv[1:]))
