"""The start of both hooks, which every commit pays for."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run(hook: str, argv: Sequence[str] | None, harmless: Sequence[str] = ()) -> int:
    """Run a hook on the files of the command line; return the exit code.

    `harmless`: see `nothing_matters`.
    """
    try:
        # Imported here, so that Ctrl-C meanwhile is caught as well.
        from kaniko_hooks.prefilter import nothing_matters

        argv = sys.argv[1:] if argv is None else argv
        # Only clients of hooks can do without an answer.
        if os.environ.get('PRE_COMMIT') and nothing_matters(argv, harmless):
            return 0
        from kaniko_hooks import cli

        return cli.run(hook, argv)
    except KeyboardInterrupt:
        return 130  # 128 and the number of SIGINT, as shells count


def leave(main: Callable[[], int]) -> None:
    """Run a console script without the time that it takes to free what nobody needs."""
    import gc

    # Collections would take a tenth of the time, and more in a large repository.
    gc.disable()
    os._exit(main())
