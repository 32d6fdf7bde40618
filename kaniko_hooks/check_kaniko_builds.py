"""Hook: find every container whose script can run two Kaniko builds."""

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

    if nothing_matters(argv):
        # Only clients of hooks can do without an answer.
        if not os.environ.get('PRE_COMMIT'):
            _print('no findings: nothing here can build with Kaniko')
        return 0
    from kaniko_hooks.cli import run

    return run('check-kaniko-builds', argv)


def _print(line: str) -> None:
    try:
        print(line, file=sys.stderr)
    except OSError:
        # Python would try to write it once more at exit, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def entry() -> None:
    """The console script: leaves without the time that it takes to free what nobody needs."""
    import gc

    # Collections would take a tenth of the time, and more in a large repository.
    gc.disable()
    os._exit(main())


if __name__ == '__main__':
    raise SystemExit(main())
