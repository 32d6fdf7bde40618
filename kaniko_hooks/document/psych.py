"""The type of a scalar as Ruby's YAML parser (Psych) sees it, and its text in Ruby.

Psych reads YAML 1.1 with habits of its own: `:foo` is a symbol, `1,000` a
number, a date a class that a safe load refuses, and a tag that it does not
know is ignored. Rules: Psych 5, lib/psych/scalar_scanner.rb and
lib/psych/visitors/to_ruby.rb.
"""
from __future__ import annotations

import re
from typing import NamedTuple
from typing import Union

from kaniko_hooks.document.nodes import Scalar

Typed = Union[str, int, float, bool, None]


class Refused(Exception):
    """A safe load does not make this value; the message is Psych's."""


class Read(NamedTuple):
    """A scalar's value; `skipped` characters of its text come before the value's."""

    value: Typed
    skipped: int = 0


_YAML = 'tag:yaml.org,2002:'
_STRING = re.compile(r'!(?:str|ruby/string)(?::.*)?\Z')
_SYMBOL = re.compile(r'!ruby/sym(?:bol)?(?::.*)?\Z')


def read(node: Scalar) -> Read:
    """The typed value of a scalar. Raises Refused: dates, times, Ruby objects."""
    tag = node.tag
    if tag is None:
        return Read(node.value) if node.style else tokenize(node.value)
    if tag == f'{_YAML}str' or _STRING.match(tag) or _SYMBOL.match(tag):
        return Read(node.value)
    if tag in (f'{_YAML}binary', '!binary'):
        return Read(_unpacked(node.value))
    if tag in (f'{_YAML}float', '!float'):
        return Read(_as_float(tokenize(node.value).value))
    refuse_class(tag)
    return tokenize(node.value)


def refuse_class(tag: str | None) -> None:
    """Raises Refused for a tag that asks for a Ruby object."""
    if tag and tag.startswith('!ruby/') and not _STRING.match(tag):
        name = tag.partition(':')[2] or tag[len('!ruby/'):].capitalize()
        raise Refused(f'Tried to load unspecified class: {name}')


def _unpacked(text: str) -> str:
    from binascii import Error
    from binascii import a2b_base64
    try:
        return a2b_base64(text.encode('utf-8')).decode('utf-8', 'replace')
    except Error:
        return text


def _as_float(value: Typed) -> float:
    if isinstance(value, str) or value is None:
        raise Refused(f'invalid value for Float(): {inspect(value)}')
    return float(value)


_WORD = re.compile(r'[^\d.:-]?(?:[^\W\d]|[\s!@#$%^&*(){}<>|/\\~;=])+')
_TIME = re.compile(
    r'-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?'
    r'(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?\Z', re.ASCII,
)
_DATE = re.compile(r'\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)\Z', re.ASCII)
_SYMBOL_QUOTED = re.compile(r':(["\'])(.*)\1')
_BASE_60 = re.compile(r'[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}\Z')
_BASE_60_FLOAT = re.compile(r'[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}\.[0-9_]*\Z')
_FLOAT = re.compile(r'[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?\Z')
_INTEGER = re.compile(
    r'[-+]?(?:0b[01_,]+|0[0-7_,]+|0|[1-9][0-9_,]*|0x[0-9a-fA-F_,]+)\Z',
)
_WORDS: dict[str, Typed] = {
    '~': None, 'null': None, 'yes': True, 'true': True, 'on': True,
    'no': False, 'false': False, 'off': False,
}
_ENDLESS = {'.inf': float('inf'), '-.inf': float('-inf'), '.nan': float('nan')}


def tokenize(text: str) -> Read:
    """The value of a plain scalar without tag. Raises Refused for dates and times."""
    if not text:
        return Read(None)
    if '\n' in text or _WORD.match(text):
        return Read(_WORDS.get(text.lower(), text))
    if _TIME.match(text):
        raise Refused('Tried to load unspecified class: Time')
    if _DATE.match(text):
        raise Refused('Tried to load unspecified class: Date')
    if text.lower() in _ENDLESS:
        return Read(_ENDLESS[text.lower()])
    if text[0] == ':' and len(text) > 1:
        quoted = _SYMBOL_QUOTED.match(text)
        return Read(quoted[2], 2) if quoted else Read(text[1:], 1)
    return Read(_number(text))


def _number(text: str) -> Typed:
    if _BASE_60.match(text):
        return sum(int(part) * power for part, power in _parts(text))
    if _BASE_60_FLOAT.match(text):
        return sum(float(part) * power for part, power in _parts(text))
    digits = re.sub(r'[,_]', '', text)
    try:
        if _FLOAT.match(text):
            return float(digits)
        if _INTEGER.match(text):
            return int(digits, _base(digits.lstrip('+-')))
    except ValueError:
        pass
    return text


def _parts(text: str) -> list[tuple[str, int]]:
    """Hours, minutes and seconds with their weights: two parts are hours and minutes."""
    return list(zip(text.replace('_', '').split(':'), (3600, 60, 1)))


def _base(digits: str) -> int:
    if len(digits) < 2 or digits[0] != '0':
        return 10
    return {'b': 2, 'x': 16}.get(digits[1], 8)


def to_s(value: Typed) -> str:
    """The value as Ruby's `to_s` writes it."""
    if value is None:
        return ''
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return _float(value) if isinstance(value, float) else str(value)


def _float(value: float) -> str:
    text = repr(value)
    if text in ('inf', '-inf', 'nan'):
        return {'inf': 'Infinity', '-inf': '-Infinity', 'nan': 'NaN'}[text]
    mantissa, exponent, power = text.partition('e')
    if exponent and '.' not in mantissa:
        mantissa += '.0'
    return mantissa + exponent + power


_ESCAPES = {
    '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r', '\f': '\\f', '\v': '\\v',
    '\a': '\\a', '\b': '\\b', '\x1b': '\\e',
}
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f\x7f]|#(?=[{$@])')


def inspect(value: Typed) -> str:
    """The value as Ruby's `inspect` writes it: strings in quotes, `nil`."""
    if value is None:
        return 'nil'
    return f'"{_TO_ESCAPE.sub(_escaped, value)}"' if isinstance(value, str) else to_s(value)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character == '#':
        return '\\#'
    return _ESCAPES.get(character) or f'\\x{ord(character):02X}'
