"""What `echo` and `printf` print (POSIX XCU, echo and printf)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaniko_hooks.old_shell.values import LENGTH, Bit, Field

_ECHO = frozenset(('-n', '-e', '-E', '-ne', '-en'))
_ESCAPE = re.compile(r'\\([0-7]{1,3}|.)', re.DOTALL)
_ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '"': '"', "'": "'"}
_DIRECTIVE = re.compile(r'%(%|[-+ #0]*\d*(?:\.\d+)?[A-Za-z])')


def printed(fields: Sequence[Field]) -> list[Bit] | None:
    """What an `echo` or `printf` with these fields prints, None for nothing."""
    name = fields[0].text
    if name == 'echo':
        return _echo(fields[0].start, fields[1:])
    return _printf(fields[1:])


def _echo(start: int, fields: Sequence[Field]) -> list[Bit]:
    options = ''
    while fields and fields[0].text in _ECHO:
        options += fields[0].text
        fields = fields[1:]
    found: list[Bit] = []
    for field in fields:
        found += [Bit(' ', True, field.start, False, True)] * bool(found)
        found += _unescaped(field.bits) if 'e' in options else field.bits
    if 'n' not in options:
        found.append(Bit('\n', True, start, False, True))
    return found


def _printf(fields: Sequence[Field]) -> list[Bit] | None:
    """The format again and again, as long as there are arguments."""
    if fields and fields[0].text == '--':
        fields = fields[1:]
    if not fields or fields[0].text == '-v':
        return None
    if not fields[0].known:
        return _unknown(fields)
    form, rest = fields[0], list(fields[1:])
    found: list[Bit] = []
    rounds = 0
    while rest or not rounds:
        before = len(rest)
        for bit in form.bits:
            found += _formatted(bit, rest)
        rounds += 1
        if len(rest) == before:
            break
        if rounds * len(form.text) > 10 * LENGTH:
            return _unknown(fields)
    return found


def _unknown(fields: Sequence[Field]) -> list[Bit]:
    text = ' '.join(field.text for field in fields)
    return [Bit(f'$(printf {text})', False, fields[0].start, False, False)]


def _formatted(bit: Bit, arguments: list[Field]) -> list[Bit]:
    """A piece of a format, with the arguments that its directives take."""
    found: list[Bit] = []
    at = 0
    for match in _DIRECTIVE.finditer(bit.text):
        found += _unescaped((_part(bit, at, match.start()),))
        at = match.end()
        if match.group(1) == '%':
            found.append(_part(bit, match.start(), at - 1))
        elif arguments:
            taken = arguments.pop(0).bits
            found += _unescaped(taken) if match.group(1) == 'b' else taken
    return [*found, *_unescaped((_part(bit, at, len(bit.text)),))]


def _unescaped(bits: Sequence[Bit]) -> list[Bit]:
    """With line ends and other characters for their escapes."""
    found: list[Bit] = []
    for bit in bits:
        at = 0
        for match in _ESCAPE.finditer(bit.text) if bit.known else ():
            found.append(_part(bit, at, match.start()))
            name = match.group(1)
            text = _ESCAPES.get(name, match.group())
            if name[0] in '01234567':
                text = chr(int(name, 8))
            found.append(_part(bit, match.start(), match.end())._replace(text=text, verbatim=False))
            at = match.end()
        found.append(_part(bit, at, len(bit.text)))
    return [bit for bit in found if bit.text]


def _part(bit: Bit, start: int, end: int) -> Bit:
    at = bit.at + start if bit.verbatim else bit.at
    return bit._replace(text=bit.text[start:end], at=at)
