"""Brace expansion: `{a,b}` and `{1..3}` (bash and busybox ash; not POSIX).

Braces in braces and ranges of letters are not expanded but unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, product
from math import prod

from kaniko_hooks.shell.tree import Literal, Piece, Unknown

_MAX_PIECES = 20_000  # of all words
_RANGE = r'(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.-?(\d{1,9}))?'


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
    shape = ''.join(_text(piece)[0] for piece in split)
    factors: list[Sequence[Sequence[Piece]]] = []
    at = 0
    for match in re.finditer(r'\{[^{}]*\}', shape):
        words = _words(split, match)
        if words is not None:
            factors += [[split[at : match.start()]], words]
            at = match.end()
    factors.append([split[at:]])
    count = len(split) * prod(map(len, factors))
    is_nested = re.search(r'\{[^{}]*\{', shape) is not None and ',' in shape
    if is_nested or count > _MAX_PIECES:
        return [(Unknown('', pieces[0].start, pieces[-1].end, False),)]
    return [tuple(chain.from_iterable(word)) for word in product(*factors)]


def _text(piece: Piece) -> str:
    """The text of an unquoted piece, in which a brace or comma stands alone."""
    return piece.value if isinstance(piece, Literal) and not piece.quoted else '\0'


def _words(pieces: Sequence[Piece], braces: re.Match[str]) -> Sequence[Sequence[Piece]] | None:
    """The words between two braces; None where these are text."""
    commas = [at for at in range(*braces.span()) if braces.string[at] == ',']
    if commas:
        borders = [braces.start(), *commas, braces.end() - 1]
        return [pieces[left + 1 : right] for left, right in zip(borders, borders[1:])]
    inside = pieces[braces.start() + 1 : braces.end() - 1]
    text = ''.join(map(_text, inside))
    if '..' not in text:
        return None
    start, end = inside[0].start, inside[-1].end
    match = re.fullmatch(_RANGE, text)
    if match is None:
        return [[Unknown('', start, end, False)]]
    first, last, step = int(match[1]), int(match[2]), int(match[3] or 1) or 1
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    return [[Literal(str(number), start, end, False)] for number in numbers[:_MAX_PIECES]]
