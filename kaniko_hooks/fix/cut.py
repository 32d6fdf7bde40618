"""The stretches of an item that are left out, so that only some of its steps remain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.shell.tree import Statement

Span = tuple[int, int]


class Piece(NamedTuple):
    """A step in its item's text.

    - `start`: with the comment lines above; `first`: of the first word.
    - `whole`: the statement, of which the piece may be one command of an `&&` list.
    """

    start: int
    first: int
    end: int
    whole: Statement


def cuts(text: str, pieces: Sequence[Piece], kept: Collection[int]) -> Iterator[Span]:
    """The stretches to leave out of an item's text; `kept` are indexes of its pieces.

    At least one piece is kept. Comments above a piece go with it.
    """
    statements = _statements(pieces)
    dropped: list[int] = []
    last: int | None = None  # the last statement that is kept
    for number, indexes in enumerate(statements):
        if not set(kept) & set(indexes):
            dropped.append(number)
            continue
        if dropped:
            yield _gap(text, pieces, statements, dropped, last, number)
        yield from _in_list(pieces, indexes, kept)
        dropped, last = [], number
    if dropped:
        yield _tail(text, pieces, statements, dropped, last, len(text.rstrip()))


def _statements(pieces: Sequence[Piece]) -> list[list[int]]:
    """The indexes of the pieces of each statement."""
    statements: list[list[int]] = []
    for index, piece in enumerate(pieces):
        if index and piece.whole is pieces[index - 1].whole:
            statements[-1].append(index)
        else:
            statements.append([index])
    return statements


def _gap(
    text: str,
    pieces: Sequence[Piece],
    statements: Sequence[Sequence[int]],
    dropped: Sequence[int],
    last: int | None,
    following: int,
) -> Span:
    start = pieces[statements[dropped[0]][0]].start
    end = pieces[statements[dropped[-1]][-1]].end
    resumes = pieces[statements[following][0]].start
    if last is not None and '\n' in text[end:resumes]:
        before = pieces[statements[last][-1]].end
        if '\n' not in text[before:start]:
            # The first one that is left out shares its line with one that stays.
            return before, end
    return start, resumes


def _tail(
    text: str,
    pieces: Sequence[Piece],
    statements: Sequence[Sequence[int]],
    dropped: Sequence[int],
    last: int | None,
    end: int,
) -> Span:
    start = pieces[statements[dropped[0]][0]].start
    before = pieces[statements[last][-1]].end if last is not None else 0
    line = text.find('\n', before, start)
    return (line if line >= 0 else before), max(end, before)


def _in_list(
    pieces: Sequence[Piece], indexes: Sequence[int], kept: Collection[int]
) -> Iterator[Span]:
    """The stretches that are left out of an `&&` list that stays in part."""
    stays = [index for index in indexes if index in kept]
    if stays[0] != indexes[0]:
        yield pieces[indexes[0]].first, pieces[stays[0]].start
    for index, following in zip(stays, stays[1:]):
        if following > index + 1:
            yield pieces[index].end, pieces[following - 1].end
    if stays[-1] != indexes[-1]:
        yield pieces[stays[-1]].end, pieces[indexes[-1]].end
