"""Hook: rewrite GitLab jobs with several Kaniko builds into one job per build."""

from __future__ import annotations

from kaniko_hooks import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_HARMLESS = ('--unsafe', '--diff', '--exit-zero-even-if-changed')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook on the files of the command line; return the exit code."""
    return start.run('fix-kaniko-builds', argv, _HARMLESS)


def entry() -> None:
    """The console script."""
    start.leave(main)


if __name__ == '__main__':
    raise SystemExit(main())
