"""Hook: rewrite GitLab jobs with several Kaniko builds into one job per build."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook on the files of the command line; return the exit code."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130  # 128 and the number of SIGINT, as shells count


def _run(argv: Sequence[str]) -> int:
    # Imported here, so that Ctrl-C meanwhile is caught as well.
    from kaniko_hooks.prefilter import nothing_matters

    if nothing_matters(argv, ('--unsafe', '--diff', '--exit-zero-even-if-changed')):
        return 0
    from kaniko_hooks.cli import run

    return run('fix-kaniko-builds', argv)


def entry() -> None:
    """The console script: leaves without the time that it takes to free what nobody needs."""
    import gc

    # Collections would take a tenth of the time, and more in a large repository.
    gc.disable()
    os._exit(main())


if __name__ == '__main__':
    raise SystemExit(main())
