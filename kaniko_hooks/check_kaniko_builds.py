"""Hook: find every container whose script can run two Kaniko builds."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Check the files of the command line; return the exit code."""
    try:
        return _check(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130  # 128 and the number of SIGINT, as shells count


def _check(argv: Sequence[str]) -> int:
    # Imported here, so that Ctrl-C meanwhile is caught as well.
    from kaniko_hooks.prefilter import nothing_matters

    seen: dict[str, bytes] = {}
    if nothing_matters(argv, seen):
        return 0
    from kaniko_hooks.ending import ended

    return ended('check-kaniko-builds', lambda: _real(argv, seen))


def _real(argv: Sequence[str], seen: dict[str, bytes]) -> int:
    from kaniko_hooks.commands import check

    return check(argv, seen)


def entry() -> None:
    """The console script: leaves without the time that it takes to free what nobody needs."""
    os._exit(main())


if __name__ == '__main__':
    raise SystemExit(main())
