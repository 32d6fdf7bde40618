"""This package: documentation of its rules, version, address, and how to run it."""

from __future__ import annotations

import os

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
