"""Regular expressions of `[[ … =~ … ]]` (POSIX XBD 9.4) as patterns of the shell.

There is no pattern for a repetition but that of any character; it becomes `*`, so
that the patterns match more than the expression does. Not read are anchors in
the middle and what POSIX leaves undefined (`\\w`, `a**`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kaniko_hooks.shell.facts import CLASSES

# An atom and how often it may occur.
_TOKEN = (
    r"""(\\[^\w\s<>`']|\[\^?[\w./:@+\s-]+\]|[^][\\*+?{}])"""
    r"""([*+?]|\{\d{1,3}(?:,\d{0,3})?\})?"""
)
_MAX_LENGTH = 300
_MAX_PATTERNS = 32
# What Python may search without taking long.
_MAX_REPETITIONS = 4
_MAX_TEXT = 200

_Way = tuple[str, ...]


class Regex:
    """An expression; `patterns` is None if it is not read, `exact` if no other text matches."""

    def __init__(self, expression: str) -> None:
        self.text = re.sub(r'\[:(\w+):\]', lambda item: CLASSES.get(item[1], '\\'), expression)
        self.patterns: list[str] | None = None
        self.exact = True
        self._repeats = ''
        tokens = re.findall(_TOKEN, self.text[:_MAX_LENGTH])
        if _is_valid(self.text, tokens):
            self.patterns = _anchored(self._alternatives(iter(tokens)))

    def _alternatives(self, tokens: Iterator[tuple[str, str]]) -> list[_Way]:
        """The pieces of patterns, up to the bracket that closes."""
        ends: list[_Way] = []
        ways: list[_Way] = [()]
        for atom, repeats in tokens:
            if atom == ')':
                self._repeats = repeats
                break
            if atom == '|':
                ends += ways
                ways = [()]
                continue
            inner: list[_Way] = [(_piece(atom),)]
            if atom == '(':
                inner = self._alternatives(tokens)
                repeats = self._repeats
            if repeats:
                self.exact = self.exact and (atom, repeats) == ('.', '*')
                inner = [(*way, '*') for way in inner] if repeats == '+' else [('*',)]
            ways = [(*way, *more) for way in ways for more in inner]
            if len(ways) + len(ends) > _MAX_PATTERNS:
                self.exact = False
                ends, ways = [], [('*',)]
        return ends + ways

    def matches(self, text: str) -> bool | None:
        """Some part of the text matches; None if that may take long to search."""
        repetitions = len(re.findall(r'[*+{?]', self.text))
        if re.search(r'\)[*+{]', self.text) or repetitions > _MAX_REPETITIONS:
            return None
        python = re.sub(r'(\\.)|\$', lambda item: item[1] or r'\Z', self.text)
        return None if len(text) > _MAX_TEXT else bool(re.search(python, text, re.DOTALL))


def _is_valid(text: str, tokens: list[tuple[str, str]]) -> bool:
    if ''.join(map(''.join, tokens)) != text:
        return False
    if any(repeats and atom in ('^', '$', '|', '(') for atom, repeats in tokens):
        return False
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _piece(atom: str) -> str:
    if atom == '.':
        return '?'
    return atom if atom[0] != '\\' or atom[1] in '*?[(\\^$' else atom[1]


def _anchored(ways: list[_Way]) -> list[str] | None:
    """The patterns of whole texts."""
    result = []
    for way in ways:
        starts, ends = way[:1] == ('^',), way[-1:] == ('$',)
        inner = way[starts : len(way) - ends]
        if '^' in inner or '$' in inner:
            return None
        result.append(f'{"" if starts else "*"}{"".join(inner)}{"" if ends else "*"}')
    return result
