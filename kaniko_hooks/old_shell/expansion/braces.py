"""Brace expansion: `{a,b}` and `{1..3}` (Bash manual 3.5.1)."""

from __future__ import annotations

import re

from kaniko_hooks.named_tuple import NamedTuple
from kaniko_hooks.old_shell.syntax.tree import Piece, Text, Word
from kaniko_hooks.old_shell.values import WORDS

# Braces in braces that are more than these stay as they are written.
_DEPTH = 20
_MARKS = re.compile(r'[{},]')
_RANGE = re.compile(r'(?:(-?\d{1,6})\.\.(-?\d{1,6})|([a-zA-Z])\.\.([a-zA-Z]))(?:\.\.-?(\d{1,6}))?')


class Mark(NamedTuple):
    """An unquoted brace or comma: in which piece of the word, and where in it."""

    piece: int
    at: int


def expanded(word: Word, limit: int = WORDS) -> list[Word]:
    """The words that a word with braces stands for; more than `limit` stay as written."""
    if not any(isinstance(piece, Text) and '{' in piece.value for piece in word.pieces):
        return [word]
    done: list[Word] = []
    waiting = [word]
    while waiting:
        each = waiting.pop()
        more = _first(each, limit)
        if more is None:
            done.append(each)
        elif len(done) + len(waiting) + len(more) > limit:
            return [word]
        else:
            waiting.extend(reversed(more))
    return done


def _first(word: Word, limit: int) -> list[Word] | None:
    """The words for the first of the outermost braces in it."""
    marks = _outermost(word)
    if marks is None:
        return None
    before = _between(word, Mark(0, -1), marks[0])
    after = _between(word, marks[-1], Mark(len(word.pieces), 0))
    items = [_between(word, one, other) for one, other in zip(marks, marks[1:])]
    if len(items) == 1:
        (text,) = items[0]
        assert isinstance(text, Text)
        items = [[text._replace(value=each)] for each in _counted(text.value, limit)]
    return [word._replace(pieces=(*before, *item, *after)) for item in items]


def _outermost(word: Word) -> list[Mark] | None:
    """The opening brace, the commas and the closing one; without commas it is a range."""
    found: list[Mark] | None = None
    opened: list[list[Mark]] = []
    for index, piece in enumerate(word.pieces):
        if not isinstance(piece, Text) or piece.quoted:
            continue
        for match in _MARKS.finditer(piece.value):
            mark = Mark(index, match.start())
            if match.group() == '{':
                opened.append([mark])
                if len(opened) > _DEPTH:
                    return None
            elif opened and match.group() == ',':
                opened[-1].append(mark)
            elif opened:
                marks = [*opened.pop(), mark]
                if len(marks) > 2 or _is_range(piece.value, marks):
                    found = marks if found is None or marks[0] < found[0] else found
                if found is not None and not opened:
                    return found
    return found


def _is_range(text: str, marks: list[Mark]) -> bool:
    start, end = marks
    return start.piece == end.piece and _RANGE.fullmatch(text, start.at + 1, end.at) is not None


def _between(word: Word, start: Mark, end: Mark) -> list[Piece]:
    """The pieces after one place and before another, without empty ones that are not quoted."""
    found: list[Piece] = []
    for index in range(start.piece, min(end.piece + 1, len(word.pieces))):
        piece = word.pieces[index]
        if isinstance(piece, Text):
            first = start.at + 1 if index == start.piece else 0
            last = end.at if index == end.piece else len(piece.value)
            piece = piece._replace(value=piece.value[first:last])
            if not piece.value and not piece.quoted:
                continue
        found.append(piece)
    return found


def _counted(text: str, limit: int) -> list[str]:
    match = _RANGE.fullmatch(text)
    assert match is not None
    low, high, first, last, every = match.groups()
    if low is not None:
        start, stop = int(low), int(high)
    else:
        start, stop = ord(first), ord(last)
    step = max(int(every or 1), 1) * (1 if stop >= start else -1)
    if (stop - start) // step > limit:
        return [''] * (limit + 1)
    numbers = range(start, stop + (1 if step > 0 else -1), step)
    if low is None:
        return [chr(each) for each in numbers]
    padded = any(re.match('-?0[0-9]', each) for each in (low, high))
    width = max(len(low), len(high)) if padded else 0
    return [str(each).zfill(width) for each in numbers]
