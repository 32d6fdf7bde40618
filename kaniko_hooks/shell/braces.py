"""Brace expansion: `{a,b}` and `{1..3}` (bash and busybox ash; not POSIX).

A word with braces in braces, around quotes or expansions, or with a range of
letters is not expanded but unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from math import prod

from kaniko_hooks.shell.tree import Literal, Piece, Unknown

_MAX_PIECES = 6_000  # of all words
_RANGE = r'\{(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.-?(\d{1,9}))?\}'


def expanded(pieces: Sequence[Piece]) -> list[tuple[Piece, ...]]:
    """The words, each as its pieces; too many of them are unknown."""
    factors: list[Sequence[Piece]] = []
    shape = ''  # text that is not expanded, and commas
    for piece in pieces:
        if not isinstance(piece, Literal) or piece.quoted:
            factors.append([piece])
            continue
        for match in re.finditer(r'\{[^{}]*\}|[^{}]+|[{}]', piece.value):
            texts = _texts(match[0])
            shape += match[0] if texts == [match[0]] else ','
            start, end = (piece.start + offset for offset in match.span())
            factors.append([Literal(text, start, end, False) for text in texts])
    inside = shape.partition('{')[2].rpartition('}')[0]
    is_unread = ',' in inside or '..' in inside
    if is_unread or len(factors) * prod(map(len, factors)) > _MAX_PIECES:
        return [(Unknown('', pieces[0].start, pieces[-1].end, False),)]
    return list(product(*factors))


def _texts(text: str) -> Sequence[str]:
    """The alternatives between two braces, or the text itself."""
    if text[0] == '{' and ',' in text:
        return text[1:-1].split(',')
    match = re.fullmatch(_RANGE, text)
    if match is None:
        return [text]
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1) or 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    return list(map(str, numbers[: _MAX_PIECES + 1]))
