"""Hook: find every container whose script can run two Kaniko builds."""

from __future__ import annotations

from kaniko_hooks import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook on the files of the command line; return the exit code."""
    return start.run('check-kaniko-builds', argv)


def entry() -> None:
    """The console script."""
    start.leave(main)


if __name__ == '__main__':
    raise SystemExit(main())
