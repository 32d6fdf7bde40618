"""Scans plain and quoted scalars, as libyaml's scanner does."""

from __future__ import annotations

import re
from collections.abc import Callable

from kaniko_hooks.document.scan import BREAK, Scan, newline

_RUN = re.compile('[^ \t\r\n\x85\u2028\u2029\'"\\\\]+')
_ESCAPES = {
    '0': '\0',
    'a': '\a',
    'b': '\b',
    't': '\t',
    '\t': '\t',
    'n': '\n',
    'v': '\v',
    'f': '\f',
    'r': '\r',
    'e': '\x1b',
    ' ': ' ',
    '"': '"',
    '/': '/',
    '\\': '\\',
    'N': '\x85',
    '_': '\xa0',
    'L': '\u2028',
    'P': '\u2029',
}
_HEX = {'x': 2, 'u': 4, 'U': 8}


def plain(text: str, start: int, end: int) -> Scan:
    """A plain scalar from `start` to `end`."""
    return _flow(text, start, end, _plain)


def single_quoted(text: str, start: int, end: int) -> Scan:
    """What stands between single quotes at `start` and `end`."""
    return _flow(text, start + 1, end - 1, _single)


def double_quoted(text: str, start: int, end: int) -> Scan:
    """What stands between double quotes at `start` and `end`."""
    return _flow(text, start + 1, end - 1, _double)


def _flow(text: str, at: int, end: int, part: Callable[[Scan, str, int, int], int]) -> Scan:
    """A plain or quoted scalar: `part` reads one character or run of a line.

    White space around a line break is dropped; one break is a space, n + 1
    breaks are n newlines.
    """
    scan = Scan(end)
    while at < end:
        white = at
        while at < end and text[at] in ' \t':
            at += 1
        match = BREAK.match(text, at) if at < end else None
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
            match = BREAK.match(text, at) if at < end else None
        _fold(scan, breaks, first)
    return scan


def _fold(scan: Scan, breaks: list[tuple[str, int]], first: int) -> None:
    if len(breaks) == 1 and breaks[0][0] not in '\u2028\u2029':
        scan.put(' ', first)
        return
    kept = breaks[1:] if breaks[0][0] not in '\u2028\u2029' else breaks
    for piece, start in kept:
        scan.put(newline(piece), start)


def _plain(scan: Scan, text: str, at: int, end: int) -> int:
    match = _RUN.match(text, at, end)
    stop = match.end() if match else at + 1
    scan.add(text[at:stop], at)
    return stop


def _single(scan: Scan, text: str, at: int, end: int) -> int:
    if text.startswith("''", at):
        scan.put("'", at)
        return at + 2
    return _plain(scan, text, at, end)


def _double(scan: Scan, text: str, at: int, end: int) -> int:
    if text[at] != '\\':
        return _plain(scan, text, at, end)
    if match := BREAK.match(text, at + 1):
        return _escaped_break(scan, text, match.end(), end)
    letter = text[at + 1 : at + 2]
    if letter in _HEX:
        stop = at + 2 + _HEX[letter]
        scan.put(chr(int(text[at + 2 : stop], 16)), at)
        return stop
    scan.put(_ESCAPES.get(letter, ''), at)
    return at + 2


def _escaped_break(scan: Scan, text: str, at: int, end: int) -> int:
    """After a backslash and a line break: blank lines that follow are kept."""
    while True:
        while at < end and text[at] in ' \t':
            at += 1
        match = BREAK.match(text, at) if at < end else None
        if match is None:
            return at
        scan.put(newline(match.group()), at)
        at = match.end()
