"""Brace expansion: `{a,b}` and `{1..3}` (bash and busybox ash; not POSIX)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.shell.tree import Literal, Piece, Unknown

_MAX_WORDS = 5000
_MAX_BRACES = 50
_RANGE = r'(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?|([A-Za-z])\.\.([A-Za-z])'


class _TooMany(Exception):
    """There are more words than can be counted."""


def expanded(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """The words, each as its pieces; too many of them are unknown."""
    units: list[tuple[str, Piece]] = []
    for piece in pieces:
        if isinstance(piece, Literal) and not piece.quoted:
            for match in re.finditer('[{},]|[^{},]+', piece.value):
                start, end = (piece.start + offset for offset in match.span())
                units.append((match[0], Literal(match[0], start, end, False)))
        else:
            units.append(('', piece))
    try:
        return [tuple(piece for _, piece in word) for word in _words(units)]
    except _TooMany:
        return [(Unknown('', pieces[0].start, pieces[-1].end, False),)]


_Units = list[tuple[str, Piece]]


def _words(units: _Units) -> list[_Units]:
    """The words of a word. Raises _TooMany."""
    if sum(char == '{' for char, _ in units) > _MAX_BRACES:
        raise _TooMany
    start = next((at for at, (char, _) in enumerate(units) if char == '{'), None)
    if start is None:
        return [units]
    commas, end = _inside(units, start)
    middle: list[_Units] | None = None
    if end is not None and commas:
        borders = [start, *commas, end]
        parts = (units[left + 1 : right] for left, right in zip(borders, borders[1:]))
        middle = [word for part in parts for word in _words(part)]
    elif end is not None:
        middle = _range(units[start + 1 : end])
    if end is None or middle is None:
        # This brace is text; others may follow.
        return [units[: start + 1] + rest for rest in _words(units[start + 1 :])]
    rests = _words(units[end + 1 :])
    if len(middle) * len(rests) > _MAX_WORDS:
        raise _TooMany
    return [units[:start] + word + rest for word in middle for rest in rests]


def _inside(units: _Units, start: int) -> tuple[list[int], int | None]:
    """The commas of a brace and its end; no end if it is not closed."""
    level = 0
    commas: list[int] = []
    for at in range(start, len(units)):
        char = units[at][0]
        level += (char == '{') - (char == '}')
        if char == ',' and level == 1:
            commas.append(at)
        if not level:
            return commas, at
    return commas, None


def _range(units: _Units) -> list[_Units] | None:
    """The words of `1..3` or `a..c`; None for other texts. Raises _TooMany."""
    match = re.fullmatch(_RANGE, ''.join(char or '\0' for char, _ in units))
    if match is None:
        return None
    at, end = units[0][1].start, units[-1][1].end
    if match[4]:
        first, last = ord(match[4]), ord(match[5])
        step = 1
    else:
        first, last = int(match[1]), int(match[2])
        step = abs(int(match[3] or 1)) or 1
    count = abs(last - first) // step + 1
    if count > _MAX_WORDS:
        raise _TooMany
    sign = 1 if last >= first else -1
    numbers = [first + sign * step * index for index in range(count)]
    texts = [chr(number) if match[4] else str(number) for number in numbers]
    return [[('', Literal(text, at, end, False))] for text in texts]
