"""Brace expansion: `{a,b}` and `{1..3}` (bash and busybox ash; not POSIX)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.shell.tree import Literal, Piece, Unknown

_MAX_WORDS = 5000
_MAX_PIECES = 200_000
_MAX_BRACES = 50
_RANGE = r'(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?|([A-Za-z])\.\.([A-Za-z])'


class _TooMany(Exception):
    """There are more words than can be counted."""


def expanded(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """The words, each as its pieces; too many of them are unknown."""
    split: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Literal) and not piece.quoted:
            for match in re.finditer('[{},]|[^{},]+', piece.value):
                start, end = (piece.start + offset for offset in match.span())
                split.append(Literal(match[0], start, end, False))
        else:
            split.append(piece)
    try:
        return [tuple(word) for word in _words(split)]
    except _TooMany:
        return [(Unknown('', pieces[0].start, pieces[-1].end, False),)]


def _text(piece: Piece) -> str:
    """The text of an unquoted piece, in which a brace or comma stands alone."""
    return piece.value if isinstance(piece, Literal) and not piece.quoted else '\0'


def _words(pieces: list[Piece]) -> list[list[Piece]]:
    """The words of a word. Raises _TooMany."""
    braces = [at for at, piece in enumerate(pieces) if _text(piece) == '{']
    if len(braces) > _MAX_BRACES:
        raise _TooMany
    if not braces:
        return [pieces]
    start = braces[0]
    commas, end = _inside(pieces, start)
    middle: list[list[Piece]] | None = None
    if end is not None and commas:
        borders = [start, *commas, end]
        parts = (pieces[left + 1 : right] for left, right in zip(borders, borders[1:]))
        middle = [word for part in parts for word in _words(part)]
    elif end is not None:
        middle = _range(pieces[start + 1 : end])
    if end is None or middle is None:
        # This brace is text; others may follow.
        return [pieces[: start + 1] + rest for rest in _words(pieces[start + 1 :])]
    rests = _words(pieces[end + 1 :])
    count = len(middle) * len(rests)
    if count > _MAX_WORDS or count * len(pieces) > _MAX_PIECES:
        raise _TooMany
    return [pieces[:start] + word + rest for word in middle for rest in rests]


def _inside(pieces: list[Piece], start: int) -> tuple[list[int], int | None]:
    """The commas of a brace and its end; no end if it is not closed."""
    level = 0
    commas: list[int] = []
    for at in range(start, len(pieces)):
        char = _text(pieces[at])
        level += (char == '{') - (char == '}')
        if char == ',' and level == 1:
            commas.append(at)
        if not level:
            return commas, at
    return commas, None


def _range(pieces: list[Piece]) -> list[list[Piece]] | None:
    """The words of `1..3` or `a..c`; None for other texts. Raises _TooMany."""
    match = re.fullmatch(_RANGE, ''.join(map(_text, pieces)))
    if match is None:
        return None
    at, end = pieces[0].start, pieces[-1].end
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
    return [[Literal(text, at, end, False)] for text in texts]
