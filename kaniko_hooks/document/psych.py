"""The type of a scalar as Ruby's YAML parser (Psych) sees it, and its text in Ruby.

Psych reads YAML 1.1 with habits of its own: `:foo` is a symbol, `1,000` a
number, a date a class that a safe load refuses, and a tag that it does not
know is ignored. Rules: Psych 5, lib/psych/scalar_scanner.rb and
lib/psych/visitors/to_ruby.rb.
"""

from __future__ import annotations

import re

from kaniko_hooks.document.nodes import ScalarNode
from kaniko_hooks.named_tuple import NamedTuple

Typed = str | int | float | bool | None


class Refused(Exception):
    """A safe load does not make this value; the message is Psych's."""


class Read(NamedTuple):
    """A scalar's value; `skipped` characters of its text come before the value's."""

    value: Typed
    skipped: int = 0


_YAML = 'tag:yaml.org,2002:'
# All but the commonest are compiled when they are first needed.
_STRING = r'!(?:str|ruby/string)(?::(.*))?\Z'
_SYMBOL = r'!ruby/sym'
_OF_SCALARS = (
    r'!ruby/(?:class|module|regexp|range|encoding|'
    r'object:(?:BigDecimal|DateTime|Complex|Rational))\Z'
)
_OF_SEQUENCES = r'!(?:seq|ruby/array):'
_OF_MAPPINGS = (
    r'(?:!|tag:yaml\.org,2002:)(?:set|omap)\Z|!ruby/(?:struct|object(?!:Hash\Z)|exception|range\Z'
    r'|(?:array|hash|marshalable|hash-with-ivars):)|!map:'
)
_DIGITS = r'[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?(?:[eE][-+]?\d+)?)'


def read(node: ScalarNode) -> Read:
    """The typed value of a scalar. Raises Refused: dates, times, Ruby objects."""
    tag = node.tag
    if tag is None:
        return Read(node.value) if node.style else tokenize(node.value)
    if tag == f'{_YAML}str' or re.match(_SYMBOL, tag):
        return Read(node.value)
    string = re.match(_STRING, tag)
    if string:
        _refuse(bool(string[1]), tag)
        return Read(node.value)
    if tag in (f'{_YAML}binary', '!binary'):
        return Read(_unpacked(node.value))
    if tag in (f'{_YAML}float', '!float'):
        return Read(_as_float(tokenize(node.value).value))
    _refuse(re.match(_OF_SCALARS, tag) is not None, tag)
    return tokenize(node.value)


def refuse_class(tag: str | None, is_mapping: bool) -> None:
    """Raises Refused for a collection's tag that asks for a Ruby object."""
    if tag:
        wrong = _OF_MAPPINGS if is_mapping else _OF_SEQUENCES
        _refuse(re.match(wrong, tag) is not None, tag)


def is_ordered_map(tag: str | None) -> bool:
    """Whether a sequence with this tag is a hash whose entries are its items."""
    return tag in ('!omap', f'{_YAML}omap')


def _refuse(wrong: bool, tag: str) -> None:
    if wrong:
        name = tag.partition(':')[2] or tag.rpartition('/')[2].capitalize()
        raise Refused(f'Tried to load unspecified class: {name}')


def _unpacked(text: str) -> str:
    """What Ruby's `unpack('m')` makes of it: other characters are passed over."""
    from binascii import a2b_base64

    digits = re.sub(r'[^A-Za-z0-9+/]', '', text.partition('=')[0])
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    return a2b_base64(digits + '=' * (-len(digits) % 4)).decode('utf-8', 'replace')


def _as_float(value: Typed) -> float:
    if isinstance(value, str) and re.fullmatch(_DIGITS, value.strip(), re.ASCII):
        digits = value.strip()
        return float(int(digits, 16) if 'x' in digits.lower() else float(digits))
    if isinstance(value, (str, bool)) or value is None:
        raise Refused(f'invalid value for Float(): {inspect(value)}')
    return float(value)


_WORD = re.compile(r'[^\d.:-]?(?:[^\W\d]|[\s!@#$%^&*(){}<>|/\\~;=])')
_TIME = (
    r'-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?'
    r'(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?\Z'
)
_DATE = r'\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)\Z'
_SYMBOL_QUOTED = r':(["\'])(.*)\1'
_BASE_60 = r'[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}\Z'
_BASE_60_FLOAT = r'[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}\.[0-9_]*\Z'
_FLOAT = r'[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?\Z'
_INTEGER = r'[-+]?(?:0b[01_,]+|0[0-7_,]+|0|[1-9](?:[0-9]|[,_][0-9])*|0x[0-9a-fA-F_,]+)\Z'
_WORDS: dict[str, Typed] = {
    '~': None,
    'null': None,
    'yes': True,
    'true': True,
    'on': True,
    'no': False,
    'false': False,
    'off': False,
}
_ENDLESS = {
    '.inf': float('inf'),
    '+.inf': float('inf'),
    '-.inf': float('-inf'),
    '.nan': float('nan'),
}


def tokenize(text: str) -> Read:
    """The value of a plain scalar without tag. Raises Refused for dates and times."""
    if not text:
        return Read(None)
    if '\n' in text or _WORD.match(text):
        return Read(_WORDS.get(text.lower(), text))
    if re.match(_TIME, text, re.ASCII):
        raise Refused('Tried to load unspecified class: Time')
    if re.match(_DATE, text, re.ASCII):
        raise Refused('Tried to load unspecified class: Date')
    if text.lower() in _ENDLESS:
        return Read(_ENDLESS[text.lower()])
    if text[0] == ':' and len(text) > 1:
        quoted = re.match(_SYMBOL_QUOTED, text)
        return Read(quoted[2], 2) if quoted else Read(text[1:], 1)
    return Read(_number(text))


_LONGEST_NUMBER = 300  # Python refuses to write very large ones, or to make floats of them


def _number(text: str) -> Typed:
    if len(text) > _LONGEST_NUMBER:
        return text
    if re.match(_BASE_60, text):
        return sum(int(part) * power for part, power in _parts(text))
    if re.match(_BASE_60_FLOAT, text):
        return sum(float(part) * power for part, power in _parts(text))
    digits = re.sub(r'[,_]', '', text)
    try:
        if re.match(_FLOAT, text):
            return float(digits)
        if re.match(_INTEGER, text):
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


_FIXED_DIGITS = 15  # before the point; Python writes 16 without an exponent


def _float(value: float) -> str:
    text = repr(value)
    if text in ('inf', '-inf', 'nan'):
        return {'inf': 'Infinity', '-inf': '-Infinity', 'nan': 'NaN'}[text]
    mantissa, exponent, power = text.partition('e')
    whole, _, fraction = mantissa.lstrip('-').partition('.')
    if len(whole) > _FIXED_DIGITS:
        digits = (whole + fraction).rstrip('0')
        return f'{"-" if value < 0 else ""}{digits[0]}.{digits[1:] or 0}e+{len(whole) - 1}'
    if exponent and '.' not in mantissa:
        mantissa += '.0'
    return mantissa + exponent + power


_ESCAPES = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\t': '\\t',
    '\r': '\\r',
    '\f': '\\f',
    '\v': '\\v',
    '\a': '\\a',
    '\b': '\\b',
    '\x1b': '\\e',
}
_TO_ESCAPE = r'["\\\x00-\x1f\x7f]|#(?=[{$@])'


def inspect(value: Typed) -> str:
    """The value as Ruby's `inspect` writes it: strings in quotes, `nil`."""
    if value is None:
        return 'nil'
    return f'"{re.sub(_TO_ESCAPE, _escaped, value)}"' if isinstance(value, str) else to_s(value)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if character == '#':
        return '\\#'
    return _ESCAPES.get(character) or f'\\x{ord(character):02X}'
