"""Around a hook: no search for garbage, and a line, never a traceback, where it ends early."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable


def ended(name: str, hook: Callable[[], int]) -> int:
    """The exit code of a hook; `name` is its command's.

    What a hook imports and reads lives to its end, so nothing is searched for
    garbage meanwhile: that takes a tenth of its time, and more in a large
    repository.

    1 where nobody reads the output any more, 2 where it cannot be written or
    the working directory is gone.
    """
    _open_streams()
    collects = gc.isenabled()
    gc.disable()
    try:
        code = _code(name, hook)
        # Who calls this may leave at once (see the hooks' `entry`).
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _forget_output()
        return 1
    except OSError as error:
        _forget_output()
        where = f'{error.filename}: ' if error.filename else ''
        _tell(f'{name}: error: {where}{(error.strerror or str(error)).lower()}')
        return 2
    finally:
        if collects:
            gc.enable()


def _code(name: str, hook: Callable[[], int]) -> int:
    """What the hook returns, or 2 for a mistake of ours. Raises OSError."""
    try:
        return hook()
    except OSError:
        raise
    except Exception as error:
        from kaniko_hooks.internal_error import internal_error

        _tell(internal_error(name, error))
        return 2


def _open_streams() -> None:
    """Closed streams swallow; a terminal that lacks a letter gets its escape."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, 'w', encoding='utf-8')
    if sys.stderr is None:
        sys.stderr = open(os.devnull, 'w', encoding='utf-8')
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')


def _forget_output() -> None:
    """Python would try once more to write what is left, and complain."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _tell(line: str) -> None:
    from kaniko_hooks.terminal import safe

    print(safe(line), file=sys.stderr)
