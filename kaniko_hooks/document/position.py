"""Where each character of a scalar's value stands in the file's text.

A scalar is scanned again as YAML 1.1 says (libyaml's scanner), and the answer
is given only if the scan rebuilds the value exactly.
"""
from __future__ import annotations

import re
from collections.abc import Callable

from kaniko_hooks.document.nodes import Scalar
from kaniko_hooks.model import Command

_BREAK = re.compile('\r\n|[\r\n\x85\u2028\u2029]')
_PROPERTIES = r'(?:[!&]\S*(?:\s+|$))*'
_HEADER = '[|>][-+0-9]*[ \t]*(?:#[^\r\n\x85\u2028\u2029]*)?'
_ESCAPES = {
    '0': '\0', 'a': '\a', 'b': '\b', 't': '\t', '\t': '\t', 'n': '\n', 'v': '\v', 'f': '\f',
    'r': '\r', 'e': '\x1b', ' ': ' ', '"': '"', '/': '/', '\\': '\\', 'N': '\x85', '_': '\xa0',
    'L': '\u2028', 'P': '\u2029',
}
_HEX = {'x': 2, 'u': 4, 'U': 8}


def command(text: str, node: Scalar) -> Command:
    """A scalar of the file with this text, as a command of a script part."""
    offsets = value_offsets(text, node) if len(node.value) < 200 else None
    start = offsets[0] if offsets else content_start(text, node)
    return Command(node.value, node.file, start, _Locator(text, node, start))


class _Locator:
    """Offsets of one scalar, worked out when the first is asked for."""

    __slots__ = ('text', 'node', 'start', 'offsets')

    def __init__(self, text: str, node: Scalar, start: int) -> None:
        self.text = text
        self.node = node
        self.start = start
        self.offsets: list[int] | None = None

    def __call__(self, offset: int) -> int:
        if self.offsets is None:
            self.offsets = value_offsets(self.text, self.node) or [self.start]
        return self.offsets[min(offset, len(self.offsets) - 1)]


def content_start(text: str, node: Scalar) -> int:
    """Where the value of a scalar begins: after tag, anchor, quote or header."""
    at = min(_after_properties(text, node.start), node.end)
    if node.style in ('"', "'"):
        return at + 1
    if node.style in ('|', '>'):
        at = _after_header(text, at)
        return at + len(text[at:node.end]) - len(text[at:node.end].lstrip())
    return at


def value_offsets(text: str, node: Scalar) -> list[int] | None:
    """The offset in `text` of every character of the node's value, and of its end.

    None where the scan does not rebuild the value.
    """
    at = min(_after_properties(text, node.start), node.end)
    if node.style in ('|', '>'):
        scan = _block(text, _after_header(text, at), node)
    elif node.style == '"':
        scan = _flow(text, at + 1, node.end - 1, _double)
    elif node.style == "'":
        scan = _flow(text, at + 1, node.end - 1, _single)
    else:
        scan = _flow(text, at, node.end, _plain)
    return scan.offsets + [scan.end] if ''.join(scan.pieces) == node.value else None


class _Scan:
    """The value as rebuilt so far, in pieces, and an offset for each character."""

    __slots__ = ('pieces', 'offsets', 'end')

    def __init__(self, end: int) -> None:
        self.pieces: list[str] = []
        self.offsets: list[int] = []
        self.end = end

    def add(self, piece: str, start: int) -> None:
        """A piece that stands in the text as it is."""
        self.pieces.append(piece)
        self.offsets.extend(range(start, start + len(piece)))

    def put(self, piece: str, start: int) -> None:
        """A piece that one place of the text stands for."""
        self.pieces.append(piece)
        self.offsets.extend([start] * len(piece))


def _after_properties(text: str, at: int) -> int:
    if text[at:at + 1] not in ('!', '&'):
        return at
    match = re.compile(_PROPERTIES).match(text, at)
    assert match is not None
    return match.end()


def _after_header(text: str, at: int) -> int:
    match = re.compile(_HEADER).match(text, at)
    return match.end() if match else at


def _flow(text: str, at: int, end: int, part: Callable[[_Scan, str, int, int], int]) -> _Scan:
    """A plain or quoted scalar: `part` reads one character or run of a line.

    White space around a line break is dropped; one break is a space, n + 1
    breaks are n newlines.
    """
    scan = _Scan(end)
    while at < end:
        white = at
        while at < end and text[at] in ' \t':
            at += 1
        match = _BREAK.match(text, at) if at < end else None
        if match is None:
            scan.add(text[white:at], white)
            if at < end:
                at = part(scan, text, at, end)
            continue
        first, breaks = at, []
        while match is not None:
            breaks.append((match.group(), at))
            at = match.end()
            while at < end and text[at] in ' \t':
                at += 1
            match = _BREAK.match(text, at) if at < end else None
        _fold(scan, breaks, first)
    return scan


def _fold(scan: _Scan, breaks: list[tuple[str, int]], first: int) -> None:
    if len(breaks) == 1 and breaks[0][0] not in '\u2028\u2029':
        scan.put(' ', first)
        return
    kept = breaks[1:] if breaks[0][0] not in '\u2028\u2029' else breaks
    for piece, start in kept:
        scan.put(_newline(piece), start)


def _newline(piece: str) -> str:
    return piece if piece in '\u2028\u2029' else '\n'


_RUN = re.compile('[^ \t\r\n\x85\u2028\u2029\'"\\\\]+')


def _plain(scan: _Scan, text: str, at: int, end: int) -> int:
    match = _RUN.match(text, at, end)
    stop = match.end() if match else at + 1
    scan.add(text[at:stop], at)
    return stop


def _single(scan: _Scan, text: str, at: int, end: int) -> int:
    if text.startswith("''", at):
        scan.put("'", at)
        return at + 2
    return _plain(scan, text, at, end)


def _double(scan: _Scan, text: str, at: int, end: int) -> int:
    if text[at] != '\\':
        return _plain(scan, text, at, end)
    if match := _BREAK.match(text, at + 1):
        return _escaped_break(scan, text, match.end(), end)
    letter = text[at + 1:at + 2]
    if letter in _HEX:
        stop = at + 2 + _HEX[letter]
        scan.put(chr(int(text[at + 2:stop], 16)), at)
        return stop
    scan.put(_ESCAPES.get(letter, ''), at)
    return at + 2


def _escaped_break(scan: _Scan, text: str, at: int, end: int) -> int:
    """After a backslash and a line break: blank lines that follow are kept."""
    while True:
        while at < end and text[at] in ' \t':
            at += 1
        match = _BREAK.match(text, at) if at < end else None
        if match is None:
            return at
        scan.put(_newline(match.group()), at)
        at = match.end()


def _block(text: str, at: int, node: Scalar) -> _Scan:
    """A literal or folded scalar whose header ends at `at`."""
    lines = _lines(text, at, node.end)
    indent = _indent(text, lines, node.value)
    header = text[_after_properties(text, node.start):at].split('#')[0]
    scan = _Scan(node.end)
    leading: tuple[str, int] | None = None
    trailing: list[tuple[str, int]] = []
    blank_before = True
    for start, stop, piece in lines:
        content = min(start + indent, stop)
        if text[start:content].strip(' ') or start + indent >= stop:
            # Less than the indentation: a blank line.
            trailing.append((piece, stop))
            continue
        blank_here = text[content] in ' \t'
        folds = node.style == '>' and not blank_before and not blank_here
        if leading and folds and leading[0] not in '\u2028\u2029':
            if not trailing:
                scan.put(' ', leading[1])
        elif leading:
            scan.put(_newline(leading[0]), leading[1])
        for each, place in trailing:
            scan.put(_newline(each), place)
        scan.add(text[content:stop], content)
        leading, trailing, blank_before = (piece, stop), [], blank_here
    if '-' not in header and leading and leading[0]:
        scan.put(_newline(leading[0]), leading[1])
    if '+' in header:
        for each, place in trailing:
            scan.put(_newline(each) if each else '', place)
    return scan


def _lines(text: str, at: int, end: int) -> list[tuple[int, int, str]]:
    """The lines after a block scalar's header: start, end and line break."""
    match = _BREAK.match(text, at)
    if match is None:
        return []
    lines = []
    at = match.end()
    while at < end:
        match = _BREAK.search(text, at, end)
        stop = match.start() if match else end
        lines.append((at, stop, match.group() if match else ''))
        at = match.end() if match else end
    return lines


def _indent(text: str, lines: list[tuple[int, int, str]], value: str) -> int:
    """Columns that belong to YAML: what the source has more than the value."""
    inner, columns = value.lstrip('\n'), 0
    for start, stop, _ in lines:
        line = text[start:stop]
        if line.strip(' '):
            return len(line) - len(line.lstrip(' ')) - (len(inner) - len(inner.lstrip(' ')))
        columns = max(columns, len(line))
    return columns  # spaces alone are indentation, however many
