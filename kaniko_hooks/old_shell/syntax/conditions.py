"""`[[ … ]]` and `(( … ))`."""

from __future__ import annotations

import re

from kaniko_hooks.old_shell.syntax import expansions, words
from kaniko_hooks.old_shell.syntax.cursor import Cursor, ahead, blanks, problem
from kaniko_hooks.old_shell.syntax.tree import Piece, Text, Word

_TOKEN = re.compile(r'&&|\|\||[()<>](?!\()|\(|\]\](?=[\s;&|()<>]|\Z)')


def test(cursor: Cursor) -> tuple[Word, ...]:
    """The words of `[[ … ]]`, operators included, after the opening brackets."""
    found: list[Word] = []
    while cursor.at < cursor.end:
        blanks(cursor)
        if ahead(cursor, '\n'):
            cursor.at += 1
            continue
        match = _TOKEN.match(cursor.text, cursor.at, cursor.end)
        if match and match.group() == ']]':
            cursor.at = match.end()
            return tuple(found)
        if match:
            start, cursor.at = cursor.at, match.end()
            text = Text(match.group(), start, cursor.at, False)
            found.append(Word((text,), start, cursor.at))
            continue
        after_match = bool(found) and is_text(found[-1], '=~')
        each = _pattern(cursor) if after_match else words.word(cursor)
        if each is None:
            break
        found.append(each)
    problem(cursor, 'missing ]]')
    return tuple(found)


def is_text(word: Word, value: str) -> bool:
    """Whether the word is this text, without quotes."""
    pieces = word.pieces
    return (
        len(pieces) == 1
        and isinstance(pieces[0], Text)
        and not pieces[0].quoted
        and pieces[0].value == value
    )


def _pattern(cursor: Cursor) -> Word | None:
    """A regular expression: parentheses and bars are text, blanks inside them too."""
    start = cursor.at
    found: list[Piece] = []
    level = 0
    while cursor.at < cursor.end:
        char = cursor.text[cursor.at]
        if char == '\n' or level <= 0 and char in ' \t\r':
            break
        each = None if char in '()|<>&; \t\r\f\v' else words.word(cursor)
        if each:
            found.extend(each.pieces)
            continue
        level += (char == '(') - (char == ')')
        words.add(found, Text(char, cursor.at, cursor.at + 1, False))
        cursor.at += 1
    return words.made(found, start, cursor.at) if found else None


def calculation(cursor: Cursor, start: int, end: int) -> tuple[Word, ...]:
    """What stands in the `((…))` that spans these offsets, as a word."""
    found = expansions.calculation(cursor, start, start + 2, end, False)
    return (words.made([found], start, end),)
