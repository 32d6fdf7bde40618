"""This package: its rules, version, address, how to run it, and how to report an error."""

from __future__ import annotations

import os
import sys

# The metadata of the package has both, too, but to read it takes as long as a check.
VERSION = '0.1.0'
ADDRESS = 'https://github.com/OWNER/kaniko-hooks'

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'rules')


def explain(rule: str) -> str:
    """The documentation of a rule as Markdown."""
    with open(os.path.join(_FOLDER, f'{rule}.md'), encoding='utf-8') as file:
        return file.read()


def summary(rule: str) -> str:
    """A rule in one sentence: the first paragraph of its documentation."""
    return ' '.join(explain(rule).split('\n\n')[1].split())


def page(rule: str) -> str:
    """The address of a rule's documentation."""
    return f'{ADDRESS}/blob/v{VERSION}/kaniko_hooks/rules/{rule}.md'


def without_installation(command: str) -> str:
    """A line that runs a command of this package where it is not on PATH."""
    return f'uvx --from git+{ADDRESS}@v{VERSION} {command}'


def internal_error(where: str, error: Exception) -> str:
    """An error with its place in this package and a request to report it, in one line."""
    trace = error.__traceback__
    at = ''
    while trace is not None:
        at = f' at {trace.tb_frame.f_globals.get("__name__", "?")}:{trace.tb_lineno}'
        trace = trace.tb_next
    return (
        f'{where}: internal error: {type(error).__name__}{at}; please report this, '
        f'with the file (Python {sys.version.split()[0]})'
    )
