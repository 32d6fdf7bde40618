"""Redirections, and the text of heredocs."""

from __future__ import annotations

import re

from kaniko_hooks.old_shell.syntax import words
from kaniko_hooks.old_shell.syntax.cursor import Cursor, blanks, problem
from kaniko_hooks.old_shell.syntax.tree import Heredoc, Piece, Redirection, Text, Word

_OPERATOR = re.compile(
    r'(\d+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<>|<&|>>|>&|>\||<(?!\()|>(?!\()|&>>|&>(?!\())'
)
_TABS = re.compile(r'(?<=\n)\t+')


def redirection(cursor: Cursor) -> Redirection | None:
    """The redirection that starts here, None if none does."""
    start = cursor.at
    match = _OPERATOR.match(cursor.text, start, cursor.end)
    if match is None or match.group(1) and match.group(2)[0] == '&':
        return None
    operator = match.group(2)
    cursor.at = match.end()
    blanks(cursor)
    target = words.word(cursor)
    if target is None:
        problem(cursor, 'redirection without a target')
        target = Word((), cursor.at, cursor.at)
    heredoc = None
    if operator in ('<<', '<<-') and target.pieces:
        heredoc = Heredoc()
        expands = not any(getattr(piece, 'quoted', False) for piece in target.pieces)
        delimiter = ''.join(_written(cursor, piece) for piece in target.pieces)
        cursor.pending.append((delimiter, expands, operator == '<<-', heredoc))
    return Redirection(operator, match.group(1) or '', target, heredoc, start, target.end)


def _written(cursor: Cursor, piece: Piece) -> str:
    return piece.value if isinstance(piece, Text) else cursor.text[piece.start : piece.end]


def read_heredocs(cursor: Cursor) -> None:
    """Read the bodies of the heredocs whose operators stand on the line before."""
    pending, cursor.pending = cursor.pending, []
    for delimiter, expands, tabs, heredoc in pending:
        heredoc.start = cursor.at
        stop, after = _body_end(cursor, delimiter, tabs)
        heredoc.end = after
        heredoc.body = _body(cursor, stop, expands, tabs)
        cursor.at = after


def _body_end(cursor: Cursor, delimiter: str, tabs: bool) -> tuple[int, int]:
    """Where the body ends and where reading goes on."""
    at = cursor.at
    while at < cursor.end:
        newline = cursor.text.find('\n', at, cursor.end)
        stop = cursor.end if newline < 0 else newline
        line = cursor.text[at:stop].rstrip('\r')
        if (line.lstrip('\t') if tabs else line) == delimiter:
            return at, stop
        at = stop + 1
    problem(cursor, f'heredoc without its {delimiter}')
    return cursor.end, cursor.end


def _body(cursor: Cursor, stop: int, expands: bool, tabs: bool) -> Word:
    start = cursor.at
    found: list[Piece] = []
    if expands:
        outer, cursor.end = cursor.end, max(stop, start)
        words.quoted(cursor, found, '')
        cursor.end = outer
    elif stop > start:
        found.append(Text(cursor.text[start:stop], start, stop, True))
    if tabs:
        found = [each for piece in found for each in _without_tabs(cursor, piece)]
    return words.made(found, start, stop)


def _without_tabs(cursor: Cursor, piece: Piece) -> list[Piece]:
    """The piece without the tabs that its lines begin with."""
    if not isinstance(piece, Text) or len(piece.value) != piece.end - piece.start:
        return [piece]
    stripped: list[Piece] = []
    at = piece.start
    first = cursor.text[at - 1 : at] == '\n'
    while first and at < piece.end and cursor.text[at] == '\t':
        at += 1
    for match in _TABS.finditer(cursor.text, at, piece.end):
        stripped.append(Text(cursor.text[at : match.start()], at, match.start(), True))
        at = match.end()
    if at < piece.end:
        stripped.append(Text(cursor.text[at : piece.end], at, piece.end, True))
    return stripped
