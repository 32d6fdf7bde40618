"""Simple commands: assignments, words and redirections in any order."""

from __future__ import annotations

import re

from kaniko_hooks.old_shell.syntax import words
from kaniko_hooks.old_shell.syntax.cursor import Cursor, ahead, blanks, opaque_end, problem
from kaniko_hooks.old_shell.syntax.redirections import redirection
from kaniko_hooks.old_shell.syntax.tree import (
    DECLARATIONS,
    Assignment,
    Redirection,
    Simple,
    Text,
    Word,
)

_ASSIGNMENT = re.compile(r'([A-Za-z_]\w*)(\[[^\]\n]{0,200}\])?(\+?)=', re.ASCII)
_STOP = frozenset('\n;&|)')


def simple(cursor: Cursor) -> Simple | None:
    """The simple command that starts here, None if there is none."""
    start = end = cursor.at
    assignments: list[Assignment] = []
    found: list[Word] = []
    redirections: list[Redirection] = []
    assigns = True
    while cursor.at < cursor.end:
        char = cursor.text[cursor.at]
        if char in _STOP and not (char == '&' and ahead(cursor, '&>')):
            break
        redirected = None if opaque_end(cursor) else redirection(cursor)
        match = _ASSIGNMENT.match(cursor.text, cursor.at, cursor.end) if assigns else None
        if redirected:
            redirections.append(redirected)
        elif match:
            assignments.append(_assignment(cursor, match))
        else:
            word = words.word(cursor)
            if word is None:
                _skip(cursor)
                break
            if not found:
                assigns = _declares(word)
            found.append(word)
        end = cursor.at
        blanks(cursor)
    if end == start:
        return None
    return Simple(tuple(assignments), tuple(found), tuple(redirections), start, end)


def _skip(cursor: Cursor) -> None:
    """What cannot stand here ends the command, and takes its line with it."""
    problem(cursor, 'unexpected ' + cursor.text[cursor.at])
    line = cursor.text.find('\n', cursor.at, cursor.end)
    cursor.at = cursor.end if line < 0 else line


def _declares(word: Word) -> bool:
    pieces = word.pieces
    return len(pieces) == 1 and isinstance(pieces[0], Text) and pieces[0].value in DECLARATIONS


def _assignment(cursor: Cursor, match: re.Match[str]) -> Assignment:
    start = cursor.at
    cursor.at = match.end()
    name, subscript, append = match.groups()
    array = None
    word = None
    if ahead(cursor, '('):
        array = _array(cursor)
    else:
        word = words.word(cursor) or Word((), cursor.at, cursor.at)
    return Assignment(name, bool(append), subscript, word, array, start, cursor.at)


def _array(cursor: Cursor) -> tuple[Word, ...]:
    """`(word word …)`, over several lines and with comments."""
    cursor.at += 1
    found: list[Word] = []
    while cursor.at < cursor.end:
        blanks(cursor)
        if ahead(cursor, ')'):
            cursor.at += 1
            return tuple(found)
        word = words.word(cursor)
        if word:
            found.append(word)
        elif ahead(cursor, '\n'):
            cursor.at += 1
        else:
            break
    problem(cursor, 'missing )')
    return tuple(found)
