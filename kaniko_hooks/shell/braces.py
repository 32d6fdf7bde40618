"""Brace expansion: `{a,b}` and `{1..3}` (Bash manual 3.5.1)."""
from __future__ import annotations

import re

from kaniko_hooks.shell.syntax.tree import Text
from kaniko_hooks.shell.syntax.tree import Word
from kaniko_hooks.shell.values import WORDS

_BRACES = re.compile(
    r'\{(?:([^{},]*,[^{}]*)|(?:(-?\d{1,6})\.\.(-?\d{1,6})|([a-zA-Z])\.\.([a-zA-Z]))'
    r'(?:\.\.-?(\d{1,6}))?)\}',
)


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
    """The words for the first braces in it."""
    for index, piece in enumerate(word.pieces):
        if not isinstance(piece, Text) or piece.quoted:
            continue
        match = _BRACES.search(piece.value)
        if match is None:
            continue
        before, after = piece.value[:match.start()], piece.value[match.end():]
        return [
            word._replace(pieces=(
                *word.pieces[:index],
                piece._replace(value=before + each + after),
                *word.pieces[index + 1:],
            ))
            for each in _items(match, limit)
        ]
    return None


def _items(match: re.Match[str], limit: int) -> list[str]:
    listed, low, high, first, last, every = match.groups()
    if listed is not None:
        return listed.split(',')
    if low is not None:
        start, stop = int(low), int(high)
    else:
        start, stop = ord(first), ord(last)
    step = max(int(every or 1), 1) * (1 if stop >= start else -1)
    if (stop - start) // step > limit:
        return [''] * (limit + 1)
    numbers = range(start, stop + (1 if step > 0 else -1), step)
    return [str(each) if low is not None else chr(each) for each in numbers]
