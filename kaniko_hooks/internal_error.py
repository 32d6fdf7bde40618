"""One line for an internal error."""

from __future__ import annotations

import sys


def internal_error(where: str, error: Exception) -> str:
    """The error with its place in this package and a request to report it."""
    trace = error.__traceback__
    at = ''
    while trace is not None:
        at = f' at {trace.tb_frame.f_globals.get("__name__", "?")}:{trace.tb_lineno}'
        trace = trace.tb_next
    return (
        f'{where}: internal error: {type(error).__name__}{at}; please report this, '
        f'with the file (Python {sys.version.split()[0]})'
    )
