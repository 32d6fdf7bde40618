"""The documentation of the rules, which stands in `rules/<rule>.md`."""

from __future__ import annotations

import os

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'rules')


def explain(rule: str) -> str:
    """The documentation of a rule as Markdown, the same as in the README."""
    with open(os.path.join(_FOLDER, f'{rule}.md'), encoding='utf-8') as file:
        return file.read()


def summary(rule: str) -> str:
    """What a rule is about, in one sentence: the first paragraph of its documentation."""
    return ' '.join(explain(rule).split('\n\n')[1].split())
