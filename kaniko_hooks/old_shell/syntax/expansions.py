"""Expansions: parameters, command substitution, arithmetic, backquotes."""

from __future__ import annotations

import re

from kaniko_hooks.old_shell.syntax import parser, words
from kaniko_hooks.old_shell.syntax.cursor import Cursor, ahead, deeper, unclosed
from kaniko_hooks.old_shell.syntax.tree import Arithmetic, Parameter, Piece, Substitution, Text

_NAME = re.compile(r'\$([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!\-])')
_BRACED = re.compile(
    r'\$\{([#!]?)([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!\-])'
    r'(\[[^\]\n]{0,200}\])?(:?[-=?+]|##?|%%?|//?|\^\^?|,,?|:|@|(?=\}))'
)
_BRACE_LIMIT = re.compile(r'[^}\n]{0,400}\}')
_BACKQUOTED = re.compile(r'(?:[^`\\]|\\.)*', re.DOTALL)
_ESCAPED = re.compile(r'\\([$`\\])')
_ESCAPED_QUOTED = re.compile(r'\\([$`\\"])')
_COUNTED = re.compile(
    r'([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)'
    r'|(?:\+\+|--)\s*([A-Za-z_]\w*)'
)
# An arithmetic expression is short; a longer text is not searched for its end.
_ARITHMETIC = 400


def dollar(cursor: Cursor, quoted: bool) -> Piece:
    """What starts with the `$` here."""
    start = cursor.at
    match = _NAME.match(cursor.text, start, cursor.end)
    if match:
        cursor.at = match.end()
        return Parameter(match.group(1), '', None, start, cursor.at, quoted)
    if ahead(cursor, '$(('):
        end = arithmetic_end(cursor, start + 1)
        if end:
            return calculation(cursor, start, start + 3, end, quoted)
    if ahead(cursor, '$('):
        return _substitution(cursor, start + 2, quoted)
    if ahead(cursor, '${'):
        return _braced(cursor, quoted)
    cursor.at = start + 1
    return Text('$', start, cursor.at, quoted)


def _braced(cursor: Cursor, quoted: bool) -> Piece:
    start = cursor.at
    match = _BRACED.match(cursor.text, start, cursor.end)
    if match is None:
        match = _BRACE_LIMIT.match(cursor.text, start, cursor.end)
        if match is None:
            raise unclosed(cursor, start, 'expansion')
        cursor.at = match.end()
        return Parameter('', '?', None, start, cursor.at, quoted)
    prefix, name, subscript, operator = match.groups()
    cursor.at = match.end()
    value = None
    if operator:
        deeper(cursor)
        value = words.operand(cursor, quoted)
        cursor.depth -= 1
    if not ahead(cursor, '}'):
        raise unclosed(cursor, start, 'expansion')
    cursor.at += 1
    shown = prefix + (subscript or '') + operator
    return Parameter(name, shown, value, start, cursor.at, quoted)


def _substitution(cursor: Cursor, inside: int, quoted: bool) -> Substitution:
    start = cursor.at
    cursor.at = inside
    deeper(cursor)
    body = parser.statements(cursor, parser.PARENTHESIS)
    cursor.depth -= 1
    if not ahead(cursor, ')'):
        raise unclosed(cursor, start, 'substitution')
    cursor.at += 1
    return Substitution(body, None, start, cursor.at, quoted)


def process(cursor: Cursor) -> Substitution:
    """`<(…)` or `>(…)`."""
    return _substitution(cursor, cursor.at + 2, True)


def backquotes(cursor: Cursor, quoted: bool) -> Substitution:
    """A command substitution of the old form."""
    start = cursor.at
    match = _BACKQUOTED.match(cursor.text, start + 1, cursor.end)
    assert match is not None
    end = match.end()
    if not cursor.text.startswith('`', end, cursor.end):
        raise unclosed(cursor, start, 'backquote')
    escaped = _ESCAPED_QUOTED if quoted else _ESCAPED
    if escaped.search(match.group()):
        cursor.at = end + 1
        text = escaped.sub(r'\1', match.group())
        return Substitution((), text, start, cursor.at, quoted)
    deeper(cursor)
    body = parser.within(cursor, start + 1, end)
    cursor.depth -= 1
    cursor.at = end + 1
    return Substitution(body, None, start, cursor.at, quoted)


def arithmetic_end(cursor: Cursor, start: int) -> int:
    """The offset after `((…))` that starts here; 0 where it is a nested subshell."""
    level = 0
    limit = min(start + _ARITHMETIC, cursor.end)
    if cursor.text.find(')', start, limit) < 0:
        return 0
    for at in range(start, limit):
        char = cursor.text[at]
        level += (char == '(') - (char == ')')
        if char == ')' and level == 1:
            return at + 2 if cursor.text.startswith(')', at + 1, cursor.end) else 0
    return 0


def calculation(cursor: Cursor, start: int, inside: int, end: int, quoted: bool) -> Arithmetic:
    """An arithmetic expression; `inside` is the offset after its brackets."""
    outer, cursor.end, cursor.at = cursor.end, end - 2, inside
    found: list[Piece] = []
    deeper(cursor)
    words.quoted(cursor, found, '')
    cursor.depth -= 1
    cursor.end, cursor.at = outer, end
    pieces = tuple(piece for piece in found if not isinstance(piece, Text))
    text = cursor.text[inside : end - 2]
    return Arithmetic(pieces, counted(text), text, start, end, quoted)


def counted(text: str) -> tuple[str, ...]:
    """The names that an arithmetic expression sets: `a = 1`, `a++`, `--a`."""
    return tuple(match.group(1) or match.group(2) for match in _COUNTED.finditer(text))
