"""This package: documentation of its rules, version, address, and how to run it."""

from __future__ import annotations

import os
from functools import lru_cache

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'rules')


def explain(rule: str) -> str:
    """The documentation of a rule as Markdown."""
    with open(os.path.join(_FOLDER, f'{rule}.md'), encoding='utf-8') as file:
        return file.read()


def summary(rule: str) -> str:
    """A rule in one sentence: the first paragraph of its documentation."""
    return ' '.join(explain(rule).split('\n\n')[1].split())


def version() -> str:
    """The installed version, '' where the package runs from its sources."""
    return _installed()[0]


def address() -> str:
    """The repository of this package, '' where it runs from its sources."""
    return _installed()[1]


def page(rule: str) -> str:
    """The address of a rule's documentation, '' if it is not known."""
    return f'{address()}/blob/v{version()}/docs/rules.md#{rule}' if address() else ''


def without_installation(command: str) -> str:
    """A line that runs a command of this package where it is not on PATH."""
    return f'uvx --from git+{address()}@v{version()} {command}' if address() else command


@lru_cache
def _installed() -> tuple[str, str]:
    """Version and address in the metadata of the package, which is their only place."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        fields = metadata('kaniko_hooks')
    except PackageNotFoundError:
        return '', ''
    urls = dict(url.split(', ', 1) for url in fields.get_all('Project-URL') or ())
    return fields['Version'], urls['Source']
