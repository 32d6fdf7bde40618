"""Words: literal text, quotes and, through `expansions`, what begins with a `$`."""

from __future__ import annotations

import re

from kaniko_hooks.old_shell.syntax import expansions
from kaniko_hooks.old_shell.syntax.cursor import Cursor, ahead, opaque_end, problem, unclosed
from kaniko_hooks.old_shell.syntax.tree import (
    Arithmetic,
    Opaque,
    Parameter,
    Piece,
    Substitution,
    Text,
    Word,
)

_RUN = re.compile(r"""(?:[^ \t\r\n\f\v|&;()<>$`"'\\{]|\{(?!\{))+""")
# Of an operand of `${…}`, and of the words of `[[ … =~ … ]]`.
_OPERAND = re.compile(r"""(?:[^$`"'\\{}<>]|\{(?!\{)|[<>](?!\())+""")
_QUOTED = re.compile(r'(?:[^$`"\\{<]|\{(?!\{)|<(?!<))+')
_LITERAL = re.compile(r"(?:[^'$`{<])+")
_ANSI = re.compile(r"(?:[^'\\]|\\.)*", re.DOTALL)
_ANSI_ESCAPE = re.compile(
    r'\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)', re.DOTALL
)
_LETTERS = {'n': '\n', 't': '\t', 'r': '\r', 'a': '\a', 'b': '\b', 'e': '\x1b', 'f': '\f'}
_EXTGLOB = frozenset('?*+@!')


def word(cursor: Cursor) -> Word | None:
    """The word that starts here, None if none does."""
    start = cursor.at
    found: list[Piece] = []
    text = cursor.text
    while cursor.at < cursor.end:
        match = _RUN.match(text, cursor.at, cursor.end)
        if match:
            add(found, Text(match.group(), cursor.at, match.end(), False))
            cursor.at = match.end()
            if text[cursor.at - 1] in _EXTGLOB and ahead(cursor, '('):
                _extended_pattern(cursor, found)
            continue
        if not special(cursor, found, False):
            break
    if cursor.at == start:
        return None
    return made(found, start, cursor.at)


def operand(cursor: Cursor, quoted: bool) -> Word:
    """The word of `${name:-word}`, up to the closing brace."""
    start = cursor.at
    found: list[Piece] = []
    while cursor.at < cursor.end and not ahead(cursor, '}'):
        match = _OPERAND.match(cursor.text, cursor.at, cursor.end)
        if match:
            add(found, Text(match.group(), cursor.at, match.end(), quoted))
            cursor.at = match.end()
        elif quoted and ahead(cursor, "'"):
            add(found, Text("'", cursor.at, cursor.at + 1, True))
            cursor.at += 1
        else:
            special(cursor, found, quoted)
    return made(found, start, cursor.at)


def special(cursor: Cursor, found: list[Piece], quoted: bool) -> bool:
    """Add what an expansion, a quote or an escape stands for; False if none starts here."""
    end = opaque_end(cursor)
    if end:
        found.append(_opaque(cursor, end, quoted))
        cursor.at = end
        return True
    char = cursor.text[cursor.at]
    if char == '$':
        if ahead(cursor, "$'") and not quoted:
            _ansi(cursor, found)
        elif ahead(cursor, '$"') and not quoted:
            cursor.at += 1
            double(cursor, found)
        else:
            add(found, expansions.dollar(cursor, quoted))
    elif char == '`':
        found.append(expansions.backquotes(cursor, quoted))
    elif char == '"':
        double(cursor, found)
    elif char == "'":
        _single(cursor, found)
    elif char == '\\':
        _escape(cursor, found, quoted)
    elif char == '{':
        add(found, Text('{{', cursor.at, min(cursor.at + 2, cursor.end), quoted))
        cursor.at = min(cursor.at + 2, cursor.end)
    elif char in '<>' and cursor.text.startswith('(', cursor.at + 1):
        found.append(expansions.process(cursor))
    else:
        return False
    return True


def _opaque(cursor: Cursor, end: int, quoted: bool) -> Opaque:
    name = '' if cursor.at in cursor.opaque else cursor.text[cursor.at : end]
    return Opaque(cursor.at, end, quoted, ''.join(name.split()))


def double(cursor: Cursor, found: list[Piece]) -> None:
    """A string in double quotes."""
    start = cursor.at
    cursor.at += 1
    before = len(found)
    quoted(cursor, found, '"')
    if not ahead(cursor, '"'):
        raise unclosed(cursor, start, 'quote')
    cursor.at += 1
    if len(found) == before:
        found.append(Text('', start + 1, start + 1, True))


def quoted(cursor: Cursor, found: list[Piece], closer: str) -> None:
    """The inside of double quotes, or with no closer a heredoc's text up to the end."""
    while cursor.at < cursor.end:
        match = _QUOTED.match(cursor.text, cursor.at, cursor.end)
        if match:
            add(found, Text(match.group(), cursor.at, match.end(), True))
            cursor.at = match.end()
            continue
        char = cursor.text[cursor.at]
        if char == '"' and closer:
            return
        if char == '"' or not special(cursor, found, True):
            add(found, Text(char, cursor.at, cursor.at + 1, True))
            cursor.at += 1


def _single(cursor: Cursor, found: list[Piece]) -> None:
    start = cursor.at
    close = cursor.text.find("'", start + 1, cursor.end)
    if close < 0:
        raise unclosed(cursor, start, 'quote')
    cursor.at += 1
    if close == cursor.at:
        found.append(Text('', cursor.at, cursor.at, True))
    end, cursor.end = cursor.end, close
    while cursor.at < close:
        match = _LITERAL.match(cursor.text, cursor.at, close)
        opaque = 0 if match else opaque_end(cursor)
        if opaque:
            found.append(_opaque(cursor, opaque, True))
        stop = match.end() if match else opaque or cursor.at + 1
        if not opaque:
            add(found, Text(cursor.text[cursor.at : stop], cursor.at, stop, True))
        cursor.at = stop
    cursor.end = end
    cursor.at = close + 1


def _ansi(cursor: Cursor, found: list[Piece]) -> None:
    """`$'…'` with the escapes of ANSI C."""
    start = cursor.at
    match = _ANSI.match(cursor.text, start + 2, cursor.end)
    assert match is not None
    if not cursor.text.startswith("'", match.end(), cursor.end):
        raise unclosed(cursor, start, 'quote')
    value = _ANSI_ESCAPE.sub(_ansi_escape, match.group())
    found.append(Text(value, start + 2, match.end(), True))
    cursor.at = match.end() + 1


def _ansi_escape(match: re.Match[str]) -> str:
    code = match.group()[1:]
    if code[0] in 'xuU' and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 else ''
    if code[0] in '01234567':
        return chr(int(code, 8))
    return _LETTERS.get(code, code if code in '\\\'"?' else '\\' + code)


def _escape(cursor: Cursor, found: list[Piece], quoted: bool) -> None:
    start = cursor.at
    after = cursor.text[start + 1 : min(start + 3, cursor.end)]
    if after in ('', '\r', '\r\n') or after[0] == '\n':
        cursor.at = min(start + 2 + (after == '\r\n'), cursor.end)
        return
    cursor.at = min(start + 2, cursor.end)
    value = after[0]
    if quoted and value not in '$`"\\':
        value = '\\' + value
    found.append(Text(value, start, cursor.at, True))


def _extended_pattern(cursor: Cursor, found: list[Piece]) -> None:
    """`!(a|b)`, up to the closing parenthesis on the same line."""
    level = 0
    for at in range(cursor.at, min(cursor.at + 400, cursor.end)):
        char = cursor.text[at]
        level += (char == '(') - (char == ')')
        if char == '\n':
            break
        if not level:
            add(found, Text(cursor.text[cursor.at : at + 1], cursor.at, at + 1, False))
            cursor.at = at + 1
            return
    problem(cursor, 'unclosed pattern')


def add(found: list[Piece], piece: Piece) -> None:
    """Append a piece; literal text that goes on becomes one."""
    last = found[-1] if found else None
    if (
        isinstance(piece, Text)
        and isinstance(last, Text)
        and last.end == piece.start
        and last.quoted == piece.quoted
        and len(last.value) == last.end - last.start
        and len(piece.value) == piece.end - piece.start
        and len(last.value) < 4096
    ):
        piece = Text(last.value + piece.value, last.start, piece.end, piece.quoted)
        found.pop()
    found.append(piece)


def made(found: list[Piece], start: int, end: int) -> Word:
    return Word(tuple(found), start, end, any(_runs(piece) for piece in found))


def _runs(piece: Piece) -> bool:
    if isinstance(piece, Text):
        return False
    if isinstance(piece, Parameter):
        return piece.operand is not None and piece.operand.active
    if isinstance(piece, Arithmetic):
        return bool(piece.names) or any(_runs(each) for each in piece.pieces)
    return isinstance(piece, Substitution)
